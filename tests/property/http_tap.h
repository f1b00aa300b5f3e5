/* SPDX-License-Identifier: Apache-2.0 */
/* One way in which a tap may have seen a script: cut, joined, copied, repeated, late. A plan is a few
 * numbers; each packet's luck depends on the seed and the packet alone, so that one number changed leaves the
 * rest. */
#ifndef HARK_TESTS_HTTP_TAP_H
#define HARK_TESTS_HTTP_TAP_H

#include "capture/packet.h"
#include "http_script.h"
#include "shrink.h"

#define TAP_NUMBERS(X)                                                                                       \
    X(cut, RARER, "longest piece of a write, in bytes; 0: uncut")                                            \
    X(join, RARER, "one in so many writes goes out together with the next")                                  \
    X(copy, RARER, "one in so many packets is delivered twice by the tap")                                   \
    X(overlap, LESS, "a piece repeats up to so many bytes before it")                                        \
    X(again, RARER, "one in so many pieces is sent again later")                                             \
    X(recut, LESS, "what is sent again reaches up to so many bytes farther on either side")                  \
    X(fresh, KEEP, "1: bytes sent less than the skew before may be among them")                              \
    X(jitter, LESS, "microseconds that each packet may come late")                                           \
    X(late, LESS, "microseconds that one direction comes late as a whole")                                   \
    X(acks, LESS, "microseconds that packets without data come early")                                       \
    X(syn, LESS, "microseconds that SYN and SYN+ACK come late")                                              \
    X(wrap, LESS, "bytes before the sequence number's wrap at which the streams start; 0: far")              \
    X(frames, KEEP, "1: as frames through decoding, and compared as records; 0: as packets, by their facts") \
    X(options, LESS, "frames: 1: TCP options")                                                               \
    X(verify, LESS, "frames: 1: checksums are verified")                                                     \
    X(strange, LESS, "frames: 1: copies have another TTL and VLAN")                                          \
    X(fragment, RARER, "frames: longest fragment of a datagram, in bytes; 0: whole")                         \
    X(backwards, LESS, "frames: 1: the last fragment goes first")                                            \
    X(repeat, LESS, "frames: blocks of eight bytes that an IPv4 fragment repeats of the one before")         \
    X(fragcopy, RARER, "frames: one in so many fragments comes twice")                                       \
    X(straggle, LESS, "frames: microseconds that each fragment may come late")                               \
    X(tags, LESS, "frames: VLAN tags, other ones in either direction")                                       \
    X(tunnel, LESS, "frames: tunnel around the packets; 0: none")                                            \
    X(tunnel2, LESS, "frames: tunnel around that")                                                           \
    X(outer6, LESS, "frames: 1: tunnels over IPv6")                                                          \
    X(outerfrag, RARER, "frames: longest fragment of the outermost datagram")                                \
    X(loss, RARER_ONLY, "one in so many packets is lost by the tap")                                         \
    X(from, FROM, "the operations before this one are left out")                                             \
    X(to, TO, "and those from this one on")

enum tap_number {
#define X(name, way, meaning) TAP_##name,
    TAP_NUMBERS(X)
#undef X
        TAP_NUMBER_COUNT
};

/* Values of `tunnel`, `tunnel2`. */
enum tap_tunnel {
    TAP_PLAIN,
    TAP_IPIP,
    TAP_GRE,
    TAP_GRE_FULL, /* with checksum, key and sequence number */
    TAP_GRE_BRIDGE,
    TAP_ERSPAN2,
    TAP_ERSPAN3,
    TAP_VXLAN,
    TAP_GENEVE, /* with an option */
    TAP_GTPU,
    TAP_MPLS,       /* two labels */
    TAP_PSEUDOWIRE, /* with its control word */
    TAP_PPPOE,
    TAP_TUNNELS,
};

struct tap_plan {
    uint64_t seed;
    uint32_t number[TAP_NUMBER_COUNT];
};

/* The numbers as words, with the ways to make them simpler. */
extern const struct shrink_word tap_words[TAP_NUMBER_COUNT];

enum { TAP_PACKETS = 1 << 14 };

struct tap_packet {
    int64_t seen_ns;
    uint32_t place; /* in the order of sending */
    uint8_t talk;
    uint8_t direction;
    uint8_t flags;
    bool acks_fin;
    bool copy; /* the tap's second one */
    uint32_t from;
    uint32_t len;
    uint32_t ack;
    uint32_t stamp; /* milliseconds when it was sent */
    uint16_t ip_id;
};

struct tap {
    const struct script *script;
    struct tap_plan plan;
    unsigned count;
    unsigned operations; /* that the plan asked for */
    unsigned lost;
    struct tap_packet packets[TAP_PACKETS];
};

/* Everything once, in order and on time. */
extern const struct tap_plan tap_ideal;
/* What the seed gives; all displacements stay below the skew. */
void tap_plan_make(struct tap_plan *, uint64_t seed, int64_t skew_ns, bool lossy, bool frames);
void tap_make(struct tap *, const struct script *, const struct tap_plan *);
/* The packet, with its times counted from start_ns. */
void tap_packet(const struct tap *, unsigned index, int64_t start_ns, struct packet *);
/* Is its event.id the one that it has without this plan? Sequence numbers and network ids are part of it. */
bool tap_keeps_ids(const struct tap_plan *);

/* What displaces and loses packets and the fragments of them. */
enum tap_ask {
    ASK_PLAN = 10,
    ASK_CUT,
    ASK_JOIN,
    ASK_COPY,
    ASK_OVERLAP,
    ASK_AGAIN,
    ASK_JITTER,
    ASK_LOSS,
    ASK_DELAY,
    ASK_RECUT,
    ASK_FRAGMENT,
};
uint32_t tap_luck(const struct tap *, enum tap_ask, uint64_t which, uint32_t n);
/* Is this luck's one of so many, and is the operation among those that the plan keeps? */
bool tap_one_in(struct tap *, enum tap_number, enum tap_ask, uint64_t which);
/* Up to as many as the plan's number says. */
uint32_t tap_up_to(struct tap *, enum tap_number, enum tap_ask, uint64_t which);

#endif
