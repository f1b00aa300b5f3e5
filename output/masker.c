/* SPDX-License-Identifier: Apache-2.0 */
#include "output/masker.h"

#include "output/secret_names.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { DECODE_DEPTH = 3 }; /* percent-encodings inside each other that are looked into */

enum region {
    REGION_PATH,  /* a secret ends at "?" and "#" only */
    REGION_QUERY, /* ... at "&" only */
    REGION_TEXT,  /* ... where ends_value says */
};

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; returns the new length. */
static size_t percent_decode(uint8_t *bytes, size_t len) {
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '%' && len - i > 2 && hex_value(bytes[i + 1]) >= 0 && hex_value(bytes[i + 2]) >= 0) {
            bytes[to++] = (uint8_t)(hex_value(bytes[i + 1]) << 4 | hex_value(bytes[i + 2]));
            i += 2;
        } else {
            bytes[to++] = bytes[i];
        }
    }
    return to;
}

/* The secret as it is the same wherever it stands: without the blanks and quotes around it. */
static struct slice bare(struct slice secret) {
    while (secret.len && masker_is_blank(secret.ptr[secret.len - 1])) {
        secret.len--;
    }
    secret = masker_without_blanks(secret);
    if (secret.len > 1 && secret.ptr[0] == '"' && secret.ptr[secret.len - 1] == '"') {
        secret = slice_make(secret.ptr + 1, secret.len - 2);
    }
    return secret;
}

/* Appends the mark and the hash of the secret, percent-decoded behind `out`'s end. */
static bool put_mark(struct mask *mask, struct slice secret, struct buf *out) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[KEYED_HASH_BYTES], text[2 * MASK_HASH_BYTES];
    secret = bare(secret);
    if (slice_find(secret, '%') < secret.len) {
        uint8_t *decoded = buf_reserve(out, secret.len);
        if (!decoded) {
            return false;
        }
        (void)slice_put(secret, decoded);
        secret = slice_make(decoded, percent_decode(decoded, secret.len));
    }
    bool hashed = keyed_hash_of(mask->hash, secret, digest);
    mask->failures += !hashed;
    for (size_t i = 0; i < MASK_HASH_BYTES; i++) {
        text[2 * i] = (uint8_t)digits[digest[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[digest[i] & 0xF];
    }
    return buf_append(out, MASK_MARK, sizeof MASK_MARK - 1) &&
           (!hashed || buf_append(out, text, sizeof text));
}

/* What stands before the secret, and what stands for it. False without room. */
static bool put_hidden(struct masker *m, size_t from, size_t to) {
    enum { MARK = sizeof MASK_MARK - 1 };
    struct slice before = slice_make(m->in.ptr + m->copied, from - m->copied);
    if (m->mask->hash) {
        return buf_append_slice(m->out, before) &&
               put_mark(m->mask, slice_make(m->in.ptr + from, to - from), m->out);
    }
    uint8_t *end = buf_reserve(m->out, before.len + MARK);
    if (!end) {
        return false;
    }
    memcpy(slice_put(before, end), MASK_MARK, MARK);
    m->out->len += before.len + MARK;
    return true;
}

void masker_hide(struct masker *m, size_t from, size_t to) {
    from = from > m->copied ? from : m->copied;
    if (from >= to) {
        return;
    }
    m->found = true;
    m->failed |= m->out && !put_hidden(m, from, to);
    m->copied = to;
}

struct masker masker_of(struct mask *mask, struct slice in, struct buf *scratch) {
    buf_clear(scratch);
    return (struct masker){.mask = mask, .in = in, .out = scratch};
}

struct slice masker_finish(struct masker *m) {
    if (!m->found) {
        return m->in;
    }
    if (m->failed || !buf_append(m->out, m->in.ptr + m->copied, m->in.len - m->copied)) {
        m->out->failed = true;
        return slice_of(MASK_MARK);
    }
    return buf_slice(m->out);
}

/* Most bytes are none of those that a loop looks for. */
#define ENDS_PATH      ['?'] = true, ['#'] = true
#define ENDS_AUTHORITY ENDS_PATH, ['/'] = true, ['\\'] = true, ['"'] = true, ['<'] = true, ['>'] = true

static inline size_t find_any(const uint8_t *bytes, size_t from, size_t to, const bool wanted[256]) {
    while (from < to && !wanted[bytes[from]]) {
        from++;
    }
    return from;
}

static bool is_digits(const uint8_t *bytes, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') {
            return false;
        }
    }
    return true;
}

