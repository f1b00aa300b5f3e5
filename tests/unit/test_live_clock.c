/* SPDX-License-Identifier: Apache-2.0 */
/* Time on an interface: the packets' clock jumps or is set back, and packets stay away. The source is a
 * script; what it expects of the output is asked in the midst of the run, when no end has flushed anything.
 */
#include "capture/source_ops.h"
#include "cli/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/dlt.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MS(n)    ((n)*NS_PER_MILLISECOND)
#define HOURS(n) ((n)*3600 * NS_PER_SECOND)
#define START    (INT64_C(1700000000) * NS_PER_SECOND)

enum { IDLE_TIMEOUT_MS = 400, TURN_MS = 50 };

enum step_kind {
    ASK,    /* three packets: a connection opens, its client asks */
    ANSWER, /* a packet */
    SILENCE,
    EXPECT, /* so many records that have the word */
    END,
};

struct step {
    enum step_kind kind;
    unsigned connection;
    int64_t time_ns; /* stamp; how long */
    const char *word;
    unsigned count;
};

struct script {
    const struct step *step;
    unsigned turn; /* of the step */
    uint64_t number;
    uint8_t bytes[256];
    const char *path; /* of the output */
};

static void put32(uint8_t *at, uint32_t value) {
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* A packet of a connection, of which the client's stream begins at 1000 and the server's at 5000. */
static struct slice packet(struct script *script, unsigned connection, bool from_server, uint32_t seq,
                           uint32_t ack, uint8_t flags, const char *payload) {
    uint8_t *to = script->bytes;
    size_t len = 40 + strlen(payload);
    memset(to, 0, sizeof script->bytes);
    to[0] = 0x45;
    to[3] = (uint8_t)len;
    to[8] = 64;
    to[9] = 6;
    put32(to + 12, from_server ? 0x0a000002 : 0x0a000001);
    put32(to + 16, from_server ? 0x0a000001 : 0x0a000002);
    put32(to + 20, from_server ? 80U << 16 | (2000 + connection) : (2000 + connection) << 16 | 80);
    put32(to + 24, seq);
    put32(to + 28, ack);
    to[32] = 0x50;
    to[33] = flags;
    to[34] = 0xff;
    memcpy(to + 40, payload, strlen(payload));
    return slice_make(to, len);
}

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char RESPONSE[] = "HTTP/1.1 204 No Content\r\n\r\n";

static struct slice ask(struct script *script, unsigned connection) {
    switch (script->turn) {
    case 0:
        return packet(script, connection, false, 1000, 0, TCP_SYN, "");
    case 1:
        return packet(script, connection, true, 5000, 1001, TCP_SYN | TCP_ACK, "");
    default:
        return packet(script, connection, false, 1001, 5001, TCP_ACK | TCP_PSH, REQUEST);
    }
}

static unsigned count_lines(const char *path, const char *word) {
    char line[16384];
    unsigned count = 0;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        count += strstr(line, word) != NULL;
    }
    (void)fclose(file);
    return count;
}

static void next_step(struct script *script) {
    script->step++;
    script->turn = 0;
}

static enum source_status give(struct script *script, struct frame *frame, struct slice bytes) {
    *frame = (struct frame){.bytes = bytes,
                            .wire_len = (uint32_t)bytes.len,
                            .link_type = DLT_RAW,
                            .time_ns = script->step->time_ns + script->turn * 1000,
                            .number = ++script->number};
    return SOURCE_FRAME;
}

static enum source_status script_next(struct source *source, struct frame *frame) {
    struct script *script = source->input;
    const struct step *step = script->step;
    enum source_status status = SOURCE_END;
    switch (step->kind) {
    case ASK:
        status = give(script, frame, ask(script, step->connection));
        break;
    case ANSWER:
        status = give(script, frame,
                      packet(script, step->connection, true, 5001, 1001 + (uint32_t)strlen(REQUEST),
                             TCP_ACK | TCP_PSH, RESPONSE));
        break;
    case SILENCE:
        nanosleep(&(struct timespec){.tv_nsec = MS(TURN_MS)}, NULL);
        status = SOURCE_IDLE;
        break;
    case EXPECT:
        if (count_lines(script->path, step->word) != step->count) {
            fail_msg("%u records with %s instead of %u", count_lines(script->path, step->word), step->word,
                     step->count);
        }
        next_step(script);
        return script_next(source, frame);
    case END:
        return SOURCE_END;
    }
    unsigned turns = step->kind == ASK      ? 3
                     : step->kind == ANSWER ? 1
                                            : (unsigned)(step->time_ns / MS(TURN_MS));
    if (++script->turn == turns) {
        next_step(script);
    }
    return status;
}

static void script_counts(const struct source *source, struct source_counts *counts) {
    (void)source;
    (void)counts;
}

static const char *script_name(const struct source *source, uint32_t file) {
    (void)source;
    (void)file;
    return "script";
}

static void script_free(struct source *source) {
    (void)source;
}

