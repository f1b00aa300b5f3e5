/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of bytes that wait: pages of one size, some of them cut into small blocks, so that a flood of
 * one-byte segments costs little more than its bookkeeping. The cap counts whole pages, thus what is really
 * used. Memory is kept until the end. Embedded by value, one thread. */
#ifndef HARK_REASSEMBLY_PAGE_H
#define HARK_REASSEMBLY_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAGE_BYTES = 2048,
    SMALL_BYTES = 256,
    SMALLS_A_PAGE = PAGE_BYTES / SMALL_BYTES - 1, /* the first block is the page's own */
    SMALL_CHARGE = PAGE_BYTES / SMALLS_A_PAGE,    /* a small block's share of its page */
};

struct page_slab;
struct small_page;

struct page_pool {
    size_t cap_pages;
    size_t used_pages;
    size_t fresh_left;
    char *fresh;
    void *free_list;
    struct small_page *partial; /* cut pages with room */
    struct page_slab *slabs;
};

void page_pool_init(struct page_pool *, size_t cap_bytes);
void page_pool_fini(struct page_pool *);
/* PAGE_BYTES or SMALL_BYTES bytes, aligned for any object; NULL at the cap or without memory. */
void *page_take(struct page_pool *, bool small);
void page_give(struct page_pool *, void *, bool small);

#endif
