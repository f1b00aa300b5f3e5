/* SPDX-License-Identifier: Apache-2.0 */
/* From a packet's payload to the stream: what of it is new, straight to the consumer or held, and what gives
 * way when there is no room. */
#include "reassembly/session.h"

struct arrival {
    struct slice bytes;
    uint64_t offset;
    uint64_t wire_end; /* behind the bytes cut by snaplen */
    const struct segment *segment;
    uint64_t fresh; /* bytes seen for the first time and still wanted */
    uint64_t late;  /* of a range that was declared lost */
    uint64_t first_fresh;
    uint64_t placed;
    bool lasting;
    bool no_memory;
    bool capped;
    bool recut; /* a copy in other segments: nothing was sent again */
};

static uint64_t arrival_end(const struct arrival *a) {
    return a->offset + a->bytes.len;
}

static void count_new(struct reassembler *r, struct session *x, enum direction d, uint64_t bytes) {
    r->counts.payload_bytes += bytes;
    x->connection.counts[d].payload_bytes += bytes;
}

static void check_opening(struct reassembler *r, struct session *x, enum direction d,
                          const struct arrival *a) {
    uint64_t at;
    if (x->audience == AUDIENCE_OPEN && stream_opening_differs(&x->streams[d], a->offset, a->bytes, &at)) {
        r->counts.overlap_conflicts++;
        if (r->ops->conflict) {
            r->ops->conflict(x->consumer, d, at);
        }
    }
}

/* Up to `end` delivery has passed: of that, only what was missing is new. */
static void appraise_missing(const struct stream *s, uint64_t end, struct arrival *a) {
    const struct passed_hole *hole;
    for (uint64_t at = a->offset; at < end && (hole = passed_find(s->passed, at, end)); at = hole->to) {
        uint64_t from = hole->from > at ? hole->from : at;
        if (a->fresh == 0) {
            a->first_fresh = from;
        }
        a->fresh += (hole->to < end ? hole->to : end) - from;
    }
}

/* Is what fills a hole sent again, or was it only overtaken? */
static bool is_mended(const struct session *x, enum direction d, const struct packet *p,
                      const struct arrival *a) {
    const struct held *behind = x->streams[d].held.head;
    const struct tcpfacts *f = &x->facts[d];
    int64_t behind_ns = behind && behind->offset > a->first_fresh ? behind->segment.time_ns : f->sent_ns;
    return tcpfacts_is_lost(f, p, behind_ns, connection_whole_rtt(&x->connection));
}

static void note_repeat(struct session *x, enum direction d, const struct packet *p,
                        const struct arrival *a) {
    const struct stream *s = &x->streams[d];
    struct connection *c = &x->connection;
    struct tcpfacts *f = &x->facts[d];
    struct tcp_repeat repeat = {.acked = s->acked_known ? s->acked : 0,
                                .highest = s->highest,
                                .rtt_ns = c->handshake_seen ? connection_rtt(c, d) : 0};
    c->counts[d].retransmits++;
    if (a->wire_end > repeat.acked) { /* what is acknowledged needs no repeating, and nobody waits for it */
        pacer_repeat(&x->pacer, d, p);
        pace_stall(c, d, f->sent_ns ? p->time_ns - f->sent_ns : 0);
    }
    tcpfacts_sent_again(f, &x->facts[direction_other(d)], &c->counts[d], p, &repeat);
}

/* What the packet says about the network, after it is known what is new, and before the consumer sees that.
 */
static void note_sent(struct session *x, enum direction d, const struct packet *p, struct arrival *a) {
    const struct stream *s = &x->streams[d];
    struct connection *c = &x->connection;
    bool filled = a->fresh > 0 && s->data_seen && a->first_fresh < s->highest;
    bool repeated = a->bytes.len > a->fresh + a->late;
    a->recut = repeated && a->fresh == 0 && a->late == 0 && a->wire_end <= s->highest &&
               tcpfacts_recut(&x->facts[d], p);
    if (a->recut) {
        c->counts[d].tap_duplicates++;
        c->counts[d].packets--; /* copies are not among them */
        return;
    }
    if (repeated || (filled && is_mended(x, d, p, a))) {
        note_repeat(x, d, p, a);
        return;
    }
    c->counts[d].out_of_order += filled;
    if (a->wire_end > s->highest || !s->data_seen) {
        tcpfacts_sent(&x->facts[d], &x->facts[direction_other(d)], p);
        pacer_data(&x->pacer, c, &x->facts[direction_other(d)], d, p);
    }
}

