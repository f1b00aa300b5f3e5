/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outlet.h"

#include "capture/limits.h"

#include <assert.h>

enum {
    /* records are gathered until they fill a block; one may be larger */
    GATHER_CAP_BYTES = 64 * 1024 * 1024,
    GATHER_KEEP_BYTES = 2 * SINK_BLOCK_BYTES,
};

void outlet_init(struct outlet *outlet, struct sink *sink) {
    *outlet = (struct outlet){.sink = sink, .watch = &outlet->own, .status = SINK_OK};
    outbox_init(&outlet->gather, GATHER_CAP_BYTES);
}

void outlet_fini(struct outlet *outlet) {
    outbox_fini(&outlet->gather);
}

/* Returns how many bytes went out. */
static uint64_t put(struct outlet *outlet, struct slice bytes) {
    uint64_t out = 0;
    int64_t started = stopwatch_start(outlet->watch);
    if (outlet->status == SINK_OK && bytes.len > 0) {
        out = sink_put(outlet->sink, bytes, &outlet->status);
    }
    stopwatch_stop(outlet->watch, started, STAGE_WRITE);
    return out;
}

/* Writes the first `len` bytes of the outbox, in which records and bytes are in order, and forgets them. A
 * record counts as written when its last byte is out. When the sink fails, the others never will be. */
static bool write_front(struct outlet *outlet, struct outbox *box, size_t len) {
    uint64_t out = put(outlet, slice_first(buf_slice(&box->bytes), len));
    bool ok = outlet->status == SINK_OK;
    for (size_t i = 0; i < box->count; i++) {
        const struct outbox_record *record = &box->records[i];
        if (record->offset + record->len <= out) {
            outlet->records[record->type]++;
        } else if (ok) {
            break;
        } else {
            outlet->unwritten++;
        }
    }
    outbox_drop(box, ok ? len : box->bytes.len);
    return ok;
}

static bool flush_gathered(struct outlet *outlet) {
    struct outbox *gather = &outlet->gather;
    bool ok = write_front(outlet, gather, gather->bytes.len);
    outbox_clear(gather, GATHER_KEEP_BYTES);
    return ok;
}

static void write_gathered_blocks(struct outlet *outlet) {
    struct outbox *gather = &outlet->gather;
    if (gather->bytes.capacity > GATHER_KEEP_BYTES) {
        flush_gathered(outlet); /* something huge is gone then */
    } else {
        write_front(outlet, gather, sink_whole_blocks(outlet->sink, gather->bytes.len));
    }
}

static void gather_record(struct outlet *outlet, const struct outbox *box,
                          const struct outbox_record *record) {
    struct outbox *gather = &outlet->gather;
    size_t offset = gather->bytes.len;
    if (!buf_append_slice(&gather->bytes, outbox_bytes(box, record)) ||
        !outbox_add(gather, &record->place, offset, record->type)) {
        flush_gathered(outlet);
        bool out = put(outlet, outbox_bytes(box, record)) == record->len;
        outlet->records[record->type] += out;
        outlet->unwritten += !out;
    } else if (gather->bytes.len >= SINK_BLOCK_BYTES) {
        write_gathered_blocks(outlet);
    }
}

/* The outbox whose next record comes first, or NULL when all are done. */
static struct outbox *first_box(struct outbox *boxes, size_t count, const size_t *next) {
    struct outbox *first = NULL;
    const struct place *place = NULL;
    for (size_t i = 0; i < count; i++) {
        if (next[i] < boxes[i].count &&
            (!place || place_compare(&boxes[i].records[next[i]].place, place) < 0)) {
            first = &boxes[i];
            place = &boxes[i].records[next[i]].place;
        }
    }
    return first;
}

static void gather_boxes(struct outlet *outlet, struct outbox *boxes, size_t count) {
    assert(count <= HARK_PARTITIONS);
    size_t next[HARK_PARTITIONS] = {0};
    for (size_t i = 0; i < count; i++) {
        outbox_sort(&boxes[i]);
    }
    struct outbox *box;
    while ((box = first_box(boxes, count, next)) != NULL) {
        gather_record(outlet, box, &box->records[next[box - boxes]++]);
    }
    for (size_t i = 0; i < count; i++) {
        outbox_clear(&boxes[i], SIZE_MAX);
    }
}

bool outlet_write(struct outlet *outlet, struct outbox *boxes, size_t count) {
    if (count == 1 && boxes[0].sorted && outlet->gather.count == 0) {
        return write_front(outlet, &boxes[0], boxes[0].bytes.len);
    }
    gather_boxes(outlet, boxes, count);
    return flush_gathered(outlet);
}

bool outlet_gather(struct outlet *outlet, struct outbox *boxes, size_t count) {
    gather_boxes(outlet, boxes, count);
    return sink_is_regular(outlet->sink) ? outlet->status == SINK_OK : flush_gathered(outlet);
}

bool outlet_write_blocks(struct outlet *outlet, struct outbox *box) {
    if (!box->sorted || outlet->gather.count > 0 || box->bytes.len < SINK_BLOCK_BYTES) {
        return outlet_write(outlet, box, 1);
    }
    return write_front(outlet, box, sink_whole_blocks(outlet->sink, box->bytes.len));
}

bool outlet_write_lines(struct outlet *outlet, struct slice bytes) {
    assert(outlet->gather.count == 0);
    put(outlet, bytes);
    return outlet->status == SINK_OK;
}