static const struct source_ops script_ops = {.next = script_next,
                                             .counts = script_counts,
                                             .file_name = script_name,
                                             .free = script_free,
                                             .live = true};

static const char *name_file(void *source, uint32_t file) {
    return source_file_name(source, file);
}

static void play(const struct step *steps, unsigned workers) {
    char path[] = "/tmp/hark-test-clock-XXXXXX", message[SOURCE_MESSAGE_BYTES];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct script script = {.step = steps, .path = path};
    struct source *source = source_new(&script_ops, NULL, message);
    struct sink *sink = sink_open(path, message);
    assert_true(source && sink);
    source->input = &script;
    struct limits limits = limits_default();
    limits.flow_idle_ns = MS(IDLE_TIMEOUT_MS);
    limits.skew_ns = MS(100);
    struct decode_options decode = {.vlan_in_key = false};
    struct record_options record = {.format = RECORD_NDJSON,
                                    .record_bytes = limits.record_bytes,
                                    .file_name = name_file,
                                    .file_name_context = source};
    struct decoder *decoder = decoder_new(&decode, &limits);
    struct crew *crew = crew_new(&limits, &record, workers, sink);
    assert_true(decoder && crew);
    struct progress progress;
    progress_init(&progress, stderr, false);
    struct pipeline_parts parts = {.source = source,
                                   .decoder = decoder,
                                   .crew = crew,
                                   .progress = &progress,
                                   .limits = &limits,
                                   .flush_interval_ns = MS(200)};
    struct pipeline pipeline;
    pipeline_init(&pipeline, &parts);
    assert_int_equal(pipeline_run(&pipeline), CREW_OK);
    struct ledger ledger = {0};
    char why[256];
    pipeline_counts(&pipeline, &ledger);
    assert_true(ledger_balances(&ledger, why));
    crew_free(crew);
    decoder_free(decoder);
    assert_int_equal(sink_close(sink), SINK_OK);
    sink_free(sink);
    source_free(source);
    assert_int_equal(unlink(path), 0);
}

/* The time-out, ticks, and with other threads their turns and the wait for a flush. */
#define LONG_SILENCE                                                                                         \
    { SILENCE, 0, MS(IDLE_TIMEOUT_MS + 600), NULL, 0 }

static void test_idle_without_packets(void **state) {
    (void)state;
    const struct step steps[] = {{ASK, 1, START, NULL, 0},
                                 {SILENCE, 0, MS(100), NULL, 0},
                                 {EXPECT, 0, 0, "hark", 0},
                                 LONG_SILENCE,
                                 {EXPECT, 0, 0, "\"reason\":\"idle\"", 1},
                                 {END, 0, 0, NULL, 0}};
    play(steps, 1);
    play(steps, 3);
}

static void test_set_back_by_hours(void **state) {
    (void)state;
    const struct step steps[] = {{ASK, 1, START, NULL, 0},
                                 {ASK, 2, START - HOURS(3), NULL, 0},
                                 {ANSWER, 2, START - HOURS(3) + MS(5), NULL, 0},
                                 {SILENCE, 0, MS(300), NULL, 0},
                                 {EXPECT, 0, 0, "\"type\":\"transaction\"", 1},
                                 {ASK, 3, START - HOURS(3) + MS(300), NULL, 0},
                                 LONG_SILENCE,
                                 /* neither stands still until the old time comes again */
                                 {EXPECT, 0, 0, "\"reason\":\"idle\"", 2},
                                 {END, 0, 0, NULL, 0}};
    play(steps, 1);
    play(steps, 3);
}

static void test_jump_ahead(void **state) {
    (void)state;
    const struct step steps[] = {{ASK, 1, START, NULL, 0},
                                 {ASK, 2, START + HOURS(24), NULL, 0}, /* the first one's time is over */
                                 {ANSWER, 2, START + HOURS(24) + MS(5), NULL, 0},
                                 {SILENCE, 0, MS(300), NULL, 0},
                                 {EXPECT, 0, 0, "\"reason\":\"idle\"", 1},
                                 {EXPECT, 0, 0, "\"type\":\"transaction\"", 1},
                                 {END, 0, 0, NULL, 0}};
    play(steps, 1);
    play(steps, 3);
}

/* One wild stamp among sane ones ends nobody's connection. */
static void test_a_wild_stamp(void **state) {
    (void)state;
    const struct step steps[] = {{ASK, 1, START, NULL, 0},
                                 {ANSWER, 9, START + HOURS(1000), NULL, 0},
                                 {ANSWER, 1, START + MS(20), NULL, 0},
                                 {SILENCE, 0, MS(300), NULL, 0},
                                 {EXPECT, 0, 0, "\"type\":\"transaction\"", 1},
                                 {EXPECT, 0, 0, "\"reason\":\"idle\"", 0},
                                 {END, 0, 0, NULL, 0}};
    play(steps, 1);
    play(steps, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_without_packets),
        cmocka_unit_test(test_set_back_by_hours),
        cmocka_unit_test(test_jump_ahead),
        cmocka_unit_test(test_a_wild_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