/* What is new is found out before anything is given, so that the consumer sees counts that include this
 * packet. */
static void appraise(struct reassembler *r, struct session *x, enum direction d, struct arrival *a) {
    struct stream *s = &x->streams[d];
    uint64_t at = a->offset, end = arrival_end(a), from, to;
    a->first_fresh = end;
    if (s->state == STREAM_RUNNING && at < s->next) {
        check_opening(r, x, d, a);
        at = end < s->next ? end : s->next;
        a->late = stream_take_late(s, a->offset, at);
        appraise_missing(s, at, a);
    }
    uint64_t wanted = end - at, missing = a->fresh;
    while (at < end && segq_uncovered(&s->held, at, end, &from, &to)) {
        if (a->fresh == 0) {
            a->first_fresh = from;
        }
        a->fresh += to - from;
        at = to;
    }
    if (a->fresh - missing < wanted &&
        segq_repeat(&s->held, &r->pages, a->segment, a->offset, a->bytes, false)) {
        r->counts.overlap_conflicts++;
    }
    count_new(r, x, d, a->fresh + a->late);
    r->counts.late_bytes += a->late;
    r->counts.dropped_bytes += a->late;
}

/* Nothing is held that could give way: the direction moves up to the byte at hand, which then needs no room.
 */
static void clear_way(struct reassembler *r, struct session *x, enum direction d, uint64_t from) {
    struct stream *s = &x->streams[d];
    if (s->state == STREAM_PARKED) {
        session_start_lowest(x, d);
    } else if (from > s->next) {
        session_gap(r, x, d, from, GAP_BUDGET);
    } else {
        s->force = true;
    }
}

/* The session that has been waiting longest makes room for others. */
static bool press_holders(struct reassembler *r, struct session *x) {
    struct session *holder = r->first_holder;
    if (!holder || !session_press(r, holder)) {
        return false;
    }
    if (holder != x) {
        session_unsettle(r, holder);
    }
    return true;
}

/* Holds some of `piece` and returns how much; 0: look again, something has moved (or no_memory). */
static size_t hold(struct reassembler *r, struct session *x, enum direction d, struct arrival *a,
                   struct slice piece, uint64_t from) {
    struct stream *s = &x->streams[d];
    if (s->held.charge + s->cuts.charge + segq_charge(piece.len) > r->limits->stream_held_bytes) {
        r->counts.cap_stream_bytes += !a->capped;
        a->capped = true;
        if (!session_press_direction(r, x, d)) {
            clear_way(r, x, d, from);
        }
        return 0;
    }
    int64_t acked_ns = s->acked_known && s->acked >= from ? r->clock_ns : SEGQ_NEVER;
    const struct held *h =
        segq_put(&s->held, &r->pages, a->segment, from, piece, a->lasting, r->clock_ns, acked_ns);
    if (!h) {
        r->counts.cap_held_bytes += !a->capped;
        a->capped = true;
        a->no_memory = !press_holders(r, x);
        return 0;
    }
    session_count_held(r, h);
    session_note_holding(r, x, false);
    return h->len;
}

/* Gives what was missing of the bytes that delivery has passed. */
static void fill(struct reassembler *r, struct session *x, enum direction d, struct arrival *a) {
    const struct stream *s = &x->streams[d];
    uint64_t end = arrival_end(a) < s->next ? arrival_end(a) : s->next;
    const struct passed_hole *hole;
    for (uint64_t at = a->offset, to; at < end && (hole = passed_find(s->passed, at, end)); at = to) {
        at = hole->from > at ? hole->from : at;
        to = hole->to < end ? hole->to : end;
        session_fill(r, x, d, slice_first(slice_after(a->bytes, at - a->offset), to - at), a->segment, at);
        a->placed += to - at;
    }
}

