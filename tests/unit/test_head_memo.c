/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same in two heads is found, and nothing else is taken for it. */
#include "output/head_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = HEAD_LINES + 1 };

struct lines {
    uint8_t bytes[2 * HEAD_BYTES];
    struct header items[MOST];
    struct header_list list;
};

/* Divides lines "name: value\r\n" as the lexer does. */
static struct header_list *divide(struct lines *lines, const char *text) {
    struct slice rest = slice_make(lines->bytes, strlen(text));
    memcpy(lines->bytes, text, rest.len);
    lines->list = (struct header_list){.items = lines->items};
    while (rest.len && lines->list.count < MOST) {
        size_t end = slice_find(rest, '\r'), colon = slice_find(rest, ':');
        lines->items[lines->list.count++] =
            (struct header){.name = slice_first(rest, colon),
                            .value = slice_trim(slice_make(rest.ptr + colon + 1, end - colon - 1)),
                            .joined = true};
        rest = slice_after(rest, end + 2);
    }
    return &lines->list;
}

static const char HEAD[] = "Server: nginx/1.22.1\r\nContent-Type: application/json\r\nContent-Length: 401\r\n"
                           "X-Empty:\r\nConnection: keep-alive\r\nETag: \"6b0b7978-191\"\r\n";

/* The head has taken the lines of HEAD. */
static struct told_head *learn(struct head_memo *memo, struct lines *lines) {
    const struct header_list *list = divide(lines, HEAD);
    struct told_head *head = head_memo_at(memo, true, head_memo_shape(list));
    assert_non_null(head);
    assert_int_equal(head->count, 0);
    assert_true(head_memo_learn(memo, head, list, slice_of("{},{},{},{},{},{}")));
    assert_int_equal(head->count, list->count);
    return head;
}

static void test_the_same_lines(void **state) {
    (void)state;
    static struct lines known, lines;
    struct head_memo *memo = head_memo_new();
    assert_non_null(memo);
    const struct told_head *head = learn(memo, &known);
    bool same_name;
    const struct header_list *list = divide(&lines, HEAD);
    assert_ptr_equal(head_memo_at(memo, true, head_memo_shape(list)), head);
    assert_ptr_not_equal(head_memo_at(memo, false, head_memo_shape(list)), head);
    for (uint32_t first = 0; first < list->count; first++) {
        assert_int_equal(head_memo_run(head, list, first, &same_name), list->count - first);
    }
    head_memo_free(memo);
}

/* Each byte, in turn, is another. */
static void test_other_bytes(void **state) {
    (void)state;
    static struct lines known, lines;
    struct head_memo *memo = head_memo_new();
    const struct told_head *head = learn(memo, &known);
    for (size_t i = 0; i < sizeof HEAD - 3; i++) {
        char text[sizeof HEAD];
        memcpy(text, HEAD, sizeof HEAD);
        if (strchr("\r\n: ", text[i])) {
            continue; /* other lines */
        }
        text[i] ^= 1;
        const struct header_list *list = divide(&lines, text);
        bool same_name;
        uint32_t run = head_memo_run(head, list, 0, &same_name);
        const struct header *other = &list->items[run], *mine = &known.list.items[run];
        for (uint32_t line = 0; line < run; line++) {
            assert_true(slice_equal(list->items[line].value, known.list.items[line].value));
        }
        assert_true(run < list->count);
        assert_false(slice_equal(other->name, mine->name) && slice_equal(other->value, mine->value));
        assert_int_equal(same_name, slice_equal(other->name, mine->name));
        if (run + 1 < list->count) {
            assert_int_equal(head_memo_run(head, list, run + 1, &same_name), list->count - run - 1);
        }
    }
    head_memo_free(memo);
}

/* A value that goes on, or ends before, is not the same; neither is one with other blanks before it. */
static void test_other_ends(void **state) {
    (void)state;
    static struct lines known, lines;
    struct head_memo *memo = head_memo_new();
    const struct told_head *head = learn(memo, &known);
    static const struct {
        const char *from, *to;
        uint32_t run;
        bool same_name;
    } cases[] = {{": 401\r", ": 4011\r", 2, true},   {": 401\r", ": 40\r", 2, true},
                 {": 401\r", ":401\r", 2, false},    {"X-Empty:\r", "X-Empty: 1\r", 3, true},
                 {"-191\"\r", "-191\"x\r", 5, true}, {"-191\"\r", "-191\r", 5, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[sizeof HEAD + 8];
        const char *at = strstr(HEAD, cases[i].from);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - HEAD), HEAD, cases[i].to,
                       at + strlen(cases[i].from));
        bool same_name;
        assert_int_equal(head_memo_run(head, divide(&lines, text), 0, &same_name), cases[i].run);
        assert_int_equal(same_name, cases[i].same_name);
    }
    head_memo_free(memo);
}

