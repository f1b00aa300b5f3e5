/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for things that die together: allocate piece by piece, reset at once. Blocks are taken from a pool
 * that the arenas of one partition share, so that a steady load allocates nothing. One thread a pool. Both
 * are embedded by value. */
#ifndef HARK_CAPTURE_ARENA_H
#define HARK_CAPTURE_ARENA_H

#include "capture/pool.h"
#include "capture/slice.h"

struct arena_block;

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

/* `len` bytes aligned for any object, or NULL when a cap is reached or memory is out. Not zeroed. */
void *arena_alloc(struct arena *, size_t len);
/* A copy of the bytes; `ok` turns false (it never turns true) when there is no room, and the result is empty.
 */
struct slice arena_copy(struct arena *, struct slice bytes, bool *ok);

#endif
