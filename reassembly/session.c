/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session.h"

#include "capture/clear.h"
#include "reassembly/session_syn.h"

/* What is valid with something else, and large, is left as it is. */
void session_init(struct session *x, const struct flow_key *key, uint64_t ordinal, uint32_t incarnation,
                  void *owner) {
    enum { REST = offsetof(struct session, connection.path) + sizeof x->connection.path };
    clear_many(x, offsetof(struct session, connection.path));
    clear_many((char *)x + REST, offsetof(struct session, facts) - REST);
    x->connection.key = *key;
    x->connection.ordinal = ordinal;
    x->connection.incarnation = incarnation;
    x->connection.midstream = true;
    x->half_ns = x->reused_ns = SEGQ_NEVER;
    x->owner = owner;
    for (int d = 0; d < 2; d++) {
        x->presumed_ns[d] = SEGQ_NEVER;
        x->at_hand[d] = UINT64_MAX;
        stream_begin(&x->streams[d]);
        tcpfacts_init(&x->facts[d]);
    }
}

void session_fini(struct reassembler *r, struct session *x) {
    for (int d = 0; d < 2; d++) {
        r->counts.held_bytes_now -= x->streams[d].held.bytes;
        r->counts.dropped_bytes += x->streams[d].held.bytes;
        stream_fini(&x->streams[d], &r->pages);
    }
    session_note_holding(r, x, false);
    if (x->audience == AUDIENCE_OPEN) {
        r->ops->close(x->consumer);
        x->audience = AUDIENCE_GONE;
    }
}

static void holders_remove(struct reassembler *r, struct session *x) {
    *(x->previous_holder ? &x->previous_holder->next_holder : &r->first_holder) = x->next_holder;
    *(x->next_holder ? &x->next_holder->previous_holder : &r->last_holder) = x->previous_holder;
}

static void holders_append(struct reassembler *r, struct session *x) {
    x->next_holder = NULL;
    x->previous_holder = r->last_holder;
    *(r->last_holder ? &r->last_holder->next_holder : &r->first_holder) = x;
    r->last_holder = x;
}

void session_note_holding(struct reassembler *r, struct session *x, bool progress) {
    bool holds = false;
    for (int d = 0; d < 2; d++) {
        const struct stream *s = &x->streams[d];
        holds = holds || s->held.head || s->cuts.head || s->passed;
    }
    if (x->holding && (!holds || progress)) {
        holders_remove(r, x);
        x->holding = false;
    }
    if (holds && !x->holding) {
        holders_append(r, x);
        x->holding = true;
    }
}

static void note_packet(struct reassembler *r, struct session *x, enum direction d, const struct packet *p) {
    session_count_packet(r, x, d);
    if (!x->connection.path_seen[d]) {
        x->connection.path_seen[d] = true;
        packet_path_copy(&x->connection.path[d], &p->path);
    }
    x->streams[d].seen = true;
}

/* RFC 9293 section 3.10.7.4 takes a RST inside the window; RFC 5961 only one at its left edge. A capture can
 * lack the packets that tell the edge, so the window it is, from what was delivered or acknowledged on. */
static bool is_valid_reset(struct session *x, enum direction d, const struct packet *p) {
    struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    if (!s->anchored) {
        return !(p->flags & TCP_ACK) || !other->anchored ||
               stream_plausible(other, stream_offset(other, p->ack));
    }
    uint64_t offset = stream_offset(s, p->seq);
    uint64_t low = s->state == STREAM_PARKED ? stream_lowest(s) : stream_settled(s);
    uint64_t high = s->highest;
    if (s->acked_known) {
        low = s->acked < low ? s->acked : low;
        high = s->acked > high ? s->acked : high;
    }
    /* one number more on both sides: SYN and FIN have one each */
    return offset + 1 >= low && offset <= high + tcpfacts_window(&x->facts[direction_other(d)]) + 1;
}

