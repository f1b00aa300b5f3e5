/* SPDX-License-Identifier: Apache-2.0 */
/* One worker: the partitions dealt to it, and the records that their transactions become. It takes events in
 * the order of the run, each with its number, and leaves records in the outbox it was given. Embedded by
 * value; one thread at a time. Workers share nothing but the read-only limits. */
#ifndef HARK_CLI_WORKER_H
#define HARK_CLI_WORKER_H

#include "capture/lasting.h"
#include "cli/outbox.h"
#include "cli/partition.h"
#include "cli/saver.h"
#include "cli/stopwatch.h"
#include "output/ledger.h"
#include "output/record.h"

/* Most bytes of records that one event or epoch may leave; what exceeds it is counted. */
#define WORKER_OUTBOX_BYTES ((size_t)1 << 30)

struct worker {
    _Alignas(OUTBOX_ALIGNMENT) const struct limits *limits;
    struct flow_table *flows[HARK_PARTITIONS];     /* theirs: looked up for each packet */
    struct partition *partitions[HARK_PARTITIONS]; /* made at their first packet */
    size_t flow_count;                             /* of all of them at the last tick: flow_table_count */
    struct memory_source memory;                   /* what they share of it */
    struct lasting lasting;                        /* their looks at what lasts */
    struct record_writer *writer;                  /* borrowed: of the thread that has it now */
    struct value_memo *values;                     /* as the writer */
    struct known_heads *heads;                     /* as the writer */
    struct outbox *outbox;                         /* borrowed: where records go now */
    struct stopwatch own;                          /* of whichever thread has it */
    struct stopwatch *watch;                       /* borrowed, or its own */
    struct saver *saver;                           /* borrowed; NULL: nobody's packets are saved */
    uint64_t ordinal;                              /* of the last frame given */
    uint64_t event;                                /* number of the event being worked on */
    uint64_t too_long;                             /* records beyond limits.record_bytes */
    uint64_t no_memory;                            /* records beyond WORKER_OUTBOX_BYTES or memory */
    uint64_t lost_packets;                         /* of partitions that could not be made */
};

/* limits outlive it. The worker must not move. */
void worker_init(struct worker *, const struct limits *);
/* What a thread has for all its workers; needed before the first packet. */
void worker_lend(struct worker *, struct record_writer *, struct value_memo *, struct known_heads *);
void worker_fini(struct worker *);

/* `hash` is flow_key_hash(&packet->key). */
void worker_packet(struct worker *, uint64_t event, const struct packet *, uint64_t hash);
/* What is held of packets that were lasting is copied: they last no longer. */
void worker_keep(struct worker *, uint64_t event);
/* For all of its partitions. What would leave too many records at once waits for the next tick. */
void worker_tick(struct worker *, uint64_t event, int64_t now_ns);
/* Ends every connection of one partition. */
void worker_finish(struct worker *, unsigned partition, uint64_t event, int64_t now_ns);
/* Adds its counts to the ledger's. */
void worker_counts(const struct worker *, struct ledger *);

#endif
