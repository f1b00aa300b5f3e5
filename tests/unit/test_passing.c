/* SPDX-License-Identifier: Apache-2.0 */
/* Holes that the stream passes, as a consumer sees them. The client (side 0) sends its first byte as number
 * 100, the server as 500; times are in ms, the skew is 1000. Of the server's bytes those from 502 on to 600
 * are only counted. */
#include "reassembly/passed.h"

#include "flow_bench.h"

static struct bench *begin(void (*change)(struct limits *)) {
    struct bench *b = bench_new(change);
    b->count_from[1] = 502;
    b->count_to[1] = 600;
    bench_handshake(b, 10);
    feed(b, (struct tcp){.at = 11, .seq = 100, .ack = 500, .text = "ask"});
    feed(b, (struct tcp){.at = 12, .d = 1, .seq = 500, .ack = 103, .text = "HE"});
    expect(b, "open\n0: 100 ask\n1: 500 HE\n");
    return b;
}

static enum flow_fate say(struct bench *b, int64_t at, uint32_t seq, const char *text) {
    return feed(b, (struct tcp){.at = at, .d = 1, .seq = seq, .ack = 103, .text = text});
}

static void acknowledge(struct bench *b, int64_t at, uint32_t ack) {
    feed(b, (struct tcp){.at = at, .seq = 103, .ack = ack});
}

/* ... and the client has that, and all before it. */
static void had(struct bench *b, int64_t at, uint32_t seq, const char *text) {
    assert_int_equal(say(b, at, seq, text), FLOW_DATA);
    acknowledge(b, at, seq + (uint32_t)strlen(text));
}

static void filled_in_time(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    had(b, 20, 504, "ef");
    expect(b, "1: 502 pass 2\n1: 504 ef\n");
    assert_int_equal(bench_counts(b).held_bytes_now, 0);
    assert_int_equal(say(b, 21, 506, "gh"), FLOW_DATA);
    acknowledge(b, 22, 508);
    expect(b, "1: 506 gh\n");
    assert_int_equal(say(b, 1000, 502, "cdXX"), FLOW_DATA);
    expect(b, "1: 502 fill cd\n");
    assert_int_equal(b->last_segment.time_ns, MS(1000));
    assert_int_equal(say(b, 1001, 502, "cd"), FLOW_RETRANSMIT);
    assert_int_equal(say(b, 1002, 508, "ij"), FLOW_DATA);
    expect(b, "1: 508 ij\n");
    assert_int_equal(b->seen.counts[1].payload_bytes, 10);
    assert_int_equal(b->seen.counts[1].out_of_order, 0); /* so late it was sent again */
    assert_int_equal(b->seen.counts[1].retransmits, 2);
    assert_int_equal(bench_counts(b).gap_bytes, 0);
    assert_int_equal(bench_counts(b).holes_passed, 1);
    bench_free(b);
}

static void given_up_by_the_rules_of_a_hole_that_waits(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    say(b, 20, 504, "ef");
    acknowledge(b, 30, 506);
    bench_tick(b, 1000);
    expect(b, "1: 502 pass 2\n1: 504 ef\n");
    bench_tick(b, 1100);
    expect(b, "1: 502 miss 2 acknowledged\n");
    assert_int_equal(bench_counts(b).gaps[GAP_ACKNOWLEDGED], 1);
    assert_int_equal(bench_counts(b).gap_bytes, 2);
    assert_int_equal(say(b, 1101, 502, "cd"), FLOW_LATE);
    expect(b, "");
    assert_int_equal(bench_counts(b).late_bytes, 2);
    bench_free(b);
}

static void waits_for_its_acknowledgement(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    say(b, 20, 504, "ef");
    assert_int_equal(say(b, 21, 504, "eX"), FLOW_RETRANSMIT);
    acknowledge(b, 4990, 505); /* of what is behind the hole, not all */
    bench_tick(b, 5000);
    expect(b, "");
    assert_int_equal(bench_counts(b).overlap_conflicts, 1); /* versions of what waits are compared */
    acknowledge(b, 5010, 506);
    expect(b, "1: 502 pass 2\n1: 504 ef\n");
    bench_tick(b, 5900);
    expect(b, "");
    bench_tick(b, 6000);
    expect(b, "1: 502 miss 2 acknowledged\n");
    bench_free(b);
}

static void two_holes_are_given_up_in_order(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    say(b, 20, 504, "ef");
    say(b, 21, 508, "ij");
    acknowledge(b, 30, 510);
    expect(b, "1: 502 pass 2\n1: 504 ef\n1: 506 pass 2\n1: 508 ij\n");
    say(b, 600, 503, "d"); /* what is left of the first one has a new end */
    bench_tick(b, 1500);
    expect(b, "1: 503 fill d\n");
    bench_tick(b, 1600);
    expect(b, "1: 502 miss 1 acknowledged\n1: 506 miss 2 acknowledged\n");
    bench_free(b);
}

