/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations as two ends write them, the packets that carry them, a hole cut into those, and what HTTP/1
 * makes of the rest. Every request names itself in its target, "/name"; its response says the same in the
 * field Id. Bodies may hold whole messages that are called "decoy". One thread. */
#ifndef HARK_TESTS_RESYNC_H
#define HARK_TESTS_RESYNC_H

#include "analyzer/http_conn.h"
#include "reassembly/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CLIENT, SERVER };
enum { TALK_BYTES = 1 << 14, TALK_PACKETS = 400, SEEN_RECORDS = 64, NAME_BYTES = 16 };

#define START_NS (1000 * NS_PER_SECOND)
#define TICK_NS  (100 * NS_PER_MILLISECOND)

/* Offsets count from the direction's first byte. */
struct piece {
    int64_t at_ns; /* since the start */
    int direction;
    uint32_t from, to; /* empty: an ACK, SYN or FIN */
    uint32_t ack;      /* bytes of the other direction that its sender had */
    uint8_t flags;
    bool acks_fin;
};

struct talk {
    const char *name;
    uint8_t bytes[2][TALK_BYTES];
    uint32_t len[2];
    uint32_t had[2]; /* bytes of the other direction that this end has read */
    bool fin[2];
    uint32_t mss;
    int64_t now_ns;
    int64_t pause_ns;     /* between two exchanges */
    bool acknowledges;    /* each write is acknowledged at once by a packet of its own */
    bool pipelines;       /* the client sends before it has all answers */
    bool early;           /* a response ends before its request: what follows the request's head may be more
                             of it */
    bool heads_in_bursts; /* HEAD is pipelined: where its answer ends depends on which one it is */
    bool has_decoys;      /* in bodies */
    unsigned exchanges;   /* pairs that a whole capture must show */
    unsigned count;
    struct piece pieces[TALK_PACKETS];
};

/* ---- writing a conversation ---- */

static inline struct piece *talk_put(struct talk *t, int d, uint32_t from, uint32_t to, uint8_t flags) {
    assert_true(t->count < TALK_PACKETS);
    t->now_ns += NS_PER_MILLISECOND / 10;
    struct piece *p = &t->pieces[t->count++];
    *p = (struct piece){.at_ns = t->now_ns,
                        .direction = d,
                        .from = from,
                        .to = to,
                        .ack = t->had[d],
                        .flags = flags,
                        .acks_fin = t->fin[!d] && t->had[d] == t->len[!d]};
    return p;
}

static inline void talk_hear(struct talk *t, int d) {
    t->had[d] = t->len[!d];
}

/* What the end says has crossed with what it has not read yet. */
static inline void talk_cross(struct talk *t, int d, const char *bytes, size_t len) {
    assert_true(t->len[d] + len <= TALK_BYTES);
    memcpy(t->bytes[d] + t->len[d], bytes, len);
    uint32_t from = t->len[d];
    t->len[d] += (uint32_t)len;
    while (from < t->len[d]) {
        uint32_t to = from + t->mss < t->len[d] ? from + t->mss : t->len[d];
        talk_put(t, d, from, to, TCP_ACK | TCP_PSH);
        from = to;
    }
}

static inline void talk_say(struct talk *t, int d, const char *bytes, size_t len) {
    talk_hear(t, d);
    talk_cross(t, d, bytes, len);
    if (t->acknowledges) {
        talk_hear(t, !d);
        talk_put(t, !d, t->len[!d], t->len[!d], TCP_ACK);
    }
}

__attribute__((format(printf, 3, 4))) static inline void say(struct talk *t, int d, const char *format, ...) {
    char text[TALK_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof text);
    talk_say(t, d, text, (size_t)len);
}

__attribute__((format(printf, 3, 4))) static inline void cross(struct talk *t, int d, const char *format,
                                                               ...) {
    char text[TALK_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof text);
    talk_cross(t, d, text, (size_t)len);
}

/* The next exchange is `count` transactions. */
static inline void talk_next(struct talk *t, unsigned count) {
    t->exchanges += count;
    t->now_ns += t->pause_ns;
}

static inline void talk_begin(struct talk *t, const char *name, uint32_t mss, int64_t pause_ns, bool acks) {
    memset(t, 0, sizeof *t);
    t->name = name;
    t->mss = mss;
    t->pause_ns = pause_ns;
    t->acknowledges = acks;
    talk_put(t, CLIENT, 0, 0, TCP_SYN);
    talk_put(t, SERVER, 0, 0, TCP_SYN | TCP_ACK);
    talk_put(t, CLIENT, 0, 0, TCP_ACK);
}

