/* SPDX-License-Identifier: Apache-2.0 */
/* The pass that hides secrets in one value: what mask.c's parts share. Embedded by value, one thread. */
#ifndef HARK_OUTPUT_MASKER_H
#define HARK_OUTPUT_MASKER_H

#include "output/mask.h"

/* One pass over `in`; what is hidden is replaced on the way. Invariant: copied <= in.len, and everything
 * before it has been written to `out` (which is NULL where only the answer counts). */
struct masker {
    struct mask *mask;
    struct slice in;
    size_t copied;
    struct buf *out;
    bool found;
    bool failed;
};

/* White space, as far as masking goes: control octets, too. */
static inline bool masker_is_blank(uint8_t c) {
    return c <= ' ' || c == 0x7f;
}

static inline size_t masker_skip_blanks(const uint8_t *bytes, size_t from, size_t to) {
    while (from < to && masker_is_blank(bytes[from])) {
        from++;
    }
    return from;
}

/* At the start. */
static inline struct slice masker_without_blanks(struct slice value) {
    return slice_after(value, masker_skip_blanks(value.ptr, 0, value.len));
}

/* Clears `scratch`, which takes the result. */
struct masker masker_of(struct mask *, struct slice in, struct buf *scratch);
/* Puts the mark in place of [from, to); calls go from left to right, and nothing is hidden twice. */
void masker_hide(struct masker *, size_t from, size_t to);
/* The whole is one URL, or a request target, or an authority. */
void masker_hide_url(struct masker *);
/* From the start on: a path, then perhaps a query and a fragment. */
void masker_hide_path(struct masker *);
void masker_hide_query(struct masker *);
/* Hides what is secret in running text: name=value pairs and URLs. */
void masker_hide_text(struct masker *);
struct slice masker_finish(struct masker *);

#endif
