/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialogues do not show: where `in` stands, views and their lives, restarts, caps on memory. */
#include "analyzer/h1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct limits limits;
static struct h1 lexer;

static int set_up(void **state) {
    (void)state;
    limits = limits_default();
    h1_init(&lexer, H1_REQUEST, &limits, 100);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    h1_fini(&lexer);
    return 0;
}

static const struct h1_framing no_body = {.kind = H1_BODY_NONE};

static void test_whole_lines_are_views(void **state) {
    (void)state;
    struct slice whole = slice_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct slice in = whole;
    struct h1_event e;
    assert_int_equal(h1_next(&lexer, &in, &e), H1_START_LINE);
    assert_ptr_equal(e.line[0].ptr, whole.ptr);
    assert_ptr_equal(in.ptr, whole.ptr + 16);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_HEADER);
    assert_ptr_equal(e.name.ptr, whole.ptr + 16);
    assert_ptr_equal(e.value.ptr, whole.ptr + 22);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_HEADERS_END);
    assert_int_equal(in.len, 0);
    assert_int_equal(lexer.line.capacity, 0); /* no memory was needed */
    h1_begin_body(&lexer, no_body);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_MESSAGE_END);
    assert_int_equal(lexer.message_offset, 100);
    assert_int_equal(lexer.offset, 100 + whole.len);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_NEED_MORE);
}

static void test_body_end_needs_no_byte_behind_it(void **state) {
    (void)state;
    struct slice in = slice_of("POST / HTTP/1.1\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET");
    struct h1_event e;
    assert_int_equal(h1_next(&lexer, &in, &e), H1_START_LINE);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_HEADERS_END);
    h1_begin_body(&lexer, (struct h1_framing){.kind = H1_BODY_CHUNKED});
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BODY);
    assert_true(slice_is(e.value, "hello"));
    assert_int_equal(h1_next(&lexer, &in, &e), H1_MESSAGE_END);
    assert_true(slice_is(in, "GET")); /* the next message is untouched */
    assert_int_equal(h1_next(&lexer, &in, &e), H1_NEED_MORE);
    assert_int_equal(in.len, 0);
    assert_true(lexer.started);
}

static void test_bad_gives_back_the_line(void **state) {
    (void)state;
    struct slice whole = slice_of("\r\n200 ok then\r\nmore");
    struct slice in = whole;
    struct h1_event e;
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BAD);
    assert_ptr_equal(in.ptr, whole.ptr + 2);
    assert_int_equal(lexer.offset, 102);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BAD); /* until it is started anew */
    assert_ptr_equal(in.ptr, whole.ptr + 2);
    h1_restart(&lexer, H1_REQUEST, 500);
    in = slice_of("GET / HTTP/1.0\r\n");
    assert_int_equal(h1_next(&lexer, &in, &e), H1_START_LINE);
    assert_int_equal(lexer.message_offset, 500);
}

static void test_bad_in_a_split_line_gives_back_this_chunk(void **state) {
    (void)state;
    struct h1_event e;
    h1_restart(&lexer, H1_RESPONSE, 0);
    struct slice in = slice_of("HTT");
    assert_int_equal(h1_next(&lexer, &in, &e), H1_NEED_MORE);
    in = slice_of("xyz");
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BAD);
    assert_true(slice_is(in, "xyz"));
    assert_int_equal(lexer.offset, 3);
    assert_int_equal(h1_end(&lexer), H1_END_TRUNCATED);
}

static void test_bad_chunk_size_gives_back_the_line(void **state) {
    (void)state;
    struct h1_event e;
    h1_begin_body(&lexer, (struct h1_framing){.kind = H1_BODY_CHUNKED});
    struct slice in = slice_of("1\r\nx\r\nffffffffffffffff\r\n");
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BODY);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BAD);
    assert_true(slice_is(in, "ffffffffffffffff\r\n"));
}

static void test_binary_is_refused_at_its_first_byte(void **state) {
    (void)state;
    struct h1_event e;
    struct slice in = slice_make("\x16\x03\x01", 3);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_BAD);
    assert_int_equal(in.len, 3);
}

static void test_memory_ends_at_the_cap(void **state) {
    (void)state;
    limits.line_bytes = 1000;
    struct h1 capped;
    h1_init(&capped, H1_REQUEST, &limits, 0);
    struct h1_event e;
    struct slice in = slice_of("GET / HTTP/1.1\r\nA: ");
    assert_int_equal(h1_next(&capped, &in, &e), H1_START_LINE);
    assert_int_equal(h1_next(&capped, &in, &e), H1_NEED_MORE);
    for (int i = 0; i < 100000; i++) {
        in = slice_of("aaaaaaaaaaaaaaaa");
        assert_int_equal(h1_next(&capped, &in, &e), H1_NEED_MORE);
    }
    assert_true(capped.line.capacity <= 1001);
    in = slice_of("\r\nB: b\r\n\r\n");
    assert_int_equal(h1_next(&capped, &in, &e), H1_HEADER);
    assert_int_equal(e.value.len, 997);
    assert_int_equal(h1_next(&capped, &in, &e), H1_HEADER);
    assert_true(slice_is(e.value, "b"));
    assert_int_equal(capped.oddities, H1_ODD_LINE_TOO_LONG);
    h1_fini(&capped);
}

