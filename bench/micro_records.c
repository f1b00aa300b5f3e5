/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a transaction between services and of a browser's, and strings alone. */
#include "bench/micro.h"
#include "bench/way.h"

#include "output/record.h"
#include "output/writer.h"
#include "tests/unit/record_sample.h"

#include <stdio.h>

enum { RECORDS = 100, STRINGS = 1000, BYTES = 1 << 20 };

struct material {
    struct record_writer *writer;
    struct sample sample;
    struct slice string;
    struct buf out;
    uint8_t copy[BYTES];
};

static const char *name_file(void *context, uint32_t file) {
    (void)context, (void)file;
    return "capture.pcap";
}

static struct record_writer *new_writer(bool mask) {
    struct record_options options = {.format = RECORD_NDJSON,
                                     .mask_secrets = mask,
                                     .record_bytes = limits_default().record_bytes,
                                     .file_name = name_file};
    struct record_writer *writer = record_writer_new(&options);
    if (!writer) {
        bench_die("out of memory");
    }
    return writer;
}

static void write_records(void *context) {
    struct material *m = context;
    buf_clear(&m->out);
    for (int i = 0; i < RECORDS; i++) {
        if (!record_write(m->writer, &m->sample.t, &m->out)) {
            bench_die("the record does not fit");
        }
    }
}

static void write_strings(void *context) {
    struct material *m = context;
    struct writer writer;
    buf_clear(&m->out);
    writer_init(&writer, &m->out);
    for (int i = 0; i < STRINGS; i++) {
        writer_string(&writer, m->string);
    }
}

static void copy_out(void *context) {
    struct material *m = context;
    memcpy(m->copy, m->out.ptr, m->out.len);
    micro_keep((uintptr_t)m->copy);
}

static void add_browser_fields(struct sample *sample) {
    static const char *const request[][2] = {
        {"Accept-Encoding", "gzip, deflate"},
        {"Accept-Language", "en-GB,en;q=0.9,de;q=0.7"},
        {"Cookie", "sid=0123456789abcdef0123456789abcdef; _ga=GA1.2.123456789; theme=dark"},
        {"Sec-Fetch-Mode", "no-cors"},
        {"Sec-Fetch-Site", "same-origin"},
        {"DNT", "1"},
        {"Connection", "keep-alive"}};
    static const char *const response[][2] = {
        {"Server", "nginx"},
        {"Date", "Fri, 20 Nov 2026 16:12:45 GMT"},
        {"Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT"},
        {"Connection", "keep-alive"},
        {"ETag", "\"6553f100-2ca7\""},
        {"Cache-Control", "public, max-age=86400, stale-while-revalidate=600"},
        {"Vary", "Accept-Encoding, Origin"},
        {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
        {"X-Content-Type-Options", "nosniff"},
        {"Set-Cookie", "sid=0123456789abcdef0123456789abcdef; Path=/; Max-Age=3600; HttpOnly"}};
    for (size_t i = 0; i < sizeof(request) / sizeof(request[0]); i++) {
        sample_request_field(sample, request[i][0], request[i][1]);
    }
    for (size_t i = 0; i < sizeof(response) / sizeof(response[0]); i++) {
        sample_response_field(sample, response[i][0], response[i][1]);
    }
}

/* As the analyzer keeps lines in which nothing is odd: then a record writer knows those that it has written
 * before. */
static void join_fields(struct header_list *list, char *room, size_t bytes) {
    for (uint32_t i = 0; i < list->count; i++) {
        struct header *field = &list->items[i];
        size_t len = field->name.len + 2 + field->value.len;
        if (len > bytes) {
            bench_die("no room for a field");
        }
        memcpy(room, field->name.ptr, field->name.len);
        memcpy(room + field->name.len, ": ", 2);
        memcpy(room + field->name.len + 2, field->value.ptr, field->value.len);
        field->name.ptr = (const uint8_t *)room;
        field->value.ptr = (const uint8_t *)room + field->name.len + 2;
        field->joined = true;
        room += len;
        bytes -= len;
    }
}

static void measure_record(struct material *m, const char *what) {
    char name[96];
    double ns = micro_time(write_records, m, RECORDS);
    snprintf(name, sizeof(name), "record, %s, %zu bytes", what, m->out.len / RECORDS);
    micro_print(name, ns, micro_time(copy_out, m, RECORDS), "one copy of it");
}

static void measure_string(struct material *m, const char *what, const char *text) {
    char name[96];
    m->string = slice_of(text);
    double ns = micro_time(write_strings, m, STRINGS);
    snprintf(name, sizeof(name), "string of %zu bytes, %s", m->string.len, what);
    micro_print(name, ns, micro_time(copy_out, m, STRINGS), "one copy of it");
}

void micro_records(void) {
    static struct material m;
    m.writer = new_writer(true);
    buf_init(&m.out, BYTES);
    sample_init(&m.sample);
    measure_record(&m, "6 fields, all new");
    add_browser_fields(&m.sample);
    measure_record(&m, "23 fields, all new");
    record_writer_free(m.writer);
    m.writer = new_writer(false);
    measure_record(&m, "23 fields, all new, --secrets=keep");
    record_writer_free(m.writer);
    m.writer = new_writer(true);
    char lines[2][2048];
    join_fields(&m.sample.t.request.headers, lines[0], sizeof lines[0]);
    join_fields(&m.sample.t.response.headers, lines[1], sizeof lines[1]);
    measure_record(&m, "23 fields, all seen before");
    measure_string(
        &m, "plain",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8");
    measure_string(
        &m, "quotes and a backslash",
        "text/html,\"application/xhtml+xml\",application/xml;q=0.9,image\\avif,image/webp,image/apng,*/*;q");
    measure_string(&m, "UTF-8",
                   "/suche?q=gr\xc3\xbc\xc3\x9f"
                   "e-aus-m\xc3\xbcnchen-und-k\xc3\xb6ln-\xe2\x82\xac-\xf0\x9f\x98\x80-und-noch-etwas-mehr-"
                   "text-bis-es-reicht");
    record_writer_free(m.writer);
    buf_fini(&m.out);
}
