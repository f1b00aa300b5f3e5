/* SPDX-License-Identifier: Apache-2.0 */
/* Holes of one direction that delivery has passed, because nobody looks at the bytes that are missing there
 * (consumer.h, counted_until): disjoint ranges in order, in a block of the page pool, which is there only
 * with a hole, and is a whole page only with many. Each is waited for as if it stood at the front. One
 * thread; the pool outlives them. */
#ifndef HARK_REASSEMBLY_PASSED_H
#define HARK_REASSEMBLY_PASSED_H

#include "reassembly/page.h"

#include <stdint.h>

struct passed_hole {
    uint64_t from; /* stream offsets */
    uint64_t to;
    int64_t since_ns; /* table clock when the byte at `to` came */
    int64_t acked_ns; /* ... when the receiver was first seen to have everything before it */
    bool cut;         /* bytes of it came, and were cut by snaplen */
};

struct passed {
    unsigned count; /* never 0 */
    unsigned room;
    enum page_kind kind; /* of the block */
    struct passed_hole holes[];
};

enum {
    PASSED_FEW = (SMALL_BYTES - (int)sizeof(struct passed)) / (int)sizeof(struct passed_hole),
    PASSED_MOST = (PAGE_BYTES - (int)sizeof(struct passed)) / (int)sizeof(struct passed_hole),
};

/* Makes room for one hole more; `*passed` is NULL when there are none. False: there are PASSED_MOST, or no
 * memory. */
bool passed_reserve(struct passed **, struct page_pool *);
/* Adds a hole behind all others. False: as above. */
bool passed_add(struct passed **, struct page_pool *, const struct passed_hole *);
/* The hole with the first byte of [start, end) that is missing; NULL when none is. */
const struct passed_hole *passed_find(const struct passed *, uint64_t start, uint64_t end);
/* [from, to), which lies in one hole, came or is given up. What is left before it ends at a byte that came
 * now, at `from`. A piece out of a hole's middle needs room for one more. */
void passed_take(struct passed **, struct page_pool *, uint64_t from, uint64_t to, int64_t now_ns);
/* Packets brought bytes of [from, to) that snaplen cut. */
void passed_note_cut(struct passed *, uint64_t from, uint64_t to);
/* Frees everything. */
void passed_clear(struct passed **, struct page_pool *);

#endif
