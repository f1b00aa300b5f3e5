/* SPDX-License-Identifier: Apache-2.0 */
/* Range requests: RFC 9110 section 14, and 13.1.5 for If-Range. */
#include "semantics_sample.h"

#define SINCE "Sun, 06 Nov 1994 08:49:37 GMT"

/* Pairs of name and value, and a NULL; names that begin with `<` are the response's. The content has `length`
 * bytes. */
static struct semantics_range read(struct sample *s, const char *method, unsigned status, uint64_t length,
                                   const char *const fields[]) {
    static struct semantics semantics;
    semantics_sample(s, method, status);
    s->t.response.framing.length = length;
    for (size_t i = 0; fields[i]; i += 2) {
        if (fields[i][0] == '<') {
            sample_response_field(s, fields[i] + 1, fields[i + 1]);
        } else {
            sample_request_field(s, fields[i], fields[i + 1]);
        }
    }
    semantics_of(&s->t, NULL, &semantics);
    return semantics.range;
}
#define READ(s, status, length, ...)                                                                         \
    read((s), "GET", (status), (length), (const char *const[]){__VA_ARGS__, NULL})

static void rfc9110_section_14_1_2_asked(void **state) {
    (void)state;
    struct sample s;
    struct semantics_range r = READ(&s, 200, 1000, "Range", "bytes=0-499, 500-, ,-500,9500-9500");
    assert_true(r.asked && r.asked_legal && r.bytes);
    assert_int_equal(r.count, 4);
    assert_true(r.ranges[0].has_last && !r.ranges[0].suffix && r.ranges[0].first == 0 &&
                r.ranges[0].last == 499);
    assert_true(!r.ranges[1].has_last && r.ranges[1].first == 500);
    assert_true(r.ranges[2].suffix && r.ranges[2].first == 500);
    assert_true(r.ranges[3].first == 9500 && r.ranges[3].last == 9500);
    assert_int_equal(r.outcome, RANGE_WHOLE);
    assert_false(r.judged);
    semantics_expect_part(&s, "\"range\":{\"asked\":{\"legal\":true,\"unit\":\"bytes\",\"ranges\":["
                              "{\"first\":0,\"last\":499},{\"first\":500},{\"suffix\":500},"
                              "{\"first\":9500,\"last\":9500}]},\"outcome\":\"whole\"}");
    r = READ(&s, 200, 1000, "Range", "BYTES=0-99999999999999999999999");
    assert_true(r.asked_legal && r.bytes && r.ranges[0].last == INT64_MAX);
    r = READ(&s, 200, 1000, "Range", "seconds=now-then");
    assert_true(r.asked_legal && !r.bytes);
    assert_int_equal(r.count, 0);
    r = READ(&s, 200, 1000, "Range",
             "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16,17-17");
    assert_int_equal(r.count, BYTE_RANGES);
    assert_int_equal(r.dropped, 2);
}

static void rfc9110_section_14_1_1_malformed(void **state) {
    (void)state;
    static const char *const values[] = {
        "",           "bytes",       "bytes=",      "bytes=,",      "bytes=5",
        "bytes=-",    "bytes=5-4",   "bytes=a-b",   "bytes= 0 - 4", "bytes =0-4",
        "=0-4",       "bytes=0-4;",  "bytes=0-4,x", "bytes=--5",    "bytes=0-4-5",
        "bytes=+0-4", "bytes=0x0-4", "by tes=0-4"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct sample s;
        struct semantics_range r = READ(&s, 206, 5, "Range", values[i], "<Content-Range", "bytes 0-4/9");
        if (r.asked_legal) {
            print_error("%s\n", values[i]);
        }
        assert_true(r.asked);
        assert_false(r.asked_legal);
        assert_int_equal(r.problems, 1 << RANGE_NOT_ASKED); /* it was to be ignored */
    }
}

static void expect(unsigned problems, const char *method, unsigned status, uint64_t length,
                   const char *const fields[]) {
    struct sample s;
    struct semantics_range r = read(&s, method, status, length, fields);
    if (r.problems != problems) {
        char *text = semantics_written(&s, true);
        print_error("%#x instead of %#x\n%s\n", r.problems, problems, text);
        free(text);
    }
    assert_int_equal(r.problems, problems);
    assert_int_equal(r.judged, status == 206 || status == 416 || problems);
}
#define EXPECT(problems, status, length, ...)                                                                \
    expect((problems), "GET", (status), (length), (const char *const[]){__VA_ARGS__, NULL})
