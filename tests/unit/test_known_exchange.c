/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered changes no record: exchanges that mostly are as others were, but for a few values, are
 * written with memory and without, and must be the same. */
#include "analyzer/http_conn.h"
#include "analyzer/known_exchange.h"
#include "output/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BASE = 1000, TEXT = 4096, RECORD = 1 << 16 };
static const enum direction CLIENT = DIRECTION_0, SERVER = DIRECTION_1;

/* An analyzer with its writer. */
struct bench {
    struct limits limits;
    struct memory memory;
    struct transaction_store *store;
    struct http_environment *environment;
    struct record_writer *writer;
    struct connection connection;
    void *conn;
    uint64_t ordinal;
    int64_t time_ns; /* from when on */
    struct buf out;
};

static void on_finished(void *context, const struct transaction *t) {
    struct bench *b = context;
    assert_true(record_write(b->writer, t, &b->out));
}

static void bench_init(struct bench *b, const struct mask_options *hide, struct value_memo *values,
                       struct known_heads *heads) {
    *b = (struct bench){.limits = limits_default()};
    const struct transaction_observer observer = {.context = b, .finished = on_finished};
    const struct record_options options = {.format = RECORD_NDJSON, .record_bytes = RECORD, .hide = *hide};
    memory_init(&b->memory, b->limits.memory);
    b->store = transaction_store_new(&b->limits, &b->memory, &observer);
    b->environment = http_environment_new(&b->limits, &b->memory, b->store);
    b->writer = record_writer_new(&options);
    assert_non_null(b->environment);
    assert_non_null(b->writer);
    http_environment_remember(b->environment, values, heads);
    buf_init(&b->out, 1 << 20);
}

static void bench_fini(struct bench *b) {
    buf_fini(&b->out);
    record_writer_free(b->writer);
    http_environment_free(b->environment);
    transaction_store_free(b->store);
    memory_fini(&b->memory);
}

static void give(struct bench *b, enum direction direction, const char *text) {
    struct connection *c = &b->connection;
    const struct slice bytes = slice_of(text);
    const struct segment segment = {.time_ns = b->time_ns + (int64_t)++b->ordinal * 1000,
                                    .offset = c->delivered[direction],
                                    .ack = c->delivered[direction_other(direction)],
                                    .has_ack = true,
                                    .number = b->ordinal,
                                    .ordinal = b->ordinal};
    const struct chunk chunk = {
        .bytes = bytes, .offset = segment.offset, .segment = &segment, .must_take = true};
    assert_int_equal(http_conn_ops.data(b->conn, direction, &chunk), bytes.len);
    c->delivered[direction] += bytes.len;
}

static void begin_connection(struct bench *b, uint64_t ordinal, bool midstream) {
    b->connection = (struct connection){.ordinal = ordinal, .midstream = midstream};
    b->connection.key.ip_version = 4;
    for (unsigned i = 0; i < 2; i++) {
        b->connection.start_known[i] = true;
        b->connection.start[i] = b->connection.delivered[i] = b->connection.lowest[i] = BASE;
    }
    b->conn = http_conn_ops.open(b->environment, &b->connection);
    assert_non_null(b->conn);
}

static void end_connection(struct bench *b) {
    http_conn_ops.end(b->conn, SERVER, END_FIN, (int64_t)b->ordinal);
    http_conn_ops.end(b->conn, CLIENT, END_FIN, (int64_t)b->ordinal);
    http_conn_ops.close(b->conn);
}

static uint64_t seed = 1;

static size_t random_below(size_t limit) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % limit;
}

/* A line and values that it may have; the first one mostly. */
struct line {
    const char *name, *values[5];
};

