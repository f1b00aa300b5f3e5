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

/* The chain that a value is of; LIKENESS_CHAINS: none. */
static size_t chain_of(uint64_t value, const struct likeness_chain chains[LIKENESS_CHAINS]) {
    size_t c = 0;
    while (c < LIKENESS_CHAINS && !is_within(value, &chains[c])) {
        c++;
    }
    return c;
}

/* The words that the model has, in order. */
struct modelled {
    size_t count;
    uint16_t place[LIKENESS_WORDS];
    uint8_t chain[LIKENESS_WORDS]; /* LIKENESS_CHAINS: of none, fixed */
};

/* Links for which there is no room are fixed. */
static void sort_words(const struct likeness *l, const void *object,
                       const struct likeness_chain chains[LIKENESS_CHAINS], struct modelled *words) {
    size_t links = 0;
    words->count = 0;
    for (size_t i = 0; i < l->words; i++) {
        uint64_t value = word_of(object, i);
        if (value == 0 || is_wild(l, i)) { /* no time or offset that is known is 0 */
            continue;
        }
        size_t c = links < LIKENESS_LINKS ? chain_of(value, chains) : LIKENESS_CHAINS;
        links += c < LIKENESS_CHAINS;
        words->place[words->count] = (uint16_t)i;
        words->chain[words->count++] = (uint8_t)c;
    }
}

/* Those of a chain by what they follow on the one before, fixed ones as they are. */
static void list_words(struct likeness *l, const void *object, const struct modelled *words, size_t chain,
                       uint64_t before) {
    for (size_t i = 0; i < words->count; i++) {
        if (words->chain[i] == chain) {
            uint64_t value = word_of(object, words->place[i]);
            l->place[l->listed] = words->place[i];
            l->value[l->listed++] = value - before;
            before = chain < LIKENESS_CHAINS ? value : before;
        }
    }
}

void likeness_learn(struct likeness *l, const void *object, size_t bytes,
                    const struct likeness_chain chains[LIKENESS_CHAINS],
                    const uint64_t wild[LIKENESS_WORDS / 64]) {
    assert(bytes % sizeof(uint64_t) == 0 && bytes / sizeof(uint64_t) <= LIKENESS_WORDS);
    l->words = bytes / sizeof(uint64_t);
    l->listed = 0;
    memset(l->wild, 0, sizeof l->wild);
    if (wild) {
        memcpy(l->wild, wild, sizeof l->wild);
    }
    struct modelled words;
    sort_words(l, object, chains, &words);
    for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
        uint16_t first = l->listed;
        list_words(l, object, &words, c, chains[c].start);
        l->links[c] = (uint16_t)(l->listed - first);
    }
    list_words(l, object, &words, LIKENESS_CHAINS, 0);
}

/* The model's words from the k-th on are fixed. */
static void change_fixed(const struct likeness *l, size_t k, void *object) {
    for (; k < l->listed; k++) {
        set_word(object, l->place[k], word_of(object, l->place[k]) ^ l->value[k]);
    }
}

/* Each word of the object becomes what it differs by. */
static void take_differences(const struct likeness *l, void *object,
                             const struct likeness_chain chains[LIKENESS_CHAINS]) {
    size_t k = 0;
    for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
        uint64_t before = chains[c].start;
        for (size_t end = k + l->links[c]; k < end; k++) {
            uint64_t value = word_of(object, l->place[k]);
            set_word(object, l->place[k], fold(value - before - l->value[k]));
            before = value;
        }
    }
    change_fixed(l, k, object);
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

/* The groups of eight from `first` on that have a mask, a byte each, the first one's lowest. */
static uint64_t eight_masks(const uint8_t masks[GROUPS], size_t first) {
    uint64_t eight;
    memcpy(&eight, masks + first, sizeof eight);
    return le64toh(eight);
}