static bool pass(struct reassembler *r, struct session *x, enum direction d, const struct arrival *a,
                 uint64_t from) {
    const struct stream_range bytes = {.from = from, .to = arrival_end(a)};
    return session_pass(r, x, d, a->segment, bytes, r->clock_ns, r->clock_ns);
}

static void place(struct reassembler *r, struct session *x, enum direction d, struct arrival *a) {
    struct stream *s = &x->streams[d];
    uint64_t at = a->offset, end = arrival_end(a), from, to;
    if (s->passed && at < s->next) {
        fill(r, x, d, a);
    }
    while (at < end && !a->no_memory && s->state != STREAM_ENDED) {
        if (s->state == STREAM_RUNNING && at < s->next) {
            at = s->next < end ? s->next : end;
            continue;
        }
        if (!segq_uncovered(&s->held, at, end, &from, &to)) {
            break;
        }
        struct slice piece = slice_first(slice_after(a->bytes, from - a->offset), to - from);
        size_t placed;
        x->at_hand[d] = from;
        if (s->state == STREAM_RUNNING && from == s->next && (!s->declined || s->force)) {
            if (!session_has_audience(r, x)) {
                break;
            }
            placed = session_give(r, x, d, piece, a->segment, session_must_take(x, d));
        } else if (pass(r, x, d, a, from)) {
            placed = 0;
        } else {
            placed = hold(r, x, d, a, piece, from);
        }
        a->placed += placed;
        at = from + placed;
        if (x->audience == AUDIENCE_GONE) {
            break;
        }
    }
    x->at_hand[d] = UINT64_MAX;
}

enum flow_fate session_place_rest(struct reassembler *r, struct session *x, enum direction d,
                                  const struct segment *segment, const struct packet *p, size_t taken) {
    struct arrival a = {.bytes = slice_after(p->payload, taken),
                        .offset = segment->offset + taken,
                        .segment = segment,
                        .lasting = p->lasting};
    place(r, x, d, &a);
    r->counts.dropped_bytes += a.bytes.len - a.placed;
    session_pump(r, x);
    return a.no_memory && taken + a.placed == 0 ? FLOW_NO_MEMORY : FLOW_DATA;
}

/* Remembers that snaplen cut bytes off, so that the hole they leave has its reason. */
static void place_cut(struct reassembler *r, struct session *x, enum direction d, const struct arrival *a) {
    struct stream *s = &x->streams[d];
    uint64_t at = arrival_end(a), from, to;
    if (s->state == STREAM_RUNNING && at < s->next) {
        passed_note_cut(s->passed, at, a->wire_end);
        at = s->next;
    }
    while (at < a->wire_end && segq_uncovered(&s->cuts, at, a->wire_end, &from, &to)) {
        int64_t acked_ns = s->acked_known && s->acked >= from ? r->clock_ns : SEGQ_NEVER;
        if (s->held.charge + s->cuts.charge + SMALL_BYTES > r->limits->stream_held_bytes ||
            !segq_put_cut(&s->cuts, &r->pages, a->segment, from, (uint32_t)(to - from), r->clock_ns,
                          acked_ns)) {
            break;
        }
        at = to;
    }
    session_note_holding(r, x, false);
}

/* Payload that nobody gets. Without a queue only what is beyond the highest byte seen counts as new. */
static enum flow_fate unwanted(struct reassembler *r, struct session *x, enum direction d,
                               const struct arrival *a) {
    struct stream *s = &x->streams[d];
    uint64_t from = s->data_seen && s->highest > a->offset ? s->highest : a->offset;
    uint64_t fresh = arrival_end(a) > from ? arrival_end(a) - from : 0;
    bool news = !s->data_seen || a->wire_end > s->highest;
    count_new(r, x, d, fresh);
    r->counts.dropped_bytes += fresh;
    x->connection.counts[d].retransmits += a->bytes.len > fresh;
    s->data_seen = true;
    if (a->wire_end > s->highest) {
        s->highest = a->wire_end;
    }
    if (s->state == STREAM_RUNNING && x->audience == AUDIENCE_GONE) {
        s->next = s->highest;
    }
    return news ? FLOW_AFTER_END : FLOW_RETRANSMIT;
}

