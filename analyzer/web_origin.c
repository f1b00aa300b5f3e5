/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/web_origin.h"

#include "analyzer/field_value.h"
#include "analyzer/h1_syntax.h"

const char *origin_relation_name(enum origin_relation relation) {
    static const char *const names[] = {[ORIGIN_RELATION_UNKNOWN] = NULL,
                                        [ORIGIN_SAME] = "same_origin",
                                        [ORIGIN_SAME_HOST] = "same_host",
                                        [ORIGIN_CROSS] = "cross_origin"};
    return names[relation];
}

static uint16_t default_port(struct slice scheme) {
    if (slice_is_nocase(scheme, "http") || slice_is_nocase(scheme, "ws")) {
        return 80;
    }
    return slice_is_nocase(scheme, "https") || slice_is_nocase(scheme, "wss") ? 443 : 0;
}

static bool is_scheme(struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        uint8_t lower = ascii_lower(s.ptr[i]);
        bool letter = lower >= 'a' && lower <= 'z';
        if (!letter &&
            (i == 0 || (!h1_is(lower, H1_DIGIT) && lower != '+' && lower != '-' && lower != '.'))) {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_host(struct slice s) {
    bool literal = s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']';
    struct slice inside = literal ? slice_make(s.ptr + 1, s.len - 2) : s;
    for (size_t i = 0; i < inside.len; i++) {
        uint8_t c = inside.ptr[i];
        if (literal ? !h1_is(c, H1_HEX) && c != ':' && c != '.' : !h1_is(c, H1_HOST) && c != '%') {
            return false;
        }
    }
    return inside.len > 0;
}

static bool read_authority(struct web_origin *o, struct slice authority) {
    size_t end = authority.len;
    while (end > 0 && h1_is(authority.ptr[end - 1], H1_DIGIT)) {
        end--;
    }
    struct slice digits = slice_after(authority, end);
    uint64_t port = 0;
    o->host = authority;
    o->port = default_port(o->scheme);
    if (end > 0 && authority.ptr[end - 1] == ':') {
        o->host = slice_first(authority, end - 1);
        if (digits.len && (!field_number(digits, &port) || port > UINT16_MAX)) {
            return false;
        }
        o->has_port = digits.len > 0;
        o->port = o->has_port ? (uint16_t)port : o->port;
    }
    return is_host(o->host);
}

/* Splits at "://"; false without it. */
static bool take_scheme(struct web_origin *o, struct slice *rest) {
    size_t colon = slice_find(*rest, ':');
    o->scheme = slice_first(*rest, colon);
    *rest = slice_after(*rest, colon);
    if (!slice_starts_with(*rest, "://") || !is_scheme(o->scheme)) {
        return false;
    }
    *rest = slice_after(*rest, 3);
    return true;
}

static struct web_origin malformed(void) {
    return (struct web_origin){.kind = ORIGIN_MALFORMED};
}

struct web_origin web_origin_read(struct slice value) {
    struct web_origin o = {.kind = ORIGIN_TUPLE};
    if (slice_is(value, "null")) {
        return (struct web_origin){.kind = ORIGIN_OPAQUE};
    }
    return value.len && take_scheme(&o, &value) && read_authority(&o, value) ? o : malformed();
}

struct web_origin web_origin_of_url(struct slice url) {
    struct web_origin o = {.kind = ORIGIN_TUPLE};
    if (url.len == 0 || !take_scheme(&o, &url)) {
        return malformed();
    }
    size_t end = 0, start = 0;
    for (; end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?' && url.ptr[end] != '#'; end++) {
        start = url.ptr[end] == '@' ? end + 1 : start;
    }
    return read_authority(&o, slice_make(url.ptr + start, end - start)) ? o : malformed();
}

static struct slice without_brackets(struct slice host) {
    bool literal = host.len > 2 && host.ptr[0] == '[';
    return literal ? slice_make(host.ptr + 1, host.len - 2) : host;
}

enum origin_relation web_origin_relate(const struct web_origin *o, const struct target *target) {
    if (o->kind == ORIGIN_OPAQUE) {
        return ORIGIN_CROSS; /* to everything */
    }
    if (o->kind != ORIGIN_TUPLE || target->domain.len == 0) {
        return ORIGIN_RELATION_UNKNOWN;
    }
    if (!slice_equal_nocase(without_brackets(o->host), target->domain)) {
        return ORIGIN_CROSS;
    }
    bool same = slice_equal_nocase(o->scheme, target->scheme) && o->port == target->port;
    return same ? ORIGIN_SAME : ORIGIN_SAME_HOST;
}
