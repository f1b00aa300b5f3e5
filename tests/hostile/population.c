/* SPDX-License-Identifier: Apache-2.0 */
#include "population.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { START_SPREAD_US = 20000, TEARDOWN_US = 150 };

/* What of a connection comes next. */
enum phase {
    PHASE_SYN,
    PHASE_SYN_ACK,
    PHASE_ACK,
    PHASE_EXCHANGE,
    PHASE_FIN,
    PHASE_FIN_BACK,
    PHASE_LAST_ACK,
    PHASE_OVER
};

struct honest {
    struct talk talk;
    enum phase phase;
    bool fragmented;
    enum side closer;
    uint64_t number;
    unsigned exchanges_left;
    unsigned next_id;
    unsigned at; /* move of the exchange */
    enum conflict conflict;
    int64_t due_ns;
    struct exchange exchange;
};

struct population {
    struct population_plan plan;
    struct recorder *recorder;
    FILE *truth;
    struct chance chance;
    uint64_t begun;
    bool stopped;
    unsigned next; /* whose packet is due first */
    struct honest connection[];
};

static void find_next(struct population *p) {
    p->next = 0;
    for (unsigned i = 1; i < p->plan.at_once; i++) {
        if (p->connection[i].due_ns < p->connection[p->next].due_ns) {
            p->next = i;
        }
    }
}

static void begin(struct population *p, unsigned slot, int64_t after_ns) {
    struct honest *h = &p->connection[slot];
    if (p->stopped) {
        h->phase = PHASE_OVER;
        h->due_ns = INT64_MAX;
        return;
    }
    uint64_t number = p->plan.first_address * UINT64_C(1000000000) + p->begun++;
    uint64_t key = p->plan.one_key ? slot : number % UINT64_C(1000000000);
    uint16_t port = (uint16_t)(1024 + key % 60000);
    uint32_t host = (uint32_t)(key / 60000);
    bool is_ipv6 = (p->plan.one_key ? slot : number) % 5 == 4;
    struct endpoint client = is_ipv6 ? wire_ipv6((uint64_t)p->plan.first_address << 32 | host, port)
                                     : wire_ipv4(0x0a000000 | p->plan.first_address << 16 | host, port);
    struct endpoint server = is_ipv6 ? wire_ipv6(UINT64_C(1) << 48, 80) : wire_ipv4(0x0a800001, 80);
    h->talk = talk_between(&p->chance, client, server);
    if (p->plan.wraps) {
        h->talk.next[CLIENT] = 0 - (1 + chance_below(&p->chance, 2000));
        h->talk.next[SERVER] = 0 - (1 + chance_below(&p->chance, 4000));
    }
    h->phase = PHASE_SYN;
    h->fragmented = p->plan.fragments && number % 4 == 1;
    h->closer = chance_one_in(&p->chance, 2) ? SERVER : CLIENT;
    h->number = number;
    h->exchanges_left = 1 + chance_below(&p->chance, p->plan.longest_exchange_count);
    h->next_id = 1;
    h->at = 0;
    h->due_ns = after_ns + 1000 * (int64_t)(1 + chance_below(&p->chance, START_SPREAD_US));
}

static void make_exchange(struct population *p, struct honest *h) {
    struct exchange_choice choice = {
        .client_port = h->talk.end[CLIENT].port,
        .connection = h->number,
        .first_id = h->next_id,
        .longest_pause_us = p->plan.longest_pause_us,
        .pipelines = p->plan.pipelines,
        .last = h->exchanges_left == 1,
        .class = p->plan.class,
    };
    exchange_make(&h->exchange, &p->chance, &choice, p->truth);
    h->next_id += h->exchange.transactions;
    h->exchanges_left--;
    h->at = 0;
    h->conflict = CONFLICT_NONE;
    if (h->exchange.closes) {
        h->closer = SERVER;
    }
}

static void tell_conflict(struct population *p, struct honest *h, enum conflict conflict) {
    if (conflict > h->conflict && p->truth) {
        h->conflict = conflict;
        (void)fprintf(p->truth, "%s\t%" PRIu64 "-%u\n", conflict == CONFLICT_CERTAIN ? "certain" : "possible",
                      h->number, h->next_id - 1);
    }
}

