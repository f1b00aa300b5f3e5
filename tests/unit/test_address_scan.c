/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses in text. In the examples @ stands for what 192.0.2.77 is mapped to, # for 2001:db8::77's. */
#include "output/address_scan.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { ROOM = 1 << 16 };

static struct anonymizer *make(void) {
    static const uint8_t key[ANONYMIZER_KEY_BYTES] = "0123456789abcdef0123456789abcde";
    struct anonymizer *anonymizer = anonymizer_new(key);
    assert_non_null(anonymizer);
    return anonymizer;
}

struct example {
    const char *input, *expected;
};

/* `colon`: how the text writes them. */
static void expand(struct anonymizer *a, const char *expected, const char *colon, struct buf *out) {
    struct address v4 = address_of_v4((const uint8_t[]){192, 0, 2, 77}), v6;
    char text[2][ADDRESS_TEXT_BYTES];
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::77", v6.bytes), 1);
    v4 = anonymizer_map(a, &v4);
    v6 = anonymizer_map(a, &v6);
    (void)address_text(&v4, 4, text[0]);
    (void)address_text(&v6, 6, text[1]);
    for (; *expected; expected++) {
        if (*expected != '@' && *expected != '#') {
            buf_append(out, expected, 1);
            continue;
        }
        for (const char *c = text[*expected == '#']; *c; c++) {
            (void)buf_append_slice(out, *c == ':' ? slice_of(colon) : slice_make(c, 1));
        }
    }
}

static void assert_scans(enum address_places places, const struct example *examples, size_t count) {
    struct anonymizer *anonymizer = make();
    for (size_t i = 0; i < count; i++) {
        const char *input = examples[i].input;
        const char *colon = strstr(input, "%253A") ? "%253A"
                            : strstr(input, "%3A") ? "%3A"
                            : strstr(input, "%3a") ? "%3a"
                                                   : ":";
        struct buf out, expected;
        buf_init(&out, ROOM);
        buf_init(&expected, ROOM);
        expand(anonymizer, examples[i].expected, colon, &expected);
        size_t len = strlen(input);
        uint8_t *exact = malloc(len ? len : 1); /* so that ASan sees a read past its end */
        assert_non_null(exact);
        memcpy(exact, input, len);
        struct slice got = address_scan(anonymizer, places, slice_make(exact, len), &out);
        if (!slice_equal(got, buf_slice(&expected))) {
            print_error("%s became %.*s, not %.*s\n", input, (int)got.len, (const char *)got.ptr,
                        (int)expected.len, (const char *)expected.ptr);
        }
        assert_true(slice_equal(got, buf_slice(&expected)));
        assert_int_equal(got.ptr == exact, strcmp(input, examples[i].expected) == 0);
        free(exact);
        buf_fini(&out);
        buf_fini(&expected);
    }
    anonymizer_free(anonymizer);
}

