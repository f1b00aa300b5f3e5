/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1 of short messages: the examples of FIPS 180, and libcrypto as the oracle of both ways, for every
 * length. */
#include "output/sha1.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_digest(sha1_short *sha1, const char *message, const char *expected) {
    uint8_t digest[SHA1_DIGEST_BYTES];
    char text[2 * SHA1_DIGEST_BYTES + 1];
    sha1((const uint8_t *)message, strlen(message), digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        snprintf(text + 2 * i, 3, "%02x", (unsigned)digest[i]);
    }
    assert_string_equal(text, expected);
}

static void test_examples(void **state) {
    (void)state;
    sha1_short *const ways[] = {sha1_short_plainly, sha1_short_best()};
    for (size_t i = 0; i < 2; i++) {
        assert_digest(ways[i], "", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_digest(ways[i], "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}

static void test_all_lengths(void **state) {
    (void)state;
    sha1_short *best = sha1_short_best();
    uint64_t random = 1;
    for (unsigned round = 0; round < 2000; round++) {
        for (size_t len = 0; len <= SHA1_SHORT_MOST; len++) {
            uint8_t message[SHA1_SHORT_MOST], expected[SHA1_DIGEST_BYTES], plain[SHA1_DIGEST_BYTES],
                wide[SHA1_DIGEST_BYTES];
            for (size_t i = 0; i < sizeof message; i++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
                message[i] = round == 0 ? 0 : round == 1 ? 0xff : (uint8_t)(random >> 56);
            }
            SHA1(message, len, expected);
            sha1_short_plainly(message, len, plain);
            best(message, len, wide);
            assert_memory_equal(plain, expected, sizeof expected);
            assert_memory_equal(wide, expected, sizeof expected);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_all_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
