/* SPDX-License-Identifier: Apache-2.0 */
/* Trace and span ids (W3C Trace Context, B3, Jaeger) and request ids, well formed and not. */
#include "analyzer/semantics_trace.h"

#include "part_sample.h"

#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN_ID  "00f067aa0ba902b7"
#define OTHER_ID "05e3ac9a4f6e3b90"

static const struct head no_head = {.index = {.list = &no_head.list}};

static void read_one(struct semantics_trace *trace, struct head *h, const char *name, const char *value) {
    head_fini(h);
    head_add(h, name, value);
    semantics_trace_read(trace, &h->index, &no_head.index);
}

struct expectation {
    const char *value;
    const char *trace_id, *span_id, *parent_span_id;
    enum trace_sampled sampled;
};

static void expect(enum trace_format format, const char *name, const struct expectation *e) {
    struct head h;
    struct semantics_trace trace;
    head_init(&h);
    read_one(&trace, &h, name, e->value);
    const struct trace_context *c = &trace.contexts[format];
    if (!c->valid) {
        print_error("%s\n", e->value);
    }
    assert_true(c->present && c->valid);
    assert_slice(c->trace_id, e->trace_id);
    assert_slice(c->span_id, e->span_id);
    assert_slice(c->parent_span_id, e->parent_span_id);
    assert_int_equal(c->sampled, e->sampled);
    assert_int_equal(trace.chosen, *e->trace_id ? format : TRACE_FORMATS);
    head_fini(&h);
}

static void expect_malformed(enum trace_format format, const char *name, const char *value) {
    struct head h;
    struct semantics_trace trace;
    head_init(&h);
    read_one(&trace, &h, name, value);
    if (trace.contexts[format].valid) {
        print_error("%s\n", value);
    }
    assert_true(trace.contexts[format].present);
    assert_false(trace.contexts[format].valid);
    assert_int_equal(trace.contexts[format].trace_id.len, 0);
    assert_int_equal(trace.chosen, TRACE_FORMATS);
    head_fini(&h);
}

static void test_traceparent_3_2(void **state) {
    (void)state;
    static const struct expectation good[] = {
        {"00-" TRACE_ID "-" SPAN_ID "-01", TRACE_ID, SPAN_ID, "", TRACE_SAMPLED},
        {"00-" TRACE_ID "-" SPAN_ID "-00", TRACE_ID, SPAN_ID, "", TRACE_NOT_SAMPLED},
        {"00-" TRACE_ID "-" SPAN_ID "-fe", TRACE_ID, SPAN_ID, "", TRACE_NOT_SAMPLED},
        {"cc-" TRACE_ID "-" SPAN_ID "-01", TRACE_ID, SPAN_ID, "", TRACE_SAMPLED},
        {"cc-" TRACE_ID "-" SPAN_ID "-01-what", TRACE_ID, SPAN_ID, "", TRACE_SAMPLED},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        expect(TRACE_W3C, "traceparent", &good[i]);
    }
    static const char *const bad[] = {
        "-",
        "00",
        "00-" TRACE_ID "-" SPAN_ID,
        "00-" TRACE_ID "-" SPAN_ID "-0",
        "00-" TRACE_ID "-" SPAN_ID "-0x",
        "00-" TRACE_ID "-" SPAN_ID "-01-what",
        "00-" TRACE_ID "-" SPAN_ID "-01.",
        "cc-" TRACE_ID "-" SPAN_ID "-01.what",
        "ff-" TRACE_ID "-" SPAN_ID "-01",
        "0-" TRACE_ID "-" SPAN_ID "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN_ID "-01",
        "00-00000000000000000000000000000000-" SPAN_ID "-01",
        "00-" TRACE_ID "-0000000000000000-01",
        "00_" TRACE_ID "-" SPAN_ID "-01",
        "00-" TRACE_ID "," SPAN_ID "-01",
        "00-g" TRACE_ID "-" SPAN_ID "-1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_malformed(TRACE_W3C, "traceparent", bad[i]);
    }
}

static void test_traceparent_repeated(void **state) {
    (void)state;
    struct head h;
    struct semantics_trace trace;
    head_init(&h);
    head_add(&h, "traceparent", "00-" TRACE_ID "-" SPAN_ID "-01");
    head_add(&h, "Traceparent", "00-" TRACE_ID "-" SPAN_ID "-01");
    semantics_trace_read(&trace, &h.index, &no_head.index);
    assert_true(trace.contexts[TRACE_W3C].present);
    assert_false(trace.contexts[TRACE_W3C].valid);
    head_fini(&h);
}

