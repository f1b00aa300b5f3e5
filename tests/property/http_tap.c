/* SPDX-License-Identifier: Apache-2.0 */
#include "http_tap.h"

#include "capture/limits.h"

#include <stdlib.h>

/* Longest piece: what an IP datagram holds, with room for tunnels. */
enum { PIECE_BYTES = 32768 };

const struct tap_plan tap_ideal = {.number = {[TAP_to] = UINT32_MAX}};

const struct shrink_word tap_words[TAP_NUMBER_COUNT] = {
#define X(name, way, meaning) {#name, meaning, SHRINK_##way},
    TAP_NUMBERS(X)
#undef X
};

static uint32_t draw(const struct tap_plan *p, uint64_t *draws, uint32_t n) {
    return script_chance(p->seed, ASK_PLAN, (*draws)++, n);
}

/* What only frames have: options, fragments, tags, tunnels. */
static void plan_frames(struct tap_plan *p, uint64_t *draws) {
    uint32_t *n = p->number;
    n[TAP_frames] = 1;
    n[TAP_options] = draw(p, draws, 2);
    n[TAP_verify] = draw(p, draws, 3) == 0;
    n[TAP_strange] = draw(p, draws, 2);
    if (draw(p, draws, 3) == 0) {
        static const uint32_t sizes[] = {8, 60, 600, 1480, 4000};
        n[TAP_fragment] = 8 + draw(p, draws, sizes[draw(p, draws, 5)]);
        n[TAP_backwards] = draw(p, draws, 2);
        n[TAP_repeat] = draw(p, draws, 3) == 0 ? 1 + draw(p, draws, 8) : 0;
        n[TAP_fragcopy] = draw(p, draws, 2) * (1 + draw(p, draws, 6));
    }
    n[TAP_tags] = draw(p, draws, 3);
    n[TAP_tunnel] = draw(p, draws, 2) * draw(p, draws, TAP_TUNNELS);
    n[TAP_tunnel2] = n[TAP_tunnel] && draw(p, draws, 3) == 0 ? draw(p, draws, TAP_TUNNELS) : 0;
    n[TAP_outer6] = draw(p, draws, 2);
    n[TAP_outerfrag] = n[TAP_tunnel] && draw(p, draws, 3) == 0 ? 64 + draw(p, draws, 3000) : 0;
}

void tap_plan_make(struct tap_plan *p, uint64_t seed, int64_t skew_ns, bool lossy, bool frames) {
    static const uint32_t sizes[] = {1, 5, 40, 200, 1460, 9000};
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
    n[TAP_recut] = draw(p, &draws, 2) * (1 + draw(p, &draws, reaches[draw(p, &draws, 3)]));
    n[TAP_wrap] = draw(p, &draws, 2) * (1 + draw(p, &draws, reaches[draw(p, &draws, 3)]));
    if (frames) {
        plan_frames(p, &draws);
    }
    static const enum tap_number shifts[] = {TAP_jitter, TAP_late, TAP_acks, TAP_syn, TAP_straggle};
    for (uint32_t i = draw(p, &draws, 5), k = 0; k < 5; k++, i = (i + 1) % 5) {
        uint32_t most = draw(p, &draws, 3) ? left : left / 100;
        uint32_t shift = draw(p, &draws, 2) * draw(p, &draws, most + 1);
        n[shifts[i]] = shifts[i] == TAP_straggle && !n[TAP_fragment] ? 0 : shift;
        left -= n[shifts[i]];
    }
    n[TAP_loss] = lossy ? 2 + draw(p, &draws, sizes[3 + draw(p, &draws, 3)]) : 0;
}

uint32_t tap_luck(const struct tap *t, enum tap_ask ask, uint64_t which, uint32_t n) {
    return script_chance(t->plan.seed, ask, which, n);
}

