/* SPDX-License-Identifier: Apache-2.0 */
/* The exchanges that a script's connections are made of: who writes what, when, and having read how much. A
 * writer is a plain value on its caller's stack; it writes into one talk. */
#ifndef HARK_TESTS_HTTP_EXCHANGE_H
#define HARK_TESTS_HTTP_EXCHANGE_H

#include "http_script.h"

enum { CLIENT, SERVER };

struct http_writer {
    struct script_talk *talk;
    uint64_t seed; /* of this exchange alone */
    uint64_t draws;
    unsigned name[2]; /* talk, exchange */
    unsigned part;    /* of a burst, or within a tunnel */
    int64_t now_ns;
    uint32_t had[2]; /* bytes of the other direction that this end has read */
    bool closing;    /* nothing can follow */
};

/* A number below n, the next one of the exchange. */
uint32_t http_draw(struct http_writer *, uint32_t n);
/* One packet: bytes already in the stream, or none. */
void http_put(struct http_writer *, int direction, uint32_t len, uint8_t flags);
/* The end reads all that was sent to it. */
void http_hear(struct http_writer *, int direction);
/* Any exchange, as the seed gives it. */
void http_exchange(struct http_writer *);
/* Midstream, a burst proves no pair, and where the answer to an unknown HEAD ends is then guessed by
 * segments: one lone exchange comes first. */
void http_settle(struct http_writer *);

#endif