static void test_addresses(void **state) {
    (void)state;
    static const struct example examples[] = {
        {"192.0.2.77", "@"},
        {"192.0.2.77:8080", "@:8080"},
        {"192.000.002.077", "@"},
        {"192.0.2.77, 192.0.2.77,192.0.2.77", "@, @,@"},
        {"192.0.2.77:1:192.0.2.77", "@:1:@"},
        {"a 192.0.2.77.", "a @."},
        {"(192.0.2.77)", "(@)"},
        {"192.0.2.77/24", "@/24"},
        {"for=192.0.2.77;by=192.0.2.77", "for=@;by=@"},
        {"for=\"[2001:db8::77]:4711\"", "for=\"[#]:4711\""},
        {"for=\"_hidden\";for=192.0.2.77", "for=\"_hidden\";for=@"},
        {"http://192.0.2.77/192.0.2.77?a=192.0.2.77&192.0.2.77", "http://@/@?a=@&@"},
        {"http://u:p%40192.0.2.77/", "http://u:p%40@/"},
        {"u=http%3A%2F%2F192.0.2.77%2F", "u=http%3A%2F%2F@%2F"},
        {"u=http%253A%252F%252F192.0.2.77", "u=http%253A%252F%252F@"},
        {"192%2E0%2e2.77", "@"},
        {"%31%39%32.0.2.77", "@"},
        {"ip:192.0.2.77", "ip:@"},
        {"cafe:192.0.2.77", "cafe:@"},
        {"ip-192.0.2.77-x", "ip-@-x"},
        {"ip_192.0.2.77_x", "ip_@_x"},
        {"192.0.2.77.nip.io", "@.nip.io"},
        {"host.192.0.2.77", "host.@"},
        {"face.192.0.2.77.example", "face.@.example"},
        {"2001:db8::77", "#"},
        {"2001:DB8:0:0::0077", "#"},
        {"2001:db8:0:0:0:0:0:77", "#"},
        {"2001:db8::0.0.0.119", "#"},
        {"[2001:db8::77]:443", "[#]:443"},
        {"[2001:db8::77%25eth0]", "[#%25eth0]"},
        {"2001:db8::77%eth0", "#%eth0"},
        {"2001:db8::77/64, 192.0.2.77", "#/64, @"},
        {"ip:2001:db8::77", "ip:#"},
        {"2001:db8::77: gone.", "#: gone."},
        {"at 2001:db8::77.", "at #."},
        {"a=2001%3Adb8%3A%3A77&b", "a=#&b"},
        {"a=%5B2001%3adb8%3a%3a77%5D", "a=%5B#%5D"},
        {"u=%255B2001%253Adb8%253A%253A77", "u=%255B#"},
        {"::ffff:192.0.2.77", "::ffff:@"},
        {"::FFFF:c000:024d", "::ffff:@"},
        {"\377192.0.2.77\377", "\377@\377"},
    };
    assert_scans(ADDRESSES_ANYWHERE, examples, sizeof examples / sizeof examples[0]);
}

static void test_what_is_none(void **state) {
    (void)state;
    static const char *const same[] = {
        "",
        ".",
        ":",
        "::",
        "...",
        ":::",
        "%",
        "%2",
        "%%%",
        "1.2.3",
        "1.2.3.4.5",
        "192.0.2.256",
        "192.0.2.1000",
        "192.0.2.",
        "192.0.2",
        "192..0.2.77",
        "v192.0.2.77",
        "192.0.2.77x",
        "192.0.2.77a",
        "a192.0.2.77",
        "x192.0.2.77",
        "1.192.0.2.77",
        "192.0.2.77.1",
        "Mon, 28 Nov 2026 08:04:10 GMT",
        "12:34:56",
        "00:00:5E:00:53:10",
        "W/\"5f-1:2\"",
        "std::vector",
        "Foo::Bar",
        "a:b:c",
        "http://www.example.com:8080/a.b.c.d",
        "1::2::3",
        "12345::1",
        "2001:db8::77x",
        "2001:db8:::77",
        "1:2:3:4:5:6:7:8:9",
        "q=0.9,*/*;q=0.8",
        "max-age=1.2.3",
        "::ffff:192.0.2.256",
        "MD5:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99",
    };
    struct example examples[sizeof same / sizeof same[0]];
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        examples[i] = (struct example){same[i], same[i]};
    }
    assert_scans(ADDRESSES_ANYWHERE, examples, sizeof same / sizeof same[0]);
}

static void test_products(void **state) {
    (void)state;
    static const struct example examples[] = {
        {"Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
         "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"},
        {"Mozilla/5.0 (Windows; U; rv:1.9.2.28) Gecko/1", "Mozilla/5.0 (Windows; U; rv:1.9.2.28) Gecko/1"},
        {"bot/1.0 (+http://192.0.2.77/bot)", "bot/1.0 (+http://@/bot)"},
        {"probe of 192.0.2.77", "probe of @"},
        {"192.0.2.77", "@"},
        {"1.1 192.0.2.77:3128 (squid/3.5.2.1)", "1.1 @:3128 (squid/3.5.2.1)"},
        {"1.1 2001:db8::77", "1.1 #"},
    };
    assert_scans(ADDRESSES_BESIDE_PRODUCTS, examples, sizeof examples / sizeof examples[0]);
    static const struct example versions[] = {{"\"A\";v=\"99.0.0.0\"", "\"A\";v=\"99.0.0.0\""}};
    assert_scans(ADDRESSES_NOWHERE, versions, 1);
}

