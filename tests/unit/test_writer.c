/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: what it writes is parsed back by json-c, strictly and with its UTF-8 check. */
#include "output/writer.h"

#include "capture/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <json.h>

enum { ROOM = 1 << 20 };

static struct json_object *parse(struct slice json) {
    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, (const char *)json.ptr, (int)json.len);
    if (!object && json_tokener_get_error(tokener) == json_tokener_continue) {
        object = json_tokener_parse_ex(tokener, "", 1); /* a number ends only at the NUL */
    }
    json_tokener_free(tokener);
    return object;
}

/* The string that json-c reads from what the writer made of `bytes`; the caller frees it. */
static struct json_object *string_through(struct slice bytes, bool *valid) {
    struct buf out;
    struct writer w;
    uint8_t *exact = malloc(bytes.len ? bytes.len : 1); /* ASan sees a read past the end */
    assert_non_null(exact);
    memcpy(exact, bytes.ptr, bytes.len);
    buf_init(&out, ROOM);
    writer_init(&w, &out);
    *valid = writer_string(&w, slice_make(exact, bytes.len));
    assert_false(out.failed);
    for (size_t i = 0; i < out.len; i++) {
        assert_true(out.ptr[i] >= 0x20 && out.ptr[i] != 0x7F);
    }
    struct json_object *object = parse(buf_slice(&out));
    assert_non_null(object);
    assert_int_equal(json_object_get_type(object), json_type_string);
    buf_fini(&out);
    free(exact);
    return object;
}

static void assert_becomes(const void *bytes, size_t len, const void *expected, size_t expected_len,
                           bool valid) {
    bool was_valid;
    struct json_object *object = string_through(slice_make(bytes, len), &was_valid);
    assert_int_equal(was_valid, valid);
    assert_int_equal(json_object_get_string_len(object), expected_len);
    assert_memory_equal(json_object_get_string(object), expected, expected_len);
    json_object_put(object);
}

static void test_structure(void **state) {
    (void)state;
    static const char expected[] =
        "{\"a\":1,\"b\":[true,false,{},[],\"x\"],\"c\":{\"d\":-5},\"e\":\"7\",\"f\":0}";
    struct buf out;
    struct writer w;
    buf_init(&out, ROOM);
    writer_init(&w, &out);
    writer_begin_object(&w);
    WRITER_KEY(&w, "a");
    writer_unsigned(&w, 1);
    writer_key(&w, "b");
    writer_begin_array(&w);
    writer_bool(&w, true);
    writer_bool(&w, false);
    writer_begin_object(&w);
    writer_end_object(&w);
    writer_begin_array(&w);
    writer_end_array(&w);
    writer_text(&w, "x");
    writer_end_array(&w);
    WRITER_KEY(&w, "c");
    writer_begin_object(&w);
    writer_key(&w, "d");
    writer_signed(&w, -5);
    writer_end_object(&w);
    WRITER_RAW(&w, "\"e\":\"7\"");
    WRITER_KEY(&w, "f");
    writer_signed(&w, 0);
    writer_end_object(&w);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.ptr, expected, out.len);
    buf_fini(&out);
}

static void test_every_ascii_byte_at_every_place(void **state) {
    (void)state;
    for (int byte = 0; byte < 0x80; byte++) {
        for (size_t place = 0; place < 40; place++) {
            char text[48];
            memset(text, 'a', sizeof text);
            text[place] = (char)byte;
            assert_becomes(text, place + 1, text, place + 1, true);
            assert_becomes(text, sizeof text, text, sizeof text, true);
        }
    }
}

static void assert_written(const char *bytes, const char *expected) {
    struct buf out;
    struct writer w;
    buf_init(&out, ROOM);
    writer_init(&w, &out);
    (void)writer_string(&w, slice_of(bytes));
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);
    buf_fini(&out);
}

static void test_escapes(void **state) {
    (void)state;
    assert_written("", "\"\"");
    assert_written("\"\\\b\f\n\r\t/", "\"\\\"\\\\\\b\\f\\n\\r\\t/\"");
    assert_written("\x01\x1B\x1F\x7F", "\"\\u0001\\u001b\\u001f\\u007f\"");
    /* NEL, CSI, U+2028, U+2029: line ends or terminal controls for some reader */
    assert_written("\xC2\x85\xC2\x9B\xE2\x80\xA8\xE2\x80\xA9", "\"\\u0085\\u009b\\u2028\\u2029\"");
    assert_written("\xC2\xA0\xE2\x80\xA7\xE2\x80\xAA", "\"\xC2\xA0\xE2\x80\xA7\xE2\x80\xAA\"");
}

