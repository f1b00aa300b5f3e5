/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_fields.h"

#define NONE(X, word) UINT64_C(0)

#define CACHED_RESPONSE(X, w) X(AGE, w) | X(X_CACHE, w) | X(CACHE_STATUS, w)

#define CONTENT_BOTH(X, w)                                                                                   \
    X(CONTENT_TYPE, w) | X(CONTENT_ENCODING, w) | X(CONTENT_LANGUAGE, w) | X(CONTENT_DISPOSITION, w)
#define CONTENT_REQUEST(X, w)                                                                                \
    CONTENT_BOTH(X, w)                                                                                       \
    | X(ACCEPT, w) | X(ACCEPT_CHARSET, w) | X(ACCEPT_ENCODING, w) | X(ACCEPT_LANGUAGE, w) |                  \
        X(NEGOTIATE, w) | X(A_IM, w)
#define CONTENT_RESPONSE(X, w) CONTENT_BOTH(X, w) | X(TCN, w) | X(IM, w)

#define AUTHENTICATION_REQUEST(X, w)  X(AUTHORIZATION, w) | X(PROXY_AUTHORIZATION, w)
#define AUTHENTICATION_RESPONSE(X, w) X(WWW_AUTHENTICATE, w) | X(PROXY_AUTHENTICATE, w)

#define COOKIES_REQUEST(X, w)  X(COOKIE, w)
#define COOKIES_RESPONSE(X, w) X(SET_COOKIE, w)

#define ORIGIN_REQUEST(X, w)                                                                                 \
    X(ORIGIN, w) | X(REFERER, w) | X(SEC_FETCH_SITE, w) | X(SEC_FETCH_MODE, w) | X(SEC_FETCH_DEST, w) |      \
        X(SEC_FETCH_USER, w) | X(ACCESS_CONTROL_REQUEST_METHOD, w) | X(ACCESS_CONTROL_REQUEST_HEADERS, w)
#define ORIGIN_RESPONSE(X, w)                                                                                \
    X(ACCESS_CONTROL_ALLOW_ORIGIN, w) | X(ACCESS_CONTROL_ALLOW_CREDENTIALS, w) |                             \
        X(ACCESS_CONTROL_MAX_AGE, w) | X(ACCESS_CONTROL_ALLOW_METHODS, w) |                                  \
        X(ACCESS_CONTROL_ALLOW_HEADERS, w)

#define SECURITY_RESPONSE(X, w)                                                                              \
    X(STRICT_TRANSPORT_SECURITY, w) | X(CONTENT_SECURITY_POLICY, w) |                                        \
        X(CONTENT_SECURITY_POLICY_REPORT_ONLY, w) | X(X_FRAME_OPTIONS, w) | X(X_CONTENT_TYPE_OPTIONS, w) |   \
        X(REFERRER_POLICY, w) | X(PERMISSIONS_POLICY, w) | X(CROSS_ORIGIN_OPENER_POLICY, w) |                \
        X(CROSS_ORIGIN_EMBEDDER_POLICY, w) | X(CROSS_ORIGIN_RESOURCE_POLICY, w) | X(X_XSS_PROTECTION, w)

#define INTERMEDIARIES_REQUEST(X, w)                                                                         \
    X(VIA, w) | X(FORWARDED, w) | X(X_FORWARDED_FOR, w) | X(X_FORWARDED_HOST, w) | X(X_FORWARDED_PROTO, w) | \
        X(TRUE_CLIENT_IP, w) | X(CF_CONNECTING_IP, w) | X(X_REAL_IP, w) | X(X_CLIENT_IP, w) |                \
        X(PROXY_CONNECTION, w) | X(MAX_FORWARDS, w) | X(EARLY_DATA, w) | X(CDN_LOOP, w)
#define INTERMEDIARIES_RESPONSE(X, w) X(VIA, w) | X(PROXY_STATUS, w)

