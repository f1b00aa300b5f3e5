/* SPDX-License-Identifier: Apache-2.0 */
#include "output/mask.h"

#include "output/masker.h"
#include "output/secret_names.h"

struct slice mask_url(struct slice url, struct buf *scratch) {
    struct masker m = masker_of(url, scratch);
    masker_hide_url(&m);
    return masker_finish(&m);
}

struct slice mask_path(struct slice path, struct buf *scratch) {
    struct masker m = masker_of(path, scratch);
    masker_hide_path(&m);
    return masker_finish(&m);
}

struct slice mask_query(struct slice query, struct buf *scratch) {
    struct masker m = masker_of(query, scratch);
    masker_hide_query(&m);
    return masker_finish(&m);
}

bool mask_is_secret_parameter(struct slice name) {
    return secret_name_is_parameter(name) ||
           (secret_name_possible(name) && secret_name_field_kind(name) == FIELD_CREDENTIALS);
}

/* Bytes that some secret in a text comes with: a pair, a userinfo, a percent-encoding of either. */
static bool is_suspicious(struct slice text) {
    unsigned seen = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        seen |= (unsigned)(byte == '=') | (unsigned)(byte == '@') | (unsigned)(byte == '%');
    }
    return seen != 0;
}

/* The scheme at the start, with the space behind it; 0 where there is none that may be shown. */
static size_t scheme_len(struct slice value) {
    size_t space = slice_find(value, ' ');
    return space < value.len && secret_name_is_scheme(slice_first(value, space)) ? space + 1 : 0;
}

static bool starts_with_credentials(struct slice value) {
    uint8_t first = value.len ? ascii_lower(value.ptr[0]) : 0;
    if (first != 'b' && first != 'n') {
        return false;
    }
    size_t len = scheme_len(value);
    struct slice scheme = slice_first(value, len ? len - 1 : 0);
    return slice_is_nocase(scheme, "bearer") || slice_is_nocase(scheme, "basic") ||
           slice_is_nocase(scheme, "negotiate") || slice_is_nocase(scheme, "ntlm");
}

static void hide_cookies(struct masker *m) {
    struct slice in = m->in;
    for (size_t from = 0; from < in.len;) {
        size_t to = from + slice_find(slice_make(in.ptr + from, in.len - from), ';');
        while (from < to && (in.ptr[from] == ' ' || in.ptr[from] == '\t')) {
            from++;
        }
        size_t equals = from + slice_find(slice_make(in.ptr + from, to - from), '=');
        masker_hide(m, equals < to ? equals + 1 : from, to);
        from = to + 1;
    }
}

/* An attribute of Set-Cookie whose value, if it is no pair itself, is no secret. */
static bool is_plain_attribute(struct slice name, struct slice value) {
    static const char *const names[] = {"Path",     "Domain",   "Expires",  "Max-Age",     "Secure",
                                        "HttpOnly", "SameSite", "Priority", "Partitioned", "Version"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_is_nocase(name, names[i])) {
            return slice_find(value, '=') == value.len && slice_find(value, '%') == value.len;
        }
    }
    return false;
}

static void hide_set_cookie(struct masker *m) {
    struct slice in = m->in;
    for (size_t from = 0, pair = 0; from < in.len; pair++) {
        size_t to = from + slice_find(slice_make(in.ptr + from, in.len - from), ';');
        struct slice piece = slice_make(in.ptr + from, to - from);
        size_t equals = slice_find(piece, '=');
        struct slice name = slice_trim(slice_first(piece, equals)), value = slice_after(piece, equals + 1);
        if (pair == 0 || !is_plain_attribute(name, value)) {
            size_t blank = (size_t)(name.ptr - in.ptr);
            masker_hide(m, equals < piece.len ? from + equals + 1 : blank, to);
        }
        from = to + 1;
    }
}

static bool contains_nocase(struct slice text, const char *word) {
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (slice_is_nocase(slice_make(text.ptr + i, len), word)) {
            return true;
        }
    }
    return false;
}

static void hide_value(struct masker *m, enum field_kind kind) {
    struct slice value = m->in;
    switch (kind) {
    case FIELD_SECRET:
        masker_hide(m, 0, value.len);
        return;
    case FIELD_CREDENTIALS:
        masker_hide(m, scheme_len(value), value.len);
        return;
    case FIELD_CHALLENGE:
        if (starts_with_credentials(value) && !contains_nocase(value, "realm")) {
            masker_hide(m, scheme_len(value), value.len);
            return;
        }
        masker_hide_text(m);
        return;
    case FIELD_COOKIE:
        hide_cookies(m);
        return;
    case FIELD_SET_COOKIE:
        hide_set_cookie(m);
        return;
    case FIELD_PROTOCOLS:
        if (contains_nocase(value, "bearer") || contains_nocase(value, "auth") ||
            contains_nocase(value, "token")) {
            masker_hide(m, 0, value.len);
            return;
        }
        masker_hide_text(m);
        return;
    case FIELD_URL:
        masker_hide_url(m);
        return;
    case FIELD_OTHER:
        if (starts_with_credentials(value)) {
            masker_hide(m, scheme_len(value), value.len);
            return;
        }
        masker_hide_text(m);
        return;
    }
}

static bool is_token_byte(uint8_t c) {
    static const char others[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 section 5.6.2 */
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           (c && strchr(others, c) != NULL);
}

/* A name that is no token: is some part of it the name of a secret's field? Then *end is where that part
 * ends, if nothing but separators stands before it, else 0. */
static bool has_secret_part(struct slice name, size_t *end) {
    bool first = true;
    for (size_t from = 0; from < name.len;) {
        size_t to = from;
        while (to < name.len && is_token_byte(name.ptr[to])) {
            to++;
        }
        enum field_kind kind = secret_name_field_kind(slice_make(name.ptr + from, to - from));
        if (kind != FIELD_OTHER && kind != FIELD_URL) {
            *end = first ? to : 0;
            return true;
        }
        first = first && to == from;
        from = to + 1;
    }
    return false;
}

static bool is_token(struct slice name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_byte(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

struct slice mask_field(struct slice name, struct slice value, struct buf *scratch) {
    enum field_kind kind = FIELD_OTHER;
    size_t end;
    if (value.len == 0) {
        return value;
    }
    if (!is_token(name)) {
        kind = has_secret_part(name, &end) ? FIELD_SECRET : FIELD_OTHER;
    } else if (secret_name_possible(name)) {
        kind = secret_name_field_kind(name);
    }
    if ((kind == FIELD_OTHER || kind == FIELD_URL) && !is_suspicious(value) &&
        !starts_with_credentials(value)) {
        return value;
    }
    struct masker m = masker_of(value, scratch);
    hide_value(&m, kind == FIELD_OTHER ? secret_name_field_kind(name) : kind);
    return masker_finish(&m);
}

struct slice mask_field_name(struct slice name, struct buf *scratch) {
    size_t end;
    if (is_token(name)) {
        return name;
    }
    struct masker m = masker_of(name, scratch);
    if (has_secret_part(name, &end)) {
        while (end > 0 && end < name.len && (name.ptr[end] == ' ' || name.ptr[end] == '\t')) {
            end++;
        }
        masker_hide(&m, end, name.len);
    } else {
        masker_hide_text(&m);
    }
    return masker_finish(&m);
}
