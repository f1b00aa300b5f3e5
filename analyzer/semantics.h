/* SPDX-License-Identifier: Apache-2.0 */
/* What the heads of one transaction mean, by the standards' own definitions: read once, when the transaction
 * has ended. Here is what the rules for senders ask for too (conformance.h); the rest, a semantics_*_read
 * each, is read when it is told, from what stands here. All slices are views of the transaction's fields and
 * live as long as it; no memory is taken. Any thread. */
#ifndef HARK_ANALYZER_SEMANTICS_H
#define HARK_ANALYZER_SEMANTICS_H

#include "analyzer/field_category.h"
#include "analyzer/known_head.h"
#include "analyzer/semantics_authentication.h"
#include "analyzer/semantics_cached.h"
#include "analyzer/semantics_caching.h"
#include "analyzer/semantics_conditional.h"
#include "analyzer/semantics_content.h"
#include "analyzer/semantics_cookies.h"
#include "analyzer/semantics_hints.h"
#include "analyzer/semantics_intermediaries.h"
#include "analyzer/semantics_origin.h"
#include "analyzer/semantics_persistence.h"
#include "analyzer/semantics_range.h"
#include "analyzer/semantics_security.h"
#include "analyzer/semantics_trace.h"
#include "analyzer/status.h"
#include "analyzer/transaction.h"
#include "analyzer/value_memo.h"

/* What of a known exchange is other than when it was learned. */
enum exchange_varies { EXCHANGE_DATES = 1 << 0, EXCHANGE_ETAG = 1 << 1 };

struct semantics {
    struct value_memo *memo; /* NULL without */
    struct known_likeness request_like, response_like;
    struct known_exchange *exchange;    /* NULL: none that may be known */
    bool exchange_known;                /* ... and it is: then only what varies of `caching` is read */
    unsigned varies;                    /* bits of enum exchange_varies */
    uint64_t judged[FIELD_INDEX_WORDS]; /* fields of the request whose values may break rules anew */
    bool type_read;                     /* response_type */
    bool read; /* all below, but for has_status, which is always; else ask semantics_read_rest */
    struct field_index request, response; /* empty for a message that was not seen */
    /* All fields of the head are there, so that one that is missing was not sent. */
    bool request_known, response_known;
    bool for_notes;  /* `caching` has no more than notes need: no directives, Vary and verdicts without Age */
    bool has_status; /* a final response with a status line was seen */
    const struct status *status; /* NULL without, and for a code that has no meaning of its own */
    struct media_type request_type, response_type; /* Content-Type; not valid without the field */
    struct semantics_caching caching;
    struct semantics_conditional conditional;
    struct semantics_range range;
};

/* Reads response_type, which is known then without the rest. */
void semantics_read_type(struct semantics *);
/* Reads what is not read yet. */
void semantics_read_rest(struct semantics *, const struct transaction *);
/* Not of a tunnel, which has no message of its own. The memo, which may be NULL, is used by what is read from
 * `semantics` later, too. */
void semantics_of(const struct transaction *, struct value_memo *, struct semantics *);
/* The same with heads that are known. `tells_caching`: else as semantics_of_for_notes. */
void semantics_of_known(const struct transaction *, struct value_memo *, struct known_heads *,
                        bool tells_caching, struct semantics *);
/* The same where nobody tells `caching`. */
void semantics_of_for_notes(const struct transaction *, struct value_memo *, struct semantics *);
/* The same as if the fields of these names (a bit each) had not been seen: nothing is said of them, nor that
 * any field is missing. */
void semantics_of_rest(const struct transaction *, const uint64_t hidden[FIELD_INDEX_WORDS],
                       struct semantics *);

/* The final response carries content that was asked for, and its head is known whole: for
 * semantics_content_read. */
bool semantics_has_known_content(const struct semantics *, const struct transaction *);
/* What else the parts of that name ask for. */
struct cookie_scene semantics_cookie_scene(const struct transaction *);
struct security_scene semantics_security_scene(const struct semantics *, const struct transaction *);
struct intermediary_scene semantics_intermediary_scene(const struct semantics *, const struct transaction *);
/* The final status, 0 without one or where its head is not known whole: for semantics_origin_read. */
unsigned semantics_known_status(const struct semantics *, const struct transaction *);

#endif
