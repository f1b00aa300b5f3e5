/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/dialogue/dialogue.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
    struct dialogue *dialogue;
    struct speech *speech; /* where the lines belong */
    bool in_bytes;
    bool in_log;
    unsigned line;
};

static bool fail(const struct reader *r, const char *what) {
    fprintf(stderr, "%s:%u: %s\n", r->dialogue->path, r->line, what);
    return false;
}

static struct part *add_part(struct speech *s, enum part_kind kind) {
    if (kind == PART_BYTES && s->count > 0 && s->parts[s->count - 1].kind == PART_BYTES) {
        return &s->parts[s->count - 1];
    }
    if (s->count == DIALOGUE_PARTS) {
        abort();
    }
    struct part *part = &s->parts[s->count++];
    *part = (struct part){.kind = kind};
    buf_init(&part->bytes, DIALOGUE_BYTES);
    return part;
}

/* "\{COUNT*TEXT}": TEXT COUNT times. Returns the position behind it, or 0. */
static size_t read_repeat(struct slice s, size_t at, struct buf *out) {
    char *star;
    unsigned long count = strtoul((const char *)s.ptr + at, &star, 10);
    struct slice rest = slice_after(s, (size_t)((const uint8_t *)star - s.ptr));
    size_t close = slice_find(rest, '}');
    if (rest.len == 0 || rest.ptr[0] != '*' || close == rest.len) {
        return 0;
    }
    for (unsigned long i = 0; i < count; i++) {
        buf_append(out, rest.ptr + 1, close - 1);
    }
    return (size_t)(rest.ptr - s.ptr) + close + 1;
}

/* One escape behind the backslash at `at` - 1. Returns the position behind it, or 0. */
static size_t read_escape(struct slice s, size_t at, struct buf *out) {
    static const char names[] = "rnt0vf\\", values[] = "\r\n\t\0\v\f\\";
    const char *name = s.ptr[at] ? strchr(names, s.ptr[at]) : NULL;
    if (name) {
        buf_append(out, values + (name - names), 1);
        return at + 1;
    }
    if (s.ptr[at] == '{') {
        return read_repeat(s, at + 1, out);
    }
    if (s.ptr[at] == 'x' && at + 2 < s.len && isxdigit(s.ptr[at + 1]) && isxdigit(s.ptr[at + 2])) {
        char hex[3] = {(char)s.ptr[at + 1], (char)s.ptr[at + 2], '\0'};
        uint8_t byte = (uint8_t)strtoul(hex, NULL, 16);
        buf_append(out, &byte, 1);
        return at + 3;
    }
    return 0;
}

/* A line of bytes: CRLF ends it, unless a lone backslash does. */
static bool read_bytes(const struct reader *r, struct slice line) {
    struct buf *out = &add_part(r->speech, PART_BYTES)->bytes;
    for (size_t at = 0; at < line.len;) {
        if (line.ptr[at] != '\\') {
            buf_append(out, line.ptr + at++, 1);
            continue;
        }
        if (at + 1 == line.len) {
            return true;
        }
        at = read_escape(line, at + 1, out);
        if (at == 0) {
            return fail(r, "unknown escape");
        }
    }
    return buf_append(out, "\r\n", 2);
}

static bool is_mark(struct slice line, const char *mark, struct reader *r, struct speech *speech) {
    if (!slice_starts_with(line, mark)) {
        return false;
    }
    r->speech = speech;
    r->in_bytes = false;
    return true;
}

static bool read_gap(struct reader *r, struct slice line) {
    char *end;
    unsigned long size = strtoul((const char *)line.ptr + 3, &end, 10);
    if (size == 0) {
        return fail(r, "a gap needs a byte count");
    }
    add_part(r->speech, PART_GAP)->gap_size = size;
    return true;
}

static bool read_setting(struct reader *r, struct slice line) {
    if (line.len == 0 || line.ptr[0] == '#') {
        return true;
    }
    if (slice_starts_with(line, "line_bytes ")) {
        r->dialogue->limits.line_bytes = strtoul((const char *)line.ptr + 11, NULL, 10);
        return true;
    }
    return fail(r, "neither a comment, a setting nor a mark");
}

static bool read_line(struct reader *r, struct slice line) {
    struct dialogue *d = r->dialogue;
    if (is_mark(line, "=== requests", r, &d->requests) || is_mark(line, "=== responses", r, &d->responses)) {
        r->in_log = true;
        return true;
    }
    if (r->in_log) {
        return buf_append_slice(&r->speech->expected, line) && buf_append(&r->speech->expected, "\n", 1);
    }
    buf_append_slice(&d->input, line);
    buf_append(&d->input, "\n", 1);
    if (is_mark(line, ">>>", r, &d->requests) || is_mark(line, "<<<", r, &d->responses)) {
        r->in_bytes = true;
        return true;
    }
    if (is_mark(line, "><>", r, &d->requests) || is_mark(line, "<><", r, &d->responses)) {
        return read_gap(r, line);
    }
    if (is_mark(line, ">>|", r, &d->requests) || is_mark(line, "<<|", r, &d->responses)) {
        add_part(r->speech, PART_END);
        return true;
    }
    return r->in_bytes ? read_bytes(r, line) : read_setting(r, line);
}

bool dialogue_read(struct dialogue *d, const char *path) {
    *d = (struct dialogue){.path = path, .limits = limits_default()};
    buf_init(&d->requests.expected, DIALOGUE_BYTES);
    buf_init(&d->responses.expected, DIALOGUE_BYTES);
    buf_init(&d->input, DIALOGUE_BYTES);
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return false;
    }
    struct reader r = {.dialogue = d};
    char *text = NULL;
    size_t size = 0;
    bool good = true;
    for (ssize_t len; good && (len = getline(&text, &size, file)) > 0;) {
        r.line++;
        size_t end = (size_t)len - (text[len - 1] == '\n' ? 1 : 0);
        text[end] = '\0';
        good = read_line(&r, slice_make(text, end));
    }
    free(text);
    fclose(file);
    return good && (r.in_log || fail(&r, "no expectations: run with --accept and look at them"));
}

static void free_speech(struct speech *s) {
    for (size_t i = 0; i < s->count; i++) {
        buf_fini(&s->parts[i].bytes);
    }
    buf_fini(&s->expected);
}

void dialogue_free(struct dialogue *d) {
    free_speech(&d->requests);
    free_speech(&d->responses);
    buf_fini(&d->input);
}
