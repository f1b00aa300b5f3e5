/* SPDX-License-Identifier: Apache-2.0 */
#include "output/mask.h"

#include "analyzer/cookie_piece.h"
#include "output/masker.h"
#include "output/secret_names.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What keys are derived for. */
#define HASH_PURPOSE    "hark secrets 1"
#define ADDRESS_PURPOSE "hark addresses 1"

/* May the colon at `i` end a name, unlike those of times, of ports behind digits and of a bare "://"? */
static bool is_name_colon(struct slice text, size_t i) {
    struct slice after = slice_after(text, i + 1);
    if (i == 0 || (after.len > 2 && after.ptr[0] == '/' && after.ptr[1] == '/')) {
        return false;
    }
    if (!ascii_is_digit(text.ptr[i - 1]) || after.len == 0 || !ascii_is_digit(after.ptr[0])) {
        return text.ptr[i - 1] != ':';
    }
    while (i > 0 && ascii_is_digit(text.ptr[i - 1])) {
        i--;
    }
    uint8_t before = i ? ascii_lower(text.ptr[i - 1]) : 0;
    return before >= 'a' && before <= 'z';
}

#ifdef __SSE2__
/* Of bytes at `at` of the text: does one of them make it suspicious? */
static inline bool are_suspicious(__m128i bytes, struct slice text, size_t at, bool url) {
    __m128i hit =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('@')));
    hit = _mm_or_si128(hit, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%')));
    __m128i colon = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'));
    if (_mm_movemask_epi8(_mm_or_si128(hit, colon)) == 0) {
        return false;
    }
    bool found = url || _mm_movemask_epi8(hit);
    for (unsigned left = (unsigned)_mm_movemask_epi8(colon); left && !found; left &= left - 1) {
        found = is_name_colon(text, at + (size_t)__builtin_ctz(left));
    }
    return found;
}
#endif

/* Has the text a byte that some secret comes with: of a pair, a userinfo, a percent-encoding of either? In a
 * URL every colon is one. Bytes may be looked at twice. */
static inline bool is_suspicious(struct slice text, bool url) {
    static const bool candidates[256] = {['='] = true, ['@'] = true, ['%'] = true, [':'] = true};
    size_t i = 0;
#ifdef __SSE2__
    enum { WIDE = 16, HALF = 8, QUARTER = 4 };
    while (text.len >= WIDE) {
        if (are_suspicious(_mm_loadu_si128((const void *)(text.ptr + i)), text, i, url)) {
            return true;
        }
        i += WIDE;
        if (i == text.len) {
            return false;
        }
        i = text.len - i >= WIDE ? i : text.len - WIDE;
    }
    if (text.len >= HALF) {
        i = text.len - HALF;
        return are_suspicious(_mm_loadl_epi64((const void *)text.ptr), text, 0, url) ||
               are_suspicious(_mm_loadl_epi64((const void *)(text.ptr + i)), text, i, url);
    }
    if (text.len >= QUARTER) {
        int32_t first, last;
        i = text.len - QUARTER;
        memcpy(&first, text.ptr, sizeof first);
        memcpy(&last, text.ptr + i, sizeof last);
        return are_suspicious(_mm_cvtsi32_si128(first), text, 0, url) ||
               are_suspicious(_mm_cvtsi32_si128(last), text, i, url);
    }
#endif
    for (; i < text.len; i++) {
        if (candidates[text.ptr[i]] && (text.ptr[i] != ':' || url || is_name_colon(text, i))) {
            return true;
        }
    }
    return false;
}

bool mask_options_any(const struct mask_options *options) {
    return options->secrets || options->headers.count || options->queries.count ||
           options->anonymize_addresses;
}

/* What works with a key has one of its own. */
static bool make_keyed_parts(struct mask *mask, const struct mask_options *options) {
    _Static_assert((int)ANONYMIZER_KEY_BYTES == (int)KEYED_HASH_BYTES, "a hash is a key");
    uint8_t key[KEYED_HASH_BYTES] = {0};
    bool ok = true;
    if (options->hash_secrets) {
        ok = keyed_hash_derive(options->key, HASH_PURPOSE, key);
        mask->hash = ok ? keyed_hash_new(slice_make(key, sizeof key)) : NULL;
        ok = mask->hash != NULL;
    }
    if (options->anonymize_addresses) {
        ok = ok && keyed_hash_derive(options->key, ADDRESS_PURPOSE, key);
        mask->addresses = ok ? anonymizer_new(key) : NULL;
        ok = mask->addresses != NULL;
    }
    OPENSSL_cleanse(key, sizeof key);
    return ok;
}

