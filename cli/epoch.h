/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of the run's events on its way from the reader to the workers, with -j: packets and ticks, and
 * the records that come of them. Payload that the source can leave where it is stays there, held by the
 * epoch; other payload is copied.
 *
 * Embedded by value in the ring, whose turns say whose it is: the reader's while it is filled, then the
 * workers', each of which reads its own events and writes to its own outbox alone, then the writer's. */
#ifndef HARK_CLI_EPOCH_H
#define HARK_CLI_EPOCH_H

#include "capture/packet.h"
#include "capture/source_block.h"
#include "cli/outbox.h"

enum {
    EPOCH_EVENTS = 1024, /* at most */
    EPOCH_BYTES = 1 << 20,
    EPOCH_BLOCKS = 2, /* of the source that an epoch holds */
};

struct epoch_event {
    uint64_t number;             /* of the event in the run */
    uint64_t hash;               /* packets: flow_key_hash */
    const struct packet *packet; /* NULL: a tick */
    int64_t tick_ns;
};

/* Invariant: each worker's turns ascend; every tick is in all of them, a packet in one. */
struct epoch {
    struct epoch_event *events;
    size_t count;
    unsigned most; /* events */
    unsigned workers;
    uint16_t *turns;         /* `most` a worker: indexes of the events that it takes */
    uint16_t *turn_counts;   /* one a worker */
    struct buf bytes;        /* packets, each followed by its payload where that is copied; they never move */
    struct outbox *outboxes; /* one a worker */
    struct source_block *blocks[EPOCH_BLOCKS]; /* held */
    size_t block_count;
    bool flush; /* the writer keeps nothing back */
};

/* For up to `events` (1..EPOCH_EVENTS). False without memory; epoch_fini is needed all the same. */
bool epoch_init(struct epoch *, unsigned workers, unsigned events);
void epoch_fini(struct epoch *);
/* Forgets the events and records, and lets go of the source's blocks. */
void epoch_clear(struct epoch *);

/* The reader adds; false when the epoch is full (never when it is empty, but for want of memory). `block`:
 * what keeps the packet's payload, NULL when it must be copied. */
bool epoch_add_packet(struct epoch *, uint64_t number, const struct packet *, uint64_t hash, unsigned worker,
                      struct source_block *block);
bool epoch_add_tick(struct epoch *, uint64_t number, int64_t now_ns);

/* The events that a worker takes, in order: turn 0 to below the count. A packet and its payload live until
 * epoch_clear. */
static inline size_t epoch_turns(const struct epoch *epoch, unsigned worker) {
    return epoch->turn_counts[worker];
}
static inline const struct epoch_event *epoch_event(const struct epoch *epoch, unsigned worker, size_t turn) {
    return &epoch->events[epoch->turns[(size_t)worker * epoch->most + turn]];
}

#endif
