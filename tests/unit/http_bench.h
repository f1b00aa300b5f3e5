/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1's stream consumer alone: a script of segments, losses and ends goes in, what was reported comes out
 * as text. Inside the test's own memory; one thread. */
#ifndef HARK_TESTS_HTTP_BENCH_H
#define HARK_TESTS_HTTP_BENCH_H

#include "analyzer/timing.h"

#include "lone_conn.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(length) "HTTP/1.1 200 OK\r\nContent-Length: " #length "\r\n\r\n"

struct bench {
    struct lone_conn lone;
    bool tell_request; /* its version, fields, bytes and segments too */
    bool tell_times;   /* phases that are known, in milliseconds */
    char log[8192];
    size_t log_len;
};

__attribute__((format(printf, 2, 3))) static inline void say(struct bench *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(b->log + b->log_len, sizeof b->log - b->log_len, format, args);
    va_end(args);
    assert_true(len >= 0 && (size_t)len < sizeof b->log - b->log_len);
    b->log_len += (size_t)len;
}

static inline void say_phase(struct bench *b, const char *name, struct phase phase) {
    if (phase.known) {
        say(b, " %s %lld", name, (long long)(phase.ns / 1000000));
    }
}

static inline void say_times(struct bench *b, const struct transaction *t) {
    struct timing timing;
    timing_of(t, &timing);
    say_phase(b, "idle", timing.idle_before);
    say_phase(b, "request", timing.request);
    say_phase(b, "wait", timing.wait);
    say_phase(b, "response", timing.response);
}

/* One line a transaction: type, method and target, status, pairing, what is missing. */
static inline void on_finished(void *context, const struct transaction *t) {
    struct bench *b = context;
    say(b, "%s", transaction_type_name(t->type));
    if (t->type == TRANSACTION_SURPLUS) {
        const struct http_message *m = t->request.seen ? &t->request : &t->response;
        say(b, " %s %llu\n", t->request.seen ? "client" : "server",
            (unsigned long long)(m->end_offset - m->offset));
        return;
    }
    if (t->request.seen) {
        say(b, " %.*s %.*s", (int)t->request.line[0].len, t->request.line[0].ptr, (int)t->request.line[1].len,
            t->request.line[1].ptr);
    }
    if (b->tell_request) {
        const struct http_message *m = &t->request;
        say(b, " (%u.%u, %u fields, %llu bytes, %u segments)", m->major, m->minor, m->headers.count,
            (unsigned long long)(m->end_offset - m->offset), m->segments);
    }
    if (t->response.seen) {
        say(b, " %u", t->response.status);
    }
    uint32_t interims = t->interim_count;
    for (const struct interim *i = t->interim; i; i = i->next, interims--) {
        say(b, i->headers.dropped ? " (%u lacks %u)" : " (%u)", i->status, (unsigned)i->headers.dropped);
    }
    if (interims) {
        assert_true(notes_has(&t->notes, NOTE_INTERIM_OVERFLOW));
        say(b, " and %u", (unsigned)interims);
    }
    if (t->type == TRANSACTION_TUNNEL) {
        say(b, " %llu/%llu", (unsigned long long)t->tunnel_bytes[CLIENT],
            (unsigned long long)t->tunnel_bytes[SERVER]);
    } else {
        say(b, " %s", t->type == TRANSACTION_PAIR ? pairing_by_name(t->by) : pairing_reason_name(t->reason));
        say(b, " body %llu", (unsigned long long)t->response.body_bytes);
        if (t->response.missing_bytes) {
            say(b, " missing %llu", (unsigned long long)t->response.missing_bytes);
        }
        say(b, transaction_is_complete(t) ? " complete" : " incomplete");
    }
    if (t->candidates) {
        say(b, " of %u", t->candidates);
    }
    if (b->tell_times) {
        say_times(b, t);
    }
    say(b, "\n");
}

static inline void setup(struct bench *b) {
    *b = (struct bench){.log_len = 0};
    const struct transaction_observer observer = {.context = b, .finished = on_finished};
    lone_conn_init(&b->lone, &observer);
    lone_conn_open(&b->lone);
}

/* `ack`: from the stream's start. Returns how many bytes were not taken. */
static inline size_t offer_slice(struct bench *b, enum direction direction, struct slice bytes, uint64_t ack,
                                 bool must_take) {
    return bytes.len - lone_conn_offer(&b->lone, direction, bytes, BASE + ack, must_take);
}

static inline size_t offer(struct bench *b, enum direction direction, const char *bytes, uint64_t ack,
                           bool must_take) {
    return offer_slice(b, direction, slice_of(bytes), ack, must_take);
}

/* The bytes must be taken whole. */
static inline void give(struct bench *b, enum direction direction, const char *bytes, uint64_t ack) {
    assert_int_equal(offer(b, direction, bytes, ack, false), 0);
}

static inline void lose(struct bench *b, enum direction direction, uint64_t len) {
    lone_conn_lose(&b->lone, direction, len, GAP_ACKNOWLEDGED);
}

/* Snaplen did it. */
static inline void cut(struct bench *b, enum direction direction, uint64_t len) {
    lone_conn_lose(&b->lone, direction, len, GAP_SNAPLEN);
}

static inline uint64_t at(const struct bench *b, enum direction direction) {
    return lone_conn_at(&b->lone, direction) - BASE;
}

/* Ends both directions; messages and what they became must agree. */
static inline void conclude(struct bench *b, enum end_reason reason) {
    lone_conn_close(&b->lone, CLIENT, reason);
    const struct http_counts counts = lone_conn_counts(&b->lone);
    uint64_t requests = counts.paired[PAIRING_ACK] + counts.paired[PAIRING_ORDER] + counts.no_memory_requests;
    uint64_t responses =
        counts.paired[PAIRING_ACK] + counts.paired[PAIRING_ORDER] + counts.no_memory_responses;
    for (unsigned i = 0; i < PAIRING_REASONS; i++) {
        requests += counts.orphan_requests[i];
        responses += counts.orphan_responses[i];
    }
    assert_int_equal(requests, counts.requests);
    assert_int_equal(responses, counts.responses);
    lone_conn_fini(&b->lone);
}

/* ... and the log is what is expected. */
static inline void check(struct bench *b, enum end_reason reason, const char *expected) {
    conclude(b, reason);
    assert_string_equal(b->log, expected);
}

#endif
