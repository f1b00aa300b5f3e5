/* SPDX-License-Identifier: Apache-2.0 */
/* Origins (RFC 6454), referrers and cross-origin sharing, well formed and not. */
#include "analyzer/semantics_origin.h"

#include "part_sample.h"

static const struct head no_head = {.index = {.list = &no_head.list}};

static struct target target_of(const char *host) {
    struct target t;
    target_parse(&t, slice_of("GET"), slice_of("/x"), slice_of(host), true);
    return t;
}

static void expect_origin(struct web_origin o, const char *scheme, const char *host, unsigned port,
                          bool written) {
    assert_int_equal(o.kind, ORIGIN_TUPLE);
    assert_slice(o.scheme, scheme);
    assert_slice(o.host, host);
    assert_int_equal(o.port, port);
    assert_int_equal(o.has_port, written);
}

static void test_origin_6454_7(void **state) {
    (void)state;
    expect_origin(web_origin_read(slice_of("https://a.example")), "https", "a.example", 443, false);
    expect_origin(web_origin_read(slice_of("http://a.example:8080")), "http", "a.example", 8080, true);
    expect_origin(web_origin_read(slice_of("http://[::1]:81")), "http", "[::1]", 81, true);
    expect_origin(web_origin_read(slice_of("http://[::1]")), "http", "[::1]", 80, false);
    expect_origin(web_origin_read(slice_of("http://10.0.0.1")), "http", "10.0.0.1", 80, false);
    expect_origin(web_origin_read(slice_of("chrome-extension://abc")), "chrome-extension", "abc", 0, false);
    assert_int_equal(web_origin_read(slice_of("null")).kind, ORIGIN_OPAQUE);
    static const char *const bad[] = {
        "",           "NULL",        "a.example",  "http:/a",    "http://",           "://a",
        "1x://a",     "http://a/",   "http://u@a", "http://a b", "http://a http://b", "http://a:65536",
        "http://a:x", "http://[::1", "http://[]",  "http://:80", "http://[x]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slice text = head_copy(slice_of(bad[i]));
        if (web_origin_read(text).kind != ORIGIN_MALFORMED) {
            print_error("%s\n", bad[i]);
        }
        assert_int_equal(web_origin_read(text).kind, ORIGIN_MALFORMED);
        free((void *)(uintptr_t)text.ptr);
    }
}

static void test_origin_of_url_6454_4(void **state) {
    (void)state;
    expect_origin(web_origin_of_url(slice_of("http://a/b?c@d")), "http", "a", 80, false);
    expect_origin(web_origin_of_url(slice_of("HTTPS://me:secret@x@a:8/")), "HTTPS", "a", 8, true);
    expect_origin(web_origin_of_url(slice_of("http://a?q")), "http", "a", 80, false);
    expect_origin(web_origin_of_url(slice_of("http://a#f")), "http", "a", 80, false);
    expect_origin(web_origin_of_url(slice_of("http://a:/")), "http", "a", 80, false);
    static const char *const bad[] = {"",      "/path",        "about:blank", "http:///x", "http://me@/",
                                      "//a/b", "http://a\xff/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(web_origin_of_url(slice_of(bad[i])).kind, ORIGIN_MALFORMED);
    }
}

