/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that will be needed soon, asked for a little at a time: a processor that is asked for more than it
 * can wait for at once forgets some of it (measured: of 36 lines at once two thirds came, of 18 all). Only
 * addresses are kept, and nothing is read, so that what is there may go. Embedded by value, zero is empty;
 * one thread. */
#ifndef HARK_CAPTURE_PREFETCH_H
#define HARK_CAPTURE_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    PREFETCH_LINE = 64,  /* bytes that come at once */
    PREFETCH_RANGES = 32 /* that wait; a power of two */
};

struct prefetch {
    unsigned first;
    unsigned end;
    struct {
        const char *at;
        size_t bytes;
    } ranges[PREFETCH_RANGES];
};

/* More than there is room for are forgotten. */
static inline void prefetch_add(struct prefetch *prefetch, const void *object, size_t bytes) {
    if (prefetch->end - prefetch->first < PREFETCH_RANGES) {
        const char *at = object;
        size_t before = (uintptr_t)at % PREFETCH_LINE;
        unsigned i = prefetch->end++ % PREFETCH_RANGES;
        prefetch->ranges[i].at = at - before;
        prefetch->ranges[i].bytes = bytes + before;
    }
}

/* Asks for all of it at once. */
static inline void prefetch_now(const void *object, size_t bytes) {
    for (size_t i = 0; i < bytes; i += PREFETCH_LINE) {
        __builtin_prefetch((const char *)object + i);
    }
}

/* Asks for the next `lines`, if there are so many. */
static inline void prefetch_some(struct prefetch *prefetch, unsigned lines) {
    while (lines > 0 && prefetch->first != prefetch->end) {
        unsigned i = prefetch->first % PREFETCH_RANGES;
        const char *at = prefetch->ranges[i].at;
        size_t bytes = prefetch->ranges[i].bytes;
        for (; lines > 0 && bytes > 0; lines--) {
            __builtin_prefetch(at);
            at += PREFETCH_LINE;
            bytes -= bytes < PREFETCH_LINE ? bytes : PREFETCH_LINE;
        }
        prefetch->ranges[i].at = at;
        prefetch->ranges[i].bytes = bytes;
        prefetch->first += bytes == 0;
    }
}

#endif
