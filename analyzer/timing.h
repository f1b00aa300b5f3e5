/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a transaction, in ns, as docs/record.md defines them. Plain values. */
#ifndef HARK_ANALYZER_TIMING_H
#define HARK_ANALYZER_TIMING_H

#include "analyzer/transaction.h"

/* A phase that is not known is absent. */
struct phase {
    bool known;
    int64_t ns;
};

struct timing {
    struct phase connect;     /* first SYN to the handshake's last ACK; first transaction only */
    uint32_t connect_retries; /* valid with connect */
    struct phase idle_before;
    struct phase request;
    struct phase blocked;
    struct phase wait; /* may be negative: an early response */
    struct phase response;
    struct phase ttfb;
    struct phase total;
    struct phase server_think; /* wait less the server-side RTT of the handshake */
    struct phase rtt_client;   /* handshake, between the tap and the client */
    struct phase rtt_server;   /* handshake, between the tap and the server */
};

void timing_of(const struct transaction *, struct timing *);
/* Time of the record: the request's first byte, else the response's. */
int64_t timing_start_ns(const struct transaction *);

#endif
