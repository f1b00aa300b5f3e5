/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies (RFC 6265): names and attributes, well formed and not, and that no value is written. */
#include "analyzer/semantics_cookies.h"

#include "analyzer/cookie_date.h"
#include "analyzer/cookie_piece.h"
#include "part_sample.h"

static const struct head no_head = {.index = {.list = &no_head.list}};
/* 2023-11-14T22:13:20Z. */
static const struct cookie_scene scene = {.now = 1700000000};

static void test_date_5_1_1(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"Wed, 09 Jun 2021 10:18:14 GMT", 1623233894},
        {"Wednesday, 09-Jun-21 10:18:14 GMT", 1623233894},
        {"Wed Jun  9 10:18:14 2021", 1623233894},
        {"10:18:14 9 june 2021", 1623233894},
        {"2021 jun 9th 10:18:14x", 1623233894},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Thu, 01-Jan-70 0:0:1 GMT", 1},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"29 Feb 2000 00:00:00", 951782400},
        {"01 Mar 2100 00:00:00", INT64_C(4107542400)},
        {"31 Dec 9999 23:59:59", INT64_C(253402300799)},
        {"1 Jan 1601 00:00:00", INT64_C(-11644473600)},
        {"1 Jan 69 00:00:00", INT64_C(3124224000)},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct slice text = head_copy(slice_of(good[i].text));
        int64_t seconds = 0;
        bool read = cookie_date_read(text, &seconds);
        if (!read || seconds != good[i].seconds) {
            print_error("%s: %lld\n", good[i].text, (long long)seconds);
        }
        assert_true(read && seconds == good[i].seconds);
        free((void *)(uintptr_t)text.ptr);
    }
    static const char *const bad[] = {
        "",
        "0",
        "-1",
        "Wed, 09 Jun 2021",
        "09 Jun 10:18:14",
        "Jun 2021 10:18:14",
        "9 2021 10:18:14",
        "31 Feb 2021 00:00:00",
        "29 Feb 1900 00:00:00",
        "0 Jan 2021 00:00:00",
        "32 Jan 2021 00:00:00",
        "1 Jan 1600 00:00:00",
        "1 Jan 20211 00:00:00",
        "1 Jan 2021 24:00:00",
        "1 Jan 2021 00:60:00",
        "1 Jan 2021 00:00:60",
        "1 Jan 2021 00:00",
        "1 Jan 2021 000:00:00",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct slice text = head_copy(slice_of(bad[i]));
        int64_t seconds = 0;
        if (cookie_date_read(text, &seconds)) {
            print_error("%s\n", bad[i]);
        }
        assert_false(cookie_date_read(text, &seconds));
        free((void *)(uintptr_t)text.ptr);
    }
}

static void test_cookie_4_2(void **state) {
    (void)state;
    struct head h;
    struct semantics_cookies c;
    head_init(&h);
    head_add(&h, "Cookie", "SID=31d4d96e407aad42; lang=en-US;empty=; ; a=b=c");
    head_add(&h, "cookie", "bare; =value; q=\"x; y\"");
    semantics_cookies_read(&c, &h.index, &no_head.index, &scene);
    assert_int_equal(c.sent_count, 8);
    assert_int_equal(c.sent_nameless, 3); /* bare, =value, y" */
    assert_int_equal(c.names_kept, 5);
    assert_slice(c.sent[0], "SID");
    assert_slice(c.sent[2], "empty");
    assert_slice(c.sent[3], "a");
    assert_slice(c.sent[4], "q");
    head_fini(&h);
    head_add(&h, "Cookie", "");
    semantics_cookies_read(&c, &h.index, &no_head.index, &scene);
    assert_int_equal(c.sent_count, 0);
    head_fini(&h);
}

static void test_many_cookies(void **state) {
    (void)state;
    char value[4 * 50 + 1] = "";
    struct head h;
    struct semantics_cookies c;
    for (size_t i = 0; i < 50; i++) {
        memcpy(value + 4 * i, "a=1;", 5);
    }
    head_init(&h);
    head_add(&h, "Cookie", value);
    for (size_t i = 0; i < COOKIES_KEPT + 3; i++) {
        head_add(&h, "Set-Cookie", "b=2");
    }
    semantics_cookies_read(&c, &h.index, &h.index, &scene);
    assert_int_equal(c.sent_count, 50);
    assert_int_equal(c.names_kept, COOKIES_KEPT);
    assert_int_equal(c.set_count, COOKIES_KEPT + 3);
    head_fini(&h);
}

static struct set_cookie read_set(struct head *h, const char *value, const struct cookie_scene *where) {
    struct semantics_cookies c;
    head_init(h);
    head_add(h, "Set-Cookie", value);
    semantics_cookies_read(&c, &no_head.index, &h->index, where);
    assert_int_equal(c.set_count, 1);
    return c.set[0];
}

