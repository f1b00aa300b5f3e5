/* SPDX-License-Identifier: Apache-2.0 */
/* One way in which a tap may have seen a script: cut, joined, copied, repeated, late. A plan is a few
 * numbers; each packet's luck depends on the seed and the packet alone, so that one number changed leaves the
 * rest. */
#ifndef HARK_TESTS_HTTP_TAP_H
#define HARK_TESTS_HTTP_TAP_H

#include "capture/packet.h"
#include "http_script.h"

#define TAP_NUMBERS(X)                                                                                       \
    X(cut, "longest piece of a write, in bytes; 0: uncut")                                                   \
    X(join, "one in so many writes goes out together with the next")                                         \
    X(copy, "one in so many packets is delivered twice by the tap")                                          \
    X(overlap, "a piece repeats up to so many bytes before it")                                              \
    X(again, "one in so many pieces is sent again later")                                                    \
    X(jitter, "microseconds that each packet may come late")                                                 \
    X(late, "microseconds that one direction comes late as a whole")                                         \
    X(acks, "microseconds that packets without data come early")                                             \
    X(syn, "microseconds that SYN and SYN+ACK come late")                                                    \
    X(wrap, "bytes before the sequence number's wrap at which the streams start; 0: far")                    \
    X(loss, "one in so many packets is lost by the tap")                                                     \
    X(from, "the operations before this one are left out")                                                   \
    X(to, "and those from this one on")

enum tap_number {
#define X(name, meaning) TAP_##name,
    TAP_NUMBERS(X)
#undef X
        TAP_NUMBER_COUNT
};

struct tap_plan {
    uint64_t seed;
    uint32_t number[TAP_NUMBER_COUNT];
};

struct tap_name {
    const char *name, *meaning;
};
extern const struct tap_name tap_names[TAP_NUMBER_COUNT];

enum { TAP_PACKETS = 1 << 14 };

struct tap_packet {
    int64_t seen_ns;
    uint32_t place; /* in the order of sending */
    uint8_t talk;
    uint8_t direction;
    uint8_t flags;
    bool acks_fin;
    uint32_t from;
    uint32_t len;
    uint32_t ack;
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
void tap_plan_make(struct tap_plan *, uint64_t seed, int64_t skew_ns, bool lossy);
void tap_make(struct tap *, const struct script *, const struct tap_plan *);
/* The packet, with its times counted from start_ns. */
void tap_packet(const struct tap *, unsigned index, int64_t start_ns, struct packet *);

#endif
