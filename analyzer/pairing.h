/* SPDX-License-Identifier: Apache-2.0 */
/* Which request does a response answer? The queue of a connection's open requests and the rule that decides
 * by TCP's evidence, never by a guess. Embedded by value in its connection; one thread.
 *
 * Request k starts at client offset a_k; q_k is the server offset that the packet of its first byte
 * acknowledged. A response starts at server offset S in a packet that acknowledged the client offset A. It
 * may answer k only if a_k < A and q_k <= S. A client that does not pipeline has all that came before when it
 * sends, so that q_k + (bytes of 1xx to k) = S. Where the packet of a first byte was not the first that
 * carried it, its ACK is an upper bound of q_k or A, and proves nothing by being equal. */
#ifndef HARK_ANALYZER_PAIRING_H
#define HARK_ANALYZER_PAIRING_H

#include "analyzer/transaction.h"

struct pairing {
    struct transaction *oldest; /* open requests, in the order sent; linked by transaction.next */
    struct transaction *newest;
    size_t count;
    enum direction client;
    /* By direction: behind which stream offset the last loss ended that may hide messages (0: none), and up
     * to which offset a pair proved by ACKs has settled all. */
    uint64_t loss[2];
    uint64_t settled[2];
    /* By direction: behind the start of the last message whose end readers disagree on; 0 none. What seems to
     * follow it may be part of it. */
    uint64_t doubt[2];
    uint64_t first_request_ack; /* q of the first request, 0 unknown; valid with any_request */
    uint64_t sent_behind;    /* the newest request was sent behind the server's bytes up to here at least */
    uint64_t response_end;   /* stream offset behind the last final response; 0 none */
    uint64_t response_ack;   /* what the packet of its last byte acknowledged; 0 unknown */
    uint64_t interim_end;    /* behind the last 1xx to a request that is not known; 0 none */
    int64_t response_end_ns; /* time of its last byte, 0 when that is not known */
    uint64_t unplaced; /* behind the start of the last response that was reported alone though a request was
                          open that it may answer; 0 none */
    uint64_t orphan_response; /* offset of the last response that was reported alone and may answer a request
                                 that comes later, 0 none */
    uint64_t unreadable;      /* server offset at which something else than a response began last, 0 none */
    bool any_request;
    bool pipelines; /* the client was seen to send a request before it had the answer to the one before */
    bool request_unreadable; /* the client's last bytes were no HTTP */
    bool responses_overdue;  /* requests were reported alone because their responses did not come within the
                                skew */
};

struct pairing_choice {
    struct transaction *request; /* NULL: none can be said to be it */
    enum pairing_by by;
    enum pairing_reason reason; /* why none */
    uint32_t candidates;
    bool pipelined; /* several fit exactly: the client does not wait */
    bool tentative; /* right if the client does not pipeline, and what it sent right before the request was
                       not captured: what comes next on the connection must agree */
};

/* What is known of the client's stream when a response is judged. */
struct pairing_view {
    uint64_t captured;   /* client stream offset up to which no request is hidden: all bytes were given (gaps
                            included, the FIN counted as one), or are the rest of a known body */
    uint64_t first_seen; /* lowest client offset that any packet showed; 0 unknown */
    bool midstream;
    uint64_t server_start;            /* first byte of the server's stream, 0 unknown */
    uint64_t server_seen;             /* behind the last byte captured before the response; 0 none */
    uint64_t before_ack;              /* of the packet that brought the byte before the response; 0 unknown */
    const struct http_message *begun; /* a request whose start line is not whole yet, NULL without */
};

void pairing_init(struct pairing *, enum direction client);
/* The request's start line is read: first byte, ACK and flags are set. Owns the link, not the transaction. */
void pairing_add(struct pairing *, struct transaction *);
void pairing_remove(struct pairing *, struct transaction *);

/* Judges a response (or a 1xx) by its offset, ack and has_ack. Changes nothing. */
struct pairing_choice pairing_choose(const struct pairing *, const struct http_message *response,
                                     const struct pairing_view *);
/* The usual case: one request is open, the response fits it exactly, and nothing speaks against it. Then
 * pairing_choose would choose it by its ACK, whatever the view, as long as no request has begun. */
bool pairing_is_plain(const struct pairing *, const struct http_message *response);
/* Takes note of the choice for a final response: settled offsets, pipelining. */
void pairing_bind(struct pairing *, const struct pairing_choice *, const struct http_message *response);
/* A final response has ended. */
void pairing_response_ended(struct pairing *, const struct http_message *response);
/* Bytes up to `offset` were lost, or could not be understood: messages may be hidden in them. */
void pairing_lost(struct pairing *, enum direction, uint64_t offset);

/* Where the message that starts at `offset` ends is a matter of opinion. */
void pairing_doubt(struct pairing *, enum direction, uint64_t offset);

enum pairing_verdict { PAIRING_CONFIRMED, PAIRING_DENIED };

/* What the next request after a tentative pair says, once its response is over. A client that waits sends it
 * when it has all of that response and nothing more. `after_gap`: others may be hidden before it. */
enum pairing_verdict pairing_judge(const struct http_message *response, const struct http_message *next,
                                   bool after_gap);
/* A tentative pair proved right. */
void pairing_confirm(struct pairing *, const struct transaction *, const struct http_message *response);
/* It was a later request with the answer to an earlier one. */
void pairing_deny(struct pairing *, const struct http_message *response);

/* An open request was given up though its answer may still come: what it says of those behind it is lost. */
void pairing_forgot(struct pairing *);

/* Where the response to an open request must start (if its ACK is late: at the latest) if the client does not
 * pipeline; false where that can't be said. */
bool pairing_expects_at(const struct pairing *, const struct transaction *, uint64_t *offset);

static inline bool pairing_is_answered(const struct transaction *t) {
    return t->response.seen || t->tentative;
}

#endif
