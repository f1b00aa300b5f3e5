/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's life: handshake, ends, port reuse, expiry, eviction, and what each packet counts as. */
#include "flow_bench.h"

static void handshake_facts(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 15, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 30, .seq = 100, .ack = 500});
    expect(b, "");
    feed(b, (struct tcp){.at = 40, .seq = 100, .ack = 500, .text = "GET"});
    expect(b, "open\n0: 100 GET\n");
    const struct connection *c = &b->seen;
    assert_true(c->handshake_seen && !c->midstream && c->path_seen[0] && c->path_seen[1]);
    assert_int_equal(c->syn_ns, MS(10));
    assert_int_equal(c->syn_ack_ns, MS(20));
    assert_int_equal(c->handshake_ack_ns, MS(30));
    assert_int_equal(c->syn_repeats, 1);
    assert_int_equal(c->syn_from, DIRECTION_0);
    assert_int_equal(c->ordinal, 1);
    assert_int_equal(c->counts[0].packets, 4);
    assert_int_equal(c->counts[1].packets, 1);
    assert_true(c->start_known[0] && c->start_known[1]);
    assert_int_equal(c->start[1] & UINT32_MAX, 500);
    assert_int_equal(bench_counts(b).fates[FLOW_CONTROL], 4);
    bench_free(b);
}

/* The embryo keeps SYN and SYN+ACK in little memory; what it made of them must not show. */
static void embryo_facts_survive(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN, .ip_id = 5});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK, .ip_id = 6});
    /* Copies by the tap are known as such only with the first one's details. */
    assert_int_equal(feed(b, (struct tcp){.at = 21, .seq = 99, .flags = TCP_SYN, .ip_id = 5}),
                     FLOW_TAP_DUPLICATE);
    assert_int_equal(
        feed(b,
             (struct tcp){.at = 21, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK, .ip_id = 6}),
        FLOW_TAP_DUPLICATE);
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 100, .text = "hello"});
    expect(b, "open\n1: 500 hello\n");
    assert_int_equal(b->seen.syn_repeats, 0);
    assert_int_equal(b->seen.syn_ns, MS(10));
    assert_int_equal(b->seen.syn_ack_ns, MS(20));
    assert_int_equal(b->seen.counts[0].tap_duplicates, 1);
    bench_free(b);
}

static void data_on_syn(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    assert_int_equal(feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN, .text = "GET "}), FLOW_DATA);
    feed(b, (struct tcp){.at = 11, .d = 1, .seq = 499, .ack = 104, .flags = TCP_SYN | TCP_ACK, .text = "OK"});
    feed(b, (struct tcp){.at = 12, .seq = 104, .ack = 502, .text = "/"});
    expect(b, "open\n0: 100 GET \n1: 500 OK\n0: 104 /\n");
    bench_free(b);
}

static void simultaneous_open(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 11, .d = 1, .seq = 499, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 12, .seq = 99, .ack = 500, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 13, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 14, .seq = 100, .ack = 500, .text = "a"});
    feed(b, (struct tcp){.at = 15, .d = 1, .seq = 500, .ack = 101, .text = "b"});
    expect(b, "open\n0: 100 a\n1: 500 b\n");
    assert_int_equal(bench_counts(b).opened, 1);
    bench_free(b);
}

static void fin_both_ways_and_linger(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET", .flags = TCP_ACK | TCP_FIN});
    expect(b, "open\n0: 100 GET\n"); /* the FIN may be forged until it is acknowledged */
    /* half closed: the other direction goes on; its FIN comes before its last bytes */
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 104, .text = "a"});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 504, .ack = 104, .flags = TCP_ACK | TCP_FIN});
    expect(b, "0: end fin\n1: 500 a\n");
    feed(b, (struct tcp){.at = 50, .d = 1, .seq = 501, .ack = 104, .text = "bcd"});
    expect(b, "1: 501 bcd\n");
    feed(b, (struct tcp){.at = 55, .seq = 104, .ack = 505});
    expect(b, "1: end fin\nclose\n");
    assert_int_equal(bench_counts(b).closed[END_FIN], 1);
    assert_int_equal(bench_counts(b).open_now, 0);
    /* late packets open nothing new */
    assert_int_equal(feed(b, (struct tcp){.at = 60, .seq = 104, .ack = 505}), FLOW_CONTROL);
    assert_int_equal(feed(b, (struct tcp){.at = 70, .d = 1, .seq = 501, .ack = 104, .text = "bcd"}),
                     FLOW_RETRANSMIT);
    assert_int_equal(feed(b, (struct tcp){.at = 80, .seq = 104, .ack = 505, .text = "??"}), FLOW_AFTER_END);
    assert_int_equal(bench_counts(b).opened, 1);
    /* after the linger time the key is free again */
    bench_tick(b, 2200);
    feed(b, (struct tcp){.at = 2200, .seq = 104, .ack = 505});
    assert_int_equal(bench_counts(b).opened, 2);
    expect(b, "");
    bench_free(b);
}

