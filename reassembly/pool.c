/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pool_slab {
    struct pool_slab *next;
    max_align_t objects[];
};

enum { SLAB_BYTES = 64 * 1024 };

void pool_init(struct pool *p, size_t object_bytes, size_t cap) {
    size_t unit = sizeof(max_align_t);
    size_t rounded = (object_bytes + unit - 1) / unit * unit;
    size_t objects = SLAB_BYTES / rounded;
    *p = (struct pool){.object_bytes = rounded, .cap = cap, .slab_objects = objects ? objects : 1};
}

void pool_fini(struct pool *p) {
    while (p->slabs) {
        struct pool_slab *slab = p->slabs;
        p->slabs = slab->next;
        free(slab);
    }
    pool_init(p, p->object_bytes, p->cap);
}

static bool add_slab(struct pool *p) {
    struct pool_slab *slab = malloc(sizeof *slab + p->slab_objects * p->object_bytes);
    if (!slab) {
        return false;
    }
    slab->next = p->slabs;
    p->slabs = slab;
    p->fresh = (char *)slab->objects;
    p->fresh_left = p->slab_objects;
    return true;
}

void *pool_take(struct pool *p) {
    assert(p->used <= p->carved && p->carved <= p->cap);
    void *object = p->free_list;
    if (object) {
        memcpy(&p->free_list, object, sizeof p->free_list);
        p->used++;
        return object;
    }
    if (p->carved == p->cap || (p->fresh_left == 0 && !add_slab(p))) {
        return NULL;
    }
    object = p->fresh;
    p->fresh += p->object_bytes;
    p->fresh_left--;
    p->carved++;
    p->used++;
    return object;
}

void pool_give(struct pool *p, void *object) {
    assert(p->used > 0);
    memcpy(object, &p->free_list, sizeof p->free_list);
    p->free_list = object;
    p->used--;
}
