/* SPDX-License-Identifier: Apache-2.0 */
/* Where there are more connections than a cache holds, most packets find theirs in memory, some of it behind
 * pointers that are there, too. Who knows packets some turns ahead has it come nearer in the meantime.
 * Embedded by value, zero is empty; one thread at a time. */
#ifndef HARK_CLI_FORESIGHT_H
#define HARK_CLI_FORESIGHT_H

#include "cli/worker.h"

enum {
    FORESIGHT_PACE = 3,     /* turns from step to step: memory is slow */
    FORESIGHT_TURNS = 16,   /* so far ahead; a power of two */
    FORESIGHT_LINES = 18,   /* of memory, asked for twice a turn */
    FORESIGHT_FLOWS = 2048, /* fewer are near as it is */
};

/* A packet on its way. */
struct foreseen {
    const struct flow_table *table; /* NULL: there is nothing to do */
    const struct packet *packet;
    uint64_t hash;
    uint32_t tag;
};

struct foresight {
    uint64_t turn;
    uint64_t hash; /* of the last packet: those in a row need it once */
    struct prefetch prefetch;
    struct foreseen soon[FORESIGHT_TURNS];
};

/* Had the worker so many connections at its last tick that it pays? */
bool foresight_pays(const struct worker *);
/* One turn: `packet`, borrowed until then, is that which comes after FORESIGHT_TURNS more; NULL: none of the
 * worker's. */
void foresight_turn(struct foresight *, const struct worker *, const struct packet *packet, uint64_t hash);
/* Between turns. */
static inline void foresight_go_on(struct foresight *f) {
    prefetch_some(&f->prefetch, FORESIGHT_LINES);
}

#endif
