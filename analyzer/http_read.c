/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: the lexer's events become transactions. Requests open them; responses find theirs, or stay alone.
 */
#include "analyzer/http_side.h"
#include "analyzer/method.h"
#include "capture/keep.h"

#include <assert.h>

static bool is_client(const struct http_conn *conn, enum direction direction) {
    return conn->roles_known && direction == conn->client;
}

/* The message is over, whole or `truncated`. */
static void message_ended(struct http_conn *conn, enum direction direction, struct side *side,
                          bool truncated) {
    struct http_message *m = side->message;
    side->passed_ack = m->last_ack;
    m->truncated = truncated;
    m->end_known = !truncated;
    if (m->major == 0 && !m->head_complete && !truncated) {
        m->head_complete = true; /* HTTP/0.9: the request line is all */
        m->head_bytes = m->end_offset - m->offset;
        if (is_client(conn, direction)) {
            http_request_head(conn, side, m);
        }
    }
    side->said_last |= !truncated && m->fields.connection_close &&
                       (is_client(conn, direction) || !http_response_is_interim(m));
    conn->environment->counts.lines_cut += (side->h1.oddities & H1_ODD_LINE_TOO_LONG) != 0;
    m->oddities = side->h1.oddities;
    if (side->transaction) {
        message_note_oddities(&side->transaction->notes, side->h1.oddities, m->fields.oddities);
    }
    http_surplus_behind(conn, side, m);
    if (is_client(conn, direction)) {
        http_request_ended(conn, side, m);
    } else {
        http_response_ended(conn, side, m);
    }
}

/* A request without version that is answered has no fields to come. The answer must have been sent behind its
 * line, by a server that had seen no more than what was captured. */
static void end_old_request(struct http_conn *conn, const struct transaction *t) {
    struct side *client = http_client_side(conn);
    if (!t || client->transaction != t || !pairing_is_answered(t)) {
        return;
    }
    bool all_seen = !t->response.has_ack || (t->response.ack >= t->request.end_offset &&
                                             t->response.ack <= http_captured_requests(conn));
    if (all_seen && h1_end_old(&client->h1)) {
        struct slice nothing = slice_make("", 0);
        struct h1_event end;
        (void)h1_next(&client->h1, &nothing, &end);
        message_ended(conn, conn->client, client, false);
    }
}

/* It starts right behind a loss, or at a capture's first byte: perhaps not with its own first byte. A few
 * bytes before it may be more of its method. */
static bool may_be_cut(const struct side *side) {
    enum { LONGEST_METHOD = 32 };
    return side->resynchronised && side->own.offset - side->search_from < LONGEST_METHOD;
}

/* Ends what was being read when sync was lost. */
static void cut_message(struct http_conn *conn, enum direction direction, struct side *side) {
    if (!side->message) {
        return;
    }
    if (side->message->seen) {
        conn->environment->counts.lost_sync++;
        message_ended(conn, direction, side, true);
    } else {
        conn->environment->counts.fragments_of_messages++;
        side->message = NULL;
    }
}

/* `begins`: as http_request_open has it. */
static void open_message(struct http_conn *conn, enum direction direction, struct side *side,
                         const struct h1_event *event, const struct chunk *begins) {
    if (is_client(conn, direction)) {
        http_request_open(conn, side, event, begins);
    } else {
        http_response_open(conn, side, event, begins);
        end_old_request(conn, side->transaction);
    }
    http_surplus_before(conn, side, side->message);
    conn->environment->counts.resyncs += side->resynchronised;
    side->resynchronised = side->doubtful = side->after_gap = false;
}

static void start_line(struct http_conn *conn, enum direction direction, struct side *side,
                       const struct h1_event *event) {
    if (is_client(conn, direction) && http_request_is_http2(event)) {
        enum direction server = direction_other(direction);
        cut_message(conn, server, &conn->side[server]);
        http_surplus_before(conn, side, &side->own);
        http_surplus_end(conn, &conn->side[server], conn->connection->delivered[server]);
        conn->side[0].state = conn->side[1].state = SIDE_IGNORE;
        side->message = NULL;
        return;
    }
    if (is_client(conn, direction) && may_be_cut(side)) {
        if (!method_is_known(event->line[0])) {
            conn->environment->counts.fragments_of_messages++;
            http_search(conn, direction, side->h1.offset);
            return;
        }
        side->own.start_uncertain = method_is_ending(event->line[0]);
    }
    open_message(conn, direction, side, event, NULL);
}

