/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, in a heap ordered by time and then by the connection's ordinal, so that a tick costs what is due
 * and its order is fixed. One timer a flow, holding the earliest thing that can happen to it; a deadline
 * that moves later is left alone until it fires (the owner then looks again), so that most packets touch
 * nothing here. Deadlines that come in their order anyway wait in a queue beside the heap, where none has to
 * be moved for another. Embedded by value, one thread. */
#ifndef HARK_REASSEMBLY_TIMERS_H
#define HARK_REASSEMBLY_TIMERS_H

#include "capture/memory.h"

#include <stdint.h>

/* Embedded in its owner. Zero-initialised: not set. */
struct timer {
    int64_t deadline_ns; /* as in its entry: who has the owner at hand need not look there */
    uint64_t ordinal;    /* the owner's, who sets it: orders equal deadlines */
    uint32_t place;      /* in the heap, from 1, or in the queue, from TIMERS_QUEUED */
};

enum { TIMERS_MOST = (1 << 30) - 1 };
#define TIMERS_QUEUED (UINT32_C(1) << 31)

struct timers_entry {
    int64_t deadline_ns;
    struct timer *timer;
};

struct timers {
    struct memory *memory;
    struct timers_entry *entries;
    size_t count;
    size_t capacity;
    /* A ring: places from queue_first to below queue_end, modulo the capacity, a power of two. NULL: was
     * removed, but not at the first place. */
    struct timer **queue;
    uint32_t queue_first;
    uint32_t queue_end;
    uint32_t queue_capacity;
    size_t queue_count; /* without those removed */
    /* of the one that came to the queue last: all in it are earlier */
    int64_t last_deadline_ns;
    uint64_t last_ordinal;
};

/* Borrows the memory for the timers' life. */
void timers_init(struct timers *, struct memory *);
void timers_fini(struct timers *);
/* Makes room so that `count` timers can be set without failing. False without memory. */
bool timers_reserve(struct timers *, size_t count);
/* Sets a timer, or moves it. */
void timers_set(struct timers *, struct timer *, int64_t deadline_ns);
/* The same; cheap where the deadline is not before those of all that were set so. */
void timers_append(struct timers *, struct timer *, int64_t deadline_ns);
void timers_remove(struct timers *, struct timer *);
/* Of a timer that is set. */
static inline int64_t timers_deadline(const struct timer *timer) {
    return timer->deadline_ns;
}
/* How many are set. */
static inline size_t timers_count(const struct timers *t) {
    return t->count + t->queue_count;
}
/* Memory taken. */
static inline size_t timers_bytes(const struct timers *t) {
    return t->capacity * sizeof *t->entries + t->queue_capacity * sizeof(struct timer *);
}
/* The earliest, NULL when there is none. */
struct timer *timers_first(const struct timers *);
/* The one in the queue so many places behind the first; NULL: none, or it was removed. */
static inline struct timer *timers_queued(const struct timers *t, uint32_t behind) {
    uint32_t span = (t->queue_end - t->queue_first) & ~TIMERS_QUEUED;
    return behind < span ? t->queue[(t->queue_first + behind) & (t->queue_capacity - 1)] : NULL;
}
/* Gives every timer the same deadline: from now on they come in the order of their ordinals. */
void timers_level(struct timers *, int64_t deadline_ns);

#endif
