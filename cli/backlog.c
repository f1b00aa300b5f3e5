/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/backlog.h"

/* A new rate counts for so much of the mean: traffic comes in bursts. */
#define RATE_WEIGHT 4

void backlog_init(struct backlog *b, uint64_t buffer_bytes, uint32_t snapshot_length) {
    *b = (struct backlog){.buffer_bytes = buffer_bytes,
                          .frame_most = snapshot_length ? snapshot_length : UINT32_MAX,
                          .fresh = true,
                          .cut_ns = INT64_MIN};
}

void backlog_cut(struct backlog *b, bool cutting, int64_t now_ns) {
    if (cutting != b->cutting) {
        b->cutting = cutting;
        b->cut_ns = now_ns;
    }
}

void backlog_idle(struct backlog *b) {
    b->fresh = true;
}

/* Was the wall clock set since the last sample? */
static bool clock_was_set(struct backlog *b, struct backlog_clocks now) {
    int64_t moved = (now.wall_ns - b->clocks.wall_ns) - (now.monotonic_ns - b->clocks.monotonic_ns);
    bool set = b->clocks_known && (moved > BACKLOG_CLOCK_SET_NS || moved < -BACKLOG_CLOCK_SET_NS);
    b->clocks_known = true;
    b->clocks = now;
    return set;
}

static void measure_rate(struct backlog *b) {
    int64_t span_ns = b->stamp_ns - b->sampled_ns;
    if (b->sampled_ns > 0 && span_ns > 0) {
        double rate = (double)b->bytes / (double)span_ns;
        double part = (double)b->body_bytes / (double)b->bytes;
        b->body_part += b->rate > 0 ? (part - b->body_part) / RATE_WEIGHT : part;
        b->rate += b->rate > 0 ? (rate - b->rate) / RATE_WEIGHT : rate;
    }
    b->bytes = b->body_bytes = 0;
    b->sampled_ns = b->stamp_ns;
}

/* A stamp far ahead of all others is not believed. */
static int64_t measure_lag(struct backlog *b, int64_t wall_ns) {
    int64_t behind_ns = wall_ns - b->stamp_ns;
    if (b->fresh || !b->based || (behind_ns < b->base_ns && b->base_ns - behind_ns < BACKLOG_CLOCK_SET_NS)) {
        b->base_ns = behind_ns;
        b->based = true;
    }
    b->fresh = false;
    return behind_ns > b->base_ns ? behind_ns - b->base_ns : 0;
}

/* Bytes in the buffer when it holds what came in the last `lag_ns`. */
static double waiting_bytes(const struct backlog *b, int64_t lag_ns, int64_t now_ns) {
    int64_t since_ns = lag_ns;
    if (b->cut_ns != INT64_MIN) {
        since_ns = now_ns - b->cut_ns;
        since_ns = since_ns < 0 ? 0 : since_ns < lag_ns ? since_ns : lag_ns;
    }
    double cut = (1 - b->body_part) * b->rate;
    double before = b->cutting ? b->rate : cut, after = b->cutting ? cut : b->rate;
    return before * (double)(lag_ns - since_ns) + after * (double)since_ns;
}

void backlog_sample(struct backlog *b, struct backlog_clocks now, struct overload_sample *sample) {
    *sample = (struct overload_sample){.now_ns = now.monotonic_ns};
    if (clock_was_set(b, now)) {
        b->blind_until_ns = now.monotonic_ns + BACKLOG_BLIND_NS;
    }
    bool nothing_new = b->bytes == 0;
    measure_rate(b);
    sample->body_permille = (unsigned)(b->body_part * 1000);
    if (now.monotonic_ns < b->blind_until_ns) {
        b->fresh = true;
        return;
    }
    if (nothing_new) {
        return;
    }
    sample->lag_ns = measure_lag(b, now.wall_ns);
    double fill = waiting_bytes(b, sample->lag_ns, now.monotonic_ns) / (double)b->buffer_bytes;
    sample->fill_permille = fill >= 1 ? 1000 : (unsigned)(fill * 1000);
}
