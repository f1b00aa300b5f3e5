/* SPDX-License-Identifier: Apache-2.0 */
/* Where the pieces of a Cookie or Set-Cookie value end (RFC 6265 sections 4.2 and 5.2): at semicolons, in
 * quotes too. Any thread. */
#ifndef HARK_ANALYZER_COOKIE_PIECE_H
#define HARK_ANALYZER_COOKIE_PIECE_H

#include "capture/slice.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__
/* Of bytes at `at`: is there a semicolon? Then *end says where. *sign: the first "=", if not known yet. */
static inline bool cookie_ends_in(__m128i bytes, size_t at, size_t *sign, size_t *end) {
    unsigned ends = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(';')));
    unsigned signs = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')));
    if (signs && *sign == SIZE_MAX) {
        *sign = at + (size_t)__builtin_ctz(signs);
    }
    *end = ends ? at + (size_t)__builtin_ctz(ends) : *end;
    return ends != 0;
}
#endif

/* The first semicolon, or rest.len; *sign as above. */
static inline size_t cookie_find_end(struct slice rest, size_t *sign) {
    size_t at = 0;
#ifdef __SSE2__
    enum { WIDE = 16, HALF = 8, QUARTER = 4 };
    size_t end = 0;
    for (; rest.len - at >= WIDE; at += WIDE) {
        if (cookie_ends_in(_mm_loadu_si128((const void *)(rest.ptr + at)), at, sign, &end)) {
            return end;
        }
    }
    if (rest.len - at >= HALF) {
        if (cookie_ends_in(_mm_loadl_epi64((const void *)(rest.ptr + at)), at, sign, &end)) {
            return end;
        }
        at += HALF;
    }
    if (rest.len - at >= QUARTER) {
        int32_t four;
        memcpy(&four, rest.ptr + at, sizeof four);
        if (cookie_ends_in(_mm_cvtsi32_si128(four), at, sign, &end)) {
            return end;
        }
        at += QUARTER;
    }
#endif
    for (; at < rest.len && rest.ptr[at] != ';'; at++) {
        if (rest.ptr[at] == '=' && *sign == SIZE_MAX) {
            *sign = at;
        }
    }
    return at;
}

/* The first semicolon, or rest.len. *equals: the first "=" before it, or that position. */
static inline size_t cookie_piece_end(struct slice rest, size_t *equals) {
    size_t sign = SIZE_MAX, end = cookie_find_end(rest, &sign);
    *equals = sign < end ? sign : end;
    return end;
}

#endif
