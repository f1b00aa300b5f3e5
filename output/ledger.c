/* SPDX-License-Identifier: Apache-2.0 */
#include "output/ledger.h"

#include <inttypes.h>

/* The counts of a partition are 64-bit numbers and nothing else, so that adding can't forget one. */
_Static_assert(sizeof(struct flow_counts) % sizeof(uint64_t) == 0, "only uint64_t counts");
_Static_assert(sizeof(struct http_counts) % sizeof(uint64_t) == 0, "only uint64_t counts");

static void add(void *a, const void *b, size_t bytes) {
    for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
        uint64_t sum, more;
        memcpy(&sum, (const char *)a + at, sizeof sum);
        memcpy(&more, (const char *)b + at, sizeof more);
        sum += more;
        memcpy((char *)a + at, &sum, sizeof sum);
    }
}

void flow_counts_add(struct flow_counts *a, const struct flow_counts *b) {
    add(a, b, sizeof *a);
}

void http_counts_add(struct http_counts *a, const struct http_counts *b) {
    add(a, b, sizeof *a);
}

static uint64_t sum_of(const uint64_t *counts, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += counts[i];
    }
    return sum;
}

#define SUM(array) sum_of((array), sizeof(array) / sizeof((array)[0]))

uint64_t ledger_written(const struct ledger *l) {
    return SUM(l->records);
}

/* "left = right" must hold. */
static bool is_equal(uint64_t left, const char *left_name, uint64_t right, const char *right_name,
                     char why[256]) {
    if (left == right) {
        return true;
    }
    (void)snprintf(why, 256, "%s (%" PRIu64 ") is not %s (%" PRIu64 ")", left_name, left, right_name, right);
    return false;
}

static bool is_within(uint64_t part, const char *part_name, uint64_t whole, const char *whole_name,
                      char why[256]) {
    if (part <= whole) {
        return true;
    }
    (void)snprintf(why, 256, "%s (%" PRIu64 ") exceeds %s (%" PRIu64 ")", part_name, part, whole_name, whole);
    return false;
}

/* The same while a run goes on: up to `open` of what stands on the left have not come to their end. */
static bool is_settled(uint64_t left, const char *left_name, uint64_t right, const char *right_name,
                       uint64_t open, char why[256]) {
    return left > right && left - right <= open ? true : is_equal(left, left_name, right, right_name, why);
}

/* Files are not told apart. */
static uint64_t frames_of_interfaces(const struct source_counts *s) {
    uint64_t sum = s->interface_count == 0 ? s->frames : 0;
    for (size_t i = 0; i < s->interface_count; i++) {
        sum += s->interfaces[i].frames;
    }
    return sum;
}

static bool packets_balance(const struct ledger *l, char why[256]) {
    const struct flow_counts *f = &l->flow;
    return is_equal(l->source.frames, "frames read", l->source.filtered + SUM(l->decode.fates),
                    "filtered out + frames by fate", why) &&
           is_equal(l->source.frames, "frames read", frames_of_interfaces(&l->source),
                    "those read from each interface", why) &&
           is_equal(l->decode.fates[DECODE_TCP], "TCP packets decoded", SUM(f->fates), "TCP packets by fate",
                    why) &&
           is_within(l->source.cut_frames, "frames cut short", l->source.frames, "frames read", why) &&
           is_within(l->overload.connections, "connections left out", f->fates[FLOW_SHED], "packets shed",
                     why) &&
           is_equal(f->payload_bytes, "payload bytes",
                    f->delivered_bytes + f->dropped_bytes + f->held_bytes_now,
                    "delivered + not delivered + held", why) &&
           is_equal(f->opened, "connections opened", SUM(f->closed) + f->open_now, "closed + open", why) &&
           is_within(f->opened_midstream, "connections met midstream", f->opened, "connections opened",
                     why) &&
           is_within(SUM(l->http.flows), "connections with a verdict", f->opened, "connections opened", why);
}

