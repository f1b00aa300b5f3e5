/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses differ from run to run, and images must not: a word that points into the arena or at a constant
 * is kept as the distance from where that begins. A number that only looks like an address is given back,
 * too. */
#include "analyzer/transaction_image.h"

#include <assert.h>

enum {
    WORDS = sizeof(struct transaction) / sizeof(uint64_t),
    BLOCKS_MOST = 4,
    BASE_BITS = 3 /* of a word that was an address: from where it is told */
};

/* What the image is made of. */
struct stored {
    struct transaction transaction;
    uint64_t addresses[(WORDS + 63) / 64]; /* a bit a word */
    uint64_t blocks[BLOCKS_MOST];          /* of the arena, newest first; 0 behind the last */
};

struct base {
    uint64_t from;
    uint64_t size;
};

static_assert(sizeof(struct transaction) % sizeof(uint64_t) == 0, "images are of whole words");
static_assert(sizeof(struct stored) <= LIKENESS_WORDS * sizeof(uint64_t), "an image has room for it");
static_assert(BLOCKS_MOST + 1 <= 1 << BASE_BITS, "each base has its number");

/* Of the linker: where the program begins and ends in memory, its constants within. What lies beyond, as
 * memory of the C library, is somewhere else in each run. */
extern const char __executable_start[], _end[];

static struct base base_of_constants(void) {
    return (struct base){(uintptr_t)__executable_start, (uintptr_t)_end - (uintptr_t)__executable_start};
}

/* False: too many. The one behind the last has no bytes. */
static bool find_bases(struct stored *stored, const struct transaction *t,
                       struct base bases[BLOCKS_MOST + 1]) {
    size_t count = 0;
    memset(bases, 0, (BLOCKS_MOST + 1) * sizeof *bases);
    bases[0] = base_of_constants();
    for (const struct arena_block *block = t->arena.blocks; block; block = block->next) {
        if (count == BLOCKS_MOST) {
            return false;
        }
        stored->blocks[count++] = (uintptr_t)block;
        bases[count] =
            (struct base){(uintptr_t)block, sizeof *block + block->size + 1}; /* its end is told, too */
    }
    return true;
}

static uint64_t word_at(const struct transaction *t, size_t i) {
    uint64_t word;
    memcpy(&word, (const char *)t + i * sizeof word, sizeof word);
    return word;
}

static void set_word(struct transaction *t, size_t i, uint64_t word) {
    memcpy((char *)t + i * sizeof word, &word, sizeof word);
}

static void tell_addresses(struct stored *stored, const struct base bases[BLOCKS_MOST + 1]) {
    struct transaction *t = &stored->transaction;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word = word_at(t, i);
        for (size_t b = 0; word && b <= BLOCKS_MOST; b++) {
            if (word - bases[b].from < bases[b].size) {
                set_word(t, i, (word - bases[b].from) << BASE_BITS | b);
                stored->addresses[i / 64] |= UINT64_C(1) << i % 64;
                break;
            }
        }
    }
}

/* Members that others know, and what has no meaning now. */
static void strip(struct transaction *t) {
    t->connection = NULL;
    t->arena.pool = NULL;
    memset(&t->request.known, 0, sizeof t->request.known); /* may be forgotten until then */
    memset(&t->response.known, 0, sizeof t->response.known);
    if (!t->tcp.ended) {
        memset(t->tcp.at_end, 0, sizeof t->tcp.at_end);
        memset(&t->tcp.pace_at_end, 0, sizeof t->tcp.pace_at_end);
    }
    bool ended = t->tcp.ended;
    size_t last = offsetof(struct transaction, tcp) + offsetof(struct tcp_share, ended);
    memset((char *)t + last, 0, sizeof *t - last); /* what stands behind it is never set */
    t->tcp.ended = ended;
}

static void mark_wild(uint64_t wild[LIKENESS_WORDS / 64]) {
    for (size_t i = 0; i < BLOCKS_MOST; i++) {
        likeness_mark_wild(wild, offsetof(struct stored, blocks) + i * sizeof(uint64_t));
    }
}

size_t transaction_image(const struct transaction *t, struct likeness *likeness,
                         const struct likeness_chain chains[LIKENESS_CHAINS], uint8_t *image) {
    struct stored stored = {.addresses = {0}};
    struct base bases[BLOCKS_MOST + 1];
    if (!find_bases(&stored, t, bases)) {
        return 0;
    }
    memcpy(&stored.transaction, t, sizeof *t);
    strip(&stored.transaction);
    tell_addresses(&stored, bases);
    if (likeness->words == 0) {
        uint64_t wild[LIKENESS_WORDS / 64] = {0};
        mark_wild(wild);
        likeness_learn(likeness, &stored, sizeof stored, chains, wild);
    }
    return likeness_write(likeness, &stored, chains, image);
}

size_t transaction_from_image(struct transaction *t, const struct connection *connection,
                              const struct likeness *likeness,
                              const struct likeness_chain chains[LIKENESS_CHAINS], const uint8_t *image) {
    struct stored stored;
    struct arena_pool *pool = t->arena.pool;
    size_t len = likeness_read(likeness, &stored, chains, image);
    for (size_t i = 0; i < WORDS; i++) {
        if (stored.addresses[i / 64] >> i % 64 & 1) {
            uint64_t word = word_at(&stored.transaction, i);
            size_t b = word & ((1 << BASE_BITS) - 1);
            uint64_t from = b == 0 ? base_of_constants().from : stored.blocks[b - 1];
            set_word(&stored.transaction, i, from + (word >> BASE_BITS));
        }
    }
    memcpy(t, &stored.transaction, sizeof *t);
    t->connection = connection;
    t->arena.pool = pool;
    return len;
}
