/* SPDX-License-Identifier: Apache-2.0 */
/* A head that is known is read as one that is not: the same fields, the same framing, whatever differs. And
 * which lines differ is told, also when the known one has changed since. */
#include "analyzer/h1_scan.h"
#include "analyzer/known_head.h"
#include "analyzer/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST_BYTES = 2048, AT_ONCE = 32 };

/* A message whose fields are read from bytes of their own length, so that a read past the end is seen. */
struct bench {
    struct memory memory;
    struct arena_pool pool;
    struct transaction transaction;
    struct limits limits;
    uint8_t *bytes;
    struct slice in;
};

static void bench_init(struct bench *b) {
    memory_init(&b->memory, 1 << 24);
    arena_pool_init(&b->pool, &b->memory, 1 << 22);
    b->transaction = (struct transaction){.index = 0};
    arena_init(&b->transaction.arena, &b->pool, 1 << 20);
    b->limits = limits_default();
    b->bytes = NULL;
}

static struct http_message *bench_give(struct bench *b, const uint8_t *bytes, size_t len) {
    struct http_message *m = &b->transaction.response;
    free(b->bytes);
    b->bytes = malloc(len ? len : 1);
    assert_non_null(b->bytes);
    memcpy(b->bytes, bytes, len);
    b->in = slice_make(b->bytes, len);
    arena_reset(&b->transaction.arena);
    *m = (struct http_message){.seen = true, .major = 1, .minor = 1, .status = 200};
    return m;
}

static void bench_fini(struct bench *b) {
    free(b->bytes);
    arena_reset(&b->transaction.arena);
    arena_pool_fini(&b->pool);
    memory_fini(&b->memory);
}

/* As where nothing is known; returns the fields' length. */
static size_t read_plainly(struct bench *b, struct http_message *m) {
    struct h1_field fields[AT_ONCE];
    size_t taken;
    size_t count = h1_find_fields(b->in, fields, AT_ONCE, &taken);
    message_fields(m, fields, count, &b->transaction, &b->limits);
    return taken;
}

static size_t take(struct known_heads *heads, struct bench *b, struct http_message *m) {
    return known_heads_take(heads, m, &b->transaction, &b->limits, true, b->in);
}

/* ... and it is met. */
static void meet(struct known_heads *heads, struct bench *b, const char *text) {
    struct http_message *m = bench_give(b, (const uint8_t *)text, strlen(text));
    (void)read_plainly(b, m);
    known_heads_meet(heads, m, true, b->in);
}

static void assert_same_framing(const struct framing_fields *a, const struct framing_fields *b) {
    assert_int_equal(a->length_count, b->length_count);
    assert_int_equal(a->length_valid, b->length_valid);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->last_length, b->last_length);
    assert_int_equal(a->lenient_valid, b->lenient_valid);
    assert_int_equal(a->lenient_length, b->lenient_length);
    assert_int_equal(a->coding_count, b->coding_count);
    assert_int_equal(a->chunked_count, b->chunked_count);
    assert_int_equal(a->chunked_last, b->chunked_last);
    assert_int_equal(a->chunked_hint, b->chunked_hint);
    assert_int_equal(a->connection_close, b->connection_close);
    assert_int_equal(a->connection_keep_alive, b->connection_keep_alive);
    assert_int_equal(a->connection_upgrade, b->connection_upgrade);
    assert_int_equal(a->upgrade, b->upgrade);
    assert_int_equal(a->expect_continue, b->expect_continue);
    assert_int_equal(a->host_count, b->host_count);
    assert_int_equal(a->oddities, b->oddities);
}

static void assert_same_message(const struct http_message *a, const struct http_message *b) {
    assert_int_equal(a->headers.count, b->headers.count);
    for (uint32_t i = 0; i < a->headers.count; i++) {
        const struct header *x = &a->headers.items[i], *y = &b->headers.items[i];
        assert_true(slice_equal(x->name, y->name));
        assert_true(slice_equal(x->value, y->value));
        assert_int_equal(x->value.ptr - x->name.ptr, y->value.ptr - y->name.ptr);
        assert_int_equal(x->joined, y->joined);
        assert_int_equal(x->known, y->known);
        assert_ptr_equal(x->name.ptr - (x - i)->name.ptr, y->name.ptr - (y - i)->name.ptr);
    }
    assert_int_equal(a->stored_bytes, b->stored_bytes);
    assert_same_framing(&a->fields, &b->fields);
}

/* The lines whose values are not the head's are told. */
static void check_find(struct known_heads *heads, const struct http_message *m) {
    struct known_likeness like;
    known_heads_find(heads, m, &like);
    const struct known_head *head = like.head;
    assert_non_null(head);
    assert_int_equal(head->count, m->headers.count);
    for (uint32_t i = 0; i < head->count; i++) {
        const struct known_line *line = &head->lines[i];
        const struct header *field = &m->headers.items[i];
        struct slice value = slice_make(head->bytes + line->value, (size_t)line->end - line->value);
        assert_true(slice_equal(slice_make(head->bytes + line->start, line->name_len), field->name));
        assert_int_equal(line->name + 1, field->known);
        assert_true(like.lines >> i & 1 || slice_equal(value, field->value));
        assert_true(!(like.lines >> i & 1) || like.names[line->name / 64] >> line->name % 64 & 1);
    }
}

