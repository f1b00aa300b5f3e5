/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of several pipelines of one run (--fanout), for the one that tells of all: each of the others leaves
 * a copy of its counts now and then, at a moment when they balance, and at its end. So what is told in the
 * midst of a run is a little old for the others, and no thread waits for another. Heap-owned; any thread. */
#ifndef HARK_CLI_TALLY_H
#define HARK_CLI_TALLY_H

#include "cli/stopwatch.h"
#include "output/ledger.h"

struct pipeline;
struct tally;

/* For `count` pipelines, which have counted nothing yet. NULL without memory. */
struct tally *tally_new(size_t count);
void tally_free(struct tally *);

/* Leaves the counts of pipeline number `which`, in its thread; its crew is settled. `lag_ns`: how far it was
 * behind, below 0 for unknown. After `last` no more come from it. */
void tally_give(struct tally *, size_t which, const struct pipeline *, int64_t lag_ns, bool last);

/* Adds what they left. */
void tally_add(struct tally *, struct ledger *);
/* Adds the times of their stages; returns how many threads they have. */
unsigned tally_add_times(struct tally *, struct stopwatch *);
/* Longest lag since the last call; below 0 for none. */
int64_t tally_take_lag(struct tally *);
/* Has each left something since this was true last, or come to its end? */
bool tally_is_alive(struct tally *);

#endif