static bool messages_balance(const struct http_counts *h, char why[256]) {
    uint64_t paired = SUM(h->paired);
    return is_settled(h->requests, "requests", paired + SUM(h->orphan_requests) + h->no_memory_requests,
                      "paired + orphan requests + without memory", h->open_now, why) &&
           is_settled(h->responses, "responses", paired + SUM(h->orphan_responses) + h->no_memory_responses,
                      "paired + orphan responses + without memory", h->open_now, why);
}

static bool records_balance(const struct ledger *l, char why[256]) {
    const struct http_counts *h = &l->http;
    const uint64_t *records = l->records;
    uint64_t paired = SUM(h->paired), requests = SUM(h->orphan_requests),
             responses = SUM(h->orphan_responses);
    return is_within(records[TRANSACTION_PAIR], "records of transactions", paired, "paired", why) &&
           is_within(records[TRANSACTION_ORPHAN_REQUEST], "records of orphan requests", requests,
                     "orphan requests", why) &&
           is_within(records[TRANSACTION_ORPHAN_RESPONSE], "records of orphan responses", responses,
                     "orphan responses", why) &&
           is_within(records[TRANSACTION_TUNNEL], "records of tunnels", h->tunnels, "tunnels", why) &&
           is_within(records[TRANSACTION_SURPLUS], "records of surplus bytes", h->surplus, "surplus bytes",
                     why) &&
           is_settled(paired + requests + responses + h->tunnels + h->surplus,
                      "transactions + orphans + tunnels + surplus bytes",
                      SUM(l->records) + l->records_too_long + l->records_no_memory + l->records_unwritten,
                      "records written + too long + without memory + unwritten", h->open_now, why);
}

bool ledger_balances(const struct ledger *l, char why[256]) {
    why[0] = '\0';
    return packets_balance(l, why) && messages_balance(&l->http, why) && records_balance(l, why);
}

enum { NAME_WIDTH = 44, NUMBER_WIDTH = 26 };

/* A number with a space between groups of three digits. */
static const char *grouped(uint64_t value, char text[NUMBER_WIDTH + 2]) {
    char *at = text + NUMBER_WIDTH + 1;
    *at = '\0';
    for (unsigned digits = 0; value || digits == 0; digits++) {
        if (digits && digits % 3 == 0) {
            *--at = ' ';
        }
        *--at = (char)('0' + value % 10);
        value /= 10;
    }
    return at;
}

static void line(FILE *out, unsigned indent, const char *name, uint64_t value) {
    char number[NUMBER_WIDTH + 2];
    (void)fprintf(out, "%*s%-*s %*s\n", (int)indent, "", NAME_WIDTH - (int)indent, name, NUMBER_WIDTH,
                  grouped(value, number));
}

/* Left out when zero. */
static void part(FILE *out, unsigned indent, const char *name, uint64_t value) {
    if (value) {
        line(out, indent, name, value);
    }
}

static void decimal(FILE *out, unsigned indent, const char *name, double value, const char *unit) {
    (void)fprintf(out, "%*s%-*s %*.3f %s\n", (int)indent, "", (int)(NAME_WIDTH - indent), name,
                  NUMBER_WIDTH - 2, value, unit);
}

static double seconds(uint64_t ns) {
    return (double)ns / (double)NS_PER_SECOND;
}

/* A registry's name with spaces for underscores. */
static const char *words(const char *name, char text[NAME_WIDTH]) {
    size_t i = 0;
    for (; name[i] && i + 1 < NAME_WIDTH; i++) {
        text[i] = name[i] == '_' ? ' ' : name[i];
    }
    text[i] = '\0';
    return text;
}

static void named(FILE *out, unsigned indent, const char *name, uint64_t value) {
    char text[NAME_WIDTH];
    part(out, indent, words(name, text), value);
}

static void heading(FILE *out, const char *title) {
    (void)fprintf(out, "\n%s\n", title);
}

static void print_interface(const struct source_interface_counts *one, FILE *out) {
    (void)fprintf(out, "  interface %s\n", one->name);
    line(out, 4, "read", one->frames);
    part(out, 4, "received by the kernel", one->kernel_received);
    part(out, 4, "DROPPED by the kernel", one->kernel_dropped);
    part(out, 4, "DROPPED by the interface", one->interface_dropped);
    part(out, 4, "left UNREAD at the end", one->unread);
    part(out, 4, "outages", one->outages);
    part(out, 4, "outages: milliseconds together", one->outage_ns / (uint64_t)NS_PER_MILLISECOND);
    part(out, 4, "bytes of its capture buffer", one->ring_bytes);
}