/* The position of the last "@" in [from, to), or `to`: mostly there is none. */
static size_t last_at(const uint8_t *bytes, size_t from, size_t to) {
    if (from >= to || !memchr(bytes + from, '@', to - from)) {
        return to;
    }
    for (size_t i = to; i > from; i--) {
        if (bytes[i - 1] == '@') {
            return i - 1;
        }
    }
    return to;
}

/* Hides the userinfo of an authority that starts at `from` (RFC 3986 section 3.2). A password with an
 * unescaped "/", "?" or "#" cuts the authority short; then its "port" is no number, and all to the last "@"
 * is hidden. `last`: where that is, in a text that ends at `to`, or `to`; then there is no userinfo. Blanks
 * end it but where the whole is a URL, which has none. */
static void hide_userinfo(struct masker *m, size_t from, size_t to, size_t last, bool whole) {
    static const bool ends_url[256] = {ENDS_AUTHORITY};
    static const bool ends_text[256] = {ENDS_AUTHORITY, [' '] = true, ['\t'] = true};
    const uint8_t *bytes = m->in.ptr;
    if (!m->mask->secrets || last >= to) {
        return;
    }
    size_t end = find_any(bytes, from, to, whole ? ends_url : ends_text);
    size_t at = last_at(bytes, from, end);
    if (at < end) {
        masker_hide(m, from, at);
        return;
    }
    size_t colon = from + slice_find(slice_make(bytes + from, end - from), ':');
    if (colon == end || bytes[from] == '[' || is_digits(bytes, colon + 1, end)) {
        return;
    }
    if (last > end && last < to) {
        masker_hide(m, from, last);
    }
}

static bool is_parameter(const struct mask *mask, struct slice name) {
    return (mask->secrets && secret_name_is_parameter(name)) ||
           (mask->queries && redaction_has(mask->queries, name));
}

/* Of a name in running text, before a colon. */
static enum field_kind kind_before_colon(const struct mask *mask, struct slice name) {
    if (mask_redacts_header(mask, name)) {
        return FIELD_SECRET;
    }
    return mask->secrets && secret_name_possible(name) ? secret_name_field_kind(name) : FIELD_OTHER;
}

static bool is_name_byte(uint8_t c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' ||
           c == '-' || c == '.' || c == '%' || c == '[' || c == ']' || c == '+' || c == '~' || c == '$' ||
           c == '*' || c == '!';
}

/* In running text: "&", quotes, angle brackets, and commas and semicolons that a space follows. */
static bool ends_value(struct slice text, size_t at) {
    uint8_t c = text.ptr[at];
    if (c == ',' || c == ';') {
        return at + 1 < text.len && (text.ptr[at + 1] == ' ' || text.ptr[at + 1] == '\t');
    }
    return c == '&' || c == '"' || c == '<' || c == '>';
}

static size_t secret_end(const struct masker *m, size_t from, size_t to, enum region region) {
    const uint8_t *bytes = m->in.ptr;
    size_t end = from;
    switch (region) {
    case REGION_PATH:
        while (end < to && bytes[end] != '?' && bytes[end] != '#') {
            end++;
        }
        return end;
    case REGION_QUERY:
        return from + slice_find(slice_make(bytes + from, to - from), '&');
    case REGION_TEXT:
        if (from < to && bytes[from] == '"') {
            for (end = from + 1; end < to && bytes[end] != '"'; end++) {
                end += bytes[end] == '\\';
            }
            return end < to ? end + 1 : to;
        }
        while (end < to && !ends_value(m->in, end)) {
            end++;
        }
        return end;
    }
    return to;
}

/* A blank, or what may be one (a no-break space): around a name all that is not ASCII. */
static bool is_unseen(uint8_t c) {
    return masker_is_blank(c) || c > 0x7f;
}

/* The name that ends where `=` or a colon at `at` follows, perhaps behind blanks and a quote. */
struct name_before {
    struct slice name; /* as words are told apart in running text */
    struct slice wide; /* with what only separates inside a name; as long as `name` where that is nothing */
    bool quoted;
};

/* Is it a name's, or what only separates inside one: what is not ASCII or not shown, and in a query all that
 * ends none? Neither `=` nor a colon, or many of them would take very long. */
static bool is_wide_byte(uint8_t c, enum region region) {
    static const bool ends[256] = {ENDS_PATH, ['&'] = true, ['='] = true, [':'] = true, [';'] = true};
    return region == REGION_QUERY ? !ends[c] : is_name_byte(c) || c >= 0x7f || (c < ' ' && c != '\t');
}

