/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fanout.h"

#include "capture/ns.h"
#include "capture/source_fanout.h"
#include "cli/conclusion.h"
#include "cli/signals.h"
#include "cli/tally.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Between one copy of a reader's counts and the next. */
#define GIVE_NS (100 * NS_PER_MILLISECOND)

struct fanout;

struct fanout_reader {
    struct fanout *fanout;
    size_t number; /* from 0 */
    struct source *source;
    struct decoder *decoder;
    struct crew *crew;
    struct guard *guard;
    struct pipeline pipeline;
    struct pipeline_peers peers;
    int64_t next_ns; /* monotonic: when to leave counts again */
    bool has_thread;
    pthread_t thread;
};

struct fanout {
    const struct fanout_parts *parts;
    size_t count;
    struct fanout_reader *readers;
    struct tally *tally; /* of all but the first */
    atomic_bool tunnels_told, failure_told;
    bool signal_passed; /* the first reader's */
};

struct limits fanout_limits(const struct options *options, size_t count) {
    struct limits limits = options_limits(options);
    limits_set_memory(&limits, options_memory(options) / count);
    limits.flows = limits.flows / count > HARK_PARTITIONS ? limits.flows / count : HARK_PARTITIONS;
    limits.fragment_datagrams = (limits.fragment_datagrams + count - 1) / count;
    return limits;
}

/* PPPoE is no hindrance: the kernel looks behind it. */
static uint64_t tunnelled(const struct decoder *decoder) {
    struct decode_counts counts;
    decoder_counts(decoder, &counts);
    uint64_t sum = 0;
    for (unsigned kind = TUNNEL_NONE + 1; kind < TUNNEL_KINDS; kind++) {
        sum += kind == TUNNEL_PPPOE ? 0 : counts.tunnels[kind];
    }
    return sum;
}

static void look_for_tunnels(struct fanout_reader *reader) {
    struct fanout *fanout = reader->fanout;
    if (!atomic_load_explicit(&fanout->tunnels_told, memory_order_relaxed) && tunnelled(reader->decoder) &&
        !atomic_exchange(&fanout->tunnels_told, true)) {
        progress_say(fanout->parts->progress,
                     "there is traffic in tunnels, whose connections --fanout tears apart: the kernel deals "
                     "packets by their outer header; use one reader with -j %zu",
                     fanout->count);
    }
}

/* ---- what a pipeline asks of its peers ---- */

/* All see the same of the interface. */
static bool says(void *context, bool failed) {
    struct fanout_reader *reader = context;
    return failed ? !atomic_exchange(&reader->fanout->failure_told, true) : reader->number == 0;
}

static void stop_all(const struct fanout *fanout) {
    for (size_t i = 0; i < fanout->count; i++) {
        source_stop(fanout->readers[i].source);
    }
}

/* A signal stops the first reader's source alone; the others are to read what came until the same moment. */
static void pass_signal_on(struct fanout *fanout) {
    if (!fanout->signal_passed && signals_received()) {
        fanout->signal_passed = true;
        stop_all(fanout);
    }
}

static enum crew_status turned(void *context, bool frame) {
    struct fanout_reader *reader = context;
    const struct pipeline *pipeline = &reader->pipeline;
    if (reader->number == 0) {
        pass_signal_on(reader->fanout);
    }
    int64_t now_ns = frame ? pipeline->packet_wall_ns : ns_of_clock(CLOCK_MONOTONIC_COARSE);
    if (now_ns < reader->next_ns) {
        return CREW_OK;
    }
    reader->next_ns = now_ns + GIVE_NS;
    look_for_tunnels(reader);
    if (reader->number == 0) {
        return CREW_OK;
    }
    enum crew_status status = crew_settle(reader->crew);
    int64_t lag_ns = -1;
    if (!frame || !pipeline->ticked ||
        __builtin_sub_overflow(ns_of_clock(CLOCK_REALTIME), pipeline->clock.now_ns, &lag_ns)) {
        lag_ns = -1;
    }
    tally_give(reader->fanout->tally, reader->number - 1, pipeline, lag_ns, false);
    return status;
}

/* Then all end. */
static void ended(void *context) {
    const struct fanout_reader *reader = context;
    stop_all(reader->fanout);
}

/* ---- readers ---- */

/* Its part of the kernel's buffer is what it has to keep from running over. */
static bool guard_reader(struct fanout_reader *reader) {
    const struct guard_options *given = reader->fanout->parts->guard;
    if (!given) {
        return true;
    }
    struct guard_options options = *given;
    struct source_counts counts;
    source_counts(reader->source, &counts);
    options.reader = (unsigned)reader->number + 1;
    options.buffer_bytes = counts.interfaces[0].ring_bytes
                               ? counts.interfaces[0].ring_bytes
                               : source_fanout_buffer_bytes(given->buffer_bytes, reader->fanout->count);
    reader->guard = guard_new(&options);
    return reader->guard != NULL;
}

