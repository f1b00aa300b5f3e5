/* SPDX-License-Identifier: Apache-2.0 */
/* A body's bytes are not looked at, so its holes need not be waited for: the message is read on behind them,
 * and its transaction, when it is over, waits until each of them was filled or given up. */
#include "analyzer/http_side.h"

#include <assert.h>

/* A transaction whose message has bytes that were passed at `offset`. */
static struct transaction *find(struct http_conn *conn, enum direction direction, uint64_t offset,
                                struct http_message **message) {
    struct transaction *const lists[] = {conn->pending, conn->pairing.oldest};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (struct transaction *t = lists[i]; t; t = t->next) {
            struct http_message *m = direction == conn->client ? &t->request : &t->response;
            if (m->pending_bytes && m->offset <= offset && offset < m->end_offset) {
                *message = m;
                return t;
            }
        }
    }
    return NULL;
}

/* The message is that of its transaction; nothing that a search found can claim its bytes, and no ACK that is
 * wanted for the message's first byte may be in those that are passed. */
static uint64_t counted_until(void *consumer, enum direction direction) {
    const struct http_conn *conn = consumer;
    const struct side *side = &conn->side[direction];
    const struct http_message *m = side->message;
    bool reading = conn->roles_known && side->state == SIDE_MESSAGE && m && !conn->tunnel.open;
    if (!reading || !h1_is_in_body(&side->h1) || side->h1.held || side->next_begun || m->ack_late ||
        !http_is_sure_of_body(side) || side->transaction->tentative) {
        return 0;
    }
    bool own = m == (direction == conn->client ? &side->transaction->request : &side->transaction->response);
    bool roles_sure = !conn->roles_searched || conn->pairing.settled[0];
    return own && roles_sure ? side->h1.offset + side->h1.remaining : 0;
}

static void pass(void *consumer, enum direction direction, uint64_t offset, uint64_t len) {
    struct http_conn *conn = consumer;
    struct side *side = &conn->side[direction];
    assert(side->h1.offset == offset && len < side->h1.remaining);
    (void)offset;
    (void)h1_skip(&side->h1, len);
    message_pass(side->message, len);
}

static void settle(struct http_conn *conn, struct transaction *t) {
    if (http_is_pending(t)) {
        return;
    }
    for (const struct transaction *over = conn->pending; over; over = over->next) {
        if (over == t) {
            http_finish_pending(conn, t);
            return;
        }
    }
}

static void fill(void *consumer, enum direction direction, const struct chunk *chunk) {
    struct http_conn *conn = consumer;
    struct http_message *m;
    struct transaction *t = find(conn, direction, chunk->offset, &m);
    assert(t);
    conn->bytes += chunk->bytes.len;
    if (t) {
        message_fill(m, chunk);
        settle(conn, t);
    }
}

static void miss(void *consumer, enum direction direction, uint64_t offset, uint64_t len,
                 enum gap_reason reason, int64_t now_ns) {
    struct http_conn *conn = consumer;
    struct http_message *m;
    struct transaction *t = find(conn, direction, offset, &m);
    (void)now_ns;
    assert(t);
    if (t) {
        message_miss(m, len);
        m->snaplen_cut |= reason == GAP_SNAPLEN;
        settle(conn, t);
    }
}

void http_passing_end(struct http_conn *conn) {
    for (struct transaction *t = conn->pairing.oldest; t; t = t->next) {
        message_miss(&t->request, t->request.pending_bytes);
        message_miss(&t->response, t->response.pending_bytes);
    }
    while (conn->pending) {
        struct transaction *t = conn->pending;
        message_miss(&t->request, t->request.pending_bytes);
        message_miss(&t->response, t->response.pending_bytes);
        http_finish_pending(conn, t);
    }
}

const struct consumer_passing http_passing = {
    .counted_until = counted_until,
    .pass = pass,
    .fill = fill,
    .miss = miss,
};
