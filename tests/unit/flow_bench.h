/* SPDX-License-Identifier: Apache-2.0 */
/* A flow table under test: packets are written as TCP has them, ticks come as in the pipeline, and a consumer
 * records every call as one line of text, so that a test states the whole conversation it expects. */
#ifndef HARK_TESTS_FLOW_BENCH_H
#define HARK_TESTS_FLOW_BENCH_H

#include "reassembly/flow.h"
#include "reassembly/page.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS(n) ((int64_t)(n)*NS_PER_MILLISECOND)

enum { BENCH_LOG_BYTES = 1 << 16, BENCH_TICK_MS = 100 };

struct bench {
    struct limits limits;
    struct memory memory;
    struct flow_table *table;
    int64_t next_tick_ns;
    uint64_t ordinal;
    uint16_t ip_id;
    bool not_interested; /* open() returns NULL */
    bool quiet;          /* data is not logged */
    /* Bytes of direction d from sequence number wait_from[d] on are declined until the other direction was
     * told of its bytes up to wait_for[d] (by data, gap, overdue, or as its start), or ended. */
    bool waits[2];
    uint32_t wait_from[2];
    uint32_t wait_for[2];
    /* Bytes of direction d at sequence numbers [count_from[d], count_to[d]) are only counted. */
    uint32_t count_from[2];
    uint32_t count_to[2];
    struct connection seen; /* as it was at the last call */
    struct segment last_segment;
    unsigned opens, closes;
    size_t log_len;
    char log[BENCH_LOG_BYTES];
};

/* Of one connection. */
struct bench_consumer {
    struct bench *bench;
    const struct connection *live;
    uint32_t told[2];
    bool ended[2];
    uint64_t expected[2]; /* next offset, for the contract */
};

/* What a test says of a packet. flags 0: ACK. */
struct tcp {
    int64_t at; /* ms */
    int d;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    const char *text;
    uint32_t cut;
    uint16_t window;
    int8_t scale;
    uint16_t ip_id; /* 0: a new one */
    bool no_id;
    uint32_t ts;
    uint16_t client_port;
    bool unwanted;
};

static inline void bench_log(struct bench *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(b->log + b->log_len, sizeof b->log - b->log_len, format, arguments);
    va_end(arguments);
    assert_true(len >= 0 && (size_t)len < sizeof b->log - b->log_len);
    b->log_len += (size_t)len;
}

static inline void *bench_open(void *environment, const struct connection *c) {
    struct bench *b = environment;
    b->seen = *c;
    if (b->not_interested) {
        return NULL;
    }
    struct bench_consumer *x = calloc(1, sizeof *x);
    assert_non_null(x);
    x->bench = b;
    x->live = c;
    b->opens++;
    bench_log(b, "open%s\n", c->midstream ? " midstream" : "");
    return x;
}

static inline void bench_moves(struct bench_consumer *x, enum direction d, uint64_t offset, uint64_t len) {
    assert_false(x->ended[d]);
    x->bench->seen = *x->live;
    if (x->expected[d]) {
        assert_int_equal(offset, x->expected[d]);
    }
    x->expected[d] = offset + len;
    x->told[d] = (uint32_t)(offset + len);
}

static inline size_t bench_data(void *consumer, enum direction d, const struct chunk *chunk) {
    struct bench_consumer *x = consumer;
    struct bench *b = x->bench;
    assert_true(chunk->bytes.len > 0);
    size_t take = chunk->bytes.len;
    bool waiting = b->waits[d] && !x->ended[!d] && (int32_t)(b->wait_for[d] - x->told[!d]) > 0 &&
                   (int32_t)(b->wait_for[d] - (uint32_t)x->live->delivered[!d]) > 0;
    if (waiting && !chunk->must_take) {
        int32_t before = (int32_t)(b->wait_from[d] - (uint32_t)chunk->offset);
        take = before < 0 ? 0 : (size_t)before < take ? (size_t)before : take;
    }
    b->last_segment = *chunk->segment;
    assert_true(chunk->offset >= chunk->segment->offset);
    if (take > 0) {
        bench_moves(x, d, chunk->offset, take);
        if (!b->quiet) {
            bench_log(b, "%d: %u %.*s%s\n", d, (uint32_t)chunk->offset, (int)take,
                      (const char *)chunk->bytes.ptr, chunk->must_take ? " !" : "");
        }
    }
    return take;
}

