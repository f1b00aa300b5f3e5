/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions out: when is one done, why did a message stay alone, and the counts that the ledger holds
 * against each other. */
#include "analyzer/conformance.h"
#include "analyzer/http_side.h"
#include "analyzer/timing.h"

static bool request_is_done(const struct transaction *t) {
    return t->request.end_known || t->request.truncated;
}

static bool response_is_done(const struct transaction *t) {
    return t->response.seen && (t->response.end_known || t->response.truncated);
}

/* A client that waits for a 100 and gets its answer need not send the content (RFC 9110 section 10.1.1). */
static bool is_let_off(const struct transaction *t, const struct http_message *m) {
    return m == &t->request && m->fields.expect_continue && m->body_bytes == 0 && t->response.seen &&
           t->interim_count == 0;
}

static void note_message(struct transaction *t, const struct http_message *m) {
    if (m->closed_short && !is_let_off(t, m)) {
        notes_add(&t->notes, NOTE_LENGTH_UNLIKE_BODY);
    }
    if (m->truncated) {
        notes_add(&t->notes, m->head_complete ? NOTE_MESSAGE_CUT : NOTE_HEAD_CUT);
    }
    if (m->missing_bytes) {
        notes_add(&t->notes, NOTE_BODY_GAP);
    }
    if (m->resynchronised) {
        notes_add(&t->notes, NOTE_RESYNCHRONISED);
    }
    message_note_oddities(&t->notes, 0,
                          m->fields.oddities); /* of a head, though its message may not be over */
    if (m->conflict) {
        notes_add(&t->notes, NOTE_OVERLAP_CONFLICT);
    }
}

/* No time is negative without a note. */
static void note_order(struct transaction *t) {
    bool early = timing_is_early(t);
    if (early) {
        notes_add(&t->notes, NOTE_EARLY_RESPONSE);
    }
    if (timing_goes_back(t)) {
        if (!early) {
            notes_add(&t->notes, NOTE_TIMES_DISAGREE);
        }
    } else if (!early && timing_outruns_handshake(t)) {
        notes_add(&t->notes, NOTE_FASTER_THAN_HANDSHAKE);
    }
}

/* Was it the reset that cut the transaction? */
static void note_reset(struct http_conn *conn, struct transaction *t) {
    const struct connection *c = conn->connection;
    bool cut = t->response.seen ? t->response.truncated : t->reason == PAIRING_CONNECTION_RESET;
    if (c->reset_ns && (cut || t->request.truncated)) {
        t->reset = true;
        t->reset_from = c->reset_from;
        notes_add(&t->notes, NOTE_RESET);
    }
}

/* The side may still be in the middle of the message: its framing is read on without a record. */
static void leave_transaction(struct side *side) {
    if (side->message) {
        side->own = *side->message;
        side->own.headers = side->own.trailers = (struct header_list){.count = 0};
        side->message = &side->own;
        side->next_begun = false;
    }
    side->transaction = NULL;
}

/* All that will be known of it is known. */
static void report(struct http_conn *conn, struct transaction *t) {
    struct http_counts *counts = &conn->environment->counts;
    note_message(t, &t->request);
    note_message(t, &t->response);
    note_order(t);
    note_reset(conn, t);
    struct semantics semantics;
    if (t->type != TRANSACTION_TUNNEL) { /* its messages' own record tells of them */
        const struct http_environment *environment = conn->environment;
        semantics_of_known(t, environment->values, environment->heads,
                           transaction_store_tells_caching(environment->store), &semantics);
        conformance_judge(t, &semantics);
        t->semantics = &semantics;
    }
    t->uncertain = !t->response.seen || t->response.truncated;
    t->finish_index = conn->finish_index++;
    counts->headers_dropped += (uint64_t)t->request.headers.dropped + t->request.trailers.dropped +
                               t->response.headers.dropped + t->response.trailers.dropped;
    if (t->type != TRANSACTION_TUNNEL && !transaction_is_complete(t)) {
        counts->incomplete++;
    }
    transaction_finish(conn->environment->store, t);
}

static void finish(struct http_conn *conn, struct transaction *t) {
    for (unsigned i = 0; i < 2; i++) {
        if (conn->side[i].transaction == t) {
            leave_transaction(&conn->side[i]);
        }
    }
    bool waited = conn->waits_for == t, answered = t->response.seen;
    if (http_is_pending(t)) {
        struct transaction **end = &conn->pending;
        while (*end) {
            end = &(*end)->next;
        }
        t->next = NULL;
        *end = t;
    } else {
        report(conn, t);
    }
    if (waited) {
        /* Nobody can say any more what it was answered: the client's next bytes speak for themselves. */
        http_stop_waiting(conn);
        if (!answered) {
            http_surplus_doubt(conn); /* perhaps they are a tunnel's */
        }
    }
}

void http_finish_pending(struct http_conn *conn, struct transaction *t) {
    struct transaction **at = &conn->pending;
    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    report(conn, t);
}

void http_finish_if_done(struct http_conn *conn, struct transaction *t) {
    if (!request_is_done(t) || !response_is_done(t)) {
        return;
    }
    pairing_remove(&conn->pairing, t);
    t->type = TRANSACTION_PAIR;
    conn->environment->counts.paired[t->by]++;
    finish(conn, t);
}

