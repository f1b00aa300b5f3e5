/* SPDX-License-Identifier: Apache-2.0 */
/* Order, gaps, waiting and one-sided captures, as a consumer sees them. Unless said otherwise the client
 * (side 0) sends its first byte as number 100, the server as 500; times are in ms, the skew is 1000. */
#include "flow_bench.h"

#include "capture/lasting.h"

enum { SECOND = 1000 };

static void in_order_and_out_of_order(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    assert_int_equal(feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET "}), FLOW_DATA);
    assert_int_equal(feed(b, (struct tcp){.at = 21, .seq = 106, .ack = 500, .text = "ef"}), FLOW_DATA);
    assert_int_equal(feed(b, (struct tcp){.at = 22, .seq = 110, .ack = 500, .text = "ij"}), FLOW_DATA);
    expect(b, "open\n0: 100 GET \n");
    assert_int_equal(bench_counts(b).held_bytes_now, 4);
    assert_int_equal(feed(b, (struct tcp){.at = 23, .seq = 104, .ack = 500, .text = "cd"}), FLOW_DATA);
    expect(b, "0: 104 cd\n0: 106 ef\n");
    assert_int_equal(feed(b, (struct tcp){.at = 24, .seq = 108, .ack = 500, .text = "ghij"}), FLOW_DATA);
    expect(b, "0: 108 gh\n0: 110 ij\n");
    assert_int_equal(feed(b, (struct tcp){.at = 25, .seq = 104, .ack = 500, .text = "cdef"}),
                     FLOW_RETRANSMIT);
    expect(b, "");
    assert_int_equal(feed(b, (struct tcp){.at = 26, .d = 1, .seq = 500, .ack = 112, .text = "OK"}),
                     FLOW_DATA);
    expect(b, "1: 500 OK\n");
    assert_true(b->seen.handshake_seen);
    assert_int_equal(b->last_segment.ack & UINT32_MAX, 112);
    assert_true(b->last_segment.has_ack);
    assert_int_equal(b->last_segment.time_ns, MS(26));
    bench_free(b);
}

static void overlap_first_bytes_win(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 104, .ack = 500, .text = "efgh"});
    feed(b, (struct tcp){.at = 21, .seq = 102, .ack = 500, .text = "cdXX"});
    assert_int_equal(bench_counts(b).overlap_conflicts, 1);
    feed(b, (struct tcp){.at = 22, .seq = 102, .ack = 500, .text = "cdefghij"});
    assert_int_equal(bench_counts(b).overlap_conflicts, 1);
    feed(b, (struct tcp){.at = 23, .seq = 100, .ack = 500, .text = "ab??????????kl"});
    assert_int_equal(bench_counts(b).overlap_conflicts, 2);
    expect(b, "open\n0: 100 ab\n0: 102 cd\n0: 104 efgh\n0: 108 ij\n0: 110 ??kl\n");
    bench_free(b);
}

static void sequence_numbers_wrap(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 0xfffffff9, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .seq = 2, .ack = 500, .text = "ijkl"});
    feed(b, (struct tcp){.at = 21, .seq = 0xfffffffe, .ack = 500, .text = "efgh"});
    feed(b, (struct tcp){.at = 22, .seq = 0xfffffffa, .ack = 500, .text = "abcd"});
    feed(b, (struct tcp){.at = 23, .seq = 6, .ack = 500, .text = "mn"});
    expect(b, "open\n0: 4294967290 abcd\n0: 4294967294 efgh\n0: 2 ijkl\n0: 6 mn\n");
    bench_free(b);
}

