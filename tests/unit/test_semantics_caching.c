/* SPDX-License-Identifier: Apache-2.0 */
/* Caching: RFC 9111, RFC 5861, RFC 8246, RFC 9213. */
#include "semantics_sample.h"

/* Pairs of name and value, and a NULL; names that begin with `>` are the request's. */
static struct semantics_caching read(struct sample *s, const char *method, unsigned status,
                                     const char *const fields[]) {
    static struct semantics semantics; /* large, and returned in part */
    semantics_sample(s, method, status);
    for (size_t i = 0; fields[i]; i += 2) {
        if (fields[i][0] == '>') {
            sample_request_field(s, fields[i] + 1, fields[i + 1]);
        } else {
            sample_response_field(s, fields[i], fields[i + 1]);
        }
    }
    semantics_of(&s->t, NULL, &semantics);
    return semantics.caching;
}
#define READ(s, method, status, ...) read((s), (method), (status), (const char *const[]){__VA_ARGS__, NULL})

#define CONTROL "Cache-Control"
#define DATE    "Date", "Sun, 06 Nov 1994 08:49:37 GMT"

static void rfc9111_section_5_2_directives(void **state) {
    (void)state;
    struct sample s;
    struct semantics_caching c = READ(
        &s, "GET", 200, CONTROL, "public, MAX-AGE=60 ,,s-maxage=\"90\"", CONTROL,
        "no-cache=\"Set-Cookie, X\", stale-while-revalidate=30, stale-if-error=5, immutable, own=\"a,b\"",
        ">" CONTROL, "max-stale, min-fresh=3, only-if-cached, no-transform");
    assert_true(c.response.present);
    assert_int_equal(c.response.count, 8);
    assert_true(cache_control_has(&c.response, CACHE_PUBLIC));
    assert_int_equal(c.response.seconds[CACHE_MAX_AGE], 60);
    assert_int_equal(c.response.seconds[CACHE_S_MAXAGE], 90);
    assert_int_equal(c.response.seconds[CACHE_STALE_WHILE_REVALIDATE], 30);
    assert_int_equal(c.response.seconds[CACHE_STALE_IF_ERROR], 5);
    assert_true(cache_control_has(&c.response, CACHE_IMMUTABLE));
    assert_true(cache_control_has(&c.response, CACHE_NO_CACHE));
    assert_false(cache_control_has_whole(&c.response, CACHE_NO_CACHE));
    assert_int_equal(c.response.malformed, 0);
    assert_true(slice_is(c.response.members[7].written.name, "own"));
    assert_true(slice_is(c.response.members[7].written.value, "a,b"));
    assert_true(cache_control_has(&c.request, CACHE_MAX_STALE));
    assert_true(c.request.seconds[CACHE_MAX_STALE] == UINT64_MAX);
    assert_int_equal(c.request.seconds[CACHE_MIN_FRESH], 3);
    assert_true(cache_control_has(&c.request, CACHE_ONLY_IF_CACHED));
}

static void rfc9111_section_5_2_malformed(void **state) {
    (void)state;
    static const char *const values[] = {"max-age",      "max-age=",     "max-age=-1",  "max-age=1.5",
                                         "max-age=1s",   "max-age=\"",   "max-age=\"1", "max-age=0x1",
                                         "max-age= 1 2", "max-age=\"\"", "max-age==1"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct sample s;
        struct semantics_caching c = READ(&s, "GET", 200, CONTROL, values[i]);
        assert_true(cache_control_has(&c.response, CACHE_MAX_AGE));
        bool readable = strcmp(values[i], "max-age=\"1") == 0; /* a string that is not closed */
        assert_int_equal(cache_control_is_malformed(&c.response, CACHE_MAX_AGE), !readable);
        assert_int_equal(c.private_cache.lifetime, readable);
        assert_int_equal(c.private_cache.by, CACHE_BY_MAX_AGE);
        assert_true(c.private_cache.has_lifetime);
    }
    struct sample s;
    struct semantics_caching c = READ(&s, "GET", 200, CONTROL, ",, ,");
    assert_true(c.response.present);
    assert_int_equal(c.response.count, 0);
    c = READ(&s, "GET", 200, CONTROL, "=5, \"max-age=5\"");
    assert_int_equal(c.response.has, 1 << CACHE_EXTENSION);
}

