/* SPDX-License-Identifier: Apache-2.0 */
/* How the decoder's parts speak to each other; private to decode*.c, link*.c and tunnel*.c. A walk goes
 * through one frame from the outside in. Each layer's function reads its header off the walk and names the
 * next layer, so that nesting is a loop, never a recursion. One thread. */
#ifndef HARK_CAPTURE_DECODE_WALK_H
#define HARK_CAPTURE_DECODE_WALK_H

#include "capture/cursor.h"
#include "capture/decode.h"
#include "capture/defrag.h"

#include <endian.h>

enum layer {
    LAYER_END, /* walk.fate says how it ended */
    LAYER_ETHERNET,
    LAYER_LLC,
    LAYER_VLAN,
    LAYER_MPLS,
    LAYER_PPPOE,
    LAYER_PPP,
    LAYER_IP, /* the version is in its first four bits */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_GRE,
    LAYER_UDP,
    LAYER_TCP,
};

/* Invariant: `at` and `missing` together span what the layer in hand has by its enclosing headers' lengths,
 * the captured bytes first. */
struct walk {
    struct cursor at;
    size_t missing; /* bytes after those captured */
    struct packet *packet;
    const struct frame *frame;
    enum decode_fate fate;
    unsigned peeled; /* tags, label stacks, tunnel headers and fragment headers so far */
    bool has_ip;     /* packet.key holds the addresses of an IP header */
    struct decode_datagrams datagrams;
    /* of a fragmented packet */
    struct defrag_fragment completing; /* the last one of the datagram put together last */
    bool datagram_cut;                 /* bytes of it are missing */
    bool offloaded;                    /* its length is 0: lengths and checksums below are not final */
    /* the same for every frame */
    unsigned depth; /* most that `peeled` may reach */
    struct decode_options options;
    struct decode_counts counts;
    struct defrag *defrag;
    uint64_t right_datagrams, wrong_datagrams; /* put together, by their TCP checksums */
};

static inline enum layer walk_end(struct walk *w, enum decode_fate fate) {
    w->fate = fate;
    return LAYER_END;
}

/* Only what layers may leave unset: what a count or a flag guards is not cleared. */
static inline void walk_begin_packet(struct packet *packet, const struct frame *frame) {
    packet->time_ns = frame->time_ns;
    packet->number = frame->number;
    packet->ordinal = frame->ordinal;
    packet->file = frame->file;
    packet->interface = frame->interface;
    packet->wire_len = frame->wire_len;
    packet->fragmented = false;
    packet->unwanted = packet->lasting = false;
    packet->key.network_id = 0;
    packet->key.network_kind = TUNNEL_NONE;
    packet->path.has_mac = false;
    packet->path.vlan_count = 0;
    packet->path.tunnel_count = 0;
}

static inline uint32_t be32_at(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* address_of_v4, in place: this runs for every packet. In two words: the hash reads it as such soon, and a
 * processor waits where it needs more than one store at once. */
static inline void walk_set_address_v4(struct address *a, const uint8_t *bytes) {
    const uint64_t mapped = UINT64_C(0xffff) << 32, low = htobe64(mapped | be32_at(bytes)), high = 0;
    memcpy(a->bytes, &high, sizeof high);
    memcpy(a->bytes + sizeof high, &low, sizeof low);
}

/* Bytes of the layer in hand, captured or not. */
static inline size_t walk_length(const struct walk *w) {
    return cursor_left(&w->at) + w->missing;
}

/* What is left has `len` bytes: cuts off trailers, or learns that more is missing than the frame knows. */
static inline void walk_limit(struct walk *w, size_t len) {
    size_t left = cursor_left(&w->at);
    if (len <= left) {
        w->at.tail = w->at.at + len;
        w->missing = 0;
    } else {
        w->missing = len - left;
    }
}

/* Takes `len` bytes off the end, captured or not. */
static inline void walk_trim(struct walk *w, size_t len) {
    size_t all = walk_length(w);
    walk_limit(w, len < all ? all - len : 0);
}

/* Counts one more header peeled off; false (the walk has ended) beyond the depth. */
static inline bool walk_peel(struct walk *w) {
    if (w->peeled >= w->depth) {
        w->fate = DECODE_TUNNEL_DEPTH;
        return false;
    }
    w->peeled++;
    return true;
}

/* Fixed offsets in bytes that cursor_take has checked. */
static inline uint16_t be16_at(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Of TCP's flags: without ECE and CWR. */
enum { DECODE_TCP_FLAGS = 0x3f };

/* The usual frame in one step, as decode_frame would have it with what is not asked of it (checksums). False,
 * with nothing set, for all others. */
bool decode_usual(const struct frame *, struct packet *);
/* Any frame, layer by layer. The walk's fate is set, and counted by the caller. */
void decode_frame(struct walk *, const struct frame *, struct packet *);
/* IP, by version; what IP carries is dispatched by them. */
enum layer decode_ip(struct walk *);
enum layer decode_ipv4(struct walk *);
enum layer decode_ipv6(struct walk *);
/* What was put together last is no packet: the fragment that completed it waits for others. */
void decode_begin_datagram_again(struct walk *);
/* Sets what options tell, of a packet whose flags are set. */
void decode_tcp_options(struct packet *, struct slice options);
/* The last layer: fills the packet's TCP fields and ends the walk. */
enum layer decode_tcp(struct walk *);

#endif
