/* SPDX-License-Identifier: Apache-2.0 */
/* The governor of overload: from samples of how far hark is behind the kernel to a level, which says what is
 * left out. Up fast, down slowly. Pure logic: it knows no clock but the samples' and touches nothing else.
 * Embedded by value; one thread. docs/operations.md explains it to users. */
#ifndef HARK_CLI_OVERLOAD_H
#define HARK_CLI_OVERLOAD_H

#include "output/ledger.h"

/* First the kernel keeps the beginning of each frame only. From the next level on connections are left out,
 * too: at each, half as many new ones are followed as at the one below it. */
enum overload_level {
    OVERLOAD_NONE,
    OVERLOAD_BODIES,
    OVERLOAD_LEAST, /* half of the new connections */
    OVERLOAD_MOST = OVERLOAD_LEVELS - 1,
};

/* What is kept of a frame then: a message's head and the headers below it. Frames of an MTU of 1500 stay
 * whole, and so do heads of up to 4 KiB in larger ones, where they begin the segment, as they do without
 * pipelining. What is cut is the bodies in jumbo frames and in the 64 KiB segments of GRO and TSO. */
enum {
    OVERLOAD_HEAD_BYTES = 4096,
    OVERLOAD_HEADERS_BYTES = 256, /* link, VLAN, tunnel, IP and TCP */
    OVERLOAD_FRAME_BYTES = OVERLOAD_HEAD_BYTES + OVERLOAD_HEADERS_BYTES,
};
/* The level is worth its while where it makes this part of what comes disappear. Else it is passed over. */
#define OVERLOAD_BODIES_PERMILLE 250

/* The kernel's buffer: filled so far, hark is too slow; below the second mark, it is not. */
#define OVERLOAD_FULL_PERMILLE 500
#define OVERLOAD_CALM_PERMILLE 125
/* Calm ends with this part of the lag that is too much. */
enum { OVERLOAD_CALM_LAG_PART = 4 };
/* A level has this time to show that it helps, before the next one. But the buffer must not run over: each
 * such part that it is fuller than OVERLOAD_FULL_PERMILLE needs one level more, at once. */
#define OVERLOAD_RAISE_NS       (200 * NS_PER_MILLISECOND)
#define OVERLOAD_RAISE_PERMILLE 50
/* Drops while the buffer is nearly empty were a burst that is over; but not where there are more so soon. */
#define OVERLOAD_DROPS_NS NS_PER_SECOND
/* So long it must be calm before the next lower level. The wait doubles each time that was too early, up to
 * the longest, and is the shortest again after a time without overload as long as that. */
#define OVERLOAD_LOWER_NS      (2 * NS_PER_SECOND)
#define OVERLOAD_LOWER_MOST_NS (64 * NS_PER_SECOND)

struct overload_sample {
    int64_t now_ns;         /* monotonic */
    int64_t lag_ns;         /* of the packet that hark is at */
    unsigned fill_permille; /* of the kernel's buffer, as estimated; at most 1000 */
    unsigned body_permille; /* part of the bytes that come which OVERLOAD_BODIES cuts off, or could */
    uint64_t dropped;       /* by the kernel, in the run so far */
};

struct overload {
    int64_t lag_most_ns;
    enum overload_level level;
    bool cutting;    /* frames should be cut short; not before that is worth its while, until NONE */
    bool pressed;    /* by the last sample: one alone may be a pause that is over */
    bool drops_seen; /* when: */
    int64_t drops_ns;
    bool started; /* `last` is valid */
    bool calm;    /* since: */
    int64_t calm_ns;
    int64_t changed_ns; /* the level's last change */
    bool lowered;       /* the last change was down */
    int64_t wait_ns;    /* OVERLOAD_LOWER_NS, or more */
    struct overload_sample last;
    struct overload_counts counts; /* the governor's: episodes, highest level, time at each */
};

/* `lag_most_ns`: being behind by this is overload, however empty the buffer is. More than 0. */
void overload_init(struct overload *, int64_t lag_most_ns);
/* Samples come in the order of their times, best several in OVERLOAD_RAISE_NS. Returns the level from now
 * on. */
enum overload_level overload_step(struct overload *, const struct overload_sample *);
/* How many new connections the level leaves out, for people: "none", "1/2", "3/4" ... */
const char *overload_level_name(enum overload_level);

#endif
