/* SPDX-License-Identifier: Apache-2.0 */
/* Overload from end to end, in simulated time: a live source with a kernel buffer of some size, and a hark
 * that needs a millisecond a packet that it follows and a tenth of one for a packet that it leaves out. Too
 * much comes for some seconds. The buffer must not overflow, what is reported must be what a hark without
 * haste reports, byte for byte, and in the end all is followed again. */
#include "capture/source_ops.h"
#include "cli/pipeline.h"

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MS    NS_PER_MILLISECOND
#define SEC   NS_PER_SECOND
#define START (INT64_C(1700000000) * SEC)
/* Too much comes between these; then there is time to recover. */
#define OVERLOAD_FROM (2 * SEC)
#define OVERLOAD_TO   (8 * SEC)
#define RECOVERED     (40 * SEC)
#define SHORT_TO      (50 * SEC)
#define LONG_TO       (55 * SEC)
#define COST_FOLLOWED MS
#define COST_SHED     (MS / 10)
#define COST_UNWANTED (MS / 5) /* the flow table is asked */

enum {
    SHORT_STEPS = 8, /* handshake, request, response, three packets of the end */
    HANDSHAKE = 3,
    LONG_EARLY = 20, /* connections that begin before the overload and ask each half second */
    LONG_LATE = 40,  /* the same, begun within it */
    TALKS_MOST = 12000,
    EXCHANGES_MOST = 112,
    EVENTS_MOST = 200000,
    REQUEST_BYTES = 45,
    RESPONSE_BYTES = 43,
    FRAME_BYTES = 128,
    BUFFER_PACKETS = 2500,
    /* what the backlog reckons a packet of this test to need */
    PACKET_BYTES = 51 + BACKLOG_FRAME_BYTES,
};

struct talk {
    int64_t begin_ns;
    bool is_long;
    unsigned exchanges;
};

struct event {
    int64_t time_ns;
    uint32_t talk;
    uint32_t step;
};

static struct talk talks[TALKS_MOST];
static struct event events[EVENTS_MOST];
static unsigned talk_count, event_count;
static enum overload_level left_out_from[TALKS_MOST]; /* OVERLOAD_LEVELS: never */

/* ---- the traffic ---- */

static unsigned steps_of(const struct talk *t) {
    return HANDSHAKE + 2 * t->exchanges + 3;
}

static int64_t time_of_step(const struct talk *t, unsigned step) {
    int64_t ns = t->begin_ns + step * 5 * MS;
    if (t->is_long && step > HANDSHAKE) {
        ns += (step - HANDSHAKE) / 2 * 490 * MS;
    }
    return ns;
}

static void add_talk(int64_t begin_ns, bool is_long) {
    assert_true(talk_count < TALKS_MOST);
    struct talk *t = &talks[talk_count];
    *t = (struct talk){.begin_ns = begin_ns, .is_long = is_long, .exchanges = 1};
    if (is_long) {
        t->exchanges = (unsigned)((LONG_TO - begin_ns) / (500 * MS));
    }
    for (unsigned step = 0; step < steps_of(t); step++) {
        assert_true(event_count < EVENTS_MOST);
        events[event_count++] = (struct event){time_of_step(t, step), talk_count, step};
    }
    talk_count++;
}

static int earlier(const void *a, const void *b) {
    const struct event *x = a, *y = b;
    if (x->time_ns != y->time_ns) {
        return x->time_ns < y->time_ns ? -1 : 1;
    }
    return x->talk < y->talk ? -1 : x->talk > y->talk;
}

static void put16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static unsigned client_port(uint32_t talk) {
    return 1024 + talk % 50000;
}

/* From the client: SYN, ACK, requests, the first FIN, the last ACK. */
static bool is_from_client(const struct talk *t, unsigned step) {
    unsigned end = HANDSHAKE + 2 * t->exchanges;
    return step < HANDSHAKE ? step != 1 : step < end ? (step - HANDSHAKE) % 2 == 0 : step != end + 1;
}

