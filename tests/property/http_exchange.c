/* SPDX-License-Identifier: Apache-2.0 */
#include "http_exchange.h"

#include "capture/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 12000, BODY_BYTES = 60000 };

uint32_t http_draw(struct http_writer *w, uint32_t n) {
    return script_chance(w->seed, 1, w->draws++, n);
}

#define draw http_draw

/* Mostly within the moment, sometimes longer than any skew. */
static void pass(struct http_writer *w) {
    static const uint32_t microseconds[] = {20, 20, 200, 2000, 30000, 400000, 3000000};
    uint32_t kind = draw(w, 60);
    w->now_ns += 1000 + (int64_t)draw(w, microseconds[kind < 7 ? kind : kind % 3]) * 1000;
}

void http_put(struct http_writer *w, int direction, uint32_t len, uint8_t flags) {
    struct script_talk *t = w->talk;
    script_must(t->count < SCRIPT_WRITES);
    t->writes[t->count++] = (struct script_write){.time_ns = w->now_ns,
                                                  .direction = direction,
                                                  .from = t->len[direction],
                                                  .to = t->len[direction] + len,
                                                  .ack = w->had[direction],
                                                  .flags = flags};
    t->len[direction] += len;
    pass(w);
}

void http_hear(struct http_writer *w, int direction) {
    w->had[direction] = w->talk->len[!direction];
}

/* An ACK without data, as delayed acknowledgements are sent. */
static void maybe_acknowledge(struct http_writer *w, int direction) {
    if (draw(w, 3) == 0) {
        http_hear(w, direction);
        http_put(w, direction, 0, TCP_ACK);
    }
}

static void say_bytes(struct http_writer *w, int direction, const void *bytes, size_t len) {
    struct script_talk *t = w->talk;
    script_must(t->len[direction] + len <= SCRIPT_BYTES);
    memcpy(t->bytes[direction] + t->len[direction], bytes, len);
    http_put(w, direction, (uint32_t)len, TCP_ACK | TCP_PSH);
    maybe_acknowledge(w, !direction);
}

