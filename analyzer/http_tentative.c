/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs that fit, behind a loss that may hide other requests: the response has a transaction of its own until
 * what comes next on the connection says whose it is. At most one a connection: whatever could be the next
 * one settles it first. */
#include "analyzer/http_side.h"

#include <assert.h>

void http_tentative_open(struct http_conn *conn, struct transaction *request, struct transaction *response) {
    request->tentative = response;
    response->tentative = request;
    response->pipelined = request->request.has_ack && request->request.ack < conn->pairing.response_end;
    response->previous_end_ns = conn->pairing.response_end_ns;
    response->tcp.pace_at_turn = conn->pace_at_response_end;
    conn->tentative = request;
}

static void copy_list(struct transaction *to, struct header_list *list, const struct header_list *from,
                      const struct limits *limits) {
    *list = (struct header_list){.dropped = from->dropped};
    for (uint32_t i = 0; i < from->count; i++) {
        (void)transaction_add_header(to, list, from->items[i].name, from->items[i].value, limits);
    }
}

/* The response moves to its request. */
static void move_response(struct http_conn *conn, struct transaction *t, struct transaction *from) {
    const struct limits *limits = conn->environment->limits;
    bool ok = true;
    t->response = from->response;
    t->response.known = (struct known_mark){0};
    for (unsigned i = 0; i < 3; i++) {
        t->response.line[i] = arena_copy(&t->arena, from->response.line[i], &ok);
    }
    copy_list(t, &t->response.headers, &from->response.headers, limits);
    copy_list(t, &t->response.trailers, &from->response.trailers, limits);
    for (size_t i = 0; i < sizeof t->notes.seen / sizeof *t->notes.seen; i++) {
        t->notes.seen[i] |= from->notes.seen[i];
    }
    if (!ok) {
        notes_add(&t->notes, NOTE_HEAD_TOO_LARGE);
    }
    memcpy(t->tcp.at_end, from->tcp.at_end, sizeof t->tcp.at_end);
    t->tcp.pace_at_turn = from->tcp.pace_at_turn;
    t->tcp.pace_at_end = from->tcp.pace_at_end;
    t->tcp.ended = from->tcp.ended;
    t->by = PAIRING_ACK;
    t->pipelined = from->pipelined;
    t->previous_end_ns = from->previous_end_ns;
    http_interim_copy(conn, from, t);
    transaction_drop(conn->environment->store, from);
}

static bool is_over(const struct transaction *response) {
    return response->response.end_known || response->response.truncated;
}

struct transaction *http_tentative_join(struct http_conn *conn) {
    struct transaction *t = conn->tentative;
    struct transaction *response = t->tentative;
    assert(is_over(response));
    conn->tentative = NULL;
    t->tentative = NULL;
    http_finish_superseded(conn, t);
    move_response(conn, t, response);
    pairing_confirm(&conn->pairing, t, &t->response);
    return t;
}

void http_tentative_refute(struct http_conn *conn) {
    struct transaction *t = conn->tentative;
    if (!t) {
        return;
    }
    struct transaction *response = t->tentative;
    conn->tentative = NULL;
    t->tentative = response->tentative = NULL;
    response->reason = PAIRING_AMBIGUOUS;
    response->candidates = 1;
    response->pipelined = false;
    response->previous_end_ns = 0;
    http_interim_copy(conn, t, response);
    t->interim = t->interim_last = NULL;
    t->interim_count = 0;
    t->interim_bytes = 0;
    pairing_deny(&conn->pairing, &response->response);
    transaction_announce(conn->environment->store, response, &conn->ids, direction_other(conn->client),
                         response->response.offset);
    http_finish_orphan_response(conn, response);
}

static void settle(struct http_conn *conn, enum pairing_verdict verdict) {
    switch (verdict) {
    case PAIRING_CONFIRMED:
        http_finish_if_done(conn, http_tentative_join(conn));
        break;
    case PAIRING_DENIED:
        http_tentative_refute(conn);
        break;
    }
}

/* `now`: the next request will not tell more than it does. */
static void judge(struct http_conn *conn, bool now) {
    const struct transaction *t = conn->tentative;
    if (t && t->next && is_over(t->tentative) && (now || !t->next->request.ack_late)) {
        settle(conn, pairing_judge(&t->tentative->response, &t->next->request, t->next->after_gap));
    }
}

void http_tentative_judge(struct http_conn *conn) {
    judge(conn, false);
}

void http_tentative_server_goes_on(struct http_conn *conn, const struct http_message *next,
                                   const struct http_message *begun) {
    judge(conn, true);
    const struct transaction *t = conn->tentative;
    if (!t) {
        return;
    }
    const struct http_message *response = &t->tentative->response;
    /* Without a request to be answered, and none lost, these bytes answer this one. */
    bool lost = !response->end_known || conn->pairing.loss[conn->client] > t->request.end_offset ||
                (next->has_ack && !next->ack_late && next->ack > http_captured_requests(conn));
    if (begun) {
        settle(conn, pairing_judge(response, begun, http_client_side(conn)->after_gap));
    } else {
        settle(conn, lost ? PAIRING_CONFIRMED : PAIRING_DENIED);
    }
}

void http_tentative_end(struct http_conn *conn) {
    judge(conn, true);
    const struct transaction *t = conn->tentative;
    if (t) {
        const struct connection *c = conn->connection;
        const struct http_message *response = &t->tentative->response;
        bool more = response->end_known && c->delivered[direction_other(conn->client)] > response->end_offset;
        bool asked = c->delivered[conn->client] > t->request.end_offset;
        settle(conn, more && !asked ? PAIRING_DENIED : PAIRING_CONFIRMED);
    }
}
