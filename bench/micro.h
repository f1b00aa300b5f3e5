/* SPDX-License-Identifier: Apache-2.0 */
/* What the micro-benchmarks share. Plain functions, one thread. */
#ifndef HARK_BENCH_MICRO_H
#define HARK_BENCH_MICRO_H

#include <stdint.h>

/* The parts, each prints its rows. */
void micro_lexer(void);
void micro_segments(void);
void micro_flows(void);
void micro_records(void);

/* ns for each of the `items` that one run does. */
double micro_time(void (*run)(void *context), void *context, double items);
/* `limit` NULL: there is none. */
void micro_print(const char *name, double ns, double limit_ns, const char *limit);

/* So that what is computed for nobody is computed. */
static inline void micro_keep(uint64_t value) {
    __asm__ volatile("" : : "r"(value) : "memory");
}

#endif
