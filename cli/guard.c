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
    backlog_init(&guard->backlog, options->buffer_bytes);
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

static void say_begin(struct guard *guard, const struct overload_sample *sample) {
    if (guard->said_begin || (guard->said && sample->now_ns - guard->said_ns < GUARD_SAY_NS)) {
        return;
    }
    guard->said = guard->said_begin = true;
    guard->said_ns = sample->now_ns;
    char who[32];
    progress_say(guard->options.progress,
                 "overload%s: %.1f s behind, the kernel's buffer %u %% full, %" PRIu64
                 " packets dropped so far; leaving out %s of new connections, or more if need be",
                 whose(guard, who), (double)sample->lag_ns / (double)NS_PER_SECOND,
                 sample->fill_permille / 10, sample->dropped, overload_level_name(guard->level));
}

static void say_end(struct guard *guard, int64_t now_ns) {
    if (guard->said_begin) {
        char who[32];
        guard->said_ns = now_ns;
        progress_say(guard->options.progress,
                     "overload%s is over after %.1f s; %" PRIu64 " connections were left out",
                     whose(guard, who), (double)(now_ns - guard->began_ns) / (double)NS_PER_SECOND,
                     connections_left_out(guard) - guard->connections_before);
    }
}

static void set_level(struct guard *guard, enum overload_level level, const struct overload_sample *sample) {
    enum overload_level before = guard->level;
    guard->level = level;
    if (before == OVERLOAD_NONE && level != OVERLOAD_NONE) {
        guard->said_begin = false;
        guard->began_ns = sample->now_ns;
        guard->connections_before = connections_left_out(guard);
    }
    if (level != OVERLOAD_NONE) {
        say_begin(guard, sample);
    } else if (before != OVERLOAD_NONE) {
        say_end(guard, sample->now_ns);
    }
}

static void take_sample(struct guard *guard, const struct source *source, struct backlog_clocks now) {
    struct overload_sample sample;
    guard->sampled_ns = now.monotonic_ns;
    backlog_sample(&guard->backlog, now, &sample);
    bool behind = guard->level != OVERLOAD_NONE || sample.fill_permille >= OVERLOAD_CALM_PERMILLE;
    look_at_drops(guard, source, now.monotonic_ns, behind);
    sample.dropped = guard->dropped;
    set_level(guard, overload_step(&guard->overload, &sample), &sample);
    guard->looks = guard->level != OVERLOAD_NONE || shedder_remembers(guard->shedder);
}

void guard_sample(struct guard *guard, const struct source *source) {
    struct backlog_clocks now = guard->options.clocks(guard->options.context);
    guard->frames = 0;
    if (now.monotonic_ns - guard->sampled_ns >= GUARD_SAMPLE_NS) {
        take_sample(guard, source, now);
    }
}

void guard_idle(struct guard *guard, const struct source *source) {
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
