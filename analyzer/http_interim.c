/* SPDX-License-Identifier: Apache-2.0 */
/* 1xx responses. They have no record of their own: they belong to the request that the final response behind
 * them answers. Where that is not known yet, they wait in a transaction of the connection's. */
#include "analyzer/http_side.h"

static void append_interim(struct transaction *t, struct interim *interim) {
    if (t->interim_last) {
        t->interim_last->next = interim;
    } else {
        t->interim = interim;
    }
    t->interim_last = interim;
}

static struct interim *new_interim(struct http_conn *conn, struct transaction *t, unsigned status,
                                   struct slice reason, int64_t time_ns) {
    t->interim_count++;
    struct interim *interim = t->interim_count <= conn->environment->limits->interim_responses
                                  ? arena_alloc(&t->arena, sizeof *interim)
                                  : NULL;
    if (!interim) {
        notes_add(&t->notes, NOTE_INTERIM_OVERFLOW);
        conn->environment->counts.interim_dropped++;
        return NULL;
    }
    bool ok = true;
    *interim = (struct interim){.status = status, .time_ns = time_ns};
    interim->reason = arena_copy(&t->arena, reason, &ok);
    append_interim(t, interim);
    return interim;
}

void http_interim_open(struct http_conn *conn, struct side *side, const struct h1_event *event,
                       struct transaction *t) {
    conn->environment->counts.interim++;
    message_start_line(&side->own, event, NULL);
    side->interim = NULL;
    if (!t && !conn->interims) {
        conn->interims = transaction_open(conn->environment->store, conn->connection, conn->client);
    }
    side->transaction = t ? t : conn->interims;
    if (side->transaction) {
        side->interim =
            new_interim(conn, side->transaction, event->status, event->line[2], side->own.first.time_ns);
        if (side->own.conflict) {
            notes_add(&side->transaction->notes, NOTE_OVERLAP_CONFLICT);
        }
    } else {
        conn->environment->counts.interim_orphans++;
    }
}

static void add_interim_field(struct http_conn *conn, struct transaction *t, struct interim *interim,
                              struct slice name, struct slice value) {
    const struct limits *limits = conn->environment->limits;
    size_t len = name.len + value.len;
    uint32_t dropped = interim->headers.dropped;
    if (t->interim_stored_bytes + len > limits->head_bytes) {
        interim->headers.dropped++;
    } else if (transaction_add_header(t, &interim->headers, name, value, limits)) {
        t->interim_stored_bytes += len;
    }
    if (interim->headers.dropped != dropped) {
        notes_add(&t->notes, NOTE_HEAD_TOO_LARGE);
        conn->environment->counts.headers_dropped++;
    }
}

void http_interim_copy(struct http_conn *conn, const struct transaction *from, struct transaction *to) {
    uint32_t not_stored = from->interim_count;
    for (const struct interim *i = from->interim; i; i = i->next, not_stored--) {
        struct interim *copy = new_interim(conn, to, i->status, i->reason, i->time_ns);
        for (uint32_t h = 0; copy && h < i->headers.count; h++) {
            add_interim_field(conn, to, copy, i->headers.items[h].name, i->headers.items[h].value);
        }
        if (copy && i->headers.dropped) {
            copy->headers.dropped += i->headers.dropped;
            notes_add(&to->notes, NOTE_HEAD_TOO_LARGE);
        }
    }
    if (not_stored) {
        to->interim_count += not_stored;
        notes_add(&to->notes, NOTE_INTERIM_OVERFLOW);
    }
}

/* The client had the last of those that wait when it sent the request: they are of none. */
static bool came_before(const struct http_conn *conn, const struct http_message *request) {
    return request->has_ack && !request->ack_late && request->ack >= conn->pairing.interim_end;
}

void http_interim_move(struct http_conn *conn, struct transaction *to) {
    struct transaction *from = conn->interims;
    if (from && came_before(conn, &to->request)) {
        http_interim_drop(conn);
        return;
    }
    conn->interims = NULL;
    if (from) {
        http_interim_copy(conn, from, to);
        notes_join(&to->notes, &from->notes); /* all of them are about the 1xx */
        transaction_drop(conn->environment->store, from);
    }
}

void http_interim_drop(struct http_conn *conn) {
    struct transaction *t = conn->interims;
    conn->interims = NULL;
    if (t) {
        conn->environment->counts.interim_orphans += t->interim_count;
        transaction_drop(conn->environment->store, t);
    }
}

void http_interim_field(struct http_conn *conn, struct side *side, const struct h1_event *event) {
    message_field(&side->own, &side->own.headers, event, NULL, conn->environment->limits);
    if (side->transaction && side->interim) {
        add_interim_field(conn, side->transaction, side->interim, event->name, event->value);
    }
}
