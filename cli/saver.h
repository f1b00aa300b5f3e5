/* SPDX-License-Identifier: Apache-2.0 */
/* -w: saves the packets of transactions that were asked for. A connection's are saved from its first one to
 * the one that ended the transaction, so that the file gives the same record again.
 *
 * Files are read a second time (save_again.h): what is saved is noted meanwhile. What can be read only once,
 * an interface or a pipe, goes through a ring (save_ring.h): there a transaction's packets are written when
 * it is finished, as far as the ring still has them. Heap-owned; saver_frame is the reader's, saver_finish
 * any worker's. */
#ifndef HARK_CLI_SAVER_H
#define HARK_CLI_SAVER_H

#include "capture/decode.h"
#include "cli/save_file.h"
#include "cli/save_rule.h"
#include "cli/save_selection.h"
#include "output/record.h"

struct saver_options {
    struct save_rule rule;
    bool whole_connections; /* else a transaction's own packets */
    bool marks;             /* the first frame of a transaction has its event.id as a comment */
    size_t ring_bytes;      /* 0: the input is read a second time */
    size_t notes_bytes;     /* most memory of what is noted for that */
    int64_t fragment_timeout_ns;
};

struct saver;

/* The file outlives it. NULL without memory. */
struct saver *saver_new(const struct saver_options *, struct save_file *);
void saver_free(struct saver *);

/* What decoding made of a frame: `packet` is NULL where that was no TCP packet. Before any worker gets it.
 * Returns NULL, or once why no packet can be saved any more: one line, as long as the sink lives. */
const char *saver_frame(struct saver *, const struct frame *, const struct packet *,
                        const struct decode_datagrams *);
/* A transaction is finished; `until` is the ordinal of the last frame that its worker was given. */
enum record_saved saver_finish(struct saver *, const struct transaction *, uint64_t until);

/* The input is read a second time: the partition's selection, and the ordinal of the last frame read. */
struct save_selection *saver_selection(struct saver *, unsigned partition);
uint64_t saver_last_frame(const struct saver *);
/* saver_frame has said why none can be saved. */
bool saver_has_told(const struct saver *);
/* Transactions asked for of which no packet, or not all their own, were saved. */
uint64_t saver_missed(const struct saver *);

#endif
