/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a script of packets, ticks and a consumer's moods on a few connections; the harness aborts
 * when reassembly breaks its contract: order, one end a direction, sums that add up, bytes at their right
 * place.
 *
 * Each step takes up to eight bytes: operation, flags, two of sequence number, two of acknowledgement,
 * length, time. Numbers are small steps around each direction's place, so that overlap, holes and repeats are
 * usual. */
#include "reassembly/flow.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLOWS = 3, STEP_BYTES = 8, LARGEST = 128 * 47 };

struct script {
    const uint8_t *at;
    size_t left;
};

struct listener {
    struct listener_log {
        bool open;
        bool swapped; /* the server sent the first packet */
        bool begun[2];
        bool ended[2];
        uint64_t next[2];
    } log;
    struct harness *harness;
};

struct harness {
    struct script moods; /* how much the consumer takes, read from the input's end */
    uint64_t gap_bytes;
    uint64_t delivered;
    uint64_t opens;
    uint64_t closes;
    bool forged; /* a packet with other bytes for the same numbers was sent */
    struct listener listeners[64];
};

#define DEMAND(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* What a direction sends at a place: the consumer can tell whether bytes stand where they belong. */
static uint8_t byte_at(unsigned side, uint32_t number) {
    return (uint8_t)(number * 31 + (number >> 8) + side * 97);
}

static uint8_t mood(struct harness *h) {
    if (h->moods.left == 0) {
        return 0;
    }
    return h->moods.at[--h->moods.left];
}

static void *listener_open(void *environment, const struct connection *c) {
    struct harness *h = environment;
    DEMAND(c->key.side[0].port != 0);
    if (mood(h) % 16 == 15) {
        return NULL;
    }
    for (unsigned i = 0; i < sizeof h->listeners / sizeof *h->listeners; i++) {
        struct listener *l = &h->listeners[i];
        if (!l->log.open) {
            *l = (struct listener){.harness = h, .log = {.open = true, .swapped = c->key.side[0].port == 80}};
            h->opens++;
            return l;
        }
    }
    return NULL;
}

static void move(struct listener *l, enum direction d, uint64_t offset, uint64_t len) {
    DEMAND(l->log.open && !l->log.ended[d] && len > 0);
    DEMAND(!l->log.begun[d] || l->log.next[d] == offset);
    l->log.begun[d] = true;
    l->log.next[d] = offset + len;
}

static size_t listener_data(void *consumer, enum direction d, const struct chunk *chunk) {
    struct listener *l = consumer;
    struct harness *h = l->harness;
    size_t take = chunk->bytes.len;
    DEMAND(take > 0 && !l->log.ended[d]);
    DEMAND(chunk->segment->offset <= chunk->offset && chunk->segment->ordinal > 0);
    DEMAND(!l->log.begun[d] || l->log.next[d] == chunk->offset);
    unsigned side = (unsigned)d ^ l->log.swapped;
    for (size_t i = 0; i < chunk->bytes.len && !h->forged; i++) {
        DEMAND(chunk->bytes.ptr[i] == byte_at(side, (uint32_t)chunk->offset + (uint32_t)i));
    }
    uint8_t want = mood(h);
    if (!chunk->must_take && want % 4 == 3) {
        take = want / 4 * take / 64;
    }
    if (take > 0) {
        move(l, d, chunk->offset, take);
        h->delivered += take;
    }
    return take;
}

static void listener_gap(void *consumer, enum direction d, uint64_t offset, uint64_t len,
                         enum gap_reason reason, int64_t now_ns) {
    struct listener *l = consumer;
    DEMAND(reason < GAP_REASONS && now_ns >= 0);
    move(l, d, offset, len);
    l->harness->gap_bytes += len;
}

static void listener_overdue(void *consumer, enum direction d, uint64_t acked, int64_t now_ns) {
    struct listener *l = consumer;
    (void)now_ns;
    DEMAND(l->log.open && !l->log.ended[d]);
    DEMAND(!l->log.begun[d] || acked > l->log.next[d]);
}

static void listener_end(void *consumer, enum direction d, enum end_reason reason, int64_t now_ns) {
    struct listener *l = consumer;
    (void)now_ns;
    DEMAND(l->log.open && !l->log.ended[d] && reason < END_REASONS);
    l->log.ended[d] = true;
}

static void listener_close(void *consumer) {
    struct listener *l = consumer;
    DEMAND(l->log.open && l->log.ended[0] && l->log.ended[1]);
    l->log.open = false;
    l->harness->closes++;
}

static const struct consumer_ops listener_ops = {listener_open,    listener_data, listener_gap,
                                                 listener_overdue, listener_end,  listener_close};

static bool next_step(struct script *s, uint8_t step[STEP_BYTES]) {
    if (s->left < STEP_BYTES) {
        return false;
    }
    memcpy(step, s->at, STEP_BYTES);
    s->at += STEP_BYTES;
    s->left -= STEP_BYTES;
    return true;
}

static const uint32_t bases[2] = {0xffffff00, 1000};

