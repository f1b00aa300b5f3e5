/* SPDX-License-Identifier: Apache-2.0 */
/* From the streams to the consumer: chunks, gaps, overdue bytes and ends, and who may wait for whom. */
#include "reassembly/session.h"

#include <assert.h>

static void forget_held(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    r->counts.dropped_bytes += s->held.bytes;
    r->counts.held_bytes_now -= s->held.bytes;
    segq_clear(&s->held, &r->pages);
    segq_clear(&s->cuts, &r->pages);
    session_note_holding(r, x, false);
}

static void tell_overdue(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    uint64_t acked = s->overdue_acked;
    s->overdue_told = acked;
    s->overdue_set = false;
    s->overdue_ripe = false;
    stream_judge_overdue(s, r->clock_ns);
    r->ops->overdue(x->consumer, d, acked, reassembler_now(r));
    x->streams[direction_other(d)].poked = true;
}

static bool overdue_tellable(const struct session *x, enum direction d) {
    const struct stream *s = &x->streams[d];
    return s->overdue_ripe && x->audience == AUDIENCE_OPEN && !s->held.head && s->state != STREAM_ENDED;
}

/* What is known to be missing comes before the bytes that may answer it. */
static bool tell_all_overdue(struct reassembler *r, struct session *x) {
    bool told = false;
    for (int d = 0; d < 2; d++) {
        if (overdue_tellable(x, (enum direction)d)) {
            tell_overdue(r, x, (enum direction)d);
            told = true;
        }
    }
    return told;
}

/* What a consumer missed by being opened only when there was something to give. */
static void tell_past(struct reassembler *r, struct session *x) {
    tell_all_overdue(r, x);
    for (int d = 0; d < 2; d++) {
        if (x->streams[d].state == STREAM_ENDED) {
            r->ops->end(x->consumer, (enum direction)d, END_FIN, reassembler_now(r));
        }
    }
}

bool session_has_audience(struct reassembler *r, struct session *x) {
    if (x->audience != AUDIENCE_NONE) {
        return x->audience == AUDIENCE_OPEN;
    }
    x->consumer = r->ops->open(r->environment, &x->connection);
    if (x->consumer) {
        x->audience = AUDIENCE_OPEN;
        tell_past(r, x);
        return true;
    }
    x->audience = AUDIENCE_GONE;
    for (int d = 0; d < 2; d++) {
        forget_held(r, x, (enum direction)d);
        if (x->streams[d].state == STREAM_RUNNING) {
            stream_advance(&x->streams[d], &r->pages, x->streams[d].highest);
        }
    }
    return false;
}

void session_advance(struct reassembler *r, struct session *x, enum direction d, uint64_t next) {
    stream_advance(&x->streams[d], &r->pages, next);
    x->connection.delivered[d] = next;
    x->streams[direction_other(d)].poked = true;
    x->streams[direction_other(d)].turn = true;
}

/* A wait that lasted too long is no reason by itself: EVENT_DECLINED ends it when nothing else can. */
bool session_must_take(const struct session *x, enum direction d) {
    return x->connection.one_sided || x->streams[d].force;
}

void session_given(struct reassembler *r, struct session *x, enum direction d, struct slice bytes,
                   size_t taken) {
    struct stream *s = &x->streams[d];
    r->counts.delivered_bytes += taken;
    s->poked = false;
    if (taken < bytes.len) {
        r->counts.declined_waits += !s->declined;
        s->declined = true;
    } else {
        s->declined = false;
        s->force = false;
    }
    if (taken > 0) {
        stream_keep_opening(s, &r->pages, s->next, slice_first(bytes, taken));
        session_advance(r, x, d, s->next + taken);
    }
}

size_t session_give(struct reassembler *r, struct session *x, enum direction d, struct slice bytes,
                    const struct segment *segment, bool must_take) {
    struct stream *s = &x->streams[d];
    struct chunk chunk = {.bytes = bytes, .offset = s->next, .segment = segment, .must_take = must_take};
    size_t taken = r->ops->data(x->consumer, d, &chunk);
    assert(taken <= bytes.len && (!must_take || taken == bytes.len));
    if (must_take || taken > bytes.len) {
        taken = bytes.len;
    }
    session_given(r, x, d, bytes, taken);
    return taken;
}

