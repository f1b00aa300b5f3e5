/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_ending.h"

#include "reassembly/session_steady.h"

static bool has_no_hole(const struct stream *s) {
    return !s->held.head && !s->cuts.head && !s->passed;
}

/* All that was sent was delivered, up to the FIN if there is one. */
static bool stream_ends_usually(const struct stream *s) {
    bool waits = s->declined || s->force || s->overdue_set || s->overdue_ripe;
    return s->anchored && s->seen && s->next == s->highest && has_no_hole(s) && !waits &&
           (s->fin_known ? s->fin == s->next : s->state == STREAM_RUNNING) && s->state != STREAM_PARKED &&
           (!s->acked_known || s->acked <= s->highest + s->fin_known);
}

bool session_ends_usually(const struct session *x) {
    const struct stream *a = &x->streams[0], *b = &x->streams[1];
    return (a->fin_known || b->fin_known) && x->state == SESSION_OPEN && !x->connection.one_sided &&
           !x->candidate_set && x->reused_ns == SEGQ_NEVER && x->connection.path_seen[0] &&
           x->connection.path_seen[1] && stream_ends_usually(a) && stream_ends_usually(b);
}

static inline bool is_usual(const struct session *x, enum direction d, const struct packet *p, uint64_t ack) {
    const struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    bool fin = p->flags & TCP_FIN;
    if ((p->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK || p->payload.len + p->cut > 0 ||
        ack > other->highest + other->fin_known || ack < other->origin || ack + STREAM_REACH < other->next) {
        return false;
    }
    /* of a steady session only the first FIN comes here, which makes it one that ends */
    bool open = x->ends_usually || (x->steady && fin && has_no_hole(s) && has_no_hole(other));
    return open && (fin ? !s->fin_known : true) && p->seq == (uint32_t)(s->next + s->fin_known) &&
           !session_may_shake_hands(x, d, p);
}

/* `ack` is of the other direction, which ends when its FIN is acknowledged. */
static void take_ack(struct reassembler *r, struct session *x, enum direction d, uint64_t ack) {
    enum direction o = direction_other(d);
    struct stream *other = &x->streams[o];
    stream_acked(other, ack, r->clock_ns);
    stream_release_opening(other, &r->pages);
    if (!other->fin_certain || other->state == STREAM_ENDED) {
        return;
    }
    session_end_stream(r, x, o, END_FIN);
    if (x->streams[d].state == STREAM_ENDED) {
        session_close(r, x, END_FIN);
    }
}

enum flow_fate session_ending_packet(struct reassembler *r, struct session *x, enum direction d,
                                     const struct packet *p) {
    struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    uint64_t ack = session_steady_ack(other, p);
    if (!is_usual(x, d, p, ack)) {
        return FLOW_FATES;
    }
    bool fin = p->flags & TCP_FIN;
    /* a copy of an earlier FIN would not be the first */
    if (session_steady_copy(r, x, d, p, fin)) {
        return FLOW_TAP_DUPLICATE;
    }
    session_count_packet(r, x, d);
    x->pass_failed = false;
    x->steady = false;
    x->ends_usually = true;
    tcpfacts_count(&x->facts[d], &x->connection.counts[d], p, other->highest > ack);
    take_ack(r, x, d, ack);
    if (fin) {
        stream_fin(s, s->next, r->clock_ns);
    }
    return FLOW_CONTROL;
}
