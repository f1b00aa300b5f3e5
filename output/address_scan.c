/* SPDX-License-Identifier: Apache-2.0 */
#include "output/address_scan.h"

#include <arpa/inet.h>

enum {
    ENCODINGS = 3,   /* percent-encodings inside each other that are looked into */
    RUN_GLYPHS = 80, /* longest stretch that is looked at as a whole: more than any address and port */
};

/* A character as it is meant, and how many bytes stand for it. */
struct glyph {
    uint8_t byte;
    size_t len;
};

struct scan {
    struct anonymizer *anonymizer;
    enum address_places places;
    struct slice in;
    size_t copied; /* everything before it is in `out` */
    struct buf *out;
    bool found;
};

/* Digits, letters, dots and colons that follow each other, decoded. `at[i]` is where the i-th stands in the
 * text, `at[len]` where they end. */
struct run {
    char text[RUN_GLYPHS + 1];
    size_t at[RUN_GLYPHS + 1];
    size_t len;
    uint8_t before, before_that; /* the glyphs before the run, 0 where there are none */
    uint8_t after;
};

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct glyph glyph_at(struct slice text, size_t at) {
    struct glyph glyph = {text.ptr[at], 1};
    if (glyph.byte != '%') {
        return glyph;
    }
    size_t from = at + 1;
    for (int depth = 0; depth < ENCODINGS && text.len - from >= 2; depth++, from += 2) {
        int high = hex_value(text.ptr[from]), low = hex_value(text.ptr[from + 1]);
        if (high < 0 || low < 0) {
            break;
        }
        uint8_t byte = (uint8_t)(high << 4 | low);
        if (depth == 0 || (byte > ' ' && byte < 0x7F)) {
            glyph = (struct glyph){byte, from + 2 - at};
        }
        if (byte != '%') {
            break;
        }
    }
    return glyph;
}

