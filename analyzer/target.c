/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/target.h"

#include "analyzer/h1_syntax.h"

const char *target_form_name(enum target_form form) {
    switch (form) {
    case TARGET_ORIGIN:
        return "origin";
    case TARGET_ABSOLUTE:
        return "absolute";
    case TARGET_AUTHORITY:
        return "authority";
    case TARGET_ASTERISK:
        return "asterisk";
    case TARGET_INVALID:
        return "invalid";
    }
    return "invalid";
}

struct authority {
    struct slice userinfo;
    struct slice host;
    bool is_ipv6;
    bool has_port;
    uint16_t port; /* 0 where it can't be read */
    bool odd;      /* no proper [userinfo "@"] host [":" port] */
    bool has_userinfo;
};

static bool is_alpha(uint8_t c) {
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* Eight bytes at once, in what vector registers the target has. */
typedef uint8_t bytes8 __attribute__((vector_size(8)));

/* Not zero where one of the eight is no letter, digit, dot or hyphen. */
static uint64_t unusual(const uint8_t *from) {
    bytes8 bytes;
    memcpy(&bytes, from, sizeof bytes);
    bytes8 usual = (bytes8)((bytes | 0x20) - 'a' < 26) | (bytes8)(bytes - '0' < 10) | (bytes8)(bytes == '.') |
                   (bytes8)(bytes == '-');
    bytes8 others = ~usual;
    uint64_t word;
    memcpy(&word, &others, sizeof word);
    return word;
}

/* As nearly all hosts are. */
static bool is_usual_host(struct slice s) {
    if (s.len < sizeof(bytes8)) {
        return false;
    }
    uint64_t others = unusual(s.ptr + s.len - sizeof(bytes8));
    for (size_t i = 0; i + sizeof(bytes8) < s.len; i += sizeof(bytes8)) {
        others |= unusual(s.ptr + i);
    }
    return others == 0;
}

static size_t host_length(struct slice s) {
    size_t i = is_usual_host(s) ? s.len : 0;
    while (i < s.len && h1_is(s.ptr[i], H1_HOST)) {
        i++;
    }
    return i;
}

static bool is_ip_literal(struct slice s) { /* with a zone identifier, RFC 6874 */
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_HOST) && s.ptr[i] != ':') {
            return false;
        }
    }
    return true;
}

/* `text` follows the host: empty, or ":" and a port that may be empty (RFC 3986 section 3.2.3). */
static void read_port(struct authority *a, struct slice text) {
    if (text.len == 0) {
        return;
    }
    struct slice digits = slice_after(text, 1);
    unsigned value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!h1_is(digits.ptr[i], H1_DIGIT)) {
            a->has_port = true;
            a->odd = true;
            return;
        }
        value = value > UINT16_MAX ? value : value * 10 + (unsigned)(digits.ptr[i] - '0');
    }
    a->has_port = digits.len > 0;
    if (value > UINT16_MAX) {
        a->odd = true;
        return;
    }
    a->port = (uint16_t)value;
}

static void read_ip_literal(struct authority *a, struct slice s) {
    size_t end = slice_find(s, ']');
    struct slice rest = slice_after(s, end < s.len ? end + 1 : end);
    if (end == s.len || end == 1 || (rest.len && rest.ptr[0] != ':')) {
        a->odd = true; /* where the host ends can't be said: left unknown */
        return;
    }
    a->host = slice_make(s.ptr + 1, end - 1);
    a->is_ipv6 = true;
    if (!is_ip_literal(a->host) ||
        slice_find(a->host, ':') == a->host.len) { /* IPvFuture needs none, but no version of it exists */
        a->odd = true;
    }
    read_port(a, rest);
}

static struct authority read_authority(struct slice s) {
    struct authority a = {.userinfo = slice_make(s.ptr, 0), .host = slice_make(s.ptr, 0)};
    if (host_length(s) == s.len) { /* a host and nothing else */
        a.host = s;
        return a;
    }
    for (size_t i = s.len; i > 0; i--) {
        if (s.ptr[i - 1] == '@') {
            a.userinfo = slice_first(s, i - 1);
            a.has_userinfo = true;
            s = slice_after(s, i);
            break;
        }
    }
    a.host = slice_make(s.ptr, 0);
    if (s.len && s.ptr[0] == '[') {
        read_ip_literal(&a, s);
        return a;
    }
    size_t colon = slice_find(s, ':');
    struct slice after = slice_after(s, colon < s.len ? colon + 1 : colon);
    if (slice_find(after, ':') < after.len) {
        a.odd = true; /* an IPv6 address without brackets, or worse */
        return a;
    }
    a.host = slice_first(s, colon);
    if (host_length(a.host) < a.host.len || (a.host.len == 0 && s.len > 0)) {
        a.odd = true;
        a.host = slice_first(s, 0); /* what is no host names none (RFC 9110 section 7.2) */
    }
    read_port(&a, slice_after(s, colon));
    return a;
}

enum { HTTP_PORT = 80 };

static uint16_t default_port(struct slice scheme) {
    if (slice_is_nocase(scheme, "http") || slice_is_nocase(scheme, "ws")) {
        return HTTP_PORT;
    }
    if (slice_is_nocase(scheme, "https") || slice_is_nocase(scheme, "wss")) {
        return 443;
    }
    return slice_is_nocase(scheme, "ftp") ? 21 : 0;
}

static void take_authority(struct target *t, const struct authority *a, uint16_t port) {
    t->userinfo = a->userinfo;
    t->domain = a->host;
    t->domain_is_ipv6 = a->is_ipv6;
    t->has_port = a->has_port;
    t->port = a->has_port ? a->port : (a->host.len ? port : 0);
    t->oddities |= (a->odd ? TARGET_ODD_HOST_SYNTAX : 0) | (a->has_userinfo ? TARGET_ODD_USERINFO : 0);
}

