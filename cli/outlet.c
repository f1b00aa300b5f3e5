/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outlet.h"

#include "capture/limits.h"

#include <assert.h>

/* What waits is less than a block. */
enum { GATHER_CAP_BYTES = 2 * SINK_BLOCK_BYTES };

void outlet_init(struct outlet *outlet, struct sink *sink) {
    *outlet = (struct outlet){.sink = sink, .watch = &outlet->own, .status = SINK_OK};
    outbox_init(&outlet->gather, GATHER_CAP_BYTES);
}

void outlet_fini(struct outlet *outlet) {
    outbox_fini(&outlet->gather);
}

/* Returns how many bytes went out. */
static uint64_t put(struct outlet *outlet, const struct slice *parts, size_t count) {
    uint64_t out = 0;
    int64_t started = stopwatch_start(outlet->watch);
    if (outlet->status == SINK_OK) {
        out = sink_put_parts(outlet->sink, parts, count, &outlet->status);
    }
    stopwatch_stop(outlet->watch, started, STAGE_WRITE);
    return out;
}

/* A record counts as written when its last byte is out. When the sink fails, the others never will be. */
static void count_record(struct outlet *outlet, const struct outbox_record *record, bool out) {
    if (out) {
        outlet->records[record->type]++;
    } else if (outlet->status != SINK_OK) {
        outlet->unwritten++;
    }
}

/* Of the first `len` bytes of the outbox, in which records and bytes are in order, `out` are out: they are
 * forgotten. */
static void take_front(struct outlet *outlet, struct outbox *box, size_t len, uint64_t out) {
    bool ok = outlet->status == SINK_OK;
    for (size_t i = 0; i < box->count; i++) {
        const struct outbox_record *record = &box->records[i];
        bool through = record->offset + record->len <= out;
        if (!through && ok) {
            break;
        }
        count_record(outlet, record, through);
    }
    outbox_drop(box, ok ? len : box->bytes.len);
}

static bool write_front(struct outlet *outlet, struct outbox *box, size_t len) {
    struct slice front = slice_first(buf_slice(&box->bytes), len);
    take_front(outlet, box, len, put(outlet, &front, 1));
    return outlet->status == SINK_OK;
}

/* Bytes of a record, its last ones, wait for the rest of their block; without memory for them they do not. */
static void gather_record(struct outlet *outlet, const struct outbox_record *record, struct slice bytes) {
    struct outbox *gather = &outlet->gather;
    size_t offset = gather->bytes.len;
    if (!buf_append_slice(&gather->bytes, bytes) ||
        !outbox_add(gather, &record->place, offset, record->type)) {
        write_front(outlet, gather, gather->bytes.len);
        outbox_clear(gather, SIZE_MAX);
        count_record(outlet, record, put(outlet, &bytes, 1) == bytes.len);
    }
}

/* The parts that the first `len` bytes of the queue are in. What the last of them has beyond, it loses. */
static size_t cut_parts(struct outlet_queue *queue, size_t len) {
    size_t count = 0;
    while (len > 0) {
        struct slice *part = &queue->bytes[count++];
        *part = slice_first(*part, len);
        len -= part->len;
    }
    return count;
}

/* Writes the first `len` bytes of what is gathered and queued; what is behind them is gathered then. */
static void write_queue(struct outlet *outlet, size_t len) {
    struct outlet_queue *queue = &outlet->queue;
    struct outbox *gather = &outlet->gather;
    uint64_t at = gather->bytes.len;
    queue->bytes[0] = buf_slice(&gather->bytes);
    uint64_t out = put(outlet, queue->bytes, cut_parts(queue, len));
    take_front(outlet, gather, len < at ? len : at, out);
    for (size_t i = 0; i < queue->count; i++) {
        const struct outbox_record *record = queue->records[i];
        bool through = at + record->len <= out;
        if (through || outlet->status != SINK_OK) {
            count_record(outlet, record, through);
        } else {
            struct slice bytes = slice_make(queue->bytes[i + 1].ptr, record->len);
            gather_record(outlet, record, slice_after(bytes, out > at ? out - at : 0));
        }
        at += record->len;
    }
    queue->count = 0;
    queue->len = 0;
}