static size_t write_payload(uint8_t *to, const struct event *e, bool request) {
    unsigned number = (e->step - HANDSHAKE) / 2;
    char text[64];
    int len = request
                  ? snprintf(text, sizeof text, "GET /%06u/%03u HTTP/1.1\r\nHost: a.example\r\n\r\n", e->talk,
                             number)
                  : snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%05u", number);
    assert_int_equal(len, request ? REQUEST_BYTES : RESPONSE_BYTES);
    memcpy(to, text, (size_t)len);
    return (size_t)len;
}

static size_t make_frame(uint8_t frame[FRAME_BYTES], const struct event *e) {
    const struct talk *t = &talks[e->talk];
    unsigned end = HANDSHAKE + 2 * t->exchanges;
    bool client = is_from_client(t, e->step), is_data = e->step >= HANDSHAKE && e->step < end;
    unsigned done = e->step < HANDSHAKE ? 0 : ((is_data ? e->step : end) - HANDSHAKE + 1) / 2;
    unsigned answered = e->step < HANDSHAKE ? 0 : ((is_data ? e->step : end) - HANDSHAKE) / 2;
    /* sequence numbers of what each side sends next */
    uint32_t at[2] = {e->talk * 77 + (e->step > 0) + REQUEST_BYTES * (is_data && client ? answered : done),
                      e->talk * 99 + (e->step > 1) + RESPONSE_BYTES * answered};
    at[0] += e->step > end;
    at[1] += e->step > end + 1;
    memset(frame, 0, FRAME_BYTES);
    size_t len = is_data ? write_payload(frame + 40, e, client) : 0;
    frame[0] = 0x45;
    put16(frame + 2, (unsigned)(40 + len));
    frame[8] = 64;
    frame[9] = 6;
    put32(frame + 12, client ? 0x0a000001 : 0x0a010001);
    put32(frame + 16, client ? 0x0a010001 : 0x0a000001);
    put16(frame + 20, client ? client_port(e->talk) : 80);
    put16(frame + 22, client ? 80 : client_port(e->talk));
    put32(frame + 24, at[!client]);
    put32(frame + 28, e->step > 0 ? at[client] : 0);
    frame[32] = 0x50;
    frame[33] = (uint8_t)((e->step > 0 ? TCP_ACK : 0) | (e->step < 2 ? TCP_SYN : 0) |
                          (e->step == end || e->step == end + 1 ? TCP_FIN : 0));
    put16(frame + 34, 65535);
    return 40 + len;
}

static void classify_talks(void) {
    struct limits limits = limits_default();
    struct decode_options options = {.verify_checksums = false};
    struct decoder *decoder = decoder_new(&options, &limits);
    assert_non_null(decoder);
    for (unsigned i = 0; i < talk_count; i++) {
        uint8_t frame[FRAME_BYTES];
        struct event syn = {.talk = i};
        size_t len = make_frame(frame, &syn);
        struct frame f = {.bytes = slice_make(frame, len), .wire_len = (uint32_t)len, .link_type = DLT_RAW};
        struct packet packet;
        assert_int_equal(decoder_decode(decoder, &f, &packet), DECODE_TCP);
        unsigned level = OVERLOAD_LEAST;
        while (level < OVERLOAD_LEVELS &&
               !shedder_leaves_out((enum overload_level)level, flow_key_hash(&packet.key))) {
            level++;
        }
        left_out_from[i] = (enum overload_level)level;
    }
    decoder_free(decoder);
}

/* 400 packets a second are usual, and 4000 are too much. */
static int make_traffic(void **state) {
    (void)state;
    for (unsigned i = 0; i < LONG_EARLY; i++) {
        add_talk(200 * MS + i * 10 * MS, true);
    }
    for (int64_t at = 0; at < SHORT_TO; at += at >= OVERLOAD_FROM && at < OVERLOAD_TO ? 2 * MS : 20 * MS) {
        add_talk(at, false);
    }
    for (unsigned i = 0; i < LONG_LATE; i++) {
        add_talk(OVERLOAD_FROM + 3 * SEC + i * 20 * MS, true);
    }
    qsort(events, event_count, sizeof *events, earlier);
    classify_talks();
    return 0;
}

