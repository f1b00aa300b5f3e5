/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* "Name: value" lines, separated by LF. */
static struct framing_fields fields_of(const char *text) {
    struct framing_fields fields = {0};
    struct slice rest = slice_of(text);
    while (rest.len) {
        size_t end = slice_find(rest, '\n');
        struct slice line = slice_first(rest, end);
        size_t colon = slice_find(line, ':');
        framing_field(&fields, slice_first(line, colon), slice_trim(slice_after(line, colon + 1)));
        rest = slice_after(rest, end + 1);
    }
    return fields;
}

struct expectation {
    const char *fields;
    enum h1_framing_kind request;
    enum h1_framing_kind response;
    uint64_t length;
    uint32_t oddities;
};

static void test_fields_decide(void **state) {
    (void)state;
    static const struct expectation cases[] = {
        {"", H1_BODY_NONE, H1_BODY_CLOSE, 0, 0},
        {"Content-Length: 0", H1_BODY_LENGTH, H1_BODY_LENGTH, 0, 0},
        {"CONTENT-length: 007", H1_BODY_LENGTH, H1_BODY_LENGTH, 7, 0},
        {"Content-Length: 5, 5", H1_BODY_LENGTH, H1_BODY_LENGTH, 5, FRAMING_ODD_LENGTH_REPEATED},
        {"Content-Length: 5\nContent-Length: 5", H1_BODY_LENGTH, H1_BODY_LENGTH, 5,
         FRAMING_ODD_LENGTH_REPEATED},
        {"Content-Length: 5\nContent-Length: 6", H1_BODY_LENGTH, H1_BODY_LENGTH, 5,
         FRAMING_ODD_LENGTH_CONFLICT},
        {"Content-Length: 6,5,6", H1_BODY_LENGTH, H1_BODY_LENGTH, 6,
         FRAMING_ODD_LENGTH_CONFLICT | FRAMING_ODD_LENGTH_REPEATED},
        {"Content-Length: x, 5", H1_BODY_LENGTH, H1_BODY_LENGTH, 5, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length: 5,", H1_BODY_LENGTH, H1_BODY_LENGTH, 5, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length: +5", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length: -5", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length: 5 5", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length: 0x5", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length:", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_SYNTAX},
        {"Content-Length: 9223372036854775807", H1_BODY_LENGTH, H1_BODY_LENGTH, INT64_MAX, 0},
        {"Content-Length: 9223372036854775808", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_OVERFLOW},
        {"Content-Length: 18446744073709551617", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_OVERFLOW},
        {"Content-Length: 99999999999999999999x", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_LENGTH_SYNTAX},
        {"Transfer-Encoding: chunked", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0, 0},
        {"transfer-encoding: \tChunKed\t", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0, 0},
        {"Transfer-Encoding: gzip, chunked", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0, 0},
        {"Transfer-Encoding: gzip\nTransfer-Encoding: chunked", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0, 0},
        {"Transfer-Encoding: , chunked ,", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0, 0},
        {"Transfer-Encoding: chunked\nContent-Length: 5", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0,
         FRAMING_ODD_BOTH},
        {"Content-Length: 5\nTransfer-Encoding: chunked", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0,
         FRAMING_ODD_BOTH},
        {"Transfer-Encoding: chunked, chunked", H1_BODY_CHUNKED, H1_BODY_CHUNKED, 0,
         FRAMING_ODD_CHUNKED_TWICE},
        {"Transfer-Encoding: chunked, gzip", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_NOT_CHUNKED_LAST},
        {"Transfer-Encoding: chunked\nTransfer-Encoding: lalala", H1_BODY_NONE, H1_BODY_CLOSE, 0,
         FRAMING_ODD_NOT_CHUNKED_LAST | FRAMING_ODD_CODING_UNKNOWN},
        {"Transfer-Encoding: xchunked", H1_BODY_NONE, H1_BODY_CLOSE, 0,
         FRAMING_ODD_NOT_CHUNKED_LAST | FRAMING_ODD_CODING_UNKNOWN},
        {"Transfer-Encoding: chunked;q=1", H1_BODY_NONE, H1_BODY_CLOSE, 0,
         FRAMING_ODD_NOT_CHUNKED_LAST | FRAMING_ODD_CODING_UNKNOWN},
        {"Transfer-Encoding: identity", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_CODING_UNKNOWN},
        {"Transfer-Encoding:", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_CODING_UNKNOWN},
        {" Transfer-Encoding: chunked", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_OBSCURED},
        {"Content\v-Length: 5", H1_BODY_NONE, H1_BODY_CLOSE, 0, FRAMING_ODD_OBSCURED},
        {"Content_Length: 5", H1_BODY_NONE, H1_BODY_CLOSE, 0, 0},
        {"Content-Lengths: 5", H1_BODY_NONE, H1_BODY_CLOSE, 0, 0},
        {"Transfer-Encodin\x7f: chunked", H1_BODY_NONE, H1_BODY_CLOSE, 0, 0},
    };
    const uint32_t own = ~(uint32_t)FRAMING_ODD_AMBIGUOUS; /* tested below */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct framing_fields fields = fields_of(cases[i].fields);
        struct h1_framing framing = framing_of_request(&fields, 1, 1, slice_of("POST"));
        assert_int_equal(framing.kind, cases[i].request);
        assert_int_equal(framing.length, cases[i].length);
        assert_int_equal(fields.oddities & own, cases[i].oddities);
        fields = fields_of(cases[i].fields);
        framing = framing_of_response(&fields, 1, 1, slice_of("GET"), 200);
        assert_int_equal(framing.kind, cases[i].response);
        assert_int_equal(framing.length, cases[i].length);
        assert_int_equal(fields.oddities & own, cases[i].oddities);
    }
}

