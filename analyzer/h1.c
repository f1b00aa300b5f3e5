/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1.h"

#include "analyzer/h1_line.h"
#include "analyzer/h1_syntax.h"

#include <assert.h>

enum {
    LEAD_MAX = 16,  /* stray bytes that are forgiven before a start line, beside empty lines */
    NAME_MAX = 128, /* the longest field name that is waited for behind a request line without version */
};

void h1_init(struct h1 *h, enum h1_role role, const struct limits *limits, uint64_t offset) {
    *h = (struct h1){.limits = limits};
    buf_init(&h->line, limits->line_bytes + 1);
    h1_restart(h, role, offset);
}

void h1_fini(struct h1 *h) {
    buf_fini(&h->line);
}

void h1_restart(struct h1 *h, enum h1_role role, uint64_t offset) {
    struct buf line = h->line;
    *h = (struct h1){.role = role,
                     .state = H1_AT_START,
                     .limits = h->limits,
                     .line = line,
                     .offset = offset,
                     .message_offset = offset};
    h1_line_reset(h);
}

static enum h1_event_type bad(struct h1 *h, struct h1_event *e) {
    h->state = H1_DONE;
    h->bad_offset = h->offset;
    return e->type = H1_BAD;
}

/* What there was before a line was taken. */
struct before_line {
    struct slice in;
    uint64_t offset;
    uint32_t oddities;
};

static struct before_line before_line(const struct h1 *h, const struct slice *in) {
    return (struct before_line){.in = *in, .offset = h->offset, .oddities = h->oddities};
}

/* The line can't be read: gives back what of it lies in this chunk. Its oddities tell nothing. */
static enum h1_event_type bad_line(struct h1 *h, struct slice *in, struct before_line before,
                                   struct h1_event *e) {
    size_t keep = h->line_offset > before.offset ? (size_t)(h->line_offset - before.offset) : 0;
    *in = slice_after(before.in, keep);
    h->offset = before.offset + keep;
    h->oddities = before.oddities;
    bad(h, e);
    h->bad_offset = h->line_offset;
    return H1_BAD;
}

static void begin_message(struct h1 *h, uint64_t offset) {
    h->lead = 0;
    h->method_len = 0;
    h->method_seen = false;
    h->started = true;
    h->message_offset = offset;
    h->state = H1_IN_START_LINE;
}

/* Empty lines and stray white space or NUL before a start line. Stops before the message's first byte. */
static void skip_lead(struct h1 *h, struct slice *in) {
    size_t at = 0;
    for (; at < in->len; at++) {
        uint8_t c = in->ptr[at];
        bool stray = c == '\0' || h1_is(c, H1_OWS);
        if (c != '\r' && c != '\n' && !(stray && h->lead < LEAD_MAX)) {
            break;
        }
        h->oddities |= h1_lead_oddities(c, h->last_cr);
        h->lead += stray;
        h->last_cr = c == '\r';
    }
    h1_advance(h, in, at);
    if (in->len) {
        h->oddities |= h->last_cr ? H1_ODD_BARE_CR : 0;
        h->last_cr = false;
        begin_message(h, h->offset);
    }
}

/* The bytes held behind the last message are the front of the next one's start line, or a CR before it. */
static void begin_held(struct h1 *h) {
    bool lone_cr = h->held == 1 && h->last_cr;
    uint64_t offset = h->offset - h->held;
    h->held = 0;
    if (lone_cr) {
        h1_line_reset(h);
        h->last_cr = true;
    } else {
        begin_message(h, offset);
    }
}

/* Can the unfinished line in the buffer still become a start line? */
static bool start_line_is_hopeless(struct h1 *h) {
    struct slice text = slice_first(buf_slice(&h->line), h->limits->line_bytes);
    if (h->role == H1_RESPONSE) {
        return !h1_may_be_version(text);
    }
    while (!h->method_seen && h->method_len < text.len) {
        uint8_t c = text.ptr[h->method_len];
        if (!h1_is(c, H1_TOKEN)) {
            if (h->method_len == 0 || !h1_is(c, H1_SPACE)) {
                return true;
            }
            h->method_seen = true;
        } else {
            h->method_len++;
        }
    }
    return !h->method_seen && h->line_skip;
}