static void test_set_cookie_5_2(void **state) {
    (void)state;
    struct head h;
    struct set_cookie c =
        read_set(&h,
                 "SID=31d4; Path=/a ;DOMAIN=.Example.com;Secure;HttpOnly; samesite=lax;"
                 "Expires=Wed, 09 Jun 2021 10:18:14 GMT; Max-Age=60; unknown=x; Partitioned",
                 &scene);
    assert_slice(c.name, "SID");
    assert_slice(c.path, "/a");
    assert_slice(c.domain, "Example.com");
    assert_true(c.secure && c.http_only && c.partitioned && c.has_expires && c.has_max_age);
    assert_int_equal(c.same_site, SAME_SITE_LAX);
    assert_int_equal(c.max_age, 60);
    assert_int_equal(c.expires, 1623233894);
    assert_int_equal(c.lifetime, COOKIE_PERSISTENT); /* Max-Age goes before Expires (5.3) */
    assert_int_equal(c.oddities, 0);
    head_fini(&h);
    c = read_set(&h, "a=b; Path=/x; Path=y; Domain=a.b; Domain=", &scene); /* the last counts */
    assert_slice(c.path, "");
    assert_slice(c.domain, "");
    assert_int_equal(c.lifetime, COOKIE_SESSION);
    head_fini(&h);
}

static void expect_lifetime(const char *value, enum cookie_lifetime lifetime, uint32_t oddities) {
    struct head h;
    struct set_cookie c = read_set(&h, value, &scene);
    if (c.lifetime != lifetime || c.oddities != oddities) {
        print_error("%s: %d, %x\n", value, (int)c.lifetime, c.oddities);
    }
    assert_int_equal(c.lifetime, lifetime);
    assert_int_equal(c.oddities, oddities);
    head_fini(&h);
}

static void test_lifetime_5_3(void **state) {
    (void)state;
    expect_lifetime("a=b", COOKIE_SESSION, 0);
    expect_lifetime("a=b; Max-Age=1", COOKIE_PERSISTENT, 0);
    expect_lifetime("a=b; Max-Age=0", COOKIE_REMOVED, 0);
    expect_lifetime("a=b; Max-Age=-1", COOKIE_REMOVED, 0);
    expect_lifetime("a=b; Max-Age=99999999999999999999999", COOKIE_PERSISTENT, 0);
    expect_lifetime("a=b; Max-Age=-99999999999999999999999", COOKIE_REMOVED, 0);
    expect_lifetime("a=b; Max-Age=", COOKIE_SESSION, COOKIE_ODD_MAX_AGE);
    expect_lifetime("a=b; Max-Age", COOKIE_SESSION, COOKIE_ODD_MAX_AGE);
    expect_lifetime("a=b; Max-Age=-", COOKIE_SESSION, COOKIE_ODD_MAX_AGE);
    expect_lifetime("a=b; Max-Age=+1", COOKIE_SESSION, COOKIE_ODD_MAX_AGE);
    expect_lifetime("a=b; Max-Age=1.5", COOKIE_SESSION, COOKIE_ODD_MAX_AGE);
    expect_lifetime("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", COOKIE_REMOVED, 0);
    expect_lifetime("a=b; Expires=Tue, 14 Nov 2023 22:13:21 GMT", COOKIE_PERSISTENT, 0);
    expect_lifetime("a=b; Expires=Tue, 14 Nov 2023 22:13:20 GMT", COOKIE_REMOVED, 0);
    expect_lifetime("a=b; Expires=0", COOKIE_SESSION, COOKIE_ODD_EXPIRES);
    expect_lifetime("a=b; Expires=0; Max-Age=5", COOKIE_PERSISTENT, COOKIE_ODD_EXPIRES);
}

static void test_refused(void **state) {
    (void)state;
    expect_lifetime("", COOKIE_SESSION, COOKIE_ODD_NAMELESS);
    expect_lifetime("value", COOKIE_SESSION, COOKIE_ODD_NAMELESS);
    expect_lifetime("=value; Path=/", COOKIE_SESSION, COOKIE_ODD_NAMELESS);
    expect_lifetime("; a=b", COOKIE_SESSION, COOKIE_ODD_NAMELESS);
    expect_lifetime("a b=c", COOKIE_SESSION, COOKIE_ODD_NAME);
    expect_lifetime("a=b; SameSite=None", COOKIE_SESSION, COOKIE_ODD_SAME_SITE);
    expect_lifetime("a=b; SameSite=None; Secure", COOKIE_SESSION, 0);
    expect_lifetime("a=b; SameSite=what", COOKIE_SESSION, 0);
    expect_lifetime("a=b; Partitioned", COOKIE_SESSION, COOKIE_ODD_PARTITION);
    expect_lifetime("__Secure-a=b", COOKIE_SESSION, COOKIE_ODD_PREFIX);
    expect_lifetime("__secure-a=b; Secure", COOKIE_SESSION, 0);
    expect_lifetime("__Host-a=b; Secure; Path=/", COOKIE_SESSION, 0);
    expect_lifetime("__Host-a=b; Secure", COOKIE_SESSION, COOKIE_ODD_PREFIX);
    expect_lifetime("__Host-a=b; Secure; Path=/; Domain=x.y", COOKIE_SESSION, COOKIE_ODD_PREFIX);
    struct head h;
    const struct cookie_scene clear = {.cleartext = true};
    assert_int_equal(read_set(&h, "a=b; Secure", &clear).oddities, COOKIE_ODD_CLEARTEXT);
    head_fini(&h);
}