static void print_source(const struct ledger *l, FILE *out) {
    const struct source_counts *s = &l->source;
    (void)fprintf(out, "FRAMES\n");
    line(out, 2, "read", s->frames);
    part(out, 4, "captured bytes", s->bytes);
    part(out, 4, "filtered out", s->filtered);
    part(out, 2, "files that could not be read to their end", s->damaged_files);
    part(out, 2, "received by the kernel", s->kernel_received);
    part(out, 2, "DROPPED by the kernel (a larger -B helps)", s->kernel_dropped);
    part(out, 2, "DROPPED by the interface", s->interface_dropped);
    part(out, 2, "left UNREAD at the end", s->unread);
    part(out, 2, "outages of interfaces", s->outages);
    part(out, 4, "milliseconds together", s->outage_ns / (uint64_t)NS_PER_MILLISECOND);
    for (size_t i = 0; i < s->interface_count; i++) {
        print_interface(&s->interfaces[i], out);
    }
}

static void print_decode(const struct ledger *l, FILE *out) {
    const struct decode_counts *d = &l->decode;
    heading(out, "FRAMES BY FATE");
    for (unsigned fate = 0; fate < DECODE_FATES; fate++) {
        named(out, 2, decode_fate_name((enum decode_fate)fate), d->fates[fate]);
    }
    line(out, 2, "sum", SUM(d->fates));
    for (unsigned kind = TUNNEL_NONE + 1; kind < TUNNEL_KINDS; kind++) {
        char text[NAME_WIDTH];
        (void)snprintf(text, sizeof text, "tunnel headers: %s", tunnel_kind_name((enum tunnel_kind)kind));
        part(out, 2, text, d->tunnels[kind]);
    }
    part(out, 2, "TCP checksums not filled in yet", d->partial_checksums);
    part(out, 2, "IP datagrams reassembled", d->datagrams_reassembled);
    part(out, 2, "IP datagrams that stayed in fragments", d->datagrams_expired + d->datagrams_waiting);
    part(out, 2, "IP datagrams with overlaps", d->datagrams_overlapping);
    part(out, 2, "802.11 subframes skipped", d->subframes_skipped);
    if (d->unsupported_link_type) {
        line(out, 2, "link type not supported (DLT number)", d->unsupported_link_type - 1);
    }
    part(out, 2, "clock: jumps ahead", l->clock_jumps);
    part(out, 2, "clock: steps back", l->clock_steps_back);
    part(out, 2, "clock: wild stamps ignored", l->clock_wild);
}

static void print_overload(const struct ledger *l, FILE *out) {
    const struct overload_counts *o = &l->overload;
    static const char *const levels[OVERLOAD_LEVELS] = {
        "",
        "seconds with large frames cut short",
        "seconds with 1/2 of new connections",
        "seconds with 1/4 of new connections",
        "seconds with 1/8 of new connections",
        "seconds with 1/16 of new connections",
        "seconds with 1/32 of new connections",
    };
    if (o->episodes + o->highest + o->connections + o->forgotten + l->flow.shed_bytes + l->source.cut_frames +
            l->source.cut_bytes ==
        0) {
        return;
    }
    heading(out, "OVERLOAD");
    line(out, 2, "times that it began", o->episodes);
    line(out, 2, "highest level", o->highest);
    for (unsigned level = 1; level < OVERLOAD_LEVELS; level++) {
        if (o->ns_at_level[level]) {
            decimal(out, 4, levels[level], seconds(o->ns_at_level[level]), "s");
        }
    }
    line(out, 2, "connections NOT followed", o->connections);
    part(out, 4, "forgotten, maybe met midstream later", o->forgotten);
    part(out, 2, "frames cut short", l->source.cut_frames);
    part(out, 4, "bytes that were cut off", l->source.cut_bytes);
    part(out, 2, "packets left out", l->flow.fates[FLOW_SHED]);
    part(out, 4, "payload bytes", l->flow.shed_bytes);
}

