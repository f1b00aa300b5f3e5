/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lookahead.h"

#include <string.h>

static void give_first(struct lookahead *ahead, struct worker *worker) {
    size_t i = ahead->first++ % FORESIGHT_TURNS;
    worker_packet(worker, ahead->waiting[i].event, &ahead->waiting[i].packet, ahead->waiting[i].hash);
}

void lookahead_fini(struct lookahead *ahead) {
    if (ahead->block) {
        source_block_release(ahead->block);
        ahead->block = NULL;
    }
    ahead->first = ahead->end;
}

void lookahead_drain(struct lookahead *ahead, struct worker *worker) {
    while (ahead->first != ahead->end) {
        give_first(ahead, worker);
    }
    lookahead_fini(ahead);
}

static const struct packet *wait_for_turn(struct lookahead *ahead, uint64_t event,
                                          const struct packet *packet, uint64_t hash) {
    size_t i = ahead->end++ % FORESIGHT_TURNS;
    ahead->waiting[i].event = event;
    ahead->waiting[i].hash = hash;
    memcpy(&ahead->waiting[i].packet, packet, packet_bytes(packet));
    return &ahead->waiting[i].packet;
}

void lookahead_packet(struct lookahead *ahead, struct worker *worker, uint64_t event,
                      const struct packet *packet, uint64_t hash, struct source_block *block) {
    if (!ahead->on || block != ahead->block) {
        lookahead_drain(ahead, worker);
    }
    if (!ahead->on || !block) {
        worker_packet(worker, event, packet, hash);
        return;
    }
    if (!ahead->block) {
        source_block_hold(block);
        ahead->block = block;
    }
    if (ahead->end - ahead->first == FORESIGHT_TURNS) {
        foresight_go_on(&ahead->foresight);
        give_first(ahead, worker);
    }
    packet = wait_for_turn(ahead, event, packet, hash);
    foresight_turn(&ahead->foresight, worker, packet, hash);
}