/* [path] ["?" query] ["#" fragment] */
static void take_path(struct target *t, struct slice s) {
    size_t hash = slice_find(s, '#');
    t->oddities |= hash < s.len ? TARGET_ODD_FRAGMENT : 0;
    s = slice_first(s, hash);
    size_t question = slice_find(s, '?');
    t->path = slice_first(s, question);
    t->has_query = question < s.len;
    t->query = slice_after(s, t->has_query ? question + 1 : question);
}

/* The length of "scheme:" without its colon (RFC 3986 section 3.1), 0 without one. */
static size_t scheme_length(struct slice s) {
    if (s.len == 0 || !is_alpha(s.ptr[0])) {
        return 0;
    }
    size_t i = 1;
    while (i < s.len &&
           (is_alpha(s.ptr[i]) || h1_is(s.ptr[i], H1_DIGIT) || strchr("+-.", s.ptr[i] ? s.ptr[i] : ' '))) {
        i++;
    }
    return i < s.len && s.ptr[i] == ':' ? i : 0;
}

static bool same_authority(const struct authority *a, const struct authority *b, uint16_t port) {
    uint16_t port_a = a->has_port ? a->port : port;
    uint16_t port_b = b->has_port ? b->port : port;
    return a->is_ipv6 == b->is_ipv6 && slice_equal_nocase(a->host, b->host) && port_a == port_b;
}

/* No path is the path "/", but for OPTIONS, which then asks about the server as "*" does (RFC 9110
 * section 4.2.3, RFC 9112 section 3.2.4). */
static void default_path(struct target *t, bool options) {
    if (t->path.len == 0 && (!options || t->has_query)) {
        t->path = slice_of("/");
    }
}

/* `host`: NULL without one. */
static void parse_absolute(struct target *t, struct slice method, struct slice raw, size_t scheme,
                           const struct authority *host) {
    t->form = TARGET_ABSOLUTE;
    t->scheme = slice_first(raw, scheme);
    struct slice rest = slice_after(raw, scheme + 1);
    if (!slice_starts_with(rest, "//")) {
        take_path(t, rest); /* a URI without authority: a name, a mail address */
        return;
    }
    rest = slice_after(rest, 2);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#') {
        end++;
    }
    struct authority authority = read_authority(slice_first(rest, end));
    uint16_t port = default_port(t->scheme);
    take_authority(t, &authority, port);
    if (authority.host.len == 0) {
        t->oddities |= TARGET_ODD_HOST_SYNTAX;
    }
    if (host && !same_authority(&authority, host, port)) {
        t->oddities |= TARGET_ODD_HOST_MISMATCH;
    }
    take_path(t, slice_after(rest, end));
    default_path(t, slice_is(method, "OPTIONS"));
}

static void parse_authority(struct target *t, struct slice raw) {
    struct authority authority = read_authority(raw);
    t->form = TARGET_AUTHORITY;
    take_authority(t, &authority, 0);
}

/* host ":" 1*DIGIT without any of what makes another form. */
static bool looks_like_authority(struct slice raw) {
    size_t i = raw.len;
    while (i > 0 && h1_is(raw.ptr[i - 1], H1_DIGIT)) {
        i--;
    }
    return i > 1 && i < raw.len && raw.ptr[i - 1] == ':' && slice_find(raw, '/') == raw.len &&
           slice_find(raw, '?') == raw.len;
}

void target_parse(struct target *t, struct slice method, struct slice raw, struct slice host, bool has_host) {
    bool connect = slice_is(method, "CONNECT");
    const struct slice none = slice_make(raw.ptr, 0);
    /* each by itself: all at once is done by a string instruction */
    t->form = TARGET_INVALID;
    t->scheme = slice_of("http");
    t->userinfo = t->domain = t->path = t->query = none;
    t->domain_is_ipv6 = t->has_port = t->has_query = false;
    t->port = 0;
    t->oddities = 0;
    struct authority of_host = read_authority(host);
    size_t scheme = scheme_length(raw);
    if (raw.len && raw.ptr[0] == '/') {
        t->form = TARGET_ORIGIN;
        take_path(t, raw);
    } else if (slice_is(raw, "*")) {
        t->form = TARGET_ASTERISK;
    } else if (connect ? raw.len && !slice_starts_with(slice_after(raw, scheme), "://")
                       : looks_like_authority(raw)) {
        parse_authority(t, raw);
    } else if (scheme) {
        parse_absolute(t, method, raw, scheme, has_host ? &of_host : NULL);
    }
    bool own_authority = t->form == TARGET_ABSOLUTE || t->form == TARGET_AUTHORITY;
    if (has_host && !own_authority) {
        take_authority(t, &of_host, HTTP_PORT);
    } else if (has_host) {
        t->oddities |=
            (of_host.odd ? TARGET_ODD_HOST_SYNTAX : 0) | (of_host.has_userinfo ? TARGET_ODD_USERINFO : 0);
    }
    bool authority_fits = t->form == TARGET_AUTHORITY && connect && t->port != 0;
    bool asterisk_fits = t->form == TARGET_ASTERISK && slice_is(method, "OPTIONS");
    bool path_fits = (t->form == TARGET_ORIGIN || t->form == TARGET_ABSOLUTE) && !connect;
    if (!authority_fits && !asterisk_fits && !path_fits) {
        t->oddities |= TARGET_ODD_FORM;
    }
}
