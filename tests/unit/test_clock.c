/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S NS_PER_SECOND

static struct packet_clock clock_new(void) {
    struct limits limits = limits_default();
    assert_int_equal(limits.clock_jump_ns, 60 * S);
    struct packet_clock clock;
    packet_clock_init(&clock, &limits);
    return clock;
}

static void advance_all(struct packet_clock *clock, const int64_t *seconds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        packet_clock_advance(clock, seconds[i] * S);
    }
}
#define ADVANCE(clock, ...)                                                                                  \
    advance_all(clock, (const int64_t[]){__VA_ARGS__},                                                       \
                sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void is_the_largest_stamp(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    assert_false(clock.started);
    assert_int_equal(packet_clock_advance(&clock, 1000 * S), 1000 * S);
    assert_true(clock.started);
    assert_int_equal(packet_clock_advance(&clock, 1000 * S + 7), 1000 * S + 7);
    assert_int_equal(packet_clock_advance(&clock, 999 * S), 1000 * S + 7);
    assert_int_equal(packet_clock_advance(&clock, 940 * S + 7), 1000 * S + 7); /* exactly at the limit */
    assert_int_equal(packet_clock_advance(&clock, 1060 * S + 7), 1060 * S + 7);
    assert_int_equal(clock.jumps + clock.steps_back + clock.wild, 0);
    assert_int_equal(clock.behind_count, 0);
}

static void one_wild_stamp_moves_nothing(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    ADVANCE(&clock, 1000, 9000, 1001, 9000, 9001, 1002);
    assert_int_equal(clock.now_ns, 1002 * S);
    assert_int_equal(clock.jumps, 0);
    assert_int_equal(clock.wild, 3);
    ADVANCE(&clock, 3, 4, 1003); /* two far behind are not enough either */
    assert_int_equal(clock.now_ns, 1003 * S);
    assert_int_equal(clock.steps_back, 0);
    assert_int_equal(clock.wild, 5);
}

static void a_jump_counts_when_the_next_agree(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    ADVANCE(&clock, 1000, 9001, 9000);
    assert_int_equal(clock.now_ns, 1000 * S);
    assert_int_equal(packet_clock_advance(&clock, 9002 * S), 9000 * S);
    assert_int_equal(clock.jumps, 1);
    assert_int_equal(clock.wild, 0);
    assert_int_equal(packet_clock_advance(&clock, 9003 * S), 9003 * S);
}

/* Quiet captures: every packet is far from the one before, and the clock must not stand still. */
static void follows_packets_that_are_minutes_apart(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    ADVANCE(&clock, 0, 120, 240, 360);
    assert_int_equal(clock.now_ns, 120 * S);
    assert_int_equal(packet_clock_advance(&clock, 480 * S), 240 * S);
    ADVANCE(&clock, 90000); /* wild, among them */
    assert_int_equal(clock.now_ns, 360 * S);
    ADVANCE(&clock, 600, 720, 840);
    assert_int_equal(clock.now_ns, 720 * S);
    assert_int_equal(clock.steps_back, 0);
}

static void follows_a_clock_that_was_set_back(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    ADVANCE(&clock, 9000, 9001, 1000, 1002);
    assert_int_equal(clock.now_ns, 9001 * S);
    ADVANCE(&clock, 1001);
    assert_int_equal(clock.now_ns, 1002 * S);
    assert_int_equal(clock.steps_back, 1);
    assert_int_equal(clock.wild, 0);
    ADVANCE(&clock, 1003);
    assert_int_equal(clock.now_ns, 1003 * S);
}

static void a_wild_first_stamp_is_left(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    ADVANCE(&clock, 4000000000, 1000, 1001, 1002, 1003);
    assert_int_equal(clock.now_ns, 1003 * S);
    assert_int_equal(clock.steps_back, 1);
    clock = clock_new();
    ADVANCE(&clock, 0, 1000, 1001, 1002, 1003);
    assert_int_equal(clock.now_ns, 1003 * S);
    assert_int_equal(clock.jumps, 1);
}

static void ahead_and_behind_do_not_add_up(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    ADVANCE(&clock, 1000, 1, 9000, 1, 9000, 1, 9000, 1, 9000);
    assert_int_equal(clock.now_ns, 1000 * S);
    assert_int_equal(clock.wild, 7);
    assert_int_equal(clock.ahead_count, 1);
}

static void extreme_stamps_do_not_overflow(void **state) {
    (void)state;
    struct packet_clock clock = clock_new();
    packet_clock_advance(&clock, INT64_MAX);
    for (int i = 0; i < CLOCK_AGREEING; i++) {
        packet_clock_advance(&clock, INT64_MIN);
    }
    assert_int_equal(clock.now_ns, INT64_MIN);
    for (int i = 0; i < CLOCK_AGREEING; i++) {
        packet_clock_advance(&clock, INT64_MAX);
    }
    assert_int_equal(clock.now_ns, INT64_MAX);
    assert_int_equal(clock.steps_back, 1);
    assert_int_equal(clock.jumps, 1);
}

/* The short way for usual stamps changes a clock as the long one does, or not at all. */
static void following_is_advancing(void **state) {
    (void)state;
    static const int64_t steps[] = {0, 1, S, 60 * S, 60 * S + 1, -1, -60 * S, -60 * S - 1, 500 * S, -500 * S};
    struct packet_clock advanced = clock_new(), followed = clock_new();
    uint64_t random = 1;
    unsigned follows = 0;
    assert_false(packet_clock_follows(&followed, S)); /* the first of all */
    for (unsigned i = 0; i < 100000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        int64_t time_ns =
            1000000 * S + advanced.now_ns % S + steps[(random >> 40) % (sizeof steps / sizeof steps[0])];
        time_ns = advanced.started && random >> 33 & 3
                      ? advanced.now_ns + steps[(random >> 40) % (sizeof steps / sizeof steps[0])]
                      : time_ns;
        packet_clock_advance(&advanced, time_ns);
        if (packet_clock_follows(&followed, time_ns)) {
            follows++;
        } else {
            packet_clock_advance(&followed, time_ns);
        }
        assert_memory_equal(&advanced, &followed, sizeof advanced);
    }
    assert_true(follows > 10000 && follows < 90000);
    assert_true(advanced.jumps > 100 && advanced.steps_back > 100 && advanced.wild > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_largest_stamp),
        cmocka_unit_test(one_wild_stamp_moves_nothing),
        cmocka_unit_test(a_jump_counts_when_the_next_agree),
        cmocka_unit_test(follows_packets_that_are_minutes_apart),
        cmocka_unit_test(follows_a_clock_that_was_set_back),
        cmocka_unit_test(a_wild_first_stamp_is_left),
        cmocka_unit_test(ahead_and_behind_do_not_add_up),
        cmocka_unit_test(extreme_stamps_do_not_overflow),
        cmocka_unit_test(following_is_advancing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
