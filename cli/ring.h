/* SPDX-License-Identifier: Apache-2.0 */
/* Who does what next, with -j. Epochs follow each other through a ring: the reader fills one, every worker
 * takes its events of it, then its records are written, in the order of the epochs. The ring bounds memory: a
 * full one makes the reader do a worker's or the writer's turn meanwhile, and with many records unwritten
 * nobody works ahead of the oldest epoch.
 *
 * A worker is no thread of its own: whichever is free takes the next turn of any, but never two threads that
 * of one worker, and first of those whose turn it had last, as what they know is near. With more workers than
 * threads none waits while there is something to do, and little moves from one processor to another. The
 * reader's thread is number 0. Heap-owned; any thread may call, the reader's alone what says so. */
#ifndef HARK_CLI_RING_H
#define HARK_CLI_RING_H

#include "cli/epoch.h"

enum { EPOCHS = 8 }; /* at most; few threads have fewer */

struct ring;

enum turn_kind {
    TURN_FILL,  /* the reader's: fill the empty epoch, then ring_submit */
    TURN_WORK,  /* take the worker's events of the epoch, then ring_worked */
    TURN_WRITE, /* write the epoch's records, then ring_written */
    TURN_END,   /* the ring is closed and all is written */
};

struct turn {
    enum turn_kind kind;
    unsigned worker;
    struct epoch *epoch; /* NULL at the end */
};

/* `threads` with the reader's; an epoch has up to `events` (1..EPOCH_EVENTS). NULL without memory. */
struct ring *ring_new(unsigned workers, unsigned threads, unsigned events);
/* No thread may be in a call. */
void ring_free(struct ring *);

/* The reader: what to do while it wants an epoch to fill (or, once the ring is closed, the end). */
struct turn ring_reader_turn(struct ring *);
void ring_submit(struct ring *);
/* The reader, which fills nothing: what to do until all that was submitted is written; then TURN_END, and no
 * other thread touches anything until the next ring_submit. */
struct turn ring_settle_turn(struct ring *);
/* The reader: no more epochs come. */
void ring_close(struct ring *);

/* Another thread: waits for something to do. Never TURN_FILL. */
struct turn ring_turn(struct ring *, unsigned thread);

void ring_worked(struct ring *, const struct turn *);
/* The epoch is emptied. `written` is the number of records written in the run so far, `stop` asks the reader
 * to end the run. */
void ring_written(struct ring *, const struct turn *, uint64_t written, bool stop);

struct ring_state {
    uint64_t written;   /* as ring_written said last */
    uint64_t submitted; /* epochs */
    uint64_t drained;
    bool stop;
};
struct ring_state ring_state(struct ring *);

#endif
