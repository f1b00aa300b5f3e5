/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fanout.h"

#include "cli/conclusion.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct fanout;

struct fanout_reader {
    struct fanout *fanout;
    struct source *source;
    struct decoder *decoder;
    struct crew *crew;
    struct pipeline pipeline;
    bool has_thread;
    pthread_t thread;
};

struct fanout {
    const struct fanout_parts *parts;
    const struct limits *limits; /* of each */
    size_t count;
    struct fanout_reader *readers;
    atomic_bool tunnels_told;
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

static void look_for_tunnels(void *context) {
    struct fanout_reader *reader = context;
    struct fanout *fanout = reader->fanout;
    if (!atomic_load_explicit(&fanout->tunnels_told, memory_order_relaxed) && tunnelled(reader->decoder) &&
        !atomic_exchange(&fanout->tunnels_told, true)) {
        progress_say(fanout->parts->progress,
                     "there is traffic in tunnels, whose connections --fanout tears apart: the kernel deals "
                     "packets by their outer header; use one reader with -j %zu",
                     fanout->count);
    }
}

static bool prepare(struct fanout_reader *reader, bool first) {
    const struct fanout_parts *parts = reader->fanout->parts;
    struct record_options record = *parts->record;
    record.file_name_context = reader->source;
    record.no_heading = !first;
    reader->decoder = decoder_new(parts->decode, reader->fanout->limits);
    reader->crew = reader->decoder ? crew_new(reader->fanout->limits, &record, 1, parts->sink) : NULL;
    if (!reader->crew) {
        return false;
    }
    struct pipeline_parts pipeline = {.source = reader->source,
                                      .decoder = reader->decoder,
                                      .crew = reader->crew,
                                      .progress = parts->progress,
                                      .limits = reader->fanout->limits,
                                      .flush_interval_ns = (int64_t)parts->options->flush_interval_ns,
                                      .timed = parts->options->stats,
                                      .upkeep = first ? parts->upkeep : NULL,
                                      .no_notices = !first,
                                      .ticked = look_for_tunnels,
                                      .ticked_context = reader};
    pipeline_init(&reader->pipeline, &pipeline);
    return true;
}

static void *run_reader(void *context) {
    struct fanout_reader *reader = context;
    (void)pipeline_run(&reader->pipeline); /* why it ended early, the sink tells */
    look_for_tunnels(reader);
    for (size_t i = 0; i < reader->fanout->count; i++) {
        source_stop(reader->fanout->readers[i].source);
    }
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
        ok = pthread_create(&reader->thread, NULL, run_reader, reader) == 0;
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
        const struct unsupported_frames *more = &other->unsupported[i];
        size_t at = 0;
        while (at < first->unsupported_count && (first->unsupported[at].file != more->file ||
                                                 first->unsupported[at].link_type != more->link_type)) {
            at++;
        }
        if (at < first->unsupported_count) {
            first->unsupported[at].frames += more->frames;
        } else if (at < PIPELINE_UNSUPPORTED) {
            first->unsupported[first->unsupported_count++] = *more;
        }
    }
}

static enum exit_status run_all(struct fanout *fanout) {
    const struct fanout_parts *parts = fanout->parts;
    bool ok = start_threads(fanout);
    if (ok) {
        (void)run_reader(&fanout->readers[0]);
    } else {
        for (size_t i = 0; i < fanout->count; i++) {
            source_stop(fanout->readers[i].source);
        }
    }
    join_threads(fanout);
    if (!ok) {
        progress_say(parts->progress, "out of threads; try fewer readers (--fanout)");
        return EXIT_FAILED;
    }
    struct pipeline *first = &fanout->readers[0].pipeline;
    for (size_t i = fanout->count - 1; i > 0; i--) {
        struct pipeline *other = &fanout->readers[i].pipeline;
        fold(first, other);
        other->next = first->next;
        first->next = other;
    }
    return conclude(parts->options, parts->progress, first, parts->sink);
}

enum exit_status fanout_run(const struct fanout_parts *parts, struct source *const *sources, size_t count) {
    struct fanout fanout = {.parts = parts, .limits = parts->limits, .count = count};
    fanout.readers = calloc(count, sizeof(*fanout.readers));
    bool ok = fanout.readers != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        fanout.readers[i].fanout = &fanout;
        fanout.readers[i].source = sources[i];
    }
    sink_share(parts->sink);
    for (size_t i = 0; ok && i < count; i++) {
        ok = prepare(&fanout.readers[i], i == 0);
    }
    enum exit_status status = EXIT_FAILED;
    if (ok) {
        status = run_all(&fanout);
    } else {
        progress_say(parts->progress, "out of memory; try fewer readers (--fanout)");
    }
    for (size_t i = 0; fanout.readers && i < count; i++) {
        crew_free(fanout.readers[i].crew);
        decoder_free(fanout.readers[i].decoder);
    }
    free(fanout.readers);
    return status;
}