/* ---- the slow capture ---- */

struct simulation {
    struct guard *guard; /* NULL: hark needs no time */
    int64_t now_ns;
    unsigned arrived; /* events that came */
    unsigned queued[BUFFER_PACKETS];
    unsigned first, count;
    unsigned talk; /* of the packet given last */
    unsigned room; /* packets that the buffer really holds */
    uint64_t number, received, dropped, shed;
    uint8_t frame[FRAME_BYTES];
};

/* By talk: packets of it were dropped, its SYN among them. */
static bool hurt[TALKS_MOST], headless[TALKS_MOST];

static void arrive(struct simulation *s) {
    for (; s->arrived < event_count && events[s->arrived].time_ns <= s->now_ns; s->arrived++) {
        s->received++;
        if (s->count == s->room) {
            s->dropped++;
            hurt[events[s->arrived].talk] = true;
            headless[events[s->arrived].talk] |= events[s->arrived].step == 0;
        } else {
            s->queued[(s->first + s->count++) % BUFFER_PACKETS] = s->arrived;
        }
    }
}

static void work(struct simulation *s) {
    if (s->guard && s->number > 0) {
        struct ledger ledger = {0};
        guard_counts(s->guard, &ledger);
        bool taken = ledger.flow.fates[FLOW_SHED] > s->shed;
        bool unwanted = headless[s->talk] && s->guard->level >= left_out_from[s->talk];
        s->now_ns += taken ? COST_SHED : unwanted ? COST_UNWANTED : COST_FOLLOWED;
        s->shed = ledger.flow.fates[FLOW_SHED];
    }
}

static enum source_status simulated_next(struct source *source, struct frame *frame) {
    struct simulation *s = source->input;
    work(s);
    arrive(s);
    if (s->count == 0 && s->arrived == event_count) {
        return SOURCE_END;
    }
    if (s->count == 0) {
        int64_t next_ns = events[s->arrived].time_ns;
        bool is_far = next_ns - s->now_ns > 100 * MS;
        s->now_ns = is_far ? s->now_ns + 100 * MS : next_ns;
        arrive(s);
        if (is_far) {
            return SOURCE_IDLE;
        }
    }
    unsigned which = s->queued[s->first];
    const struct event *e = &events[which];
    s->first = (s->first + 1) % BUFFER_PACKETS;
    s->count--;
    s->number++;
    s->talk = e->talk;
    size_t len = make_frame(s->frame, e);
    *frame = (struct frame){.bytes = slice_make(s->frame, len),
                            .wire_len = (uint32_t)len,
                            .link_type = DLT_RAW,
                            .time_ns = START + e->time_ns,
                            .number = which + 1};
    return SOURCE_FRAME;
}

static void simulated_counts(const struct source *source, struct source_counts *counts) {
    const struct simulation *s = source->input;
    counts->kernel_received = s->received;
    counts->kernel_dropped = s->dropped;
}

static const char *simulated_name(const struct source *source, uint32_t file) {
    (void)source;
    (void)file;
    return "simulated";
}

static void simulated_free(struct source *source) {
    (void)source;
}

static const struct source_ops simulated_ops = {.next = simulated_next,
                                                .counts = simulated_counts,
                                                .file_name = simulated_name,
                                                .free = simulated_free,
                                                .live = true};

static struct backlog_clocks simulated_clocks(void *context) {
    const struct simulation *s = context;
    return (struct backlog_clocks){.monotonic_ns = s->now_ns + SEC, .wall_ns = START + s->now_ns};
}

static const char *name_file(void *source, uint32_t file) {
    return source_file_name(source, file);
}

/* ---- runs ---- */

struct result {
    char *records; /* owned; each with a NUL for its line feed */
    size_t len;
    char *said; /* owned; standard error */
    struct ledger ledger;
    enum overload_level level; /* in the end */
};

