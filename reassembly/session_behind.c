/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_behind.h"

#include "reassembly/session_steady.h"

/* Nothing but holes before held bytes, and bytes that the consumer declined; nothing is overdue, since all
 * that is acknowledged was seen. */
static bool stream_waits_usually(const struct stream *s) {
    bool more = s->cuts.head || s->force || s->fin_known;
    return s->state == STREAM_RUNNING && s->anchored && s->seen && !more &&
           (!s->acked_known || s->acked <= s->highest);
}

bool session_waits_usually(const struct session *x) {
    const struct connection *c = &x->connection;
    return x->holding && !x->pass_failed && x->state == SESSION_OPEN && x->audience == AUDIENCE_OPEN &&
           !c->one_sided && !x->candidate_set && x->reused_ns == SEGQ_NEVER && c->path_seen[0] &&
           c->path_seen[1] && c->lowest[0] && c->lowest[1] && stream_waits_usually(&x->streams[0]) &&
           stream_waits_usually(&x->streams[1]);
}

/* There is room for the packet's bytes, behind others that wait. */
static bool has_place(const struct reassembler *r, const struct stream *s, const struct packet *p) {
    return s->held.head && s->data_seen && p->payload.len <= SEGQ_PAGE_ROOM &&
           s->held.charge + segq_charge(p->payload.len) <= r->limits->stream_held_bytes;
}

/* Its number is the next one, and it acknowledges nothing that was not seen, nor what was before all. */
static bool is_usual(const struct reassembler *r, struct session *x, enum direction d, const struct packet *p,
                     uint64_t *ack) {
    const struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    const uint64_t place = stream_place(other);
    if ((p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK || p->cut > 0 ||
        p->seq != (uint32_t)s->highest || !stream_plausible(s, s->highest)) {
        return false;
    }
    *ack = stream_nearest(place, p->ack);
    return *ack <= other->highest && *ack >= other->origin && stream_reaches(place, *ack) &&
           !session_may_shake_hands(x, d, p) && (p->payload.len == 0 || has_place(r, s, p));
}

static void note_packet(struct reassembler *r, struct session *x, enum direction d, const struct packet *p,
                        uint64_t ack) {
    struct stream *other = &x->streams[direction_other(d)];
    session_count_packet(r, x, d);
    stream_acked(other, ack, r->clock_ns);
    stream_release_opening(other, &r->pages);
    tcpfacts_count(&x->facts[d], &x->connection.counts[d], p, other->highest > ack);
}

/* The bytes that `h` has came now. */
static void note_data(struct reassembler *r, struct session *x, enum direction d, const struct packet *p,
                      const struct held *h) {
    struct stream *s = &x->streams[d];
    tcpfacts_sent(&x->facts[d], &x->facts[direction_other(d)], p);
    pacer_data(&x->pacer, &x->connection, &x->facts[direction_other(d)], d, p);
    r->counts.payload_bytes += h->len;
    x->connection.counts[d].payload_bytes += h->len;
    s->highest = held_end(h);
    session_count_held(r, h);
}

static struct held *put_behind(struct reassembler *r, struct session *x, enum direction d,
                               const struct packet *p, uint64_t ack) {
    struct stream *s = &x->streams[d];
    const struct segment segment = {.time_ns = p->time_ns,
                                    .offset = s->highest,
                                    .ack = ack,
                                    .has_ack = true,
                                    .number = p->number,
                                    .ordinal = p->ordinal,
                                    .file = p->file};
    int64_t acked_ns = s->acked_known && s->acked == s->highest ? r->clock_ns : SEGQ_NEVER;
    return segq_put(&s->held, &r->pages, &segment, s->highest, p->payload, p->lasting, r->clock_ns, acked_ns);
}

/* More of the direction was acknowledged, in which bytes wait: its first hole may be passed, or given up
 * earlier. Nothing else can move: both directions have the fronts that they had. True: something is other. */
static bool take_news(struct reassembler *r, struct session *x, enum direction d) {
    const struct held *first = x->streams[d].held.head;
    if (session_pass_held(r, x)) {
        session_pump(r, x);
        return true;
    }
    return x->pass_failed || first->acked_ns == r->clock_ns;
}

bool session_behind_packet(struct reassembler *r, struct session *x, enum direction d, const struct packet *p,
                           enum flow_fate *fate, bool *settled) {
    struct stream *other = &x->streams[direction_other(d)];
    uint64_t ack;
    if (!is_usual(r, x, d, p, &ack)) {
        return false;
    }
    *settled = true;
    struct held *h = NULL;
    if (p->payload.len > 0) {
        h = put_behind(r, x, d, p, ack);
        if (!h) {
            return false;
        }
        /* a copy of an earlier packet would have no next byte */
        tcpfacts_remember(&x->facts[d], p, &r->secret);
    } else {
        bool done;
        *fate = session_check(r, x, d, p, &done);
        if (done) {
            return true;
        }
    }
    bool news = other->held.head && (!other->acked_known || ack > other->acked);
    note_packet(r, x, d, p, ack);
    if (h) {
        note_data(r, x, d, p, h);
    }
    if (news) {
        *settled = !take_news(r, x, direction_other(d));
    }
    *fate = h ? FLOW_DATA : FLOW_CONTROL;
    return true;
}
