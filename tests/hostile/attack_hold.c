/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that have to wait: behind holes, far ahead, in the smallest of pieces. */
#include "attack.h"

#include <stdlib.h>
#include <string.h>

static void fill(uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)('a' + i % 26);
    }
}

/* The bytes at `offset` behind the next one. */
static void send_ahead(struct stage *s, const struct talk *t, uint32_t offset, const uint8_t *bytes,
                       size_t len) {
    struct segment segment = talk_draft(t, CLIENT, WIRE_ACK, bytes, len);
    segment.seq += offset;
    stage_segment(s, &segment);
}

static void far_ahead(struct stage *s, uint64_t size) {
    uint8_t bytes[WIRE_MSS];
    fill(bytes, sizeof bytes);
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        stage_handshake(s, &t);
        for (unsigned k = 0; k < 5; k++) {
            send_ahead(s, &t, 1 + chance_below(&s->chance, UINT32_C(1) << (12 + 4 * k)), bytes, sizeof bytes);
        }
    }
}

/* A hole of one byte, 16 segments behind it. */
static void holes(struct stage *s, uint64_t size) {
    uint8_t bytes[WIRE_MSS];
    fill(bytes, sizeof bytes);
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        stage_handshake(s, &t);
        for (uint32_t k = 0; k < 16; k++) {
            send_ahead(s, &t, 1 + k * WIRE_MSS, bytes, sizeof bytes);
        }
    }
}

static void holes_tiny(struct stage *s, uint64_t size) {
    uint8_t bytes[1] = {'x'};
    struct talk t = stage_talk(s, 0);
    for (uint64_t i = 0; i < size; i++) {
        if (i % 1000 == 0) {
            t = stage_talk(s, i / 1000);
            stage_handshake(s, &t);
        }
        send_ahead(s, &t, 2 * (1 + chance_below(&s->chance, 20000)), bytes, 1);
    }
}

/* Every second byte of one stream, from the back to the front, from the front to the back, in any order. */
static void holes_one(struct stage *s, uint64_t size) {
    uint8_t bytes[1] = {'x'};
    for (unsigned order = 0; order < 3; order++) {
        struct talk t = stage_talk(s, order);
        stage_handshake(s, &t);
        for (uint64_t i = 0; i < size / 3; i++) {
            uint32_t at = order == 0   ? (uint32_t)i
                          : order == 1 ? (uint32_t)(size / 3 - i)
                                       : chance_below(&s->chance, (uint32_t)(size / 3));
            send_ahead(s, &t, 2 * (1 + at), bytes, 1);
        }
    }
}

enum order { IN_ORDER, REVERSED, SHUFFLED };

/* As far as segments of one byte may be off without more being held of a stream than is allowed. */
enum { ORDER_REACH = 2000 };

static uint32_t *make_order(struct stage *s, enum order order, uint32_t count) {
    uint32_t *place = calloc(count, sizeof *place);
    if (!place) {
        abort();
    }
    for (uint32_t start = 0; start < count; start += ORDER_REACH) {
        uint32_t reach = count - start < ORDER_REACH ? count - start : ORDER_REACH;
        for (uint32_t i = 0; i < reach; i++) {
            place[start + i] = start + (order == REVERSED ? reach - 1 - i : i);
        }
        for (uint32_t i = reach; order == SHUFFLED && i > 1; i--) {
            uint32_t k = chance_below(&s->chance, i), swapped = place[start + k];
            place[start + k] = place[start + i - 1];
            place[start + i - 1] = swapped;
        }
    }
    return place;
}

/* One request whose body comes in segments of one byte. It is whole, so it belongs to the truth. */
static void tiny(struct stage *s, uint64_t size, enum order order) {
    struct talk t = stage_talk(s, 0);
    uint32_t count = (uint32_t)size, *place = make_order(s, order, count);
    char head[200];
    (void)snprintf(
        head, sizeof head,
        "POST /tiny/1 HTTP/1.1\r\nHost: www.example.com\r\nId: tiny-1\r\nContent-Length: %u\r\n\r\n", count);
    stage_handshake(s, &t);
    stage_ask(s, &t, CLIENT, head);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)('a' + place[i] % 26);
        send_ahead(s, &t, place[i], &byte, 1);
    }
    t.next[CLIENT] += count;
    stage_ask(s, &t, SERVER, "HTTP/1.1 200 OK\r\nId: tiny-1\r\nContent-Length: 0\r\n\r\n");
    if (s->truth) {
        (void)fprintf(s->truth, "whole\ttiny-1\t%u\tPOST\t/tiny/1\t200\t%u\t0\n", t.end[CLIENT].port, count);
    }
    free(place);
}

static void tiny_in_order(struct stage *s, uint64_t size) {
    tiny(s, size, IN_ORDER);
}

static void tiny_reversed(struct stage *s, uint64_t size) {
    tiny(s, size, REVERSED);
}

static void tiny_shuffled(struct stage *s, uint64_t size) {
    tiny(s, size, SHUFFLED);
}

const struct attack attacks_hold[] = {
    {"far-ahead", "connections", 6000, 500000, OTHERS_NONE, "",
     "segments up to 256 MiB ahead of what was sent", far_ahead},
    {"holes", "connections", 3000, 300000, OTHERS_NONE, "",
     "the first byte of each connection is missing, 23 KB wait behind it", holes},
    {"holes-tiny", "segments", 60000, 5000000, OTHERS_NONE, "",
     "single bytes with holes between, on many connections", holes_tiny},
    {"holes-one", "segments", 60000, 3000000, OTHERS_NONE, "",
     "every second byte of a stream: forwards, backwards, in any order", holes_one},
    {"tiny-in-order", "bytes", 60000, 5000000, OTHERS_NONE, "", "a body of one byte a packet", tiny_in_order},
    {"tiny-reversed", "bytes", 60000, 5000000, OTHERS_NONE, "",
     "the same, each 2,000 bytes from the last to the first", tiny_reversed},
    {"tiny-shuffled", "bytes", 60000, 5000000, OTHERS_NONE, "", "the same, each 2,000 bytes in any order",
     tiny_shuffled},
    {0},
};
