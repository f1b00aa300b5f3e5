/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of hark on one thread: the input is a capture file of any format; what comes out must be whole
 * lines of JSON, each read back by json-c, and the ledger must balance. Caps are small, so that they are
 * reached. */
#include "capture/clock.h"
#include "cli/worker.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Most frames of one input that are looked at: a file of headers alone would take too long. */
enum { FRAMES = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *name_of_file(void *context, uint32_t file) {
    return source_file_name(context, file);
}

static struct limits small_limits(void) {
    struct limits limits = limits_default();
    limits.flows = 8 * HARK_PARTITIONS;
    limits.held_bytes = (size_t)HARK_PARTITIONS * (256 << 10);
    limits.stream_held_bytes = 64 << 10;
    limits.fragment_datagrams = 16;
    limits.fragment_bytes = 256 << 10;
    limits.head_bytes = 16 << 10;
    limits.line_bytes = 4 << 10;
    limits.headers = 32;
    limits.open_requests = 8;
    limits.interim_responses = 2;
    limits.memory = (size_t)HARK_PARTITIONS * (1 << 20);
    return limits;
}

static void must(bool holds, const char *what, struct slice line) {
    if (!holds) {
        fprintf(stderr, "%s: %.*s\n", what, (int)line.len, (const char *)line.ptr);
        abort();
    }
}

/* A line of output: an object, alone on its line, with what every record has. */
static void check_line(struct json_tokener *tokener, struct slice line) {
    must(line.len > 2 && line.ptr[line.len - 1] == '\n', "not a line", line);
    must(slice_find(line, '\n') == line.len - 1, "a line feed inside a record", line);
    json_tokener_reset(tokener);
    struct json_object *record = json_tokener_parse_ex(tokener, (const char *)line.ptr, (int)line.len);
    must(record && json_object_is_type(record, json_type_object), "not a JSON object", line);
    static const char *const keys[] = {"@timestamp", "event", "hark", "network", "client", "server"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        must(json_object_object_get_ex(record, keys[i], NULL), keys[i], line);
    }
    json_object_put(record);
}

/* The records left by one event; counted as written. */
static void check_records(struct json_tokener *tokener, struct outbox *outbox, struct ledger *ledger) {
    outbox_sort(outbox);
    for (size_t i = 0; i < outbox->count; i++) {
        struct slice line = outbox_bytes(outbox, &outbox->records[i]);
        if (i > 0) {
            must(place_compare(&outbox->records[i - 1].place, &outbox->records[i].place) < 0,
                 "two records with one place", line);
        }
        check_line(tokener, line);
        ledger->records[outbox->records[i].type]++;
        ledger->output_bytes += line.len;
    }
    outbox_clear(outbox, 1 << 20);
}

struct run {
    struct source *source;
    struct decoder *decoder;
    struct packet_clock clock;
    struct worker worker;
    struct outbox outbox;
    struct json_tokener *tokener;
    struct ledger ledger;
    uint64_t event;
};

static void take_frame(struct run *run, const struct frame *frame) {
    struct packet packet;
    int64_t now_ns = packet_clock_advance(&run->clock, frame->time_ns);
    if (decoder_decode(run->decoder, frame, &packet) == DECODE_TCP) {
        worker_packet(&run->worker, run->event, &packet, flow_key_hash(&packet.key));
    }
    decoder_tick(run->decoder, now_ns);
    worker_tick(&run->worker, run->event + 1, now_ns);
    run->event += 2;
    check_records(run->tokener, &run->outbox, &run->ledger);
}

static void run_to_the_end(struct run *run) {
    struct frame frame;
    enum source_status status;
    while ((status = source_next(run->source, &frame)) != SOURCE_END) {
        if (status == SOURCE_FRAME) {
            take_frame(run, &frame);
        }
    }
    for (unsigned partition = 0; partition < HARK_PARTITIONS; partition++) {
        worker_finish(&run->worker, partition, run->event, run->clock.now_ns);
    }
    check_records(run->tokener, &run->outbox, &run->ledger);
}

static void check_ledger(struct run *run) {
    struct ledger *ledger = &run->ledger;
    source_counts(run->source, &ledger->source);
    decoder_counts(run->decoder, &ledger->decode);
    worker_counts(&run->worker, ledger);
    ledger->clock_jumps = run->clock.jumps;
    ledger->clock_steps_back = run->clock.steps_back;
    ledger->clock_wild = run->clock.wild;
    char why[256];
    if (!ledger_balances(ledger, why)) {
        fprintf(stderr, "ledger does not balance: %s\n", why);
        ledger_print(ledger, stderr);
        abort();
    }
}

static void run_source(struct source *source) {
    struct limits limits = small_limits();
    struct decode_options decode = {.verify_checksums = false};
    struct record_options record = {.format = RECORD_NDJSON,
                                    .mask_secrets = true,
                                    .record_bytes = limits.record_bytes,
                                    .file_name = name_of_file,
                                    .file_name_context = source};
    struct run run = {.source = source, .tokener = json_tokener_new(), .event = 1};
    json_tokener_set_flags(run.tokener, JSON_TOKENER_STRICT);
    packet_clock_init(&run.clock, &limits);
    run.decoder = decoder_new(&decode, &limits);
    outbox_init(&run.outbox, WORKER_OUTBOX_BYTES);
    if (run.decoder && worker_init(&run.worker, &limits, &record)) {
        run.worker.outbox = &run.outbox;
        run_to_the_end(&run);
        check_ledger(&run);
    }
    worker_fini(&run.worker);
    outbox_fini(&run.outbox);
    decoder_free(run.decoder);
    json_tokener_free(run.tokener);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int descriptor = memfd_create("capture", MFD_CLOEXEC);
    if (descriptor < 0 || write(descriptor, data, size) != (ssize_t)size) {
        abort();
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    const char *const paths[] = {path};
    struct source_files_options files = {.paths = paths, .path_count = 1, .frame_count = FRAMES};
    enum source_error error;
    char message[SOURCE_MESSAGE_BYTES];
    struct source *source = source_open_files(&files, &error, message);
    if (source) {
        run_source(source);
        source_free(source);
    } else if (message[0] == '\0') {
        abort();
    }
    close(descriptor);
    return 0;
}
