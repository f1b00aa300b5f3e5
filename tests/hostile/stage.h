/* SPDX-License-Identifier: Apache-2.0 */
/* Where an attack plays: its packets go into the capture beside those of an honest population, on one clock.
 * Heap-owned. */
#ifndef HARK_TESTS_STAGE_H
#define HARK_TESTS_STAGE_H

#include "population.h"

struct stage {
    struct recorder recorder;
    struct chance chance; /* of the attack */
    int64_t now_ns;
    int64_t step_ns; /* between two packets of the attack */
    uint64_t seed;
    FILE *truth; /* may be NULL */
    struct population *honest;
};

/* The honest are silent for up to pause_us now and then. */
struct stage *stage_new(uint64_t seed, int64_t step_ns, unsigned pause_us, FILE *truth);
/* The honest finish what they have begun. */
void stage_free(struct stage *);

/* The next packet of the attack. */
void stage_segment(struct stage *, const struct segment *);
void stage_frame(struct stage *, const uint8_t *frame, size_t len);
/* Nothing of the attack happens for a while. */
void stage_wait(struct stage *, int64_t ns);

/* The talk's handshake, and bytes in segments of at most `piece` bytes, at the attack's pace. */
void stage_handshake(struct stage *, struct talk *);
void stage_send(struct stage *, struct talk *, enum side, const void *bytes, size_t len, size_t piece);
/* ... and the other side's acknowledgement. */
void stage_ask(struct stage *, struct talk *, enum side, const char *text);

/* Victims: a population of its own that the trick is played on, until `connections` of it are over. */
void stage_victims(struct stage *, uint64_t connections, const char *class, trick_fn *);
void stage_victims_like(struct stage *, uint64_t connections, const struct population_plan *);

/* An end anywhere but among the honest; attacks' servers are few. */
struct endpoint stage_stranger(struct stage *);
struct endpoint stage_server(struct stage *, bool is_ipv6);
/* The number-th connection of an attack, each with ends of its own. */
struct talk stage_talk(struct stage *, uint64_t number);

#endif