/* (b): both the hole and its acknowledgement must be a skew old. */
static void gap_acknowledged(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 105, .ack = 500, .text = "lost before"});
    feed(b, (struct tcp){.at = 520, .d = 1, .seq = 500, .ack = 116});
    feed(b, (struct tcp){.at = 530, .d = 1, .seq = 500, .ack = 116, .text = "answer"});
    bench_tick(b, 1500);
    expect(b, "open\n1: 500 answer\n");
    bench_tick(b, 1600);
    expect(b, "0: 100 gap 5 acknowledged\n0: 105 lost before\n");
    assert_int_equal(bench_counts(b).gaps[GAP_ACKNOWLEDGED], 1);
    assert_int_equal(bench_counts(b).gap_bytes, 5);
    /* What comes later is late, each byte once, and no retransmission. */
    assert_int_equal(feed(b, (struct tcp){.at = 1700, .seq = 101, .ack = 506, .text = "ate"}), FLOW_LATE);
    assert_int_equal(bench_counts(b).late_bytes, 3);
    assert_int_equal(feed(b, (struct tcp){.at = 1710, .seq = 101, .ack = 506, .text = "ate"}),
                     FLOW_RETRANSMIT);
    assert_int_equal(bench_counts(b).late_bytes, 3);
    expect(b, "");
    bench_free(b);
}

/* An ACK that is early, and data that comes after it, within the skew. */
static void ack_alone_makes_no_gap(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 105, .ack = 500, .text = "f"});
    feed(b, (struct tcp){.at = 1010, .d = 1, .seq = 500, .ack = 106}); /* at the hole's own deadline nearly */
    bench_tick(b, 1900);
    expect(b, "");
    feed(b, (struct tcp){.at = 1950, .seq = 100, .ack = 500, .text = "abcde"});
    expect(b, "open\n0: 100 abcde\n0: 105 f\n");
    bench_free(b);
}

static void gap_one_sided(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .seq = 105, .ack = 500, .text = "f"});
    bench_tick(b, 1000);
    expect(b, "");
    bench_tick(b, 1100);
    expect(b, "open\n0: 100 gap 5 one_sided\n0: 105 f\n");
    bench_free(b);
}

static void gap_hold_time(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 105, .ack = 500, .text = "f"});
    for (int i = 1; i < 60; i++) { /* the receiver lives, and goes on asking for the hole */
        feed(b, (struct tcp){.at = i * SECOND, .d = 1, .seq = 500, .ack = 100});
    }
    bench_tick(b, 60000);
    expect(b, "");
    bench_tick(b, 60100);
    expect(b, "open\n0: 100 gap 5 hold_time\n0: 105 f\n");
    assert_true(bench_counts(b).gaps[GAP_HOLD_TIME] == 1);
    bench_free(b);
}

static void gap_flow_end_and_older_first(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 502, .ack = 100, .text = "third"});
    feed(b, (struct tcp){.at = 21, .seq = 105, .ack = 500, .text = "fourth"});
    feed(b, (struct tcp){.at = 22, .seq = 100, .ack = 600, .text = "a"});
    flow_table_finish(b->table, MS(30));
    expect(b, "open\n0: 100 a\n1: 500 gap 2 flow_end\n1: 502 third\n0: 101 gap 4 flow_end\n"
              "0: 105 fourth\n1: 507 gap 93 flow_end\n0: end capture\n1: end capture\nclose\n");
    bench_free(b);
}

static void tiny_stream_budget(struct limits *l) {
    l->stream_held_bytes = 2 * SMALL_BYTES * 8 / 7 + 100; /* two small segments */
}

static void gap_budget_of_a_stream(void **state) {
    (void)state;
    struct bench *b = bench_new(tiny_stream_budget);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 105, .ack = 500, .text = "f"});
    feed(b, (struct tcp){.at = 20, .seq = 110, .ack = 500, .text = "k"});
    expect(b, "");
    assert_int_equal(bench_counts(b).cap_stream_bytes, 0);
    feed(b, (struct tcp){.at = 20, .seq = 107, .ack = 500, .text = "h"});
    /* The oldest hole goes; what is at hand is not lost with it. */
    expect(b, "open\n0: 100 gap 5 budget\n0: 105 f\n");
    assert_int_equal(bench_counts(b).cap_stream_bytes, 1);
    feed(b, (struct tcp){.at = 21, .seq = 112, .ack = 500, .text = "m"});
    expect(b, "0: 106 gap 1 budget\n0: 107 h\n");
    bench_free(b);
}

static void no_stream_budget(struct limits *l) {
    l->stream_held_bytes = 0;
}

