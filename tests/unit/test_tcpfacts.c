/* SPDX-License-Identifier: Apache-2.0 */
/* Tap copies against retransmissions, repeated ACKs, closed windows. */
#include "reassembly/tcpfacts.h"

#include "capture/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SKEW NS_PER_SECOND

static const struct hash_secret secret = {.words = {11, 22, 33}};

static struct packet data_packet(void) {
    return (struct packet){.time_ns = 100 * NS_PER_SECOND,
                           .seq = 1000,
                           .ack = 2000,
                           .flags = TCP_ACK,
                           .window = 512,
                           .ip_id = 77,
                           .checksum = 0xbeef,
                           .payload = slice_of("abcdef")};
}

static void a_copy_has_everything_the_same(void **state) {
    (void)state;
    struct tcpfacts f;
    tcpfacts_init(&f);
    struct packet p = data_packet();
    assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    struct packet copy = p;
    copy.time_ns += 300 * NS_PER_MILLISECOND;
    copy.ttl = 9;
    copy.path.vlan_count = 1;
    assert_true(tcpfacts_tap_copy(&f, &copy, SKEW, &secret));
    copy.time_ns = p.time_ns - 5;
    assert_true(tcpfacts_tap_copy(&f, &copy, SKEW, &secret));
    copy.time_ns = p.time_ns + SKEW + 1; /* an id that comes round again */
    assert_false(tcpfacts_tap_copy(&f, &copy, SKEW, &secret));
}

static void any_difference_makes_another_packet(void **state) {
    (void)state;
    for (int field = 0; field < 9; field++) {
        struct tcpfacts f;
        tcpfacts_init(&f);
        struct packet p = data_packet();
        assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
        p.seq += field == 0;
        p.ack += field == 1;
        p.flags |= field == 2 ? TCP_PSH : 0;
        p.window = field == 3 ? 9 : p.window;
        p.ip_id = field == 4 ? 78 : p.ip_id;
        p.checksum = field == 5 ? 1 : p.checksum;
        p.ts_value += field == 6;
        p.ts_echo += field == 7;
        p.cut += field == 8;
        assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    }
}

/* The same bytes in other segments: a copy only where all speaks for one. */
static void another_interface_may_cut_differently(void **state) {
    (void)state;
    for (int field = 0; field < 6; field++) {
        struct tcpfacts f, receiver;
        tcpfacts_init(&f);
        tcpfacts_init(&receiver);
        struct packet p = data_packet();
        p.has_timestamps = true;
        p.ts_value = 500;
        p.interface = 3;
        assert_false(tcpfacts_recut(&f, &p)); /* nothing was sent before */
        tcpfacts_sent(&f, &receiver, &p);
        struct packet piece = p;
        piece.payload = slice_first(p.payload, 3);
        piece.time_ns += field == 0 ? 11 * NS_PER_MILLISECOND : 9 * NS_PER_MILLISECOND;
        piece.interface = field == 1 ? 3 : 4;
        piece.ts_value = field == 2 ? 501 : field == 3 ? 499 : 500;
        piece.has_timestamps = field != 4;
        assert_int_equal(tcpfacts_recut(&f, &piece), field == 3 || field == 5);
    }
}

