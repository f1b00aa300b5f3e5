/* SPDX-License-Identifier: Apache-2.0 */
/* Where the partitions of one worker take their slabs from: large regions, cut in turn for whoever needs
 * some. The first are usual pages, of which only what is touched counts; behind them the system is asked for
 * huge pages, which cost a quarter for each byte and a fraction of the address look-ups. Nothing comes back
 * before the end. Embedded by value; one thread. */
#ifndef HARK_CAPTURE_MEMORY_SOURCE_H
#define HARK_CAPTURE_MEMORY_SOURCE_H

#include <stddef.h>

enum {
    MEMORY_HUGE_BYTES = 2 * 1024 * 1024,
    MEMORY_PIECE_BYTES = 64 * 1024,
};

struct memory_region;

struct memory_source {
    struct memory_region *regions;
    size_t count;
    char *fresh; /* the rest of the newest */
    size_t fresh_bytes;
};

void memory_source_init(struct memory_source *);
/* Frees all pieces. */
void memory_source_fini(struct memory_source *);
/* MEMORY_PIECE_BYTES, aligned to them; NULL without memory. */
void *memory_source_take(struct memory_source *);

#endif