static unsigned count_ones(unsigned mask) {
    static const uint8_t ones[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    return (unsigned)ones[mask & 15] + ones[mask >> 4];
}

/* Writes which words differ, and says how many. */
static size_t write_places(const uint8_t masks[GROUPS], uint8_t **image) {
    uint8_t *groups = *image, *mask = groups + GROUPS / 8;
    size_t count = 0;
    for (size_t byte = 0; byte < GROUPS / 8; byte++) {
        unsigned bits = 0;
        for (uint64_t left = eight_masks(masks, byte * 8); left;) {
            unsigned g = (unsigned)__builtin_ctzll(left) / 8;
            *mask = (uint8_t)(left >> 8 * g);
            count += count_ones(*mask++);
            bits |= 1U << g;
            left &= ~(UINT64_C(255) << 8 * g);
        }
        groups[byte] = (uint8_t)bits;
    }
    *image = mask;
    return count;
}

/* Without branches, which nobody could foretell. */
static uint8_t *write_difference(uint8_t *at, uint64_t difference, bool whole, unsigned *length) {
    unsigned bytes = whole ? 8 : (unsigned)(64 - __builtin_clzll(difference) + 7) / 8;
    unsigned zeros = whole ? 0 : (unsigned)__builtin_ctzll(difference) / 8;
    unsigned shifted = zeros >= SHIFT_PAYS;
    zeros &= 0 - shifted;
    bytes -= zeros;
    *at = (uint8_t)zeros;
    at += shifted;
    *length = (bytes - 1) | shifted * SHIFTED;
    uint64_t stored = htole64(difference >> 8 * zeros);
    memcpy(at, &stored, sizeof stored);
    return at + bytes;
}

/* Of the differences; `masks`: as find_words finds them. */
static size_t write_image(const struct likeness *l, const void *object, const uint8_t masks[GROUPS],
                          uint8_t *image) {
    uint8_t *at = image;
    size_t count = write_places(masks, &at), k = 0;
    uint8_t *lengths = at;
    at += (count + 1) / 2;
    memset(lengths, 0, (count + 1) / 2);
    for (size_t eight = 0; eight < GROUPS / 8; eight++) {
        uint64_t left = eight_masks(masks, eight * 8);
        for (; left; left &= left - 1, k++) {
            size_t place = eight * 64 + (unsigned)__builtin_ctzll(left);
            unsigned length;
            at = write_difference(at, word_of(object, place), is_wild(l, place), &length);
            lengths[k / 2] = (uint8_t)(lengths[k / 2] | length << 4 * (k % 2));
        }
    }
    return (size_t)(at - image);
}

size_t likeness_write(const struct likeness *l, void *object,
                      const struct likeness_chain chains[LIKENESS_CHAINS], uint8_t *image) {
    uint8_t masks[GROUPS] = {0};
    take_differences(l, object, chains);
    (is_wide() ? find_words_avx2 : find_words)(object, l->words, masks);
    return write_image(l, object, masks, image);
}

size_t likeness_write_plainly(const struct likeness *l, void *object,
                              const struct likeness_chain chains[LIKENESS_CHAINS], uint8_t *image) {
    uint8_t masks[GROUPS] = {0};
    take_differences(l, object, chains);
    find_words(object, l->words, masks);
    return write_image(l, object, masks, image);
}

/* Which words differ: a bit each. Says how many. */
static size_t read_places(const uint8_t **image, uint64_t places[GROUPS / 8]) {
    const uint8_t *groups = *image, *mask = groups + GROUPS / 8;
    size_t count = 0;
    for (size_t byte = 0; byte < GROUPS / 8; byte++) {
        places[byte] = 0;
        for (unsigned left = groups[byte]; left; left &= left - 1, mask++) {
            places[byte] |= (uint64_t)*mask << 8 * (unsigned)__builtin_ctz(left);
            count += count_ones(*mask);
        }
    }
    *image = mask;
    return count;
}

static const uint8_t *read_difference(const uint8_t *at, unsigned length, uint64_t *difference) {
    unsigned shifted = length / SHIFTED;
    unsigned zeros = *at & (0 - shifted);
    unsigned bytes = length % SHIFTED + 1;
    at += shifted;
    uint64_t stored;
    memcpy(&stored, at, sizeof stored);
    *difference = (le64toh(stored) & UINT64_MAX >> (64 - 8 * bytes)) << 8 * zeros;
    return at + bytes;
}

/* Each word of the object, which is what it differs by, becomes itself. */
static void apply_differences(const struct likeness *l, void *object,
                              const struct likeness_chain chains[LIKENESS_CHAINS]) {
    size_t k = 0;
    for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
        uint64_t before = chains[c].start;
        for (size_t end = k + l->links[c]; k < end; k++) {
            before += l->value[k] + unfold(word_of(object, l->place[k]));
            set_word(object, l->place[k], before);
        }
    }
    change_fixed(l, k, object);
}

size_t likeness_read(const struct likeness *l, void *object,
                     const struct likeness_chain chains[LIKENESS_CHAINS], const uint8_t *image) {
    uint64_t places[GROUPS / 8];
    const uint8_t *at = image;
    size_t count = read_places(&at, places), k = 0;
    const uint8_t *lengths = at;
    at += (count + 1) / 2;
    memset(object, 0, l->words * sizeof(uint64_t));
    for (size_t eight = 0; eight < GROUPS / 8; eight++) {
        for (uint64_t left = places[eight]; left; left &= left - 1, k++) {
            uint64_t difference;
            at = read_difference(at, (unsigned)lengths[k / 2] >> 4 * (k % 2) & 15, &difference);
            set_word(object, eight * 64 + (unsigned)__builtin_ctzll(left), difference);
        }
    }
    apply_differences(l, object, chains);
    return (size_t)(at - image);
}
