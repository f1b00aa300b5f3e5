/* SPDX-License-Identifier: Apache-2.0 */
/* Before a message: where it begins, what it waits for, and the search for it. */
#include "analyzer/http_side.h"

void http_read_start(struct http_conn *conn, enum direction direction, uint64_t offset) {
    struct side *side = &conn->side[direction];
    enum h1_role role = conn->roles_known && direction == conn->client ? H1_REQUEST : H1_RESPONSE;
    if (side->lexer_ready) {
        h1_restart(&side->h1, role, offset);
    } else {
        h1_init(&side->h1, role, conn->environment->limits, offset);
        buf_charge(&side->h1.line, conn->environment->memory);
        side->lexer_ready = true;
    }
    side->state = SIDE_MESSAGE;
    side->message = NULL;
    side->transaction = NULL;
    side->next_begun = side->blank = false;
}

void http_note_before(struct side *side, const struct chunk *chunk, uint64_t offset) {
    const struct segment *segment = chunk->segment;
    side->before_ack = offset == side->tail_end ? side->tail_ack : 0;
    side->seen_before = offset > chunk->offset ? offset : side->tail_end;
    if (offset > chunk->offset && segment->has_ack && !segment->resent) {
        side->before_ack = segment->ack;
    }
}

void http_begin_own(struct side *side, const struct chunk *chunk, uint64_t offset) {
    message_begin(&side->own, chunk, offset);
    http_note_before(side, chunk, offset);
}

void http_search(struct http_conn *conn, enum direction direction, uint64_t offset) {
    struct side *side = &conn->side[direction];
    probe_restart(&side->probe, PROBE_SEARCH);
    side->state = SIDE_PROBE;
    side->message = NULL;
    side->transaction = NULL;
    side->next_begun = side->blank = false;
    side->unsure = true;
    side->search_from = offset;
    side->search_ack = side->passed_ack;
    if (conn->roles_known) {
        pairing_lost(&conn->pairing, direction, offset);
        if (direction != conn->client) {
            http_interim_drop(conn);
        }
    }
}

bool http_must_wait(struct http_conn *conn, enum direction direction, const struct chunk *chunk) {
    enum direction other = direction_other(direction);
    const struct transaction *t = conn->waits_for;
    if (t && t->request.resynchronised && chunk->segment->has_ack &&
        chunk->segment->ack > t->request.end_offset) {
        http_stop_waiting(conn); /* it sent more: what a search found is no request that waits */
    }
    /* A client that waits for this very answer has given all it will. */
    return !chunk->must_take && chunk->segment->has_ack && !conn->side[other].ended &&
           conn->side[other].state != SIDE_WAIT && chunk->segment->ack > conn->connection->delivered[other];
}
