/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outlet.h"

#include "capture/limits.h"

#include <assert.h>

enum {
    /* records are gathered up to about this size; one may be larger */
    GATHER_BYTES = 256 * 1024,
    GATHER_CAP_BYTES = 64 * 1024 * 1024,
};

void outlet_init(struct outlet *outlet, struct sink *sink) {
    *outlet = (struct outlet){.sink = sink, .watch = &outlet->own, .status = SINK_OK};
    outbox_init(&outlet->gather, GATHER_CAP_BYTES);
}

void outlet_fini(struct outlet *outlet) {
    outbox_fini(&outlet->gather);
}

/* Writes the bytes of the records, which follow each other from the start of `bytes`. When the sink fails on
 * the way, the records that are wholly out count as written. */
static bool write_run(struct outlet *outlet, struct slice bytes, const struct outbox_record *records,
                      size_t count) {
    uint64_t before = sink_bytes(outlet->sink);
    int64_t started = stopwatch_start(outlet->watch);
    if (outlet->status == SINK_OK) {
        outlet->status = sink_write(outlet->sink, bytes);
    }
    stopwatch_stop(outlet->watch, started, STAGE_WRITE);
    uint64_t out = sink_bytes(outlet->sink) - before;
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        end += records[i].len;
        if (end <= out) {
            outlet->records[records[i].type]++;
        } else {
            outlet->unwritten++;
        }
    }
    return outlet->status == SINK_OK;
}

static bool flush_gathered(struct outlet *outlet) {
    struct outbox *gather = &outlet->gather;
    bool ok =
        gather->count == 0 || write_run(outlet, buf_slice(&gather->bytes), gather->records, gather->count);
    outbox_clear(gather, 2 * GATHER_BYTES);
    return ok;
}

static void gather_record(struct outlet *outlet, const struct outbox *box,
                          const struct outbox_record *record) {
    struct outbox *gather = &outlet->gather;
    if (gather->count > 0 && gather->bytes.len + record->len > GATHER_BYTES) {
        flush_gathered(outlet);
    }
    size_t offset = gather->bytes.len;
    if (!buf_append_slice(&gather->bytes, outbox_bytes(box, record)) ||
        !outbox_add(gather, &record->place, offset, record->type)) {
        flush_gathered(outlet);
        write_run(outlet, outbox_bytes(box, record), record, 1);
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

bool outlet_write(struct outlet *outlet, struct outbox *boxes, size_t count) {
    assert(count <= HARK_PARTITIONS);
    if (count == 1 && boxes[0].sorted) {
        struct outbox *box = &boxes[0];
        return box->count == 0 ? outlet->status == SINK_OK
                               : write_run(outlet, buf_slice(&box->bytes), box->records, box->count);
    }
    size_t next[HARK_PARTITIONS] = {0};
    for (size_t i = 0; i < count; i++) {
        outbox_sort(&boxes[i]);
    }
    for (;;) {
        struct outbox *box = first_box(boxes, count, next);
        if (!box) {
            return flush_gathered(outlet);
        }
        gather_record(outlet, box, &box->records[next[box - boxes]++]);
    }
}

bool outlet_write_heading(struct outlet *outlet, struct slice bytes) {
    if (outlet->status == SINK_OK && bytes.len > 0) {
        outlet->status = sink_write(outlet->sink, bytes);
    }
    return outlet->status == SINK_OK;
}
