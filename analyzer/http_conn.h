/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 on one connection: a stream consumer that finds out what the bytes are, lexes both directions, pairs
 * each response with its request by TCP's evidence, follows tunnels, and finds its way again after loss. One
 * environment a flow table, one thread. */
#ifndef HARK_ANALYZER_HTTP_CONN_H
#define HARK_ANALYZER_HTTP_CONN_H

#include "analyzer/transaction.h"

enum protocol_verdict {
    PROTOCOL_HTTP1,
    PROTOCOL_HTTP2,
    PROTOCOL_TLS,
    PROTOCOL_UNKNOWN,
    PROTOCOL_UNDECIDED, /* ended before there was enough to say */
    PROTOCOL_VERDICTS,
};
const char *protocol_verdict_name(enum protocol_verdict);

struct http_counts {
    uint64_t flows[PROTOCOL_VERDICTS]; /* connections with payload, by their first verdict */
    uint64_t bytes[PROTOCOL_VERDICTS]; /* their payload */
    uint64_t requests;                 /* start lines captured whole */
    uint64_t responses;                /* final ones, HTTP/0.9's included */
    uint64_t interim;                  /* 1xx but 101 */
    uint64_t interim_orphans;          /* 1xx bound to no request: no record of their own */
    uint64_t paired[PAIRING_NONE];     /* by enum pairing_by */
    uint64_t orphan_requests[PAIRING_REASONS];
    uint64_t orphan_responses[PAIRING_REASONS];
    uint64_t tunnels;
    uint64_t surplus;               /* stretches of bytes that are no message */
    uint64_t incomplete;            /* transactions and orphans whose capture.complete is false */
    uint64_t resyncs;               /* messages found by search */
    uint64_t lost_sync;             /* times a gap or bad syntax ended a message before its end */
    uint64_t fragments_of_messages; /* starts of messages of which not even the start line is whole */
    uint64_t bad_syntax;            /* times the lexer could not go on */
    uint64_t interim_dropped; /* 1xx beyond limits.interim_responses: counted on their record, not stored */
    uint64_t lines_cut;       /* messages with a line beyond limits.line_bytes */
    uint64_t headers_dropped; /* fields beyond limits.headers or limits.head_bytes */
    uint64_t cap_open_requests;
    uint64_t
        cap_transactions; /* no memory for a transaction: counted as a message of reason no_memory below */
    uint64_t no_memory_requests; /* requests without a record for want of memory */
    uint64_t no_memory_responses;
    uint64_t open_now; /* transactions without a record yet: at most a request and a response each */
};

struct http_environment;
struct known_heads;
struct value_memo;

/* limits, memory and store outlive it. NULL without memory. */
struct http_environment *http_environment_new(const struct limits *, struct memory *,
                                              struct transaction_store *);
void http_environment_free(struct http_environment *);
/* Values of fields, and heads, are remembered there from now on; they outlive the environment. */
void http_environment_remember(struct http_environment *, struct value_memo *, struct known_heads *);
void http_environment_counts(const struct http_environment *, struct http_counts *);

/* The ops for flow_table_new, whose environment is a struct http_environment. */
extern const struct consumer_ops http_conn_ops;

#endif