static struct name_before name_before(const uint8_t *bytes, size_t from, size_t at, enum region region) {
    size_t end = at;
    while (end > from && is_unseen(bytes[end - 1])) {
        end--;
    }
    bool quoted = end > from && (bytes[end - 1] == '"' || bytes[end - 1] == '\'');
    end -= quoted;
    size_t name = end;
    while (name > from && is_name_byte(bytes[name - 1])) {
        name--;
    }
    size_t wide = name;
    while (wide > from && is_wide_byte(bytes[wide - 1], region)) {
        wide--;
    }
    return (struct name_before){.name = slice_make(bytes + name, end - name),
                                .wide = slice_make(bytes + wide, end - wide),
                                .quoted = quoted};
}

static bool is_pair(const struct mask *mask, const struct name_before *before) {
    return is_parameter(mask, before->name) ||
           (before->wide.len > before->name.len && is_parameter(mask, before->wide));
}

/* Where the secret at `from` ends: what is unseen before a quote makes it no other. */
static size_t text_secret_end(const struct masker *m, size_t from, size_t to) {
    while (from < to && is_unseen(m->in.ptr[from])) {
        from++;
    }
    return secret_end(m, from, to, REGION_TEXT);
}

/* The name of a field all of whose value is secret? */
static bool is_secret_field(const struct mask *mask, struct slice name, bool spaced) {
    enum field_kind kind = kind_before_colon(mask, name);
    return kind == FIELD_CREDENTIALS || kind == FIELD_COOKIE || kind == FIELD_SET_COOKIE ||
           (kind == FIELD_SECRET && spaced);
}

/* The colon at `at`: hides what follows a secret's name. A name in quotes is JSON's and has one value. Else
 * it is a field's, in a value that folding or a bare CR made of two lines: there is no telling where it ends.
 */
static void hide_behind_colon(struct masker *m, size_t from, size_t at, size_t to, enum region region) {
    const uint8_t *bytes = m->in.ptr;
    const struct name_before before = name_before(bytes, from, at, region);
    size_t value = at + 1;
    if (before.quoted) {
        value = masker_skip_blanks(bytes, value, to);
        if (is_pair(m->mask, &before)) {
            masker_hide(m, value, text_secret_end(m, value, to));
        }
        return;
    }
    bool spaced = value == m->in.len || is_unseen(bytes[value]); /* else urn:x:auth:y */
    if (is_secret_field(m->mask, before.name, spaced) ||
        (before.wide.len > before.name.len && is_secret_field(m->mask, before.wide, spaced))) {
        masker_hide(m, value, m->in.len);
    }
}

/* The first of `=:?#` in [from, to), or `to`. */
static inline size_t find_telling(const uint8_t *bytes, size_t from, size_t to) {
    static const bool telling[256] = {ENDS_PATH, ['='] = true, [':'] = true};
#ifdef __SSE2__
    enum { WIDE = 16 };
    for (; from + WIDE <= to; from += WIDE) {
        __m128i part = _mm_loadu_si128((const void *)(bytes + from));
        __m128i hit =
            _mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8('=')), _mm_cmpeq_epi8(part, _mm_set1_epi8(':')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(part, _mm_set1_epi8('?')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(part, _mm_set1_epi8('#')));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (bits) {
            return from + (size_t)__builtin_ctz(bits);
        }
    }
#endif
    return find_any(bytes, from, to, telling);
}

/* What of a text may be one value of a pair: up to `end`, the last "@" in it or `end`, and the first colon
 * before that or `at`. */
struct stretch {
    size_t end, at, colon;
};

static struct stretch stretch_from(const uint8_t *bytes, size_t from, size_t to, const bool ends[256]) {
    size_t end = find_any(bytes, from, to, ends), at = last_at(bytes, from, end);
    return (struct stretch){end, at, from + slice_find(slice_make(bytes + from, at - from), ':')};
}

/* A value at `from` that begins with user:password@, as if it were a URL's authority: no host of Forwarded
 * (RFC 7239 section 5.3) or Alt-Svc (RFC 7838 section 3) may, but then it is a secret. `last`: where the
 * text's last "@" is. `known`: the stretch that was looked at before, which many pairs may share. */
