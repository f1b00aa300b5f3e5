/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels: what goes through a connection after CONNECT was answered by 2xx, or Upgrade by 101. */
#include "analyzer/http_side.h"

static bool is_websocket(const struct transaction *t) {
    const struct header *upgrade = header_find(&t->response.headers, "upgrade");
    return upgrade && slice_is_nocase(upgrade->value, "websocket");
}

static struct transaction *open_record(struct http_conn *conn, const struct transaction *opener) {
    struct transaction_store *store = conn->environment->store;
    struct transaction *record = transaction_open(store, conn->connection, conn->client);
    if (!record) {
        conn->environment->counts.cap_transactions++;
        return NULL;
    }
    record->type = TRANSACTION_TUNNEL;
    record->index = opener->index;
    record->has_parent = true;
    memcpy(record->parent_id, opener->id, sizeof record->parent_id);
    record->tunnel_by_upgrade = opener->response.status == 101;
    record->tunnel_start_ns = record->tunnel_end_ns = opener->response.last.time_ns;
    record->response.first = record->response.last = opener->response.last;
    record->response.end_offset = opener->response.end_offset;
    transaction_announce(store, record, &conn->ids, direction_other(conn->client),
                         opener->response.end_offset);
    return record;
}

/* Is another message than the opener's half read? It was inside the tunnel then, behind a loss that took the
 * request's end: nobody knows where the next one starts. */
static bool is_amid_another(const struct side *side, const struct transaction *opener) {
    const struct http_message *m = side->message;
    if (side->state != SIDE_MESSAGE || m == &opener->request || m == &opener->response) {
        return false;
    }
    return m || side->next_begun || side->h1.started || side->h1.held;
}

/* The stream's bytes from `from` on, up to `end`, go through: those that are not counted yet. */
static void count(struct transaction *record, enum direction direction, uint64_t from, uint64_t end,
                  const struct capture_point *last) {
    struct http_message *m = direction == record->client ? &record->request : &record->response;
    from = from > m->end_offset ? from : m->end_offset;
    if (end <= from) {
        return;
    }
    record->tunnel_bytes[direction] += end - from;
    m->end_offset = end;
    if (last->time_ns > record->tunnel_end_ns) {
        record->tunnel_end_ns = last->time_ns;
    }
    record->response.last = *last;
}

/* The answer that opens the next tunnel went through this one. */
static void count_opener(struct http_conn *conn, const struct http_message *answer) {
    enum direction server = direction_other(conn->client);
    if (conn->tunnel.record) {
        count(conn->tunnel.record, server, conn->connection->delivered[server], answer->end_offset,
              &answer->last);
    }
}

void http_tunnel_open(struct http_conn *conn, struct transaction *opener) {
    const bool amid[2] = {is_amid_another(&conn->side[0], opener), is_amid_another(&conn->side[1], opener)};
    http_finish_others(conn, opener);
    count_opener(conn, &opener->response);
    http_tunnel_close(conn);
    bool websocket = is_websocket(opener);
    memcpy(conn->tunnel.parent_id, opener->id, sizeof conn->tunnel.parent_id);
    conn->tunnel.record = open_record(conn, opener);
    conn->tunnel.open = true;
    conn->roles_known = false;
    for (unsigned i = 0; i < 2; i++) {
        struct side *side = &conn->side[i];
        if (side->message == &opener->request) {
            opener->request.truncated = true;
        }
        http_surplus_end(conn, side, conn->connection->delivered[i]);
        side->message_end = side->behind = 0;
        side->unsure = false;
        side->message = NULL;
        side->transaction = NULL;
        side->next_begun = false;
        /* A search behind a loss is one inside the tunnel. */
        bool lost = side->state == SIDE_PROBE && side->probe.mode == PROBE_SEARCH && side->after_gap;
        side->state = websocket ? SIDE_IGNORE : SIDE_PROBE;
        if (amid[i] && !websocket) {
            http_search(conn, (enum direction)i, conn->connection->delivered[i]);
        } else if (!lost) {
            probe_restart(&side->probe, PROBE_AT_START);
        }
    }
    if (websocket && conn->tunnel.record) {
        conn->tunnel.record->tunnel_protocol = TUNNELLED_WEBSOCKET;
    }
}

void http_tunnel_count(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                       uint64_t from, uint64_t end) {
    if (conn->tunnel.record) {
        const struct capture_point last = message_point(chunk->segment);
        count(conn->tunnel.record, direction, from, end, &last);
    }
}

void http_tunnel_verdict(struct http_conn *conn, enum protocol_verdict verdict) {
    static const enum tunnel_protocol protocols[PROTOCOL_VERDICTS] = {
        [PROTOCOL_HTTP1] = TUNNELLED_HTTP1,       [PROTOCOL_HTTP2] = TUNNELLED_HTTP2,
        [PROTOCOL_TLS] = TUNNELLED_TLS,           [PROTOCOL_UNKNOWN] = TUNNELLED_UNKNOWN,
        [PROTOCOL_UNDECIDED] = TUNNELLED_UNKNOWN,
    };
    if (conn->tunnel.record) {
        conn->tunnel.record->tunnel_protocol = protocols[verdict];
    }
}

void http_tunnel_close(struct http_conn *conn) {
    struct transaction *record = conn->tunnel.record;
    conn->tunnel.record = NULL;
    conn->tunnel.open = false;
    if (record) {
        conn->environment->counts.tunnels++;
        record->finish_index = conn->finish_index++;
        transaction_finish(conn->environment->store, record);
    }
}
