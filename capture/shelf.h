/* SPDX-License-Identifier: Apache-2.0 */
/* Room that the partitions of a worker share for the large objects that come and go: what one gave back last
 * is what the next one takes, whichever partition, so that a few objects stay in the processor's own cache
 * where each partition's would be a set of their own. A pool has the object's place counted as ever, in a
 * slab of its partition, whose memory nobody touches meanwhile: what is on the shelf changes no cap and no
 * eviction.
 *
 * A shelf holds objects of one size. Part of a memory source; one thread. */
#ifndef HARK_CAPTURE_SHELF_H
#define HARK_CAPTURE_SHELF_H

#include <stddef.h>
#include <stdint.h>

enum {
    SHELF_LEAST_BYTES = 512, /* of an object: a smaller one is not worth it */
    SHELF_PLACES = 64,       /* at most */
    SHELVES_MOST = 8,
};

/* Invariant: the first `vacant` of `order` are the places without an object, the one left last at the end. */
struct shelf {
    size_t object_bytes;
    unsigned places;
    unsigned vacant;
    char *objects; /* NULL until the first is wanted */
    uint8_t order[SHELF_PLACES];
    void *slots[SHELF_PLACES]; /* of the objects taken: their places in slabs */
};

/* Zeroed at first: then nobody gets one. */
struct shelves {
    struct shelf *of_size[SHELVES_MOST];
    unsigned count;
    unsigned places; /* of a shelf */
};

/* The shelf for objects of the size; NULL without memory or places, or when there are too many sizes. Lives
 * as long as the shelves. */
struct shelf *shelves_find(struct shelves *, size_t object_bytes);
/* Every object must have been given back. */
void shelves_fini(struct shelves *);

/* Part of shelf_take, where no place is vacant: the first time memory is taken. */
void *shelf_take_rare(struct shelf *, void *slot);

/* An object to be used in place of `slot`, which is kept for it, or `slot` itself. Content undefined. */
static inline void *shelf_take(struct shelf *s, void *slot) {
    if (s->vacant == 0) {
        return shelf_take_rare(s, slot);
    }
    unsigned place = s->order[--s->vacant];
    s->slots[place] = slot;
    return s->objects + place * s->object_bytes;
}

/* Gives back what shelf_take returned; returns the slot. */
static inline void *shelf_give(struct shelf *s, void *object) {
    size_t at = (uintptr_t)object - (uintptr_t)s->objects;
    if (at >= s->places * s->object_bytes) {
        return object;
    }
    unsigned place = (unsigned)at / (unsigned)s->object_bytes;
    s->order[s->vacant++] = (uint8_t)place;
    return s->slots[place];
}

#endif
