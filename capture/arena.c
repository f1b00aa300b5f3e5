/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/arena.h"

#include <assert.h>
/* Chosen to fill slabs without rest. A larger request gets a block of its own. */
enum {
    FIRST_BYTES = 1008 - sizeof(struct arena_block),
    LATER_BYTES = 4080 - sizeof(struct arena_block),
};

void arena_pool_init(struct arena_pool *pool, struct memory *memory, size_t cap) {
    *pool = (struct arena_pool){.memory = memory, .cap = cap};
    pool_init(&pool->first, memory, sizeof(struct arena_block) + FIRST_BYTES, SIZE_MAX);
    pool_init(&pool->later, memory, sizeof(struct arena_block) + LATER_BYTES, SIZE_MAX);
}

void arena_pool_fini(struct arena_pool *pool) {
    assert(pool->bytes_out == 0);
    pool_fini(&pool->first);
    pool_fini(&pool->later);
}

void arena_init(struct arena *arena, struct arena_pool *pool, size_t cap) {
    *arena = (struct arena){.pool = pool, .cap = cap};
}

static void give_block(struct arena_pool *pool, struct arena_block *block) {
    switch (block->size) {
    case FIRST_BYTES:
        pool_give(&pool->first, block);
        break;
    case LATER_BYTES:
        pool_give(&pool->later, block);
        break;
    default:
        memory_free(pool->memory, block, sizeof *block + block->size);
    }
}

void arena_reset(struct arena *arena) {
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        arena->pool->bytes_out -= block->size;
        give_block(arena->pool, block);
    }
    arena->used = 0;
    arena->taken = 0;
}

static struct arena_block *take_block(struct arena *arena, size_t len) {
    struct arena_pool *pool = arena->pool;
    size_t size = !arena->blocks && len <= FIRST_BYTES ? FIRST_BYTES : len <= LATER_BYTES ? LATER_BYTES : len;
    if (size > arena->cap - arena->taken || size > pool->cap - pool->bytes_out) {
        return NULL;
    }
    struct arena_block *block = size == FIRST_BYTES ? pool_take(&pool->first)
                                : size == LATER_BYTES
                                    ? pool_take(&pool->later)
                                    : memory_resize(pool->memory, NULL, 0, sizeof *block + size);
    if (!block) {
        return NULL;
    }
    block->size = size;
    pool->bytes_out += size;
    arena->taken += size;
    return block;
}

void *arena_alloc_block(struct arena *arena, size_t size) {
    struct arena_block *block = take_block(arena, size);
    if (!block) {
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = size;
    return block->data;
}
