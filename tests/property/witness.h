/* SPDX-License-Identifier: Apache-2.0 */
/* What hark makes of a tap's packets: the facts of each transaction that may not depend on how the tap saw
 * it, and what holds whatever it saw. Packets go to reassembly and HTTP/1 as they are and the facts are the
 * transactions'; or frames go through decoding as well, and the facts are the invariant keys of the records
 * that hark writes. Heap-owned by the caller's struct; one thread. */
#ifndef HARK_TESTS_WITNESS_H
#define HARK_TESTS_WITNESS_H

#include "http_tap.h"
#include "invariants.h"
#include "tap_frames.h"

#include "analyzer/transaction.h"
#include "output/record.h"

enum { WITNESS_RECORDS = 256, WITNESS_TEXT = 1 << 21, WITNESS_WHY = 256 };

struct witness_record {
    size_t facts;           /* where they begin in the text, which has a NUL behind them */
    size_t core_len;        /* of the facts: what was said, without how it was found */
    char id[INVARIANTS_ID]; /* event.id; moves with the sequence numbers */
    char parent_id[INVARIANTS_ID];
    char parent_name[SCRIPT_NAME]; /* the request that opened the tunnel, "?" where no record has parent_id */
    char request_name[SCRIPT_NAME];
    char response_name[SCRIPT_NAME];
    enum transaction_type type;
    bool pair;
    bool by_ack;
    bool complete;
    bool length_known; /* the response's body has its end, and its head was whole */
    uint64_t body;     /* of the response: seen and missing */
    uint64_t declared; /* by its Content-Length, else the same as body */
};

/* What all runs need; made once. */
struct witness_tools {
    struct limits limits;
    struct invariants *invariants;
    struct record_writer *writer;
    struct tap_frames frames;
    struct tap_canvas canvas;
    struct buf line;
};

struct witness {
    unsigned count;
    struct witness_record records[WITNESS_RECORDS];
    struct buf text;
    char why[WITNESS_WHY]; /* the first thing that is wrong by itself, "" if nothing */
    unsigned lost;         /* fragments */
    /* Which bytes of the streams came in time; only for runs with loss. */
    bool tracks;
    uint8_t came[SCRIPT_TALKS][2][SCRIPT_BYTES];
};

/* False, and a word on standard error, when something is missing. */
bool witness_tools_init(struct witness_tools *, const char *schema_path);
void witness_tools_fini(struct witness_tools *);
void witness_init(struct witness *);
void witness_fini(struct witness *);

/* Runs hark's stages on what the tap saw, right after tap_make; the records come sorted by their facts. */
void witness_run(struct witness *, struct witness_tools *, struct tap *);
const char *witness_facts(const struct witness *, const struct witness_record *);
/* Was all of this captured in time? After a run that tracks. */
bool witness_has(const struct witness *, unsigned talk, const struct script_head *);

#endif
