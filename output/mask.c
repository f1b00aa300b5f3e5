/* SPDX-License-Identifier: Apache-2.0 */
#include "output/mask.h"

#include "output/masker.h"
#include "output/secret_names.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Does the colon at `i` end a name, unlike those of times, of ports behind digits and of a bare "://"? */
static bool is_name_colon(struct slice text, size_t i) {
    uint8_t before = i ? ascii_lower(text.ptr[i - 1]) : 0;
    return ((before >= 'a' && before <= 'z') || before == '"' || before == '\'' || before == ' ' ||
            before == '\t') &&
           (i + 1 == text.len || text.ptr[i + 1] != '/');
}

/* Has the text a byte that some secret comes with: of a pair, a userinfo, a percent-encoding of either? In a
 * URL every colon is one. */
static inline bool is_suspicious(struct slice text, bool url) {
    size_t i = 0;
#ifdef __SSE2__
    const __m128i equals = _mm_set1_epi8('='), at = _mm_set1_epi8('@'), percent = _mm_set1_epi8('%'),
                  colon = _mm_set1_epi8(':');
    for (; text.len - i >= 16; i += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + i));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(bytes, equals), _mm_cmpeq_epi8(bytes, at));
        if (_mm_movemask_epi8(_mm_or_si128(hit, _mm_cmpeq_epi8(bytes, percent)))) {
            return true;
        }
        for (unsigned left = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, colon)); left;
             left &= left - 1) {
            if (url || is_name_colon(text, i + (size_t)__builtin_ctz(left))) {
                return true;
            }
        }
    }
#endif
    for (; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (byte == '=' || byte == '@' || byte == '%' || (byte == ':' && (url || is_name_colon(text, i)))) {
            return true;
        }
    }
    return false;
}

struct slice mask_url(struct slice url, struct buf *scratch) {
    if (!is_suspicious(url, true)) {
        return url;
    }
    struct masker m = masker_of(url, scratch);
    masker_hide_url(&m);
    return masker_finish(&m);
}

struct slice mask_path(struct slice path, struct buf *scratch) {
    if (!is_suspicious(path, true)) {
        return path;
    }
    struct masker m = masker_of(path, scratch);
    masker_hide_path(&m);
    return masker_finish(&m);
}

struct slice mask_query(struct slice query, struct buf *scratch) {
    if (!is_suspicious(query, true)) {
        return query;
    }
    struct masker m = masker_of(query, scratch);
    masker_hide_query(&m);
    return masker_finish(&m);
}

bool mask_is_secret_parameter(struct slice name) {
    return secret_name_is_parameter(name) ||
           (secret_name_possible(name) && secret_name_field_kind(name) == FIELD_CREDENTIALS);
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

static bool is_letters(struct slice word) {
    size_t upper = 0;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t lower = ascii_lower(word.ptr[i]);
        if (lower < 'a' || lower > 'z') {
            return false;
        }
        upper += lower != word.ptr[i];
    }
    return upper == 0 || upper == word.len || (upper == 1 && ascii_lower(word.ptr[0]) != word.ptr[0]);
}

/* Reads like the name of a protocol ("graphql-ws", "v12.stomp", "k8s"), unlike what a machine drew: each of
 * its words is short and of one case, with two digits at most behind it, or is very short. */
static bool is_protocol_name(struct slice name) {
    enum { WORD_BYTES = 16, SHORT_BYTES = 3 };
    for (size_t from = 0, to; from < name.len; from = to + 1) {
        for (to = from; to < name.len && !strchr("-._/", name.ptr[to]); to++) {
        }
        struct slice word = slice_make(name.ptr + from, to - from);
        struct slice letters = word;
        while (letters.len && word.len - letters.len < 2 && letters.ptr[letters.len - 1] >= '0' &&
               letters.ptr[letters.len - 1] <= '9') {
            letters.len--;
        }
        if (word.len > SHORT_BYTES && (word.len > WORD_BYTES || !is_letters(letters))) {
            return false;
        }
    }
    return true;
}

/* Browsers can send no other field with a WebSocket's request, so tokens travel among the protocols' names.
 */
static void hide_protocols(struct masker *m) {
    static const char *const words[] = {"bearer", "auth", "token", "jwt", "key", "secret", "pass", "cred"};
    struct slice in = m->in;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (contains_nocase(in, words[i])) {
            masker_hide(m, 0, in.len);
            return;
        }
    }
    for (size_t from = 0, to; from < in.len; from = to + 1) {
        to = from + slice_find(slice_after(in, from), ',');
        struct slice name = slice_trim(slice_make(in.ptr + from, to - from));
        if (!is_protocol_name(name)) {
            masker_hide(m, (size_t)(name.ptr - in.ptr), to);
        }
    }
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
        hide_protocols(m);
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

/* RFC 9110 section 5.6.2: a bit for each of the first 128 characters. */
static bool is_token_byte(uint8_t c) {
    static const uint64_t bits[2] = {
        UINT64_C(0x03FF6CFA00000000), /* !#$%&'*+-. 0-9 */
        UINT64_C(0x57FFFFFFC7FFFFFE), /* A-Z ^_` a-z |~ */
    };
    return c < 0x80 && (bits[c >> 6] >> (c & 63) & 1);
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
    *end = 0;
    enum field_kind whole = secret_name_field_kind(name); /* control bytes inside the name */
    return whole != FIELD_OTHER && whole != FIELD_URL;
}

static bool is_token(struct slice name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_byte(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

enum field_kind mask_kind(struct slice name) {
    size_t end;
    if (!is_token(name)) {
        return has_secret_part(name, &end) ? FIELD_SECRET : FIELD_OTHER;
    }
    return secret_name_field_kind(name);
}

struct slice mask_value(enum field_kind kind, struct slice value, struct buf *scratch) {
    if (value.len == 0 || ((kind == FIELD_OTHER || kind == FIELD_URL) && !is_suspicious(value, false) &&
                           !starts_with_credentials(value))) {
        return value;
    }
    struct masker m = masker_of(value, scratch);
    hide_value(&m, kind);
    return masker_finish(&m);
}

struct slice mask_field(struct slice name, struct slice value, struct buf *scratch) {
    return mask_value(mask_kind(name), value, scratch);
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
