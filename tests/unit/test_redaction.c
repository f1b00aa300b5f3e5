/* SPDX-License-Identifier: Apache-2.0 */
#include "output/redaction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_names(void **state) {
    (void)state;
    static const char *const wanted[] = {"X-Customer", "phone_number", "gr\303\266\303\237e", "[-]"};
    static const char *const hidden[] = {"X-Customer",
                                         "x-customer",
                                         "X_CUSTOMER",
                                         "xcustomer",
                                         "X%2DCustomer",
                                         "%58-Customer",
                                         "phone-number",
                                         "PhoneNumber",
                                         "user[phone_number]",
                                         "user.phoneNumber",
                                         "user%5Bphone_number%5D",
                                         "phone+number",
                                         "a[b][phone_number]",
                                         "phone\tnumber\v",
                                         "X-Customer%00",
                                         "gr\303\266\303\237e",
                                         "gr%C3%B6%c3%9fe"};
    static const char *const shown[] = {"X-Customer-Id",
                                        "Customer",
                                        "X-Custome",
                                        "phone_numbers",
                                        "phone[numbers]",
                                        "user[phone]",
                                        "",
                                        "-",
                                        "[]",
                                        "%",
                                        "gr%C3%B6e",
                                        "gre"};
    const struct redaction_names names = {wanted, sizeof wanted / sizeof wanted[0]};
    struct redaction *redaction = redaction_new(&names);
    assert_non_null(redaction);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (!redaction_has(redaction, slice_of(hidden[i]))) {
            print_error("%s is not hidden\n", hidden[i]);
        }
        assert_true(redaction_has(redaction, slice_of(hidden[i])));
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (redaction_has(redaction, slice_of(shown[i]))) {
            print_error("%s is hidden\n", shown[i]);
        }
        assert_false(redaction_has(redaction, slice_of(shown[i])));
    }
    redaction_free(redaction);
}

static void test_lengths(void **state) {
    (void)state;
    char longest[REDACTION_NAME_BYTES + 1], longer[REDACTION_NAME_BYTES + 2];
    memset(longest, 'a', sizeof longest - 1);
    memset(longer, 'a', sizeof longer - 1);
    longest[sizeof longest - 1] = longer[sizeof longer - 1] = '\0';
    const char *const wanted[] = {longest, longer};
    const struct redaction_names names = {wanted, 2};
    struct redaction *redaction = redaction_new(&names);
    assert_non_null(redaction);
    assert_true(redaction_takes(slice_of(longest)));
    assert_false(redaction_takes(slice_of(longer)));
    assert_true(redaction_has(redaction, slice_of(longest)));
    assert_false(redaction_has(redaction, slice_of(longer)));
    redaction_free(redaction);
}

static void test_names_of_nothing(void **state) {
    (void)state;
    const struct redaction_names none = {NULL, 0};
    struct redaction *redaction = redaction_new(&none);
    assert_non_null(redaction);
    assert_false(redaction_has(redaction, slice_of("a")));
    assert_false(redaction_has(redaction, slice_make(NULL, 0)));
    redaction_free(redaction);
    assert_false(redaction_takes(slice_of("")));
    assert_false(redaction_takes(slice_of("-_. []")));
    assert_true(redaction_takes(slice_of("%")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_names_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
