/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/dialogue/dialogue.h"

#include "analyzer/framing.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { REQUESTS = 64, METHOD_BYTES = 32 };

struct asked {
    char method[METHOD_BYTES];
    size_t method_len;
    bool is_0_9;
};

struct asked_list {
    struct asked list[REQUESTS];
    size_t count;
};

struct player {
    struct h1 lexer;
    struct framing_fields fields;
    struct h1_event start; /* only its numbers are alive */
    struct asked_list *asked;
    size_t answering; /* index of the request that the responses have reached */
    struct buf body;
    struct buf *log;
    bool stopped;
};

void log_text(struct buf *log, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < sizeof(text));
    buf_append(log, text, (size_t)len);
}

void log_quoted(struct buf *log, struct slice s) {
    log_text(log, "\"");
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == '\r' || c == '\n' || c == '\t' || c == '\0') {
            log_text(log, "\\%c", c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : '0');
        } else if (c == '"' || c == '\\') {
            log_text(log, "\\%c", c);
        } else if (c < 0x20 || c >= 0x7f) {
            log_text(log, "\\x%02x", c);
        } else {
            buf_append(log, &c, 1);
        }
    }
    log_text(log, "\"");
}

static void log_bits(struct buf *log, uint32_t bits, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bits & (UINT32_C(1) << i)) {
            log_text(log, " %s", names[i]);
        }
    }
    assert(bits >> count == 0);
}

static void log_oddities(struct player *p) {
    static const char *const lexer[] = {"EMPTY_LINES",
                                        "BARE_LF",
                                        "BARE_CR",
                                        "NUL",
                                        "CONTROL",
                                        "OBS_FOLD",
                                        "SPACE_BEFORE_COLON",
                                        "NO_COLON",
                                        "EMPTY_NAME",
                                        "NAME_CHARACTERS",
                                        "START_LINE_SPACES",
                                        "TARGET_SPACES",
                                        "VERSION",
                                        "STATUS",
                                        "LINE_TOO_LONG",
                                        "CHUNK_SIZE",
                                        "CHUNK_EXTENSION",
                                        "CHUNK_END",
                                        "FIRST_FOLD"};
    static const char *const framing[] = {"length-syntax",      "length-repeated",
                                          "length-conflict",    "both",
                                          "not-chunked-last",   "coding-unknown",
                                          "te-in-1.0",          "forbidden",
                                          "length-overflow",    "chunked-twice",
                                          "obscured",           "ambiguous",
                                          "content-unexpected", "cut"};
    log_bits(p->log, p->lexer.oddities, lexer, sizeof(lexer) / sizeof(lexer[0]));
    log_bits(p->log, p->fields.oddities, framing, sizeof(framing) / sizeof(framing[0]));
    log_text(p->log, "\n");
    p->fields.oddities = 0;
}

/* Neighbouring body events are one in the log. */
static void log_body(struct player *p) {
    if (p->body.len) {
        log_text(p->log, "body %zu ", p->body.len);
        log_quoted(p->log, buf_slice(&p->body));
        log_text(p->log, "\n");
        buf_clear(&p->body);
    }
}

static struct slice asked_method(const struct player *p) {
    if (p->answering >= p->asked->count) {
        return slice_make(NULL, 0);
    }
    const struct asked *a = &p->asked->list[p->answering];
    return slice_make(a->method, a->method_len);
}

static void start_message(struct player *p, const struct h1_event *e) {
    p->fields = (struct framing_fields){0};
    p->start = *e;
    log_text(p->log, "start");
    for (size_t i = 0; i < 3; i++) {
        log_text(p->log, " ");
        log_quoted(p->log, e->line[i]);
    }
    log_text(p->log, " %u.%u", e->major, e->minor);
    if (p->lexer.role == H1_RESPONSE) {
        log_text(p->log, " status=%u", e->status);
    } else if (p->asked->count < REQUESTS) {
        struct asked *a = &p->asked->list[p->asked->count++];
        a->method_len = e->line[0].len < METHOD_BYTES ? e->line[0].len : METHOD_BYTES;
        memcpy(a->method, e->line[0].ptr, a->method_len);
        a->is_0_9 = e->line[2].len == 0;
    }
    log_text(p->log, "\n");
}

static void end_head(struct player *p) {
    static const char *const kinds[] = {"none", "length", "chunked", "close", "tunnel"};
    const struct h1_event *start = &p->start;
    struct h1_framing framing;
    if (p->lexer.role == H1_REQUEST) {
        const struct asked *a = &p->asked->list[p->asked->count - 1];
        framing =
            framing_of_request(&p->fields, start->major, start->minor, slice_make(a->method, a->method_len));
    } else {
        framing = framing_of_response(&p->fields, start->major, start->minor, asked_method(p), start->status);
    }
    log_text(p->log, "head-end %s", kinds[framing.kind]);
    if (framing.kind == H1_BODY_LENGTH) {
        log_text(p->log, " %llu", (unsigned long long)framing.length);
    }
    log_text(p->log, "\n");
    h1_begin_body(&p->lexer, framing);
}

