/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/structured_dictionary.h"

#include "analyzer/h1_syntax.h"

static bool at(struct slice s, uint8_t c) {
    return s.len && s.ptr[0] == c;
}

static void skip(struct slice *s, bool tabs) {
    while (at(*s, ' ') || (tabs && at(*s, '\t'))) {
        *s = slice_after(*s, 1);
    }
}

static bool is_lower(uint8_t c) {
    return c >= 'a' && c <= 'z';
}

static struct slice take(struct slice *s, size_t len) {
    struct slice taken = slice_first(*s, len);
    *s = slice_after(*s, len);
    return taken;
}

/* ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" ) */
static bool take_key(struct slice *s, struct slice *key) {
    size_t len = 0;
    if (s->len && (is_lower(s->ptr[0]) || s->ptr[0] == '*')) {
        while (len < s->len && (is_lower(s->ptr[len]) || h1_is(s->ptr[len], H1_DIGIT) || s->ptr[len] == '_' ||
                                s->ptr[len] == '-' || s->ptr[len] == '.' || s->ptr[len] == '*')) {
            len++;
        }
    }
    *key = take(s, len);
    return len > 0;
}

static size_t digits_at(struct slice s, size_t from) {
    size_t i = from;
    while (i < s.len && h1_is(s.ptr[i], H1_DIGIT)) {
        i++;
    }
    return i - from;
}

/* ["-"] 1*15DIGIT, or ["-"] 1*12DIGIT "." 1*3DIGIT. */
static bool take_number(struct slice *s, struct structured_member *m) {
    enum { INTEGER_DIGITS = 15, WHOLE_DIGITS = 12, FRACTION_DIGITS = 3 };
    size_t sign = at(*s, '-'), whole = digits_at(*s, sign), end = sign + whole;
    bool decimal = end < s->len && s->ptr[end] == '.';
    size_t fraction = decimal ? digits_at(*s, end + 1) : 0;
    m->kind = decimal ? STRUCTURED_DECIMAL : STRUCTURED_INTEGER;
    m->value = take(s, end + decimal + fraction);
    return whole > 0 && (decimal ? whole <= WHOLE_DIGITS && fraction > 0 && fraction <= FRACTION_DIGITS
                                 : whole <= INTEGER_DIGITS);
}

/* Behind the opening quote. In display strings a percent sign takes the place of the backslash. */
static bool take_string(struct slice *s, struct slice *value, bool display) {
    for (size_t i = 0; i < s->len; i++) {
        uint8_t c = s->ptr[i];
        if (c == '"') {
            *value = take(s, i + 1);
            value->len--;
            return true;
        }
        bool escape = c == '\\' && !display;
        i += escape;
        if (c < ' ' || c > '~' || (escape && (i == s->len || (s->ptr[i] != '"' && s->ptr[i] != '\\')))) {
            return false;
        }
        if (display && c == '%' &&
            (s->len - i < 3 || !h1_is(s->ptr[i + 1], H1_HEX) || !h1_is(s->ptr[i + 2], H1_HEX))) {
            return false;
        }
    }
    return false;
}

/* :base64: */
static bool take_bytes(struct slice *s, struct slice *value) {
    size_t end = 1;
    while (end < s->len && s->ptr[end] != ':') {
        uint8_t c = s->ptr[end++];
        if (!is_lower(ascii_lower(c)) && !h1_is(c, H1_DIGIT) && c != '+' && c != '/' && c != '=') {
            return false;
        }
    }
    bool closed = end < s->len;
    *value = take(s, end + closed);
    return closed;
}

static bool take_token(struct slice *s, struct structured_member *m) {
    size_t len = 0;
    while (len < s->len && (h1_is(s->ptr[len], H1_TOKEN) || s->ptr[len] == ':' || s->ptr[len] == '/')) {
        len++;
    }
    m->kind = STRUCTURED_TOKEN;
    m->value = take(s, len);
    return true;
}

static bool take_item(struct slice *s, struct structured_member *m) {
    uint8_t c = s->len ? s->ptr[0] : 0, second = s->len > 1 ? s->ptr[1] : 0;
    struct structured_member number;
    m->kind = STRUCTURED_OTHER;
    if (c == '-' || h1_is(c, H1_DIGIT)) {
        return take_number(s, m);
    }
    if (c == '"') {
        m->kind = STRUCTURED_STRING;
        (void)take(s, 1);
        return take_string(s, &m->value, false);
    }
    if (c == '?') {
        m->kind = second == '1' ? STRUCTURED_TRUE : STRUCTURED_FALSE;
        m->value = take(s, 2);
        return second == '0' || second == '1';
    }
    if (c == ':') {
        return take_bytes(s, &m->value);
    }
    if (c == '%' && second == '"') {
        (void)take(s, 2);
        return take_string(s, &m->value, true);
    }
    if (c == '@') {
        (void)take(s, 1);
        bool date = (at(*s, '-') || digits_at(*s, 0)) && take_number(s, &number);
        m->value = date ? number.value : m->value;
        return date && number.kind == STRUCTURED_INTEGER;
    }
    return (is_lower(ascii_lower(c)) || c == '*') && take_token(s, m);
}

/* *( ";" *SP key [ "=" bare-item ] ) */
static bool pass_parameters(struct slice *s) {
    while (at(*s, ';')) {
        struct structured_member parameter;
        (void)take(s, 1);
        skip(s, false);
        if (!take_key(s, &parameter.key)) {
            return false;
        }
        if (at(*s, '=')) {
            (void)take(s, 1);
            if (!take_item(s, &parameter)) {
                return false;
            }
        }
    }
    return true;
}

/* "(" items with parameters, divided by spaces ")" */
static bool take_inner_list(struct slice *s, struct structured_member *m) {
    struct structured_member item;
    struct slice begun = *s;
    (void)take(s, 1);
    for (;;) {
        skip(s, false);
        if (at(*s, ')')) {
            (void)take(s, 1);
            m->kind = STRUCTURED_OTHER;
            m->value = slice_first(begun, begun.len - s->len);
            return true;
        }
        if (!take_item(s, &item) || !pass_parameters(s) || !(at(*s, ' ') || at(*s, ')'))) {
            return false;
        }
    }
}

static bool take_member(struct slice *s, struct structured_member *m) {
    *m = (struct structured_member){.kind = STRUCTURED_TRUE};
    if (!take_key(s, &m->key)) {
        return false;
    }
    m->value = slice_first(*s, 0);
    if (at(*s, '=')) {
        (void)take(s, 1);
        if (!(at(*s, '(') ? take_inner_list(s, m) : take_item(s, m))) {
            return false;
        }
    }
    return pass_parameters(s);
}

bool structured_member_next(struct slice *rest, struct structured_member *m) {
    if (rest->ptr == NULL) {
        return false;
    }
    skip(rest, true);
    if (rest->len == 0) {
        *rest = slice_make(NULL, 0);
        return false;
    }
    struct slice begun = *rest;
    if (!take_member(rest, m)) {
        *rest = begun;
        return false;
    }
    skip(rest, true);
    if (rest->len == 0) {
        *rest = slice_make(NULL, 0); /* the next call ends */
        return true;
    }
    begun = *rest;
    bool divided = at(*rest, ',');
    (void)take(rest, divided);
    skip(rest, true);
    if (!divided || rest->len == 0) { /* no comma, or nothing behind it */
        *rest = begun;
        return false;
    }
    return true;
}
