/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers finished JSON by the bytes it was made of: most fields of a message have stood in the one before,
 * and comparing bytes is much cheaper than masking and escaping them. A table of fixed size in which newer
 * entries take the place of older ones; what it holds never changes what is written. Heap-owned; one thread.
 */
#ifndef HARK_OUTPUT_MEMO_H
#define HARK_OUTPUT_MEMO_H

#include "capture/slice.h"

/* What the bytes are: the same ones may be written in several ways. */
enum memo_kind {
    MEMO_FIELD,      /* a field's object */
    MEMO_VALUE,      /* a field's value alone */
    MEMO_MEDIA_TYPE, /* content_type and its key */
    MEMO_STATUS,     /* a status line's keys */
    MEMO_CLIENT,     /* of a connection: network, and client but for what it sent */
    MEMO_SERVER,     /* server likewise */
};

struct memo_key {
    enum memo_kind kind;
    struct slice name;
    struct slice value;
    uint32_t hash; /* memo_get sets it, memo_put takes it */
};

/* So many bytes behind JSON of the memo may be read. */
enum { MEMO_SLACK = 16 };

struct memo;

/* NULL without memory. */
struct memo *memo_new(void);
void memo_free(struct memo *);
/* Is there JSON for this key? Then *json is it, borrowed until the next memo_put. */
bool memo_get(const struct memo *, struct memo_key *, struct slice *json);
/* Keeps a copy of what memo_get did not find, unless it is long. */
void memo_put(struct memo *, const struct memo_key *, struct slice json);

#endif
