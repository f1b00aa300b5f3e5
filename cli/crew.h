/* SPDX-License-Identifier: Apache-2.0 */
/* The workers, and what brings their records to the sink. With one thread (-j1) there is one worker, which
 * runs inline: no copy, no lock. More threads, the reader's among them, have several workers each, which are
 * fed through the ring of epochs. Both write the same bytes. Heap-owned; all calls come from the reader's
 * thread. */
#ifndef HARK_CLI_CREW_H
#define HARK_CLI_CREW_H

#include "cli/worker.h"
#include "output/sink.h"

struct crew;

enum crew_status {
    CREW_OK,
    CREW_SINK_ENDED, /* the sink takes no more: go to crew_finish, then ask the sink why */
};

/* Starts all but one of `threads` (1..HARK_PARTITIONS): the caller's is the first. limits and sink outlive
 * the crew. NULL without memory or threads. */
struct crew *crew_new(const struct limits *, const struct record_options *, unsigned threads, struct sink *);
/* After crew_finish, or before any event. */
void crew_free(struct crew *);

/* Before any event: finds out where time goes. What happens in the reader's thread is counted by `reader`,
 * which lives as long as the crew. */
void crew_time(struct crew *, struct stopwatch *reader);
/* Adds the other threads' times, after crew_finish. Returns how many threads there were with the reader's. */
unsigned crew_times(const struct crew *, struct stopwatch *sum);
/* Before any event: packets may be lasting, and what is looked at of them later be so much memory, `bytes`;
 * with 0 they may not. */
void crew_lend(struct crew *, size_t bytes);
/* Before any event: packets are saved, by a saver that outlives the crew. */
void crew_save(struct crew *, struct saver *);
/* No other threads. */
bool crew_is_inline(const struct crew *);

/* Events, each with a number larger than all before. Statuses may come late; they never go back to OK.
 * `block`: what keeps the packet's payload, NULL when it must be copied. */
enum crew_status crew_packet(struct crew *, uint64_t event, const struct packet *, uint64_t hash,
                             struct source_block *block);
enum crew_status crew_tick(struct crew *, uint64_t event, int64_t now_ns);
/* True when something waits that crew_flush would bring on its way. */
bool crew_has_pending(const struct crew *);
/* Writes what is finished: at once with one worker, as soon as the workers are through with more. */
enum crew_status crew_flush(struct crew *);
/* The same, and waits until it is written: all counts are those of the events so far, and no other thread
 * touches anything until the next one. */
enum crew_status crew_settle(struct crew *);
/* The same, as an event: what is held of packets that were lasting is copied, they last no longer. */
enum crew_status crew_keep(struct crew *, uint64_t event);
/* After crew_settle or crew_finish: bytes that are no record, whole lines, behind all records so far. */
enum crew_status crew_write_lines(struct crew *, struct slice);
/* Ends every connection, writes all, ends the threads. No events after it. */
enum crew_status crew_finish(struct crew *, uint64_t event, int64_t now_ns);

/* Records written so far, for the progress line. */
uint64_t crew_written(struct crew *);
/* Epochs handed over to other threads so far, and those of them that are written; equal in an inline run. */
struct crew_progress {
    uint64_t given, done;
};
struct crew_progress crew_progress(struct crew *);
/* Adds the counts of all layers above capture; after crew_settle or crew_finish. */
void crew_counts(const struct crew *, struct ledger *);

#endif
