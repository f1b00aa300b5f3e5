/* SPDX-License-Identifier: Apache-2.0 */
#include "witness.h"

#include "reassembly/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define START_NS (1000 * NS_PER_SECOND)
#define TICK_NS  (100 * NS_PER_MILLISECOND)

__attribute__((format(printf, 2, 3))) static void say(struct witness *w, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(w->text + w->text_len, WITNESS_TEXT - w->text_len, format, args);
    va_end(args);
    script_must(len >= 0 && (size_t)len < WITNESS_TEXT - w->text_len);
    w->text_len += (size_t)len;
}

static void say_slice(struct witness *w, const char *what, struct slice s) {
    say(w, " %s=%.*s", what, (int)s.len, s.len ? (const char *)s.ptr : "");
}

static void say_fields(struct witness *w, const char *what, const struct header_list *list) {
    say(w, " %s(", what);
    for (uint32_t i = 0; i < list->count; i++) {
        say_slice(w, "", list->items[i].name);
        say_slice(w, "", list->items[i].value);
    }
    say(w, ")%u", list->dropped);
}

static void say_message(struct witness *w, const struct http_message *m, unsigned status) {
    for (unsigned i = 0; i < 3; i++) {
        say_slice(w, "line", m->line[i]);
    }
    say(w, " %u.%u status=%u", m->major, m->minor, status);
    say_fields(w, "head", &m->headers);
    say_fields(w, "trailers", &m->trailers);
    say(w, " framing=%d bytes=%llu body=%llu", (int)m->framing.kind,
        (unsigned long long)(m->end_offset - m->offset), (unsigned long long)m->body_bytes);
    say(w, " missing=%llu gap=%llu whole=%d%d%d", (unsigned long long)m->missing_bytes,
        (unsigned long long)m->gap_bytes, m->head_complete, m->end_known, m->truncated);
}

static void say_notes(struct witness *w, const struct transaction *t) {
    for (unsigned id = 0; id < NOTE_IDS; id++) {
        if (id != NOTE_TIMES_DISAGREE && notes_has(&t->notes, (enum note_id)id)) {
            say(w, " note=%s", note_info((enum note_id)id)->name);
        }
    }
}

static void say_transaction(struct witness *w, struct witness_record *r, const struct transaction *t) {
    const struct connection *c = t->connection;
    say(w, "%s client=%u server=%u", transaction_type_name(t->type), c->key.side[t->client].port,
        c->key.side[direction_other(t->client)].port);
    if (t->request.seen) {
        say(w, " REQUEST");
        say_message(w, &t->request, 0);
    }
    if (t->response.seen) {
        say(w, " RESPONSE");
        say_message(w, &t->response, t->response.status);
    }
    r->core_len = w->text_len - (size_t)(r->facts - w->text);
    for (const struct interim *i = t->interim; i; i = i->next) {
        say(w, " INTERIM %u", i->status);
        say_fields(w, "head", &i->headers);
    }
    say(w, " by=%s reason=%s candidates=%u", pairing_by_name(t->by), pairing_reason_name(t->reason),
        t->candidates);
    say(w, " uncertain=%d reset=%d parent=%d midstream=%d complete=%d", t->uncertain, t->reset, t->has_parent,
        c->midstream, transaction_is_complete(t));
    say(w, " tunnel=%llu/%llu/%d", (unsigned long long)t->tunnel_bytes[t->client],
        (unsigned long long)t->tunnel_bytes[direction_other(t->client)], (int)t->tunnel_protocol);
    say_notes(w, t);
}

static void copy_name(char name[WITNESS_NAME], struct slice s) {
    size_t len = s.len < WITNESS_NAME - 1 ? s.len : WITNESS_NAME - 1;
    memcpy(name, s.ptr, len);
    name[len] = '\0';
}