bool session_other_moves(const struct session *x, enum direction d) {
    const struct stream *other = &x->streams[direction_other(d)];
    if (other->passed) {
        return true;
    }
    switch (stream_front(other)) {
    case FRONT_PARKED:
    case FRONT_CUT:
    case FRONT_HOLE:
    case FRONT_READY:
    case FRONT_FIN:
        return true;
    case FRONT_NOTHING:
    case FRONT_DECLINED:
        break;
    }
    return false;
}

/* Is the direction's turn again, with the next of the bytes held? The other one has nothing to say. */
static bool goes_on(const struct session *x, enum direction d) {
    const struct stream *s = &x->streams[d], *other = &x->streams[direction_other(d)];
    return s->held.head && s->held.head->offset == s->next && !s->declined && stream_is_idle(other) &&
           !other->overdue_ripe;
}

static void give_held(struct reassembler *r, struct session *x, enum direction d) {
    if (!session_has_audience(r, x)) {
        return;
    }
    struct stream *s = &x->streams[d];
    bool progress = false;
    do {
        struct held *h = s->held.head;
        held_prefetch(h->next ? h->next->next : NULL);
        size_t taken = session_give(r, x, d, held_bytes(&r->pages, h), &h->segment, session_must_take(x, d));
        r->counts.held_bytes_now -= taken;
        segq_take(&s->held, &r->pages, (uint32_t)taken);
        progress |= taken > 0;
    } while (goes_on(x, d));
    session_note_holding(r, x, progress);
}

void session_gap(struct reassembler *r, struct session *x, enum direction d, uint64_t end,
                 enum gap_reason reason) {
    struct stream *s = &x->streams[d];
    assert(end > s->next);
    if (!session_has_audience(r, x)) {
        if (end > s->next) {
            stream_advance(s, &r->pages, end);
        }
        return;
    }
    uint64_t len = end - s->next;
    r->counts.gaps[reason]++;
    r->counts.gap_bytes += len;
    x->connection.counts[d].gap_bytes += len;
    stream_lose(s, s->next, end);
    r->ops->gap(x->consumer, d, s->next, len, reason, reassembler_now(r));
    s->declined = false;
    session_advance(r, x, d, end);
    session_note_holding(r, x, true);
}

void session_end_stream(struct reassembler *r, struct session *x, enum direction d, enum end_reason reason) {
    struct stream *s = &x->streams[d];
    assert(!s->passed);
    if (s->held.head || s->cuts.head) {
        forget_held(r, x, d);
    }
    s->state = STREAM_ENDED;
    if (reason == END_FIN && x->half_ns == SEGQ_NEVER) {
        x->half_ns = r->clock_ns;
    }
    if (x->audience == AUDIENCE_OPEN) {
        r->ops->end(x->consumer, d, reason, reassembler_now(r));
    }
    x->streams[direction_other(d)].poked = true;
}

static bool offerable(const struct session *x, enum direction d, enum stream_front front) {
    const struct stream *s = &x->streams[d];
    switch (front) {
    case FRONT_READY:
        return true;
    case FRONT_FIN:
        return session_fin_is_certain(x, d) && !s->passed;
    case FRONT_DECLINED:
        return s->poked;
    case FRONT_NOTHING:
    case FRONT_PARKED:
    case FRONT_CUT:
    case FRONT_HOLE:
        break;
    }
    return false;
}

bool session_pass_held(struct reassembler *r, struct session *x) {
    bool passed = false;
    for (int d = 0; d < 2; d++) {
        const struct held *behind = x->streams[d].held.head;
        if (behind && behind->offset > x->streams[d].next) {
            const struct stream_range bytes = {.from = behind->offset, .to = held_end(behind)};
            passed |= session_pass(r, x, (enum direction)d, &behind->segment, bytes, behind->since_ns,
                                   behind->acked_ns);
        }
    }
    return passed;
}

