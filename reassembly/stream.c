/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/stream.h"

#include <assert.h>

void stream_init(struct stream *s) {
    *s = (struct stream){0};
    stream_begin(s);
}

static void drop_opening(struct stream *s, struct page_pool *pages) {
    if (s->opening) {
        page_give(pages, s->opening, PAGE_WHOLE);
        s->opening = NULL;
        s->opening_end = 0;
    }
}

void stream_keep_opening(struct stream *s, struct page_pool *pages, uint64_t offset, struct slice bytes) {
    if (!s->turn || (s->acked_known && s->acked >= offset + bytes.len)) {
        return;
    }
    s->turn = false;
    s->opening = s->opening ? s->opening : page_take(pages, PAGE_WHOLE);
    if (s->opening) {
        s->opening->offset = offset;
        s->opening->len = bytes.len < STREAM_OPENING_ROOM ? (uint32_t)bytes.len : STREAM_OPENING_ROOM;
        s->opening_end = offset + s->opening->len;
        memcpy(s->opening->bytes, bytes.ptr, s->opening->len);
    }
}

bool stream_opening_differs(const struct stream *s, uint64_t offset, struct slice bytes, uint64_t *at) {
    const struct stream_opening *o = s->opening;
    if (!o) {
        return false;
    }
    uint64_t from = offset > o->offset ? offset : o->offset;
    uint64_t end = offset + bytes.len < o->offset + o->len ? offset + bytes.len : o->offset + o->len;
    for (uint64_t i = from; i < end; i++) {
        if (bytes.ptr[i - offset] != o->bytes[i - o->offset]) {
            *at = i;
            return true;
        }
    }
    return false;
}

void stream_release_opening(struct stream *s, struct page_pool *pages) {
    if (s->opening && s->acked >= s->opening_end) {
        drop_opening(s, pages);
    }
}

void stream_fini(struct stream *s, struct page_pool *pages) {
    drop_opening(s, pages);
    passed_clear(&s->passed, pages);
    segq_clear(&s->held, pages);
    segq_clear(&s->cuts, pages);
}

uint64_t stream_offset(struct stream *s, uint32_t number) {
    if (!s->anchored) {
        s->anchored = true;
        s->highest = (UINT64_C(1) << 32) + number;
        return s->highest;
    }
    return stream_nearest(stream_place(s), number);
}

uint64_t stream_lowest(const struct stream *s) {
    uint64_t lowest = UINT64_MAX;
    if (s->held.head) {
        lowest = s->held.head->offset;
    }
    if (s->cuts.head && s->cuts.head->offset < lowest) {
        lowest = s->cuts.head->offset;
    }
    if (s->fin_known && s->fin < lowest) {
        lowest = s->fin;
    }
    return lowest == UINT64_MAX ? s->highest : lowest;
}

void stream_start(struct stream *s, uint64_t offset) {
    assert(s->anchored && !s->moved && s->state != STREAM_ENDED);
    s->state = STREAM_RUNNING;
    s->next = offset;
    s->origin = offset;
    if (s->highest < offset) {
        s->highest = offset;
    }
}

bool stream_acked(struct stream *s, uint64_t offset, int64_t now_ns) {
    if (s->acked_known && offset <= s->acked) {
        return false;
    }
    s->acked_known = true;
    s->acked = offset;
    segq_acked(&s->held, offset, now_ns);
    segq_acked(&s->cuts, offset, now_ns);
    if (s->fin_known && offset >= s->fin && s->fin_acked_ns == SEGQ_NEVER) {
        s->fin_acked_ns = now_ns;
    }
    s->fin_certain |= s->fin_known && offset == s->fin + 1;
    stream_judge_overdue(s, now_ns);
    return true;
}

void stream_fin(struct stream *s, uint64_t offset, int64_t now_ns) {
    bool better = !s->fin_known || (!s->fin_certain && offset < s->fin);
    if (!better || s->state == STREAM_ENDED || (s->state == STREAM_RUNNING && offset < s->next)) {
        return;
    }
    s->fin_known = true;
    s->fin_certain = s->acked_known && s->acked == offset + 1;
    s->fin = offset;
    s->fin_since_ns = now_ns;
    if (s->acked_known && s->acked >= offset) {
        s->fin_acked_ns = now_ns;
    }
    if (s->parked_since_ns == SEGQ_NEVER) {
        s->parked_since_ns = now_ns;
    }
    stream_judge_overdue(s, now_ns);
}

void stream_refute_fin(struct stream *s) {
    assert(s->fin_known && !s->fin_certain && s->state != STREAM_ENDED);
    s->fin_known = false;
    s->fin_acked_ns = SEGQ_NEVER;
}

void stream_lose(struct stream *s, uint64_t from, uint64_t to) {
    s->lost[s->lost_at] = (struct stream_range){.from = from, .to = to};
    s->lost_at = (uint8_t)((s->lost_at + 1) % STREAM_LOST_RANGES);
}

uint64_t stream_take_late(struct stream *s, uint64_t from, uint64_t to) {
    uint64_t late = 0;
    for (unsigned i = 0; i < STREAM_LOST_RANGES; i++) {
        struct stream_range *lost = &s->lost[i];
        uint64_t low = lost->from > from ? lost->from : from;
        uint64_t high = lost->to < to ? lost->to : to;
        if (low >= high) {
            continue;
        }
        late += high - low;
        /* One range stays one: of two remainders the longer is kept. */
        if (low - lost->from >= lost->to - high) {
            lost->to = low;
        } else {
            lost->from = high;
        }
    }
    return late;
}