static bool make_parts(struct mask *mask, const struct mask_options *options) {
    bool ok = true;
    mask->secrets = options->secrets;
    if (options->headers.count) {
        mask->headers = redaction_new(&options->headers);
        ok = mask->headers != NULL;
    }
    if (options->queries.count) {
        mask->queries = redaction_new(&options->queries);
        ok = ok && mask->queries != NULL;
    }
    return ok && make_keyed_parts(mask, options);
}

struct mask *mask_new(const struct mask_options *options, size_t cap, struct memory *memory) {
    struct mask *mask = calloc(1, sizeof *mask);
    if (!mask) {
        return NULL;
    }
    buf_init(&mask->work, cap);
    buf_charge(&mask->work, memory);
    if (!make_parts(mask, options)) {
        mask_free(mask);
        return NULL;
    }
    return mask;
}

void mask_free(struct mask *mask) {
    if (mask) {
        keyed_hash_free(mask->hash);
        redaction_free(mask->headers);
        redaction_free(mask->queries);
        anonymizer_free(mask->addresses);
        buf_fini(&mask->work);
        free(mask);
    }
}

bool mask_redacts_header(const struct mask *mask, struct slice name) {
    return mask->headers && redaction_has(mask->headers, name);
}

size_t mask_failures(const struct mask *mask) {
    return mask->failures + (mask->addresses ? anonymizer_failures(mask->addresses) : 0);
}

struct address mask_address(struct mask *mask, const struct address *address) {
    return mask_hides_addresses(mask) ? anonymizer_map(mask->addresses, address) : *address;
}

/* `shown`, which may be what `scratch` holds, with other addresses. */
__attribute__((noinline)) static struct slice other_addresses(struct mask *mask, enum address_places places,
                                                              struct slice shown, struct buf *scratch) {
    struct slice text = address_scan(mask->addresses, places, shown, &mask->work);
    if (text.ptr == shown.ptr) {
        return shown;
    }
    buf_clear(scratch);
    if (!text.ptr || !buf_append_slice(scratch, text)) {
        scratch->failed = true;
        return slice_of(MASK_MARK);
    }
    return buf_slice(scratch);
}

/* Mostly there is none. */
static inline struct slice last_step(struct mask *mask, enum address_places places, struct slice shown,
                                     struct buf *scratch) {
    return mask->addresses ? other_addresses(mask, places, shown, scratch) : shown;
}

struct slice mask_host(struct mask *mask, struct slice host, struct buf *scratch) {
    return last_step(mask, ADDRESSES_ANYWHERE, host, scratch);
}

/* Is text searched for secrets? */
static bool searches_text(const struct mask *mask) {
    return mask->secrets || mask->queries || mask->headers;
}

/* Runs a pass over what may hold secrets. */
static struct slice hide_secrets(struct mask *mask, struct slice text, struct buf *scratch,
                                 void (*hide)(struct masker *)) {
    if (!searches_text(mask) || !is_suspicious(text, true)) {
        return text;
    }
    struct masker m = masker_of(mask, text, scratch);
    hide(&m);
    return masker_finish(&m);
}

/* A web URL without userinfo, port, pairs and percent-encodings, as an origin and many a Referer. */
static bool is_plain_url(struct slice url) {
    static const struct slice starts[] = {{(const uint8_t *)"http://", 7}, {(const uint8_t *)"https://", 8}};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (slice_equal(slice_first(url, starts[i].len), starts[i])) {
            return !is_suspicious(slice_after(url, starts[i].len), true);
        }
    }
    return false;
}

struct slice mask_url(struct mask *mask, struct slice url, struct buf *scratch) {
    struct slice shown = is_plain_url(url) ? url : hide_secrets(mask, url, scratch, masker_hide_url);
    return last_step(mask, ADDRESSES_ANYWHERE, shown, scratch);
}

bool mask_shows_url(const struct mask *mask, struct slice url) {
    return !mask->addresses && !is_suspicious(url, true);
}

struct slice mask_path(struct mask *mask, struct slice path, struct buf *scratch) {
    return last_step(mask, ADDRESSES_ANYWHERE, hide_secrets(mask, path, scratch, masker_hide_path), scratch);
}