static void end_message(struct player *p) {
    log_body(p);
    log_text(p->log, "end %llu-%llu", (unsigned long long)p->lexer.message_offset,
             (unsigned long long)h1_message_end(&p->lexer));
    log_oddities(p);
    if (p->lexer.role == H1_RESPONSE && (p->start.status < 100 || p->start.status > 199)) {
        p->answering++;
    }
    p->stopped = p->lexer.state == H1_DONE;
    if (p->stopped) {
        log_text(p->log, "tunnel\n");
    }
}

static void log_field(struct player *p, const char *kind, const struct h1_event *e) {
    log_body(p);
    log_text(p->log, "%s ", kind);
    log_quoted(p->log, e->name);
    log_text(p->log, " ");
    log_quoted(p->log, e->value);
    log_text(p->log, "\n");
}

static void take_event(struct player *p, const struct h1_event *e) {
    switch (e->type) {
    case H1_START_LINE:
        start_message(p, e);
        break;
    case H1_HEADER:
        if (p->lexer.role == H1_REQUEST && p->start.major == 0) { /* the version was left out */
            p->start.minor = 0;
            p->asked->list[p->asked->count - 1].is_0_9 = false;
        }
        framing_line(&p->fields, e);
        log_field(p, "header", e);
        break;
    case H1_HEADERS_END:
        end_head(p);
        break;
    case H1_BODY:
        assert(e->value.len > 0);
        buf_append_slice(&p->body, e->value);
        break;
    case H1_TRAILER:
        log_field(p, "trailer", e);
        break;
    case H1_MESSAGE_END:
        end_message(p);
        break;
    case H1_BAD:
        log_body(p);
        log_text(p->log, "bad");
        log_oddities(p);
        p->stopped = true;
        break;
    case H1_NEED_MORE:
        break;
    }
}

/* A response to HTTP/0.9 has no head. */
static void begin_old_response(struct player *p) {
    bool at_start = p->lexer.role == H1_RESPONSE && p->lexer.state == H1_AT_START;
    if (at_start && p->answering < p->asked->count && p->asked->list[p->answering].is_0_9) {
        p->start = (struct h1_event){.minor = 9};
        h1_begin_body(&p->lexer, (struct h1_framing){.kind = H1_BODY_CLOSE});
    }
}

/* The chunk is a heap block of its exact size that dies after it was read: no view may outlive it. */
static void play_chunk(struct player *p, struct slice bytes) {
    uint8_t *copy = malloc(bytes.len);
    assert(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    struct slice in = slice_make(copy, bytes.len);
    struct h1_event e;
    uint64_t end = p->lexer.offset + bytes.len;
    do {
        begin_old_response(p);
        take_event(p, (h1_next(&p->lexer, &in, &e), &e));
        assert(p->lexer.offset + in.len == end);
    } while (e.type != H1_NEED_MORE && !p->stopped);
    assert(p->stopped || in.len == 0);
    free(copy);
}

static void play_gap(struct player *p, uint64_t size) {
    struct h1_event e;
    uint64_t before = p->lexer.offset;
    take_event(p, (h1_flush_line(&p->lexer, false, &e), &e));
    log_body(p);
    if (h1_skip(&p->lexer, size)) {
        log_text(p->log, "gap %llu\n", (unsigned long long)size);
        return;
    }
    log_text(p->log, "gap %llu lost%s", (unsigned long long)size, p->lexer.started ? " cut" : "");
    log_oddities(p);
    h1_restart(&p->lexer, p->lexer.role, before + size);
}

static void play_end(struct player *p) {
    static const char *const results[] = {"between", "complete", "truncated"};
    struct h1_event e;
    struct slice none = {0};
    take_event(p, (h1_flush_line(&p->lexer, true, &e), &e));
    take_event(p, (h1_next(&p->lexer, &none, &e), &e));
    log_body(p);
    enum h1_end_result result = h1_end(&p->lexer);
    log_text(p->log, "eof %s", results[result]);
    log_oddities(p);
    p->stopped = true;
}

static void play(const struct speech *s, enum h1_role role, const struct limits *limits, size_t chunk,
                 struct asked_list *asked, struct buf *log) {
    struct player p = {.asked = asked, .log = log};
    buf_init(&p.body, DIALOGUE_BYTES);
    h1_init(&p.lexer, role, limits, 0);
    for (size_t i = 0; i < s->count && !p.stopped; i++) {
        struct slice bytes = buf_slice(&s->parts[i].bytes);
        switch (s->parts[i].kind) {
        case PART_BYTES:
            while (bytes.len && !p.stopped) {
                play_chunk(&p, slice_first(bytes, chunk));
                bytes = slice_after(bytes, chunk);
            }
            break;
        case PART_GAP:
            play_gap(&p, s->parts[i].gap_size);
            break;
        case PART_END:
            play_end(&p);
            break;
        }
    }
    log_body(&p);
    h1_fini(&p.lexer);
    buf_fini(&p.body);
}

void dialogue_replay(const struct dialogue *d, size_t chunk, struct buf *requests, struct buf *responses) {
    struct asked_list asked = {0};
    play(&d->requests, H1_REQUEST, &d->limits, chunk, &asked, requests);
    play(&d->responses, H1_RESPONSE, &d->limits, chunk, &asked, responses);
}