#define BIT(problem) (1U << RANGE_##problem)
#define MULTIPART    "<Content-Type", "multipart/byteranges; boundary=b"

static void rfc9110_section_15_3_7_1_one_part(void **state) {
    (void)state;
    EXPECT(0, 206, 500, "Range", "bytes=0-499", "<Content-Range", "bytes 0-499/1234");
    EXPECT(0, 206, 500, "Range", "bytes=0-499", "<Content-Range", "bytes 0-499/*");
    EXPECT(0, 206, 734, "Range", "bytes=500-", "<Content-Range", "bytes 500-1233/1234");
    EXPECT(0, 206, 500, "Range", "bytes=-500", "<Content-Range", "bytes 734-1233/1234");
    EXPECT(0, 206, 10, "Range", "bytes=-500", "<Content-Range", "bytes 0-9/10");
    EXPECT(0, 206, 500, "Range", "bytes=-500", "<Content-Range", "bytes 0-499/*"); /* nobody can tell */
    EXPECT(0, 206, 100, "Range", "bytes=0-499", "<Content-Range", "bytes 0-99/1234");
    EXPECT(0, 206, 1, "Range", "bytes=0-99999999999999999999", "<Content-Range", "bytes 0-0/1");
    EXPECT(BIT(OTHER), 206, 500, "Range", "bytes=0-499", "<Content-Range", "bytes 1-500/1234");
    EXPECT(BIT(OTHER), 206, 1234, "Range", "bytes=0-499", "<Content-Range", "bytes 0-1233/1234");
    EXPECT(BIT(OTHER), 206, 500, "Range", "bytes=-500", "<Content-Range", "bytes 0-499/1234");
    EXPECT(BIT(OTHER), 206, 1, "Range", "bytes=-0", "<Content-Range", "bytes 0-0/1234");
    EXPECT(BIT(LENGTH), 206, 499, "Range", "bytes=0-499", "<Content-Range", "bytes 0-499/1234");
    EXPECT(BIT(CONTENT_MISSING), 206, 500, "Range", "bytes=0-499");
    EXPECT(BIT(NOT_ASKED), 206, 500, "<Content-Range", "bytes 0-499/1234");
    expect(BIT(NOT_ASKED), "POST", 206, 500,
           (const char *const[]){"Range", "bytes=0-499", "<Content-Range", "bytes 0-499/1234", NULL});
}

static void rfc9110_section_14_4_content_range(void **state) {
    (void)state;
    static const char *const values[] = {"",
                                         "bytes",
                                         "bytes 0-499",
                                         "bytes 0-499/",
                                         "bytes */1234",
                                         "bytes 499-0/1234",
                                         "bytes 0-1234/1234",
                                         "bytes 0-499/499",
                                         "bytes */*",
                                         "bytes -5/9",
                                         "bytes 0-/9",
                                         "bytes=0-499/1234",
                                         "bytes 0-499/x",
                                         "0-499/1234",
                                         "items 0-x/1234",
                                         "it(ems 0-499/1234",
                                         "bytes  0-499/1234"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        EXPECT(BIT(CONTENT_MALFORMED), 206, 500, "Range", "bytes=0-499", "<Content-Range", values[i]);
    }
    EXPECT(BIT(CONTENT_UNEXPECTED), 200, 500, "X", "y", "<Content-Range", "bytes 0-499/500");
    EXPECT(0, 206, 5, "Range", "bytes=0-4", "<Content-Range", "Bytes 0-4/9"); /* units know no case */
}

static void rfc9110_section_14_1_other_units(void **state) {
    (void)state;
    struct sample s;
    EXPECT(0, 206, 5000, "Range", "items=0-4", "<Content-Range", "items 0-4/10");
    EXPECT(0, 206, 5000, "Range", "items=0-4", "<Content-Range", "Items 5-9/*");
    EXPECT(0, 416, 0, "Range", "items=0-4", "<Content-Range", "items */10");
    EXPECT(BIT(CONTENT_MALFORMED), 206, 5000, "Range", "items=0-4", "<Content-Range", "items */10");
    EXPECT(BIT(CONTENT_MALFORMED), 416, 0, "Range", "items=0-4", "<Content-Range", "items 0-4/10");
    EXPECT(BIT(OTHER), 206, 5, "Range", "bytes=0-4", "<Content-Range", "items 0-4/10");
    EXPECT(BIT(OTHER), 206, 5, "Range", "items=0-4", "<Content-Range", "bytes 0-4/10");
    (void)READ(&s, 206, 5000, "Range", "items=0-4", "<Content-Range", "items 0-4/10");
    semantics_expect_part(&s, "\"range\":{\"asked\":{\"legal\":true,\"unit\":\"items\"},\"outcome\":"
                              "\"partial\",\"consistent\":true}");
}

