/* SPDX-License-Identifier: Apache-2.0 */
/* A grave keeps what late packets are judged by, or says that it can't. */
#include "reassembly/session_grave.h"
#include "reassembly/session_opening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_NS INT64_C(100000000000)
#define FAR    (UINT64_C(1) << 32)

static const struct flow_key key = {.ip_version = 4};

/* A closed session; direction 1 never began where `alone`. */
struct closed {
    struct limits limits;
    struct reassembler r;
    struct session x;
};

static void close_one(struct closed *c, bool alone, unsigned sightings) {
    memset(c, 0, sizeof *c);
    c->limits = limits_default();
    c->r.limits = &c->limits;
    c->r.clock_ns = NOW_NS + 7;
    c->r.bias_ns = 7;
    session_init(&c->x, &key, 1, 2, NULL);
    c->x.state = SESSION_CLOSED;
    c->x.audience = AUDIENCE_GONE;
    c->x.closed_ns = c->r.clock_ns;
    c->x.continuation = alone;
    for (unsigned d = 0; d < 2; d++) {
        struct stream *s = &c->x.streams[d];
        s->state = STREAM_ENDED;
        if (d == 1 && alone) {
            continue;
        }
        s->anchored = s->acked_known = s->fin_known = s->data_seen = true;
        s->origin = c->x.connection.start[d] = FAR + 1000 * d + 5;
        c->x.connection.start_known[d] = d == 0;
        s->next = s->highest = s->fin = s->origin + 300;
        s->acked = s->fin + 1;
        for (unsigned i = 0; i < sightings; i++) {
            tcpfacts_note(&c->x.facts[d], UINT64_MAX / 3 * d + i, NOW_NS - 20 + (int64_t)i);
        }
    }
}

/* Borrowed until the next call: what a packet makes of the grave. NULL: there can be none. */
static struct session *again(const struct closed *c) {
    static struct session x;
    assert_true(session_can_rest(&c->x));
    size_t bytes = session_grave_bytes(session_grave_size(&c->x));
    struct session_grave *grave = malloc(bytes); /* the sanitizer knows its end */
    assert_non_null(grave);
    bool buried = session_bury(&c->r, &c->x, grave);
    if (buried) {
        memset(&x, 0, sizeof x);
        session_init(&x, &key, 1, 2, NULL);
        session_exhume(&x, grave);
    }
    free(grave);
    return buried ? &x : NULL;
}

static void assert_same(const struct session *a, const struct session *b, int d) {
    assert_memory_equal(&a->streams[d], &b->streams[d], sizeof a->streams[d]);
    assert_int_equal(a->connection.start_known[d], b->connection.start_known[d]);
    if (a->connection.start_known[d]) {
        assert_int_equal(a->connection.start[d], b->connection.start[d]);
    }
}

static const struct sighting *oldest(const struct tcpfacts *f, unsigned after) {
    unsigned first = f->sightings_count < TCPFACTS_SIGHTINGS ? 0 : f->sightings_at;
    return &f->sightings[(first + after) % TCPFACTS_SIGHTINGS];
}

static void what_is_judged_by_stays(void **state) {
    (void)state;
    static struct closed c;
    for (unsigned sightings = 0; sightings < 2 * TCPFACTS_SIGHTINGS; sightings++) {
        for (unsigned alone = 0; alone < 2; alone++) {
            close_one(&c, alone, sightings);
            const struct session *x = again(&c);
            assert_non_null(x);
            assert_int_equal(x->state, SESSION_CLOSED);
            assert_int_equal(x->audience, AUDIENCE_GONE);
            assert_int_equal(x->closed_ns, c.x.closed_ns);
            assert_int_equal(x->continuation, alone);
            for (int d = 0; d < 2; d++) {
                const struct tcpfacts *f = &c.x.facts[d];
                assert_same(&c.x, x, d);
                assert_int_equal(x->facts[d].sightings_count, f->sightings_count);
                for (unsigned i = 0; i < f->sightings_count; i++) {
                    assert_memory_equal(oldest(&x->facts[d], i), oldest(f, i), sizeof(struct sighting));
                }
            }
        }
    }
}

static void the_usual_grave_is_small(void **state) {
    (void)state;
    static struct closed c;
    close_one(&c, false, 5);
    assert_int_equal(session_grave_size(&c.x), 0);
    assert_in_range(session_grave_bytes(0), 1, sizeof(struct session) / 10);
    close_one(&c, false, 6);
    assert_int_equal(session_grave_size(&c.x), 1);
}

/* One number of direction 0, moved. */
static uint64_t *number_of(struct session *x, unsigned which) {
    struct stream *s = &x->streams[0];
    uint64_t *numbers[] = {&s->next, &s->origin, &x->connection.start[0], &s->acked, &s->fin};
    return numbers[which];
}

static void far_numbers_have_no_place(void **state) {
    (void)state;
    static struct closed c;
    for (unsigned which = 0; which < 5; which++) {
        bool around = which >= 3;
        const int64_t least = around ? -(INT64_C(1) << 31) : -(int64_t)UINT32_MAX;
        const int64_t most = around ? (INT64_C(1) << 31) - 1 : 0;
        const int64_t moves[] = {least - 1, least, most, most + 1};
        for (unsigned i = 0; i < 4; i++) {
            close_one(&c, false, 4);
            c.x.streams[0].highest += 2 * FAR;
            for (unsigned other = 0; other < 5; other++) {
                *number_of(&c.x, other) = c.x.streams[0].highest;
            }
            *number_of(&c.x, which) += (uint64_t)moves[i];
            const struct session *x = again(&c);
            assert_int_equal(x != NULL, i == 1 || i == 2);
            if (x) {
                assert_same(&c.x, x, 0);
            }
        }
    }
}

static void sightings_out_of_reach(void **state) {
    (void)state;
    static struct closed c;
    /* longer ago than the skew, in the middle of a full ring */
    close_one(&c, false, 11);
    c.x.facts[1].sightings[7].time_ns -= 10 * NS_PER_SECOND;
    const struct session *x = again(&c);
    assert_non_null(x);
    assert_int_equal(x->facts[0].sightings_count, TCPFACTS_SIGHTINGS);
    assert_int_equal(x->facts[1].sightings_count, TCPFACTS_SIGHTINGS - 1);
    for (unsigned i = 0; i + 1 < TCPFACTS_SIGHTINGS; i++) {
        assert_memory_equal(oldest(&x->facts[1], i), oldest(&c.x.facts[1], i + (i >= 4)),
                            sizeof(struct sighting));
    }
    /* a longer skew may still want it */
    c.limits.skew_ns = 30 * NS_PER_SECOND;
    assert_null(again(&c));
    /* far ahead of the clock */
    close_one(&c, false, 5);
    c.x.facts[0].sightings[2].time_ns += 10 * NS_PER_SECOND;
    assert_null(again(&c));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_judged_by_stays),
        cmocka_unit_test(the_usual_grave_is_small),
        cmocka_unit_test(far_numbers_have_no_place),
        cmocka_unit_test(sightings_out_of_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
