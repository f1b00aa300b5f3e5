/* SPDX-License-Identifier: Apache-2.0 */
/* Conditional requests (RFC 9110 section 13): which conditions the server had to evaluate, and what it
 * answered. If-Range belongs to ranges. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_CONDITIONAL_H
#define HARK_ANALYZER_SEMANTICS_CONDITIONAL_H

#include "analyzer/semantics_caching.h"

/* In the order of evaluation (section 13.2.2). */
enum condition {
    CONDITION_IF_MATCH,
    CONDITION_IF_UNMODIFIED_SINCE,
    CONDITION_IF_NONE_MATCH,
    CONDITION_IF_MODIFIED_SINCE,
    CONDITIONS,
};
const char *condition_name(enum condition); /* "if_match", ... */

enum conditional_outcome {
    CONDITIONAL_UNKNOWN,      /* no such answer, or nothing was asked */
    CONDITIONAL_NOT_MODIFIED, /* 304: what the client has is still valid */
    CONDITIONAL_FAILED,       /* 412 */
    CONDITIONAL_PERFORMED,    /* 2xx: the conditions held, a changed representation for instance */
    CONDITIONAL_IGNORED,      /* 2xx with a validator that the request named: it should have been 304 */
    CONDITIONAL_UNASKED,      /* 304 without a condition that it can be the answer to */
};
const char *conditional_outcome_name(enum conditional_outcome); /* "not_modified", ... */

struct semantics_conditional {
    unsigned present,
        evaluated;      /* bits of enum condition; what is present and not evaluated must be ignored */
    unsigned malformed; /* ... that can't be read: a date that is none, no entity tag */
    bool any;           /* If-Match or If-None-Match is "*" */
    uint32_t tags;      /* entity tags named in If-None-Match, or else in If-Match */
    enum conditional_outcome outcome;
};

struct semantics;

/* semantics->caching must have been read. */
void semantics_conditional_read(struct semantics_conditional *, const struct semantics *,
                                const struct transaction *);

#endif