static void print_flows(const struct flow_counts *f, FILE *out) {
    heading(out, "TCP PACKETS BY FATE");
    for (unsigned fate = 0; fate < FLOW_FATES; fate++) {
        named(out, 2, flow_fate_name((enum flow_fate)fate), f->fates[fate]);
    }
    line(out, 2, "sum", SUM(f->fates));
    heading(out, "CONNECTIONS");
    line(out, 2, "opened", f->opened);
    part(out, 4, "met midstream", f->opened_midstream);
    part(out, 4, "with addresses and ports used again", f->reused);
    part(out, 4, "one-sided", f->one_sided);
    for (unsigned reason = 0; reason < END_REASONS; reason++) {
        char text[2 * NAME_WIDTH], name[NAME_WIDTH];
        (void)snprintf(text, sizeof text, "ended: %s", words(end_reason_name((enum end_reason)reason), name));
        part(out, 2, text, f->closed[reason]);
    }
    part(out, 2, "still open", f->open_now);
    heading(out, "BYTES OF STREAMS");
    line(out, 2, "new payload", f->payload_bytes);
    part(out, 4, "delivered", f->delivered_bytes);
    part(out, 4, "not delivered", f->dropped_bytes);
    part(out, 4, "held now", f->held_bytes_now);
    part(out, 2, "held at most", f->held_bytes_peak);
    part(out, 2, "holes in bodies, passed at once", f->holes_passed);
    part(out, 2, "LOST in gaps", f->gap_bytes);
    for (unsigned reason = 0; reason < GAP_REASONS; reason++) {
        char text[2 * NAME_WIDTH], name[NAME_WIDTH];
        (void)snprintf(text, sizeof text, "gaps: %s", words(gap_reason_name((enum gap_reason)reason), name));
        part(out, 4, text, f->gaps[reason]);
    }
    part(out, 2, "too late, for ranges declared lost", f->late_bytes);
    part(out, 2, "overlaps whose bytes differ", f->overlap_conflicts);
    part(out, 2, "FINs that data behind them refuted", f->fins_refuted);
    part(out, 2, "RSTs that data behind them refuted", f->resets_refuted);
}

static void print_http(const struct http_counts *h, FILE *out) {
    char text[NAME_WIDTH], name[NAME_WIDTH];
    heading(out, "CONNECTIONS WITH PAYLOAD, BY PROTOCOL");
    for (unsigned verdict = 0; verdict < PROTOCOL_VERDICTS; verdict++) {
        named(out, 2, protocol_verdict_name((enum protocol_verdict)verdict), h->flows[verdict]);
        part(out, 4, "bytes", h->bytes[verdict]);
    }
    line(out, 2, "sum", SUM(h->flows));
    heading(out, "HTTP MESSAGES");
    line(out, 2, "requests", h->requests);
    line(out, 2, "responses", h->responses);
    part(out, 2, "interim responses (1xx)", h->interim);
    part(out, 4, "of no known request", h->interim_orphans);
    part(out, 2, "found again by search", h->resyncs);
    part(out, 2, "cut by a gap or bad syntax", h->lost_sync);
    part(out, 2, "beginnings without a whole start line", h->fragments_of_messages);
    part(out, 2, "times the syntax could not be read", h->bad_syntax);
    heading(out, "TRANSACTIONS");
    line(out, 2, "request and response", SUM(h->paired));
    part(out, 4, "paired by acknowledgement", h->paired[PAIRING_ACK]);
    part(out, 4, "paired by order", h->paired[PAIRING_ORDER]);
    line(out, 2, "requests without a response", SUM(h->orphan_requests));
    for (unsigned reason = 0; reason < PAIRING_REASONS; reason++) {
        named(out, 4, pairing_reason_name((enum pairing_reason)reason), h->orphan_requests[reason]);
    }
    line(out, 2, "responses without a request", SUM(h->orphan_responses));
    for (unsigned reason = 0; reason < PAIRING_REASONS; reason++) {
        (void)snprintf(text, sizeof text, "%s",
                       words(pairing_reason_name((enum pairing_reason)reason), name));
        part(out, 4, text, h->orphan_responses[reason]);
    }
    part(out, 2, "incomplete ones among all of these", h->incomplete);
    part(out, 2, "tunnels (CONNECT, Upgrade)", h->tunnels);
    part(out, 2, "surplus bytes between messages", h->surplus);
    part(out, 2, "open, or waiting for what comes before them", h->open_now);
}