static void hide_pair_userinfo(struct masker *m, size_t from, size_t to, size_t last, struct stretch *known) {
    static const bool ends_quoted[256] = {['"'] = true};
    static const bool ends_plain[256] = {['"'] = true, [' '] = true, ['\t'] = true, [','] = true,
                                         [';'] = true, ['&'] = true, ['<'] = true,  ['>'] = true};
    const uint8_t *bytes = m->in.ptr;
    struct stretch s;
    if (!m->mask->secrets || from >= last) {
        return;
    }
    if (bytes[from] == '"') {
        s = stretch_from(bytes, ++from, to, ends_quoted);
    } else {
        if (from >= known->end) {
            *known = stretch_from(bytes, from, to, ends_plain);
        } else if (known->colon < from && from < known->at) {
            known->colon = from + slice_find(slice_make(bytes + from, known->at - from), ':');
        }
        s = *known;
    }
    if (s.at == s.end || from > s.at || s.colon >= s.at) {
        return;
    }
    bool url = s.at - s.colon > 2 && bytes[s.colon + 1] == '/' && bytes[s.colon + 2] == '/'; /* seen later */
    if (!url && !slice_is_nocase(slice_make(bytes + from, s.colon - from), "mailto")) {
        masker_hide(m, from, s.at);
    }
}

/* The "=" at `at`: hides what follows a secret's name. Returns where that ends, `at` where it is none. */
static size_t hide_behind_equals(struct masker *m, size_t from, size_t at, size_t to, enum region region) {
    const struct name_before before = name_before(m->in.ptr, from, at, region);
    if (!is_pair(m->mask, &before)) {
        return at;
    }
    size_t end = region == REGION_TEXT ? text_secret_end(m, at + 1, to) : secret_end(m, at + 1, to, region);
    masker_hide(m, at + 1, end);
    return end;
}

/* Hides the value of each secret name=value, and the userinfo of a value and behind each "://" in [from, to).
 */
static void hide_plain(struct masker *m, size_t from, size_t to, enum region region) {
    const uint8_t *bytes = m->in.ptr;
    size_t last = SIZE_MAX; /* "@" before `to`: looked for once, or many URLs would take very long */
    struct stretch value = {0, 0, 0};
    for (size_t i = find_telling(bytes, from, to); i < to; i = find_telling(bytes, i + 1, to)) {
        if (bytes[i] == '=') {
            size_t end = hide_behind_equals(m, from, i, to, region);
            if (end > i) {
                i = end - 1;
            } else if (region == REGION_TEXT) {
                last = last == SIZE_MAX ? last_at(bytes, from, to) : last;
                hide_pair_userinfo(m, masker_skip_blanks(bytes, i + 1, to), to, last < to ? last : 0, &value);
                i = m->copied > i ? m->copied - 1 : i;
            }
        } else if (bytes[i] == ':' && to - i > 3 && bytes[i + 1] == '/' && bytes[i + 2] == '/') {
            last = last == SIZE_MAX ? last_at(bytes, from, to) : last;
            hide_userinfo(m, i + 3, to, last, false);
            i = m->copied > i + 2 ? m->copied - 1 : i + 2;
        } else if (bytes[i] == ':') {
            hide_behind_colon(m, from, i, to, region);
            i = m->copied > i ? m->copied - 1 : i;
        } else if ((bytes[i] == '?' || bytes[i] == '#') && region == REGION_PATH) {
            region = REGION_QUERY;
        }
    }
}

/* Is there a secret in [from, to) that percent-encoding conceals? Decodes behind the end of `out`. */
static bool conceals(const struct masker *m, size_t from, size_t to) {
    struct slice rest = slice_make(m->in.ptr + from, to - from);
    if (slice_find(rest, '%') == rest.len) {
        return false;
    }
    uint8_t *decoded = buf_reserve(m->out, rest.len);
    if (!decoded) {
        return true;
    }
    memcpy(decoded, rest.ptr, rest.len);
    size_t len = rest.len;
    for (int depth = 0; depth < DECODE_DEPTH; depth++) {
        size_t shorter = percent_decode(decoded, len);
        if (shorter == len) {
            return false;
        }
        len = shorter;
        struct masker look = {.mask = m->mask, .in = slice_make(decoded, len)};
        hide_plain(&look, 0, len, REGION_QUERY);
        if (look.found) {
            return true;
        }
    }
    return false;
}

/* A stretch of a URL in which a concealed secret is hidden as a whole, or from `value` on. */
static void hide_piece(struct masker *m, size_t from, size_t to, size_t value, enum region region) {
    hide_plain(m, from, to, region);
    size_t rest = m->copied > from ? m->copied : from;
    if (rest < to && conceals(m, rest, to)) {
        masker_hide(m, value > rest ? value : rest, to);
    }
}

