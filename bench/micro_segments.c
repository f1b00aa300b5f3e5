/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that wait behind a hole: put in one after the other and all taken when the hole is filled, as
 * after a loss; the same in random order; and with one-byte segments. */
#include "bench/micro.h"
#include "bench/way.h"

#include "reassembly/segq.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 4096, PAYLOAD = 1460 };

struct queue {
    struct memory memory;
    struct page_pool pages;
    unsigned count;
    size_t len; /* of a segment */
    unsigned order[MOST];
    uint8_t bytes[PAYLOAD];
};

static void put_and_take(void *context) {
    struct queue *queue = context;
    struct segq held = {0};
    for (unsigned i = 0; i < queue->count; i++) {
        uint64_t offset = 1000 + queue->order[i] * queue->len, from, to;
        struct segment segment = {.offset = offset, .has_ack = true, .ack = 1};
        if (!segq_uncovered(&held, offset, offset + queue->len, &from, &to) ||
            !segq_put(&held, &queue->pages, &segment, from, slice_make(queue->bytes, to - from), false, 1,
                      SEGQ_NEVER)) {
            bench_die("a segment could not be held");
        }
    }
    while (held.head) {
        segq_take(&held, &queue->pages, held.head->len);
    }
}

static void copy_only(void *context) {
    struct queue *queue = context;
    static uint8_t to[PAYLOAD];
    for (unsigned i = 0; i < queue->count; i++) {
        memcpy(to, queue->bytes, queue->len);
        micro_keep((uintptr_t)to);
    }
}

static void shuffle(struct queue *queue) {
    uint64_t state = 88172645463325252u;
    for (unsigned i = queue->count; i > 1; i--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        unsigned other = (unsigned)(state % i), kept = queue->order[i - 1];
        queue->order[i - 1] = queue->order[other];
        queue->order[other] = kept;
    }
}

static void measure(struct queue *queue, unsigned count, size_t len, bool shuffled) {
    char name[96];
    queue->count = count;
    queue->len = len;
    for (unsigned i = 0; i < count; i++) {
        queue->order[i] = i;
    }
    if (shuffled) {
        shuffle(queue);
    }
    snprintf(name, sizeof(name), "segment of %zu bytes held and taken, %u wait, %s", len, count,
             shuffled ? "random order" : "in order");
    micro_print(name, micro_time(put_and_take, queue, count), micro_time(copy_only, queue, count),
                "one copy, hot");
}

void micro_segments(void) {
    struct queue *queue = calloc(1, sizeof(*queue));
    if (!queue) {
        bench_die("out of memory");
    }
    memory_init(&queue->memory, (size_t)64 << 20);
    page_pool_init(&queue->pages, &queue->memory, (size_t)64 << 20);
    measure(queue, 16, PAYLOAD, false);
    measure(queue, 256, PAYLOAD, false);
    measure(queue, 256, PAYLOAD, true);
    measure(queue, MOST, PAYLOAD, true);
    measure(queue, MOST, 1, true);
    page_pool_fini(&queue->pages);
    memory_fini(&queue->memory);
    free(queue);
}
