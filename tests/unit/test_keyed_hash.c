/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 against the examples of RFC 4231. */
#include "output/keyed_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_digest(struct slice key, struct slice message, const char *expected) {
    uint8_t digest[KEYED_HASH_BYTES];
    char text[2 * KEYED_HASH_BYTES + 1];
    struct keyed_hash *hash = keyed_hash_new(key);
    assert_non_null(hash);
    for (int round = 0; round < 2; round++) { /* a hash leaves no trace in the next */
        assert_true(keyed_hash_of(hash, message, digest));
        for (size_t i = 0; i < sizeof digest; i++) {
            snprintf(text + 2 * i, 3, "%02x", (unsigned)digest[i]);
        }
        assert_string_equal(text, expected);
    }
    keyed_hash_free(hash);
}

static void test_examples(void **state) {
    (void)state;
    uint8_t key[131], message[50];
    memset(key, 0x0b, 20);
    assert_digest(slice_make(key, 20), slice_of("Hi There"),
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_digest(slice_of("Jefe"), slice_of("what do ya want for nothing?"),
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(message, 0xdd, sizeof message);
    assert_digest(slice_make(key, 20), slice_make(message, sizeof message),
                  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    assert_digest(slice_make(key, sizeof key),
                  slice_of("Test Using Larger Than Block-Size Key - Hash Key First"),
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_nothing_hashed_with_nothing(void **state) {
    (void)state;
    assert_digest(slice_make("", 0), slice_make(NULL, 0),
                  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_derived_keys_differ(void **state) {
    (void)state;
    uint8_t a[KEYED_HASH_BYTES], b[KEYED_HASH_BYTES], again[KEYED_HASH_BYTES], other[KEYED_HASH_BYTES];
    assert_true(keyed_hash_derive(slice_of("a key of a user"), "one", a));
    assert_true(keyed_hash_derive(slice_of("a key of a user"), "two", b));
    assert_true(keyed_hash_derive(slice_of("a key of a user"), "one", again));
    assert_true(keyed_hash_derive(slice_of("another key"), "one", other));
    assert_memory_equal(a, again, sizeof a);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, other, sizeof a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_nothing_hashed_with_nothing),
        cmocka_unit_test(test_derived_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