static void without_id_only_time_tells(void **state) {
    (void)state;
    struct tcpfacts f;
    tcpfacts_init(&f);
    struct packet p = data_packet();
    p.ip_id = 0;
    assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    p.time_ns += 9 * NS_PER_MILLISECOND;
    assert_true(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    p.time_ns += 200 * NS_PER_MILLISECOND;
    assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    /* TCP itself repeats bare ACKs back to back. */
    struct packet ack = data_packet();
    ack.ip_id = 0;
    ack.payload = (struct slice){0};
    assert_false(tcpfacts_tap_copy(&f, &ack, SKEW, &secret));
    assert_false(tcpfacts_tap_copy(&f, &ack, SKEW, &secret));
    ack.has_timestamps = true;
    ack.ts_value = 5;
    assert_false(tcpfacts_tap_copy(&f, &ack, SKEW, &secret));
    assert_true(tcpfacts_tap_copy(&f, &ack, SKEW, &secret));
}

static void the_last_eight_are_remembered(void **state) {
    (void)state;
    struct tcpfacts f;
    tcpfacts_init(&f);
    struct packet p = data_packet();
    for (uint32_t i = 0; i < 9; i++) {
        p.seq = 1000 + i;
        assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    }
    p.seq = 1001;
    assert_true(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
    p.seq = 1000;
    assert_false(tcpfacts_tap_copy(&f, &p, SKEW, &secret));
}

static void repeated_acks(void **state) {
    (void)state;
    struct tcpfacts f;
    struct stream_counts counts = {0};
    tcpfacts_init(&f);
    struct packet p = data_packet();
    p.payload = (struct slice){0};
    tcpfacts_count(&f, &counts, &p, true);
    assert_int_equal(counts.duplicate_acks, 0);
    tcpfacts_count(&f, &counts, &p, true);
    tcpfacts_count(&f, &counts, &p, true);
    assert_int_equal(counts.duplicate_acks, 2);
    tcpfacts_count(&f, &counts, &p, false); /* nothing outstanding */
    p.window = 0;
    tcpfacts_count(&f, &counts, &p, true);
    tcpfacts_count(&f, &counts, &p, true); /* answers a probe of the closed window */
    p.window = 513;
    tcpfacts_count(&f, &counts, &p, true); /* a window update */
    p.ack++;
    tcpfacts_count(&f, &counts, &p, true); /* an advance */
    p.payload = slice_of("x");
    tcpfacts_count(&f, &counts, &p, true); /* data */
    p.payload = (struct slice){0};
    p.flags |= TCP_FIN;
    tcpfacts_count(&f, &counts, &p, true);
    assert_int_equal(counts.duplicate_acks, 2);
}

static void windows(void **state) {
    (void)state;
    struct tcpfacts f;
    struct stream_counts counts = {0};
    tcpfacts_init(&f);
    assert_int_equal(tcpfacts_window(&f), (uint32_t)UINT16_MAX << 14);
    struct packet p = data_packet();
    tcpfacts_count(&f, &counts, &p, true);
    assert_int_equal(tcpfacts_window(&f), 512u << 14); /* scale unknown */
    f.window_scale = 3;
    assert_int_equal(tcpfacts_window(&f), 512u << 3);
    p.window = 0;
    tcpfacts_count(&f, &counts, &p, true);
    tcpfacts_count(&f, &counts, &p, true); /* still closed */
    assert_int_equal(counts.zero_window, 1);
    p.window = 5;
    tcpfacts_count(&f, &counts, &p, true);
    p.window = 0;
    tcpfacts_count(&f, &counts, &p, true);
    assert_int_equal(counts.zero_window, 2);
    p.flags |= TCP_RST; /* RSTs carry any window */
    p.window = 9;
    tcpfacts_count(&f, &counts, &p, true);
    assert_int_equal(tcpfacts_window(&f), 0);
}

static void closed_windows_have_their_time(void **state) {
    (void)state;
    struct tcpfacts f;
    struct stream_counts counts = {0};
    tcpfacts_init(&f);
    struct packet p = data_packet();
    tcpfacts_count(&f, &counts, &p, false);
    p.window = 0;
    p.time_ns += 1000;
    tcpfacts_count(&f, &counts, &p, false);
    assert_int_equal(counts.zero_window_ns, 0);
    p.time_ns += 300; /* answers a probe */
    tcpfacts_count(&f, &counts, &p, false);
    assert_int_equal(counts.zero_window_ns, 300);
    p.window = 1;
    p.time_ns += 400;
    tcpfacts_count(&f, &counts, &p, false);
    assert_int_equal(counts.zero_window_ns, 700);
    assert_int_equal(f.opened_ns - f.closed_ns, 700);
    p.time_ns += 400;
    tcpfacts_count(&f, &counts, &p, false);
    assert_int_equal(counts.zero_window_ns, 700);
    assert_int_equal(counts.zero_window, 1);
}

/* A sender of 100 bytes a packet and the other side's ACKs, in ms. */
struct talk {
    struct tcpfacts sender, receiver;
    struct stream_counts sent, acked;
};

static void talk_send(struct talk *t, int64_t at, uint32_t seq) {
    struct packet p = {.time_ns = at * NS_PER_MILLISECOND, .seq = seq, .flags = TCP_ACK, .cut = 100};
    tcpfacts_sent(&t->sender, &t->receiver, &p);
}

static void talk_repeat(struct talk *t, int64_t at, uint32_t seq, uint64_t acked, uint64_t highest) {
    struct packet p = {.time_ns = at * NS_PER_MILLISECOND, .seq = seq, .flags = TCP_ACK, .cut = 100};
    const struct tcp_repeat repeat = {.acked = acked, .highest = highest, .rtt_ns = 10 * NS_PER_MILLISECOND};
    tcpfacts_sent_again(&t->sender, &t->receiver, &t->sent, &p, &repeat);
}

static void talk_ack(struct talk *t, int64_t at, uint32_t ack) {
    struct packet p = {.time_ns = at * NS_PER_MILLISECOND, .ack = ack, .flags = TCP_ACK, .window = 9};
    tcpfacts_count(&t->receiver, &t->acked, &p, true);
}

static struct talk talk(void) {
    struct talk t = {.sent = {.packets = 0}};
    tcpfacts_init(&t.sender);
    tcpfacts_init(&t.receiver);
    return t;
}

static void round_trips(void **state) {
    (void)state;
    struct talk t = talk();
    talk_send(&t, 100, 1000);
    talk_send(&t, 101, 1100); /* one is timed at once */
    talk_ack(&t, 140, 1100);
    assert_int_equal(t.acked.srtt_ns, 40 * NS_PER_MILLISECOND);
    talk_send(&t, 200, 1200);
    talk_ack(&t, 210, 1250); /* in part */
    talk_ack(&t, 224, 1300);
    assert_int_equal(t.acked.srtt_ns, 38 * NS_PER_MILLISECOND);
    assert_int_equal(t.acked.min_rtt_ns, 24 * NS_PER_MILLISECOND);
    talk_send(&t, 300, 1300);
    talk_repeat(&t, 500, 1300, 1300, 1400);
    talk_ack(&t, 502, 1400); /* of which packet? */
    assert_int_equal(t.acked.srtt_ns, 38 * NS_PER_MILLISECOND);
    talk_send(&t, 600, 1400);
    talk_ack(&t, 590, 1500); /* a capture out of order */
    assert_int_equal(t.acked.min_rtt_ns, 24 * NS_PER_MILLISECOND);
}

static void fast_retransmission(void **state) {
    (void)state;
    struct talk t = talk();
    for (uint32_t i = 0; i < 6; i++) {
        talk_send(&t, 100 + i, 1000 + 100 * i);
    }
    talk_ack(&t, 120, 1100);
    talk_ack(&t, 121, 1100);
    talk_ack(&t, 122, 1100);
    talk_repeat(&t, 132, 1100, 1100, 1600);
    assert_int_equal(t.sent.fast_retransmits, 1);
    talk_ack(&t, 150, 1300); /* in part: the next of the same loss (RFC 6582) */
    talk_repeat(&t, 160, 1300, 1300, 1600);
    assert_int_equal(t.sent.fast_retransmits, 2);
    assert_int_equal(t.sent.rto_stall_ns, 0);
    talk_repeat(&t, 390, 1300, 1300, 1600); /* lost again, only the timer helps */
    assert_int_equal(t.sent.fast_retransmits, 2);
    assert_int_equal(t.sent.rto_stall_ns, 230 * NS_PER_MILLISECOND);
}

static void retransmission_by_timer(void **state) {
    (void)state;
    struct talk t = talk();
    talk_send(&t, 100, 1000);
    talk_send(&t, 101, 1100);
    talk_repeat(&t, 301, 1000, 1000, 1200);
    talk_repeat(&t, 701, 1000, 1000, 1200);
    assert_int_equal(t.sent.rto_stall_ns, 600 * NS_PER_MILLISECOND);
    talk_ack(&t, 711, 1100);
    talk_repeat(&t, 721, 1100, 1100, 1200); /* goes on as the ACK lets it */
    assert_int_equal(t.sent.rto_stall_ns, 600 * NS_PER_MILLISECOND);
    assert_int_equal(t.sent.fast_retransmits, 0);
}

static void overtaken_or_lost(void **state) {
    (void)state;
    struct tcpfacts f;
    tcpfacts_init(&f);
    struct packet p = data_packet();
    assert_false(tcpfacts_is_lost(&f, &p, p.time_ns - 2 * NS_PER_MILLISECOND, 0));
    assert_true(tcpfacts_is_lost(&f, &p, p.time_ns - 3 * NS_PER_MILLISECOND, 0));
    assert_false(tcpfacts_is_lost(&f, &p, p.time_ns - 14 * NS_PER_MILLISECOND, 20 * NS_PER_MILLISECOND));
    assert_true(tcpfacts_is_lost(&f, &p, p.time_ns - 15 * NS_PER_MILLISECOND, 20 * NS_PER_MILLISECOND));
    f.sent_stamp = 7;
    p.ts_value = 6; /* was sent before what overtook it */
    p.has_timestamps = true;
    assert_false(tcpfacts_is_lost(&f, &p, p.time_ns - 90 * NS_PER_MILLISECOND, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_has_everything_the_same),
        cmocka_unit_test(any_difference_makes_another_packet),
        cmocka_unit_test(another_interface_may_cut_differently),
        cmocka_unit_test(without_id_only_time_tells),
        cmocka_unit_test(the_last_eight_are_remembered),
        cmocka_unit_test(repeated_acks),
        cmocka_unit_test(windows),
        cmocka_unit_test(closed_windows_have_their_time),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(fast_retransmission),
        cmocka_unit_test(retransmission_by_timer),
        cmocka_unit_test(overtaken_or_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
