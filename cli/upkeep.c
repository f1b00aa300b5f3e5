/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/upkeep.h"

#include "capture/ns.h"
#include "cli/conclusion.h"
#include "cli/signals.h"
#include "cli/tally.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LINE_CAP_BYTES = 64 * 1024,
    STEPS_PER_LOOK =
        1024, /* where frames come as fast as they are read, and the clock is not read for each */
};

#define LOOK_NS   (50 * NS_PER_MILLISECOND)
#define STATUS_NS (10 * NS_PER_SECOND)

/* The beginning of the interval that the time is in; the time may be negative. */
static int64_t period_of(int64_t time_ns, uint64_t interval_ns) {
    int64_t interval = (int64_t)interval_ns;
    int64_t rest = time_ns % interval;
    int64_t begin = 0;
    return __builtin_sub_overflow(time_ns, rest < 0 ? rest + interval : rest, &begin) ? INT64_MIN : begin;
}

void upkeep_init(struct upkeep *upkeep, const struct upkeep_parts *parts) {
    *upkeep = (struct upkeep){.parts = *parts, .lag_ns = -1, .statm = -1};
    buf_init(&upkeep->line, LINE_CAP_BYTES);
    if (parts->live && parts->options->stats_interval_ns > 0) {
        upkeep->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    }
}

void upkeep_fini(struct upkeep *upkeep) {
    buf_fini(&upkeep->line);
    if (upkeep->statm >= 0) {
        (void)close(upkeep->statm);
        upkeep->statm = -1;
    }
}

/* ---- statistics ---- */

static struct tally *others_of(const struct pipeline *pipeline) {
    return pipeline->parts.peers ? pipeline->parts.peers->others : NULL;
}

/* Of all readers, the longest. */
static int64_t longest_lag_ns(const struct upkeep *upkeep, const struct pipeline *pipeline) {
    int64_t others_ns = others_of(pipeline) ? tally_take_lag(others_of(pipeline)) : -1;
    return others_ns > upkeep->lag_ns ? others_ns : upkeep->lag_ns;
}

