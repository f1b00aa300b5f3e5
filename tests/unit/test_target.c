/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NONE NULL

struct expectation {
    const char *method, *raw, *host; /* host NONE: no Host field */
    enum target_form form;
    const char *scheme, *domain;
    int port;                 /* negative: not written, the default is its absolute value */
    const char *path, *query; /* query NONE: no question mark */
    uint32_t oddities;
};

static const struct expectation cases[] = {
    {"GET", "/", "example.com", TARGET_ORIGIN, "http", "example.com", -80, "/", NONE, 0},
    {"GET", "/a/b?c=d&e", "Example.com:8080", TARGET_ORIGIN, "http", "Example.com", 8080, "/a/b", "c=d&e", 0},
    {"GET", "/a?", "a", TARGET_ORIGIN, "http", "a", -80, "/a", "", 0},
    {"GET", "/a?b?c", "a", TARGET_ORIGIN, "http", "a", -80, "/a", "b?c", 0},
    {"GET", "/a b", "a", TARGET_ORIGIN, "http", "a", -80, "/a b", NONE, 0},
    {"GET", "//x/y", "a", TARGET_ORIGIN, "http", "a", -80, "//x/y", NONE, 0},
    {"GET", "/a#f?g", "a", TARGET_ORIGIN, "http", "a", -80, "/a", NONE, TARGET_ODD_FRAGMENT},
    {"GET", "/?u=http://b/", "a", TARGET_ORIGIN, "http", "a", -80, "/", "u=http://b/", 0},
    {"GET", "/", NONE, TARGET_ORIGIN, "http", "", 0, "/", NONE, 0},
    {"GET", "/", "", TARGET_ORIGIN, "http", "", 0, "/", NONE, 0},
    {"GET", "/", "a:", TARGET_ORIGIN, "http", "a", -80, "/", NONE, 0},
    {"GET", "/", "a:x", TARGET_ORIGIN, "http", "a", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "a:65536", TARGET_ORIGIN, "http", "a", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "a:99999999999999999999", TARGET_ORIGIN, "http", "a", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "a:4294967376", TARGET_ORIGIN, "http", "a", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "a:00080", TARGET_ORIGIN, "http", "a", 80, "/", NONE, 0},
    {"GET", "/", ":80", TARGET_ORIGIN, "http", "", 80, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "u@a", TARGET_ORIGIN, "http", "a", -80, "/", NONE, TARGET_ODD_USERINFO},
    {"GET", "/", "a b", TARGET_ORIGIN, "http", "", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "a/b", TARGET_ORIGIN, "http", "", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "a_b-c.", TARGET_ORIGIN, "http", "a_b-c.", -80, "/", NONE, 0},
    {"GET", "/", "[::1]:8080", TARGET_ORIGIN, "http", "::1", 8080, "/", NONE, 0},
    {"GET", "/", "[fe80::1%25eth0]", TARGET_ORIGIN, "http", "fe80::1%25eth0", -80, "/", NONE, 0},
    {"GET", "/", "[:80", TARGET_ORIGIN, "http", "", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "[]", TARGET_ORIGIN, "http", "", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "[::1]x", TARGET_ORIGIN, "http", "", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "/", "::1", TARGET_ORIGIN, "http", "", 0, "/", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "http://example.com/x?y", "example.com", TARGET_ABSOLUTE, "http", "example.com", -80, "/x", "y",
     0},
    {"GET", "http://example.com", "EXAMPLE.com:80", TARGET_ABSOLUTE, "http", "example.com", -80, "/", NONE,
     0},
    {"GET", "http://example.com?q", NONE, TARGET_ABSOLUTE, "http", "example.com", -80, "/", "q", 0},
    {"GET", "http://u:p@a:81/x", "a:81", TARGET_ABSOLUTE, "http", "a", 81, "/x", NONE, TARGET_ODD_USERINFO},
    {"GET", "http://[::1]:81/", "[::1]:81", TARGET_ABSOLUTE, "http", "::1", 81, "/", NONE, 0},
    {"GET", "HTTPS://a/", "a:443", TARGET_ABSOLUTE, "HTTPS", "a", -443, "/", NONE, 0},
    {"GET", "ws://a/", "a", TARGET_ABSOLUTE, "ws", "a", -80, "/", NONE, 0},
    {"GET", "ftp://a/f", "a", TARGET_ABSOLUTE, "ftp", "a", -21, "/f", NONE, 0},
    {"GET", "gopher+x.1-2://a/", "a", TARGET_ABSOLUTE, "gopher+x.1-2", "a", 0, "/", NONE, 0},
    {"GET", "http://a/", "b", TARGET_ABSOLUTE, "http", "a", -80, "/", NONE, TARGET_ODD_HOST_MISMATCH},
    {"GET", "http://a:8001/", "a:8002", TARGET_ABSOLUTE, "http", "a", 8001, "/", NONE,
     TARGET_ODD_HOST_MISMATCH},
    {"GET", "http:///x", NONE, TARGET_ABSOLUTE, "http", "", 0, "/x", NONE, TARGET_ODD_HOST_SYNTAX},
    {"GET", "http://a/#f", "a", TARGET_ABSOLUTE, "http", "a", -80, "/", NONE, TARGET_ODD_FRAGMENT},
    {"GET", "urn:a:b", "h", TARGET_ABSOLUTE, "urn", "", 0, "a:b", NONE, 0},
    {"CONNECT", "a:443", "a:443", TARGET_AUTHORITY, "http", "a", 443, "", NONE, 0},
    {"CONNECT", "[::1]:443", NONE, TARGET_AUTHORITY, "http", "::1", 443, "", NONE, 0},
    {"CONNECT", "a", NONE, TARGET_AUTHORITY, "http", "a", 0, "", NONE, TARGET_ODD_FORM},
    {"CONNECT", "[:80", NONE, TARGET_AUTHORITY, "http", "", 0, "", NONE,
     TARGET_ODD_FORM | TARGET_ODD_HOST_SYNTAX},
    {"CONNECT", "/x", "a", TARGET_ORIGIN, "http", "a", -80, "/x", NONE, TARGET_ODD_FORM},
    {"CONNECT", "http://a/", "a", TARGET_ABSOLUTE, "http", "a", -80, "/", NONE, TARGET_ODD_FORM},
    {"GET", "a:443", "b", TARGET_AUTHORITY, "http", "a", 443, "", NONE, TARGET_ODD_FORM},
    {"OPTIONS", "http://a", "a", TARGET_ABSOLUTE, "http", "a", -80, "", NONE, 0}, /* as "*" */
    {"OPTIONS", "http://a?b", "a", TARGET_ABSOLUTE, "http", "a", -80, "/", "b", 0},
    {"OPTIONS", "http://a/", "a", TARGET_ABSOLUTE, "http", "a", -80, "/", NONE, 0},
    {"OPTIONS", "*", "a", TARGET_ASTERISK, "http", "a", -80, "", NONE, 0},
    {"GET", "*", "a", TARGET_ASTERISK, "http", "a", -80, "", NONE, TARGET_ODD_FORM},
    {"GET", "a/b?c", "h", TARGET_INVALID, "http", "h", -80, "", NONE, TARGET_ODD_FORM},
    {"GET", "", "h", TARGET_INVALID, "http", "h", -80, "", NONE, TARGET_ODD_FORM},
    {"CONNECT", "", "h", TARGET_INVALID, "http", "h", -80, "", NONE, TARGET_ODD_FORM},
};

