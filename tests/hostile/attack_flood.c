/* SPDX-License-Identifier: Apache-2.0 */
/* Many packets of few bytes, each of which may cost a connection. */
#include "attack.h"

#include <string.h>

static struct talk between_strangers(struct stage *s) {
    return talk_between(&s->chance, stage_stranger(s), stage_server(s, false));
}

static void syn_flood(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = between_strangers(s);
        struct segment syn = talk_say(&t, CLIENT, WIRE_SYN, NULL, 0);
        stage_segment(s, &syn);
    }
}

static void syn_answered(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = between_strangers(s);
        struct segment segment = talk_say(&t, CLIENT, WIRE_SYN, NULL, 0);
        stage_segment(s, &segment);
        segment = talk_say(&t, SERVER, WIRE_SYN | WIRE_ACK, NULL, 0);
        stage_segment(s, &segment);
    }
}

static void syn_repeated(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, chance_below(&s->chance, 1000));
        struct segment syn = talk_say(&t, CLIENT, WIRE_SYN, NULL, 0);
        stage_segment(s, &syn);
    }
}

static void handshakes(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i);
        stage_handshake(s, &t);
    }
}

static void handshake_reset(struct stage *s, uint64_t size) {
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = stage_talk(s, i % 500);
        stage_handshake(s, &t);
        struct segment rst = talk_say(&t, CLIENT, WIRE_RST | WIRE_ACK, NULL, 0);
        stage_segment(s, &rst);
    }
}

static void bare_flood(struct stage *s, uint64_t size) {
    static const uint8_t flags[] = {WIRE_ACK, WIRE_FIN | WIRE_ACK, WIRE_RST, WIRE_RST | WIRE_ACK,
                                    WIRE_SYN | WIRE_ACK};
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = between_strangers(s);
        struct segment segment = talk_say(&t, CLIENT, flags[chance_below(&s->chance, sizeof flags)], NULL, 0);
        stage_segment(s, &segment);
    }
}

static void ack_storm(struct stage *s, uint64_t size) {
    enum { TALKS = 100 };
    static struct talk talks[TALKS];
    for (unsigned i = 0; i < TALKS; i++) {
        talks[i] = stage_talk(s, i);
        stage_handshake(s, &talks[i]);
    }
    for (uint64_t i = 0; i < size; i++) {
        struct talk *t = &talks[chance_below(&s->chance, TALKS)];
        enum side side = chance_one_in(&s->chance, 2) ? CLIENT : SERVER;
        struct segment ack = talk_say(t, side, WIRE_ACK, NULL, 0);
        switch (chance_below(&s->chance, 3)) {
        case 0: /* for what was never sent */
            ack.ack += chance_below(&s->chance, 1000000);
            break;
        case 1:
            ack.ack = (uint32_t)chance_next(&s->chance);
            break;
        default:
            break;
        }
        stage_segment(s, &ack);
    }
}

static void data_flood(struct stage *s, uint64_t size) {
    uint8_t junk[64];
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = between_strangers(s);
        for (unsigned k = 0; k < sizeof junk; k++) {
            junk[k] = (uint8_t)chance_next(&s->chance);
        }
        struct segment segment = talk_say(&t, CLIENT, WIRE_ACK, junk, sizeof junk);
        stage_segment(s, &segment);
    }
}

static void request_flood(struct stage *s, uint64_t size) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    for (uint64_t i = 0; i < size; i++) {
        struct talk t = between_strangers(s);
        struct segment segment = talk_say(&t, CLIENT, WIRE_ACK, request, sizeof request - 1);
        stage_segment(s, &segment);
    }
}

/* Addresses chosen so that a product in hark's hash of connections (capture/packet.c) is zero whatever the
 * port and the network: without a secret in its tables every connection would be in one place. */
static void hash_collision(struct stage *s, uint64_t size) {
    static const uint8_t chosen[8] = {0xd1, 0xb5, 0x4a, 0x32, 0xd1, 0x92, 0xed, 0x03};
    struct endpoint server = wire_ipv6(UINT64_C(2) << 48, 80);
    for (uint64_t i = 0; i < size; i++) {
        struct endpoint client = wire_ipv6(0, (uint16_t)(1024 + chance_below(&s->chance, 64000)));
        uint64_t network = chance_next(&s->chance);
        memcpy(client.address + 1, &network, 7);
        memcpy(client.address + 8, chosen, sizeof chosen);
        struct talk t = talk_between(&s->chance, client, server);
        struct segment syn = talk_say(&t, CLIENT, WIRE_SYN, NULL, 0);
        stage_segment(s, &syn);
    }
}

const struct attack attacks_flood[] = {
    {"syn-flood", "SYNs", 60000, 10000000, OTHERS_NONE, "", "SYNs of random sources", syn_flood},
    {"syn-answered", "SYNs", 30000, 2000000, OTHERS_NONE, "", "SYNs of random sources, each with its SYN+ACK",
     syn_answered},
    {"syn-repeated", "SYNs", 60000, 10000000, OTHERS_NONE, "",
     "SYNs of the same thousand ports, each time with another number", syn_repeated},
    {"handshakes", "connections", 20000, 2000000, OTHERS_NONE, "", "handshakes and nothing after them",
     handshakes},
    {"handshake-reset", "connections", 15000, 2000000, OTHERS_NONE, "",
     "connections opened and reset at once, on the same ports", handshake_reset},
    {"bare-flood", "packets", 60000, 10000000, OTHERS_NONE, "",
     "ACK, FIN, RST and SYN+ACK of no known connection", bare_flood},
    {"ack-storm", "ACKs", 60000, 10000000, OTHERS_NONE, "",
     "ACKs on open connections: repeated, of bytes never sent, of any number", ack_storm},
    {"data-flood", "packets", 40000, 5000000, OTHERS_NONE, "",
     "one packet of noise of each of many unknown connections", data_flood},
    {"request-flood", "packets", 30000, 2000000, OTHERS_INCOMPLETE, "",
     "one whole request of each of many unknown connections", request_flood},
    {"hash-collision", "SYNs", 10000, 1000000, OTHERS_NONE, "",
     "SYNs of addresses that a hash without a secret puts in one place", hash_collision},
    {0},
};
