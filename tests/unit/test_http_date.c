/* SPDX-License-Identifier: Apache-2.0 */
/* Dates in fields: RFC 9110 section 5.6.7. */
#include "analyzer/http_date.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOW = 1700000000 }; /* 2023-11-14 */

static void expect(const char *text, const char *rfc3339) {
    int64_t seconds = -1;
    char got[HTTP_DATE_TEXT_BYTES];
    if (!http_date_read(slice_of(text), NOW, &seconds)) {
        print_error("%s\n", text);
        fail();
    }
    http_date_text(seconds, got);
    if (!slice_is(slice_make(got, sizeof got), rfc3339)) {
        print_error("%.20s instead of %s\n", got, rfc3339);
        fail();
    }
}

static void rfc9110_section_5_6_7_three_forms(void **state) {
    (void)state;
    int64_t seconds;
    assert_true(http_date_read(slice_of("Sun, 06 Nov 1994 08:49:37 GMT"), NOW, &seconds));
    assert_int_equal(seconds, 784111777);
    expect("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z");
    expect("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z");
    expect("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z");
    expect("Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z");
    expect("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z");
    expect("Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z");
    expect("Sat, 01 Jan 0000 00:00:00 GMT", "0000-01-01T00:00:00Z");
    expect("Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z");
    expect("Tue, 29 Feb 2000 12:00:00 GMT", "2000-02-29T12:00:00Z");
    expect("Wed, 28 Feb 2001 12:00:00 GMT", "2001-02-28T12:00:00Z");
    expect("Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z");
    expect("Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"); /* it was a Sunday */
}

static void rfc9110_section_5_6_7_two_digit_years(void **state) {
    (void)state;
    expect("Monday, 13-Nov-73 00:00:00 GMT", "2073-11-13T00:00:00Z"); /* not more than 50 years ahead */
    expect("Monday, 15-Nov-73 00:00:00 GMT", "1973-11-15T00:00:00Z");
    expect("Monday, 01-Jan-00 00:00:00 GMT", "2000-01-01T00:00:00Z");
    expect("Monday, 29-Feb-24 00:00:00 GMT", "2024-02-29T00:00:00Z");
}

static void rfc9110_section_5_6_7_illegal(void **state) {
    (void)state;
    static const char *const illegal[] = {
        "",
        "0",
        "-1",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 29 Feb 2001 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:3A GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Now-94 08:49:37 GMT",
        "Sunday, 00-Nov-94 08:49:37 GMT",
        "Sunday, 32-Jan-94 08:49:37 GMT",
        "Sunday, 29-Feb-23 08:49:37 GMT",
        "Sun Nov 06 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
    };
    for (size_t i = 0; i < sizeof illegal / sizeof *illegal; i++) {
        int64_t seconds = 7;
        if (http_date_read(slice_of(illegal[i]), NOW, &seconds)) {
            print_error("%s\n", illegal[i]);
        }
        assert_int_equal(seconds, 7);
    }
    const uint8_t nul[] = "Sun, 06 Nov 1994 08:49:37 GM\0";
    int64_t seconds = 7;
    assert_false(http_date_read(slice_make(nul, 29), NOW, &seconds));
    assert_false(http_date_read(slice_make(NULL, 0), NOW, &seconds));
}

static void every_day_there_and_back(void **state) {
    (void)state;
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int64_t day = 86400, first = -62167219200, end = 253402300800; /* years 0 to 9999 */
    for (int64_t at = first; at < end; at += 11 * day) {
        char text[HTTP_DATE_TEXT_BYTES], date[] = "Sun, 00 Jan 0000 00:00:01 GMT";
        int64_t seconds;
        http_date_text(at + 1, text);
        memcpy(date + 5, text + 8, 2);
        memcpy(date + 8, months + 3 * ((text[5] - '0') * 10 + text[6] - '0' - 1), 3);
        memcpy(date + 12, text, 4);
        assert_true(http_date_read(slice_of(date), NOW, &seconds));
        assert_int_equal(seconds, at + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9110_section_5_6_7_three_forms),
        cmocka_unit_test(rfc9110_section_5_6_7_two_digit_years),
        cmocka_unit_test(rfc9110_section_5_6_7_illegal),
        cmocka_unit_test(every_day_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
