/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a connection: its numbering, where it starts, what is held, and the judgement what stands
 * at its front. It calls no consumer: session.h does. Embedded by value, one thread. All times are the
 * table's clock.
 *
 *   lost, delivered |next   hole   |held |hole|held |            |fin
 *   ----------------+--------------+=====+----+=====+ . . . . . .+
 *                                   ^ the hole's edge            ^ highest (behind the last byte seen)
 *
 * A hole may be passed by delivery, and be filled or given up later: then it lies among what was delivered.
 *
 * A direction is PARKED until its start is known: by its SYN, by the other side's acknowledgement of the SYN,
 * or, without these, as the lowest byte held when the skew since its first byte has passed. */
#ifndef HARK_REASSEMBLY_STREAM_H
#define HARK_REASSEMBLY_STREAM_H

#include "reassembly/passed.h"
#include "reassembly/segq.h"

#include <assert.h>

enum stream_state { STREAM_PARKED, STREAM_RUNNING, STREAM_ENDED };

struct stream_range {
    uint64_t from;
    uint64_t to;
};

enum {
    STREAM_LOST_RANGES = 4, /* gaps remembered, to tell late bytes from retransmitted ones */
    STREAM_REACH = 1 << 30, /* largest window there is (RFC 7323 section 2.3): further off is no data */
    STREAM_BEHIND_REACH = 1 << 16,  /* bytes this far behind the last ones still follow on them */
    STREAM_LATE_SYN_REACH = 1 << 22 /* a SYN this far below the lowest byte seen may still be its own */
};

/* The first bytes that the direction said in its turn, as long as they are not acknowledged: a message's
 * head, most likely. In a page of the pool. */
struct stream_opening {
    uint64_t offset;
    uint32_t len;
    uint8_t bytes[];
};

enum { STREAM_OPENING_ROOM = PAGE_BYTES - (int)sizeof(struct stream_opening) };

struct stream {
    enum stream_state state;
    bool anchored;        /* offsets have their upper half: `highest` is valid */
    bool acked_known;     /* an ACK of the other side was seen */
    bool fin_known;       /* `fin` is where the direction ends */
    bool fin_certain;     /* ... the receiver agrees, or had time to; until then data behind it refute it */
    bool moved;           /* something was delivered or declared lost */
    bool declined;        /* the consumer waits for the other direction before the first held byte */
    bool poked;           /* ... which has moved since */
    bool force;           /* the next chunk must be taken */
    bool seen;            /* a packet of this direction was captured */
    bool data_seen;       /* ... with payload */
    bool overdue_set;     /* overdue_acked is acknowledged and not captured, the wait for it runs */
    bool overdue_ripe;    /* ... is over, and the consumer is to be told */
    bool turn;            /* the other direction moved: the next bytes open this one's turn */
    uint8_t silent_waits; /* waits for this direction that ended without any packet of it */
    uint8_t lost_at;
    uint64_t next;         /* behind what the consumer was given; not in STREAM_PARKED */
    uint64_t origin;       /* where delivery started */
    uint64_t highest;      /* behind the last byte seen, cut ones too; before any, the first number seen */
    uint64_t acked;        /* largest acknowledgement of the other side */
    uint64_t overdue_told; /* up to here the consumer knows */
    int64_t last_ns;       /* last packet of the direction */
    struct stream_opening *opening; /* NULL: none */
    uint64_t opening_end;  /* behind its bytes: whether they are acknowledged is asked for each ACK */
    struct passed *passed; /* holes behind delivery that still may be filled, NULL: none */
    /* From here on what the usual packet does not need: */
    uint64_t fin; /* offset of the FIN, behind the last byte */
    uint64_t overdue_acked;
    int64_t overdue_since_ns;
    int64_t parked_since_ns; /* first payload or FIN, SEGQ_NEVER before */
    int64_t fin_since_ns;
    int64_t fin_acked_ns; /* everything before the FIN was acknowledged, SEGQ_NEVER before */
    struct segq held;
    struct segq cuts; /* bytes that snaplen cut, without their content */
    struct stream_range lost[STREAM_LOST_RANGES];
};

/* What stands at the place where delivery is. */
enum stream_front {
    FRONT_NOTHING,
    FRONT_PARKED, /* something is held, but the start is not known */
    FRONT_READY,
    FRONT_DECLINED,
    FRONT_CUT,
    FRONT_HOLE,
    FRONT_FIN,
};

/* How long a hole may stay; what the connection knows of its other direction. */
struct stream_patience {
    int64_t skew_ns;
    int64_t hold_time_ns;
    bool one_sided;
};

struct stream_gap {
    int64_t deadline_ns;
    uint64_t from;
    uint64_t end;
    enum gap_reason reason;
};

