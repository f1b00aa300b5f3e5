/* SPDX-License-Identifier: Apache-2.0 */
#include "output/omission.h"

#include <string.h>

const char *omission_name(size_t part) {
    static const char *const names[OMISSION_PARTS] = {
        [OMIT_NETWORK] = "network",
        [OMIT_COMMUNITY_ID] = "network.community_id",
        [OMIT_CLIENT] = "client",
        [OMIT_CLIENT_MAC] = "client.mac",
        [OMIT_SERVER] = "server",
        [OMIT_SERVER_MAC] = "server.mac",
        [OMIT_URL] = "url",
        [OMIT_URL_FULL] = "url.full",
        [OMIT_REFERRER] = "http.request.referrer",
        [OMIT_REQUEST_HEADERS] = "http.request.headers",
        [OMIT_REQUEST_TRAILERS] = "http.request.trailers",
        [OMIT_RESPONSE_HEADERS] = "http.response.headers",
        [OMIT_RESPONSE_TRAILERS] = "http.response.trailers",
        [OMIT_INTERIM] = "http.response.interim",
        [OMIT_USER_AGENT] = "user_agent",
        [OMIT_TIMING] = "timing",
        [OMIT_TIMING_SHARE] = "timing.share",
        [OMIT_TCP] = "tcp",
        [OMIT_TCP_CLIENT] = "tcp.client",
        [OMIT_TCP_SERVER] = "tcp.server",
        [OMIT_REQUEST_FRAMES] = "capture.request",
        [OMIT_RESPONSE_FRAMES] = "capture.response",
        [OMIT_SEMANTICS] = "semantics",
        [OMIT_STATUS] = "semantics.status",
        [OMIT_FIELDS] = "semantics.fields",
        [OMIT_CACHING] = "semantics.caching",
        [OMIT_CONDITIONAL] = "semantics.conditional",
        [OMIT_CACHED] = "semantics.cached",
        [OMIT_RANGE] = "semantics.range",
        [OMIT_PERSISTENCE] = "semantics.persistence",
        [OMIT_CONTENT] = "semantics.content",
        [OMIT_AUTHENTICATION] = "semantics.authentication",
        [OMIT_COOKIES] = "semantics.cookies",
        [OMIT_ORIGIN] = "semantics.origin",
        [OMIT_SECURITY] = "semantics.security",
        [OMIT_INTERMEDIARIES] = "semantics.intermediaries",
        [OMIT_HINTS] = "semantics.hints",
        [OMIT_TRACE] = "semantics.trace",
    };
    return names[part];
}

static bool is_within(struct slice inner, struct slice outer) {
    return inner.len > outer.len && inner.ptr[outer.len] == '.' &&
           slice_equal(slice_first(inner, outer.len), outer);
}

bool omission_add(uint64_t *set, struct slice name) {
    bool known = false;
    for (size_t part = 0; part < OMISSION_PARTS; part++) {
        struct slice other = slice_of(omission_name(part));
        bool same = slice_equal(other, name);
        if (same || (known && is_within(other, name))) { /* what is within a part stands behind it */
            *set |= UINT64_C(1) << part;
        }
        known = known || same;
    }
    return known;
}

bool omission_is_kept(struct slice name) {
    static const char *const kept[] = {"@timestamp",
                                       "ecs",
                                       "event",
                                       "hark",
                                       "pairing",
                                       "notes",
                                       "http_tunnel",
                                       "http.version",
                                       "http.request.method",
                                       "http.request.target",
                                       "http.request.bytes",
                                       "http.request.body",
                                       "http.response.status_code",
                                       "http.response.reason",
                                       "http.response.bytes",
                                       "http.response.body",
                                       "capture.complete",
                                       "capture.gap_bytes",
                                       "capture.midstream",
                                       "capture.snaplen_cut",
                                       "capture.duplicates",
                                       "capture.saved"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (slice_is(name, kept[i]) || is_within(name, slice_of(kept[i]))) {
            return true;
        }
    }
    return false;
}

/* Is it in the set by itself, and not for being within another part? */
static bool is_named(uint64_t set, size_t part) {
    if (!omission_has(set, (enum omission_part)part)) {
        return false;
    }
    for (size_t i = 0; i < part; i++) {
        if (omission_has(set, (enum omission_part)i) &&
            is_within(slice_of(omission_name(part)), slice_of(omission_name(i)))) {
            return false;
        }
    }
    return true;
}

void omission_text(uint64_t set, char text[OMISSION_TEXT_BYTES]) {
    size_t len = 0;
    text[0] = '\0';
    for (size_t part = 0; part < OMISSION_PARTS; part++) {
        const char *name = omission_name(part);
        size_t more = strlen(name);
        if (is_named(set, part) && len + 2 + more < OMISSION_TEXT_BYTES) {
            memcpy(text + len, ", ", 2);
            len += len ? 2 : 0;
            memcpy(text + len, name, more + 1);
            len += more;
        }
    }
}

void omission_write(uint64_t set, struct writer *w) {
    writer_begin_array(w);
    for (size_t part = 0; part < OMISSION_PARTS; part++) {
        if (is_named(set, part)) {
            writer_text(w, omission_name(part));
        }
    }
    writer_end_array(w);
}
