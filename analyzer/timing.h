/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a transaction, in ns, as docs/record.md defines them. Plain values. */
#ifndef HARK_ANALYZER_TIMING_H
#define HARK_ANALYZER_TIMING_H

#include "analyzer/transaction.h"

/* A phase that is not known is absent, and has no time. */
struct phase {
    bool known;
    int64_t ns;
};

/* Whose the time was; all three, or none where known is not set. */
struct timing_share {
    bool known;
    int64_t client_ns;
    int64_t network_ns;
    int64_t server_ns;
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
    struct timing_share share; /* of total, less blocked: docs/timing.md has the rule */
};

void timing_of(const struct transaction *, struct timing *);
/* Are two of its times in the wrong order, so that a phase (server_think aside) is negative? As the capture
 * has it, or because the response was early. */
bool timing_goes_back(const struct transaction *);
/* The final response began before the server had the whole request: TCP's numbers prove it. */
bool timing_is_early(const struct transaction *);
/* The answer came sooner after the request than the server's side answered the SYN: server_think is negative.
 */
bool timing_outruns_handshake(const struct transaction *);
/* Time of the record: the request's first byte, else the response's. */
int64_t timing_start_ns(const struct transaction *);

#endif