static void test_b3_single(void **state) {
    (void)state;
    static const struct expectation good[] = {
        {TRACE_ID "-" SPAN_ID, TRACE_ID, SPAN_ID, "", TRACE_SAMPLED_UNKNOWN},
        {TRACE_ID "-" SPAN_ID "-1", TRACE_ID, SPAN_ID, "", TRACE_SAMPLED},
        {OTHER_ID "-" SPAN_ID "-d-" OTHER_ID, OTHER_ID, SPAN_ID, OTHER_ID, TRACE_DEBUG},
        {"0", "", "", "", TRACE_NOT_SAMPLED},
        {"1", "", "", "", TRACE_SAMPLED},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        expect(TRACE_B3_SINGLE, "b3", &good[i]);
    }
    static const char *const bad[] = {
        "",
        "-",
        "2",
        TRACE_ID,
        TRACE_ID "-",
        TRACE_ID "-" SPAN_ID "-",
        TRACE_ID "-" SPAN_ID "-2",
        TRACE_ID "-" SPAN_ID "-1-",
        TRACE_ID "-" SPAN_ID "-1-" SPAN_ID "-x",
        TRACE_ID "-12",
        "12-" SPAN_ID,
        "0000000000000000-" SPAN_ID,
        TRACE_ID "-0000000000000000",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_malformed(TRACE_B3_SINGLE, "b3", bad[i]);
    }
}

static void test_b3_multi(void **state) {
    (void)state;
    struct head h;
    struct semantics_trace trace;
    const struct trace_context *c = &trace.contexts[TRACE_B3_MULTI];
    head_init(&h);
    head_add(&h, "X-B3-TraceId", "4BF92F3577B34DA6");
    head_add(&h, "X-B3-SpanId", SPAN_ID);
    head_add(&h, "X-B3-ParentSpanId", OTHER_ID);
    head_add(&h, "X-B3-Sampled", "1");
    semantics_trace_read(&trace, &h.index, &no_head.index);
    assert_true(c->valid);
    assert_slice(c->trace_id, "4BF92F3577B34DA6");
    assert_slice(c->span_id, SPAN_ID);
    assert_slice(c->parent_span_id, OTHER_ID);
    assert_int_equal(c->sampled, TRACE_SAMPLED);
    head_add(&h, "X-B3-Flags", "1");
    semantics_trace_read(&trace, &h.index, &no_head.index);
    assert_int_equal(c->sampled, TRACE_DEBUG);
    read_one(&trace, &h, "X-B3-Sampled", "false");
    assert_true(c->valid);
    assert_int_equal(c->sampled, TRACE_NOT_SAMPLED);
    assert_int_equal(trace.chosen, TRACE_FORMATS);
    expect_malformed(TRACE_B3_MULTI, "X-B3-TraceId", TRACE_ID); /* no span */
    expect_malformed(TRACE_B3_MULTI, "X-B3-SpanId", SPAN_ID);
    expect_malformed(TRACE_B3_MULTI, "X-B3-Sampled", "maybe");
    head_fini(&h);
}

static void test_jaeger(void **state) {
    (void)state;
    static const struct expectation good[] = {
        {"463ac35c9f6413ad48485a3953bb6124:a2fb4a1d1a96d312:0:1", "463ac35c9f6413ad48485a3953bb6124",
         "a2fb4a1d1a96d312", "", TRACE_SAMPLED},
        {"abc:1:a:3", "abc", "1", "a", TRACE_DEBUG},
        {"abc%3A1%3a0%3A00", "abc", "1", "", TRACE_NOT_SAMPLED},
        {"abc:1::1", "abc", "1", "", TRACE_SAMPLED},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        expect(TRACE_JAEGER, "uber-trace-id", &good[i]);
    }
    static const char *const bad[] = {
        "",
        ":",
        ":::",
        "0:1:0:1",
        "1:0:0:1",
        "1:1:0:",
        "1:1:0",
        "1:1:0:g",
        "x:1:0:1",
        "1:1:x:1",
        "1:1:0:1:1",
        "463ac35c9f6413ad48485a3953bb61241:1:0:1",
        "1:a2fb4a1d1a96d3121:0:1",
        "1:1:0:001",
        "1%3",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_malformed(TRACE_JAEGER, "uber-trace-id", bad[i]);
    }
}

static void expect_written(const struct head *request, const struct head *response, const char *expected) {
    struct part p;
    struct semantics_trace trace;
    semantics_trace_read(&trace, &request->index, &response->index);
    part_init(&p, true);
    native_write_semantics_trace(&p.native, &p.w, &trace);
    part_expect(&p, expected);
}

static void expect_state(const char *parent, const char *state, const char *expected) {
    struct head h;
    head_init(&h);
    head_add(&h, "traceparent", parent);
    head_add(&h, "tracestate", state);
    expect_written(&h, &no_head, expected);
    head_fini(&h);
}

