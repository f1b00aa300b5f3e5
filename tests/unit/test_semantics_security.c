/* SPDX-License-Identifier: Apache-2.0 */
/* Protective fields of responses (RFC 6797, CSP and others), well formed and not. */
#include "analyzer/semantics_security.h"

#include "part_sample.h"

static const struct head no_head = {.index = {.list = &no_head.list}};
static const struct security_scene plain = {.cleartext = true};

static struct semantics_security read_one(const char *name, const char *value) {
    struct head r;
    struct semantics_security s;
    head_init(&r);
    head_add(&r, name, value);
    memset(&s, 0x5a, sizeof s);
    semantics_security_read(&s, &r.index, &plain);
    head_fini(&r); /* its views are not looked at */
    return s;
}

static void expect_hsts(const char *value, bool valid, uint64_t max_age, bool subdomains, bool preload) {
    struct strict_transport hsts = read_one("Strict-Transport-Security", value).hsts;
    assert_true(hsts.present);
    assert_int_equal(hsts.valid, valid);
    if (valid) {
        assert_true(hsts.max_age == max_age);
        assert_int_equal(hsts.include_subdomains, subdomains);
        assert_int_equal(hsts.preload, preload);
    }
}

static void test_hsts_6797_6_1(void **state) {
    (void)state;
    expect_hsts("max-age=31536000", true, 31536000, false, false);
    expect_hsts("Max-Age = \"15768000\" ; INCLUDESUBDOMAINS; preload;", true, 15768000, true, true);
    expect_hsts("max-age=0; includeSubDomains; x=y", true, 0, true, false);
    expect_hsts("", false, 0, false, false);
    expect_hsts("includeSubDomains", false, 0, false, false);
    expect_hsts("max-age", false, 0, false, false);
    expect_hsts("max-age=-1", false, 0, false, false);
    expect_hsts("max-age=1; max-age=1", false, 0, false, false);
    expect_hsts("max-age=x; max-age=1", false, 0, false, false);
    expect_hsts("max-age=1, includeSubDomains", false, 0, false, false);
    assert_true(read_one("Strict-Transport-Security", "max-age=1").hsts_in_cleartext);
    assert_false(read_one("Server", "x").hsts.present);
}

static void test_csp(void **state) {
    (void)state;
    struct head r;
    struct semantics_security s;
    head_init(&r);
    head_add(&r, "Content-Security-Policy",
             "default-src 'self'; ;script-src 'self'\t'UNSAFE-INLINE' ;, , frame-ancestors 'none'");
    head_add(&r, "Content-Security-Policy", "img-src 'unsafe-eval'");
    head_add(&r, "Content-Security-Policy", ";,");
    semantics_security_read(&s, &r.index, &plain);
    assert_int_equal(s.csp.policies, 3);
    assert_int_equal(s.csp.directive_count, 4);
    assert_slice(s.csp.directives[1], "script-src");
    assert_slice(s.csp.directives[2], "frame-ancestors");
    assert_true(s.csp.unsafe_inline && s.csp.frame_ancestors);
    assert_false(s.csp.unsafe_eval);
    assert_int_equal(s.csp_report_only.policies, 0);
    head_fini(&r);
    head_add(&r, "content-security-policy-report-only", "default-src 'unsafe-eval'");
    semantics_security_read(&s, &r.index, &plain);
    assert_true(s.csp_report_only.unsafe_eval);
    assert_int_equal(s.csp.policies, 0);
    head_fini(&r);
    assert_int_equal(read_one("Content-Security-Policy", "").csp.policies, 0);
    struct content_security many =
        read_one("Content-Security-Policy", "a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r").csp;
    assert_int_equal(many.directive_count, 18);
    assert_int_equal(many.policies, 1);
}

