/* SPDX-License-Identifier: Apache-2.0 */
/* Names of fields (RFC 9110 section 5.1), and where they stand in a head. */
#include "head_sample.h"

static void test_every_name_is_found(void **state) {
    (void)state;
    size_t len = 0;
    for (unsigned i = FIELD_NAME_OTHER + 1; i < FIELD_NAMES; i++) {
        struct slice name = field_name_text((enum field_name)i);
        char changed[64];
        assert_true(name.len >= len && name.len < sizeof changed);
        len = name.len;
        assert_int_equal(field_name_of(name), i);
        for (size_t k = 0; k < name.len; k++) {
            uint8_t c = ascii_lower(name.ptr[k]);
            changed[k] = (char)(c >= 'a' && c <= 'z' && k % 2 == 0 ? c - 'a' + 'A' : c);
        }
        assert_int_equal(field_name_of(slice_make(changed, name.len)), i);
        changed[0] = '!';
        assert_int_equal(field_name_of(slice_make(changed, name.len)), FIELD_NAME_OTHER);
    }
}

static void test_others(void **state) {
    (void)state;
    static const char *const names[] = {"",     "x",       "Servers",       " Via",
                                        "Via ", "Cookies", "X-B3-TraceIds", "Cookie\t"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(field_name_of(slice_of(names[i])), FIELD_NAME_OTHER);
    }
    char longest[200];
    memset(longest, 'a', sizeof longest);
    for (size_t len = 0; len <= sizeof longest; len++) {
        assert_int_equal(field_name_of(slice_make(longest, len)), FIELD_NAME_OTHER);
    }
}

static void test_index(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    assert_null(field_index_find(&h.index, FIELD_NAME_VIA));
    assert_false(field_index_repeats(&h.index, FIELD_NAME_VIA));
    head_add(&h, "via", "1.1 a");
    head_add(&h, "X-Own", "x");
    head_add(&h, "VIA", "1.1 b");
    head_add(&h, "Cookie", "a=b");
    head_add(&h, "Via", "1.1 c");
    const struct header *field = field_index_find(&h.index, FIELD_NAME_VIA);
    assert_ptr_equal(field, &h.items[0]);
    field = field_index_next(&h.index, FIELD_NAME_VIA, field);
    assert_ptr_equal(field, &h.items[2]);
    field = field_index_next(&h.index, FIELD_NAME_VIA, field);
    assert_ptr_equal(field, &h.items[4]);
    assert_null(field_index_next(&h.index, FIELD_NAME_VIA, field));
    assert_true(field_index_repeats(&h.index, FIELD_NAME_VIA));
    assert_false(field_index_repeats(&h.index, FIELD_NAME_COOKIE));
    assert_null(field_index_next(&h.index, FIELD_NAME_COOKIE, field_index_find(&h.index, FIELD_NAME_COOKIE)));
    assert_slice(field_index_value(&h.index, FIELD_NAME_COOKIE), "a=b");
    assert_int_equal(field_index_value(&h.index, FIELD_NAME_ORIGIN).len, 0);
    head_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_found),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
