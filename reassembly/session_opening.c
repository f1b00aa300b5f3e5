/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_opening.h"

#include "reassembly/session_syn.h"

#include <assert.h>

static void take_syn(struct reassembler *r, struct session *x, enum direction d, const struct packet *p) {
    struct connection *c = &x->connection;
    struct stream *s = &x->streams[d];
    assert(!s->anchored && p->payload.len + p->cut == 0);
    tcpfacts_remember(&x->facts[d], p, &r->secret);
    c->counts[d].packets = 1;
    c->path_seen[d] = true;
    packet_path_copy(&c->path[d], &p->path);
    s->seen = true;
    s->last_ns = r->clock_ns;
    session_syn(r, x, d, p);
    c->lowest[d] = s->next;
}

void session_opening_syn(struct reassembler *r, struct session *x, const struct packet *p) {
    take_syn(r, x, DIRECTION_0, p);
}

void session_opening_syn_ack(struct reassembler *r, struct session *x, const struct packet *p) {
    struct stream *other = &x->streams[DIRECTION_0];
    assert(p->ack == (uint32_t)other->next);
    take_syn(r, x, DIRECTION_1, p);
    stream_acked(other, other->next, r->clock_ns);
    tcpfacts_count(&x->facts[DIRECTION_1], &x->connection.counts[DIRECTION_1], p, false);
}

bool session_opening_ack(struct reassembler *r, struct session *x, enum direction d, const struct packet *p) {
    struct stream *s = &x->streams[DIRECTION_0], *other = &x->streams[DIRECTION_1];
    if (d != DIRECTION_0 || (p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK ||
        p->payload.len + p->cut > 0 || p->seq != (uint32_t)s->next || p->ack != (uint32_t)other->next) {
        return false;
    }
    struct stream_counts *counts = &x->connection.counts[DIRECTION_0];
    tcpfacts_remember(&x->facts[DIRECTION_0], p, &r->secret);
    counts->packets++;
    s->last_ns = r->clock_ns;
    session_handshake(r, x, d, p, other->next);
    stream_acked(other, other->next, r->clock_ns);
    tcpfacts_count(&x->facts[DIRECTION_0], counts, p, false);
    return true;
}