/* Under overload: what is known goes on, what is not begins nothing. */
static void unwanted_packets_open_nothing(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .unwanted = true, .seq = 99, .flags = TCP_SYN});
    assert_int_equal(
        feed(b, (struct tcp){.at = 11, .unwanted = true, .seq = 100, .ack = 500, .text = "lost"}), FLOW_SHED);
    assert_int_equal(bench_counts(b).opened, 0);
    assert_int_equal(bench_counts(b).shed_bytes, 4);
    bench_handshake(b, 20);
    assert_int_equal(feed(b, (struct tcp){.at = 30, .unwanted = true, .seq = 100, .ack = 500, .text = "GET"}),
                     FLOW_DATA);
    expect(b, "open\n0: 100 GET\n");
    assert_int_equal(bench_counts(b).shed_bytes, 4);
    bench_free(b);
}

/* A forged FIN, exact or ahead: data goes on behind it. */
static void data_behind_a_fin_refute_it(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .seq = 103, .ack = 500, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 40, .seq = 103, .ack = 500, .text = "two"});
    feed(b, (struct tcp){.at = 50, .seq = 108, .ack = 500, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 60, .d = 1, .seq = 500, .ack = 106, .text = "a"});
    feed(b, (struct tcp){.at = 70, .seq = 106, .ack = 501, .text = "three"});
    expect(b, "open\n0: 100 one\n0: 103 two\n1: 500 a\n0: 106 three\n");
    assert_int_equal(bench_counts(b).fins_refuted, 2);
    /* one that nobody refutes and nobody acknowledges counts when the wait is over */
    feed(b, (struct tcp){.at = 80, .seq = 111, .ack = 501, .flags = TCP_ACK | TCP_FIN});
    bench_tick(b, 60000);
    expect(b, "");
    bench_tick(b, 60100);
    expect(b, "0: end fin\n");
    assert_int_equal(feed(b, (struct tcp){.at = 60200, .seq = 111, .ack = 501, .text = "late"}),
                     FLOW_AFTER_END);
    bench_free(b);
}

/* A consumer opened after one direction has ended without a byte hears of that, too. */
static void an_end_before_the_first_byte_is_told(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .flags = TCP_ACK | TCP_FIN});
    expect(b, "");
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 101, .text = "bye"});
    expect(b, "open\n0: end fin\n1: 500 bye\n");
    bench_free(b);
}

static void fin_with_its_tail_lost(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 100, .text = "head"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 510, .ack = 100, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 40, .seq = 100, .ack = 511, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 41, .d = 1, .seq = 511, .ack = 101});
    bench_tick(b, 1000);
    expect(b, "open\n1: 500 head\n0: end fin\n");
    bench_tick(b, 1100);
    expect(b, "1: 504 gap 6 acknowledged\n1: end fin\nclose\n");
    bench_free(b);
}

static void reset_lets_late_packets_count(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
    assert_int_equal(feed(b, (struct tcp){.at = 30, .seq = 99999999, .flags = TCP_RST}), FLOW_INVALID);
    assert_int_equal(feed(b, (struct tcp){.at = 30, .seq = 103, .flags = TCP_RST}), FLOW_CONTROL);
    feed(b, (struct tcp){.at = 500, .d = 1, .seq = 500, .ack = 103, .text = "OK"});
    feed(b, (struct tcp){.at = 510, .d = 1, .seq = 505, .ack = 103, .text = "tail"});
    bench_tick(b, 1000);
    expect(b, "open\n0: 100 GET\n1: 500 OK\n");
    bench_tick(b, 1100);
    expect(b, "1: 502 gap 3 flow_end\n1: 505 tail\n0: end rst\n1: end rst\nclose\n");
    assert_int_equal(bench_counts(b).closed[END_RST], 1);
    bench_free(b);
}

/* A forged RST of the right number, and one somewhere in the window. */
static void who_goes_on_was_not_reset(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .seq = 103, .flags = TCP_RST});
    feed(b, (struct tcp){.at = 40, .seq = 103, .ack = 500, .text = "two"});
    assert_int_equal(bench_counts(b).resets_refuted, 1);
    feed(b, (struct tcp){.at = 50, .d = 1, .seq = 500, .flags = TCP_RST});
    feed(b, (struct tcp){.at = 60, .seq = 106, .ack = 504, .text = "!"}); /* acknowledges what followed it */
    assert_int_equal(bench_counts(b).resets_refuted, 2);
    feed(b, (struct tcp){.at = 70, .d = 1, .seq = 500, .ack = 107, .text = "okay"});
    feed(b, (struct tcp){.at = 80, .seq = 9000, .ack = 504, .flags = TCP_RST | TCP_ACK});
    for (uint32_t i = 1; i < 300; i++) {
        feed(b, (struct tcp){.at = 80 + i * 500, .seq = 106 + i, .ack = 504, .text = "x"});
        bench_tick(b, 80 + i * 500);
    }
    assert_int_equal(bench_counts(b).resets_refuted, 3);
    assert_int_equal(bench_counts(b).open_now, 1);
    assert_int_equal(bench_counts(b).opened, 1);
    bench_free(b);
}

