/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source_window.h"

#include <assert.h>
#include <stdlib.h>

enum {
    /* The kernel copies to an odd address at a third of the speed (measured: 2 GB/s instead of 6). */
    WINDOW_ALIGNMENT = 4096,
    WINDOW_FRONT_BYTES = 64 * 1024, /* before the usual place: most of what is left fits there */
    WINDOW_USUAL_BYTES = WINDOW_FRONT_BYTES + WINDOW_READ_BYTES,
    WINDOW_LENT_BYTES = 4 * WINDOW_USUAL_BYTES, /* larger blocks are not held: they need too much memory */
};

void source_window_init(struct source_window *w) {
    *w = (struct source_window){.block = NULL};
}

void source_window_fini(struct source_window *w) {
    for (size_t i = 0; i < WINDOW_BLOCKS; i++) {
        assert(!source_block_is_held(&w->blocks[i]));
        free(w->blocks[i].bytes);
    }
    source_window_init(w);
}

/* There is one: no more than SOURCE_BLOCKS_HELD are held. The first, as what was used last is near. */
static struct source_block *free_block(struct source_window *w) {
    struct source_block *block = w->blocks;
    while (block == w->block || source_block_is_held(block)) {
        block++;
        assert(block < w->blocks + WINDOW_BLOCKS);
    }
    return block;
}

/* Memory for `size` bytes, which may be the block's own. What something huge needed is not kept. */
static uint8_t *block_memory(const struct source_block *block, size_t size, size_t *memory) {
    bool kept = block->size <= WINDOW_LENT_BYTES || size > WINDOW_USUAL_BYTES;
    *memory = block->size;
    if (size <= block->size && kept) {
        return block->bytes;
    }
    *memory = WINDOW_USUAL_BYTES;
    while (*memory < size) {
        *memory *= 2;
    }
    return aligned_alloc(WINDOW_ALIGNMENT, *memory);
}

/* What is left comes to lie before `place` of a block with `size` bytes: the same one, if nobody holds it. */
static bool move_rest(struct source_window *w, size_t place, size_t size) {
    struct slice rest = source_window_rest(w);
    struct source_block *block = w->block && !source_block_is_held(w->block) ? w->block : free_block(w);
    size_t memory;
    uint8_t *bytes = block_memory(block, size, &memory);
    if (!bytes) {
        return false;
    }
    if (rest.len) {
        memmove(bytes + place - rest.len, rest.ptr, rest.len);
    }
    if (bytes != block->bytes) {
        free(block->bytes);
        block->bytes = bytes;
        block->size = memory;
    }
    w->block = block;
    w->lent = block->size <= WINDOW_LENT_BYTES ? block : NULL;
    w->at = bytes + place - rest.len;
    w->end = bytes + place;
    return true;
}

uint8_t *source_window_room(struct source_window *w, size_t wanted, size_t *room) {
    size_t rest = source_window_rest(w).len;
    assert(wanted > rest);
    size_t more = wanted - rest;
    bool fits = (size_t)(w->limit - w->end) >= more;
    if (!fits || (rest == 0 && !source_block_is_held(w->block))) {
        size_t place = (rest + WINDOW_ALIGNMENT - 1) / WINDOW_ALIGNMENT * WINDOW_ALIGNMENT;
        place = place < WINDOW_FRONT_BYTES ? WINDOW_FRONT_BYTES : place;
        /* As much at once as is wanted: what is left of a huge block moves once, not at each read. */
        size_t reach = more < WINDOW_READ_BYTES ? WINDOW_READ_BYTES : more;
        if (!move_rest(w, place, place + reach)) {
            return NULL;
        }
        w->limit = w->end + reach;
    }
    *room = (size_t)(w->limit - w->end);
    return w->block->bytes + (w->end - w->block->bytes);
}

void source_window_add(struct source_window *w, size_t len) {
    w->end += len;
}

static void leave_block(struct source_window *w) {
    w->block = w->lent = NULL;
    w->at = w->end = w->limit = NULL;
}

void source_window_lay(struct source_window *w, struct slice bytes, struct source_block *block) {
    assert(bytes.len >= source_window_rest(w).len);
    w->block = NULL;
    w->lent = block;
    w->at = bytes.ptr;
    w->end = w->limit = bytes.ptr + bytes.len;
}

void source_window_clear(struct source_window *w) {
    struct source_block *block = w->block;
    w->at = w->end; /* nothing is left to move */
    if (!block) {
        leave_block(w);
    } else if (block->size > WINDOW_USUAL_BYTES && !source_block_is_held(block)) {
        free(block->bytes); /* it grew for something huge */
        block->bytes = NULL;
        block->size = 0;
        leave_block(w);
    }
}
