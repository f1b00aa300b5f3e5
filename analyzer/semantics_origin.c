/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_origin.h"

#include "analyzer/field_value.h"

static enum verdict verdict_of(bool yes) {
    return yes ? VERDICT_YES : VERDICT_NO;
}

/* A member of the list, compared without case where `fold` says so. */
static bool list_has(const struct field_index *index, enum field_name name, struct slice wanted, bool fold) {
    struct field_list list = field_list_of(index, name);
    struct slice member;
    while (field_list_next(&list, &member)) {
        if (fold ? slice_equal_nocase(member, wanted) : slice_equal(member, wanted)) {
            return true;
        }
    }
    return false;
}

static void read_allowed(struct cors *cors, const struct field_index *response) {
    struct slice value = field_index_value(response, FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN);
    cors->allow = ALLOW_MALFORMED;
    if (!field_index_has(response, FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN)) {
        cors->allow = ALLOW_ABSENT;
    } else if (field_index_repeats(response, FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN)) {
        return;
    } else if (slice_is(value, "*")) {
        cors->allow = ALLOW_ANY;
    } else {
        cors->allowed = web_origin_read(value);
        cors->allow = cors->allowed.kind == ORIGIN_MALFORMED ? ALLOW_MALFORMED : ALLOW_ONE;
    }
}

/* Compared byte by byte, as browsers do. To another origin they send cookies with "include" as the
 * credentials mode alone. */
static bool lets_read(const struct cors *cors, const struct field_index *request,
                      const struct field_index *response) {
    bool credentials = field_index_has(request, FIELD_NAME_COOKIE);
    return (cors->allow == ALLOW_ANY && !credentials) ||
           (cors->allow == ALLOW_ONE && (cors->allow_credentials || !credentials) &&
            slice_equal(field_index_value(response, FIELD_NAME_ACCESS_CONTROL_ALLOW_ORIGIN),
                        field_index_value(request, FIELD_NAME_ORIGIN)));
}

/* Neither wildcard counts for a request with credentials; whether the request that follows has some is what
 * Access-Control-Allow-Credentials is taken for. */
static bool allows_method(const struct cors *cors, const struct field_index *response) {
    struct slice method = cors->requested_method;
    const enum field_name methods = FIELD_NAME_ACCESS_CONTROL_ALLOW_METHODS;
    return slice_is(method, "GET") || slice_is(method, "HEAD") || slice_is(method, "POST") ||
           list_has(response, methods, method, false) ||
           (!cors->allow_credentials && list_has(response, methods, slice_of("*"), false));
}

/* Of a long list it is not known, so that hostile ones cost little. */
static enum verdict allows_headers(const struct cors *cors, const struct field_index *request,
                                   const struct field_index *response) {
    enum { MOST = 16 };
    const enum field_name headers = FIELD_NAME_ACCESS_CONTROL_ALLOW_HEADERS;
    bool any = !cors->allow_credentials && list_has(response, headers, slice_of("*"), false);
    struct field_list list = field_list_of(request, FIELD_NAME_ACCESS_CONTROL_REQUEST_HEADERS);
    struct slice member;
    for (unsigned i = 0; field_list_next(&list, &member); i++) {
        bool covered = any && !slice_is_nocase(member, "authorization");
        if (i == MOST) {
            return VERDICT_UNKNOWN;
        }
        if (!covered && !list_has(response, headers, member, true)) {
            return VERDICT_NO;
        }
    }
    return VERDICT_YES;
}

/* Would a browser ask? Not for what is of the same origin, nor for navigation and WebSockets. */
static bool is_checked(const struct semantics_origin *o, const struct field_index *request) {
    bool other_mode = (o->fetch_mode.len && !slice_is(o->fetch_mode, "cors")) ||
                      field_index_has(request, FIELD_NAME_SEC_WEBSOCKET_KEY);
    return o->origin.kind != ORIGIN_ABSENT && o->origin_relation != ORIGIN_SAME && !other_mode;
}

static void read_cors(struct semantics_origin *o, const struct field_index *request,
                      const struct field_index *response, struct slice method, unsigned status) {
    struct cors *cors = &o->cors;
    cors->preflight = slice_is(method, "OPTIONS") && o->origin.kind != ORIGIN_ABSENT &&
                      field_index_has(request, FIELD_NAME_ACCESS_CONTROL_REQUEST_METHOD);
    cors->requested_method = field_index_value(request, FIELD_NAME_ACCESS_CONTROL_REQUEST_METHOD);
    cors->requested_headers = field_index_value(request, FIELD_NAME_ACCESS_CONTROL_REQUEST_HEADERS);
    read_allowed(cors, response);
    cors->allow_credentials =
        slice_is(field_index_value(response, FIELD_NAME_ACCESS_CONTROL_ALLOW_CREDENTIALS), "true") &&
        !field_index_repeats(response, FIELD_NAME_ACCESS_CONTROL_ALLOW_CREDENTIALS); /* "true, true" */
    cors->has_max_age =
        field_number(field_index_value(response, FIELD_NAME_ACCESS_CONTROL_MAX_AGE), &cors->max_age);
    if (status && is_checked(o, request)) {
        bool allowed = lets_read(cors, request, response);
        cors->origin_allowed =
            allowed || o->origin_relation == ORIGIN_CROSS ? verdict_of(allowed) : VERDICT_UNKNOWN;
    }
    if (status && cors->preflight) {
        bool ok = status >= 200 && status < 300;
        cors->method_allowed = verdict_of(ok && allows_method(cors, response));
        cors->headers_allowed = ok ? allows_headers(cors, request, response) : VERDICT_NO;
    }
}

void semantics_origin_read(struct semantics_origin *o, const struct field_index *request,
                           const struct field_index *response, struct slice method,
                           const struct target *target, unsigned status) {
    *o = (struct semantics_origin){.has_referrer = field_index_has(request, FIELD_NAME_REFERER)};
    if (field_index_has(request, FIELD_NAME_ORIGIN)) {
        o->origin = web_origin_read(field_index_value(request, FIELD_NAME_ORIGIN));
        o->origin_relation = web_origin_relate(&o->origin, target);
    }
    if (o->has_referrer) {
        o->referrer = web_origin_of_url(field_index_value(request, FIELD_NAME_REFERER));
        o->referrer_relation = web_origin_relate(&o->referrer, target);
    }
    o->fetch_site = field_index_value(request, FIELD_NAME_SEC_FETCH_SITE);
    o->fetch_mode = field_index_value(request, FIELD_NAME_SEC_FETCH_MODE);
    o->fetch_destination = field_index_value(request, FIELD_NAME_SEC_FETCH_DEST);
    o->fetch_user = slice_is(field_index_value(request, FIELD_NAME_SEC_FETCH_USER), "?1");
    read_cors(o, request, response, method, status);
}