/* It goes on when it was given up already; and bytes of it that are late beyond all waits are not lost. */
static void a_closed_connection_goes_on(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 103, .flags = TCP_RST | TCP_ACK});
    bench_tick(b, 1100);
    expect(b, "open\n0: 100 one\n0: end rst\n1: end rst\nclose\n");
    assert_int_equal(feed(b, (struct tcp){.at = 1200, .seq = 100, .ack = 500, .text = "one"}),
                     FLOW_RETRANSMIT);
    feed(b, (struct tcp){.at = 1200, .seq = 103, .ack = 500, .text = "two"});
    feed(b, (struct tcp){.at = 1210, .d = 1, .seq = 500, .ack = 106, .text = "ok"});
    bench_tick(b, 2300);
    expect(b, "open midstream\n0: 103 two\n1: 500 ok\n");
    assert_int_equal(bench_counts(b).opened, 2);
    bench_free(b);
}

/* The SYN+ACK is captured behind the reset, and still is no new connection's. */
static void a_syn_ack_behind_the_reset(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .seq = 103, .flags = TCP_RST});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 40, .seq = 100, .ack = 500, .text = "GET"});
    feed(b, (struct tcp){.at = 50, .d = 1, .seq = 500, .ack = 103, .text = "OK"});
    expect(b, "open\n0: 100 GET\n1: 500 OK\n");
    assert_true(b->seen.start_known[1] && b->seen.syn_ack_ns == MS(30));
    bench_tick(b, 1100); /* its sender was heard behind it: one wait more */
    expect(b, "");
    bench_tick(b, 2100);
    expect(b, "0: end rst\n1: end rst\nclose\n");
    assert_int_equal(bench_counts(b).opened, 1);
    bench_free(b);
}

static void refused_connection_opens_no_consumer(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    assert_int_equal(
        feed(b, (struct tcp){.at = 11, .d = 1, .seq = 0, .ack = 100, .flags = TCP_RST | TCP_ACK}),
        FLOW_CONTROL);
    bench_tick(b, 5000);
    assert_int_equal(bench_counts(b).closed[END_RST], 1);
    expect(b, "");
    bench_free(b);
}

static void port_reuse_after_the_end(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one", .flags = TCP_ACK | TCP_FIN});
    /* the server's FIN is not captured; the client begins anew */
    feed(b, (struct tcp){.at = 30, .seq = 70099, .flags = TCP_SYN});
    expect(b, "open\n0: 100 one\n0: end fin\n");
    feed(b, (struct tcp){.at = 40, .seq = 70100, .ack = 9000, .text = "two"});
    expect(b, "open\n0: 70100 two\n");
    assert_int_equal(b->seen.incarnation, 1);
    assert_int_equal(b->seen.ordinal, 5);
    assert_int_equal(b->seen.syn_ns, MS(30));
    assert_int_equal(bench_counts(b).reused, 1);
    assert_int_equal(bench_counts(b).opened, 2);
    bench_tick(b, 1000);
    expect(b, "");
    bench_tick(b, 1100);
    expect(b, "1: end reused\nclose\n");
    assert_int_equal(bench_counts(b).open_now, 1);
    bench_free(b);
}

static void port_reuse_of_a_living_flow_needs_proof(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    assert_int_equal(feed(b, (struct tcp){.at = 30, .seq = 900000099, .flags = TCP_SYN}), FLOW_CONTROL);
    feed(b, (struct tcp){.at = 40, .seq = 103, .ack = 500, .text = "goes on"});
    expect(b, "open\n0: 100 one\n0: 103 goes on\n");
    /* the server accepts */
    feed(b, (struct tcp){.at = 50, .d = 1, .seq = 7, .ack = 900000100, .flags = TCP_SYN | TCP_ACK});
    expect(b, "");
    feed(b, (struct tcp){.at = 60, .seq = 900000100, .ack = 8, .text = "two"});
    expect(b, "open\n0: 900000100 two\n");
    assert_true(b->seen.handshake_seen);
    assert_int_equal(b->seen.syn_ns, MS(30));
    assert_int_equal(b->seen.incarnation, 1);
    bench_tick(b, 1100);
    expect(b, "0: end reused\n1: end reused\nclose\n");
    bench_free(b);

    b = bench_new(NULL); /* or the client's data proves it */
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 100, .text = "old"});
    feed(b, (struct tcp){.at = 30, .seq = 900000099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 40, .seq = 900000100, .ack = 8, .text = "two"});
    expect(b, "open\n1: 500 old\nopen\n0: 900000100 two\n");
    bench_tick(b, 1100);
    expect(b, "0: end reused\n1: end reused\nclose\n");
    bench_free(b);

    b = bench_new(NULL); /* or what comes close behind */
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 100, .text = "old"});
    feed(b, (struct tcp){.at = 30, .seq = 900000099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 40, .seq = 900000103, .ack = 8, .text = "ee"});
    feed(b, (struct tcp){.at = 50, .seq = 900000100, .ack = 8, .text = "thr"});
    expect(b, "open\n1: 500 old\nopen\n0: 900000100 thr\n0: 900000103 ee\n");
    bench_free(b);
}