void stream_init(struct stream *);
/* The same where all is zero already. */
static inline void stream_begin(struct stream *s) {
    s->turn = true;
    s->parked_since_ns = SEGQ_NEVER;
    s->fin_acked_ns = SEGQ_NEVER;
}
void stream_fini(struct stream *, struct page_pool *);

/* Where the stream is: numbers are read as the nearest to it. */
static inline uint64_t stream_place(const struct stream *s) {
    uint64_t at = s->state == STREAM_PARKED ? s->highest : s->next;
    return s->acked_known && s->acked > at ? s->acked : at;
}
/* The offset nearest to `place` that has the sequence number. */
static inline uint64_t stream_nearest(uint64_t place, uint32_t number) {
    return place + (uint64_t)(int64_t)(int32_t)(number - (uint32_t)place);
}
/* False when `offset` is further from `place` than any window reaches. */
static inline bool stream_reaches(uint64_t place, uint64_t offset) {
    return offset <= place + STREAM_REACH && offset + STREAM_REACH >= place;
}
/* The offset of a sequence number: nearest to where the stream is. The first number of all becomes
 * 2^32 + number. */
uint64_t stream_offset(struct stream *, uint32_t number);
/* False when no TCP could have sent or acknowledged `offset` now. */
static inline bool stream_plausible(const struct stream *s, uint64_t offset) {
    return stream_reaches(stream_place(s), offset);
}
/* The lowest offset seen so far: of held bytes, or else the first number. */
uint64_t stream_lowest(const struct stream *);

/* Keeps a copy of bytes that were given, if they open the direction's turn and there is room. */
void stream_keep_opening(struct stream *, struct page_pool *, uint64_t offset, struct slice bytes);
/* Does another version of given bytes differ from the copy? `*at`: where first. */
bool stream_opening_differs(const struct stream *, uint64_t offset, struct slice bytes, uint64_t *at);
/* Forgets the copy when it is acknowledged. */
void stream_release_opening(struct stream *, struct page_pool *);

/* Delivery begins at `offset`. Legal while nothing has moved. */
void stream_start(struct stream *, uint64_t offset);
/* The other side acknowledged `offset`. Returns true when that is news. */
bool stream_acked(struct stream *, uint64_t offset, int64_t now_ns);
/* The direction's last byte is before `offset`. Of FINs that are not behind delivery the lowest counts: one
 * too low is refuted by data, one too high by nothing. */
void stream_fin(struct stream *, uint64_t offset, int64_t now_ns);
/* The FIN was forged: the direction goes on. */
void stream_refute_fin(struct stream *);
/* Delivery has come to `next`. */
static inline void stream_advance(struct stream *s, struct page_pool *pages, uint64_t next) {
    assert(s->state == STREAM_RUNNING && next >= s->next);
    s->next = next;
    s->moved = true;
    s->highest = s->highest < next ? next : s->highest;
    while (s->cuts.head && held_end(s->cuts.head) <= next) {
        segq_take(&s->cuts, pages, s->cuts.head->len);
    }
}
/* Remembers a range that was declared lost, or is not looked for. */
void stream_lose(struct stream *, uint64_t from, uint64_t to);
/* How many bytes of [from, to) were lost before; each is told once. */
uint64_t stream_take_late(struct stream *, uint64_t from, uint64_t to);

/* Bytes of [from, to) never came: lost, or right behind all that did. */
bool stream_lacks(const struct stream *, uint64_t from, uint64_t to);

enum stream_front stream_front(const struct stream *);
/* Nothing stands at the front: FRONT_NOTHING, found out at once. */
static inline bool stream_is_idle(const struct stream *s) {
    return !s->held.head && !s->cuts.head && !s->fin_known;
}
/* How long it has been waiting, to order two directions: clock and, for equal ones, packet. Valid unless
 * FRONT_NOTHING. */
void stream_front_age(const struct stream *, int64_t *since_ns, uint64_t *ordinal);
/* The end of the hole at the front: the first byte or the FIN that is known behind it. Valid at FRONT_HOLE,
 * FRONT_CUT with something behind. */
uint64_t stream_hole_end(const struct stream *);
/* The only place where waiting for a hole ends by itself: when, why, and up to where the first hole, at the
 * front or passed, will be given up if nothing else comes. False when there is none. */
bool stream_gap(const struct stream *, const struct stream_patience *, struct stream_gap *);
/* Offset below which nothing is waited for. Not in STREAM_PARKED. */
uint64_t stream_settled(const struct stream *);
/* Keeps `overdue_*` right after acked, highest or fin changed. */
void stream_judge_overdue(struct stream *, int64_t now_ns);

#endif
