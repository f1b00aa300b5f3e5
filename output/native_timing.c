/* SPDX-License-Identifier: Apache-2.0 */
/* `timing`: the phases of a transaction, and whose they were. */
#include "output/native.h"
#include "output/pen.h"

#define PUT_PHASE(to, timing, phase)                                                                         \
    do {                                                                                                     \
        if ((timing)->phase.known) {                                                                         \
            PEN_NEXT_SIGNED((to), #phase, (timing)->phase.ns);                                               \
        }                                                                                                    \
    } while (0)

static uint8_t *put_share(uint8_t *to, const struct timing_share *share) {
    PEN_TEXT(to, ",\"share\":{\"client\":");
    to = pen_signed(to, share->client_ns);
    PEN_NEXT_SIGNED(to, "network", share->network_ns);
    PEN_NEXT_SIGNED(to, "server", share->server_ns);
    *to = '}';
    return to + 1;
}

uint8_t *native_put_timing(const struct native *native, uint8_t *to, const struct timing *timing) {
    PEN_TEXT(to, ",\"timing\":");
    uint8_t *start = to;
    if (timing->connect.known) {
        PEN_NEXT_SIGNED(to, "connect", timing->connect.ns);
        PEN_NEXT_UNSIGNED(to, "connect_retries", timing->connect_retries);
    }
    PUT_PHASE(to, timing, idle_before);
    PUT_PHASE(to, timing, request);
    PUT_PHASE(to, timing, blocked);
    PUT_PHASE(to, timing, wait);
    PUT_PHASE(to, timing, response);
    PUT_PHASE(to, timing, ttfb);
    PUT_PHASE(to, timing, total);
    PUT_PHASE(to, timing, server_think);
    if (timing->share.known && !native_omits(native, OMIT_TIMING_SHARE)) {
        to = put_share(to, &timing->share);
    }
    return pen_embrace(start, to);
}
