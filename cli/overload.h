/* SPDX-License-Identifier: Apache-2.0 */
/* The governor of overload: from samples of how far hark is behind the kernel to a level, which says what is
 * left out. Up fast, down slowly. Pure logic: it knows no clock but the samples' and touches nothing else.
 * Embedded by value; one thread. docs/operations.md explains it to users. */
#ifndef HARK_CLI_OVERLOAD_H
#define HARK_CLI_OVERLOAD_H

#include "output/ledger.h"

/* Each level leaves out what those below it do, and more (names: overload_level_name). */
enum overload_level {
    OVERLOAD_NONE,
    OVERLOAD_BODIES,      /* bodies of messages whose end is known by a length */
    OVERLOAD_CONNECTIONS, /* ... and half of the new connections; from here on each level halves the rest */
    OVERLOAD_MOST = OVERLOAD_LEVELS - 1,
};

/* The kernel's buffer: filled so far, hark is too slow; below the second mark, it is not. */
#define OVERLOAD_FULL_PERMILLE 500
#define OVERLOAD_CALM_PERMILLE 125
/* Calm ends with this part of the lag that is too much. */
enum { OVERLOAD_CALM_LAG_PART = 4 };
/* A level has this time to show that it helps, before the next one; less where the buffer has filled by this
 * much more meanwhile, so that the highest is reached before it is full, and none while packets are dropped.
 */
#define OVERLOAD_RAISE_NS       (200 * NS_PER_MILLISECOND)
#define OVERLOAD_RAISE_PERMILLE 50
/* So long it must be calm before the next lower level. The wait doubles each time that was too early, up to
 * the longest, and is the shortest again after a time without overload as long as that. */
#define OVERLOAD_LOWER_NS      (2 * NS_PER_SECOND)
#define OVERLOAD_LOWER_MOST_NS (64 * NS_PER_SECOND)

struct overload_sample {
    int64_t now_ns;         /* monotonic */
    int64_t lag_ns;         /* of the packet that hark is at */
    unsigned fill_permille; /* of the kernel's buffer, as estimated; at most 1000 */
    uint64_t dropped;       /* by the kernel, in the run so far */
};

struct overload {
    int64_t lag_most_ns;
    enum overload_level level;
    bool started; /* `last` is valid */
    bool calm;    /* since: */
    int64_t calm_ns;
    int64_t changed_ns; /* the level's last change, and the fill then */
    unsigned changed_permille;
    bool lowered;    /* the last change was down */
    int64_t wait_ns; /* OVERLOAD_LOWER_NS, or more */
    struct overload_sample last;
    struct overload_counts counts; /* the governor's: episodes, highest level, time at each */
};

/* `lag_most_ns`: being behind by this is overload, however empty the buffer is. More than 0. */
void overload_init(struct overload *, int64_t lag_most_ns);
/* Samples come in the order of their times, best several in OVERLOAD_RAISE_NS. Returns the level from now
 * on. */
enum overload_level overload_step(struct overload *, const struct overload_sample *);
/* What the level leaves out, in words for people; "nothing" for OVERLOAD_NONE. */
const char *overload_level_name(enum overload_level);

#endif
