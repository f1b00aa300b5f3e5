/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_line.h"

#include "analyzer/h1_syntax.h"

#include <assert.h>

/* The last bytes of a request line, which name the version, outlive the line's cut. */
static void keep_tail(struct h1 *h, const uint8_t *bytes, size_t len) {
    size_t size = sizeof(h->tail);
    if (len >= size) {
        memcpy(h->tail, bytes + len - size, size);
        h->tail_len = (uint8_t)size;
        return;
    }
    size_t old = h->tail_len < size - len ? h->tail_len : size - len;
    memmove(h->tail, h->tail + h->tail_len - old, old);
    memcpy(h->tail + old, bytes, len);
    h->tail_len = (uint8_t)(old + len);
}

/* Adds bytes of a line whose end is not yet seen. The buffer's cap is one byte more than a line may have:
 * room for the CR. */
static void keep(struct h1 *h, const uint8_t *bytes, size_t len) {
    if (len == 0) {
        return;
    }
    h->last_cr = bytes[len - 1] == '\r';
    if (h->state == H1_IN_START_LINE || h->state == H1_BEHIND_OLD_LINE) {
        keep_tail(h, bytes, len);
    }
    while (h->fold_lead && len > 0) {
        h->fold_lead = h1_is(*bytes, H1_OWS);
        if (h->fold_lead) {
            bytes++;
            len--;
        }
    }
    size_t room = h->line.cap - h->line.len;
    if (len > room || h->cut) {
        h->line_skip = true;
    }
    if (!h->cut && !buf_append(&h->line, bytes, len < room ? len : room)) {
        h->line_skip = true;
    }
}

/* `text` is the line up to its LF, or the front of it when line_skip is set. */
static struct slice end_line(struct h1 *h, struct slice text) {
    if (!h->last_cr) {
        h->oddities |= H1_ODD_BARE_LF;
    } else if (!h->line_skip) {
        text.len--;
    }
    if (h->line_skip) {
        h->line_skip = false;
        h->cut = true;
        h->oddities |= H1_ODD_LINE_TOO_LONG;
    }
    if (text.len > h->limits->line_bytes) {
        text.len = h->limits->line_bytes;
        h->cut = true;
        h->oddities |= H1_ODD_LINE_TOO_LONG;
    }
    return text;
}

/* The line's end was found: [bytes, bytes + len) are its last ones. */
static struct slice finish_kept(struct h1 *h, const uint8_t *bytes, size_t len) {
    keep(h, bytes, len);
    h->in_line = false;
    h->fold_lead = false;
    return end_line(h, buf_slice(&h->line));
}

bool h1_line_take(struct h1 *h, struct slice *in, struct slice *text) {
    assert(in->len > 0);
    return h1_line_take_to(h, in, memchr(in->ptr, '\n', in->len), text);
}

bool h1_line_take_whole(struct h1 *h, struct slice *in, struct slice *text) {
    const uint8_t *lf = h->in_line ? NULL : memchr(in->ptr, '\n', in->len);
    size_t len = lf ? (size_t)(lf - in->ptr) : 0;
    if (len == 0 || lf[-1] != '\r' || len > h->limits->line_bytes) {
        return false;
    }
    h->last_cr = true;
    h->tail_len = 0;
    h->line_offset = h->offset;
    h->cut = false;
    *text = slice_make(in->ptr, len - 1);
    h1_advance(h, in, len + 1);
    return true;
}

bool h1_line_take_to(struct h1 *h, struct slice *in, const uint8_t *lf, struct slice *text) {
    if (!h->in_line) {
        h->last_cr = false;
        h->tail_len = 0;
        h->line_offset = h->offset;
        h->cut = false;
    }
    const uint8_t *line = in->ptr;
    size_t len = lf ? (size_t)(lf - line) : in->len;
    if (!lf) {
        h->in_line = true;
        keep(h, line, len);
        h1_advance(h, in, len);
        return false;
    }
    h1_advance(h, in, len + 1);
    if (h->in_line) {
        *text = finish_kept(h, line, len);
        return true;
    }
    h->last_cr = len && line[len - 1] == '\r';
    if (len > h->limits->line_bytes) {
        keep_tail(h, line, len);
    }
    *text = end_line(h, slice_make(line, len));
    return true;
}

void h1_line_hold(struct h1 *h, struct slice text) {
    if (text.ptr == h->line.ptr) {
        h->line.len = text.len;
    } else {
        buf_clear(&h->line);
        if (!buf_append_slice(&h->line, text)) {
            h->cut = true;
            h->oddities |= H1_ODD_LINE_TOO_LONG;
        }
    }
    h->field_pending = true;
}

void h1_line_begin_fold(struct h1 *h) {
    assert(h->field_pending && !h->in_line);
    while (h->line.len && h1_is(h->line.ptr[h->line.len - 1], H1_OWS)) {
        h->line.len--;
    }
    if (!h->cut) {
        h->cut = !buf_append(&h->line, " ", 1);
    }
    h->oddities |= H1_ODD_OBS_FOLD;
    h->folded = true;
    h->in_line = true;
    h->last_cr = false;
    h->fold_lead = true;
    h->line_offset = h->offset;
}
