/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of times that a capture may have made up: they end at the largest and the smallest there is. */
#ifndef HARK_CAPTURE_NS_H
#define HARK_CAPTURE_NS_H

#include <stdint.h>

static inline int64_t ns_add(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

static inline int64_t ns_sub(int64_t a, int64_t b) {
    int64_t rest;
    return __builtin_sub_overflow(a, b, &rest) ? (b < 0 ? INT64_MAX : INT64_MIN) : rest;
}

#endif
