/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for tests, built from the inside out: each wrap puts a header before what is there. What is decoded
 * lies in an allocation of its exact length, so that a sanitizer sees a read past the end. */
#ifndef HARK_TESTS_FRAMES_H
#define HARK_TESTS_FRAMES_H

#include "capture/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pcap/dlt.h>

enum { ROOM = 70000 };

struct bytes {
    uint8_t room[ROOM];
    size_t at; /* first byte; the last is the room's */
};

static inline struct slice bytes_slice(const struct bytes *b) {
    return slice_make(b->room + b->at, ROOM - b->at);
}

static inline void wrap_slice(struct bytes *b, struct slice s) {
    assert_true(s.len <= b->at);
    b->at -= s.len;
    memcpy(b->room + b->at, s.ptr, s.len);
}

/* A header as a list of byte literals. */
#define WRAP(b, ...)                                                                                         \
    wrap_slice((b), slice_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})))

static inline struct bytes *bytes_of(struct slice content) {
    static struct bytes b;
    b.at = ROOM;
    wrap_slice(&b, content);
    return &b;
}

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* Ports 1234 to 80, sequence 0x01020304, acknowledgement 0x05060708, PSH and ACK, window 0x2000. */
static inline void wrap_tcp(struct bytes *b) {
    WRAP(b, 0x04, 0xd2, 0x00, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x18, 0x20, 0x00, 0xab, 0xcd, 0, 0);
}

/* 10.0.0.1 to 10.0.0.2, ttl 64, id 0x1234. */
static inline void wrap_ipv4(struct bytes *b, uint8_t protocol) {
    size_t len = bytes_slice(b).len + 20;
    WRAP(b, 0x45, 0, (uint8_t)(len >> 8), (uint8_t)len, 0x12, 0x34, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1,
         10, 0, 0, 2);
}

/* 192.168.0.1 to 192.168.0.2, for what is outside. */
static inline void wrap_outer(struct bytes *b, uint8_t protocol) {
    size_t len = bytes_slice(b).len + 20;
    WRAP(b, 0x45, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 1, 0, 0, 9, protocol, 0, 0, 192, 168, 0, 1, 192,
         168, 0, 2);
}

