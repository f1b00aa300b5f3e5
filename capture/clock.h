/* SPDX-License-Identifier: Apache-2.0 */
/* The packet clock: the largest timestamp seen, robust against single wild stamps (a jump of more than
 * limits.clock_jump_ns ahead counts only when the next packets agree) and against clocks that go back (noted;
 * expiry goes on). Embedded by value, one thread. */
#ifndef HARK_CAPTURE_CLOCK_H
#define HARK_CAPTURE_CLOCK_H

#include "capture/limits.h"

#include <stdbool.h>

struct packet_clock {
    int64_t now_ns; /* valid once started */
    int64_t jump_limit_ns;
    int64_t candidate_ns; /* a jump that waits to be confirmed */
    unsigned agreeing;    /* packets in a row that agree with the candidate */
    unsigned behind;      /* packets in a row far behind now_ns: the clock was set back */
    bool started;
    uint64_t jumps;      /* confirmed jumps ahead */
    uint64_t steps_back; /* confirmed steps back by more than the limit: now_ns follows */
    uint64_t wild;       /* stamps ignored */
};

void packet_clock_init(struct packet_clock *, const struct limits *);
/* Takes a packet's time and returns the clock's. */
int64_t packet_clock_advance(struct packet_clock *, int64_t time_ns);

#endif