static enum h1_line_kind read_start_line(struct h1 *h, struct slice text, struct h1_event *e) {
    if (h->role == H1_RESPONSE) {
        return h1_read_status_line(text, e, &h->oddities);
    }
    if (!h->cut) {
        return h1_read_request_line(text, slice_make(NULL, 0), text.len, e, &h->oddities);
    }
    size_t cr = h->last_cr ? 1 : 0;
    struct slice tail = slice_make(h->tail, h->tail_len - cr);
    uint64_t whole_len = h->offset - h->line_offset - 1 - cr; /* the line's LF was taken */
    return h1_read_request_line(text, tail, whole_len, e, &h->oddities);
}

static enum h1_event_type give_start_line(struct h1 *h, struct slice text, enum h1_line_kind kind,
                                          struct h1_event *e) {
    e->text = h->cut ? slice_make(NULL, 0) : text;
    h->line_given = true;
    h->state = kind == H1_LINE_VERSION ? H1_IN_HEADERS : H1_BEHIND_OLD_LINE;
    return e->type = H1_START_LINE;
}

static enum h1_event_type next_start_line(struct h1 *h, struct slice *in, struct h1_event *e) {
    struct before_line before = before_line(h, in);
    struct slice text;
    if (!h1_line_take_whole(h, in, &text) && !h1_line_take(h, in, &text)) {
        return start_line_is_hopeless(h) ? bad_line(h, in, before, e) : (e->type = H1_NEED_MORE);
    }
    enum h1_line_kind kind = read_start_line(h, text, e);
    return kind == H1_LINE_BAD ? bad_line(h, in, before, e) : give_start_line(h, text, kind, e);
}

enum next_line { NEXT_MORE, NEXT_FIELD, NEXT_EMPTY, NEXT_MESSAGE };

/* What follows a request line without version, as far as it can be told: a token with a colon is a field, and
 * a token alone is no start line either. */
static enum next_line judge_next_line(const struct h1 *h, struct slice in) {
    bool cr = h->in_line && h->last_cr;
    size_t name = h->held - (cr ? 1 : 0);
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        if (c == '\n') {
            return name ? NEXT_FIELD : NEXT_EMPTY;
        }
        if (c == ':' && name && !cr) {
            return NEXT_FIELD;
        }
        if (cr || name == NAME_MAX || !(c == '\r' || h1_is(c, H1_TOKEN))) {
            return NEXT_MESSAGE;
        }
        cr = c == '\r';
        name += !cr;
    }
    return NEXT_MORE;
}

/* Gives H1_NEED_MORE when the state changed or more bytes are needed. */
static enum h1_event_type next_behind_old_line(struct h1 *h, struct slice *in, struct h1_event *e) {
    struct slice text;
    switch (judge_next_line(h, *in)) {
    case NEXT_MORE:
        h->held += in->len;
        (void)h1_line_take_to(h, in, NULL, &text);
        break;
    case NEXT_FIELD:
        h->held = 0;
        h->oddities |= H1_ODD_VERSION;
        h->state = H1_IN_HEADERS;
        break;
    case NEXT_EMPTY:
        h->held = 0;
        (void)h1_line_take(h, in, &text);
        h->state = H1_AT_MESSAGE_END;
        break;
    case NEXT_MESSAGE:
        h->state = H1_AT_MESSAGE_END;
        break;
    }
    return e->type = H1_NEED_MORE;
}

static bool is_blank(struct slice s) {
    return slice_trim(s).len == 0;
}

static enum h1_event_type give_field(struct h1 *h, struct slice text, struct h1_event *e) {
    e->odd = (h->folded ? H1_ODD_OBS_FOLD : 0) | (h->cut ? H1_ODD_LINE_TOO_LONG : 0);
    h1_read_field_line(text, e, &e->odd);
    h->oddities |= e->odd;
    h->field_pending = false;
    h->folded = false;
    h->line_given = text.ptr == h->line.ptr;
    return e->type = h->state == H1_IN_HEADERS ? H1_HEADER : H1_TRAILER;
}

static enum h1_event_type end_section(struct h1 *h, struct h1_event *e) {
    if (h->state == H1_IN_HEADERS) {
        h->state = H1_AT_FRAMING;
        h1_line_reset(h);
        return e->type = H1_HEADERS_END;
    }
    h->state = H1_AT_MESSAGE_END;
    return e->type = H1_NEED_MORE;
}