static void rfc9111_section_1_2_2_delta_seconds(void **state) {
    (void)state;
    uint64_t seconds;
    assert_true(cache_seconds(slice_of("007"), &seconds));
    assert_int_equal(seconds, 7);
    assert_true(cache_seconds(slice_of("9223372036854775807"), &seconds));
    assert_true(seconds == INT64_MAX);
    assert_true(cache_seconds(slice_of("9223372036854775808"), &seconds));
    assert_int_equal(seconds, 2147483648);
    assert_true(cache_seconds(slice_of("99999999999999999999999999"), &seconds));
    assert_int_equal(seconds, 2147483648);
    assert_false(cache_seconds(slice_of("99999999999999999999999999x"), &seconds));
    assert_false(cache_seconds(slice_of(""), &seconds));
    assert_false(cache_seconds(slice_of("+1"), &seconds));
}

static void more_directives_than_are_kept(void **state) {
    (void)state;
    struct sample s;
    struct semantics_caching c = READ(&s, "GET", 200, CONTROL, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,no-store,q");
    assert_int_equal(c.response.count, CACHE_MEMBERS);
    assert_int_equal(c.response.dropped, 2);
    assert_int_equal(c.private_cache.storable, CACHE_NOT_RESPONSE);
}

static void rfc9111_section_4_2_1_lifetime(void **state) {
    (void)state;
    struct sample s;
    struct semantics_caching c =
        READ(&s, "GET", 200, CONTROL, "max-age=60, s-maxage=90, max-age=5", "Age", "20");
    assert_int_equal(c.private_cache.by, CACHE_BY_MAX_AGE);
    assert_int_equal(c.private_cache.lifetime, 60); /* the first one */
    assert_int_equal(c.private_cache.fresh_for, 40);
    assert_int_equal(c.shared_cache.by, CACHE_BY_S_MAXAGE);
    assert_int_equal(c.shared_cache.lifetime, 90);
    assert_int_equal(c.shared_cache.fresh_for, 70);
    c = READ(&s, "GET", 200, DATE, "Expires", "Sun, 06 Nov 1994 08:50:07 GMT", "Age", "31");
    assert_int_equal(c.private_cache.by, CACHE_BY_EXPIRES);
    assert_int_equal(c.private_cache.lifetime, 30);
    assert_int_equal(c.private_cache.fresh_for, 0);
    c = READ(&s, "GET", 200, "Expires", "Sun, 06 Nov 1994 08:50:07 GMT");
    assert_int_equal(c.private_cache.by, CACHE_BY_EXPIRES);
    assert_false(c.private_cache.has_lifetime); /* without Date it counts from its arrival */
    c = READ(&s, "GET", 200, DATE, "Expires", "Sun, 06 Nov 1994 08:49:36 GMT");
    assert_int_equal(c.private_cache.lifetime, 0);
    c = READ(&s, "GET", 404, "X", "y");
    assert_int_equal(c.private_cache.by, CACHE_BY_HEURISTIC);
    assert_false(c.private_cache.has_lifetime);
    c = READ(&s, "GET", 302, CONTROL, "public");
    assert_int_equal(c.private_cache.by, CACHE_BY_HEURISTIC);
    c = READ(&s, "GET", 302, "X", "y");
    assert_int_equal(c.private_cache.by, CACHE_BY_NOTHING);
}

static void rfc9111_section_5_3_illegal_expires_is_expired(void **state) {
    (void)state;
    static const char *const values[] = {"0", "-1", "", "never", "Sun, 06 Nov 1994", "1994-11-06T08:49:37Z"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct sample s;
        struct semantics_caching c = READ(&s, "GET", 200, "Expires", values[i]);
        assert_true(c.expires.present);
        assert_false(c.expires.legal);
        assert_int_equal(c.shared_cache.by, CACHE_BY_EXPIRES);
        assert_true(c.shared_cache.has_lifetime);
        assert_int_equal(c.shared_cache.lifetime, 0);
        semantics_expect_part(&s, "\"illegal\":[\"expires\"]");
        semantics_expect_none(&s, "\"expires\":\"");
    }
    struct sample s;
    struct semantics_caching c = READ(&s, "GET", 200, "Expires", "0", CONTROL, "max-age=9");
    assert_int_equal(c.private_cache.lifetime, 9); /* max-age goes before Expires */
}

static void rfc9111_section_5_1_age(void **state) {
    (void)state;
    static const struct {
        const char *value;
        bool legal;
        uint64_t age;
    } ages[] = {{"0", true, 0},   {"12", true, 12}, {"12, 30", true, 12},
                {"-1", false, 0}, {"", false, 0},   {"1.5", false, 0}};
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        struct sample s;
        struct semantics_caching c = READ(&s, "GET", 200, CONTROL, "max-age=20", "Age", ages[i].value);
        assert_true(c.has_age);
        assert_int_equal(c.age_legal, ages[i].legal);
        assert_int_equal(c.private_cache.fresh_for, 20 - ages[i].age);
    }
}

