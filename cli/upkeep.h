/* SPDX-License-Identifier: Apache-2.0 */
/* What a run that lasts does beside its packets: it answers signals, tells the service manager that it lives,
 * gives statistics at intervals, and goes on to the output's next file. The pipeline calls it between frames,
 * in the reader's thread. Embedded by value.
 *
 * Intervals are aligned: they begin at multiples of their length since the epoch, of wall-clock time on an
 * interface. In a file it is the packet clock's, looked at where a tick is due, so that the same file gives
 * the same output for any number of workers. */
#ifndef HARK_CLI_UPKEEP_H
#define HARK_CLI_UPKEEP_H

#include "cli/options.h"
#include "cli/pipeline.h"
#include "cli/service.h"
#include "output/stats_record.h"

/* All borrowed until upkeep_fini. */
struct upkeep_parts {
    const struct options *options;
    struct sink *sink;
    struct service *service;
    struct progress *progress;
    bool live;
};

struct upkeep {
    struct upkeep_parts parts;
    unsigned steps;                          /* since the clock was read last */
    int64_t next_ns;                         /* monotonic: when to look at what takes its time */
    bool began;                              /* the times below are valid */
    int64_t stats_period_ns, file_period_ns; /* beginnings of the intervals */
    int64_t stats_ns;                        /* time of the statistics before: monotonic, or packet time */
    struct stats_totals stats_before;
    uint64_t stats_records; /* written */
    int64_t lag_ns;         /* longest since the statistics before; below 0 for none */
    int64_t alive_ns;       /* monotonic: when the service manager wants to hear next */
    uint64_t epochs_given;  /* when it heard last */
    int statm;              /* /proc/self/statm, or -1 */
    struct buf line;
};

void upkeep_init(struct upkeep *, const struct upkeep_parts *);
void upkeep_fini(struct upkeep *);

/* Packets are captured from now on. */
enum crew_status upkeep_begin(struct upkeep *, struct pipeline *);
/* The packet clock has come to a tick's time, before that tick; the first time before the first packet. */
enum crew_status upkeep_tick(struct upkeep *, struct pipeline *, int64_t time_ns);
/* In each turn of the reader's loop. now_ns: the monotonic clock where it is known, else 0; `frame`: one
 * came.
 */
enum crew_status upkeep_step(struct upkeep *, struct pipeline *, int64_t now_ns, bool frame);
/* The input has ended. */
void upkeep_stop(struct upkeep *);
/* All is written. */
enum crew_status upkeep_finish(struct upkeep *, struct pipeline *);

#endif
