/* SPDX-License-Identifier: Apache-2.0 */
#include "http_tap.h"

#include "capture/limits.h"

#include <stdlib.h>

const struct tap_plan tap_ideal = {.number = {[TAP_to] = UINT32_MAX}};

const struct tap_name tap_names[TAP_NUMBER_COUNT] = {
#define X(name, meaning) {#name, meaning},
    TAP_NUMBERS(X)
#undef X
};

/* What a packet's luck is asked about. */
enum { ASK_PLAN = 10, ASK_CUT, ASK_JOIN, ASK_COPY, ASK_OVERLAP, ASK_AGAIN, ASK_JITTER, ASK_LOSS, ASK_DELAY };

static uint32_t draw(const struct tap_plan *p, uint64_t *draws, uint32_t n) {
    return script_chance(p->seed, ASK_PLAN, (*draws)++, n);
}

void tap_plan_make(struct tap_plan *p, uint64_t seed, int64_t skew_ns, bool lossy) {
    static const uint32_t sizes[] = {1, 3, 20, 200, 1460, 9000};
    static const uint32_t reaches[] = {5, 300, 5000};
    uint64_t draws = 0;
    /* Deadlines are looked at before the packet that passes them, so that all but the skew itself may be
     * used. */
    uint32_t left = (uint32_t)(skew_ns / 1000) * 98 / 100;
    *p = (struct tap_plan){.seed = seed, .number = {[TAP_to] = UINT32_MAX}};
    uint32_t *n = p->number;
    n[TAP_cut] = draw(p, &draws, 5) ? 1 + draw(p, &draws, sizes[draw(p, &draws, 6)]) : 0;
    n[TAP_join] = draw(p, &draws, 2) * (1 + draw(p, &draws, 5));
    n[TAP_copy] = draw(p, &draws, 2) * (1 + draw(p, &draws, 8));
    n[TAP_overlap] = draw(p, &draws, 2) * draw(p, &draws, 200);
    n[TAP_again] = draw(p, &draws, 2) * (2 + draw(p, &draws, 20));
    n[TAP_wrap] = draw(p, &draws, 2) * (1 + draw(p, &draws, reaches[draw(p, &draws, 3)]));
    static const enum tap_number shifts[] = {TAP_jitter, TAP_late, TAP_acks, TAP_syn};
    for (uint32_t i = draw(p, &draws, 4), k = 0; k < 4; k++, i = (i + 1) % 4) {
        uint32_t most = draw(p, &draws, 3) ? left : left / 100;
        n[shifts[i]] = draw(p, &draws, 2) * draw(p, &draws, most + 1);
        left -= n[shifts[i]];
    }
    n[TAP_loss] = lossy ? 2 + draw(p, &draws, sizes[2 + draw(p, &draws, 3)]) : 0;
}

static uint32_t luck(const struct tap *t, uint64_t ask, uint64_t which, uint32_t n) {
    return script_chance(t->plan.seed, ask, which, n);
}

/* Is this operation among those that the plan keeps? */
static bool operates(struct tap *t) {
    unsigned number = t->operations++;
    return number >= t->plan.number[TAP_from] && number < t->plan.number[TAP_to];
}

static bool one_in(struct tap *t, enum tap_number what, uint64_t ask, uint64_t which) {
    uint32_t n = t->plan.number[what];
    return n > 0 && luck(t, ask, which, n) == 0 && operates(t);
}

static uint64_t identity(const struct tap_packet *p, uint64_t turn) {
    return ((((uint64_t)p->talk * 2 + p->direction) << 32 | p->from) * 2 + (p->len > 0)) * 8 + turn +
           ((uint64_t)p->flags << 50) + ((uint64_t)p->ack << 22);
}

static uint32_t microseconds(struct tap *t, enum tap_number what, uint64_t ask, uint64_t which) {
    uint32_t most = t->plan.number[what];
    return most && operates(t) ? luck(t, ask, which, most + 1) : 0;
}

/* When the tap sees what was sent at p->seen_ns. */
static void displace(struct tap *t, struct tap_packet *p) {
    bool handshake = p->flags & TCP_SYN;
    int64_t late = microseconds(t, TAP_jitter, ASK_JITTER, identity(p, 0));
    if (p->direction == luck(t, ASK_DELAY, p->talk, 2)) {
        late += t->plan.number[TAP_late];
    }
    if (handshake) {
        late += t->plan.number[TAP_syn];
    } else if (p->len == 0 && !(p->flags & (TCP_FIN | TCP_RST))) {
        late -= microseconds(t, TAP_acks, ASK_JITTER, identity(p, 1));
    }
    p->seen_ns += late * 1000;
}

static void add(struct tap *t, struct tap_packet p) {
    script_must(t->count < TAP_PACKETS);
    p.place = t->count;
    if (one_in(t, TAP_loss, ASK_LOSS, identity(&p, 2 + p.ip_id % 2))) {
        t->lost++;
        return;
    }
    t->packets[t->count++] = p;
}

/* A packet, and perhaps the tap's second copy of it, some of it before the first. */
static void see(struct tap *t, struct tap_packet p, uint16_t *ip_id) {
    p.ip_id = ++*ip_id;
    displace(t, &p);
    add(t, p);
    if (one_in(t, TAP_copy, ASK_COPY, identity(&p, 0))) {
        p.seen_ns += (int64_t)luck(t, ASK_COPY, identity(&p, 1), 5000) * 1000;
        add(t, p);
    }
}

