/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a capture file that is in memory: what was read and not yet taken, in one piece. What is read
 * goes to a fixed, aligned place; of what is left when that is full only the rest (a frame's beginning,
 * mostly) is moved, in front of it; while somebody holds the block, in front of that place in another. So
 * reading costs no allocation, and frames are taken where they lie. Bytes that need not be read lie in memory
 * of somebody else. Embedded by value, zeroed or initialized, and owns its own blocks; it does not move. One
 * thread but for the holds. */
#ifndef HARK_CAPTURE_SOURCE_WINDOW_H
#define HARK_CAPTURE_SOURCE_WINDOW_H

#include "capture/slice.h"
#include "capture/source_block.h"

/* Bytes that are read at once. They stay in a processor's second-level cache until they are analyzed: of 64
 * KiB to 1 MiB none is faster. */
enum { WINDOW_READ_BYTES = 256 * 1024, WINDOW_BLOCKS = SOURCE_BLOCKS_HELD + 1 };

/* Invariant: block->bytes <= at <= end <= limit <= block->bytes + block->size; without a block at <= end ==
 * limit. */
struct source_window {
    struct source_block blocks[WINDOW_BLOCKS];
    struct source_block *block; /* the bytes at hand are in it; NULL: there are none, or they lie elsewhere */
    struct source_block *lent;  /* what to hold to keep them; NULL: they can't be held */
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *limit; /* so far is read before what is left moves */
};

void source_window_init(struct source_window *);
/* Nobody holds a block. */
void source_window_fini(struct source_window *);

/* The bytes at hand; they stay where they are until the next call of source_window_room, or while their
 * block is held. */
static inline struct slice source_window_rest(const struct source_window *w) {
    return slice_make(w->at, (size_t)(w->end - w->at));
}

/* What to hold to keep the bytes at hand where they are; NULL when they must be copied. */
static inline struct source_block *source_window_block(const struct source_window *w) {
    return w->lent;
}

/* `len` bytes of those at hand are done with. */
static inline void source_window_take(struct source_window *w, size_t len) {
    w->at += len;
}

/* Where to write what is read next, `room` bytes at most, so that `wanted` bytes (more than are at hand) can
 * be at hand in one piece. NULL without memory: all is as before. */
uint8_t *source_window_room(struct source_window *, size_t wanted, size_t *room);
/* `len` bytes were written there. */
void source_window_add(struct source_window *, size_t len);
/* From now on these bytes are at hand, which begin with what is at hand now; they stay while `block` is
 * held, and otherwise until the next call of this or of source_window_room. */
void source_window_lay(struct source_window *, struct slice bytes, struct source_block *block);
/* Forgets what is at hand. What is held stays. */
void source_window_clear(struct source_window *);

#endif