static void without_any_budget_the_byte_at_hand_is_given(void **state) {
    (void)state;
    struct bench *b = bench_new(no_stream_budget);
    assert_int_equal(feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "ab"}), FLOW_DATA);
    feed(b, (struct tcp){.at = 20, .seq = 104, .ack = 500, .text = "ef"});
    b->waits[1] = true;
    b->wait_from[1] = 501;
    b->wait_for[1] = 999;
    feed(b, (struct tcp){.at = 21, .d = 1, .seq = 500, .ack = 106, .text = "xyz"});
    expect(b, "open midstream\n0: 100 ab\n0: 102 gap 2 budget\n0: 104 ef\n1: 500 x\n1: 501 yz !\n");
    bench_free(b);
}

static void tiny_table_budget(struct limits *l) {
    l->held_bytes = (size_t)HARK_PARTITIONS * PAGE_BYTES; /* one page, seven small segments */
}

static void the_longest_waiting_connection_makes_room(void **state) {
    (void)state;
    struct bench *b = bench_new(tiny_table_budget);
    for (uint16_t port = 1; port <= 8; port++) {
        feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN, .client_port = port});
    }
    for (uint16_t port = 1; port <= 7; port++) {
        feed(b, (struct tcp){.at = 20, .seq = 110, .ack = 5, .text = "x", .client_port = port});
    }
    expect(b, "");
    assert_int_equal(feed(b, (struct tcp){.at = 20, .seq = 120, .ack = 5, .text = "y", .client_port = 8}),
                     FLOW_DATA);
    expect(b, "open\n0: 100 gap 10 budget\n0: 110 x\n");
    assert_int_equal(b->seen.key.side[0].port, 1);
    assert_int_equal(bench_counts(b).cap_held_bytes, 1);
    flow_table_finish(b->table, MS(30));
    bench_free(b);
}

/* Bytes that last are not copied until they no longer do. */
static void bytes_that_last_are_kept(void **state) {
    (void)state;
    enum { LEN = 300 };
    struct bench *b = bench_new(NULL);
    struct lasting lasting;
    char text[LEN + 1];
    memset(text, 'x', LEN);
    text[LEN] = '\0';
    lasting_init(&lasting, SIZE_MAX);
    flow_table_lend(b->table, &lasting);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "ab"});
    struct packet p = bench_packet(b, (struct tcp){.at = 20, .seq = 110, .ack = 500, .text = text});
    p.lasting = true;
    assert_int_equal(flow_table_packet(b->table, &p, flow_key_hash(&p.key)), FLOW_DATA);
    flow_table_keep(b->table);
    memset(text, 'y', LEN);
    assert_int_equal(bench_counts(b).held_bytes_now, LEN);
    feed(b, (struct tcp){.at = 30, .seq = 102, .ack = 500, .text = "cdefghij"});
    assert_non_null(strstr(b->log, "0: 110 xxx"));
    assert_null(strstr(b->log, "y"));
    bench_free(b);
}

/* (f) */
static void snaplen_cut(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    assert_int_equal(feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "ab", .cut = 8}),
                     FLOW_DATA);
    feed(b, (struct tcp){.at = 30, .seq = 110, .ack = 500, .text = "kl", .cut = 8});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 500, .ack = 120});
    bench_tick(b, 1000);
    expect(b, "open\n0: 100 ab\n");
    bench_tick(b, 1100); /* also the one at the tail */
    expect(b, "0: 102 gap 8 snaplen\n0: 110 kl\n0: 112 gap 8 snaplen\n");
    assert_int_equal(feed(b, (struct tcp){.at = 1200, .seq = 100, .ack = 500, .text = "ab", .cut = 8}),
                     FLOW_RETRANSMIT);
    bench_free(b);
}