static inline void talk_close(struct talk *t, int first) {
    for (int i = 0; i < 2; i++) {
        int d = i ? !first : first;
        talk_hear(t, d);
        talk_put(t, d, t->len[d], t->len[d], TCP_ACK | TCP_FIN);
        t->fin[d] = true;
    }
    talk_hear(t, first);
    talk_put(t, first, t->len[first], t->len[first], TCP_ACK);
}

/* ---- holes ---- */

/* What the tap missed: bytes of each direction, and whole packets. */
struct hole {
    uint32_t from[2], to[2]; /* bytes [from, to) of the direction, whatever packets they lie in */
    bool lost[TALK_PACKETS]; /* by index */
    bool midstream;          /* the handshake too */
};

static inline bool hole_takes(const struct talk *t, const struct hole *h, int d, uint32_t from, uint32_t to) {
    if (h->from[d] < to && from < h->to[d]) {
        return true;
    }
    for (unsigned i = 0; i < t->count; i++) {
        const struct piece *p = &t->pieces[i];
        if (h->lost[i] && p->direction == d && p->from < p->to && p->from < to && from < p->to) {
            return true;
        }
    }
    return false;
}

/* ---- what came out ---- */

struct seen_message {
    bool seen, head_complete, end_known, truncated;
    char name[NAME_BYTES];
    uint32_t offset, head_end, end;
    uint64_t body, missing, head_hash;
    enum h1_framing_kind framing;
    uint64_t declared;
};

struct seen_record {
    enum transaction_type type;
    enum pairing_by by;
    enum pairing_reason reason;
    bool complete;
    bool has_parent;
    unsigned interims;
    uint32_t candidates;
    int64_t told_ns; /* the clock when it was finished */
    struct seen_message message[2];
};

struct seen {
    int64_t clock_ns;
    uint32_t first[2];
    bool balanced;
    unsigned count;
    struct seen_record records[SEEN_RECORDS];
};

static inline uint64_t hash_slice(uint64_t h, struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        h = (h ^ s.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return (h ^ 0x1ff) * UINT64_C(0x100000001b3);
}

static inline void see_message(struct seen_message *to, const struct http_message *m, uint32_t first,
                               struct slice name) {
    *to = (struct seen_message){.seen = m->seen,
                                .head_complete = m->head_complete,
                                .end_known = m->end_known,
                                .truncated = m->truncated,
                                .offset = (uint32_t)m->offset - first,
                                .head_end = (uint32_t)(m->offset + m->head_bytes) - first,
                                .end = (uint32_t)m->end_offset - first,
                                .body = m->body_bytes,
                                .missing = m->missing_bytes,
                                .framing = m->framing.kind,
                                .declared = m->framing.length};
    size_t len = name.len < NAME_BYTES - 1 ? name.len : NAME_BYTES - 1;
    if (len) {
        memcpy(to->name, name.ptr, len);
    }
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (unsigned i = 0; i < 3; i++) {
        h = hash_slice(h, m->line[i]);
    }
    for (uint32_t i = 0; i < m->headers.count; i++) {
        h = hash_slice(hash_slice(h, m->headers.items[i].name), m->headers.items[i].value);
    }
    to->head_hash = h;
}

static inline void seen_finished(void *context, const struct transaction *t) {
    struct seen *s = context;
    assert_true(s->count < SEEN_RECORDS);
    struct seen_record *r = &s->records[s->count++];
    *r = (struct seen_record){.type = t->type,
                              .by = t->by,
                              .reason = t->reason,
                              .complete = transaction_is_complete(t),
                              .has_parent = t->has_parent,
                              .interims = t->interim_count,
                              .candidates = t->candidates,
                              .told_ns = s->clock_ns};
    if (!transaction_has_messages(t)) {
        return;
    }
    if (t->request.seen) {
        see_message(&r->message[CLIENT], &t->request, s->first[CLIENT], slice_after(t->request.line[1], 1));
    }
    if (t->response.seen) {
        const struct header *id = header_find(&t->response.headers, "Id");
        see_message(&r->message[SERVER], &t->response, s->first[SERVER], id ? id->value : slice_make("", 0));
    }
}

/* ---- running ---- */

static inline uint32_t first_number(int d) {
    return d ? 0xfffffe00U : 1000000U; /* one direction's numbers wrap */
}

struct run {
    struct limits *limits;
    struct flow_table *table;
    struct seen *seen;
    int64_t tick_ns;
    uint64_t ordinal;
};

static inline void run_tick(struct run *r, int64_t now_ns) {
    while (r->tick_ns + TICK_NS <= now_ns) {
        r->tick_ns += TICK_NS;
        r->seen->clock_ns = r->tick_ns - START_NS;
        flow_table_tick(r->table, r->tick_ns);
    }
    r->seen->clock_ns = now_ns - START_NS;
}

static inline void run_packet(struct run *r, const struct talk *t, const struct piece *piece, uint32_t from,
                              uint32_t to) {
    int d = piece->direction;
    uint32_t syn = piece->flags & TCP_SYN ? 1 : 0;
    size_t len = to - from;
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, t->bytes[d] + from, len);
    struct packet p = {.time_ns = START_NS + piece->at_ns,
                       .seq = first_number(d) + from - syn,
                       .flags = piece->flags,
                       .window = 60000,
                       .window_scale = syn ? 7 : -1,
                       .payload = slice_make(copy, len)};
    p.number = p.ordinal = ++r->ordinal;
    p.ip_id = (uint16_t)p.ordinal;
    if (piece->flags & TCP_ACK) {
        p.ack = first_number(!d) + piece->ack + piece->acks_fin;
    }
    p.key.ip_version = 4;
    for (int side = 0; side < 2; side++) {
        bool server = side ^ d;
        p.key.side[side].address = address_of_v4((const uint8_t[]){10, 0, 0, server ? 2 : 1});
        p.key.side[side].port = server ? 80 : 40000;
    }
    run_tick(r, p.time_ns);
    flow_table_packet(r->table, &p, flow_key_hash(&p.key));
    free(copy);
}

