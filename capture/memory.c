/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    OVERHEAD_BYTES = 16, /* what the C library adds to a block */
    LARGE_BYTES = 512 * 1024,
    LARGE_ALIGNMENT = 64, /* a cache line */
    KEPT_SLABS = 1,       /* spare ones that are kept whatever is used */
    KEPT_SHARE = 64,      /* ... and a part of what is used */
};

static struct memory_slab *pop_spare(struct memory *m, enum memory_kind kind) {
    struct memory_slab *slab = m->slabs[kind];
    if (slab) {
        m->slabs[kind] = slab->next;
        m->spare -= MEMORY_SLAB_BYTES;
    }
    return slab;
}

static size_t kept_spare(const struct memory *m) {
    return (size_t)KEPT_SLABS * MEMORY_SLAB_BYTES + m->used / KEPT_SHARE;
}

static void give_to_source(struct memory *m, void *slab, enum memory_kind kind) {
    m->source->held -= MEMORY_SLAB_BYTES;
    memory_source_give(m->source, slab, kind);
}

static void bring_back(struct memory *m) {
    enum memory_kind kind = m->slabs[MEMORY_PASSING] ? MEMORY_PASSING : MEMORY_LASTING;
    struct memory_slab *slab = pop_spare(m, kind);
    give_to_source(m, slab, kind);
}

void memory_init(struct memory *m, size_t cap) {
    *m = (struct memory){.cap = cap, .source = &m->own, .own = {.cap = cap}};
}

void memory_share(struct memory *m, struct memory_source *source) {
    assert(m->used == 0 && m->spare == 0);
    m->source = source;
    source->cap += m->cap;
}

void memory_fini(struct memory *m) {
    assert(m->used == 0);
    while (m->spare) {
        bring_back(m);
    }
    if (m->source == &m->own) {
        memory_source_fini(&m->own);
    } else {
        m->source->cap -= m->cap;
    }
    memory_init(m, m->cap);
}

/* Makes room for `len` bytes more. */
static bool make_room(struct memory *m, size_t len) {
    if (len > m->cap - m->used) {
        return false;
    }
    while (len > m->cap - m->used - m->spare) {
        bring_back(m);
    }
    return true;
}

/* The memory has `len` bytes more of all that its source's memories have. */
static void hold(struct memory *m, size_t len) {
    m->source->held += len;
    memory_source_fit(m->source);
}

static void *take_from_source(struct memory *m, enum memory_kind kind) {
    void *slab = memory_source_take(m->source, kind);
    m->failures += !slab;
    if (slab) {
        hold(m, MEMORY_SLAB_BYTES);
    }
    return slab;
}

void *memory_slab_take(struct memory *m, enum memory_kind kind) {
    void *slab = pop_spare(m, kind);
    if (!slab && make_room(m, MEMORY_SLAB_BYTES)) {
        slab = take_from_source(m, kind);
    }
    m->used += slab ? MEMORY_SLAB_BYTES : 0;
    return slab;
}

void memory_slab_give(struct memory *m, void *given, enum memory_kind kind) {
    assert(m->used >= MEMORY_SLAB_BYTES);
    m->used -= MEMORY_SLAB_BYTES;
    if (m->spare >= kept_spare(m) && memory_source_keeps(m->source)) {
        give_to_source(m, given, kind); /* at once: others may need it, and it is in a cache still */
        return;
    }
    struct memory_slab *slab = given;
    slab->next = m->slabs[kind];
    m->slabs[kind] = slab;
    m->spare += MEMORY_SLAB_BYTES;
}

bool memory_slab_count(struct memory *m) {
    if (!make_room(m, MEMORY_SLAB_BYTES)) {
        return false;
    }
    m->used += MEMORY_SLAB_BYTES;
    return true;
}

void memory_slab_uncount(struct memory *m) {
    assert(m->used >= MEMORY_SLAB_BYTES);
    m->used -= MEMORY_SLAB_BYTES;
}

void memory_trim(struct memory *m) {
    while (m->spare > kept_spare(m)) {
        bring_back(m);
    }
    if (m->source == &m->own) {
        memory_source_trim(&m->own);
    }
}

/* Pages of its own move as a whole (mremap), so a large block stays where it is in its page. */
void *memory_block_resize(void *block, size_t old_len, size_t len) {
    if (len < LARGE_BYTES || old_len >= LARGE_BYTES) {
        return realloc(block, len);
    }
    size_t lines = (len + LARGE_ALIGNMENT - 1) / LARGE_ALIGNMENT;
    void *larger = aligned_alloc(LARGE_ALIGNMENT, lines * LARGE_ALIGNMENT);
    if (larger && block) {
        memcpy(larger, block, old_len);
        free(block);
    }
    return larger;
}

void *memory_resize(struct memory *m, void *block, size_t old_len, size_t len) {
    size_t more = len > old_len ? len - old_len : 0;
    if (!make_room(m, block ? more : more + OVERHEAD_BYTES)) {
        return NULL;
    }
    void *resized = memory_block_resize(block, old_len, len);
    m->failures += !resized;
    if (resized) {
        size_t taken = len + (block ? 0 : OVERHEAD_BYTES);
        m->used += taken;
        m->used -= old_len;
        m->live += len;
        m->live -= old_len;
        m->source->held -= old_len;
        hold(m, taken);
    }
    return resized;
}

void memory_free(struct memory *m, void *block, size_t len) {
    if (block) {
        assert(m->used >= len + OVERHEAD_BYTES);
        m->used -= len + OVERHEAD_BYTES;
        m->live -= len;
        m->source->held -= len + OVERHEAD_BYTES;
        free(block);
    }
}
