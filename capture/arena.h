/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for things that die together: allocate piece by piece, reset at once. Blocks are taken from a pool
 * that the arenas of one partition share, so that a steady load allocates nothing. One thread a pool. Both
 * are embedded by value. */
#ifndef HARK_CAPTURE_ARENA_H
#define HARK_CAPTURE_ARENA_H

#include "capture/pool.h"
#include "capture/slice.h"

#include <stdalign.h>

struct arena_block {
    struct arena_block *next;
    size_t size; /* bytes of data */
    alignas(max_align_t) uint8_t data[];
};

struct arena_pool {
    struct memory *memory;
    struct pool first; /* an arena's first block: most things are small */
    struct pool later; /* ... and those after it */
    size_t bytes_out;  /* held by arenas now */
    size_t cap;        /* most bytes that all arenas of the pool may hold together */
};

struct arena {
    struct arena_pool *pool;
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes used of the newest block */
    size_t taken;               /* bytes of all its blocks */
    size_t cap;                 /* most bytes this arena may hold */
};

/* Borrows the memory for the pool's life. */
void arena_pool_init(struct arena_pool *, struct memory *, size_t cap);
/* Every arena of the pool must have been reset. */
void arena_pool_fini(struct arena_pool *);

/* Borrows the pool for the arena's life. */
void arena_init(struct arena *, struct arena_pool *, size_t cap);
/* Gives all blocks back to the pool; whatever the arena gave out is dead. */
void arena_reset(struct arena *);

/* The same as arena_alloc where a new block is needed; `size` is a multiple of the alignment. */
void *arena_alloc_block(struct arena *, size_t size);

/* `len` bytes aligned for any object, or NULL when a cap is reached or memory is out. Not zeroed. */
static inline void *arena_alloc(struct arena *arena, size_t len) {
    const size_t align = alignof(max_align_t);
    if (len > SIZE_MAX - align) {
        return NULL;
    }
    size_t size = (len + align - 1) / align * align;
    if (!arena->blocks || size > arena->blocks->size - arena->used) {
        return arena_alloc_block(arena, size);
    }
    void *piece = arena->blocks->data + arena->used;
    arena->used += size;
    return piece;
}

/* A copy of the bytes; `ok` turns false (it never turns true) when there is no room, and the result is empty.
 */
static inline struct slice arena_copy(struct arena *arena, struct slice bytes, bool *ok) {
    if (bytes.len == 0) {
        return slice_make("", 0);
    }
    void *copy = arena_alloc(arena, bytes.len);
    if (!copy) {
        *ok = false;
        return slice_make("", 0);
    }
    memcpy(copy, bytes.ptr, bytes.len);
    return slice_make(copy, bytes.len);
}

#endif
