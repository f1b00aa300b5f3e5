/* SPDX-License-Identifier: Apache-2.0 */
/* --stats-interval: the ledger at a moment of the run, as a record (hark.type: stats) and as a line for
 * people. Pure functions. */
#ifndef HARK_OUTPUT_STATS_RECORD_H
#define HARK_OUTPUT_STATS_RECORD_H

#include "capture/buf.h"
#include "output/ledger.h"

/* What rates are made of. */
struct stats_totals {
    uint64_t frames, bytes, dropped, transactions;
};

struct stats_moment {
    int64_t time_ns;    /* since the epoch: the packet clock's of a file, else the wall clock's */
    int64_t elapsed_ns; /* since the moment before, or the run's beginning; not above 0: unknown, no rates */
    bool last;          /* of the run */
    bool live;          /* what follows is known, and what the kernel counts */
    int64_t lag_ns;     /* the longest time from a packet's stamp to its reading; below 0 without packets */
    uint64_t resident_bytes; /* 0 unknown */
    uint64_t processor_ns;
};

struct stats_totals stats_totals_of(const struct ledger *);
/* Appends the record and its line feed; false when it does not fit. */
bool stats_record_write(const struct stats_moment *, const struct ledger *, const struct stats_totals *before,
                        struct buf *out);

enum { STATS_LINE_BYTES = 320 };
/* The line for people, without its end. */
void stats_line(const struct stats_moment *, const struct ledger *, const struct stats_totals *before,
                char text[STATS_LINE_BYTES]);

#endif
