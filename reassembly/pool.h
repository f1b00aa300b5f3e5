/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of one size, at most `cap` of them, in slabs that are kept until the end: in the steady state
 * nothing is allocated. Embedded by value, one thread. */
#ifndef HARK_REASSEMBLY_POOL_H
#define HARK_REASSEMBLY_POOL_H

#include <stddef.h>

struct pool_slab;

/* Invariant: used <= carved <= cap; `fresh` points into the first slab, at what was never handed out. */
struct pool {
    size_t object_bytes;
    size_t cap;
    size_t used;
    size_t carved;
    size_t slab_objects;
    size_t fresh_left;
    char *fresh;
    void *free_list;
    struct pool_slab *slabs;
};

void pool_init(struct pool *, size_t object_bytes, size_t cap);
void pool_fini(struct pool *);
/* An object with undefined content; NULL at the cap or without memory. Owned by the caller until pool_give.
 */
void *pool_take(struct pool *);
void pool_give(struct pool *, void *object);

#endif
