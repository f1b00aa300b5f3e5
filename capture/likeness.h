/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of one type that look alike, each in little memory: an image keeps what differs from a model, which
 * is the first object that was seen, and gives the object back bit by bit. Which of its words are times or
 * offsets, and so follow on each other, the model tells: whatever members the type has, nothing is lost.
 * Embedded by value, one thread. Images live in one run of the program. */
#ifndef HARK_CAPTURE_LIKENESS_H
#define HARK_CAPTURE_LIKENESS_H

#include "capture/prefetch.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LIKENESS_WORDS = 320, /* of 64 bits: most that an object may have */
    LIKENESS_LINKS = 128, /* most of them that follow on others */
    LIKENESS_CHAINS = 3,
    LIKENESS_SLACK = 7, /* bytes behind an image that are read, whatever they are */
    LIKENESS_IMAGE_MOST = LIKENESS_WORDS / 64 + LIKENESS_WORDS / 8 + LIKENESS_WORDS / 2 + 9 * LIKENESS_WORDS +
                          LIKENESS_SLACK /* bytes of an image at the very most, its slack included */
};

/* `start`: what the first word of the chain is compared with; whoever reads an image knows it from elsewhere.
 */
struct likeness_chain {
    uint64_t start;
    /* for the model alone: words no further than `reach` from `near` are of the chain */
    uint64_t near;
    uint64_t reach;
};

/* The model: of its words that are not 0 (most are 0), first those that follow on the one before in their
 * chain by so much, links, chain after chain, then those that have a value, fixed ones. */
struct likeness {
    size_t words; /* of the object; 0: there is no model yet */
    uint16_t links[LIKENESS_CHAINS];
    uint16_t listed;                    /* links and fixed ones */
    uint64_t wild[LIKENESS_WORDS / 64]; /* a bit a word */
    uint16_t place[LIKENESS_WORDS];     /* word in the object */
    uint64_t value[LIKENESS_WORDS];
};

/* There is no model. */
static inline void likeness_init(struct likeness *l) {
    l->words = 0;
}

/* Asks for all of the model that writing and reading images needs. */
static inline void likeness_prefetch(const struct likeness *l, struct prefetch *prefetch) {
    prefetch_add(prefetch, l, offsetof(struct likeness, place) + l->listed * sizeof l->place[0]);
    prefetch_add(prefetch, l->value, l->listed * sizeof l->value[0]);
}

/* Sets the bit of the word at that offset into the object. */
static inline void likeness_mark_wild(uint64_t wild[LIKENESS_WORDS / 64], size_t offset) {
    size_t word = offset / sizeof(uint64_t);
    wild[word / 64] |= UINT64_C(1) << word % 64;
}

/* Takes the object, of `bytes` (a multiple of 8), as the model. Images made before can't be read any more.
 * `wild`: a bit for each word whose value differs from run to run. An image has all of it where it is not 0,
 * so that its length is the same in each run. NULL: there is none. */
void likeness_learn(struct likeness *, const void *object, size_t bytes,
                    const struct likeness_chain[LIKENESS_CHAINS], const uint64_t wild[LIKENESS_WORDS / 64]);
/* Writes the object's image, LIKENESS_IMAGE_MOST bytes at most, and returns its length without the slack. The
 * object is used up: what is in it then means nothing. */
size_t likeness_write(const struct likeness *, void *object, const struct likeness_chain[LIKENESS_CHAINS],
                      uint8_t *image);
/* The same on any processor. */
size_t likeness_write_plainly(const struct likeness *, void *object,
                              const struct likeness_chain[LIKENESS_CHAINS], uint8_t *image);
/* Makes the object of it again, with chains that start as they did. Returns the image's length. */
size_t likeness_read(const struct likeness *, void *object, const struct likeness_chain[LIKENESS_CHAINS],
                     const uint8_t *image);

#endif
