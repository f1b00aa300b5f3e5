/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ring.h"

#include "capture/limits.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

static_assert((size_t)EPOCHS * EPOCH_BLOCKS <= SOURCE_BLOCKS_HELD, "the source has blocks for a full ring");

/* Records that may wait for the writer in all epochs together; those that the oldest one brings may anyhow.
 */
#define UNWRITTEN_BYTES ((size_t)12 << 20)

/* A thread: one that it fills or works through, and one that waits. What else went round would only be older
 * in the processor's cache when its memory is used again. */
enum { THREAD_EPOCHS = 2 };

/* Invariant: drained <= processed[i] <= submitted <= drained + depth. */
struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t more;        /* for threads that wait for something to do */
    pthread_cond_t reader_more; /* the same for the reader */
    unsigned workers;
    unsigned depth;   /* epochs in use, at most EPOCHS */
    unsigned waiting; /* threads, without the reader */
    bool reader_waits;
    bool closed;
    bool writing;                          /* somebody has the writer's turn */
    uint64_t submitted;                    /* epochs handed over by the reader */
    uint64_t drained;                      /* epochs written */
    uint64_t processed[HARK_PARTITIONS];   /* epochs each worker is through with */
    bool working[HARK_PARTITIONS];         /* somebody has the worker's turn */
    unsigned last_thread[HARK_PARTITIONS]; /* that had the worker's turn */
    unsigned pending[EPOCHS];              /* workers that are not through with the epoch */
    size_t unwritten[EPOCHS];              /* bytes of records in the epoch, of workers that are through */
    size_t all_unwritten;
    struct ring_state state;
    struct epoch epochs[EPOCHS];
};

struct ring *ring_new(unsigned workers, unsigned threads, unsigned events) {
    assert(workers > 0 && workers <= HARK_PARTITIONS && threads > 0);
    struct ring *ring = calloc(1, sizeof(*ring));
    if (!ring) {
        return NULL;
    }
    /* With default attributes these do not fail on Linux. */
    pthread_mutex_init(&ring->mutex, NULL);
    pthread_cond_init(&ring->more, NULL);
    pthread_cond_init(&ring->reader_more, NULL);
    ring->workers = workers;
    ring->depth = threads * THREAD_EPOCHS < EPOCHS ? threads * THREAD_EPOCHS : EPOCHS;
    for (unsigned i = 0; i < workers; i++) {
        ring->last_thread[i] = i % threads;
    }
    bool ok = true;
    for (unsigned i = 0; i < ring->depth; i++) {
        ok = epoch_init(&ring->epochs[i], workers, events) && ok;
    }
    if (!ok) {
        ring_free(ring);
        return NULL;
    }
    return ring;
}

void ring_free(struct ring *ring) {
    if (!ring) {
        return;
    }
    for (unsigned i = 0; i < ring->depth; i++) {
        epoch_fini(&ring->epochs[i]);
    }
    pthread_cond_destroy(&ring->reader_more);
    pthread_cond_destroy(&ring->more);
    pthread_mutex_destroy(&ring->mutex);
    free(ring);
}

static bool can_write(const struct ring *ring) {
    return !ring->writing && ring->drained < ring->submitted &&
           ring->pending[ring->drained % ring->depth] == 0;
}

static bool can_work(const struct ring *ring, unsigned worker) {
    bool may = ring->all_unwritten < UNWRITTEN_BYTES || ring->processed[worker] == ring->drained;
    return may && !ring->working[worker] && ring->processed[worker] < ring->submitted;
}

/* The worker whose turn it is: the one that is furthest behind of those that were the thread's, else of all.
 * HARK_PARTITIONS when there is none. */
static unsigned next_worker(const struct ring *ring, unsigned thread) {
    unsigned next = HARK_PARTITIONS;
    bool own = false;
    for (unsigned i = 0; i < ring->workers; i++) {
        if (!can_work(ring, i)) {
            continue;
        }
        bool was = ring->last_thread[i] == thread;
        bool behind = next == HARK_PARTITIONS || ring->processed[i] < ring->processed[next];
        if (was == own ? behind : was) {
            next = i;
            own = was;
        }
    }
    return next;
}

/* One more thread is woken when there is something to do for it; it does the same, so that all come that are
 * needed. */
static void wake(struct ring *ring) {
    if (ring->waiting == 0 && !ring->reader_waits) {
        return;
    }
    if (can_write(ring) || next_worker(ring, 0) != HARK_PARTITIONS) {
        pthread_cond_signal(ring->waiting > 0 ? &ring->more : &ring->reader_more);
    }
}

