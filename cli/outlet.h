/* SPDX-License-Identifier: Apache-2.0 */
/* Writes outboxes to the sink, merged by place, and counts what became of each record. Embedded by value; one
 * thread at a time. */
#ifndef HARK_CLI_OUTLET_H
#define HARK_CLI_OUTLET_H

#include "analyzer/transaction.h"
#include "cli/outbox.h"
#include "cli/stopwatch.h"
#include "output/sink.h"

/* Records of several outboxes, in order, where they lie. */
struct outlet_queue {
    const struct outbox_record *records[SINK_PARTS - 1];
    struct slice bytes[SINK_PARTS]; /* the first is what was gathered before them */
    size_t count;                   /* records */
    size_t len;                     /* their bytes */
};

struct outlet {
    struct sink *sink;       /* borrowed */
    struct stopwatch own;    /* of the writer's thread */
    struct stopwatch *watch; /* borrowed, or its own */
    enum sink_status status;
    struct outlet_queue queue;           /* empty between calls */
    struct outbox gather;                /* records that wait for the rest of their block, in order */
    uint64_t records[TRANSACTION_TYPES]; /* written, by type */
    uint64_t unwritten;                  /* the sink failed, its reader had gone, or memory was out */
};

void outlet_init(struct outlet *, struct sink *);
void outlet_fini(struct outlet *);
/* Writes all outboxes, and what was gathered before, in the order of places, and leaves them empty. Every
 * place must be behind those of former calls. False once the sink takes no more. */
bool outlet_write(struct outlet *, struct outbox *boxes, size_t count);
/* The same while more is to come: what does not fill a block of a regular file waits in `gather`. */
bool outlet_gather(struct outlet *, struct outbox *boxes, size_t count);
/* The same for a single outbox, in which the rest waits, behind nothing. */
bool outlet_write_blocks(struct outlet *, struct outbox *);
/* Bytes that are no record, whole lines, while nothing is gathered: the heading, statistics. */
bool outlet_write_lines(struct outlet *, struct slice);

#endif