static void test_small_fields(void **state) {
    (void)state;
    assert_int_equal(read_one("X-Frame-Options", "DENY").frame_options, FRAME_DENY);
    assert_int_equal(read_one("X-Frame-Options", "SameOrigin").frame_options, FRAME_SAMEORIGIN);
    assert_int_equal(read_one("X-Frame-Options", "ALLOW-FROM http://a").frame_options, FRAME_OTHER);
    assert_int_equal(read_one("X-Frame-Options", "").frame_options, FRAME_OTHER);
    assert_int_equal(read_one("Server", "").frame_options, FRAME_ABSENT);
    assert_int_equal(read_one("X-Frame-Options", "SAMEORIGIN, SameOrigin").frame_options, FRAME_SAMEORIGIN);
    assert_int_equal(read_one("X-Frame-Options", "SAMEORIGIN, DENY").frame_options, FRAME_DENY);
    assert_int_equal(read_one("X-Frame-Options", "SAMEORIGIN,").frame_options, FRAME_DENY);
    assert_int_equal(read_one("X-Frame-Options", "x, ALLOWALL").frame_options, FRAME_DENY);
    assert_int_equal(read_one("X-Frame-Options", "ALLOWALL").frame_options, FRAME_OTHER);
    assert_int_equal(read_one("X-Frame-Options", "x, y").frame_options, FRAME_OTHER);
    assert_true(read_one("X-Content-Type-Options", "NoSniff").nosniff);
    assert_true(read_one("X-Content-Type-Options", "nosniff, x").nosniff);
    assert_false(read_one("X-Content-Type-Options", "x, nosniff").nosniff);
    assert_false(read_one("X-Content-Type-Options", ", nosniff").nosniff); /* the first one is empty */
    assert_false(read_one("X-Content-Type-Options", "").nosniff);
    struct head r;
    struct semantics_security s;
    head_init(&r);
    head_add(&r, "Referrer-Policy", "no-referrer, Strict-Origin, what");
    head_add(&r, "Cross-Origin-Opener-Policy", "same-origin; report-to=\"x\"");
    semantics_security_read(&s, &r.index, &plain);
    assert_slice(s.referrer_policy, "Strict-Origin");
    assert_slice(s.opener_policy, "same-origin");
    head_fini(&r);
    head_add(&r, "Referrer-Policy", "what");
    semantics_security_read(&s, &r.index, &plain);
    assert_int_equal(s.referrer_policy.len, 0);
    head_fini(&r);
    head_add(&r, "X-Frame-Options", "DENY");
    head_add(&r, "X-Frame-Options", "deny");
    semantics_security_read(&s, &r.index, &plain);
    assert_int_equal(s.frame_options, FRAME_DENY);
    head_add(&r, "X-Frame-Options", "");
    semantics_security_read(&s, &r.index, &plain);
    assert_int_equal(s.frame_options, FRAME_DENY);
    head_fini(&r);
}

static void test_missing(void **state) {
    (void)state;
    struct head r;
    struct semantics_security s;
    const struct security_scene document = {.content = true, .document = true};
    const struct security_scene clear_document = {.cleartext = true, .content = true, .document = true};
    const struct security_scene image = {.content = true};
    const struct security_scene nothing = {.cleartext = false};
    head_init(&r);
    semantics_security_read(&s, &r.index, &document);
    assert_int_equal(s.missing, (1U << SECURITY_MISSING) - 1);
    semantics_security_read(&s, &r.index, &clear_document);
    assert_int_equal(s.missing, ((1U << SECURITY_MISSING) - 1) & ~(unsigned)MISSING_HSTS);
    semantics_security_read(&s, &r.index, &image);
    assert_int_equal(s.missing, MISSING_HSTS | MISSING_NOSNIFF);
    semantics_security_read(&s, &r.index, &nothing);
    assert_int_equal(s.missing, 0);
    head_add(&r, "Content-Security-Policy", "frame-ancestors 'self'");
    head_add(&r, "X-Frame-Options", "what");
    head_add(&r, "Permissions-Policy", "camera=()");
    head_add(&r, "Referrer-Policy", "");
    semantics_security_read(&s, &r.index, &clear_document);
    assert_int_equal(s.missing, MISSING_NOSNIFF | MISSING_REFERRER);
    head_fini(&r);
}