static bool is_alphanumeric(uint8_t c) {
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static bool is_run_byte(uint8_t c) {
    return hex_value(c) >= 0 || c == '.' || c == ':';
}

/* Replaces [from, to) by the anonymised address. Colons are written as the text's own. */
static void put(struct scan *s, size_t from, size_t to, const struct address *address, uint8_t version) {
    char text[ADDRESS_TEXT_BYTES];
    struct slice colon = slice_of(":");
    struct address mapped = anonymizer_map(s->anonymizer, address);
    size_t len = address_text(&mapped, version, text);
    for (size_t i = from; i < to;) {
        struct glyph glyph = glyph_at(s->in, i);
        if (glyph.byte == ':') {
            colon = slice_make(s->in.ptr + i, glyph.len);
            break;
        }
        i += glyph.len;
    }
    (void)buf_append(s->out, s->in.ptr + s->copied, from - s->copied);
    for (size_t i = 0; i < len; i++) {
        (void)buf_append_slice(s->out, text[i] == ':' ? colon : slice_make(text + i, 1));
    }
    s->copied = to;
    s->found = true;
}

/* Four numbers up to 255 with dots between, in the run's [from, to). */
static bool read_quad(const struct run *run, size_t from, size_t to, struct address *address) {
    uint8_t bytes[4] = {0};
    unsigned part = 0, value = 0, digits = 0;
    for (size_t i = from; i <= to; i++) {
        if (i < to && run->text[i] != '.') {
            value = value * 10 + (unsigned)(run->text[i] - '0');
            if (++digits > 3) {
                return false;
            }
            continue;
        }
        if (digits == 0 || value > UINT8_MAX || part == 4) {
            return false;
        }
        bytes[part++] = (uint8_t)value;
        value = digits = 0;
    }
    *address = address_of_v4(bytes);
    return part == 4;
}

static bool is_version(const struct scan *s, const struct run *run, size_t from) {
    if (s->places != ADDRESSES_BESIDE_PRODUCTS) {
        return false;
    }
    if (from == 0) {
        return run->before == '/' && run->before_that != '/' && run->before_that != ':' &&
               run->before_that > ' ';
    }
    return from == 1 && run->text[0] == ':' && ascii_lower(run->before) == 'v' &&
           ascii_lower(run->before_that) == 'r';
}

/* The numbers and dots of a run that nothing else belongs to: [from, to) is bounded by neither. */
static void take_numbers(struct scan *s, const struct run *run, size_t from, size_t to) {
    struct address address;
    uint8_t left = from ? (uint8_t)run->text[from - 1] : run->before;
    uint8_t right = to < run->len ? (uint8_t)run->text[to] : run->after;
    while (from < to && run->text[from] == '.') { /* a name's label or a sentence's end is beside it */
        left = (uint8_t)run->text[from++];
    }
    while (to > from && run->text[to - 1] == '.') {
        right = (uint8_t)run->text[--to];
    }
    if (!is_alphanumeric(left) && !is_alphanumeric(right) && read_quad(run, from, to, &address) &&
        !is_version(s, run, from)) {
        put(s, run->at[from], run->at[to], &address, 4);
    }
}

static void take_ipv4(struct scan *s, const struct run *run) {
    for (size_t from = 0, to; from < run->len; from = to + 1) {
        for (to = from; to < run->len && (ascii_is_digit((uint8_t)run->text[to]) || run->text[to] == '.');
             to++) {
        }
        /* letters beside a dot bound the numbers, letters beside a digit make them none */
        if (to > from) {
            take_numbers(s, run, from, to);
        }
    }
}

/* The whole run as one IPv6 address, but for a colon before it and a colon or dot behind. */
static bool take_ipv6(struct scan *s, struct run *run) {
    size_t from = 0, to = run->len;
    struct address address;
    if (to > 2 && run->text[0] == ':' && run->text[1] != ':') {
        from++;
    } else if (is_alphanumeric(run->before)) {
        return false;
    }
    while (to > from && run->text[to - 1] == '.') {
        to--;
    }
    if (to - from > 2 && run->text[to - 1] == ':' && run->text[to - 2] != ':') {
        to--;
    }
    if (to - from < 3 || to - from >= ADDRESS_TEXT_BYTES || (to == run->len && is_alphanumeric(run->after))) {
        return false;
    }
    char kept = run->text[to];
    run->text[to] = '\0';
    bool is_ipv6 = inet_pton(AF_INET6, run->text + from, address.bytes) == 1;
    run->text[to] = kept;
    if (is_ipv6) {
        put(s, run->at[from], run->at[to], &address, 6);
    }
    return is_ipv6;
}

/* A run that is too long for one address: gives back the numbers at its end, which may go on. */
static void cut_run(struct run *run) {
    size_t to = run->len;
    while (to > 0 && (ascii_is_digit((uint8_t)run->text[to - 1]) || run->text[to - 1] == '.')) {
        to--;
    }
    if (to > 0 && to < run->len) {
        run->after = (uint8_t)run->text[to];
        run->len = to;
        run->text[to] = '\0';
    }
}

/* Reads the run that starts at `at`, or as much of it as there is room for; returns where it ends. */
static size_t read_run(const struct scan *s, struct run *run, size_t at) {
    struct glyph glyph = {0, 0};
    run->len = 0;
    run->after = 0;
    for (; at < s->in.len && run->len < RUN_GLYPHS; at += glyph.len) {
        glyph = glyph_at(s->in, at);
        if (!is_run_byte(glyph.byte)) {
            run->after = glyph.byte;
            break;
        }
        run->at[run->len] = at;
        run->text[run->len++] = (char)glyph.byte;
    }
    run->at[run->len] = at;
    run->text[run->len] = '\0';
    if (run->len == RUN_GLYPHS) {
        cut_run(run);
    }
    return run->at[run->len];
}

static void scan_text(struct scan *s) {
    struct run run;
    uint8_t before = 0, before_that = 0;
    for (size_t at = 0; at < s->in.len;) {
        struct glyph glyph = glyph_at(s->in, at);
        if (!is_run_byte(glyph.byte)) {
            before_that = before;
            before = glyph.byte;
            at += glyph.len;
            continue;
        }
        run.before = before;
        run.before_that = before_that;
        at = read_run(s, &run, at);
        if (!take_ipv6(s, &run)) {
            take_ipv4(s, &run);
        }
        before_that = run.len > 1 ? (uint8_t)run.text[run.len - 2] : before;
        before = (uint8_t)run.text[run.len - 1];
    }
}

/* An address has a colon or three dots, plain or encoded. */
static bool may_hold_address(struct slice text) {
    size_t dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        dots += text.ptr[i] == '.';
        if (text.ptr[i] == ':' || text.ptr[i] == '%' || dots == 3) {
            return true;
        }
    }
    return false;
}

struct slice address_scan(struct anonymizer *anonymizer, enum address_places places, struct slice text,
                          struct buf *out) {
    struct scan s = {.anonymizer = anonymizer, .places = places, .in = text, .out = out};
    if (places == ADDRESSES_NOWHERE || !may_hold_address(text)) {
        return text;
    }
    buf_clear(out);
    scan_text(&s);
    if (!s.found) {
        return text;
    }
    (void)buf_append(out, text.ptr + s.copied, text.len - s.copied);
    return out->failed ? slice_make(NULL, 0) : buf_slice(out);
}

static bool ends_with(struct slice name, const char *ending) {
    size_t len = strlen(ending);
    return name.len >= len && slice_is_nocase(slice_after(name, name.len - len), ending);
}

enum address_places address_places_of(struct slice name) {
    if (ends_with(name, "version") || ends_with(name, "version-list") ||
        slice_is_nocase(slice_first(name, 9), "sec-ch-ua")) {
        return ADDRESSES_NOWHERE;
    }
    return ends_with(name, "agent") || ends_with(name, "server") || ends_with(name, "powered-by") ||
                   ends_with(name, "generator") || slice_is_nocase(name, "via") ||
                   slice_is_nocase(name, "upgrade")
               ? ADDRESSES_BESIDE_PRODUCTS
               : ADDRESSES_ANYWHERE;
}
