/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers finished JSON by the bytes it was made of: most fields of a message have stood in the one before,
 * and comparing bytes is much cheaper than masking and escaping them. A table of fixed size, in which what is
 * missed twice in a row takes the place of what was there; what it holds never changes what is written.
 * Heap-owned; one thread. */
#ifndef HARK_OUTPUT_MEMO_H
#define HARK_OUTPUT_MEMO_H

#include "capture/slice.h"

/* What the bytes are: the same ones may be written in several ways. */
enum memo_kind {
    MEMO_NOTHING,    /* an empty place */
    MEMO_FIELD,      /* a field line: the field's object */
    MEMO_VALUE,      /* its value alone */
    MEMO_MEDIA_TYPE, /* content_type and its key */
    MEMO_STATUS,     /* a reason: the keys of a status line */
    MEMO_CLIENT,     /* a connection: network, and client but for what it sent */
    MEMO_SERVER,     /* server likewise */
};

struct memo_key {
    enum memo_kind kind;
    uint32_t parts; /* what else tells bytes apart: how a line is divided, a status code */
    struct slice bytes;
    uint32_t hash; /* the memo's own */
};

/* So many bytes behind JSON of the memo may be read. */
enum { MEMO_SLACK = 16 };

struct memo;

/* NULL without memory. */
struct memo *memo_new(void);
void memo_free(struct memo *);
/* Is there JSON for this key? Then *json is it, borrowed until the next memo_put. `hint` is where the answer
 * was last time, 0 at first: it is looked at before anything is computed. */
bool memo_get(const struct memo *, struct memo_key *, uint16_t *hint, struct slice *json);
/* Keeps a copy of what memo_get did not find, unless it is long. */
void memo_put(struct memo *, const struct memo_key *, struct slice json);

#endif
