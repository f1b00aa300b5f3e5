/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered comes back for exactly the bytes it was made of. */
#include "output/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memo_key key_of(enum memo_kind kind, const char *bytes) {
    return (struct memo_key){.kind = kind, .parts = 6, .bytes = slice_of(bytes)};
}

static bool finds(const struct memo *memo, struct memo_key key, struct slice *json) {
    uint16_t hint = 0;
    return memo_get(memo, &key, &hint, json);
}

/* As a caller does: what is not there is made. Says whether it was there. */
static bool offer(struct memo *memo, struct memo_key key, struct slice json) {
    struct slice found;
    uint16_t hint = 0;
    bool there = memo_get(memo, &key, &hint, &found);
    if (!there) {
        memo_put(memo, &key, json);
    }
    return there;
}

static void test_only_the_same_bytes(void **state) {
    (void)state;
    struct memo *memo = memo_new();
    struct slice found;
    assert_non_null(memo);
    struct memo_key key =
        key_of(MEMO_FIELD, "Accept: text/html;q=0.9, application/json, something/else, */*;q=0.1");
    assert_false(offer(memo, key, slice_of("{json}")));
    assert_true(finds(memo, key, &found));
    assert_true(slice_is(found, "{json}"));
    struct memo_key other = key;
    other.kind = MEMO_VALUE;
    assert_false(finds(memo, other, &found));
    other = key;
    other.parts++;
    assert_false(finds(memo, other, &found));
    for (size_t len = 0; len < key.bytes.len; len++) {
        other = key;
        other.bytes.len = len;
        assert_false(finds(memo, other, &found));
    }
    /* each byte, also those that the hash does not look at */
    char bytes[128];
    for (size_t i = 0; i < key.bytes.len; i++) {
        memcpy(bytes, key.bytes.ptr, key.bytes.len);
        bytes[i] ^= 1;
        other = key;
        other.bytes = slice_make(bytes, key.bytes.len);
        assert_false(finds(memo, other, &found));
    }
    memo_free(memo);
}

/* A hint, right or wrong, changes nothing but the time it takes. */
static void test_hints(void **state) {
    (void)state;
    struct memo *memo = memo_new();
    struct memo_key keys[] = {key_of(MEMO_FIELD, "Host: a"), key_of(MEMO_FIELD, "Host: b"),
                              key_of(MEMO_FIELD, "Host: c")};
    const char *const json[] = {"{a}", "{b}", "{c}"};
    uint16_t hint = 0;
    struct slice found;
    assert_non_null(memo);
    for (size_t i = 0; i < 3; i++) {
        assert_false(offer(memo, keys[i], slice_of(json[i])));
    }
    for (size_t i = 0; i < 30; i++) {
        struct memo_key *key = &keys[i * i % 3];
        assert_true(memo_peek(memo, key, hint, &found) || memo_get(memo, key, &hint, &found));
        assert_true(slice_is(found, json[i * i % 3]));
    }
    memo_free(memo);
}

static void test_every_length(void **state) {
    (void)state;
    struct memo *memo = memo_new();
    char text[600];
    assert_non_null(memo);
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        /* the memo must not read further: the sanitizer sees it */
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, text, len);
        struct memo_key key = {.kind = MEMO_FIELD, .bytes = slice_make(exact, len)};
        struct slice found;
        (void)offer(memo, key, slice_make(exact, len / 3));
        (void)offer(memo, key, slice_make(exact, len / 3)); /* where the place was taken */
        bool remembered = finds(memo, key, &found);
        assert_true(remembered || len + len / 3 > 450);
        assert_true(!remembered || found.len == len / 3);
        free(exact);
    }
    memo_free(memo);
}

/* Ten thousand lines that come once, and one that comes again and again: it stays. */
static void test_what_comes_once_drives_out_nothing(void **state) {
    (void)state;
    struct memo *memo = memo_new();
    struct slice found;
    assert_non_null(memo);
    struct memo_key usual = key_of(MEMO_FIELD, "Accept: */*");
    (void)offer(memo, usual, slice_of("{usual}"));
    for (int i = 0; i < 10000; i++) {
        char line[32];
        (void)snprintf(line, sizeof line, "ETag: \"%d\"", i);
        (void)offer(memo, key_of(MEMO_FIELD, line), slice_of(line));
        assert_true(finds(memo, usual, &found) && slice_is(found, "{usual}"));
    }
    /* Missed twice in a row it moves in, wherever its place is. */
    struct memo_key key = key_of(MEMO_FIELD, "ETag: \"again\"");
    (void)offer(memo, key, slice_of("{again}"));
    (void)offer(memo, key, slice_of("{again}"));
    assert_true(finds(memo, key, &found) && slice_is(found, "{again}"));
    memo_free(memo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_same_bytes),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_what_comes_once_drives_out_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
