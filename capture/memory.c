/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/memory.h"

#include <assert.h>
#include <stdlib.h>

struct memory_slab {
    struct memory_slab *next;
};

/* What the C library adds to a block. */
enum { OVERHEAD_BYTES = 16 };

void memory_init(struct memory *m, size_t cap) {
    *m = (struct memory){.cap = cap};
}

static void drop_spare(struct memory *m) {
    struct memory_slab *slab = m->free;
    m->free = slab->next;
    m->spare -= MEMORY_SLAB_BYTES;
    free(slab);
}

void memory_fini(struct memory *m) {
    assert(m->used == 0);
    while (m->free) {
        drop_spare(m);
    }
}

/* Makes room for `len` bytes more from the C library. */
static bool make_room(struct memory *m, size_t len) {
    if (len > m->cap - m->used) {
        m->refusals++;
        return false;
    }
    while (m->free && len > m->cap - m->used - m->spare) {
        drop_spare(m);
    }
    return true;
}

void *memory_slab_take(struct memory *m) {
    struct memory_slab *slab = m->free;
    if (slab) {
        m->free = slab->next;
        m->spare -= MEMORY_SLAB_BYTES;
    } else {
        slab = make_room(m, MEMORY_SLAB_BYTES) ? aligned_alloc(MEMORY_SLAB_BYTES, MEMORY_SLAB_BYTES) : NULL;
    }
    m->used += slab ? MEMORY_SLAB_BYTES : 0;
    return slab;
}

void memory_slab_give(struct memory *m, void *slab) {
    struct memory_slab *spare = slab;
    assert(m->used >= MEMORY_SLAB_BYTES);
    m->used -= MEMORY_SLAB_BYTES;
    m->spare += MEMORY_SLAB_BYTES;
    spare->next = m->free;
    m->free = spare;
}

void *memory_resize(struct memory *m, void *block, size_t old_len, size_t len) {
    size_t more = len > old_len ? len - old_len : 0;
    if (!make_room(m, block ? more : more + OVERHEAD_BYTES)) {
        return NULL;
    }
    void *resized = realloc(block, len);
    if (resized) {
        m->used += len + (block ? 0 : OVERHEAD_BYTES);
        m->used -= old_len;
    }
    return resized;
}

void memory_free(struct memory *m, void *block, size_t len) {
    if (block) {
        assert(m->used >= len + OVERHEAD_BYTES);
        m->used -= len + OVERHEAD_BYTES;
        free(block);
    }
}