#define HINTS_REQUEST(X, w)  X(PRIORITY, w)
#define HINTS_RESPONSE(X, w) X(PRIORITY, w) | X(LINK, w)

#define TRACE_REQUEST(X, w)                                                                                  \
    X(TRACEPARENT, w) | X(B3, w) | X(X_B3_TRACEID, w) | X(X_B3_SPANID, w) | X(X_B3_PARENTSPANID, w) |        \
        X(X_B3_SAMPLED, w) | X(X_B3_FLAGS, w) | X(UBER_TRACE_ID, w) | X(X_REQUEST_ID, w)
#define TRACE_RESPONSE(X, w) X(X_REQUEST_ID, w)

#define GROUP_CONTENT_REQUEST(X, w)  CONTENT_REQUEST(X, w) | AUTHENTICATION_REQUEST(X, w)
#define GROUP_CONTENT_RESPONSE(X, w) CONTENT_RESPONSE(X, w) | AUTHENTICATION_RESPONSE(X, w)
#define GROUP_SECURITY_REQUEST(X, w)                                                                         \
    INTERMEDIARIES_REQUEST(X, w) | X(CONNECTION, w) | HINTS_REQUEST(X, w) | TRACE_REQUEST(X, w)
#define GROUP_SECURITY_RESPONSE(X, w)                                                                        \
    SECURITY_RESPONSE(X, w) | X(CONTENT_TYPE, w) | INTERMEDIARIES_RESPONSE(X, w) | HINTS_RESPONSE(X, w) |    \
        TRACE_RESPONSE(X, w)

const struct semantics_fields semantics_groups[SEMANTICS_GROUPS] = {
    [SEMANTICS_GROUP_CONTENT] = {FIELD_NAME_WORDS(GROUP_CONTENT_REQUEST),
                                 FIELD_NAME_WORDS(GROUP_CONTENT_RESPONSE)},
    [SEMANTICS_GROUP_SECURITY] = {FIELD_NAME_WORDS(GROUP_SECURITY_REQUEST),
                                  FIELD_NAME_WORDS(GROUP_SECURITY_RESPONSE)},
};

const struct semantics_fields semantics_fields[SEMANTICS_PARTS] = {
    [SEMANTICS_CACHED] = {FIELD_NAME_WORDS(NONE), FIELD_NAME_WORDS(CACHED_RESPONSE)},
    [SEMANTICS_CONTENT] = {FIELD_NAME_WORDS(CONTENT_REQUEST), FIELD_NAME_WORDS(CONTENT_RESPONSE)},
    [SEMANTICS_AUTHENTICATION] = {FIELD_NAME_WORDS(AUTHENTICATION_REQUEST),
                                  FIELD_NAME_WORDS(AUTHENTICATION_RESPONSE)},
    [SEMANTICS_COOKIES] = {FIELD_NAME_WORDS(COOKIES_REQUEST), FIELD_NAME_WORDS(COOKIES_RESPONSE)},
    [SEMANTICS_ORIGIN] = {FIELD_NAME_WORDS(ORIGIN_REQUEST), FIELD_NAME_WORDS(ORIGIN_RESPONSE)},
    [SEMANTICS_SECURITY] = {FIELD_NAME_WORDS(NONE), FIELD_NAME_WORDS(SECURITY_RESPONSE)},
    [SEMANTICS_INTERMEDIARIES] = {FIELD_NAME_WORDS(INTERMEDIARIES_REQUEST),
                                  FIELD_NAME_WORDS(INTERMEDIARIES_RESPONSE)},
    [SEMANTICS_HINTS] = {FIELD_NAME_WORDS(HINTS_REQUEST), FIELD_NAME_WORDS(HINTS_RESPONSE)},
    [SEMANTICS_TRACE] = {FIELD_NAME_WORDS(TRACE_REQUEST), FIELD_NAME_WORDS(TRACE_RESPONSE)},
};
