/* SPDX-License-Identifier: Apache-2.0 */
/* A view of bytes that somebody else owns. A slice is borrowed: it lives as long as the bytes it points to,
 * which its source states (a packet's bytes die at the next read). Any thread may hold one. */
#ifndef HARK_CAPTURE_SLICE_H
#define HARK_CAPTURE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *ptr;
    size_t len;
};

static inline struct slice slice_make(const void *ptr, size_t len) {
    return (struct slice){.ptr = ptr, .len = len};
}

/* The bytes of a NUL-terminated string, without its NUL. */
static inline struct slice slice_of(const char *text) {
    return slice_make(text, strlen(text));
}

/* The first `len` bytes, or all where there are fewer. */
static inline struct slice slice_first(struct slice s, size_t len) {
    return slice_make(s.ptr, len < s.len ? len : s.len);
}

/* What follows the first `skip` bytes; empty where there are no more. */
static inline struct slice slice_after(struct slice s, size_t skip) {
    if (skip == 0) {
        return s;
    }
    return skip < s.len ? slice_make(s.ptr + skip, s.len - skip) : slice_make(s.ptr + s.len, 0);
}

static inline bool slice_equal(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* So that the length of a literal is known where it is compiled, and most are told apart by it. */
#define SLICE_LITERAL static inline __attribute__((always_inline))

SLICE_LITERAL bool slice_is(struct slice s, const char *text) {
    const size_t len = strlen(text);
    return s.len == len && (len == 0 || memcmp(s.ptr, text, len) == 0);
}

static inline bool ascii_is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static inline uint8_t ascii_lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* The next eight bytes as a number, in the machine's order. */
static inline uint64_t bytes_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Copies the bytes; returns where they end. */
static inline uint8_t *slice_put(struct slice s, uint8_t *to) {
    if (s.len) {
        memcpy(to, s.ptr, s.len);
    }
    return to + s.len;
}

/* Eight bytes in lower case, those beyond ASCII as they are. */
static inline uint64_t ascii_lower_word(uint64_t word) {
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t low = word & each * 0x7f; /* so that the sums stay in their bytes */
    uint64_t upper = (low + each * (0x80 - 'A')) & ~(low + each * (0x80 - 'Z' - 1)) & ~word & each * 0x80;
    return word | upper >> 2;
}

/* Are the `len` bytes, 4 to 8, the same without regard to ASCII case? */
static inline bool ascii_equal_short(const uint8_t *a, const uint8_t *b, size_t len) {
    uint32_t front_a, front_b, back_a, back_b;
    memcpy(&front_a, a, sizeof front_a);
    memcpy(&front_b, b, sizeof front_b);
    memcpy(&back_a, a + len - sizeof back_a, sizeof back_a);
    memcpy(&back_b, b + len - sizeof back_b, sizeof back_b);
    if (((front_a ^ front_b) | (back_a ^ back_b)) == 0) {
        return true; /* as most write it */
    }
    return ascii_lower_word((uint64_t)front_a << 32 | back_a) ==
           ascii_lower_word((uint64_t)front_b << 32 | back_b);
}

/* Equality without regard to ASCII case; other bytes compare as they are. */
static inline bool slice_equal_nocase(struct slice a, struct slice b) {
    if (a.len != b.len) {
        return false;
    }
    const uint8_t *from_a = a.ptr, *from_b = b.ptr;
    size_t left = a.len;
    for (; left > 8; left -= 8, from_a += 8, from_b += 8) {
        if (!ascii_equal_short(from_a, from_b, 8)) {
            return false;
        }
    }
    if (left >= 4) {
        return ascii_equal_short(from_a, from_b, left);
    }
    for (size_t i = 0; i < left; i++) {
        if (ascii_lower(from_a[i]) != ascii_lower(from_b[i])) {
            return false;
        }
    }
    return true;
}

SLICE_LITERAL bool slice_is_nocase(struct slice s, const char *text) {
    const size_t len = strlen(text);
    return s.len == len && slice_equal_nocase(s, slice_make(text, len));
}

SLICE_LITERAL bool slice_starts_with(struct slice s, const char *prefix) {
    size_t len = strlen(prefix);
    return s.len >= len && memcmp(s.ptr, prefix, len) == 0;
}

/* The position of the first `byte`, or s.len where there is none. */
static inline size_t slice_find(struct slice s, uint8_t byte) {
    const uint8_t *at = s.len ? memchr(s.ptr, byte, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

/* Without leading and trailing OWS, space and tab (RFC 9110 section 5.6.3). */
static inline struct slice slice_trim(struct slice s) {
    const uint8_t *first = s.ptr, *end = s.ptr + s.len;
    while (first < end && (*first == ' ' || *first == '\t')) {
        first++;
    }
    while (end > first && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return slice_make(first, (size_t)(end - first));
}

#endif
