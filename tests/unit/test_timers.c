/* SPDX-License-Identifier: Apache-2.0 */
/* Timers against a list that is searched: whatever is set, appended, moved and removed, the first is the one
 * with the earliest deadline and, of several, the least ordinal. */
#include "reassembly/timers.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TIMERS = 300 };

struct bench {
    struct memory memory;
    struct timers timers;
    struct timer timer[TIMERS];
};

static struct timer *first_of(struct bench *b) {
    struct timer *first = NULL;
    for (unsigned i = 0; i < TIMERS; i++) {
        struct timer *t = &b->timer[i];
        if (t->place != 0 && (!first || t->deadline_ns < first->deadline_ns ||
                              (t->deadline_ns == first->deadline_ns && t->ordinal < first->ordinal))) {
            first = t;
        }
    }
    return first;
}

static void begin(struct bench *b) {
    *b = (struct bench){0};
    memory_init(&b->memory, 1 << 20);
    timers_init(&b->timers, &b->memory);
    for (unsigned i = 0; i < TIMERS; i++) {
        b->timer[i].ordinal = (i * 7 + 3) % TIMERS;
    }
    assert_true(timers_reserve(&b->timers, TIMERS));
}

static void end(struct bench *b) {
    timers_fini(&b->timers);
    assert_int_equal(b->memory.used, 0);
    memory_fini(&b->memory);
}

static uint64_t next_random(uint64_t *random) {
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *random >> 33;
}

/* `forward`: of ten deadlines that are appended, so many come in order. */
static void run(unsigned forward) {
    struct bench b;
    begin(&b);
    uint64_t random = forward + 1;
    int64_t clock_ns = 0;
    for (unsigned step = 0; step < 50000; step++) {
        struct timer *t = &b.timer[next_random(&random) % TIMERS];
        clock_ns += (int64_t)(next_random(&random) % 3);
        switch (next_random(&random) % 4) {
        case 0:
            timers_set(&b.timers, t, clock_ns + (int64_t)(next_random(&random) % 1000));
            break;
        case 1:
            timers_append(&b.timers, t,
                          clock_ns + (next_random(&random) % 10 < forward
                                          ? 500
                                          : (int64_t)(next_random(&random) % 500)));
            break;
        case 2:
            timers_remove(&b.timers, t);
            assert_int_equal(t->place, 0);
            break;
        default:
            while ((t = timers_first(&b.timers)) && timers_deadline(t) <= clock_ns) {
                timers_remove(&b.timers, t);
                assert_ptr_equal(timers_first(&b.timers), first_of(&b));
            }
        }
        size_t set = 0;
        for (unsigned i = 0; i < TIMERS; i++) {
            set += b.timer[i].place != 0;
        }
        assert_int_equal(timers_count(&b.timers), set);
        assert_ptr_equal(timers_first(&b.timers), first_of(&b));
    }
    timers_level(&b.timers, -1);
    struct timer *t;
    uint64_t ordinal = 0;
    for (bool any = false; (t = timers_first(&b.timers)); any = true) {
        assert_true(!any || t->ordinal > ordinal);
        ordinal = t->ordinal;
        timers_remove(&b.timers, t);
    }
    assert_int_equal(timers_count(&b.timers), 0);
    end(&b);
}

static void test_against_a_list(void **state) {
    (void)state;
    for (unsigned forward = 0; forward <= 10; forward += 5) {
        run(forward);
    }
}

/* What is appended in order moves nothing in the heap. */
static void test_queue(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < TIMERS; i++) {
            timers_append(&b.timers, &b.timer[i], (int64_t)(round * TIMERS + i));
        }
        assert_int_equal(b.timers.count, 0);
        assert_int_equal(b.timers.queue_count, TIMERS);
        timers_remove(&b.timers, &b.timer[TIMERS - 1]);
        timers_append(&b.timers, &b.timer[TIMERS - 1], (int64_t)(round * TIMERS + TIMERS));
        timers_set(&b.timers, &b.timer[10], 0);
        assert_int_equal(b.timers.count, 1);
        assert_ptr_equal(timers_first(&b.timers), round ? &b.timer[10] : &b.timer[0]);
        for (unsigned i = 0; i < TIMERS; i++) {
            timers_remove(&b.timers, &b.timer[i]);
        }
        assert_null(timers_first(&b.timers));
    }
    end(&b);
}

/* Without memory for the queue they go into the heap. */
static void test_no_memory(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    b.memory.cap = b.memory.used;
    for (unsigned i = 0; i < TIMERS; i++) {
        timers_append(&b.timers, &b.timer[i], (int64_t)i);
    }
    assert_int_equal(b.timers.count, TIMERS);
    assert_int_equal(timers_count(&b.timers), TIMERS);
    assert_ptr_equal(timers_first(&b.timers), &b.timer[0]);
    b.memory.cap = 1 << 20;
    end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_list),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