static void one_packet_fills_several(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    say(b, 20, 504, "ef");
    had(b, 21, 508, "ij");
    expect(b, "1: 502 pass 2\n1: 504 ef\n1: 506 pass 2\n1: 508 ij\n");
    assert_int_equal(say(b, 22, 500, "HEcdefghijkl"), FLOW_DATA);
    expect(b, "1: 502 fill cd\n1: 506 fill gh\n1: 510 kl\n");
    assert_int_equal(b->seen.counts[1].retransmits, 1);
    assert_int_equal(b->seen.counts[1].payload_bytes, 12);
    bench_free(b);
}

static void the_first_byte_behind_must_be_counted_only(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    had(b, 20, 600, "HE"); /* the hole takes all that is counted */
    expect(b, "");
    assert_int_equal(bench_counts(b).held_bytes_now, 2);
    say(b, 21, 599, "z");
    expect(b, "1: 502 pass 97\n1: 599 z\n1: 600 HE\n");
    had(b, 22, 604, "ef"); /* nothing is counted only here */
    expect(b, "");
    bench_free(b);
}

static void a_head_is_waited_for(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->count_from[1] = 502;
    b->count_to[1] = 600;
    bench_handshake(b, 10);
    say(b, 20, 501, "E");
    had(b, 21, 504, "ef");
    expect(b, "");
    say(b, 22, 500, "H");
    /* what waits behind a hole is given as soon as that need not be waited for */
    expect(b, "open\n1: 500 H\n1: 501 E\n1: 502 pass 2\n1: 504 ef\n");
    bench_free(b);
}

static void an_end_waits_for_what_was_passed(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    say(b, 20, 504, "ef");
    feed(b, (struct tcp){.at = 21, .d = 1, .seq = 506, .ack = 103, .flags = TCP_FIN | TCP_ACK});
    feed(b, (struct tcp){.at = 22, .seq = 103, .ack = 507, .flags = TCP_FIN | TCP_ACK});
    feed(b, (struct tcp){.at = 23, .d = 1, .seq = 507, .ack = 104});
    expect(b, "1: 502 pass 2\n1: 504 ef\n0: end fin\n");
    say(b, 30, 502, "cd");
    expect(b, "1: 502 fill cd\n1: end fin\nclose\n");
    bench_free(b);
}

static void an_end_settles_what_was_passed(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    say(b, 20, 504, "ef");
    had(b, 21, 508, "ij");
    expect(b, "1: 502 pass 2\n1: 504 ef\n1: 506 pass 2\n1: 508 ij\n");
    flow_table_finish(b->table, MS(30));
    expect(b, "1: 502 miss 2 flow_end\n1: 506 miss 2 flow_end\n0: end capture\n1: end capture\nclose\n");
    assert_int_equal(bench_counts(b).gap_bytes, 4);
    bench_free(b);
}

static void a_reset_waits_for_what_was_passed(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    had(b, 20, 504, "ef");
    feed(b, (struct tcp){.at = 21, .d = 1, .seq = 506, .ack = 103, .flags = TCP_RST | TCP_ACK});
    expect(b, "1: 502 pass 2\n1: 504 ef\n");
    say(b, 30, 502, "c"); /* its sender goes on, and is given one more wait */
    bench_tick(b, 2300);
    expect(b, "1: 502 fill c\n1: 503 miss 1 acknowledged\n0: end rst\n1: end rst\nclose\n");
    bench_free(b);
}

static void bytes_of_doubtful_acknowledgement_wait(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    acknowledge(b, 20, 520);
    bench_tick(b,
               1100); /* the client has all that for longer than the skew: what comes now was sent before */
    expect(b, "1: overdue 520\n");
    say(b, 1101, 504, "ef");
    expect(b, "");
    assert_int_equal(bench_counts(b).held_bytes_now, 2);
    bench_free(b);
}

static void cut_bytes_keep_their_reason(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    had(b, 20, 508, "ij");
    expect(b, "1: 502 pass 6\n1: 508 ij\n");
    feed(b, (struct tcp){.at = 21, .d = 1, .seq = 502, .ack = 103, .text = "cd", .cut = 2});
    acknowledge(b, 30, 510);
    expect(b, "1: 502 fill cd\n");
    bench_tick(b, 1100);
    expect(b, "1: 504 miss 4 snaplen\n");
    bench_free(b);
}

/* What was cut off is passed once the receiver has it, as other holes are; a fuller copy still fills it. */
static void cut_bytes_are_passed(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 502, .ack = 103, .text = "cd", .cut = 4});
    had(b, 21, 508, "ij");
    expect(b, "1: 502 cd\n1: 504 pass 4\n1: 508 ij\n");
    assert_int_equal(bench_counts(b).held_bytes_now, 0);
    feed(b, (struct tcp){.at = 22, .d = 1, .seq = 510, .ack = 103, .text = "kl", .cut = 2});
    had(b, 23, 514, "op");
    expect(b, "1: 510 kl\n1: 512 pass 2\n1: 514 op\n");
    say(b, 40, 504, "efgh");
    expect(b, "1: 504 fill efgh\n");
    bench_tick(b, 1100);
    expect(b, "1: 512 miss 2 snaplen\n");
    assert_int_equal(bench_counts(b).gaps[GAP_SNAPLEN], 1);
    assert_int_equal(bench_counts(b).gap_bytes, 2);
    bench_free(b);
}

