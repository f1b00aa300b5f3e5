/* SPDX-License-Identifier: Apache-2.0 */
#include "capture_run.h"

#include "cli/pipeline.h"
#include "input.h"
#include "schema.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    FRAMES = 20000, /* that are looked at: a file of headers alone would take too long */
    PATH_BYTES = 64,
};

/* A file without a name; `path` opens it. */
static int memory_file(struct slice content, char path[PATH_BYTES]) {
    int descriptor = memfd_create("capture", MFD_CLOEXEC);
    DEMAND(descriptor >= 0 && write(descriptor, content.ptr, content.len) == (ssize_t)content.len);
    snprintf(path, PATH_BYTES, "/proc/self/fd/%d", descriptor);
    return descriptor;
}

struct limits capture_run_limits(void) {
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

static const char *name_of_file(void *source, uint32_t file) {
    return source_file_name(source, file);
}

static struct source *open_capture(const char *const *path) {
    struct source_files_options files = {.paths = path, .path_count = 1, .frame_count = FRAMES};
    enum source_error error;
    char message[SOURCE_MESSAGE_BYTES] = "";
    struct source *source = source_open_files(&files, &error, message);
    DEMAND(source || message[0] != '\0');
    return source;
}

static void check_ledger(const struct ledger *ledger) {
    char why[256];
    if (!ledger_balances(ledger, why)) {
        fprintf(stderr, "ledger does not balance: %s\n", why);
        ledger_print(ledger, stderr);
        abort();
    }
}

static void run_source(struct source *source, const struct limits *limits, const struct capture_run *run,
                       unsigned workers, struct sink *sink, struct ledger *ledger) {
    struct record_options record = {.format = RECORD_NDJSON,
                                    .mask_secrets = run->mask_secrets,
                                    .hide = run->hide,
                                    .omitted = run->omitted,
                                    .record_bytes = limits->record_bytes,
                                    .file_name = name_of_file,
                                    .file_name_context = source};
    struct decode_options decode = {.verify_checksums = run->verify_checksums,
                                    .vlan_in_key = run->separate_vlans};
    static FILE *nowhere;
    nowhere = nowhere ? nowhere : fopen("/dev/null", "w");
    struct progress progress;
    progress_init(&progress, nowhere, false);
    struct decoder *decoder = decoder_new(&decode, limits);
    struct crew *crew = crew_new(limits, &record, workers, sink);
    DEMAND(decoder && crew);
    struct pipeline_parts parts = {.source = source,
                                   .decoder = decoder,
                                   .crew = crew,
                                   .progress = &progress,
                                   .limits = limits,
                                   .flush_interval_ns = NS_PER_SECOND};
    struct pipeline pipeline;
    pipeline_init(&pipeline, &parts);
    DEMAND(pipeline_run(&pipeline) == CREW_OK);
    DEMAND(sink_close(sink) == SINK_OK);
    pipeline_counts(&pipeline, ledger);
    check_ledger(ledger);
    crew_free(crew);
    decoder_free(decoder);
}

/* The output's bytes; freed by the caller. */
static struct slice read_output(int descriptor, size_t len) {
    uint8_t *bytes = malloc(len + 1);
    DEMAND(bytes && pread(descriptor, bytes, len + 1, 0) == (ssize_t)len);
    return slice_make(bytes, len);
}

/* False when the capture can't be opened. */
static bool run_capture(struct slice capture, const struct limits *limits, const struct capture_run *run,
                        unsigned workers, struct slice *output, struct ledger *ledger) {
    char path[PATH_BYTES], output_path[PATH_BYTES], message[SINK_MESSAGE_BYTES];
    int input = memory_file(capture, path), result = memory_file(slice_make(NULL, 0), output_path);
    const char *const paths[] = {path};
    struct source *source = open_capture(paths);
    *ledger = (struct ledger){0};
    if (source) {
        struct sink *sink = sink_open(output_path, message);
        DEMAND(sink);
        run_source(source, limits, run, workers, sink, ledger);
        *output = read_output(result, sink_bytes(sink));
        DEMAND(ledger->output_bytes == output->len);
        sink_free(sink);
        source_free(source);
    }
    close(result);
    close(input);
    return source != NULL;
}

static void must(bool holds, const char *what, struct slice line) {
    if (!holds) {
        fprintf(stderr, "%s: %.*s\n", what, (int)line.len, line.ptr ? (const char *)line.ptr : "");
        abort();
    }
}

static const struct schema *the_schema(void) {
    static struct schema *schema;
    char why[256];
    if (!schema) {
        schema = schema_load(HARK_SCHEMA, why, sizeof why);
    }
    must(schema != NULL, why, slice_make(NULL, 0));
    return schema;
}

static void check_record(struct json_object *record, struct slice line) {
    char why[512];
    must(schema_allows(the_schema(), record, why, sizeof why), why, line);
}

static uint64_t check_lines(struct slice output, const struct capture_run *run) {
    static struct json_tokener *tokener;
    uint64_t lines = 0;
    tokener = tokener ? tokener : json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    while (output.len) {
        struct slice line = slice_first(output, slice_find(output, '\n'));
        must(line.len < output.len, "a line without its end", line);
        json_tokener_reset(tokener);
        struct json_object *record =
            json_tokener_parse_ex(tokener, (const char *)line.ptr, (int)line.len + 1);
        must(record && json_object_is_type(record, json_type_object), "not a JSON object", line);
        check_record(record, line);
        if (run->look) {
            run->look(run->context, record);
        }
        json_object_put(record);
        output = slice_after(output, line.len + 1);
        lines++;
    }
    return lines;
}

static uint64_t written(const struct ledger *ledger) {
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof ledger->records / sizeof *ledger->records; i++) {
        sum += ledger->records[i];
    }
    return sum;
}

void capture_run(struct slice capture, const struct limits *limits, const struct capture_run *run) {
    struct slice output, second;
    struct ledger ledger, second_ledger;
    if (!run_capture(capture, limits, run, run->workers, &output, &ledger)) {
        return;
    }
    DEMAND(check_lines(output, run) == written(&ledger));
    DEMAND(ledger.records_unwritten == 0);
    if (run->again) {
        DEMAND(run_capture(capture, limits, run, run->second_workers, &second, &second_ledger));
        DEMAND(slice_equal(output, second));
        DEMAND(memcmp(&ledger.flow, &second_ledger.flow, sizeof ledger.flow) == 0);
        DEMAND(memcmp(&ledger.http, &second_ledger.http, sizeof ledger.http) == 0);
        free((void *)(uintptr_t)second.ptr);
    }
    free((void *)(uintptr_t)output.ptr);
}
