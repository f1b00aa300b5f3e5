/* SPDX-License-Identifier: Apache-2.0 */
/* Honest connections with transactions, a few of them open at any time, each packet at its own time.
 * Heap-owned. A trick may be played on each packet of the connections. */
#ifndef HARK_TESTS_POPULATION_H
#define HARK_TESTS_POPULATION_H

#include "exchange.h"
#include "recorder.h"

/* What a trick does to a transaction: can hark have both versions of some bytes at hand? */
enum conflict { CONFLICT_NONE, CONFLICT_POSSIBLE, CONFLICT_CERTAIN };

/* What a trick may know of the packet that is about to be recorded, or has just been. */
struct moment {
    struct recorder *recorder;
    struct chance *chance;
    int64_t now_ns;
    const struct talk *talk; /* numbers before the packet */
    enum side side;
    const struct segment *segment;
    bool after;
    bool in_head;            /* the packet has the first byte of a message, and all of its head */
    enum conflict *conflict; /* of the packet's transaction: goes into the truth file */
};

/* Returns whether the packet itself is to be left out (asked before it only). */
typedef bool trick_fn(const struct moment *);

struct population_plan {
    const char *class; /* of the transactions, in the truth file */
    uint64_t seed;
    unsigned at_once;
    unsigned longest_exchange_count; /* on a connection */
    unsigned longest_pause_us;
    unsigned first_address; /* distinguishes populations, below 100 */
    bool pipelines;
    bool fragments;  /* one connection in four sends its data in fragments */
    bool wraps;      /* sequence numbers wrap early in each stream */
    bool one_key;    /* each of the connections that are open at once uses the same ports again and again */
    trick_fn *trick; /* may be NULL */
};

struct population;

/* `truth` may be NULL, and is borrowed until free. */
struct population *population_new(const struct population_plan *, struct recorder *, FILE *truth);
void population_free(struct population *);
/* All its times are so much later; legal before the first step. */
void population_shift(struct population *, int64_t ns);
/* When its next packet is due; INT64_MAX when nothing is open any more. */
int64_t population_due(const struct population *);
/* Records it. */
void population_step(struct population *);
uint64_t population_begun(const struct population *);
/* No connection is begun any more from now on. */
void population_stop(struct population *);

#endif
