/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/memory_source.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    HUGE_BYTES = 2 * 1024 * 1024,
    FIRST_REGION_BYTES = 256 * 1024, /* who needs little is not to pay for more */
    USUAL_REGION_BYTES = 1024 * 1024,
    USUAL_REGIONS = 9, /* of usual pages, of which only what is touched counts */
    LARGE_REGION_BYTES = 4 * HUGE_BYTES,
    SPARE_SHARE = 8,                   /* of what is not held: so much may be spare at most */
    KEPT_SHARE = 8,                    /* of what is held: so much is left spare */
    TRIM_SHARE = 32,                   /* of what is spare beyond that goes at once */
    GATHERED_LEAST = HUGE_BYTES / 512, /* a smaller block takes one page or two */
    HUGE_SLABS = HUGE_BYTES / MEMORY_SLAB_BYTES,
    AGAIN_LEAST = HUGE_SLABS / 2, /* hollow slabs that make it worth to have all of a huge page again */
};

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1; an older one refuses it */
#endif

struct memory_region {
    struct memory_region *next;
    char *bytes;
    size_t len;
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
    for (size_t kind = 0; kind < MEMORY_KINDS; kind++) {
        free((void *)source->stocks[kind].hollow);
    }
    shelves_fini(&source->shelves);
    memory_source_init(source);
}

static size_t most_spare(const struct memory_source *source) {
    return source->held < source->cap ? (source->cap - source->held) / SPARE_SHARE : 0;
}

bool memory_source_keeps(const struct memory_source *source) {
    return source->spare + MEMORY_SLAB_BYTES <= most_spare(source);
}

static size_t next_region_bytes(const struct memory_source *source) {
    if (source->region_count == 0) {
        return FIRST_REGION_BYTES;
    }
    return source->region_count < USUAL_REGIONS ? USUAL_REGION_BYTES : LARGE_REGION_BYTES;
}

static bool add_region(struct memory_source *source, struct memory_stock *stock) {
    size_t len = next_region_bytes(source);
    size_t slabs = stock->slab_count + len / MEMORY_SLAB_BYTES;
    void **hollow = realloc((void *)stock->hollow, slabs * sizeof *hollow);
    stock->hollow = hollow ? hollow : stock->hollow;
    struct memory_region *region = hollow ? malloc(sizeof *region) : NULL;
    char *bytes = region ? aligned_alloc(len < HUGE_BYTES ? MEMORY_SLAB_BYTES : HUGE_BYTES, len) : NULL;
    if (!bytes) {
        free(region);
        return false;
    }
    *region = (struct memory_region){.next = source->regions, .bytes = bytes, .len = len};
    source->regions = region;
    source->region_count++;
    stock->slab_count = slabs;
    stock->fresh = bytes;
    stock->fresh_bytes = len;
    return true;
}

