/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/cookie_date.h"

#include "analyzer/h1_syntax.h"

struct cookie_date {
    bool has_time, has_day, has_month, has_year;
    unsigned hour, minute, second, day, month, year; /* month: 1 to 12 */
};

static bool is_delimiter(uint8_t c) {
    return c == 0x09 || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) || (c >= 0x5b && c <= 0x60) ||
           (c >= 0x7b && c <= 0x7e);
}

/* `least` to `most` digits at `*at`, not followed by one more. */
static bool take_number(struct slice s, size_t *at, size_t least, size_t most, unsigned *number) {
    size_t from = *at;
    *number = 0;
    for (; *at < s.len && *at - from < most && h1_is(s.ptr[*at], H1_DIGIT); ++*at) {
        *number = *number * 10 + (unsigned)(s.ptr[*at] - '0');
    }
    return *at - from >= least && (*at == s.len || !h1_is(s.ptr[*at], H1_DIGIT));
}

static bool take_colon(struct slice s, size_t *at) {
    bool there = *at < s.len && s.ptr[*at] == ':';
    *at += there;
    return there;
}

static bool read_time(struct slice s, struct cookie_date *d) {
    size_t at = 0;
    return take_number(s, &at, 1, 2, &d->hour) && take_colon(s, &at) &&
           take_number(s, &at, 1, 2, &d->minute) && take_colon(s, &at) &&
           take_number(s, &at, 1, 2, &d->second);
}

/* 1 to 12; 0 for what is no month. */
static unsigned month_of(struct slice s) {
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (unsigned i = 0; s.len >= 3 && i < 12; i++) {
        if (slice_equal_nocase(slice_first(s, 3), slice_make(months + (size_t)3 * i, 3))) {
            return i + 1;
        }
    }
    return 0;
}

static void take_token(struct slice s, struct cookie_date *d) {
    unsigned number;
    size_t at = 0;
    if (!d->has_time && read_time(s, d)) {
        d->has_time = true;
        return;
    }
    if (!d->has_day && take_number(s, &at, 1, 2, &number)) {
        d->has_day = true;
        d->day = number;
        return;
    }
    if (!d->has_month && month_of(s)) {
        d->has_month = true;
        d->month = month_of(s);
        return;
    }
    at = 0;
    if (!d->has_year && take_number(s, &at, 2, 4, &number)) {
        d->has_year = true;
        d->year = number < 70 ? number + 2000 : number < 100 ? number + 1900 : number;
    }
}

static unsigned days_in_month(unsigned year, unsigned month) {
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (leap && month == 2 ? 1U : 0U);
}

/* Since 1970, proleptic Gregorian; years count from March, so that the leap day is the last. */
static int64_t days_of(const struct cookie_date *d) {
    enum { DAYS_TO_1970 = 719468, CENTURIES_4 = 146097 };
    int64_t year = (int64_t)d->year - (d->month <= 2), month = d->month > 2 ? d->month - 3 : d->month + 9;
    int64_t of_year = (153 * month + 2) / 5 + d->day - 1, era = year / 400, in_era = year % 400;
    return era * CENTURIES_4 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - DAYS_TO_1970;
}

bool cookie_date_read(struct slice s, int64_t *seconds) {
    enum { DAY = 86400, HOUR = 3600, MINUTE = 60 };
    struct cookie_date d = {.day = 0};
    for (size_t from = 0, to; from < s.len; from = to + 1) {
        for (to = from; to < s.len && !is_delimiter(s.ptr[to]); to++) {
        }
        take_token(slice_make(s.ptr + from, to - from), &d);
    }
    if (!d.has_time || !d.has_day || !d.has_month || !d.has_year || d.year < 1601 || d.hour > 23 ||
        d.minute > 59 || d.second > 59 || d.day < 1 || d.day > days_in_month(d.year, d.month)) {
        return false;
    }
    *seconds = days_of(&d) * DAY + (int64_t)d.hour * HOUR + (int64_t)d.minute * MINUTE + d.second;
    return true;
}
