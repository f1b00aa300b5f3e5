/* SPDX-License-Identifier: Apache-2.0 */
/* An image: which groups of eight words have a word that differs (a bit each), which words these are (a byte
 * a group), the length of each difference (half a byte each), the differences. */
#include "capture/likeness.h"
#include "capture/wide.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>

enum {
    GROUP_WORDS = 8,
    GROUPS = LIKENESS_WORDS / GROUP_WORDS,
    SHIFTED = 8,   /* in a length: zero bytes at the low end are left out, how many says a byte before */
    SHIFT_PAYS = 2 /* ... where they are so many */
};

static_assert(LIKENESS_WORDS % 64 == 0, "whole bytes of bits for the groups");

static uint64_t word_of(const void *object, size_t word) {
    uint64_t value;
    memcpy(&value, (const char *)object + word * sizeof value, sizeof value);
    return value;
}

static void set_word(void *object, size_t word, uint64_t value) {
    memcpy((char *)object + word * sizeof value, &value, sizeof value);
}

static void change_word(void *object, size_t word, uint64_t difference) {
    set_word(object, word, word_of(object, word) ^ difference);
}

/* The sign goes to the low end, so that a small difference either way is a small number. */
static uint64_t fold(uint64_t difference) {
    return difference << 1 ^ (0 - (difference >> 63));
}

static uint64_t unfold(uint64_t folded) {
    return folded >> 1 ^ (0 - (folded & 1));
}

static bool is_within(uint64_t value, const struct likeness_chain *chain) {
    uint64_t apart = value > chain->near ? value - chain->near : chain->near - value;
    return apart <= chain->reach;
}

static bool is_wild(const struct likeness *l, size_t word) {
    return l->wild[word / 64] >> word % 64 & 1;
}

/* The chain that the word's value is of; LIKENESS_CHAINS: none, or there is no room for one link more. */
static size_t chain_of(const struct likeness *l, uint64_t value,
                       const struct likeness_chain chains[LIKENESS_CHAINS]) {
    size_t c = l->link_count < LIKENESS_LINKS ? 0 : LIKENESS_CHAINS;
    while (c < LIKENESS_CHAINS && !is_within(value, &chains[c])) {
        c++;
    }
    return c;
}

static void start_chains(const struct likeness_chain chains[LIKENESS_CHAINS],
                         uint64_t before[LIKENESS_CHAINS]) {
    for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
        before[c] = chains[c].start;
    }
}

void likeness_learn(struct likeness *l, const void *object, size_t bytes,
                    const struct likeness_chain chains[LIKENESS_CHAINS],
                    const uint64_t wild[LIKENESS_WORDS / 64]) {
    assert(bytes % sizeof(uint64_t) == 0 && bytes / sizeof(uint64_t) <= LIKENESS_WORDS);
    uint64_t before[LIKENESS_CHAINS];
    start_chains(chains, before);
    l->words = bytes / sizeof(uint64_t);
    l->link_count = 0;
    l->fixed_count = 0;
    memset(l->wild, 0, sizeof l->wild);
    if (wild) {
        memcpy(l->wild, wild, sizeof l->wild);
    }
    for (size_t i = 0; i < l->words; i++) {
        uint64_t value = word_of(object, i);
        if (value == 0 || is_wild(l, i)) {
            continue; /* most are, and no time or offset that is known is */
        }
        size_t c = chain_of(l, value, chains);
        if (c < LIKENESS_CHAINS) {
            l->list[l->link_count++] =
                (struct likeness_word){.word = (uint16_t)i, .chain = (uint16_t)c, .value = value - before[c]};
            before[c] = value;
        } else {
            l->list[LIKENESS_WORDS - ++l->fixed_count] =
                (struct likeness_word){.word = (uint16_t)i, .value = value};
        }
    }
}