/* Of two fronts, the one that has waited longer. */
static enum direction older(const struct session *x) {
    int64_t since_ns[2];
    uint64_t ordinal[2];
    for (int d = 0; d < 2; d++) {
        stream_front_age(&x->streams[d], &since_ns[d], &ordinal[d]);
    }
    if (since_ns[0] != since_ns[1]) {
        return since_ns[0] < since_ns[1] ? DIRECTION_0 : DIRECTION_1;
    }
    return ordinal[0] <= ordinal[1] ? DIRECTION_0 : DIRECTION_1;
}

/* Chooses the direction to go on with. Both declined and neither moved: no packet can change what either
 * waits for, because new bytes come behind those at the front; so the older one is told to take. `*front`:
 * what stands there. */
static bool choose(struct session *x, enum direction *d, enum stream_front *front) {
    const enum stream_front fronts[2] = {stream_front(&x->streams[0]), stream_front(&x->streams[1])};
    bool can[2] = {offerable(x, DIRECTION_0, fronts[0]), offerable(x, DIRECTION_1, fronts[1])};
    bool stuck = fronts[0] == FRONT_DECLINED && fronts[1] == FRONT_DECLINED && !can[0] && !can[1];
    if (!can[0] && !can[1] && !stuck) {
        return false;
    }
    *d = can[0] == can[1] ? older(x) : can[0] ? DIRECTION_0 : DIRECTION_1;
    *front = fronts[*d];
    x->streams[*d].force |= stuck;
    return true;
}

void session_pump(struct reassembler *r, struct session *x) {
    const struct stream *s = x->streams;
    x->pass_failed = false;
    if (stream_is_idle(&s[0]) && stream_is_idle(&s[1]) && !s[0].overdue_ripe && !s[1].overdue_ripe) {
        return;
    }
    enum direction d;
    enum stream_front front;
    while (x->state != SESSION_CLOSED) {
        bool ripe = s[0].overdue_ripe || s[1].overdue_ripe;
        if ((ripe && tell_all_overdue(r, x)) || session_pass_held(r, x)) {
            continue;
        }
        if (!choose(x, &d, &front)) {
            return;
        }
        if (front == FRONT_FIN) {
            session_end_stream(r, x, d, END_FIN);
        } else {
            give_held(r, x, d);
        }
        if (x->streams[0].state == STREAM_ENDED && x->streams[1].state == STREAM_ENDED) {
            session_close(r, x, END_FIN);
        }
    }
}

bool session_press_direction(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    switch (stream_front(s)) {
    case FRONT_NOTHING:
    case FRONT_FIN:
        return false;
    case FRONT_PARKED:
        session_start_lowest(x, d);
        break;
    case FRONT_READY:
    case FRONT_DECLINED:
        s->force = true;
        break;
    case FRONT_CUT:
    case FRONT_HOLE: {
        uint64_t end = stream_hole_end(s);
        bool is_cut = s->cuts.head && s->cuts.head->offset <= s->next;
        if (is_cut && held_end(s->cuts.head) < end) {
            end = held_end(s->cuts.head);
        }
        if (x->at_hand[d] < end) {
            end = x->at_hand[d];
        }
        if (end > s->next) {
            session_gap(r, x, d, end, is_cut ? GAP_SNAPLEN : GAP_BUDGET);
        } else {
            s->force = true;
        }
        break;
    }
    }
    session_pump(r, x);
    return true;
}

bool session_press(struct reassembler *r, struct session *x) {
    bool holds[2];
    for (int d = 0; d < 2; d++) {
        holds[d] = x->streams[d].held.head || x->streams[d].cuts.head;
    }
    if (!holds[0] && !holds[1]) {
        bool missed = session_miss_all(r, x, GAP_BUDGET);
        session_pump(r, x); /* a FIN may have waited */
        return missed;
    }
    enum direction d = holds[0] && holds[1] ? older(x) : holds[0] ? DIRECTION_0 : DIRECTION_1;
    return session_press_direction(r, x, d);
}

void session_keep(struct reassembler *r, struct session *x) {
    for (int d = 0; d < 2; d++) {
        while (!segq_keep(&x->streams[d].held, &r->pages)) {
            session_unsettle(r, x);
            if (!session_press_direction(r, x, (enum direction)d)) {
                forget_held(r, x, (enum direction)d);
            }
        }
    }
}
