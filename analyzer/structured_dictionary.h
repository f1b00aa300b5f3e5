/* SPDX-License-Identifier: Apache-2.0 */
/* Dictionaries of Structured Fields (RFC 9651 section 3.2), read as strictly as section 4.2 wants it: one
 * fault and the whole field is none. Slices are views of the field. Pure functions. */
#ifndef HARK_ANALYZER_STRUCTURED_DICTIONARY_H
#define HARK_ANALYZER_STRUCTURED_DICTIONARY_H

#include "analyzer/field_value.h"

enum structured_kind {
    STRUCTURED_TRUE, /* a key alone, or ?1 */
    STRUCTURED_FALSE,
    STRUCTURED_INTEGER,
    STRUCTURED_DECIMAL,
    STRUCTURED_STRING,
    STRUCTURED_TOKEN,
    STRUCTURED_OTHER, /* bytes, dates, display strings, inner lists */
};

struct structured_member {
    struct slice key;
    enum structured_kind kind;
    struct slice
        value; /* as written; of a string without its quotes, backslashes kept; empty for a key alone */
};

/* The next member; its parameters are read and left out. False at the end of the line, with `rest->ptr` NULL,
 * and at a fault, with `rest->ptr` where it stands. An empty line has no members and no fault. */
bool structured_member_next(struct slice *rest, struct structured_member *);

#endif
