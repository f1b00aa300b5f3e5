/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way from a capture file to the output, with any number of workers: the same bytes, a ledger that
 * balances, nothing lost. The capture is made here: hundreds of connections at once, of which some stay
 * silent, some lose packets, and some are open at the end. */
#include "cli/pipeline.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CONNECTIONS = 300,
    STEPS = 24, /* packets of one connection */
    FRAME_ROOM = 2048,
};

static char capture_path[] = "hark-capture-XXXXXX";
static uint32_t random_state = 12345;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(random_state >> 8) * limit >> 24);
}

static void put16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* One TCP connection as its two ends see it. */
struct peer_state {
    unsigned number;
    unsigned step;
    uint32_t sent[2]; /* sequence numbers of client and server */
};

static size_t make_packet(uint8_t *frame, const struct peer_state *peers, bool from_server, uint8_t flags,
                          const char *payload) {
    size_t len = strlen(payload);
    memset(frame, 0, 40);
    frame[0] = 0x45;
    put16(frame + 2, (unsigned)(40 + len));
    frame[8] = 64;
    frame[9] = 6;
    uint32_t addresses[2] = {0x0a000000 + peers->number % 50, 0x0a010001};
    unsigned ports[2] = {20000 + peers->number, 8000 + peers->number % 3};
    put32(frame + 12, addresses[from_server]);
    put32(frame + 16, addresses[!from_server]);
    put16(frame + 20, ports[from_server]);
    put16(frame + 22, ports[!from_server]);
    put32(frame + 24, peers->sent[from_server]);
    put32(frame + 28, flags & TCP_ACK ? peers->sent[!from_server] : 0);
    frame[32] = 0x50;
    frame[33] = flags;
    put16(frame + 34, 65535);
    memcpy(frame + 40, payload, len);
    return 40 + len;
}

/* The connection's next packet: a handshake, then requests and responses in turn, each acknowledged by the
 * next, and a FIN of each side for two connections of three. */
static size_t next_packet(struct peer_state *peers, uint8_t *frame) {
    char text[512] = "";
    unsigned step = peers->step++;
    bool from_server = step % 2 == 1;
    uint8_t flags = TCP_ACK;
    uint32_t extra = 0;
    if (step < 2) {
        flags = (uint8_t)(TCP_SYN | (step ? TCP_ACK : 0));
        extra = 1;
    } else if (step >= STEPS - 2) {
        flags = peers->number % 3 ? TCP_ACK | TCP_FIN : TCP_ACK;
        extra = peers->number % 3 ? 1 : 0;
    } else if (!from_server) {
        snprintf(text, sizeof(text),
                 "GET /%u/%u HTTP/1.1\r\nHost: host%u.example\r\nUser-Agent: test\r\n\r\n", peers->number,
                 step, peers->number % 7);
    } else {
        unsigned body = random_below(200);
        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n%0*d", body + 1,
                 (int)body + 1, 0);
    }
    size_t len = make_packet(frame, peers, from_server, flags, text);
    peers->sent[from_server] += (uint32_t)strlen(text) + extra;
    return len;
}

static bool is_lost(const struct peer_state *peers) {
    return peers->number % 10 == 7 && peers->step > 3 && random_below(12) == 0;
}

static int make_capture(void **state) {
    (void)state;
    int fd = mkstemp(capture_path);
    assert_true(fd >= 0);
    close(fd);
    pcap_t *pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, 65535, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t *dumper = pcap_dump_open(pcap, capture_path);
    assert_non_null(dumper);
    static struct peer_state peers[CONNECTIONS];
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        peers[i] = (struct peer_state){.number = i, .sent = {i * 1000, 0xfffff000U + i}};
    }
    int64_t now = INT64_C(1700000000) * NS_PER_SECOND;
    for (unsigned left = CONNECTIONS * STEPS; left > 0; left--) {
        unsigned i = random_below(CONNECTIONS);
        while (peers[i].step == STEPS) {
            i = (i + 1) % CONNECTIONS;
        }
        uint8_t frame[FRAME_ROOM];
        size_t len = next_packet(&peers[i], frame);
        /* now and then a long silence: many connections are idle together */
        now += left % 2000 == 0 ? 20 * NS_PER_SECOND : random_below(4000000);
        if (is_lost(&peers[i])) {
            continue;
        }
        struct pcap_pkthdr header = {.ts = {.tv_sec = now / NS_PER_SECOND, .tv_usec = now % NS_PER_SECOND},
                                     .caplen = (bpf_u_int32)len,
                                     .len = (bpf_u_int32)len};
        pcap_dump((u_char *)dumper, &header, frame);
    }
    pcap_dump_close(dumper);
    pcap_close(pcap);
    return 0;
}

