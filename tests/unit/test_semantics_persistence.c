/* SPDX-License-Identifier: Apache-2.0 */
/* Persistence: RFC 9112 section 9, and RFC 2068 section 19.7.1 for Keep-Alive. */
#include "semantics_sample.h"

static struct semantics_persistence read(const struct sample *s) {
    static struct semantics semantics;
    struct semantics_persistence persistence;
    semantics_of(&s->t, NULL, &semantics);
    semantics_persistence_read(&persistence, &semantics, &s->t);
    return persistence;
}

static void say(struct http_message *m, unsigned minor, const char *connection) {
    m->minor = minor;
    m->fields = (struct framing_fields){.length_count = 0};
    if (connection) {
        framing_field(&m->fields, slice_of("Connection"), slice_of(connection));
    }
}

static void rfc9112_section_9_3_persistence(void **state) {
    (void)state;
    static const struct {
        unsigned request_minor;
        const char *request;
        unsigned response_minor;
        const char *response;
        enum persistence of_request, of_response;
    } cases[] = {
        {1, NULL, 1, NULL, PERSISTENCE_BY_VERSION, PERSISTENCE_BY_VERSION},
        {1, "keep-alive", 1, "Keep-Alive", PERSISTENCE_KEEP_ALIVE, PERSISTENCE_KEEP_ALIVE},
        {1, "close", 1, NULL, PERSISTENCE_CLOSE, PERSISTENCE_BY_VERSION},
        {1, NULL, 1, "x, CLOSE", PERSISTENCE_BY_VERSION, PERSISTENCE_CLOSE},
        {1, NULL, 1, "keep-alive, close", PERSISTENCE_BY_VERSION, PERSISTENCE_CLOSE},
        {0, NULL, 1, NULL, PERSISTENCE_OLD, PERSISTENCE_BY_VERSION},
        {0, "keep-alive", 0, "keep-alive", PERSISTENCE_KEEP_ALIVE, PERSISTENCE_KEEP_ALIVE},
        {0, "keep-alive", 0, NULL, PERSISTENCE_KEEP_ALIVE, PERSISTENCE_OLD},
        {1, "closed", 1, "", PERSISTENCE_BY_VERSION, PERSISTENCE_BY_VERSION},
        {1, ";;\"close\"", 1, ",,", PERSISTENCE_BY_VERSION, PERSISTENCE_BY_VERSION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s;
        semantics_sample(&s, "GET", 200);
        say(&s.t.request, cases[i].request_minor, cases[i].request);
        say(&s.t.response, cases[i].response_minor, cases[i].response);
        struct semantics_persistence p = read(&s);
        assert_int_equal(p.request, cases[i].of_request);
        assert_int_equal(p.response, cases[i].of_response);
        bool ends = p.request == PERSISTENCE_CLOSE || p.request == PERSISTENCE_OLD ||
                    p.response == PERSISTENCE_CLOSE || p.response == PERSISTENCE_OLD;
        assert_true(p.decided);
        assert_int_equal(p.persists, !ends);
        assert_int_equal(p.has_carried, ends);
    }
}

static void rfc9112_section_6_3_read_until_close(void **state) {
    (void)state;
    struct sample s;
    semantics_sample(&s, "GET", 200);
    s.t.response.framing.kind = H1_BODY_CLOSE;
    struct semantics_persistence p = read(&s);
    assert_true(p.decided && !p.persists);
    assert_int_equal(p.closed_by, CLOSED_BY_SERVER);
    semantics_expect_part(
        &s, "\"persistence\":{\"request\":\"persistent\",\"response\":\"persistent\",\"persists\":false,"
            "\"number\":1,\"carried\":1,\"closed_by\":\"server\",\"closed_with\":\"fin\"}");
    s.t.response.end_known = false; /* the capture ended before */
    assert_int_equal(read(&s).closed_by, CLOSED_UNKNOWN);
    s.t.response.end_known = true;
    s.t.response.truncated = true;
    assert_int_equal(read(&s).closed_by, CLOSED_UNKNOWN);
}

static void rfc2068_section_19_7_1_keep_alive(void **state) {
    (void)state;
    static const struct {
        const char *value;
        bool has_timeout, has_max;
        uint64_t timeout, max;
    } cases[] = {
        {"timeout=5, max=100", true, true, 5, 100},
        {"Timeout=\"5\"", true, false, 5, 0},
        {"max=0,timeout=x", false, true, 0, 0},
        {"300", false, false, 0, 0},
        {"", false, false, 0, 0},
        {"timeout=-1, max=", false, false, 0, 0},
        {"timeout", false, false, 0, 0},
        {"timeout=99999999999999999999", false, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s;
        semantics_sample(&s, "GET", 200);
        sample_response_field(&s, "Keep-Alive", cases[i].value);
        struct semantics_persistence p = read(&s);
        assert_int_equal(p.has_timeout, cases[i].has_timeout);
        assert_int_equal(p.has_max, cases[i].has_max);
        assert_true(!p.has_timeout || p.timeout == cases[i].timeout);
        assert_true(!p.has_max || p.max == cases[i].max);
    }
    struct sample s;
    semantics_sample(&s, "GET", 200);
    sample_response_field(&s, "Keep-Alive", "timeout=5, max=100");
    semantics_expect_part(&s, "\"persists\":true,\"keep_alive\":{\"timeout\":5,\"max\":100},\"number\":1}");
}

static void which_one_it_is(void **state) {
    (void)state;
    struct sample s;
    semantics_sample(&s, "GET", 200);
    s.t.index = 6;
    assert_true(read(&s).has_number);
    assert_int_equal(read(&s).number, 7);
    s.connection.midstream = true;
    assert_false(read(&s).has_number);
    s.connection.midstream = false;
    s.t.after_gap = true;
    assert_false(read(&s).has_number);
    s.t.after_gap = false;
    s.t.tcp.at_start[DIRECTION_0].gap_bytes = 1;
    assert_false(read(&s).has_number);
    s.t.tcp.at_start[DIRECTION_0].gap_bytes = 0;
    sample_orphan_response(&s, PAIRING_REQUEST_LOST);
    assert_false(read(&s).has_number);
}

static void who_closed(void **state) {
    (void)state;
    struct sample s;
    semantics_sample(&s, "GET", 200);
    assert_int_equal(read(&s).closed_by, CLOSED_UNKNOWN);
    s.t.reset = true;
    s.t.reset_from = DIRECTION_0;
    assert_int_equal(read(&s).closed_by, CLOSED_BY_CLIENT);
    s.t.reset_from = DIRECTION_1;
    assert_int_equal(read(&s).closed_by, CLOSED_BY_SERVER);
    semantics_expect_part(&s, "\"closed_by\":\"server\",\"closed_with\":\"reset\"");
    semantics_sample(&s, "GET", 200);
    sample_orphan_request(&s, PAIRING_CONNECTION_CLOSED);
    assert_int_equal(read(&s).closed_by, CLOSED_BY_SERVER);
    semantics_sample(&s, "GET", 200);
    sample_orphan_request(&s, PAIRING_CAPTURE_ENDED);
    assert_int_equal(read(&s).closed_by, CLOSED_UNKNOWN);
}

static void what_is_not_known_is_not_said(void **state) {
    (void)state;
    struct sample s;
    semantics_sample(&s, "GET", 200);
    s.t.response.head_complete = false;
    struct semantics_persistence p = read(&s);
    assert_int_equal(p.response, PERSISTENCE_UNKNOWN);
    assert_false(p.decided);
    say(&s.t.request, 1, "close"); /* is enough */
    assert_true(read(&s).decided);
    sample_orphan_request(&s, PAIRING_CAPTURE_ENDED);
    assert_false(read(&s).has_carried);
    s.t.request.headers.dropped = 1;
    s.connection.midstream = true;
    semantics_expect_none(&s, "persistence");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9112_section_9_3_persistence),
        cmocka_unit_test(rfc9112_section_6_3_read_until_close),
        cmocka_unit_test(rfc2068_section_19_7_1_keep_alive),
        cmocka_unit_test(which_one_it_is),
        cmocka_unit_test(who_closed),
        cmocka_unit_test(what_is_not_known_is_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
