/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table of one partition: finds or opens the connection of each packet, puts its bytes in order, and
 * feeds its consumer. Heap-owned; one thread at a time. A table is independent of all others, so that the
 * same packets and ticks in the same order give the same calls, whatever the number of workers. */
#ifndef HARK_REASSEMBLY_FLOW_H
#define HARK_REASSEMBLY_FLOW_H

#include "capture/limits.h"
#include "capture/memory.h"
#include "capture/prefetch.h"
#include "reassembly/consumer.h"

struct lasting;
struct flow_table;

/* What became of a TCP packet; each gets exactly one, the first that holds in this order. */
enum flow_fate {
    FLOW_TAP_DUPLICATE, /* a copy of a packet already seen */
    FLOW_INVALID,       /* impossible flags (SYN+FIN, none, ...), RST out of window, data far out of window */
    FLOW_CONTROL,       /* no payload: SYN, ACK, FIN, RST, keep-alive, window update */
    FLOW_RETRANSMIT,    /* only bytes already seen */
    FLOW_DATA,          /* brought new bytes: delivered or held */
    FLOW_LATE,          /* only bytes of a range that was already declared lost */
    FLOW_AFTER_END,     /* payload of a connection that is closed, or whose consumer declined it */
    FLOW_NO_MEMORY,     /* no room for a flow or a segment */
    FLOW_SHED,          /* left out under overload, before all else: of a connection that is not followed */
    FLOW_FATES,
};
const char *flow_fate_name(enum flow_fate);

struct flow_counts {
    uint64_t fates[FLOW_FATES];
    uint64_t shed_bytes;       /* payload of packets left out, repeats among it */
    uint64_t opened;           /* connections, incarnations counted */
    uint64_t opened_midstream; /* counted when they end: a SYN may still come */
    uint64_t closed[END_REASONS];
    uint64_t open_now; /* closed but lingering ones not among them */
    uint64_t reused;
    uint64_t one_sided;
    uint64_t payload_bytes; /* new bytes, counted once */
    uint64_t delivered_bytes;
    uint64_t dropped_bytes; /* new bytes not delivered: no consumer, or late after a gap */
    uint64_t late_bytes;    /* arrived for a range already declared lost */
    uint64_t gaps[GAP_REASONS];
    uint64_t gap_bytes;
    uint64_t fins_refuted;      /* FINs with data behind them: forged, no receiver took them */
    uint64_t resets_refuted;    /* the same of RSTs: the connection went on */
    uint64_t overlap_conflicts; /* overlapping segments whose bytes differ (first ones win) */
    uint64_t held_bytes_now;
    uint64_t held_bytes_peak;
    uint64_t cap_held_bytes;    /* times a cap was hit: the partition's held bytes */
    uint64_t cap_stream_bytes;  /* one stream's held bytes */
    uint64_t cap_flows;         /* flows evicted, closed ones that lingered among them */
    uint64_t cap_memory;        /* the same because memory was short */
    uint64_t cap_flow_memory;   /* flows ended because they alone had too much of it */
    uint64_t holes_passed;      /* holes that were not waited for, because their bytes are only counted */
    uint64_t declined_waits;    /* times a consumer made one direction wait */
    uint64_t declined_timeouts; /* ... and the skew ended the wait */
};

/* `limits` are the whole process's: the table takes 1/HARK_PARTITIONS of the shared ones. Flows are ended
 * when the memory, which consumers may use as well, runs short. memory, ops and environment outlive the
 * table. NULL without memory. */
struct flow_table *flow_table_new(const struct limits *, struct memory *, const struct consumer_ops *,
                                  void *environment);
/* Frees without telling consumers anything but close(); call flow_table_finish before. */
void flow_table_free(struct flow_table *);

/* Of a packet that comes soon, and others before it: asks for what it needs to come nearer, a step at a time,
 * each when that which leads to it is there. Nothing changes by it. */
enum flow_foresight { FORESEE_TABLE, FORESEE_SLOT, FORESEE_FLOW, FORESEE_KEPT, FORESEE_CONSUMER };
enum { FORESEE_STEPS = FORESEE_CONSUMER + 1 };
/* `tag` is kept by the caller from step to step. */
void flow_table_foresee(const struct flow_table *, const struct packet *, uint64_t hash, uint32_t *tag,
                        enum flow_foresight step, struct prefetch *);
/* How many flows there are, but for closed ones that linger: few packets are theirs. */
size_t flow_table_count(const struct flow_table *);

/* `hash` is flow_key_hash(&packet->key). */
enum flow_fate flow_table_packet(struct flow_table *, const struct packet *, uint64_t hash);
/* Before the first packet: payload that lasts is not copied. Looks at it are counted there; it outlives the
 * table. */
void flow_table_lend(struct flow_table *, struct lasting *);
/* It lasts no longer: copies what is held of it. */
void flow_table_keep(struct flow_table *);
/* The packet clock has reached now_ns: what is due until then may happen. */
void flow_table_set_clock(struct flow_table *, int64_t now_ns);
/* Lets the first of what is due happen (by deadline, then by the connections' ordinals); false when nothing
 * is. Who can't take all at once may leave the rest for later: a connection that gets a packet catches up
 * first. */
bool flow_table_step(struct flow_table *);
/* Sets the clock and lets all happen. */
void flow_table_tick(struct flow_table *, int64_t now_ns);
/* The capture ended: delivers what is held, ends and closes every connection, in the order of their ordinals.
 * The table is empty then. */
void flow_table_finish(struct flow_table *, int64_t now_ns);
void flow_table_counts(const struct flow_table *, struct flow_counts *);

#endif
