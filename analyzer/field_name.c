/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/field_name.h"

#include "analyzer/field_name_table.h"

#include <endian.h>

struct known_name {
    const char *text;
    uint8_t len;
};

#define NAME(text)                                                                                           \
    { text, sizeof(text) - 1 }

static const struct known_name known_names[FIELD_NAMES] = {
    [FIELD_NAME_OTHER] = {"", 0},
    [FIELD_NAME_TE] = NAME("TE"),
    [FIELD_NAME_B3] = NAME("b3"),
    [FIELD_NAME_IF] = NAME("If"),
    [FIELD_NAME_IM] = NAME("IM"),
    [FIELD_NAME_AGE] = NAME("Age"),
    [FIELD_NAME_VIA] = NAME("Via"),
    [FIELD_NAME_DAV] = NAME("DAV"),
    [FIELD_NAME_TCN] = NAME("TCN"),
    [FIELD_NAME_URI] = NAME("URI"),
    [FIELD_NAME_MAN] = NAME("Man"),
    [FIELD_NAME_OPT] = NAME("Opt"),
    [FIELD_NAME_EXT] = NAME("Ext"),
    [FIELD_NAME_DNT] = NAME("DNT"),
    [FIELD_NAME_HOST] = NAME("Host"),
    [FIELD_NAME_DATE] = NAME("Date"),
    [FIELD_NAME_ETAG] = NAME("ETag"),
    [FIELD_NAME_VARY] = NAME("Vary"),
    [FIELD_NAME_FROM] = NAME("From"),
    [FIELD_NAME_LINK] = NAME("Link"),
    [FIELD_NAME_A_IM] = NAME("A-IM"),
    [FIELD_NAME_RANGE] = NAME("Range"),
    [FIELD_NAME_ALLOW] = NAME("Allow"),
    [FIELD_NAME_DEPTH] = NAME("Depth"),
    [FIELD_NAME_LABEL] = NAME("Label"),
    [FIELD_NAME_TITLE] = NAME("Title"),
    [FIELD_NAME_C_MAN] = NAME("C-Man"),
    [FIELD_NAME_C_OPT] = NAME("C-Opt"),
    [FIELD_NAME_C_EXT] = NAME("C-Ext"),
    [FIELD_NAME_ACCEPT] = NAME("Accept"),
    [FIELD_NAME_COOKIE] = NAME("Cookie"),
    [FIELD_NAME_SERVER] = NAME("Server"),
    [FIELD_NAME_PRAGMA] = NAME("Pragma"),
    [FIELD_NAME_ORIGIN] = NAME("Origin"),
    [FIELD_NAME_EXPECT] = NAME("Expect"),
    [FIELD_NAME_PREFER] = NAME("Prefer"),
    [FIELD_NAME_DIGEST] = NAME("Digest"),
    [FIELD_NAME_PUBLIC] = NAME("Public"),
    [FIELD_NAME_REFERER] = NAME("Referer"),
    [FIELD_NAME_EXPIRES] = NAME("Expires"),
    [FIELD_NAME_TRAILER] = NAME("Trailer"),
    [FIELD_NAME_UPGRADE] = NAME("Upgrade"),
    [FIELD_NAME_WARNING] = NAME("Warning"),
    [FIELD_NAME_X_CACHE] = NAME("X-Cache"),
    [FIELD_NAME_TIMEOUT] = NAME("Timeout"),
    [FIELD_NAME_ALT_SVC] = NAME("Alt-Svc"),
    [FIELD_NAME_COOKIE2] = NAME("Cookie2"),
    [FIELD_NAME_LOCATION] = NAME("Location"),
    [FIELD_NAME_IF_RANGE] = NAME("If-Range"),
    [FIELD_NAME_IF_MATCH] = NAME("If-Match"),
    [FIELD_NAME_CDN_LOOP] = NAME("CDN-Loop"),
    [FIELD_NAME_POSITION] = NAME("Position"),
    [FIELD_NAME_PRIORITY] = NAME("Priority"),
    [FIELD_NAME_ALT_USED] = NAME("Alt-Used"),
    [FIELD_NAME_FORWARDED] = NAME("Forwarded"),
    [FIELD_NAME_X_REAL_IP] = NAME("X-Real-IP"),
    [FIELD_NAME_OVERWRITE] = NAME("Overwrite"),
    [FIELD_NAME_NEGOTIATE] = NAME("Negotiate"),
    [FIELD_NAME_SAVE_DATA] = NAME("Save-Data"),
    [FIELD_NAME_USER_AGENT] = NAME("User-Agent"),
    [FIELD_NAME_CONNECTION] = NAME("Connection"),
    [FIELD_NAME_SET_COOKIE] = NAME("Set-Cookie"),
    [FIELD_NAME_KEEP_ALIVE] = NAME("Keep-Alive"),
    [FIELD_NAME_EARLY_DATA] = NAME("Early-Data"),
    [FIELD_NAME_TRACESTATE] = NAME("tracestate"),
    [FIELD_NAME_X_B3_FLAGS] = NAME("X-B3-Flags"),
    [FIELD_NAME_LOCK_TOKEN] = NAME("Lock-Token"),
    [FIELD_NAME_DELTA_BASE] = NAME("Delta-Base"),
    [FIELD_NAME_ALTERNATES] = NAME("Alternates"),
    [FIELD_NAME_RETRY_AFTER] = NAME("Retry-After"),
    [FIELD_NAME_CONTENT_MD5] = NAME("Content-MD5"),
    [FIELD_NAME_X_CLIENT_IP] = NAME("X-Client-IP"),
    [FIELD_NAME_TRACEPARENT] = NAME("traceparent"),
    [FIELD_NAME_X_B3_SPANID] = NAME("X-B3-SpanId"),
    [FIELD_NAME_DESTINATION] = NAME("Destination"),
    [FIELD_NAME_ACCEPT_POST] = NAME("Accept-Post"),
    [FIELD_NAME_REPR_DIGEST] = NAME("Repr-Digest"),
    [FIELD_NAME_WANT_DIGEST] = NAME("Want-Digest"),
    [FIELD_NAME_SET_COOKIE2] = NAME("Set-Cookie2"),
    [FIELD_NAME_CONTENT_TYPE] = NAME("Content-Type"),
    [FIELD_NAME_MAX_FORWARDS] = NAME("Max-Forwards"),
    [FIELD_NAME_PROXY_STATUS] = NAME("Proxy-Status"),
    [FIELD_NAME_CACHE_STATUS] = NAME("Cache-Status"),
    [FIELD_NAME_X_B3_TRACEID] = NAME("X-B3-TraceId"),
    [FIELD_NAME_X_B3_SAMPLED] = NAME("X-B3-Sampled"),
    [FIELD_NAME_X_REQUEST_ID] = NAME("X-Request-Id"),
    [FIELD_NAME_REDIRECT_REF] = NAME("Redirect-Ref"),
    [FIELD_NAME_VARIANT_VARY] = NAME("Variant-Vary"),
    [FIELD_NAME_ACCEPT_PATCH] = NAME("Accept-Patch"),
    [FIELD_NAME_MIME_VERSION] = NAME("MIME-Version"),
    [FIELD_NAME_CONTENT_BASE] = NAME("Content-Base"),
    [FIELD_NAME_DERIVED_FROM] = NAME("Derived-From"),
    [FIELD_NAME_X_POWERED_BY] = NAME("X-Powered-By"),
    [FIELD_NAME_CACHE_CONTROL] = NAME("Cache-Control"),
    [FIELD_NAME_LAST_MODIFIED] = NAME("Last-Modified"),
    [FIELD_NAME_ACCEPT_RANGES] = NAME("Accept-Ranges"),
    [FIELD_NAME_AUTHORIZATION] = NAME("Authorization"),
    [FIELD_NAME_IF_NONE_MATCH] = NAME("If-None-Match"),
    [FIELD_NAME_CONTENT_RANGE] = NAME("Content-Range"),
    [FIELD_NAME_UBER_TRACE_ID] = NAME("uber-trace-id"),
    [FIELD_NAME_ORDERING_TYPE] = NAME("Ordering-Type"),
    [FIELD_NAME_SERVER_TIMING] = NAME("Server-Timing"),
    [FIELD_NAME_CONTENT_LENGTH] = NAME("Content-Length"),
    [FIELD_NAME_ACCEPT_CHARSET] = NAME("Accept-Charset"),
    [FIELD_NAME_TRUE_CLIENT_IP] = NAME("True-Client-IP"),
    [FIELD_NAME_SEC_FETCH_DEST] = NAME("Sec-Fetch-Dest"),
    [FIELD_NAME_SEC_FETCH_MODE] = NAME("Sec-Fetch-Mode"),
    [FIELD_NAME_SEC_FETCH_SITE] = NAME("Sec-Fetch-Site"),
    [FIELD_NAME_SEC_FETCH_USER] = NAME("Sec-Fetch-User"),
    [FIELD_NAME_SCHEDULE_REPLY] = NAME("Schedule-Reply"),
    [FIELD_NAME_HTTP2_SETTINGS] = NAME("HTTP2-Settings"),
    [FIELD_NAME_CONTENT_DIGEST] = NAME("Content-Digest"),
    [FIELD_NAME_ACCEPT_ENCODING] = NAME("Accept-Encoding"),
    [FIELD_NAME_ACCEPT_LANGUAGE] = NAME("Accept-Language"),
    [FIELD_NAME_X_FORWARDED_FOR] = NAME("X-Forwarded-For"),
    [FIELD_NAME_X_FRAME_OPTIONS] = NAME("X-Frame-Options"),
    [FIELD_NAME_REFERRER_POLICY] = NAME("Referrer-Policy"),
    [FIELD_NAME_ACCEPT_FEATURES] = NAME("Accept-Features"),
    [FIELD_NAME_ACCEPT_DATETIME] = NAME("Accept-Datetime"),
    [FIELD_NAME_CONTENT_VERSION] = NAME("Content-Version"),
    [FIELD_NAME_CONTENT_ENCODING] = NAME("Content-Encoding"),
    [FIELD_NAME_CONTENT_LANGUAGE] = NAME("Content-Language"),
    [FIELD_NAME_CONTENT_LOCATION] = NAME("Content-Location"),
    [FIELD_NAME_WWW_AUTHENTICATE] = NAME("WWW-Authenticate"),
    [FIELD_NAME_PROXY_CONNECTION] = NAME("Proxy-Connection"),
    [FIELD_NAME_X_FORWARDED_HOST] = NAME("X-Forwarded-Host"),
    [FIELD_NAME_X_FORWARDED_PORT] = NAME("X-Forwarded-Port"),
    [FIELD_NAME_CF_CONNECTING_IP] = NAME("CF-Connecting-IP"),
    [FIELD_NAME_X_XSS_PROTECTION] = NAME("X-XSS-Protection"),
    [FIELD_NAME_MEMENTO_DATETIME] = NAME("Memento-Datetime"),
    [FIELD_NAME_WANT_REPR_DIGEST] = NAME("Want-Repr-Digest"),
    [FIELD_NAME_X_REQUESTED_WITH] = NAME("X-Requested-With"),
    [FIELD_NAME_TRANSFER_ENCODING] = NAME("Transfer-Encoding"),
    [FIELD_NAME_IF_MODIFIED_SINCE] = NAME("If-Modified-Since"),
    [FIELD_NAME_X_FORWARDED_PROTO] = NAME("X-Forwarded-Proto"),
    [FIELD_NAME_CDN_CACHE_CONTROL] = NAME("CDN-Cache-Control"),
    [FIELD_NAME_SURROGATE_CONTROL] = NAME("Surrogate-Control"),
    [FIELD_NAME_X_B3_PARENTSPANID] = NAME("X-B3-ParentSpanId"),
    [FIELD_NAME_SEC_WEBSOCKET_KEY] = NAME("Sec-WebSocket-Key"),
    [FIELD_NAME_PROXY_AUTHENTICATE] = NAME("Proxy-Authenticate"),
    [FIELD_NAME_PERMISSIONS_POLICY] = NAME("Permissions-Policy"),
    [FIELD_NAME_PREFERENCE_APPLIED] = NAME("Preference-Applied"),
    [FIELD_NAME_IF_UNMODIFIED_SINCE] = NAME("If-Unmodified-Since"),
    [FIELD_NAME_CONTENT_DISPOSITION] = NAME("Content-Disposition"),
    [FIELD_NAME_PROXY_AUTHORIZATION] = NAME("Proxy-Authorization"),
    [FIELD_NAME_AUTHENTICATION_INFO] = NAME("Authentication-Info"),
    [FIELD_NAME_WANT_CONTENT_DIGEST] = NAME("Want-Content-Digest"),
    [FIELD_NAME_TIMING_ALLOW_ORIGIN] = NAME("Timing-Allow-Origin"),
    [FIELD_NAME_SEC_WEBSOCKET_ACCEPT] = NAME("Sec-WebSocket-Accept"),
    [FIELD_NAME_SEC_WEBSOCKET_VERSION] = NAME("Sec-WebSocket-Version"),
    [FIELD_NAME_APPLY_TO_REDIRECT_REF] = NAME("Apply-To-Redirect-Ref"),
    [FIELD_NAME_X_CONTENT_TYPE_OPTIONS] = NAME("X-Content-Type-Options"),
    [FIELD_NAME_ACCESS_CONTROL_MAX_AGE] = NAME("Access-Control-Max-Age"),
    [FIELD_NAME_SEC_WEBSOCKET_PROTOCOL] = NAME("Sec-WebSocket-Protocol"),
    [FIELD_NAME_CONTENT_SECURITY_POLICY] = NAME("Content-Security-Policy"),
    [FIELD_NAME_SEC_WEBSOCKET_EXTENSIONS] = NAME("Sec-WebSocket-Extensions"),
    [FIELD_NAME_UPGRADE_INSECURE_REQUESTS] = NAME("Upgrade-Insecure-Requests"),
    [FIELD_NAME_PROXY_AUTHENTICATION_INFO] = NAME("Proxy-Authentication-Info"),
    [FIELD_NAME_STRICT_TRANSPORT_SECURITY] = NAME("Strict-Transport-Security"),
    [FIELD_NAME_CROSS_ORIGIN_OPENER_POLICY] = NAME("Cross-Origin-Opener-Policy"),
    [FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN] = NAME("Access-Control-Allow-Origin"),
    [FIELD_NAME_CROSS_ORIGIN_EMBEDDER_POLICY] = NAME("Cross-Origin-Embedder-Policy"),
    [FIELD_NAME_CROSS_ORIGIN_RESOURCE_POLICY] = NAME("Cross-Origin-Resource-Policy"),
    [FIELD_NAME_ACCESS_CONTROL_ALLOW_HEADERS] = NAME("Access-Control-Allow-Headers"),
    [FIELD_NAME_ACCESS_CONTROL_ALLOW_METHODS] = NAME("Access-Control-Allow-Methods"),
    [FIELD_NAME_ACCESS_CONTROL_EXPOSE_HEADERS] = NAME("Access-Control-Expose-Headers"),
    [FIELD_NAME_ACCESS_CONTROL_REQUEST_METHOD] = NAME("Access-Control-Request-Method"),
    [FIELD_NAME_ACCESS_CONTROL_REQUEST_HEADERS] = NAME("Access-Control-Request-Headers"),
    [FIELD_NAME_ACCESS_CONTROL_ALLOW_CREDENTIALS] = NAME("Access-Control-Allow-Credentials"),
    [FIELD_NAME_CONTENT_SECURITY_POLICY_REPORT_ONLY] = NAME("Content-Security-Policy-Report-Only"),
};