static enum flow_fate take_reset(struct reassembler *r, struct session *x, enum direction d,
                                 const struct packet *p) {
    if (x->state != SESSION_CLOSED && !is_valid_reset(x, d, p)) {
        return FLOW_INVALID;
    }
    if (x->state == SESSION_OPEN) {
        x->state = SESSION_RESET;
        x->reset_ns = r->clock_ns;
        /* Without another number to go by nothing can be beyond it. */
        x->reset_offset = x->streams[d].anchored ? stream_offset(&x->streams[d], p->seq) : UINT64_MAX - 1;
        x->outlived = false;
        x->alive = false;
        x->connection.reset_ns = p->time_ns;
        x->connection.reset_from = d;
    }
    return FLOW_CONTROL;
}

static void refute_reset(struct reassembler *r, struct session *x) {
    r->counts.resets_refuted++;
    x->state = SESSION_OPEN;
    x->connection.reset_ns = 0;
}

/* Who sent a RST says nothing any more, and nobody acknowledges more than it sent before. A tap may show some
 * of that late, so that a sender who merely goes on must do so for two waits. */
static void doubt_reset(struct reassembler *r, struct session *x, enum direction d,
                        const struct segment *segment, uint64_t end) {
    bool sender = d == x->connection.reset_from;
    bool has_bytes = end > segment->offset;
    if ((sender && has_bytes && segment->offset <= x->reset_offset && end > x->reset_offset) ||
        (!sender && segment->has_ack && segment->ack > x->reset_offset + 1)) {
        refute_reset(r, x);
        return;
    }
    x->alive |= sender;
}

bool session_reset_stands(struct reassembler *r, struct session *x) {
    if (!x->alive) {
        return true;
    }
    if (x->outlived) {
        refute_reset(r, x);
    } else {
        x->outlived = true;
        x->alive = false;
        x->reset_ns = r->clock_ns;
    }
    return false;
}

static void take_ack(struct reassembler *r, struct session *x, enum direction d, const struct packet *p,
                     struct segment *segment) {
    struct stream *other = &x->streams[direction_other(d)];
    uint64_t offset = stream_offset(other, p->ack);
    if (!stream_plausible(other, offset)) {
        return;
    }
    segment->ack = offset;
    segment->has_ack = true;
    session_handshake(r, x, d, p, offset);
    stream_acked(other, offset, r->clock_ns);
    stream_release_opening(other, &r->pages);
    if (x->connection.one_sided && other->overdue_set) {
        other->overdue_acked = other->acked;
        other->overdue_ripe = true;
    }
}

/* Had the receiver acknowledged all that it has for longer than the order of packets can be off? */
static bool is_acked_long_since(const struct reassembler *r, const struct session *x, enum direction d,
                                const struct packet *p) {
    int64_t acked_ns = x->facts[direction_other(d)].ack_ns;
    return x->streams[d].acked_known && acked_ns != 0 && acked_ns + r->limits->skew_ns <= p->time_ns;
}

/* The first that is seen of a connection met midstream, and so where it stands is not known: a NUL, as is
 * sent for a keep-alive, without PSH, as a program's write of one byte has it. */
static bool is_first_keep_alive(const struct stream *s, const struct packet *p, uint64_t offset) {
    return s->state == STREAM_PARKED && !s->data_seen && p->payload.len == 1 && p->cut == 0 &&
           p->payload.ptr[0] == '\0' && !(p->flags & (TCP_PSH | TCP_URG)) &&
           (!s->acked_known || s->acked == offset + 1);
}

/* RFC 9293 section 3.8.4: one byte below what the receiver expects, without data or with a byte it has, which
 * may be any octet. */
static bool is_keep_alive(const struct reassembler *r, struct session *x, enum direction d,
                          const struct packet *p, uint64_t offset) {
    struct stream *s = &x->streams[d];
    uint64_t from, to;
    if (p->payload.len + p->cut > 1 || p->flags & (TCP_SYN | TCP_FIN)) {
        return false;
    }
    if (is_first_keep_alive(s, p, offset)) {
        return true;
    }
    if (offset + 1 != (s->acked_known ? s->acked : s->highest)) {
        return false;
    }
    if (p->payload.len + p->cut == 0) {
        return true;
    }
    bool seen = s->state != STREAM_PARKED && offset < s->next
                    ? !passed_find(s->passed, offset, offset + 1)
                    : s->data_seen && offset < s->highest &&
                          !segq_uncovered(&s->held, offset, offset + 1, &from, &to);
    return seen || is_acked_long_since(r, x, d, p);
}

