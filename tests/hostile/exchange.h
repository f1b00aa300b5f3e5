/* SPDX-License-Identifier: Apache-2.0 */
/* One honest request with its response, or a burst of pipelined ones, as bytes and as the packets that carry
 * them. Every message has its id in the field Id, and the truth file gets a line for each transaction:
 *
 *   class id client-port method target status request-body response-body    (divided by tabs)  */
#ifndef HARK_TESTS_EXCHANGE_H
#define HARK_TESTS_EXCHANGE_H

#include "chance.h"
#include "talk.h"

#include <stdio.h>

enum { EXCHANGE_BYTES = 24576, EXCHANGE_MOVES = 96 };

/* A packet to come. */
struct move {
    enum side side;
    uint8_t flags;
    uint32_t from, to; /* bytes of the side's text */
    uint32_t delay_us; /* after the packet before */
};

struct exchange {
    unsigned first_id;
    unsigned transactions;
    bool closes; /* the response's end is the connection's */
    unsigned moves;
    struct move move[EXCHANGE_MOVES];
    uint32_t len[2];
    uint8_t text[2][EXCHANGE_BYTES];
};

struct exchange_choice {
    uint16_t client_port;
    uint64_t connection; /* ids are connection-number */
    unsigned first_id;
    unsigned longest_pause_us; /* of a client that thinks, or a server that works */
    bool pipelines;
    bool last;         /* on its connection */
    const char *class; /* of its lines in the truth file */
};

void exchange_make(struct exchange *, struct chance *, const struct exchange_choice *, FILE *truth);

#endif