static void change_fixed(const struct likeness *l, void *object) {
    for (size_t k = LIKENESS_WORDS - l->fixed_count; k < LIKENESS_WORDS; k++) {
        change_word(object, l->list[k].word, l->list[k].value);
    }
}

/* Each word of the object becomes what it differs by. */
static void take_differences(const struct likeness *l, void *object,
                             const struct likeness_chain chains[LIKENESS_CHAINS]) {
    uint64_t before[LIKENESS_CHAINS];
    start_chains(chains, before);
    for (size_t k = 0; k < l->link_count; k++) {
        const struct likeness_word *link = &l->list[k];
        uint64_t value = word_of(object, link->word);
        set_word(object, link->word, fold(value - before[link->chain] - link->value));
        before[link->chain] = value;
    }
    change_fixed(l, object);
}

/* Which words are not 0: a byte a group, a bit a word. */
static void find_words(const void *differences, size_t words, uint8_t masks[GROUPS]) {
    for (size_t i = 0; i < words; i += GROUP_WORDS) {
        size_t count = words - i < GROUP_WORDS ? words - i : GROUP_WORDS;
        unsigned bits = 0;
        for (size_t j = 0; j < count; j++) {
            bits |= (unsigned)(word_of(differences, i + j) != 0) << j;
        }
        masks[i / GROUP_WORDS] = (uint8_t)bits;
    }
}

#if defined(__x86_64__)

/* The lower four bits: which of the four words are 0. */
AVX2 static inline unsigned zeros_of(const char *words) {
    __m256i four = _mm256_loadu_si256((const __m256i_u *)(const void *)words);
    __m256i zero = _mm256_cmpeq_epi64(four, _mm256_setzero_si256());
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(zero));
}

AVX2 static void find_words_avx2(const void *differences, size_t words, uint8_t masks[GROUPS]) {
    const char *at = differences;
    size_t groups = words / GROUP_WORDS;
    for (size_t g = 0; g < groups; g++, at += GROUP_WORDS * sizeof(uint64_t)) {
        unsigned zeros = zeros_of(at) | zeros_of(at + GROUP_WORDS / 2 * sizeof(uint64_t)) << GROUP_WORDS / 2;
        masks[g] = (uint8_t)~zeros;
    }
    find_words(at, words % GROUP_WORDS, masks + groups);
}

#else

#define find_words_avx2 find_words

#endif

/* Writes which words differ, and lists them. */
static size_t write_places(size_t words, const uint8_t masks[GROUPS], uint16_t places[LIKENESS_WORDS],
                           uint8_t **image) {
    uint8_t *groups = *image, *mask = groups + GROUPS / 8;
    size_t count = 0;
    memset(groups, 0, GROUPS / 8);
    for (size_t g = 0; g * GROUP_WORDS < words; g++) {
        if (masks[g] == 0) {
            continue;
        }
        groups[g / 8] = (uint8_t)(groups[g / 8] | 1U << g % 8);
        *mask++ = masks[g];
        for (unsigned bits = masks[g]; bits; bits &= bits - 1) {
            places[count++] = (uint16_t)(g * GROUP_WORDS + (unsigned)__builtin_ctz(bits));
        }
    }
    *image = mask;
    return count;
}

static uint8_t *write_difference(uint8_t *at, uint64_t difference, bool whole, unsigned *length) {
    unsigned bytes = whole ? 8 : (unsigned)(64 - __builtin_clzll(difference) + 7) / 8;
    unsigned zeros = whole ? 0 : (unsigned)__builtin_ctzll(difference) / 8;
    *length = bytes - 1;
    if (zeros >= SHIFT_PAYS) {
        *at++ = (uint8_t)zeros;
        bytes -= zeros;
        *length = (bytes - 1) | SHIFTED;
        difference >>= 8 * zeros;
    }
    uint64_t stored = htole64(difference);
    memcpy(at, &stored, sizeof stored);
    return at + bytes;
}

