/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t size; /* bytes of data */
    alignas(max_align_t) uint8_t data[];
};

/* Blocks of the standard size are pooled; a larger request gets a block of its own, freed at reset. */
enum { BLOCK_BYTES = 4096 - 64 };

void arena_pool_init(struct arena_pool *pool, size_t cap) {
    *pool = (struct arena_pool){.cap = cap};
}

void arena_pool_fini(struct arena_pool *pool) {
    assert(pool->bytes_out == 0);
    while (pool->free) {
        struct arena_block *block = pool->free;
        pool->free = block->next;
        free(block);
    }
}

void arena_init(struct arena *arena, struct arena_pool *pool, size_t cap) {
    *arena = (struct arena){.pool = pool, .cap = cap};
}

void arena_reset(struct arena *arena) {
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        arena->pool->bytes_out -= block->size;
        if (block->size == BLOCK_BYTES) {
            block->next = arena->pool->free;
            arena->pool->free = block;
        } else {
            free(block);
        }
    }
    arena->used = 0;
    arena->taken = 0;
}

static struct arena_block *take_block(struct arena *arena, size_t size) {
    struct arena_pool *pool = arena->pool;
    if (size > arena->cap - arena->taken || size > pool->cap - pool->bytes_out) {
        return NULL;
    }
    struct arena_block *block = size == BLOCK_BYTES ? pool->free : NULL;
    if (block) {
        pool->free = block->next;
    } else {
        block = malloc(sizeof *block + size);
        if (!block) {
            return NULL;
        }
        block->size = size;
    }
    pool->bytes_out += size;
    arena->taken += size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t len) {
    size_t align = alignof(max_align_t);
    if (len > SIZE_MAX - align) {
        return NULL;
    }
    size_t size = (len + align - 1) / align * align;
    if (!arena->blocks || size > arena->blocks->size - arena->used) {
        struct arena_block *block = take_block(arena, size > BLOCK_BYTES ? size : BLOCK_BYTES);
        if (!block) {
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = 0;
    }
    void *piece = arena->blocks->data + arena->used;
    arena->used += size;
    return piece;
}

struct slice arena_copy(struct arena *arena, struct slice bytes, bool *ok) {
    if (bytes.len == 0) {
        return slice_make("", 0);
    }
    uint8_t *copy = arena_alloc(arena, bytes.len);
    if (!copy) {
        *ok = false;
        return slice_make("", 0);
    }
    memcpy(copy, bytes.ptr, bytes.len);
    return slice_make(copy, bytes.len);
}