static uint8_t flags_of(uint8_t code) {
    static const uint8_t usual[] = {TCP_ACK,           TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_SYN | TCP_ACK,
                                    TCP_ACK | TCP_FIN, TCP_RST, TCP_RST | TCP_ACK};
    return code & 0x80 ? code & 0x3f : usual[code % (sizeof usual / sizeof *usual)];
}

static void send(struct harness *h, struct flow_table *table, const uint8_t step[STEP_BYTES], int64_t now_ns,
                 uint64_t ordinal) {
    unsigned d = step[0] & 1, flow = step[0] >> 1 & 3;
    size_t len = step[6] < 128 ? step[6] : (size_t)(step[6] - 127) * 47;
    struct packet p = {.time_ns = now_ns,
                       .ordinal = ordinal,
                       .number = ordinal,
                       .flags = flags_of(step[1]),
                       .window = step[7],
                       .window_scale = step[7] % 16 - 1,
                       .ip_id = step[0] & 0x20 ? (uint16_t)ordinal : 1};
    /* Mostly near the start; seldom anywhere. */
    uint32_t seq = (uint32_t)step[2] << 4 ^ step[3], ack = (uint32_t)step[4] << 4 ^ step[5];
    p.seq = bases[d] + (step[1] & 0x40 ? seq << 16 : seq);
    p.ack = bases[!d] + (step[1] & 0x40 ? ack << 16 : ack);
    uint8_t *payload = malloc(len ? len : 1); /* exact, so that a read beyond it is seen */
    DEMAND(payload && len <= LARGEST);
    uint32_t first = p.seq + (p.flags & TCP_SYN ? 1 : 0);
    bool forged = step[0] >= 0xf0;
    h->forged |= forged;
    for (size_t i = 0; i < len; i++) {
        payload[i] = (uint8_t)(byte_at(d, first + (uint32_t)i) ^ (forged && i % 7 == 3));
    }
    p.payload = slice_make(payload, len);
    p.cut = step[0] & 0x08 ? step[7] : 0;
    p.key.ip_version = 4;
    for (unsigned side = 0; side < 2; side++) {
        p.key.side[side].address = address_of_v4((const uint8_t[]){10, 0, 0, (uint8_t)(1 + (side ^ d))});
        p.key.side[side].port = side ^ d ? 80 : (uint16_t)(40000 + flow % FLOWS);
    }
    flow_table_packet(table, &p, flow_key_hash(&p.key));
    free(payload);
}

static void check_sums(const struct harness *h, const struct flow_table *table, uint64_t packets) {
    struct flow_counts counts;
    flow_table_counts(table, &counts);
    uint64_t fates = 0, closed = 0;
    for (int i = 0; i < FLOW_FATES; i++) {
        fates += counts.fates[i];
    }
    for (int i = 0; i < END_REASONS; i++) {
        closed += counts.closed[i];
    }
    DEMAND(fates == packets);
    DEMAND(counts.payload_bytes == counts.delivered_bytes + counts.dropped_bytes + counts.held_bytes_now);
    DEMAND(counts.delivered_bytes == h->delivered && counts.gap_bytes == h->gap_bytes);
    DEMAND(counts.opened == closed + counts.open_now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    struct harness h = {.moods = {data + size / 2, size - size / 2}};
    struct script script = {data + 1, size - 1};
    struct limits limits = limits_default();
    /* Small caps, so that they are hit. */
    limits.flows = (size_t)(data[0] % 4 + 1) * HARK_PARTITIONS;
    limits.held_bytes = (size_t)HARK_PARTITIONS * 2048 * (data[0] / 4 % 8);
    limits.stream_held_bytes = (size_t)(data[0] / 32) * 1500;
    struct memory memory;
    memory_init(&memory, limits.memory);
    struct flow_table *table = flow_table_new(&limits, &memory, &listener_ops, &h);
    DEMAND(table);
    int64_t now_ns = 1000 * NS_PER_SECOND;
    uint64_t packets = 0;
    uint8_t step[STEP_BYTES];
    while (next_step(&script, step)) {
        if (step[0] & 0x40 && !(step[0] & 0x80)) {
            int64_t jump = step[1] < 250 ? 10 * NS_PER_MILLISECOND : 10 * NS_PER_SECOND;
            now_ns += step[1] == 255 ? -100 * NS_PER_SECOND : step[2] * jump;
            now_ns = now_ns < 0 ? 0 : now_ns;
            flow_table_tick(table, now_ns);
        } else {
            send(&h, table, step, now_ns - (step[7] & 7) * NS_PER_MILLISECOND, ++packets);
        }
        check_sums(&h, table, packets);
    }
    flow_table_finish(table, now_ns);
    check_sums(&h, table, packets);
    struct flow_counts counts;
    flow_table_counts(table, &counts);
    DEMAND(counts.open_now == 0 && counts.held_bytes_now == 0 && h.opens == h.closes);
    flow_table_free(table);
    memory_fini(&memory);
    return 0;
}
