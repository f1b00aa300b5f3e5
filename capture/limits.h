/* SPDX-License-Identifier: Apache-2.0 */
/* Every cap of hark, in one place. Counts and bytes are for the whole process; a partition gets
 * 1/HARK_PARTITIONS of those marked (shared). Filled once at start, then read-only for all threads. */
#ifndef HARK_CAPTURE_LIMITS_H
#define HARK_CAPTURE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Flows are dealt to this many logical partitions by a symmetric hash, whatever the number of workers. */
enum { HARK_PARTITIONS = 64 };

#define NS_PER_SECOND      INT64_C(1000000000)
#define NS_PER_MILLISECOND INT64_C(1000000)

struct limits {
    size_t memory; /* (shared) bytes for all that grows with the number of connections and transactions */
    /* capture */
    unsigned tunnel_depth;       /* headers that decapsulation may peel off one frame */
    size_t fragment_datagrams;   /* datagrams in reassembly at once */
    size_t fragment_bytes;       /* bytes they may hold together */
    int64_t fragment_timeout_ns; /* from a datagram's first fragment (RFC 8200 section 4.5: 60 s; ours is
                                    shorter) */
    int64_t clock_jump_ns;       /* a packet further ahead than this must be confirmed by the next ones */
    size_t lasting_bytes;        /* of mapped files that may count as the process's because something held was
                                    looked at; 0: what is held is copied */
    /* reassembly */
    size_t flows;             /* (shared) flows in the table; beyond, the least recently used is evicted */
    size_t held_bytes;        /* (shared) bytes of segments that wait */
    size_t stream_held_bytes; /* the same for one direction of one flow */
    int64_t skew_ns;          /* --skew: how far the capture's order may be off the network's */
    int64_t hold_time_ns;     /* longest wait for a hole that the receiver has not acknowledged */
    int64_t flow_idle_ns;     /* an open flow without packets is ended */
    int64_t flow_linger_ns; /* a closed flow is remembered, so that its last packets do not open a new one */
    int64_t flow_doze_ns; /* a flow without packets for so long is kept in little memory, if what is under way
                             on it is simple; where most of many are, sooner; no record changes for it */
    unsigned incarnations; /* connections with one key, the last one and those before that are remembered */
    /* analyzer */
    size_t probe_bytes;   /* bytes looked at before a verdict */
    size_t line_bytes;    /* start line, header line (with its folds), chunk-size line */
    size_t head_bytes;    /* stored of one head or trailer section; what exceeds it is counted, not stored */
    size_t headers;       /* stored fields of one message */
    size_t open_requests; /* unanswered requests of one connection */
    size_t interim_responses; /* 1xx stored in one transaction */
    /* output */
    size_t record_bytes; /* longest record */
};

/* What the process may use of memory if nobody says otherwise, and the least with which it does its work. */
#define LIMITS_MEMORY       (UINT64_C(1) << 30)
#define LIMITS_MEMORY_LEAST (UINT64_C(128) << 20)

/* ... beside the kernel's capture buffers. */
#define LIMITS_MEMORY_BESIDE_BUFFERS (UINT64_C(96) << 20)

struct limits limits_default(void);
/* Deals `bytes` (LIMITS_MEMORY_BESIDE_BUFFERS or more) to all that needs memory. */
void limits_set_memory(struct limits *, uint64_t bytes);

#endif
