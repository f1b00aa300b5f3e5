/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn at random stands for all; what is timed in whole counts once, and not twice. */
#include "cli/stopwatch.h"

#include "capture/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static void spin(int64_t ns) {
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * NS_PER_SECOND + now.tv_nsec - start.tv_nsec < ns);
}

static void test_off(void **state) {
    (void)state;
    struct stopwatch watch;
    stopwatch_init(&watch, false);
    for (int i = 0; i < 1000; i++) {
        stopwatch_begin(&watch);
        stopwatch_lap(&watch, STAGE_READ);
        stopwatch_record_end(&watch, stopwatch_record_begin(&watch));
        stopwatch_stop(&watch, stopwatch_start(&watch), STAGE_WRITE);
    }
    for (int i = 0; i < STAGES; i++) {
        assert_int_equal(watch.ns[i], 0);
    }
}

/* Ratios, since the machine may do other things meanwhile: decoding takes four times as long as reading. */
static void test_stages_in_proportion(void **state) {
    (void)state;
    enum { PACKETS = 20000 };
    struct stopwatch watch;
    stopwatch_init(&watch, true);
    unsigned timed = 0;
    for (int i = 0; i < PACKETS; i++) {
        stopwatch_begin(&watch);
        timed += watch.running;
        if (watch.running) {
            spin(5000);
            stopwatch_lap(&watch, STAGE_READ);
            spin(20000);
            stopwatch_lap(&watch, STAGE_DECODE);
            int64_t started = stopwatch_start(&watch);
            spin(20000);
            stopwatch_stop(&watch, started, STAGE_WRITE);
            stopwatch_lap(&watch, STAGE_ANALYZE);
        }
        stopwatch_end(&watch);
    }
    assert_in_range(timed, PACKETS / 64 * 3 / 4, PACKETS / 64 * 5 / 4);
    assert_true(watch.ns[STAGE_READ] >= (uint64_t)timed * 64 * 5000);
    assert_true(watch.ns[STAGE_DECODE] > 2 * watch.ns[STAGE_READ]);
    assert_true(watch.ns[STAGE_WRITE] >= (uint64_t)timed * 20000);
    assert_true(watch.ns[STAGE_ANALYZE] < watch.ns[STAGE_DECODE] / 2); /* without the writing in it */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_stages_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
