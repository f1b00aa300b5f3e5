/* SPDX-License-Identifier: Apache-2.0 */
/* Media types and the ranges of Accept that cover them (RFC 9110 sections 8.3.1 and 12.5.1). Slices are views
 * of the value. Pure functions. */
#ifndef HARK_ANALYZER_MEDIA_TYPE_H
#define HARK_ANALYZER_MEDIA_TYPE_H

#include "capture/slice.h"

struct media_type {
    bool valid; /* type "/" subtype, both tokens (section 8.3.1) */
    struct slice type, subtype;
    struct slice suffix;     /* "json" of "problem+json" (RFC 6839); empty without one */
    struct slice charset;    /* quotes off; empty without one */
    struct slice parameters; /* all of them, behind the first semicolon */
    bool has_boundary;
};

void media_type_read(struct media_type *, struct slice value);
/* How closely a member of Accept describes the type, a valid one: 0 not at all, more for what is more
 * specific. */
unsigned media_range_covers(struct slice range, const struct media_type *);

#endif
