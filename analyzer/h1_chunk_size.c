/* SPDX-License-Identifier: Apache-2.0 */
/* The line before a chunk: its size and extensions (RFC 9112 section 7.1). */
#include "analyzer/h1_syntax.h"

/* More than 16 hex digits are only zeros in front. */
enum { DIGITS_IN_64_BITS = 16 };

static uint8_t hex_value(uint8_t c) {
    return (uint8_t)(h1_is(c, H1_DIGIT) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static size_t skip_blanks(struct slice s, size_t at) {
    while (at < s.len && h1_is(s.ptr[at], H1_OWS)) {
        at++;
    }
    return at;
}

static size_t skip_token(struct slice s, size_t at) {
    while (at < s.len && h1_is(s.ptr[at], H1_TOKEN)) {
        at++;
    }
    return at;
}

/* A quoted-string (RFC 9110 section 5.6.4) at `at`; returns `at` itself when it is not closed. */
static size_t skip_quoted(struct slice s, size_t at) {
    for (size_t i = at + 1; i < s.len; i++) {
        if (s.ptr[i] == '"') {
            return i + 1;
        }
        if (s.ptr[i] == '\\') {
            i++;
        }
    }
    return at;
}

/* *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) */
static bool extensions_are_proper(struct slice s) {
    size_t at = skip_blanks(s, 0);
    while (at < s.len) {
        if (s.ptr[at] != ';') {
            return false;
        }
        size_t name = skip_blanks(s, at + 1);
        at = skip_token(s, name);
        if (at == name) {
            return false;
        }
        size_t equals = skip_blanks(s, at);
        if (equals < s.len && s.ptr[equals] == '=') {
            size_t value = skip_blanks(s, equals + 1);
            at = value < s.len && s.ptr[value] == '"' ? skip_quoted(s, value) : skip_token(s, value);
            if (at == value) {
                return false;
            }
        }
        at = skip_blanks(s, at);
    }
    return h1_control_oddities(s) == 0;
}

bool h1_read_chunk_size(struct slice text, bool cut, uint64_t *size, uint32_t *oddities) {
    size_t at = 0;
    if (text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] | 0x20) == 'x' && h1_is(text.ptr[2], H1_HEX)) {
        *oddities |= H1_ODD_CHUNK_SIZE;
        at = 2;
    }
    size_t digits = at;
    uint64_t value = 0;
    for (; at < text.len && h1_is(text.ptr[at], H1_HEX); at++) {
        if (value > (uint64_t)INT64_MAX >> 4) {
            return false;
        }
        value = value << 4 | hex_value(text.ptr[at]);
    }
    if (at == digits || (cut && at == text.len)) {
        return false;
    }
    if (at - digits > DIGITS_IN_64_BITS) {
        *oddities |= H1_ODD_CHUNK_SIZE;
    }
    struct slice rest = slice_after(text, at);
    if (rest.len && skip_blanks(rest, 0) == rest.len) {
        *oddities |= H1_ODD_CHUNK_SIZE; /* padding, as some old servers write it */
    } else if (!cut && !extensions_are_proper(rest)) {
        *oddities |= H1_ODD_CHUNK_EXTENSION;
    }
    *size = value;
    return true;
}