static void take_records(struct result *result, int fd, const char *path) {
    off_t size = lseek(fd, 0, SEEK_END);
    result->len = (size_t)size;
    result->records = malloc(result->len + 1);
    assert_int_equal(pread(fd, result->records, result->len, 0), size);
    close(fd);
    unlink(path);
    for (size_t i = 0; i < result->len; i++) {
        result->records[i] = (char)(result->records[i] == '\n' ? '\0' : result->records[i]);
    }
}

static struct guard *make_guard(struct simulation *s, struct progress *progress) {
    struct guard_options options = {.lag_most_ns = 10 * SEC,
                                    .buffer_bytes = BUFFER_PACKETS * PACKET_BYTES,
                                    .idle_ns = 600 * SEC,
                                    .linger_ns = 5 * SEC,
                                    .progress = progress,
                                    .clocks = simulated_clocks,
                                    .context = s};
    return guard_new(&options);
}

static void run_parts(struct pipeline_parts *parts, unsigned workers, struct sink *sink,
                      struct result *result) {
    struct limits limits = limits_default();
    struct record_options record = {.mask_secrets = true,
                                    .record_bytes = limits.record_bytes,
                                    .file_name = name_file,
                                    .file_name_context = parts->source};
    struct decode_options decode = {.verify_checksums = false};
    struct pipeline pipeline;
    parts->limits = &limits;
    parts->decoder = decoder_new(&decode, &limits);
    parts->crew = crew_new(&limits, &record, workers, sink);
    assert_true(parts->decoder && parts->crew);
    pipeline_init(&pipeline, parts);
    assert_int_equal(pipeline_run(&pipeline), CREW_OK);
    pipeline_counts(&pipeline, &result->ledger);
    crew_free(parts->crew);
    decoder_free(parts->decoder);
}

static struct result run_with_room(bool is_slow, unsigned workers, unsigned room) {
    static struct simulation s;
    struct result result = {.records = NULL};
    char path[] = "hark-guard-XXXXXX", message[SOURCE_MESSAGE_BYTES], why[256];
    int fd = mkstemp(path);
    struct sink *sink = sink_open(path, message);
    struct source *source = source_new(&simulated_ops, NULL, message);
    assert_true(fd >= 0 && sink && source);
    struct progress progress;
    size_t said_len;
    FILE *said = open_memstream(&result.said, &said_len);
    progress_init(&progress, said, false);
    memset(hurt, 0, sizeof hurt);
    memset(headless, 0, sizeof headless);
    s = (struct simulation){.room = room};
    s.guard = is_slow ? make_guard(&s, &progress) : NULL;
    source->input = &s;
    struct pipeline_parts parts = {
        .source = source, .progress = &progress, .guard = s.guard, .flush_interval_ns = SEC};
    run_parts(&parts, workers, sink, &result);
    result.level = s.guard ? s.guard->level : OVERLOAD_NONE;
    guard_free(s.guard);
    assert_int_equal(sink_close(sink), SINK_OK);
    sink_free(sink);
    source_free(source);
    assert_int_equal(fclose(said), 0);
    take_records(&result, fd, path);
    if (!ledger_balances(&result.ledger, why)) {
        fail_msg("-j%u: the ledger does not balance: %s", workers, why);
    }
    return result;
}

static struct result run(bool is_slow, unsigned workers) {
    return run_with_room(is_slow, workers, BUFFER_PACKETS);
}

static void result_free(struct result *result) {
    free(result->records);
    free(result->said);
}

/* ---- judging ---- */

/* Lines by connection and exchange, and counts by connection. */
static unsigned exchanges_told[TALKS_MOST];

static void line_is_of(const char *line, unsigned *talk, unsigned *exchange) {
    const char *target = strstr(line, "\"target\":\"/");
    assert_non_null(target);
    assert_int_equal(sscanf(target, "\"target\":\"/%u/%u", talk, exchange), 2);
    assert_true(*talk < TALKS_MOST && *exchange < EXCHANGES_MOST);
}