/* All of the server is late: its bytes go where they belong, although the client is further on. */
static void late_packets_of_the_connection_before(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 10, .seq = 100, .ack = 500});
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .seq = 103, .ack = 504, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 40, .seq = 70099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 50, .seq = 70100, .ack = 200500});
    feed(b, (struct tcp){.at = 60, .seq = 70100, .ack = 200500, .text = "two"});
    expect(b, "open\n0: 100 one\n0: end fin\nopen\n0: 70100 two\n");
    feed(b, (struct tcp){.at = 110, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 120, .d = 1, .seq = 500, .ack = 103, .text = "1st"});
    expect(b, "1: 500 1st\n");
    assert_int_equal(b->seen.incarnation, 0);
    assert_true(b->seen.handshake_seen);
    feed(b, (struct tcp){.at = 130, .d = 1, .seq = 503, .ack = 104, .flags = TCP_ACK | TCP_FIN});
    expect(b, "1: end fin\nclose\n");
    feed(b, (struct tcp){.at = 140, .d = 1, .seq = 200499, .ack = 70100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 160, .d = 1, .seq = 200500, .ack = 70103, .text = "2nd"});
    expect(b, "1: 200500 2nd\n");
    assert_int_equal(b->seen.incarnation, 1);
    assert_true(b->seen.handshake_seen);
    assert_int_equal(feed(b, (struct tcp){.at = 170, .d = 1, .seq = 500, .ack = 103, .text = "1st"}),
                     FLOW_RETRANSMIT);
    struct flow_counts counts = bench_counts(b);
    assert_true(counts.opened == 2 && counts.reused == 1 && counts.closed[END_FIN] == 1 &&
                counts.open_now == 1);
    bench_free(b);
}

/* All of the client is late: the server's SYN+ACK begins the next connection. */
static void a_late_client_of_the_connection_before(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 103, .text = "1st"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 503, .ack = 103, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 200499, .ack = 70100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 50, .d = 1, .seq = 200500, .ack = 70103, .text = "2nd"});
    expect(b, "open\n0: 500 1st\n0: end fin\nopen\n0: 200500 2nd\n");
    feed(b, (struct tcp){.at = 110, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 120, .seq = 100, .ack = 500, .text = "one"});
    expect(b, "1: 100 one\n");
    feed(b, (struct tcp){.at = 130, .seq = 103, .ack = 504, .flags = TCP_ACK | TCP_FIN});
    expect(b, "1: end fin\nclose\n");
    feed(b, (struct tcp){.at = 140, .seq = 70099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 150, .seq = 70100, .ack = 200500, .text = "two"});
    expect(b, "1: 70100 two\n");
    assert_int_equal(bench_counts(b).opened, 2);
    bench_free(b);
}

static void a_late_reset_is_of_the_connection_before(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .seq = 70099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 200499, .ack = 70100, .flags = TCP_SYN | TCP_ACK});
    assert_int_equal(feed(b, (struct tcp){.at = 50, .seq = 103, .ack = 500, .flags = TCP_RST | TCP_ACK}),
                     FLOW_CONTROL);
    feed(b, (struct tcp){.at = 60, .seq = 70100, .ack = 200500, .text = "two"});
    bench_tick(b, 1100);
    expect(b, "open\n0: 100 one\nopen\n0: 70100 two\n0: end rst\n1: end rst\nclose\n");
    feed(b, (struct tcp){.at = 1200, .seq = 70103, .ack = 200500, .text = "more"});
    expect(b, "0: 70103 more\n");
    bench_free(b);
}

/* Its first packets are swapped by the tap; the old connection's numbers are far off. */
static void a_next_connection_before_its_syn(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    /* a bare ACK is no proof against a living connection, and moves nothing there */
    feed(b, (struct tcp){.at = 25, .seq = 70100, .ack = 200500});
    assert_int_equal(feed(b, (struct tcp){.at = 30, .seq = 103, .ack = 500, .flags = TCP_RST | TCP_ACK}),
                     FLOW_CONTROL);
    feed(b, (struct tcp){.at = 40, .seq = 70100, .ack = 200500, .text = "two"});
    feed(b, (struct tcp){.at = 50, .seq = 70099, .flags = TCP_SYN});
    expect(b, "open\n0: 100 one\nopen\n0: 70100 two\n");
    assert_false(b->seen.midstream);
    assert_int_equal(b->seen.incarnation, 1);
    /* but what only lies a little behind the end is nothing */
    feed(b, (struct tcp){.at = 60, .seq = 70103, .ack = 200500, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 65, .d = 1, .seq = 200500, .ack = 70104});
    assert_int_equal(feed(b, (struct tcp){.at = 70, .seq = 71000, .ack = 200500, .text = "??"}),
                     FLOW_AFTER_END);
    assert_int_equal(bench_counts(b).opened, 2);
    bench_free(b);
}

