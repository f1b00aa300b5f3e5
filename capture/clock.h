/* SPDX-License-Identifier: Apache-2.0 */
/* The packet clock: the largest timestamp seen, robust against wild stamps and against clocks that are set.
 * A stamp is near when it is within limits.clock_jump_ns of the clock, on either side; a near stamp moves the
 * clock ahead, never back.
 *  - Far ahead: the clock moves once CLOCK_AGREEING packets in a row are all far ahead, and then to the
 *    smallest of their stamps; a single wild stamp moves nothing, not even between packets that are minutes
 *    apart (there the clock follows two packets late; whoever has to do with time lets the first two wait).
 *  - Far behind: the same number in a row means that the clock was set back, or that the first packet of all
 *    was wild: the clock steps back to the largest of their stamps, so that expiry never stands still.
 * Embedded by value, one thread. */
#ifndef HARK_CAPTURE_CLOCK_H
#define HARK_CAPTURE_CLOCK_H

#include "capture/limits.h"

#include <stdbool.h>

enum { CLOCK_AGREEING = 3 };

/* Invariant: ahead_count < CLOCK_AGREEING, behind_count < CLOCK_AGREEING, and one of them is 0. */
struct packet_clock {
    int64_t now_ns; /* since the epoch; valid once started */
    int64_t jump_limit_ns;
    int64_t ahead_ns[CLOCK_AGREEING]; /* stamps far ahead in a row, as they came */
    unsigned ahead_count;
    unsigned behind_count; /* stamps far behind in a row */
    int64_t behind_ns;     /* the largest of them */
    bool started;
    uint64_t jumps;      /* moves ahead by more than the limit */
    uint64_t steps_back; /* moves back */
    uint64_t wild; /* far stamps that the next packets did not confirm (those still open not included) */
};

void packet_clock_init(struct packet_clock *, const struct limits *);
/* Takes a packet's time (any value, ns since the epoch) and returns the clock's. */
int64_t packet_clock_advance(struct packet_clock *, int64_t time_ns);
/* The same; true where nothing confirms or refutes the stamp yet: it is far ahead, and the clock stays. */
bool packet_clock_awaits(struct packet_clock *, int64_t time_ns);

/* The same for a usual packet, whose near stamp is the clock's or later and ends no row of far ones; false,
 * with nothing changed, for all others. */
static inline bool packet_clock_follows(struct packet_clock *clock, int64_t time_ns) {
    if (time_ns < clock->now_ns ||
        (uint64_t)time_ns - (uint64_t)clock->now_ns > (uint64_t)clock->jump_limit_ns ||
        (clock->ahead_count | clock->behind_count) != 0 || !clock->started) {
        return false;
    }
    clock->now_ns = time_ns;
    return true;
}

#endif
