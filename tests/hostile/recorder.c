/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_SECONDS UINT32_C(1700000000)

static void put(struct recorder *r, const void *bytes, size_t len) {
    if (r->used + len > RECORDER_BYTES) {
        recorder_flush(r);
    }
    memcpy(r->buffer + r->used, bytes, len);
    r->used += len;
}

void recorder_init(struct recorder *r) {
    const uint32_t header[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, 1};
    r->packets = 0;
    r->used = 0;
    r->next_id = 1;
    put(r, header, sizeof header);
}

void recorder_flush(struct recorder *r) {
    for (size_t at = 0; at < r->used;) {
        ssize_t n = write(STDOUT_FILENO, r->buffer + at, r->used - at);
        if (n <= 0) {
            exit(1);
        }
        at += (size_t)n;
    }
    r->used = 0;
}

void recorder_frame(struct recorder *r, int64_t time_ns, const uint8_t *frame, size_t len) {
    const uint32_t header[4] = {START_SECONDS + (uint32_t)(time_ns / 1000000000),
                                (uint32_t)(time_ns % 1000000000), (uint32_t)len, (uint32_t)len};
    put(r, header, sizeof header);
    put(r, frame, len);
    r->packets++;
}

void recorder_segment(struct recorder *r, int64_t time_ns, const struct segment *s) {
    uint8_t tcp[WIRE_TCP_MAX], frame[WIRE_FRAME_MAX];
    size_t len = wire_tcp(tcp, s);
    recorder_frame(r, time_ns, frame, wire_frame(frame, s, NULL, tcp, len));
}

void recorder_fragments(struct recorder *r, int64_t time_ns, const struct segment *s, size_t piece) {
    uint8_t tcp[WIRE_TCP_MAX], frame[WIRE_FRAME_MAX];
    size_t len = wire_tcp(tcp, s);
    uint32_t id = r->next_id++;
    for (size_t at = 0; at < len; at += piece) {
        size_t rest = len - at;
        struct fragment f = {.id = id, .offset = (uint32_t)at, .more = rest > piece};
        recorder_frame(r, time_ns, frame, wire_frame(frame, s, &f, tcp + at, rest > piece ? piece : rest));
    }
}
