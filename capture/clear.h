/* SPDX-License-Identifier: Apache-2.0 */
/* Clears a structure of some hundred bytes by plain stores: for one of that size compilers take a string
 * instruction, which needs its time to begin. Pure. */
#ifndef HARK_CAPTURE_CLEAR_H
#define HARK_CAPTURE_CLEAR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t clear_words __attribute__((vector_size(16), aligned(1), may_alias));

/* `len`: constant, 16 at least. */
static inline __attribute__((always_inline)) void clear_bytes(void *to, size_t len) {
    const clear_words nothing = {0, 0};
    char *at = to;
#ifndef __clang__
#pragma GCC unroll 100
#endif
    for (size_t i = 0; i + sizeof nothing <= len; i += sizeof nothing) {
        *(clear_words *)(at + i) = nothing;
    }
    *(clear_words *)(at + len - sizeof nothing) = nothing;
}

/* For many hundred bytes: the C library's way, which knows the processor, where the compiler would make a
 * loop of its own for a constant length. */
static inline void clear_many(void *to, size_t len) {
    __asm__("" : "+r"(len));
    memset(to, 0, len);
}

#endif
