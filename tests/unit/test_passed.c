/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/passed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct bench {
    struct memory memory;
    struct page_pool pages;
    struct passed *passed;
};

static void setup(struct bench *b, size_t cap) {
    *b = (struct bench){0};
    memory_init(&b->memory, 1 << 24);
    page_pool_init(&b->pages, &b->memory, cap);
}

static void teardown(struct bench *b) {
    passed_clear(&b->passed, &b->pages);
    assert_null(b->passed);
    assert_int_equal(page_pool_used(&b->pages), 0);
    page_pool_fini(&b->pages);
    memory_fini(&b->memory);
}

static bool add(struct bench *b, uint64_t from, uint64_t to) {
    const struct passed_hole hole = {.from = from, .to = to, .since_ns = 5, .acked_ns = 6};
    return passed_add(&b->passed, &b->pages, &hole);
}

static void take(struct bench *b, uint64_t from, uint64_t to) {
    passed_take(&b->passed, &b->pages, from, to, 9);
}

static void expect(const struct bench *b, unsigned i, uint64_t from, uint64_t to, int64_t since_ns) {
    assert_true(i < b->passed->count);
    assert_int_equal(b->passed->holes[i].from, from);
    assert_int_equal(b->passed->holes[i].to, to);
    assert_int_equal(b->passed->holes[i].since_ns, since_ns);
}

static void pieces_are_taken(void **state) {
    (void)state;
    struct bench b;
    setup(&b, 1 << 20);
    assert_true(add(&b, 100, 200) && add(&b, 300, 310));
    take(&b, 100, 120); /* the front: what is left ends where it did */
    expect(&b, 0, 120, 200, 5);
    take(&b, 180, 200); /* the end: what is left ends at bytes that came now */
    expect(&b, 0, 120, 180, 9);
    take(&b, 140, 150); /* the middle */
    assert_int_equal(b.passed->count, 3);
    expect(&b, 0, 120, 140, 9);
    expect(&b, 1, 150, 180, 9);
    expect(&b, 2, 300, 310, 5);
    take(&b, 150, 180);
    take(&b, 120, 140);
    assert_int_equal(b.passed->count, 1);
    take(&b, 300, 310);
    assert_null(b.passed);
    teardown(&b);
}

static void missing_bytes_are_found(void **state) {
    (void)state;
    struct bench b;
    setup(&b, 1 << 20);
    assert_null(passed_find(NULL, 0, 1000));
    assert_true(add(&b, 100, 200) && add(&b, 300, 310));
    assert_null(passed_find(b.passed, 0, 100));
    assert_ptr_equal(passed_find(b.passed, 0, 101), &b.passed->holes[0]);
    assert_ptr_equal(passed_find(b.passed, 199, 400), &b.passed->holes[0]);
    assert_ptr_equal(passed_find(b.passed, 200, 301), &b.passed->holes[1]);
    assert_null(passed_find(b.passed, 200, 300));
    assert_null(passed_find(b.passed, 310, 400));
    teardown(&b);
}

static void cut_bytes_are_noted(void **state) {
    (void)state;
    struct bench b;
    setup(&b, 1 << 20);
    passed_note_cut(NULL, 0, 1000);
    assert_true(add(&b, 100, 200) && add(&b, 300, 310));
    passed_note_cut(b.passed, 200, 301);
    assert_false(b.passed->holes[0].cut);
    assert_true(b.passed->holes[1].cut);
    take(&b, 302, 303);
    assert_true(b.passed->holes[1].cut && b.passed->holes[2].cut);
    teardown(&b);
}

static void many_move_to_a_page_and_no_more_fit(void **state) {
    (void)state;
    struct bench b;
    setup(&b, 1 << 20);
    for (uint64_t i = 0; i < PASSED_MOST; i++) {
        assert_true(add(&b, 100 * i, 100 * i + 50));
        assert_true(page_pool_used(&b.pages) <= (i < PASSED_FEW ? SMALL_BYTES : PAGE_BYTES));
    }
    assert_false(add(&b, 100 * PASSED_MOST, 100 * PASSED_MOST + 50));
    assert_false(passed_reserve(&b.passed, &b.pages));
    assert_int_equal(b.passed->count, PASSED_MOST);
    for (unsigned i = 0; i < PASSED_MOST; i++) {
        expect(&b, i, 100 * (uint64_t)i, 100 * (uint64_t)i + 50, 5);
    }
    take(&b, 0, 50);
    assert_true(passed_reserve(&b.passed, &b.pages));
    teardown(&b);
}

static void without_memory_there_are_none(void **state) {
    (void)state;
    struct bench b;
    setup(&b, 0);
    assert_false(add(&b, 100, 200));
    assert_null(b.passed);
    teardown(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_taken),
        cmocka_unit_test(missing_bytes_are_found),
        cmocka_unit_test(cut_bytes_are_noted),
        cmocka_unit_test(many_move_to_a_page_and_no_more_fit),
        cmocka_unit_test(without_memory_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