struct slice mask_query(struct mask *mask, struct slice query, struct buf *scratch) {
    return last_step(mask, ADDRESSES_ANYWHERE, hide_secrets(mask, query, scratch, masker_hide_query),
                     scratch);
}

struct slice mask_userinfo(struct mask *mask, struct slice userinfo, struct buf *scratch) {
    if (!mask->secrets) {
        return last_step(mask, ADDRESSES_ANYWHERE, userinfo, scratch);
    }
    struct masker m = masker_of(mask, userinfo, scratch);
    masker_hide(&m, 0, userinfo.len);
    return masker_finish(&m);
}

bool mask_holds_secret(struct mask *mask, struct slice url, struct buf *scratch) {
    return hide_secrets(mask, url, scratch, masker_hide_url).ptr != url.ptr;
}

bool mask_is_secret_parameter(struct slice name) {
    return secret_name_is_parameter(name) ||
           (secret_name_possible(name) && secret_name_field_kind(name) == FIELD_CREDENTIALS);
}

/* The scheme at the start; empty where there is none that may be shown, or nothing behind it. */
static struct slice scheme_of(struct slice value) {
    value = masker_without_blanks(value);
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (masker_is_blank(c) || c > 0x7f || c == ':' || c == '%') {
            struct slice scheme = slice_first(value, i);
            return slice_first(scheme, secret_name_is_scheme(scheme) ? i : 0);
        }
    }
    return slice_first(value, 0);
}

static bool starts_with_credentials(struct slice value) {
    value = masker_without_blanks(value);
    uint8_t first = value.len > 1 ? ascii_lower(value.ptr[0]) : 0;
    uint8_t second = first == 'b' || first == 'n' ? ascii_lower(value.ptr[1]) : 0;
    if (second != 'e' && second != (first == 'b' ? 'a' : 't')) {
        return false;
    }
    struct slice scheme = scheme_of(value);
    return slice_is_nocase(scheme, "bearer") || slice_is_nocase(scheme, "basic") ||
           slice_is_nocase(scheme, "negotiate") || slice_is_nocase(scheme, "ntlm");
}

/* The same of what should be a URL: "basic:80" may be one, or an authority. */
static bool starts_like_no_url(struct slice value) {
    if (!starts_with_credentials(value)) {
        return false;
    }
    struct slice scheme = scheme_of(value);
    uint8_t end = scheme.ptr[scheme.len];
    return end != ':' && end != '%';
}

/* All behind the scheme, if there is one; an octet that ends it is shown, but not a part of its encoding. */
static void hide_behind_scheme(struct masker *m) {
    struct slice scheme = scheme_of(m->in);
    size_t end = scheme.len ? (size_t)(scheme.ptr + scheme.len - m->in.ptr) : 0;
    masker_hide(m, end + (scheme.len && m->in.ptr[end] < 0x80 && m->in.ptr[end] != '%'), m->in.len);
}

static void hide_cookies(struct masker *m) {
    struct slice in = m->in;
    for (size_t from = 0; from < in.len;) {
        size_t equals, to = from + cookie_piece_end(slice_after(in, from), &equals);
        equals += from;
        while (from < to && (in.ptr[from] == ' ' || in.ptr[from] == '\t')) {
            from++;
        }
        masker_hide(m, equals < to ? equals + 1 : from, to);
        from = to + 1;
    }
}

/* Has Set-Cookie an attribute of that name? */
static bool is_attribute(struct slice name) {
    switch (name.len) {
    case 4:
        return slice_is_nocase(name, "Path");
    case 6:
        return slice_is_nocase(name, "Secure") || slice_is_nocase(name, "Domain");
    case 7:
        return slice_is_nocase(name, "Max-Age") || slice_is_nocase(name, "Expires") ||
               slice_is_nocase(name, "Version");
    case 8:
        return slice_is_nocase(name, "HttpOnly") || slice_is_nocase(name, "SameSite") ||
               slice_is_nocase(name, "Priority");
    case 11:
        return slice_is_nocase(name, "Partitioned");
    default:
        return false;
    }
}

