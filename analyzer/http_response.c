/* SPDX-License-Identifier: Apache-2.0 */
/* The server's messages: each finds its transaction by pairing's rule, or stays alone. */
#include "analyzer/http_side.h"

bool http_response_is_interim(const struct http_message *m) {
    return m->status >= 100 && m->status < 200 && m->status != 101;
}

uint64_t http_captured_requests(const struct http_conn *conn) {
    const struct side *client = &conn->side[conn->client];
    bool in_body = client->state == SIDE_MESSAGE && client->message && client->h1.state == H1_IN_BODY &&
                   client->message->framing.kind == H1_BODY_LENGTH;
    return conn->connection->delivered[conn->client] + (in_body ? client->h1.remaining : 0) +
           (client->ended && client->end_reason == END_FIN ? 1 : 0);
}

bool http_has_begun(const struct side *side) {
    bool probed = side->state == SIDE_PROBE && side->probe.mode == PROBE_AT_START && side->probe.candidate;
    return probed || side->next_begun || (side->message == &side->own && !side->own.seen);
}

static const struct http_message *begun_request(const struct http_conn *conn) {
    const struct side *client = &conn->side[conn->client];
    return http_has_begun(client) ? &client->own : NULL;
}

static struct pairing_choice choose(const struct http_conn *conn, const struct http_message *m) {
    const struct connection *c = conn->connection;
    const struct http_message *begun = begun_request(conn);
    if (!begun && pairing_is_plain(&conn->pairing, m)) {
        return (struct pairing_choice){.request = conn->pairing.oldest, .by = PAIRING_ACK, .candidates = 1};
    }
    enum direction server = direction_other(conn->client);
    /* What waits behind CONNECT or Upgrade is later than all that is open. */
    bool waits = conn->side[conn->client].state == SIDE_WAIT;
    struct pairing_view view = {
        .captured = waits ? UINT64_MAX : http_captured_requests(conn),
        .first_seen = c->lowest[conn->client],
        .midstream = c->midstream,
        .server_start = c->start_known[server] ? c->start[server] : 0,
        .server_seen = conn->side[server].seen_before,
        .before_ack = conn->side[server].before_ack,
        .begun = begun,
    };
    return pairing_choose(&conn->pairing, m, &view);
}

static void open_orphan_response(struct http_conn *conn, struct side *side, const struct h1_event *event,
                                 const struct pairing_choice *choice) {
    struct http_environment *environment = conn->environment;
    struct transaction *t = conn->interims;
    conn->interims = NULL;
    if (!t) {
        t = transaction_open(environment->store, conn->connection, conn->client);
    }
    message_start_line(&side->own, event, t);
    if (!t) {
        environment->counts.no_memory_responses++;
        environment->counts.cap_transactions++;
        return;
    }
    t->type = TRANSACTION_ORPHAN_RESPONSE;
    t->has_parent = conn->tunnel.open;
    if (t->has_parent) {
        memcpy(t->parent_id, conn->tunnel.parent_id, sizeof t->parent_id);
    }
    t->response = side->own;
    t->index = conn->response_index;
    t->reason = choice->reason;
    t->candidates = choice->candidates;
    t->doubtful = side->doubtful;
    side->transaction = t;
    side->message = &t->response;
    if (choice->tentative) {
        http_tentative_open(conn, choice->request, t);
        return;
    }
    if (t->reason == PAIRING_UNSOLICITED) {
        notes_add(&t->notes, NOTE_UNSOLICITED_RESPONSE);
    }
    transaction_announce(environment->store, t, &conn->ids, direction_other(conn->client),
                         t->response.offset);
}

/* `m`: the side's own message, or the transaction's. */
static void bind_response(struct http_conn *conn, struct side *side, const struct h1_event *event,
                          const struct pairing_choice *choice, struct http_message *m) {
    struct transaction *t = choice->request;
    if (choice->by == PAIRING_ACK && conn->pairing.oldest != t) {
        http_finish_superseded(conn, t);
    }
    http_interim_move(conn, t);
    message_start_line(m, event, t);
    if (m != &t->response) {
        t->response = *m;
    }
    t->by = choice->by;
    t->pipelined = t->request.has_ack && t->request.ack < conn->pairing.response_end;
    t->previous_end_ns = conn->pairing.response_end_ns;
    t->tcp.pace_at_turn = conn->pace_at_response_end;
    side->transaction = t;
    side->message = &t->response;
}

void http_response_next(struct http_conn *conn, const struct http_message *m) {
    if (!conn->tentative) {
        return;
    }
    http_tentative_server_goes_on(conn, m, begun_request(conn));
}

/* The transaction that the response will most likely be bound to: it is made there, then. NULL: none. */
static struct transaction *likely_transaction(const struct http_conn *conn, unsigned status) {
    struct transaction *t = conn->pairing.oldest;
    return t && !pairing_is_answered(t) && !conn->tentative && status >= 200 ? t : NULL;
}

