/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation of two TCPs, and one way in which a tap may have seen it. */
#ifndef HARK_TESTS_SCHEDULE_H
#define HARK_TESTS_SCHEDULE_H

#include "capture/limits.h"
#include "capture/packet.h"

enum { SCHEDULE_PACKETS = 4096, SCHEDULE_BYTES = 1 << 16, SCHEDULE_TURNS = 8 };

struct schedule_packet {
    int64_t seen_ns; /* by the tap */
    unsigned place;  /* in the order of sending */
    int direction;   /* 0: from the client */
    uint32_t start;  /* of its payload in the direction's bytes */
    uint32_t len;
    uint32_t ack; /* bytes of the other direction that the sender had, FIN and SYN not counted */
    uint8_t flags;
    bool acks_fin;
    uint16_t ip_id;
};

struct schedule {
    uint64_t random;
    bool midstream;    /* the handshake is not captured */
    uint32_t first[2]; /* sequence number of each direction's first byte */
    uint32_t len[2];
    uint8_t bytes[2][SCHEDULE_BYTES];
    unsigned turns;
    uint32_t turn_end[2][SCHEDULE_TURNS]; /* where request k and response k end */
    unsigned count;
    unsigned tap_copies;
    int64_t end_ns;
    struct schedule_packet packets[SCHEDULE_PACKETS]; /* as the tap saw them */
};

/* What the seed makes: turns of request and response; cuts anywhere; packets lost before the tap and sent
 * again after up to 3 s, with other cuts; needless retransmissions; each direction delayed as a whole and
 * each packet on its own, together by less than `skew_ns`; copies by the tap; numbers that wrap. */
void schedule_make(struct schedule *, uint64_t seed, int64_t skew_ns);
void schedule_packet(const struct schedule *, unsigned index, struct packet *);

#endif