#define FFFD "\xEF\xBF\xBD"

/* Unicode 15, section 3.9, tables 3-8 to 3-11. */
static void test_ill_formed_utf8(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
        {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B"},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", FFFD FFFD FFFD FFFD "A"},
        {"caf\xE9", "caf" FFFD},
        {"\xF0\x9F\x98", FFFD},
        {"\xFE\xFF", FFFD FFFD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_becomes(cases[i].bytes, strlen(cases[i].bytes), cases[i].expected, strlen(cases[i].expected),
                       false);
    }
    static const char good[] =
        "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80"
        "\xF4\x8F\xBF\xBF" FFFD;
    assert_becomes(good, sizeof good - 1, good, sizeof good - 1, true);
}

/* By the definition: decode as UTF-8 was once, encode again, and it must be the same and a scalar value. */
static size_t plain_sequence(const uint8_t *s, size_t len) {
    size_t need = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF8 ? 4 : 0;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (need == 0 || need > len) {
        return 0;
    }
    uint32_t point = need == 1 ? s[0] : s[0] & (0x7Fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
        point = point << 6 | (s[i] & 0x3Fu);
    }
    return point >= least[need] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF) ? need : 0;
}

static void test_utf8_against_the_definition(void **state) {
    (void)state;
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                    0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                    0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    enum { EDGES = sizeof edges };
    for (size_t n = 0; n < (size_t)EDGES * EDGES * EDGES * EDGES; n++) {
        uint8_t bytes[4] = {edges[n % EDGES], edges[n / EDGES % EDGES], edges[n / EDGES / EDGES % EDGES],
                            edges[n / EDGES / EDGES / EDGES]};
        size_t ill_formed = 9;
        size_t len = utf8_sequence(slice_make(bytes, 4), &ill_formed);
        assert_int_equal(len, plain_sequence(bytes, 4));
        if (len == 0) {
            assert_in_range(ill_formed, 1, 3);
        }
    }
    assert_true(utf8_is_valid(slice_of("plain text, longer than eight bytes \xC3\xA4\xE2\x82\xAC")));
    assert_false(utf8_is_valid(slice_of("plain text, longer than eight bytes \xC3")));
    assert_true(utf8_is_valid(slice_of("")));
}

static void test_random_bytes_parse_back(void **state) {
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[96];
        size_t len = 0;
        while (len < sizeof bytes) {
            seed = seed * 1664525 + 1013904223;
            bytes[len++] = (uint8_t)((round & 1) ? seed >> 24 : 0xC0 | seed >> 26);
        }
        bool valid;
        struct json_object *object =
            string_through(slice_make(bytes, (size_t)(seed >> 16) % sizeof bytes), &valid);
        json_object_put(object);
    }
}

static void assert_number_written(uint64_t value) {
    char expected[32];
    struct buf out;
    struct writer w;
    buf_init(&out, ROOM);
    writer_init(&w, &out);
    writer_unsigned(&w, value);
    (void)snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);
    buf_clear(&out);
    writer_init(&w, &out);
    writer_signed(&w, (int64_t)(UINT64_C(0) - value));
    (void)snprintf(expected, sizeof expected, "%lld", (long long)(int64_t)(UINT64_C(0) - value));
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);
    buf_fini(&out);
}

static void test_numbers(void **state) {
    (void)state;
    static const uint64_t values[] = {0, 65535, 123456789, 4294967296, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_number_written(values[i]);
    }
    for (uint64_t power = 1;; power *= 10) {
        for (uint64_t digit = 1; digit < 10 && digit <= UINT64_MAX / power; digit++) {
            assert_number_written(digit * power - 1);
            assert_number_written(digit * power);
            assert_number_written(digit * power + 1);
        }
        if (power > UINT64_MAX / 10) {
            break;
        }
    }
    uint64_t seed = 4;
    for (unsigned i = 0; i < 20000; i++) { /* of every length */
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        assert_number_written(seed >> i % 64);
    }
}

