/* SPDX-License-Identifier: Apache-2.0 */
/* A handshake that is taken the short way leaves the session that it would leave the long way, to the byte.
 */
#include "reassembly/session_opening.h"
#include "reassembly/session_syn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct opening {
    uint32_t client; /* numbers of the SYNs */
    uint32_t server;
    uint16_t window;
    int8_t scale;
    int64_t time_ns;
    bool stamps;
    bool answered;
    bool acked; /* ... and the answer, too */
};

static struct packet packet_of(const struct opening *o, enum direction d) {
    struct packet p = {.time_ns = o->time_ns + d,
                       .number = 7 + (uint64_t)d,
                       .ordinal = 7 + (uint64_t)d,
                       .seq = d ? o->server : o->client,
                       .flags = d ? TCP_SYN | TCP_ACK : TCP_SYN,
                       .window = o->window,
                       .window_scale = o->scale,
                       .ip_id = 9,
                       .checksum = 0x1234,
                       .ttl = 64};
    p.ack = d ? o->client + 1 : 0;
    p.has_timestamps = o->stamps;
    p.ts_value = o->stamps ? 77 : 0;
    p.path.has_mac = true;
    p.path.mac[d][3] = 5;
    return p;
}

static struct packet last_of(const struct opening *o) {
    struct packet p = packet_of(o, DIRECTION_0);
    p.time_ns += 2;
    p.number = p.ordinal = 9;
    p.flags = TCP_ACK;
    p.seq = o->client + 1;
    p.ack = o->server + 1;
    p.window_scale = -1;
    p.ip_id = 10;
    return p;
}

static void start(struct reassembler *r, struct session *x, const struct limits *limits) {
    static const struct flow_key key = {.ip_version = 4};
    memset(r, 0, sizeof *r);
    r->limits = limits;
    r->clock_ns = 99;
    r->secret.words[1] = 3;
    memset(x, 0, sizeof *x);
    session_init(x, &key, 1, 2, NULL);
}

static void long_way(struct reassembler *r, struct session *x, const struct opening *o) {
    for (int i = 0; i < 1 + o->answered + o->acked; i++) {
        enum direction d = i == 1 ? DIRECTION_1 : DIRECTION_0;
        struct packet p = i == 2 ? last_of(o) : packet_of(o, d);
        bool done;
        session_check(r, x, d, &p, &done);
        assert_false(done);
        assert_int_equal(session_claim(x, d, &p), CLAIM_OURS);
        assert_int_equal(session_packet(r, x, d, &p), FLOW_CONTROL);
    }
}

static void short_way(struct reassembler *r, struct session *x, const struct opening *o) {
    struct packet p = packet_of(o, DIRECTION_0);
    session_opening_syn(r, x, &p);
    if (o->answered) {
        p = packet_of(o, DIRECTION_1);
        session_opening_syn_ack(r, x, &p);
    }
    if (o->acked) {
        p = last_of(o);
        assert_true(session_opening_ack(r, x, DIRECTION_0, &p));
    }
}

static void both_ways_are_one(void **state) {
    (void)state;
    static const uint32_t numbers[] = {0, 99, 0x7fffffff, 0xfffffffe, 0xffffffff};
    struct limits limits = limits_default();
    for (unsigned i = 0; i < 5 * 5 * 48; i++) {
        const struct opening o = {.client = numbers[i % 5],
                                  .server = numbers[i / 5 % 5],
                                  .window = i / 25 & 1 ? 0 : 512,
                                  .scale = i / 25 & 2 ? -1 : 7,
                                  .time_ns = i / 25 & 4 ? 0 : 1000,
                                  .stamps = i / 25 & 8,
                                  .answered = i / 25 >= 16,
                                  .acked = i / 25 >= 32};
        struct reassembler r[2];
        struct session x[2];
        start(&r[0], &x[0], &limits);
        start(&r[1], &x[1], &limits);
        long_way(&r[0], &x[0], &o);
        short_way(&r[1], &x[1], &o);
        assert_int_equal(x[1].connection.start[0], (UINT64_C(1) << 32) + o.client + 1);
        assert_int_equal(x[1].streams[0].acked_known, o.answered);
        assert_int_equal(x[1].connection.handshake_seen, o.acked && o.time_ns);
        assert_memory_equal(&x[0], &x[1], sizeof x[0]);
        assert_memory_equal(&r[0].counts, &r[1].counts, sizeof r[0].counts);
    }
}

static void another_packet_is_left_alone(void **state) {
    (void)state;
    const struct opening o = {.client = 5, .server = 9, .window = 512, .time_ns = 1000, .answered = true};
    struct limits limits = limits_default();
    struct reassembler r;
    struct session x, before;
    start(&r, &x, &limits);
    short_way(&r, &x, &o);
    memcpy(&before, &x, sizeof x);
    for (int i = 0; i < 8; i++) {
        struct packet p = last_of(&o);
        p.flags |= i == 0 ? TCP_FIN : i == 1 ? TCP_SYN : i == 2 ? TCP_RST : 0;
        p.seq += i == 3;
        p.ack -= i == 4;
        p.payload.len = i == 5;
        p.cut = i == 6;
        assert_false(session_opening_ack(&r, &x, i == 7 ? DIRECTION_1 : DIRECTION_0, &p));
        assert_memory_equal(&x, &before, sizeof x);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_packet_is_left_alone),
        cmocka_unit_test(both_ways_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