/* The first touch makes all of a huge page count: there must be room for it. */
static void choose_pages(const struct memory_source *source, char *bytes) {
    bool huge = most_spare(source) >= HUGE_BYTES;
    (void)madvise(bytes, HUGE_BYTES, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static void *take_fresh(struct memory_source *source, struct memory_stock *stock) {
    if (stock->fresh_bytes == 0 && !add_region(source, stock)) {
        return NULL;
    }
    if (stock->fresh_bytes % HUGE_BYTES == 0) { /* of a large region */
        choose_pages(source, stock->fresh);
    }
    void *slab = stock->fresh;
    stock->fresh += MEMORY_SLAB_BYTES;
    stock->fresh_bytes -= MEMORY_SLAB_BYTES;
    return slab;
}

static void *take_spare(struct memory_source *source, struct memory_stock *stock) {
    struct memory_slab *slab = stock->slabs;
    stock->slabs = slab->next;
    source->spare -= MEMORY_SLAB_BYTES;
    return slab;
}

static char *huge_page_of(void *slab) {
    return (char *)slab - (uintptr_t)slab % HUGE_BYTES;
}

static bool is_in_large_region(const struct memory_source *source, const char *slab) {
    for (const struct memory_region *region = source->regions; region; region = region->next) {
        size_t at = (uintptr_t)slab - (uintptr_t)region->bytes;
        if (at < region->len) {
            return region->len == LARGE_REGION_BYTES;
        }
    }
    return false;
}

/* Those hollowed out last lie together, most likely. */
static bool is_mostly_hollow(const struct memory_stock *stock, const char *page) {
    size_t count = 0;
    for (size_t i = stock->hollow_count; i > 0 && count < AGAIN_LEAST; i--) {
        count += (uintptr_t)stock->hollow[i - 1] - (uintptr_t)page < HUGE_BYTES;
    }
    return count == AGAIN_LEAST;
}

/* The hollow slabs of the huge page are so no longer. */
static void fill_hollow(struct memory_stock *stock, char *page) {
    size_t left = 0;
    stock->again = page;
    for (size_t i = 0; i < stock->hollow_count; i++) {
        size_t at = (uintptr_t)stock->hollow[i] - (uintptr_t)page;
        if (at < HUGE_BYTES) {
            size_t place = at / MEMORY_SLAB_BYTES;
            stock->again_left[place / 64] |= UINT64_C(1) << place % 64;
        } else {
            stock->hollow[left++] = stock->hollow[i];
        }
    }
    stock->hollow_count = left;
}

/* What was hollowed out at a quiet time is wanted again: where most of a huge page is, it is one again,
 * rather than many small ones. */
static void have_again(const struct memory_source *source, struct memory_stock *stock) {
    char *page = huge_page_of(stock->hollow[stock->hollow_count - 1]);
    if (most_spare(source) < (size_t)2 * HUGE_BYTES || !is_in_large_region(source, page) ||
        !is_mostly_hollow(stock, page)) {
        return;
    }
    if (madvise(page, HUGE_BYTES, MADV_HUGEPAGE) == 0 && madvise(page, HUGE_BYTES, MADV_COLLAPSE) == 0) {
        fill_hollow(stock, page);
    }
}

static void *take_again(struct memory_stock *stock) {
    for (size_t i = 0; i < 2; i++) {
        if (stock->again_left[i]) {
            size_t place = i * 64 + (size_t)__builtin_ctzll(stock->again_left[i]);
            stock->again_left[i] &= stock->again_left[i] - 1;
            return stock->again + place * MEMORY_SLAB_BYTES;
        }
    }
    return NULL;
}

static void *take_hollow(const struct memory_source *source, struct memory_stock *stock) {
    have_again(source, stock);
    void *slab = take_again(stock);
    return slab ? slab : stock->hollow[--stock->hollow_count];
}

void *memory_source_take(struct memory_source *source, enum memory_kind kind) {
    struct memory_stock *stock = &source->stocks[kind];
    if (stock->slabs) {
        return take_spare(source, stock);
    }
    void *slab = take_again(stock);
    if (slab) {
        return slab;
    }
    return stock->hollow_count ? take_hollow(source, stock) : take_fresh(source, stock);
}

void memory_source_give(struct memory_source *source, void *given, enum memory_kind kind) {
    struct memory_slab *slab = given;
    slab->next = source->stocks[kind].slabs;
    source->stocks[kind].slabs = slab;
    source->spare += MEMORY_SLAB_BYTES;
}

/* A spare slab's pages go, one that was passing if there is one. The system is not to fill the hole in order
 * to make a huge page again. */
static void hollow_out(struct memory_source *source) {
    bool passing = source->stocks[MEMORY_PASSING].slabs;
    struct memory_stock *stock = &source->stocks[passing ? MEMORY_PASSING : MEMORY_LASTING];
    char *slab = take_spare(source, stock);
    (void)madvise(huge_page_of(slab), HUGE_BYTES, MADV_NOHUGEPAGE);
    (void)madvise(slab, MEMORY_SLAB_BYTES, MADV_DONTNEED);
    stock->hollow[stock->hollow_count++] = slab;
}

void memory_source_fit(struct memory_source *source) {
    while (source->spare > most_spare(source)) {
        hollow_out(source);
    }
}

void memory_source_trim(struct memory_source *source) {
    memory_source_fit(source);
    size_t kept = source->held / KEPT_SHARE;
    size_t more = source->spare > kept ? (source->spare - kept) / MEMORY_SLAB_BYTES : 0;
    for (size_t left = (more + TRIM_SHARE - 1) / TRIM_SHARE; left > 0; left--) {
        hollow_out(source);
    }
}

void memory_source_gather(const struct memory_source *source, void *block, size_t len) {
    if (len < GATHERED_LEAST || most_spare(source) < (size_t)2 * HUGE_BYTES) {
        return;
    }
    char *end = (char *)block + len;
    for (char *page = huge_page_of(block); page < end; page += HUGE_BYTES) {
        (void)madvise(page, HUGE_BYTES, MADV_COLLAPSE); /* refused where not all of it is memory */
    }
}