/* The connection that came last is forgotten first; its number is not given again. */
static void incarnations_are_never_counted_back(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .seq = 70099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 31, .d = 1, .seq = 200499, .ack = 70100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 40, .seq = 70100, .ack = 200500, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 41, .d = 1, .seq = 200500, .ack = 70101, .flags = TCP_ACK | TCP_FIN});
    bench_tick(b, 2500);
    expect(b, "open\n0: 100 one\n0: end reused\n1: end reused\nclose\n");
    assert_int_equal(feed(b, (struct tcp){.at = 2500, .seq = 100, .ack = 500, .text = "one"}),
                     FLOW_RETRANSMIT);
    feed(b, (struct tcp){.at = 2510, .seq = 500099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 2520, .seq = 500100, .ack = 900, .text = "three"});
    expect(b, "open\n0: 500100 three\n");
    assert_int_equal(b->seen.incarnation, 2);
    assert_int_equal(bench_counts(b).opened, 3);
    bench_free(b);
}

static void two_incarnations(struct limits *l) {
    l->incarnations = 2;
}

static void one_flow(struct limits *l) {
    l->flows = HARK_PARTITIONS;
}

static void connections_before_are_remembered_up_to_a_cap(void **state) {
    (void)state;
    struct bench *b = bench_new(two_incarnations);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t first = 100 + i * 100000;
        feed(b, (struct tcp){.at = 10 + i, .seq = first - 1, .flags = TCP_SYN});
        feed(b, (struct tcp){.at = 10 + i, .seq = first, .ack = 1, .text = "x", .flags = TCP_ACK | TCP_FIN});
        feed(b, (struct tcp){.at = 10 + i, .d = 1, .seq = 1, .ack = first + 2});
    }
    expect(b, "open\n0: 100 x\n0: end fin\nopen\n0: 100100 x\n0: end fin\n1: end reused\nclose\n"
              "open\n0: 200100 x\n0: end fin\n");
    assert_int_equal(bench_counts(b).cap_flows, 1);
    bench_tick(b, 1100);
    expect(b, "1: end reused\nclose\n");
    bench_free(b);
    b = bench_new(one_flow);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one", .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 30, .seq = 70099, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 40, .seq = 70100, .ack = 9000, .text = "two"});
    expect(b, "open\n0: 100 one\n0: end fin\n1: end reused\nclose\nopen\n0: 70100 two\n");
    assert_int_equal(b->seen.incarnation, 1);
    assert_int_equal(bench_counts(b).cap_flows, 1);
    bench_free(b);
}

static void port_reuse_seen_from_the_other_side(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 103, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 31, .seq = 103, .ack = 501, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 32, .d = 1, .seq = 501, .ack = 104});
    expect(b, "open\n0: 100 one\n1: end fin\n0: end fin\nclose\n");
    /* now the server calls the client: it is side 0 of the new connection */
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 5000, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 50, .d = 1, .seq = 5001, .ack = 1, .text = "two"});
    expect(b, "open\n0: 5001 two\n");
    assert_int_equal(b->seen.key.side[0].port, 80);
    bench_free(b);
}

static void a_syn_in_the_window_changes_nothing(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "one"});
    feed(b, (struct tcp){.at = 30, .seq = 102, .flags = TCP_SYN}); /* would make 103 a first byte */
    feed(b, (struct tcp){.at = 40, .seq = 103, .ack = 500, .text = "two"});
    feed(b, (struct tcp){.at = 41, .seq = 99, .flags = TCP_SYN}); /* its own, late */
    expect(b, "open\n0: 100 one\n0: 103 two\n");
    assert_int_equal(bench_counts(b).reused, 0);
    bench_free(b);
}

static void tap_duplicates(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 103, .ack = 500, .text = "held", .ip_id = 900});
    assert_int_equal(feed(b, (struct tcp){.at = 120, .seq = 103, .ack = 500, .text = "held", .ip_id = 900}),
                     FLOW_TAP_DUPLICATE);
    assert_int_equal(feed(b, (struct tcp){.at = 121, .seq = 103, .ack = 500, .text = "held", .ip_id = 901}),
                     FLOW_RETRANSMIT);
    feed(b, (struct tcp){.at = 130, .seq = 100, .ack = 500, .text = "abc"});
    expect(b, "open\n0: 100 abc\n0: 103 held\n");
    assert_true(b->last_segment.duplicated);
    assert_int_equal(b->seen.counts[0].packets, 5);
    assert_int_equal(b->seen.counts[0].tap_duplicates, 1);
    assert_int_equal(b->seen.counts[0].retransmits,
                     2); /* what fills the hole comes too late to have been overtaken */
    assert_int_equal(b->seen.counts[0].payload_bytes, 7);
    assert_int_equal(b->seen.counts[0].out_of_order, 0);
    bench_free(b);
}

