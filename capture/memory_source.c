/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/memory_source.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    REGION_BYTES = 4 * MEMORY_HUGE_BYTES,
    USUAL_REGIONS = 1, /* of usual pages */
};

static_assert(REGION_BYTES % MEMORY_PIECE_BYTES == 0, "a region is pieces, without rest");

struct memory_region {
    struct memory_region *next;
    char *bytes;
};

void memory_source_init(struct memory_source *source) {
    *source = (struct memory_source){0};
}

void memory_source_fini(struct memory_source *source) {
    while (source->regions) {
        struct memory_region *region = source->regions;
        source->regions = region->next;
        free(region->bytes);
        free(region);
    }
    memory_source_init(source);
}

static bool add_region(struct memory_source *source) {
    struct memory_region *region = malloc(sizeof *region);
    char *bytes = region ? aligned_alloc(MEMORY_HUGE_BYTES, REGION_BYTES) : NULL;
    if (!bytes) {
        free(region);
        return false;
    }
    *region = (struct memory_region){.next = source->regions, .bytes = bytes};
    source->regions = region;
    if (source->count++ >= USUAL_REGIONS) {
        madvise(bytes, REGION_BYTES, MADV_HUGEPAGE);
    }
    source->fresh = bytes;
    source->fresh_bytes = REGION_BYTES;
    return true;
}

void *memory_source_take(struct memory_source *source) {
    if (source->fresh_bytes == 0 && !add_region(source)) {
        return NULL;
    }
    void *piece = source->fresh;
    source->fresh += MEMORY_PIECE_BYTES;
    source->fresh_bytes -= MEMORY_PIECE_BYTES;
    return piece;
}
