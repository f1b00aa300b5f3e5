/* SPDX-License-Identifier: Apache-2.0 */
/* The layers that frame_grammar wraps around a packet, and what all of them write with: bytes are put before
 * those that are there. Private to frame_grammar. */
#ifndef HARK_TESTS_FUZZ_FRAME_LAYERS_H
#define HARK_TESTS_FUZZ_FRAME_LAYERS_H

#include "frame_grammar.h"

/* How the next layer is to be: four bytes of the input. */
struct layer_plan {
    uint8_t kind, a, b, c;
};

static inline void frame_put(struct made_frame *f, const void *bytes, size_t len) {
    DEMAND(len <= f->at);
    f->at -= len;
    memcpy(f->room + f->at, bytes, len);
}

static inline void frame_put8(struct made_frame *f, uint8_t n) {
    frame_put(f, &n, 1);
}

static inline void frame_put16(struct made_frame *f, unsigned n) {
    frame_put(f, (uint8_t[]){(uint8_t)(n >> 8), (uint8_t)n}, 2);
}

static inline void frame_put32(struct made_frame *f, uint32_t n) {
    frame_put16(f, n & 0xffff);
    frame_put16(f, n >> 16);
}

static inline void frame_put_zeros(struct made_frame *f, size_t len) {
    while (len--) {
        frame_put8(f, 0);
    }
}

static inline size_t frame_length(const struct made_frame *f) {
    return f->end - f->at;
}

/* Notes a tunnel header as the outermost so far. */
void frame_tunnel(struct made_frame *, enum tunnel_kind, int64_t id, bool over_ip);
/* The ethertype of what the frame begins with, 0 without one. */
unsigned frame_ethertype(enum frame_outer);

/* Each takes what can stand in it: the caller looks at `outer`. */
void wrap_ethernet(struct made_frame *, const struct layer_plan *);
void wrap_vlan(struct made_frame *, const struct layer_plan *);
void wrap_mpls(struct made_frame *, const struct layer_plan *);
void wrap_ppp(struct made_frame *, const struct layer_plan *);
void wrap_pppoe(struct made_frame *, const struct layer_plan *);
void wrap_gre(struct made_frame *, const struct layer_plan *);
void wrap_vxlan(struct made_frame *, const struct layer_plan *);
void wrap_geneve(struct made_frame *, const struct layer_plan *);
void wrap_gtpu(struct made_frame *, const struct layer_plan *);
void wrap_teredo(struct made_frame *, const struct layer_plan *);
void wrap_l2tp(struct made_frame *, const struct layer_plan *);

#endif