static void impossible_packets(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    assert_int_equal(feed(b, (struct tcp){.at = 10, .seq = 1, .flags = TCP_SYN | TCP_FIN}), FLOW_INVALID);
    assert_int_equal(feed(b, (struct tcp){.at = 10, .seq = 1, .flags = TCP_PSH, .text = "x"}), FLOW_INVALID);
    assert_int_equal(feed(b, (struct tcp){.at = 10, .seq = 1, .flags = TCP_FIN}), FLOW_INVALID);
    assert_int_equal(feed(b, (struct tcp){.at = 10, .seq = 1, .flags = TCP_RST}), FLOW_CONTROL);
    assert_int_equal(bench_counts(b).opened, 0);
    bench_handshake(b, 20);
    assert_int_equal(feed(b, (struct tcp){.at = 30, .seq = 100 + (3u << 29), .ack = 500, .text = "far"}),
                     FLOW_INVALID);
    assert_int_equal(feed(b, (struct tcp){.at = 30, .seq = 100, .flags = TCP_SYN | TCP_RST}), FLOW_INVALID);
    feed(b, (struct tcp){.at = 30, .seq = 100, .ack = 500 + (3u << 29), .text = "ok"}); /* ACK of nothing */
    expect(b, "open\n0: 100 ok\n");
    assert_false(b->last_segment.has_ack);
    bench_free(b);
}

static void keep_alives_are_no_data(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 103});
    expect(b, "open\n0: 100 GET\n");
    assert_int_equal(feed(b, (struct tcp){.at = 5000, .seq = 102, .ack = 500}), FLOW_CONTROL);
    assert_int_equal(feed(b, (struct tcp){.at = 9000, .seq = 102, .ack = 500, .text = "\1"}), FLOW_CONTROL);
    feed(b, (struct tcp){.at = 9001, .d = 1, .seq = 500, .ack = 103});
    expect(b, "");
    feed(b, (struct tcp){.at = 9100, .seq = 103, .ack = 500, .text = "more"});
    feed(b, (struct tcp){.at = 9200, .d = 1, .seq = 500, .ack = 107, .text = "x"});
    expect(b, "0: 103 more\n1: 500 x\n");
    assert_int_equal(b->seen.counts[0].keep_alives, 2);
    assert_int_equal(b->seen.counts[0].retransmits, 0);
    assert_int_equal(b->seen.counts[0].payload_bytes, 7);
    assert_int_equal(b->seen.counts[1].packets, 4);
    bench_free(b);
}

/* A byte that was not captured, but acknowledged long ago, may be any in a keep-alive. Soon it may be itself,
 * late. */
static void keep_alives_fill_no_hole(void **state) {
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct bench *b = bench_new(NULL);
        bench_handshake(b, 10);
        feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
        feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 104});
        feed(b, (struct tcp){.at = late ? 1029 : 1030, .seq = 103, .ack = 500, .text = "\1"});
        expect(b, late ? "open\n0: 100 GET\n0: 103 \1\n" : "open\n0: 100 GET\n");
        assert_int_equal(b->seen.counts[0].payload_bytes, late ? 4 : 3);
        bench_free(b);
    }
}

/* A capture that begins with a keep-alive: its octet stands before the first byte. What a program writes
 * comes with PSH. */
static void keep_alives_begin_no_stream(void **state) {
    (void)state;
    for (unsigned written = 0; written < 2; written++) {
        struct bench *b = bench_new(NULL);
        struct packet p = bench_packet(
            b, (struct tcp){.at = 10, .seq = 99, .ack = 500, .flags = TCP_ACK | (written ? TCP_PSH : 0)});
        p.payload = slice_make("", 1);
        assert_int_equal(flow_table_packet(b->table, &p, flow_key_hash(&p.key)),
                         written ? FLOW_DATA : FLOW_CONTROL);
        feed(b, (struct tcp){.at = 11, .d = 1, .seq = 500, .ack = 100});
        feed(b, (struct tcp){.at = 50, .seq = 100, .ack = 500, .text = "GET"});
        bench_tick(b, 3000);
        assert_int_equal(b->seen.counts[0].keep_alives, !written);
        assert_int_equal(b->seen.counts[0].payload_bytes, written ? 4 : 3);
        assert_int_equal(b->seen.counts[0].gap_bytes, 0);
        bench_free(b);
    }
}

static void short_idle(struct limits *l) {
    l->flow_idle_ns = 5 * NS_PER_SECOND;
}