/* The wait for the server's first byte is over before there is one; all of the first packet was cut. */
static void bytes_below_a_cut_start(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .ack = 518, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 1100, .d = 1, .seq = 510, .ack = 100, .cut = 8});
    assert_int_equal(feed(b, (struct tcp){.at = 1110, .d = 1, .seq = 508, .ack = 100, .text = "ij"}),
                     FLOW_DATA);
    expect(b, "open\n1: 508 ij\n");
    /* Now it has begun. */
    assert_int_equal(feed(b, (struct tcp){.at = 1120, .d = 1, .seq = 506, .ack = 100, .text = "gh"}),
                     FLOW_LATE);
    bench_tick(b, 2200);
    expect(b, "1: 510 gap 8 snaplen\n");
    assert_int_equal(bench_counts(b).late_bytes, 2);
    bench_free(b);
}

static void a_fuller_copy_fills_the_cut(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "ab", .cut = 4, .ip_id = 77});
    feed(b, (struct tcp){.at = 30, .seq = 106, .ack = 500, .text = "gh", .cut = 4});
    /* another interface's copy of the first packet, with all its bytes */
    assert_int_equal(feed(b, (struct tcp){.at = 31, .seq = 100, .ack = 500, .text = "abcdef", .ip_id = 77}),
                     FLOW_DATA);
    /* part of the second by a retransmission */
    feed(b, (struct tcp){.at = 300, .seq = 110, .ack = 500, .text = "kl"});
    bench_tick(b, 1100);
    expect(b, "open\n0: 100 ab\n0: 102 cdef\n0: 106 gh\n0: 108 gap 2 snaplen\n0: 110 kl\n");
    bench_free(b);
}

static void midstream_starts_at_the_lowest_byte_after_the_skew(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 9, .seq = 107, .ack = 500});
    feed(b, (struct tcp){.at = 10, .seq = 105, .ack = 500, .text = "fg"});
    feed(b, (struct tcp){.at = 11, .d = 1, .seq = 500, .ack = 107, .text = "answer"});
    feed(b, (struct tcp){.at = 500, .seq = 100, .ack = 500, .text = "abcde"});
    bench_tick(b, 1000);
    expect(b, "");
    bench_tick(b, 1100);
    expect(b, "open midstream\n1: 500 answer\n0: 100 abcde\n0: 105 fg\n"); /* by age: nobody waits here */
    assert_int_equal(b->seen.lowest[0] & UINT32_MAX, 100);
    assert_int_equal(b->seen.lowest[1] & UINT32_MAX, 500);
    assert_int_equal(feed(b, (struct tcp){.at = 1200, .seq = 90, .ack = 500, .text = "before"}), FLOW_LATE);
    bench_free(b);
}

static void late_syn_starts_at_once(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 104, .ack = 500, .text = "efg"});
    feed(b, (struct tcp){.at = 400, .seq = 99, .flags = TCP_SYN});
    expect(b, "");
    feed(b, (struct tcp){.at = 401, .seq = 100, .ack = 500, .text = "abcd"});
    expect(b, "open\n0: 100 abcd\n0: 104 efg\n");
    assert_int_equal(b->seen.start[0] & UINT32_MAX, 100);
    assert_int_equal(bench_counts(b).opened, 1);
    bench_free(b);
}

/* A SYN that does not come is waited for only a skew from the ACK of it on, and costs no byte. */
static void the_other_sides_ack_tells_the_start(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL); /* the client's SYN is not captured, nor its first two bytes */
    feed(b, (struct tcp){.at = 10, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 500, .seq = 102, .ack = 500, .text = "cd"});
    feed(b, (struct tcp){.at = 510, .d = 1, .seq = 500, .ack = 104});
    bench_tick(b, 1000);
    expect(b, "");
    feed(b, (struct tcp){.at = 1090, .seq = 104, .ack = 500, .text = "ef"});
    expect(b, "");
    bench_tick(b, 1600); /* a hole like any other */
    expect(b, "open\n1: 100 gap 2 acknowledged\n1: 102 cd\n1: 104 ef\n");
    assert_true(b->seen.start_known[1]);
    assert_int_equal(b->seen.start[1] & UINT32_MAX, 100);
    bench_free(b);
    b = bench_new(NULL); /* the SYN+ACK is not captured */
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 10, .seq = 100, .ack = 500});
    feed(b, (struct tcp){.at = 11, .d = 1, .seq = 502, .ack = 100, .text = "cd"});
    feed(b, (struct tcp){.at = 12, .d = 1, .seq = 500, .ack = 100, .text = "ab"});
    bench_tick(b, 1000);
    expect(b, "");
    bench_tick(b, 1100);
    expect(b, "open\n1: 500 ab\n1: 502 cd\n");
    assert_true(b->seen.start_known[1]);
    bench_free(b);
}

