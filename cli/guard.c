/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/guard.h"

#include "capture/ns.h"

#include <inttypes.h>
#include <stdlib.h>

static struct backlog_clocks system_clocks(void *context) {
    (void)context;
    return (struct backlog_clocks){.monotonic_ns = ns_of_clock(CLOCK_MONOTONIC),
                                   .wall_ns = ns_of_clock(CLOCK_REALTIME)};
}

struct guard *guard_new(const struct guard_options *options) {
    struct guard *guard = calloc(1, sizeof *guard);
    struct shedder *shedder = shedder_new(options->idle_ns, options->linger_ns);
    if (!guard || !shedder) {
        free(guard);
        shedder_free(shedder);
        return NULL;
    }
    guard->options = *options;
    guard->options.clocks = options->clocks ? options->clocks : system_clocks;
    guard->shedder = shedder;
    overload_init(&guard->overload, options->lag_most_ns);
    backlog_init(&guard->backlog, options->buffer_bytes, options->snapshot_length);
    return guard;
}

void guard_free(struct guard *guard) {
    if (guard) {
        shedder_free(guard->shedder);
        free(guard);
    }
}

/* The kernel is asked often only while hark is behind: it costs a system call. */
static void look_at_drops(struct guard *guard, const struct source *source, int64_t now_ns, bool behind) {
    if (behind || now_ns - guard->drops_ns >= GUARD_DROPS_NS) {
        struct source_counts counts;
        source_counts(source, &counts);
        guard->dropped = counts.kernel_dropped;
        guard->drops_ns = now_ns;
    }
}

static uint64_t connections_left_out(const struct guard *guard) {
    struct ledger ledger = {0};
    shedder_counts(guard->shedder, &ledger);
    return ledger.overload.connections;
}

/* " of reader 2", or "". */
static const char *whose(const struct guard *guard, char text[32]) {
    if (guard->options.reader == 0) {
        return "";
    }
    (void)snprintf(text, 32, " of reader %u", guard->options.reader);
    return text;
}

static uint64_t frames_cut(const struct source *source) {
    struct source_counts counts;
    source_counts(source, &counts);
    return counts.cut_frames;
}

/* What is done about it, for people. */
static void describe(const struct guard *guard, char text[128]) {
    if (guard->level == OVERLOAD_BODIES) {
        (void)snprintf(text, 128,
                       "keeping %u bytes of each frame, and leaving out new connections if need be",
                       (unsigned)OVERLOAD_FRAME_BYTES);
    } else {
        (void)snprintf(text, 128, "leaving out %s of new connections, or more if need be",
                       overload_level_name(guard->level));
    }
}

/* Once when frames are cut short, and once when connections are left out. */
static void say_step(struct guard *guard, const struct overload_sample *sample) {
    enum overload_level step = guard->level < OVERLOAD_LEAST ? OVERLOAD_BODIES : OVERLOAD_LEAST;
    bool too_soon =
        guard->said_level == OVERLOAD_NONE && guard->said && sample->now_ns - guard->said_ns < GUARD_SAY_NS;
    bool in_vain = guard->level == OVERLOAD_BODIES && !guard->backlog.cutting;
    if (step <= guard->said_level || too_soon || in_vain) {
        return;
    }
    guard->said = true;
    guard->said_level = step;
    guard->said_ns = sample->now_ns;
    char who[32], what[128];
    describe(guard, what);
    progress_say(guard->options.progress,
                 "overload%s: %.1f s behind, the kernel's buffer %u %% full, %" PRIu64
                 " packets dropped so far; %s",
                 whose(guard, who), (double)sample->lag_ns / (double)NS_PER_SECOND,
                 sample->fill_permille / 10, sample->dropped, what);
}

static void say_end(struct guard *guard, const struct source *source, int64_t now_ns) {
    if (guard->said_level != OVERLOAD_NONE) {
        char who[32];
        guard->said_ns = now_ns;
        progress_say(guard->options.progress,
                     "overload%s is over after %.1f s; %" PRIu64 " frames were cut short, %" PRIu64
                     " connections were left out",
                     whose(guard, who), (double)(now_ns - guard->began_ns) / (double)NS_PER_SECOND,
                     frames_cut(source) - guard->cut_before,
                     connections_left_out(guard) - guard->connections_before);
    }
}

static void set_level(struct guard *guard, const struct source *source, enum overload_level level,
                      const struct overload_sample *sample) {
    enum overload_level before = guard->level;
    guard->level = level;
    if (before == OVERLOAD_NONE && level != OVERLOAD_NONE) {
        guard->said_level = OVERLOAD_NONE;
        guard->began_ns = sample->now_ns;
        guard->connections_before = connections_left_out(guard);
        guard->cut_before = frames_cut(source);
    }
    if (level != OVERLOAD_NONE) {
        say_step(guard, sample);
    } else if (before != OVERLOAD_NONE) {
        say_end(guard, source, sample->now_ns);
    }
}

/* Has the source do what the governor wants. */
static void set_cut(struct guard *guard, struct source *source, int64_t now_ns) {
    bool wanted = guard->overload.cutting;
    if (wanted == guard->backlog.cutting || (wanted && guard->cut_failed)) {
        return;
    }
    char why[SOURCE_MESSAGE_BYTES], who[32];
    if (source_cut_frames(source, wanted ? OVERLOAD_FRAME_BYTES : 0, why)) {
        backlog_cut(&guard->backlog, wanted, now_ns);
        guard->whole_failed = false;
    } else if (wanted) {
        guard->cut_failed = true;
        progress_say(guard->options.progress, "overload%s: %s; connections are left out instead",
                     whose(guard, who), why);
    } else if (!guard->whole_failed) {
        guard->whole_failed = true;
        progress_say(guard->options.progress, "overload%s: %s; trying again", whose(guard, who), why);
    }
}

static void take_sample(struct guard *guard, struct source *source, struct backlog_clocks now) {
    struct overload_sample sample;
    guard->sampled_ns = now.monotonic_ns;
    backlog_sample(&guard->backlog, now, &sample);
    if (!guard->options.cuts || guard->cut_failed) {
        sample.body_permille = 0;
    }
    bool behind = guard->level != OVERLOAD_NONE || sample.fill_permille >= OVERLOAD_CALM_PERMILLE;
    look_at_drops(guard, source, now.monotonic_ns, behind);
    sample.dropped = guard->dropped;
    enum overload_level level = overload_step(&guard->overload, &sample);
    set_cut(guard, source, now.monotonic_ns);
    set_level(guard, source, level, &sample);
    guard->looks = guard->level >= OVERLOAD_LEAST || shedder_remembers(guard->shedder);
}

void guard_sample(struct guard *guard, struct source *source) {
    struct backlog_clocks now = guard->options.clocks(guard->options.context);
    guard->frames = 0;
    if (now.monotonic_ns - guard->sampled_ns >= GUARD_SAMPLE_NS) {
        take_sample(guard, source, now);
    }
}

void guard_idle(struct guard *guard, struct source *source) {
    backlog_idle(&guard->backlog);
    guard_sample(guard, source);
}

void guard_tick(struct guard *guard, int64_t now_ns) {
    shedder_tick(guard->shedder, now_ns);
}

void guard_counts(const struct guard *guard, struct ledger *ledger) {
    ledger->overload = guard->overload.counts;
    shedder_counts(guard->shedder, ledger);
}