static void idle_flows_end(void **state) {
    (void)state;
    struct bench *b = bench_new(short_idle);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
    feed(b, (struct tcp){.at = 4000, .d = 1, .seq = 500, .ack = 103});
    feed(b, (struct tcp){.at = 4010, .seq = 99, .flags = TCP_SYN, .client_port = 7}); /* an embryo */
    bench_tick(b, 8900);
    expect(b, "open\n0: 100 GET\n");
    bench_tick(b, 9000);
    expect(b, "0: end idle\n1: end idle\nclose\n");
    bench_tick(b, 9100);
    assert_int_equal(bench_counts(b).closed[END_IDLE], 2);
    assert_int_equal(bench_counts(b).open_now, 0);
    bench_free(b);
}

/* A direction that was late is waited for again when it says something before it is acknowledged. */
static void a_late_direction_may_be_in_time_again(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .d = 1, .seq = 500, .ack = 105, .text = "r1"});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 502, .ack = 110, .text = "r2"});
    bench_tick(b, 2100);
    feed(b, (struct tcp){.at = 2200, .seq = 100, .ack = 500, .text = "late1late2"}); /* and stays late */
    bench_tick(b, 4000);
    assert_true(b->seen.one_sided);
    feed(b, (struct tcp){.at = 5000, .seq = 110, .ack = 504, .text = "now"});
    assert_false(b->seen.one_sided);
    bench_free(b);
}

/* Met midstream, both directions wait for their start and begin together, in the order of their packets. */
static void both_directions_begin_together(void **state) {
    (void)state;
    for (int way = 0; way < 2; way++) { /* by time, and by the end of the capture */
        struct bench *b = bench_new(NULL);
        feed(b, (struct tcp){.at = 10, .seq = 100, .ack = 500, .text = "q1"});
        feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 102, .text = "r1"});
        feed(b, (struct tcp){.at = 30, .seq = 102, .ack = 502, .text = "q2"});
        feed(b, (struct tcp){.at = 900, .d = 1, .seq = 502, .ack = 104, .text = "r2"});
        if (way == 0) {
            bench_tick(b, 1010);
            expect(b, "");
            bench_tick(b, 1100);
        } else {
            flow_table_finish(b->table, MS(950));
        }
        expect(b, way == 0 ? "open midstream\n0: 100 q1\n1: 500 r1\n0: 102 q2\n1: 502 r2\n"
                           : "open midstream\n0: 100 q1\n1: 500 r1\n0: 102 q2\n1: 502 r2\n"
                             "0: end capture\n1: end capture\nclose\n");
        bench_free(b);
    }
}

static void one_sided_fin_closes(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET", .flags = TCP_ACK | TCP_FIN});
    bench_tick(b, 4000);
    expect(b, "open\n0: 100 GET\n0: end fin\n");
    bench_tick(b, 4100); /* the skew, as nothing acknowledges it; then the skew and the linger time */
    expect(b, "1: end idle\nclose\n");
    bench_free(b);
}

static void three_flows(struct limits *l) {
    l->flows = 3 * HARK_PARTITIONS;
}

static void syn_from(struct bench *b, uint32_t ms, uint16_t port) {
    feed(b, (struct tcp){.at = ms, .seq = 99, .flags = TCP_SYN, .client_port = port});
}

static void eviction_prefers_the_cheap(void **state) {
    (void)state;
    struct bench *b = bench_new(three_flows);
    feed(b, (struct tcp){.at = 10, .seq = 100, .ack = 5, .text = "old", .client_port = 1});
    syn_from(b, 20, 2);
    syn_from(b, 30, 3);
    bench_tick(b, 1200);
    expect(b, "open midstream\n0: 100 old\n");
    syn_from(b, 1200, 4); /* the older embryo goes */
    expect(b, "");
    feed(b, (struct tcp){.at = 1300, .seq = 103, .ack = 5, .text = "!", .client_port = 1}); /* used again */
    feed(b, (struct tcp){.at = 1310, .seq = 100, .ack = 5, .text = "x", .client_port = 4});
    expect(b, "0: 103 !\nopen\n0: 100 x\n");
    /* An embryo alone is spared: of those with data the one that was idle longest goes. */
    syn_from(b, 1320, 5);
    expect(b, "0: end evicted\n1: end evicted\nclose\n");
    feed(b, (struct tcp){.at = 1330, .seq = 101, .ack = 5, .text = "still", .client_port = 4});
    expect(b, "0: 101 still\n");
    assert_int_equal(bench_counts(b).cap_flows, 2);
    assert_int_equal(bench_counts(b).closed[END_EVICTED], 2);
    flow_table_free(b->table); /* closes what is open, without further word */
    memory_fini(&b->memory);
    assert_int_equal(b->opens, 2);
    free(b);
}