static bool has_blank(struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        if (masker_is_blank(text.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* An attribute of Set-Cookie whose value, if it is no pair itself and no second line, is no secret. */
static bool is_plain_attribute(struct slice name, struct slice value) {
    value = slice_trim(value);
    return is_attribute(name) &&
           (!is_suspicious(value, false) || (slice_find(value, '=') == value.len &&
                                             slice_find(value, '%') == value.len && !has_blank(value)));
}

static void hide_set_cookie(struct masker *m) {
    struct slice in = m->in;
    for (size_t from = 0, pair = 0; from < in.len; pair++) {
        size_t equals, to = from + cookie_piece_end(slice_after(in, from), &equals);
        struct slice piece = slice_make(in.ptr + from, to - from);
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
        hide_behind_scheme(m);
        return;
    case FIELD_CHALLENGE:
        if (starts_with_credentials(value) && !contains_nocase(value, "realm")) {
            hide_behind_scheme(m);
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
        if (m->mask->secrets && starts_like_no_url(value)) {
            hide_behind_scheme(m);
            return;
        }
        masker_hide_url(m);
        return;
    case FIELD_OTHER:
        if (m->mask->secrets && starts_with_credentials(value)) {
            hide_behind_scheme(m);
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

static enum field_kind kind_of(const struct mask *mask, struct slice name) {
    if (mask_redacts_header(mask, name)) {
        return FIELD_SECRET;
    }
    enum field_kind kind = secret_name_field_kind(name);
    return mask->secrets || kind == FIELD_URL ? kind : FIELD_OTHER;
}

/* A name that is no token: is some part of it the name of a secret's field? Then *end is where that part
 * ends, if nothing but separators stands before it, else 0. */
static bool has_secret_part(const struct mask *mask, struct slice name, size_t *end) {
    bool first = true;
    for (size_t from = 0; from < name.len;) {
        size_t to = from;
        while (to < name.len && is_token_byte(name.ptr[to])) {
            to++;
        }
        enum field_kind kind = kind_of(mask, slice_make(name.ptr + from, to - from));
        if (kind != FIELD_OTHER && kind != FIELD_URL) {
            *end = first ? to : 0;
            return true;
        }
        first = first && to == from;
        from = to + 1;
    }
    *end = 0;
    enum field_kind whole = kind_of(mask, name); /* control bytes inside the name */
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

struct mask_kind mask_kind(const struct mask *mask, struct slice name) {
    size_t end;
    enum field_kind kind = is_token(name)                      ? kind_of(mask, name)
                           : has_secret_part(mask, name, &end) ? FIELD_SECRET
                                                               : FIELD_OTHER;
    enum address_places places = mask->addresses ? address_places_of(name) : ADDRESSES_NOWHERE;
    return (struct mask_kind){(uint8_t)kind, (uint8_t)places};
}

/* Surely without a secret. */
static bool is_harmless(const struct mask *mask, enum field_kind kind, struct slice value) {
    if (value.len == 0) {
        return true;
    }
    if (kind != FIELD_OTHER && kind != FIELD_URL) {
        return false;
    }
    return !searches_text(mask) ||
           (!is_suspicious(value, false) && !(mask->secrets && starts_with_credentials(value)));
}

bool mask_shows(const struct mask *mask, struct mask_kind kind, struct slice value) {
    return !mask->addresses && is_harmless(mask, (enum field_kind)kind.field, value);
}

struct slice mask_value(struct mask *mask, struct mask_kind kind, struct slice value, struct buf *scratch) {
    struct slice shown = value;
    if (!is_harmless(mask, (enum field_kind)kind.field, value)) {
        struct masker m = masker_of(mask, value, scratch);
        hide_value(&m, (enum field_kind)kind.field);
        shown = masker_finish(&m);
    }
    return last_step(mask, (enum address_places)kind.places, shown, scratch);
}

struct slice mask_field(struct mask *mask, struct slice name, struct slice value, struct buf *scratch) {
    return mask_value(mask, mask_kind(mask, name), value, scratch);
}

struct slice mask_field_name(struct mask *mask, struct slice name, struct buf *scratch) {
    size_t end;
    struct slice shown = name;
    if (!is_token(name) && searches_text(mask)) {
        struct masker m = masker_of(mask, name, scratch);
        if (has_secret_part(mask, name, &end)) {
            end = end > 0 ? masker_skip_blanks(name.ptr, end, name.len) : end;
            masker_hide(&m, end, name.len);
        } else {
            masker_hide_text(&m);
        }
        shown = masker_finish(&m);
    }
    return last_step(mask, ADDRESSES_ANYWHERE, shown, scratch);
}
