/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/shelf.h"

#include <assert.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

static_assert(SHELF_PLACES <= UINT8_MAX + 1, "a place is a byte");

struct shelf *shelves_find(struct shelves *shelves, size_t object_bytes) {
    for (unsigned i = 0; i < shelves->count; i++) {
        if (shelves->of_size[i]->object_bytes == object_bytes) {
            return shelves->of_size[i];
        }
    }
    struct shelf *s = shelves->places && shelves->count < SHELVES_MOST ? calloc(1, sizeof *s) : NULL;
    if (s) {
        s->object_bytes = object_bytes;
        s->places = shelves->places;
        shelves->of_size[shelves->count++] = s;
    }
    return s;
}

static void build(struct shelf *s) {
    size_t bytes = s->places * s->object_bytes;
    s->objects = aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
    for (unsigned i = s->places; s->objects && i > 0; i--) {
        s->order[s->vacant++] = (uint8_t)(i - 1);
    }
}

void *shelf_take_rare(struct shelf *s, void *slot) {
    if (s->objects) {
        return slot;
    }
    build(s);
    return s->vacant ? shelf_take(s, slot) : slot;
}

void shelves_fini(struct shelves *shelves) {
    for (unsigned i = 0; i < shelves->count; i++) {
        struct shelf *s = shelves->of_size[i];
        assert(!s->objects || s->vacant == s->places);
        free(s->objects);
        free(s);
    }
    *shelves = (struct shelves){0};
}
