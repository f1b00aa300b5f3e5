/* SPDX-License-Identifier: Apache-2.0 */
/* What most field values are built of: lists, parameters, quoted strings, weights (RFC 9110 section 5.6).
 * Lenient: what is malformed is given as it stands. All slices are views of the value; pure functions. */
#ifndef HARK_ANALYZER_FIELD_VALUE_H
#define HARK_ANALYZER_FIELD_VALUE_H

#include "analyzer/field_index.h"

/* Takes what stands before the next `separator` outside of quoted strings off the front, without OWS around
 * it; a string that is not closed reaches to the end. Empty pieces are given too. False when `rest` is used
 * up (its ptr is NULL then). */
bool field_piece_next(struct slice *rest, uint8_t separator, struct slice *piece);
/* The same where comments in parentheses count like quoted strings (section 5.6.5). */
bool field_piece_next_commented(struct slice *rest, uint8_t separator, struct slice *piece);

/* The members of a comma-separated list, over all lines of its field (sections 5.3 and 5.6.1). */
struct field_list {
    const struct field_index *index;
    enum field_name name;
    const struct header *field; /* at hand; NULL at the end */
    struct slice rest;          /* of its value */
    bool commented;             /* comments may stand in it */
};
struct field_list field_list_of(const struct field_index *, enum field_name);
/* False at the end. Empty members are passed over. */
bool field_list_next(struct field_list *, struct slice *member);

struct field_parameter {
    struct slice name;
    struct slice value; /* quotes taken off, backslashes kept; empty without `has_value` */
    bool has_value;     /* an equals sign is there */
    bool quoted;
    bool unclosed; /* ... without the quote at its end */
};
/* The next of "name=value" pieces between `separator`s, white space around the equals sign allowed (many send
 * it). Empty pieces are passed over. False at the end. */
bool field_parameter_next(struct slice *rest, uint8_t separator, struct field_parameter *);
/* One piece. */
struct field_parameter field_parameter_of(struct slice piece);

/* Splits at the first `;` outside of quoted strings: what stands before it, and `*parameters` behind it (ptr
 * NULL without one). */
struct slice field_front(struct slice value, struct slice *parameters);

/* 1*DIGIT up to 2^63 - 1. */
bool field_number(struct slice, uint64_t *number);

enum { FIELD_WEIGHT_FULL = 1000, FIELD_WEIGHT_BAD = -1 };
/* The parameter "q" in thousandths (RFC 9110 section 12.4.2): FIELD_WEIGHT_FULL without one, FIELD_WEIGHT_BAD
 * where it can't be read. */
int field_weight(struct slice parameters);

#endif
