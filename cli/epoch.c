/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/epoch.h"

#include "capture/limits.h"
#include "cli/worker.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

enum {
    /* an epoch takes packets until EPOCH_BYTES are reached; a first one may go beyond */
    CAP_BYTES = EPOCH_BYTES + (1 << 28),
    /* so much memory emptied outboxes keep: small messages fill half of it an event */
    KEEP_EVENT_BYTES = 4 << 10,
    KEEP_BYTES = 2 << 20,
};

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

/* False when the epoch holds as many others as it may. */
static bool hold(struct epoch *epoch, struct source_block *block) {
    if (epoch->block_count > 0 && epoch->blocks[epoch->block_count - 1] == block) {
        return true;
    }
    if (epoch->block_count == EPOCH_BLOCKS) {
        return false;
    }
    source_block_hold(block);
    epoch->blocks[epoch->block_count++] = block;
    return true;
}

static void release_blocks(struct epoch *epoch) {
    for (; epoch->block_count > 0; epoch->block_count--) {
        source_block_release(epoch->blocks[epoch->block_count - 1]);
    }
}

static void add_turn(struct epoch *epoch, unsigned worker) {
    epoch->turns[(size_t)worker * epoch->most + epoch->turn_counts[worker]++] = (uint16_t)epoch->count;
}

bool epoch_add_packet(struct epoch *epoch, uint64_t number, const struct packet *packet, uint64_t hash,
                      unsigned worker, struct source_block *block) {
    assert(worker < epoch->workers);
    size_t head = packet_bytes(packet), align = _Alignof(max_align_t);
    size_t payload_at = (head + align - 1) / align * align;
    size_t copied = block ? 0 : packet->payload.len;
    size_t len = (payload_at + copied + align - 1) / align * align;
    uint8_t *to = epoch->count < epoch->most ? make_room(epoch, len) : NULL;
    if (!to || (block && packet->payload.len > 0 && !hold(epoch, block))) {
        return false;
    }
    struct packet *copy = (void *)to;
    memcpy(to, packet, head);
    if (copied > 0) {
        copy->payload.ptr = to + payload_at;
        memcpy(to + payload_at, packet->payload.ptr, copied);
    } else if (packet->payload.len == 0) {
        copy->payload.ptr = to; /* nothing is held for it */
    }
    epoch->events[epoch->count] = (struct epoch_event){.number = number, .hash = hash, .packet = copy};
    add_turn(epoch, worker);
    epoch->count++;
    epoch->bytes.len += len;
    return true;
}

bool epoch_add_tick(struct epoch *epoch, uint64_t number, int64_t now_ns) {
    if (epoch->count == epoch->most) {
        return false;
    }
    epoch->events[epoch->count] = (struct epoch_event){.number = number, .tick_ns = now_ns};
    for (unsigned i = 0; i < epoch->workers; i++) {
        add_turn(epoch, i);
    }
    epoch->count++;
    return true;
}

bool epoch_init(struct epoch *epoch, unsigned workers, unsigned events) {
    assert(events > 0 && events <= EPOCH_EVENTS);
    static_assert(EPOCH_EVENTS <= UINT16_MAX, "an event's index has 16 bits");
    *epoch = (struct epoch){.most = events, .workers = workers};
    epoch->events = malloc(events * sizeof(*epoch->events));
    epoch->turns = malloc((size_t)workers * events * sizeof(*epoch->turns));
    epoch->turn_counts = calloc(workers, sizeof(*epoch->turn_counts));
    epoch->outboxes = outboxes_new(workers, WORKER_OUTBOX_BYTES);
    buf_init(&epoch->bytes, CAP_BYTES);
    return epoch->events && epoch->turns && epoch->turn_counts && epoch->outboxes;
}

void epoch_fini(struct epoch *epoch) {
    release_blocks(epoch);
    outboxes_free(epoch->outboxes, epoch->workers);
    free(epoch->events);
    free(epoch->turns);
    free(epoch->turn_counts);
    buf_fini(&epoch->bytes);
}

void epoch_clear(struct epoch *epoch) {
    release_blocks(epoch);
    size_t keep = (size_t)KEEP_EVENT_BYTES * epoch->most;
    keep = keep < KEEP_BYTES ? keep : KEEP_BYTES;
    for (unsigned i = 0; i < epoch->workers; i++) {
        outbox_clear(&epoch->outboxes[i], keep / epoch->workers);
        epoch->turn_counts[i] = 0;
    }
    epoch->count = 0;
    epoch->flush = false;
    buf_clear(&epoch->bytes);
}
