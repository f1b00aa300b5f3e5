/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields the parts of a message's meaning are made of: most messages have none of a part's, and two
 * that have the same ones mean the same. Constant data; any thread. */
#ifndef HARK_ANALYZER_SEMANTICS_FIELDS_H
#define HARK_ANALYZER_SEMANTICS_FIELDS_H

#include "analyzer/field_index.h"

/* Those that semantics_of does not read. */
enum semantics_part {
    SEMANTICS_CACHED,
    SEMANTICS_CONTENT,
    SEMANTICS_AUTHENTICATION,
    SEMANTICS_COOKIES,
    SEMANTICS_ORIGIN,
    SEMANTICS_SECURITY,
    SEMANTICS_INTERMEDIARIES, /* those without which the others of it say nothing */
    SEMANTICS_HINTS,
    SEMANTICS_TRACE,
    SEMANTICS_PARTS,
};

/* A bit for each name, as in field_index. */
struct semantics_fields {
    uint64_t request[FIELD_INDEX_WORDS], response[FIELD_INDEX_WORDS];
};

extern const struct semantics_fields semantics_fields[SEMANTICS_PARTS];

/* Parts that follow each other in a record, and depend on nothing but fields and what makes an exchange known
 * (known_exchange.h). */
enum semantics_group {
    SEMANTICS_GROUP_CONTENT,  /* content, authentication */
    SEMANTICS_GROUP_SECURITY, /* security, intermediaries, hints, trace */
    SEMANTICS_GROUPS,
};
extern const struct semantics_fields semantics_groups[SEMANTICS_GROUPS];

/* Is any of the fields among these names of the request and of the response? */
static inline bool semantics_fields_meet(const struct semantics_fields *fields,
                                         const uint64_t request[FIELD_INDEX_WORDS],
                                         const uint64_t response[FIELD_INDEX_WORDS]) {
    return field_names_meet(fields->request, request) || field_names_meet(fields->response, response);
}

/* Is any field of the part there? */
static inline bool semantics_fields_any(enum semantics_part part, const struct field_index *request,
                                        const struct field_index *response) {
    return semantics_fields_meet(&semantics_fields[part], request->present, response->present);
}

#endif
