/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/http_date.h"

enum { SECONDS_A_DAY = 86400 };

struct date {
    int64_t year;
    unsigned month, day; /* from 1 */
    unsigned hour, minute, second;
};

/* By a pattern as long as the text: `9` is a digit, `A` any byte, anything else itself. */
static bool matches_all(struct slice text, const char *pattern) {
    bool fits = true;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i], p = (uint8_t)pattern[i];
        fits &= c == p || p == 'A' || (p == '9' && (uint8_t)(c - '0') < 10);
    }
    return fits;
}
#define MATCHES(text, pattern) ((text).len == sizeof(pattern) - 1 && matches_all((text), (pattern)))

static unsigned number(struct slice text, size_t at, size_t digits) {
    unsigned value = 0;
    for (size_t i = at; i < at + digits; i++) {
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    return value;
}

/* Names of three letters, each packed. */
#define NAME(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/* Which month's name stands there? From 1; 0 for none. */
static unsigned month_at(struct slice text, size_t at) {
    switch (NAME(text.ptr[at], text.ptr[at + 1], text.ptr[at + 2])) {
    case NAME('J', 'a', 'n'):
        return 1;
    case NAME('F', 'e', 'b'):
        return 2;
    case NAME('M', 'a', 'r'):
        return 3;
    case NAME('A', 'p', 'r'):
        return 4;
    case NAME('M', 'a', 'y'):
        return 5;
    case NAME('J', 'u', 'n'):
        return 6;
    case NAME('J', 'u', 'l'):
        return 7;
    case NAME('A', 'u', 'g'):
        return 8;
    case NAME('S', 'e', 'p'):
        return 9;
    case NAME('O', 'c', 't'):
        return 10;
    case NAME('N', 'o', 'v'):
        return 11;
    case NAME('D', 'e', 'c'):
        return 12;
    default:
        return 0;
    }
}

/* The same of a weekday, from Sunday on. */
static unsigned weekday_at(struct slice text, size_t at) {
    switch (NAME(text.ptr[at], text.ptr[at + 1], text.ptr[at + 2])) {
    case NAME('S', 'u', 'n'):
        return 1;
    case NAME('M', 'o', 'n'):
        return 2;
    case NAME('T', 'u', 'e'):
        return 3;
    case NAME('W', 'e', 'd'):
        return 4;
    case NAME('T', 'h', 'u'):
        return 5;
    case NAME('F', 'r', 'i'):
        return 6;
    case NAME('S', 'a', 't'):
        return 7;
    default:
        return 0;
    }
}

static bool is_leap(int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool exists(const struct date *d) {
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (d->month == 0 || d->day == 0) {
        return false;
    }
    unsigned length = d->month == 2 && is_leap(d->year) ? 29 : lengths[d->month - 1];
    return d->day <= length && d->hour < 24 && d->minute < 60 && d->second <= 60; /* a leap second */
}

/* Days from 1970-01-01, in the Gregorian calendar. */
static int64_t days_of(const struct date *d) {
    int64_t year = d->month > 2 ? d->year : d->year - 1; /* so that a year ends with February */
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (int64_t)(d->month > 2 ? d->month - 3 : d->month + 9) + 2) / 5 + d->day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t seconds_of(const struct date *d) {
    return days_of(d) * SECONDS_A_DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

static void read_time(struct slice text, size_t at, struct date *d) {
    d->hour = number(text, at, 2);
    d->minute = number(text, at + 3, 2);
    d->second = number(text, at + 6, 2);
}

static bool are_digits(const uint8_t *bytes, size_t count) {
    bool digits = true;
    for (size_t i = 0; i < count; i++) {
        digits &= (uint8_t)(bytes[i] - '0') < 10;
    }
    return digits;
}

/* 08:49:37 */
static bool is_time(const uint8_t *t) {
    return t[2] == ':' && t[5] == ':' && are_digits(t, 2) && are_digits(t + 3, 2) && are_digits(t + 6, 2);
}

/* Sun, 06 Nov 1994 08:49:37 GMT: what nearly all send, so it has no pattern. */
static bool read_fixdate(struct slice text, struct date *d) {
    const uint8_t *t = text.ptr;
    if (text.len != sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1 || memcmp(t + 25, " GMT", 4) != 0 ||
        t[3] != ',' || t[4] != ' ' || t[7] != ' ' || t[11] != ' ' || t[16] != ' ' || !are_digits(t + 5, 2) ||
        !are_digits(t + 12, 4) || !is_time(t + 17) || !weekday_at(text, 0)) {
        return false;
    }
    *d = (struct date){.year = number(text, 12, 4), .month = month_at(text, 8), .day = number(text, 5, 2)};
    read_time(text, 17, d);
    return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct slice text, struct date *d) {
    bool short_day = MATCHES(text, "AAA AAA  9 99:99:99 9999");
    if ((!short_day && !MATCHES(text, "AAA AAA 99 99:99:99 9999")) || !weekday_at(text, 0)) {
        return false;
    }
    *d = (struct date){.year = number(text, 20, 4),
                       .month = month_at(text, 4),
                       .day = short_day ? number(text, 9, 1) : number(text, 8, 2)};
    read_time(text, 11, d);
    return true;
}

static bool is_long_day(struct slice name) {
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (slice_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool read_rfc850(struct slice text, int64_t now, struct date *d) {
    const int64_t century = 100, ahead = 50;
    size_t comma = slice_find(text, ',');
    struct slice rest = slice_after(text, comma);
    if (!is_long_day(slice_first(text, comma)) || !MATCHES(rest, ", 99-AAA-99 99:99:99 GMT")) {
        return false;
    }
    *d = (struct date){
        .year = 1900 + number(rest, 9, 2), .month = month_at(rest, 5), .day = number(rest, 2, 2)};
    read_time(rest, 12, d);
    if (d->month == 0 || d->day == 0) {
        return false;
    }
    struct date next = *d;
    next.year += century - ahead;
    while (seconds_of(&next) <= now) {
        next.year += century;
    }
    d->year = next.year - (century - ahead);
    return true;
}

bool http_date_read(struct slice text, int64_t now, int64_t *seconds) {
    struct date d;
    if ((!read_fixdate(text, &d) && !read_rfc850(text, now, &d) && !read_asctime(text, &d)) || !exists(&d)) {
        return false;
    }
    *seconds = seconds_of(&d);
    return true;
}

bool http_date_weekday_fits(struct slice text, int64_t seconds) {
    enum { DAYS_A_WEEK = 7, THURSDAY = 5 /* 1970-01-01, days counted from 1 */ };
    int64_t of_day = seconds % SECONDS_A_DAY;
    int64_t day = (seconds - (of_day < 0 ? of_day + SECONDS_A_DAY : of_day)) / SECONDS_A_DAY;
    int64_t weekday = ((day + THURSDAY - 1) % DAYS_A_WEEK + DAYS_A_WEEK) % DAYS_A_WEEK + 1;
    return weekday_at(text, 0) == (unsigned)weekday;
}

static void put_number(char *to, unsigned digits, int64_t value) {
    for (unsigned i = digits; i > 0; i--, value /= 10) {
        to[i - 1] = (char)('0' + value % 10);
    }
}

/* The inverse of days_of, from year 0 on. */
static struct date date_of(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    struct date d = {.year = year + era * 400 + (month >= 10),
                     .month = (unsigned)(month < 10 ? month + 3 : month - 9),
                     .day = (unsigned)(of_year - (153 * month + 2) / 5 + 1)};
    return d;
}

void http_date_text(int64_t seconds, char text[HTTP_DATE_TEXT_BYTES]) {
    int64_t of_day = seconds % SECONDS_A_DAY;
    of_day += of_day < 0 ? SECONDS_A_DAY : 0;
    struct date d = date_of((seconds - of_day) / SECONDS_A_DAY);
    memcpy(text, "0000-00-00T00:00:00Z", HTTP_DATE_TEXT_BYTES);
    put_number(text, 4, d.year);
    put_number(text + 5, 2, d.month);
    put_number(text + 8, 2, d.day);
    put_number(text + 11, 2, of_day / 3600);
    put_number(text + 14, 2, of_day / 60 % 60);
    put_number(text + 17, 2, of_day % 60);
}