/* The usual case: the whole line lies in the chunk, ends in CRLF and is known not to be folded. */
static bool is_plain_field(const struct h1 *h, const struct slice *in, const uint8_t *lf) {
    size_t len = lf ? (size_t)(lf - in->ptr) : 0;
    return len > 1 && len + 1 < in->len && lf[-1] == '\r' && !h1_is(lf[1], H1_OWS) &&
           len <= h->limits->line_bytes && h1_is(in->ptr[0], H1_TOKEN) && !h->in_line && !h->field_pending;
}

/* The whole empty line lies in the chunk, and ends the section. */
static bool take_empty_line(struct h1 *h, struct slice *in) {
    if (h->in_line || h->field_pending || in->len < 2 || memcmp(in->ptr, "\r\n", 2) != 0) {
        return false;
    }
    h->line_offset = h->offset;
    h1_advance(h, in, 2);
    h1_line_reset(h);
    return true;
}

bool h1_next_head_end(struct h1 *h, struct slice *in) {
    assert(h->state == H1_IN_HEADERS);
    if (!take_empty_line(h, in)) {
        return false;
    }
    h->state = H1_AT_FRAMING;
    return true;
}

static enum h1_event_type next_field(struct h1 *h, struct slice *in, struct h1_event *e) {
    if (take_empty_line(h, in)) {
        return end_section(h, e);
    }
    const uint8_t *lf = memchr(in->ptr, '\n', in->len);
    if (is_plain_field(h, in, lf)) {
        struct slice text = slice_make(in->ptr, (size_t)(lf - in->ptr) - 1);
        h1_advance(h, in, text.len + 2);
        h->cut = false;
        return give_field(h, text, e);
    }
    while (in->len) {
        bool blank_first = in->ptr[0] == ' ' || in->ptr[0] == '\t';
        if (!h->in_line && h->field_pending) {
            if (!blank_first) {
                struct slice held = buf_slice(&h->line);
                if (!is_blank(held)) {
                    return give_field(h, held, e);
                }
                h1_line_reset(h);
                continue;
            }
            h1_line_begin_fold(h);
        } else if (!h->in_line && blank_first) {
            h->oddities |= H1_ODD_FIRST_FOLD;
        }
        struct slice text;
        if (!h1_line_take_to(h, in, lf, &text)) {
            return e->type = H1_NEED_MORE;
        }
        if (text.len == 0 && !h->field_pending) {
            return end_section(h, e);
        }
        if (text.ptr != h->line.ptr && in->len && !h1_is(in->ptr[0], H1_OWS) && !is_blank(text)) {
            return give_field(h, text, e);
        }
        h1_line_hold(h, text);
        lf = in->len ? memchr(in->ptr, '\n', in->len) : NULL;
    }
    return e->type = H1_NEED_MORE;
}

size_t h1_next_body(struct h1 *h, struct slice *in) {
    assert(h->state == H1_IN_BODY || h->state == H1_IN_CHUNK_DATA);
    size_t len = in->len;
    if (h->framing != H1_BODY_CLOSE) {
        len = h->remaining < len ? (size_t)h->remaining : len;
        h->remaining -= len;
        if (h->remaining == 0) {
            h->state = h->framing == H1_BODY_CHUNKED ? H1_AT_CHUNK_END : H1_AT_MESSAGE_END;
        }
    }
    h1_advance(h, in, len);
    return len;
}

static enum h1_event_type next_body(struct h1 *h, struct slice *in, struct h1_event *e) {
    const uint8_t *first = in->ptr;
    e->value = slice_make(first, h1_next_body(h, in));
    return e->type = H1_BODY;
}

/* Gives H1_NEED_MORE when the state changed or more bytes are needed, else H1_BAD. */
static enum h1_event_type next_chunk_size(struct h1 *h, struct slice *in, struct h1_event *e) {
    if (!h->in_line) {
        size_t lead = 0;
        while (lead < in->len && (h1_is(in->ptr[lead], H1_SPACE) || in->ptr[lead] == '\n')) {
            lead++;
        }
        h->oddities |= lead ? H1_ODD_CHUNK_SIZE : 0;
        h1_advance(h, in, lead);
        if (in->len == 0) {
            return e->type = H1_NEED_MORE;
        }
        if (!h1_is(in->ptr[0], H1_HEX)) {
            return bad(h, e);
        }
    }
    struct before_line before = before_line(h, in);
    struct slice text;
    if (!h1_line_take(h, in, &text)) {
        return e->type = H1_NEED_MORE;
    }
    if (!h1_read_chunk_size(text, h->cut, &h->remaining, &h->oddities)) {
        return bad_line(h, in, before, e);
    }
    h->state = h->remaining ? H1_IN_CHUNK_DATA : H1_IN_TRAILERS;
    h1_line_reset(h);
    return e->type = H1_NEED_MORE;
}