static enum flow_fate take_data(struct reassembler *r, struct session *x, enum direction d,
                                const struct packet *p, struct segment *segment) {
    struct stream *s = &x->streams[d];
    uint64_t offset = segment->offset;
    if (is_keep_alive(r, x, d, p, offset)) {
        x->connection.counts[d].keep_alives++;
        return FLOW_CONTROL;
    }
    enum flow_fate fate = FLOW_CONTROL;
    if (p->payload.len + p->cut > 0) {
        fate = session_payload(r, x, d, p, segment, offset);
    }
    if (p->flags & TCP_FIN) {
        stream_fin(s, offset + p->payload.len + p->cut, r->clock_ns);
    }
    return fate;
}

/* A second look at a packet by the tap is nothing new, unless the first one had less of it. */
static bool is_mere_copy(struct reassembler *r, struct session *x, enum direction d, const struct packet *p) {
    struct stream *s = &x->streams[d];
    uint64_t from, to;
    if (!tcpfacts_tap_copy(&x->facts[d], p, r->limits->skew_ns, &r->secret)) {
        return false;
    }
    if (p->payload.len > 0 && s->anchored && s->state != STREAM_ENDED && x->audience != AUDIENCE_GONE) {
        uint64_t offset = stream_offset(s, p->seq + (p->flags & TCP_SYN ? 1 : 0));
        uint64_t end = offset + p->payload.len;
        uint64_t start = s->state == STREAM_RUNNING && offset < s->next ? s->next : offset;
        if (s->cuts.head && start < end && segq_uncovered(&s->held, start, end, &from, &to)) {
            return false;
        }
        if (passed_find(s->passed, offset, end)) {
            return false;
        }
        struct segment copy = {.offset = offset};
        segq_repeat(&s->held, &r->pages, &copy, offset, p->payload, true);
    }
    x->connection.counts[d].tap_duplicates++;
    return true;
}

bool session_flags_impossible(const struct packet *p) {
    switch (p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
    case 0:
    case TCP_FIN:
        return !(p->flags & TCP_ACK); /* receivers drop it (RFC 9293 section 3.10.7.4, fifth) */
    case TCP_SYN:
    case TCP_RST:
        return false;
    }
    return true;
}

enum flow_fate session_check(struct reassembler *r, struct session *x, enum direction d,
                             const struct packet *p, bool *done) {
    *done = true;
    if (is_mere_copy(r, x, d, p)) {
        return FLOW_TAP_DUPLICATE;
    }
    if (session_flags_impossible(p)) {
        x->connection.counts[d].packets++;
        return FLOW_INVALID;
    }
    *done = false;
    return FLOW_CONTROL;
}

enum flow_fate session_packet(struct reassembler *r, struct session *x, enum direction d,
                              const struct packet *p) {
    struct stream *s = &x->streams[d];
    note_packet(r, x, d, p);
    if (p->flags & TCP_SYN) {
        session_syn(r, x, d, p);
    }
    if (p->flags & TCP_RST) {
        return take_reset(r, x, d, p);
    }
    struct segment segment = {.time_ns = p->time_ns,
                              .offset = stream_offset(s, p->seq + (p->flags & TCP_SYN ? 1 : 0)),
                              .number = p->number,
                              .ordinal = p->ordinal,
                              .file = p->file};
    if (!stream_plausible(s, segment.offset)) {
        return FLOW_INVALID;
    }
    uint64_t *lowest = &x->connection.lowest[d];
    if (*lowest == 0 || segment.offset < *lowest) {
        *lowest = segment.offset;
    }
    if (p->flags & TCP_ACK) {
        take_ack(r, x, d, p, &segment);
    }
    const struct stream *other = &x->streams[direction_other(d)];
    bool outstanding = segment.has_ack && other->highest > segment.ack;
    tcpfacts_count(&x->facts[d], &x->connection.counts[d], p, outstanding);
    /* What the ACK tells of the other direction comes before this packet's own bytes. */
    if (other->overdue_ripe || other->fin_known) {
        session_pump(r, x);
    }
    if (x->state == SESSION_RESET) {
        doubt_reset(r, x, d, &segment, segment.offset + p->payload.len + p->cut);
    }
    enum flow_fate fate = take_data(r, x, d, p, &segment);
    session_pump(r, x);
    return fate;
}

