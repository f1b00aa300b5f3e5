/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of a value must be what would be found anew. */
#include "analyzer/http_date.h"
#include "analyzer/value_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 1;

static unsigned random_below(unsigned limit) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)((seed >> 33) % limit);
}

static void check_date(struct value_memo *memo, const char *text, size_t len, int64_t now) {
    struct slice s = slice_make(text, len);
    int64_t expected = 0, seconds = 0;
    bool legal = http_date_read(s, now, &expected), proper = false;
    assert_int_equal(value_memo_date(memo, s, now, &seconds, &proper), legal);
    if (legal) {
        assert_int_equal(seconds, expected);
        assert_int_equal(proper, !http_date_is_obsolete(s) && http_date_weekday_fits(s, expected));
    }
}

/* Many have the same time of day, and with it the same place. */
static void test_dates(void **state) {
    (void)state;
    static const char *const days[] = {"Sun", "Mon", "Tue", "sun", "Xxx"};
    static const char *const months[] = {"Jan", "Feb", "Nov", "Foo"};
    struct value_memo *memo = value_memo_new();
    assert_non_null(memo);
    for (unsigned turn = 0; turn < 200000; turn++) {
        char text[64];
        int len = snprintf(text, sizeof text, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[random_below(5)],
                           random_below(32), months[random_below(4)], 1990 + random_below(60),
                           random_below(3), random_below(2), random_below(62));
        if (random_below(20) == 0) {
            text[random_below((unsigned)len)] = (char)random_below(256);
        }
        check_date(memo, text, (size_t)len - (random_below(50) == 0), turn);
    }
    static const char other[][40] = {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", ""};
    for (int64_t now = 0; now < INT64_C(8000000000); now += 500000000) {
        for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
            check_date(memo, other[i], strlen(other[i]), now);
        }
    }
    value_memo_free(memo);
}

/* Bytes that look like an empty place. */
static void test_nothing(void **state) {
    (void)state;
    struct value_memo *memo = value_memo_new();
    assert_non_null(memo);
    char text[29];
    for (int c = 0; c < 256; c++) {
        memset(text, c, sizeof text);
        check_date(memo, text, sizeof text, 0);
    }
    assert_false(value_memo_is_proper(memo, FIELD_NAME_ACCEPT, slice_make("", 0)));
    value_memo_free(memo);
    int64_t seconds;
    bool proper;
    assert_true(value_memo_date(NULL, slice_of("Sun, 06 Nov 1994 08:49:37 GMT"), 0, &seconds, &proper));
    assert_true(proper);
    assert_false(value_memo_is_proper(NULL, FIELD_NAME_ACCEPT, slice_of("a")));
    value_memo_keep_proper(NULL, FIELD_NAME_ACCEPT, slice_of("a"));
}

/* Only what was kept is there: the same bytes, of the same name. */
static void test_proper(void **state) {
    (void)state;
    struct value_memo *memo = value_memo_new();
    assert_non_null(memo);
    unsigned found = 0;
    for (unsigned turn = 0; turn < 300000; turn++) {
        uint8_t bytes[200];
        size_t len = random_below(sizeof bytes + 1);
        memset(bytes, 'a', sizeof bytes);
        for (unsigned i = 0; i < 3 && len; i++) {
            bytes[random_below((unsigned)len)] = (uint8_t)('a' + random_below(2));
        }
        enum field_name name = (enum field_name)(1 + random_below(FIELD_NAMES - 1));
        struct slice value = slice_make(bytes, len);
        bool kept = value_memo_is_proper(memo, name, value);
        unsigned b = 0;
        for (size_t i = 0; i < len; i++) {
            b += bytes[i] == 'b';
        }
        bool allowed = b == 1 && name % 3 == 0; /* what the test keeps */
        assert_false(kept && !allowed);
        found += kept;
        if (allowed) {
            value_memo_keep_proper(memo, name, value);
            assert_int_equal(value_memo_is_proper(memo, name, value), len <= VALUE_MEMO_BYTES);
        }
    }
    assert_true(found > 0);
    value_memo_free(memo);
}

static void assert_same_view(struct slice a, struct slice b) {
    assert_ptr_equal(a.ptr, b.ptr);
    assert_int_equal(a.len, b.len);
}

/* Views are of the value at hand, wherever the one remembered stood. */
static void test_media(void **state) {
    (void)state;
    static const char *const values[] = {
        "text/html",
        "text/html; charset=utf-8",
        "text/HTML; charset=\"UTF-8\"",
        "application/problem+json",
        "application/json",
        "application/jsom",
        "multipart/byteranges; boundary=x",
        "multipart/byteranges; boundary=",
        " ",
        "",
        "text",
        "/",
        ";",
        "a/b;;;",
        "text/html; title=\"a long one, beyond what is remembered of a value\""};
    struct value_memo *memo = value_memo_new();
    assert_non_null(memo);
    for (unsigned turn = 0; turn < 20000; turn++) {
        char bytes[128];
        size_t at = random_below(16);
        const char *value = values[random_below(sizeof values / sizeof *values)];
        memcpy(bytes + at, value, strlen(value));
        struct slice s = slice_make(bytes + at, strlen(value));
        struct media_type media, expected;
        media_type_read(&expected, s);
        value_memo_media(turn % 5 ? memo : NULL, s, &media);
        assert_int_equal(media.valid, expected.valid);
        assert_int_equal(media.has_boundary, expected.has_boundary);
        assert_same_view(media.type, expected.type);
        assert_same_view(media.subtype, expected.subtype);
        assert_same_view(media.suffix, expected.suffix);
        assert_same_view(media.charset, expected.charset);
        assert_same_view(media.parameters, expected.parameters);
        unsigned code = random_below(700);
        code = random_below(2) ? 200 : code;
        assert_ptr_equal(value_memo_status(memo, code), status_find(code));
    }
    value_memo_free(memo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_proper),
        cmocka_unit_test(test_media),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
