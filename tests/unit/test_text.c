/* SPDX-License-Identifier: Apache-2.0 */
/* The line for people. */
#include "output/record.h"

#include "output/utf8.h"
#include "record_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 1 << 20, LINE = 4096 };

/* The line, without its line feed, as a string. */
static void line_of(const struct sample *s, bool colour, char line[LINE]) {
    struct record_options options = {
        .format = RECORD_TEXT, .mask_secrets = true, .colour = colour, .record_bytes = ROOM};
    struct record_writer *writer = record_writer_new(&options);
    struct buf out;
    assert_non_null(writer);
    buf_init(&out, ROOM);
    assert_true(record_write(writer, &s->t, &out));
    assert_true(utf8_is_valid(buf_slice(&out)));
    assert_true(out.len > 0 && out.len < LINE && out.ptr[out.len - 1] == '\n');
    assert_ptr_equal(memchr(out.ptr, '\n', out.len), out.ptr + out.len - 1);
    memcpy(line, out.ptr, out.len - 1);
    line[out.len - 1] = '\0';
    record_writer_free(writer);
    buf_fini(&out);
}

static void assert_line(const struct sample *s, const char *expected) {
    char line[LINE];
    line_of(s, false, line);
    assert_string_equal(line, expected);
}

static void assert_contains(const char *line, const char *word) {
    if (!strstr(line, word)) {
        print_error("no %s in %s\n", word, line);
    }
    assert_non_null(strstr(line, word));
}

static void test_a_whole_transaction(void **state) {
    (void)state;
    struct sample s;
    sample_init(&s);
    assert_line(
        &s,
        "  2023-11-14 22:13:20.123456  128.232.110.120:34855 → 66.35.250.204:80       GET       200   1.0 kB"
        "   50.00 ms  http://www.example.com/index.html?a=b");
}

static void test_heading_is_aligned(void **state) {
    (void)state;
    struct record_options options = {.format = RECORD_TEXT, .record_bytes = ROOM};
    struct record_writer *writer = record_writer_new(&options);
    struct buf out;
    char line[LINE];
    struct sample s;
    sample_init(&s);
    assert_non_null(writer);
    buf_init(&out, ROOM);
    assert_true(record_write_heading(writer, &out));
    assert_true(buf_append(&out, "", 1));
    line_of(&s, false, line);
    const char *heading = (const char *)out.ptr;
    size_t arrow = 2; /* bytes that the arrow takes more than columns */
    assert_int_equal(strstr(heading, "TIME") - heading, strstr(line, "2023") - line);
    assert_int_equal(strstr(heading, "CLIENT") - heading, strstr(line, "128.") - line);
    assert_int_equal(strstr(heading, "SERVER") - heading + (ptrdiff_t)arrow, strstr(line, "66.") - line);
    assert_int_equal(strstr(heading, "METHOD") - heading + (ptrdiff_t)arrow, strstr(line, "GET") - line);
    assert_int_equal(strstr(heading, "URL") - heading + (ptrdiff_t)arrow, strstr(line, "http:") - line);
    buf_fini(&out);
    record_writer_free(writer);
}

static void test_ndjson_has_no_heading(void **state) {
    (void)state;
    struct record_options options = {.format = RECORD_NDJSON, .record_bytes = ROOM};
    struct record_writer *writer = record_writer_new(&options);
    struct buf out;
    assert_non_null(writer);
    buf_init(&out, ROOM);
    assert_true(record_write_heading(writer, &out));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
    record_writer_free(writer);
}

static void test_orphans_and_doubts_are_visible(void **state) {
    (void)state;
    struct sample s;
    char line[LINE];
    sample_init(&s);
    sample_orphan_request(&s, PAIRING_RESPONSE_LOST);
    line_of(&s, false, line);
    assert_int_equal(line[0], '?');
    assert_contains(line, "[no response: response_lost]");
    assert_contains(line, "GET         -        -    1.00 ms  http://");
    sample_init(&s);
    sample_orphan_response(&s, PAIRING_BEFORE_CAPTURE);
    line_of(&s, false, line);
    assert_int_equal(line[0], '?');
    assert_contains(line, "-         200");
    assert_contains(line, "[no request: before_capture]");
    sample_init(&s);
    s.t.response.gap_bytes = 1;
    line_of(&s, false, line);
    assert_int_equal(line[0], '!');
    assert_contains(line, "[incomplete]");
    s.t.reset = true;
    line_of(&s, false, line);
    assert_contains(line, "[incomplete, reset]");
    sample_init(&s);
    sample_tunnel(&s, false);
    line_of(&s, false, line);
    assert_int_equal(line[0], '=');
    assert_contains(line, "(data)");
    assert_contains(line, "2.1 kB");
    assert_contains(line, "100.00 ms");
    sample_init(&s);
    sample_surplus(&s, false);
    line_of(&s, false, line);
    assert_int_equal(line[0], '?');
    assert_contains(line, "(data)      -     13 B");
    assert_contains(line, "-  [surplus bytes of the server]");
    sample_init(&s);
    sample_surplus(&s, true);
    line_of(&s, false, line);
    assert_contains(line, "(data)      -     13 B");
    assert_contains(line, "-  [surplus bytes of the client]");
}

