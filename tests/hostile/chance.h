/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-random numbers that are the same everywhere for one seed (splitmix64). Plain value. */
#ifndef HARK_TESTS_CHANCE_H
#define HARK_TESTS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *c) {
    uint64_t x = c->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 0..n-1; n > 0. */
static inline uint32_t chance_below(struct chance *c, uint32_t n) {
    return (uint32_t)(((chance_next(c) >> 32) * n) >> 32);
}

static inline bool chance_one_in(struct chance *c, uint32_t n) {
    return chance_below(c, n) == 0;
}

#endif
