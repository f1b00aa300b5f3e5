/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/clock.h"

#include <assert.h>

void packet_clock_init(struct packet_clock *clock, const struct limits *limits) {
    *clock = (struct packet_clock){.jump_limit_ns = limits->clock_jump_ns};
}

/* True when `later` is more than `limit` after `earlier`; exact for any two stamps. */
static bool is_far(int64_t later, int64_t earlier, int64_t limit) {
    return later > earlier && (uint64_t)later - (uint64_t)earlier > (uint64_t)limit;
}

/* The row of far stamps ended before it was long enough. */
static void give_up_ahead(struct packet_clock *clock) {
    clock->wild += clock->ahead_count;
    clock->ahead_count = 0;
}

static void give_up_behind(struct packet_clock *clock) {
    clock->wild += clock->behind_count;
    clock->behind_count = 0;
}

static void take_ahead(struct packet_clock *clock, int64_t time_ns) {
    give_up_behind(clock);
    assert(clock->ahead_count < CLOCK_AGREEING);
    clock->ahead_ns[clock->ahead_count++] = time_ns;
    if (clock->ahead_count < CLOCK_AGREEING) {
        return;
    }
    int64_t smallest = clock->ahead_ns[0];
    for (unsigned i = 1; i < CLOCK_AGREEING; i++) {
        smallest = clock->ahead_ns[i] < smallest ? clock->ahead_ns[i] : smallest;
    }
    clock->now_ns = smallest;
    clock->jumps++;
    /* Those that are near now are confirmed; the others still wait for theirs. */
    unsigned waiting = 0;
    for (unsigned i = 0; i < CLOCK_AGREEING; i++) {
        if (is_far(clock->ahead_ns[i], smallest, clock->jump_limit_ns)) {
            clock->ahead_ns[waiting++] = clock->ahead_ns[i];
        }
    }
    clock->ahead_count = waiting;
}

static void take_behind(struct packet_clock *clock, int64_t time_ns) {
    give_up_ahead(clock);
    assert(clock->behind_count < CLOCK_AGREEING);
    clock->behind_ns = clock->behind_count == 0 || time_ns > clock->behind_ns ? time_ns : clock->behind_ns;
    if (++clock->behind_count == CLOCK_AGREEING) {
        clock->now_ns = clock->behind_ns;
        clock->behind_count = 0;
        clock->steps_back++;
    }
}

int64_t packet_clock_advance(struct packet_clock *clock, int64_t time_ns) {
    if (!clock->started) {
        clock->started = true;
        clock->now_ns = time_ns;
    } else if (is_far(time_ns, clock->now_ns, clock->jump_limit_ns)) {
        take_ahead(clock, time_ns);
    } else if (is_far(clock->now_ns, time_ns, clock->jump_limit_ns)) {
        take_behind(clock, time_ns);
    } else {
        give_up_ahead(clock);
        give_up_behind(clock);
        clock->now_ns = time_ns > clock->now_ns ? time_ns : clock->now_ns;
    }
    return clock->now_ns;
}

bool packet_clock_awaits(struct packet_clock *clock, int64_t time_ns) {
    uint64_t jumps = clock->jumps;
    (void)packet_clock_advance(clock, time_ns);
    return clock->ahead_count > 0 && clock->jumps == jumps;
}