/* The CRLF behind chunk data; a bare LF is forgiven. */
static enum h1_event_type next_chunk_end(struct h1 *h, struct slice *in, struct h1_event *e) {
    while (in->len) {
        uint8_t c = in->ptr[0];
        if (c == '\n') {
            h->oddities |= h->last_cr ? 0 : H1_ODD_CHUNK_END;
            h->state = H1_IN_CHUNK_SIZE;
            h1_advance(h, in, 1);
            break;
        }
        if (c != '\r' || h->last_cr) {
            h->oddities |= H1_ODD_CHUNK_END;
            return bad(h, e);
        }
        h->last_cr = true;
        h1_advance(h, in, 1);
    }
    return e->type = H1_NEED_MORE;
}

static enum h1_event_type end_message(struct h1 *h, struct h1_event *e) {
    h->state = h->framing == H1_BODY_TUNNEL ? H1_DONE : H1_AT_START;
    h->framing = H1_BODY_NONE;
    h->started = false;
    h->ended = true;
    if (!h->held) {
        h1_line_reset(h);
    }
    return e->type = H1_MESSAGE_END;
}

static void forget_last_event(struct h1 *h) {
    if (h->ended) {
        h->ended = false;
        h->oddities = 0;
        if (h->held) {
            begin_held(h);
        }
    }
    if (h->line_given) {
        h1_line_reset(h);
    }
}

bool h1_next_start_line(struct h1 *h, struct slice *in, struct h1_event *e) {
    if (h->state != H1_AT_START || h->started || h->held || h->last_cr || in->len == 0) {
        return false;
    }
    const uint8_t *lf = memchr(in->ptr, '\n', in->len);
    size_t len = lf ? (size_t)(lf - in->ptr) : 0;
    if (len == 0 || lf[-1] != '\r' || len > h->limits->line_bytes) {
        return false;
    }
    e->text = slice_make(in->ptr, len - 1);
    if (!(h->role == H1_RESPONSE ? h1_read_plain_status_line : h1_read_plain_request_line)(e->text, e)) {
        return false;
    }
    forget_last_event(h);
    begin_message(h, h->offset);
    h->line_offset = h->offset;
    h->state = H1_IN_HEADERS;
    h1_advance(h, in, len + 1);
    e->type = H1_START_LINE;
    return true;
}

void h1_next_message_end(struct h1 *h) {
    struct h1_event e;
    assert(h->state == H1_AT_MESSAGE_END);
    forget_last_event(h);
    (void)end_message(h, &e);
}

static enum h1_event_type step(struct h1 *h, struct slice *in, struct h1_event *e) {
    switch (h->state) {
    case H1_AT_START:
        skip_lead(h, in);
        return e->type = H1_NEED_MORE;
    case H1_IN_START_LINE:
        return next_start_line(h, in, e);
    case H1_BEHIND_OLD_LINE:
        return next_behind_old_line(h, in, e);
    case H1_IN_HEADERS:
    case H1_IN_TRAILERS:
        return next_field(h, in, e);
    case H1_IN_BODY:
    case H1_IN_CHUNK_DATA:
        return next_body(h, in, e);
    case H1_IN_CHUNK_SIZE:
        return next_chunk_size(h, in, e);
    case H1_AT_CHUNK_END:
        return next_chunk_end(h, in, e);
    case H1_AT_FRAMING:
    case H1_AT_MESSAGE_END:
    case H1_DONE:
        break;
    }
    assert(false);
    return e->type = H1_BAD;
}

static __attribute__((noinline)) enum h1_event_type next_event(struct h1 *h, struct slice *in,
                                                               struct h1_event *e) {
    while (h->state != H1_AT_MESSAGE_END) {
        if (in->len == 0) {
            return e->type = H1_NEED_MORE;
        }
        if (step(h, in, e) != H1_NEED_MORE) {
            return e->type;
        }
    }
    return end_message(h, e);
}