static void check(const struct expectation *c) {
    struct target t;
    struct slice host = c->host ? slice_of(c->host) : slice_make(NULL, 0);
    target_parse(&t, slice_of(c->method), slice_of(c->raw), host, c->host != NONE);
    bool good = t.form == c->form && slice_is(t.scheme, c->scheme) && slice_is(t.domain, c->domain) &&
                slice_is(t.path, c->path) && t.has_query == (c->query != NONE) &&
                slice_is(t.query, c->query ? c->query : "") && t.oddities == c->oddities &&
                (t.has_port ? (int)t.port == c->port : (int)t.port == -c->port);
    if (!good) {
        print_error("%s %s (Host: %s): form %s, scheme %.*s, domain %.*s, port %u %d, path %.*s, query %d, "
                    "oddities %x\n",
                    c->method, c->raw, c->host ? c->host : "none", target_form_name(t.form),
                    (int)t.scheme.len, (const char *)t.scheme.ptr, (int)t.domain.len,
                    (const char *)t.domain.ptr, t.port, t.has_port, (int)t.path.len, (const char *)t.path.ptr,
                    t.has_query, t.oddities);
    }
    assert_true(good);
}

static void test_every_form(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(&cases[i]);
    }
}

static void test_userinfo_and_ipv6_are_told(void **state) {
    (void)state;
    struct target t;
    target_parse(&t, slice_of("GET"), slice_of("http://me:pass@x@[2001:db8::1]:8/"), slice_of("a"), true);
    assert_true(slice_is(t.userinfo, "me:pass@x"));
    assert_true(slice_is(t.domain, "2001:db8::1"));
    assert_true(t.domain_is_ipv6);
    target_parse(&t, slice_of("GET"), slice_of("/"), slice_of("me@a"), true);
    assert_true(slice_is(t.userinfo, "me"));
    assert_false(t.domain_is_ipv6);
}

static void test_form_names(void **state) {
    (void)state;
    assert_string_equal(target_form_name(TARGET_ORIGIN), "origin");
    assert_string_equal(target_form_name(TARGET_ABSOLUTE), "absolute");
    assert_string_equal(target_form_name(TARGET_AUTHORITY), "authority");
    assert_string_equal(target_form_name(TARGET_ASTERISK), "asterisk");
    assert_string_equal(target_form_name(TARGET_INVALID), "invalid");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_userinfo_and_ipv6_are_told),
        cmocka_unit_test(test_form_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
