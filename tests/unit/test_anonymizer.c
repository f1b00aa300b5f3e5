/* SPDX-License-Identifier: Apache-2.0 */
/* Crypto-PAn against the sample trace of its authors' distribution, and, for IPv6, against the values that
 * other implementations agree on with the same key; and its promises on addresses drawn at random. */
#include "output/anonymizer.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t sample_key[ANONYMIZER_KEY_BYTES] = {21,  34, 23,  141, 51, 164, 207, 128, 19,  10,  91,
                                                         22,  73, 144, 125, 16, 216, 152, 143, 131, 121, 121,
                                                         101, 39, 98,  87,  76, 45,  42,  132, 34,  2};

static struct address address_of(const char *text) {
    struct address address;
    uint8_t v4[4];
    if (inet_pton(AF_INET, text, v4) == 1) {
        return address_of_v4(v4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, address.bytes), 1);
    return address;
}

struct pair {
    const char *from, *to;
};

static void assert_pairs(const struct pair *pairs, size_t count) {
    struct anonymizer *anonymizer = anonymizer_new(sample_key);
    assert_non_null(anonymizer);
    for (size_t i = 0; i < 2 * count; i++) { /* the second time, known already */
        char text[ADDRESS_TEXT_BYTES];
        struct address from = address_of(pairs[i % count].from), to = anonymizer_map(anonymizer, &from);
        (void)address_text(&to, address_is_v4(&to) ? 4 : 6, text);
        assert_string_equal(text, pairs[i % count].to);
    }
    assert_int_equal(anonymizer_failures(anonymizer), 0);
    anonymizer_free(anonymizer);
}

static void test_sample_trace(void **state) {
    (void)state;
    static const struct pair pairs[] = {
        {"128.11.68.132", "135.242.180.132"},   {"129.118.74.4", "134.136.186.123"},
        {"130.132.252.244", "133.68.164.234"},  {"141.223.7.43", "141.167.8.160"},
        {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"},
        {"192.102.249.13", "252.138.62.131"},   {"198.51.77.238", "249.18.186.254"},
        {"216.254.18.172", "235.7.16.162"},     {"24.0.250.221", "100.15.198.226"},
        {"4.3.88.225", "124.60.155.63"},        {"64.39.15.238", "0.219.7.41"},
        {"10.185.25.118", "117.161.29.118"},
    };
    assert_pairs(pairs, sizeof pairs / sizeof pairs[0]);
}

static void test_ipv6(void **state) {
    (void)state;
    static const struct pair pairs[] = {
        {"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
        {"::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"},
        {"::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"},
        {"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
        {"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"},
    };
    assert_pairs(pairs, sizeof pairs / sizeof pairs[0]);
}

/* How many first bits two addresses have in common. */
static unsigned common_bits(const struct address *a, const struct address *b) {
    unsigned bits = 0;
    while (bits < 8 * ADDRESS_BYTES &&
           ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) >> (7 - bits % 8) & 1) == 0) {
        bits++;
    }
    return bits;
}

/* Both families: b has some of a's first bits. */
static void test_prefixes_stay(void **state) {
    (void)state;
    struct anonymizer *anonymizer = anonymizer_new(sample_key);
    assert_non_null(anonymizer);
    srand(1);
    for (int i = 0; i < 20000; i++) {
        struct address a, b;
        unsigned first = i % 2 ? 0 : 96; /* of IPv4 its mapped form */
        for (size_t j = 0; j < ADDRESS_BYTES; j++) {
            a.bytes[j] = (uint8_t)rand();
        }
        if (first) {
            a = address_of_v4(a.bytes);
        }
        b = a;
        unsigned differs = first + (unsigned)rand() % (128 - first);
        b.bytes[differs / 8] ^= (uint8_t)(0x80 >> differs % 8);
        for (unsigned bit = differs + 1; bit < 128; bit++) {
            b.bytes[bit / 8] ^= (uint8_t)((rand() & 1) << (7 - bit % 8));
        }
        struct address shown_a = anonymizer_map(anonymizer, &a), shown_b = anonymizer_map(anonymizer, &b);
        assert_int_equal(common_bits(&a, &b), differs);
        assert_int_equal(common_bits(&shown_a, &shown_b), differs);
        assert_int_equal(address_is_v4(&shown_a), address_is_v4(&a));
    }
    anonymizer_free(anonymizer);
}

static void test_keys_differ(void **state) {
    (void)state;
    const struct address from = address_of("192.0.2.1");
    for (size_t byte = 0; byte < ANONYMIZER_KEY_BYTES;
         byte += 8) { /* in the cipher's key and in the padding */
        uint8_t key[ANONYMIZER_KEY_BYTES];
        memcpy(key, sample_key, sizeof key);
        key[byte] ^= 1;
        struct anonymizer *one = anonymizer_new(sample_key), *other = anonymizer_new(key);
        struct address a = anonymizer_map(one, &from), b = anonymizer_map(other, &from);
        assert_memory_not_equal(&a, &b, sizeof a);
        anonymizer_free(one);
        anonymizer_free(other);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_trace),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_prefixes_stay),
        cmocka_unit_test(test_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