static uint64_t seed = 1;

static size_t random_below(size_t limit) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % limit;
}

static const char *const heads_of_tests[] = {
    "Server: nginx/1.22.1\r\nDate: Sun, 29 Nov 2026 01:01:52 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: 401\r\nConnection: keep-alive\r\nETag: \"6b0b7978-191\"\r\n\r\n",
    "Server: nginx/1.22.1\r\nContent-Length: 1\r\nX: y\r\nContent-Length: 2\r\nTransfer-Encoding: "
    "gzip\r\n\r\n",
    "Server: nginx/1.22.1\r\nX-Empty:\r\nX-Tight:a\r\nX-Wide:  b\r\nUpgrade: x\r\nConnection: Upgrade\r\n"
    "Expect: 100-continue\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nbody\r\n\r\n",
    "A: b\r\n\r\n",
};
enum { HEADS = sizeof heads_of_tests / sizeof *heads_of_tests };

/* Changes the text, of at most MOST_BYTES, a little; returns its new length. */
static size_t mutate(uint8_t *text, size_t len) {
    static const char bytes[] = "\r\n\t :,a0\x7f\x80";
    if (len == 0) {
        return 0;
    }
    size_t at = random_below(len), part = 1 + random_below(4);
    part = part < len - at ? part : len - at;
    switch (random_below(5)) {
    case 0:
        text[at] = (uint8_t)bytes[random_below(sizeof bytes)];
        return len;
    case 1:
        text[at] ^= (uint8_t)(1 << random_below(8));
        return len;
    case 2: /* some twice */
        memmove(text + at + part, text + at, len - at);
        return len + part;
    case 3:
        memmove(text + at, text + at + part, len - at - part);
        return len - part;
    default:
        return at ? at : len; /* the rest is not here yet */
    }
}

static void check_mutant(struct known_heads *heads, struct bench *known, struct bench *plain,
                         const uint8_t *text, size_t len, size_t *taken) {
    struct http_message *m = bench_give(known, text, len);
    size_t found = take(heads, known, m);
    struct http_message *expected = bench_give(plain, text, len);
    size_t wanted = read_plainly(plain, expected);
    if (found) {
        assert_int_equal(found, wanted);
        assert_memory_equal(text + found, "\r\n", 2);
        assert_same_message(m, expected);
        check_find(heads, m);
        ++*taken;
    } else {
        assert_int_equal(m->headers.count, 0);
    }
}

static void test_mutants(void **state) {
    (void)state;
    static struct bench known, plain;
    size_t taken = 0;
    bench_init(&known);
    bench_init(&plain);
    for (size_t turn = 0; turn < 200; turn++) {
        struct known_heads *heads = known_heads_new(7);
        assert_non_null(heads);
        const char *head = heads_of_tests[turn % HEADS];
        meet(heads, &known, head);
        for (size_t i = 0; i < 200; i++) {
            uint8_t text[MOST_BYTES];
            size_t len = strlen(head);
            memcpy(text, head, len);
            for (size_t changes = random_below(4); changes; changes--) {
                len = mutate(text, len);
            }
            check_mutant(heads, &known, &plain, text, len, &taken);
            check_mutant(heads, &known, &plain, text, len, &taken); /* the second time in a row */
        }
        known_heads_free(heads);
    }
    assert_in_range(taken, 20000, 80000);
    bench_fini(&known);
    bench_fini(&plain);
}

/* Wide registers find what single bytes do. */
static void test_widths(void **state) {
    (void)state;
    static struct bench b;
    bench_init(&b);
    for (size_t turn = 0; turn < HEADS; turn++) {
        struct known_heads *heads = known_heads_new(0);
        meet(heads, &b, heads_of_tests[turn]);
        struct known_likeness like;
        known_heads_find(heads, &b.transaction.response, &like);
        const struct known_head *head = like.head;
        assert_non_null(head);
        for (size_t i = 0; i < 5000; i++) {
            uint8_t text[MOST_BYTES];
            size_t len = strlen(heads_of_tests[turn]);
            memcpy(text, heads_of_tests[turn], len);
            len = mutate(text, len);
            (void)bench_give(&b, text, len);
            struct known_match wide, single;
            bool found = known_head_match(head, b.in, &wide);
            assert_int_equal(found, known_head_match_plainly(head, b.in, &single));
            if (found) {
                assert_int_equal(wide.len, single.len);
                assert_int_equal(wide.changed, single.changed);
            }
            for (uint32_t left = found ? wide.changed : 0; left; left &= left - 1) {
                assert_int_equal(wide.value[__builtin_ctz(left)], single.value[__builtin_ctz(left)]);
            }
        }
        known_heads_free(heads);
    }
    bench_fini(&b);
}

