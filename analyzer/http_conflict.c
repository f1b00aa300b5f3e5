/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of which the capture holds two versions: the message they belong to says so. */
#include "analyzer/http_side.h"

static struct http_message *message_of(struct http_conn *conn, struct transaction *t,
                                       enum direction direction, uint64_t offset) {
    struct http_message *m = direction == conn->client ? &t->request : &t->response;
    return m->seen && m->offset <= offset && offset < m->end_offset ? m : NULL;
}

void http_conflict(struct http_conn *conn, enum direction direction, uint64_t offset) {
    struct transaction *reading = conn->side[direction].transaction;
    struct http_message *m = reading ? message_of(conn, reading, direction, offset) : NULL;
    for (struct transaction *t = conn->pairing.oldest; t && !m; t = t->next) {
        m = message_of(conn, t, direction, offset);
    }
    for (struct transaction *t = conn->pending; t && !m; t = t->next) {
        m = message_of(conn, t, direction, offset);
    }
    if (m) {
        m->conflict = true;
    }
}
