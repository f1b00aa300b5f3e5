/* SPDX-License-Identifier: Apache-2.0 */
/* Times in nanoseconds. Sums of those that a capture may have made up end at the largest and the smallest
 * there is. */
#ifndef HARK_CAPTURE_NS_H
#define HARK_CAPTURE_NS_H

#include "capture/limits.h"

#include <stdint.h>
#include <time.h>

/* The system's clock. */
static inline int64_t ns_of_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static inline int64_t ns_add(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

static inline int64_t ns_sub(int64_t a, int64_t b) {
    int64_t rest;
    return __builtin_sub_overflow(a, b, &rest) ? (b < 0 ? INT64_MAX : INT64_MIN) : rest;
}

#endif