static void test_domain_5_1_3(void **state) {
    (void)state;
    static const struct {
        const char *host, *domain;
        bool covered;
    } cases[] = {
        {"www.example.com", "example.com", true},
        {"WWW.Example.COM", ".example.com", true},
        {"example.com", "example.com", true},
        {"example.com", "www.example.com", false},
        {"badexample.com", "example.com", false},
        {"example.com.evil", "example.com", false},
        {"1.2.3.4", "3.4", false},
        {"1.2.3.4", "1.2.3.4", true},
        {"", "example.com", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[64];
        struct head h;
        const struct cookie_scene there = {.host = slice_of(cases[i].host)};
        (void)snprintf(value, sizeof value, "a=b; Domain=%s", cases[i].domain);
        assert_int_equal(read_set(&h, value, &there).oddities, cases[i].covered ? 0 : COOKIE_ODD_DOMAIN);
        head_fini(&h);
    }
}

static void expect_written(const struct head *request, const struct head *response, const char *expected) {
    struct part p;
    struct semantics_cookies c;
    semantics_cookies_read(&c, &request->index, &response->index, &scene);
    part_init(&p, true);
    native_write_semantics_cookies(&p.native, &p.w, &c);
    part_expect(&p, expected);
}

static void test_written_without_values(void **state) {
    (void)state;
    struct head h, r;
    head_init(&h);
    head_init(&r);
    expect_written(&h, &r, "{}");
    head_add(&h, "Cookie", "SID=secret; l\xffng=secret; secret");
    head_add(&r, "Set-Cookie", "SID=secret; Path=/a; Secure; HttpOnly; SameSite=Strict; Max-Age=-5");
    head_add(&r, "Set-Cookie", "b=secret; Domain=secret=secret; Expires=Fri, 31 Dec 9999 23:59:59 GMT");
    head_add(&r, "Set-Cookie", "secret; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Partitioned");
    head_add(&r, "Set-Cookie", "c=; Expires=Mon, 01 Jan 1601 00:00:00 GMT");
    expect_written(
        &h, &r,
        "{\"cookies\":{\"sent\":{\"count\":3,\"names\":[\"SID\",\"l\xef\xbf\xbdng\"],\"nameless\":"
        "1},\"set\":["
        "{\"name\":\"SID\",\"path\":\"/"
        "a\",\"max_age\":-5,\"lifetime\":\"removed\",\"secure\":true,\"http_only\":true,"
        "\"same_site\":\"Strict\"},"
        "{\"name\":\"b\",\"domain\":\"***\",\"expires\":\"9999-12-31T23:59:59.000000000Z\",\"lifetime\":"
        "\"persistent\",\"secure\":false,\"http_"
        "only\":false},"
        "{\"expires\":\"2021-06-09T10:18:14.000000000Z\",\"lifetime\":\"removed\",\"secure\":"
        "false,\"http_only\":false,"
        "\"partitioned\":true,\"problems\":[\"nameless\",\"partitioned_insecure\"]},"
        "{\"name\":\"c\",\"expires\":\"1601-01-01T00:00:00.000000000Z\",\"lifetime\":\"removed\",\"secure\":"
        "false,\"http_only\":false}]}}");
    head_fini(&h);
    head_fini(&r);
}

/* Each length has bytes that are looked at 16, 8, 4 and one at a time. */
static void test_pieces_end_at_semicolons(void **state) {
    (void)state;
    enum { MOST = 40 };
    for (size_t len = 0; len <= MOST; len++) {
        for (size_t end = 0; end <= len; end++) {
            for (size_t sign = 0; sign <= len; sign++) {
                uint8_t bytes[MOST + 2];
                memset(bytes, 'x', sizeof bytes);
                bytes[len] = ';'; /* behind it */
                bytes[sign] = '=';
                if (end < len) {
                    bytes[end] = ';';
                    bytes[len - 1] = end < len - 1 ? '=' : ';'; /* another one, that is too late */
                }
                size_t equals = SIZE_MAX;
                assert_int_equal(cookie_piece_end(slice_make(bytes, len), &equals), end);
                assert_int_equal(equals, sign < end ? sign : end);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date_5_1_1),
        cmocka_unit_test(test_cookie_4_2),
        cmocka_unit_test(test_many_cookies),
        cmocka_unit_test(test_set_cookie_5_2),
        cmocka_unit_test(test_lifetime_5_3),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_domain_5_1_3),
        cmocka_unit_test(test_written_without_values),
        cmocka_unit_test(test_pieces_end_at_semicolons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
