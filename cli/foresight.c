/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/foresight.h"

static_assert((FORESIGHT_TURNS & (FORESIGHT_TURNS - 1)) == 0, "a turn's place is its last bits");
static_assert((FORESEE_STEPS - 1) * FORESIGHT_PACE < FORESIGHT_TURNS, "the last step is before the packet");

bool foresight_pays(const struct worker *worker) {
    return worker->flow_count >= FORESIGHT_FLOWS;
}

void foresight_turn(struct foresight *f, const struct worker *worker, const struct packet *packet,
                    uint64_t hash) {
    uint64_t turn = f->turn++;
    struct foreseen *soon = &f->soon[turn % FORESIGHT_TURNS];
    *soon = (struct foreseen){.packet = packet, .hash = hash};
    if (packet && hash != f->hash) {
        soon->table = worker->flows[flow_key_partition(hash)];
        f->hash = hash;
    }
    for (unsigned step = 0; step < FORESEE_STEPS; step++) {
        soon = &f->soon[(turn - step * FORESIGHT_PACE) % FORESIGHT_TURNS];
        if (soon->table) {
            flow_table_foresee(soon->table, soon->packet, soon->hash, &soon->tag, (enum flow_foresight)step,
                               &f->prefetch);
        }
    }
    foresight_go_on(f);
}
