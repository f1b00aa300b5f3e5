/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal digits, three at a time from tables. Pure functions; any thread. */
#ifndef HARK_OUTPUT_DIGITS_H
#define HARK_OUTPUT_DIGITS_H

#include <stdint.h>
#include <string.h>

enum {
    DIGITS_BYTES = 24, /* 20 digits of a number, and what is stored behind them */
    DIGITS_NINE_BYTES = 10,
};

/* Of 0 to 999: all three digits; those without leading zeros, and behind them how many they are. */
extern const uint8_t DIGITS_THREE[1000][4];
extern const uint8_t DIGITS_FIRST[1000][4];

/* What digits_put does with numbers of more than six digits. */
uint8_t *digits_put_long(uint8_t *to, uint64_t value);

/* Both store a byte more, or some. */
static inline uint8_t *digits_put_three(uint8_t *to, uint32_t below_1000) {
    memcpy(to, DIGITS_THREE[below_1000], 4);
    return to + 3;
}

static inline uint8_t *digits_put_first(uint8_t *to, uint32_t below_1000) {
    memcpy(to, DIGITS_FIRST[below_1000], 4);
    return to + DIGITS_FIRST[below_1000][3];
}

/* The number's digits, into room of the caller's: returns where they end. */
static inline uint8_t *digits_put(uint8_t *to, uint64_t value) {
    if (value < 1000) {
        return digits_put_first(to, (uint32_t)value);
    }
    if (value < 1000000) {
        to = digits_put_first(to, (uint32_t)value / 1000);
        return digits_put_three(to, (uint32_t)value % 1000);
    }
    return digits_put_long(to, value);
}

/* All nine digits of a number below 10^9; DIGITS_NINE_BYTES are stored. */
static inline uint8_t *digits_put_nine(uint8_t *to, uint32_t value) {
    to = digits_put_three(to, value / 1000000);
    to = digits_put_three(to, value / 1000 % 1000);
    return digits_put_three(to, value % 1000);
}

#endif
