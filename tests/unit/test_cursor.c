/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09};

static struct cursor cursor_first(size_t len) {
    return cursor_of(slice_make(bytes, len));
}

static void test_reads_in_both_byte_orders(void **state) {
    (void)state;
    struct cursor c = cursor_first(sizeof bytes);
    assert_int_equal(cursor_u8(&c), 0x01);
    assert_int_equal(cursor_be16(&c), 0x0203);
    assert_int_equal(cursor_le16(&c), 0x0504);
    assert_int_equal(cursor_be32(&c), 0x06070809);
    assert_false(c.failed);
    assert_int_equal(cursor_left(&c), 0);
    c = cursor_first(sizeof bytes);
    assert_int_equal(cursor_be24(&c), 0x010203);
    assert_int_equal(cursor_le32(&c), 0x07060504);
    assert_int_equal(cursor_offset(&c), 7);
    assert_int_equal(cursor_rest(&c).len, 2);
    assert_ptr_equal(cursor_rest(&c).ptr, bytes + 7);
}

static void test_failure_sticks_and_reads_zero(void **state) {
    (void)state;
    struct cursor c = cursor_first(3);
    assert_int_equal(cursor_be32(&c), 0);
    assert_true(c.failed);
    /* The three bytes that are there are not given any more. */
    assert_int_equal(cursor_u8(&c), 0);
    assert_int_equal(cursor_left(&c), 0);
    assert_true(c.failed);
}

static void test_every_reader_at_every_shortage(void **state) {
    (void)state;
    for (size_t len = 0; len < 4; len++) {
        struct cursor c = cursor_first(len);
        cursor_be32(&c);
        assert_true(c.failed);
        c = cursor_first(len);
        cursor_le32(&c);
        assert_true(c.failed);
        c = cursor_first(len);
        cursor_be24(&c);
        assert_int_equal(c.failed, len < 3);
        c = cursor_first(len);
        cursor_be16(&c);
        assert_int_equal(c.failed, len < 2);
        c = cursor_first(len);
        cursor_le16(&c);
        assert_int_equal(c.failed, len < 2);
        c = cursor_first(len);
        cursor_u8(&c);
        assert_int_equal(c.failed, len < 1);
    }
}

static void test_take_and_skip(void **state) {
    (void)state;
    struct cursor c = cursor_first(5);
    struct slice taken = cursor_take(&c, 2);
    assert_int_equal(taken.len, 2);
    assert_ptr_equal(taken.ptr, bytes);
    cursor_skip(&c, 3);
    assert_false(c.failed);
    assert_int_equal(cursor_take(&c, 0).len, 0);
    assert_false(c.failed);
    cursor_skip(&c, SIZE_MAX);
    assert_true(c.failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_in_both_byte_orders),
        cmocka_unit_test(test_failure_sticks_and_reads_zero),
        cmocka_unit_test(test_every_reader_at_every_shortage),
        cmocka_unit_test(test_take_and_skip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
