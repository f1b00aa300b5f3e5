/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer with a hard maximum given at birth. Embedded by value, one thread.
 * A failed append (cap reached or no memory) changes nothing and sets `failed`, which sticks until buf_clear.
 */
#ifndef HARK_CAPTURE_BUF_H
#define HARK_CAPTURE_BUF_H

#include "capture/memory.h"
#include "capture/slice.h"

/* Invariant: len <= capacity <= cap; ptr is NULL only while capacity is 0. */
struct buf {
    uint8_t *ptr;
    size_t len;
    size_t capacity;
    size_t cap; /* bytes, never exceeded */
    bool failed;
    struct memory *memory; /* what its bytes are taken from; NULL: the C library */
};

void buf_init(struct buf *, size_t cap);
/* The buffer, which has no bytes yet, takes them from the memory, which outlives it. */
void buf_charge(struct buf *, struct memory *);
void buf_fini(struct buf *);

/* Room for `more` bytes at the end; returns where to write them, or NULL (see above). Does not change len. */
uint8_t *buf_reserve(struct buf *, size_t more);
bool buf_append(struct buf *, const void *bytes, size_t len);

static inline bool buf_append_slice(struct buf *b, struct slice s) {
    return buf_append(b, s.ptr, s.len);
}

/* Forgets the content, keeps the memory. */
static inline void buf_clear(struct buf *b) {
    b->len = 0;
    b->failed = false;
}

/* Borrowed until the next call that changes the buffer. */
static inline struct slice buf_slice(const struct buf *b) {
    return slice_make(b->ptr, b->len);
}

#endif