/* A message stays like the head while values of it change, until another one takes its place. */
static void test_found_later(void **state) {
    (void)state;
    static struct bench b;
    bench_init(&b);
    struct known_heads *heads = known_heads_new(3), *others = known_heads_new(4);
    meet(heads, &b, "Server: x\r\nETag: \"1\"\r\nAge: 1\r\n\r\n");
    struct http_message first = b.transaction.response;
    struct known_likeness like;
    known_heads_find(others, &first, &like);
    assert_null(like.head);
    known_heads_find(NULL, &first, &like);
    assert_null(like.head);
    const char *second = "Server: x\r\nETag: \"2\"\r\nAge: 1\r\n\r\n";
    struct http_message *m = NULL;
    for (unsigned turn = 0; turn < 3; turn++) {
        m = bench_give(&b, (const uint8_t *)second, strlen(second));
        assert_int_equal(take(heads, &b, m), strlen(second) - 2);
        known_heads_find(heads, m, &like);
        const struct known_head *head = like.head;
        assert_non_null(head);
        assert_int_equal(like.lines, turn == 0 ? 2 : 0); /* the second time the head has it */
        known_heads_find(heads, &first, &like);
        assert_ptr_equal(like.head, head);
        assert_int_equal(like.lines, turn == 0 ? 0 : 2);
    }
    struct http_message last = *m;
    for (unsigned turn = 0; turn < 3; turn++) { /* names of the same lengths: the same place */
        meet(heads, &b, "Server: x\r\nEtaG: \"2\"\r\nAge: 1\r\n\r\n");
    }
    known_heads_find(heads, &last, &like);
    assert_null(like.head);
    known_heads_find(heads, &b.transaction.response, &like);
    assert_non_null(like.head);
    known_heads_free(heads);
    known_heads_free(others);
    bench_fini(&b);
}

/* A value that the head has no room for stays another one; what comes behind it is found where it is. */
static void test_long_value(void **state) {
    (void)state;
    static struct bench b;
    bench_init(&b);
    struct known_heads *heads = known_heads_new(0);
    meet(heads, &b, "Cookie: a\r\nETag: \"1\"\r\nAge: 1\r\n\r\n");
    char text[2 * KNOWN_BYTES];
    (void)snprintf(text, sizeof text, "Cookie: %0*d\r\nETag: \"2\"\r\nAge: 23\r\n\r\n", KNOWN_BYTES, 0);
    for (unsigned turn = 0; turn < 4; turn++) {
        struct http_message *m = bench_give(&b, (const uint8_t *)text, strlen(text));
        assert_int_equal(take(heads, &b, m), strlen(text) - 2);
        check_find(heads, m);
    }
    struct known_likeness like;
    known_heads_find(heads, &b.transaction.response, &like);
    assert_int_equal(like.lines, 1);
    known_heads_free(heads);
    bench_fini(&b);
}

/* A response made so that its front hashes as that of a request is none all the same. */
static void test_roles(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"[GWew", "tzqaJ"}, {"^ekNR", "imkPv"}, {"xAvge", "JC_NE"}};
    static struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct known_heads *heads = known_heads_new(0);
        char text[64];
        (void)snprintf(text, sizeof text, "A: %s\r\nContent-Type: a/b\r\n\r\n", pairs[i][0]);
        struct http_message *m = bench_give(&b, (const uint8_t *)text, strlen(text));
        m->line[0] = slice_of("GET");
        (void)read_plainly(&b, m);
        known_heads_meet(heads, m, false, b.in);
        (void)snprintf(text, sizeof text, "A: %s\r\nContent-Type: a/b\r\n\r\n", pairs[i][1]);
        m = bench_give(&b, (const uint8_t *)text, strlen(text));
        assert_int_equal(take(heads, &b, m), 0);
        known_heads_free(heads);
    }
    bench_fini(&b);
}

/* Where there is no room nothing is taken. */
static void test_caps(void **state) {
    (void)state;
    static struct bench b;
    bench_init(&b);
    struct known_heads *heads = known_heads_new(0);
    const char *head = heads_of_tests[0];
    meet(heads, &b, head);
    b.limits.headers = 5;
    assert_int_equal(take(heads, &b, bench_give(&b, (const uint8_t *)head, strlen(head))), 0);
    b.limits.headers = 6;
    assert_int_equal(take(heads, &b, bench_give(&b, (const uint8_t *)head, strlen(head))), strlen(head) - 2);
    b.limits.head_bytes = 40;
    assert_int_equal(take(heads, &b, bench_give(&b, (const uint8_t *)head, strlen(head))), 0);
    assert_int_equal(b.transaction.response.headers.count, 0);
    known_heads_free(heads);

    heads = known_heads_new(0);
    bench_fini(&b);
    bench_init(&b);
    char large[2 * KNOWN_BYTES];
    (void)snprintf(large, sizeof large, "Server: %0*d\r\n\r\n", KNOWN_BYTES, 0);
    meet(heads, &b, large);
    struct known_likeness like;
    known_heads_find(heads, &b.transaction.response, &like);
    assert_null(like.head);
    known_heads_free(heads);
    bench_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutants),    cmocka_unit_test(test_widths), cmocka_unit_test(test_found_later),
        cmocka_unit_test(test_long_value), cmocka_unit_test(test_roles),  cmocka_unit_test(test_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