/* Of talks that the kernel's drops did not hurt, with the frames' numbers and all. */
static void lines_are_among(const struct result *some, const struct result *all) {
    static const char *full[TALKS_MOST][EXCHANGES_MOST];
    memset(full, 0, sizeof full);
    memset(exchanges_told, 0, sizeof exchanges_told);
    unsigned talk, exchange;
    for (const char *at = all->records; at < all->records + all->len; at += strlen(at) + 1) {
        line_is_of(at, &talk, &exchange);
        assert_null(full[talk][exchange]);
        full[talk][exchange] = at;
    }
    for (const char *at = some->records; at < some->records + some->len; at += strlen(at) + 1) {
        if (!strstr(at, "\"target\":")) {
            continue; /* an orphan response: see where drops are counted */
        }
        line_is_of(at, &talk, &exchange);
        if (hurt[talk]) {
            continue;
        }
        assert_non_null(full[talk][exchange]);
        assert_string_equal(at, full[talk][exchange]);
        full[talk][exchange] = NULL;
        exchanges_told[talk]++;
    }
}

/* Whole or not at all; by the hash; and all of those before and after the overload. */
static uint64_t judge_connections(enum overload_level highest) {
    uint64_t missing = 0;
    for (unsigned i = 0; i < talk_count; i++) {
        bool is_out = highest >= left_out_from[i];
        if (hurt[i]) {
            continue;
        }
        if (exchanges_told[i] == 0) {
            assert_true(is_out);
            assert_in_range(talks[i].begin_ns, OVERLOAD_FROM, RECOVERED);
            missing++;
        } else {
            assert_int_equal(exchanges_told[i], talks[i].exchanges);
        }
    }
    return missing;
}

static void overload_leaves_out_whole_connections(void **state) {
    (void)state;
    struct result full = run(false, 1), slow = run(true, 1);
    const struct overload_counts *o = &slow.ledger.overload;
    assert_int_equal(full.ledger.overload.episodes, 0);
    assert_int_equal(full.ledger.flow.fates[FLOW_SHED], 0);
    assert_int_equal(slow.ledger.source.kernel_dropped, 0);
    assert_in_range(o->highest, OVERLOAD_LEAST + 1, OVERLOAD_MOST);
    assert_int_equal(o->episodes, 1);
    lines_are_among(&full, &full);
    assert_int_equal(judge_connections(OVERLOAD_NONE), 0);
    lines_are_among(&slow, &full);
    uint64_t missing = judge_connections((enum overload_level)o->highest);
    assert_true(missing > 500);
    assert_int_equal(missing, o->connections);
    assert_int_equal(o->forgotten, 0);
    /* a packet left out is not seen above, and nothing else is missing */
    assert_int_equal(slow.ledger.flow.opened + missing, full.ledger.flow.opened);
    assert_int_equal(slow.ledger.source.frames, full.ledger.source.frames);
    assert_int_equal(slow.ledger.flow.payload_bytes + slow.ledger.flow.shed_bytes,
                     full.ledger.flow.payload_bytes);
    assert_int_equal(slow.ledger.flow.opened_midstream, 0);
    assert_int_equal(slow.ledger.http.incomplete, 0);
    result_free(&full);
    result_free(&slow);
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text; text++) {
        lines += *text == '\n';
    }
    return lines;
}

/* The buffer is much smaller than hark thinks, and the kernel drops packets: it hurts those that they were
 * of, and nobody else. */
static void drops_hurt_only_their_own(void **state) {
    (void)state;
    struct result full = run(false, 1), slow = run_with_room(true, 1, BUFFER_PACKETS / 5);
    uint64_t hurt_talks = 0;
    for (unsigned i = 0; i < talk_count; i++) {
        hurt_talks += hurt[i];
    }
    assert_in_range(slow.ledger.source.kernel_dropped, hurt_talks, event_count / 4);
    assert_true(hurt_talks > 100);
    lines_are_among(&slow, &full);
    assert_true(judge_connections((enum overload_level)slow.ledger.overload.highest) > 300);
    uint64_t not_whole = slow.ledger.http.incomplete;
    for (unsigned i = 0; i < PAIRING_REASONS; i++) {
        not_whole += slow.ledger.http.orphan_requests[i] + slow.ledger.http.orphan_responses[i];
    }
    assert_in_range(not_whole, 1, 2 * slow.ledger.source.kernel_dropped);
    result_free(&full);
    result_free(&slow);
}