static void test_colours(void **state) {
    (void)state;
    static const struct {
        unsigned status;
        const char *sequence;
    } cases[] = {{200, "\033[32m"}, {301, "\033[36m"}, {404, "\033[33m"}, {500, "\033[31m"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        char line[LINE], expected[32];
        sample_init(&s);
        sample_status(&s, cases[i].status, "", "");
        line_of(&s, true, line);
        (void)snprintf(expected, sizeof expected, "%s   %u\033[0m", cases[i].sequence, cases[i].status);
        assert_contains(line, expected);
        line_of(&s, false, line);
        assert_null(strchr(line, '\033'));
    }
}

/* Nothing of the traffic may steer the terminal, hide or reorder what stands around it. */
static void test_nothing_reaches_the_terminal_raw(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"/\033[2J", "/\\x1b[2J"},
        {"/a\x07\x7F", "/a\\x07\\x7f"},
        {"/a\xC2\x9B"
         "31m",
         "/a\\xc2\\x9b31m"},
        {"/a\xE2\x80\xAE"
         "b",
         "/a\\xe2\\x80\\xaeb"},
        {"/a\xE2\x80\xA8"
         "b",
         "/a\\xe2\\x80\\xa8b"},
        {"/a\xEF\xBB\xBF", "/a\\xef\\xbb\\xbf"},
        {"/a\xFF\xE2\x82", "/a\\xff\\xe2\\x82"},
        {"/\xC3\xA4\xE4\xBD\xA0", "/\xC3\xA4\xE4\xBD\xA0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        char line[LINE];
        sample_init(&s);
        sample_target(&s, "G\033T", cases[i].bytes);
        s.t.target.form = TARGET_INVALID;
        line_of(&s, false, line);
        assert_contains(line, "G\\x1bT");
        size_t len = strlen(cases[i].shown);
        assert_true(strlen(line) > len);
        assert_string_equal(line + strlen(line) - len, cases[i].shown);
    }
}

static void test_long_urls_are_cut(void **state) {
    (void)state;
    struct sample s;
    char line[LINE], target[2000];
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    sample_init(&s);
    sample_target(&s, "GET", target);
    line_of(&s, false, line);
    assert_true(strlen(line) < 700);
    assert_string_equal(line + strlen(line) - 4, "a…");
}

static void test_sizes_and_durations(void **state) {
    (void)state;
    static const struct {
        uint64_t bytes;
        int64_t ns;
        const char *shown;
    } cases[] = {
        {0, 0, "      0 B    0.00 ms  "},
        {999, 999990000, "    999 B  999.99 ms  "},
        {1000, NS_PER_SECOND, "   1.0 kB     1.00 s  "},
        {9999, 1, "    10 kB    0.00 ms  "},
        {999400, -2 * MS, "   999 kB   -2.00 ms  "},
        {999600, 3600 * NS_PER_SECOND, "   1.0 MB  3600.00 s  "},
        {UINT64_C(5000000000), 5 * MS, "   5.0 GB    5.00 ms  "},
        {UINT64_MAX, 5 * MS, "    18 EB    5.00 ms  "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        char line[LINE];
        sample_init(&s);
        s.t.response.body_bytes = cases[i].bytes;
        s.t.request.last.time_ns = SAMPLE_START + cases[i].ns;
        s.t.response.last.time_ns = SAMPLE_START + cases[i].ns;
        line_of(&s, false, line);
        assert_contains(line, cases[i].shown);
    }
}

static void test_ipv6(void **state) {
    (void)state;
    struct sample s;
    char line[LINE];
    sample_init(&s);
    s.connection.key.ip_version = 6;
    memcpy(s.connection.key.side[0].address.bytes, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    memset(s.connection.key.side[1].address.bytes, 0xFF, 16);
    line_of(&s, false, line);
    assert_contains(line, "[2001:db8::2]:34855   → [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:80  GET");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_transaction),
        cmocka_unit_test(test_heading_is_aligned),
        cmocka_unit_test(test_ndjson_has_no_heading),
        cmocka_unit_test(test_orphans_and_doubts_are_visible),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_nothing_reaches_the_terminal_raw),
        cmocka_unit_test(test_long_urls_are_cut),
        cmocka_unit_test(test_sizes_and_durations),
        cmocka_unit_test(test_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
