/* SPDX-License-Identifier: Apache-2.0 */
/* How packets get from the reader to the workers, and records from the workers to the writer, with -j.
 *
 * An epoch is a stretch of the run's events: packets, copied, and ticks. The reader fills one, every worker
 * goes through it and leaves its records in its own outbox, and then the writer merges the outboxes. Epochs
 * follow each other through a ring; each holds all events of its stretch, so that their outputs one after
 * the other are in order. The ring bounds memory: a full one makes the reader wait.
 *
 * Threads: one reader, `workers` workers, one writer. An epoch belongs to the reader from ring_acquire to
 * ring_submit; then the workers may read it, each writing to its own outbox alone; then it belongs to the
 * writer until ring_written. */
#ifndef HARK_CLI_EPOCH_H
#define HARK_CLI_EPOCH_H

#include "capture/packet.h"
#include "cli/outbox.h"

enum {
    EPOCH_EVENTS = 1024, /* few, so that what the reader wrote is near when workers read it */
    EPOCH_BYTES = 1 << 20,
    EPOCHS = 8, /* in the ring */
};

struct epoch_event {
    uint64_t number; /* of the event in the run */
    uint64_t hash;
    union {
        int64_t tick_ns; /* ticks */
        size_t offset;   /* packets: in the epoch's bytes */
    };
};

enum { OWNER_ALL = 255 }; /* a tick: every worker takes it */

struct epoch {
    struct epoch_event *events;
    uint8_t *owners; /* the worker of each event */
    size_t count;
    struct buf bytes;        /* packets, each followed by its payload; they never move */
    struct outbox *outboxes; /* one a worker */
    bool flush;              /* the writer keeps nothing back */
    unsigned pending;        /* workers that are not through; the ring's mutex guards it */
};

/* The reader adds; false when the epoch is full (never when it is empty, but for want of memory). */
bool epoch_add_packet(struct epoch *, uint64_t number, const struct packet *, uint64_t hash, unsigned worker);
bool epoch_add_tick(struct epoch *, uint64_t number, int64_t now_ns);
/* The packet of an event with its payload, which live until ring_written. */
static inline const struct packet *epoch_packet(const struct epoch *epoch, const struct epoch_event *event) {
    return (const void *)(epoch->bytes.ptr + event->offset);
}

struct ring;

/* NULL without memory. */
struct ring *ring_new(unsigned workers);
/* No thread may be in a call. */
void ring_free(struct ring *);

/* The reader: an empty epoch to fill (waits for one), then its hand-over. After ring_close nothing is
 * acquired. */
struct epoch *ring_acquire(struct ring *);
void ring_submit(struct ring *);
/* No more epochs come: ring_take and ring_drain return NULL when all are through. */
void ring_close(struct ring *);

/* A worker: the next epoch in order, or NULL at the end. */
struct epoch *ring_take(struct ring *, unsigned worker);
void ring_processed(struct ring *, unsigned worker);

/* The writer: the next epoch that all workers are through with, or NULL at the end. `written` is the number
 * of records written in the run so far, `stop` asks the reader to end the run. */
struct epoch *ring_drain(struct ring *);
void ring_written(struct ring *, uint64_t written, bool stop);

struct ring_state {
    uint64_t written; /* as ring_written said last */
    bool stop;
};
struct ring_state ring_state(struct ring *);

#endif
