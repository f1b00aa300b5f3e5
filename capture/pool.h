/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of one size, at most `cap` of them, in slabs of the partition's memory. A slab without objects goes
 * back, so that another pool can have it; one is kept, so that in the steady state nothing is allocated.
 * Embedded by value, one thread. */
#ifndef HARK_CAPTURE_POOL_H
#define HARK_CAPTURE_POOL_H

#include "capture/memory.h"
#include "capture/prefetch.h"

enum { POOL_LARGEST = MEMORY_SLAB_BYTES - 64 }; /* bytes of an object */

struct pool_slab;

/* Invariant: every slab with room is in the list `partial`; of the empty ones there is at most one, and at
 * most one more is kept for the object given last. */
struct pool {
    struct memory *memory;
    enum memory_kind kind; /* of its slabs */
    size_t object_bytes;
    size_t stride; /* from one object to the next */
    size_t slab_objects;
    struct pool *slabs; /* its slabs are objects of that; NULL: they are the memory's */
    size_t shifts;      /* one less than a power of two: so many places are there for a slab's head */
    size_t cap;
    size_t used;
    bool large;
    struct pool_slab *partial;
    /* The next one taken, as it is still in a cache. Its slab has it among those taken. */
    void *last_given;
    struct shelf *shelf; /* where large ones are while there is room; NULL: none */
};

/* Borrows the memory for the pool's life. */
void pool_init(struct pool *, struct memory *, size_t object_bytes, size_t cap);
/* Before anything is taken: objects stay for long. */
static inline void pool_last(struct pool *p) {
    p->kind = MEMORY_LASTING;
}
/* Before anything is taken, of large ones: they and their slabs are counted as they are, but only the first
 * `bytes` of each are there, a multiple of a cache line; whoever takes one has the rest elsewhere, or
 * nowhere. `slabs` becomes a pool of what is there, out of `memory`; it is finished after this one. */
void pool_thin(struct pool *, size_t bytes, struct pool *slabs, struct memory *memory);
/* Every object must have been given back. */
void pool_fini(struct pool *);
/* An object with undefined content; NULL at the cap or without memory. Owned by the caller until pool_give.
 */
void *pool_take(struct pool *);
void pool_give(struct pool *, void *object);
/* An object is to be given back soon, and the one before it goes to its slab then: asks for that slab. */
void pool_foresee_last(const struct pool *, struct prefetch *);
/* An object is to be taken soon. */
static inline void pool_foresee_take(const struct pool *p) {
    if (!p->last_given) {
        __builtin_prefetch(p->partial, 1);
    }
}
/* The object is to be given back soon. */
void pool_foresee_give(const struct pool *, void *object);

#endif