static void head_ended(struct http_conn *conn, enum direction direction, struct side *side) {
    struct http_message *m = side->message;
    m->head_complete = true;
    m->head_bytes = side->h1.offset - m->offset;
    if (is_client(conn, direction)) {
        http_request_head(conn, side, m);
    } else {
        http_response_head(conn, side, m);
    }
    h1_begin_body(&side->h1, m->framing);
}

static void field(struct http_conn *conn, enum direction direction, struct side *side,
                  const struct h1_event *event) {
    struct http_message *m = side->message;
    if (!is_client(conn, direction) && http_response_is_interim(m)) {
        http_interim_field(conn, side, event);
        return;
    }
    bool left_out = is_client(conn, direction) && side->transaction && m->line[2].len == 0;
    m->minor = left_out && m->major == 0 ? 0 : m->minor; /* with fields it is no HTTP/0.9 */
    struct header_list *list = event->type == H1_TRAILER ? &m->trailers : &m->headers;
    message_field(m, list, event, side->transaction, conn->environment->limits);
}

/* The lexer can't go on: the message ends here, and what follows is searched. */
static void bad_syntax(struct http_conn *conn, enum direction direction, struct side *side) {
    uint64_t offset = side->h1.offset;
    conn->environment->counts.bad_syntax++;
    if (side->message && side->message->end_offset > side->h1.bad_offset) {
        side->message->end_offset = side->h1.bad_offset;
    }
    if (side->message && side->message->head_complete && side->transaction) {
        notes_add(&side->transaction->notes, NOTE_BODY_SYNTAX);
    }
    const bool nothing = !side->message || !side->message->seen;
    if (nothing) {
        side->refused = side->message ? side->message->offset : side->h1.bad_offset;
    }
    if (is_client(conn, direction)) {
        conn->pairing.request_unreadable = true;
    } else if (nothing) {
        conn->pairing.unreadable = side->message ? side->message->offset : offset;
        if (side->message) {
            http_response_next(conn, side->message);
        }
    }
    if (nothing && !side->resynchronised) {
        http_surplus_open(conn, side, &side->own);
    }
    cut_message(conn, direction, side);
    if (side->state == SIDE_MESSAGE || side->state == SIDE_WAIT) {
        http_search(conn, direction, offset);
    }
}

/* The message ends at `offset`, though it claims more. */
static void end_guessed(struct http_conn *conn, enum direction direction, struct side *side,
                        uint64_t offset) {
    notes_add(&side->transaction->notes, NOTE_BODY_END_GUESSED);
    message_ended(conn, direction, side, true);
    http_tentative_refute(conn);
    http_read_start(conn, direction, offset);
}

/* The next response began with bytes of earlier packets, which were taken for the body's. */
static void end_before_front(struct http_conn *conn, enum direction direction, struct side *side) {
    const struct http_front front = side->front;
    struct slice in = slice_make(front.bytes, front.len);
    const struct chunk chunk = {
        .bytes = in, .offset = front.offset, .segment = &front.segment, .must_take = true};
    *side->message = side->own;
    end_guessed(conn, direction, side, front.offset);
    http_read(conn, direction, &chunk, &in, true);
}

static bool between_messages(const struct side *side) {
    return !side->message && side->h1.state == H1_AT_START && !side->h1.started;
}

/* HTTP/0.9's reply has no head: all bytes are the body. Only where its request is the oldest open one. */
static bool may_be_old_reply(const struct http_conn *conn, enum direction direction) {
    const struct transaction *t = conn->pairing.oldest;
    return !is_client(conn, direction) && t && !pairing_is_answered(t) && t->request.major == 0;
}

static bool looks_like_status_line(struct slice in) {
    static const char status_line[] = "HTTP/";
    size_t len = in.len < sizeof status_line - 1 ? in.len : sizeof status_line - 1;
    return memcmp(in.ptr, status_line, len) == 0;
}

/* Its first bytes may have been taken for those of a status line. */
static void open_old_reply(struct http_conn *conn, struct side *side, const struct chunk *chunk) {
    const struct h1_event event = {.minor = 9};
    if (!side->message) {
        http_begin_own(side, chunk, side->h1.offset);
        side->message = &side->own;
    }
    h1_restart(&side->h1, H1_RESPONSE, side->h1.offset);
    http_response_open(conn, side, &event, NULL);
    end_old_request(conn, side->transaction);
    side->message->head_complete = true;
    side->message->body_bytes = side->h1.offset - side->message->offset;
    side->message->framing = (struct h1_framing){.kind = H1_BODY_CLOSE};
    h1_begin_body(&side->h1, side->message->framing);
}