/* The writer has not read more than it had: what it says crosses with what comes. */
__attribute__((format(printf, 3, 4))) static void say_across(struct http_writer *w, int direction,
                                                             const char *format, ...) {
    char text[TEXT_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    script_must(len > 0 && (size_t)len < sizeof text);
    say_bytes(w, direction, text, (size_t)len);
}

#define SAY(w, direction, ...) (http_hear(w, direction), say_across(w, direction, __VA_ARGS__))

/* ---- bodies ---- */

static const char *body(struct http_writer *w, size_t *len) {
    static const char decoy[] = "GET /decoy HTTP/1.1\r\nHost: decoy\r\n\r\nHTTP/1.1 200 OK\r\nId: "
                                "decoy\r\nContent-Length: 3\r\n\r\nabc";
    static char text[BODY_BYTES];
    static const uint32_t lengths[] = {1, 4, 60, 300, 3000, 8000};
    *len = draw(w, draw(w, 120) ? lengths[draw(w, 6)] : BODY_BYTES);
    for (size_t i = 0; i < *len; i++) {
        text[i] = (char)('a' + (i + w->name[1]) % 26);
    }
    for (size_t at = draw(w, 200); draw(w, 3) == 0 && at + sizeof decoy <= *len;
         at += sizeof decoy + draw(w, 500)) {
        memcpy(text + at, decoy, sizeof decoy - 1);
    }
    return text;
}

static void say_body(struct http_writer *w, int direction, const char *text, size_t len) {
    size_t first = len > 1 && draw(w, 2) == 0 ? draw(w, (uint32_t)len) : len;
    if (first) {
        say_bytes(w, direction, text, first);
    }
    if (len > first) {
        say_bytes(w, direction, text + first, len - first);
    }
}

static void say_chunks(struct http_writer *w, int direction) {
    for (uint32_t i = 0, n = draw(w, 4); i < n; i++) {
        size_t len = 0;
        const char *text = body(w, &len);
        if (len > 0) {
            say_across(w, direction, "%zx%s\r\n", len, draw(w, 3) == 0 ? ";part=\"x\"" : "");
            say_body(w, direction, text, len);
            say_across(w, direction, "\r\n");
        }
    }
    say_across(w, direction, draw(w, 3) == 0 ? "0\r\nSum: 1\r\nSum: 2\r\n\r\n" : "0\r\n\r\n");
}

/* ---- heads ---- */

#define REQUEST  "%s /%u-%u-%u HTTP/1.1\r\nHost: a.example\r\nUser-Agent: script\r\n"
#define RESPONSE "HTTP/1.1 %u %s\r\nServer: script\r\nId: %u-%u-%u\r\n"
#define NAME(w)  (w)->name[0], (w)->name[1], (w)->part

/* The last thing said was the head of this exchange's message, and perhaps more. */
static void was_head(struct http_writer *w, int direction, uint32_t from) {
    struct script_talk *t = w->talk;
    const uint8_t *bytes = t->bytes[direction];
    uint32_t to = from + 4;
    while (to < t->len[direction] && memcmp(bytes + to - 4, "\r\n\r\n", 4) != 0) {
        to++;
    }
    script_must(t->heads < SCRIPT_HEADS);
    struct script_head *head = &t->head[t->heads++];
    *head = (struct script_head){.direction = direction, .from = from, .to = to};
    snprintf(head->name, sizeof head->name, "%u-%u-%u", NAME(w));
}

/* A head, told from what is said otherwise. */
#define SAY_HEAD(w, direction, ...)                                                                          \
    do {                                                                                                     \
        uint32_t head_from = (w)->talk->len[direction];                                                      \
        say_across(w, direction, __VA_ARGS__);                                                               \
        was_head(w, direction, head_from);                                                                   \
    } while (0)

static void say_request(struct http_writer *w, const char *method, const char *fields) {
    SAY_HEAD(w, CLIENT, REQUEST "%s\r\n", method, NAME(w), fields);
}

static void say_response(struct http_writer *w, unsigned status, const char *reason, const char *fields) {
    SAY_HEAD(w, SERVER, RESPONSE "%s\r\n", status, reason, NAME(w), fields);
}

/* ---- exchanges ---- */

static void respond_without_body(struct http_writer *w) {
    static const char *const fields[] = {"", "Content-Length: 0\r\n", "Content-Length: 77\r\n",
                                         "Transfer-Encoding: chunked\r\n"};
    http_hear(w, SERVER);
    say_response(w, 200, "OK", fields[draw(w, 4)]);
}

static void respond(struct http_writer *w) {
    char length[64];
    size_t len = 0;
    const char *text = body(w, &len);
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", len);
    http_hear(w, SERVER);
    switch (draw(w, 6)) {
    case 0:
        say_response(w, 204, "No Content", "");
        break;
    case 1:
        say_response(w, 304, "Not Modified", "ETag: \"1\"\r\nContent-Length: 500\r\n");
        break;
    case 2:
        say_response(w, 200, "OK", "Transfer-Encoding: chunked\r\n");
        say_chunks(w, SERVER);
        break;
    case 3:
        len = len < TEXT_BYTES / 2 ? len : 0;
        SAY_HEAD(w, SERVER, RESPONSE "Content-Length: %zu\r\n\r\n%.*s", 404U, "Not Found", NAME(w), len,
                 (int)len, text);
        break;
    default:
        say_response(w, 200, "OK", length);
        say_body(w, SERVER, text, len);
    }
}

static void get_or_head(struct http_writer *w) {
    bool head = draw(w, 4) == 0;
    http_hear(w, CLIENT);
    say_request(w, head ? "HEAD" : "GET", draw(w, 4) ? "" : "Connection: keep-alive\r\n");
    (head ? respond_without_body : respond)(w);
}

static void post(struct http_writer *w) {
    char fields[64];
    size_t len = 0;
    const char *text = body(w, &len);
    http_hear(w, CLIENT);
    if (draw(w, 2) == 0) {
        say_request(w, "POST", "Transfer-Encoding: chunked\r\n");
        say_chunks(w, CLIENT);
    } else {
        snprintf(fields, sizeof fields, "Content-Length: %zu\r\n", len);
        say_request(w, "POST", fields);
        say_body(w, CLIENT, text, len);
    }
    respond(w);
}

static void expect_continue(struct http_writer *w) {
    http_hear(w, CLIENT);
    say_request(w, "PUT", "Content-Length: 10\r\nExpect: 100-continue\r\n");
    http_hear(w, SERVER);
    if (draw(w, 4) == 0) {
        say_response(w, 417, "No", "Content-Length: 0\r\nConnection: close\r\n");
        w->closing = true;
        return;
    }
    SAY(w, SERVER, "HTTP/1.1 100 Continue\r\n\r\n");
    SAY(w, CLIENT, "0123456789");
    if (draw(w, 3) == 0) {
        SAY(w, SERVER, "HTTP/1.1 102 Processing\r\n\r\n");
    }
    respond(w);
}

static void early_hints(struct http_writer *w) {
    http_hear(w, CLIENT);
    say_request(w, "GET", "");
    for (uint32_t i = 0, n = 1 + draw(w, 3); i < n; i++) {
        SAY(w, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: <%u>\r\n\r\n", i);
    }
    respond(w);
}

/* The server answers before it has the whole body, which is sent all the same, or given up. */
static void early_response(struct http_writer *w) {
    http_hear(w, CLIENT);
    say_request(w, "POST", "Content-Length: 2000\r\n");
    say_across(w, CLIENT, "%0700d", 1);
    http_hear(w, SERVER);
    if (draw(w, 2) == 0) {
        say_response(w, 401, "Who", "WWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n");
    } else {
        say_response(w, 413, "Too Much", "Content-Length: 4\r\n");
        say_across(w, SERVER, "late");
    }
    if (draw(w, 4) == 0) {
        w->closing = true;
    } else {
        say_across(w, CLIENT, "%01300d", 2);
    }
}

static void burst(struct http_writer *w) {
    bool head[5];
    unsigned n = 2 + draw(w, 4), first = w->part;
    w->talk->pipelines = true;
    http_hear(w, CLIENT);
    for (unsigned i = 0; i < n; i++, w->part++) {
        head[i] = draw(w, 4) == 0;
        say_request(w, head[i] ? "HEAD" : "GET", "");
    }
    w->part = first;
    for (unsigned i = 0; i < n; i++, w->part++) {
        (head[i] ? respond_without_body : respond)(w);
    }
    w->part = first;
}

/* Requests that go out while the answers to earlier ones are under way. */
static void crossing(struct http_writer *w) {
    unsigned n = 2 + draw(w, 3), first = w->part;
    w->talk->pipelines = true;
    http_hear(w, CLIENT);
    for (unsigned i = 0; i < n; i++, w->part++) {
        say_request(w, "GET", "");
        http_hear(w, SERVER);
        SAY_HEAD(w, SERVER, RESPONSE "Content-Length: 2\r\n\r\nok", 200U, "OK", NAME(w));
    }
    w->part = first;
}

static void until_close(struct http_writer *w) {
    size_t len = 0;
    const char *text = body(w, &len);
    http_hear(w, CLIENT);
    SAY_HEAD(w, CLIENT, "GET /%u-%u-%u HTTP/1.0\r\nHost: a.example\r\n\r\n", NAME(w));
    http_hear(w, SERVER);
    SAY_HEAD(w, SERVER, "HTTP/1.0 200 OK\r\nId: %u-%u-%u\r\n\r\n", NAME(w));
    say_body(w, SERVER, text, len);
    w->talk->tunnels = true;
    w->closing = true;
}

/* What senders do against the rules or at their edges: the notes are facts too. */
static void oddities(struct http_writer *w) {
    http_hear(w, CLIENT);
    say_request(w, "GET",
                "Fold: a\r\n b\r\nX : y\r\nAuthorization: Basic c2VjcmV0\r\nBytes: \xff\xfe\nEmpty:\r\n");
    http_hear(w, SERVER);
    say_response(w, 200, "", "Content-Length: 3\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n");
    say_across(w, SERVER, "odd");
}

/* ---- tunnels ---- */

static void say_opaque(struct http_writer *w) {
    for (uint32_t i = 0, n = draw(w, 4); i < n; i++) {
        SAY(w, (int)draw(w, 2), "\x7f\x01%u\x02\x03 something that nobody reads", i);
    }
}

static void plain_exchange(struct http_writer *w) {
    static void (*const kinds[])(struct http_writer *) = {get_or_head, post, burst, crossing, early_hints};
    kinds[draw(w, sizeof kinds / sizeof *kinds)](w);
}

static void connect_tunnel(struct http_writer *w) {
    w->talk->tunnels = true;
    http_hear(w, CLIENT);
    SAY_HEAD(w, CLIENT, "CONNECT x%u-%u-%u:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n", NAME(w));
    http_hear(w, SERVER);
    if (draw(w, 5) == 0) {
        say_response(w, 407, "Who", "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n");
        say_across(w, SERVER, "no");
        return;
    }
    say_response(w, 200, "Connected", "");
    if (draw(w, 2) == 0) {
        say_opaque(w);
    } else {
        for (uint32_t i = 0, n = 1 + draw(w, 3); i < n; i++) {
            w->part = 10 * (i + 1);
            plain_exchange(w);
        }
    }
    w->closing = true;
}

static void upgrade(struct http_writer *w) {
    w->talk->tunnels = true;
    http_hear(w, CLIENT);
    say_request(w, "GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n");
    if (draw(w, 4) == 0) {
        respond(w);
        return;
    }
    http_hear(w, SERVER);
    say_response(w, 101, "Switching Protocols", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    for (uint32_t i = 0, n = draw(w, 4); i < n; i++) {
        SAY(w, (int)draw(w, 2), "\x81\x0ehello, socket!");
    }
    w->closing = true;
}

void http_settle(struct http_writer *w) {
    http_hear(w, CLIENT);
    say_request(w, "GET", "");
    http_hear(w, SERVER);
    SAY_HEAD(w, SERVER, RESPONSE "Content-Length: 5\r\n\r\nfirst", 200U, "OK", NAME(w));
}

void http_exchange(struct http_writer *w) {
    static void (*const kinds[])(struct http_writer *) = {
        get_or_head, get_or_head, get_or_head,    get_or_head,    post,          post,     post,
        burst,       burst,       crossing,       crossing,       early_hints,   oddities, expect_continue,
        until_close, upgrade,     connect_tunnel, connect_tunnel, early_response};
    w->part = 0;
    kinds[draw(w, sizeof kinds / sizeof *kinds)](w);
}
