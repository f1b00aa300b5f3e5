/* SPDX-License-Identifier: Apache-2.0 */
/* The TCP header (RFC 9293) and those options that analysis uses. Options are hints: broken ones are left
 * out and never cost the packet. */
#include "capture/checksum.h"
#include "capture/decode_walk.h"

enum { TCP_HEADER_BYTES = 20 };

enum {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_WINDOW_SCALE = 3,
    OPTION_SACK = 5,
    OPTION_TIMESTAMPS = 8,
    WINDOW_SCALE_MOST = 14, /* RFC 7323 section 2.3 */
};

static void read_sack(struct packet *packet, struct slice value) {
    size_t most = sizeof packet->sack / sizeof packet->sack[0];
    if (value.len % 8 != 0 || value.len / 8 > most) {
        return;
    }
    packet->sack_count = (uint8_t)(value.len / 8);
    for (size_t i = 0; i < packet->sack_count; i++) {
        packet->sack[i].left = be32_at(value.ptr + 8 * i);
        packet->sack[i].right = be32_at(value.ptr + 8 * i + 4);
    }
}

static void read_timestamps(struct packet *packet, const uint8_t *value) {
    packet->has_timestamps = true;
    packet->ts_value = be32_at(value);
    packet->ts_echo = be32_at(value + 4);
}

static void read_option(struct packet *packet, uint8_t kind, struct slice value) {
    switch (kind) {
    case OPTION_WINDOW_SCALE:
        if (value.len == 1 && packet->flags & TCP_SYN) {
            packet->window_scale =
                (int8_t)(value.ptr[0] < WINDOW_SCALE_MOST ? value.ptr[0] : WINDOW_SCALE_MOST);
        }
        break;
    case OPTION_SACK:
        read_sack(packet, value);
        break;
    case OPTION_TIMESTAMPS:
        if (value.len == 8) {
            read_timestamps(packet, value.ptr);
        }
        break;
    }
}

/* Those of a SYN as Linux lays them out. */
static bool are_usual_of_syn(const struct packet *packet, struct slice options) {
    enum { SEGMENT_SIZE = 0x0204, SACK_AND_TIMESTAMPS = 0x0402080a, NOP_AND_WINDOW_SCALE = 0x010303 };
    return options.len == 20 && packet->flags & TCP_SYN && be16_at(options.ptr) == SEGMENT_SIZE &&
           be32_at(options.ptr + 4) == SACK_AND_TIMESTAMPS &&
           be32_at(options.ptr + 16) >> 8 == NOP_AND_WINDOW_SCALE;
}

void decode_tcp_options(struct packet *packet, struct slice options) {
    static const uint8_t usual[4] = {OPTION_NOP, OPTION_NOP, OPTION_TIMESTAMPS, 10};
    packet->window_scale = -1;
    packet->sack_count = 0;
    packet->has_timestamps = false;
    packet->ts_value = 0; /* compared by those who look for copies */
    packet->ts_echo = 0;
    if (options.len == 12 && memcmp(options.ptr, usual, sizeof usual) == 0) {
        read_timestamps(packet, options.ptr + 4);
        return;
    }
    if (are_usual_of_syn(packet, options)) {
        read_timestamps(packet, options.ptr + 8);
        read_option(packet, OPTION_WINDOW_SCALE, slice_make(options.ptr + 19, 1));
        return;
    }
    struct cursor c = cursor_of(options);
    while (cursor_left(&c)) {
        uint8_t kind = cursor_u8(&c);
        if (kind == OPTION_END) {
            return;
        }
        if (kind == OPTION_NOP) {
            continue;
        }
        size_t len = cursor_u8(&c);
        if (len < 2) {
            return;
        }
        struct slice value = cursor_take(&c, len - 2);
        if (c.failed) {
            return;
        }
        read_option(packet, kind, value);
    }
}

static enum layer header_short(struct walk *w) {
    return walk_end(w, w->missing ? DECODE_TCP_TRUNCATED : DECODE_TCP_MALFORMED);
}

/* Whoever cuts a packet into fragments fills its checksum in before, so that a wrong one of a datagram put
 * together tells that its fragments are of two with one identification: a host makes no packet of them. Where
 * (nearly) all so far are wrong they say nothing, as somebody changed what they cover. */
static bool is_chimera(struct walk *w) {
    enum { WRONG_FOR_ONE_RIGHT = 16 };
    w->wrong_datagrams++;
    return w->wrong_datagrams <= w->right_datagrams * WRONG_FOR_ONE_RIGHT;
}

/* What can't be verified passes. Where a datagram came whole, what is in it must be whole. */
static bool checksum_passes(struct walk *w, struct slice segment) {
    bool verify = w->options.verify_checksums, fragmented = w->packet->fragmented;
    if (fragmented && w->missing && !w->datagram_cut) {
        return !is_chimera(w);
    }
    if ((!verify && !fragmented) || w->missing || w->offloaded) {
        return true;
    }
    if (checksum_tcp_valid(&w->packet->key, segment)) {
        w->right_datagrams += fragmented;
        return true;
    }
    if (w->options.partial_checksums && checksum_tcp_partial(&w->packet->key, segment)) {
        w->counts.partial_checksums++;
        return true;
    }
    return !verify && !is_chimera(w);
}

/* Of two datagrams with one identification the fragment that came last is the later one's, which can still
 * become whole. Else what is left of that one would meet the next with the identification, and so on. */
static enum layer wrong_checksum(struct walk *w) {
    if (w->packet->fragmented) {
        decode_begin_datagram_again(w);
    }
    return walk_end(w, DECODE_TCP_CHECKSUM);
}

enum layer decode_tcp(struct walk *w) {
    struct packet *packet = w->packet;
    struct slice segment = cursor_rest(&w->at);
    struct slice h = cursor_take(&w->at, TCP_HEADER_BYTES);
    if (w->at.failed) {
        return header_short(w);
    }
    size_t header_len = (size_t)(h.ptr[12] >> 4) * 4;
    if (header_len < TCP_HEADER_BYTES) {
        return walk_end(w, DECODE_TCP_MALFORMED);
    }
    struct slice options = cursor_take(&w->at, header_len - TCP_HEADER_BYTES);
    if (w->at.failed) {
        return header_short(w);
    }
    if (!checksum_passes(w, segment)) {
        return wrong_checksum(w);
    }
    packet->key.side[0].port = be16_at(h.ptr);
    packet->key.side[1].port = be16_at(h.ptr + 2);
    packet->seq = be32_at(h.ptr + 4);
    packet->ack = be32_at(h.ptr + 8);
    packet->flags = h.ptr[13] & DECODE_TCP_FLAGS;
    packet->window = be16_at(h.ptr + 14);
    packet->checksum = be16_at(h.ptr + 16);
    decode_tcp_options(packet, options);
    packet->payload = cursor_rest(&w->at);
    packet->cut = (uint32_t)w->missing;
    return walk_end(w, DECODE_TCP);
}
