/* SPDX-License-Identifier: Apache-2.0 */
/* Surplus bytes: they stand where a message was to begin, and are none, as content behind a response to HEAD.
 * Their sender's last message has its record by then, or may have it, so they get one of their own, which
 * names that. It lasts until the next message, a loss, or the end. */
#include "analyzer/http_side.h"

static enum direction direction_of(const struct http_conn *conn, const struct side *side) {
    return side == &conn->side[0] ? DIRECTION_0 : DIRECTION_1;
}

static struct http_message *bytes_of(struct transaction *record, enum direction direction) {
    return direction == record->client ? &record->request : &record->response;
}

/* Whole, and nothing was searched since. */
static bool is_behind_search(const struct side *side, const struct http_message *m) {
    return m->end_known && !m->truncated && m->offset >= side->search_from;
}

/* Some of the client's bytes, its request perhaps, were not captured, or not yet. */
static bool is_request_missing(const struct transaction *t, const struct side *client) {
    return client->unsure || !client->message_end || t->reason == PAIRING_REQUEST_LATE ||
           t->reason == PAIRING_REQUEST_LOST;
}

void http_surplus_behind(struct http_conn *conn, struct side *side, const struct http_message *m) {
    const struct transaction *t = side->transaction;
    struct side *client = http_client_side(conn), *server = http_server_side(conn);
    side->message_end = m->end_offset;
    side->behind = 0;
    if (t && t->by == PAIRING_ACK) {
        if (client->unsure) {
            client->unsure = !is_behind_search(client, &t->request);
        }
        if (server->unsure) {
            server->unsure = !is_behind_search(server, &t->response);
        }
    } else if (t && m == &t->response && !t->request.seen && is_request_missing(t, client)) {
        server->unsure = true; /* it may answer HEAD, and what seems to be its content another request */
    }
    if (t && t != conn->interims && !t->tentative) {
        side->behind_alone = t->type == TRANSACTION_ORPHAN_RESPONSE;
        side->behind = side->behind_alone ? t->response.offset : t->request.offset;
    }
}

static void open_record(struct http_conn *conn, struct side *side, const struct http_message *bytes) {
    struct http_environment *environment = conn->environment;
    if (side->surplus || side->unsure || !side->message_end) {
        return;
    }
    struct transaction *record = transaction_open(environment->store, conn->connection, conn->client);
    if (!record) {
        environment->counts.cap_transactions++;
        return;
    }
    enum direction direction = direction_of(conn, side);
    struct http_message *m = bytes_of(record, direction);
    record->type = TRANSACTION_SURPLUS;
    record->index = direction == conn->client ? conn->request_index : conn->response_index;
    *m = *bytes;
    m->seen = true;
    side->surplus = record;
}

void http_surplus_doubt(struct http_conn *conn) {
    conn->side[0].unsure = conn->side[1].unsure = true;
}

void http_surplus_open(struct http_conn *conn, struct side *side, const struct http_message *bytes) {
    open_record(conn, side, bytes);
    if (side->surplus) {
        notes_add(&side->surplus->notes, NOTE_SURPLUS_BYTES);
    }
}

void http_surplus_open_blank(struct http_conn *conn, struct side *side) {
    if (side->blank) {
        side->blank = false;
        open_record(conn, side, &side->own);
        if (side->surplus) {
            uint32_t kinds = side->h1.oddities & (H1_ODD_EMPTY_LINES | H1_ODD_NUL | H1_ODD_START_LINE_SPACES);
            notes_add(&side->surplus->notes,
                      kinds == H1_ODD_EMPTY_LINES ? NOTE_EMPTY_LINES : NOTE_SURPLUS_BYTES);
        }
    }
}

/* The record's other message is not told. Its `last` is where the segment before the bytes' last one was
 * captured, its `first` where the byte before the search's candidate was. */
static struct http_message *notebook_of(struct transaction *record, enum direction direction) {
    return bytes_of(record, direction_other(direction));
}

void http_surplus_follow(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                         size_t taken) {
    struct side *side = &conn->side[direction];
    if (taken && side->state == SIDE_PROBE) {
        struct http_message *m = bytes_of(side->surplus, direction);
        if (m->last.ordinal != chunk->segment->ordinal) {
            notebook_of(side->surplus, direction)->last = m->last;
        }
        message_advance(m, chunk, chunk->offset + taken);
    }
}

void http_surplus_candidate(struct http_conn *conn, enum direction direction, const struct chunk *chunk) {
    struct side *side = &conn->side[direction];
    if (side->surplus) {
        const struct http_message *m = bytes_of(side->surplus, direction);
        struct http_message *notebook = notebook_of(side->surplus, direction);
        if (side->own.offset > side->segment.offset) {
            notebook->first = side->own.first;
        } else {
            notebook->first = side->own.first.ordinal == chunk->segment->ordinal ? m->last : notebook->last;
        }
    }
}

void http_surplus_drop(struct http_conn *conn, struct side *side) {
    if (side->surplus) {
        transaction_drop(conn->environment->store, side->surplus);
        side->surplus = NULL;
    }
}

/* `end_offset`: behind the last of the bytes. */
static void report(struct http_conn *conn, struct side *side, uint64_t end_offset) {
    struct transaction_store *store = conn->environment->store;
    struct transaction *record = side->surplus;
    enum direction direction = direction_of(conn, side);
    struct http_message *m = bytes_of(record, direction);
    m->end_offset = end_offset;
    if (end_offset <= m->offset) {
        http_surplus_drop(conn, side);
        return;
    }
    side->surplus = NULL;
    if (side->behind) {
        enum direction from = side->behind_alone ? direction_other(conn->client) : conn->client;
        transaction_identify(store, conn->connection, &conn->ids, from, side->behind, record->parent_id);
        record->has_parent = true;
    }
    transaction_announce(store, record, &conn->ids, direction, m->offset);
    conn->environment->counts.surplus++;
    record->finish_index = conn->finish_index++;
    transaction_finish(store, record);
}

void http_surplus_before(struct http_conn *conn, struct side *side, const struct http_message *next) {
    if (side->surplus) {
        struct http_message *m = bytes_of(side->surplus, direction_of(conn, side));
        if (next->offset > m->offset) {
            m->last = notebook_of(side->surplus, direction_of(conn, side))->first;
        }
        report(conn, side, next->offset);
    }
}

void http_surplus_end(struct http_conn *conn, struct side *side, uint64_t end_offset) {
    if (side->surplus) {
        report(conn, side, end_offset);
    }
}