void http_finish_orphan(struct http_conn *conn, struct transaction *t, enum pairing_reason reason) {
    pairing_remove(&conn->pairing, t);
    t->type = TRANSACTION_ORPHAN_REQUEST;
    t->by = PAIRING_NONE;
    t->reason = reason;
    conn->environment->counts.orphan_requests[reason]++;
    finish(conn, t);
}

void http_finish_orphan_response(struct http_conn *conn, struct transaction *t) {
    t->type = TRANSACTION_ORPHAN_RESPONSE;
    t->by = PAIRING_NONE;
    conn->environment->counts.orphan_responses[t->reason]++;
    finish(conn, t);
}

/* What came in the place of its response is no HTTP. */
static bool was_unreadable(const struct pairing *p, const struct transaction *t) {
    return p->unreadable && t->request.has_ack && t->request.ack + t->interim_bytes == p->unreadable;
}

static enum pairing_reason why_superseded(const struct pairing *p, const struct transaction *t) {
    if (was_unreadable(p, t)) {
        return PAIRING_UNREADABLE;
    }
    return p->loss[direction_other(p->client)] > 0 ? PAIRING_RESPONSE_LOST : PAIRING_SUPERSEDED;
}

void http_finish_superseded(struct http_conn *conn, const struct transaction *answered) {
    struct transaction *t = conn->pairing.oldest;
    while (t && t != answered) {
        struct transaction *next = t->next;
        if (!pairing_is_answered(t)) {
            if (!request_is_done(t)) {
                t->request.truncated = true;
            }
            http_finish_orphan(conn, t, why_superseded(&conn->pairing, t));
        }
        t = next;
    }
}

void http_finish_others(struct http_conn *conn, const struct transaction *spared) {
    struct transaction *t = conn->pairing.oldest;
    while (t) {
        struct transaction *next = t->next;
        if (t != spared) {
            t->request.truncated |= !t->request.end_known;
        }
        if (t != spared && pairing_is_answered(t)) {
            t->response.truncated |= !t->response.end_known;
            http_finish_if_done(conn, t);
        } else if (t != spared) {
            http_finish_orphan(conn, t, PAIRING_SUPERSEDED);
        }
        t = next;
    }
}

void http_finish_unanswered(struct http_conn *conn, uint64_t from, uint64_t to, enum pairing_reason reason) {
    struct transaction *t = conn->pairing.oldest;
    while (t) {
        struct transaction *next = t->next;
        uint64_t expected = 0;
        /* An expected 100 may be what was lost; the final response still comes. */
        bool known = !t->request.fields.expect_continue && !t->request.ack_late &&
                     pairing_expects_at(&conn->pairing, t, &expected);
        if (!known && conn->connection->one_sided && t->request.has_ack) {
            expected = t->request.ack;
            known = true;
        }
        if (known && request_is_done(t) && !pairing_is_answered(t) && expected >= from && expected < to) {
            http_finish_orphan(conn, t, reason);
        }
        t = next;
    }
}

void http_finish_request(struct http_conn *conn, struct transaction *t) {
    uint64_t expected = 0;
    if (pairing_is_answered(t)) {
        http_finish_if_done(conn, t);
        return;
    }
    /* Its response was here before it and was reported alone. */
    if (conn->pairing.orphan_response && pairing_expects_at(&conn->pairing, t, &expected) &&
        expected <= conn->pairing.orphan_response) {
        http_finish_orphan(conn, t, PAIRING_REQUEST_LATE);
        return;
    }
    if (http_server_side(conn)->ended && http_client_side(conn)->ended) {
        return; /* close() says why */
    }
    if (http_server_side(conn)->ended) {
        http_finish_ended(conn, http_server_side(conn)->end_reason, false);
    }
}

static enum pairing_reason reason_of_end(const struct http_conn *conn, const struct transaction *t,
                                         enum end_reason end) {
    if (t->request.truncated) {
        return PAIRING_REQUEST_CUT;
    }
    if (was_unreadable(&conn->pairing, t)) {
        return PAIRING_UNREADABLE;
    }
    uint64_t loss = conn->pairing.loss[direction_other(conn->client)];
    if (t->request.has_ack && loss > t->request.ack &&
        loss > conn->pairing.settled[direction_other(conn->client)]) {
        return PAIRING_RESPONSE_LOST;
    }
    switch (end) {
    case END_FIN:
        return PAIRING_CONNECTION_CLOSED;
    case END_RST:
        return PAIRING_CONNECTION_RESET;
    case END_IDLE:
        return PAIRING_IDLE;
    case END_EVICTED:
        return PAIRING_EVICTED;
    case END_REUSED:
        return PAIRING_CONNECTION_REUSED;
    case END_CAPTURE:
    case END_REASONS:
        break;
    }
    return PAIRING_CAPTURE_ENDED;
}

void http_finish_ended(struct http_conn *conn, enum end_reason end, bool all) {
    http_tentative_end(conn);
    struct transaction *t = conn->pairing.oldest;
    while (t) {
        struct transaction *next = t->next;
        if (all) {
            t->request.truncated |= !t->request.end_known;
            t->response.truncated |= t->response.seen && !t->response.end_known;
        }
        t->timed_out = end == END_IDLE && (all || !pairing_is_answered(t));
        if (pairing_is_answered(t)) {
            http_finish_if_done(conn, t);
        } else if (request_is_done(t)) {
            http_finish_orphan(conn, t, reason_of_end(conn, t, end));
        }
        t = next;
    }
}
