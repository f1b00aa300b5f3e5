/* SPDX-License-Identifier: Apache-2.0 */
/* The short ways of usual packets against the long one: two tables get the same packets, and one of them has
 * no short ways. Every fate, call of the consumer and count must be the same after each packet. */
#include "flow_bench.h"
#include "reassembly/flow_table.h"

enum { SEEDS = 1000, PACKETS = 250, ENDING = 20, LONGEST = 60 };

struct talk {
    uint64_t random;
    int64_t at; /* ms */
    uint32_t next[2];
    bool fin[2];
    bool deaf;       /* the tap does not get the server's packets */
    struct tcp last; /* for copies of the tap */
    char last_text[LONGEST + 1];
    char text[LONGEST + 1];
};

static uint32_t below(struct talk *t, uint32_t n) {
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return (uint32_t)(t->random >> 33) % n;
}

/* What the direction says there, or what somebody else wants it to have said. */
static const char *said(struct talk *t, uint32_t seq, uint32_t len, bool forged) {
    for (uint32_t i = 0; i < len; i++) {
        t->text[i] = (char)((forged ? 'A' : 'a') + (seq + i) % 26);
    }
    t->text[len] = 0;
    return t->text;
}

static uint32_t some_ack(struct talk *t, int d) {
    enum { STRAY = 1 << 16, WILD = 1 << 22 };
    uint32_t all = t->next[!d];
    if (below(t, 20) == 0) {
        return all - STRAY - below(t, WILD); /* of no connection that there is */
    }
    switch (below(t, 12)) {
    case 0:
        return all - below(t, 300);
    case 1:
        return all - below(t, LONGEST);
    case 2:
        return below(t, 8) ? all : all + below(t, 100);
    default:
        return all;
    }
}

/* The next packet; false: there is none. */
static bool say_something(struct talk *t, struct tcp *p) {
    int d = (int)below(t, 2);
    uint32_t len = 1 + below(t, LONGEST);
    t->at += below(t, 80) ? below(t, 3) : 700 + below(t, 700);
    *p = (struct tcp){.at = t->at, .d = d, .seq = t->next[d], .ack = some_ack(t, d)};
    p->window = below(t, 30) ? 1000 : 1;
    p->ts = below(t, 4) ? (uint32_t)t->at + 1 : 0;
    uint32_t kind = below(t, 200);
    if (kind < 110) {
        p->text = said(t, p->seq, len, false);
        p->flags = below(t, 5) ? TCP_ACK : TCP_ACK | TCP_PSH;
        p->cut = below(t, 40) ? 0 : below(t, 20);
        t->next[d] += len + p->cut;
        return below(t, 9) > 0;
    }
    if (kind < 150) {
        return true; /* a bare ACK */
    }
    if (kind < 185) {
        p->seq -= below(t, 400);
        p->text = said(t, p->seq, len, below(t, 10) == 0);
        return true;
    }
    if (kind < 192) {
        *p = t->last;
        p->at = t->at;
        return p->ip_id != 0;
    }
    if (kind < 196) {
        p->seq -= 1;
        p->text = below(t, 2) ? said(t, p->seq, 1, false) : NULL;
        return true;
    }
    if (kind < 198) {
        p->seq += below(t, 100000); /* far off */
        p->ack += below(t, 100000);
        return true;
    }
    p->flags = below(t, 3) == 0 ? TCP_RST | TCP_ACK : TCP_FIN | TCP_ACK;
    return below(t, 6) == 0;
}

/* Both sides end, mostly as they should. */
static bool say_end(struct talk *t, struct tcp *p) {
    int d = (int)below(t, 2);
    t->at += below(t, 30) ? below(t, 3) : 700 + below(t, 700);
    *p = (struct tcp){.at = t->at, .d = d, .flags = TCP_ACK, .window = below(t, 30) ? 1000 : 1};
    p->ts = below(t, 4) ? (uint32_t)t->at + 1 : 0;
    p->seq = t->next[d] + t->fin[d];
    p->ack = below(t, 8) ? t->next[!d] + t->fin[!d] : some_ack(t, d);
    uint32_t kind = below(t, 40);
    if (kind == 0 && t->last.ip_id) {
        *p = t->last;
        p->at = t->at;
    } else if (kind == 1) {
        p->seq = t->next[d] - below(t, 3);
        p->flags |= below(t, 4) ? TCP_FIN : TCP_RST;
    } else if (kind == 2) {
        p->text = said(t, p->seq, 1 + below(t, LONGEST), false);
        p->flags |= below(t, 2) ? TCP_FIN : 0;
    } else if (kind < 20 && !t->fin[d]) {
        p->flags |= TCP_FIN;
        t->fin[d] = true;
    }
    return kind != 39;
}

