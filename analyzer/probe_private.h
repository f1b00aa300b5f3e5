/* SPDX-License-Identifier: Apache-2.0 */
/* What probe.c (the verdict at a stream's start, and what a start line is) and probe_search.c (the search
 * for one) share. */
#ifndef HARK_ANALYZER_PROBE_PRIVATE_H
#define HARK_ANALYZER_PROBE_PRIVATE_H

#include "analyzer/h1_syntax.h"
#include "analyzer/probe.h"

enum {
    PROBE_METHOD_MAX = 32, /* the longest that is waited for */
    PROBE_NAME_MAX = 128,  /* the same for a field name */
};

/* The candidate begins `len` bytes further on; there is none when nothing is left. */
void probe_drop_held(struct probe *, size_t len);
enum probe_verdict probe_feed_search(struct probe *, uint64_t offset, struct slice bytes, bool segment_start,
                                     size_t *resume);

static inline struct slice probe_without_cr(struct slice line) {
    return slice_first(line, line.len && line.ptr[line.len - 1] == '\r' ? line.len - 1 : line.len);
}

/* How many bytes of a token `s` begins with, up to `max`. */
static inline size_t probe_token(struct slice s, size_t max) {
    size_t i = 0;
    while (i < s.len && i < max && h1_is(s.ptr[i], H1_TOKEN)) {
        i++;
    }
    return i;
}

#endif
