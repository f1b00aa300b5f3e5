/* SPDX-License-Identifier: Apache-2.0 */
#include "witness.h"

#include "cli/partition.h"
#include "output/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define START_NS (1000 * NS_PER_SECOND)
#define TICK_NS  (100 * NS_PER_MILLISECOND)

enum { LINE_BYTES = 1 << 12 };

/* One run. */
struct run {
    struct witness *witness;
    struct witness_tools *tools;
    const struct tap *tap;
    struct partition *partition;
    struct ledger ledger;
    int64_t clock_ns, tick_ns;
    bool frames;
};

static void blame(struct witness *w, const char *why) {
    if (!w->why[0]) {
        snprintf(w->why, sizeof w->why, "%s", why);
    }
}

/* ---- the facts of a transaction ---- */

__attribute__((format(printf, 2, 3))) static void say(struct witness *w, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *to = (char *)buf_reserve(&w->text, LINE_BYTES);
    script_must(to != NULL);
    int len = vsnprintf(to, LINE_BYTES, format, args);
    va_end(args);
    script_must(len >= 0 && len < LINE_BYTES);
    w->text.len += (size_t)len;
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
        if (id != NOTE_TIMES_DISAGREE && id != NOTE_FASTER_THAN_HANDSHAKE &&
            notes_has(&t->notes, (enum note_id)id)) {
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
    r->core_len = w->text.len - r->facts;
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

/* ---- a record ---- */

/* The request's name in its target, "/1-2-0" or "x1-2-0:443". */
static void copy_name(char name[SCRIPT_NAME], struct slice s) {
    size_t len = 0;
    while (len < s.len && len < SCRIPT_NAME - 1 && s.ptr[len] != ':') {
        name[len] = (char)s.ptr[len];
        len++;
    }
    name[len] = '\0';
}

static void cut_record(struct run *run, struct witness_record *r, const struct transaction *t) {
    struct witness *w = run->witness;
    struct buf *line = &run->tools->line;
    buf_clear(line);
    struct invariants_cut cut = {0};
    if (!record_write(run->tools->writer, t, line) ||
        !invariants_cut(run->tools->invariants, buf_slice(line), &w->text, &cut)) {
        blame(w, "a record is not what the schema allows");
    }
    r->core_len = cut.core_len;
    memcpy(r->id, cut.id, sizeof r->id);
    memcpy(r->parent_id, cut.parent, sizeof r->parent_id);
}

static void write_id(char text[INVARIANTS_ID], const uint8_t id[16]) {
    for (unsigned i = 0; i < 16; i++) {
        snprintf(text + 2 * (size_t)i, 3, "%02x", id[i]);
    }
}

static void on_finished(void *context, const struct transaction *t) {
    struct run *run = context;
    struct witness *w = run->witness;
    script_must(w->count < WITNESS_RECORDS);
    struct witness_record *r = &w->records[w->count++];
    *r = (struct witness_record){.facts = w->text.len, .type = t->type};
    run->ledger.records[t->type]++;
    if (run->frames) {
        cut_record(run, r, t);
    } else {
        say_transaction(w, r, t);
        write_id(r->id, t->id);
        if (t->has_parent) {
            write_id(r->parent_id, t->parent_id);
        }
    }
    script_must(buf_append(&w->text, "", 1));
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

static void name_parents(struct witness *w) {
    for (unsigned i = 0; i < w->count; i++) {
        struct witness_record *r = &w->records[i];
        for (unsigned k = 0; k < w->count && r->parent_id[0]; k++) {
            if (strcmp(w->records[k].id, r->parent_id) == 0 && w->records[k].type != TRANSACTION_TUNNEL) {
                memcpy(r->parent_name, w->records[k].request_name, sizeof r->parent_name);
            }
        }
        if (r->parent_id[0] && !r->parent_name[0]) {
            r->parent_name[0] = '?';
        }
    }
}

/* ---- a run ---- */

/* What the packet brought, unless it came too late for that. */
static void track(struct run *run, unsigned index, enum flow_fate fate, uint64_t late_before) {
    const struct tap_packet *p = &run->tap->packets[index];
    struct flow_counts counts;
    flow_table_counts(run->partition->flows, &counts);
    bool in_time = counts.late_bytes == late_before && (fate == FLOW_DATA || fate == FLOW_AFTER_END);
    if (in_time && p->len) {
        memset(run->witness->came[p->talk][p->direction] + p->from, 1, p->len);
    }
}

static void feed_packet(struct run *run, const struct packet *p, unsigned index) {
    struct flow_table *flows = run->partition->flows;
    if (!run->witness->tracks) {
        flow_table_packet(flows, p, flow_key_hash(&p->key));
        return;
    }
    struct flow_counts counts;
    flow_table_counts(flows, &counts);
    enum flow_fate fate = flow_table_packet(flows, p, flow_key_hash(&p->key));
    track(run, index, fate, counts.late_bytes);
}

static void advance(struct run *run, int64_t time_ns, struct decoder *decoder) {
    run->clock_ns = time_ns > run->clock_ns ? time_ns : run->clock_ns;
    if (run->clock_ns / TICK_NS > run->tick_ns / TICK_NS) {
        run->tick_ns = run->clock_ns / TICK_NS * TICK_NS;
        flow_table_tick(run->partition->flows, run->tick_ns);
        if (decoder) {
            decoder_tick(decoder, run->tick_ns);
        }
    }
}

static void feed_packets(struct run *run) {
    for (unsigned i = 0; i < run->tap->count; i++) {
        struct packet p;
        tap_packet(run->tap, i, START_NS, &p);
        advance(run, p.time_ns, NULL);
        feed_packet(run, &p, i);
    }
    run->ledger.decode.fates[DECODE_TCP] = run->tap->count;
    run->ledger.source.frames = run->tap->count;
}

static void feed_frames(struct run *run, struct decoder *decoder) {
    struct tap_frames *frames = &run->tools->frames;
    for (unsigned i = 0; i < frames->count; i++) {
        struct slice bytes = tap_frames_render(frames, i, &run->tools->canvas);
        const struct frame frame = {.bytes = bytes,
                                    .wire_len = (uint32_t)bytes.len,
                                    .link_type = 1, /* Ethernet */
                                    .time_ns = START_NS + frames->frame[i].seen_ns,
                                    .number = i + 1,
                                    .ordinal = i + 1};
        struct packet p;
        advance(run, frame.time_ns, decoder);
        if (decoder_decode(decoder, &frame, &p) == DECODE_TCP) {
            feed_packet(run, &p, frames->frame[i].packet);
        }
    }
    run->ledger.source.frames = frames->count;
    decoder_counts(decoder, &run->ledger.decode);
}

/* Nothing but TCP was sent; where nothing was lost, all of it must come out. */
static void judge_decoding(struct witness *w, const struct tap *tap, const struct decode_counts *c,
                           bool lossy) {
    uint64_t good = c->fates[DECODE_TCP] + c->fates[DECODE_FRAGMENT_HELD], all = 0;
    for (unsigned i = 0; i < DECODE_FATES; i++) {
        all += c->fates[i];
    }
    if (good != all) {
        blame(w, "a frame did not decode");
    }
    unsigned copies = 0;
    for (unsigned i = 0; i < tap->count; i++) {
        copies += tap->packets[i].copy;
    }
    if (!lossy && c->fates[DECODE_TCP] < tap->count - copies) {
        blame(w, "a datagram did not come out of its fragments");
    }
}

static void judge_sums(struct run *run) {
    struct witness *w = run->witness;
    char why[WITNESS_WHY];
    flow_table_counts(run->partition->flows, &run->ledger.flow);
    http_environment_counts(run->partition->http, &run->ledger.http);
    if (!ledger_balances(&run->ledger, why)) {
        blame(w, why);
    }
    if (run->ledger.flow.open_now || run->ledger.flow.held_bytes_now) {
        blame(w, "something is open or held after the end");
    }
    const struct http_counts *h = &run->ledger.http;
    if (h->cap_open_requests || h->cap_transactions || run->ledger.flow.cap_flows) {
        blame(w, "a cap was hit");
    }
    if (run->frames) {
        judge_decoding(w, run->tap, &run->ledger.decode, run->tap->plan.number[TAP_loss] > 0);
    }
}

static void begin(struct witness *w, const struct tap *tap) {
    w->count = w->lost = 0;
    w->why[0] = '\0';
    buf_clear(&w->text);
    w->tracks = tap->plan.number[TAP_loss] > 0;
    for (unsigned i = 0; i < tap->script->talks && w->tracks; i++) {
        for (int d = 0; d < 2; d++) {
            memset(w->came[i][d], 0, tap->script->talk[i].count ? tap->script->talk[i].len[d] : 0);
        }
    }
}

static void feed(struct run *run, struct tap *tap) {
    if (!run->frames) {
        feed_packets(run);
        return;
    }
    const struct decode_options options = {.verify_checksums = tap->plan.number[TAP_verify]};
    struct decoder *decoder = decoder_new(&options, &run->tools->limits);
    script_must(decoder != NULL);
    tap_frames_make(&run->tools->frames, tap);
    run->witness->lost = run->tools->frames.lost;
    feed_frames(run, decoder);
    decoder_free(decoder);
}

static int by_facts(const void *a, const void *b, void *witness) {
    const struct witness_record *x = a, *y = b;
    int order = strcmp(witness_facts(witness, x), witness_facts(witness, y));
    return order ? order : strcmp(x->parent_name, y->parent_name);
}

void witness_run(struct witness *w, struct witness_tools *tools, struct tap *tap) {
    struct run run = {.witness = w, .tools = tools, .tap = tap, .clock_ns = START_NS, .tick_ns = START_NS};
    const struct transaction_observer observer = {.context = &run, .finished = on_finished};
    run.frames = tap->plan.number[TAP_frames];
    run.partition = partition_new(&tools->limits, NULL, &observer);
    script_must(run.partition != NULL);
    record_writer_begin_run(tools->writer);
    begin(w, tap);
    feed(&run, tap);
    flow_table_finish(run.partition->flows, run.clock_ns);
    judge_sums(&run);
    partition_free(run.partition);
    name_parents(w);
    qsort_r(w->records, w->count, sizeof *w->records, by_facts, w);
}

const char *witness_facts(const struct witness *w, const struct witness_record *r) {
    return (const char *)w->text.ptr + r->facts;
}

bool witness_has(const struct witness *w, unsigned talk, const struct script_head *head) {
    return memchr(w->came[talk][head->direction] + head->from, 0, head->to - head->from) == NULL;
}

static const char *file_name(void *context, uint32_t file) {
    (void)context;
    (void)file;
    return "a.pcap";
}

bool witness_tools_init(struct witness_tools *tools, const char *schema_path) {
    tools->limits = limits_default();
    const struct record_options options = {
        .mask_secrets = true, .record_bytes = tools->limits.record_bytes, .file_name = file_name};
    buf_init(&tools->line, tools->limits.record_bytes);
    tools->writer = record_writer_new(&options);
    tools->invariants = invariants_new(schema_path);
    return tools->writer && tools->invariants;
}

void witness_tools_fini(struct witness_tools *tools) {
    record_writer_free(tools->writer);
    invariants_free(tools->invariants);
    buf_fini(&tools->line);
}

void witness_init(struct witness *w) {
    buf_init(&w->text, WITNESS_TEXT);
}

void witness_fini(struct witness *w) {
    buf_fini(&w->text);
}
