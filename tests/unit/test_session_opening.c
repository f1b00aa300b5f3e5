/* SPDX-License-Identifier: Apache-2.0 */
/* A handshake that is taken the short way leaves the session that it would leave the long way, to the byte.
 */
#include "reassembly/session_opening.h"

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
    for (int d = 0; d < (o->answered ? 2 : 1); d++) {
        struct packet p = packet_of(o, (enum direction)d);
        bool done;
        session_check(r, x, (enum direction)d, &p, &done);
        assert_false(done);
        assert_int_equal(session_packet(r, x, (enum direction)d, &p), FLOW_CONTROL);
    }
}

static void short_way(struct reassembler *r, struct session *x, const struct opening *o) {
    struct packet p = packet_of(o, DIRECTION_0);
    session_opening_syn(r, x, &p);
    if (o->answered) {
        p = packet_of(o, DIRECTION_1);
        session_opening_syn_ack(r, x, &p);
    }
}

static void both_ways_are_one(void **state) {
    (void)state;
    static const uint32_t numbers[] = {0, 99, 0x7fffffff, 0xfffffffe, 0xffffffff};
    struct limits limits = limits_default();
    for (unsigned i = 0; i < 5 * 5 * 32; i++) {
        const struct opening o = {.client = numbers[i % 5],
                                  .server = numbers[i / 5 % 5],
                                  .window = i / 25 & 1 ? 0 : 512,
                                  .scale = i / 25 & 2 ? -1 : 7,
                                  .time_ns = i / 25 & 4 ? 0 : 1000,
                                  .stamps = i / 25 & 8,
                                  .answered = i / 25 & 16};
        struct reassembler r[2];
        struct session x[2];
        start(&r[0], &x[0], &limits);
        start(&r[1], &x[1], &limits);
        long_way(&r[0], &x[0], &o);
        short_way(&r[1], &x[1], &o);
        assert_int_equal(x[1].connection.start[0], (UINT64_C(1) << 32) + o.client + 1);
        assert_int_equal(x[1].streams[0].acked_known, o.answered);
        assert_memory_equal(&x[0], &x[1], sizeof x[0]);
        assert_memory_equal(&r[0].counts, &r[1].counts, sizeof r[0].counts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