void http_response_open(struct http_conn *conn, struct side *side, const struct h1_event *event,
                        const struct chunk *begins) {
    struct transaction *likely = begins ? likely_transaction(conn, event->status) : NULL;
    struct http_message *m = likely ? &likely->response : &side->own;
    if (begins) {
        message_begin(m, begins, side->h1.message_offset);
        m->end_offset = side->h1.offset;
    }
    m->status = event->status;
    m->resynchronised = side->resynchronised;
    http_response_next(conn, m);
    struct pairing_choice choice = choose(conn, m);
    if (likely && (choice.request != likely || choice.tentative)) {
        side->own = *m;
        memset(m, 0, sizeof *m);
        m = &side->own;
    }
    side->message = m;
    if (http_response_is_interim(m)) {
        http_interim_open(conn, side, event, choice.request);
        return;
    }
    conn->environment->counts.responses++;
    if (choice.request && !choice.tentative) {
        bind_response(conn, side, event, &choice, m);
    } else {
        open_orphan_response(conn, side, event, &choice);
    }
    if (side->must_close && side->transaction) {
        notes_add(&side->transaction->notes, NOTE_CONNECTION_KEPT);
    }
    if (side->said_last && side->transaction) {
        notes_add(&side->transaction->notes, NOTE_MESSAGE_AFTER_CLOSE);
    }
    pairing_bind(&conn->pairing, &choice, side->message);
    conn->response_index++;
}

void http_response_head(struct http_conn *conn, struct side *side, struct http_message *m) {
    const struct transaction *t = side->transaction;
    const struct transaction *asked = t && t->tentative ? t->tentative : t;
    struct slice method = asked && asked->request.seen ? asked->request.line[0] : slice_make("", 0);
    m->framing = framing_of_response(&m->fields, m->major, m->minor, method, m->status);
    if (m->fields.oddities & FRAMING_ODD_AMBIGUOUS) {
        pairing_doubt(&conn->pairing, direction_other(conn->client), m->offset);
    }
    if (t && !t->tentative) {
        transaction_updated(conn->environment->store, t);
    }
}

/* Does a response without a known request end HTTP here? What a search found may be inside a body; then no
 * request that asked for a switch is open, or lost. */
static bool switches(const struct http_conn *conn, const struct transaction *t) {
    const struct pairing *p = &conn->pairing;
    bool asked = conn->waits_for || p->loss[p->client] > p->settled[p->client] ||
                 (t->response.has_ack && t->response.ack > http_captured_requests(conn));
    return !t->response.resynchronised || (asked && !t->doubtful);
}

void http_response_ended(struct http_conn *conn, struct side *side, struct http_message *m) {
    struct transaction *t = side->transaction;
    side->message = NULL;
    side->transaction = NULL;
    if (http_response_is_interim(m)) {
        if (t) {
            t->interim_bytes += m->end_offset - m->offset;
        }
        if (!t || t == conn->interims) {
            conn->pairing.interim_end = m->end_offset;
        }
        return;
    }
    pairing_response_ended(&conn->pairing, m);
    conn->pace_at_response_end = conn->connection->pace;
    const uint32_t closing = FRAMING_ODD_BOTH | FRAMING_ODD_TE_IN_1_0 | FRAMING_ODD_NOT_CHUNKED_LAST |
                             FRAMING_ODD_LENGTH_SYNTAX | FRAMING_ODD_LENGTH_CONFLICT;
    side->must_close |= t && t->request.seen && t->request.fields.oddities & closing;
    bool tunnel = m->framing.kind == H1_BODY_TUNNEL && m->head_complete;
    if (tunnel && t && t->type == TRANSACTION_ORPHAN_RESPONSE && !t->tentative && !switches(conn, t)) {
        http_search(conn, direction_other(conn->client), m->end_offset);
        tunnel = false;
    }
    if (t && (t == conn->waits_for || (t->tentative && t->tentative == conn->waits_for))) {
        http_stop_waiting(conn);
        if (m->truncated) {
            http_surplus_doubt(conn); /* perhaps it opened a tunnel */
        }
    }
    if (t && t->tentative) {
        transaction_end_tcp(t);
        if (!tunnel) {
            http_tentative_judge(conn);
            return;
        }
        t = http_tentative_join(conn); /* nothing else would have been answered so */
    }
    if (!t) {
        if (tunnel) {
            struct side *client = http_client_side(conn);
            http_surplus_end(conn, client, conn->connection->delivered[conn->client]);
            conn->side[0].state = conn->side[1].state = SIDE_IGNORE;
        }
        return;
    }
    if (tunnel) {
        http_tunnel_open(conn, t);
    }
    if (t->type == TRANSACTION_ORPHAN_RESPONSE) {
        http_finish_orphan_response(conn, t);
    } else {
        http_finish_if_done(conn, t);
    }
}
