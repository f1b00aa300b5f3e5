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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_has_everything_the_same),
        cmocka_unit_test(any_difference_makes_another_packet),
        cmocka_unit_test(without_id_only_time_tells),
        cmocka_unit_test(the_last_eight_are_remembered),
        cmocka_unit_test(repeated_acks),
        cmocka_unit_test(windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
