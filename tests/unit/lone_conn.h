/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1 consumer without TCP below it, for tests: chunks, losses and ends are given by hand. Both
 * streams start at BASE; each segment is a millisecond behind the one before. Inside the test's own memory;
 * one thread.
 */
#ifndef HARK_TESTS_LONE_CONN_H
#define HARK_TESTS_LONE_CONN_H

#include "analyzer/http_conn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum direction CLIENT = DIRECTION_0, SERVER = DIRECTION_1;
#define BASE (UINT64_C(1) << 32)

struct lone_conn {
    struct limits limits; /* a test may change them */
    struct memory memory;
    struct transaction_store *store;
    struct http_environment *environment;
    struct connection connection;
    void *conn;
    uint64_t ordinal; /* of the last segment, also its frame */
    int64_t start_ns; /* the time before the first one */
};

/* The observer is copied. */
static inline void lone_conn_init(struct lone_conn *l, const struct transaction_observer *observer) {
    *l = (struct lone_conn){.limits = limits_default()};
    memory_init(&l->memory, l->limits.memory);
    l->store = transaction_store_new(&l->limits, &l->memory, observer);
    assert_non_null(l->store);
    l->environment = http_environment_new(&l->limits, &l->memory, l->store);
    assert_non_null(l->environment);
}

/* A connection begins, the first one or one behind lone_conn_close. */
static inline void lone_conn_open(struct lone_conn *l) {
    l->connection = (struct connection){.ordinal = 1};
    l->ordinal = 0;
    for (unsigned i = 0; i < 2; i++) {
        l->connection.start_known[i] = true;
        l->connection.start[i] = l->connection.delivered[i] = l->connection.lowest[i] = BASE;
    }
    l->conn = http_conn_ops.open(l->environment, &l->connection);
    assert_non_null(l->conn);
}

/* How many bytes of that stream were given or lost so far, as an offset. */
static inline uint64_t lone_conn_at(const struct lone_conn *l, enum direction direction) {
    return l->connection.delivered[direction];
}

/* A segment with these bytes and the acknowledgement of the offset; returns how many were taken, from a copy
 * of just their size. */
static inline size_t lone_conn_offer(struct lone_conn *l, enum direction direction, struct slice bytes,
                                     uint64_t ack, bool must_take) {
    l->ordinal++;
    const struct segment segment = {.time_ns = l->start_ns + (int64_t)l->ordinal * NS_PER_MILLISECOND,
                                    .offset = lone_conn_at(l, direction),
                                    .ack = ack,
                                    .has_ack = true,
                                    .number = l->ordinal,
                                    .ordinal = l->ordinal};
    uint8_t *exact = malloc(bytes.len);
    assert_non_null(exact);
    memcpy(exact, bytes.ptr, bytes.len);
    const struct chunk chunk = {.bytes = slice_make(exact, bytes.len),
                                .offset = segment.offset,
                                .segment = &segment,
                                .must_take = must_take};
    size_t taken = http_conn_ops.data(l->conn, direction, &chunk);
    assert_true(taken <= bytes.len);
    assert_true(taken == bytes.len || !must_take);
    l->connection.delivered[direction] += taken;
    free(exact);
    return taken;
}

/* Bytes in segments of at most `most`, all of which must be taken, from a sender that has all that the other
 * one sent. */
static inline void lone_conn_give(struct lone_conn *l, enum direction direction, struct slice bytes,
                                  size_t most) {
    while (bytes.len) {
        struct slice piece = slice_first(bytes, bytes.len < most ? bytes.len : most);
        (void)lone_conn_offer(l, direction, piece, lone_conn_at(l, direction_other(direction)), true);
        bytes = slice_after(bytes, piece.len);
    }
}

static inline void lone_conn_lose(struct lone_conn *l, enum direction direction, uint64_t len,
                                  enum gap_reason reason) {
    uint64_t offset = lone_conn_at(l, direction);
    l->connection.delivered[direction] += len;
    http_conn_ops.gap(l->conn, direction, offset, len, reason, 0);
}

/* Both directions end, `first`'s before the other. */
static inline void lone_conn_close(struct lone_conn *l, enum direction first, enum end_reason reason) {
    http_conn_ops.end(l->conn, first, reason, 0);
    http_conn_ops.end(l->conn, direction_other(first), reason, 0);
    http_conn_ops.close(l->conn);
}

static inline struct http_counts lone_conn_counts(const struct lone_conn *l) {
    struct http_counts counts;
    http_environment_counts(l->environment, &counts);
    return counts;
}

static inline void lone_conn_fini(struct lone_conn *l) {
    http_environment_free(l->environment);
    transaction_store_free(l->store);
    memory_fini(&l->memory);
}

#endif