static void rfc9110_section_15_3_7_2_several_parts(void **state) {
    (void)state;
    EXPECT(0, 206, 900, "Range", "bytes=0-1,5-6", MULTIPART);
    EXPECT(BIT(CONTENT_IN_MULTIPART), 206, 900, "Range", "bytes=0-1,5-6", MULTIPART, "<Content-Range",
           "bytes 0-1/9");
    EXPECT(BIT(MULTIPART_FOR_ONE), 206, 900, "Range", "bytes=0-1", MULTIPART);
    EXPECT(BIT(NOT_ASKED), 206, 900, MULTIPART);
    EXPECT(0, 206, 7, "Range", "bytes=0-1,5-6", "<Content-Range", "bytes 0-6/9");    /* joined */
    EXPECT(0, 206, 2, "Range", "bytes=0-1,500-", "<Content-Range", "bytes 0-1/100"); /* the other is beyond */
    EXPECT(BIT(OTHER), 206, 1, "Range", "bytes=0-1,5-6", "<Content-Range", "bytes 3-3/9");
    struct sample s;
    assert_int_equal(READ(&s, 206, 900, "Range", "bytes=0-1,5-6", MULTIPART).outcome, RANGE_MULTIPART);
}

static void rfc9110_section_15_5_17_not_satisfiable(void **state) {
    (void)state;
    EXPECT(0, 416, 0, "Range", "bytes=1234-", "<Content-Range", "bytes */1234");
    EXPECT(0, 416, 0, "Range", "bytes=-0", "<Content-Range", "bytes */1234");
    EXPECT(0, 416, 0, "Range", "bytes=0-", "<Content-Range", "bytes */0");
    EXPECT(0, 416, 0, "Range", "bytes=5-");
    EXPECT(0, 416, 0, "Range", "bytes=5-4", "<Content-Range", "bytes */1234"); /* refused as it is illegal */
    EXPECT(0, 416, 0, "Range", "bytes=0-0,0-0", "<Content-Range", "bytes */1234"); /* ... too many */
    EXPECT(BIT(SATISFIABLE), 416, 0, "Range", "bytes=0-9", "<Content-Range", "bytes */1234");
    EXPECT(BIT(SATISFIABLE), 416, 0, "Range", "bytes=-1", "<Content-Range", "bytes */1234");
    EXPECT(BIT(CONTENT_MALFORMED), 416, 0, "Range", "bytes=5-", "<Content-Range", "bytes 0-4/5");
    EXPECT(BIT(CONTENT_MALFORMED), 416, 0, "Range", "bytes=5-", "<Content-Range", "bytes */*");
    struct sample s;
    (void)READ(&s, 416, 0, "Range", "bytes=1234-", "<Content-Range", "bytes */1234", "<Accept-Ranges",
               "bytes");
    semantics_expect_part(
        &s, "\"outcome\":\"unsatisfiable\",\"total\":1234,\"consistent\":true,\"accepts\":\"bytes\"}");
}

static void rfc9110_section_13_1_5_if_range(void **state) {
    (void)state;
#define RANGE "Range", "bytes=0-4", "<Content-Range", "bytes 0-4/9"
    EXPECT(0, 206, 5, RANGE, "If-Range", "\"a\"", "<ETag", "\"a\"");
    EXPECT(0, 206, 5, RANGE, "If-Range", "\"a\"");
    EXPECT(0, 206, 5, RANGE, "If-Range", SINCE, "<Last-Modified", SINCE);
    EXPECT(0, 200, 9, "Range", "bytes=0-4", "If-Range", "\"a\"", "<ETag", "\"b\"");
    EXPECT(BIT(IF_RANGE_FALSE), 206, 5, RANGE, "If-Range", "\"a\"", "<ETag", "\"b\"");
    EXPECT(BIT(IF_RANGE_FALSE), 206, 5, RANGE, "If-Range", "\"a\"", "<ETag", "W/\"a\"");
    EXPECT(BIT(IF_RANGE_FALSE), 206, 5, RANGE, "If-Range", SINCE, "<Last-Modified",
           "Sun, 06 Nov 1994 08:49:36 GMT");
    EXPECT(BIT(IF_RANGE_WEAK), 206, 5, RANGE, "If-Range", "W/\"a\"");
    EXPECT(BIT(IF_RANGE_ALONE), 200, 9, "If-Range", "\"a\"");
    struct sample s;
    assert_int_equal(READ(&s, 200, 9, RANGE, "If-Range", "a").if_range, IF_RANGE_MALFORMED);
    assert_int_equal(READ(&s, 200, 9, RANGE, "If-Range", "").if_range, IF_RANGE_MALFORMED);
    assert_int_equal(READ(&s, 200, 9, RANGE, "If-Range", SINCE).if_range, IF_RANGE_DATE);
}

