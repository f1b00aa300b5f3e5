/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of bytes that wait: blocks of two sizes, so that a flood of one-byte segments costs little more
 * than its bookkeeping, under one cap. Embedded by value, one thread. */
#ifndef HARK_REASSEMBLY_PAGE_H
#define HARK_REASSEMBLY_PAGE_H

#include "capture/pool.h"

/* Chosen to fill slabs without rest. */
enum { PAGE_BYTES = 2032, SMALL_BYTES = 256 };

struct page_pool {
    struct pool whole;
    struct pool small;
    size_t cap_bytes;
};

/* Borrows the memory for the pool's life. */
void page_pool_init(struct page_pool *, struct memory *, size_t cap_bytes);
/* Every block must have been given back. */
void page_pool_fini(struct page_pool *);
/* PAGE_BYTES or SMALL_BYTES bytes, aligned for any object; NULL at the cap or without memory. */
void *page_take(struct page_pool *, bool small);
void page_give(struct page_pool *, void *, bool small);

/* Bytes in blocks that are taken. */
static inline size_t page_pool_used(const struct page_pool *p) {
    return p->whole.used * PAGE_BYTES + p->small.used * SMALL_BYTES;
}

#endif
