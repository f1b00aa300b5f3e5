/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/pool.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Head of a slab. Small objects that were given back are linked through their first bytes; those from
 * `carved` on were never taken. Of large ones, whose bytes may be elsewhere (shelf.h), the vacant places are
 * bits. Heads of many slabs that all began alike would be in each other's way in a cache, so it stands some
 * lines further on, as many as the slab's address says and its objects leave. */
struct pool_slab {
    struct pool_slab *next;
    struct pool_slab *previous;
    void *free_list;
    size_t used;
    size_t carved;
    uint32_t vacant;
};

enum { HEAD_BYTES = MEMORY_SLAB_BYTES - POOL_LARGEST, CACHE_LINE = 64 };

static_assert(sizeof(struct pool_slab) <= HEAD_BYTES, "the head fits before the first object");
static_assert(POOL_LARGEST / SHELF_LEAST_BYTES < 32, "a bit for each large object");
static_assert(HEAD_BYTES % sizeof(max_align_t) == 0, "the first object is aligned");

void pool_init(struct pool *p, struct memory *memory, size_t object_bytes, size_t cap) {
    size_t unit = _Alignof(max_align_t);
    size_t rounded = (object_bytes + unit - 1) / unit * unit;
    assert(rounded <= POOL_LARGEST);
    *p = (struct pool){.memory = memory,
                       .object_bytes = rounded,
                       .stride = rounded,
                       .slab_objects = POOL_LARGEST / rounded,
                       .cap = cap};
    p->large = rounded >= SHELF_LEAST_BYTES;
    if (p->large && memory->source != &memory->own) {
        p->shelf = shelves_find(&memory->source->shelves, rounded);
    }
    size_t lines = (POOL_LARGEST - p->slab_objects * rounded) / CACHE_LINE;
    while (p->shifts * 2 + 1 <= lines) {
        p->shifts = p->shifts * 2 + 1;
    }
}

void pool_thin(struct pool *p, size_t bytes, struct pool *slabs, struct memory *memory) {
    assert(p->large && p->used == 0 && !p->partial && !p->last_given);
    assert(bytes % CACHE_LINE == 0 && bytes < p->object_bytes);
    pool_init(slabs, memory, HEAD_BYTES + p->slab_objects * bytes, SIZE_MAX);
    slabs->shelf = NULL; /* they are found by their place in a slab, */
    slabs->shifts = 0;   /* which is the same in each */
    p->slabs = slabs;
    p->stride = bytes;
    p->shifts = 0;
    p->shelf = NULL;
}

static struct pool_slab *head_of(const struct pool *p, void *slab) {
    size_t shift = (uintptr_t)slab / MEMORY_SLAB_BYTES & p->shifts;
    return (void *)((char *)slab + shift * CACHE_LINE);
}

static void *slab_of(const struct pool *p, void *inside) {
    char *slab = (char *)inside - (uintptr_t)inside % MEMORY_SLAB_BYTES;
    if (!p->slabs) {
        return slab;
    }
    char *first = slab + HEAD_BYTES;
    return (char *)inside - (size_t)((char *)inside - first) % p->slabs->stride;
}

static void *take_slab(struct pool *p) {
    if (!p->slabs) {
        return memory_slab_take(p->memory, p->kind);
    }
    if (!memory_slab_count(p->memory)) {
        return NULL;
    }
    void *slab = pool_take(p->slabs);
    if (!slab) {
        memory_slab_uncount(p->memory);
        p->memory->failures++;
    }
    return slab;
}

static void give_slab(struct pool *p, void *slab) {
    if (!p->slabs) {
        memory_slab_give(p->memory, slab, p->kind);
        return;
    }
    memory_slab_uncount(p->memory);
    pool_give(p->slabs, slab);
}

static char *first_of(struct pool_slab *slab) {
    return (char *)slab + HEAD_BYTES;
}

