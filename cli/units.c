/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Longest first, so that the shortest text is found by taking the first that divides. */
static const struct unit duration_units[] = {
    {"d", UINT64_C(86400000000000)}, {"h", UINT64_C(3600000000000)}, {"m", UINT64_C(60000000000)},
    {"s", UINT64_C(1000000000)},     {"ms", UINT64_C(1000000)},      {"us", UINT64_C(1000)},
};
static const struct unit size_units[] = {
    {"G", UINT64_C(1) << 30}, {"M", UINT64_C(1) << 20}, {"K", UINT64_C(1) << 10}, {"", 1}};

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Reads digits at *text and moves behind them; false without digits or when they do not fit. */
static bool take_digits(const char **text, uint64_t *value) {
    if (!is_digit(**text)) {
        return false;
    }
    *value = 0;
    for (; is_digit(**text); (*text)++) {
        if (__builtin_mul_overflow(*value, 10U, value) ||
            __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value)) {
            return false;
        }
    }
    return true;
}

bool units_parse_count(const char *text, uint64_t *count) {
    uint64_t value;
    if (!take_digits(&text, &value) || *text != '\0') {
        return false;
    }
    *count = value;
    return true;
}

bool units_parse_size(const char *text, uint64_t *bytes) {
    uint64_t value;
    if (!take_digits(&text, &value) || strlen(text) > 1) {
        return false;
    }
    char unit[2] = {*text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text, '\0'};
    for (size_t i = 0; i < LENGTH_OF(size_units); i++) {
        if (strcmp(unit, size_units[i].name) == 0) {
            return !__builtin_mul_overflow(value, size_units[i].factor, bytes);
        }
    }
    return false;
}

/* The digits behind a decimal point as billionths; at most nine of them. */
static bool take_fraction(const char **text, uint64_t *billionths) {
    const char *start = *text;
    if (!take_digits(text, billionths) || *text - start > 9) {
        return false;
    }
    for (long digits = *text - start; digits < 9; digits++) {
        *billionths *= 10;
    }
    return true;
}

bool units_parse_duration(const char *text, uint64_t *ns) {
    uint64_t whole;
    uint64_t billionths = 0;
    if (!take_digits(&text, &whole)) {
        return false;
    }
    if (*text == '.') {
        text++;
        if (!take_fraction(&text, &billionths)) {
            return false;
        }
    }
    const char *name = *text == '\0' ? "s" : text;
    for (size_t i = 0; i < LENGTH_OF(duration_units); i++) {
        if (strcmp(name, duration_units[i].name) != 0) {
            continue;
        }
        uint64_t factor = duration_units[i].factor;
        /* a fraction of a day has less than 2^63 of these, in two steps that cannot overflow */
        uint64_t part =
            factor >= 1000000000 ? factor / 1000000000 * billionths : factor * billionths / 1000000000;
        uint64_t value;
        if (__builtin_mul_overflow(whole, factor, &value) || __builtin_add_overflow(value, part, &value) ||
            value > INT64_MAX) {
            return false;
        }
        *ns = value;
        return true;
    }
    return false;
}

void units_size_text(uint64_t bytes, char text[UNITS_TEXT_BYTES]) {
    size_t i = 0;
    while (size_units[i].factor > 1 && (bytes == 0 || bytes % size_units[i].factor != 0)) {
        i++;
    }
    snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64 "%s", bytes / size_units[i].factor, size_units[i].name);
}

void units_duration_text(uint64_t ns, char text[UNITS_TEXT_BYTES]) {
    if (ns == 0) {
        snprintf(text, UNITS_TEXT_BYTES, "0s");
        return;
    }
    for (size_t i = 0; i < LENGTH_OF(duration_units); i++) {
        if (ns % duration_units[i].factor == 0) {
            snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64 "%s", ns / duration_units[i].factor,
                     duration_units[i].name);
            return;
        }
    }
    snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64 ".%03" PRIu64 "us", ns / 1000, ns % 1000);
}

void units_bytes_for_people(uint64_t bytes, char text[UNITS_TEXT_BYTES]) {
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t i = 0;
    while (value >= 999.5 && i + 1 < LENGTH_OF(names)) {
        value /= 1000;
        i++;
    }
    int decimals = i == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(text, UNITS_TEXT_BYTES, "%.*f %s", decimals, value, names[i]);
}
