/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/limits.h"
#include "capture/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct flow_key v4_key(uint32_t source, uint16_t source_port, uint32_t destination,
                              uint16_t destination_port) {
    struct flow_key key = {.ip_version = 4};
    for (int i = 0; i < 2; i++) {
        uint32_t a = i ? destination : source;
        uint8_t bytes[4] = {(uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a};
        key.side[i].address = address_of_v4(bytes);
        key.side[i].port = i ? destination_port : source_port;
    }
    return key;
}

static void test_hash_is_the_same_for_both_directions(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct flow_key key = v4_key(0x0a000000 + i * 77, (uint16_t)(1024 + i), 0xc0a80000 + i, 80);
        key.network_id = i % 3;
        struct flow_key back = flow_key_reverse(&key);
        assert_true(flow_key_hash(&key) == flow_key_hash(&back));
        assert_int_equal(flow_key_partition(flow_key_hash(&key)), flow_key_partition(flow_key_hash(&back)));
        assert_false(flow_key_equal(&key, &back));
        struct flow_key again = flow_key_reverse(&back);
        assert_true(flow_key_equal(&key, &again));
    }
}

static void test_hash_tells_every_field(void **state) {
    (void)state;
    struct flow_key key = v4_key(0x0a000001, 4000, 0x0a000002, 80);
    uint64_t hash = flow_key_hash(&key);
    for (unsigned field = 0; field < 8; field++) {
        struct flow_key other = key;
        switch (field) {
        case 0:
            other.side[0].address.bytes[15] ^= 1;
            break;
        case 1:
            other.side[1].address.bytes[0] ^= 1;
            break;
        case 2:
            other.side[0].port ^= 1;
            break;
        case 3:
            other.side[1].port ^= 0x100;
            break;
        case 4:
            other.network_id = 1;
            break;
        case 5:
            other.vlan = 1;
            break;
        case 6:
            other.ip_version = 6;
            break;
        case 7:
            other.network_kind = TUNNEL_VXLAN;
            break;
        }
        assert_false(flow_key_equal(&key, &other));
        assert_true(flow_key_hash(&other) != hash);
    }
    /* Ports that change places are another flow. */
    struct flow_key swapped = key;
    swapped.side[0].port = 80;
    swapped.side[1].port = 4000;
    assert_true(flow_key_hash(&swapped) != hash);
}

static void test_equality_ignores_padding(void **state) {
    (void)state;
    struct flow_key a, b;
    memset(&a, 0x00, sizeof a);
    memset(&b, 0xff, sizeof b);
    struct flow_key key = v4_key(1, 2, 3, 4);
    struct flow_key *both[2] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        both[i]->side[0] = key.side[0];
        both[i]->side[1] = key.side[1];
        both[i]->network_id = 5;
        both[i]->vlan = 6;
        both[i]->ip_version = 4;
        both[i]->network_kind = TUNNEL_GENEVE;
    }
    assert_true(flow_key_equal(&a, &b));
    assert_true(flow_key_hash(&a) == flow_key_hash(&b));
}

/* Flows that differ by little (a port scan, a server farm) spread over all partitions. */
static void test_partitions_are_even(void **state) {
    (void)state;
    unsigned counts[2][HARK_PARTITIONS] = {{0}};
    enum { FLOWS = 64000 };
    for (uint32_t i = 0; i < FLOWS; i++) {
        struct flow_key by_port = v4_key(0x0a000001, (uint16_t)(i % 65000), 0x0a000002 + i / 65000, 80);
        struct flow_key by_address = v4_key(0x0a000000 + i, 40000, 0x0b000001, 443);
        unsigned p = flow_key_partition(flow_key_hash(&by_port));
        unsigned q = flow_key_partition(flow_key_hash(&by_address));
        assert_true(p < HARK_PARTITIONS && q < HARK_PARTITIONS);
        counts[0][p]++;
        counts[1][q]++;
    }
    for (int way = 0; way < 2; way++) {
        for (unsigned p = 0; p < HARK_PARTITIONS; p++) {
            assert_in_range(counts[way][p], FLOWS / HARK_PARTITIONS * 8 / 10,
                            FLOWS / HARK_PARTITIONS * 12 / 10);
        }
    }
}

/* The hash deals flows to partitions, whose caps decide what is evicted: it may differ neither from run to
 * run nor from machine to machine. */