static void hide_query(struct masker *m, size_t from) {
    struct slice in = m->in;
    while (from < in.len) {
        size_t to = from + slice_find(slice_make(in.ptr + from, in.len - from), '&');
        struct slice piece = slice_make(in.ptr + from, to - from);
        size_t equals = slice_find(piece, '=');
        /* A name that the user gave may have bytes that none in running text has. */
        if (m->mask->queries && equals < piece.len &&
            redaction_has(m->mask->queries, slice_first(piece, equals))) {
            masker_hide(m, from + equals + 1, to);
        }
        hide_piece(m, from, to, equals < piece.len ? from + equals + 1 : from, REGION_QUERY);
        from = to + 1;
    }
}

static size_t path_end(struct slice in, size_t from) {
    size_t end = from;
    do {
        end = find_telling(in.ptr, end, in.len);
    } while (end < in.len && in.ptr[end] != '?' && in.ptr[end] != '#' && ++end);
    return end;
}

static size_t later(size_t a, size_t b) {
    return a > b ? a : b;
}

static void hide_behind_path(struct masker *m, size_t end) {
    size_t query = later(end + 1, m->copied);
    if (query < m->in.len) {
        hide_query(m, query);
    }
}

/* Where an authority starts in a URL or bare authority; in.len where there is none. */
static size_t authority_start(struct slice in) {
    size_t colon = 0;
    if (in.len == 0 || in.ptr[0] == '?' || in.ptr[0] == '#') {
        return in.len;
    }
    if (in.ptr[0] == '/' || in.ptr[0] == '\\') {
        return in.len > 2 && (in.ptr[1] == '/' || in.ptr[1] == '\\') ? 2 : in.len;
    }
    while (colon < in.len && (in.ptr[colon] == '+' || in.ptr[colon] == '-' || in.ptr[colon] == '.' ||
                              is_digits(in.ptr, colon, colon + 1) ||
                              (ascii_lower(in.ptr[colon]) >= 'a' && ascii_lower(in.ptr[colon]) <= 'z'))) {
        colon++;
    }
    size_t start = colon + 1;
    while (start < in.len && (in.ptr[start] == '/' || in.ptr[start] == '\\')) {
        start++;
    }
    if (colon + 1 >= in.len || in.ptr[colon] != ':' || start == colon + 1) {
        return 0; /* user:password@host looks like a scheme too */
    }
    struct slice scheme = slice_first(in, colon);
    bool web = slice_is_nocase(scheme, "http") || slice_is_nocase(scheme, "https") ||
               slice_is_nocase(scheme, "ws") || slice_is_nocase(scheme, "wss") ||
               slice_is_nocase(scheme, "ftp");
    return web || start > colon + 2 ? start : 0;
}

void masker_hide_url(struct masker *m) {
    size_t authority = authority_start(m->in);
    if (authority == m->in.len) {
        masker_hide_path(m);
        return;
    }
    hide_userinfo(m, authority, m->in.len, last_at(m->in.ptr, authority, m->in.len), true);
    size_t path = later(authority, m->copied), end = path_end(m->in, path);
    while (path < end && m->in.ptr[path] != '/') {
        path++;
    }
    if (conceals(m, m->copied, path)) {
        masker_hide(m, authority, path);
    }
    hide_piece(m, m->copied, end, path < end ? path + 1 : path, REGION_PATH);
    hide_behind_path(m, end);
}

void masker_hide_path(struct masker *m) {
    size_t end = path_end(m->in, 0);
    hide_piece(m, 0, end, end > 0 && m->in.ptr[0] == '/' ? 1 : 0, REGION_PATH);
    hide_behind_path(m, end);
}

void masker_hide_query(struct masker *m) {
    hide_query(m, 0);
}

void masker_hide_text(struct masker *m) {
    hide_plain(m, 0, m->in.len, REGION_TEXT);
    if (conceals(m, m->copied, m->in.len)) {
        masker_hide(m, 0, m->in.len);
    }
}

size_t mask_userinfo_end(struct mask *mask, struct slice url) {
    struct masker look = {.mask = mask, .in = url};
    size_t start = authority_start(url);
    if (start < url.len) {
        hide_userinfo(&look, start, url.len, last_at(url.ptr, start, url.len), true);
    }
    return look.found ? look.copied + 1 : 0;
}