static bool play(struct population *p, struct honest *h, const struct talk *before, enum side side,
                 const struct segment *s, bool after) {
    if (!p->plan.trick) {
        return false;
    }
    enum conflict conflict = CONFLICT_NONE;
    struct moment moment = {.recorder = p->recorder,
                            .chance = &p->chance,
                            .now_ns = h->due_ns,
                            .talk = before,
                            .side = side,
                            .segment = s,
                            .after = after,
                            .in_head = s->len > 8 && (memchr(s->bytes, '/', 6) || memchr(s->bytes, ' ', 8)),
                            .conflict = &conflict};
    bool left_out = p->plan.trick(&moment);
    tell_conflict(p, h, conflict);
    return left_out;
}

static void say(struct population *p, struct honest *h, enum side side, uint8_t flags, const void *bytes,
                size_t len) {
    struct talk before = h->talk;
    struct segment s = talk_say(&h->talk, side, flags, bytes, len);
    if (play(p, h, &before, side, &s, false)) {
        return;
    }
    if (h->fragmented && len > 0) {
        recorder_fragments(p->recorder, h->due_ns, &s, 504);
    } else {
        recorder_segment(p->recorder, h->due_ns, &s);
    }
    (void)play(p, h, &before, side, &s, true);
}

static void enter(struct honest *h, enum phase phase) {
    h->phase = phase;
    h->due_ns += 1000 * TEARDOWN_US;
}

static void step_exchange(struct population *p, struct honest *h) {
    const struct move *m = &h->exchange.move[h->at++];
    say(p, h, m->side, m->flags, h->exchange.text[m->side] + m->from, m->to - m->from);
    if (h->at < h->exchange.moves) {
        h->due_ns += 1000 * (int64_t)h->exchange.move[h->at].delay_us;
    } else if (h->exchanges_left > 0) {
        make_exchange(p, h);
        h->due_ns += 1000 * (int64_t)h->exchange.move[0].delay_us;
    } else {
        enter(h, PHASE_FIN);
    }
}

static void step_opening(struct population *p, struct honest *h) {
    if (h->phase == PHASE_SYN) {
        say(p, h, CLIENT, WIRE_SYN, NULL, 0);
        enter(h, PHASE_SYN_ACK);
    } else if (h->phase == PHASE_SYN_ACK) {
        say(p, h, SERVER, WIRE_SYN | WIRE_ACK, NULL, 0);
        enter(h, PHASE_ACK);
    } else {
        say(p, h, CLIENT, WIRE_ACK, NULL, 0);
        enter(h, PHASE_EXCHANGE);
        make_exchange(p, h);
        h->due_ns += 1000 * (int64_t)h->exchange.move[0].delay_us;
    }
}

static void step_closing(struct population *p, unsigned slot) {
    struct honest *h = &p->connection[slot];
    if (h->phase == PHASE_FIN) {
        say(p, h, h->closer, WIRE_FIN | WIRE_ACK, NULL, 0);
        enter(h, PHASE_FIN_BACK);
    } else if (h->phase == PHASE_FIN_BACK) {
        say(p, h, side_other(h->closer), WIRE_FIN | WIRE_ACK, NULL, 0);
        enter(h, PHASE_LAST_ACK);
    } else {
        say(p, h, h->closer, WIRE_ACK, NULL, 0);
        begin(p, slot, h->due_ns);
    }
}

void population_step(struct population *p) {
    switch (p->connection[p->next].phase) {
    case PHASE_SYN:
    case PHASE_SYN_ACK:
    case PHASE_ACK:
        step_opening(p, &p->connection[p->next]);
        break;
    case PHASE_EXCHANGE:
        step_exchange(p, &p->connection[p->next]);
        break;
    case PHASE_FIN:
    case PHASE_FIN_BACK:
    case PHASE_LAST_ACK:
        step_closing(p, p->next);
        break;
    case PHASE_OVER:
        break;
    }
    find_next(p);
}

struct population *population_new(const struct population_plan *plan, struct recorder *recorder,
                                  FILE *truth) {
    struct population *p = calloc(1, sizeof *p + plan->at_once * sizeof p->connection[0]);
    if (!p) {
        abort();
    }
    p->plan = *plan;
    p->recorder = recorder;
    p->truth = truth;
    p->chance = (struct chance){plan->seed};
    for (unsigned i = 0; i < plan->at_once; i++) {
        begin(p, i, 0);
    }
    find_next(p);
    return p;
}

void population_free(struct population *p) {
    free(p);
}

void population_shift(struct population *p, int64_t ns) {
    for (unsigned i = 0; i < p->plan.at_once; i++) {
        p->connection[i].due_ns += ns;
    }
}

int64_t population_due(const struct population *p) {
    return p->connection[p->next].due_ns;
}

uint64_t population_begun(const struct population *p) {
    return p->begun;
}

void population_stop(struct population *p) {
    p->stopped = true;
}
