/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a capture's packets up to a given layer, as cli/pipeline.h goes it, for measuring: what stands
 * at its end is the caller's. Plain functions, one thread. What fails ends the program with a message. */
#ifndef HARK_BENCH_WAY_H
#define HARK_BENCH_WAY_H

#include "capture/limits.h"
#include "capture/packet.h"

/* Any may be NULL. Events have the numbers that the pipeline gives them; `block` is what keeps the payload.
 */
struct way_end {
    void *context;
    void (*packet)(void *context, uint64_t event, const struct packet *, uint64_t hash,
                   struct source_block *block);
    void (*tick)(void *context, uint64_t event, int64_t now_ns);
    void (*finish)(void *context, uint64_t event, int64_t now_ns);
};

/* Reads all frames and does nothing with them; returns how many. */
uint64_t way_read(const char *path);
/* Reads, decodes and ticks; returns how many packets of TCP came out. */
uint64_t way_run(const char *path, const struct limits *, const struct way_end *);

_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* CPU time of the process. */
int64_t bench_cpu_ns(void);
int64_t bench_wall_ns(void);
/* Sorts them. */
double bench_median(double *values, unsigned count);

#endif