static void expect_storable(enum cache_storable private_cache, enum cache_storable shared_cache,
                            const char *method, unsigned status, const char *const fields[]) {
    struct sample s;
    struct semantics_caching c = read(&s, method, status, fields);
    if (c.private_cache.storable != private_cache || c.shared_cache.storable != shared_cache) {
        print_error("%s %u %s: %s\n", method, status, fields[0] ? fields[0] : "", fields[0] ? fields[1] : "");
    }
    assert_int_equal(c.private_cache.storable, private_cache);
    assert_int_equal(c.shared_cache.storable, shared_cache);
}
#define STORABLE(p, s, method, status, ...)                                                                  \
    expect_storable(CACHE_##p, CACHE_##s, (method), (status), (const char *const[]){__VA_ARGS__})

static void rfc9111_section_3_storable(void **state) {
    (void)state;
    STORABLE(STORABLE, STORABLE, "GET", 200, NULL);
    STORABLE(STORABLE, STORABLE, "HEAD", 200, NULL);
    STORABLE(STORABLE, STORABLE, "GET", 206, NULL);
    STORABLE(NOT_PERMITTED, NOT_PERMITTED, "GET", 302, NULL);
    STORABLE(STORABLE, STORABLE, "GET", 302, CONTROL, "max-age=0", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 302, "Expires", "0", NULL);
    STORABLE(NOT_PERMITTED, STORABLE, "GET", 302, CONTROL, "s-maxage=1", NULL);
    STORABLE(STORABLE, NOT_PRIVATE, "GET", 302, CONTROL, "private", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 200, CONTROL, "private=\"X\"", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 200, CONTROL, "private=X", NULL);
    /* what is no list of field names narrows nothing down */
    STORABLE(STORABLE, NOT_PRIVATE, "GET", 200, CONTROL, "private=\"X", NULL);
    STORABLE(STORABLE, NOT_PRIVATE, "GET", 200, CONTROL, "private=\"\"", NULL);
    STORABLE(STORABLE, NOT_PRIVATE, "GET", 200, CONTROL, "private=\"a b:c\"", NULL);
    STORABLE(NOT_RESPONSE, NOT_RESPONSE, "GET", 200, CONTROL, "no-store", NULL);
    STORABLE(NOT_RESPONSE, NOT_RESPONSE, "GET", 200, CONTROL, "NO-STORE, max-age=1", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 200, CONTROL, "no-store, must-understand", NULL);
    STORABLE(NOT_STATUS, NOT_STATUS, "GET", 299, CONTROL, "no-store, must-understand", NULL);
    STORABLE(NOT_REQUEST, NOT_REQUEST, "GET", 200, ">" CONTROL, "no-store", NULL);
    STORABLE(NOT_STATUS, NOT_STATUS, "GET", 101, NULL);
    STORABLE(NOT_STATUS, NOT_STATUS, "GET", 600, CONTROL, "public", NULL);
    STORABLE(STORABLE_UNKNOWN, STORABLE_UNKNOWN, "GET", 304, NULL);
}

static void rfc9111_section_3_5_authorization(void **state) {
    (void)state;
    STORABLE(STORABLE, NOT_AUTHORIZATION, "GET", 200, ">Authorization", "Basic eDp5", NULL);
    STORABLE(STORABLE, NOT_AUTHORIZATION, "GET", 200, ">Authorization", "", CONTROL, "max-age=9", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 200, ">Authorization", "a", CONTROL, "public", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 200, ">Authorization", "a", CONTROL, "must-revalidate", NULL);
    STORABLE(STORABLE, STORABLE, "GET", 200, ">Authorization", "a", CONTROL, "s-maxage=0", NULL);
}

static void rfc9110_section_9_2_3_methods(void **state) {
    (void)state;
    STORABLE(NOT_METHOD, NOT_METHOD, "PUT", 200, CONTROL, "public", NULL);
    STORABLE(NOT_METHOD, NOT_METHOD, "get", 200, NULL);
    STORABLE(NOT_METHOD, NOT_METHOD, "POST", 200, CONTROL, "max-age=9", NULL);
    STORABLE(NOT_METHOD, NOT_METHOD, "POST", 200, "Content-Location", "/a?b", NULL);
    STORABLE(STORABLE, STORABLE, "POST", 200, CONTROL, "max-age=9", "Content-Location", "/a?b", NULL);
    STORABLE(NOT_METHOD, STORABLE, "POST", 200, CONTROL, "s-maxage=9", "Content-Location", "/a?b", NULL);
    STORABLE(NOT_METHOD, NOT_METHOD, "POST", 200, CONTROL, "max-age=9", "Content-Location", "/a", NULL);
    STORABLE(STORABLE, STORABLE, "POST", 200, CONTROL, "max-age=9", "Content-Location", "http://h/a?b",
             ">Host", "H", NULL);
    STORABLE(NOT_METHOD, NOT_METHOD, "POST", 200, CONTROL, "max-age=9", "Content-Location", "http://",
             ">Host", "h", NULL);
}

static void rfc9111_section_5_2_2_when_to_validate(void **state) {
    (void)state;
    static const struct {
        const char *control;
        enum cache_validate private_cache, shared_cache;
    } cases[] = {
        {"max-age=1", CACHE_VALIDATE_UNSAID, CACHE_VALIDATE_UNSAID},
        {"no-cache", CACHE_VALIDATE_ALWAYS, CACHE_VALIDATE_ALWAYS},
        {"no-cache=\"X\"", CACHE_VALIDATE_UNSAID, CACHE_VALIDATE_UNSAID},
        {"no-cache=\"X, max-age=1", CACHE_VALIDATE_ALWAYS, CACHE_VALIDATE_ALWAYS},
        {"no-cache=\"X\", no-cache=\"Y", CACHE_VALIDATE_ALWAYS, CACHE_VALIDATE_ALWAYS},
        {"must-revalidate", CACHE_VALIDATE_WHEN_STALE, CACHE_VALIDATE_WHEN_STALE},
        {"proxy-revalidate", CACHE_VALIDATE_UNSAID, CACHE_VALIDATE_WHEN_STALE},
        {"s-maxage=1", CACHE_VALIDATE_UNSAID, CACHE_VALIDATE_WHEN_STALE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s;
        struct semantics_caching c = READ(&s, "GET", 200, CONTROL, cases[i].control);
        assert_int_equal(c.private_cache.validate, cases[i].private_cache);
        assert_int_equal(c.shared_cache.validate, cases[i].shared_cache);
    }
}

static void rfc9111_section_5_4_pragma(void **state) {
    (void)state;
    struct sample s;
    assert_true(READ(&s, "GET", 200, ">Pragma", "x, No-Cache").pragma_no_cache);
    semantics_expect_part(&s, "\"request\":{\"pragma_no_cache\":true}");
    assert_false(READ(&s, "GET", 200, ">Pragma", "no-cache", ">" CONTROL, "max-age=1").pragma_no_cache);
    assert_false(READ(&s, "GET", 200, ">Pragma", "no-cache=1").pragma_no_cache);
    assert_false(READ(&s, "GET", 200, "Pragma", "no-cache").pragma_no_cache);
}

static void rfc9110_section_12_5_5_vary(void **state) {
    (void)state;
    struct sample s;
    struct semantics_caching c = READ(&s, "GET", 200, "Vary", "accept-encoding, X-Own", "Vary", "Cookie");
    assert_int_equal(c.vary_count, 3);
    assert_false(c.vary_any);
    semantics_expect_part(&s, "\"vary\":[\"Accept-Encoding\",\"X-Own\",\"Cookie\"]");
    assert_true(READ(&s, "GET", 200, "Vary", "a, *").vary_any);
    c = READ(&s, "GET", 200, "Vary", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,*");
    assert_int_equal(c.vary_count, CACHE_VARY_NAMES);
    assert_int_equal(c.vary_dropped, 2);
    assert_true(c.vary_any);
    assert_int_equal(READ(&s, "GET", 200, "Vary", " , ").vary_count, 0);
}

static void rfc9110_section_8_8_3_etag(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool legal, weak;
    } etags[] = {
        {"\"xyzzy\"", true, false}, {"W/\"xyzzy\"", true, true}, {"\"\"", true, false},
        {"W/\"\"", true, true},     {"xyzzy", false, false},     {"", false, false},
        {"\"", false, false},       {"w/\"x\"", false, false},   {"W/x", false, true},
        {"\"a\"b\"", false, false}, {"\"a b\"", false, false},   {"W/", false, true},
        {"'x'", false, false},      {"\"x", false, false},       {"W\"x\"", false, false},
        {"\"\xe4\"", true, false},
    };
    for (size_t i = 0; i < sizeof etags / sizeof *etags; i++) {
        bool weak;
        assert_int_equal(etag_read(slice_of(etags[i].text), &weak), etags[i].legal);
        assert_int_equal(weak, etags[i].weak);
    }
    assert_true(etag_equal_weakly(slice_of("W/\"1\""), slice_of("\"1\""))); /* the table of 8.8.3.2 */
    assert_true(etag_equal_weakly(slice_of("W/\"1\""), slice_of("W/\"1\"")));
    assert_false(etag_equal_weakly(slice_of("W/\"1\""), slice_of("W/\"2\"")));
    assert_false(etag_equal_weakly(slice_of("1"), slice_of("1")));
    struct sample s;
    (void)READ(&s, "GET", 200, "ETag", "W/\"a\"");
    semantics_expect_part(&s, "\"etag\":{\"value\":\"W/\\\"a\\\"\",\"weak\":true}");
    (void)READ(&s, "GET", 200, "ETag", "a");
    semantics_expect_part(&s, "\"illegal\":[\"etag\"]");
}

static void rfc9213_targeted(void **state) {
    (void)state;
    struct sample s;
    struct semantics_caching c =
        READ(&s, "GET", 200, "CDN-Cache-Control", "max-age=600", CONTROL, "no-store");
    assert_int_equal(c.targeted.seconds[CACHE_MAX_AGE], 600);
    assert_int_equal(c.shared_cache.storable, CACHE_NOT_RESPONSE);
    semantics_expect_part(&s, "\"cdn_directives\":[{\"name\":\"max-age\",\"value\":\"600\"}]");
}

static void rfc9213_section_2_1_goes_before_all(void **state) {
    (void)state;
    static const struct {
        const char *targeted;
        bool legal;
        enum cache_storable storable;
        enum cache_lifetime_by by;
        uint64_t lifetime;
    } cases[] = {
        {"max-age=600", true, CACHE_STORABLE, CACHE_BY_MAX_AGE, 600},
        {"max-age=5, max-age=600;x=1", true, CACHE_STORABLE, CACHE_BY_MAX_AGE, 600}, /* the last one */
        {"no-store", true, CACHE_NOT_RESPONSE, CACHE_BY_HEURISTIC, 0},
        {"private", true, CACHE_NOT_PRIVATE, CACHE_BY_HEURISTIC, 0},
        {"private=\"x\"", true, CACHE_STORABLE, CACHE_BY_HEURISTIC, 0},
        {"max-age=\"600\"", true, CACHE_STORABLE, CACHE_BY_HEURISTIC, 0}, /* of another type: not there */
        {"max-age=600.0", true, CACHE_STORABLE, CACHE_BY_HEURISTIC, 0},
        {"max-age=-1", true, CACHE_STORABLE, CACHE_BY_HEURISTIC, 0},
        {"no-store=1", true, CACHE_STORABLE, CACHE_BY_HEURISTIC, 0},
        {"", false, CACHE_STORABLE, CACHE_BY_NOTHING, 0},
        {"max-age=600,,", false, CACHE_STORABLE, CACHE_BY_NOTHING, 0},
        {"Max-Age=600", false, CACHE_STORABLE, CACHE_BY_NOTHING, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s;
        struct semantics_caching c = READ(&s, "GET", 200, DATE, CONTROL, "max-age=60, s-maxage=70", "Expires",
                                          "0", "CDN-Cache-Control", cases[i].targeted);
        assert_int_equal(c.targeted_legal, cases[i].legal);
        assert_int_equal(c.shared_cache.lifetime, 70); /* as ever */
        if (!cases[i].legal) {
            semantics_expect_part(&s, "\"illegal\":[\"expires\",\"cdn_cache_control\"]");
            semantics_expect_none(&s, "cdn_cache\":");
            continue;
        }
        assert_int_equal(c.cdn_cache.storable, cases[i].storable);
        assert_int_equal(c.cdn_cache.by, cases[i].by);
        assert_int_equal(c.cdn_cache.lifetime, cases[i].lifetime);
    }
    struct sample s;
    (void)READ(&s, "GET", 200, DATE, CONTROL, "no-store", "CDN-Cache-Control", "max-age=9", "Age", "4");
    semantics_expect_part(
        &s, "\"shared_cache\":{\"storable\":false,\"why\":\"no_store\"},\"cdn_cache\":{\"storable\":"
            "true,\"by\":\"max_age\",\"lifetime\":9,\"fresh_for\":5}");
}

static void private_as_a_whole_counts_wherever_it_stands(void **state) {
    (void)state;
    struct sample s;
    static const char *const values[] = {"private, private=\"x\"", "private=\"x\", private"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct semantics_caching c = READ(&s, "GET", 200, CONTROL, values[i]);
        assert_int_equal(c.shared_cache.storable, CACHE_NOT_PRIVATE);
    }
    struct semantics_caching c = READ(&s, "GET", 200, CONTROL, "no-cache=\"x\"", CONTROL, "no-cache");
    assert_int_equal(c.private_cache.validate, CACHE_VALIDATE_ALWAYS);
}

static void rfc9111_section_4_1_vary_any(void **state) {
    (void)state;
    struct sample s;
    struct semantics_caching c = READ(&s, "GET", 200, CONTROL, "max-age=60", "Vary", "Accept, *");
    assert_int_equal(c.private_cache.validate, CACHE_VALIDATE_ALWAYS);
    assert_int_equal(c.shared_cache.validate, CACHE_VALIDATE_ALWAYS);
}

static void what_is_not_known_is_not_judged(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, "GET", 200, CONTROL, "max-age=1");
    semantics_expect_part(
        &s, "\"private_cache\":{\"storable\":true,\"by\":\"max_age\",\"lifetime\":1,\"fresh_for\":1}");
    s.t.response.head_complete = false;
    semantics_expect_none(&s, "_cache\"");
    s.t.response.head_complete = true;
    s.t.request.headers.dropped = 1;
    semantics_expect_none(&s, "_cache\"");
    semantics_expect_part(&s, "\"directives\":[{\"name\":\"max-age\",\"value\":\"1\"}]");
    s.t.request.headers.dropped = 0;
    sample_orphan_response(&s, PAIRING_REQUEST_LOST);
    semantics_expect_none(&s, "_cache\"");
    (void)READ(&s, "GET", 200, ">" CONTROL, "no-store");
    semantics_expect_part(&s, "\"shared_cache\":{\"storable\":false,\"why\":\"no_store_in_request\"}");
}

/* Where nobody tells of caching: what notes ask for is there, and what they don't is not worked out. */
static void only_what_notes_need(void **state) {
    (void)state;
    static struct semantics semantics;
    struct sample s;
    const struct semantics_caching *c = &semantics.caching;
    for (unsigned age = 0; age < 2; age++) {
        semantics_sample(&s, "GET", 200);
        sample_response_field(&s, CONTROL, "s-maxage=60");
        sample_response_field(&s, DATE);
        sample_response_field(&s, "ETag", "W/\"a\"");
        sample_response_field(&s, "CDN-Cache-Control", "max-age=7");
        if (age) {
            sample_response_field(&s, "Age", "61");
        }
        memset(&semantics, 0xa5, sizeof semantics);
        semantics_of_for_notes(&s.t, NULL, &semantics);
        assert_true(c->date.legal && !c->expires.present && c->has_etag && c->etag_legal && c->etag_weak);
        assert_int_equal(c->has_age, age);
        assert_int_equal(c->decided, age);
        assert_int_equal(c->targeted_legal, age);
    }
    assert_int_equal(c->shared_cache.lifetime, 60);
    assert_int_equal(c->cdn_cache.lifetime, 7);
    assert_true(cache_control_has(&c->response, CACHE_S_MAXAGE));
}

static void secrets_stay(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, "GET", 200, CONTROL, "private, token=swordfish, own=\"http://u:swordfish@h/\"", "ETag",
               "\"token=swordfish\"", "Vary", "password=swordfish");
    semantics_expect(&s, true, "swordfish", false);
    semantics_expect(&s, true, "{\"name\":\"token\",\"value\":\"***\"}", true);
    semantics_expect(&s, false, "{\"name\":\"token\",\"value\":\"swordfish\"}", true);
}

static void dates_far_away_are_written(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, "GET", 200, DATE, "Expires", "Fri, 31 Dec 9999 23:59:59 GMT", "Last-Modified",
               "Sat, 01 Jan 0000 00:00:00 GMT");
    semantics_expect_part(&s, "\"date\":\"1994-11-06T08:49:37Z\",\"expires\":\"9999-12-31T23:59:59Z\",\"last_"
                              "modified\":\"0000-01-01T00:00:00Z\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9111_section_5_2_directives),
        cmocka_unit_test(rfc9111_section_5_2_malformed),
        cmocka_unit_test(rfc9111_section_1_2_2_delta_seconds),
        cmocka_unit_test(more_directives_than_are_kept),
        cmocka_unit_test(rfc9111_section_4_2_1_lifetime),
        cmocka_unit_test(rfc9111_section_5_3_illegal_expires_is_expired),
        cmocka_unit_test(rfc9111_section_5_1_age),
        cmocka_unit_test(rfc9111_section_3_storable),
        cmocka_unit_test(rfc9111_section_3_5_authorization),
        cmocka_unit_test(rfc9110_section_9_2_3_methods),
        cmocka_unit_test(rfc9111_section_5_2_2_when_to_validate),
        cmocka_unit_test(rfc9111_section_5_4_pragma),
        cmocka_unit_test(rfc9110_section_12_5_5_vary),
        cmocka_unit_test(rfc9110_section_8_8_3_etag),
        cmocka_unit_test(rfc9213_targeted),
        cmocka_unit_test(rfc9213_section_2_1_goes_before_all),
        cmocka_unit_test(private_as_a_whole_counts_wherever_it_stands),
        cmocka_unit_test(rfc9111_section_4_1_vary_any),
        cmocka_unit_test(what_is_not_known_is_not_judged),
        cmocka_unit_test(only_what_notes_need),
        cmocka_unit_test(secrets_stay),
        cmocka_unit_test(dates_far_away_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