/* 2001:db8::1 to 2001:db8::2, hop limit 63. */
static inline void wrap_ipv6(struct bytes *b, uint8_t next) {
    size_t len = bytes_slice(b).len;
    WRAP(b, 0x60, 0, 0, 0, (uint8_t)(len >> 8), (uint8_t)len, next, 63, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0,
         0, 0, 0, 0, 0, 0, 1, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
}

static inline void wrap_udp(struct bytes *b, uint16_t port) {
    size_t len = bytes_slice(b).len + 8;
    WRAP(b, 0xc0, 0x00, (uint8_t)(port >> 8), (uint8_t)port, (uint8_t)(len >> 8), (uint8_t)len, 0, 0);
}

/* 02:00:00:00:00:01 to 02:00:00:00:00:02. */
static inline void wrap_ethernet(struct bytes *b, uint16_t ethertype) {
    WRAP(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, (uint8_t)(ethertype >> 8), (uint8_t)ethertype);
}

/* A whole TCP packet in IPv4, no link layer. */
static inline struct bytes *ipv4_request(void) {
    struct bytes *b = bytes_of(slice_of(REQUEST));
    wrap_tcp(b);
    wrap_ipv4(b, 6);
    return b;
}

static inline struct bytes *ipv6_request(void) {
    struct bytes *b = bytes_of(slice_of(REQUEST));
    wrap_tcp(b);
    wrap_ipv6(b, 6);
    return b;
}

/* The TCP checksum of a whole packet, no link layer, becomes right. */
static inline void set_checksum(struct bytes *b) {
    uint8_t *ip = b->room + b->at;
    bool v6 = ip[0] >> 4 == 6;
    size_t header = v6 ? 40 : 20, addresses = v6 ? 8 : 12, len = bytes_slice(b).len;
    ip[header + 16] = ip[header + 17] = 0;
    uint64_t sum = 6 + len - header;
    for (size_t i = addresses; i < len; i++) {
        sum += (uint64_t)ip[i] << (i % 2 ? 0 : 8);
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    ip[header + 16] = (uint8_t)(~sum >> 8);
    ip[header + 17] = (uint8_t)~sum;
}

/* A decoder and the frame that it looks at. */
struct bench {
    struct decoder *decoder;
    struct limits limits;
    uint8_t *copy;
    uint64_t frames;
    int64_t time_ns;
    struct packet packet;
};

static inline struct bench bench_new(struct decode_options options) {
    struct bench bench = {.limits = limits_default()};
    bench.decoder = decoder_new(&options, &bench.limits);
    assert_non_null(bench.decoder);
    return bench;
}

static inline enum decode_fate bench_decode(struct bench *bench, int link_type, struct slice bytes,
                                            size_t wire_len) {
    free(bench->copy);
    bench->copy = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(bench->copy);
    memcpy(bench->copy, bytes.ptr, bytes.len);
    bench->frames++;
    struct frame frame = {
        .bytes = slice_make(bench->copy, bytes.len),
        .wire_len = (uint32_t)wire_len,
        .link_type = link_type,
        .time_ns = bench->time_ns,
        .number = bench->frames,
        .ordinal = bench->frames,
    };
    /* What decoding leaves unset must not look set. */
    memset(&bench->packet, 0xee, sizeof bench->packet);
    return decoder_decode(bench->decoder, &frame, &bench->packet);
}

static inline enum decode_fate bench_whole(struct bench *bench, int link_type, const struct bytes *b) {
    struct slice s = bytes_slice(b);
    return bench_decode(bench, link_type, s, s.len);
}

static inline struct decode_counts bench_counts(const struct bench *bench) {
    struct decode_counts counts;
    decoder_counts(bench->decoder, &counts);
    uint64_t sum = 0;
    for (unsigned i = 0; i < DECODE_FATES; i++) {
        sum += counts.fates[i];
    }
    assert_int_equal(sum, bench->frames);
    return counts;
}

static inline void bench_free(struct bench *bench) {
    (void)bench_counts(bench);
    decoder_free(bench->decoder);
    free(bench->copy);
}

static inline void assert_request(const struct packet *packet) {
    assert_true(slice_is(packet->payload, REQUEST));
    assert_int_equal(packet->cut, 0);
    assert_int_equal(packet->key.side[0].port, 1234);
    assert_int_equal(packet->key.side[1].port, 80);
    assert_int_equal(packet->seq, 0x01020304);
    assert_int_equal(packet->ack, 0x05060708);
    assert_int_equal(packet->flags, TCP_PSH | TCP_ACK);
    assert_int_equal(packet->window, 0x2000);
    if (!packet->fragmented) { /* else it has to be right */
        assert_int_equal(packet->checksum, 0xabcd);
    }
}

static inline void assert_address(const struct address *address, uint8_t version, const char *text) {
    char is[ADDRESS_TEXT_BYTES];
    address_text(address, version, is);
    assert_string_equal(is, text);
}

/* The frame decodes to the request; cut at every length, by snaplen or on the wire, it gets one fate, and a
 * packet only when its TCP header is whole. The request is the frame's end, before `trailer` bytes. */
static inline void check_request_frame(int link_type, const struct bytes *b, size_t trailer) {
    struct slice whole = bytes_slice(b);
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    assert_int_equal(bench_decode(&bench, link_type, whole, whole.len), DECODE_TCP);
    assert_request(&bench.packet);
    size_t end = whole.len - trailer, payload = strlen(REQUEST);
    for (size_t len = 0; len < whole.len; len++) {
        enum decode_fate fate = bench_decode(&bench, link_type, slice_first(whole, len), whole.len);
        assert_int_equal(fate == DECODE_TCP, len >= end - payload);
        assert_int_not_equal(fate, DECODE_LINK_UNSUPPORTED);
        assert_int_not_equal(fate, DECODE_IP_MALFORMED);
        assert_int_not_equal(fate, DECODE_TCP_MALFORMED);
        if (fate == DECODE_TCP) {
            assert_int_equal(bench.packet.payload.len, len < end ? len - (end - payload) : payload);
            assert_int_equal(bench.packet.payload.len + bench.packet.cut, payload);
        }
        fate = bench_decode(&bench, link_type, slice_first(whole, len), len);
        assert_true(fate != DECODE_TCP || bench.packet.payload.len + bench.packet.cut == payload);
    }
    bench_free(&bench);
}

#endif
