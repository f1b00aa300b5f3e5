/* SPDX-License-Identifier: Apache-2.0 */
#include "output/digits.h"

#define THREE(a, b, c)                                                                                       \
    { '0' + (a), '0' + (b), '0' + (c), 0 }
#define FIRST(a, b, c)                                                                                       \
    {                                                                                                        \
        (a)   ? '0' + (a)                                                                                    \
        : (b) ? '0' + (b)                                                                                    \
              : '0' + (c),                                                                                   \
            (a) ? '0' + (b) : '0' + (c), '0' + (c),                                                          \
            (a)   ? 3                                                                                        \
            : (b) ? 2                                                                                        \
                  : 1                                                                                        \
    }
#define TEN(E, a, b)                                                                                         \
    E(a, b, 0), E(a, b, 1), E(a, b, 2), E(a, b, 3), E(a, b, 4), E(a, b, 5), E(a, b, 6), E(a, b, 7),          \
        E(a, b, 8), E(a, b, 9)
#define HUNDRED(E, a)                                                                                        \
    TEN(E, a, 0), TEN(E, a, 1), TEN(E, a, 2), TEN(E, a, 3), TEN(E, a, 4), TEN(E, a, 5), TEN(E, a, 6),        \
        TEN(E, a, 7), TEN(E, a, 8), TEN(E, a, 9)
#define THOUSAND(E)                                                                                          \
    HUNDRED(E, 0), HUNDRED(E, 1), HUNDRED(E, 2), HUNDRED(E, 3), HUNDRED(E, 4), HUNDRED(E, 5), HUNDRED(E, 6), \
        HUNDRED(E, 7), HUNDRED(E, 8), HUNDRED(E, 9)
const uint8_t DIGITS_THREE[1000][4] = {THOUSAND(THREE)};
const uint8_t DIGITS_FIRST[1000][4] = {THOUSAND(FIRST)};

static inline uint8_t *put_below_billion(uint8_t *to, uint32_t value) {
    if (value < 1000000) {
        return digits_put(to, value);
    }
    to = digits_put_first(to, value / 1000000);
    to = digits_put_three(to, value / 1000 % 1000);
    return digits_put_three(to, value % 1000);
}

uint8_t *digits_put_long(uint8_t *to, uint64_t value) {
    enum { BILLION = 1000000000 };
    if (value < BILLION) {
        return put_below_billion(to, (uint32_t)value);
    }
    uint64_t high = value / BILLION;
    if (high < BILLION) {
        to = put_below_billion(to, (uint32_t)high);
    } else {
        to = put_below_billion(to, (uint32_t)(high / BILLION));
        to = digits_put_nine(to, (uint32_t)(high % BILLION));
    }
    return digits_put_nine(to, (uint32_t)(value % BILLION));
}
