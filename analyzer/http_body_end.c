/* SPDX-License-Identifier: Apache-2.0 */
/* A body whose end is not sure, because the request is not, or because a search found its head: do the next
 * bytes still belong to it? */
#include "analyzer/http_side.h"

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
static bool stands_for_body(const struct side *side, const struct chunk *chunk, struct slice in) {
    const struct http_message *m = side->message;
    uint64_t offset = chunk->offset + (chunk->bytes.len - in.len);
    return !side->transaction->tentative && !side->transaction->request.seen && m->head_complete &&
           offset == m->offset + m->head_bytes && probe_starts_status_line(in) && type_is_no_message(m);
}

/* A method that is not sure may have been HEAD: then a status line where the body should be, in a packet that
 * acknowledges more of the client's bytes, is the next response. So it is, where another request is known to
 * be open, in a body that lasts until the connection closes, though the server did not say that it would
 * close it; and where readers disagree whether it lasts so long. */
bool http_is_next_response(const struct side *side, const struct chunk *chunk, struct slice in) {
    const struct http_message *m = side->message;
    if (!m || !side->transaction) {
        return false;
    }
    if (stands_for_body(side, chunk, in)) {
        return true;
    }
    bool disputed = m->framing.kind == H1_BODY_CLOSE && m->fields.oddities & FRAMING_ODD_AMBIGUOUS;
    if (side->transaction->request.seen && !disputed) {
        return false;
    }
    const struct transaction *asked = side->transaction->tentative;
    bool unending = m->framing.kind == H1_BODY_CLOSE && framing_persists(&m->fields, m->major, m->minor);
    bool more_acked = (!asked || asked->next) && chunk->segment->has_ack && !chunk->segment->resent &&
                      m->has_ack && chunk->segment->ack > m->ack;
    bool more_asked = asked || side->transaction->candidates > 0; /* requests that are known to be open */
    return begins_segment(chunk, in) && (more_acked || (more_asked && unending)) &&
           probe_starts_status_line(in);
}

/* What a search found may claim too much. A request at a segment's start, sent when the client had a final
 * response more than when it sent this one, is the next one. */
bool http_may_be_next_request(const struct side *side, const struct chunk *chunk, struct slice in) {
    const struct http_message *m = side->message;
    if (!m || !m->resynchronised || !side->transaction) {
        return false;
    }
    return begins_segment(chunk, in) && chunk->segment->has_ack && !chunk->segment->resent && m->has_ack &&
           chunk->segment->ack > m->last_ack && probe_starts_request(in);
}

/* Valid when the server's bytes that it acknowledges were given. */
bool http_is_next_request(const struct http_conn *conn, const struct side *side, const struct chunk *chunk) {
    const struct pairing *p = &conn->pairing;
    uint64_t answered = p->response_end, lost = p->loss[direction_other(p->client)];
    uint64_t asked = side->message->ack, ack = chunk->segment->ack;
    return (answered > asked && ack >= answered) || (lost > asked && ack >= lost);
}
