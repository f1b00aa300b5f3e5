/* SPDX-License-Identifier: Apache-2.0 */
/* Whose time passes between packets with data: docs/timing.md's rule, line by line. Times in ms; the tap is
 * 10 ms from the client (direction 0) and 30 ms from the server, both ways together. */
#include "reassembly/pace.h"

#include "capture/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS(n) ((n)*NS_PER_MILLISECOND)

static const enum direction CLIENT = DIRECTION_0, SERVER = DIRECTION_1;

struct exchange {
    struct connection connection;
    struct tcpfacts facts[2];
    struct stream_counts counts;
    struct pacer pacer;
};

static struct exchange exchange(void) {
    struct exchange e = {.connection = {.handshake_seen = true,
                                        .syn_from = CLIENT,
                                        .syn_ns = MS(10),
                                        .syn_sent_ns = MS(10),
                                        .syn_ack_ns = MS(40),
                                        .syn_ack_sent_ns = MS(40),
                                        .handshake_ack_ns = MS(50)}};
    tcpfacts_init(&e.facts[CLIENT]);
    tcpfacts_init(&e.facts[SERVER]);
    return e;
}

static void data(struct exchange *e, int64_t at, enum direction d, uint8_t flags) {
    struct packet p = {.time_ns = MS(at), .flags = (uint8_t)(TCP_ACK | flags), .window = 100};
    pacer_data(&e->pacer, &e->connection, &e->facts[direction_other(d)], d, &p);
}

static void repeat(struct exchange *e, int64_t at, enum direction d) {
    struct packet p = {.time_ns = MS(at), .flags = TCP_ACK | TCP_PSH};
    pacer_repeat(&e->pacer, d, &p);
}

static void acknowledge(struct exchange *e, int64_t at, enum direction d, uint32_t ack, uint16_t window) {
    struct packet p = {.time_ns = MS(at), .flags = TCP_ACK, .ack = ack, .window = window};
    tcpfacts_count(&e->facts[d], &e->counts, &p, false);
}

#define assert_pace(e, client, server)                                                                       \
    do {                                                                                                     \
        assert_int_equal((e).connection.pace.own_ns[CLIENT], MS(client));                                    \
        assert_int_equal((e).connection.pace.own_ns[SERVER], MS(server));                                    \
    } while (0)

static void an_answer_takes_its_round_trip(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    assert_pace(e, 0, 0); /* nothing before it */
    data(&e, 190, SERVER, TCP_PSH);
    assert_pace(e, 0, 100);
    data(&e, 250, CLIENT, TCP_PSH);
    assert_pace(e, 50, 100);
    data(&e, 270, SERVER, TCP_PSH); /* within the round trip */
    assert_pace(e, 50, 100);
}

/* RFC 9110 section 10.1.1: the client waits for 100 and then sends; nobody's time is told twice. */
static void continue_is_the_servers_then_the_clients(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    data(&e, 110, SERVER, TCP_PSH); /* 100 */
    data(&e, 125, CLIENT, TCP_PSH);
    data(&e, 175, SERVER, TCP_PSH);
    assert_pace(e, 5, 20 + 20);
}

static void events_are_the_servers(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    data(&e, 90, SERVER, TCP_PSH);
    acknowledge(&e, 100, CLIENT, 5, 100);
    data(&e, 1090, SERVER, TCP_PSH);
    acknowledge(&e, 1100, CLIENT, 6, 100);
    data(&e, 2090, SERVER, TCP_PSH);
    assert_pace(e, 0, 2000);
}

/* Without PSH there was more to send, and TCP waited. */
static void a_full_window_is_the_networks(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    data(&e, 90, SERVER, 0);
    acknowledge(&e, 100, CLIENT, 5, 100);
    data(&e, 130, SERVER, 0);
    data(&e, 170, SERVER, TCP_PSH);
    assert_pace(e, 0, 0);
}

/* A small segment waits for the ACK of the one before (Nagle), which the receiver delays. */
static void a_delayed_ack_is_the_networks(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    data(&e, 90, SERVER, TCP_PSH);
    acknowledge(&e, 140, CLIENT, 5, 100);
    data(&e, 171, SERVER, TCP_PSH);
    assert_pace(e, 0, 0);
    acknowledge(&e, 180, CLIENT, 6, 100);
    data(&e, 190, SERVER, TCP_PSH); /* too soon behind the ACK to be released by it */
    assert_pace(e, 0, 19);
}

static void a_closed_window_is_the_receivers(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    acknowledge(&e, 60, CLIENT, 1, 100);
    data(&e, 90, SERVER, 0);
    acknowledge(&e, 100, CLIENT, 5, 0);
    acknowledge(&e, 400, CLIENT, 5, 50);
    data(&e, 430, SERVER, TCP_PSH);
    assert_int_equal(e.connection.pace.closed_ns[CLIENT], MS(300));
    assert_int_equal(e.connection.pace.closed_ns[SERVER], 0);
    assert_pace(e, 0, 0);
}

static void a_request_sent_again_is_the_networks(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    repeat(&e, 260, CLIENT);
    data(&e, 300, SERVER, TCP_PSH);
    assert_pace(e, 0, 10);
}

static void a_clock_that_goes_back_says_nothing(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 100, CLIENT, TCP_PSH);
    data(&e, 90, SERVER, TCP_PSH);
    repeat(&e, 80, SERVER);
    data(&e, 140, SERVER, TCP_PSH);
    assert_pace(e, 0, 10);
}

static void long_waits_for_tcp_are_stalls(void **state) {
    (void)state;
    struct exchange e = exchange();
    data(&e, 60, CLIENT, TCP_PSH);
    data(&e, 90, SERVER, 0);
    data(&e, 190, SERVER, 0); /* not long enough */
    assert_int_equal(e.connection.counts[SERVER].stalls, 0);
    data(&e, 300, SERVER, TCP_PSH);
    data(&e, 900, SERVER, 0); /* it had nothing to send */
    assert_int_equal(e.connection.counts[SERVER].stalls, 1);
    assert_int_equal(e.connection.counts[SERVER].stalled_ns, MS(110));
    e.connection.handshake_ack_ns += MS(60); /* round trips of 130 together */
    data(&e, 1100, SERVER, 0);
    assert_int_equal(e.connection.counts[SERVER].stalls, 1);
    data(&e, 1400, SERVER, 0);
    assert_int_equal(e.connection.counts[SERVER].stalls, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_takes_its_round_trip),
        cmocka_unit_test(continue_is_the_servers_then_the_clients),
        cmocka_unit_test(events_are_the_servers),
        cmocka_unit_test(a_full_window_is_the_networks),
        cmocka_unit_test(a_delayed_ack_is_the_networks),
        cmocka_unit_test(a_closed_window_is_the_receivers),
        cmocka_unit_test(a_request_sent_again_is_the_networks),
        cmocka_unit_test(a_clock_that_goes_back_says_nothing),
        cmocka_unit_test(long_waits_for_tcp_are_stalls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