static void a_start_that_was_waited_for_long_enough_is_taken_at_once(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 2000, .seq = 100, .ack = 500, .text = "ab"});
    expect(b, "open\n1: 100 ab\n");
    assert_true(b->seen.start_known[1]);
    bench_free(b);
}

/* TCP Fast Open: the SYN+ACK acknowledges what the SYN carried, and is captured before it. */
static void data_on_a_syn_that_comes_late(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .d = 1, .seq = 499, .ack = 104, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 11, .seq = 104, .ack = 500, .text = "/"});
    assert_int_equal(feed(b, (struct tcp){.at = 800, .seq = 99, .flags = TCP_SYN, .text = "GET "}),
                     FLOW_DATA);
    expect(b, "open\n1: 100 GET \n1: 104 /\n");
    assert_int_equal(b->seen.start[1] & UINT32_MAX, 100);
    assert_true(b->seen.syn_ns == MS(800) && b->seen.syn_ack_ns == MS(10));
    bench_free(b);
}

/* Request and response are there before the SYN+ACK. The request waits for the server's bytes before 500, of
 * which there are none, as the SYN+ACK tells. */
static void a_start_ends_the_other_sides_wait(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->waits[0] = b->waits[1] = true;
    b->wait_from[0] = 100;
    b->wait_for[0] = 500;
    b->wait_from[1] = 500;
    b->wait_for[1] = 103;
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 103, .text = "OK"});
    feed(b, (struct tcp){.at = 30, .seq = 100, .ack = 500, .text = "GET"});
    expect(b, "open\n");
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    expect(b, "0: 100 GET\n1: 500 OK\n");
    bench_free(b);
    b = bench_new(NULL); /* without SYN+ACK it is the skew that tells */
    b->waits[0] = b->waits[1] = true;
    b->wait_from[0] = 100;
    b->wait_for[0] = 500;
    b->wait_from[1] = 500;
    b->wait_for[1] = 103;
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 103, .text = "OK"});
    feed(b, (struct tcp){.at = 30, .seq = 100, .ack = 500, .text = "GET"});
    bench_tick(b, 1100);
    expect(b, "open\n0: 100 GET\n1: 500 OK\n");
    bench_free(b);
}

/* The client acknowledges the SYN+ACK, then what came behind it; the tap shows that the other way round. */
static void the_lowest_ack_of_the_handshake_counts(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 503});
    feed(b, (struct tcp){.at = 30, .seq = 100, .ack = 500});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 500, .ack = 100, .text = "408"});
    bench_tick(b, 1000);
    expect(b, "");
    feed(b, (struct tcp){.at = 1010, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    expect(b, "open\n1: 500 408\n");
    assert_int_equal(b->seen.handshake_ack_ns, MS(30));
    bench_free(b);
    b = bench_new(NULL); /* the ACK of the SYN+ACK is not captured */
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 503});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 500, .ack = 100, .text = "408"});
    expect(b, "open\n1: 500 408\n");
    assert_int_equal(b->seen.handshake_ack_ns, 0);
    assert_false(b->seen.handshake_seen);
    bench_free(b);
}

/* The server's bytes wait until the request that they answer was given. */
static void response_waits_for_late_request(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->waits[1] = true;
    b->wait_from[1] = 500;
    b->wait_for[1] = 103;
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 103, .text = "OK"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 502, .ack = 103, .text = "more"});
    bench_tick(b, 1000);
    expect(b, "open\n");
    assert_int_equal(bench_counts(b).declined_waits, 1);
    feed(b, (struct tcp){.at = 1010, .seq = 100, .ack = 500, .text = "GET"});
    expect(b, "0: 100 GET\n1: 500 OK\n1: 502 more\n");
    assert_int_equal(b->last_segment.time_ns, MS(30));
    struct flow_counts counts = bench_counts(b);
    assert_int_equal(counts.declined_timeouts, 0);
    assert_int_equal(counts.one_sided, 0);
    bench_free(b);
}

