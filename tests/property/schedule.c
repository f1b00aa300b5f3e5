/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#define START_NS (1000 * NS_PER_SECOND)

/* What both TCPs know while the schedule is made. */
struct talk {
    struct schedule *s;
    int64_t now_ns;
    int64_t delay_ns[2]; /* of a direction on its way to the tap */
    int64_t jitter_ns;
    int64_t skew_ns;
    unsigned loss;  /* one in so many is lost before the tap; 0: none */
    unsigned again; /* one in so many is sent again without need; 0: none */
    unsigned copies;
    uint32_t had[2]; /* bytes of each direction that the receiver has */
    bool had_fin[2];
    uint16_t ip_id;
};

static uint32_t below(struct schedule *s, uint32_t n) {
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random >> 32) % n;
}

static bool one_in(struct schedule *s, unsigned n) {
    return n > 0 && below(s, n) == 0;
}

static int64_t below_ns(struct schedule *s, int64_t n) {
    return n > 0 ? (int64_t)below(s, 1 << 20) * n >> 20 : 0;
}

static void record(struct talk *t, struct schedule_packet p) {
    struct schedule *s = t->s;
    assert(s->count + 2 < SCHEDULE_PACKETS);
    p.seen_ns = t->now_ns + t->delay_ns[p.direction] + below_ns(s, t->jitter_ns);
    p.place = s->count;
    s->packets[s->count++] = p;
    if (one_in(s, t->copies)) {
        p.seen_ns += below_ns(s, t->jitter_ns / 2 + 1);
        p.place = s->count;
        s->packets[s->count++] = p;
        s->tap_copies++;
    }
}

/* One octet alone is pushed: without PSH it would be a keep-alive's (RFC 9293 section 3.8.4). */
static void send(struct talk *t, int direction, uint32_t start, uint32_t len, uint8_t flags) {
    flags |= len == 1 ? TCP_PSH : 0;
    record(t, (struct schedule_packet){.direction = direction,
                                       .start = start,
                                       .len = len,
                                       .ack = t->had[!direction],
                                       .acks_fin = t->had_fin[!direction],
                                       .flags = flags,
                                       .ip_id = ++t->ip_id});
    t->now_ns += 10000 + below_ns(t->s, NS_PER_MILLISECOND);
}

static uint32_t cut(struct schedule *s, uint32_t left) {
    static const uint32_t sizes[] = {1, 10, 200, 1460, 1460, 4000, 9000};
    uint32_t len = 1 + below(s, sizes[below(s, sizeof sizes / sizeof *sizes)]);
    return len < left ? len : left;
}

/* Sends [from, to) once, in pieces; the first piece lost leaves the rest out of order at the receiver, which
 * asks for it. Returns up to where everything came through. */
static uint32_t send_flight(struct talk *t, int direction, uint32_t from, uint32_t to, unsigned loss) {
    struct schedule *s = t->s;
    uint32_t complete = to;
    for (uint32_t at = from; at < to;) {
        uint32_t len = cut(s, to - at);
        if (one_in(s, loss)) {
            complete = at < complete ? at : complete;
        } else {
            send(t, direction, at, len, TCP_ACK | (at + len == to ? TCP_PSH : 0));
            if (complete > at && at + len > t->had[direction]) {
                t->had[direction] = at + len;
            }
            if (one_in(s, t->again)) {
                uint32_t back = below(s, at - from + 1);
                send(t, direction, at - back, back + len, TCP_ACK);
            }
            if (complete < at || one_in(s, 3)) {
                send(t, !direction, s->len[!direction], 0, TCP_ACK);
            }
        }
        at += len;
    }
    return complete;
}

/* A message gets through, by as many retransmissions as it takes. */
static void send_message(struct talk *t, int direction, uint32_t len) {
    struct schedule *s = t->s;
    uint32_t from = s->len[direction], to = from + len;
    for (uint32_t i = from; i < to; i++) {
        s->bytes[direction][i] = (uint8_t)below(s, 256);
    }
    s->len[direction] = to;
    unsigned loss = t->loss;
    while (from < to) {
        from = send_flight(t, direction, from, to, loss);
        if (from < to) {
            t->now_ns += 200 * NS_PER_MILLISECOND + below_ns(s, 2800 * NS_PER_MILLISECOND);
            loss = loss ? loss + 2 : 0;
        }
    }
    t->had[direction] = to;
    if (one_in(s, 2)) {
        send(t, !direction, s->len[!direction], 0, TCP_ACK);
    }
    t->now_ns += below_ns(s, 50 * NS_PER_MILLISECOND);
}

