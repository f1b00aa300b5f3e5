/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_persistence.h"

#include "analyzer/semantics.h"

const char *persistence_name(enum persistence persistence) {
    static const char *const names[] = {
        [PERSISTENCE_UNKNOWN] = "unknown",       [PERSISTENCE_BY_VERSION] = "persistent",
        [PERSISTENCE_KEEP_ALIVE] = "keep_alive", [PERSISTENCE_CLOSE] = "close",
        [PERSISTENCE_OLD] = "old_version",
    };
    return names[persistence];
}

/* A close goes before a keep-alive (section 9.3). */
static enum persistence said(const struct http_message *m, bool known) {
    if (!known) {
        return PERSISTENCE_UNKNOWN;
    }
    if (m->fields.connection_close) {
        return PERSISTENCE_CLOSE;
    }
    if (!framing_persists(&m->fields, m->major, m->minor)) {
        return PERSISTENCE_OLD;
    }
    return m->fields.connection_keep_alive ? PERSISTENCE_KEEP_ALIVE : PERSISTENCE_BY_VERSION;
}

static bool ends_connection(enum persistence persistence) {
    return persistence == PERSISTENCE_CLOSE || persistence == PERSISTENCE_OLD;
}

/* One message that ends it is enough. */
static void decide(struct semantics_persistence *p, const struct transaction *t) {
    enum h1_framing_kind kind = t->response.framing.kind;
    bool no_end = p->response != PERSISTENCE_UNKNOWN && (kind == H1_BODY_CLOSE || kind == H1_BODY_TUNNEL);
    bool ends = ends_connection(p->request) || ends_connection(p->response) || no_end;
    p->persists = !ends;
    p->decided = ends || (p->request != PERSISTENCE_UNKNOWN && p->response != PERSISTENCE_UNKNOWN);
}

/* timeout=5, max=100 */
static void read_keep_alive(struct semantics_persistence *p, const struct field_index *response) {
    p->has_timeout = p->has_max = false;
    if (!field_index_has(response, FIELD_NAME_KEEP_ALIVE)) {
        return;
    }
    struct field_list list = field_list_of(response, FIELD_NAME_KEEP_ALIVE);
    struct slice member;
    while (field_list_next(&list, &member)) {
        struct field_parameter f = field_parameter_of(member);
        uint64_t number;
        if (!field_number(f.value, &number)) {
            continue;
        }
        if (slice_is_nocase(f.name, "timeout")) {
            p->has_timeout = true;
            p->timeout = number;
        } else if (slice_is_nocase(f.name, "max")) {
            p->has_max = true;
            p->max = number;
        }
    }
}

/* A connection that is still open is closed later, when this transaction is written already: only a close
 * that ended the transaction is known here. */
static void read_close(struct semantics_persistence *p, const struct transaction *t) {
    p->by_reset = t->reset;
    p->closed_by = CLOSED_UNKNOWN;
    if (t->reset) {
        p->closed_by = t->reset_from == t->client ? CLOSED_BY_CLIENT : CLOSED_BY_SERVER;
    } else if (t->response.seen && t->response.framing.kind == H1_BODY_CLOSE && t->response.head_complete &&
               t->response.end_known && !t->response.truncated) {
        p->closed_by = CLOSED_BY_SERVER;
    } else if (t->type == TRANSACTION_ORPHAN_REQUEST && t->reason == PAIRING_CONNECTION_CLOSED) {
        p->closed_by = CLOSED_BY_SERVER; /* its FIN stands where the response was due */
    }
}

void semantics_persistence_read(struct semantics_persistence *p, const struct semantics *s,
                                const struct transaction *t) {
    p->request = said(&t->request, s->request_known);
    p->response = said(&t->response, s->response_known);
    decide(p, t);
    read_keep_alive(p, &s->response);
    p->has_number = t->request.seen && !t->connection->midstream && !t->after_gap &&
                    t->tcp.at_start[t->client].gap_bytes == 0;
    p->number = t->index + 1;
    p->has_carried = p->has_number && t->type == TRANSACTION_PAIR && p->decided && !p->persists;
    read_close(p, t);
}