static void waiting_ends_with_the_skew(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->waits[1] = true;
    b->wait_from[1] = 501;
    b->wait_for[1] = 103;
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 100, .text = "OK"});
    feed(b, (struct tcp){.at = 900, .d = 1, .seq = 502, .ack = 100, .text = "later"});
    bench_tick(b, 1000);
    expect(b, "open\n1: 500 O\n");
    bench_tick(b, 1100);
    expect(b, "1: 501 K !\n");
    bench_tick(b, 1800);
    expect(b, "");
    bench_tick(b, 1900);
    expect(b, "1: 502 later !\n");
    assert_int_equal(bench_counts(b).declined_timeouts, 2);
    bench_free(b);
}

/* The request's own first half is lost, its second half held: the response waits for that gap, even though
 * its own time is over, because the request is there. */
static void waiting_outlasts_a_hole_of_the_other_side(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->waits[1] = true;
    b->wait_from[1] = 500;
    b->wait_for[1] = 110;
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 110, .text = "OK"});
    feed(b, (struct tcp){.at = 600, .seq = 105, .ack = 500, .text = "fghij"});
    bench_tick(b, 1500);
    expect(b, "open\n");
    bench_tick(b, 1600);
    expect(b, "0: 100 gap 5 acknowledged\n0: 105 fghij\n1: 500 OK\n");
    bench_free(b);
}

static void both_wait_the_older_must_take(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->waits[0] = b->waits[1] = true;
    b->wait_from[0] = 102;
    b->wait_for[0] = 502; /* the client goes on only after the answer */
    b->wait_from[1] = 500;
    b->wait_for[1] = 900; /* the server waits for what never comes */
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 100, .text = "OK"});
    expect(b, "open\n");
    feed(b, (struct tcp){.at = 21, .seq = 100, .ack = 500, .text = "abcd"});
    expect(b, "0: 100 ab\n1: 500 OK !\n0: 102 cd\n");
    assert_int_equal(bench_counts(b).declined_timeouts, 0);
    bench_free(b);
}

/* The tail of a direction is not captured. The server's ACK tells; then its answer need not wait. */
static void overdue_after_the_skew(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->waits[1] = true;
    b->wait_from[1] = 500;
    b->wait_for[1] = 150;
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 150});
    feed(b, (struct tcp){.at = 600, .d = 1, .seq = 500, .ack = 150, .text = "OK"});
    bench_tick(b, 1000);
    expect(b, "open\n");
    bench_tick(b, 1100);
    expect(b, "0: overdue 150\n1: 500 OK\n");
    assert_int_equal(bench_counts(b).one_sided, 0); /* the client's direction is known: one packet was lost */
    /* It was only late: the stream has not moved. */
    feed(b, (struct tcp){.at = 1150, .seq = 100, .ack = 500, .text = "abc"});
    expect(b, "0: 100 abc\n");
    bench_free(b);
}

static void one_sided_waits_once(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL); /* only the server's packets: it is side 0 here */
    b->waits[0] = true;
    b->wait_from[0] = 500;
    b->wait_for[0] = 900;
    feed(b, (struct tcp){.at = 10, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK});
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 500, .ack = 150, .text = "first"});
    bench_tick(b, 1000);
    expect(b, "open\n");
    bench_tick(b, 1100);
    expect(b, "1: overdue 150\n0: 500 first !\n");
    assert_int_equal(bench_counts(b).one_sided, 1);
    feed(b, (struct tcp){.at = 1200, .d = 1, .seq = 505, .ack = 300, .text = "second"});
    expect(b, "1: overdue 300\n0: 505 second !\n");
    /* A hole needs no ACK any more, only its skew. */
    feed(b, (struct tcp){.at = 1300, .d = 1, .seq = 520, .ack = 300, .text = "third"});
    bench_tick(b, 2200);
    expect(b, "");
    bench_tick(b, 2300);
    expect(b, "0: 511 gap 9 one_sided\n0: 520 third !\n");
    /* The other direction was only later than the skew. */
    feed(b, (struct tcp){.at = 2400, .d = 0, .seq = 100, .ack = 500, .text = "GET"});
    expect(b, "1: 100 GET !\n");
    bench_free(b);
}

