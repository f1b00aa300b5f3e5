/* SPDX-License-Identifier: Apache-2.0 */
/* Finished records that wait to be written, each with its place in the output. Embedded by value; one thread
 * at a time. */
#ifndef HARK_CLI_OUTBOX_H
#define HARK_CLI_OUTBOX_H

#include "capture/buf.h"

/* Where a record stands in the output: by the event (packet or tick) that closed it, then by its connection's
 * ordinal, then by the order in which the connection finished it. No two records share a place, and no part
 * of it depends on the number of workers. */
struct place {
    uint64_t event;
    uint64_t connection;
    uint32_t index;
};

/* Less than, equal to or greater than zero, as memcmp. */
int place_compare(const struct place *a, const struct place *b);

struct outbox_record {
    struct place place;
    size_t offset; /* of its bytes in the outbox */
    size_t len;    /* with its line feed */
    uint32_t type; /* enum transaction_type */
};

/* Two processors then take no cache line from each other, nor the next one that is fetched with it. */
enum { OUTBOX_ALIGNMENT = 128 };

/* Invariant: the records' bytes are within `bytes`; `sorted` is true only when places ascend. */
struct outbox {
    _Alignas(OUTBOX_ALIGNMENT) struct memory
        memory; /* of the bytes; its failures tell a record that is too long from missing memory */
    struct buf bytes;
    struct outbox_record *records;
    size_t count;
    size_t capacity;
    bool sorted;
};

/* Room for `cap` bytes of records. The outbox must not move. */
void outbox_init(struct outbox *, size_t cap);
void outbox_fini(struct outbox *);
/* `count` of them, owned; NULL without memory. */
struct outbox *outboxes_new(size_t count, size_t cap);
void outboxes_free(struct outbox *, size_t count);
/* The record's bytes were appended to `bytes` from `offset` on. False without memory for its place: the
 * bytes are taken back. */
bool outbox_add(struct outbox *, const struct place *, size_t offset, uint32_t type);
/* Brings the records into the order of their places. The bytes stay where they are. */
void outbox_sort(struct outbox *);
/* Forgets the first `len` bytes of records whose bytes follow each other in the order of their places. What
 * is left of one comes first then, in the same place. */
void outbox_drop(struct outbox *, size_t len);
/* Forgets the records; memory beyond `keep` bytes is given back. */
void outbox_clear(struct outbox *, size_t keep);

static inline struct slice outbox_bytes(const struct outbox *outbox, const struct outbox_record *record) {
    return slice_make(outbox->bytes.ptr + record->offset, record->len);
}

#endif
