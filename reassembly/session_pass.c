/* SPDX-License-Identifier: Apache-2.0 */
/* Holes that need not be waited for: the stream passes them, and they are filled or given up behind it. */
#include "reassembly/session.h"

#include <assert.h>

/* Is all that is missing before `end` known to be cut off by snaplen? */
static bool is_cut(const struct stream *s, uint64_t end) {
    return s->cuts.head && s->cuts.head->offset <= s->next && held_end(s->cuts.head) == end;
}

static bool may_pass(const struct reassembler *r, const struct session *x, enum direction d,
                     const struct segment *behind, uint64_t end, uint64_t behind_end) {
    const struct stream *s = &x->streams[d];
    /* What the receiver may not have yet may come in other pieces, and in other versions: it waits. */
    if (!s->acked_known || s->acked < behind_end) {
        return false;
    }
    if (!r->ops->passing || x->audience != AUDIENCE_OPEN || s->state != STREAM_RUNNING || s->declined ||
        end <= s->next) {
        return false;
    }
    /* What is passed must end at the first byte known behind it; and a packet whose ACK may be too high would
     * stand for what came before it as well. */
    bool edge = (!s->held.head || s->held.head->offset >= end) &&
                (!s->cuts.head || s->cuts.head->offset >= end || is_cut(s, end)) &&
                (!s->fin_known || s->fin >= end);
    return edge && behind->has_ack && !behind->resent && end < r->ops->passing->counted_until(x->consumer, d);
}

/* The oldest of many holes gives way where as many bytes came behind it as would be held at most. */
static void make_room(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    const struct passed *p = s->passed;
    if (p && p->count == PASSED_MOST && s->next - p->holes[0].from >= r->limits->stream_held_bytes) {
        r->counts.cap_stream_bytes++;
        session_miss(r, x, d, p->holes[0].from, p->holes[0].to, p->holes[0].cut ? GAP_SNAPLEN : GAP_BUDGET);
    }
}

bool session_pass(struct reassembler *r, struct session *x, enum direction d, const struct segment *behind,
                  struct stream_range bytes, int64_t since_ns, int64_t acked_ns) {
    struct stream *s = &x->streams[d];
    const struct passed_hole hole = {.from = s->next,
                                     .to = bytes.from,
                                     .since_ns = since_ns,
                                     .acked_ns = acked_ns,
                                     .cut = is_cut(s, bytes.from)};
    if (!may_pass(r, x, d, behind, bytes.from, bytes.to)) {
        return false;
    }
    make_room(r, x, d);
    if (!passed_add(&s->passed, &r->pages, &hole)) {
        x->pass_failed = true;
        return false;
    }
    r->counts.holes_passed++;
    session_note_holding(r, x, false);
    r->ops->passing->pass(x->consumer, d, hole.from, hole.to - hole.from);
    session_advance(r, x, d, bytes.from);
    return true;
}

void session_miss(struct reassembler *r, struct session *x, enum direction d, uint64_t from, uint64_t to,
                  enum gap_reason reason) {
    struct stream *s = &x->streams[d];
    r->counts.gaps[reason]++;
    r->counts.gap_bytes += to - from;
    x->connection.counts[d].gap_bytes += to - from;
    stream_lose(s, from, to);
    passed_take(&s->passed, &r->pages, from, to, r->clock_ns);
    session_note_holding(r, x, true);
    r->ops->passing->miss(x->consumer, d, from, to - from, reason, reassembler_now(r));
}

void session_fill(struct reassembler *r, struct session *x, enum direction d, struct slice bytes,
                  const struct segment *segment, uint64_t offset) {
    struct stream *s = &x->streams[d];
    uint64_t end = offset + bytes.len;
    const struct passed_hole *hole = passed_find(s->passed, offset, end);
    assert(hole && hole->from <= offset && end <= hole->to);
    if (hole->from < offset && end < hole->to && !passed_reserve(&s->passed, &r->pages)) {
        r->counts.cap_stream_bytes++;
        session_miss(r, x, d, hole->from, offset, GAP_BUDGET);
    }
    passed_take(&s->passed, &r->pages, offset, end, r->clock_ns);
    struct chunk chunk = {.bytes = bytes, .offset = offset, .segment = segment, .must_take = true};
    r->counts.delivered_bytes += bytes.len;
    session_note_holding(r, x, true);
    r->ops->passing->fill(x->consumer, d, &chunk);
}

bool session_miss_all(struct reassembler *r, struct session *x, enum gap_reason reason) {
    bool missed = false;
    for (int d = 0; d < 2; d++) {
        const struct passed *p;
        while ((p = x->streams[d].passed)) {
            const struct passed_hole hole = p->holes[0];
            session_miss(r, x, (enum direction)d, hole.from, hole.to, hole.cut ? GAP_SNAPLEN : reason);
            missed = true;
        }
    }
    return missed;
}
