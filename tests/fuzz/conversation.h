/* SPDX-License-Identifier: Apache-2.0 */
/* A capture made from an input: HTTP conversations on a few connections, step by step, and what the tap and
 * the network did to their packets. Each request names itself in its target, /connection-number, and the
 * response that answers it says so in the field Id. Plain values. */
#ifndef HARK_TESTS_FUZZ_CONVERSATION_H
#define HARK_TESTS_FUZZ_CONVERSATION_H

#include "capture/buf.h"
#include "input.h"

enum { CONVERSATION_TALKS = 3, CONVERSATION_PACKETS = 300, CONVERSATION_EXCHANGES = 200 };

/* What was said in one exchange. */
struct exchange {
    unsigned talk, number;
    unsigned status; /* 0: not answered so far */
    size_t request_body, response_body;
    bool found; /* for who looks: a record tells of it */
    bool sized; /* the response's end does not depend on the connection's */
};

struct conversation {
    struct buf capture; /* a pcap file */
    /* Both ends are proper HTTP over proper TCP, whatever was lost, repeated, reordered, delayed or cut: then
     * no response may be paired with a request that is not its own, and what claims to be complete is. */
    bool honest;
    bool lossless;                      /* every packet was captured whole, and no later than the skew */
    bool interims;                      /* there were 1xx answers */
    bool pipelines[CONVERSATION_TALKS]; /* some requests were sent before the answers to those before */
    bool begins[CONVERSATION_TALKS];    /* its handshake is in the capture */
    size_t exchanges;
    struct exchange exchange[CONVERSATION_EXCHANGES];
};

/* Makes all of it; conversation_fini frees it. */
void conversation_make(struct conversation *, struct input *);
void conversation_fini(struct conversation *);
struct exchange *conversation_find(struct conversation *, unsigned talk, unsigned number);

#endif
