/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP/1 lexer must give the same events however its bytes are cut into chunks, with losses between them
 * too, and whether they are asked for one by one or not. The whole stream is fed with a chunk up to each
 * loss; then cut at places that the input names, byte by byte, and, where it is short, cut in two at every
 * place. Aborts when events differ, or when the lexer breaks its own rules.
 *
 * Input: one byte of settings (enum settings, and the request's method in its upper bits), one byte that says
 * how many split distances follow (low 4 bits), those distances, then the stream: as it is, or as h1_grammar
 * makes it. */
#include "analyzer/framing.h"
#include "h1_grammar.h"

enum { LOG_CAP = 1 << 24, STREAM_CAP = 1 << 16, SMALL_LINE = 24, MAX_SPLITS = 15, SHORT = 160, PIECES = 200 };
enum settings { RESPONSES = 0x01, SMALL_LINES = 0x02, STREAM_ENDS = 0x04, GRAMMAR = 0x08, METHOD_SHIFT = 4 };

/* How the stream is cut: into chunks of these lengths, what is left in one. */
struct cut {
    const uint8_t *lengths;
    size_t count;
    size_t one; /* instead: the first chunk's length, the rest is one; 0: not */
    bool bytewise;
    bool at_once; /* read as the analyzer does: plain fields many at once, bodies without events */
};

struct run {
    struct h1 lexer;
    struct framing_fields fields;
    enum h1_role role;
    struct slice method; /* of the request that a response answers */
    unsigned major, minor, status;
    uint64_t message_end; /* offset behind the last message */
    struct buf log;
    struct buf body;
    bool stopped;
    bool at_once;
};

static void log_number(struct run *r, uint64_t number) {
    DEMAND(buf_append(&r->log, &number, sizeof(number)));
}

static void log_slice(struct run *r, struct slice s) {
    log_number(r, s.len);
    DEMAND(buf_append_slice(&r->log, s));
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
    struct h1_framing framing =
        r->role == H1_REQUEST ? framing_of_request(&r->fields, r->major, r->minor, r->method)
                              : framing_of_response(&r->fields, r->major, r->minor, r->method, r->status);
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
    DEMAND(r->lexer.started && r->lexer.message_offset >= r->message_end);
    for (size_t i = 0; i < 3; i++) {
        log_slice(r, e->line[i]);
        /* of a line that was cut the version is known beyond the cap */
        DEMAND(e->line[i].len <= r->lexer.limits->line_bytes || e->line[i].len <= sizeof r->lexer.tail);
    }
    log_number(r, r->lexer.message_offset);
    log_number(r, e->major);
    log_number(r, e->minor);
    log_number(r, r->status);
}

static void check_field(const struct run *r, const struct h1_event *e) {
    DEMAND(e->name.len + e->value.len <= r->lexer.limits->line_bytes);
    DEMAND(slice_trim(e->value).len == e->value.len);
    DEMAND(slice_find(e->name, '\n') == e->name.len && slice_find(e->value, '\n') == e->value.len);
}

static void end_message(struct run *r) {
    DEMAND(h1_message_end(&r->lexer) >= r->lexer.message_offset);
    r->message_end = h1_message_end(&r->lexer);
    log_number(r, r->lexer.message_offset);
    log_number(r, r->message_end);
    log_number(r, r->lexer.oddities);
    r->stopped = r->lexer.state == H1_DONE;
}

static void take(struct run *r, const struct h1_event *e) {
    if (e->type == H1_BODY) {
        DEMAND(e->value.len > 0);
        DEMAND(buf_append_slice(&r->body, e->value));
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
        check_field(r, e);
        log_slice(r, e->name);
        log_slice(r, e->value);
        break;
    case H1_TRAILER:
        check_field(r, e);
        log_slice(r, e->name);
        log_slice(r, e->value);
        break;
    case H1_HEADERS_END:
        begin_body(r);
        break;
    case H1_MESSAGE_END:
        end_message(r);
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

/* False: h1_next must say what comes. */
static bool take_at_once(struct run *r, struct slice *in) {
    struct h1_event e = {.type = H1_BODY, .value = *in};
    if (in->len && h1_is_in_body(&r->lexer)) {
        e.value.len = h1_next_body(&r->lexer, in);
        take(r, &e);
        return true;
    }
    struct h1_field fields[3];
    size_t count = r->lexer.state == H1_IN_HEADERS ? h1_next_fields(&r->lexer, in, fields, 3) : 0;
    for (size_t i = 0; i < count; i++) {
        e = (struct h1_event){.type = H1_HEADER, .name = fields[i].name, .value = fields[i].value};
        take(r, &e);
    }
    if (count == 0 && r->lexer.state == H1_IN_HEADERS && h1_next_head_end(&r->lexer, in)) {
        e = (struct h1_event){.type = H1_HEADERS_END};
        take(r, &e);
        return true;
    }
    return count > 0;
}

/* Each chunk is a block of its own that dies after the call. */
static void feed(struct run *r, struct slice bytes) {
    if (bytes.len == 0 || r->stopped) {
        return;
    }
    uint8_t *copy = exact_copy(bytes);
    struct slice in = slice_make(copy, bytes.len);
    uint64_t end = r->lexer.offset + bytes.len;
    struct h1_event e;
    do {
        while (r->at_once && take_at_once(r, &in)) {
            DEMAND(r->lexer.offset + in.len == end);
        }
        size_t left = in.len;
        enum h1_state state = r->lexer.state;
        h1_next(&r->lexer, &in, &e);
        DEMAND(r->lexer.offset + in.len == end);
        DEMAND(in.len < left || e.type != H1_BODY || state != r->lexer.state);
        take(r, &e);
    } while (e.type != H1_NEED_MORE && !r->stopped);
    DEMAND(r->stopped || in.len == 0);
    free(copy);
}

static void feed_cut(struct run *r, struct slice bytes, const struct cut *cut, size_t *turn) {
    while (bytes.len) {
        size_t len = bytes.len;
        if (cut->bytewise) {
            len = 1;
        } else if (cut->one) {
            len = *turn == 0 ? cut->one : len;
        } else if (*turn < cut->count) {
            len = cut->lengths[*turn];
        }
        (*turn)++;
        feed(r, slice_first(bytes, len));
        bytes = slice_after(bytes, len);
    }
}

/* As the reader does it: over what is inside a body of known length, else anew behind it. */
static void lose(struct run *r, uint64_t from, uint64_t len) {
    struct h1_event e = {.type = H1_NEED_MORE};
    if (!r->stopped) {
        DEMAND(r->lexer.offset == from);
        log_number(r, h1_message_end(&r->lexer));
        h1_flush_line(&r->lexer, false, &e);
        take(r, &e);
        if (h1_skip(&r->lexer, len)) {
            log_event(r, H1_NEED_MORE);
            log_number(r, r->lexer.offset);
            DEMAND(r->lexer.offset == from + len);
            return;
        }
    }
    log_event(r, H1_NEED_MORE);
    r->stopped = false;
    r->message_end = from + len;
    h1_restart(&r->lexer, r->role, from + len);
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

struct job {
    enum h1_role role;
    struct limits limits;
    bool end;
    struct slice method;
    struct h1_text text;
};

/* The log of a run over the whole stream; freed by the caller. */
static struct buf run(const struct job *job, const struct cut *cut) {
    struct run r = {.role = job->role, .method = job->method, .at_once = cut->at_once};
    struct slice rest = buf_slice(&job->text.bytes);
    size_t at = 0, turn = 0;
    uint64_t offset = 1000;
    buf_init(&r.log, LOG_CAP);
    buf_init(&r.body, LOG_CAP);
    h1_init(&r.lexer, job->role, &job->limits, offset);
    r.message_end = offset;
    for (size_t i = 0; i < job->text.gaps; i++) {
        size_t len = job->text.gap[i].at - at;
        feed_cut(&r, slice_first(rest, len), cut, &turn);
        offset += len;
        lose(&r, offset, job->text.gap[i].len);
        offset += job->text.gap[i].len;
        rest = slice_after(rest, len);
        at += len;
    }
    feed_cut(&r, rest, cut, &turn);
    finish(&r, job->end);
    h1_fini(&r.lexer);
    buf_fini(&r.body);
    return r.log;
}

static void compare(const struct job *job, const struct buf *whole, const struct cut *cut) {
    struct buf log = run(job, cut);
    DEMAND(slice_equal(buf_slice(whole), buf_slice(&log)));
    buf_fini(&log);
}

static void compare_all(const struct job *job, struct slice splits) {
    struct buf whole = run(job, &(struct cut){0});
    compare(job, &whole, &(struct cut){.lengths = splits.ptr, .count = splits.len});
    compare(job, &whole, &(struct cut){.bytewise = true});
    compare(job, &whole, &(struct cut){.at_once = true});
    compare(job, &whole, &(struct cut){.lengths = splits.ptr, .count = splits.len, .at_once = true});
    for (size_t one = 1; job->text.bytes.len <= SHORT && one < job->text.bytes.len; one++) {
        compare(job, &whole, &(struct cut){.one = one});
    }
    buf_fini(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const methods[] = {"GET", "HEAD", "CONNECT", ""};
    struct input in = input_of(data, size);
    uint8_t settings = input_u8(&in);
    struct slice splits = input_bytes(&in, input_u8(&in) & MAX_SPLITS);
    struct job job = {.role = settings & RESPONSES ? H1_RESPONSE : H1_REQUEST,
                      .limits = limits_default(),
                      .end = settings & STREAM_ENDS,
                      .method = slice_of(methods[settings >> METHOD_SHIFT & 3])};
    if (settings & SMALL_LINES) {
        job.limits.line_bytes = SMALL_LINE;
    }
    buf_init(&job.text.bytes, STREAM_CAP);
    if (!(settings & GRAMMAR)) {
        (void)buf_append_slice(&job.text.bytes, slice_first(in.rest, STREAM_CAP));
        compare_all(&job, splits);
    } else if (h1_grammar(&job.text, &in, settings & RESPONSES, PIECES)) {
        compare_all(&job, splits);
    }
    buf_fini(&job.text.bytes);
    return 0;
}
