/* SPDX-License-Identifier: Apache-2.0 */
/* The names of fields whose meaning hark explains, and where they stand in a message's head: each name is
 * looked up once, whatever is asked of it afterwards. Constant data and plain values; an index borrows the
 * list, and lives as long as it. Any thread. */
#ifndef HARK_ANALYZER_FIELD_NAME_H
#define HARK_ANALYZER_FIELD_NAME_H

#include "analyzer/transaction.h"

/* Those of one length stand together, the short ones first. */
enum field_name {
    FIELD_NAME_OTHER,
    FIELD_NAME_B3,
    FIELD_NAME_IM,
    FIELD_NAME_TE,
    FIELD_NAME_TCN,
    FIELD_NAME_VIA,
    FIELD_NAME_A_IM,
    FIELD_NAME_DATE,
    FIELD_NAME_ACCEPT,
    FIELD_NAME_COOKIE,
    FIELD_NAME_ORIGIN,
    FIELD_NAME_REFERER,
    FIELD_NAME_UPGRADE,
    FIELD_NAME_CDN_LOOP,
    FIELD_NAME_FORWARDED,
    FIELD_NAME_NEGOTIATE,
    FIELD_NAME_X_REAL_IP,
    FIELD_NAME_CONNECTION,
    FIELD_NAME_EARLY_DATA,
    FIELD_NAME_KEEP_ALIVE,
    FIELD_NAME_SET_COOKIE,
    FIELD_NAME_TRACESTATE,
    FIELD_NAME_X_B3_FLAGS,
    FIELD_NAME_TRACEPARENT,
    FIELD_NAME_X_B3_SPANID,
    FIELD_NAME_X_CLIENT_IP,
    FIELD_NAME_CONTENT_TYPE,
    FIELD_NAME_MAX_FORWARDS,
    FIELD_NAME_PROXY_STATUS,
    FIELD_NAME_X_B3_SAMPLED,
    FIELD_NAME_X_B3_TRACEID,
    FIELD_NAME_X_REQUEST_ID,
    FIELD_NAME_AUTHORIZATION,
    FIELD_NAME_UBER_TRACE_ID,
    FIELD_NAME_ACCEPT_CHARSET,
    FIELD_NAME_SEC_FETCH_DEST,
    FIELD_NAME_SEC_FETCH_MODE,
    FIELD_NAME_SEC_FETCH_SITE,
    FIELD_NAME_SEC_FETCH_USER,
    FIELD_NAME_TRUE_CLIENT_IP,
    FIELD_NAME_ACCEPT_ENCODING,
    FIELD_NAME_ACCEPT_LANGUAGE,
    FIELD_NAME_REFERRER_POLICY,
    FIELD_NAME_X_FORWARDED_FOR,
    FIELD_NAME_X_FRAME_OPTIONS,
    FIELD_NAME_CF_CONNECTING_IP,
    FIELD_NAME_CONTENT_ENCODING,
    FIELD_NAME_CONTENT_LANGUAGE,
    FIELD_NAME_PROXY_CONNECTION,
    FIELD_NAME_WWW_AUTHENTICATE,
    FIELD_NAME_X_FORWARDED_HOST,
    FIELD_NAME_X_XSS_PROTECTION,
    FIELD_NAME_TRANSFER_ENCODING,
    FIELD_NAME_X_B3_PARENTSPANID,
    FIELD_NAME_X_FORWARDED_PROTO,
    FIELD_NAME_PERMISSIONS_POLICY,
    FIELD_NAME_PROXY_AUTHENTICATE,
    FIELD_NAME_CONTENT_DISPOSITION,
    FIELD_NAME_PROXY_AUTHORIZATION,
    FIELD_NAME_ACCESS_CONTROL_MAX_AGE,
    FIELD_NAME_X_CONTENT_TYPE_OPTIONS,
    FIELD_NAME_CONTENT_SECURITY_POLICY,
    FIELD_NAME_STRICT_TRANSPORT_SECURITY,
    FIELD_NAME_CROSS_ORIGIN_OPENER_POLICY,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_HEADERS,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_METHODS,
    FIELD_NAME_CROSS_ORIGIN_EMBEDDER_POLICY,
    FIELD_NAME_CROSS_ORIGIN_RESOURCE_POLICY,
    FIELD_NAME_ACCESS_CONTROL_EXPOSE_HEADERS,
    FIELD_NAME_ACCESS_CONTROL_REQUEST_METHOD,
    FIELD_NAME_ACCESS_CONTROL_REQUEST_HEADERS,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_CREDENTIALS,
    FIELD_NAME_CONTENT_SECURITY_POLICY_REPORT_ONLY,
    FIELD_NAMES,
};

/* Compared without case (RFC 9110 section 5.1); FIELD_NAME_OTHER for a name that is none of them. */
enum field_name field_name_of(struct slice name);
/* As its specification writes it; empty for FIELD_NAME_OTHER. */
struct slice field_name_text(enum field_name);

enum { FIELD_INDEX_WORDS = (FIELD_NAMES + 63) / 64 };

struct field_index {
    const struct header_list *list;
    uint64_t present[FIELD_INDEX_WORDS];            /* a bit for each name */
    uint16_t first[FIELD_NAMES], last[FIELD_NAMES]; /* places in the list, valid where the bit is set */
};

/* Of the list as it is now; fields beyond the 65,535th are not looked at. */
void field_index_make(struct field_index *, const struct header_list *);

static inline bool field_index_has(const struct field_index *index, enum field_name name) {
    return index->present[name / 64] >> name % 64 & 1;
}

/* The first field of that name, or NULL. */
static inline const struct header *field_index_find(const struct field_index *index, enum field_name name) {
    return field_index_has(index, name) ? &index->list->items[index->first[name]] : NULL;
}

/* The next one behind `field`, which is of that name; NULL behind the last one. */
const struct header *field_index_next(const struct field_index *, enum field_name,
                                      const struct header *field);

/* The value of the first field of that name; empty without one. */
static inline struct slice field_index_value(const struct field_index *index, enum field_name name) {
    const struct header *field = field_index_find(index, name);
    return field ? field->value : slice_make(NULL, 0);
}

/* More than one field of that name. */
static inline bool field_index_repeats(const struct field_index *index, enum field_name name) {
    return field_index_has(index, name) && index->first[name] != index->last[name];
}

#endif
