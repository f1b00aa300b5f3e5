/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stopwatch.h"

#include "capture/limits.h"
#include "capture/ns.h"

/* On the average one in MEAN is drawn: each count of 1 to 2 MEAN - 1 is as likely, so that no rhythm of the
 * traffic falls in with it. */
enum { MEAN = 64 };

/* A stage of one packet that took longer was another program's turn, or waited for a pipe. */
#define LONGEST_NS (INT64_C(250) * 1000)

static uint32_t draw(struct stopwatch *watch) {
    watch->random ^= watch->random << 13;
    watch->random ^= watch->random >> 7;
    watch->random ^= watch->random << 17;
    return (uint32_t)(watch->random >> 32) % (2 * MEAN - 1);
}

void stopwatch_init(struct stopwatch *watch, bool on) {
    *watch = (struct stopwatch){.on = on, .random = UINT64_C(0x9e3779b97f4a7c15)};
    watch->left = draw(watch);
    watch->records = draw(watch);
}

void stopwatch_add(struct stopwatch *a, const struct stopwatch *b) {
    for (size_t i = 0; i < STAGES; i++) {
        a->ns[i] += b->ns[i];
    }
}

static void add(struct stopwatch *watch, enum stage stage, int64_t ns, unsigned times) {
    watch->ns[stage] += ns > 0 ? (uint64_t)ns * times : 0;
}

void stopwatch_draw(struct stopwatch *watch) {
    watch->left = draw(watch);
    watch->running = true;
    watch->nested_ns = 0;
    watch->last_ns = ns_of_clock(CLOCK_MONOTONIC);
}

void stopwatch_count(struct stopwatch *watch, enum stage stage) {
    int64_t now = ns_of_clock(CLOCK_MONOTONIC);
    int64_t ns = now - watch->last_ns - watch->nested_ns;
    add(watch, stage, ns < LONGEST_NS ? ns : LONGEST_NS, MEAN);
    watch->last_ns = now;
    watch->nested_ns = 0;
}

int64_t stopwatch_start(const struct stopwatch *watch) {
    return watch->on ? ns_of_clock(CLOCK_MONOTONIC) : 0;
}

void stopwatch_stop(struct stopwatch *watch, int64_t started, enum stage stage) {
    if (watch->on) {
        int64_t ns = ns_of_clock(CLOCK_MONOTONIC) - started;
        watch->nested_ns += ns;
        add(watch, stage, ns, 1);
    }
}

void stopwatch_exclude(struct stopwatch *watch, int64_t started) {
    if (watch->on) {
        watch->nested_ns += ns_of_clock(CLOCK_MONOTONIC) - started;
    }
}

int64_t stopwatch_record_begin(struct stopwatch *watch) {
    if (!watch->on || watch->records-- > 0) {
        return 0;
    }
    watch->records = draw(watch);
    return ns_of_clock(CLOCK_MONOTONIC);
}

void stopwatch_record_end(struct stopwatch *watch, int64_t started) {
    if (started) {
        int64_t ns = ns_of_clock(CLOCK_MONOTONIC) - started;
        add(watch, STAGE_RECORD, ns < LONGEST_NS ? ns : LONGEST_NS, MEAN);
    }
}
