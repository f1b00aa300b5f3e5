/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_steady.h"

static bool stream_is_steady(const struct stream *s) {
    bool waits = s->held.head || s->cuts.head || s->declined || s->force || s->overdue_set || s->overdue_ripe;
    return s->state == STREAM_RUNNING && s->anchored && s->seen && s->next == s->highest && !waits &&
           !s->fin_known && (!s->acked_known || s->acked <= s->highest);
}

bool session_is_steady(const struct session *x) {
    return x->state == SESSION_OPEN && x->audience != AUDIENCE_GONE && !x->connection.one_sided &&
           !x->candidate_set && x->reused_ns == SEGQ_NEVER && x->connection.path_seen[0] &&
           x->connection.path_seen[1] && stream_is_steady(&x->streams[0]) && stream_is_steady(&x->streams[1]);
}

/* Something new that is acknowledged in order: an ACK of bytes that were not captured is not usual, nor one
 * of bytes that are acknowledged already, unless data come with it. */
static inline bool is_usual(const struct session *x, enum direction d, const struct packet *p, uint64_t ack) {
    const struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    bool bare = p->payload.len == 0;
    return (p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK && p->cut == 0 &&
           p->seq == (uint32_t)s->next && ack <= other->highest && ack >= other->origin &&
           (bare || s->next >= s->overdue_told) && !session_may_shake_hands(x, d, p);
}

static inline void note_ack(struct reassembler *r, struct stream *other, uint64_t ack) {
    if (!other->acked_known || ack > other->acked) {
        other->acked_known = true;
        other->acked = ack;
    }
    if (other->opening && other->acked >= other->opening_end) {
        stream_release_opening(other, &r->pages);
    }
}

/* Nobody wants what the connection says: these are the first bytes that could be given. */
static enum flow_fate unheard(struct reassembler *r, struct session *x, enum direction d,
                              const struct packet *p) {
    x->steady = false;
    x->streams[d].next = x->streams[d].highest;
    r->counts.dropped_bytes += p->payload.len;
    return FLOW_AFTER_END;
}

/* What of the packet the consumer did not take waits. */
static __attribute__((noinline)) enum flow_fate hold_rest(struct reassembler *r, struct session *x,
                                                          enum direction d, const struct packet *p,
                                                          const struct segment *segment, size_t taken) {
    x->steady = false;
    session_given(r, x, d, p->payload, taken);
    return session_place_rest(r, x, d, segment, p, taken);
}

/* Nothing was declined before: all of the packet was taken. */
static inline void note_delivery(struct reassembler *r, struct session *x, enum direction d,
                                 struct slice bytes) {
    struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    uint64_t next = s->next + bytes.len;
    r->counts.delivered_bytes += bytes.len;
    if (s->turn) {
        stream_keep_opening(s, &r->pages, s->next, bytes);
    }
    s->poked = false;
    s->moved = true;
    s->next = next;
    x->connection.delivered[d] = next;
    other->poked = true;
    other->turn = true;
}

static inline __attribute__((always_inline)) enum flow_fate
take_data(struct reassembler *r, struct session *x, enum direction d, const struct packet *p, uint64_t ack) {
    struct stream *s = &x->streams[d];
    const struct slice bytes = p->payload;
    struct segment segment = {.time_ns = p->time_ns,
                              .offset = s->next,
                              .ack = ack,
                              .has_ack = true,
                              .number = p->number,
                              .ordinal = p->ordinal,
                              .file = p->file};
    tcpfacts_sent(&x->facts[d], &x->facts[direction_other(d)], p);
    pacer_data(&x->pacer, &x->connection, &x->facts[direction_other(d)], d, p);
    r->counts.payload_bytes += bytes.len;
    x->connection.counts[d].payload_bytes += bytes.len;
    s->highest = segment.offset + bytes.len;
    if (!s->data_seen) {
        s->data_seen = true;
        /* the second side that says something: the flow is of another kind */
        x->steady = !x->streams[direction_other(d)].data_seen;
    }
    if (x->audience == AUDIENCE_NONE && !session_has_audience(r, x)) {
        return unheard(r, x, d, p);
    }
    const struct chunk chunk = {.bytes = bytes, .offset = segment.offset, .segment = &segment};
    size_t taken = r->ops->data(x->consumer, d, &chunk);
    if (taken < bytes.len) {
        return hold_rest(r, x, d, p, &segment, taken);
    }
    note_delivery(r, x, d, bytes);
    return FLOW_DATA;
}

/* Made for each direction: where its state lies is known then. */
static inline __attribute__((always_inline)) enum flow_fate
take_packet(struct reassembler *r, struct session *x, enum direction d, const struct packet *p) {
    struct stream *other = &x->streams[direction_other(d)];
    uint64_t ack = session_steady_ack(other, p);
    if (!is_usual(x, d, p, ack)) {
        return FLOW_FATES;
    }
    /* a copy of an earlier packet would have no next byte */
    if (session_steady_copy(r, x, d, p, p->payload.len > 0)) {
        return FLOW_TAP_DUPLICATE;
    }
    session_count_packet(r, x, d);
    note_ack(r, other, ack);
    tcpfacts_count(&x->facts[d], &x->connection.counts[d], p, other->highest > ack);
    return p->payload.len > 0 ? take_data(r, x, d, p, ack) : FLOW_CONTROL;
}

enum flow_fate session_steady_packet(struct reassembler *r, struct session *x, enum direction d,
                                     const struct packet *p) {
    return d == DIRECTION_0 ? take_packet(r, x, DIRECTION_0, p) : take_packet(r, x, DIRECTION_1, p);
}