bool tap_keeps_ids(const struct tap_plan *p) {
    for (enum tap_number i = TAP_tunnel; i <= TAP_tunnel2; i++) {
        if (p->number[i] == TAP_VXLAN || p->number[i] == TAP_GENEVE) {
            return false;
        }
    }
    return p->number[TAP_wrap] == 0;
}

/* Is this operation among those that the plan keeps? */
static bool operates(struct tap *t) {
    unsigned number = t->operations++;
    return number >= t->plan.number[TAP_from] && number < t->plan.number[TAP_to];
}

bool tap_one_in(struct tap *t, enum tap_number what, enum tap_ask ask, uint64_t which) {
    uint32_t n = t->plan.number[what];
    return n > 0 && tap_luck(t, ask, which, n) == 0 && operates(t);
}

static uint64_t identity(const struct tap_packet *p, uint64_t turn) {
    return ((((uint64_t)p->talk * 2 + p->direction) << 32 | p->from) * 2 + (p->len > 0)) * 8 + turn +
           ((uint64_t)p->flags << 50) + ((uint64_t)p->ack << 22);
}

uint32_t tap_up_to(struct tap *t, enum tap_number what, enum tap_ask ask, uint64_t which) {
    uint32_t most = t->plan.number[what];
    return most && operates(t) ? tap_luck(t, ask, which, most + 1) : 0;
}

/* When the tap sees what was sent at p->seen_ns. */
static void displace(struct tap *t, struct tap_packet *p) {
    bool handshake = p->flags & TCP_SYN;
    int64_t late = tap_up_to(t, TAP_jitter, ASK_JITTER, identity(p, 0));
    if (p->direction == tap_luck(t, ASK_DELAY, p->talk, 2)) {
        late += t->plan.number[TAP_late];
    }
    if (handshake) {
        late += t->plan.number[TAP_syn];
    } else if (p->len == 0 && !(p->flags & (TCP_FIN | TCP_RST))) {
        late -= tap_up_to(t, TAP_acks, ASK_JITTER, identity(p, 1));
    }
    p->seen_ns += late * 1000;
}

static void add(struct tap *t, struct tap_packet p) {
    script_must(t->count < TAP_PACKETS);
    p.place = t->count;
    if (tap_one_in(t, TAP_loss, ASK_LOSS, identity(&p, 2 + p.ip_id % 2))) {
        t->lost++;
        return;
    }
    t->packets[t->count++] = p;
}

/* A packet, and perhaps the tap's second copy of it, some of it before the first. */
static void see(struct tap *t, struct tap_packet p, uint16_t *ip_id) {
    p.ip_id = ++*ip_id;
    p.stamp = (uint32_t)(p.seen_ns / NS_PER_MILLISECOND);
    displace(t, &p);
    add(t, p);
    if (tap_one_in(t, TAP_copy, ASK_COPY, identity(&p, 0))) {
        p.seen_ns += (int64_t)tap_luck(t, ASK_COPY, identity(&p, 1), 5000) * 1000;
        p.copy = true;
        add(t, p);
    }
}

/* The end of the piece that starts at `from`. */
static uint32_t piece_end(struct tap *t, const struct tap_packet *whole, uint32_t from, uint32_t to) {
    uint32_t most = t->plan.number[TAP_cut];
    to = to - from < PIECE_BYTES ? to : from + PIECE_BYTES;
    if (most == 0 || to - from == 1 || !operates(t)) {
        return to;
    }
    struct tap_packet at = *whole;
    at.from = from;
    uint32_t len = 1 + tap_luck(t, ASK_CUT, identity(&at, 0), most);
    /* Heads byte by byte, but of a long body no more packets than are of use. */
    uint32_t least = (whole->len + 59) / 60;
    len = len < least ? least : len;
    return len < to - from ? from + len : to;
}

/* What its sender had sent (fresh_ns before) and heard when it sends again: bytes of its own, and those it
 * had of the other's. */
