/* SPDX-License-Identifier: Apache-2.0 */
/* Conditional requests: RFC 9110 section 13. */
#include "semantics_sample.h"

#define SINCE  "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

enum {
    MATCH = 1 << CONDITION_IF_MATCH,
    UNMODIFIED = 1 << CONDITION_IF_UNMODIFIED_SINCE,
    NONE_MATCH = 1 << CONDITION_IF_NONE_MATCH,
    MODIFIED = 1 << CONDITION_IF_MODIFIED_SINCE,
};

/* Pairs of name and value, and a NULL; names that begin with `<` are the response's. */
static struct semantics_conditional read(struct sample *s, const char *method, unsigned status,
                                         const char *const fields[]) {
    static struct semantics semantics;
    semantics_sample(s, method, status);
    for (size_t i = 0; fields[i]; i += 2) {
        if (fields[i][0] == '<') {
            sample_response_field(s, fields[i] + 1, fields[i + 1]);
        } else {
            sample_request_field(s, fields[i], fields[i + 1]);
        }
    }
    semantics_of(&s->t, NULL, &semantics);
    return semantics.conditional;
}
#define READ(s, method, status, ...) read((s), (method), (status), (const char *const[]){__VA_ARGS__, NULL})

static void expect(const struct semantics_conditional *c, unsigned evaluated, unsigned ignored,
                   unsigned malformed, enum conditional_outcome outcome) {
    assert_int_equal(c->evaluated, evaluated);
    assert_int_equal(c->present & ~c->evaluated, ignored);
    assert_int_equal(c->malformed, malformed);
    assert_int_equal(c->outcome, outcome);
}
#define EXPECT(evaluated, ignored, malformed, outcome, method, status, ...)                                  \
    do {                                                                                                     \
        struct sample sample;                                                                                \
        struct semantics_conditional c = READ(&sample, method, status, __VA_ARGS__);                         \
        expect(&c, (evaluated), (ignored), (malformed), CONDITIONAL_##outcome);                              \
    } while (0)

static void rfc9110_section_13_1_2_if_none_match(void **state) {
    (void)state;
    EXPECT(NONE_MATCH, 0, 0, NOT_MODIFIED, "GET", 304, "If-None-Match", "\"a\"");
    EXPECT(NONE_MATCH, 0, 0, NOT_MODIFIED, "HEAD", 304, "If-None-Match", "*");
    EXPECT(NONE_MATCH, 0, 0, PERFORMED, "GET", 200, "If-None-Match", "\"a\", W/\"b\"", "<ETag", "\"c\"");
    EXPECT(NONE_MATCH, 0, 0, PERFORMED, "GET", 200, "If-None-Match", "\"a\"");
    EXPECT(NONE_MATCH, 0, 0, IGNORED, "GET", 200, "If-None-Match", "\"a\", W/\"b\"", "<ETag", "\"b\"");
    EXPECT(NONE_MATCH, 0, 0, IGNORED, "GET", 200, "If-None-Match", "\"a,b\"", "<ETag", "\"a,b\"");
    EXPECT(NONE_MATCH, 0, 0, IGNORED, "GET", 206, "If-None-Match", "*");
    EXPECT(NONE_MATCH, 0, 0, PERFORMED, "PUT", 201, "If-None-Match", "*");
    EXPECT(NONE_MATCH, 0, 0, FAILED, "PUT", 412, "If-None-Match", "*");
    EXPECT(NONE_MATCH, 0, 0, UNKNOWN, "GET", 404, "If-None-Match", "\"a\"");
    EXPECT(NONE_MATCH, 0, 0, UNKNOWN, "GET", 500, "If-None-Match", "\"a\"");
}

static void rfc9110_section_13_1_2_malformed(void **state) {
    (void)state;
    static const char *const values[] = {"a",        "",   ",",           "\"a",    "'a'",
                                         "*, \"a\"", "**", "\"a\" \"b\"", "w/\"a\""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct sample s;
        struct semantics_conditional c =
            READ(&s, "GET", 200, "If-None-Match", values[i], "If-Modified-Since", SINCE);
        assert_int_equal(c.malformed, NONE_MATCH);
        assert_int_equal(c.evaluated, NONE_MATCH);
    }
}

static void rfc9110_section_13_1_3_if_modified_since(void **state) {
    (void)state;
    EXPECT(MODIFIED, 0, 0, NOT_MODIFIED, "GET", 304, "If-Modified-Since", SINCE);
    EXPECT(MODIFIED, 0, 0, PERFORMED, "GET", 200, "If-Modified-Since", SINCE, "<Last-Modified", AFTER);
    EXPECT(MODIFIED, 0, 0, IGNORED, "GET", 200, "If-Modified-Since", SINCE, "<Last-Modified", SINCE);
    EXPECT(MODIFIED, 0, 0, IGNORED, "GET", 200, "If-Modified-Since", SINCE, "<Last-Modified", BEFORE);
    EXPECT(MODIFIED, 0, 0, PERFORMED, "GET", 200, "If-Modified-Since", SINCE, "<Last-Modified", "0");
    EXPECT(0, MODIFIED, 0, UNKNOWN, "POST", 200, "If-Modified-Since", SINCE);
    EXPECT(0, MODIFIED, MODIFIED, UNKNOWN, "GET", 200, "If-Modified-Since", "yesterday");
    EXPECT(0, MODIFIED, MODIFIED, UNASKED, "GET", 304, "If-Modified-Since", "");
    EXPECT(0, MODIFIED, MODIFIED, UNKNOWN, "GET", 200, "If-Modified-Since", SINCE, "If-Modified-Since", SINCE,
           "<Last-Modified", SINCE);
    EXPECT(0, MODIFIED, MODIFIED, UNASKED, "GET", 304, "If-Modified-Since", SINCE ", " SINCE);
    EXPECT(NONE_MATCH, MODIFIED, 0, NOT_MODIFIED, "GET", 304, "If-None-Match", "\"a\"", "If-Modified-Since",
           SINCE);
    EXPECT(NONE_MATCH, MODIFIED, 0, PERFORMED, "GET", 200, "If-None-Match", "\"a\"", "If-Modified-Since",
           SINCE, "<Last-Modified", SINCE);
}

static void rfc9110_section_13_1_1_if_match_and_13_1_4(void **state) {
    (void)state;
    EXPECT(MATCH, 0, 0, FAILED, "PUT", 412, "If-Match", "\"a\"");
    EXPECT(MATCH, 0, 0, PERFORMED, "PUT", 204, "If-Match", "*");
    EXPECT(UNMODIFIED, 0, 0, FAILED, "PUT", 412, "If-Unmodified-Since", SINCE);
    EXPECT(MATCH, UNMODIFIED, 0, PERFORMED, "GET", 200, "If-Match", "\"a\"", "If-Unmodified-Since", SINCE);
    EXPECT(0, UNMODIFIED, UNMODIFIED, UNKNOWN, "PUT", 412, "If-Unmodified-Since", "0");
    EXPECT(0, UNMODIFIED, UNMODIFIED, UNKNOWN, "PUT", 412, "If-Unmodified-Since", SINCE,
           "If-Unmodified-Since", BEFORE);
    EXPECT(MATCH, 0, 0, UNASKED, "GET", 304, "If-Match", "\"a\"");
}

static void rfc9110_section_13_2_1_methods_without_conditions(void **state) {
    (void)state;
    static const char *const methods[] = {"OPTIONS", "CONNECT", "TRACE"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        EXPECT(0, MATCH | MODIFIED, 0, UNKNOWN, methods[i], 412, "If-Match", "\"a\"", "If-Modified-Since",
               SINCE);
        EXPECT(0, NONE_MATCH, 0, UNKNOWN, methods[i], 200, "If-None-Match", "*");
        EXPECT(0, UNMODIFIED, 0, UNKNOWN, methods[i], 200, "If-Unmodified-Since", SINCE);
    }
}

static void rfc9110_section_13_2_2_precedence(void **state) {
    (void)state;
    EXPECT(MATCH | NONE_MATCH, UNMODIFIED | MODIFIED, 0, NOT_MODIFIED, "GET", 304, "If-Modified-Since", SINCE,
           "If-None-Match", "\"a\"", "If-Unmodified-Since", SINCE, "If-Match", "\"a\"");
    EXPECT(UNMODIFIED | MODIFIED, 0, 0, PERFORMED, "GET", 200, "If-Modified-Since", SINCE,
           "If-Unmodified-Since", SINCE);
}

static void rfc9110_section_15_4_5_unasked(void **state) {
    (void)state;
    EXPECT(0, 0, 0, UNASKED, "GET", 304, "X", "y");
    EXPECT(NONE_MATCH, 0, 0, UNASKED, "PUT", 304, "If-None-Match", "\"a\"");
    EXPECT(0, 0, 0, UNKNOWN, "GET", 412, "X", "y");
    struct sample s;
    (void)READ(&s, "GET", 304, "X", "y");
    sample_orphan_response(&s, PAIRING_REQUEST_LOST);
    semantics_expect_none(&s, "conditional"); /* nobody knows what was asked */
}

static void what_is_written(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, "GET", 304, "If-None-Match", "\"a\", \"b\"", "If-Modified-Since", "0");
    semantics_expect_part(
        &s, "\"conditional\":{\"evaluated\":[\"if_none_match\"],\"ignored\":[\"if_modified_since\"],"
            "\"malformed\":[\"if_modified_since\"],\"tags\":2,\"outcome\":\"not_modified\"}");
    (void)READ(&s, "GET", 200, "X", "y");
    semantics_expect_none(&s, "conditional");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9110_section_13_1_2_if_none_match),
        cmocka_unit_test(rfc9110_section_13_1_2_malformed),
        cmocka_unit_test(rfc9110_section_13_1_3_if_modified_since),
        cmocka_unit_test(rfc9110_section_13_1_1_if_match_and_13_1_4),
        cmocka_unit_test(rfc9110_section_13_2_1_methods_without_conditions),
        cmocka_unit_test(rfc9110_section_13_2_2_precedence),
        cmocka_unit_test(rfc9110_section_15_4_5_unasked),
        cmocka_unit_test(what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