static void see(struct reassembler *r, struct stream *s, uint64_t wire_end) {
    if (s->state == STREAM_PARKED && s->parked_since_ns == SEGQ_NEVER) {
        s->parked_since_ns = r->clock_ns;
    }
    /* What an ACK said before there was any byte is no measure of what was seen. */
    if (!s->data_seen && s->state == STREAM_PARKED) {
        s->highest = wire_end;
    }
    s->data_seen = true;
    if (wire_end > s->highest) {
        s->highest = wire_end;
    }
    stream_judge_overdue(s, r->clock_ns);
}

/* The direction that was waited for in vain says something that the other has not acknowledged yet: it is in
 * time again, and worth waiting for. */
static void note_in_time(struct session *x, enum direction d, uint64_t offset) {
    struct stream *s = &x->streams[d];
    if (x->connection.one_sided && x->silent == d && s->acked_known && offset >= s->acked) {
        x->connection.one_sided = false;
        s->silent_waits = 0;
    }
}

/* Did the receiver have the byte for longer than the order of packets can be off? */
static bool was_had(const struct reassembler *r, const struct session *x, enum direction d, uint64_t offset) {
    const struct stream *s = &x->streams[d];
    int64_t skew_ns = r->limits->skew_ns;
    if (offset < s->overdue_told ||
        (s->overdue_set && offset < s->overdue_acked && s->overdue_since_ns + skew_ns <= r->clock_ns)) {
        return true;
    }
    const struct held *behind = s->held.head;
    uint64_t end = s->passed ? s->passed->holes[0].to : behind ? behind->offset : 0;
    int64_t acked_ns = s->passed ? s->passed->holes[0].acked_ns : behind ? behind->acked_ns : SEGQ_NEVER;
    return offset < end && acked_ns != SEGQ_NEVER && acked_ns + skew_ns <= r->clock_ns;
}

enum flow_fate session_payload(struct reassembler *r, struct session *x, enum direction d,
                               const struct packet *p, struct segment *segment, uint64_t offset) {
    struct stream *s = &x->streams[d];
    struct arrival a = {.bytes = p->payload, .offset = offset, .segment = segment, .lasting = p->lasting};
    a.wire_end = arrival_end(&a) + p->cut;
    if (s->fin_known && !s->fin_certain && s->state != STREAM_ENDED && a.wire_end > s->fin) {
        stream_refute_fin(s);
        r->counts.fins_refuted++;
    }
    bool beyond_fin = s->fin_known && offset >= s->fin;
    if (x->audience == AUDIENCE_GONE || s->state == STREAM_ENDED || beyond_fin) {
        return unwanted(r, x, d, &a);
    }
    if (s->fin_known && a.wire_end > s->fin) {
        a.bytes = slice_first(a.bytes, s->fin - offset);
        a.wire_end = s->fin;
    }
    note_in_time(x, d, offset);
    session_start_lower(x, d, offset);
    appraise(r, x, d, &a);
    segment->resent = a.first_fresh > offset || was_had(r, x, d, offset);
    bool below = s->state == STREAM_RUNNING && a.wire_end <= s->next;
    bool news = a.fresh > 0 || (!s->data_seen && !below) || a.wire_end > s->highest;
    note_sent(x, d, p, &a);
    see(r, s, a.wire_end);
    if (s->state == STREAM_PARKED) {
        x->at_hand[d] = offset;
        session_start_due(r, x);
    }
    place(r, x, d, &a);
    r->counts.dropped_bytes += a.fresh - a.placed;
    if (x->audience == AUDIENCE_GONE) {
        if (s->state == STREAM_RUNNING) {
            s->next = s->highest;
        }
        return FLOW_AFTER_END;
    }
    if (p->cut > 0 && s->state != STREAM_ENDED) {
        place_cut(r, x, d, &a);
    }
    if (a.no_memory && a.placed == 0) {
        return FLOW_NO_MEMORY;
    }
    if (a.recut) {
        return FLOW_TAP_DUPLICATE;
    }
    return news ? FLOW_DATA : a.late > 0 ? FLOW_LATE : FLOW_RETRANSMIT;
}