static void test_tracestate_3_3(void **state) {
    (void)state;
#define PARENT "00-" TRACE_ID "-" SPAN_ID "-00"
#define CONTEXT                                                                                              \
    "{\"trace\":{\"id\":\"" TRACE_ID "\",\"span_id\":\"" SPAN_ID                                             \
    "\",\"sampled\":false,\"formats\":[\"traceparent\"]"
    expect_state(PARENT, "rojo=00f0,, congo@t1=a b!;c",
                 CONTEXT ",\"state\":[{\"key\":\"rojo\",\"value\":\"00f0\"},"
                         "{\"key\":\"congo@t1\",\"value\":\"a b!;c\"}]}}");
    expect_state(PARENT, "token=swordfish", CONTEXT ",\"state\":[{\"key\":\"token\",\"value\":\"***\"}]}}");
    expect_state(
        PARENT, "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1",
        CONTEXT
        ",\"state\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"1\"},{\"key\":\"c\","
        "\"value\":\"1\"},{\"key\":\"d\",\"value\":\"1\"},{\"key\":\"e\",\"value\":\"1\"},{\"key\":\"f\","
        "\"value\":\"1\"},{\"key\":\"g\",\"value\":\"1\"},{\"key\":\"h\",\"value\":\"1\"}],"
        "\"state_dropped\":2}}");
    static const char *const bad[] = {"a=1,B=2",    "a",    "a=",    "=1",        "a=1=2",
                                      "a=\xc3\xa4", "-a=1", "a b=1", "a=1,b=\x01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_state(PARENT, bad[i], CONTEXT ",\"state_malformed\":true}}");
    }
    expect_state(PARENT, "", CONTEXT "}}");
    expect_state("junk", "a=1", "{\"trace\":{\"malformed\":[\"traceparent\"]}}");
}

static void test_b3_repeated(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    head_add(&h, "X-B3-TraceId", TRACE_ID);
    head_add(&h, "X-B3-TraceId", OTHER_ID);
    head_add(&h, "X-B3-SpanId", SPAN_ID);
    expect_written(&h, &no_head, "{\"trace\":{\"malformed\":[\"x-b3\"]}}");
    head_fini(&h);
}

static void test_written(void **state) {
    (void)state;
    struct head h, r;
    head_init(&h);
    head_init(&r);
    expect_written(&h, &r, "{}");
    head_add(&h, "uber-trace-id", "ABC:1:a:1");
    expect_written(
        &h, &r,
        "{\"trace\":{\"id\":\"0000000000000abc\",\"span_id\":\"0000000000000001\","
        "\"parent_span_id\":\"000000000000000a\",\"sampled\":true,\"formats\":[\"uber-trace-id\"]}}");
    head_add(&h, "b3", "0000000000000abc-" SPAN_ID "-0");
    head_add(&h, "traceparent", "junk");
    head_add(&h, "X-Request-Id", "7f:1\xff");
    head_add(&r, "x-request-id", "https://a/?token=secret");
    expect_written(
        &h, &r,
        "{\"trace\":{\"id\":\"0000000000000abc\",\"span_id\":\"" SPAN_ID
        "\",\"sampled\":false,\"formats\":[\"b3\",\"uber-trace-id\"],\"malformed\":[\"traceparent\"],"
        "\"request_id\":\"7f:1\xef\xbf\xbd\",\"response_request_id\":\"https://a/?token=***\"}}");
    head_add(&h, "X-B3-TraceId", OTHER_ID);
    head_add(&h, "X-B3-SpanId", SPAN_ID);
    head_fini(&r);
    expect_written(&h, &r,
                   "{\"trace\":{\"id\":\"0000000000000abc\",\"span_id\":\"" SPAN_ID
                   "\",\"sampled\":false,\"formats\":[\"b3\",\"x-b3\",\"uber-trace-id\"],"
                   "\"malformed\":[\"traceparent\"],\"conflict\":true,\"request_id\":\"7f:1\xef\xbf\xbd\"}}");
    head_fini(&h);
    head_add(&h, "b3", "0");
    expect_written(&h, &r, "{\"trace\":{\"sampled\":false,\"formats\":[\"b3\"]}}");
    head_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traceparent_3_2), cmocka_unit_test(test_traceparent_repeated),
        cmocka_unit_test(test_b3_single),       cmocka_unit_test(test_b3_multi),
        cmocka_unit_test(test_jaeger),          cmocka_unit_test(test_written),
        cmocka_unit_test(test_tracestate_3_3),  cmocka_unit_test(test_b3_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