static void overload_ends_by_itself(void **state) {
    (void)state;
    struct result slow = run(true, 1);
    uint64_t sum_ns = 0;
    assert_int_equal(slow.level, OVERLOAD_NONE);
    for (unsigned i = 0; i < OVERLOAD_LEVELS; i++) {
        sum_ns += slow.ledger.overload.ns_at_level[i];
        bool is_used = i <= slow.ledger.overload.highest && i != OVERLOAD_BODIES; /* frames are small */
        assert_true(is_used == (slow.ledger.overload.ns_at_level[i] > 0));
    }
    assert_in_range(sum_ns, LONG_TO - SEC, LONG_TO + SEC);
    assert_true(slow.ledger.overload.ns_at_level[OVERLOAD_NONE] > (uint64_t)(SHORT_TO - RECOVERED));
    assert_non_null(strstr(slow.said, "hark: overload: "));
    assert_non_null(strstr(slow.said, "hark: overload is over after "));
    assert_int_equal(count_lines(slow.said), 2);
    result_free(&slow);
}

/* The decision is the reader's, so that workers change nothing. */
static void the_same_for_any_number_of_workers(void **state) {
    (void)state;
    static const unsigned jobs[] = {2, 8};
    struct result one = run(true, 1);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        struct result many = run(true, jobs[i]);
        assert_int_equal(many.len, one.len);
        assert_memory_equal(many.records, one.records, one.len);
        assert_memory_equal(&many.ledger.overload, &one.ledger.overload, sizeof one.ledger.overload);
        assert_memory_equal(&many.ledger.flow, &one.ledger.flow, sizeof one.ledger.flow);
        result_free(&many);
    }
    result_free(&one);
}

/* Drops each 20 ms for so long, then calm until it is over. */
static void overload_for(struct guard *guard, struct source *source, int64_t for_ns) {
    struct simulation *s = source->input;
    for (int64_t end_ns = s->now_ns + for_ns; s->now_ns < end_ns; s->now_ns += GUARD_SAMPLE_NS) {
        s->dropped++;
        guard_idle(guard, source);
    }
    for (; guard->level != OVERLOAD_NONE; s->now_ns += GUARD_SAMPLE_NS) {
        guard_idle(guard, source);
    }
}

/* Neither the beginning nor the end is told of a short one right behind another; of a long one it is, late.
 */
static void what_is_said_is_little(void **state) {
    (void)state;
    static const struct {
        int64_t for_ns, rest_ns;
        size_t lines;
    } parts[] = {{SEC, 0, 2}, {SEC, 70 * SEC, 2}, {SEC, 0, 4}, {20 * SEC, 0, 6}};
    struct simulation s = {.now_ns = SEC};
    char message[SOURCE_MESSAGE_BYTES], *text = NULL;
    size_t len;
    FILE *said = open_memstream(&text, &len);
    struct progress progress;
    progress_init(&progress, said, false);
    struct source *source = source_new(&simulated_ops, NULL, message);
    assert_true(said && source);
    source->input = &s;
    struct guard *guard = make_guard(&s, &progress);
    guard_idle(guard, source);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        /* waits grow with each overload so soon after the last; here they are to be short */
        guard->overload.wait_ns = OVERLOAD_LOWER_NS / 4;
        overload_for(guard, source, parts[i].for_ns);
        (void)fflush(said);
        assert_int_equal(count_lines(text), parts[i].lines);
        s.now_ns += parts[i].rest_ns;
    }
    assert_int_equal(guard->overload.counts.episodes, sizeof parts / sizeof *parts);
    guard_free(guard);
    source_free(source);
    assert_int_equal(fclose(said), 0);
    free(text);
}

/* ---- bodies ---- */

