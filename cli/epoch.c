/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/epoch.h"

#include "capture/limits.h"
#include "cli/worker.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

enum {
    /* an epoch takes packets until EPOCH_BYTES are reached; a first one may go beyond */
    CAP_BYTES = EPOCH_BYTES + (1 << 28),
    KEEP_BYTES = 1 << 20, /* an emptied outbox keeps so much memory: an epoch of small messages fills half */
};

struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t submitted_more; /* for workers */
    pthread_cond_t processed_more; /* for the writer */
    pthread_cond_t written_more;   /* for the reader */
    unsigned workers;
    uint64_t submitted;                  /* epochs handed over by the reader */
    uint64_t processed[HARK_PARTITIONS]; /* epochs each worker is through with */
    uint64_t drained;                    /* epochs written */
    bool closed;
    struct ring_state state;
    struct epoch epochs[EPOCHS];
};

/* Bytes of the packet up to the tunnels that it did not go through, which most of its size are for. */
static size_t packet_bytes(const struct packet *packet) {
    static_assert(offsetof(struct packet, path.tunnel) + sizeof packet->path.tunnel +
                          _Alignof(struct packet) >
                      sizeof *packet,
                  "the tunnels are the packet's last member");
    size_t kept = sizeof packet->path.tunnel / sizeof packet->path.tunnel[0];
    size_t tunnels = packet->path.tunnel_count < kept ? packet->path.tunnel_count : kept;
    return offsetof(struct packet, path.tunnel) + tunnels * sizeof packet->path.tunnel[0];
}

/* Room for one more packet; NULL when the epoch is full. What the workers take for a packet has a whole one's
 * size. */
static uint8_t *make_room(struct epoch *epoch, size_t len) {
    size_t taken = epoch->bytes.len;
    if (taken > 0 && taken + len + sizeof(struct packet) > EPOCH_BYTES) {
        return NULL;
    }
    size_t room = len + sizeof(struct packet);
    return buf_reserve(&epoch->bytes, taken > 0 || room > EPOCH_BYTES ? room : EPOCH_BYTES);
}

bool epoch_add_packet(struct epoch *epoch, uint64_t number, const struct packet *packet, uint64_t hash,
                      unsigned worker) {
    assert(worker < HARK_PARTITIONS);
    size_t head = packet_bytes(packet), align = _Alignof(max_align_t);
    size_t payload_at = (head + align - 1) / align * align;
    size_t len = (payload_at + packet->payload.len + align - 1) / align * align;
    uint8_t *to = epoch->count < EPOCH_EVENTS ? make_room(epoch, len) : NULL;
    if (!to) {
        return false;
    }
    struct packet *copy = (void *)to;
    memcpy(to, packet, head);
    copy->payload.ptr = to + payload_at;
    if (packet->payload.len > 0) {
        memcpy(to + payload_at, packet->payload.ptr, packet->payload.len);
    }
    epoch->events[epoch->count] =
        (struct epoch_event){.number = number, .hash = hash, .offset = epoch->bytes.len};
    epoch->owners[epoch->count++] = (uint8_t)worker;
    epoch->bytes.len += len;
    return true;
}

bool epoch_add_tick(struct epoch *epoch, uint64_t number, int64_t now_ns) {
    if (epoch->count == EPOCH_EVENTS) {
        return false;
    }
    struct epoch_event *event = &epoch->events[epoch->count];
    event->number = number;
    event->tick_ns = now_ns;
    epoch->owners[epoch->count++] = OWNER_ALL;
    return true;
}

static bool epoch_init(struct epoch *epoch, unsigned workers) {
    epoch->events = malloc(EPOCH_EVENTS * sizeof(*epoch->events));
    epoch->owners = malloc(EPOCH_EVENTS);
    epoch->outboxes = calloc(workers, sizeof(*epoch->outboxes));
    buf_init(&epoch->bytes, CAP_BYTES);
    for (unsigned i = 0; epoch->outboxes && i < workers; i++) {
        outbox_init(&epoch->outboxes[i], WORKER_OUTBOX_BYTES);
    }
    return epoch->events && epoch->owners && epoch->outboxes;
}

static void epoch_fini(struct epoch *epoch, unsigned workers) {
    for (unsigned i = 0; epoch->outboxes && i < workers; i++) {
        outbox_fini(&epoch->outboxes[i]);
    }
    free(epoch->outboxes);
    free(epoch->events);
    free(epoch->owners);
    buf_fini(&epoch->bytes);
}