static void test_fields(void **state) {
    (void)state;
    static const char *const products[] = {"User-Agent", "server",           "X-Powered-By",
                                           "Via",        "X-Amz-User-Agent", "Upgrade"};
    static const char *const versions[] = {"Sec-CH-UA", "sec-ch-ua-full-version-list", "X-Client-Version"};
    static const char *const others[] = {"Host", "X-Forwarded-For", "Forwarded", "X-Real-IP",
                                         "",     "Location",        "Sec-CH",    "Via-X"};
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        assert_int_equal(address_places_of(slice_of(products[i])), ADDRESSES_BESIDE_PRODUCTS);
    }
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        assert_int_equal(address_places_of(slice_of(versions[i])), ADDRESSES_NOWHERE);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(address_places_of(slice_of(others[i])), ADDRESSES_ANYWHERE);
    }
}

/* An address is found behind any number of bytes that may belong to one. */
static void test_long_runs(void **state) {
    (void)state;
    static const char *const fillers[] = {
        "a", "0123456789abcdef", "ab:", "a.", "::", "1:", "192.0.2.77:", "."};
    for (size_t f = 0; f < sizeof fillers / sizeof fillers[0]; f++) {
        for (size_t repeats = 0; repeats < 200; repeats++) {
            struct anonymizer *anonymizer = make();
            struct buf text, out;
            buf_init(&text, ROOM);
            buf_init(&out, ROOM);
            for (size_t i = 0; i < repeats; i++) {
                buf_append_slice(&text, slice_of(fillers[f]));
            }
            buf_append_slice(&text, slice_of("g:192.0.2.77:1"));
            struct slice shown = address_scan(anonymizer, ADDRESSES_ANYWHERE, buf_slice(&text), &out);
            assert_null(memmem(shown.ptr, shown.len, "192.0.2.77", 10));
            buf_clear(&text);
            for (size_t i = 0; i < repeats; i++) {
                buf_append_slice(&text, slice_of(fillers[f]));
            }
            buf_append_slice(&text, slice_of(":192.0.2.77"));
            shown = address_scan(anonymizer, ADDRESSES_ANYWHERE, buf_slice(&text), &out);
            assert_null(memmem(shown.ptr, shown.len, "192.0.2.77", 10));
            buf_fini(&text);
            buf_fini(&out);
            anonymizer_free(anonymizer);
        }
    }
}

static void test_no_room(void **state) {
    (void)state;
    struct anonymizer *anonymizer = make();
    for (size_t cap = 0; cap < 40; cap++) {
        struct buf out;
        buf_init(&out, cap);
        struct slice shown =
            address_scan(anonymizer, ADDRESSES_ANYWHERE, slice_of("a 192.0.2.77 2001:db8::77"), &out);
        assert_true(out.failed && !shown.ptr && shown.len == 0);
        buf_fini(&out);
    }
    anonymizer_free(anonymizer);
}

/* Whatever the bytes, time grows with their number only. */
static void test_time(void **state) {
    (void)state;
    enum { BYTES = 1 << 20 };
    static const char *const fillers[] = {"1",        "a",  ":",           ".",    "%25", "1.",
                                          "a1.1.1.1", "1:", "192.0.2.77 ", "%3A1", "%"};
    struct anonymizer *anonymizer = make();
    uint8_t *bytes = malloc(BYTES);
    assert_non_null(bytes);
    for (size_t f = 0; f < sizeof fillers / sizeof fillers[0]; f++) {
        struct buf out;
        buf_init(&out, (size_t)8 * BYTES);
        for (size_t i = 0; i < BYTES; i++) {
            bytes[i] = (uint8_t)fillers[f][i % strlen(fillers[f])];
        }
        clock_t started = clock();
        (void)address_scan(anonymizer, ADDRESSES_ANYWHERE, slice_make(bytes, BYTES), &out);
        assert_true((double)(clock() - started) / CLOCKS_PER_SEC < 5);
        buf_fini(&out);
    }
    free(bytes);
    anonymizer_free(anonymizer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_products),  cmocka_unit_test(test_fields),
        cmocka_unit_test(test_long_runs), cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
