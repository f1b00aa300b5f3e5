/* SPDX-License-Identifier: Apache-2.0 */
/* Where memories take their slabs from, and bring back what they do not need: what one partition had at its
 * height serves the next, so that the system is asked for no more than all need together at a time. Slabs are
 * cut from regions; beyond the first 8 MiB these are large, and the system is asked for huge pages, which
 * cost a quarter for each byte and a fraction of the address look-ups. Embedded by value; one thread. */
#ifndef HARK_CAPTURE_MEMORY_SOURCE_H
#define HARK_CAPTURE_MEMORY_SOURCE_H

#include "capture/shelf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slab is aligned to its size: an object's address tells its slab. */
enum { MEMORY_SLAB_BYTES = 16 * 1024 };

/* One that nobody uses. */
struct memory_slab {
    struct memory_slab *next;
};

/* Slabs of objects that come and go with packets, and of those that stay as long as a connection, lie apart:
 * what the first leave goes back to the system page by page, and does not break the others' huge pages. */
enum memory_kind { MEMORY_PASSING, MEMORY_LASTING };
enum { MEMORY_KINDS = MEMORY_LASTING + 1 };

struct memory_region;

/* The slabs of one kind. */
struct memory_stock {
    struct memory_slab *slabs; /* brought back, with their pages */
    char *again;            /* a huge page's bytes that the system had and gives again: of these slabs ... */
    uint64_t again_left[2]; /* ... nobody has those whose bit is set */
    void **hollow;          /* brought back, and the system has their pages */
    size_t hollow_count;
    size_t slab_count; /* in all regions; `hollow` has room for so many */
    char *fresh;       /* the rest of the newest region, never given */
    size_t fresh_bytes;
};

/* Invariant: the bytes that the system counts for slabs are at most held + spare, and those of a huge page
 * begun and one had again of each kind. */
struct memory_source {
    size_t cap;   /* bytes: sum of the memories' */
    size_t held;  /* bytes that these have, in slabs or otherwise */
    size_t spare; /* bytes of slabs brought back, with their pages */
    struct memory_stock stocks[MEMORY_KINDS];
    struct memory_region *regions; /* newest first */
    size_t region_count;
    struct shelves shelves; /* of pools whose memories share the source */
};

void memory_source_init(struct memory_source *);
/* Frees all slabs. */
void memory_source_fini(struct memory_source *);

/* A slab with undefined content; NULL without memory. */
void *memory_source_take(struct memory_source *, enum memory_kind);
/* Of the kind that it was taken as. */
void memory_source_give(struct memory_source *, void *slab, enum memory_kind);
/* Would one more spare slab keep its pages? */
bool memory_source_keeps(const struct memory_source *);
/* Gives what is spare to the system until no more is than may be, considering what is held. */
void memory_source_fit(struct memory_source *);
/* Gives some of it to the system, if there is much. To be called now and then. */
void memory_source_trim(struct memory_source *);
/* A block of the C library's, which was just written and is looked into everywhere: asks for huge pages
 * around it, if there is room for what else lies in them. */
void memory_source_gather(const struct memory_source *, void *block, size_t len);

#endif
