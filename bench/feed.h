/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's part of `hark -j N` alone: it reads, decodes and hands packets over as hark does, to workers
 * that do nothing with them. No number of workers makes hark faster than this. */
#ifndef HARK_BENCH_FEED_H
#define HARK_BENCH_FEED_H

#include <stdint.h>

enum { FEED_MOST_WORKERS = 64 };

struct feed_result {
    uint64_t packets;
    int64_t wall_ns;
    int64_t reader_ns; /* CPU of the reader's thread */
};

struct feed_result feed_run(const char *path, unsigned workers);

#endif
