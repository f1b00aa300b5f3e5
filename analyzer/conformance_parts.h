/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of conformance.h share. Private to conformance*.c. */
#ifndef HARK_ANALYZER_CONFORMANCE_PARTS_H
#define HARK_ANALYZER_CONFORMANCE_PARTS_H

#include "analyzer/conformance.h"

/* Rules for every message. */
void conformance_judge_message(struct notes *, const struct http_message *, const struct semantics *,
                               bool request);
/* Rules for each field's value. */
void conformance_judge_values(struct notes *, const struct http_message *, const struct semantics *,
                              bool request);
/* Rules for values that are other ones than in the request of the known exchange. */
void conformance_judge_changed(struct notes *, const struct transaction *, const struct semantics *);
/* A date that can be read: is it written as it must be? */
void conformance_note_date(struct notes *, struct slice value, int64_t seconds);
void conformance_judge_referer(struct notes *, const struct field_index *request);
void conformance_judge_request(struct notes *, const struct transaction *, const struct semantics *);
void conformance_judge_response(struct notes *, const struct transaction *, const struct semantics *);
/* Rules on conditions, caches and ranges, for a pair. */
void conformance_judge_exchange(struct notes *, const struct transaction *, const struct semantics *);

/* Does the field, a list of tokens, name `token` (in small letters)? */
bool conformance_names(const struct field_index *, enum field_name, const char *token);
static inline bool conformance_is_1_0(const struct http_message *m) {
    return m->major == 0 || (m->major == 1 && m->minor == 0);
}

#endif
