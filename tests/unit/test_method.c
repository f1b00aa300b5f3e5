/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_methods_that_have_a_name(void **state) {
    (void)state;
    static const char *const names[] = {"GET",
                                        "HEAD",
                                        "POST",
                                        "PUT",
                                        "DELETE",
                                        "CONNECT",
                                        "OPTIONS",
                                        "TRACE",
                                        "PROPFIND",
                                        "PROPPATCH",
                                        "COPY",
                                        "MOVE",
                                        "LOCK",
                                        "UNLOCK",
                                        "MKCOL",
                                        "ACL",
                                        "REPORT",
                                        "SEARCH",
                                        "BIND",
                                        "LINK",
                                        "PATCH",
                                        "MKREDIRECTREF",
                                        "VERSION-CONTROL",
                                        "M-SEARCH",
                                        "NOTIFY",
                                        "PURGE",
                                        "PRI",
                                        "POLL",
                                        "QUERY",
                                        "RPC_IN_DATA",
                                        "BASELINE-CONTROL",
                                        "UPDATEREDIRECTREF"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(method_is_known(slice_of(names[i])));
    }
    static const char *const others[] = {"",       "get",      "GE",   "GETS", "Get",
                                         "INVITE", "REGISTER", "HELO", "GE\tT"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(method_is_known(slice_of(others[i])));
    }
}

static void test_prefixes(void **state) {
    (void)state;
    assert_true(method_is_prefix(slice_make(NULL, 0)));
    assert_true(method_is_prefix(slice_of("G")));
    assert_true(method_is_prefix(slice_of("GET")));
    assert_true(method_is_prefix(slice_of("UPDATEREDIRECT")));
    assert_false(method_is_prefix(slice_of("GET ")));
    assert_false(method_is_prefix(slice_of("g")));
    assert_false(method_is_prefix(slice_of("UPDATEREDIRECTREFS")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods_that_have_a_name),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
