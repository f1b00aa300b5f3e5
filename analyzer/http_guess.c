/* SPDX-License-Identifier: Apache-2.0 */
/* Where a message ends that claims more than it can have: what the packets tell of the next one. */
#include "analyzer/http_side.h"

static bool is_client(const struct http_conn *conn, enum direction direction) {
    return conn->roles_known && direction == conn->client;
}

/* `in` is the end of the chunk's bytes. */
static uint64_t offset_of(const struct chunk *chunk, struct slice in) {
    return chunk->offset + (chunk->bytes.len - in.len);
}

static bool is_in_body(const struct side *side) {
    return side->h1.state == H1_IN_BODY || side->h1.state == H1_IN_CHUNK_SIZE ||
           side->h1.state == H1_IN_CHUNK_DATA;
}

/* `in`, the end of the chunk's bytes, begins its segment. */
static bool begins_segment(const struct chunk *chunk, struct slice in) {
    return in.len == chunk->bytes.len && chunk->offset == chunk->segment->offset;
}

/* No content of the type begins with a status line, as a stored message, a log or a dump might. */
static bool type_is_no_message(const struct http_message *m) {
    static const char *const types[] = {
        "image/",           "audio/",
        "video/",           "font/",
        "text/html",        "text/css",
        "text/javascript",  "text/xml",
        "application/json", "application/javascript",
        "application/xml",  "application/pdf",
        "application/zip",  "application/gzip",
        "application/wasm", "application/x-javascript",
    };
    const struct header *type = header_find(&m->headers, "content-type");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        struct slice wanted = slice_of(types[i]);
        if (slice_equal_nocase(slice_first(type->value, wanted.len), wanted)) {
            return true;
        }
    }
    return false;
}

/* A method that is not known may have been HEAD: then a status line where the body should begin is the next
 * response, if the body can't be a message itself. */
static bool may_have_no_body(const struct side *side) {
    const struct http_message *m = side->message;
    return !side->transaction->tentative && !side->transaction->request.seen && m->head_complete &&
           type_is_no_message(m);
}

/* May the next response begin at `offset`, in a packet's bytes? `body_bytes` came before. */
static bool next_may_begin(const struct side *side, uint64_t offset, const struct segment *segment,
                           uint64_t body_bytes) {
    const struct http_message *m = side->message;
    bool begins_segment = offset == segment->offset;
    /* What was lost before a packet may have been other responses as well. */
    bool first = offset == m->offset + m->head_bytes || (body_bytes == 0 && begins_segment);
    if (first && may_have_no_body(side)) {
        return true;
    }
    bool disputed = m->framing.kind == H1_BODY_CLOSE && m->fields.oddities & FRAMING_ODD_AMBIGUOUS;
    if (side->transaction->request.seen && !disputed) {
        return false;
    }
    const struct transaction *asked = side->transaction->tentative;
    bool unending = m->framing.kind == H1_BODY_CLOSE && framing_persists(&m->fields, m->major, m->minor);
    bool more_acked = (!asked || asked->next) && segment->has_ack && !segment->resent && m->has_ack &&
                      segment->ack > m->ack;
    bool more_asked = asked || side->transaction->candidates > 0; /* requests that are known to be open */
    return begins_segment && (more_acked || (more_asked && unending));
}

bool http_guess_response(const struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                         struct slice in) {
    const struct side *side = &conn->side[direction];
    const struct http_message *m = side->message;
    return !is_client(conn, direction) && is_in_body(side) && m && side->transaction &&
           next_may_begin(side, offset_of(chunk, in), chunk->segment, m->body_bytes) &&
           probe_starts_status_line(in);
}

/* The bytes `in`, at `offset`, go on with the front. `*whole`: a status line begins with both. False: none
 * does. */
static bool join_front(const struct side *side, struct http_front *front, uint64_t offset, struct slice in,
                       bool *whole) {
    const struct http_message *m = side->message;
    uint8_t joined[2 * sizeof front->bytes];
    if (!front->len || front->offset + front->len != offset || front->offset < m->offset + m->head_bytes ||
        !next_may_begin(side, front->offset, &front->segment, m->body_bytes - front->len)) {
        return false;
    }
    struct slice rest = slice_first(in, sizeof front->bytes);
    memcpy(joined, front->bytes, front->len);
    memcpy(joined + front->len, rest.ptr, rest.len);
    struct slice both = slice_make(joined, front->len + rest.len);
    *whole = probe_starts_status_line(both);
    if (*whole || both.len > sizeof front->bytes || !probe_may_start_status_line(both)) {
        return *whole;
    }
    memcpy(front->bytes, joined, both.len);
    front->len = (uint8_t)both.len;
    return true;
}

bool http_guess_response_begun(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                               struct slice in) {
    struct side *side = &conn->side[direction];
    struct http_front *front = &side->front;
    const struct http_message *m = side->message;
    uint64_t offset = offset_of(chunk, in);
    if (is_client(conn, direction) || side->h1.state != H1_IN_BODY || !m || !side->transaction) {
        return false;
    }
    bool whole = false;
    if (join_front(side, front, offset, in, &whole)) {
        return whole;
    }
    front->len = 0;
    if (in.len <= sizeof front->bytes && probe_may_start_status_line(in) &&
        next_may_begin(side, offset, chunk->segment, m->body_bytes)) {
        *front = (struct http_front){.offset = offset, .segment = *chunk->segment, .len = (uint8_t)in.len};
        memcpy(front->bytes, in.ptr, in.len);
        side->own = *m;
    }
    return false;
}

bool http_guess_request_perhaps(const struct http_conn *conn, enum direction direction,
                                const struct chunk *chunk, struct slice in) {
    const struct side *side = &conn->side[direction];
    const struct http_message *m = side->message;
    if (!is_client(conn, direction) || !is_in_body(side) || !m || !m->resynchronised || !side->transaction) {
        return false;
    }
    return begins_segment(chunk, in) && chunk->segment->has_ack && !chunk->segment->resent && m->has_ack &&
           chunk->segment->ack > m->last_ack && probe_starts_request(in);
}

bool http_guess_request(const struct http_conn *conn, const struct chunk *chunk) {
    const struct side *side = &conn->side[conn->client];
    const struct pairing *p = &conn->pairing;
    uint64_t answered = p->response_end, lost = p->loss[direction_other(p->client)];
    uint64_t asked = side->message->ack, ack = chunk->segment->ack;
    return (answered > asked && ack >= answered) || (lost > asked && ack >= lost);
}