static void take_event(struct http_conn *conn, enum direction direction, struct side *side,
                       const struct h1_event *event) {
    switch (event->type) {
    case H1_START_LINE:
        start_line(conn, direction, side, event);
        break;
    case H1_HEADER:
    case H1_TRAILER:
        field(conn, direction, side, event);
        break;
    case H1_HEADERS_END:
        head_ended(conn, direction, side);
        break;
    case H1_BODY:
        side->message->body_bytes += event->value.len;
        break;
    case H1_MESSAGE_END:
        message_ended(conn, direction, side, false);
        break;
    case H1_BAD:
        bad_syntax(conn, direction, side);
        break;
    case H1_NEED_MORE:
        break;
    }
}

/* The lexer holds bytes that may be the next message. */
static void follow_held(struct side *side, const struct chunk *chunk) {
    if (!side->next_begun) {
        http_begin_own(side, chunk, h1_message_end(&side->h1));
        side->next_begun = true;
    }
    message_advance(&side->own, chunk, side->h1.offset);
}

static void begin(struct side *side, const struct chunk *chunk) {
    uint64_t offset = side->h1.message_offset;
    if (!side->next_begun || side->own.offset != offset) {
        http_begin_own(side, chunk, offset);
        side->own.has_ack &= offset >= chunk->offset; /* else an earlier packet's counts, unknown by now */
    }
    side->next_begun = side->blank = false;
    side->message = &side->own;
}

/* Empty lines behind a message. */
static void follow_blank(struct side *side, const struct chunk *chunk) {
    if (!side->blank) {
        http_begin_own(side, chunk, side->message_end);
        side->blank = true;
    }
    message_advance(&side->own, chunk, side->h1.offset);
}

static void follow_anew(struct side *side, const struct chunk *chunk) {
    if (side->h1.held && side->transaction) {
        follow_held(side, chunk);
        return;
    }
    if (!side->message && side->h1.started) {
        begin(side, chunk);
    } else if (!side->message && side->message_end) {
        follow_blank(side, chunk);
    }
    if (side->message) {
        if (side->next_begun) {
            message_join(side->message, &side->own);
            side->next_begun = false;
        }
        message_advance(side->message, chunk, side->h1.offset);
    }
}

/* The lexer moved over bytes of the chunk: they belong to a message, begun or beginning. */
static inline void follow(struct side *side, const struct chunk *chunk) {
    if (side->message && !side->next_begun && !side->h1.held) {
        message_advance(side->message, chunk, side->h1.offset);
    } else {
        follow_anew(side, chunk);
    }
}

/* Does what the client sends behind a request line without version belong to it? Only if it was sent before
 * the answer came. */
static bool must_wait_for_answer(struct http_conn *conn, enum direction direction, const struct side *side,
                                 const struct chunk *chunk) {
    return side->h1.state == H1_BEHIND_OLD_LINE && side->h1.held == 0 && side->message &&
           side->message->last.ordinal != chunk->segment->ordinal && http_must_wait(conn, direction, chunk);
}

enum before_event { READ_ON, READ_ANEW, READ_LATER };

/* The next byte may be the first one of a message. */
static enum before_event before_message(struct http_conn *conn, enum direction direction, struct side *side,
                                        const struct chunk *chunk, struct slice in) {
    if (!is_client(conn, direction) && http_must_wait(conn, direction, chunk)) {
        return READ_LATER;
    }
    if (may_be_old_reply(conn, direction) && !looks_like_status_line(in)) {
        open_old_reply(conn, side, chunk);
    }
    return READ_ON;
}

static enum before_event before_body(struct http_conn *conn, enum direction direction, struct side *side,
                                     const struct chunk *chunk, struct slice in) {
    if (!is_client(conn, direction)) {
        if (!http_guess_response(conn, direction, chunk, in)) {
            bool begun = http_guess_response_begun(conn, direction, chunk, in);
            if (begun) {
                end_before_front(conn, direction, side);
            }
            return begun ? READ_ANEW : READ_ON;
        }
    } else {
        if (!http_guess_request_perhaps(conn, direction, chunk, in)) {
            return READ_ON;
        }
        if (http_must_wait(conn, direction, chunk)) {
            return READ_LATER;
        }
        if (!http_guess_request(conn, chunk)) {
            return READ_ON;
        }
    }
    end_guessed(conn, direction, side, side->h1.offset);
    return READ_ANEW;
}