static void a_consumer_that_is_not_interested(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->not_interested = true;
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 103, .ack = 500, .text = "def"});
    assert_int_equal(feed(b, (struct tcp){.at = 21, .seq = 100, .ack = 500, .text = "abc"}), FLOW_AFTER_END);
    assert_int_equal(feed(b, (struct tcp){.at = 22, .seq = 106, .ack = 500, .text = "ghi"}), FLOW_AFTER_END);
    assert_int_equal(feed(b, (struct tcp){.at = 23, .seq = 106, .ack = 500, .text = "ghi"}), FLOW_RETRANSMIT);
    struct flow_counts counts = bench_counts(b);
    assert_int_equal(counts.dropped_bytes, 9);
    assert_int_equal(counts.held_bytes_now, 0);
    feed(b,
         (struct tcp){.at = 30, .seq = 119, .ack = 500, .flags = TCP_ACK | TCP_FIN}); /* bytes before lost */
    feed(b, (struct tcp){.at = 31, .d = 1, .seq = 500, .ack = 120, .flags = TCP_ACK | TCP_FIN});
    feed(b, (struct tcp){.at = 32, .seq = 120, .ack = 501});
    bench_tick(b, 2000);
    assert_int_equal(bench_counts(b).closed[END_FIN], 1);
    expect(b, "");
    bench_free(b);
}

static void finish_in_the_order_of_ordinals(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    for (uint16_t port = 9; port >= 1; port--) {
        feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN, .client_port = port});
    }
    for (uint16_t port = 1; port <= 9; port++) {
        char text[] = {(char)('0' + port), 0};
        feed(b, (struct tcp){.at = 20, .seq = 101, .ack = 1, .text = text, .client_port = port});
    }
    flow_table_finish(b->table, MS(30));
    char expected[2048] = "";
    for (int port = 9; port >= 1; port--) {
        size_t len = strlen(expected);
        snprintf(expected + len, sizeof expected - len,
                 "open\n0: 100 gap 1 flow_end\n0: 101 %d\n0: end capture\n1: end capture\nclose\n", port);
    }
    expect(b, expected);
    bench_free(b);
}

static void a_clock_set_back_does_not_freeze(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    int64_t before = 1000 * INT64_C(3600), after = 1000 * INT64_C(60);
    feed(b, (struct tcp){.at = before, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = before + 10, .seq = 105, .ack = 500, .text = "f"});
    flow_table_tick(b->table, MS(after));
    flow_table_tick(b->table, MS(after + 900));
    expect(b, "");
    flow_table_tick(b->table, MS(after + 1100));
    expect(b, "open\n0: 100 gap 5 one_sided\n0: 105 f\n");
    b->next_tick_ns = MS(after + 1200);
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_facts),
        cmocka_unit_test(embryo_facts_survive),
        cmocka_unit_test(data_on_syn),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(fin_both_ways_and_linger),
        cmocka_unit_test(unwanted_packets_open_nothing),
        cmocka_unit_test(an_end_before_the_first_byte_is_told),
        cmocka_unit_test(data_behind_a_fin_refute_it),
        cmocka_unit_test(fin_with_its_tail_lost),
        cmocka_unit_test(reset_lets_late_packets_count),
        cmocka_unit_test(who_goes_on_was_not_reset),
        cmocka_unit_test(a_closed_connection_goes_on),
        cmocka_unit_test(a_syn_ack_behind_the_reset),
        cmocka_unit_test(refused_connection_opens_no_consumer),
        cmocka_unit_test(port_reuse_after_the_end),
        cmocka_unit_test(port_reuse_of_a_living_flow_needs_proof),
        cmocka_unit_test(late_packets_of_the_connection_before),
        cmocka_unit_test(a_late_client_of_the_connection_before),
        cmocka_unit_test(a_late_reset_is_of_the_connection_before),
        cmocka_unit_test(a_next_connection_before_its_syn),
        cmocka_unit_test(incarnations_are_never_counted_back),
        cmocka_unit_test(connections_before_are_remembered_up_to_a_cap),
        cmocka_unit_test(port_reuse_seen_from_the_other_side),
        cmocka_unit_test(a_syn_in_the_window_changes_nothing),
        cmocka_unit_test(tap_duplicates),
        cmocka_unit_test(impossible_packets),
        cmocka_unit_test(keep_alives_are_no_data),
        cmocka_unit_test(keep_alives_fill_no_hole),
        cmocka_unit_test(keep_alives_begin_no_stream),
        cmocka_unit_test(idle_flows_end),
        cmocka_unit_test(a_late_direction_may_be_in_time_again),
        cmocka_unit_test(both_directions_begin_together),
        cmocka_unit_test(one_sided_fin_closes),
        cmocka_unit_test(eviction_prefers_the_cheap),
        cmocka_unit_test(a_consumer_that_is_not_interested),
        cmocka_unit_test(finish_in_the_order_of_ordinals),
        cmocka_unit_test(a_clock_set_back_does_not_freeze),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
