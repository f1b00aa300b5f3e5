/* SPDX-License-Identifier: Apache-2.0 */
/* What field values are built of (RFC 9110 section 5.6), well formed and not. */
#include "analyzer/field_value.h"

#include "head_sample.h"

static void expect_pieces(const char *value, bool commented, size_t count, const char *const *pieces) {
    struct slice whole = head_copy(slice_of(value)), rest = whole, piece;
    for (size_t i = 0; i < count; i++) {
        assert_true(commented ? field_piece_next_commented(&rest, ',', &piece)
                              : field_piece_next(&rest, ',', &piece));
        assert_slice(piece, pieces[i]);
    }
    assert_false(field_piece_next(&rest, ',', &piece));
    free((void *)(uintptr_t)whole.ptr);
}

#define EXPECT_PIECES(value, commented, ...)                                                                 \
    do {                                                                                                     \
        static const char *const expected[] = {__VA_ARGS__};                                                 \
        expect_pieces(value, commented, sizeof expected / sizeof expected[0], expected);                     \
    } while (0)

static void test_pieces_5_6_1(void **state) {
    (void)state;
    EXPECT_PIECES("a, b\t,c", false, "a", "b", "c");
    EXPECT_PIECES("", false, "");
    EXPECT_PIECES(",a,", false, "", "a", "");
    EXPECT_PIECES("a=\"x,y\", b", false, "a=\"x,y\"", "b");
    EXPECT_PIECES("a=\"x\\\",y\", b", false, "a=\"x\\\",y\"", "b");
    EXPECT_PIECES("a=\"x,y", false, "a=\"x,y");     /* not closed */
    EXPECT_PIECES("a=\"x,y\\", false, "a=\"x,y\\"); /* ends in a backslash */
    EXPECT_PIECES("1.1 a (x, y), b", false, "1.1 a (x", "y)", "b");
    EXPECT_PIECES("1.1 a (x, (z,) y), b", true, "1.1 a (x, (z,) y)", "b");
    EXPECT_PIECES("1.1 a (x, y", true, "1.1 a (x, y");
    EXPECT_PIECES("a (\\", true, "a (\\");
}

static void test_list_5_3(void **state) {
    (void)state;
    struct head h;
    struct slice member;
    head_init(&h);
    struct field_list list = field_list_of(&h.index, FIELD_NAME_ACCEPT);
    assert_false(field_list_next(&list, &member));
    head_add(&h, "Accept", "a, ,b");
    head_add(&h, "Accept", "");
    head_add(&h, "accept", ",c");
    list = field_list_of(&h.index, FIELD_NAME_ACCEPT);
    assert_true(field_list_next(&list, &member));
    assert_slice(member, "a");
    assert_true(field_list_next(&list, &member));
    assert_slice(member, "b");
    assert_true(field_list_next(&list, &member));
    assert_slice(member, "c");
    assert_false(field_list_next(&list, &member));
    assert_false(field_list_next(&list, &member));
    head_fini(&h);
}

static void expect_parameter(const char *piece, const char *name, const char *value, bool has_value,
                             bool quoted) {
    struct slice whole = head_copy(slice_of(piece));
    struct field_parameter p = field_parameter_of(whole);
    assert_slice(p.name, name);
    assert_slice(p.value, value);
    assert_int_equal(p.has_value, has_value);
    assert_int_equal(p.quoted, quoted);
    free((void *)(uintptr_t)whole.ptr);
}

static void test_parameter_5_6_6(void **state) {
    (void)state;
    expect_parameter("a=b", "a", "b", true, false);
    expect_parameter("a = b", "a", "b", true, false);
    expect_parameter("a", "a", "", false, false);
    expect_parameter("a=", "a", "", true, false);
    expect_parameter("a=b=c", "a", "b=c", true, false);
    expect_parameter("a=\"b c\"", "a", "b c", true, true);
    expect_parameter("a=\"\"", "a", "", true, true);
    expect_parameter("a=\"", "a", "", true, true);
    expect_parameter("a=\"b\\\"", "a", "b\\\"", true, true);
    expect_parameter("a=\"b\"c", "a", "b", true, true);
    expect_parameter("=b", "", "b", true, false);
    expect_parameter("\"a=b\"", "\"a=b\"", "", false, false);
    struct slice rest = slice_of("; a=1;;b ; c=\";\""), parameters;
    struct field_parameter p;
    assert_true(field_parameter_next(&rest, ';', &p));
    assert_slice(p.name, "a");
    assert_true(field_parameter_next(&rest, ';', &p));
    assert_slice(p.name, "b");
    assert_true(field_parameter_next(&rest, ';', &p));
    assert_slice(p.value, ";");
    assert_false(field_parameter_next(&rest, ';', &p));
    assert_slice(field_front(slice_of("text/html ; q=1"), &parameters), "text/html");
    assert_slice(parameters, " q=1");
    assert_slice(field_front(slice_of("x"), &parameters), "x");
    assert_null(parameters.ptr);
    assert_slice(field_front(slice_make(NULL, 0), &parameters), "");
}

static void test_number(void **state) {
    (void)state;
    uint64_t n = 0;
    assert_true(field_number(slice_of("9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_true(field_number(slice_of("007"), &n));
    assert_int_equal(n, 7);
    static const char *const bad[] = {"", "-1", "+1", "1 ", "1.0", "0x1", "9223372036854775808"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(field_number(slice_of(bad[i]), &n));
    }
}

static void test_weight_12_4_2(void **state) {
    (void)state;
    static const struct {
        const char *parameters;
        int weight;
    } cases[] = {
        {"q=0.5", 500},
        {"Q=0.123", 123},
        {"level=1;q=1.000", 1000},
        {"q=0", 0},
        {"q=0.", 0},
        {"", 1000},
        {"level=1", 1000},
        {"q=1.001", FIELD_WEIGHT_BAD},
        {"q=2", FIELD_WEIGHT_BAD},
        {"q=.5", FIELD_WEIGHT_BAD},
        {"q=-1", FIELD_WEIGHT_BAD},
        {"q=0.1234", FIELD_WEIGHT_BAD},
        {"q=0,5", FIELD_WEIGHT_BAD},
        {"q", FIELD_WEIGHT_BAD},
        {"q=\"1\"", FIELD_WEIGHT_BAD},
        {"q=0x1", FIELD_WEIGHT_BAD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(field_weight(slice_of(cases[i].parameters)), cases[i].weight);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_5_6_1),    cmocka_unit_test(test_list_5_3),
        cmocka_unit_test(test_parameter_5_6_6), cmocka_unit_test(test_number),
        cmocka_unit_test(test_weight_12_4_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