static int remove_capture(void **state) {
    (void)state;
    return unlink(capture_path);
}

static const char *name_file(void *context, uint32_t file) {
    return source_file_name(context, file);
}

/* A run and what came of it. */
struct result {
    char *text;
    size_t len;
    struct ledger ledger;
    enum crew_status status;
};

static uint64_t records_of(const struct ledger *ledger) {
    uint64_t sum = 0;
    for (size_t i = 0; i <= TRANSACTION_TUNNEL; i++) {
        sum += ledger->records[i];
    }
    return sum;
}

static void run_pipeline(struct source *source, struct sink *sink, const struct limits *limits,
                         unsigned workers, enum record_format format, struct result *result) {
    struct decode_options decode = {0};
    struct record_options record = {.format = format,
                                    .mask_secrets = true,
                                    .record_bytes = limits->record_bytes,
                                    .file_name = name_file,
                                    .file_name_context = source};
    struct decoder *decoder = decoder_new(&decode, limits);
    struct crew *crew = crew_new(limits, &record, workers, sink);
    assert_non_null(decoder);
    assert_non_null(crew);
    struct progress progress;
    progress_init(&progress, stderr, false);
    struct pipeline_parts parts = {.source = source,
                                   .decoder = decoder,
                                   .crew = crew,
                                   .progress = &progress,
                                   .limits = limits,
                                   .flush_interval_ns = NS_PER_SECOND};
    struct pipeline pipeline;
    pipeline_init(&pipeline, &parts);
    result->status = pipeline_run(&pipeline);
    result->ledger = (struct ledger){0};
    pipeline_counts(&pipeline, &result->ledger);
    assert_int_equal(crew_written(crew), records_of(&result->ledger));
    crew_free(crew);
    decoder_free(decoder);
    char why[256];
    if (!ledger_balances(&result->ledger, why)) {
        ledger_print(&result->ledger, stderr);
        fail_msg("-j%u: ledger does not balance: %s", workers, why);
    }
}

static struct source *open_capture(void) {
    const char *const paths[] = {capture_path};
    struct source_files_options files = {.paths = paths, .path_count = 1};
    enum source_error error;
    char message[SOURCE_MESSAGE_BYTES];
    struct source *source = source_open_files(&files, &error, message);
    if (!source) {
        fail_msg("%s", message);
    }
    return source;
}

static struct result run_capture(const struct limits *limits, unsigned workers, enum record_format format) {
    struct result result = {0};
    char path[] = "hark-output-XXXXXX", message[SINK_MESSAGE_BYTES];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    struct source *source = open_capture();
    run_pipeline(source, sink, limits, workers, format, &result);
    assert_int_equal(result.status, CREW_OK);
    assert_int_equal(sink_close(sink), SINK_OK);
    sink_free(sink);
    source_free(source);
    off_t size = lseek(fd, 0, SEEK_END);
    result.len = (size_t)size;
    assert_int_equal(result.len, result.ledger.output_bytes);
    result.text = malloc(result.len + 1);
    assert_int_equal(pread(fd, result.text, result.len, 0), size);
    result.text[result.len] = '\0';
    close(fd);
    unlink(path);
    return result;
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text; text++) {
        lines += *text == '\n';
    }
    return lines;
}

/* Runs with many numbers of workers; all results must be that of one. */
static struct ledger same_for_any_jobs(const struct limits *limits, enum record_format format,
                                       size_t headings) {
    static const unsigned jobs[] = {2, 3, 8, 64};
    struct result one = run_capture(limits, 1, format);
    assert_int_equal(count_lines(one.text), records_of(&one.ledger) + headings);
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        struct result many = run_capture(limits, jobs[i], format);
        assert_int_equal(many.len, one.len);
        if (memcmp(many.text, one.text, one.len) != 0) {
            fail_msg("-j%u writes other bytes than -j1", jobs[i]);
        }
        many.ledger.speed = one.ledger.speed;
        /* what was held at most is counted by partition, so even the peaks are the same */
        assert_memory_equal(&many.ledger, &one.ledger, sizeof(one.ledger));
        free(many.text);
    }
    free(one.text);
    return one.ledger;
}