enum h1_event_type h1_next(struct h1 *h, struct slice *in, struct h1_event *e) {
    assert(h->state != H1_AT_FRAMING);
    forget_last_event(h);
    if (h->state == H1_AT_MESSAGE_END) {
        return end_message(h, e);
    }
    if (h->state == H1_DONE) {
        return e->type = H1_BAD;
    }
    return in->len ? next_event(h, in, e) : (e->type = H1_NEED_MORE);
}

void h1_begin_body(struct h1 *h, struct h1_framing framing) {
    assert(h->state == H1_AT_FRAMING || h->state == H1_AT_START);
    forget_last_event(h);
    if (h->state == H1_AT_START) {
        h->started = true;
        h->message_offset = h->offset;
    }
    h->framing = framing.kind;
    h->remaining = 0;
    switch (framing.kind) {
    case H1_BODY_NONE:
    case H1_BODY_TUNNEL:
        h->state = H1_AT_MESSAGE_END;
        break;
    case H1_BODY_LENGTH:
        h->remaining = framing.length;
        h->state = framing.length ? H1_IN_BODY : H1_AT_MESSAGE_END;
        break;
    case H1_BODY_CHUNKED:
        h->state = H1_IN_CHUNK_SIZE;
        break;
    case H1_BODY_CLOSE:
        h->state = H1_IN_BODY;
        break;
    }
}

bool h1_skip(struct h1 *h, uint64_t len) {
    bool in_body = h->state == H1_IN_BODY || h->state == H1_IN_CHUNK_DATA;
    if (!in_body || (h->framing != H1_BODY_CLOSE && len > h->remaining)) {
        return len == 0;
    }
    h->offset += len;
    if (h->framing != H1_BODY_CLOSE) {
        h->remaining -= len;
        if (h->remaining == 0) {
            h->state = h->framing == H1_BODY_CHUNKED ? H1_AT_CHUNK_END : H1_AT_MESSAGE_END;
        }
    }
    return true;
}

enum h1_end_result h1_end(struct h1 *h) {
    switch (h->state) {
    case H1_AT_START:
        return H1_END_BETWEEN;
    case H1_BEHIND_OLD_LINE:
    case H1_AT_MESSAGE_END:
        return H1_END_COMPLETE;
    case H1_IN_BODY:
        return h->framing == H1_BODY_CLOSE ? H1_END_COMPLETE : H1_END_TRUNCATED;
    case H1_DONE:
        return h->started ? H1_END_TRUNCATED : H1_END_BETWEEN;
    case H1_IN_START_LINE:
    case H1_IN_HEADERS:
    case H1_AT_FRAMING:
    case H1_IN_CHUNK_SIZE:
    case H1_IN_CHUNK_DATA:
    case H1_AT_CHUNK_END:
    case H1_IN_TRAILERS:
        return H1_END_TRUNCATED;
    }
    assert(false);
    return H1_END_TRUNCATED;
}

enum h1_event_type h1_flush_line(struct h1 *h, bool end, struct h1_event *e) {
    forget_last_event(h);
    bool in_section = h->state == H1_IN_HEADERS || h->state == H1_IN_TRAILERS;
    if (in_section && h->field_pending && !h->in_line && !is_blank(buf_slice(&h->line))) {
        return give_field(h, buf_slice(&h->line), e);
    }
    if (end && h->state == H1_BEHIND_OLD_LINE) {
        return end_message(h, e);
    }
    if (!end || h->role != H1_REQUEST || h->state != H1_IN_START_LINE || h->line_skip) {
        return e->type = H1_NEED_MORE;
    }
    struct slice text = buf_slice(&h->line);
    if (text.len && text.ptr[text.len - 1] == '\r') {
        text.len--;
    }
    uint32_t oddities = h->oddities;
    if (h1_read_request_line(text, slice_make(NULL, 0), text.len, e, &oddities) != H1_LINE_NO_VERSION) {
        return e->type = H1_NEED_MORE;
    }
    h->oddities = oddities;
    (void)give_start_line(h, text, H1_LINE_NO_VERSION, e);
    h->state = H1_AT_MESSAGE_END;
    return e->type;
}

bool h1_end_old(struct h1 *h) {
    bool over = h->state == H1_BEHIND_OLD_LINE && !h->held;
    if (over) {
        h->state = H1_AT_MESSAGE_END;
    }
    return over;
}
