/* SPDX-License-Identifier: Apache-2.0 */
/* Field lines as most are: whole in the chunk, of usual characters, ended by CRLF, not folded. One look at
 * the bytes tells where all of them have their colons and ends. */
#include "analyzer/h1_line.h"
#include "analyzer/h1_scan.h"
#include "analyzer/h1_syntax.h"

#include <assert.h>

enum {
    WINDOWS = 16,        /* a longer line goes the long way */
    WINDOWS_AT_ONCE = 4, /* so that few bytes behind the head are looked at */
};

/* The front of a chunk, marked as far as was asked. */
struct marked {
    const uint8_t *bytes;
    size_t len;
    size_t windows;
    struct h1_marks marks[WINDOWS];
};

/* The last `len` bytes, which fill no window. What is behind them may be marked or not. */
static struct h1_marks mark_last(const struct marked *m, size_t len) {
    uint8_t window[H1_SCAN_BYTES] = {0};
    struct h1_marks marks;
    if (m->len >= H1_SCAN_BYTES) {
        h1_scan(m->bytes + m->len - H1_SCAN_BYTES, 1, &marks);
        marks.controls >>= H1_SCAN_BYTES - len;
        marks.separators >>= H1_SCAN_BYTES - len;
    } else {
        memcpy(window, m->bytes, len);
        h1_scan(window, 1, &marks);
    }
    return marks;
}

static bool mark_more(struct marked *m) {
    size_t from = m->windows * H1_SCAN_BYTES;
    if (m->windows == WINDOWS || from >= m->len) {
        return false;
    }
    size_t count = (m->len - from) / H1_SCAN_BYTES;
    if (count == 0) {
        m->marks[m->windows++] = mark_last(m, m->len - from);
        return true;
    }
    count = count < WINDOWS_AT_ONCE ? count : WINDOWS_AT_ONCE;
    h1_scan(m->bytes + from, count, &m->marks[m->windows]);
    m->windows += count;
    return true;
}

enum mark { CONTROLS, SEPARATORS };

static inline uint64_t marks_of(const struct h1_marks *marks, enum mark mark) {
    return mark == CONTROLS ? marks->controls : marks->separators;
}

/* The first one marked at or behind `from`; `len` where there is none, or where the marks end. */
static size_t next_mark_behind(struct marked *m, enum mark mark, size_t from) {
    size_t window = from / H1_SCAN_BYTES;
    uint64_t wanted = UINT64_MAX << from % H1_SCAN_BYTES;
    for (;; window++, wanted = UINT64_MAX) {
        if (window >= m->windows && !mark_more(m)) {
            return m->len;
        }
        uint64_t found = marks_of(&m->marks[window], mark) & wanted;
        if (found) {
            return window * H1_SCAN_BYTES + (size_t)__builtin_ctzll(found);
        }
    }
}

static inline size_t next_mark(struct marked *m, enum mark mark, size_t from) {
    size_t window = from / H1_SCAN_BYTES;
    uint64_t found = window < m->windows ? marks_of(&m->marks[window], mark) >> from % H1_SCAN_BYTES : 0;
    return found ? from + (size_t)__builtin_ctzll(found) : next_mark_behind(m, mark, from);
}

/* The line at `*at`, which moves behind it. False where the line needs the long way. */
static inline bool plain_line(struct marked *m, size_t *at, struct h1_field *field) {
    const uint8_t *bytes = m->bytes;
    size_t start = *at;
    size_t colon = next_mark(m, SEPARATORS, start);
    if (colon == start || colon >= m->len || bytes[colon] != ':') {
        return false;
    }
    size_t cr = next_mark(m, CONTROLS, colon + 1);
    if (cr + 2 >= m->len || memcmp(bytes + cr, "\r\n", 2) != 0 || h1_is(bytes[cr + 2], H1_OWS)) {
        return false;
    }
    size_t value = colon + 1 + (bytes[colon + 1] == ' ');
    field->name = slice_make(bytes + start, colon - start);
    field->value = slice_make(bytes + value, cr - value);
    if (h1_is(bytes[value], H1_OWS) || h1_is(bytes[cr - 1], H1_OWS)) {
        field->value = slice_trim(field->value);
    }
    *at = cr + 2;
    return true;
}

size_t h1_next_fields(struct h1 *h, struct slice *in, struct h1_field *fields, size_t most) {
    assert(h->state == H1_IN_HEADERS);
    if (h->in_line || h->field_pending || h->limits->line_bytes < WINDOWS * H1_SCAN_BYTES) {
        return 0;
    }
    if (h->line_given) {
        h1_line_reset(h);
    }
    struct marked marked; /* most of it is not used */
    marked.bytes = in->ptr;
    marked.len = in->len;
    marked.windows = 0;
    size_t count = 0, at = 0;
    while (count < most && plain_line(&marked, &at, &fields[count])) {
        count++;
    }
    h1_advance(h, in, at);
    return count;
}
