/* SPDX-License-Identifier: Apache-2.0 */
/* What hark's reassembly and HTTP/1 make of a tap's packets: the facts of each transaction that may not
 * depend on how the tap saw it, and what holds whatever it saw. Heap-owned by the caller's struct; one
 * thread. */
#ifndef HARK_TESTS_WITNESS_H
#define HARK_TESTS_WITNESS_H

#include "http_tap.h"

#include "analyzer/http_conn.h"

enum { WITNESS_RECORDS = 256, WITNESS_TEXT = 1 << 20, WITNESS_NAME = 24 };

struct witness_record {
    const char *facts; /* within text */
    size_t core_len;   /* of the facts: what was said, without how it was found */
    uint8_t id[16];    /* event.id; moves with the sequence numbers */
    char request_name[WITNESS_NAME];
    char response_name[WITNESS_NAME];
    bool pair;
    bool by_ack;
    bool complete;
    bool length_known; /* the response's body has its end, and its head was whole */
    uint64_t body;     /* of the response: seen and missing */
    uint64_t declared; /* by its Content-Length, else the same as body */
};

struct witness {
    unsigned count;
    struct witness_record records[WITNESS_RECORDS];
    size_t text_len;
    char text[WITNESS_TEXT];
    const char *fault; /* the first thing that is wrong by itself, NULL if nothing */
};

/* Runs hark's stages on the packets; the records come sorted by their facts. */
void witness_run(struct witness *, const struct tap *, const struct limits *);

#endif
