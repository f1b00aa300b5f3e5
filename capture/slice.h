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

static inline bool slice_is(struct slice s, const char *text) {
    return slice_equal(s, slice_of(text));
}

static inline uint8_t ascii_lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Copies the bytes; returns where they end. */
static inline uint8_t *slice_put(struct slice s, uint8_t *to) {
    if (s.len) {
        memcpy(to, s.ptr, s.len);
    }
    return to + s.len;
}

/* Equality without regard to ASCII case; other bytes compare as they are. */
static inline bool slice_equal_nocase(struct slice a, struct slice b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

static inline bool slice_is_nocase(struct slice s, const char *text) {
    return slice_equal_nocase(s, slice_of(text));
}

static inline bool slice_starts_with(struct slice s, const char *prefix) {
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
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s = slice_after(s, 1);
    }
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

#endif