/* Writing comes first: it empties epochs. False when there is nothing to do. */
static bool take_turn(struct ring *ring, unsigned thread, struct turn *turn) {
    unsigned worker = HARK_PARTITIONS;
    if (can_write(ring)) {
        ring->writing = true;
        *turn = (struct turn){.kind = TURN_WRITE, .epoch = &ring->epochs[ring->drained % ring->depth]};
    } else if ((worker = next_worker(ring, thread)) != HARK_PARTITIONS) {
        ring->working[worker] = true;
        ring->last_thread[worker] = thread;
        *turn = (struct turn){.kind = TURN_WORK,
                              .worker = worker,
                              .epoch = &ring->epochs[ring->processed[worker] % ring->depth]};
    } else {
        return false;
    }
    wake(ring);
    return true;
}

static bool is_over(const struct ring *ring) {
    return ring->closed && ring->drained == ring->submitted;
}

struct turn ring_reader_turn(struct ring *ring) {
    struct turn turn = {.kind = TURN_END};
    pthread_mutex_lock(&ring->mutex);
    for (;;) {
        if (!ring->closed && ring->submitted - ring->drained < ring->depth) {
            turn = (struct turn){.kind = TURN_FILL, .epoch = &ring->epochs[ring->submitted % ring->depth]};
            wake(ring); /* what its turns before made possible is for others */
            break;
        }
        if (is_over(ring) || take_turn(ring, 0, &turn)) {
            break;
        }
        ring->reader_waits = true;
        pthread_cond_wait(&ring->reader_more, &ring->mutex);
        ring->reader_waits = false;
    }
    pthread_mutex_unlock(&ring->mutex);
    return turn;
}

struct turn ring_settle_turn(struct ring *ring) {
    struct turn turn = {.kind = TURN_END};
    pthread_mutex_lock(&ring->mutex);
    while (ring->drained < ring->submitted && !take_turn(ring, 0, &turn)) {
        ring->reader_waits = true;
        pthread_cond_wait(&ring->reader_more, &ring->mutex);
        ring->reader_waits = false;
    }
    pthread_mutex_unlock(&ring->mutex);
    return turn;
}

void ring_submit(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    assert(!ring->closed && ring->submitted - ring->drained < ring->depth);
    ring->pending[ring->submitted % ring->depth] = ring->workers;
    ring->submitted++;
    wake(ring);
    pthread_mutex_unlock(&ring->mutex);
}

void ring_close(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    pthread_cond_broadcast(&ring->more);
    pthread_mutex_unlock(&ring->mutex);
}

struct turn ring_turn(struct ring *ring, unsigned thread) {
    struct turn turn = {.kind = TURN_END};
    pthread_mutex_lock(&ring->mutex);
    while (!take_turn(ring, thread, &turn) && !is_over(ring)) {
        ring->waiting++;
        pthread_cond_wait(&ring->more, &ring->mutex);
        ring->waiting--;
    }
    pthread_mutex_unlock(&ring->mutex);
    return turn;
}

void ring_worked(struct ring *ring, const struct turn *turn) {
    size_t bytes = turn->epoch->outboxes[turn->worker].bytes.len;
    pthread_mutex_lock(&ring->mutex);
    ring->working[turn->worker] = false;
    size_t epoch = ring->processed[turn->worker]++ % ring->depth;
    ring->pending[epoch]--;
    ring->unwritten[epoch] += bytes;
    ring->all_unwritten += bytes;
    pthread_mutex_unlock(&ring->mutex); /* this thread takes what follows, and wakes others for the rest */
}

void ring_written(struct ring *ring, const struct turn *turn, uint64_t written, bool stop) {
    epoch_clear(turn->epoch);
    pthread_mutex_lock(&ring->mutex);
    ring->writing = false;
    size_t epoch = ring->drained++ % ring->depth;
    ring->all_unwritten -= ring->unwritten[epoch];
    ring->unwritten[epoch] = 0;
    ring->state.written = written;
    ring->state.stop = ring->state.stop || stop;
    if (ring->reader_waits) {
        pthread_cond_signal(&ring->reader_more);
    }
    if (is_over(ring)) {
        pthread_cond_broadcast(&ring->more);
    }
    pthread_mutex_unlock(&ring->mutex);
}

struct ring_state ring_state(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    struct ring_state state = ring->state;
    state.submitted = ring->submitted;
    state.drained = ring->drained;
    pthread_mutex_unlock(&ring->mutex);
    return state;
}
