/* SPDX-License-Identifier: Apache-2.0 */
/* Answers from caches: RFC 9111 section 5.1, RFC 9211. */
#include "semantics_sample.h"

#include "head_sample.h"

static struct semantics_cached read(const char *name, const char *value) {
    struct head h;
    struct semantics_cached c;
    head_init(&h);
    head_add(&h, name, value);
    semantics_cached_read(&c, &h.index);
    c.count = c.count > CACHE_HANDLINGS ? CACHE_HANDLINGS : c.count;
    head_fini(&h); /* only what is no view is looked at behind it */
    return c;
}

static void rfc9111_section_5_1_age(void **state) {
    (void)state;
    assert_int_equal(read("Age", "0").answer, CACHED_YES);
    assert_int_equal(read("Age", "10, 20").evidence, CACHED_BY_AGE);
    static const char *const illegal[] = {"", "-1", "x", "1.0", ",", " , 1"};
    for (size_t i = 0; i < sizeof illegal / sizeof *illegal; i++) {
        assert_int_equal(read("Age", illegal[i]).answer, CACHED_UNKNOWN);
    }
}

static void rfc9211_section_2_cache_status(void **state) {
    (void)state;
    struct head h;
    struct semantics_cached c;
    head_init(&h);
    head_add(&h, "Cache-Status",
             "OriginCache; hit; ttl=1100; collapsed=?0, \"CDN Company Here\";fwd=uri-miss;fwd-status=304");
    head_add(&h, "cache-status", "edge; fwd=stale; ttl=-10; stored; collapsed; key=\"a;b,c\"");
    semantics_cached_read(&c, &h.index);
    assert_int_equal(c.answer, CACHED_YES);
    assert_int_equal(c.evidence, CACHED_BY_CACHE_STATUS);
    assert_int_equal(c.count, 3);
    assert_slice(c.caches[0].cache, "OriginCache");
    assert_true(c.caches[0].hit && c.caches[0].has_ttl && !c.caches[0].collapsed);
    assert_int_equal(c.caches[0].ttl, 1100);
    assert_slice(c.caches[1].cache, "CDN Company Here");
    assert_slice(c.caches[1].forward, "uri-miss");
    assert_true(c.caches[1].has_status && !c.caches[1].hit);
    assert_int_equal(c.caches[1].status, 304);
    assert_int_equal(c.caches[2].ttl, -10);
    assert_true(c.caches[2].stored && c.caches[2].collapsed);
    head_fini(&h);
}

static void rfc9211_section_2_all_went_forward(void **state) {
    (void)state;
    assert_int_equal(read("Cache-Status", "a; fwd=miss").answer, CACHED_NO);
    assert_int_equal(read("Cache-Status", "a; fwd=miss, b; fwd=bypass").answer, CACHED_NO);
    assert_int_equal(read("Cache-Status", "a; fwd=miss, b").answer, CACHED_UNKNOWN);
    assert_int_equal(read("Cache-Status", "a; fwd=miss, b; hit").answer, CACHED_YES);
    assert_int_equal(read("Cache-Status", "a; hit=?1").answer, CACHED_YES);
    assert_int_equal(read("Cache-Status", "a; hit=?0; fwd=miss").answer, CACHED_NO);
}

static void rfc9211_section_2_malformed(void **state) {
    (void)state;
    static const char *const values[] = {"",
                                         ";",
                                         "\"",
                                         "a;hit=",
                                         "a; hit=yes",
                                         "a; fwd",
                                         "a; fwd=",
                                         "a; =; ;;",
                                         "\"a; hit",
                                         "a; HIT",
                                         "a; ttl=1.5",
                                         "a; ttl=-",
                                         "a; ttl=99999999999999999",
                                         "a; fwd-status=1000"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct semantics_cached c = read("Cache-Status", values[i]);
        assert_int_equal(c.answer, CACHED_UNKNOWN);
        for (uint32_t k = 0; k < c.count; k++) {
            assert_false(c.caches[k].has_ttl || c.caches[k].has_status);
        }
    }
    struct semantics_cached c = read("Cache-Status", "a,b,c,d,e,f,g,h,i,j;hit");
    assert_int_equal(c.count, CACHE_HANDLINGS);
    assert_int_equal(c.dropped, 2);
    assert_int_equal(c.answer, CACHED_YES);
}

static void x_cache(void **state) {
    (void)state;
    static const char *const hits[] = {"HIT", "Hit from cloudfront", "MISS, HIT", "HIT from squid:3128",
                                       "TCP_MEM_HIT from a"};
    static const char *const others[] = {"MISS", "Miss from cloudfront",       "",
                                         "hits", "RefreshHit from cloudfront", "no hit"};
    for (size_t i = 0; i < sizeof hits / sizeof *hits; i++) {
        assert_int_equal(read("X-Cache", hits[i]).evidence, CACHED_BY_X_CACHE);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(read("X-Cache", others[i]).answer, CACHED_UNKNOWN);
    }
}

static void what_is_written(void **state) {
    (void)state;
    struct sample s;
    semantics_sample(&s, "GET", 200);
    semantics_expect_none(&s, "\"cached\"");
    sample_response_field(&s, "Age", "3");
    sample_response_field(&s, "Cache-Status",
                          "edge; hit; ttl=-1, \"b\"; fwd=miss; fwd-status=200; stored; collapsed");
    semantics_expect_part(&s,
                          "\"cached\":{\"answer\":true,\"evidence\":[\"age\",\"cache_status\"],\"caches\":["
                          "{\"cache\":\"edge\",\"hit\":true,\"ttl\":-1},"
                          "{\"cache\":\"b\",\"hit\":false,\"forward\":\"miss\",\"forward_status\":200,"
                          "\"stored\":true,\"collapsed\":true}]}");
    semantics_sample(&s, "GET", 200);
    sample_response_field(&s, "Cache-Status", "\"Bearer swordfish\"; fwd=\"token=swordfish\"");
    semantics_expect(&s, true, "swordfish", false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9111_section_5_1_age),
        cmocka_unit_test(rfc9211_section_2_cache_status),
        cmocka_unit_test(rfc9211_section_2_all_went_forward),
        cmocka_unit_test(rfc9211_section_2_malformed),
        cmocka_unit_test(x_cache),
        cmocka_unit_test(what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
