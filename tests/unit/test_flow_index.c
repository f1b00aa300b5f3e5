/* SPDX-License-Identifier: Apache-2.0 */
/* Keys with one tag: 32 bits of a hash with a secret are kept, so among some 100,000 connections a pair has
 * the same ones. */
#include "flow_bench.h"
#include "reassembly/flow_index.h"
#include "reassembly/flow_table.h"

enum { FIRST_PORT = 1024, KEYS = 1 << 20, SLOTS = 1 << 22 };

/* Another one for each number below KEYS. */
static struct flow_key key_numbered(uint32_t n) {
    struct flow_key key = {.ip_version = 4};
    key.side[0].address = address_of_v4((const uint8_t[]){10, 1, 0, 1});
    key.side[0].port = (uint16_t)(FIRST_PORT + (n & 0x7fff));
    key.side[1].address = address_of_v4((const uint8_t[]){10, 2, 0, (uint8_t)(n >> 15)});
    key.side[1].port = 80;
    return key;
}

static void add(struct flow_index *x, uint64_t hash, struct flow_key *key) {
    assert_true(flow_index_reserve(x));
    flow_index_add(x, flow_index_tag(hash), key);
}

/* What is not found has no direction, whatever was compared with it. */
static void test_a_tag_of_several_keys(void **state) {
    (void)state;
    struct memory memory;
    struct flow_index x;
    memory_init(&memory, 1 << 20);
    flow_index_init(&x, &memory);
    struct flow_key first = key_numbered(1), second = key_numbered(2), third = key_numbered(3);
    struct flow_key reverse = flow_key_reverse(&second);
    add(&x, 7, &first);
    enum direction d = DIRECTION_0;
    assert_null(flow_index_find(&x, 7, &second, &d));
    assert_int_equal(d, DIRECTION_0);
    add(&x, 7, &second);
    assert_ptr_equal(flow_index_find(&x, 7, &second, &d), &second);
    assert_int_equal(d, DIRECTION_0);
    assert_ptr_equal(flow_index_find(&x, 7, &reverse, &d), &second);
    assert_int_equal(d, DIRECTION_1);
    d = DIRECTION_0;
    assert_null(flow_index_find(&x, 7, &third, &d));
    assert_int_equal(d, DIRECTION_0);
    flow_index_remove(&x, flow_index_tag(7), &first);
    assert_ptr_equal(flow_index_find(&x, 7, &second, &d), &second);
    flow_index_fini(&x);
    memory_fini(&memory);
}

static uint32_t tag_of(const struct flow_table *t, uint32_t number) {
    struct flow_key key = key_numbered(number);
    return flow_index_tag(flow_key_hash_secret(&key, flow_key_hash(&key), &t->reassembler.secret));
}

/* Two numbers whose keys have one tag in the table, which has a secret of its own. */
static bool find_pair(const struct flow_table *t, uint32_t pair[2]) {
    uint32_t *slots = calloc(SLOTS, sizeof *slots); /* numbers by tag; 0: vacant */
    assert_non_null(slots);
    bool found = false;
    for (uint32_t n = 1; n < KEYS && !found; n++) {
        uint32_t tag = tag_of(t, n);
        size_t at = tag % SLOTS;
        while (slots[at] && tag_of(t, slots[at]) != tag) {
            at = (at + 1) % SLOTS;
        }
        found = slots[at] != 0;
        pair[0] = slots[at];
        pair[1] = n;
        slots[at] = n;
    }
    free(slots);
    return found;
}

/* A connection whose begin was not captured has its first packet's sender as side 0, also beside one with its
 * tag. */
static void test_connections_of_one_tag(void **state) {
    (void)state;
    struct bench *b = bench_new(NULL);
    uint32_t pair[2];
    assert_true(find_pair(b->table, pair)); /* some 128 pairs are to be expected */
    for (unsigned i = 0; i < 2; i++) {
        int64_t at = 1 + i * 5000;
        struct packet p = bench_packet(b, (struct tcp){.at = at, .seq = 100, .ack = 500, .text = "GET"});
        p.key = key_numbered(pair[i]);
        assert_int_equal(flow_table_packet(b->table, &p, flow_key_hash(&p.key)), FLOW_DATA);
        flow_table_tick(b->table, MS(at + 4000));
        assert_true(flow_key_equal(&b->seen.key, &p.key));
        expect(b, "open midstream\n0: 100 GET\n");
    }
    bench_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tag_of_several_keys),
        cmocka_unit_test(test_connections_of_one_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