/* CSP level 3 sections 2.2.1, 6.7.3.2 and 6.8.3. */
static void test_unsafe_sources(void **state) {
    (void)state;
    static const struct {
        const char *policy;
        bool unsafe_inline, unsafe_eval;
    } cases[] = {
        {"default-src 'unsafe-inline' 'unsafe-eval'", true, true},
        {"default-src 'unsafe-inline' 'unsafe-eval'; script-src 'self'", false, false},
        {"script-src 'UNSAFE-inline'; default-src 'self'", true, false},
        {"script-src 'unsafe-inline' 'nonce-abc' 'unsafe-eval'", false, true},
        {"script-src 'unsafe-inline' 'SHA256-abc='", false, false},
        {"script-src 'unsafe-inline' 'strict-dynamic'", false, false},
        {"script-src 'self'; script-src 'unsafe-inline'", false, false},
        {"style-src 'unsafe-inline'", false, false},
        {"script-src 'self', script-src 'unsafe-inline'", true, false},
        {"script-src 'nonce-a', default-src 'unsafe-inline'", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head r;
        struct semantics_security s;
        head_init(&r);
        head_add(&r, "Content-Security-Policy", cases[i].policy);
        semantics_security_read(&s, &r.index, &plain);
        if (s.csp.unsafe_inline != cases[i].unsafe_inline || s.csp.unsafe_eval != cases[i].unsafe_eval) {
            fail_msg("%s", cases[i].policy);
        }
        head_fini(&r);
    }
}

static void expect_written(const struct head *response, const struct security_scene *scene,
                           const char *expected) {
    struct part p;
    struct semantics_security s;
    semantics_security_read(&s, &response->index, scene);
    part_init(&p, true);
    native_write_semantics_security(&p.native, &p.w, &s);
    part_expect(&p, expected);
}

static void test_written(void **state) {
    (void)state;
    struct head r;
    const struct security_scene document = {.content = true, .document = true};
    head_init(&r);
    expect_written(&no_head, &plain, "{}");
    expect_written(&no_head, &document,
                   "{\"security\":{\"missing\":[\"Strict-Transport-Security\",\"X-Content-Type-Options\","
                   "\"Content-Security-"
                   "Policy\",\"X-Frame-Options\",\"Referrer-Policy\",\"Permissions-Policy\"]}}");
    head_add(&r, "Strict-Transport-Security", "max-age=5; preload");
    head_add(&r, "Content-Security-Policy", "script-src 'unsafe-eval' 'unsafe-inline'; x\xff");
    head_add(&r, "Content-Security-Policy-Report-Only", "a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q");
    head_add(&r, "X-Frame-Options", "deny");
    head_add(&r, "X-Content-Type-Options", "nosniff");
    head_add(&r, "Referrer-Policy", "origin");
    head_add(&r, "Permissions-Policy", "camera=()");
    head_add(&r, "Cross-Origin-Opener-Policy", "same-origin");
    head_add(&r, "Cross-Origin-Embedder-Policy", "require-corp");
    head_add(&r, "Cross-Origin-Resource-Policy", "same-site");
    head_add(&r, "X-XSS-Protection", "1; mode=block");
    expect_written(
        &r, &document,
        "{\"security\":{\"hsts\":{\"max_age\":5,\"include_subdomains\":false,\"preload\":true},\"csp\":{"
        "\"policies\":1,\"directives\":[\"script-src\",\"x\xef\xbf\xbd\"],\"unsafe_inline\":true,\"unsafe_"
        "eval\":"
        "true},\"csp_report_only\":{\"policies\":1,\"directives\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\","
        "\"h\",\"i\","
        "\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"p\"],\"directives_dropped\":1},\"frame_options\":\"deny\","
        "\"nosniff\":"
        "true,\"referrer_policy\":\"origin\",\"permissions_policy\":true,\"opener_policy\":\"same-origin\","
        "\"embedder_policy\":\"require-corp\",\"resource_policy\":\"same-site\",\"xss_protection\":\"1\"}}");
    head_fini(&r);
    head_add(&r, "Strict-Transport-Security", "x");
    head_add(&r, "X-Frame-Options", "x");
    expect_written(
        &r, &plain,
        "{\"security\":{\"hsts\":{\"malformed\":true,\"in_cleartext\":true},\"frame_options\":\"invalid\"}}");
    head_fini(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hsts_6797_6_1), cmocka_unit_test(test_csp),
        cmocka_unit_test(test_small_fields),  cmocka_unit_test(test_missing),
        cmocka_unit_test(test_written),       cmocka_unit_test(test_unsafe_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
