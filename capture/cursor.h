/* SPDX-License-Identifier: Apache-2.0 */
/* A checked reader of packet bytes. A read past the end gives zero and sets `failed`, which sticks: a caller
 * reads all fields of a header and checks once. Borrowed bytes, embedded by value, one thread. */
#ifndef HARK_CAPTURE_CURSOR_H
#define HARK_CAPTURE_CURSOR_H

#include "capture/slice.h"

/* Invariant: head <= at <= tail. */
struct cursor {
    const uint8_t *head;
    const uint8_t *at;
    const uint8_t *tail;
    bool failed;
};

static inline struct cursor cursor_of(struct slice s) {
    return (struct cursor){.head = s.ptr, .at = s.ptr, .tail = s.ptr + s.len, .failed = false};
}

static inline size_t cursor_left(const struct cursor *c) {
    return (size_t)(c->tail - c->at);
}

static inline size_t cursor_offset(const struct cursor *c) {
    return (size_t)(c->at - c->head);
}

/* What is left, without moving. */
static inline struct slice cursor_rest(const struct cursor *c) {
    return slice_make(c->at, cursor_left(c));
}

/* The next `len` bytes; an empty slice and failure where there are fewer. */
static inline struct slice cursor_take(struct cursor *c, size_t len) {
    if (cursor_left(c) < len) {
        c->failed = true;
        c->at = c->tail;
        return slice_make(c->tail, 0);
    }
    struct slice taken = slice_make(c->at, len);
    c->at += len;
    return taken;
}

static inline void cursor_skip(struct cursor *c, size_t len) {
    (void)cursor_take(c, len);
}

static inline uint8_t cursor_u8(struct cursor *c) {
    struct slice s = cursor_take(c, 1);
    return s.len ? s.ptr[0] : 0;
}

static inline uint16_t cursor_be16(struct cursor *c) {
    struct slice s = cursor_take(c, 2);
    return (uint16_t)(s.len ? s.ptr[0] << 8 | s.ptr[1] : 0);
}

static inline uint32_t cursor_be24(struct cursor *c) {
    struct slice s = cursor_take(c, 3);
    return s.len ? (uint32_t)s.ptr[0] << 16 | (uint32_t)s.ptr[1] << 8 | s.ptr[2] : 0;
}

static inline uint32_t cursor_be32(struct cursor *c) {
    struct slice s = cursor_take(c, 4);
    return s.len ? (uint32_t)s.ptr[0] << 24 | (uint32_t)s.ptr[1] << 16 | (uint32_t)s.ptr[2] << 8 | s.ptr[3]
                 : 0;
}

static inline uint16_t cursor_le16(struct cursor *c) {
    struct slice s = cursor_take(c, 2);
    return (uint16_t)(s.len ? s.ptr[1] << 8 | s.ptr[0] : 0);
}

static inline uint32_t cursor_le32(struct cursor *c) {
    struct slice s = cursor_take(c, 4);
    return s.len ? (uint32_t)s.ptr[3] << 24 | (uint32_t)s.ptr[2] << 16 | (uint32_t)s.ptr[1] << 8 | s.ptr[0]
                 : 0;
}

#endif