/* Values come and go; what is known is what the last one made it. */
static void test_replace(void **state) {
    (void)state;
    static struct lines known, lines, others;
    struct head_memo *memo = head_memo_new();
    struct told_head *head = learn(memo, &known);
    const struct header_list *list =
        divide(&lines, "Server: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 12345\r\n"
                       "X-Empty:\r\nConnection: keep-alive\r\nETag: \"6b0b7978-192\"\r\n");
    static const struct head_line places[] = {{.json = 0, .json_end = 2},   {.json = 3, .json_end = 5},
                                              {.json = 6, .json_end = 8},   {.json = 9, .json_end = 11},
                                              {.json = 12, .json_end = 14}, {.json = 15, .json_end = 17}};
    for (uint32_t i = 0; i < list->count; i++) {
        head->lines[i].json = places[i].json;
        head->lines[i].json_end = places[i].json_end;
    }
    static const struct {
        uint32_t line;
        const char *json;
    } changes[] = {{1, "{a}"}, {2, "{}"}, {5, "{long}"}};
    bool same_name;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint64_t stamp = head->stamp;
        assert_int_equal(head_memo_run(head, list, 0, &same_name), changes[i].line);
        assert_true(head_memo_replace(memo, head, changes[i].line, &list->items[changes[i].line],
                                      slice_of(changes[i].json)));
        assert_int_not_equal(head->stamp, stamp);
    }
    assert_int_equal(head_memo_run(head, list, 0, &same_name), list->count);
    assert_true(slice_is(slice_make(head->json, head->lines[5].json_end), "{},{a},{},{},{},{long}"));
    assert_int_equal(head_memo_run(head, divide(&others, HEAD), 0, &same_name), 1);
    /* no room: nothing happens */
    static uint8_t json[HEAD_JSON_BYTES];
    static char text[HEAD_BYTES + 8];
    assert_false(head_memo_replace(memo, head, 1, &list->items[1], slice_make(json, HEAD_JSON_BYTES - 18)));
    (void)snprintf(text, sizeof text, "ETag: %0*d\r\n", HEAD_BYTES - 7, 1);
    assert_false(head_memo_replace(memo, head, 5, &divide(&others, text)->items[0], slice_of("{}")));
    assert_int_equal(head_memo_run(head, list, 0, &same_name), list->count);
    head_memo_free(memo);
}

static void test_shapes(void **state) {
    (void)state;
    static struct lines lines;
    struct header_list *list = divide(&lines, HEAD);
    uint32_t shape = head_memo_shape(list);
    assert_int_not_equal(shape, 0);
    lines.items[2].joined = false; /* a piece of its own */
    assert_int_equal(head_memo_shape(list), 0);
    lines.items[2].joined = true;
    lines.items[2].value.len--; /* a blank behind the value */
    assert_int_equal(head_memo_shape(list), 0);
    list->count = 0;
    assert_int_equal(head_memo_shape(list), 0);
    assert_int_not_equal(head_memo_shape(divide(&lines, "Serve: nginx/1.22.1\r\n")), shape);
    char text[2 * HEAD_BYTES];
    (void)snprintf(text, sizeof text, "Name: %0*d\r\n", HEAD_BYTES, 1);
    assert_int_equal(head_memo_shape(divide(&lines, text)), 0);
    text[0] = '\0';
    for (size_t i = 0; i < MOST; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "A: 1\r\n");
    }
    assert_int_equal(head_memo_shape(divide(&lines, text)), 0);
}

/* Another head has its place when it has come twice. */
static void test_place(void **state) {
    (void)state;
    static struct lines known;
    struct head_memo *memo = head_memo_new();
    struct told_head *head = learn(memo, &known);
    uint32_t other = head->shape ^ 2;
    assert_null(head_memo_at(memo, true, other));
    assert_ptr_equal(head_memo_at(memo, true, head->shape), head);
    assert_ptr_equal(head_memo_at(memo, true, other), head);
    assert_int_equal(head->count, 0);
    head_memo_free(memo);
}

static void test_long_json(void **state) {
    (void)state;
    static struct lines lines;
    static const uint8_t json[HEAD_JSON_BYTES + 1];
    struct head_memo *memo = head_memo_new();
    const struct header_list *list = divide(&lines, HEAD);
    struct told_head *head = head_memo_at(memo, false, head_memo_shape(list));
    assert_false(head_memo_learn(memo, head, list, slice_make(json, sizeof json)));
    assert_int_equal(head->count, 0);
    assert_true(head_memo_learn(memo, head, list, slice_make(json, sizeof json - 1)));
    head_memo_free(memo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_lines), cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_other_ends),     cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_replace),        cmocka_unit_test(test_place),
        cmocka_unit_test(test_long_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