/* What is left of a packet: a hole inside it leaves two. */
static inline void run_piece(struct run *r, const struct talk *t, const struct piece *p,
                             const struct hole *h) {
    uint32_t from = h->from[p->direction], to = h->to[p->direction];
    if (p->from == p->to || to <= p->from || p->to <= from) {
        run_packet(r, t, p, p->from, p->to);
        return;
    }
    if (p->from < from) {
        run_packet(r, t, p, p->from, from);
    }
    if (to < p->to) {
        run_packet(r, t, p, to, p->to);
    }
}

/* What the ledger says must hold. */
static inline bool sums_hold(const struct http_counts *h, const struct flow_counts *f, unsigned records) {
    uint64_t pairs = h->paired[PAIRING_ACK] + h->paired[PAIRING_ORDER];
    uint64_t requests = pairs, responses = pairs;
    for (unsigned i = 0; i < PAIRING_REASONS; i++) {
        requests += h->orphan_requests[i];
        responses += h->orphan_responses[i];
    }
    return requests == h->requests && responses == h->responses &&
           records == h->tunnels + h->surplus + requests + responses - pairs &&
           f->payload_bytes == f->delivered_bytes + f->dropped_bytes && f->open_now == 0;
}

/* `until_ns`: the clock goes on so far behind the last packet before the capture ends. */
static inline void talk_run(const struct talk *t, const struct hole *h, int64_t until_ns, struct seen *seen) {
    struct limits limits = limits_default();
    *seen = (struct seen){.first = {first_number(CLIENT), first_number(SERVER)}};
    const struct transaction_observer observer = {.context = seen, .finished = seen_finished};
    struct memory memory;
    memory_init(&memory, limits.memory);
    struct transaction_store *store = transaction_store_new(&limits, &memory, &observer);
    struct http_environment *http = http_environment_new(&limits, &memory, store);
    struct flow_table *table = flow_table_new(&limits, &memory, &http_conn_ops, http);
    assert_non_null(table);
    struct run r = {.limits = &limits, .table = table, .seen = seen, .tick_ns = START_NS};
    for (unsigned i = h->midstream ? 3 : 0; i < t->count; i++) {
        if (!h->lost[i]) {
            run_piece(&r, t, &t->pieces[i], h);
        }
    }
    run_tick(&r, START_NS + t->now_ns + until_ns);
    flow_table_finish(table, START_NS + t->now_ns + until_ns);
    struct http_counts http_counts;
    struct flow_counts flow_counts;
    http_environment_counts(http, &http_counts);
    flow_table_counts(table, &flow_counts);
    seen->balanced = sums_hold(&http_counts, &flow_counts, seen->count);
    flow_table_free(table);
    http_environment_free(http);
    transaction_store_free(store);
    memory_fini(&memory);
}

#endif