/* Not all of the hole is known to be cut off, or more than it: it waits. */
static void a_hole_with_other_edges_waits(void **state) {
    (void)state;
    struct bench *b = begin(NULL);
    feed(b, (struct tcp){.at = 20, .d = 1, .seq = 502, .ack = 103, .text = "cd", .cut = 4});
    had(b, 21, 510, "kl"); /* two bytes more are missing */
    expect(b, "1: 502 cd\n");
    assert_int_equal(bench_counts(b).held_bytes_now, 2);
    had(b, 22, 508, "ij");
    expect(b, "1: 504 pass 4\n1: 508 ij\n1: 510 kl\n");
    bench_free(b);
}

static void little_room(struct limits *limits) {
    limits->stream_held_bytes = 4096;
}

static void the_oldest_of_many_gives_way(void **state) {
    (void)state;
    struct bench *b = bench_new(little_room);
    b->count_from[1] = 502;
    b->count_to[1] = 500000;
    bench_handshake(b, 10);
    say(b, 20, 500, "HE");
    uint32_t at = 502;
    for (unsigned i = 0; i < PASSED_MOST; i++, at += 100) {
        had(b, 21, at + 98, "yz");
    }
    assert_int_equal(bench_counts(b).holes_passed, PASSED_MOST);
    assert_int_equal(bench_counts(b).gap_bytes, 0);
    b->log_len = 0;
    b->log[0] = 0;
    had(b, 22, at + 98, "yz");
    expect(b, "1: 502 miss 98 budget\n1: 5502 pass 98\n1: 5600 yz\n");
    assert_int_equal(bench_counts(b).cap_stream_bytes, 1);
    say(b, 23, 650, "M"); /* a piece out of the next one's middle: what is before it has no place */
    expect(b, "1: 602 miss 48 budget\n1: 650 fill M\n");
    bench_free(b);
}

static void no_more_than_many_are_passed(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    b->count_from[1] = 502;
    b->count_to[1] = 500000;
    b->quiet = true;
    bench_handshake(b, 10);
    say(b, 20, 500, "HE");
    for (unsigned i = 0; i <= PASSED_MOST; i++) {
        had(b, 21, 602 + 100 * i, "yz");
    }
    /* less came behind the first one than would be held: it keeps its time, and the last one waits */
    assert_int_equal(bench_counts(b).holes_passed, PASSED_MOST);
    assert_int_equal(bench_counts(b).held_bytes_now, 2);
    assert_int_equal(bench_counts(b).gap_bytes, 0);
    say(b, 22, 502, "cd");
    assert_int_equal(bench_counts(b).held_bytes_now, 2);
    b->log_len = 0;
    char hole[101];
    memset(hole, 'x', 98);
    hole[98] = '\0';
    say(b, 23, 504, hole);
    assert_int_equal(bench_counts(b).held_bytes_now, 0);
    assert_int_equal(bench_counts(b).holes_passed, PASSED_MOST + 1);
    bench_free(b);
}

static void eight_blocks(struct limits *limits) {
    limits->held_bytes = (size_t)HARK_PARTITIONS * 8 * SMALL_BYTES;
}

static void holes_give_way_to_bytes_that_wait(void **state) {
    (void)state;
    struct bench *b = begin(eight_blocks);
    acknowledge(b, 15, 502);
    had(b, 20, 504, "ef");
    expect(b, "1: 502 pass 2\n1: 504 ef\n");
    for (uint32_t i = 0; i < 8; i++) {
        expect(b, ""); /* a hole takes one block; another connection's bytes wait for its first ones */
        feed(b, (struct tcp){.at = 30, .seq = 102 + 2 * i, .ack = 500, .text = "x", .client_port = 40001});
    }
    expect(b, "1: 502 miss 2 budget\n");
    assert_int_equal(bench_counts(b).cap_held_bytes, 1);
    assert_int_equal(say(b, 31, 502, "cd"), FLOW_LATE);
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_in_time),
        cmocka_unit_test(given_up_by_the_rules_of_a_hole_that_waits),
        cmocka_unit_test(waits_for_its_acknowledgement),
        cmocka_unit_test(two_holes_are_given_up_in_order),
        cmocka_unit_test(one_packet_fills_several),
        cmocka_unit_test(the_first_byte_behind_must_be_counted_only),
        cmocka_unit_test(a_head_is_waited_for),
        cmocka_unit_test(an_end_waits_for_what_was_passed),
        cmocka_unit_test(an_end_settles_what_was_passed),
        cmocka_unit_test(a_reset_waits_for_what_was_passed),
        cmocka_unit_test(bytes_of_doubtful_acknowledgement_wait),
        cmocka_unit_test(cut_bytes_keep_their_reason),
        cmocka_unit_test(cut_bytes_are_passed),
        cmocka_unit_test(a_hole_with_other_edges_waits),
        cmocka_unit_test(the_oldest_of_many_gives_way),
        cmocka_unit_test(no_more_than_many_are_passed),
        cmocka_unit_test(holes_give_way_to_bytes_that_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
