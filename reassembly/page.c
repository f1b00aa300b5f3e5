/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/page.h"

void page_pool_init(struct page_pool *p, struct memory *memory, size_t cap_bytes) {
    *p = (struct page_pool){.cap_bytes = cap_bytes};
    pool_init(&p->whole, memory, PAGE_BYTES, cap_bytes / PAGE_BYTES);
    pool_init(&p->small, memory, SMALL_BYTES, cap_bytes / SMALL_BYTES);
}

void page_pool_fini(struct page_pool *p) {
    pool_fini(&p->whole);
    pool_fini(&p->small);
}

void *page_take(struct page_pool *p, bool small) {
    size_t bytes = small ? SMALL_BYTES : PAGE_BYTES;
    return page_pool_used(p) + bytes <= p->cap_bytes ? pool_take(small ? &p->small : &p->whole) : NULL;
}

void page_give(struct page_pool *p, void *block, bool small) {
    pool_give(small ? &p->small : &p->whole, block);
}
