/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are promised and never come, or whose framing has no end. */
#include "attack.h"

#include <string.h>

static void length_no_body(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        stage_handshake(s, &t);
        if (i % 2) {
            stage_ask(s, &t, CLIENT, "GET /long HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
            stage_ask(s, &t, SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n");
        } else {
            stage_ask(s, &t, CLIENT,
                      "POST /long HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 999999999\r\n\r\n");
        }
    }
}

/* A request whose chunked body has `start`, then `unit` again and again. */
static void endless(struct stage *s, const char *start, const char *unit, uint64_t size) {
    char block[WIRE_MSS];
    struct talk t = stage_talk(s, 0);
    size_t unit_len = strlen(unit), len = 0;
    while (len + unit_len <= sizeof block) {
        memcpy(block + len, unit, unit_len);
        len += unit_len;
    }
    stage_handshake(s, &t);
    stage_ask(s, &t, CLIENT,
              "POST /endless HTTP/1.1\r\nHost: www.example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
    stage_ask(s, &t, CLIENT, start);
    for (uint64_t sent = 0; sent < size; sent += len) {
        stage_send(s, &t, CLIENT, block, len, WIRE_MSS);
        if (sent / len % 8 == 7) {
            struct segment ack = talk_say(&t, SERVER, WIRE_ACK, NULL, 0);
            stage_segment(s, &ack);
        }
    }
}

static void endless_extension(struct stage *s, uint64_t size) {
    endless(s, "5;", "abc=defg;", size);
}

static void endless_trailers(struct stage *s, uint64_t size) {
    endless(s, "3\r\nabc\r\n0\r\n", "X-Trailer: another\r\n", size);
}

static void endless_zeros(struct stage *s, uint64_t size) {
    endless(s, "0", "0000", size);
}

static void tiny_chunks(struct stage *s, uint64_t size) {
    endless(s, "1\r\na\r\n", "1\r\na\r\n", size);
}

#define BYTES "bytes", 20000000, 2000000000
const struct attack attacks_body[] = {
    {"length-no-body", "connections", 6000, 1000000, OTHERS_INCOMPLETE, "",
     "Content-Length: 999999999 and no body", length_no_body},
    {"endless-extension", BYTES, OTHERS_INCOMPLETE, "", "a chunk extension without end", endless_extension},
    {"endless-trailers", BYTES, OTHERS_INCOMPLETE, "", "trailers without end", endless_trailers},
    {"endless-zeros", BYTES, OTHERS_INCOMPLETE, "", "a chunk size of zeros without end", endless_zeros},
    {"tiny-chunks", BYTES, OTHERS_INCOMPLETE, "", "chunks of one byte without end", tiny_chunks},
    {0},
};
