/* SPDX-License-Identifier: Apache-2.0 */
/* A random case as a row of named numbers: read from words NAME=NUMBER, printed as such, and made smaller as
 * long as it fails. Pure functions but for the calls back. */
#ifndef HARK_TESTS_SHRINK_H
#define HARK_TESTS_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

/* What makes the number simpler. */
enum shrink_way {
    SHRINK_LESS,  /* 0, or half of it */
    SHRINK_RARER, /* 0, or twice as much */
    SHRINK_RARER_ONLY,
    SHRINK_BITS, /* one bit less */
    SHRINK_FROM, /* more, up to the number after it */
    SHRINK_TO,   /* less, down to the number before it */
    SHRINK_KEEP,
};

struct shrink_word {
    const char *name, *meaning;
    enum shrink_way way;
};

enum { SHRINK_WORDS = 64 };

/* False when the word is none of these. */
bool shrink_take_word(const struct shrink_word *, unsigned count, uint32_t *numbers, const char *word);
void shrink_print_words(const struct shrink_word *, unsigned count, const uint32_t *numbers);
void shrink_print_meanings(const struct shrink_word *, unsigned count);

typedef bool shrink_fails(void *context, const uint32_t *numbers);

/* Makes the numbers, which fail, simpler until no single step is left that fails too. */
void shrink(const struct shrink_word *, unsigned count, uint32_t *numbers, shrink_fails *, void *context);

#endif