/* Like ascii_lower, but of other characters too: for the hash alone. */
#define LOWER UINT64_C(0x2020202020202020)
enum { WORD = sizeof(uint64_t), HALF = sizeof(uint32_t) };

/* A long name is known by its ends; scripts/field_names.py found what tells the known ones apart. */
static inline enum field_name name_of_ends(uint64_t front, uint64_t back, size_t len) {
    size_t hash = ((front | LOWER) * NAME_HASH_FRONT ^ ((back | LOWER) + len) * NAME_HASH_BACK) >>
                  (64 - NAME_HASH_BITS);
    return (enum field_name)name_by_hash[hash];
}

static inline bool is_nocase(enum field_name found, struct slice name) {
    return slice_equal_nocase(field_name_text(found), name);
}

/* Mostly written as it is known. */
static inline enum field_name long_name_of(struct slice name) {
    uint64_t front = bytes_word(name.ptr), back = bytes_word(name.ptr + name.len - WORD);
    const enum field_name found = name_of_ends(le64toh(front), le64toh(back), name.len);
    const struct known_name *known = &known_names[found];
    if (known->len != name.len) {
        return FIELD_NAME_OTHER;
    }
    const uint8_t *text = (const uint8_t *)known->text;
    uint64_t differ = (bytes_word(text) ^ front) | (bytes_word(text + name.len - WORD) ^ back);
    for (size_t i = WORD; i + WORD < name.len; i += WORD) {
        differ |= bytes_word(text + i) ^ bytes_word(name.ptr + i);
    }
    return differ == 0 || is_nocase(found, name) ? found : FIELD_NAME_OTHER;
}

