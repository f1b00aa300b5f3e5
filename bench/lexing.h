/* SPDX-License-Identifier: Apache-2.0 */
/* A stream consumer that only lexes: heads, framing, bodies' ends, nothing kept, nothing paired. What
 * http_conn does beyond it is pairing and facts. Roles are told from a direction's first bytes; after a loss
 * inside a head it waits for a packet that begins like one. */
#ifndef HARK_BENCH_LEXING_H
#define HARK_BENCH_LEXING_H

#include "reassembly/consumer.h"

#include "capture/limits.h"

/* The environment of its ops. Zero-initialised but for limits. */
struct lexing {
    const struct limits *limits;
    uint64_t heads;  /* read to their empty line */
    uint64_t fields; /* in them */
};

extern const struct consumer_ops lexing_ops;

#endif
