/* SPDX-License-Identifier: Apache-2.0 */
/* What the heads of one transaction mean, by the standards' own definitions: read once, when the transaction
 * has ended. All slices are views of the transaction's fields and live as long as it; no memory is taken. Any
 * thread. */
#ifndef HARK_ANALYZER_SEMANTICS_H
#define HARK_ANALYZER_SEMANTICS_H

#include "analyzer/field_category.h"
#include "analyzer/semantics_cached.h"
#include "analyzer/semantics_caching.h"
#include "analyzer/semantics_conditional.h"
#include "analyzer/semantics_range.h"
#include "analyzer/status.h"
#include "analyzer/transaction.h"

struct semantics {
    struct field_index request, response; /* empty for a message that was not seen */
    struct field_counts request_fields, response_fields;
    /* All fields of the head are there, so that one that is missing was not sent. */
    bool request_known, response_known;
    bool has_status;             /* a final response with a status line was seen */
    const struct status *status; /* NULL without, and for a code that has no meaning of its own */
    struct semantics_caching caching;
    struct semantics_conditional conditional;
    struct semantics_cached cached;
    struct semantics_range range;
};

/* Not of a tunnel, which has no message of its own. */
void semantics_of(const struct transaction *, struct semantics *);

#endif