static void test_times(void **state) {
    (void)state;
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000000Z"},
        {1, "1970-01-01T00:00:00.000000001Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {-NS_PER_SECOND, "1969-12-31T23:59:59.000000000Z"},
        {INT64_C(951782400) * NS_PER_SECOND, "2000-02-29T00:00:00.000000000Z"},
        {INT64_C(951868799) * NS_PER_SECOND + 123456789, "2000-02-29T23:59:59.123456789Z"},
        {INT64_C(1709251199) * NS_PER_SECOND, "2024-02-29T23:59:59.000000000Z"},
        {INT64_C(4107542400) * NS_PER_SECOND, "2100-03-01T00:00:00.000000000Z"}, /* 2100 has no leap day */
        {INT64_C(4107542399) * NS_PER_SECOND, "2100-02-28T23:59:59.000000000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TIME_TEXT_BYTES];
        time_text(cases[i].ns, text);
        assert_memory_equal(text, cases[i].text, TIME_TEXT_BYTES);
    }
}

static void test_times_against_the_c_library(void **state) {
    (void)state;
    uint64_t seed = 42;
    for (int i = 0; i < 100000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int64_t ns = (int64_t)seed;
        time_t seconds = (time_t)(ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0));
        struct tm tm;
        char expected[32], text[TIME_TEXT_BYTES];
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &tm), 19);
        time_text(ns, text);
        assert_memory_equal(text, expected, 19);
    }
}

static void assert_encoded(void (*write)(struct writer *, struct slice), const char *bytes,
                           const char *expected) {
    struct buf out;
    struct writer w;
    buf_init(&out, ROOM);
    writer_init(&w, &out);
    write(&w, slice_of(bytes));
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);
    buf_fini(&out);
}

static void test_base64_and_hex(void **state) {
    (void)state;
    /* RFC 4648 section 10 */
    assert_encoded(writer_base64, "", "\"\"");
    assert_encoded(writer_base64, "f", "\"Zg==\"");
    assert_encoded(writer_base64, "fo", "\"Zm8=\"");
    assert_encoded(writer_base64, "foo", "\"Zm9v\"");
    assert_encoded(writer_base64, "foob", "\"Zm9vYg==\"");
    assert_encoded(writer_base64, "fooba", "\"Zm9vYmE=\"");
    assert_encoded(writer_base64, "foobar", "\"Zm9vYmFy\"");
    assert_encoded(writer_base64, "\xFB\xFF\xBF", "\"+/+/\"");
    assert_encoded(writer_hex, "", "\"\"");
    assert_encoded(writer_hex, "\x01\xAB\xFF", "\"01abff\"");
}

static void write_something(struct writer *w) {
    writer_begin_object(w);
    WRITER_KEY(w, "key");
    (void)writer_string(w, slice_of("a value of some length, with \"quotes\" and \xFF"));
    WRITER_KEY(w, "time");
    writer_time(w, 0);
    WRITER_KEY(w, "raw");
    writer_base64(w, slice_of("abc"));
    WRITER_KEY(w, "id");
    writer_hex(w, slice_of("abc"));
    writer_end_object(w);
}

static void test_every_cap(void **state) {
    (void)state;
    struct buf whole;
    struct writer w;
    buf_init(&whole, ROOM);
    writer_init(&w, &whole);
    write_something(&w);
    assert_false(whole.failed);
    bool fitted = false;
    for (size_t cap = 0; cap < whole.len + 2 * WRITER_SLACK; cap++) {
        struct buf out;
        buf_init(&out, cap);
        writer_init(&w, &out);
        write_something(&w);
        assert_true(out.len <= cap);
        assert_true(out.failed || slice_equal(buf_slice(&out), buf_slice(&whole)));
        assert_true(cap >= whole.len || out.failed);
        fitted = !out.failed;
        buf_fini(&out);
    }
    assert_true(fitted);
    buf_fini(&whole);
}

static void test_limit_stops_growth(void **state) {
    (void)state;
    struct buf out;
    struct writer w;
    buf_init(&out, ROOM);
    writer_init(&w, &out);
    w.limit = 1000;
    writer_begin_array(&w);
    for (int i = 0; i < 10000; i++) {
        writer_text(&w, "some text of a length");
    }
    assert_true(out.failed);
    assert_true(out.len < 4096);
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_every_ascii_byte_at_every_place),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_ill_formed_utf8),
        cmocka_unit_test(test_utf8_against_the_definition),
        cmocka_unit_test(test_random_bytes_parse_back),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_against_the_c_library),
        cmocka_unit_test(test_base64_and_hex),
        cmocka_unit_test(test_every_cap),
        cmocka_unit_test(test_limit_stops_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
