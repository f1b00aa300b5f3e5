/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what went in equals what came out plus each named loss. Summed from the counts of all layers at
 * the end (or at any quiet moment), printed for people, checked by tests. Plain values. */
#ifndef HARK_OUTPUT_LEDGER_H
#define HARK_OUTPUT_LEDGER_H

#include "analyzer/http_conn.h"
#include "capture/decode.h"
#include "capture/source.h"
#include "reassembly/flow.h"

#include <stdio.h>

/* What a run spends its time with. */
enum stage {
    STAGE_READ,
    STAGE_DECODE,
    STAGE_HAND_OVER, /* to other threads */
    STAGE_WAIT,      /* the reader's, for other threads */
    STAGE_ANALYZE,   /* connections and HTTP, records among it */
    STAGE_RECORD,
    STAGE_MERGE,
    STAGE_WRITE,
    STAGES,
};

/* The run's own speed. */
struct run_speed {
    int64_t elapsed_ns; /* wall clock */
    uint64_t user_ns, system_ns;
    uint64_t peak_bytes; /* resident at most; 0 unknown */
    unsigned threads;
    uint64_t stage_ns[STAGES]; /* all 0 where nothing was timed */
};

enum { OVERLOAD_LEVELS = 7 };

/* What was left out because packets came faster than hark can work (docs/operations.md). Of packets and
 * bytes, the flows' counts tell, and of frames cut short the source's. */
struct overload_counts {
    uint64_t episodes;                     /* times that it began */
    uint64_t highest;                      /* level reached */
    uint64_t ns_at_level[OVERLOAD_LEVELS]; /* wall clock; level 0 is none */
    uint64_t connections;                  /* begun and not followed, as far as their SYNs were seen */
    uint64_t forgotten;                    /* of these: not remembered as such to their end */
};

struct ledger {
    struct source_counts source;
    struct decode_counts decode;
    struct flow_counts flow; /* sum of all partitions */
    struct http_counts http; /* sum of all partitions */
    uint64_t clock_jumps, clock_steps_back, clock_wild;
    struct overload_counts overload;
    uint64_t records[TRANSACTION_TYPES]; /* written, by type */
    uint64_t records_too_long;           /* did not fit limits.record_bytes */
    uint64_t records_unwritten;          /* made, but the sink failed or the reader had gone */
    uint64_t records_no_memory;          /* no room for them */
    uint64_t memory_failures;            /* times the C library had none for streams and transactions */
    uint64_t stats_records;              /* written beside them */
    uint64_t output_bytes;
    struct run_speed speed;
};

/* Adds b's counts to a's. */
void flow_counts_add(struct flow_counts *a, const struct flow_counts *b);
void http_counts_add(struct http_counts *a, const struct http_counts *b);

/* The counts of one interface's readers, which share its packets out (capture/source_fanout.h), as one: what
 * each of them sees for itself is added, and what all see of the interface is not. */
void source_counts_add(struct source_counts *a, const struct source_counts *b);
void decode_counts_add(struct decode_counts *a, const struct decode_counts *b);
/* The same of all but the run's speed. */
void ledger_add(struct ledger *a, const struct ledger *b);

/* Records of all types written. */
uint64_t ledger_written(const struct ledger *);
/* Times the system had no memory to give, in all layers. */
uint64_t ledger_refused(const struct ledger *);
/* Does every equation hold? Else the first that does not, as text in `why`. */
bool ledger_balances(const struct ledger *, char why[256]);
/* --stats: all of it; zero lines are left out except the sums. */
void ledger_print(const struct ledger *, FILE *);
/* One or two lines for the end of a run on a terminal. */
void ledger_print_brief(const struct ledger *, FILE *);

#endif