static void test_unknown_coding_leaves_a_request_its_length(void **state) {
    (void)state;
    struct framing_fields fields = fields_of("Transfer-Encoding: abc\nContent-Length: 5");
    struct h1_framing framing = framing_of_request(&fields, 1, 1, slice_of("POST"));
    assert_int_equal(framing.kind, H1_BODY_LENGTH);
    assert_int_equal(framing.length, 5);
    assert_int_equal(fields.oddities,
                     FRAMING_ODD_BOTH | FRAMING_ODD_NOT_CHUNKED_LAST | FRAMING_ODD_CODING_UNKNOWN);
    fields.oddities = 0;
    assert_int_equal(framing_of_response(&fields, 1, 1, slice_of("GET"), 200).kind, H1_BODY_CLOSE);
}

static void test_codings_before_1_1_are_noted(void **state) {
    (void)state;
    struct framing_fields fields = fields_of("Transfer-Encoding: chunked");
    assert_int_equal(framing_of_response(&fields, 1, 0, slice_of("GET"), 200).kind, H1_BODY_CHUNKED);
    assert_int_equal(fields.oddities, FRAMING_ODD_TE_IN_1_0 | FRAMING_ODD_AMBIGUOUS);
    fields = fields_of("Content-Length: 1");
    framing_of_request(&fields, 1, 0, slice_of("POST"));
    assert_int_equal(fields.oddities, 0);
}

static enum h1_framing_kind kind_of(const char *method, unsigned status, const char *text,
                                    uint32_t *oddities) {
    struct framing_fields fields = fields_of(text);
    struct h1_framing framing = framing_of_response(&fields, 1, 1, slice_of(method), status);
    *oddities = fields.oddities;
    return framing.kind;
}

static void test_status_and_method_decide_first(void **state) {
    (void)state;
    uint32_t odd;
    assert_int_equal(kind_of("HEAD", 200, "Content-Length: 5", &odd), H1_BODY_NONE);
    assert_int_equal(odd, 0);
    assert_int_equal(kind_of("head", 200, "Content-Length: 5", &odd), H1_BODY_LENGTH);
    assert_int_equal(kind_of("GET", 304, "Content-Length: 5", &odd), H1_BODY_NONE);
    assert_int_equal(odd, 0);
    assert_int_equal(kind_of("GET", 204, "Content-Length: 5", &odd), H1_BODY_NONE);
    assert_int_equal(odd, FRAMING_ODD_FORBIDDEN | FRAMING_ODD_AMBIGUOUS);
    assert_int_equal(kind_of("GET", 100, "", &odd), H1_BODY_NONE);
    assert_int_equal(odd, 0);
    assert_int_equal(kind_of("GET", 199, "Transfer-Encoding: chunked", &odd), H1_BODY_NONE);
    assert_int_equal(odd, FRAMING_ODD_FORBIDDEN | FRAMING_ODD_AMBIGUOUS);
    assert_int_equal(kind_of("GET", 101, "", &odd), H1_BODY_TUNNEL);
    assert_int_equal(kind_of("", 101, "", &odd), H1_BODY_TUNNEL);
    assert_int_equal(kind_of("CONNECT", 200, "", &odd), H1_BODY_TUNNEL);
    assert_int_equal(kind_of("CONNECT", 299, "Content-Length: 5", &odd), H1_BODY_TUNNEL);
    assert_int_equal(odd, FRAMING_ODD_FORBIDDEN);
    assert_int_equal(kind_of("CONNECT", 407, "Content-Length: 5", &odd), H1_BODY_LENGTH);
    assert_int_equal(kind_of("GET", 205, "Content-Length: 5", &odd), H1_BODY_LENGTH);
    assert_int_equal(kind_of("", 200, "Content-Length: 5", &odd), H1_BODY_LENGTH);
    assert_int_equal(kind_of("GET", 0, "", &odd), H1_BODY_CLOSE);
}

