/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outbox.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_RECORDS = 32 };

int place_compare(const struct place *a, const struct place *b) {
    if (a->event != b->event) {
        return a->event < b->event ? -1 : 1;
    }
    if (a->connection != b->connection) {
        return a->connection < b->connection ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

void outbox_init(struct outbox *outbox, size_t cap) {
    *outbox = (struct outbox){.sorted = true};
    memory_init(&outbox->memory, SIZE_MAX);
    buf_init(&outbox->bytes, cap);
    buf_charge(&outbox->bytes, &outbox->memory);
}

void outbox_fini(struct outbox *outbox) {
    buf_fini(&outbox->bytes);
    memory_fini(&outbox->memory);
    free(outbox->records);
    outbox->records = NULL;
}

struct outbox *outboxes_new(size_t count, size_t cap) {
    struct outbox *boxes = aligned_alloc(OUTBOX_ALIGNMENT, count * sizeof(*boxes));
    for (size_t i = 0; boxes && i < count; i++) {
        outbox_init(&boxes[i], cap);
    }
    return boxes;
}

void outboxes_free(struct outbox *boxes, size_t count) {
    for (size_t i = 0; boxes && i < count; i++) {
        outbox_fini(&boxes[i]);
    }
    free(boxes);
}

bool outbox_add(struct outbox *outbox, const struct place *place, size_t offset, uint32_t type) {
    if (outbox->count == outbox->capacity) {
        size_t capacity = outbox->capacity ? outbox->capacity * 2 : FIRST_RECORDS;
        struct outbox_record *records = realloc(outbox->records, capacity * sizeof(*records));
        if (!records) {
            outbox->bytes.len = offset;
            return false;
        }
        outbox->records = records;
        outbox->capacity = capacity;
    }
    if (outbox->count > 0 && place_compare(place, &outbox->records[outbox->count - 1].place) < 0) {
        outbox->sorted = false;
    }
    outbox->records[outbox->count++] = (struct outbox_record){
        .place = *place, .offset = offset, .len = outbox->bytes.len - offset, .type = type};
    return true;
}

/* Of equal places the one added first comes first. */
static int compare_records(const void *left, const void *right) {
    const struct outbox_record *a = left;
    const struct outbox_record *b = right;
    int order = place_compare(&a->place, &b->place);
    return order ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

void outbox_sort(struct outbox *outbox) {
    if (!outbox->sorted) {
        qsort(outbox->records, outbox->count, sizeof(*outbox->records), compare_records);
        outbox->sorted = true;
    }
}

void outbox_drop(struct outbox *outbox, size_t len) {
    assert(outbox->sorted && len <= outbox->bytes.len);
    size_t dropped = 0;
    while (dropped < outbox->count && outbox->records[dropped].offset + outbox->records[dropped].len <= len) {
        dropped++;
    }
    outbox->count -= dropped;
    outbox->bytes.len -= len;
    if (outbox->count == 0) {
        return;
    }
    memmove(outbox->bytes.ptr, outbox->bytes.ptr + len, outbox->bytes.len);
    memmove(outbox->records, outbox->records + dropped, outbox->count * sizeof(*outbox->records));
    for (size_t i = 0; i < outbox->count; i++) {
        struct outbox_record *record = &outbox->records[i];
        size_t torn = record->offset < len ? len - record->offset : 0;
        record->len -= torn;
        record->offset += torn;
        record->offset -= len;
    }
}

void outbox_clear(struct outbox *outbox, size_t keep) {
    if (outbox->bytes.capacity > keep) {
        size_t cap = outbox->bytes.cap;
        outbox_fini(outbox);
        outbox_init(outbox, cap);
        return;
    }
    buf_clear(&outbox->bytes);
    outbox->count = 0;
    outbox->sorted = true;
}
