/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/page.h"

void page_pool_init(struct page_pool *p, struct memory *memory, size_t cap_bytes) {
    *p = (struct page_pool){.cap_bytes = cap_bytes};
    pool_init(&p->whole, memory, PAGE_BYTES, cap_bytes / PAGE_BYTES);
    pool_init(&p->frames, memory, FRAME_BYTES, cap_bytes / PAGE_BYTES);
    pool_init(&p->small, memory, SMALL_BYTES, cap_bytes / SMALL_BYTES);
}

void page_pool_lend(struct page_pool *p, struct lasting *lasting) {
    p->lasting = lasting;
    memory_init(&p->spare, 0); /* no part of what its source has for all */
    memory_share(&p->spare, p->frames.memory->source);
    p->spare.cap = SIZE_MAX;
    pool_thin(&p->frames, LENT_BYTES, &p->slabs, &p->spare);
    pool_init(&p->copies, &p->spare, COPY_BYTES, SIZE_MAX);
}

void *page_copy_take(struct page_pool *p) {
    void *copy = pool_take(&p->copies);
    p->frames.memory->failures += !copy;
    return copy;
}

void page_copy_give(struct page_pool *p, void *copy) {
    pool_give(&p->copies, copy);
}

void page_pool_trim(struct page_pool *p) {
    if (p->lasting) {
        memory_trim(&p->spare);
    }
}

void page_pool_fini(struct page_pool *p) {
    pool_fini(&p->whole);
    pool_fini(&p->frames);
    pool_fini(&p->small);
    if (p->lasting) {
        pool_fini(&p->slabs);
        pool_fini(&p->copies);
        p->spare.cap = 0;
        memory_fini(&p->spare);
    }
}

static struct pool *pool_of(struct page_pool *p, enum page_kind kind) {
    return kind == PAGE_WHOLE ? &p->whole : kind == PAGE_FRAME ? &p->frames : &p->small;
}

static size_t charged(const struct page_pool *p) {
    return (p->whole.used + p->frames.used) * PAGE_BYTES + p->small.used * SMALL_BYTES;
}

void *page_take(struct page_pool *p, enum page_kind kind) {
    return charged(p) + page_charge(kind) <= p->cap_bytes ? pool_take(pool_of(p, kind)) : NULL;
}

void page_give(struct page_pool *p, void *block, enum page_kind kind) {
    pool_give(pool_of(p, kind), block);
}
