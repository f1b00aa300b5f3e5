/* SPDX-License-Identifier: Apache-2.0 */
/* A packet of one of many open connections, at random: what its connection costs to find, and all that the
 * flow table does with a bare ACK. */
#include "bench/micro.h"
#include "bench/way.h"

#include "reassembly/flow.h"
#include "reassembly/flow_index.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 1000000, PACKETS = 1 << 18 };

struct crowd {
    struct limits limits;
    struct memory index_memory;
    struct flow_index index;
    struct flow_key *keys;
    uint64_t *hashes;
    unsigned count;
    struct memory memory[HARK_PARTITIONS];
    struct flow_table *flows[HARK_PARTITIONS];
    uint64_t ordinal;
    uint32_t ack; /* grows, so that no ACK repeats another */
};

static struct flow_key key_of(unsigned number) {
    struct flow_key key = {.ip_version = 4};
    uint8_t client[4] = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    key.side[0] = (struct endpoint){address_of_v4(client), (uint16_t)(1024 + number * 7 % 60000)};
    key.side[1] = (struct endpoint){address_of_v4((const uint8_t[]){192, 0, 2, 1}), 80};
    return key;
}

static unsigned next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 20);
}

static void *open_nothing(void *environment, const struct connection *connection) {
    (void)environment, (void)connection;
    return NULL;
}

static const struct consumer_ops no_consumer = {.open = open_nothing};

static void send(struct crowd *crowd, unsigned number, uint8_t flags, uint32_t seq, uint32_t ack,
                 bool answer) {
    struct packet packet = {.time_ns = NS_PER_SECOND,
                            .number = ++crowd->ordinal,
                            .ordinal = crowd->ordinal,
                            .key = answer ? flow_key_reverse(&crowd->keys[number]) : crowd->keys[number],
                            .seq = seq,
                            .ack = ack,
                            .flags = flags,
                            .window = 1000,
                            .window_scale = -1,
                            .ip_id = (uint16_t)crowd->ordinal,
                            .wire_len = 66};
    uint64_t hash = flow_key_hash(&packet.key);
    flow_table_packet(crowd->flows[flow_key_partition(hash)], &packet, hash);
}

static void find(void *context) {
    struct crowd *crowd = context;
    uint64_t state = 42, seen = 0;
    for (unsigned i = 0; i < PACKETS; i++) {
        unsigned number = next_random(&state) % crowd->count;
        enum direction direction;
        seen += (uintptr_t)flow_index_find(&crowd->index, crowd->hashes[number], &crowd->keys[number],
                                           &direction);
    }
    micro_keep(seen);
}

static void acknowledge(void *context) {
    struct crowd *crowd = context;
    uint64_t state = 42;
    crowd->ack++;
    for (unsigned i = 0; i < PACKETS; i++) {
        send(crowd, next_random(&state) % crowd->count, TCP_ACK, 101, 500 + crowd->ack, false);
    }
}

static void touch(void *context) {
    struct crowd *crowd = context;
    uint64_t state = 42, seen = 0;
    for (unsigned i = 0; i < PACKETS; i++) {
        seen += crowd->hashes[next_random(&state) % crowd->count];
    }
    micro_keep(seen);
}

static void fill(struct crowd *crowd, unsigned count) {
    crowd->count = count;
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        memory_init(&crowd->memory[i], crowd->limits.memory / HARK_PARTITIONS);
        crowd->flows[i] = flow_table_new(&crowd->limits, &crowd->memory[i], &no_consumer, NULL);
        if (!crowd->flows[i]) {
            bench_die("out of memory");
        }
    }
    memory_init(&crowd->index_memory, crowd->limits.memory);
    flow_index_init(&crowd->index, &crowd->index_memory);
    for (unsigned i = 0; i < count; i++) {
        crowd->keys[i] = key_of(i);
        crowd->hashes[i] = flow_key_hash(&crowd->keys[i]);
        if (!flow_index_reserve(&crowd->index)) {
            bench_die("out of memory");
        }
        flow_index_add(&crowd->index, flow_index_tag(crowd->hashes[i]), &crowd->keys[i]);
        send(crowd, i, TCP_SYN, 100, 0, false);
        send(crowd, i, TCP_SYN | TCP_ACK, 499, 101, true);
        send(crowd, i, TCP_ACK, 101, 500, false);
    }
}

static void empty(struct crowd *crowd) {
    flow_index_fini(&crowd->index);
    memory_fini(&crowd->index_memory);
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        flow_table_finish(crowd->flows[i], NS_PER_SECOND);
        flow_table_free(crowd->flows[i]);
        memory_fini(&crowd->memory[i]);
    }
}

void micro_flows(void) {
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    struct flow_key *keys = calloc(MOST, sizeof(*keys));
    uint64_t *hashes = calloc(MOST, sizeof(*hashes));
    if (!crowd || !keys || !hashes) {
        bench_die("out of memory");
    }
    crowd->keys = keys;
    crowd->hashes = hashes;
    crowd->limits = limits_default();
    limits_set_memory(&crowd->limits, UINT64_C(8) << 30);
    crowd->limits.flows = (size_t)MOST * 2;
    for (unsigned count = 1000; count <= MOST; count *= 10) {
        char name[96];
        fill(crowd, count);
        snprintf(name, sizeof(name), "look-up of a connection among %u", count);
        micro_print(name, micro_time(find, crowd, PACKETS), micro_time(touch, crowd, PACKETS),
                    "one load at random");
        snprintf(name, sizeof(name), "packet (ACK) of one of %u connections", count);
        micro_print(name, micro_time(acknowledge, crowd, PACKETS), 0, NULL);
        empty(crowd);
    }
    free(hashes);
    free(keys);
    free(crowd);
}