static void test_relation_6454_5(void **state) {
    (void)state;
    static const struct {
        const char *origin, *host;
        enum origin_relation relation;
    } cases[] = {
        {"http://a.example", "A.example", ORIGIN_SAME},
        {"http://a.example:80", "a.example", ORIGIN_SAME},
        {"HTTP://a.example", "a.example:80", ORIGIN_SAME},
        {"http://a.example", "a.example:81", ORIGIN_SAME_HOST},
        {"https://a.example", "a.example", ORIGIN_SAME_HOST},
        {"http://b.example", "a.example", ORIGIN_CROSS},
        {"http://[::1]:8", "[::1]:8", ORIGIN_SAME},
        {"null", "a.example", ORIGIN_CROSS},
        {"junk", "a.example", ORIGIN_RELATION_UNKNOWN},
        {"http://a.example", "", ORIGIN_RELATION_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct target t = target_of(cases[i].host);
        struct web_origin o = web_origin_read(slice_of(cases[i].origin));
        assert_int_equal(web_origin_relate(&o, &t), cases[i].relation);
    }
}

static struct semantics_origin read_both(const struct head *request, const struct head *response,
                                         const char *method) {
    struct semantics_origin o;
    struct target t = target_of("api.example");
    semantics_origin_read(&o, &request->index, &response->index, slice_of(method), &t, 200);
    return o;
}

static void test_cors_check(void **state) {
    (void)state;
    static const struct {
        const char *origin, *allow, *again; /* NULL: no such field */
        enum allowed_origin kind;
        enum verdict verdict;
    } cases[] = {
        {"http://a.example", "http://a.example", NULL, ALLOW_ONE, VERDICT_YES},
        {"http://a.example", "*", NULL, ALLOW_ANY, VERDICT_YES},
        {"http://a.example", NULL, NULL, ALLOW_ABSENT, VERDICT_NO},
        {"http://a.example", "http://b.example", NULL, ALLOW_ONE, VERDICT_NO},
        {"http://a.example", "HTTP://a.example", NULL, ALLOW_ONE, VERDICT_NO},
        {"http://a.example", "http://a.example/", NULL, ALLOW_MALFORMED, VERDICT_NO},
        {"http://a.example", "http://a.example, http://b.example", NULL, ALLOW_MALFORMED, VERDICT_NO},
        {"http://a.example", "http://a.example", "http://a.example", ALLOW_MALFORMED, VERDICT_NO},
        {"http://a.example", "", NULL, ALLOW_MALFORMED, VERDICT_NO},
        {"null", "null", NULL, ALLOW_ONE, VERDICT_YES},
        {"http://api.example", NULL, NULL, ALLOW_ABSENT, VERDICT_UNKNOWN},  /* same origin: nobody asks */
        {"https://api.example", NULL, NULL, ALLOW_ABSENT, VERDICT_UNKNOWN}, /* perhaps the same */
        {"https://api.example", "*", NULL, ALLOW_ANY, VERDICT_YES},
        {"junk", NULL, NULL, ALLOW_ABSENT, VERDICT_UNKNOWN},
        {NULL, "*", NULL, ALLOW_ANY, VERDICT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head h, r;
        head_init(&h);
        head_init(&r);
        if (cases[i].origin) {
            head_add(&h, "Origin", cases[i].origin);
        }
        if (cases[i].allow) {
            head_add(&r, "Access-Control-Allow-Origin", cases[i].allow);
        }
        if (cases[i].again) {
            head_add(&r, "Access-Control-Allow-Origin", cases[i].again);
        }
        struct semantics_origin o = read_both(&h, &r, "GET");
        assert_int_equal(o.cors.allow, cases[i].kind);
        assert_int_equal(o.cors.origin_allowed, cases[i].verdict);
        assert_int_equal(o.cors.method_allowed, VERDICT_UNKNOWN);
        head_fini(&h);
        head_fini(&r);
    }
}

/* A Cookie to another origin is credentials mode "include" (Fetch, 4.10 and 3.3.5). */
static void test_credentials(void **state) {
    (void)state;
    static const struct {
        const char *allow, *credentials, *again;
        enum verdict verdict;
    } cases[] = {
        {"*", "true", NULL, VERDICT_NO},
        {"http://a.example", "true", NULL, VERDICT_YES},
        {"http://a.example", "true", "true", VERDICT_NO},
        {"http://a.example", "TRUE", NULL, VERDICT_NO},
        {"http://a.example", "", NULL, VERDICT_NO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head h, r;
        head_init(&h);
        head_init(&r);
        head_add(&h, "Origin", "http://a.example");
        head_add(&h, "Cookie", "a=b");
        head_add(&r, "Access-Control-Allow-Origin", cases[i].allow);
        head_add(&r, "Access-Control-Allow-Credentials", cases[i].credentials);
        if (cases[i].again) {
            head_add(&r, "Access-Control-Allow-Credentials", cases[i].again);
        }
        assert_int_equal(read_both(&h, &r, "GET").cors.origin_allowed, cases[i].verdict);
        head_fini(&h);
        head_fini(&r);
    }
}

static void test_preflight_needs_success(void **state) {
    (void)state;
    struct head h, r;
    struct target t = target_of("api.example");
    head_init(&h);
    head_init(&r);
    head_add(&h, "Origin", "http://a.example");
    head_add(&h, "Access-Control-Request-Method", "PUT");
    head_add(&r, "Access-Control-Allow-Methods", "PUT");
    static const unsigned statuses[] = {200, 204, 302, 403};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct semantics_origin o;
        enum verdict expected = statuses[i] < 300 ? VERDICT_YES : VERDICT_NO;
        semantics_origin_read(&o, &h.index, &r.index, slice_of("OPTIONS"), &t, statuses[i]);
        assert_int_equal(o.cors.method_allowed, expected);
        assert_int_equal(o.cors.headers_allowed, expected);
    }
    head_fini(&h);
    head_fini(&r);
}

static void test_navigation_is_not_asked_for(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    head_add(&h, "Origin", "http://a.example");
    head_add(&h, "Sec-Fetch-Mode", "navigate");
    assert_int_equal(read_both(&h, &no_head, "POST").cors.origin_allowed, VERDICT_UNKNOWN);
    head_fini(&h);
    head_add(&h, "Origin", "http://a.example"); /* RFC 6455 section 10.2: the server decides */
    head_add(&h, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_int_equal(read_both(&h, &no_head, "GET").cors.origin_allowed, VERDICT_UNKNOWN);
    head_fini(&h);
}

static void expect_preflight(const char *method, const char *headers, const char *methods,
                             const char *allowed, bool credentials, enum verdict method_allowed,
                             enum verdict headers_allowed) {
    struct head h, r;
    head_init(&h);
    head_init(&r);
    head_add(&h, "Origin", "http://a.example");
    head_add(&h, "Access-Control-Request-Method", method);
    head_add(&h, "Access-Control-Request-Headers", headers);
    head_add(&r, "Access-Control-Allow-Methods", methods);
    head_add(&r, "Access-Control-Allow-Headers", allowed);
    if (credentials) {
        head_add(&r, "Access-Control-Allow-Credentials", "true");
    }
    struct semantics_origin o = read_both(&h, &r, "OPTIONS");
    assert_true(o.cors.preflight);
    assert_int_equal(o.cors.method_allowed, method_allowed);
    assert_int_equal(o.cors.headers_allowed, headers_allowed);
    assert_false(read_both(&h, &r, "GET").cors.preflight);
    head_fini(&h);
    head_fini(&r);
}

static void test_preflight(void **state) {
    (void)state;
    const enum verdict yes = VERDICT_YES, no = VERDICT_NO;
    expect_preflight("PUT", "content-type,x-a", "GET, PUT", "Content-Type, X-A, X-B", false, yes, yes);
    expect_preflight("PUT", "content-type,x-a", "GET, put", "Content-Type", false, no, no);
    expect_preflight("POST", "", "", "", false, yes, yes);
    expect_preflight("PUT", "x-a", "*", "*", false, yes, yes);
    expect_preflight("PUT", "x-a", "*", "*", true, no, no); /* not with credentials */
    expect_preflight("PUT", "Authorization", "*", "*", false, yes, no);
    expect_preflight("PUT", "Authorization", "*", "*, authorization", false, yes, yes);
    expect_preflight("PUT", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", "*", "a", false, yes, yes);
    expect_preflight("PUT", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", "*", "a", false, yes, VERDICT_UNKNOWN);
}

static void expect_written(const struct head *request, const struct head *response, const char *method,
                           bool answered, const char *expected) {
    struct part p;
    struct semantics_origin o;
    struct target t = target_of("api.example");
    semantics_origin_read(&o, &request->index, &response->index, slice_of(method), &t, answered ? 200 : 0);
    part_init(&p, true);
    native_write_semantics_origin(&p.native, &p.w, &o);
    part_expect(&p, expected);
}

static void test_written(void **state) {
    (void)state;
    struct head h, r;
    head_init(&h);
    head_init(&r);
    expect_written(&h, &r, "GET", true, "{}");
    head_add(&h, "Referer", "http://me:secret@api.example/a?token=secret");
    expect_written(
        &h, &r, "GET", true,
        "{\"origin\":{\"referrer_origin\":\"http://api.example\",\"referrer_relation\":\"same_origin\"}}");
    head_add(&h, "Origin", "https://a.example:8443");
    head_add(&h, "Access-Control-Request-Method", "PUT");
    head_add(&h, "Access-Control-Request-Headers", "x-a");
    head_add(&h, "Sec-Fetch-Site", "cross-site");
    head_add(&h, "Sec-Fetch-Mode", "cors");
    head_add(&h, "Sec-Fetch-Dest", "empty");
    head_add(&h, "Sec-Fetch-User", "?1");
    head_add(&r, "Access-Control-Allow-Origin", "https://a.example:8443");
    head_add(&r, "Access-Control-Allow-Credentials", "true");
    head_add(&r, "Access-Control-Allow-Methods", "PUT");
    head_add(&r, "Access-Control-Max-Age", "600");
    expect_written(
        &h, &r, "OPTIONS", true,
        "{\"origin\":{\"origin\":\"https://a.example:8443\",\"origin_relation\":\"cross_origin\",\"referrer_"
        "origin\":\"http://api.example\",\"referrer_relation\":\"same_origin\",\"fetch_site\":\"cross-site\","
        "\"fetch_mode\":\"cors\",\"fetch_destination\":\"empty\",\"fetch_user\":true,\"cors\":{\"preflight\":"
        "true,\"requested_method\":\"PUT\",\"requested_headers\":\"x-a\",\"allow_origin\":"
        "\"https://"
        "a.example:8443\",\"allow_credentials\":true,\"origin_allowed\":true,\"method_allowed\":true,"
        "\"headers_allowed\":false,\"max_age\":600}}}");
    head_fini(&h);
    head_fini(&r);
    head_add(&h, "Origin", "junk");
    head_add(&h, "Referer", "junk");
    expect_written(&h, &r, "GET", false, "{\"origin\":{\"origin_malformed\":true}}");
    head_add(&r, "Access-Control-Allow-Origin", "a b");
    expect_written(&no_head, &r, "GET", true,
                   "{\"origin\":{\"cors\":{\"preflight\":false,\"allow_origin_malformed\":true}}}");
    head_fini(&h);
    head_fini(&r);
    head_add(&h, "Origin", "null");
    expect_written(&h, &r, "GET", false,
                   "{\"origin\":{\"origin\":\"null\",\"origin_relation\":\"cross_origin\"}}");
    head_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origin_6454_7),
        cmocka_unit_test(test_origin_of_url_6454_4),
        cmocka_unit_test(test_relation_6454_5),
        cmocka_unit_test(test_cors_check),
        cmocka_unit_test(test_navigation_is_not_asked_for),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_preflight_needs_success),
        cmocka_unit_test(test_preflight),
        cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