static void shake_hands(struct talk *t) {
    send(t, 0, 0, 0, TCP_SYN);
    if (one_in(t->s, 5)) {
        t->now_ns += NS_PER_SECOND;
        send(t, 0, 0, 0, TCP_SYN);
    }
    send(t, 1, 0, 0, TCP_SYN | TCP_ACK);
    send(t, 0, 0, 0, TCP_ACK);
}

static void say_goodbye(struct talk *t) {
    int first = (int)below(t->s, 2);
    for (int i = 0; i < 2; i++) {
        int direction = i ? !first : first;
        send(t, direction, t->s->len[direction], 0, TCP_ACK | TCP_FIN);
        t->had_fin[direction] = true;
        send(t, !direction, t->s->len[!direction], 0, TCP_ACK);
    }
}

static int by_sight(const void *a, const void *b) {
    const struct schedule_packet *x = a, *y = b;
    if (x->seen_ns != y->seen_ns) {
        return x->seen_ns < y->seen_ns ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

void schedule_make(struct schedule *s, uint64_t seed, int64_t skew_ns) {
    memset(s, 0, offsetof(struct schedule, packets));
    s->random = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    struct talk t = {.s = s, .now_ns = START_NS, .skew_ns = skew_ns};
    below(s, 1);
    s->midstream = one_in(s, 4);
    for (int d = 0; d < 2; d++) {
        s->first[d] = one_in(s, 3) ? UINT32_MAX - below(s, 3000) : below(s, UINT32_MAX);
    }
    /* Together less than the skew, less a tick that looks at deadlines late. */
    t.delay_ns[below(s, 2)] = one_in(s, 2) ? below_ns(s, skew_ns / 2) : 0;
    t.jitter_ns = one_in(s, 2) ? below_ns(s, skew_ns / 4) : below_ns(s, 2 * NS_PER_MILLISECOND);
    /* Midstream, nothing tells a first byte that is sent again much later from what was before the capture.
     */
    t.loss = s->midstream ? 0 : below(s, 2) * (4 + below(s, 30));
    t.again = below(s, 2) * (2 + below(s, 20));
    t.copies = below(s, 3) == 0 ? 1 + below(s, 4) : 0;
    if (!s->midstream) {
        shake_hands(&t);
    }
    s->turns = 1 + below(s, SCHEDULE_TURNS);
    for (unsigned k = 0; k < s->turns; k++) {
        send_message(&t, 0, 1 + below(s, one_in(s, 4) ? 4000 : 300));
        s->turn_end[0][k] = s->len[0];
        send_message(&t, 1, 1 + below(s, one_in(s, 3) ? 7000 : 500));
        s->turn_end[1][k] = s->len[1];
    }
    say_goodbye(&t);
    qsort(s->packets, s->count, sizeof *s->packets, by_sight);
    s->end_ns = s->packets[s->count - 1].seen_ns;
}

void schedule_packet(const struct schedule *s, unsigned index, struct packet *p) {
    const struct schedule_packet *from = &s->packets[index];
    int d = from->direction;
    uint32_t syn = from->flags & TCP_SYN ? 1 : 0;
    *p = (struct packet){.time_ns = from->seen_ns,
                         .number = index + 1,
                         .ordinal = index + 1,
                         .seq = s->first[d] + from->start - syn,
                         .flags = from->flags,
                         .window = 60000,
                         .window_scale = syn ? 7 : -1,
                         .ip_id = from->ip_id,
                         .payload = slice_make(s->bytes[d] + from->start, from->len)};
    if (from->flags & TCP_ACK) {
        p->ack = s->first[!d] + from->ack + from->acks_fin;
    }
    p->key.ip_version = 4;
    for (int side = 0; side < 2; side++) {
        p->key.side[side].address = address_of_v4((const uint8_t[]){10, 0, 0, (uint8_t)(1 + (side ^ d))});
        p->key.side[side].port = (side ^ d) ? 80 : 40000;
    }
}
