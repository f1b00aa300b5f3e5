/* SPDX-License-Identifier: Apache-2.0 */
#include "shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 6, MOST_RARE = 1 << 24 };

bool shrink_take_word(const struct shrink_word *words, unsigned count, uint32_t *numbers, const char *word) {
    const char *equals = strchr(word, '=');
    for (unsigned i = 0; equals && i < count; i++) {
        size_t len = strlen(words[i].name);
        if ((size_t)(equals - word) == len && memcmp(words[i].name, word, len) == 0) {
            numbers[i] = (uint32_t)strtoul(equals + 1, NULL, 10);
            return true;
        }
    }
    return false;
}

void shrink_print_words(const struct shrink_word *words, unsigned count, const uint32_t *numbers) {
    for (unsigned i = 0; i < count; i++) {
        printf(" %s=%u", words[i].name, numbers[i]);
    }
    printf("\n");
}

void shrink_print_meanings(const struct shrink_word *words, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        printf("  %-10s %s\n", words[i].name, words[i].meaning);
    }
}

struct search {
    const struct shrink_word *words;
    unsigned count;
    uint32_t *numbers;
    shrink_fails *fails;
    void *context;
};

/* Takes the simpler number if the case fails with it too. */
static bool take(struct search *s, unsigned at, uint32_t number) {
    uint32_t before = s->numbers[at];
    if (number == before) {
        return false;
    }
    s->numbers[at] = number;
    if (s->fails(s->context, s->numbers)) {
        return true;
    }
    s->numbers[at] = before;
    return false;
}

static bool shrink_bits(struct search *s, unsigned at) {
    bool any = false;
    for (unsigned bit = 0; bit < 32; bit++) {
        any |= s->numbers[at] & 1U << bit && take(s, at, s->numbers[at] & ~(1U << bit));
    }
    return any;
}

/* Leaves out half of what there is, then a quarter ... */
static bool shrink_end(struct search *s, unsigned at, bool from) {
    uint32_t *n = s->numbers;
    bool any = false;
    for (uint32_t step = from ? n[at + 1] - n[at] : n[at] - n[at - 1]; step > 0; step /= 2) {
        while (from ? n[at + 1] - n[at] >= step : n[at] - n[at - 1] >= step) {
            if (!take(s, at, from ? n[at] + step : n[at] - step)) {
                break;
            }
            any = true;
        }
    }
    return any;
}

static bool shrink_number(struct search *s, unsigned at) {
    enum shrink_way way = s->words[at].way;
    bool any = way != SHRINK_RARER_ONLY && take(s, at, 0);
    while (s->numbers[at] && s->numbers[at] < MOST_RARE &&
           take(s, at, way == SHRINK_LESS ? s->numbers[at] / 2 : s->numbers[at] * 2)) {
        any = true;
    }
    return any;
}

static bool shrink_one(struct search *s, unsigned at) {
    switch (s->words[at].way) {
    case SHRINK_LESS:
    case SHRINK_RARER:
    case SHRINK_RARER_ONLY:
        return shrink_number(s, at);
    case SHRINK_BITS:
        return shrink_bits(s, at);
    case SHRINK_FROM:
    case SHRINK_TO:
        return shrink_end(s, at, s->words[at].way == SHRINK_FROM);
    case SHRINK_KEEP:
        break;
    }
    return false;
}

void shrink(const struct shrink_word *words, unsigned count, uint32_t *numbers, shrink_fails *fails,
            void *context) {
    struct search s = {
        .words = words, .count = count, .numbers = numbers, .fails = fails, .context = context};
    bool any = true;
    for (unsigned round = 0; any && round < ROUNDS; round++) {
        any = false;
        for (unsigned at = 0; at < count; at++) {
            any |= shrink_one(&s, at);
        }
    }
}
