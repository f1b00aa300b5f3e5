/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions built by hand, for the tests of records. They have no arena: their bytes are constants. */
#ifndef HARK_TESTS_UNIT_RECORD_SAMPLE_H
#define HARK_TESTS_UNIT_RECORD_SAMPLE_H

#include "analyzer/transaction.h"
#include "capture/limits.h"

enum { SAMPLE_FIELDS = 32 };

#define SAMPLE_START (INT64_C(1700000000) * NS_PER_SECOND + 123456789) /* 2023-11-14T22:13:20.123456789Z */
#define MS           NS_PER_MILLISECOND

struct sample {
    struct connection connection;
    struct transaction t;
    struct header request_fields[SAMPLE_FIELDS], response_fields[SAMPLE_FIELDS];
    struct header request_trailers[SAMPLE_FIELDS], response_trailers[SAMPLE_FIELDS];
    struct header interim_fields[SAMPLE_FIELDS];
    struct interim interim;
};

static inline void sample_add(struct header_list *list, const char *name, struct slice value) {
    list->items[list->count++] = (struct header){.name = slice_of(name), .value = value};
}

static inline void sample_request_field(struct sample *s, const char *name, const char *value) {
    sample_add(&s->t.request.headers, name, slice_of(value));
}

static inline void sample_response_field(struct sample *s, const char *name, const char *value) {
    sample_add(&s->t.response.headers, name, slice_of(value));
}

static inline void sample_target(struct sample *s, const char *method, const char *target) {
    const struct header *host = header_find(&s->t.request.headers, "Host");
    s->t.request.line[0] = slice_of(method);
    s->t.request.line[1] = slice_of(target);
    target_parse(&s->t.target, s->t.request.line[0], s->t.request.line[1], host ? host->value : slice_of(""),
                 host != NULL);
}

static inline void sample_status(struct sample *s, unsigned status, const char *code, const char *reason) {
    s->t.response.status = status;
    s->t.response.line[1] = slice_of(code);
    s->t.response.line[2] = slice_of(reason);
}

static inline struct http_message sample_message(uint64_t offset, uint64_t head, uint64_t body,
                                                 int64_t first_ns, int64_t last_ns, uint64_t frame) {
    return (struct http_message){
        .seen = true,
        .head_complete = true,
        .end_known = true,
        .major = 1,
        .minor = 1,
        .framing = {.kind = body ? H1_BODY_LENGTH : H1_BODY_NONE, .length = body},
        .offset = offset,
        .end_offset = offset + head + body,
        .head_bytes = head,
        .body_bytes = body,
        .first = {.time_ns = first_ns, .number = frame, .ordinal = frame},
        .last = {.time_ns = last_ns, .number = frame + 1, .ordinal = frame + 1},
        .segments = 2,
    };
}

/* GET /index.html?a=b HTTP/1.1 to www.example.com, answered 200 with 1000 bytes; the first on its connection.
 */
static inline void sample_init(struct sample *s) {
    *s = (struct sample){.connection = {.ordinal = 1}};
    struct connection *c = &s->connection;
    struct transaction *t = &s->t;
    c->key.side[0] = (struct endpoint){address_of_v4((const uint8_t[]){128, 232, 110, 120}), 34855};
    c->key.side[1] = (struct endpoint){address_of_v4((const uint8_t[]){66, 35, 250, 204}), 80};
    c->key.ip_version = 4;
    c->path_seen[0] = c->path_seen[1] = true;
    c->handshake_seen = true;
    c->syn_ns = c->syn_sent_ns = SAMPLE_START - 30 * MS;
    c->syn_ack_ns = c->syn_ack_sent_ns = SAMPLE_START - 10 * MS;
    c->handshake_ack_ns = SAMPLE_START - 5 * MS;
    t->connection = c;
    t->client = DIRECTION_0;
    t->type = TRANSACTION_PAIR;
    t->tcp.pace_at_end = (struct pace){.own_ns = {MS, 20 * MS}};
    for (uint8_t i = 0; i < sizeof t->id; i++) {
        t->id[i] = (uint8_t)(i * 17);
    }
    t->request = sample_message(1000, 200, 0, SAMPLE_START, SAMPLE_START + 1 * MS, 4);
    t->response = sample_message(5000, 300, 1000, SAMPLE_START + 41 * MS, SAMPLE_START + 50 * MS, 6);
    t->request.headers.items = s->request_fields;
    t->response.headers.items = s->response_fields;
    t->request.trailers.items = s->request_trailers;
    t->response.trailers.items = s->response_trailers;
    sample_request_field(s, "Host", "www.example.com");
    sample_request_field(s, "User-Agent", "curl/7.88.1");
    sample_request_field(s, "accept", "*/*");
    sample_request_field(s, "Referer", "http://www.example.com/start");
    sample_response_field(s, "Content-Type", "Text/HTML; charset=UTF-8");
    sample_response_field(s, "Content-Length", "1000");
    sample_target(s, "GET", "/index.html?a=b");
    t->request.line[2] = slice_of("HTTP/1.1");
    t->response.line[0] = slice_of("HTTP/1.1");
    sample_status(s, 200, "200", "OK");
    t->by = PAIRING_ACK;
    t->reason = PAIRING_PAIRED;
    t->first_on_connection = true;
}