static void test_skip_stays_within_what_is_known(void **state) {
    (void)state;
    struct h1_event e;
    struct slice none = slice_make(NULL, 0);
    assert_true(h1_skip(&lexer, 0));
    assert_false(h1_skip(&lexer, 1));
    h1_begin_body(&lexer, (struct h1_framing){.kind = H1_BODY_LENGTH, .length = 10});
    assert_false(h1_skip(&lexer, 11));
    assert_true(h1_skip(&lexer, 4));
    assert_int_equal(lexer.offset, 104);
    assert_int_equal(lexer.remaining, 6);
    assert_true(h1_skip(&lexer, 6));
    assert_int_equal(h1_next(&lexer, &none, &e), H1_MESSAGE_END);
    assert_int_equal(lexer.offset, 110);
    h1_restart(&lexer, H1_RESPONSE, 0);
    h1_begin_body(&lexer, (struct h1_framing){.kind = H1_BODY_CLOSE});
    assert_true(h1_skip(&lexer, UINT64_C(1) << 40));
    assert_int_equal(h1_end(&lexer), H1_END_COMPLETE);
}

static void test_length_zero_and_tunnel_end_at_once(void **state) {
    (void)state;
    struct h1_event e;
    struct slice in = slice_of("xyz");
    h1_begin_body(&lexer, (struct h1_framing){.kind = H1_BODY_LENGTH, .length = 0});
    assert_int_equal(h1_next(&lexer, &in, &e), H1_MESSAGE_END);
    h1_restart(&lexer, H1_RESPONSE, 0);
    h1_begin_body(&lexer, (struct h1_framing){.kind = H1_BODY_TUNNEL});
    assert_int_equal(h1_next(&lexer, &in, &e), H1_MESSAGE_END);
    assert_int_equal(in.len, 3);
    assert_int_equal(lexer.state, H1_DONE);
    assert_int_equal(h1_end(&lexer), H1_END_BETWEEN);
}

static void test_oddities_stay_until_the_next_call(void **state) {
    (void)state;
    struct h1_event e;
    struct slice in = slice_of("GET / HTTP/1.1\n\n");
    assert_int_equal(h1_next(&lexer, &in, &e), H1_START_LINE);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_HEADERS_END);
    h1_begin_body(&lexer, no_body);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_MESSAGE_END);
    assert_int_equal(lexer.oddities, H1_ODD_BARE_LF);
    assert_int_equal(h1_next(&lexer, &in, &e), H1_NEED_MORE);
    assert_int_equal(lexer.oddities, 0);
}

static void test_controls_are_found_at_every_place(void **state) {
    (void)state;
    char line[] = "A: 0123456789012345678901234567890123456789\r\n\r\n";
    for (size_t at = 3; at < sizeof(line) - 5; at++) {
        static const struct {
            char byte;
            uint32_t oddity;
        } odd[] = {{'\x01', H1_ODD_CONTROL},
                   {'\x1f', H1_ODD_CONTROL},
                   {'\x7f', H1_ODD_CONTROL},
                   {'\0', H1_ODD_NUL},
                   {'\r', H1_ODD_BARE_CR},
                   {'\t', 0},
                   {'\x80', 0},
                   {'\xff', 0},
                   {' ', 0}};
        for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
            char bytes[sizeof(line)];
            memcpy(bytes, line, sizeof(line));
            bytes[at] = odd[i].byte;
            struct h1_event e;
            h1_restart(&lexer, H1_REQUEST, 0);
            struct slice in = slice_of("GET / HTTP/1.1\r\n");
            assert_int_equal(h1_next(&lexer, &in, &e), H1_START_LINE);
            in = slice_make(bytes, sizeof(bytes) - 1);
            assert_int_equal(h1_next(&lexer, &in, &e), H1_HEADER);
            assert_int_equal(lexer.oddities, odd[i].oddity);
        }
    }
}

static void test_names_are_tokens_whatever_their_length(void **state) {
    (void)state;
    for (int c = 1; c < 256; c++) {
        if (c == '\n' || c == ':') {
            continue;
        }
        bool token = h1_is_token(slice_make(&(uint8_t){(uint8_t)c}, 1));
        for (size_t at = 1; at < 20; at++) {
            char bytes[] = "abcdefghijklmnopqrstuvw: x\r\n\r\n";
            bytes[at] = (char)c;
            struct h1_event e;
            h1_restart(&lexer, H1_REQUEST, 0);
            struct slice in = slice_of("GET / HTTP/1.1\r\n");
            assert_int_equal(h1_next(&lexer, &in, &e), H1_START_LINE);
            in = slice_of(bytes);
            assert_int_equal(h1_next(&lexer, &in, &e), H1_HEADER);
            assert_int_equal((lexer.oddities & H1_ODD_NAME_CHARACTERS) == 0, token);
            assert_int_equal(e.name.len, 23);
        }
    }
}

static void test_tokens(void **state) {
    (void)state;
    assert_true(h1_is_token(slice_of("!#$%&'*+-.^_`|~09azAZ")));
    assert_false(h1_is_token(slice_of("")));
    for (const char *c = "()<>@,;:\\\"/[]?={} \t\r\x7f\x80\xff"; *c; c++) {
        assert_false(h1_is_token(slice_make(c, 1)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_lines_are_views, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_body_end_needs_no_byte_behind_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_gives_back_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_in_a_split_line_gives_back_this_chunk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_chunk_size_gives_back_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_binary_is_refused_at_its_first_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_ends_at_the_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_skip_stays_within_what_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_length_zero_and_tunnel_end_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_oddities_stay_until_the_next_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_controls_are_found_at_every_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_are_tokens_whatever_their_length, set_up, tear_down),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