static void known_then(const struct script_talk *talk, const struct tap_packet *p, int64_t time_ns,
                       int64_t fresh_ns, uint32_t *sent, uint32_t *heard) {
    *sent = p->from + p->len;
    *heard = p->ack;
    for (unsigned i = 0; i < talk->count; i++) {
        const struct script_write *w = &talk->writes[i];
        if (w->direction == p->direction && w->time_ns <= time_ns) {
            *sent = w->to > *sent && w->time_ns <= time_ns - fresh_ns ? w->to : *sent;
            *heard = w->ack > *heard ? w->ack : *heard;
        }
    }
}

static void send_again(struct tap *t, const struct tap_packet *p, uint16_t *ip_id) {
    const struct script_talk *talk = &t->script->talk[p->talk];
    /* Midstream, nothing tells a first byte that is sent again much later from what was before the capture.
     */
    if (talk->midstream || !tap_one_in(t, TAP_again, ASK_AGAIN, identity(p, 0))) {
        return;
    }
    /* Later than the first time by more than anything may be displaced, as retransmission timers make it; by
     * then the sender may have sent and read more. */
    struct tap_packet repeated = *p;
    repeated.seen_ns += (1000 + (int64_t)tap_luck(t, ASK_AGAIN, identity(p, 1), 1000)) * NS_PER_MILLISECOND;
    if (repeated.seen_ns >= talk->writes[talk->count - 1].time_ns) {
        return; /* the connection is over by then */
    }
    uint32_t sent;
    known_then(talk, p, repeated.seen_ns, t->plan.number[TAP_fresh] ? 0 : NS_PER_SECOND, &sent,
               &repeated.ack);
    uint32_t before = tap_up_to(t, TAP_recut, ASK_RECUT, identity(p, 0));
    uint32_t after = tap_up_to(t, TAP_recut, ASK_RECUT, identity(p, 1));
    uint32_t to = p->from + p->len + after;
    to = to < sent ? to : sent;
    repeated.from -= before < p->from ? before : p->from;
    repeated.len = to - repeated.from < PIECE_BYTES ? to - repeated.from : PIECE_BYTES;
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
        uint32_t back =
            reach && operates(t) ? tap_luck(t, ASK_OVERLAP, identity(&piece, from), reach + 1) : 0;
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
           tap_one_in(t, TAP_join, ASK_JOIN, (uint64_t)talk << 32 | w->from << 1 | (unsigned)w->direction);
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

/* A connection on the ports of another starts far from where that one was. */
static uint32_t first_number(const struct tap *t, unsigned talk, int direction) {
    uint32_t wrap = t->script->talk[talk].reuses ? 0 : t->plan.number[TAP_wrap];
    return wrap ? UINT32_MAX - wrap + 1 : 1000000 * (talk * 2 + (unsigned)direction + 1);
}

static struct address address_of(uint8_t ip_version, uint16_t net, uint8_t host) {
    struct address six = {
        {0x20, 0x01, 0x0d, 0xb8, [13] = (uint8_t)(net >> 8), [14] = (uint8_t)net, [15] = host}};
    const uint8_t four[] = {10, (uint8_t)(net >> 8), (uint8_t)net, host};
    return ip_version == 4 ? address_of_v4(four) : six;
}

void tap_packet(const struct tap *t, unsigned index, int64_t start_ns, struct packet *p) {
    const struct tap_packet *from = &t->packets[index];
    const struct script_talk *talk = &t->script->talk[from->talk];
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
                         .payload = slice_make(talk->bytes[d] + from->from, from->len)};
    if (from->flags & TCP_ACK) {
        p->ack = first_number(t, from->talk, !d) + from->ack + from->acks_fin;
    }
    p->key.ip_version = talk->ip_version;
    for (int side = 0; side < 2; side++) {
        bool server = side ^ d;
        p->key.side[side].address = address_of(talk->ip_version, t->script->net, server ? 2 : 1);
        p->key.side[side].port = server ? 80 : talk->port;
    }
}