/* The end of the piece that starts at `from`. */
static uint32_t piece_end(struct tap *t, const struct tap_packet *whole, uint32_t from, uint32_t to) {
    uint32_t most = t->plan.number[TAP_cut];
    if (most == 0 || to - from == 1 || !operates(t)) {
        return to;
    }
    struct tap_packet at = *whole;
    at.from = from;
    uint32_t len = 1 + luck(t, ASK_CUT, identity(&at, 0), most);
    /* No more packets than there is room for. */
    uint32_t least = (whole->len + 199) / 200;
    len = len < least ? least : len;
    return len < to - from ? from + len : to;
}

static void send_again(struct tap *t, const struct tap_packet *p, uint16_t *ip_id) {
    /* Midstream, nothing tells a first byte that is sent again much later from what was before the capture.
     */
    if (t->script->talk[p->talk].midstream || !one_in(t, TAP_again, ASK_AGAIN, identity(p, 0))) {
        return;
    }
    /* Later than the first time by more than anything may be displaced, as retransmission timers make it; by
     * then the sender may have read more. */
    struct tap_packet repeated = *p;
    repeated.seen_ns += (1000 + (int64_t)luck(t, ASK_AGAIN, identity(p, 1), 1000)) * NS_PER_MILLISECOND;
    uint32_t known = p->ack;
    const struct script_talk *talk = &t->script->talk[p->talk];
    if (repeated.seen_ns >= talk->writes[talk->count - 1].time_ns) {
        return; /* the connection is over by then */
    }
    for (unsigned i = 0; i < talk->count; i++) {
        const struct script_write *w = &talk->writes[i];
        if (w->direction == p->direction && w->time_ns <= repeated.seen_ns && w->ack > known) {
            known = w->ack;
        }
    }
    repeated.ack = known;
    see(t, repeated, ip_id);
}

static void send_write(struct tap *t, unsigned talk, const struct script_write *w, uint32_t to,
                       uint16_t *ip_id) {
    struct tap_packet whole = {.seen_ns = w->time_ns,
                               .talk = (uint8_t)talk,
                               .direction = (uint8_t)w->direction,
                               .flags = w->flags,
                               .acks_fin = w->acks_fin,
                               .from = w->from,
                               .len = to - w->from,
                               .ack = w->ack};
    if (whole.len == 0) {
        see(t, whole, ip_id);
        return;
    }
    for (uint32_t from = w->from, end; from < to; from = end) {
        end = piece_end(t, &whole, from, to);
        struct tap_packet piece = whole;
        uint32_t reach = t->plan.number[TAP_overlap];
        uint32_t back = reach && operates(t) ? luck(t, ASK_OVERLAP, identity(&piece, from), reach + 1) : 0;
        back = back < from - w->from ? back : from - w->from;
        piece.from = from - back;
        piece.len = end - piece.from;
        piece.flags = end < to ? w->flags & (uint8_t)~TCP_PSH : w->flags;
        see(t, piece, ip_id);
        send_again(t, &piece, ip_id);
    }
}

/* Two writes of one end with nothing read between them may leave as one. */
static bool joins(struct tap *t, unsigned talk, unsigned index) {
    const struct script_write *w = &t->script->talk[talk].writes[index];
    if (index + 1 >= t->script->talk[talk].count || w->to == w->from) {
        return false;
    }
    const struct script_write *next = w + 1;
    bool alike = next->direction == w->direction && next->ack == w->ack && next->from == w->to &&
                 next->to > next->from && next->flags == w->flags;
    return alike &&
           one_in(t, TAP_join, ASK_JOIN, (uint64_t)talk << 32 | w->from << 1 | (unsigned)w->direction);
}

static int by_sight(const void *a, const void *b) {
    const struct tap_packet *x = a, *y = b;
    if (x->seen_ns != y->seen_ns) {
        return x->seen_ns < y->seen_ns ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

void tap_make(struct tap *t, const struct script *script, const struct tap_plan *plan) {
    t->script = script;
    t->plan = *plan;
    t->count = t->operations = t->lost = 0;
    for (unsigned talk = 0; talk < script->talks; talk++) {
        uint16_t ip_id = (uint16_t)(talk * 20000);
        const struct script_talk *conversation = &script->talk[talk];
        for (unsigned i = 0; i < conversation->count; i++) {
            unsigned first = i;
            while (joins(t, talk, i)) {
                i++;
            }
            send_write(t, talk, &conversation->writes[first], conversation->writes[i].to, &ip_id);
        }
    }
    qsort(t->packets, t->count, sizeof *t->packets, by_sight);
}

static uint32_t first_number(const struct tap *t, unsigned talk, int direction) {
    uint32_t wrap = t->plan.number[TAP_wrap];
    return wrap ? UINT32_MAX - wrap + 1 : 1000000 * (talk * 2 + (unsigned)direction + 1);
}

void tap_packet(const struct tap *t, unsigned index, int64_t start_ns, struct packet *p) {
    const struct tap_packet *from = &t->packets[index];
    int d = from->direction;
    uint32_t syn = from->flags & TCP_SYN ? 1 : 0;
    *p = (struct packet){.time_ns = start_ns + from->seen_ns,
                         .number = index + 1,
                         .ordinal = index + 1,
                         .seq = first_number(t, from->talk, d) + from->from - syn,
                         .flags = from->flags,
                         .window = 60000,
                         .window_scale = syn ? 7 : -1,
                         .ip_id = from->ip_id,
                         .payload = slice_make(t->script->talk[from->talk].bytes[d] + from->from, from->len)};
    if (from->flags & TCP_ACK) {
        p->ack = first_number(t, from->talk, !d) + from->ack + from->acks_fin;
    }
    p->key.ip_version = 4;
    for (int side = 0; side < 2; side++) {
        bool server = side ^ d;
        p->key.side[side].address = address_of_v4((const uint8_t[]){10, 0, 0, server ? 2 : 1});
        p->key.side[side].port = server ? 80 : (uint16_t)(40000 + from->talk);
    }
}