static void on_finished(void *context, const struct transaction *t) {
    struct witness *w = context;
    script_must(w->count < WITNESS_RECORDS);
    struct witness_record *r = &w->records[w->count++];
    *r = (struct witness_record){.facts = w->text + w->text_len};
    say_transaction(w, r, t);
    memcpy(r->id, t->id, sizeof r->id);
    w->text[w->text_len++] = '\0';
    if (t->request.seen && t->request.line[1].len > 0) {
        copy_name(r->request_name, slice_after(t->request.line[1], 1));
    }
    const struct header *id = t->response.seen ? header_find(&t->response.headers, "Id") : NULL;
    if (id) {
        copy_name(r->response_name, id->value);
    }
    r->pair = t->type == TRANSACTION_PAIR;
    r->by_ack = t->by == PAIRING_ACK;
    r->complete = transaction_is_complete(t);
    const struct http_message *m = &t->response;
    r->length_known =
        t->type != TRANSACTION_TUNNEL && m->seen && m->head_complete && m->end_known && !m->truncated;
    r->body = m->body_bytes + m->missing_bytes;
    r->declared = m->framing.kind == H1_BODY_LENGTH ? m->framing.length : r->body;
}

/* What the ledger says must hold. */
static void judge_sums(struct witness *w, const struct http_counts *h, const struct flow_counts *f,
                       unsigned packets) {
    uint64_t pairs = h->paired[PAIRING_ACK] + h->paired[PAIRING_ORDER], fates = 0;
    uint64_t requests = pairs + h->no_memory_requests, responses = pairs + h->no_memory_responses;
    for (unsigned i = 0; i < PAIRING_REASONS; i++) {
        requests += h->orphan_requests[i];
        responses += h->orphan_responses[i];
    }
    for (unsigned i = 0; i < FLOW_FATES; i++) {
        fates += f->fates[i];
    }
    if (requests != h->requests || responses != h->responses) {
        w->fault = "messages do not add up";
    }
    if (fates != packets || f->payload_bytes != f->delivered_bytes + f->dropped_bytes || f->open_now != 0 ||
        f->held_bytes_now != 0) {
        w->fault = "packets, bytes or connections do not add up";
    }
    if (w->count != pairs + h->tunnels + (requests - pairs) + (responses - pairs)) {
        w->fault = "not one record for each transaction";
    }
}

static int by_facts(const void *a, const void *b) {
    const struct witness_record *x = a, *y = b;
    return strcmp(x->facts, y->facts);
}

static void feed(struct flow_table *table, const struct tap *tap) {
    int64_t clock_ns = START_NS, tick_ns = START_NS;
    for (unsigned i = 0; i < tap->count; i++) {
        struct packet p;
        tap_packet(tap, i, START_NS, &p);
        clock_ns = p.time_ns > clock_ns ? p.time_ns : clock_ns;
        if (clock_ns / TICK_NS > tick_ns / TICK_NS) {
            tick_ns = clock_ns / TICK_NS * TICK_NS;
            flow_table_tick(table, tick_ns);
        }
        flow_table_packet(table, &p, flow_key_hash(&p.key));
    }
    flow_table_finish(table, clock_ns);
}

void witness_run(struct witness *w, const struct tap *tap, const struct limits *limits) {
    w->count = 0;
    w->text_len = 0;
    w->fault = NULL;
    const struct transaction_observer observer = {.context = w, .finished = on_finished};
    struct memory memory;
    memory_init(&memory, limits->memory);
    struct transaction_store *store = transaction_store_new(limits, &memory, &observer);
    struct http_environment *http = store ? http_environment_new(limits, &memory, store) : NULL;
    struct flow_table *table = http ? flow_table_new(limits, &memory, &http_conn_ops, http) : NULL;
    if (!table) {
        w->fault = "no memory";
        return;
    }
    struct http_counts http_counts;
    struct flow_counts flow_counts;
    feed(table, tap);
    http_environment_counts(http, &http_counts);
    flow_table_counts(table, &flow_counts);
    flow_table_free(table);
    http_environment_free(http);
    transaction_store_free(store);
    memory_fini(&memory);
    judge_sums(w, &http_counts, &flow_counts, tap->count);
    qsort(w->records, w->count, sizeof *w->records, by_facts);
}
