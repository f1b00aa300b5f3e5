/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of bytes that wait: blocks of three sizes, so that a flood of one-byte segments costs little
 * more than its bookkeeping, and a usual segment little more than its bytes, under one cap. Embedded by
 * value, one thread. */
#ifndef HARK_REASSEMBLY_PAGE_H
#define HARK_REASSEMBLY_PAGE_H

#include "capture/lasting.h"
#include "capture/pool.h"

/* Chosen to fill slabs without rest. */
enum {
    PAGE_BYTES = 2032,
    FRAME_BYTES = 1632,
    SMALL_BYTES = 256,
    LENT_BYTES = 128,
    COPY_BYTES = FRAME_BYTES - LENT_BYTES
};

enum page_kind {
    PAGE_WHOLE,
    PAGE_FRAME, /* has room for an Ethernet segment; charged as a whole one */
    PAGE_SMALL,
};

struct page_pool {
    struct pool whole;
    struct pool frames;
    struct pool small;
    size_t cap_bytes;
    struct lasting *lasting; /* borrowed; NULL: nothing is lent */
    /* With that: of what is there of frames, and of copies that are needed after all; in no cap, as the
     * frames themselves are. */
    struct memory spare;
    struct pool slabs;
    struct pool copies;
};

/* Borrows the memory for the pool's life. */
void page_pool_init(struct page_pool *, struct memory *, size_t cap_bytes);
/* Before the first block: a PAGE_FRAME has only LENT_BYTES, for what says where its bytes are; all caps take
 * it for whole, so that whether bytes are copied has no say in what there is room for. */
void page_pool_lend(struct page_pool *, struct lasting *);
/* Then: the other bytes of a PAGE_FRAME, COPY_BYTES of them; NULL without memory. */
void *page_copy_take(struct page_pool *);
void page_copy_give(struct page_pool *, void *copy);
/* Memory of copies that are no more goes back, bit by bit. */
void page_pool_trim(struct page_pool *);
/* Every block must have been given back. */
void page_pool_fini(struct page_pool *);
/* A block of the kind, aligned for any object; NULL at the cap or without memory. */
void *page_take(struct page_pool *, enum page_kind);
void page_give(struct page_pool *, void *, enum page_kind);

/* What it counts in caps. */
static inline size_t page_charge(enum page_kind kind) {
    return kind == PAGE_SMALL ? SMALL_BYTES : PAGE_BYTES;
}

/* Bytes in blocks that are taken. */
static inline size_t page_pool_used(const struct page_pool *p) {
    return p->whole.used * PAGE_BYTES + p->frames.used * FRAME_BYTES + p->small.used * SMALL_BYTES;
}

#endif