static uint64_t resident_bytes(const struct upkeep *upkeep) {
    char text[128];
    ssize_t len = upkeep->statm >= 0 ? pread(upkeep->statm, text, sizeof text - 1, 0) : -1;
    unsigned long long pages = 0;
    text[len > 0 ? len : 0] = '\0';
    return sscanf(text, "%*u %llu", &pages) == 1 ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* The counts are settled. `time_ns` goes into the record, `now_ns` is on the clock of stats_ns. */
static enum crew_status give_stats(struct upkeep *upkeep, struct pipeline *pipeline, int64_t time_ns,
                                   int64_t now_ns, bool last) {
    struct ledger ledger = {0};
    pipeline_counts(pipeline, &ledger);
    struct stats_moment moment = {.time_ns = time_ns, .last = last, .live = upkeep->parts.live};
    if (__builtin_sub_overflow(now_ns, upkeep->stats_ns, &moment.elapsed_ns)) {
        moment.elapsed_ns = 0;
    }
    if (moment.live) {
        struct run_speed speed = {0};
        conclusion_measure(&speed, upkeep->parts.progress, pipeline);
        moment.lag_ns = longest_lag_ns(upkeep, pipeline);
        moment.resident_bytes = resident_bytes(upkeep);
        moment.processor_ns = speed.user_ns + speed.system_ns;
    }
    char text[STATS_LINE_BYTES];
    stats_line(&moment, &ledger, &upkeep->stats_before, text);
    progress_say(upkeep->parts.progress, "%s", text);
    enum crew_status status = CREW_OK;
    buf_clear(&upkeep->line);
    if (upkeep->parts.options->format == FORMAT_NDJSON &&
        stats_record_write(&moment, &ledger, &upkeep->stats_before, &upkeep->line)) {
        status = crew_write_lines(pipeline->parts.crew, buf_slice(&upkeep->line));
        upkeep->stats_records += status == CREW_OK;
    }
    upkeep->stats_before = stats_totals_of(&ledger);
    upkeep->stats_ns = now_ns;
    upkeep->lag_ns = -1;
    return status;
}

/* ---- intervals ---- */

static enum crew_status begin_at(struct upkeep *upkeep, int64_t time_ns, int64_t now_ns) {
    const struct options *options = upkeep->parts.options;
    upkeep->began = true;
    upkeep->stats_ns = now_ns;
    if (options->stats_interval_ns > 0) {
        upkeep->stats_period_ns = period_of(time_ns, options->stats_interval_ns);
    }
    int64_t file_ns = time_ns;
    if (options->rotate_interval_ns > 0) {
        file_ns = upkeep->file_period_ns = period_of(time_ns, options->rotate_interval_ns);
    }
    return sink_begin(upkeep->parts.sink, file_ns) == SINK_OK ? CREW_OK : CREW_SINK_ENDED;
}

/* Time has come to time_ns, on an interface of the wall clock; now_ns is on the clock of stats_ns. What
 * belongs to an interval that is over is in the file before the statistics, and these are in the interval's
 * file. */
static enum crew_status pass_time(struct upkeep *upkeep, struct pipeline *pipeline, int64_t time_ns,
                                  int64_t now_ns) {
    const struct options *options = upkeep->parts.options;
    uint64_t stats = options->stats_interval_ns, files = options->rotate_interval_ns;
    int64_t stats_period = stats > 0 ? period_of(time_ns, stats) : 0;
    int64_t file_period = files > 0 ? period_of(time_ns, files) : 0;
    bool stats_due = stats > 0 && stats_period != upkeep->stats_period_ns;
    bool file_due = files > 0 && file_period != upkeep->file_period_ns;
    if (!stats_due && !file_due) {
        return CREW_OK;
    }
    enum crew_status status = crew_settle(pipeline->parts.crew);
    if (stats_due && status == CREW_OK) {
        upkeep->stats_period_ns = stats_period;
        status = give_stats(upkeep, pipeline, time_ns, now_ns, false);
    }
    if (file_due) {
        upkeep->file_period_ns = file_period;
        sink_rotate(upkeep->parts.sink, file_period);
    }
    return status;
}

/* ---- signals ---- */

static enum crew_status reopen(struct upkeep *upkeep, struct pipeline *pipeline) {
    char message[SINK_MESSAGE_BYTES];
    service_reloading(upkeep->parts.service);
    enum crew_status status = crew_settle(pipeline->parts.crew);
    if (!sink_reopen(upkeep->parts.sink, message)) {
        progress_say(upkeep->parts.progress, "%s; the old file goes on", message);
    }
    service_ready(upkeep->parts.service);
    return status;
}

static enum crew_status answer_signals(struct upkeep *upkeep, struct pipeline *pipeline) {
    enum crew_status status = CREW_OK;
    if (signals_take(SIGNAL_REOPEN)) {
        status = reopen(upkeep, pipeline);
    }
    if (signals_take(SIGNAL_LEDGER)) {
        struct ledger ledger = {0};
        status = crew_settle(pipeline->parts.crew);
        pipeline_counts(pipeline, &ledger);
        conclusion_measure(&ledger.speed, upkeep->parts.progress, pipeline);
        flockfile(upkeep->parts.progress->out); /* other readers have their lines */
        progress_clear(upkeep->parts.progress);
        ledger_print(&ledger, upkeep->parts.progress->out);
        (void)fflush(upkeep->parts.progress->out);
        funlockfile(upkeep->parts.progress->out);
    }
    return status;
}

/* ---- the service manager ---- */

/* It hears that hark lives only when all that was handed over to other threads before it heard last is done:
 * a thread that hangs must not be hidden by a reader that goes on. */
static void tell_alive(struct upkeep *upkeep, struct pipeline *pipeline, int64_t now_ns) {
    struct service *service = upkeep->parts.service;
    struct crew_progress progress = crew_progress(pipeline->parts.crew);
    struct tally *others = others_of(pipeline);
    if (now_ns < upkeep->alive_ns || progress.done < upkeep->epochs_given ||
        (others && !tally_is_alive(others))) {
        return;
    }
    struct source_counts counts;
    struct ledger rest = {0};
    source_counts(pipeline->parts.source, &counts);
    if (others) {
        tally_add(others, &rest);
        source_counts_add(&counts, &rest.source);
    }
    if (service->watchdog_ns > 0) {
        service_alive(service);
    }
    service_status(service, "%" PRIu64 " packets, %" PRIu64 " dropped, %" PRIu64 " records written",
                   counts.frames, counts.kernel_dropped + counts.interface_dropped,
                   crew_written(pipeline->parts.crew) + ledger_written(&rest));
    upkeep->epochs_given = progress.given;
    upkeep->alive_ns = now_ns + (service->watchdog_ns > 0 ? service->watchdog_ns : STATUS_NS);
}

/* ---- what the pipeline calls ---- */

enum crew_status upkeep_begin(struct upkeep *upkeep, struct pipeline *pipeline) {
    enum crew_status status = CREW_OK;
    int64_t now_ns = ns_of_clock(CLOCK_MONOTONIC);
    if (upkeep->parts.live) {
        status = begin_at(upkeep, ns_of_clock(CLOCK_REALTIME), now_ns);
    }
    if (status == CREW_OK) {
        service_ready(upkeep->parts.service);
        tell_alive(upkeep, pipeline, now_ns);
    }
    return status;
}

enum crew_status upkeep_tick(struct upkeep *upkeep, struct pipeline *pipeline, int64_t time_ns) {
    if (upkeep->parts.live) {
        return CREW_OK;
    }
    return upkeep->began ? pass_time(upkeep, pipeline, time_ns, time_ns) : begin_at(upkeep, time_ns, time_ns);
}

/* What is looked at now and then. */
static enum crew_status look(struct upkeep *upkeep, struct pipeline *pipeline, int64_t now_ns, bool frame) {
    enum crew_status status = CREW_OK;
    if (service_listens(upkeep->parts.service)) {
        tell_alive(upkeep, pipeline, now_ns);
    }
    if (upkeep->parts.live) {
        int64_t wall_ns = ns_of_clock(CLOCK_REALTIME), lag_ns = 0;
        if (frame && !__builtin_sub_overflow(wall_ns, pipeline->clock.now_ns, &lag_ns) &&
            lag_ns > upkeep->lag_ns) {
            upkeep->lag_ns = lag_ns;
        }
        status = pass_time(upkeep, pipeline, wall_ns, now_ns);
    }
    if (sink_has_trouble(upkeep->parts.sink)) {
        char message[SINK_MESSAGE_BYTES];
        enum crew_status settled = crew_settle(pipeline->parts.crew);
        status = settled != CREW_OK ? settled : status;
        if (sink_trouble(upkeep->parts.sink, message)) {
            progress_say(upkeep->parts.progress, "%s; the file before goes on", message);
        }
    }
    return status;
}

enum crew_status upkeep_step(struct upkeep *upkeep, struct pipeline *pipeline, int64_t now_ns, bool frame) {
    enum crew_status status = CREW_OK;
    if (signals_requested() != 0) {
        status = answer_signals(upkeep, pipeline);
    }
    if (now_ns == 0 && ++upkeep->steps % STEPS_PER_LOOK != 0 && frame) {
        return status;
    }
    now_ns = now_ns == 0 ? ns_of_clock(CLOCK_MONOTONIC) : now_ns;
    if (now_ns < upkeep->next_ns) {
        return status;
    }
    upkeep->next_ns = now_ns + LOOK_NS;
    enum crew_status looked = look(upkeep, pipeline, now_ns, frame);
    return looked != CREW_OK ? looked : status;
}

void upkeep_stop(struct upkeep *upkeep) {
    service_stopping(upkeep->parts.service);
}

enum crew_status upkeep_finish(struct upkeep *upkeep, struct pipeline *pipeline) {
    char message[SINK_MESSAGE_BYTES];
    if (sink_trouble(upkeep->parts.sink, message)) {
        progress_say(upkeep->parts.progress, "%s; the file before went on", message);
    }
    if (upkeep->parts.options->stats_interval_ns == 0 || !upkeep->began) {
        return CREW_OK;
    }
    bool live = upkeep->parts.live;
    return give_stats(upkeep, pipeline, live ? ns_of_clock(CLOCK_REALTIME) : pipeline->clock.now_ns,
                      live ? ns_of_clock(CLOCK_MONOTONIC) : pipeline->clock.now_ns, true);
}
