/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of an inline run that wait some turns, so that what they need has time to come nearer. Their bytes
 * stay where the source has them. Embedded by value, zero is empty and off; one thread. */
#ifndef HARK_CLI_LOOKAHEAD_H
#define HARK_CLI_LOOKAHEAD_H

#include "capture/source_block.h"
#include "cli/foresight.h"

struct lookahead {
    bool on;
    struct foresight foresight;
    struct source_block *block; /* held: all that wait are of it; NULL: none waits */
    uint64_t first;
    uint64_t end;
    struct {
        uint64_t event;
        uint64_t hash;
        struct packet packet;
    } waiting[FORESIGHT_TURNS];
};

/* Off, and nothing waits: packets may go to the worker at once. */
static inline bool lookahead_is_idle(const struct lookahead *ahead) {
    return !ahead->on && !ahead->block;
}
/* The packet's turn: the worker gets those before it that are due. `block` keeps its payload; NULL: that goes
 * with the next one, and nothing waits any more. */
void lookahead_packet(struct lookahead *, struct worker *, uint64_t event, const struct packet *,
                      uint64_t hash, struct source_block *block);
/* The worker gets all that wait. */
void lookahead_drain(struct lookahead *, struct worker *);
/* Nobody gets them. */
void lookahead_fini(struct lookahead *);

#endif