static uint32_t kept_bytes; /* of each frame; 0: all */

static bool simulated_cut(struct source *source, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]) {
    (void)source;
    message[0] = '\0';
    kept_bytes = bytes;
    return true;
}

/* A frame of 64,000 bytes each 10 ms, seen `lag_ns` late. */
static void large_frames(struct guard *guard, struct source *source, int64_t for_ns, int64_t lag_ns) {
    struct simulation *s = source->input;
    for (int64_t end_ns = s->now_ns + for_ns; s->now_ns < end_ns;) {
        s->now_ns += 10 * MS;
        struct frame frame = {.bytes = {.len = kept_bytes ? kept_bytes : 64000},
                              .wire_len = 64000,
                              .time_ns = START + s->now_ns - lag_ns};
        guard_frame(guard, source, &frame);
    }
}

/* What is said of an overload of large frames, to be freed; whether connections were left out by it. */
static char *large_overload(const struct source_ops *ops, bool *left_out) {
    struct simulation s = {.now_ns = SEC};
    char message[SOURCE_MESSAGE_BYTES], *text = NULL;
    size_t len;
    FILE *said = open_memstream(&text, &len);
    struct progress progress;
    progress_init(&progress, said, false);
    struct source *source = source_new(ops, NULL, message);
    assert_true(said && source);
    source->input = &s;
    struct guard *guard = make_guard(&s, &progress);
    guard->options.cuts = true;
    kept_bytes = 0;
    large_frames(guard, source, SEC, 0);
    assert_int_equal(guard->level, OVERLOAD_NONE);
    for (int64_t lag_ns = 40 * MS; guard->level == OVERLOAD_NONE; lag_ns += MS) {
        large_frames(guard, source, 10 * MS, lag_ns);
    }
    assert_int_equal(guard->level, OVERLOAD_BODIES);
    assert_int_equal(guard->backlog.cutting, ops->cut != NULL);
    assert_int_equal(kept_bytes, ops->cut ? OVERLOAD_FRAME_BYTES : 0);
    large_frames(guard, source, SEC, 50 * MS);
    *left_out = guard->level >= OVERLOAD_LEAST;
    large_frames(guard, source, 30 * SEC, 0);
    assert_int_equal(guard->level, OVERLOAD_NONE);
    assert_int_equal(kept_bytes, 0);
    assert_false(guard->backlog.cutting);
    assert_int_equal(guard->overload.counts.episodes, 1);
    guard_free(guard);
    source_free(source);
    assert_int_equal(fclose(said), 0);
    return text;
}

static void large_frames_are_cut_and_whole_again(void **state) {
    (void)state;
    struct source_ops ops = simulated_ops;
    bool left_out;
    ops.cut = simulated_cut;
    char *text = large_overload(&ops, &left_out);
    assert_false(left_out);
    assert_non_null(strstr(text, "; keeping 4352 bytes of each frame, "));
    assert_non_null(strstr(text, "is over after "));
    assert_int_equal(count_lines(text), 2);
    free(text);
}

/* The source does not let itself be cut: connections are left out, as if frames were small. */
static void what_can_not_be_cut_is_told_once(void **state) {
    (void)state;
    bool left_out;
    char *text = large_overload(&simulated_ops, &left_out);
    assert_true(left_out);
    assert_null(strstr(text, "keeping"));
    assert_non_null(strstr(text, "can't be cut; connections are left out instead\n"));
    assert_non_null(strstr(text, "; leaving out "));
    assert_int_equal(count_lines(text), 3);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_frames_are_cut_and_whole_again),
        cmocka_unit_test(what_can_not_be_cut_is_told_once),
        cmocka_unit_test(overload_leaves_out_whole_connections),
        cmocka_unit_test(drops_hurt_only_their_own),
        cmocka_unit_test(overload_ends_by_itself),
        cmocka_unit_test(the_same_for_any_number_of_workers),
        cmocka_unit_test(what_is_said_is_little),
    };
    return cmocka_run_group_tests(tests, make_traffic, NULL);
}
