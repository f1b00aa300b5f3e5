/* SPDX-License-Identifier: Apache-2.0 */
/* The last TCP packets of an input that can be read only once, whole frames, in a fixed number of bytes: new
 * ones take the place of the oldest. Those of one connection are linked, so that they are found when a
 * transaction turns out to be wanted; each is written once. Heap-owned; one thread at a time. */
#ifndef HARK_CLI_SAVE_RING_H
#define HARK_CLI_SAVE_RING_H

#include "cli/datagrams.h"
#include "cli/save_file.h"
#include "output/record.h"

struct save_ring;

/* What is wanted of a connection. */
struct save_wish {
    const struct flow_key *key;
    uint64_t from;     /* ordinal of the connection's first frame */
    uint64_t start;    /* of the first frame that is written */
    uint64_t first;    /* of the frame with the transaction's first byte */
    uint64_t until;    /* of the last frame that is written whatever it carries */
    const uint8_t *id; /* for the comment of the first frame; NULL: without */
    bool alone; /* others are not written from their connection's first frame on: behind frames that were
                   written, older ones may wait */
};

/* Longest frame that surely finds room in `bytes`. */
enum { SAVE_RING_LEAST = 1 << 20 };

/* Takes about `bytes`, SAVE_RING_LEAST or more, in all. NULL without memory. */
struct save_ring *save_ring_new(size_t bytes, int64_t fragment_timeout_ns);
void save_ring_free(struct save_ring *);

/* Keeps a copy of a TCP packet's frame, or of a fragment's (`packet` is NULL then). What comes behind a
 * connection's saved packets and only ends things is written at once. False when the sink has ended. */
bool save_ring_frame(struct save_ring *, struct save_file *, const struct frame *, const struct packet *,
                     const struct decode_datagrams *);
/* Writes what there is of the connection and was not written yet. */
enum record_saved save_ring_take(struct save_ring *, struct save_file *, const struct save_wish *);

#endif