/* Are the bytes `in` what the lexer expects, and is it time for them? */
static enum before_event before_event(struct http_conn *conn, enum direction direction, struct side *side,
                                      const struct chunk *chunk, struct slice in) {
    switch (side->h1.state) {
    case H1_AT_START:
        return between_messages(side) ? before_message(conn, direction, side, chunk, in) : READ_ON;
    case H1_IN_BODY:
    case H1_IN_CHUNK_SIZE:
    case H1_IN_CHUNK_DATA:
        return http_is_sure_of_body(side) ? READ_ON : before_body(conn, direction, side, chunk, in);
    case H1_BEHIND_OLD_LINE:
        return must_wait_for_answer(conn, direction, side, chunk) ? READ_LATER : READ_ON;
    case H1_IN_START_LINE:
    case H1_IN_HEADERS:
    case H1_AT_FRAMING:
    case H1_AT_CHUNK_END:
    case H1_IN_TRAILERS:
    case H1_AT_MESSAGE_END:
    case H1_DONE:
        break;
    }
    return READ_ON;
}

/* The next message begins as nearly all do: its start line is whole in the chunk, and has no oddity. False,
 * with nothing taken, for all else. */
static bool read_start_line(struct http_conn *conn, enum direction direction, struct side *side,
                            const struct chunk *chunk, struct slice *in) {
    struct h1_event event;
    if (side->message || side->next_begun || side->resynchronised ||
        !h1_next_start_line(&side->h1, in, &event)) {
        return false;
    }
    http_note_before(side, chunk, side->h1.message_offset);
    side->blank = false;
    open_message(conn, direction, side, &event, chunk);
    return true;
}

/* Plain fields, and the head's end if it is next: then true. */
static bool read_fields(struct http_conn *conn, enum direction direction, struct side *side,
                        const struct chunk *chunk, struct slice *in) {
    if (http_take_fields(conn, side, !is_client(conn, direction), in)) {
        follow(side, chunk);
    }
    if (!h1_next_head_end(&side->h1, in)) {
        return false;
    }
    follow(side, chunk);
    head_ended(conn, direction, side);
    return true;
}

/* One event, of which nothing is asked before. False: nothing more can be read. */
static bool read_event(struct http_conn *conn, enum direction direction, struct side *side,
                       const struct chunk *chunk, struct slice *in) {
    struct h1_event event;
    uint64_t before = side->h1.offset;
    event.type = h1_next(&side->h1, in, &event);
    if (side->h1.offset != before) {
        follow(side, chunk);
    }
    if (event.type == H1_NEED_MORE) {
        return false;
    }
    if (event.type == H1_BAD && !side->message) {
        http_begin_own(side, chunk, side->h1.bad_offset);
    }
    bool no_status_line = event.type == H1_BAD && !(side->message && side->message->seen);
    if (no_status_line && may_be_old_reply(conn, direction)) {
        open_old_reply(conn, side, chunk);
    } else {
        take_event(conn, direction, side, &event);
    }
    return in->len || h1_has_event(&side->h1);
}

void http_read(struct http_conn *conn, enum direction direction, const struct chunk *chunk, struct slice *in,
               bool held) {
    struct side *side = keep_pointer(&conn->side[direction]);
    bool more = true;
    while (more && side->state == SIDE_MESSAGE) {
        if (side->h1.state == H1_AT_MESSAGE_END) {
            h1_next_message_end(&side->h1);
            message_ended(conn, direction, side, false);
            more = in->len || h1_has_event(&side->h1);
            continue;
        }
        enum before_event verdict =
            !held && in->len ? before_event(conn, direction, side, chunk, *in) : READ_ON;
        if (verdict == READ_LATER) {
            return;
        }
        if (verdict == READ_ANEW) {
            continue;
        }
        if (side->h1.state == H1_AT_START && !held && read_start_line(conn, direction, side, chunk, in)) {
            if (side->state == SIDE_MESSAGE && side->h1.state == H1_IN_HEADERS && in->len) {
                (void)read_fields(conn, direction, side, chunk, in);
            }
            more = in->len || h1_has_event(&side->h1);
            continue;
        }
        if (in->len && h1_is_in_body(&side->h1)) {
            side->message->body_bytes += h1_next_body(&side->h1, in);
            follow(side, chunk);
            more = in->len || h1_has_event(&side->h1);
            continue;
        }
        if (side->h1.state == H1_IN_HEADERS && read_fields(conn, direction, side, chunk, in)) {
            more = in->len || h1_has_event(&side->h1);
            continue;
        }
        more = read_event(conn, direction, side, chunk, in);
    }
}