static inline void sample_orphan_request(struct sample *s, enum pairing_reason reason) {
    struct header *items = s->t.response.headers.items;
    s->t.type = TRANSACTION_ORPHAN_REQUEST;
    s->t.by = PAIRING_NONE;
    s->t.reason = reason;
    s->t.uncertain = true;
    s->t.response = (struct http_message){.headers.items = items};
}

static inline void sample_orphan_response(struct sample *s, enum pairing_reason reason) {
    s->t.type = TRANSACTION_ORPHAN_RESPONSE;
    s->t.by = PAIRING_NONE;
    s->t.reason = reason;
    s->t.candidates = 2;
    s->t.first_on_connection = false;
    s->t.request = (struct http_message){.seen = false};
    s->t.target = (struct target){.form = TARGET_INVALID};
}

static inline void sample_interim(struct sample *s) {
    s->interim =
        (struct interim){.status = 103, .reason = slice_of("Early Hints"), .time_ns = SAMPLE_START + 20 * MS};
    s->interim.headers.items = s->interim_fields;
    sample_add(&s->interim.headers, "Link", slice_of("</style.css>; rel=preload"));
    s->t.interim = s->t.interim_last = &s->interim;
    s->t.interim_count = 1;
}

/* Bytes that are no message, behind the sample's response, or behind its request. */
static inline void sample_surplus(struct sample *s, bool of_client) {
    struct http_message m = of_client ? s->t.request : s->t.response;
    s->t.type = TRANSACTION_SURPLUS;
    s->t.by = PAIRING_NONE;
    s->t.has_parent = true;
    s->t.first_on_connection = false;
    memset(s->t.parent_id, 0xCD, sizeof s->t.parent_id);
    m = (struct http_message){.seen = true,
                              .offset = m.offset,
                              .end_offset = m.offset + 13,
                              .first = m.first,
                              .last = m.last,
                              .segments = 2};
    s->t.request = of_client ? m : (struct http_message){.seen = false};
    s->t.response = of_client ? (struct http_message){.seen = false} : m;
    notes_add(&s->t.notes, NOTE_SURPLUS_BYTES);
}

/* What went through after CONNECT or, with status 101, after Upgrade. */
static inline void sample_tunnel(struct sample *s, bool upgrade) {
    s->t.type = TRANSACTION_TUNNEL;
    s->t.has_parent = true;
    memset(s->t.parent_id, 0xAB, sizeof s->t.parent_id);
    s->t.tunnel_bytes[0] = 100;
    s->t.tunnel_bytes[1] = 2000;
    s->t.tunnel_start_ns = SAMPLE_START + 60 * MS;
    s->t.tunnel_end_ns = SAMPLE_START + 160 * MS;
    s->t.tunnel_protocol = upgrade ? TUNNELLED_WEBSOCKET : TUNNELLED_TLS;
    s->t.tunnel_by_upgrade = upgrade; /* the opener's messages are its own record's */
    s->t.request.seen = s->t.response.seen = false;
    s->t.target = (struct target){.form = TARGET_INVALID};
}

#endif