static void less_than_asked(void **state) {
    (void)state;
    struct sample s;
    assert_true(READ(&s, 206, 5, "Range", "bytes=0-9", "<Content-Range", "bytes 0-4/90").subset);
    assert_false(READ(&s, 206, 5, "Range", "bytes=0-9", "<Content-Range", "bytes 0-4/5").subset);
    assert_false(READ(&s, 206, 5, "Range", "bytes=0-9", "<Content-Range", "bytes 0-4/*").subset);
    (void)READ(&s, 206, 5, "Range", "bytes=0-9", "<Content-Range", "bytes 0-4/90");
    semantics_expect_part(&s, "\"outcome\":\"partial\",\"served\":{\"first\":0,\"last\":4},\"total\":90,"
                              "\"subset\":true,\"consistent\":true}");
}

static void what_was_not_captured_is_not_blamed(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, 206, 5, "X", "y", "<Content-Range", "bytes 0-4/9");
    semantics_expect_part(&s, "\"problems\":[\"not_asked\"]");
    s.t.request.head_complete = false;
    semantics_expect_part(&s, "\"consistent\":true");
    sample_orphan_response(&s, PAIRING_REQUEST_LOST);
    semantics_expect_part(&s, "\"consistent\":true");
    (void)READ(&s, 206, 5, "Range", "bytes=0-4");
    s.t.response.headers.dropped = 1;
    semantics_expect_part(&s, "\"consistent\":true");
    (void)READ(&s, 206, 0, "Range", "bytes=0-4", "<Content-Range", "bytes 0-4/9");
    s.t.response.framing.kind = H1_BODY_CHUNKED;
    s.t.response.body_bytes = 4;
    semantics_expect_part(&s, "\"problems\":[\"length\"]");
    s.t.response.missing_bytes = 1;
    semantics_expect_part(&s, "\"consistent\":true");
    s.t.response.missing_bytes = 0;
    s.t.response.truncated = true;
    semantics_expect_part(&s, "\"consistent\":true");
}

static void numbers_beyond_all_are_not_told(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, 206, 2, "Range", "bytes=0-1", "<Content-Range",
               "bytes 18446744073709551615-18446744073709551616/*");
    semantics_expect_none(&s, "\"served\"");
    semantics_expect_none(&s, "\"consistent\"");
    (void)READ(&s, 206, 2, "Range", "bytes=0-1", "<Content-Range", "bytes 0-1/99999999999999999999");
    semantics_expect_part(&s, "\"served\":{\"first\":0,\"last\":1},\"consistent\":true");
    (void)READ(&s, 416, 0, "Range", "bytes=5-", "<Content-Range", "bytes */99999999999999999999");
    semantics_expect_part(&s, "\"outcome\":\"unsatisfiable\",\"consistent\":true");
    assert_int_equal(READ(&s, 206, 2, "Range", "bytes=0-99999999999999999999").ranges[0].last, INT64_MAX);
}

static void nothing_of_ranges(void **state) {
    (void)state;
    struct sample s;
    (void)READ(&s, 200, 5, "X", "y");
    semantics_expect_none(&s, "\"range\":{\"a");
    (void)READ(&s, 200, 5, "X", "y", "<Accept-Ranges", "token=swordfish");
    semantics_expect_part(&s, "\"range\":{\"accepts\":\"token=***\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9110_section_14_1_2_asked),
        cmocka_unit_test(rfc9110_section_14_1_1_malformed),
        cmocka_unit_test(rfc9110_section_15_3_7_1_one_part),
        cmocka_unit_test(rfc9110_section_14_4_content_range),
        cmocka_unit_test(rfc9110_section_14_1_other_units),
        cmocka_unit_test(rfc9110_section_15_3_7_2_several_parts),
        cmocka_unit_test(rfc9110_section_15_5_17_not_satisfiable),
        cmocka_unit_test(rfc9110_section_13_1_5_if_range),
        cmocka_unit_test(less_than_asked),
        cmocka_unit_test(what_was_not_captured_is_not_blamed),
        cmocka_unit_test(numbers_beyond_all_are_not_told),
        cmocka_unit_test(nothing_of_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