static void one_sided_requests_only(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    feed(b, (struct tcp){.at = 10, .seq = 99, .flags = TCP_SYN});
    feed(b, (struct tcp){.at = 11, .seq = 100, .ack = 500});
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
    feed(b, (struct tcp){.at = 50, .seq = 103, .ack = 900});
    bench_tick(b, 1000);
    expect(b, "open\n0: 100 GET\n");
    bench_tick(b, 1100);
    expect(b, "1: overdue 900\n");
    feed(b, (struct tcp){.at = 1200, .seq = 103, .ack = 1200, .text = "GET"});
    expect(b, "1: overdue 1200\n0: 103 GET !\n");
    bench_free(b);
}

/* Captured at first, then not: two waits in a row without any packet of it say so. */
static void a_direction_that_vanishes(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 103, .text = "a"});
    feed(b, (struct tcp){.at = 40, .d = 1, .seq = 501, .ack = 203, .text = "b"});
    bench_tick(b, 2000);
    assert_int_equal(bench_counts(b).one_sided, 0);
    feed(b, (struct tcp){.at = 2000, .d = 1, .seq = 502, .ack = 303, .text = "c"});
    bench_tick(b, 3000);
    assert_int_equal(bench_counts(b).one_sided, 1);
    expect(b, "open\n0: 100 GET\n1: 500 a\n1: 501 b\n0: overdue 203\n1: 502 c\n0: overdue 303\n");
    bench_free(b);
}

static void a_lost_fin_is_no_gap(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 20, .seq = 100, .ack = 500, .text = "GET"});
    feed(b, (struct tcp){.at = 30, .d = 1, .seq = 500, .ack = 104}); /* the FIN too, which is not there */
    bench_tick(b, 3000);
    flow_table_finish(b->table, MS(3000));
    expect(b, "open\n0: 100 GET\n0: end capture\n1: end capture\nclose\n");
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_and_out_of_order),
        cmocka_unit_test(overlap_first_bytes_win),
        cmocka_unit_test(sequence_numbers_wrap),
        cmocka_unit_test(gap_acknowledged),
        cmocka_unit_test(ack_alone_makes_no_gap),
        cmocka_unit_test(gap_one_sided),
        cmocka_unit_test(gap_hold_time),
        cmocka_unit_test(gap_flow_end_and_older_first),
        cmocka_unit_test(gap_budget_of_a_stream),
        cmocka_unit_test(without_any_budget_the_byte_at_hand_is_given),
        cmocka_unit_test(the_longest_waiting_connection_makes_room),
        cmocka_unit_test(bytes_that_last_are_kept),
        cmocka_unit_test(snaplen_cut),
        cmocka_unit_test(bytes_below_a_cut_start),
        cmocka_unit_test(a_fuller_copy_fills_the_cut),
        cmocka_unit_test(midstream_starts_at_the_lowest_byte_after_the_skew),
        cmocka_unit_test(late_syn_starts_at_once),
        cmocka_unit_test(the_other_sides_ack_tells_the_start),
        cmocka_unit_test(a_start_that_was_waited_for_long_enough_is_taken_at_once),
        cmocka_unit_test(data_on_a_syn_that_comes_late),
        cmocka_unit_test(a_start_ends_the_other_sides_wait),
        cmocka_unit_test(the_lowest_ack_of_the_handshake_counts),
        cmocka_unit_test(response_waits_for_late_request),
        cmocka_unit_test(waiting_ends_with_the_skew),
        cmocka_unit_test(waiting_outlasts_a_hole_of_the_other_side),
        cmocka_unit_test(both_wait_the_older_must_take),
        cmocka_unit_test(overdue_after_the_skew),
        cmocka_unit_test(one_sided_waits_once),
        cmocka_unit_test(one_sided_requests_only),
        cmocka_unit_test(a_direction_that_vanishes),
        cmocka_unit_test(a_lost_fin_is_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