static void partial_add(struct pool *p, struct pool_slab *slab) {
    slab->previous = NULL;
    slab->next = p->partial;
    if (p->partial) {
        p->partial->previous = slab;
    }
    p->partial = slab;
}

static void partial_remove(struct pool *p, struct pool_slab *slab) {
    *(slab->previous ? &slab->previous->next : &p->partial) = slab->next;
    if (slab->next) {
        slab->next->previous = slab->previous;
    }
}

static struct pool_slab *slab_with_room(struct pool *p) {
    struct pool_slab *slab = p->partial;
    if (!slab) {
        void *fresh = take_slab(p);
        if (fresh) {
            slab = head_of(p, fresh);
            *slab = (struct pool_slab){.vacant = p->large ? (UINT32_C(1) << p->slab_objects) - 1 : 0};
            partial_add(p, slab);
        }
    }
    return slab;
}

static void *take_from_slab(struct pool *p) {
    struct pool_slab *slab = slab_with_room(p);
    if (!slab) {
        return NULL;
    }
    void *object = slab->free_list;
    if (p->large) {
        unsigned place = (unsigned)__builtin_ctz(slab->vacant);
        slab->vacant &= slab->vacant - 1;
        object = first_of(slab) + place * p->stride;
    } else if (object) {
        memcpy(&slab->free_list, object, sizeof slab->free_list);
        __builtin_prefetch(slab->free_list, 1); /* the next one */
    } else {
        object = first_of(slab) + slab->carved++ * p->stride;
    }
    if (++slab->used == p->slab_objects) {
        partial_remove(p, slab);
    }
    return object;
}

static __attribute__((noinline)) void give_to_slab(struct pool *p, void *object) {
    struct pool_slab *slab = head_of(p, slab_of(p, object));
    assert(slab->used > 0);
    if (p->large) {
        size_t place = (size_t)((char *)object - first_of(slab)) / p->stride;
        slab->vacant |= UINT32_C(1) << place;
    } else {
        memcpy(object, &slab->free_list, sizeof slab->free_list);
        slab->free_list = object;
    }
    if (slab->used-- == p->slab_objects) {
        partial_add(p, slab);
    }
    if (slab->used == 0 && (slab->next || slab->previous)) {
        partial_remove(p, slab);
        give_slab(p, slab_of(p, slab));
    }
}

static void *count_taken(struct pool *p, void *object) {
    p->used++;
    p->memory->live += p->object_bytes;
    return p->shelf ? shelf_take(p->shelf, object) : object;
}

static __attribute__((noinline)) void *take_another(struct pool *p) {
    void *object = p->used == p->cap ? NULL : take_from_slab(p);
    return object ? count_taken(p, object) : NULL;
}

void *pool_take(struct pool *p) {
    void *object = p->last_given;
    if (!object) {
        return take_another(p);
    }
    p->last_given = NULL; /* the cap left room for it */
    return count_taken(p, object);
}

void pool_give(struct pool *p, void *object) {
    assert(p->used > 0);
    p->used--;
    p->memory->live -= p->object_bytes;
    object = p->shelf ? shelf_give(p->shelf, object) : object;
    void *before = p->last_given;
    p->last_given = object;
    if (before) {
        give_to_slab(p, before);
    }
}

void pool_foresee_last(const struct pool *p, struct prefetch *prefetch) {
    if (p->last_given) {
        prefetch_add(prefetch, head_of(p, slab_of(p, p->last_given)), sizeof(struct pool_slab));
    }
}

void pool_foresee_give(const struct pool *p, void *object) {
    __builtin_prefetch(object, 1);
    __builtin_prefetch(head_of(p, slab_of(p, object)), 1);
}

void pool_fini(struct pool *p) {
    assert(p->used == 0);
    if (p->last_given) {
        give_to_slab(p, p->last_given);
        p->last_given = NULL;
    }
    if (p->partial) {
        give_slab(p, slab_of(p, p->partial));
        p->partial = NULL;
    }
}