/* Of the differences; `masks`: as find_words finds them. */
static size_t write_image(const struct likeness *l, const void *object, const uint8_t masks[GROUPS],
                          uint8_t *image) {
    uint16_t places[LIKENESS_WORDS];
    uint8_t *at = image;
    size_t count = write_places(l->words, masks, places, &at);
    uint8_t *lengths = at;
    at += (count + 1) / 2;
    for (size_t k = 0; k < count; k++) {
        unsigned length;
        at = write_difference(at, word_of(object, places[k]), is_wild(l, places[k]), &length);
        if (k % 2 == 0) {
            lengths[k / 2] = (uint8_t)length;
        } else {
            lengths[k / 2] = (uint8_t)(lengths[k / 2] | length << 4);
        }
    }
    return (size_t)(at - image);
}

size_t likeness_write(const struct likeness *l, void *object,
                      const struct likeness_chain chains[LIKENESS_CHAINS], uint8_t *image) {
    uint8_t masks[GROUPS];
    take_differences(l, object, chains);
    (is_wide() ? find_words_avx2 : find_words)(object, l->words, masks);
    return write_image(l, object, masks, image);
}

size_t likeness_write_plainly(const struct likeness *l, void *object,
                              const struct likeness_chain chains[LIKENESS_CHAINS], uint8_t *image) {
    uint8_t masks[GROUPS];
    take_differences(l, object, chains);
    find_words(object, l->words, masks);
    return write_image(l, object, masks, image);
}

static size_t read_places(const uint8_t **image, uint16_t places[LIKENESS_WORDS]) {
    const uint8_t *groups = *image, *mask = groups + GROUPS / 8;
    size_t count = 0;
    for (size_t byte = 0; byte < GROUPS / 8; byte++) {
        for (unsigned left = groups[byte]; left; left &= left - 1) {
            size_t g = byte * 8 + (unsigned)__builtin_ctz(left);
            for (unsigned bits = *mask++; bits; bits &= bits - 1) {
                places[count++] = (uint16_t)(g * GROUP_WORDS + (unsigned)__builtin_ctz(bits));
            }
        }
    }
    *image = mask;
    return count;
}

static const uint8_t *read_difference(const uint8_t *at, unsigned length, uint64_t *difference) {
    unsigned zeros = length & SHIFTED ? *at++ : 0;
    unsigned bytes = (length & ~(unsigned)SHIFTED) + 1;
    uint64_t stored;
    memcpy(&stored, at, sizeof stored);
    *difference = (le64toh(stored) & UINT64_MAX >> (64 - 8 * bytes)) << 8 * zeros;
    return at + bytes;
}

/* Each word of the object, which is what it differs by, becomes itself. */
static void apply_differences(const struct likeness *l, void *object,
                              const struct likeness_chain chains[LIKENESS_CHAINS]) {
    uint64_t before[LIKENESS_CHAINS];
    start_chains(chains, before);
    for (size_t k = 0; k < l->link_count; k++) {
        const struct likeness_word *link = &l->list[k];
        before[link->chain] += link->value + unfold(word_of(object, link->word));
        set_word(object, link->word, before[link->chain]);
    }
    change_fixed(l, object);
}

size_t likeness_read(const struct likeness *l, void *object,
                     const struct likeness_chain chains[LIKENESS_CHAINS], const uint8_t *image) {
    uint16_t places[LIKENESS_WORDS];
    const uint8_t *at = image;
    size_t count = read_places(&at, places);
    const uint8_t *lengths = at;
    at += (count + 1) / 2;
    memset(object, 0, l->words * sizeof(uint64_t));
    for (size_t k = 0; k < count; k++) {
        uint64_t difference;
        at = read_difference(at, (unsigned)lengths[k / 2] >> 4 * (k % 2) & 15, &difference);
        set_word(object, places[k], difference);
    }
    apply_differences(l, object, chains);
    return (size_t)(at - image);
}
