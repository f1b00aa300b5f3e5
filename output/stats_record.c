/* SPDX-License-Identifier: Apache-2.0 */
#include "output/stats_record.h"

#include "output/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t sum_of(const uint64_t *counts, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += counts[i];
    }
    return sum;
}

struct stats_totals stats_totals_of(const struct ledger *l) {
    return (struct stats_totals){.frames = l->source.frames,
                                 .bytes = l->source.bytes,
                                 .dropped = l->source.kernel_dropped + l->source.interface_dropped,
                                 .transactions = sum_of(l->http.paired, COUNT(l->http.paired))};
}

/* A second, rounded down. */
static uint64_t rate(uint64_t now, uint64_t before, int64_t elapsed_ns) {
    __extension__ unsigned __int128 scaled = now - before;
    return (uint64_t)(scaled * (uint64_t)NS_PER_SECOND / (uint64_t)elapsed_ns);
}

static void number(struct writer *w, const char *key, uint64_t value) {
    writer_key(w, key);
    writer_unsigned(w, value);
}

static void object(struct writer *w, const char *key) {
    writer_key(w, key);
    writer_begin_object(w);
}

/* One number for each value of an enumeration, under its name. The first ones may mean nothing. */
#define NAMED(w, key, counts, first, kind, name_of)                                                          \
    do {                                                                                                     \
        object((w), (key));                                                                                  \
        for (size_t i_ = (first); i_ < COUNT(counts); i_++) {                                                \
            number((w), name_of((kind)i_), (counts)[i_]);                                                    \
        }                                                                                                    \
        writer_end_object(w);                                                                                \
    } while (0)

static void write_frames(struct writer *w, const struct ledger *l) {
    object(w, "frames");
    number(w, "read", l->source.frames);
    number(w, "bytes", l->source.bytes);
    number(w, "filtered", l->source.filtered);
    NAMED(w, "fates", l->decode.fates, 0, enum decode_fate, decode_fate_name);
    writer_end_object(w);
}

static void write_kernel(struct writer *w, const struct ledger *l) {
    object(w, "kernel");
    number(w, "received", l->source.kernel_received);
    number(w, "dropped", l->source.kernel_dropped);
    number(w, "interface_dropped", l->source.interface_dropped);
    number(w, "unread", l->source.unread);
    number(w, "cut", l->source.cut_frames);
    number(w, "cut_bytes", l->source.cut_bytes);
    writer_end_object(w);
}

static void write_connections(struct writer *w, const struct flow_counts *f) {
    NAMED(w, "packets", f->fates, 0, enum flow_fate, flow_fate_name);
    object(w, "connections");
    number(w, "opened", f->opened);
    number(w, "midstream", f->opened_midstream);
    number(w, "one_sided", f->one_sided);
    number(w, "open", f->open_now);
    NAMED(w, "closed", f->closed, 0, enum end_reason, end_reason_name);
    writer_end_object(w);
    object(w, "payload");
    number(w, "bytes", f->payload_bytes);
    number(w, "delivered", f->delivered_bytes);
    number(w, "not_delivered", f->dropped_bytes);
    number(w, "held", f->held_bytes_now);
    number(w, "lost", f->gap_bytes);
    number(w, "late", f->late_bytes);
    NAMED(w, "gaps", f->gaps, 0, enum gap_reason, gap_reason_name);
    writer_end_object(w);
}

static void write_messages(struct writer *w, const struct http_counts *h) {
    NAMED(w, "protocols", h->flows, 0, enum protocol_verdict, protocol_verdict_name);
    object(w, "messages");
    number(w, "requests", h->requests);
    number(w, "responses", h->responses);
    number(w, "interim", h->interim);
    number(w, "bad_syntax", h->bad_syntax);
    number(w, "no_memory", h->no_memory_requests + h->no_memory_responses);
    writer_end_object(w);
    object(w, "transactions");
    NAMED(w, "paired", h->paired, 0, enum pairing_by, pairing_by_name);
    NAMED(w, "orphan_requests", h->orphan_requests, PAIRING_PAIRED + 1, enum pairing_reason,
          pairing_reason_name);
    NAMED(w, "orphan_responses", h->orphan_responses, PAIRING_PAIRED + 1, enum pairing_reason,
          pairing_reason_name);
    number(w, "tunnels", h->tunnels);
    number(w, "surplus", h->surplus);
    number(w, "incomplete", h->incomplete);
    number(w, "open", h->open_now);
    writer_end_object(w);
}

