/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of a known head: lines that are missing are told, and what is put in their place moves the rest.
 */
#include "output/head_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 4 };

static struct known_head known_head(void) {
    struct known_head known = {.base = 10, .stamp = 10, .slot = 3, .count = COUNT};
    for (unsigned i = 0; i < COUNT; i++) {
        known.lines[i].stamp = known.base;
    }
    return known;
}

/* Objects "{n:v}". */
static void set_lines(struct told_head *head) {
    for (unsigned i = 0; i < COUNT; i++) {
        head->lines[i] = (struct head_line){.json = (uint16_t)(6 * i),
                                            .json_value = (uint16_t)(6 * i + 3),
                                            .json_end = (uint16_t)(6 * i + 5)};
    }
}

static const char JSON[] = "{a:1},{b:2},{c:3},{d:4}";

static void assert_object(const struct told_head *head, unsigned line, const char *front, const char *value) {
    const struct head_line *l = &head->lines[line];
    assert_true(slice_is(slice_make(head->json + l->json, (size_t)l->json_value - l->json), front));
    assert_true(slice_is(slice_make(head->json + l->json_value, (size_t)l->json_end - l->json_value), value));
}

static void test_missing(void **state) {
    (void)state;
    struct head_memo *memo = head_memo_new();
    struct known_head known = known_head();
    struct told_head *head = head_memo_at(memo, &known);
    assert_int_not_equal(head->base, known.base);
    set_lines(head);
    head->missing = 1 << 2; /* it had another value when it was written */
    head_memo_learn(head, &known, slice_of(JSON));
    assert_ptr_equal(head_memo_at(memo, &known), head);
    assert_int_equal(head->base, known.base);
    assert_int_equal(head->missing, 1 << 2);

    known.lines[0].stamp = known.stamp = 11; /* the known head has another value from now on */
    assert_int_equal(head_memo_at(memo, &known)->missing, 1 << 0 | 1 << 2);
    head_memo_replace(head, &known, 0, slice_of("{a:123}"));
    head_memo_replace(head, &known, 2, slice_of("{c:}"));
    assert_int_equal(head_memo_at(memo, &known)->missing, 0);
    assert_object(head, 0, "{a:", "123}");
    assert_object(head, 1, "{b:", "2}");
    assert_object(head, 2, "{c:", "}");
    assert_object(head, 3, "{d:", "4}");
    assert_true(slice_is(slice_make(head->json, head->lines[3].json_end), "{a:123},{b:2},{c:},{d:4}"));

    known.base = known.stamp = 12; /* another head has its place */
    assert_int_not_equal(head_memo_at(memo, &known)->base, known.base);
    known.slot = 4;
    assert_ptr_not_equal(head_memo_at(memo, &known), head);
    head_memo_free(memo);
}

static void test_room(void **state) {
    (void)state;
    static const uint8_t json[HEAD_JSON_BYTES + 1];
    struct head_memo *memo = head_memo_new();
    struct known_head known = known_head();
    struct told_head *head = head_memo_at(memo, &known);
    set_lines(head);
    head->missing = 0;
    head_memo_learn(head, &known, slice_make(json, sizeof json));
    assert_int_equal(head->base, 0);
    head_memo_learn(head, &known, slice_make(json, sizeof json - 1));
    assert_int_equal(head->base, known.base);
    head_memo_learn(head, &known, slice_of(JSON));
    known.lines[1].stamp = known.stamp = 11;
    assert_int_equal(head_memo_at(memo, &known)->missing, 1 << 1);
    size_t rest = sizeof JSON - 1 - 5; /* without the object */
    head_memo_replace(head, &known, 1, slice_make(json, HEAD_JSON_BYTES - rest + 1));
    assert_int_equal(head_memo_at(memo, &known)->missing, 1 << 1); /* as before */
    assert_object(head, 1, "{b:", "2}");
    head_memo_replace(head, &known, 1, slice_make(json, HEAD_JSON_BYTES - rest));
    assert_int_equal(head_memo_at(memo, &known)->missing, 0);
    assert_object(head, 3, "{d:", "4}");
    assert_int_equal(head->lines[3].json_end, HEAD_JSON_BYTES);
    head_memo_free(memo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