void session_close(struct reassembler *r, struct session *x, enum end_reason reason) {
    if (x->audience == AUDIENCE_OPEN) {
        r->ops->close(x->consumer);
    }
    x->audience = AUDIENCE_GONE;
    x->consumer = NULL;
    x->state = SESSION_CLOSED;
    x->closed_ns = r->clock_ns;
    r->counts.closed[reason]++;
    r->counts.open_now--;
    r->counts.opened_midstream += x->connection.midstream;
}

/* Bytes that the other side has and the capture has not: at the end they are lost for good. */
static bool finish_tail(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    if (x->audience != AUDIENCE_OPEN || stream_front(s) != FRONT_NOTHING || s->state == STREAM_ENDED ||
        s->fin_known || !s->acked_known || s->acked <= s->highest + 1) {
        return false;
    }
    if (s->state == STREAM_PARKED) {
        session_start_lowest(x, d);
    }
    session_gap(r, x, d, s->acked, GAP_FLOW_END);
    return true;
}

/* Gives up the wait at the front of the direction; false when nothing waits there. */
static bool finish_front(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    enum stream_front front = stream_front(s);
    if (front == FRONT_PARKED) {
        session_start_lowest(x, d);
        return true;
    }
    if (front == FRONT_FIN) {
        s->fin_certain = true;
        return true;
    }
    struct stream_patience none = {0};
    struct stream_gap gap;
    if (!stream_gap(s, &none, &gap)) {
        return false;
    }
    session_gap(r, x, d, gap.end, front == FRONT_CUT ? GAP_SNAPLEN : GAP_FLOW_END);
    return true;
}

/* The consumer waits at the front of the direction, and nothing is left that could end the wait. */
static bool finish_wait(struct session *x, enum direction d) {
    if (stream_front(&x->streams[d]) != FRONT_DECLINED) {
        return false;
    }
    x->streams[d].force = true;
    return true;
}

static enum direction older_front(const struct session *x) {
    int64_t since_ns[2] = {INT64_MAX, INT64_MAX};
    uint64_t ordinal[2] = {UINT64_MAX, UINT64_MAX};
    for (int d = 0; d < 2; d++) {
        if (stream_front(&x->streams[d]) != FRONT_NOTHING) {
            stream_front_age(&x->streams[d], &since_ns[d], &ordinal[d]);
        }
    }
    bool second = since_ns[1] != since_ns[0] ? since_ns[1] < since_ns[0] : ordinal[1] < ordinal[0];
    return second ? DIRECTION_1 : DIRECTION_0;
}

void session_finish(struct reassembler *r, struct session *x, enum end_reason reason) {
    if (x->state == SESSION_CLOSED) {
        return;
    }
    if (x->state == SESSION_RESET) {
        reason = END_RST;
    } else if (x->reused_ns != SEGQ_NEVER) {
        reason = END_REUSED;
    }
    for (int d = 0; d < 2; d++) {
        if (stream_front(&x->streams[d]) == FRONT_PARKED) {
            session_start_lowest(x, (enum direction)d);
        }
    }
    /* Losses are declared before waits are cut short: a response still meets its request behind a hole. */
    bool moved = true;
    while (moved && x->state != SESSION_CLOSED) {
        session_pump(r, x);
        enum direction first = older_front(x), second = direction_other(first);
        moved = session_miss_all(r, x, GAP_FLOW_END) || finish_front(r, x, first) ||
                finish_front(r, x, second) || finish_tail(r, x, first) || finish_tail(r, x, second) ||
                finish_wait(x, first) || finish_wait(x, second);
    }
    for (int d = 0; d < 2; d++) {
        if (x->streams[d].state != STREAM_ENDED) {
            session_end_stream(r, x, (enum direction)d, reason);
        }
    }
    if (x->state != SESSION_CLOSED) {
        session_close(r, x, reason);
    }
}
