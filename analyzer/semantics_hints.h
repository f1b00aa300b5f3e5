/* SPDX-License-Identifier: Apache-2.0 */
/* What a message says about other resources and its own turn: Link (RFC 8288; early hints carry it too, RFC
 * 8297) and Priority (RFC 9218). All slices are views of the fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_HINTS_H
#define HARK_ANALYZER_SEMANTICS_HINTS_H

#include "analyzer/field_value.h"

enum { LINKS_KEPT = 8 };

struct web_link {
    struct slice target;   /* a URI reference, without its angle brackets */
    struct slice relation; /* `rel`, quotes off; empty without one (section 3.3 demands it) */
};

/* A dictionary of structured fields (RFC 9651 section 3.2); of a repeated key the last counts. */
struct priority {
    bool present;
    bool malformed;   /* it, or a value in it, can't be read: the default holds in its place */
    unsigned urgency; /* 0 to 7; 3 without a word */
    bool incremental;
};

struct semantics_hints {
    struct web_link links[LINKS_KEPT]; /* of the response */
    uint32_t link_count;               /* kept or not */
    bool links_malformed;              /* what follows a link can't be read */
    struct priority request, response;
};

void semantics_hints_read(struct semantics_hints *, const struct field_index *request,
                          const struct field_index *response);

#endif
