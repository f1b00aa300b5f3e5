/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments that overlap, that are never complete, or that are as small as can be, of IPv4 and IPv6. */
#include "attack.h"

#include <string.h>

static struct segment noise(struct stage *s, bool is_ipv6) {
    static uint8_t bytes[1400];
    for (unsigned i = 0; i < sizeof bytes; i += 7) {
        bytes[i] = (uint8_t)chance_next(&s->chance);
    }
    struct talk t = talk_between(&s->chance, stage_stranger(s), stage_server(s, is_ipv6));
    if (is_ipv6) {
        t.end[CLIENT] = wire_ipv6(chance_next(&s->chance), 4000);
    }
    return talk_say(&t, CLIENT, WIRE_ACK, bytes, sizeof bytes);
}

static void send_piece(struct stage *s, const struct segment *segment, uint32_t id, uint32_t offset,
                       size_t len, bool more) {
    uint8_t tcp[WIRE_TCP_MAX] = {0}, frame[WIRE_FRAME_MAX];
    (void)wire_tcp(tcp, segment);
    struct fragment f = {.id = id, .offset = offset, .more = more};
    stage_frame(s, frame, wire_frame(frame, segment, &f, tcp + offset, len));
}

/* Pieces overlap in every way: inside, over the edge, the same twice with other bytes, past the end, the last
 * one twice with different ends. */
static void teardrop(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct segment segment = noise(s, i % 2);
        uint32_t id = s->recorder.next_id++;
        send_piece(s, &segment, id, 0, 400, true);
        for (unsigned k = 0; k < 4; k++) {
            uint32_t offset = 8 * chance_below(&s->chance, 60);
            segment.bytes++;
            segment.len--;
            send_piece(s, &segment, id, offset, 8 * (1 + chance_below(&s->chance, 40)),
                       !chance_one_in(&s->chance, 3));
        }
    }
}

static void incomplete(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct segment segment = noise(s, i % 2);
        bool first = chance_one_in(&s->chance, 2);
        send_piece(s, &segment, s->recorder.next_id++, first ? 0 : 8 * (1 + chance_below(&s->chance, 80)),
                   400, true);
    }
}

/* Each datagram's pieces have eight bytes, last ones first, and one of them never comes. */
static void tiny(struct stage *s, uint64_t size) {
    enum { PIECES = 120 };
    for (uint64_t i = 0; i < size; i += PIECES - 1) {
        struct segment segment = noise(s, i % 2);
        uint32_t id = s->recorder.next_id++, missing = chance_below(&s->chance, PIECES);
        for (uint32_t k = PIECES; k-- > 0;) {
            if (k != missing) {
                send_piece(s, &segment, id, 8 * k, 8, k != PIECES - 1);
            }
        }
    }
}

/* Far offsets: each datagram claims 64 KiB. */
static void long_datagrams(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct segment segment = noise(s, i % 2);
        uint8_t frame[WIRE_FRAME_MAX];
        uint32_t id = s->recorder.next_id++;
        for (unsigned k = 0; k < 3; k++) {
            struct fragment f = {.id = id, .offset = 8 * chance_below(&s->chance, 8191), .more = k != 2};
            stage_frame(s, frame, wire_frame(frame, &segment, &f, segment.bytes, 1400));
        }
    }
}

const struct attack attacks_fragment[] = {
    {"teardrop", "datagrams", 8000, 1000000, OTHERS_NONE, "", "fragments that overlap in every way",
     teardrop},
    {"fragments-incomplete", "fragments", 40000, 5000000, OTHERS_NONE, "",
     "one fragment of each of many datagrams", incomplete},
    {"fragments-tiny", "fragments", 40000, 5000000, OTHERS_NONE, "",
     "datagrams in pieces of eight bytes, backwards, one missing", tiny},
    {"fragments-far", "datagrams", 10000, 1000000, OTHERS_NONE, "",
     "fragments anywhere up to 64 KiB and beyond", long_datagrams},
    {0},
};
