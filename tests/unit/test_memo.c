/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered comes back for exactly the bytes it was made of. */
#include "output/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memo_key key_of(enum memo_kind kind, const char *name, const char *value) {
    return (struct memo_key){.kind = kind, .name = slice_of(name), .value = slice_of(value)};
}

static bool has(const struct memo *memo, struct memo_key *key, const char *json) {
    struct slice found;
    return memo_get(memo, key, &found) && slice_is(found, json);
}

/* As a caller does: what is not there is made. */
static bool offer(struct memo *memo, struct memo_key *key, struct slice json) {
    struct slice found;
    bool there = memo_get(memo, key, &found);
    if (!there) {
        memo_put(memo, key, json);
    }
    return there;
}

static void test_only_the_same_bytes(void **state) {
    (void)state;
    struct memo *memo = memo_new();
    struct slice found;
    assert_non_null(memo);
    struct memo_key key = key_of(MEMO_FIELD, "Accept", "text/html;q=0.9, application/json, something/else");
    assert_false(offer(memo, &key, slice_of("{json}")));
    assert_true(has(memo, &key, "{json}"));
    struct memo_key other = key;
    other.kind = MEMO_VALUE;
    assert_false(memo_get(memo, &other, &found));
    /* each byte of the value, also those that the hash does not look at */
    char value[64];
    for (size_t i = 0; i < key.value.len; i++) {
        memcpy(value, key.value.ptr, key.value.len);
        value[i] ^= 1;
        other = key;
        other.value = slice_make(value, key.value.len);
        assert_false(memo_get(memo, &other, &found));
    }
    other = key;
    other.name = slice_of("accept");
    assert_false(memo_get(memo, &other, &found));
    other = key; /* the same bytes, cut elsewhere */
    other.name = slice_of("Acceptt");
    other.value = slice_after(key.value, 1);
    assert_false(memo_get(memo, &other, &found));
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
        struct memo_key key = {
            .kind = MEMO_FIELD, .name = slice_make(exact, len / 2), .value = slice_make(exact, len)};
        struct slice found;
        (void)offer(memo, &key, slice_make(exact, len / 3));
        (void)offer(memo, &key, slice_make(exact, len / 3)); /* where the place was taken */
        bool short_enough = len / 2 + len + len / 3 < 450;
        bool remembered = memo_get(memo, &key, &found);
        assert_true(remembered || !short_enough);
        assert_true(!remembered || found.len == len / 3);
        free(exact);
    }
    memo_free(memo);
}

/* Ten thousand values that come once, and one that comes again and again: it stays. */
static void test_what_comes_once_drives_out_nothing(void **state) {
    (void)state;
    struct memo *memo = memo_new();
    assert_non_null(memo);
    struct memo_key usual = key_of(MEMO_FIELD, "Accept", "*/*");
    (void)offer(memo, &usual, slice_of("{usual}"));
    for (int i = 0; i < 10000; i++) {
        char value[32];
        (void)snprintf(value, sizeof value, "\"%d\"", i);
        struct memo_key key = key_of(MEMO_FIELD, "ETag", value);
        (void)offer(memo, &key, slice_of(value));
        assert_true(has(memo, &usual, "{usual}"));
    }
    /* Missed twice in a row it moves in, wherever its place is. */
    struct memo_key key = key_of(MEMO_FIELD, "ETag", "\"again\"");
    (void)offer(memo, &key, slice_of("{again}"));
    (void)offer(memo, &key, slice_of("{again}"));
    assert_true(has(memo, &key, "{again}"));
    memo_free(memo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_same_bytes),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_what_comes_once_drives_out_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
