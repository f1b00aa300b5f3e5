/* SPDX-License-Identifier: Apache-2.0 */
#include "http_script.h"

#include "capture/limits.h"
#include "capture/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENT, SERVER };
enum { TEXT_BYTES = 12000 };

const struct script_choice script_all = {
    .talks = (1U << SCRIPT_TALKS) - 1,
    .last = {SCRIPT_EXCHANGES, SCRIPT_EXCHANGES, SCRIPT_EXCHANGES},
};

uint32_t script_chance(uint64_t seed, uint64_t what, uint64_t which, uint32_t n) {
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + what * UINT64_C(0xBF58476D1CE4E5B9) + which;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ? (uint32_t)((x ^ x >> 31) >> 32) % n : 0;
}

void script_must(bool fits) {
    if (!fits) {
        fputs("a room of the generator is too small\n", stderr);
        abort();
    }
}

/* The exchange being written. */
struct writer {
    struct script_talk *talk;
    uint64_t seed; /* of this exchange alone */
    uint64_t draws;
    unsigned name[2]; /* talk, exchange */
    unsigned part;    /* of a burst */
    int64_t now_ns;
    uint32_t had[2]; /* bytes of the other direction that this end has read */
    bool closing;    /* nothing can follow */
};

static uint32_t draw(struct writer *w, uint32_t n) {
    return script_chance(w->seed, 1, w->draws++, n);
}

/* Mostly within the moment, sometimes longer than any skew. */
static void pass(struct writer *w) {
    static const uint32_t microseconds[] = {20, 20, 200, 2000, 30000, 400000, 3000000};
    uint32_t kind = draw(w, 60);
    w->now_ns += 1000 + (int64_t)draw(w, microseconds[kind < 7 ? kind : kind % 3]) * 1000;
}