/* The other readings as text: "chunks length:5 last:6 lenient:7 nothing". */
static void tell_readings(const struct framing_fields *f, bool request, struct h1_framing taken, char *text,
                          size_t size) {
    static const char *const names[] = {"chunks", "length", "last", "lenient", "nothing"};
    struct framing_reading readings[FRAMING_READERS];
    unsigned count = framing_other_readings(f, request, taken, readings);
    size_t len = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, size - len, "%s%s", i ? " " : "", names[readings[i].by]);
        if (readings[i].framing.kind == H1_BODY_LENGTH) {
            len += (size_t)snprintf(text + len, size - len, ":%llu",
                                    (unsigned long long)readings[i].framing.length);
        }
    }
    assert_int_equal(count > 0, (f->oddities & FRAMING_ODD_AMBIGUOUS) != 0);
}

static void test_other_readings(void **state) {
    (void)state;
    static const struct {
        const char *fields, *request, *response;
    } cases[] = {
        {"", "", ""},
        {"Content-Length: 5", "", ""},
        {"Transfer-Encoding: chunked", "", ""},
        {"Transfer-Encoding: chunked, chunked", "", ""},
        {"Content-Length: 5, 5", "", ""},
        {"Transfer-Encoding: chunked\nContent-Length: 5", "length:5", "length:5"},
        {"Transfer-Encoding: chunked\nContent-Length: 5\nContent-Length: 7", "length:5 last:7",
         "length:5 last:7"},
        {"Content-Length: 5\nContent-Length: 6", "last:6", "last:6"},
        {"Content-Length: 5, 6, 5", "", ""}, /* to both the first and the last it is 5 */
        {"Content-Length: +5", "lenient:5", "lenient:5"},
        {"Content-Length: 0x21", "", "lenient:0"}, /* no body and a length of 0 end the same */
        {"Content-Length: 4 1", "lenient:4", "lenient:4"},
        {"Content-Length: -5", "", ""},
        {"Content-Length: x, 5", "nothing", "nothing"},
        {"Content-Length: 18446744073709551621", "", ""},
        {"Transfer-Encoding: xchunked", "chunks", "chunks"},
        {"Transfer-Encoding: xchunked\nContent-Length: 5", "chunks", "chunks length:5"},
        {"Transfer-Encoding: chu\x80nk\x01 \x65\x64", "chunks", "chunks"},
        {"Transfer-Encoding: chunk", "", ""},
        {"Transfer-Encoding: gzip\nContent-Length: 5", "", "length:5"},
        {"Transfer-Encoding: chunked, gzip", "chunks", "chunks"},
        {"Transfer-Encoding: identity\nContent-Length: 5", "", ""},
        {"Transfer-Encoding\v: CHUNKED\nContent-Length: 5", "chunks nothing", "chunks nothing"},
        {" Content-Length: 5", "lenient:5", "lenient:5"},
        {" Content-Length: 0", "", "lenient:0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        struct framing_fields fields = fields_of(cases[i].fields);
        struct h1_framing framing = framing_of_request(&fields, 1, 1, slice_of("POST"));
        tell_readings(&fields, true, framing, text, sizeof text);
        assert_string_equal(text, cases[i].request);
        fields = fields_of(cases[i].fields);
        framing = framing_of_response(&fields, 1, 1, slice_of("GET"), 200);
        tell_readings(&fields, false, framing, text, sizeof text);
        assert_string_equal(text, cases[i].response);
    }
}

static void test_other_readings_of_what_has_no_body(void **state) {
    (void)state;
    char text[128];
    struct framing_fields fields = fields_of("Transfer-Encoding: chunked\nContent-Length: 5");
    struct h1_framing framing = framing_of_response(&fields, 1, 1, slice_of("HEAD"), 200);
    tell_readings(&fields, false, framing, text, sizeof text);
    assert_string_equal(text, ""); /* that of a HEAD ends with its head, whatever it says */
    fields = fields_of("Transfer-Encoding: chunked\nContent-Length: 5");
    framing = framing_of_response(&fields, 1, 1, slice_of("GET"), 204);
    tell_readings(&fields, false, framing, text, sizeof text);
    assert_string_equal(text, "chunks length:5");
    fields = fields_of("Content-Length: 0");
    framing = framing_of_response(&fields, 1, 1, slice_of("GET"), 204);
    tell_readings(&fields, false, framing, text, sizeof text);
    assert_string_equal(text, "");
    fields = fields_of("Content-Length: 5");
    framing = framing_of_response(&fields, 1, 1, slice_of("CONNECT"), 200);
    tell_readings(&fields, false, framing, text, sizeof text);
    assert_string_equal(text, "");
    fields = fields_of("Transfer-Encoding: chunked");
    framing = framing_of_request(&fields, 1, 0, slice_of("POST"));
    tell_readings(&fields, true, framing, text, sizeof text);
    assert_string_equal(text, "nothing");
}

static void test_lines_in_disguise(void **state) {
    (void)state;
    static const uint32_t disguises[] = {H1_ODD_SPACE_BEFORE_COLON, H1_ODD_OBS_FOLD};
    for (size_t i = 0; i < sizeof(disguises) / sizeof(disguises[0]); i++) {
        char text[128];
        struct h1_event line = {
            .name = slice_of("Transfer-Encoding"), .value = slice_of("chunked"), .odd = disguises[i]};
        struct framing_fields fields = {0};
        framing_line(&fields, &line);
        struct h1_framing framing = framing_of_request(&fields, 1, 1, slice_of("POST"));
        assert_int_equal(framing.kind, H1_BODY_CHUNKED);
        assert_int_equal(fields.oddities, FRAMING_ODD_OBSCURED | FRAMING_ODD_AMBIGUOUS);
        tell_readings(&fields, true, framing, text, sizeof text);
        assert_string_equal(text, "nothing");
        line.name = slice_of("X-Other");
        fields = (struct framing_fields){0};
        framing_line(&fields, &line);
        assert_int_equal(fields.oddities, 0);
    }
}

static void test_content_where_it_has_no_meaning(void **state) {
    (void)state;
    static const char *const methods[] = {"GET", "HEAD", "CONNECT", "TRACE"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct framing_fields fields = fields_of("Content-Length: 5");
        framing_of_request(&fields, 1, 1, slice_of(methods[i]));
        assert_int_equal(fields.oddities, FRAMING_ODD_CONTENT_UNEXPECTED);
        fields = fields_of("Content-Length: 0");
        framing_of_request(&fields, 1, 1, slice_of(methods[i]));
        assert_int_equal(fields.oddities, 0);
    }
    struct framing_fields fields = fields_of("Transfer-Encoding: chunked");
    framing_of_request(&fields, 1, 1, slice_of("GET"));
    assert_int_equal(fields.oddities, FRAMING_ODD_CONTENT_UNEXPECTED);
    fields = fields_of("Content-Length: 5");
    framing_of_request(&fields, 1, 1, slice_of("DELETE"));
    assert_int_equal(fields.oddities, 0);
}

static void test_connection_options(void **state) {
    (void)state;
    struct framing_fields f =
        fields_of("Connection: Upgrade, HTTP2-Settings\nConnection: keep-alive\nUpgrade: h2c\n"
                  "Expect: 100-Continue\nHost: a\nhost: b");
    assert_true(f.connection_upgrade && f.connection_keep_alive && f.upgrade && f.expect_continue);
    assert_false(f.connection_close);
    assert_int_equal(f.host_count, 2);
    f = fields_of("Connection: closed\nUpgrades: x\nExpect: 200-ok");
    assert_false(f.connection_close || f.upgrade || f.expect_continue);
}

static void test_persistence(void **state) {
    (void)state;
    struct framing_fields none = {0}, close = {.connection_close = true},
                          keep = {.connection_keep_alive = true};
    assert_true(framing_persists(&none, 1, 1));
    assert_true(framing_persists(&none, 1, 2));
    assert_false(framing_persists(&close, 1, 1));
    assert_false(framing_persists(&none, 1, 0));
    assert_true(framing_persists(&keep, 1, 0));
    assert_false(framing_persists(&keep, 0, 9));
    assert_false(framing_persists(&none, 0, 0));
    keep.connection_close = true;
    assert_false(framing_persists(&keep, 1, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_decide),
        cmocka_unit_test(test_unknown_coding_leaves_a_request_its_length),
        cmocka_unit_test(test_codings_before_1_1_are_noted),
        cmocka_unit_test(test_status_and_method_decide_first),
        cmocka_unit_test(test_other_readings),
        cmocka_unit_test(test_other_readings_of_what_has_no_body),
        cmocka_unit_test(test_lines_in_disguise),
        cmocka_unit_test(test_content_where_it_has_no_meaning),
        cmocka_unit_test(test_connection_options),
        cmocka_unit_test(test_persistence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