static inline uint32_t half_at(const uint8_t *bytes) {
    uint32_t half;
    memcpy(&half, bytes, sizeof half);
    return half;
}

static inline enum field_name middling_name_of(struct slice name) {
    uint32_t front = half_at(name.ptr), back = half_at(name.ptr + name.len - HALF);
    const enum field_name found = name_of_ends(le32toh(front), le32toh(back), name.len);
    const struct known_name *known = &known_names[found];
    if (known->len != name.len) {
        return FIELD_NAME_OTHER;
    }
    const uint8_t *text = (const uint8_t *)known->text;
    bool same = half_at(text) == front && half_at(text + name.len - HALF) == back;
    return same || is_nocase(found, name) ? found : FIELD_NAME_OTHER;
}

static inline enum field_name short_name_of(struct slice name) {
    uint64_t front = name.ptr[0] | (uint64_t)name.ptr[name.len / 2] << 8, back = name.ptr[name.len - 1];
    const enum field_name found = name_of_ends(front, back, name.len);
    return is_nocase(found, name) ? found : FIELD_NAME_OTHER;
}

enum field_name field_name_of(struct slice name) {
    if (name.len >= WORD) {
        return long_name_of(name);
    }
    if (name.len >= HALF) {
        return middling_name_of(name);
    }
    return name.len ? short_name_of(name) : FIELD_NAME_OTHER;
}

struct slice field_name_text(enum field_name name) {
    return slice_make(known_names[name].text, known_names[name].len);
}