uint64_t ledger_refused(const struct ledger *l) {
    return l->memory_failures + l->decode.memory_failures;
}

static void print_caps(const struct ledger *l, FILE *out) {
    const struct flow_counts *f = &l->flow;
    const struct http_counts *h = &l->http;
    const struct decode_counts *d = &l->decode;
    uint64_t hits = d->fates[DECODE_TUNNEL_DEPTH] + d->datagrams_evicted + d->fragments_no_room +
                    f->cap_held_bytes + f->cap_stream_bytes + f->cap_flows + f->cap_memory +
                    f->cap_flow_memory + f->fates[FLOW_NO_MEMORY] + h->interim_dropped + h->lines_cut +
                    h->headers_dropped + h->cap_open_requests + h->cap_transactions + h->no_memory_requests +
                    h->no_memory_responses + f->declined_timeouts + ledger_refused(l) + l->records_no_memory +
                    l->records_too_long;
    heading(out, "CAPS HIT");
    part(out, 2, "frames with too many headers", d->fates[DECODE_TUNNEL_DEPTH]);
    part(out, 2, "IP datagrams in fragments evicted", d->datagrams_evicted);
    part(out, 2, "IP fragments without room", d->fragments_no_room);
    part(out, 2, "packets without memory", f->fates[FLOW_NO_MEMORY]);
    part(out, 2, "connections evicted (table full)", f->cap_flows);
    part(out, 2, "connections ended (memory short)", f->cap_memory);
    part(out, 2, "connections ended (too much memory each)", f->cap_flow_memory);
    part(out, 2, "held bytes of a partition", f->cap_held_bytes);
    part(out, 2, "held bytes of a stream", f->cap_stream_bytes);
    part(out, 2, "waits for the other direction timed out", f->declined_timeouts);
    part(out, 4, "of all such waits", f->declined_timeouts ? f->declined_waits : 0);
    part(out, 2, "open requests of a connection", h->cap_open_requests);
    part(out, 2, "memory of transactions", h->cap_transactions);
    part(out, 2, "requests without memory", h->no_memory_requests);
    part(out, 2, "responses without memory", h->no_memory_responses);
    part(out, 2, "1xx responses not stored", h->interim_dropped);
    part(out, 2, "messages with a line cut", h->lines_cut);
    part(out, 2, "fields not stored", h->headers_dropped);
    part(out, 2, "records too long", l->records_too_long);
    part(out, 2, "records without memory", l->records_no_memory);
    part(out, 2, "MEMORY REFUSED by the system", ledger_refused(l));
    if (hits == 0) {
        (void)fprintf(out, "  none\n");
    }
}

static void print_records(const struct ledger *l, FILE *out) {
    heading(out, "RECORDS");
    for (unsigned type = 0; type < TRANSACTION_TYPES; type++) {
        named(out, 2, transaction_type_name((enum transaction_type)type), l->records[type]);
    }
    line(out, 2, "written", SUM(l->records));
    part(out, 2, "NOT written: too long", l->records_too_long);
    part(out, 2, "NOT written: no memory", l->records_no_memory);
    part(out, 2, "NOT written: the output failed or closed", l->records_unwritten);
    part(out, 2, "statistics written beside them", l->stats_records);
    part(out, 2, "bytes of output", l->output_bytes);
}

