/* SPDX-License-Identifier: Apache-2.0 */
/* Heads that do not end, are huge, or hold what no head may hold. */
#include "attack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const head_lines[] = {
    "GET /half-open HTTP/1.1\r\n",
    "Host: www.example.com\r\n",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9\r\n",
    "Cookie: session=0123456789abcdef0123456789abcdef\r\n",
    "X-a: b\r\n",
    "X-b: c\r\n",
    "X-c: d",
};
enum { HEAD_LINES = sizeof head_lines / sizeof head_lines[0] };

/* Each connection sends the beginning of a head: a part of the first line, or some lines. */
static void half_open(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        char text[1024];
        size_t len = 0, lines = chance_below(&s->chance, HEAD_LINES + 1);
        for (size_t k = 0; k < lines; k++) {
            size_t n = strlen(head_lines[k]);
            memcpy(text + len, head_lines[k], n);
            len += n;
        }
        if (lines == 0) {
            len = 1 + chance_below(&s->chance, 24);
            memcpy(text, head_lines[0], len);
        }
        stage_handshake(s, &t);
        stage_send(s, &t, CLIENT, text, len, WIRE_MSS);
    }
}

/* All connections are open, and each gets one line more in turn. */
static void drip(struct stage *s, uint64_t size) {
    struct talk *talks = calloc(size, sizeof *talks);
    if (!talks) {
        abort();
    }
    for (uint64_t i = 0; i < size; i++) {
        talks[i] = stage_talk(s, i);
        stage_handshake(s, &talks[i]);
    }
    for (size_t line = 0; line < HEAD_LINES; line++) {
        for (uint64_t i = 0; i < size; i++) {
            stage_ask(s, &talks[i], CLIENT, head_lines[line]);
        }
    }
    free(talks);
}

/* A connection that sends `start`, then `unit` again and again until it has sent `size` bytes. */
static struct talk endless(struct stage *s, const char *start, const char *unit, uint64_t size) {
    char block[WIRE_MSS];
    struct talk t = stage_talk(s, 0);
    size_t unit_len = strlen(unit), len = 0;
    while (len + unit_len <= sizeof block) {
        memcpy(block + len, unit, unit_len);
        len += unit_len;
    }
    stage_handshake(s, &t);
    stage_ask(s, &t, CLIENT, start);
    for (uint64_t sent = 0; sent < size; sent += len) {
        stage_send(s, &t, CLIENT, block, len, WIRE_MSS);
        if (sent / len % 8 == 7) {
            struct segment ack = talk_say(&t, SERVER, WIRE_ACK, NULL, 0);
            stage_segment(s, &ack);
        }
    }
    return t;
}

static void endless_header(struct stage *s, uint64_t size) {
    (void)endless(s, "GET /endless HTTP/1.1\r\nHost: www.example.com\r\nX-Endless: ", "abcdefgh", size);
}

static void endless_headers(struct stage *s, uint64_t size) {
    (void)endless(s, "GET /endless HTTP/1.1\r\nHost: www.example.com\r\n", "X-Another: one\r\n", size);
}

static void endless_folds(struct stage *s, uint64_t size) {
    (void)endless(s, "GET /endless HTTP/1.1\r\nHost: www.example.com\r\nX-Fold: a\r\n", " b\r\n", size);
}

static void endless_empty(struct stage *s, uint64_t size) {
    (void)endless(s, "GET /before HTTP/1.1\r\nHost: www.example.com\r\n\r\n", "\r\n", size);
}

static void endless_method(struct stage *s, uint64_t size) {
    (void)endless(s, "GET", "GETGET", size);
}

static void huge_uri(struct stage *s, uint64_t size) {
    struct talk t = endless(s, "GET /", "abcdefgh", size);
    stage_ask(s, &t, CLIENT, " HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    stage_ask(s, &t, SERVER, "HTTP/1.1 414 URI Too Long\r\nContent-Length: 0\r\n\r\n");
}

/* A terminal's clear screen, text from right to left, a line separator, the C1 control for an escape
 * sequence. */
static const char *const steering[] = {"\x1b[2J", "\xe2\x80\xae", "\xe2\x80\xa8", "\xc2\x9b"};

static void spoil(struct chance *chance, char *text, size_t len) {
    for (unsigned k = chance_below(chance, 4); k-- > 0;) {
        uint32_t at = chance_below(chance, (uint32_t)len - 4);
        switch (chance_below(chance, 4)) {
        case 0:
            text[at] = 0;
            break;
        case 1:
            text[at] = (char)chance_below(chance, 32);
            break;
        case 2:
            text[at] = (char)(0x7f + chance_below(chance, 129));
            break;
        default: {
            const char *sequence = steering[chance_below(chance, 4)];
            memcpy(text + at, sequence, strlen(sequence));
        }
        }
    }
}

/* NUL, control bytes and bytes above 127 anywhere in both heads. */
static void control_bytes(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        char request[] =
            "POST /control?a=b HTTP/1.1\r\nHost: www.example.com\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody";
        char response[] =
            "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody";
        spoil(&s->chance, request, sizeof request - 5);
        spoil(&s->chance, response, sizeof response - 5);
        stage_handshake(s, &t);
        stage_send(s, &t, CLIENT, request, sizeof request - 1, WIRE_MSS);
        stage_send(s, &t, SERVER, response, sizeof response - 1, WIRE_MSS);
        struct segment fin = talk_say(&t, SERVER, WIRE_FIN | WIRE_ACK, NULL, 0);
        stage_segment(s, &fin);
        fin = talk_say(&t, CLIENT, WIRE_FIN | WIRE_ACK, NULL, 0);
        stage_segment(s, &fin);
    }
}

#define BYTES "bytes", 20000000, 2000000000
const struct attack attacks_head[] = {
    {"half-open", "connections", 8000, 1000000, OTHERS_INCOMPLETE, "",
     "connections that send a part of a head and wait", half_open},
    {"half-open-drip", "connections", 2000, 200000, OTHERS_INCOMPLETE, "",
     "heads that grow by one line at a time, all at once", drip},
    {"endless-header", BYTES, OTHERS_INCOMPLETE, "", "a field value without end", endless_header},
    {"endless-headers", BYTES, OTHERS_INCOMPLETE, "", "fields without end", endless_headers},
    {"endless-folds", BYTES, OTHERS_INCOMPLETE, "", "a field folded without end", endless_folds},
    {"endless-empty-lines", BYTES, OTHERS_INCOMPLETE, "", "empty lines before a start line that never comes",
     endless_empty},
    {"endless-method", BYTES, OTHERS_NONE, "", "a method without end", endless_method},
    {"huge-uri", "bytes", 1000000, 100000000, OTHERS_ANY, "", "a target of that size, answered with 414",
     huge_uri},
    {"control-bytes", "connections", 3000, 500000, OTHERS_ANY, "",
     "NUL, control bytes and bytes above 127 anywhere in heads", control_bytes},
    {0},
};