/* False: the tap lost it. */
static bool say(struct talk *t, struct tcp *p, bool ends) {
    t->deaf ^= below(t, 90) == 0;
    return (ends ? say_end(t, p) : say_something(t, p)) && !(t->deaf && p->d == 1);
}

static void note(struct talk *t, const struct tcp *p) {
    t->last = *p;
    if (p->text) {
        memmove(t->last_text, p->text, strlen(p->text) + 1);
        t->last.text = t->last_text;
    }
}

static void narrow(struct limits *limits) {
    limits->stream_held_bytes = 6000;
}

static void scarce(struct limits *limits) {
    limits->held_bytes = (size_t)HARK_PARTITIONS * 3000;
}

static struct bench *bench_of(uint64_t seed) {
    struct bench *b = bench_new(seed % 3 == 0 ? narrow : seed % 7 == 0 ? scarce : NULL);
    for (int d = 0; d < 2; d++) {
        uint32_t first = d == 0 ? 100 : 500;
        b->waits[d] = seed / 3 % 4 == (unsigned)d;
        b->wait_from[d] = first + 300;
        b->wait_for[d] = (d == 0 ? 500 : 100) + 600;
        b->count_from[d] = seed % 2 ? first + 100 : 0;
        b->count_to[d] = seed % 2 ? first + 2500 : 0;
    }
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 11, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    if (seed % 5) {
        feed(b, (struct tcp){.at = 12, .seq = 100, .ack = 500});
    }
    return b;
}

/* Returns whether a flow would take one behind a hole, 2 for one at the end. */
static unsigned close_short_ways(struct bench *b, bool close) {
    unsigned open = 0;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        for (struct flow *f = b->table->lists[kind].first; f; f = f->next) {
            struct session *x = flow_session(f);
            if (x) {
                open |= x->waits_usually + 2U * x->ends_usually;
                x->steady &= !close;
                x->waits_usually &= !close;
                x->ends_usually &= !close;
            }
        }
    }
    return open;
}

static void assert_same(struct bench *a, struct bench *b) {
    struct flow_counts counts[2] = {bench_counts(a), bench_counts(b)};
    assert_string_equal(a->log, b->log);
    a->log_len = b->log_len = 0;
    a->log[0] = b->log[0] = 0;
    assert_memory_equal(&counts[0], &counts[1], sizeof counts[0]);
    assert_memory_equal(&a->last_segment, &b->last_segment, sizeof a->last_segment);
    assert_memory_equal(a->seen.counts, b->seen.counts, sizeof a->seen.counts);
    assert_memory_equal(&a->seen.pace, &b->seen.pace, sizeof a->seen.pace);
    assert_memory_equal(a->seen.delivered, b->seen.delivered, sizeof a->seen.delivered);
    assert_memory_equal(a->seen.lowest, b->seen.lowest, sizeof a->seen.lowest);
}

static void short_ways_do_what_the_long_one_does(void **state) {
    (void)state;
    unsigned open = 0, ending = 0;
    uint64_t ended = 0, passed = 0, conflicts = 0, capped = 0, gaps = 0, alone = 0, full = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct bench *a = bench_of(seed), *b = bench_of(seed);
        struct talk t = {.random = seed * UINT64_C(0x9e3779b97f4a7c15), .at = 20, .next = {100, 500}};
        unsigned talking = seed % 4 ? PACKETS : (unsigned)seed / 4 % 8;
        for (unsigned i = 0; i < talking + ENDING; i++) {
            struct tcp p;
            if (!say(&t, &p, i >= talking)) {
                continue;
            }
            p.ip_id = p.ip_id ? p.ip_id : (uint16_t)(i + 1);
            unsigned ways = close_short_ways(a, false);
            open += ways & 1;
            ending += ways >> 1;
            close_short_ways(b, true);
            enum flow_fate fate = feed(a, p);
            assert_int_equal(fate, feed(b, p));
            assert_same(a, b);
            note(&t, &p);
        }
        struct flow_counts counts = bench_counts(a);
        passed += counts.holes_passed;
        conflicts += counts.overlap_conflicts;
        capped += counts.cap_stream_bytes;
        full += counts.cap_held_bytes;
        gaps += counts.gaps[GAP_ACKNOWLEDGED];
        ended += counts.closed[END_FIN];
        alone += counts.one_sided;
        bench_tick(a, t.at + 5000);
        bench_tick(b, t.at + 5000);
        assert_same(a, b);
        bench_free(a);
        bench_free(b);
    }
    /* All this happened, so that nothing is the same for want of cases. */
    assert_true(open > 4000 && ending > 1000 && ended > 150 && passed > 100 && conflicts > 100 &&
                capped > 10 && gaps > 100 && alone > 100 && full > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_ways_do_what_the_long_one_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
