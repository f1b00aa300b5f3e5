/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/jwt.h"

#include "analyzer/base64.h"
#include "analyzer/h1_syntax.h"

enum { PAYLOAD_BYTES = 4096, DEEPEST = 32 };

struct text {
    uint8_t *to;
    size_t room, len;
    bool cut;
};

static void put(struct text *t, uint8_t byte) {
    if (t->len < t->room) {
        t->to[t->len++] = byte;
    } else {
        t->cut = true;
    }
}

static void put_utf8(struct text *t, uint32_t code) {
    if (code < 0x80) {
        put(t, (uint8_t)code);
    } else if (code < 0x800) {
        put(t, (uint8_t)(0xc0 | code >> 6));
        put(t, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        put(t, (uint8_t)(0xe0 | code >> 12));
        put(t, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        put(t, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        put(t, (uint8_t)(0xf0 | code >> 18));
        put(t, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        put(t, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        put(t, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

static uint8_t next(const struct slice *s) {
    return s->len ? s->ptr[0] : 0;
}

static void skip(struct slice *s, size_t bytes) {
    *s = slice_after(*s, bytes);
}

static void skip_blanks(struct slice *s) {
    while (next(s) == ' ' || next(s) == '\t' || next(s) == '\n' || next(s) == '\r') {
        skip(s, 1);
    }
}

/* XXXX of \uXXXX. */
static bool take_hex(struct slice *s, uint32_t *code) {
    *code = 0;
    for (size_t i = 0; i < 4; i++, skip(s, 1)) {
        uint8_t c = next(s);
        if (!h1_is(c, H1_HEX)) {
            return false;
        }
        *code = *code << 4 | (uint32_t)(h1_is(c, H1_DIGIT) ? c - '0' : ascii_lower(c) - 'a' + 10);
    }
    return true;
}

/* Behind "\u"; two surrogates make one character, one alone is U+FFFD. */
static bool take_unicode(struct slice *s, struct text *t) {
    const uint32_t replacement = 0xfffd;
    uint32_t code, low;
    if (!take_hex(s, &code)) {
        return false;
    }
    bool high = code >= 0xd800 && code < 0xdc00;
    if (high && s->len >= 6 && s->ptr[0] == '\\' && s->ptr[1] == 'u') {
        struct slice ahead = slice_after(*s, 2);
        if (!take_hex(&ahead, &low)) {
            return false;
        }
        if (low >= 0xdc00 && low < 0xe000) {
            *s = ahead;
            put_utf8(t, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            return true;
        }
    }
    put_utf8(t, code >= 0xd800 && code < 0xe000 ? replacement : code);
    return true;
}

/* From the opening quote to behind the closing one. */
static bool take_string(struct slice *s, struct text *t) {
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    for (skip(s, 1); s->len; skip(s, 1)) {
        uint8_t c = next(s);
        if (c == '"') {
            skip(s, 1);
            return true;
        }
        if (c < ' ') {
            return false;
        }
        if (c != '\\') {
            put(t, c);
            continue;
        }
        skip(s, 1);
        const char *known = next(s) ? strchr(escapes, next(s)) : NULL;
        if (known) {
            put(t, (uint8_t)meanings[known - escapes]);
        } else {
            bool unicode = next(s) == 'u';
            skip(s, 1);
            if (!unicode || !take_unicode(s, t)) {
                return false;
            }
            s->ptr--; /* the loop goes on */
            s->len++;
        }
    }
    return false;
}

/* A value that nobody asked for. */
static bool pass_value(struct slice *s) {
    struct text nowhere = {.room = 0};
    size_t depth = 0, begun = s->len;
    while (s->len) {
        uint8_t c = next(s);
        if (c == '"') {
            if (!take_string(s, &nowhere)) {
                return false;
            }
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            return s->len < begun;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        if (depth > DEEPEST) {
            return false;
        }
        skip(s, 1);
    }
    return false;
}

/* One member of the object; `*found` where it is the claim. */
static bool take_claim(struct slice *s, struct text *subject, bool *found) {
    uint8_t bytes[sizeof "sub"];
    struct text name = {.to = bytes, .room = sizeof bytes};
    if (next(s) != '"' || !take_string(s, &name)) {
        return false;
    }
    skip_blanks(s);
    if (next(s) != ':') {
        return false;
    }
    skip(s, 1);
    skip_blanks(s);
    *found = slice_is(slice_make(bytes, name.len), "sub");
    return *found ? next(s) == '"' && take_string(s, subject) : pass_value(s);
}

/* Is it a JSON object with the claim once? */
static bool read_claims(struct slice json, struct text *subject) {
    unsigned seen = 0;
    skip_blanks(&json);
    if (next(&json) != '{') {
        return false;
    }
    do {
        bool found = false;
        skip(&json, 1);
        skip_blanks(&json);
        if (seen == 1 && subject->len == 0) {
            return false; /* an empty one */
        }
        if (!take_claim(&json, subject, &found)) {
            return false;
        }
        seen += found;
        skip_blanks(&json);
    } while (next(&json) == ',' && seen < 2);
    bool closed = next(&json) == '}';
    skip(&json, 1);
    skip_blanks(&json);
    return closed && json.len == 0 && seen == 1 && subject->len > 0;
}

bool jwt_read_subject(struct slice token, uint8_t *to, size_t room, size_t *len, bool *cut) {
    uint8_t payload[PAYLOAD_BYTES], first;
    size_t dot = slice_find(token, '.');
    struct slice header = slice_first(token, dot), rest = slice_after(token, dot + 1);
    size_t second = slice_find(rest, '.'), header_bytes, bytes;
    struct slice claims = slice_first(rest, second), signature = slice_after(rest, second + 1);
    struct text subject = {.to = to, .room = room};
    if (second == rest.len || slice_find(signature, '.') < signature.len ||
        !base64_measure(header, &header_bytes) || header_bytes == 0 || !base64_measure(claims, &bytes) ||
        bytes > sizeof payload) {
        return false;
    }
    base64_read(header, 0, &first, 1);
    base64_read(claims, 0, payload, bytes);
    if (first != '{' || !read_claims(slice_make(payload, bytes), &subject)) {
        return false;
    }
    *len = subject.len;
    *cut = subject.cut;
    return true;
}