static bool prepare(struct fanout_reader *reader) {
    const struct fanout_parts *parts = reader->fanout->parts;
    struct record_options record = *parts->record;
    bool first = reader->number == 0;
    record.file_name_context = reader->source;
    record.no_heading = !first;
    reader->decoder = decoder_new(parts->decode, parts->limits);
    reader->crew = reader->decoder ? crew_new(parts->limits, &record, 1, parts->sink) : NULL;
    if (!reader->crew || !guard_reader(reader)) {
        return false;
    }
    reader->peers = (struct pipeline_peers){.context = reader,
                                            .says = says,
                                            .turned = turned,
                                            .ended = ended,
                                            .others = first ? reader->fanout->tally : NULL};
    struct pipeline_parts pipeline = {.source = reader->source,
                                      .decoder = reader->decoder,
                                      .crew = reader->crew,
                                      .progress = parts->progress,
                                      .limits = parts->limits,
                                      .guard = reader->guard,
                                      .flush_interval_ns = (int64_t)parts->options->flush_interval_ns,
                                      .timed = parts->options->stats,
                                      .upkeep = first ? parts->upkeep : NULL,
                                      .peers = &reader->peers};
    pipeline_init(&reader->pipeline, &pipeline);
    if (!first) {
        tally_give(reader->fanout->tally, reader->number - 1, &reader->pipeline, -1, false);
    }
    return true;
}

static enum crew_status run_reader(struct fanout_reader *reader) {
    enum crew_status status = pipeline_run(&reader->pipeline); /* why it ended early, the sink tells */
    look_for_tunnels(reader);
    if (reader->number > 0) {
        tally_give(reader->fanout->tally, reader->number - 1, &reader->pipeline, -1, true);
    }
    return status;
}

static void *run_thread(void *context) {
    (void)run_reader(context);
    return NULL;
}

/* Signals are for the first reader's thread, whose waiting they end. */
static bool start_threads(struct fanout *fanout) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = true;
    for (size_t i = 1; ok && i < fanout->count; i++) {
        struct fanout_reader *reader = &fanout->readers[i];
        ok = pthread_create(&reader->thread, NULL, run_thread, reader) == 0;
        reader->has_thread = ok;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static void join_threads(struct fanout *fanout) {
    for (size_t i = 1; i < fanout->count; i++) {
        if (fanout->readers[i].has_thread) {
            pthread_join(fanout->readers[i].thread, NULL);
        }
    }
}

/* What the first pipeline's end says for all. */
static void fold(struct pipeline *first, const struct pipeline *other) {
    first->damages += other->damages;
    first->abandoned |= other->abandoned;
    for (size_t i = 0; i < other->unsupported_count; i++) {
        pipeline_note_unsupported(first, &other->unsupported[i]);
    }
}

/* The upkeep begins before anybody writes, and ends when all have written. */
static enum exit_status run_all(struct fanout *fanout) {
    const struct fanout_parts *parts = fanout->parts;
    struct pipeline *first = &fanout->readers[0].pipeline;
    enum crew_status begun = upkeep_begin(parts->upkeep, first);
    bool ok = begun != CREW_OK || start_threads(fanout);
    enum crew_status status = begun;
    if (!ok || begun != CREW_OK) {
        ended(&fanout->readers[0]);
    }
    if (ok) {
        status = run_reader(&fanout->readers[0]);
    }
    join_threads(fanout);
    if (!ok) {
        progress_say(parts->progress, "out of threads; try fewer readers (--fanout)");
        return EXIT_FAILED;
    }
    for (size_t i = 1; i < fanout->count; i++) {
        fold(first, &fanout->readers[i].pipeline);
    }
    if (status == CREW_OK && begun == CREW_OK) {
        (void)upkeep_finish(parts->upkeep, first);
    }
    return conclude(parts->options, parts->progress, first, parts->sink);
}

enum exit_status fanout_run(const struct fanout_parts *parts, struct source *const *sources, size_t count) {
    struct fanout fanout = {.parts = parts, .count = count, .tally = tally_new(count - 1)};
    fanout.readers = calloc(count, sizeof(*fanout.readers));
    bool ok = fanout.readers && fanout.tally;
    for (size_t i = 0; fanout.readers && i < count; i++) {
        fanout.readers[i].fanout = &fanout;
        fanout.readers[i].number = i;
        fanout.readers[i].source = sources[i];
    }
    sink_share(parts->sink);
    for (size_t i = 0; ok && i < count; i++) {
        ok = prepare(&fanout.readers[i]);
    }
    enum exit_status status = EXIT_FAILED;
    if (ok) {
        status = run_all(&fanout);
    } else {
        progress_say(parts->progress, "out of memory; try fewer readers (--fanout)");
    }
    for (size_t i = 0; fanout.readers && i < count; i++) {
        guard_free(fanout.readers[i].guard);
        crew_free(fanout.readers[i].crew);
        decoder_free(fanout.readers[i].decoder);
    }
    tally_free(fanout.tally);
    free(fanout.readers);
    return status;
}
