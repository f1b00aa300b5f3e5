/* SPDX-License-Identifier: Apache-2.0 */
/* Categories of fields: the classes of RFC 2616, and what today's texts say they are about. */
#include "analyzer/field_category.h"

#include "head_sample.h"

static void expect_class(const char *const names[], size_t count, enum field_class class) {
    for (size_t i = 0; i < count; i++) {
        enum field_name name = field_name_of(slice_of(names[i]));
        if (name == FIELD_NAME_OTHER || field_class_of(name) != class) {
            print_error("%s\n", names[i]);
        }
        assert_int_not_equal(name, FIELD_NAME_OTHER);
        assert_int_equal(field_class_of(name), class);
    }
}
#define EXPECT_CLASS(names, class) expect_class(names, sizeof(names) / sizeof *(names), class)

static void rfc2616_section_4_5_general(void **state) {
    (void)state;
    static const char *const names[] = {
        "Cache-Control", "Connection",        "Date",    "Pragma", "Trailer",
        "Upgrade",       "Transfer-Encoding", "Warning", "Via",    "MIME-Version"};
    EXPECT_CLASS(names, FIELD_CLASS_GENERAL);
}

static void rfc2616_section_5_3_request(void **state) {
    (void)state;
    static const char *const names[] = {
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Expect",
        "From",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-Range",
        "If-None-Match",
        "If-Unmodified-Since",
        "Max-Forwards",
        "Referer",
        "Range",
        "TE",
        "User-Agent",
        "Proxy-Authorization",
    };
    EXPECT_CLASS(names, FIELD_CLASS_REQUEST);
}

static void rfc2616_section_6_2_response(void **state) {
    (void)state;
    static const char *const names[] = {"Accept-Ranges",      "Age",         "ETag",   "Location",
                                        "Proxy-Authenticate", "Retry-After", "Server", "Vary",
                                        "WWW-Authenticate"};
    EXPECT_CLASS(names, FIELD_CLASS_RESPONSE);
}

static void rfc2616_section_7_1_entity(void **state) {
    (void)state;
    static const char *const names[] = {"Allow",
                                        "Content-Encoding",
                                        "Content-Language",
                                        "Content-Length",
                                        "Content-MD5",
                                        "Content-Location",
                                        "Content-Range",
                                        "Content-Type",
                                        "Expires",
                                        "Last-Modified",
                                        "Link"};
    EXPECT_CLASS(names, FIELD_CLASS_ENTITY);
    assert_int_equal(field_class_of(FIELD_NAME_OTHER), FIELD_CLASS_ENTITY);
    assert_int_equal(field_class_of(field_name_of(slice_of("X-Unknown"))), FIELD_CLASS_ENTITY);
}

static void rfc9110_topics(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum field_topic topic;
    } topics[] = {
        {"date", FIELD_TOPIC_MESSAGE},
        {"HOST", FIELD_TOPIC_ROUTING},
        {"Via", FIELD_TOPIC_ROUTING},
        {"Forwarded", FIELD_TOPIC_ROUTING},
        {"Content-Length", FIELD_TOPIC_REPRESENTATION},
        {"ETag", FIELD_TOPIC_VALIDATOR},
        {"Last-Modified", FIELD_TOPIC_VALIDATOR},
        {"Expect", FIELD_TOPIC_REQUEST_CONTEXT},
        {"TE", FIELD_TOPIC_REQUEST_CONTEXT},
        {"Allow", FIELD_TOPIC_RESPONSE_CONTEXT},
        {"Server", FIELD_TOPIC_RESPONSE_CONTEXT},
        {"WWW-Authenticate", FIELD_TOPIC_AUTHENTICATION},
        {"Vary", FIELD_TOPIC_NEGOTIATION},
        {"TCN", FIELD_TOPIC_NEGOTIATION},
        {"If-None-Match", FIELD_TOPIC_CONDITIONAL},
        {"Content-Range", FIELD_TOPIC_RANGE},
        {"If-Range", FIELD_TOPIC_RANGE},
        {"Age", FIELD_TOPIC_CACHING},
        {"Cache-Status", FIELD_TOPIC_CACHING},
        {"Transfer-Encoding", FIELD_TOPIC_FRAMING},
        {"Set-Cookie", FIELD_TOPIC_COOKIE},
        {"Access-Control-Allow-Origin", FIELD_TOPIC_CORS},
        {"Strict-Transport-Security", FIELD_TOPIC_SECURITY},
        {"traceparent", FIELD_TOPIC_TRACE},
        {"Lock-Token", FIELD_TOPIC_WEBDAV},
        {"Sec-WebSocket-Key", FIELD_TOPIC_WEBSOCKET},
        {"X-Unknown", FIELD_TOPIC_EXTENSION},
        {"", FIELD_TOPIC_EXTENSION},
        {" Host", FIELD_TOPIC_EXTENSION},
    };
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        assert_int_equal(field_topic_of(field_name_of(slice_of(topics[i].name))), topics[i].topic);
    }
}

static void every_category_has_a_name(void **state) {
    (void)state;
    for (unsigned i = 0; i < FIELD_CLASSES; i++) {
        assert_non_null(field_class_name((enum field_class)i));
    }
    for (unsigned i = 0; i < FIELD_TOPICS; i++) {
        assert_non_null(field_topic_name((enum field_topic)i));
    }
}

static void counts_sum_up_to_all_lines(void **state) {
    (void)state;
    struct head h;
    struct field_counts counts;
    head_init(&h);
    field_counts_make(&counts, &h.index);
    for (unsigned i = 0; i < FIELD_CLASSES; i++) {
        assert_int_equal(counts.classes[i], 0);
    }
    head_add(&h, "Host", "a");
    head_add(&h, "Via", "1.1 a");
    head_add(&h, "X-Own", "b");
    head_add(&h, "via", "1.1 b");
    head_add(&h, "Via ", "1.1 c");
    head_add(&h, "", "");
    head_add(&h, "VIA", "1.1 d");
    head_add(&h, "Content-Type", "text/plain");
    field_counts_make(&counts, &h.index);
    assert_int_equal(counts.classes[FIELD_CLASS_GENERAL], 3);
    assert_int_equal(counts.classes[FIELD_CLASS_REQUEST], 1);
    assert_int_equal(counts.classes[FIELD_CLASS_RESPONSE], 0);
    assert_int_equal(counts.classes[FIELD_CLASS_ENTITY], 4);
    assert_int_equal(counts.topics[FIELD_TOPIC_ROUTING], 4);
    assert_int_equal(counts.topics[FIELD_TOPIC_REPRESENTATION], 1);
    assert_int_equal(counts.topics[FIELD_TOPIC_EXTENSION], 3);
    head_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc2616_section_4_5_general),
        cmocka_unit_test(rfc2616_section_5_3_request),
        cmocka_unit_test(rfc2616_section_6_2_response),
        cmocka_unit_test(rfc2616_section_7_1_entity),
        cmocka_unit_test(rfc9110_topics),
        cmocka_unit_test(every_category_has_a_name),
        cmocka_unit_test(counts_sum_up_to_all_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