bool stream_lacks(const struct stream *s, uint64_t from, uint64_t to) {
    if (!s->fin_known && to > s->highest && from <= s->highest + STREAM_BEHIND_REACH) {
        return true;
    }
    for (unsigned i = 0; i < STREAM_LOST_RANGES; i++) {
        if (from < s->lost[i].to && to > s->lost[i].from) {
            return true;
        }
    }
    return false;
}

enum stream_front stream_front(const struct stream *s) {
    switch (s->state) {
    case STREAM_ENDED:
        return FRONT_NOTHING;
    case STREAM_PARKED:
        return s->held.head || s->cuts.head || s->fin_known ? FRONT_PARKED : FRONT_NOTHING;
    case STREAM_RUNNING:
        break;
    }
    if (s->held.head && s->held.head->offset == s->next) {
        return s->declined && !s->force ? FRONT_DECLINED : FRONT_READY;
    }
    if (s->fin_known && s->fin <= s->next) {
        return FRONT_FIN;
    }
    if (s->cuts.head && s->cuts.head->offset <= s->next) {
        return FRONT_CUT;
    }
    return s->held.head || s->fin_known || s->cuts.head ? FRONT_HOLE : FRONT_NOTHING;
}

/* The node behind the hole: held bytes, or bytes known to be cut, whichever comes first. */
static const struct held *edge(const struct stream *s) {
    const struct held *held = s->held.head;
    const struct held *cut = s->cuts.head && s->cuts.head->offset > s->next ? s->cuts.head : NULL;
    return !held || (cut && cut->offset < held->offset) ? cut : held;
}

void stream_front_age(const struct stream *s, int64_t *since_ns, uint64_t *ordinal) {
    const struct held *first = s->held.head;
    if (s->cuts.head && (!first || s->cuts.head->offset < first->offset)) {
        first = s->cuts.head;
    }
    *since_ns = first ? first->since_ns : s->fin_since_ns;
    *ordinal = first ? first->segment.ordinal : UINT64_MAX;
}

uint64_t stream_hole_end(const struct stream *s) {
    const struct held *behind = edge(s);
    uint64_t end = behind ? behind->offset : UINT64_MAX;
    return s->fin_known && s->fin < end ? s->fin : end;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* The hole is given up with `reason` if that happens earlier than what `gap` says so far. */
static void propose(struct stream_gap *gap, int64_t deadline_ns, enum gap_reason reason) {
    if (deadline_ns < gap->deadline_ns) {
        gap->deadline_ns = deadline_ns;
        gap->reason = reason;
    }
}

/* What stands behind the hole came, and the receiver had all before it, since then. */
static void propose_hole(const struct stream *s, const struct stream_patience *p, int64_t since_ns,
                         int64_t acked_ns, struct stream_gap *gap) {
    /* The skew counts from both: the ACK may be early and the bytes that it covers still to come. */
    if (acked_ns != SEGQ_NEVER) {
        propose(gap, later(since_ns, acked_ns) + p->skew_ns, GAP_ACKNOWLEDGED);
    }
    if (p->one_sided || !s->acked_known) {
        propose(gap, since_ns + p->skew_ns, GAP_ONE_SIDED);
    }
    propose(gap, since_ns + p->hold_time_ns, GAP_HOLD_TIME);
}

bool stream_gap(const struct stream *s, const struct stream_patience *p, struct stream_gap *gap) {
    *gap = (struct stream_gap){.deadline_ns = INT64_MAX, .from = s->next, .reason = GAP_HOLD_TIME};
    if (s->passed) {
        const struct passed_hole *hole = &s->passed->holes[0];
        gap->from = hole->from;
        gap->end = hole->to;
        propose_hole(s, p, hole->since_ns, hole->acked_ns, gap);
        gap->reason = hole->cut ? GAP_SNAPLEN : gap->reason;
        return true;
    }
    enum stream_front front = stream_front(s);
    if (front != FRONT_HOLE && front != FRONT_CUT) {
        return false;
    }
    gap->end = stream_hole_end(s);
    if (front == FRONT_CUT) {
        propose(gap, s->cuts.head->since_ns + p->skew_ns, GAP_SNAPLEN);
        if (held_end(s->cuts.head) < gap->end) {
            gap->end = held_end(s->cuts.head);
        }
        return true;
    }
    const struct held *behind = edge(s);
    bool at_fin = !behind || (s->fin_known && s->fin < behind->offset);
    int64_t since_ns = at_fin ? s->fin_since_ns : behind->since_ns;
    int64_t acked_ns = at_fin ? s->fin_acked_ns : behind->acked_ns;
    propose_hole(s, p, since_ns, acked_ns, gap);
    return true;
}

uint64_t stream_settled(const struct stream *s) {
    return s->passed ? s->passed->holes[0].from : s->next;
}

void stream_judge_overdue(struct stream *s, int64_t now_ns) {
    /* A FIN takes a number too: one number more than was seen is most likely a FIN that was not captured, and
     * with a FIN at hand the hole before it has its own rule. */
    if (s->fin_known || s->state == STREAM_ENDED || !s->acked_known || s->acked <= s->highest + 1 ||
        s->acked <= s->overdue_told) {
        s->overdue_set = false;
        s->overdue_ripe = false;
        return;
    }
    if (s->overdue_set && s->highest < s->overdue_acked) {
        return;
    }
    s->overdue_set = true;
    s->overdue_ripe = false;
    s->overdue_acked = s->acked;
    s->overdue_since_ns = now_ns;
}