static void test_same_bytes(void **state) {
    (void)state;
    struct limits limits = limits_default();
    struct ledger ledger = same_for_any_jobs(&limits, RECORD_NDJSON, 0);
    /* 10 exchanges a connection; few are lost, or have one record for each half */
    assert_in_range(records_of(&ledger), CONNECTIONS * 10 - 100, CONNECTIONS * 10 + 100);
    assert_in_range(ledger.records[TRANSACTION_PAIR], CONNECTIONS * 10 - 200, CONNECTIONS * 10 - 1);
    assert_true(ledger.flow.gap_bytes > 0);
    assert_int_equal(ledger.flow.opened, CONNECTIONS);
    assert_int_equal(ledger.records_unwritten, 0);
}

static void test_same_bytes_text(void **state) {
    (void)state;
    struct limits limits = limits_default();
    same_for_any_jobs(&limits, RECORD_TEXT, 1);
}

/* Few flows are held: evictions do not depend on the number of workers. */
static void test_same_evictions(void **state) {
    (void)state;
    struct limits limits = limits_default();
    limits.flows = 2 * HARK_PARTITIONS;
    struct ledger ledger = same_for_any_jobs(&limits, RECORD_NDJSON, 0);
    assert_true(ledger.flow.cap_flows > 100);
    assert_in_range(ledger.flow.closed[END_EVICTED], 100, ledger.flow.cap_flows); /* some lingered, closed */
}

/* Idle connections end at ticks, many of all partitions in one; records of one tick are in the order of their
 * connections. */
static void test_same_expiries(void **state) {
    (void)state;
    struct limits limits = limits_default();
    limits.flow_idle_ns = 10 * NS_PER_SECOND;
    limits.hold_time_ns = 5 * NS_PER_SECOND;
    struct ledger ledger = same_for_any_jobs(&limits, RECORD_NDJSON, 0);
    assert_true(ledger.flow.closed[END_IDLE] > 100);
    assert_true(ledger.flow.opened > CONNECTIONS);
}

/* What can't be written is counted, and the run ends early. */
static void test_sink_fails(void **state) {
    (void)state;
    struct limits limits = limits_default();
    for (unsigned workers = 1; workers <= 4; workers += 3) {
        char message[SINK_MESSAGE_BYTES];
        struct sink *sink = sink_open("/dev/full", message);
        assert_non_null(sink);
        struct source *source = open_capture();
        struct result result;
        run_pipeline(source, sink, &limits, workers, RECORD_NDJSON, &result);
        assert_int_equal(result.status, CREW_SINK_ENDED);
        assert_int_equal(records_of(&result.ledger), 0);
        assert_true(result.ledger.records_unwritten > 0);
        assert_int_equal(result.ledger.output_bytes, 0);
        assert_int_equal(sink_close(sink), SINK_FAILED);
        sink_free(sink);
        source_free(source);
    }
}

/* A stopped source: what came before is finished and written. */
static void test_stop(void **state) {
    (void)state;
    struct limits limits = limits_default();
    char message[SINK_MESSAGE_BYTES];
    struct sink *sink = sink_open("/dev/null", message);
    assert_non_null(sink);
    struct source *source = open_capture();
    source_stop(source);
    struct result result;
    run_pipeline(source, sink, &limits, 2, RECORD_NDJSON, &result);
    assert_int_equal(result.status, CREW_OK);
    assert_int_equal(records_of(&result.ledger), 0);
    assert_int_equal(sink_close(sink), SINK_OK);
    sink_free(sink);
    source_free(source);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),     cmocka_unit_test(test_same_bytes_text),
        cmocka_unit_test(test_same_evictions), cmocka_unit_test(test_same_expiries),
        cmocka_unit_test(test_sink_fails),     cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, make_capture, remove_capture);
}
