/* SPDX-License-Identifier: Apache-2.0 */
/* Frames made from an input: a TCP segment in IP, wrapped from the inside out in layers that the input names
 * (tags, labels, sessions, tunnels, IP again), down to a link type. What the decoder must say of the frame is
 * noted while it is made. All lengths and checksums are right, unless the input asks for damage. Plain
 * values. */
#ifndef HARK_TESTS_FUZZ_FRAME_GRAMMAR_H
#define HARK_TESTS_FUZZ_FRAME_GRAMMAR_H

#include "capture/packet.h"
#include "input.h"

enum { FRAME_ROOM = 8192, FRAME_LAYERS = 24, FRAME_PATCHES = 7 };

/* What the bytes made so far begin with. */
enum frame_outer {
    OUTER_TCP,
    OUTER_UDP,
    OUTER_GRE,
    OUTER_IPV4,
    OUTER_IPV6,
    OUTER_ETHERNET,
    OUTER_VLAN,
    OUTER_MPLS,
    OUTER_PPPOE,
    OUTER_PPP,
};

struct made_tunnel {
    enum tunnel_kind kind;
    int64_t id; /* -1: none */
    bool over_ip;
    struct address outer[2];
};

struct made_frame {
    uint8_t room[FRAME_ROOM];
    size_t at; /* the frame is room[at, end) */
    size_t end;
    enum frame_outer outer;
    bool in_llc; /* an Ethernet header has a length in place of a type */
    int link_type;
    unsigned pieces; /* 2: its outermost fragmented datagram takes two frames, of which this is one */
    bool fragmented; /* somewhere inside; then the payload is not in one piece */
    size_t trailer;  /* bytes behind all layers */
    size_t cut;      /* bytes that snaplen cut off the end */
    bool damaged;    /* bytes were changed: nothing below is sure */
    bool bad_ip_checksum, bad_tcp_checksum;
    bool has_ipv4;  /* a header that has a checksum */
    bool offloaded; /* the innermost IP header's length is 0 */
    /* facts */
    struct flow_key key; /* without vlan */
    uint32_t seq, ack;
    uint8_t flags;
    uint16_t window;
    size_t payload_len;
    uint8_t payload[1024];
    uint16_t ip_id;
    uint8_t ttl;
    bool has_mac;
    uint8_t mac[2][6];
    unsigned vlans; /* of the innermost frame, the innermost first */
    uint16_t vlan[FRAME_LAYERS + 1];
    unsigned tunnels; /* the innermost first */
    struct made_tunnel tunnel[FRAME_LAYERS + 1];
    unsigned peels;         /* headers that count for the depth */
    unsigned peels_outside; /* of them, those outside of the fragment header, that included */
};

/* The frame that the input names, or piece 0 or 1 of it. `unique` sets it apart from all others of the run.
 */
void frame_make(struct made_frame *, struct input *, unsigned piece, uint16_t unique);

static inline struct slice frame_bytes(const struct made_frame *f) {
    return slice_make(f->room + f->at, f->end - f->at);
}

#endif