static void print_stages(const struct run_speed *speed, FILE *out) {
    static const char *const names[STAGES] = {
        [STAGE_READ] = "reading",
        [STAGE_DECODE] = "decoding",
        [STAGE_HAND_OVER] = "handing packets to workers",
        [STAGE_WAIT] = "waiting for workers",
        [STAGE_ANALYZE] = "connections and HTTP",
        [STAGE_RECORD] = "making records",
        [STAGE_MERGE] = "merging workers' records",
        [STAGE_WRITE] = "writing",
    };
    uint64_t all = 0;
    for (size_t i = 0; i < STAGES; i++) {
        all += speed->stage_ns[i];
    }
    if (all == 0) {
        return;
    }
    (void)fprintf(out, "  where it went (sampled%s)\n",
                  speed->threads > 1 ? "; threads work at the same time" : "");
    for (size_t i = 0; i < STAGES; i++) {
        if (speed->stage_ns[i]) {
            (void)fprintf(out, "    %-*s %*.3f s %5.1f %%\n", NAME_WIDTH - 4, names[i], NUMBER_WIDTH - 2,
                          seconds(speed->stage_ns[i]), 100 * (double)speed->stage_ns[i] / (double)all);
        }
    }
}

static void print_speed(const struct ledger *l, FILE *out) {
    const struct run_speed *speed = &l->speed;
    double run = seconds(speed->elapsed_ns > 0 ? (uint64_t)speed->elapsed_ns : 1);
    heading(out, "TIME");
    decimal(out, 2, "run time", run, "s");
    decimal(out, 4, "processor, user", seconds(speed->user_ns), "s");
    decimal(out, 4, "processor, system", seconds(speed->system_ns), "s");
    print_stages(speed, out);
    decimal(out, 2, "frames a second", (double)l->source.frames / run / 1e6, "M");
    decimal(out, 2, "captured bits a second", (double)l->source.bytes * 8 / run / 1e9, "G");
    decimal(out, 2, "transactions a second", (double)SUM(l->http.paired) / run / 1e3, "k");
    if (speed->peak_bytes) {
        decimal(out, 2, "most memory", (double)speed->peak_bytes / (1 << 20), "MiB");
    }
}

void ledger_print(const struct ledger *l, FILE *out) {
    char why[256];
    print_source(l, out);
    print_decode(l, out);
    print_overload(l, out);
    print_flows(&l->flow, out);
    print_http(&l->http, out);
    print_caps(l, out);
    print_records(l, out);
    print_speed(l, out);
    if (ledger_balances(l, why)) {
        (void)fprintf(out, "\nThe ledger balances.\n");
    } else {
        (void)fprintf(out, "\nThe ledger does NOT balance (please report this): %s\n", why);
    }
}

void ledger_print_brief(const struct ledger *l, FILE *out) {
    const struct http_counts *h = &l->http;
    char frames[NUMBER_WIDTH + 2], pairs[NUMBER_WIDTH + 2], orphans[NUMBER_WIDTH + 2],
        incomplete[NUMBER_WIDTH + 2];
    (void)fprintf(out, "%s frames, %s transactions, %s orphans, %s incomplete, %.1f s\n",
                  grouped(l->source.frames, frames), grouped(SUM(h->paired), pairs),
                  grouped(SUM(h->orphan_requests) + SUM(h->orphan_responses), orphans),
                  grouped(h->incomplete, incomplete), (double)l->speed.elapsed_ns / (double)NS_PER_SECOND);
    uint64_t unwritten = l->records_too_long + l->records_no_memory + l->records_unwritten;
    uint64_t dropped = l->source.kernel_dropped + l->source.interface_dropped;
    if (l->overload.connections + l->source.cut_frames) {
        char connections[NUMBER_WIDTH + 2], cut[NUMBER_WIDTH + 2];
        (void)fprintf(out, "overload: %s connections were not followed, %s frames were cut short\n",
                      grouped(l->overload.connections, connections), grouped(l->source.cut_frames, cut));
    }
    if (l->flow.gap_bytes || dropped || unwritten) {
        char lost[NUMBER_WIDTH + 2], drops[NUMBER_WIDTH + 2], records[NUMBER_WIDTH + 2];
        (void)fprintf(out,
                      "lost: %s bytes in gaps, %s packets dropped by the kernel, %s records not written; "
                      "--stats says more\n",
                      grouped(l->flow.gap_bytes, lost), grouped(dropped, drops), grouped(unwritten, records));
    }
}
