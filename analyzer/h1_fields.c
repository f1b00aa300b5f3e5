/* SPDX-License-Identifier: Apache-2.0 */
/* Field lines as most are: whole in the chunk, of usual characters, ended by CRLF, not folded. One look at
 * the bytes tells where all of them have their colons and ends. */
#include "analyzer/h1_line.h"
#include "analyzer/h1_scan.h"
#include "analyzer/h1_syntax.h"

#include <assert.h>

enum { WINDOWS = 16 };

/* The front of a chunk, marked as far as was asked. */
struct marked {
    struct slice bytes;
    size_t windows;
    uint64_t controls[WINDOWS]; /* struct h1_marks */
    uint64_t unusual[WINDOWS];
};

static bool mark_more(struct marked *m) {
    size_t from = m->windows * H1_SCAN_BYTES;
    if (m->windows == WINDOWS || from >= m->bytes.len) {
        return false;
    }
    const uint8_t *window = m->bytes.ptr + from;
    uint8_t last[H1_SCAN_BYTES];
    if (m->bytes.len - from < H1_SCAN_BYTES) {
        memset(last, 0, sizeof last); /* marked: behind the chunk nothing is usual */
        memcpy(last, window, m->bytes.len - from);
        window = last;
    }
    struct h1_marks marks = h1_scan(window);
    m->controls[m->windows] = marks.controls;
    m->unusual[m->windows] = marks.unusual;
    m->windows++;
    return true;
}

/* The first one marked at or behind `from`; bytes.len where there is none, or where the marks end. */
static size_t next_mark_behind(struct marked *m, const uint64_t *marks, size_t from) {
    size_t window = from / H1_SCAN_BYTES;
    uint64_t wanted = UINT64_MAX << from % H1_SCAN_BYTES;
    for (;; window++, wanted = UINT64_MAX) {
        if (window >= m->windows && !mark_more(m)) {
            return m->bytes.len;
        }
        uint64_t found = marks[window] & wanted;
        if (found) {
            return window * H1_SCAN_BYTES + (size_t)__builtin_ctzll(found);
        }
    }
}

static inline size_t next_mark(struct marked *m, const uint64_t *marks, size_t from) {
    size_t window = from / H1_SCAN_BYTES;
    uint64_t found = window < m->windows ? marks[window] >> from % H1_SCAN_BYTES : 0;
    return found ? from + (size_t)__builtin_ctzll(found) : next_mark_behind(m, marks, from);
}

/* The line at `start`; returns where it ends, `start` where it needs the long way. */
static inline size_t plain_line(struct marked *m, size_t start, size_t line_bytes, struct h1_field *field) {
    const uint8_t *bytes = m->bytes.ptr;
    size_t len = m->bytes.len;
    size_t colon = next_mark(m, m->unusual, start);
    if (colon == start || colon >= len || bytes[colon] != ':') {
        return start;
    }
    size_t cr = next_mark(m, m->controls, colon + 1);
    if (cr + 2 >= len || memcmp(bytes + cr, "\r\n", 2) != 0 || h1_is(bytes[cr + 2], H1_OWS) ||
        cr + 1 - start > line_bytes) {
        return start;
    }
    field->name = slice_make(bytes + start, colon - start);
    field->value = slice_trim(slice_make(bytes + colon + 1, cr - colon - 1));
    return cr + 2;
}

size_t h1_next_fields(struct h1 *h, struct slice *in, struct h1_field *fields, size_t most) {
    assert(h->state == H1_IN_HEADERS);
    if (h->in_line || h->field_pending) {
        return 0;
    }
    if (h->line_given) {
        h1_line_reset(h);
    }
    struct marked marked; /* most of it is not used */
    marked.bytes = *in;
    marked.windows = 0;
    size_t count = 0, at = 0, end;
    while (count < most && (end = plain_line(&marked, at, h->limits->line_bytes, &fields[count])) != at) {
        at = end;
        count++;
    }
    h1_advance(h, in, at);
    return count;
}
