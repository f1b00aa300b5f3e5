/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP/1 lexer must give the same events however its bytes are cut into chunks. Input: one byte of
 * settings (bit 0 the role, bit 1 a small line cap, bit 2 the stream's end at the end), one byte that says
 * how many split distances follow (low 4 bits), those distances, then the stream. Aborts when the whole and
 * the split feed differ, or when the lexer breaks its own rules. */
#include "analyzer/framing.h"

#include <stdlib.h>

enum { LOG_CAP = 1 << 24, SMALL_LINE = 24, MAX_SPLITS = 15 };

struct run {
    struct h1 lexer;
    struct framing_fields fields;
    enum h1_role role;
    unsigned major, minor, status;
    struct buf log;
    struct buf body;
    bool stopped;
};

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void log_number(struct run *r, uint64_t number) {
    require(buf_append(&r->log, &number, sizeof(number)));
}

static void log_slice(struct run *r, struct slice s) {
    log_number(r, s.len);
    require(buf_append_slice(&r->log, s));
}

static void log_event(struct run *r, enum h1_event_type type) {
    if (r->body.len) {
        log_number(r, H1_BODY);
        log_slice(r, buf_slice(&r->body));
        buf_clear(&r->body);
    }
    log_number(r, type);
}

static void begin_body(struct run *r) {
    struct slice method = slice_of("GET");
    struct h1_framing framing = r->role == H1_REQUEST
                                    ? framing_of_request(&r->fields, r->major, r->minor, method)
                                    : framing_of_response(&r->fields, r->major, r->minor, method, r->status);
    log_number(r, framing.kind);
    log_number(r, framing.length);
    log_number(r, r->fields.oddities);
    h1_begin_body(&r->lexer, framing);
}

static void start_message(struct run *r, const struct h1_event *e) {
    r->fields = (struct framing_fields){0};
    r->major = e->major;
    r->minor = e->minor;
    r->status = r->role == H1_RESPONSE ? e->status : 0;
    for (size_t i = 0; i < 3; i++) {
        log_slice(r, e->line[i]);
    }
    log_number(r, e->major);
    log_number(r, e->minor);
    log_number(r, r->status);
}

static void take(struct run *r, const struct h1_event *e) {
    if (e->type == H1_BODY) {
        require(e->value.len > 0);
        require(buf_append_slice(&r->body, e->value));
        return;
    }
    if (e->type == H1_NEED_MORE) {
        return;
    }
    log_event(r, e->type);
    switch (e->type) {
    case H1_START_LINE:
        start_message(r, e);
        break;
    case H1_HEADER:
        framing_field(&r->fields, e->name, e->value);
        log_slice(r, e->name);
        log_slice(r, e->value);
        break;
    case H1_TRAILER:
        log_slice(r, e->name);
        log_slice(r, e->value);
        break;
    case H1_HEADERS_END:
        begin_body(r);
        break;
    case H1_MESSAGE_END:
        log_number(r, r->lexer.message_offset);
        log_number(r, h1_message_end(&r->lexer));
        log_number(r, r->lexer.oddities);
        r->stopped = r->lexer.state == H1_DONE;
        break;
    case H1_BAD:
        log_number(r, r->lexer.oddities);
        r->stopped = true;
        break;
    case H1_BODY:
    case H1_NEED_MORE:
        break;
    }
}

/* Each chunk is a block of its own that dies after the call. */
static void feed(struct run *r, struct slice bytes) {
    if (bytes.len == 0 || r->stopped) {
        return;
    }
    uint8_t *copy = malloc(bytes.len);
    require(copy != NULL);
    memcpy(copy, bytes.ptr, bytes.len);
    struct slice in = slice_make(copy, bytes.len);
    uint64_t end = r->lexer.offset + bytes.len;
    struct h1_event e;
    do {
        h1_next(&r->lexer, &in, &e);
        require(r->lexer.offset + in.len == end);
        take(r, &e);
    } while (e.type != H1_NEED_MORE && !r->stopped);
    require(r->stopped || in.len == 0);
    free(copy);
}

static void finish(struct run *r, bool end) {
    struct h1_event e = {.type = H1_NEED_MORE};
    struct slice none = {0};
    if (!r->stopped && end) {
        h1_flush_line(&r->lexer, true, &e);
        take(r, &e);
        h1_next(&r->lexer, &none, &e);
        take(r, &e);
    }
    log_event(r, H1_NEED_MORE);
    log_number(r, r->lexer.state);
    log_number(r, (uint64_t)h1_end(&r->lexer));
}

static void run(struct run *r, enum h1_role role, const struct limits *limits, struct slice stream,
                struct slice splits, bool end) {
    *r = (struct run){.role = role};
    buf_init(&r->log, LOG_CAP);
    buf_init(&r->body, LOG_CAP);
    h1_init(&r->lexer, role, limits, 0);
    for (size_t i = 0; i < splits.len; i++) {
        feed(r, slice_first(stream, splits.ptr[i]));
        stream = slice_after(stream, splits.ptr[i]);
    }
    feed(r, stream);
    finish(r, end);
    h1_fini(&r->lexer);
    buf_fini(&r->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > LOG_CAP / 64) {
        return 0;
    }
    struct limits limits = limits_default();
    if (data[0] & 2) {
        limits.line_bytes = SMALL_LINE;
    }
    enum h1_role role = data[0] & 1 ? H1_RESPONSE : H1_REQUEST;
    bool end = (data[0] & 4) != 0;
    struct slice rest = slice_make(data + 2, size - 2);
    struct slice splits = slice_first(rest, data[1] & MAX_SPLITS);
    struct slice stream = slice_after(rest, splits.len);
    struct slice no_splits = {0};
    uint8_t ones[1024];
    memset(ones, 1, sizeof(ones));
    struct run whole, split, bytewise;
    run(&whole, role, &limits, stream, no_splits, end);
    run(&split, role, &limits, stream, splits, end);
    run(&bytewise, role, &limits, stream, slice_make(ones, sizeof(ones)), end);
    require(slice_equal(buf_slice(&whole.log), buf_slice(&split.log)));
    require(slice_equal(buf_slice(&whole.log), buf_slice(&bytewise.log)));
    buf_fini(&whole.log);
    buf_fini(&split.log);
    buf_fini(&bytewise.log);
    return 0;
}