static const struct line request_lines[] = {
    {"Host", {"a.example", "b.example", "a.example:81", "b b"}},
    {"User-Agent", {"one/1", "two/2", "http://u:pw@c.example/"}},
    {"Accept", {"*/*", "text/html;q=0.5", "text/html;q=2", "a,,b"}},
    {"Referer", {"http://a.example/x", "http://u:pw@a.example/", "https://a.example/", "/#f", "http:///x"}},
    {"Cookie", {"a=1; session=2", "b=2", ""}},
    {"Authorization", {"Basic dTpwdw==", "Bearer x", "Digest username=\"u\""}},
    {"If-None-Match", {"\"1\"", "\"2\", W/\"3\"", "x"}},
    {"If-Modified-Since",
     {"Sun, 29 Nov 2026 01:01:44 GMT", "Sunday, 29-Nov-26 01:01:44 GMT", "Sat, 28 Nov 2026 01:01:44 GMT"}},
    {"Range", {"bytes=0-1", "bytes=x"}},
    {"If-Range", {"\"1\"", "W/\"1\""}},
    {"Origin", {"http://a.example", "null"}},
    {"Cache-Control", {"no-cache", "max-age=\"1\"", "no-store"}},
    {"Pragma", {"no-cache", "x"}},
    {"Connection", {"keep-alive", "close", "te", "Host"}},
    {"TE", {"trailers", "chunked"}},
    {"Expect", {"100-continue", "x"}},
    {"Via", {"1.1 proxy", "1.0 a, 1.1 b"}},
    {"X-Forwarded-For", {"192.0.2.1", "198.51.100.7"}},
    {"Traceparent", {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x"}},
    {"Date", {"Sunday, 29-Nov-26 01:01:44 GMT", "Sun, 29 Nov 2026 01:01:44 GMT", "x"}},
    {"Last-Modified", {"Sunday, 29-Nov-26 01:01:44 GMT", "x"}},
    {"If-Unmodified-Since", {"Sunday, 29-Nov-26 01:01:44 GMT", "Sun, 29 Nov 2026 01:01:44 GMT"}},
    {"If-Match", {"\"1\"", "*", "\"2\""}},
    {"Upgrade", {"websocket", "h2c"}},
    {"Content-Type", {"text/plain", "x"}},
    {"Accept-Encoding", {"gzip, br", "gzip;q=5"}},
    {"Max-Forwards", {"1", "x"}},
    {"Proxy-Connection", {"keep-alive", "close"}},
    {"Priority", {"u=1", "u=9"}},
    {"X-Other", {"1", "token=2"}},
};
static const struct line response_lines[] = {
    {"Server", {"nginx/1.22.1", "other"}},
    {"Date",
     {"Sun, 29 Nov 2026 01:01:52 GMT", "Sun, 29 Nov 2026 01:01:53 GMT", "Sunday, 29-Nov-26 01:01:52 GMT",
      "Mon, 29 Nov 2026 01:01:52 GMT", "x"}},
    {"Last-Modified",
     {"Sun, 29 Nov 2026 01:01:44 GMT", "Sat, 28 Nov 2026 01:01:44 GMT", "Mon, 30 Nov 2026 01:01:44 GMT",
      "0"}},
    {"Expires", {"Sun, 29 Nov 2026 02:01:52 GMT", "0", "Sunday, 29-Nov-26 02:01:52 GMT"}},
    {"ETag", {"\"1\"", "W/\"1\"", "\"2\"", "\"\xff\"", "x"}},
    {"Content-Type", {"text/html; charset=utf-8", "application/json", "x"}},
    {"Cache-Control", {"max-age=60", "private", "no-store", "public, s-maxage=1, x=\"a, b\""}},
    {"CDN-Cache-Control", {"max-age=3", "no-store"}},
    {"Vary", {"Accept", "*", "X-Unknown, Cookie"}},
    {"Age", {"1", "100", "x"}},
    {"X-Cache", {"HIT", "MISS"}},
    {"Accept-Ranges", {"bytes", "none"}},
    {"Content-Range", {"bytes 0-1/10", "x"}},
    {"Content-Location", {"/x", "/y"}},
    {"Location", {"/x", "http://a.example/y"}},
    {"Set-Cookie", {"a=1; Expires=Sun, 29-Nov-26 01:01:44 GMT", "b=2; Path=/"}},
    {"Connection", {"keep-alive", "close", "Date"}},
    {"Keep-Alive", {"timeout=5, max=99", "timeout=5, max=98"}},
    {"Content-Security-Policy", {"default-src 'self'", "script-src 'unsafe-inline'"}},
    {"X-Content-Type-Options", {"nosniff", "x"}},
    {"Link", {"</a.css>; rel=preload", "</b.css>; rel=preload"}},
    {"X-Request-Id", {"1", "2"}},
    {"Retry-After", {"120", "Sunday, 29-Nov-26 01:01:44 GMT", "x"}},
    {"WWW-Authenticate", {"Basic realm=\"a\"", "Digest realm=\"a\", realm=\"b\""}},
    {"Via", {"1.1 proxy", "1.1 other"}},
    {"Content-Encoding", {"gzip", "identity"}},
    {"Upgrade", {"websocket", "h2c"}},
    {"X-Other", {"1", "2"}},
};
enum {
    REQUEST_LINES = sizeof request_lines / sizeof *request_lines,
    RESPONSE_LINES = sizeof response_lines / sizeof *response_lines
};

/* Which lines a head has: a bit each. */
static uint64_t choose(size_t lines, size_t most) {
    uint64_t chosen = 0;
    for (size_t count = random_below(most + 1); count; count--) {
        chosen |= UINT64_C(1) << random_below(lines);
    }
    return chosen;
}

struct text {
    size_t len;
    char bytes[TEXT];
};

static __attribute__((format(printf, 2, 3))) void put(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text->bytes + text->len, TEXT - text->len, format, arguments);
    va_end(arguments);
    assert_true(len >= 0 && text->len + (size_t)len < TEXT);
    text->len += (size_t)len;
}

/* Values are the first ones but for `others` in a hundred. */
static void put_lines(struct text *text, const struct line *lines, size_t count, uint64_t chosen,
                      size_t others) {
    for (size_t i = 0; i < count; i++) {
        size_t values = 0;
        while (values < 5 && lines[i].values[values]) {
            values++;
        }
        size_t value = random_below(100) < others ? random_below(values) : 0;
        if (chosen >> i & 1) {
            put(text, "%s: %s\r\n", lines[i].name, lines[i].values[value]);
        }
    }
}

/* What two messages have in common with those that follow. */
struct scene {
    uint64_t request, response;
    const char *method, *target, *version;
    const char *status;
    bool fresh; /* each response has an entity tag of its own */
};

static const char *const statuses[] = {"200 OK",    "200 OK",     "304 Not Modified", "206 Partial", "404 No",
                                       "301 Moved", "412 Failed", "401 Who",          "500 Oh",      "299 X"};

static struct scene make_scene(void) {
    static const char *const methods[] = {"GET", "GET", "POST", "HEAD", "OPTIONS", "PROPFIND-LONG"},
                             *const targets[] = {"/x", "/x", "/y?token=1", "http://a.example/x", "*"},
                             *const versions[] = {"1.1", "1.1", "1.1", "1.0", "1.2"};
    return (struct scene){.request = choose(REQUEST_LINES, 6) | 1,
                          .response = choose(RESPONSE_LINES, 9),
                          .method = methods[random_below(sizeof methods / sizeof *methods)],
                          .target = targets[random_below(sizeof targets / sizeof *targets)],
                          .version = versions[random_below(sizeof versions / sizeof *versions)],
                          .status = statuses[random_below(sizeof statuses / sizeof *statuses)]};
}

static void put_exchange(const struct scene *scene, size_t others, struct text *request,
                         struct text *response) {
    static const char *const bodies[] = {"", "b", "bo", "bod"};
    const char *status = random_below(100) < others
                             ? statuses[random_below(sizeof statuses / sizeof *statuses)]
                             : scene->status;
    const char *method = random_below(100) < others ? "POST" : scene->method;
    size_t len = random_below(sizeof bodies / sizeof *bodies);
    bool body = strcmp(method, "HEAD") != 0 && strncmp(status, "304", 3) != 0;
    request->len = response->len = 0;
    put(request, "%s %s HTTP/%s\r\n", method, scene->target, scene->version);
    put_lines(request, request_lines, REQUEST_LINES, scene->request, others);
    put(request, "\r\n");
    put(response, "HTTP/1.1 %s\r\n", status);
    put_lines(response, response_lines, RESPONSE_LINES, scene->response, others);
    if (scene->fresh) {
        put(response, "ETag: \"%zx\"\r\n", random_below(1 << 20));
    }
    put(response, "Content-Length: %zu\r\n\r\n%s", len, body ? bodies[len] : "");
}

/* What is with memory, and what is without. */
struct benches {
    struct bench with, without;
    struct value_memo *values;
    struct known_heads *heads;
    uint64_t connections;
};

static void compare(struct benches *benches, const char *request, const char *response) {
    struct bench *with = &benches->with, *without = &benches->without;
    if (!slice_equal(buf_slice(&with->out), buf_slice(&without->out))) {
        print_error("%s%s\n%.*s\ninstead of\n%.*s\n", request, response, (int)with->out.len,
                    (const char *)with->out.ptr, (int)without->out.len, (const char *)without->out.ptr);
        fail();
    }
    buf_clear(&with->out);
    buf_clear(&without->out);
}

/* One connection, `count` exchanges on it. */
static void converse(struct benches *benches, const struct scene *scene, size_t others, size_t count) {
    static struct text request, response;
    const uint64_t ordinal = ++benches->connections;
    const bool midstream = random_below(100) < 5;
    const int64_t time_ns = random_below(100) < 90 ? 0 : INT64_C(1) << 61; /* 73 years on */
    struct bench *both[] = {&benches->with, &benches->without};
    for (size_t i = 0; i < 2; i++) {
        both[i]->time_ns = time_ns;
        begin_connection(both[i], ordinal, midstream);
    }
    for (; count; count--) {
        put_exchange(scene, others, &request, &response);
        if (random_below(100) < 3) {
            response.bytes[random_below(response.len) + 1] = '\0'; /* it is cut */
            count = 1;
        }
        for (size_t i = 0; i < 2; i++) {
            give(both[i], CLIENT, request.bytes);
            give(both[i], SERVER, response.bytes);
        }
        compare(benches, request.bytes, response.bytes);
    }
    end_connection(both[0]);
    end_connection(both[1]);
    compare(benches, request.bytes, response.bytes);
}

static void benches_init(struct benches *benches, const struct mask_options *hide) {
    *benches = (struct benches){.values = value_memo_new(), .heads = known_heads_new(0)};
    assert_true(benches->values && benches->heads);
    bench_init(&benches->with, hide, benches->values, benches->heads);
    bench_init(&benches->without, hide, NULL, NULL);
}

static void benches_fini(struct benches *benches) {
    bench_fini(&benches->with);
    bench_fini(&benches->without);
    value_memo_free(benches->values);
    known_heads_free(benches->heads);
}

static void check(const struct mask_options *hide) {
    static struct benches benches;
    benches_init(&benches, hide);
    size_t known = 0;
    for (size_t turn = 0; turn < 400; turn++) {
        const struct scene scene = make_scene(), other = make_scene();
        for (size_t i = 0; i < 24; i++) {
            converse(&benches, i % 8 < 6 ? &scene : &other, i < 4 ? 0 : 12, 1 + random_below(3));
        }
        for (size_t i = 0; i < EXCHANGE_SLOTS; i++) {
            known += benches.heads->exchanges[i].stamp != 0;
        }
    }
    assert_true(known > 400);
    benches_fini(&benches);
}

/* Most exchanges differ in few values, and in the same ones. */
static void check_usual(const struct mask_options *hide) {
    static struct benches benches;
    benches_init(&benches, hide);
    for (size_t turn = 0; turn < 200; turn++) {
        const struct scene scene = {.request = choose(REQUEST_LINES, 3) | 3,
                                    .response = (choose(RESPONSE_LINES, 4) | 0x21) & ~UINT64_C(0x10),
                                    .method = "GET",
                                    .target = "/usual",
                                    .version = "1.1",
                                    .status = "200 OK",
                                    .fresh = true};
        for (size_t i = 0; i < 40; i++) {
            converse(&benches, &scene, i % 8 < 6 ? 0 : 4, 4);
        }
    }
    benches_fini(&benches);
}

static void test_in_clear(void **state) {
    (void)state;
    check(&(struct mask_options){.secrets = false});
    check_usual(&(struct mask_options){.secrets = false});
}

static void test_masked(void **state) {
    (void)state;
    check(&(struct mask_options){.secrets = true});
    check_usual(&(struct mask_options){.secrets = true});
    check(&(struct mask_options){.secrets = true,
                                 .hash_secrets = true,
                                 .anonymize_addresses = true,
                                 .key = slice_of("0123456789abcdef0123456789abcdef")});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_clear),
        cmocka_unit_test(test_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
