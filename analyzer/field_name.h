/* SPDX-License-Identifier: Apache-2.0 */
/* The names of fields whose meaning hark explains, and where they stand in a message's head: each name is
 * looked up once, whatever is asked of it afterwards. Constant data and plain values; an index borrows the
 * list, and lives as long as it. Any thread. */
#ifndef HARK_ANALYZER_FIELD_NAME_H
#define HARK_ANALYZER_FIELD_NAME_H

#include "analyzer/transaction.h"

/* Those of one length stand together, the short ones first; among them those that are most used first. Who
 * adds one runs scripts/field_names.py. */
enum field_name {
    FIELD_NAME_OTHER,
    FIELD_NAME_TE,
    FIELD_NAME_B3,
    FIELD_NAME_IF,
    FIELD_NAME_IM,
    FIELD_NAME_AGE,
    FIELD_NAME_VIA,
    FIELD_NAME_DAV,
    FIELD_NAME_TCN,
    FIELD_NAME_URI,
    FIELD_NAME_MAN,
    FIELD_NAME_OPT,
    FIELD_NAME_EXT,
    FIELD_NAME_DNT,
    FIELD_NAME_HOST,
    FIELD_NAME_DATE,
    FIELD_NAME_ETAG,
    FIELD_NAME_VARY,
    FIELD_NAME_FROM,
    FIELD_NAME_LINK,
    FIELD_NAME_A_IM,
    FIELD_NAME_RANGE,
    FIELD_NAME_ALLOW,
    FIELD_NAME_DEPTH,
    FIELD_NAME_LABEL,
    FIELD_NAME_TITLE,
    FIELD_NAME_C_MAN,
    FIELD_NAME_C_OPT,
    FIELD_NAME_C_EXT,
    FIELD_NAME_ACCEPT,
    FIELD_NAME_COOKIE,
    FIELD_NAME_SERVER,
    FIELD_NAME_PRAGMA,
    FIELD_NAME_ORIGIN,
    FIELD_NAME_EXPECT,
    FIELD_NAME_PREFER,
    FIELD_NAME_DIGEST,
    FIELD_NAME_PUBLIC,
    FIELD_NAME_REFERER,
    FIELD_NAME_EXPIRES,
    FIELD_NAME_TRAILER,
    FIELD_NAME_UPGRADE,
    FIELD_NAME_WARNING,
    FIELD_NAME_X_CACHE,
    FIELD_NAME_TIMEOUT,
    FIELD_NAME_ALT_SVC,
    FIELD_NAME_COOKIE2,
    FIELD_NAME_LOCATION,
    FIELD_NAME_IF_RANGE,
    FIELD_NAME_IF_MATCH,
    FIELD_NAME_CDN_LOOP,
    FIELD_NAME_POSITION,
    FIELD_NAME_PRIORITY,
    FIELD_NAME_ALT_USED,
    FIELD_NAME_FORWARDED,
    FIELD_NAME_X_REAL_IP,
    FIELD_NAME_OVERWRITE,
    FIELD_NAME_NEGOTIATE,
    FIELD_NAME_SAVE_DATA,
    FIELD_NAME_USER_AGENT,
    FIELD_NAME_CONNECTION,
    FIELD_NAME_SET_COOKIE,
    FIELD_NAME_KEEP_ALIVE,
    FIELD_NAME_EARLY_DATA,
    FIELD_NAME_TRACESTATE,
    FIELD_NAME_X_B3_FLAGS,
    FIELD_NAME_LOCK_TOKEN,
    FIELD_NAME_DELTA_BASE,
    FIELD_NAME_ALTERNATES,
    FIELD_NAME_RETRY_AFTER,
    FIELD_NAME_CONTENT_MD5,
    FIELD_NAME_X_CLIENT_IP,
    FIELD_NAME_TRACEPARENT,
    FIELD_NAME_X_B3_SPANID,
    FIELD_NAME_DESTINATION,
    FIELD_NAME_ACCEPT_POST,
    FIELD_NAME_REPR_DIGEST,
    FIELD_NAME_WANT_DIGEST,
    FIELD_NAME_SET_COOKIE2,
    FIELD_NAME_CONTENT_TYPE,
    FIELD_NAME_MAX_FORWARDS,
    FIELD_NAME_PROXY_STATUS,
    FIELD_NAME_CACHE_STATUS,
    FIELD_NAME_X_B3_TRACEID,
    FIELD_NAME_X_B3_SAMPLED,
    FIELD_NAME_X_REQUEST_ID,
    FIELD_NAME_REDIRECT_REF,
    FIELD_NAME_VARIANT_VARY,
    FIELD_NAME_ACCEPT_PATCH,
    FIELD_NAME_MIME_VERSION,
    FIELD_NAME_CONTENT_BASE,
    FIELD_NAME_DERIVED_FROM,
    FIELD_NAME_X_POWERED_BY,
    FIELD_NAME_CACHE_CONTROL,
    FIELD_NAME_LAST_MODIFIED,
    FIELD_NAME_ACCEPT_RANGES,
    FIELD_NAME_AUTHORIZATION,
    FIELD_NAME_IF_NONE_MATCH,
    FIELD_NAME_CONTENT_RANGE,
    FIELD_NAME_UBER_TRACE_ID,
    FIELD_NAME_ORDERING_TYPE,
    FIELD_NAME_SERVER_TIMING,
    FIELD_NAME_CONTENT_LENGTH,
    FIELD_NAME_ACCEPT_CHARSET,
    FIELD_NAME_TRUE_CLIENT_IP,
    FIELD_NAME_SEC_FETCH_DEST,
    FIELD_NAME_SEC_FETCH_MODE,
    FIELD_NAME_SEC_FETCH_SITE,
    FIELD_NAME_SEC_FETCH_USER,
    FIELD_NAME_SCHEDULE_REPLY,
    FIELD_NAME_HTTP2_SETTINGS,
    FIELD_NAME_CONTENT_DIGEST,
    FIELD_NAME_ACCEPT_ENCODING,
    FIELD_NAME_ACCEPT_LANGUAGE,
    FIELD_NAME_X_FORWARDED_FOR,
    FIELD_NAME_X_FRAME_OPTIONS,
    FIELD_NAME_REFERRER_POLICY,
    FIELD_NAME_ACCEPT_FEATURES,
    FIELD_NAME_ACCEPT_DATETIME,
    FIELD_NAME_CONTENT_VERSION,
    FIELD_NAME_CONTENT_ENCODING,
    FIELD_NAME_CONTENT_LANGUAGE,
    FIELD_NAME_CONTENT_LOCATION,
    FIELD_NAME_WWW_AUTHENTICATE,
    FIELD_NAME_PROXY_CONNECTION,
    FIELD_NAME_X_FORWARDED_HOST,
    FIELD_NAME_X_FORWARDED_PORT,
    FIELD_NAME_CF_CONNECTING_IP,
    FIELD_NAME_X_XSS_PROTECTION,
    FIELD_NAME_MEMENTO_DATETIME,
    FIELD_NAME_WANT_REPR_DIGEST,
    FIELD_NAME_X_REQUESTED_WITH,
    FIELD_NAME_TRANSFER_ENCODING,
    FIELD_NAME_IF_MODIFIED_SINCE,
    FIELD_NAME_X_FORWARDED_PROTO,
    FIELD_NAME_CDN_CACHE_CONTROL,
    FIELD_NAME_SURROGATE_CONTROL,
    FIELD_NAME_X_B3_PARENTSPANID,
    FIELD_NAME_SEC_WEBSOCKET_KEY,
    FIELD_NAME_PROXY_AUTHENTICATE,
    FIELD_NAME_PERMISSIONS_POLICY,
    FIELD_NAME_PREFERENCE_APPLIED,
    FIELD_NAME_IF_UNMODIFIED_SINCE,
    FIELD_NAME_CONTENT_DISPOSITION,
    FIELD_NAME_PROXY_AUTHORIZATION,
    FIELD_NAME_AUTHENTICATION_INFO,
    FIELD_NAME_WANT_CONTENT_DIGEST,
    FIELD_NAME_TIMING_ALLOW_ORIGIN,
    FIELD_NAME_SEC_WEBSOCKET_ACCEPT,
    FIELD_NAME_SEC_WEBSOCKET_VERSION,
    FIELD_NAME_APPLY_TO_REDIRECT_REF,
    FIELD_NAME_X_CONTENT_TYPE_OPTIONS,
    FIELD_NAME_ACCESS_CONTROL_MAX_AGE,
    FIELD_NAME_SEC_WEBSOCKET_PROTOCOL,
    FIELD_NAME_CONTENT_SECURITY_POLICY,
    FIELD_NAME_SEC_WEBSOCKET_EXTENSIONS,
    FIELD_NAME_UPGRADE_INSECURE_REQUESTS,
    FIELD_NAME_PROXY_AUTHENTICATION_INFO,
    FIELD_NAME_STRICT_TRANSPORT_SECURITY,
    FIELD_NAME_CROSS_ORIGIN_OPENER_POLICY,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN,
    FIELD_NAME_CROSS_ORIGIN_EMBEDDER_POLICY,
    FIELD_NAME_CROSS_ORIGIN_RESOURCE_POLICY,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_HEADERS,
    FIELD_NAME_ACCESS_CONTROL_ALLOW_METHODS,
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
    bool any_repeats;                               /* some name stands there more than once */
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

/* The value of the first field of that name; empty, but not of NULL, without one. */
static inline struct slice field_index_value(const struct field_index *index, enum field_name name) {
    const struct header *field = field_index_find(index, name);
    return field && field->value.len ? field->value : slice_make("", 0);
}

/* More than one field of that name. */
static inline bool field_index_repeats(const struct field_index *index, enum field_name name) {
    return field_index_has(index, name) && index->first[name] != index->last[name];
}

#endif
