/* SPDX-License-Identifier: Apache-2.0 */
/* Where a run's time goes, for --stats. Packets and records drawn at random, one in some sixty, are timed
 * from stage to stage and stand for all; what is rare and long (an epoch, a write) is timed each time.
 * Embedded by value; one thread a watch. A watch that is off costs a branch. */
#ifndef HARK_CLI_STOPWATCH_H
#define HARK_CLI_STOPWATCH_H

#include "output/ledger.h"

struct stopwatch {
    bool on;
    bool running;     /* the packet at hand is timed */
    uint32_t left;    /* packets until the next that is */
    uint32_t records; /* the same of records */
    uint64_t random;
    int64_t last_ns;   /* end of the stage before */
    int64_t nested_ns; /* since then: what was timed for itself */
    uint64_t ns[STAGES];
};

void stopwatch_init(struct stopwatch *, bool on);
/* Adds b's times to a's. */
void stopwatch_add(struct stopwatch *a, const struct stopwatch *b);

/* A packet begins, or what is done to get it. */
void stopwatch_draw(struct stopwatch *);
static inline void stopwatch_begin(struct stopwatch *watch) {
    if (watch->on && watch->left-- == 0) {
        stopwatch_draw(watch);
    }
}
/* The packet's stage is over, the next begins. */
void stopwatch_count(struct stopwatch *, enum stage);
static inline void stopwatch_lap(struct stopwatch *watch, enum stage stage) {
    if (watch->running) {
        stopwatch_count(watch, stage);
    }
}
/* The packet is done. */
static inline void stopwatch_end(struct stopwatch *watch) {
    watch->running = false;
}

/* Times a stretch in whole: the returned value goes to stopwatch_stop. 0 when the watch is off. */
int64_t stopwatch_start(const struct stopwatch *);
void stopwatch_stop(struct stopwatch *, int64_t started, enum stage);

/* The stretch is no part of the packet at hand: another watch timed it. */
void stopwatch_exclude(struct stopwatch *, int64_t started);

/* A record begins: what to give to stopwatch_record_end; 0 when it is not timed. */
int64_t stopwatch_record_begin(struct stopwatch *);
void stopwatch_record_end(struct stopwatch *, int64_t started);

#endif