static inline void bench_gap(void *consumer, enum direction d, uint64_t offset, uint64_t len,
                             enum gap_reason reason, int64_t now_ns) {
    struct bench_consumer *x = consumer;
    struct bench *b = x->bench;
    assert_true(len > 0 && now_ns > 0);
    bench_moves(x, d, offset, len);
    bench_log(b, "%d: %u gap %llu %s\n", d, (uint32_t)offset, (unsigned long long)len,
              gap_reason_name(reason));
}

static inline void bench_overdue(void *consumer, enum direction d, uint64_t acked, int64_t now_ns) {
    struct bench_consumer *x = consumer;
    struct bench *b = x->bench;
    assert_false(x->ended[d]);
    assert_true(now_ns > 0);
    x->told[d] = (uint32_t)acked;
    bench_log(b, "%d: overdue %u\n", d, (uint32_t)acked);
}

static inline void bench_end(void *consumer, enum direction d, enum end_reason reason, int64_t now_ns) {
    struct bench_consumer *x = consumer;
    struct bench *b = x->bench;
    assert_false(x->ended[d]);
    assert_true(now_ns > 0);
    x->ended[d] = true;
    b->seen = *x->live;
    bench_log(b, "%d: end %s\n", d, end_reason_name(reason));
}

static inline void bench_close(void *consumer) {
    struct bench_consumer *x = consumer;
    struct bench *b = x->bench;
    b->closes++;
    bench_log(b, "close%s\n", x->ended[0] && x->ended[1] ? "" : " without ends");
    free(x);
}

static inline uint64_t bench_counted_until(void *consumer, enum direction d) {
    const struct bench_consumer *x = consumer;
    const struct bench *b = x->bench;
    uint32_t at = (uint32_t)x->live->delivered[d];
    bool counted = (int32_t)(at - b->count_from[d]) >= 0 && (int32_t)(b->count_to[d] - at) > 0;
    return counted && x->expected[d] ? x->live->delivered[d] + (b->count_to[d] - at) : 0;
}

static inline void bench_pass(void *consumer, enum direction d, uint64_t offset, uint64_t len) {
    struct bench_consumer *x = consumer;
    assert_true(len > 0);
    bench_moves(x, d, offset, len);
    bench_log(x->bench, "%d: %u pass %llu\n", d, (uint32_t)offset, (unsigned long long)len);
}

static inline void bench_fill(void *consumer, enum direction d, const struct chunk *chunk) {
    struct bench_consumer *x = consumer;
    assert_true(!x->ended[d] && chunk->offset + chunk->bytes.len <= x->expected[d]);
    x->bench->last_segment = *chunk->segment;
    bench_log(x->bench, "%d: %u fill %.*s\n", d, (uint32_t)chunk->offset, (int)chunk->bytes.len,
              (const char *)chunk->bytes.ptr);
}

static inline void bench_miss(void *consumer, enum direction d, uint64_t offset, uint64_t len,
                              enum gap_reason reason, int64_t now_ns) {
    struct bench_consumer *x = consumer;
    assert_true(!x->ended[d] && now_ns > 0 && offset + len <= x->expected[d]);
    bench_log(x->bench, "%d: %u miss %llu %s\n", d, (uint32_t)offset, (unsigned long long)len,
              gap_reason_name(reason));
}

static const struct consumer_passing bench_passing = {
    .counted_until = bench_counted_until,
    .pass = bench_pass,
    .fill = bench_fill,
    .miss = bench_miss,
};

static const struct consumer_ops bench_ops = {
    .open = bench_open,
    .data = bench_data,
    .gap = bench_gap,
    .overdue = bench_overdue,
    .end = bench_end,
    .close = bench_close,
    .passing = &bench_passing,
};

/* `change` may alter the limits first. */
static inline struct bench *bench_new(void (*change)(struct limits *)) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->limits = limits_default();
    if (change) {
        change(&b->limits);
    }
    memory_init(&b->memory, b->limits.memory);
    b->table = flow_table_new(&b->limits, &b->memory, &bench_ops, b);
    assert_non_null(b->table);
    return b;
}

