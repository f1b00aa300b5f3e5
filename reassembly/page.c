/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/page.h"

void page_pool_init(struct page_pool *p, struct memory *memory, size_t cap_bytes) {
    *p = (struct page_pool){.cap_bytes = cap_bytes};
    pool_init(&p->whole, memory, PAGE_BYTES, cap_bytes / PAGE_BYTES);
    pool_init(&p->frames, memory, FRAME_BYTES, cap_bytes / PAGE_BYTES);
    pool_init(&p->small, memory, SMALL_BYTES, cap_bytes / SMALL_BYTES);
    pool_init(&p->lent, memory, LENT_BYTES, cap_bytes / PAGE_BYTES);
}

void page_pool_fini(struct page_pool *p) {
    pool_fini(&p->whole);
    pool_fini(&p->frames);
    pool_fini(&p->small);
    pool_fini(&p->lent);
}

static struct pool *pool_of(struct page_pool *p, enum page_kind kind) {
    return kind == PAGE_WHOLE ? &p->whole : kind == PAGE_FRAME ? &p->frames : &p->small;
}

static size_t charged(const struct page_pool *p) {
    return (p->whole.used + p->frames.used + p->lent.used) * PAGE_BYTES + p->small.used * SMALL_BYTES;
}

static bool has_room(const struct page_pool *p, enum page_kind kind) {
    return charged(p) + page_charge(kind) <= p->cap_bytes;
}

void *page_take(struct page_pool *p, enum page_kind kind) {
    return has_room(p, kind) ? pool_take(pool_of(p, kind)) : NULL;
}

void page_give(struct page_pool *p, void *block, enum page_kind kind) {
    pool_give(pool_of(p, kind), block);
}

/* What the block would take of slabs, but for what is taken in its place. */
static size_t reserve_bytes(struct page_pool *p, enum page_kind kind) {
    return MEMORY_SLAB_BYTES / pool_of(p, kind)->slab_objects - LENT_BYTES;
}

static void unreserve(struct page_pool *p, size_t len) {
    size_t bytes = len < p->reserved ? len : p->reserved;
    p->reserved -= bytes;
    memory_unreserve(p->lent.memory, bytes);
}

void *page_lend(struct page_pool *p, enum page_kind kind) {
    size_t len = reserve_bytes(p, kind);
    if (!has_room(p, kind) || !memory_reserve(p->lent.memory, len)) {
        return NULL;
    }
    p->reserved += len;
    void *block = pool_take(&p->lent);
    if (!block) {
        unreserve(p, len);
    }
    return block;
}

void page_give_lent(struct page_pool *p, void *block, enum page_kind kind) {
    unreserve(p, reserve_bytes(p, kind));
    pool_give(&p->lent, block);
}

void page_unreserve(struct page_pool *p) {
    unreserve(p, p->reserved);
}

void *page_take_for_lent(struct page_pool *p, enum page_kind kind) {
    return pool_take(pool_of(p, kind));
}
