/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: from the source through the packet clock and decoding to the workers, until the input ends. It
 * numbers the run's events: each frame is one, and so is each tick.
 *
 * Ticks make time pass for everything that waits. When the packet clock passes a multiple of
 * PIPELINE_TICK_NS, one tick with that time comes before the packet that passed it, however many multiples it
 * passed. A live source that is silent ticks too: its clock is the packet clock plus the time since the last
 * packet, so that it needs no agreement between the wall clock and the capture's stamps. */
#ifndef HARK_CLI_PIPELINE_H
#define HARK_CLI_PIPELINE_H

#include "capture/clock.h"
#include "capture/decode.h"
#include "capture/source.h"
#include "cli/crew.h"
#include "cli/early_frames.h"
#include "cli/guard.h"
#include "cli/progress.h"

#define PIPELINE_TICK_NS (100 * NS_PER_MILLISECOND)

struct tally;
struct upkeep;

/* What a pipeline has to do with others of the same run (cli/fanout.h). All is called in its own thread. */
struct pipeline_peers {
    void *context;
    /* Is it this one that says what happened to the interface: that it failed, or something else? */
    bool (*says)(void *context, bool failed);
    /* After each turn of its loop, with a frame or without. */
    enum crew_status (*turned)(void *context, bool frame);
    /* Its source has ended, or the sink; the rest is not finished yet. */
    void (*ended)(void *context);
    struct tally *others; /* whose counts it tells with its own; NULL for none */
};

/* All borrowed until pipeline_fini. */
struct pipeline_parts {
    struct source *source;
    struct decoder *decoder;
    struct crew *crew;
    struct saver *saver; /* NULL: no packets are saved */
    struct progress *progress;
    const struct limits *limits;
    struct guard *guard; /* against overload; NULL: nothing is left out */
    int64_t flush_interval_ns;
    bool timed;                         /* find out where time goes */
    struct upkeep *upkeep;              /* NULL: nothing beside the packets */
    const struct pipeline_peers *peers; /* NULL: it is the only one */
};

/* Frames of a link type that hark does not know, in one file. */
struct unsupported_frames {
    uint32_t file;
    int link_type;
    uint64_t frames;
};

enum { PIPELINE_UNSUPPORTED = 16 };

struct pipeline {
    struct pipeline_parts parts;
    struct stopwatch watch; /* the reader's */
    struct packet_clock clock;
    uint64_t event; /* number of the last event */
    bool ticked;    /* last_tick_ns is valid */
    int64_t last_tick_ns;
    uint64_t steps_back;       /* of the clock, when last looked at */
    bool paced;                /* frames come in their own time, from an interface or a pipe */
    int64_t packet_wall_ns;    /* paced: monotonic time of the last frame */
    bool pending;              /* records or packets wait for a flush ... */
    int64_t pending_since_ns;  /* ... since this monotonic time */
    bool ahead;                /* a frame was read, and ticks come before it */
    struct early_frames early; /* read, too, and nothing else yet ... */
    uint64_t early_bytes;      /* ... of so many captured bytes */
    uint64_t damages;          /* SOURCE_DAMAGED seen */
    bool abandoned;            /* the sink ended before the source */
    struct unsupported_frames
        unsupported[PIPELINE_UNSUPPORTED]; /* the first ones; those after are not named */
    size_t unsupported_count;
};

/* The largest multiple of PIPELINE_TICK_NS that is not after time_ns, which may be negative. */
int64_t pipeline_tick_time(int64_t time_ns);
/* True when what has waited for so long must be written now, for the interval to hold. */
bool pipeline_flush_is_due(int64_t waited_ns, int64_t flush_interval_ns);

void pipeline_init(struct pipeline *, const struct pipeline_parts *);
/* Reads to the end, finishes and writes everything. What was damaged is said on standard error at once. With
 * peers, upkeep_begin comes before it and upkeep_finish after all of them. */
enum crew_status pipeline_run(struct pipeline *);
/* Frames of a link type that can't be read; beyond PIPELINE_UNSUPPORTED kinds they are not named. */
void pipeline_note_unsupported(struct pipeline *, const struct unsupported_frames *);
/* Adds what pipeline, crew and guard counted, and what its peers left. */
void pipeline_counts(const struct pipeline *, struct ledger *);

#endif