static void put(struct writer *w, int direction, uint32_t len, uint8_t flags) {
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

static void hear(struct writer *w, int direction) {
    w->had[direction] = w->talk->len[!direction];
}

/* An ACK without data, as delayed acknowledgements are sent. */
static void maybe_acknowledge(struct writer *w, int direction) {
    if (draw(w, 3) == 0) {
        hear(w, direction);
        put(w, direction, 0, TCP_ACK);
    }
}

static void say_bytes(struct writer *w, int direction, const void *bytes, size_t len) {
    struct script_talk *t = w->talk;
    script_must(t->len[direction] + len <= SCRIPT_BYTES);
    memcpy(t->bytes[direction] + t->len[direction], bytes, len);
    put(w, direction, (uint32_t)len, TCP_ACK | TCP_PSH);
    maybe_acknowledge(w, !direction);
}

/* The writer has not read more than it had: what it says crosses with what comes. */
__attribute__((format(printf, 3, 4))) static void say_across(struct writer *w, int direction,
                                                             const char *format, ...) {
    char text[TEXT_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    script_must(len > 0 && (size_t)len < sizeof text);
    say_bytes(w, direction, text, (size_t)len);
}

#define SAY(w, direction, ...) (hear(w, direction), say_across(w, direction, __VA_ARGS__))

/* ---- bodies ---- */

static const char *body(struct writer *w, size_t *len) {
    static const char decoy[] = "GET /decoy HTTP/1.1\r\nHost: decoy\r\n\r\nHTTP/1.1 200 OK\r\nId: "
                                "decoy\r\nContent-Length: 3\r\n\r\nabc";
    static char text[8192];
    static const uint32_t lengths[] = {1, 4, 60, 300, 3000, 8000};
    *len = draw(w, lengths[draw(w, 6)]);
    for (size_t i = 0; i < *len; i++) {
        text[i] = (char)('a' + (i + w->name[1]) % 26);
    }
    for (size_t at = draw(w, 200); draw(w, 3) == 0 && at + sizeof decoy <= *len;
         at += sizeof decoy + draw(w, 500)) {
        memcpy(text + at, decoy, sizeof decoy - 1);
    }
    return text;
}

static void say_body(struct writer *w, int direction, const char *text, size_t len) {
    size_t first = len > 1 && draw(w, 2) == 0 ? draw(w, (uint32_t)len) : len;
    if (first) {
        say_bytes(w, direction, text, first);
    }
    if (len > first) {
        say_bytes(w, direction, text + first, len - first);
    }
}

static void say_chunks(struct writer *w, int direction) {
    for (uint32_t i = 0, n = draw(w, 4); i < n; i++) {
        size_t len = 0;
        const char *text = body(w, &len);
        if (len > 0) {
            say_across(w, direction, "%zx%s\r\n", len, draw(w, 3) == 0 ? ";part=\"x\"" : "");
            say_body(w, direction, text, len);
            say_across(w, direction, "\r\n");
        }
    }
    say_across(w, direction, draw(w, 3) == 0 ? "0\r\nSum: 1\r\n\r\n" : "0\r\n\r\n");
}

/* ---- messages ---- */

#define REQUEST  "%s /%u-%u-%u HTTP/1.1\r\nHost: a.example\r\nUser-Agent: script\r\n"
#define RESPONSE "HTTP/1.1 %u %s\r\nServer: script\r\nId: %u-%u-%u\r\n"
#define NAME(w)  (w)->name[0], (w)->name[1], (w)->part

static void say_request(struct writer *w, const char *method, const char *fields) {
    say_across(w, CLIENT, REQUEST "%s\r\n", method, NAME(w), fields);
}

static void respond(struct writer *w, bool no_body) {
    size_t len = 0;
    const char *text = body(w, &len);
    hear(w, SERVER);
    switch (draw(w, no_body ? 2 : 5)) {
    case 0:
        say_across(w, SERVER, RESPONSE "\r\n", no_body ? 200U : 204U, "No Content", NAME(w));
        break;
    case 2:
        say_across(w, SERVER, RESPONSE "Transfer-Encoding: chunked\r\n\r\n", 200U, "OK", NAME(w));
        say_chunks(w, SERVER);
        break;
    case 3:
        say_across(w, SERVER, RESPONSE "Content-Length: %zu\r\n\r\n%.*s", 404U, "Not Found", NAME(w), len,
                   (int)len, text);
        break;
    default:
        say_across(w, SERVER, RESPONSE "Content-Length: %zu\r\n\r\n", 200U, "OK", NAME(w), len);
        if (!no_body) {
            say_body(w, SERVER, text, len);
        }
    }
}

static void get_or_head(struct writer *w) {
    bool head = draw(w, 4) == 0;
    hear(w, CLIENT);
    say_request(w, head ? "HEAD" : "GET", "");
    respond(w, head);
}

static void post(struct writer *w) {
    char fields[64];
    size_t len = 0;
    const char *text = body(w, &len);
    hear(w, CLIENT);
    if (draw(w, 2) == 0) {
        say_request(w, "POST", "Transfer-Encoding: chunked\r\n");
        say_chunks(w, CLIENT);
    } else {
        snprintf(fields, sizeof fields, "Content-Length: %zu\r\n", len);
        say_request(w, "POST", fields);
        say_body(w, CLIENT, text, len);
    }
    respond(w, false);
}

static void expect_continue(struct writer *w) {
    hear(w, CLIENT);
    say_request(w, "PUT", "Content-Length: 10\r\nExpect: 100-continue\r\n");
    if (draw(w, 4) == 0) {
        SAY(w, SERVER, RESPONSE "Content-Length: 0\r\nConnection: close\r\n\r\n", 417U, "No", NAME(w));
        w->closing = true;
        return;
    }
    SAY(w, SERVER, "HTTP/1.1 100 Continue\r\n\r\n");
    SAY(w, CLIENT, "0123456789");
    respond(w, false);
}

static void early_hints(struct writer *w) {
    hear(w, CLIENT);
    say_request(w, "GET", "");
    for (uint32_t i = 0, n = 1 + draw(w, 3); i < n; i++) {
        SAY(w, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: <%u>\r\n\r\n", i);
    }
    respond(w, false);
}

/* The server answers before it has the whole body, which is sent all the same. */
static void early_response(struct writer *w) {
    hear(w, CLIENT);
    say_request(w, "POST", "Content-Length: 2000\r\n");
    say_across(w, CLIENT, "%0700d", 1);
    SAY(w, SERVER, RESPONSE "Content-Length: 4\r\n\r\nlate", 413U, "Too Much", NAME(w));
    say_across(w, CLIENT, "%01300d", 2);
}

static void burst(struct writer *w) {
    bool head[5];
    unsigned n = 2 + draw(w, 4);
    w->talk->pipelines = true;
    hear(w, CLIENT);
    for (w->part = 0; w->part < n; w->part++) {
        head[w->part] = draw(w, 4) == 0;
        say_request(w, head[w->part] ? "HEAD" : "GET", "");
    }
    for (w->part = 0; w->part < n; w->part++) {
        respond(w, head[w->part]);
    }
    w->part = 0;
}

/* Requests that go out while the answers to earlier ones are under way. */
static void crossing(struct writer *w) {
    unsigned n = 2 + draw(w, 3);
    w->talk->pipelines = true;
    hear(w, CLIENT);
    for (unsigned i = 0; i < n; i++) {
        w->part = i;
        say_request(w, "GET", "");
        hear(w, SERVER);
        say_across(w, SERVER, RESPONSE "Content-Length: 2\r\n\r\nok", 200U, "OK", NAME(w));
    }
    w->part = 0;
}

static void until_close(struct writer *w) {
    size_t len = 0;
    const char *text = body(w, &len);
    SAY(w, CLIENT, "GET /%u-%u-%u HTTP/1.0\r\n\r\n", NAME(w));
    SAY(w, SERVER, "HTTP/1.0 200 OK\r\nId: %u-%u-%u\r\n\r\n", NAME(w));
    say_body(w, SERVER, text, len);
    w->closing = true;
}

static void tunnel(struct writer *w) {
    SAY(w, CLIENT, "CONNECT /%u-%u-%u HTTP/1.1\r\nHost: b.example:443\r\n\r\n", NAME(w));
    SAY(w, SERVER, RESPONSE "\r\n", 200U, "Connected", NAME(w));
    for (uint32_t i = 0, n = draw(w, 4); i < n; i++) {
        SAY(w, (int)draw(w, 2), "\x7f\x01%u\x02\x03 something that nobody reads", i);
    }
    w->closing = true;
}

/* Midstream, a burst proves no pair, and where the answer to an unknown HEAD ends is then guessed by
 * segments: one lone exchange comes first. */
static void settle(struct writer *w) {
    hear(w, CLIENT);
    say_request(w, "GET", "");
    SAY(w, SERVER, RESPONSE "Content-Length: 5\r\n\r\nfirst", 200U, "OK", NAME(w));
}

static void exchange(struct writer *w) {
    static void (*const kinds[])(struct writer *) = {
        get_or_head, get_or_head,     get_or_head, post,        post, burst,    burst,         crossing,
        tunnel,      expect_continue, early_hints, until_close, post, crossing, early_response};
    kinds[draw(w, sizeof kinds / sizeof *kinds)](w);
}

/* ---- connections ---- */

static void shake_hands(struct writer *w) {
    put(w, CLIENT, 0, TCP_SYN);
    put(w, SERVER, 0, TCP_SYN | TCP_ACK);
    put(w, CLIENT, 0, TCP_ACK);
}

static void say_goodbye(struct writer *w) {
    struct script_talk *t = w->talk;
    int first = w->closing ? SERVER : (int)draw(w, 2);
    for (int i = 0; i < 2; i++) {
        int direction = i ? !first : first;
        hear(w, direction);
        put(w, direction, 0, TCP_ACK | TCP_FIN);
        t->writes[t->count - 1].acks_fin = i == 1;
        hear(w, !direction);
        put(w, !direction, 0, TCP_ACK);
        t->writes[t->count - 1].acks_fin = true;
    }
}

static void talk_make(struct script_talk *t, uint64_t seed, unsigned number,
                      const struct script_choice *choice) {
    struct writer w = {.talk = t, .seed = seed * SCRIPT_TALKS + number, .name = {number}};
    t->count = 0;
    t->pipelines = false;
    t->len[CLIENT] = t->len[SERVER] = 0;
    t->midstream = draw(&w, 5) == 0;
    uint32_t ending = draw(&w, 4), count = 1 + draw(&w, SCRIPT_EXCHANGES);
    w.now_ns = draw(&w, 1 << 20);
    if (!t->midstream) {
        shake_hands(&w);
    }
    if (t->midstream) {
        w.name[1] = SCRIPT_EXCHANGES;
        settle(&w);
    }
    for (unsigned i = 0; i < count && !w.closing; i++) {
        if (i >= choice->first[number] && i < choice->last[number]) {
            w.name[1] = i;
            w.seed = (seed * SCRIPT_TALKS + number) * SCRIPT_EXCHANGES + i + 1000000007;
            w.draws = 0;
            exchange(&w);
        }
    }
    hear(&w, CLIENT);
    hear(&w, SERVER);
    if (w.closing || ending < 2) {
        say_goodbye(&w);
    } else if (ending == 2) {
        put(&w, (int)draw(&w, 2), 0, TCP_ACK | TCP_RST);
    }
}

void script_make(struct script *s, uint64_t seed, const struct script_choice *choice) {
    unsigned talks = 1 + script_chance(seed, 2, 0, SCRIPT_TALKS);
    s->talks = 0;
    for (unsigned i = 0; i < talks; i++) {
        s->talk[i].count = 0;
        if (choice->talks & 1U << i) {
            talk_make(&s->talk[i], seed, i, choice);
        }
    }
    s->talks = talks;
}