/* ---- loss and end ---- */

static void flush_line(struct http_conn *conn, enum direction direction, struct side *side, bool end) {
    struct h1_event event;
    event.type = h1_flush_line(&side->h1, end, &event);
    if (event.type != H1_NEED_MORE && side->message) {
        take_event(conn, direction, side, &event);
        while (end && side->state == SIDE_MESSAGE && (side->message || side->h1.held)) {
            struct slice nothing = slice_make("", 0);
            event.type = h1_next(&side->h1, &nothing, &event);
            if (event.type == H1_NEED_MORE) {
                break;
            }
            take_event(conn, direction, side, &event);
        }
        if (!side->message && side->state == SIDE_MESSAGE && side->h1.started) {
            side->own.seen = false; /* what was held is the front of a message */
            side->message = &side->own;
        }
    }
}

/* After a body was skipped to its end, its MESSAGE_END is due. */
static void give_end(struct http_conn *conn, enum direction direction, struct side *side) {
    while (side->state == SIDE_MESSAGE && side->message && side->h1.state == H1_AT_MESSAGE_END) {
        struct slice nothing = slice_make("", 0);
        struct h1_event event;
        event.type = h1_next(&side->h1, &nothing, &event);
        if (event.type == H1_NEED_MORE) {
            return;
        }
        take_event(conn, direction, side, &event);
    }
}

void http_read_gap(struct http_conn *conn, enum direction direction, uint64_t offset, uint64_t len) {
    struct side *side = &conn->side[direction];
    flush_line(conn, direction, side, false);
    struct http_message *m = side->message;
    side->passed_ack = m ? m->last_ack : side->passed_ack;
    uint64_t known = m ? side->h1.remaining : 0;
    bool length = m && m->seen && m->framing.kind == H1_BODY_LENGTH && side->h1.state == H1_IN_BODY;
    if (m && h1_skip(&side->h1, len)) {
        message_gap(m, len, len);
        give_end(conn, direction, side);
        return;
    }
    if (length) {
        /* The rest of the body is lost, and the message ends where its length says; what is lost behind it
         * may be anything. */
        message_gap(m, known, known);
        message_ended(conn, direction, side, false);
    } else {
        if (m && side->h1.state == H1_IN_CHUNK_DATA) {
            message_gap(m, known, known); /* the chunk's rest; what is lost behind it may be anything */
        }
        if (m && !m->seen && is_client(conn, direction)) {
            http_request_front(conn, direction);
        }
        cut_message(conn, direction, side);
    }
    if (side->state == SIDE_MESSAGE || side->state == SIDE_WAIT) {
        http_search(conn, direction, offset + len);
        side->after_gap = true;
        http_surplus_end(conn, side, offset);
    }
}

void http_read_end(struct http_conn *conn, enum direction direction, enum end_reason reason) {
    struct side *side = &conn->side[direction];
    bool whole = reason == END_FIN; /* else what is not ended is cut */
    if (side->message && h1_end_old(&side->h1)) {
        give_end(conn, direction, side);
    }
    flush_line(conn, direction, side, whole);
    struct http_message *m = side->message;
    if (!m && side->state == SIDE_MESSAGE) {
        http_surplus_open_blank(conn, side);
    }
    if (!m || side->state != SIDE_MESSAGE) {
        return;
    }
    if (whole && h1_end(&side->h1) == H1_END_COMPLETE) {
        message_ended(conn, direction, side, false);
    } else {
        m->closed_short = whole && m->framing.kind == H1_BODY_LENGTH && side->h1.state == H1_IN_BODY;
        if (whole && !m->seen) {
            http_surplus_open(conn, side, m); /* a start line that will never be whole */
        }
        cut_message(conn, direction, side);
    }
}
