/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one partition: a budget that everything which grows with traffic is taken from. Slabs of one
 * size go from one pool to another as the traffic's needs change; blocks of any size are for what grows.
 * What is counted is what is really used; what was given back and serves nobody goes back to where slabs come
 * from when the cap asks for it. Embedded by value; it does not move; one thread. */
#ifndef HARK_CAPTURE_MEMORY_H
#define HARK_CAPTURE_MEMORY_H

#include "capture/memory_source.h"

#include <stdbool.h>

/* Invariant: used + spare <= cap. */
struct memory {
    size_t cap;   /* bytes */
    size_t used;  /* given out */
    size_t live;  /* in objects and blocks that are taken: used, without what slabs have vacant */
    size_t spare; /* in slabs that were given back */
    struct memory_slab *slabs[MEMORY_KINDS]; /* those */
    struct memory_source *source;
    struct memory_source own; /* the source, if it shares none */
    size_t failures;          /* times the C library had none to give */
};

void memory_init(struct memory *, size_t cap);
/* Before anything is taken: slabs come from `source`, which outlives the memory, and whose thread is the
 * memory's. */
void memory_share(struct memory *, struct memory_source *source);
/* Everything must have been given back. */
void memory_fini(struct memory *);

/* NULL at the cap or without memory. */
void *memory_slab_take(struct memory *, enum memory_kind);
/* Of the kind that it was taken as. */
void memory_slab_give(struct memory *, void *slab, enum memory_kind);
/* Counts a slab as given out whose memory is elsewhere, or may be later. False at the cap. */
bool memory_slab_count(struct memory *);
void memory_slab_uncount(struct memory *);
/* Brings what is still spare back to the source, but for a little. To be called now and then. */
void memory_trim(struct memory *);

/* As realloc does of a block of `old_len` bytes, but that a large one begins a cache line: where it does not,
 * the kernel needs a fifth more time to copy from it or to it. */
void *memory_block_resize(void *block, size_t old_len, size_t len);
/* A block of `len` bytes, as from realloc: `block` is one of `old_len` bytes, or NULL with 0. NULL at the cap
 * or without memory: the old block is then as it was. */
void *memory_resize(struct memory *, void *block, size_t old_len, size_t len);
/* NULL is legal, with 0. */
void memory_free(struct memory *, void *block, size_t len);

/* Of a block that is larger now: see memory_source_gather. */
static inline void memory_gather(const struct memory *m, void *block, size_t len) {
    memory_source_gather(m->source, block, len);
}

static inline size_t memory_left(const struct memory *m) {
    return m->cap - m->used;
}

#endif