static void write_records(struct writer *w, const struct ledger *l) {
    object(w, "records");
    NAMED(w, "written", l->records, 0, enum transaction_type, transaction_type_name);
    number(w, "too_long", l->records_too_long);
    number(w, "no_memory", l->records_no_memory);
    number(w, "unwritten", l->records_unwritten);
    number(w, "bytes", l->output_bytes);
    writer_end_object(w);
}

static void write_rates(struct writer *w, const struct stats_moment *m, const struct ledger *l,
                        const struct stats_totals *before) {
    struct stats_totals now = stats_totals_of(l);
    if (m->elapsed_ns <= 0) {
        return;
    }
    number(w, "interval", (uint64_t)m->elapsed_ns);
    object(w, "rates");
    number(w, "frames", rate(now.frames, before->frames, m->elapsed_ns));
    number(w, "bytes", rate(now.bytes, before->bytes, m->elapsed_ns));
    number(w, "transactions", rate(now.transactions, before->transactions, m->elapsed_ns));
    if (m->live) {
        number(w, "dropped", rate(now.dropped, before->dropped, m->elapsed_ns));
    }
    writer_end_object(w);
}

static void write_process(struct writer *w, const struct stats_moment *m) {
    object(w, "process");
    number(w, "processor_time", m->processor_ns);
    if (m->resident_bytes > 0) {
        number(w, "resident", m->resident_bytes);
    }
    if (m->lag_ns >= 0) {
        number(w, "lag", (uint64_t)m->lag_ns);
    }
    writer_end_object(w);
}

bool stats_record_write(const struct stats_moment *m, const struct ledger *l,
                        const struct stats_totals *before, struct buf *out) {
    struct writer w;
    writer_init(&w, out);
    writer_begin_object(&w);
    writer_key(&w, "@timestamp");
    writer_time(&w, m->time_ns);
    WRITER_RAW(&w,
               "\"ecs\":{\"version\":\"8.17.0\"},\"event\":{\"kind\":\"metric\",\"category\":[\"network\"],"
               "\"type\":[\"info\"],\"dataset\":\"hark.stats\"}");
    WRITER_UP_TO(&w, "\"hark\":{\"version\":\"1.0\",\"type\":\"stats\",\"stats\":");
    writer_begin_object(&w);
    writer_key(&w, "last");
    writer_bool(&w, m->last);
    write_rates(&w, m, l, before);
    write_frames(&w, l);
    if (m->live) {
        write_kernel(&w, l);
    }
    write_connections(&w, &l->flow);
    write_messages(&w, &l->http);
    write_records(&w, l);
    if (m->live) {
        write_process(&w, m);
    }
    writer_end_object(&w);
    writer_end_object(&w);
    writer_end_object(&w);
    return buf_append(out, "\n", 1) && !out->failed;
}

/* Adds to the text; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...) {
    size_t len = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + len, STATS_LINE_BYTES - len, format, arguments);
    va_end(arguments);
}

void stats_line(const struct stats_moment *m, const struct ledger *l, const struct stats_totals *before,
                char text[STATS_LINE_BYTES]) {
    struct stats_totals now = stats_totals_of(l);
    char time[TIME_TEXT_BYTES];
    time_text(m->time_ns, time);
    text[0] = '\0';
    add(text, "%.19sZ: %" PRIu64 " packets", time, now.frames);
    bool rates = m->elapsed_ns > 0;
    if (rates) {
        add(text, " (%" PRIu64 " a second)", rate(now.frames, before->frames, m->elapsed_ns));
    }
    if (m->live) {
        add(text, ", %" PRIu64 " dropped", now.dropped);
    }
    if (l->source.cut_frames > 0) {
        add(text, ", %" PRIu64 " cut short", l->source.cut_frames);
    }
    add(text, ", %" PRIu64 " transactions", now.transactions);
    if (rates) {
        add(text, " (%" PRIu64 " a second)", rate(now.transactions, before->transactions, m->elapsed_ns));
    }
    if (m->live && m->resident_bytes > 0) {
        add(text, ", %" PRIu64 " MiB of memory", m->resident_bytes >> 20);
    }
    if (m->live && m->lag_ns >= 0) {
        add(text, ", %" PRId64 " ms behind", m->lag_ns / NS_PER_MILLISECOND);
    }
}
