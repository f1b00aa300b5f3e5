/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

struct memory_slab {
    struct memory_slab *next;
};

struct memory_chunk {
    struct memory_chunk *next;
};

enum {
    OVERHEAD_BYTES = 16, /* what the C library adds to a block */
    TRIM_SLABS = 8,      /* at once */
    KEPT_SLABS = 1,      /* spare ones that are kept whatever is used */
    KEPT_SHARE = 64,     /* ... and a part of what is used */
    CHUNK_SLABS = 16,    /* one more is lost to the chunk's head and alignment; it is never touched */
};

void memory_init(struct memory *m, size_t cap) {
    *m = (struct memory){.cap = cap};
}

void memory_fini(struct memory *m) {
    assert(m->used == 0);
    while (m->chunks) {
        struct memory_chunk *chunk = m->chunks;
        m->chunks = chunk->next;
        free(chunk);
    }
    free((void *)m->hollow);
    memory_init(m, m->cap);
}

static struct memory_slab *pop(struct memory_slab **list) {
    struct memory_slab *slab = *list;
    if (slab) {
        *list = slab->next;
    }
    return slab;
}

static void push(struct memory_slab **list, struct memory_slab *slab) {
    slab->next = *list;
    *list = slab;
}

/* Gives a spare slab's pages to the system. */
static void hollow_out(struct memory *m) {
    struct memory_slab *slab = pop(&m->slabs);
    m->spare -= MEMORY_SLAB_BYTES;
    madvise(slab, MEMORY_SLAB_BYTES, MADV_DONTNEED);
    m->hollow[m->hollow_count++] = slab;
}

/* Makes room for `len` bytes more. */
static bool make_room(struct memory *m, size_t len) {
    if (len > m->cap - m->used) {
        return false;
    }
    while (len > m->cap - m->used - m->spare) {
        hollow_out(m);
    }
    return true;
}

static void *take_fresh(struct memory *m) {
    if (m->fresh_slabs == 0) {
        void **hollow = realloc((void *)m->hollow, (m->all_slabs + CHUNK_SLABS) * sizeof *hollow);
        m->hollow = hollow ? hollow : m->hollow;
        struct memory_chunk *chunk = !hollow ? NULL : malloc((size_t)(CHUNK_SLABS + 1) * MEMORY_SLAB_BYTES);
        if (!chunk) {
            m->failures++;
            return NULL;
        }
        m->all_slabs += CHUNK_SLABS;
        chunk->next = m->chunks;
        m->chunks = chunk;
        m->fresh = (char *)chunk + MEMORY_SLAB_BYTES - (uintptr_t)chunk % MEMORY_SLAB_BYTES;
        m->fresh_slabs = CHUNK_SLABS;
    }
    void *slab = m->fresh;
    m->fresh += MEMORY_SLAB_BYTES;
    m->fresh_slabs--;
    return slab;
}

void *memory_slab_take(struct memory *m) {
    void *slab = pop(&m->slabs);
    if (slab) {
        m->spare -= MEMORY_SLAB_BYTES;
    } else if (make_room(m, MEMORY_SLAB_BYTES)) {
        slab = m->hollow_count ? m->hollow[--m->hollow_count] : take_fresh(m);
    }
    m->used += slab ? MEMORY_SLAB_BYTES : 0;
    return slab;
}

void memory_slab_give(struct memory *m, void *slab) {
    assert(m->used >= MEMORY_SLAB_BYTES);
    m->used -= MEMORY_SLAB_BYTES;
    m->spare += MEMORY_SLAB_BYTES;
    push(&m->slabs, slab);
}

void memory_trim(struct memory *m) {
    for (int i = 0; i < TRIM_SLABS; i++) {
        size_t keep = (size_t)KEPT_SLABS * MEMORY_SLAB_BYTES + m->used / KEPT_SHARE;
        if (m->spare <= keep) {
            return;
        }
        hollow_out(m);
    }
}

void *memory_resize(struct memory *m, void *block, size_t old_len, size_t len) {
    size_t more = len > old_len ? len - old_len : 0;
    if (!make_room(m, block ? more : more + OVERHEAD_BYTES)) {
        return NULL;
    }
    void *resized = realloc(block, len);
    m->failures += !resized;
    if (resized) {
        m->used += len + (block ? 0 : OVERHEAD_BYTES);
        m->used -= old_len;
        m->live += len;
        m->live -= old_len;
    }
    return resized;
}

void memory_free(struct memory *m, void *block, size_t len) {
    if (block) {
        assert(m->used >= len + OVERHEAD_BYTES);
        m->used -= len + OVERHEAD_BYTES;
        m->live -= len;
        free(block);
    }
}
