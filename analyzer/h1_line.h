/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out of the lexer's chunks: a view where the whole line lies in the chunk, else collected in h1->line
 * up to limits.line_bytes. What is given is the same however the bytes are cut into chunks. */
#ifndef HARK_ANALYZER_H1_LINE_H
#define HARK_ANALYZER_H1_LINE_H

#include "analyzer/h1.h"

/* Takes bytes up to and with the next LF and gives the line without its end, cut at limits.line_bytes (then
 * h->cut is set). False when there is no LF: all of `in` was taken. In a fold the line given is the whole
 * field so far. */
bool h1_line_take(struct h1 *, struct slice *in, struct slice *text);
/* The same where the caller has looked for the LF already; NULL when there is none. */
bool h1_line_take_to(struct h1 *, struct slice *in, const uint8_t *lf, struct slice *text);

/* The same for a line that lies whole in `in`, is not cut and ends in CRLF; false where it is another one:
 * nothing was taken. */
bool h1_line_take_whole(struct h1 *, struct slice *in, struct slice *text);

/* Keeps a field line until it is known whether a fold follows. `text` is what h1_line_take gave. */
void h1_line_hold(struct h1 *, struct slice text);

/* The next line goes on with the one that is held: they are joined by one space. */
void h1_line_begin_fold(struct h1 *);

/* Forgets the line. */
static inline void h1_line_reset(struct h1 *h) {
    buf_clear(&h->line);
    h->in_line = false;
    h->field_pending = false;
    h->line_skip = false;
    h->fold_lead = false;
    h->folded = false;
    h->cut = false;
    h->line_given = false;
    h->last_cr = false;
    h->tail_len = 0;
}

static inline void h1_advance(struct h1 *h, struct slice *in, size_t len) {
    *in = slice_after(*in, len);
    h->offset += len;
}

#endif
