/* SPDX-License-Identifier: Apache-2.0 */
/* The client's messages: each opens a transaction. */
#include "analyzer/field_index.h"
#include "analyzer/http_side.h"

/* A client that speaks HTTP/2 from here on (RFC 9113 section 3.4): after an upgrade whose answer was lost, or
 * found midstream. */
bool http_request_is_http2(const struct h1_event *event) {
    return event->major == 2 && slice_is(event->line[0], "PRI");
}

/* The oldest request without an answer gives way; one that is being answered stays, its response is its own.
 */
static void make_room(struct http_conn *conn, uint64_t offset) {
    struct transaction *t = conn->pairing.oldest;
    while (t && pairing_is_answered(t)) {
        t = t->next;
    }
    if (t) {
        conn->environment->counts.cap_open_requests++;
        t->request.truncated |= !t->request.end_known;
        http_finish_orphan(conn, t, PAIRING_OPEN_CAP);
        pairing_lost(&conn->pairing, conn->client, offset);
        pairing_forgot(&conn->pairing);
    }
}

/* What the client sent while it had heard nothing more, it sent without waiting. `known`: what it had heard
 * is, up to `ack`. */
static void note_asked(struct side *side, bool known, uint64_t ack, bool in_part) {
    if (known) {
        side->crowded |= side->asked && ack <= side->asked && (in_part || side->asked_in_part);
        side->asked = ack;
        side->asked_in_part = in_part;
    }
}

void http_request_front(struct http_conn *conn, enum direction direction) {
    const struct http_message *m = &conn->side[direction].own;
    note_asked(&conn->side[direction], m->has_ack && !m->ack_late, m->ack, true);
    if (conn->roles_known && direction == conn->client) {
        conn->pairing.pipelines |= conn->side[direction].crowded;
    }
}

/* NULL without memory. The request begins at `offset`. */
static struct transaction *open_transaction(struct http_conn *conn, uint64_t offset) {
    struct http_environment *environment = conn->environment;
    if (conn->pairing.count >= environment->limits->open_requests) {
        make_room(conn, offset);
    }
    struct transaction *t = transaction_open_request(environment->store, conn->connection, conn->client);
    if (!t && conn->pairing.count > 0) {
        make_room(conn, offset);
        t = transaction_open_request(environment->store, conn->connection, conn->client);
    }
    return t;
}

/* The message of the transaction, or, without one, the side's own. */
static struct http_message *make_message(struct side *side, struct transaction *t,
                                         const struct h1_event *event, const struct chunk *begins) {
    struct http_message *m = t && begins ? &t->request : &side->own;
    if (begins) {
        message_begin(m, begins, side->h1.message_offset);
        m->end_offset = side->h1.offset;
    }
    message_start_line(m, event, t);
    m->resynchronised = side->resynchronised;
    if (t && !begins) {
        t->request = *m;
        m = &t->request;
    }
    return m;
}

void http_request_open(struct http_conn *conn, struct side *side, const struct h1_event *event,
                       const struct chunk *begins) {
    struct http_environment *environment = conn->environment;
    environment->counts.requests++;
    if (begins) {
        const struct segment *s = begins->segment;
        note_asked(side, s->has_ack && !s->resent, s->ack, false);
    } else {
        note_asked(side, side->own.has_ack && !side->own.ack_late, side->own.ack, false);
    }
    conn->pairing.pipelines |= side->crowded;
    struct transaction *t = open_transaction(conn, begins ? side->h1.message_offset : side->own.offset);
    side->message = make_message(side, t, event, begins);
    if (!t) {
        environment->counts.no_memory_requests++;
        environment->counts.cap_transactions++;
        pairing_lost(&conn->pairing, conn->client, side->own.offset + 1);
        return;
    }
    if (side->said_last) {
        notes_add(&t->notes, NOTE_MESSAGE_AFTER_CLOSE);
    }
    t->index = conn->request_index++;
    t->first_on_connection = t->index == 0 && !t->request.resynchronised;
    t->after_gap = side->after_gap;
    t->gap_end = side->search_from;
    t->doubtful = side->doubtful;
    t->heard = side->search_ack;
    if (t->heard == 0 && conn->connection->start_known[direction_other(conn->client)]) {
        t->heard = conn->connection->start[direction_other(conn->client)];
    }
    t->has_parent = conn->tunnel.open;
    if (t->has_parent) {
        memcpy(t->parent_id, conn->tunnel.parent_id, sizeof t->parent_id);
    }
    side->transaction = t;
    pairing_add(&conn->pairing, t);
    transaction_announce(environment->store, t, &conn->ids, conn->client, t->request.offset);
    http_tentative_judge(conn);
}

static void parse_target(struct transaction *t, const struct http_message *m) {
    const struct header *host = header_first(&m->headers, FIELD_NAME_HOST);
    target_parse(&t->target, m->line[0], m->line[1], host ? host->value : slice_make("", 0), host != NULL);
}

void http_request_head(struct http_conn *conn, struct side *side, struct http_message *m) {
    struct transaction *t = side->transaction;
    m->framing = framing_of_request(&m->fields, m->major, m->minor, m->line[0]);
    if (m->fields.oddities & FRAMING_ODD_AMBIGUOUS) {
        pairing_doubt(&conn->pairing, conn->client, m->offset);
    }
    if (!t) {
        return;
    }
    parse_target(t, m);
    message_note_target(&t->notes, m, &t->target);
    transaction_updated(conn->environment->store, t);
}

static bool awaits_switch(const struct http_message *m) {
    return slice_is(m->line[0], "CONNECT") || (m->fields.upgrade && m->fields.connection_upgrade);
}

void http_request_ended(struct http_conn *conn, struct side *side, struct http_message *m) {
    struct transaction *t = side->transaction;
    bool wait = t && !m->truncated && awaits_switch(m) && !pairing_is_answered(t);
    if (t && !m->head_complete) {
        parse_target(t, m); /* of what there is */
    }
    side->message = NULL;
    side->transaction = NULL;
    if (wait) {
        side->state = SIDE_WAIT;
        conn->waits_for = t;
    }
    if (t) {
        t->tcp.pace_at_request_end = conn->connection->pace;
        http_finish_request(conn, t);
    }
}

void http_stop_waiting(struct http_conn *conn) {
    struct side *client = http_client_side(conn);
    conn->waits_for = NULL;
    if (client->state == SIDE_WAIT) {
        client->state = SIDE_MESSAGE;
    }
}

bool http_request_goes_on(struct http_conn *conn) {
    const struct transaction *t = conn->waits_for;
    if (!t || t->request.resynchronised || slice_is(t->request.line[0], "CONNECT")) {
        return false;
    }
    http_stop_waiting(conn);
    http_surplus_doubt(conn);
    return true;
}