static void test_hash_is_fixed(void **state) {
    (void)state;
    struct flow_key key = v4_key(0x7f000001, 1, 0x7f000002, 2);
    assert_true(flow_key_hash(&key) == UINT64_C(0xb85136ad88df5a95));
    assert_int_equal(flow_key_partition(UINT64_C(0x0886f603df6c69c1)), 2);
}

/* A factor that an attacker can make zero annihilates nothing, and who does not know the secret can't make
 * keys that meet in a table. */
static void test_hash_with_a_secret(void **state) {
    (void)state;
    struct hash_secret a, b;
    hash_secret_make(&a);
    hash_secret_make(&b);
    uint64_t seen[256];
    unsigned differ = 0;
    for (uint32_t port = 0; port < 256; port++) {
        struct flow_key key = {.ip_version = 6, .side = {{.port = (uint16_t)port}, {.port = 80}}};
        static const uint8_t zero[8] = {0xd1, 0xb5, 0x4a, 0x32, 0xd1, 0x92, 0xed, 0x03};
        memcpy(key.side[0].address.bytes + 8, zero, sizeof zero);
        uint64_t hash = flow_key_hash(&key);
        for (uint32_t i = 0; i < port; i++) {
            assert_true(seen[i] != hash);
        }
        seen[port] = hash;
        struct flow_key reversed = flow_key_reverse(&key);
        assert_true(flow_key_hash_secret(&key, hash, &a) == flow_key_hash_secret(&reversed, hash, &a));
        differ += flow_key_hash_secret(&key, hash, &a) != flow_key_hash_secret(&key, hash, &b);
    }
    assert_int_equal(differ, 256);
}

struct text_case {
    uint8_t version;
    struct address address;
    const char *text;
};

static const struct text_case text_cases[] = {
    {4, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 255}}, "192.0.2.255"},
    {4, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 10, 100, 1}}, "0.10.100.1"},
    {6, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}}, "::ffff:192.0.2.1"},
    {6, {{0}}, "::"},
    {6, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, "::1"},
    {6, {{0x20, 0x01, 0x0d, 0xb8}}, "2001:db8::"},
    {6, {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, "2001:db8::1"},
    /* One zero group is not compressed (RFC 5952 section 4.2.2). */
    {6, {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}}, "2001:db8:0:1:1:1:1:1"},
    /* The longest run, the first of equals (section 4.2.3). */
    {6, {{0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}}, "2001:0:0:1::1"},
    {6, {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}}, "2001:db8::1:0:0:1"},
    {6, {{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 0}}, "1:2:3:4:5:6::"},
    {6, {{0, 0, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}}, "::3:4:5:6:7:8"},
    {6, {{0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0}}, "0:2:3:4:5:6:7:0"},
    {6,
     {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {6, {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x00, 0x0a, 0x0b, 0xcd, 0, 0x10, 0x01, 0}}, "fe80::a:bcd:10:100"},
};

static void test_address_text(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof text_cases / sizeof text_cases[0]; i++) {
        char text[ADDRESS_TEXT_BYTES];
        size_t len = address_text(&text_cases[i].address, text_cases[i].version, text);
        assert_string_equal(text, text_cases[i].text);
        assert_int_equal(len, strlen(text_cases[i].text));
    }
}

static void test_address_v4(void **state) {
    (void)state;
    struct address a = address_of_v4((const uint8_t[4]){10, 0, 0, 1});
    assert_true(address_is_v4(&a));
    assert_int_equal(a.bytes[12], 10);
    assert_int_equal(a.bytes[15], 1);
    a.bytes[10] = 0;
    assert_false(address_is_v4(&a));
}

static void test_tunnel_names_differ(void **state) {
    (void)state;
    for (unsigned i = 0; i < TUNNEL_KINDS; i++) {
        assert_string_not_equal(tunnel_kind_name((enum tunnel_kind)i), "unknown");
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(tunnel_kind_name((enum tunnel_kind)i),
                                    tunnel_kind_name((enum tunnel_kind)j));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_the_same_for_both_directions),
        cmocka_unit_test(test_hash_tells_every_field),
        cmocka_unit_test(test_equality_ignores_padding),
        cmocka_unit_test(test_partitions_are_even),
        cmocka_unit_test(test_hash_is_fixed),
        cmocka_unit_test(test_hash_with_a_secret),
        cmocka_unit_test(test_address_text),
        cmocka_unit_test(test_address_v4),
        cmocka_unit_test(test_tunnel_names_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