/* While more is to come: what fills no block waits. */
static void write_queued_blocks(struct outlet *outlet) {
    size_t len = outlet->gather.bytes.len + outlet->queue.len;
    write_queue(outlet, len >= SINK_BLOCK_BYTES ? sink_whole_blocks(outlet->sink, len) : 0);
}

static void write_all_queued(struct outlet *outlet) {
    write_queue(outlet, outlet->gather.bytes.len + outlet->queue.len);
}

static void queue_record(struct outlet *outlet, const struct outbox *box,
                         const struct outbox_record *record) {
    struct outlet_queue *queue = &outlet->queue;
    queue->records[queue->count++] = record;
    queue->bytes[queue->count] = outbox_bytes(box, record);
    queue->len += record->len;
    if (queue->count == sizeof(queue->records) / sizeof(queue->records[0])) {
        write_queued_blocks(outlet);
    }
}

/* What comes next of an outbox. */
struct next_record {
    const struct outbox_record *record;
    size_t left;
    uint64_t event; /* of its place; UINT64_MAX when there is none */
};

static struct next_record next_record(const struct outbox_record *record, size_t left) {
    uint64_t event = left > 0 ? record->place.event : UINT64_MAX;
    return (struct next_record){.record = record, .left = left, .event = event};
}

/* The outbox whose next record comes first, or `count` when all are done. */
static size_t first_box(const struct next_record *next, size_t count) {
    size_t first = count;
    uint64_t event = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (next[i].event < event ||
            (next[i].event == event && event != UINT64_MAX &&
             place_compare(&next[i].record->place, &next[first].record->place) < 0)) {
            first = i;
            event = next[i].event;
        }
    }
    return first;
}

static void queue_boxes(struct outlet *outlet, struct outbox *boxes, size_t count) {
    assert(count <= HARK_PARTITIONS);
    struct next_record next[HARK_PARTITIONS];
    for (size_t i = 0; i < count; i++) {
        outbox_sort(&boxes[i]);
        next[i] = next_record(boxes[i].records, boxes[i].count);
    }
    size_t first;
    while ((first = first_box(next, count)) < count) {
        const struct outbox_record *record = next[first].record;
        next[first] = next_record(record + 1, next[first].left - 1);
        queue_record(outlet, &boxes[first], record);
    }
}

static void clear_boxes(struct outbox *boxes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        outbox_clear(&boxes[i], SIZE_MAX);
    }
}

bool outlet_write(struct outlet *outlet, struct outbox *boxes, size_t count) {
    if (count == 1 && boxes[0].sorted && outlet->gather.count == 0) {
        return write_front(outlet, &boxes[0], boxes[0].bytes.len);
    }
    queue_boxes(outlet, boxes, count);
    write_all_queued(outlet);
    clear_boxes(boxes, count);
    return outlet->status == SINK_OK;
}

bool outlet_gather(struct outlet *outlet, struct outbox *boxes, size_t count) {
    if (!sink_is_regular(outlet->sink)) {
        return outlet_write(outlet, boxes, count);
    }
    queue_boxes(outlet, boxes, count);
    write_queued_blocks(outlet);
    clear_boxes(boxes, count);
    return outlet->status == SINK_OK;
}

bool outlet_write_blocks(struct outlet *outlet, struct outbox *box) {
    if (!box->sorted || outlet->gather.count > 0 || box->bytes.len < SINK_BLOCK_BYTES) {
        return outlet_write(outlet, box, 1);
    }
    return write_front(outlet, box, sink_whole_blocks(outlet->sink, box->bytes.len));
}

bool outlet_write_lines(struct outlet *outlet, struct slice bytes) {
    assert(outlet->gather.count == 0);
    put(outlet, &bytes, 1);
    return outlet->status == SINK_OK;
}