static void epoch_clear(struct epoch *epoch, unsigned workers) {
    for (unsigned i = 0; i < workers; i++) {
        outbox_clear(&epoch->outboxes[i], KEEP_BYTES);
    }
    epoch->count = 0;
    buf_clear(&epoch->bytes);
}

struct ring *ring_new(unsigned workers) {
    assert(workers > 0 && workers <= HARK_PARTITIONS);
    struct ring *ring = calloc(1, sizeof(*ring));
    if (!ring) {
        return NULL;
    }
    /* With default attributes these do not fail on Linux. */
    pthread_mutex_init(&ring->mutex, NULL);
    pthread_cond_init(&ring->submitted_more, NULL);
    pthread_cond_init(&ring->processed_more, NULL);
    pthread_cond_init(&ring->written_more, NULL);
    ring->workers = workers;
    bool ok = true;
    for (unsigned i = 0; i < EPOCHS; i++) {
        ok = epoch_init(&ring->epochs[i], workers) && ok;
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
    for (unsigned i = 0; i < EPOCHS; i++) {
        epoch_fini(&ring->epochs[i], ring->workers);
    }
    pthread_cond_destroy(&ring->written_more);
    pthread_cond_destroy(&ring->processed_more);
    pthread_cond_destroy(&ring->submitted_more);
    pthread_mutex_destroy(&ring->mutex);
    free(ring);
}

struct epoch *ring_acquire(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    assert(!ring->closed);
    while (ring->submitted - ring->drained == EPOCHS) {
        pthread_cond_wait(&ring->written_more, &ring->mutex);
    }
    struct epoch *epoch = &ring->epochs[ring->submitted % EPOCHS];
    pthread_mutex_unlock(&ring->mutex);
    return epoch;
}

void ring_submit(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    ring->epochs[ring->submitted % EPOCHS].pending = ring->workers;
    ring->submitted++;
    pthread_cond_broadcast(&ring->submitted_more);
    pthread_mutex_unlock(&ring->mutex);
}

void ring_close(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    ring->closed = true;
    pthread_cond_broadcast(&ring->submitted_more);
    pthread_cond_signal(&ring->processed_more);
    pthread_mutex_unlock(&ring->mutex);
}

struct epoch *ring_take(struct ring *ring, unsigned worker) {
    pthread_mutex_lock(&ring->mutex);
    while (ring->processed[worker] == ring->submitted && !ring->closed) {
        pthread_cond_wait(&ring->submitted_more, &ring->mutex);
    }
    uint64_t turn = ring->processed[worker];
    struct epoch *epoch = turn < ring->submitted ? &ring->epochs[turn % EPOCHS] : NULL;
    pthread_mutex_unlock(&ring->mutex);
    return epoch;
}

void ring_processed(struct ring *ring, unsigned worker) {
    pthread_mutex_lock(&ring->mutex);
    struct epoch *epoch = &ring->epochs[ring->processed[worker]++ % EPOCHS];
    if (--epoch->pending == 0) {
        pthread_cond_signal(&ring->processed_more);
    }
    pthread_mutex_unlock(&ring->mutex);
}

struct epoch *ring_drain(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    struct epoch *epoch = NULL;
    for (;;) {
        struct epoch *next = &ring->epochs[ring->drained % EPOCHS];
        bool any = ring->drained < ring->submitted;
        if (any && next->pending == 0) {
            epoch = next;
            break;
        }
        if (!any && ring->closed) {
            break;
        }
        pthread_cond_wait(&ring->processed_more, &ring->mutex);
    }
    pthread_mutex_unlock(&ring->mutex);
    return epoch;
}

void ring_written(struct ring *ring, uint64_t written, bool stop) {
    struct epoch *epoch = &ring->epochs[ring->drained % EPOCHS]; /* only the writer changes `drained` */
    epoch_clear(epoch, ring->workers);
    pthread_mutex_lock(&ring->mutex);
    ring->drained++;
    ring->state.written = written;
    ring->state.stop = ring->state.stop || stop;
    pthread_cond_signal(&ring->written_more);
    pthread_mutex_unlock(&ring->mutex);
}

struct ring_state ring_state(struct ring *ring) {
    pthread_mutex_lock(&ring->mutex);
    struct ring_state state = ring->state;
    pthread_mutex_unlock(&ring->mutex);
    return state;
}