static inline void bench_tick(struct bench *b, int64_t at_ms) {
    while (b->next_tick_ns && b->next_tick_ns <= MS(at_ms)) {
        flow_table_tick(b->table, b->next_tick_ns);
        b->next_tick_ns += MS(BENCH_TICK_MS);
    }
}

static inline struct packet bench_packet(struct bench *b, struct tcp t) {
    struct packet p = {.time_ns = MS(t.at), .seq = t.seq, .ack = t.ack, .flags = t.flags ? t.flags : TCP_ACK};
    p.number = p.ordinal = ++b->ordinal;
    p.key.ip_version = 4;
    p.key.side[t.d].address = address_of_v4((const uint8_t[]){10, 0, 0, 1});
    p.key.side[t.d].port = t.client_port ? t.client_port : 40000;
    p.key.side[!t.d].address = address_of_v4((const uint8_t[]){10, 0, 0, 2});
    p.key.side[!t.d].port = 80;
    p.payload = t.text ? slice_of(t.text) : (struct slice){0};
    p.cut = t.cut;
    p.window = t.window ? t.window : 1000;
    p.window_scale = p.flags & TCP_SYN ? (int8_t)(t.scale ? t.scale : 7) : -1;
    p.unwanted = t.unwanted;
    p.ip_id = t.no_id ? 0 : t.ip_id ? t.ip_id : ++b->ip_id;
    p.has_timestamps = t.ts != 0;
    p.ts_value = t.ts;
    return p;
}

/* Directions are those of the first packet that the table saw: tests begin with side 0. */
static inline enum flow_fate feed(struct bench *b, struct tcp t) {
    struct packet p = bench_packet(b, t);
    if (b->next_tick_ns == 0) {
        b->next_tick_ns = p.time_ns / MS(BENCH_TICK_MS) * MS(BENCH_TICK_MS) + MS(BENCH_TICK_MS);
    }
    bench_tick(b, t.at);
    /* An exact allocation, so that reading beyond the payload is found. */
    uint8_t *copy = malloc(p.payload.len ? p.payload.len : 1);
    assert_non_null(copy);
    if (p.payload.len) {
        memcpy(copy, p.payload.ptr, p.payload.len);
    }
    p.payload.ptr = copy;
    enum flow_fate fate = flow_table_packet(b->table, &p, flow_key_hash(&p.key));
    free(copy);
    return fate;
}

/* The client's SYN at 100, the server's at 500, the client's ACK, from 1 ms before `at` on. */
static inline void bench_handshake(struct bench *b, int64_t at) {
    assert_int_equal(feed(b, (struct tcp){.at = at, .seq = 99, .flags = TCP_SYN}), FLOW_CONTROL);
    assert_int_equal(
        feed(b, (struct tcp){.at = at, .d = 1, .seq = 499, .ack = 100, .flags = TCP_SYN | TCP_ACK}),
        FLOW_CONTROL);
    assert_int_equal(feed(b, (struct tcp){.at = at, .seq = 100, .ack = 500}), FLOW_CONTROL);
}

static inline struct flow_counts bench_counts(const struct bench *b) {
    struct flow_counts counts;
    flow_table_counts(b->table, &counts);
    uint64_t fates = 0;
    for (int i = 0; i < FLOW_FATES; i++) {
        fates += counts.fates[i];
    }
    assert_int_equal(fates, b->ordinal);
    assert_int_equal(counts.payload_bytes,
                     counts.delivered_bytes + counts.dropped_bytes + counts.held_bytes_now);
    return counts;
}

/* Compares what was recorded since the last call, and checks the sums. */
static inline void expect(struct bench *b, const char *log) {
    assert_string_equal(b->log, log);
    b->log_len = 0;
    b->log[0] = 0;
    bench_counts(b);
}

static inline void bench_free(struct bench *b) {
    struct flow_counts counts = bench_counts(b);
    flow_table_finish(b->table, b->next_tick_ns ? b->next_tick_ns : 1);
    counts = bench_counts(b);
    assert_int_equal(counts.held_bytes_now, 0);
    assert_int_equal(counts.open_now, 0);
    assert_int_equal(b->opens, b->closes);
    uint64_t closed = 0;
    for (int i = 0; i < END_REASONS; i++) {
        closed += counts.closed[i];
    }
    assert_int_equal(closed, counts.opened);
    flow_table_free(b->table);
    memory_fini(&b->memory);
    free(b);
}

#endif
