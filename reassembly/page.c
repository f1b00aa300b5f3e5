/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A slab's first page holds only this link, so that all others are aligned to their size. */
struct page_slab {
    struct page_slab *next;
};

/* Head of a page that is cut into small blocks. Bit i of `vacant`: block i + 1 is free. */
struct small_page {
    struct small_page *next;
    struct small_page *previous;
    unsigned vacant;
};

enum { SLAB_PAGES = 64, ALL_VACANT = (1 << SMALLS_A_PAGE) - 1 };

static_assert(sizeof(struct small_page) <= SMALL_BYTES, "the head fits into the page's first block");

void page_pool_init(struct page_pool *p, size_t cap_bytes) {
    *p = (struct page_pool){.cap_pages = cap_bytes / PAGE_BYTES};
}

void page_pool_fini(struct page_pool *p) {
    while (p->slabs) {
        struct page_slab *slab = p->slabs;
        p->slabs = slab->next;
        free(slab);
    }
    *p = (struct page_pool){.cap_pages = p->cap_pages};
}

static bool add_slab(struct page_pool *p) {
    struct page_slab *slab = aligned_alloc(PAGE_BYTES, (size_t)SLAB_PAGES * PAGE_BYTES);
    if (!slab) {
        return false;
    }
    slab->next = p->slabs;
    p->slabs = slab;
    p->fresh = (char *)slab + PAGE_BYTES;
    p->fresh_left = SLAB_PAGES - 1;
    return true;
}

static void *take_whole(struct page_pool *p) {
    if (p->used_pages >= p->cap_pages) {
        return NULL;
    }
    void *page = p->free_list;
    if (page) {
        memcpy(&p->free_list, page, sizeof p->free_list);
    } else {
        if (p->fresh_left == 0 && !add_slab(p)) {
            return NULL;
        }
        page = p->fresh;
        p->fresh += PAGE_BYTES;
        p->fresh_left--;
    }
    p->used_pages++;
    return page;
}

static void give_whole(struct page_pool *p, void *page) {
    assert(p->used_pages > 0);
    memcpy(page, &p->free_list, sizeof p->free_list);
    p->free_list = page;
    p->used_pages--;
}

static void partial_add(struct page_pool *p, struct small_page *page) {
    page->previous = NULL;
    page->next = p->partial;
    if (p->partial) {
        p->partial->previous = page;
    }
    p->partial = page;
}

static void partial_remove(struct page_pool *p, struct small_page *page) {
    if (page->previous) {
        page->previous->next = page->next;
    } else {
        p->partial = page->next;
    }
    if (page->next) {
        page->next->previous = page->previous;
    }
}

static void *take_small(struct page_pool *p) {
    struct small_page *page = p->partial;
    if (!page) {
        page = take_whole(p);
        if (!page) {
            return NULL;
        }
        page->vacant = ALL_VACANT;
        partial_add(p, page);
    }
    unsigned block = 0;
    while (!(page->vacant & 1u << block)) {
        block++;
    }
    page->vacant &= ~(1u << block);
    if (!page->vacant) {
        partial_remove(p, page);
    }
    return (char *)page + (block + 1) * SMALL_BYTES;
}

static void give_small(struct page_pool *p, void *small) {
    size_t place = (uintptr_t)small % PAGE_BYTES;
    struct small_page *page = (void *)((char *)small - place);
    unsigned bit = 1u << (place / SMALL_BYTES - 1);
    assert(place >= SMALL_BYTES && !(page->vacant & bit));
    if (!page->vacant) {
        partial_add(p, page);
    }
    page->vacant |= bit;
    if (page->vacant == ALL_VACANT) {
        partial_remove(p, page);
        give_whole(p, page);
    }
}

void *page_take(struct page_pool *p, bool small) {
    return small ? take_small(p) : take_whole(p);
}

void page_give(struct page_pool *p, void *block, bool small) {
    if (small) {
        give_small(p, block);
    } else {
        give_whole(p, block);
    }
}
