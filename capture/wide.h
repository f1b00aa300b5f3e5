/* SPDX-License-Identifier: Apache-2.0 */
/* May the widest registers be used? What is compiled for them is called only then. Pure functions. */
#ifndef HARK_CAPTURE_WIDE_H
#define HARK_CAPTURE_WIDE_H

#include <stdbool.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2")))

static inline bool is_wide(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

#else

#define AVX2

static inline bool is_wide(void) {
    return false;
}

#endif

enum width { PLAIN, WIDE };

#endif
