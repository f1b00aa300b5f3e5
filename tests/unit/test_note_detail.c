/* SPDX-License-Identifier: Apache-2.0 */
/* What notes say beyond their id: bounded, of the registry's own words, true to the message. */
#include "analyzer/note_detail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void field(struct http_message *m, const char *name, const char *value) {
    framing_field(&m->fields, slice_of(name), slice_of(value));
}

/* A request of 50 bytes of head, and what its framing says. */
static void request_head(struct http_message *m) {
    m->head_complete = true;
    m->offset = 1000;
    m->head_bytes = 50;
    m->end_offset = 1050;
    m->framing = framing_of_request(&m->fields, 1, 1, slice_of("POST"));
}

static void test_where_it_ends(void **state) {
    (void)state;
    char text[NOTE_DETAIL_SIZE];
    struct transaction t = {0};
    field(&t.request, "Transfer-Encoding", "chunked");
    field(&t.request, "Content-Length", "52");
    request_head(&t.request);
    t.request.end_offset = 1061;
    t.request.end_known = true;
    assert_string_equal(note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text),
                        "request: to hark it ends with its last chunk, 11 bytes behind its head; to one who "
                        "goes by Content-Length it ends 52 bytes behind its head.");
    t.request.end_known = false;
    assert_string_equal(note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text),
                        "request: to hark it ends with its last chunk; to one who goes by Content-Length it "
                        "ends 52 bytes behind its head.");
}

static void test_field_beyond_the_cap(void **state) {
    (void)state;
    char text[NOTE_DETAIL_SIZE];
    struct transaction t = {.type = TRANSACTION_PAIR};
    struct h1_event event = {
        .name = slice_of("Content-Length"), .value = slice_of("000"), .odd = H1_ODD_LINE_TOO_LONG};
    framing_line(&t.request.fields, &event);
    t.request.seen = t.request.end_known = t.response.seen = t.response.head_complete = t.response.end_known =
        true;
    request_head(&t.request);
    assert_false(transaction_is_complete(&t));
    assert_string_equal(
        note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text),
        "request: to hark it ends with its head; the field that says it is longer than hark stores.");
    t.request.fields.oddities = 0;
    assert_true(transaction_is_complete(&t));
}

static void test_both_messages(void **state) {
    (void)state;
    char text[NOTE_DETAIL_SIZE];
    struct transaction t = {0};
    field(&t.request, "Content-Length", "5");
    field(&t.request, "Content-Length", "6");
    request_head(&t.request);
    field(&t.response, "Content-Length", "7x");
    t.response.head_complete = true;
    t.response.framing = framing_of_response(&t.response.fields, 1, 1, slice_of("POST"), 200);
    assert_string_equal(note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text),
                        "request: to hark it ends 5 bytes behind its head; to one who goes by the last "
                        "Content-Length it ends 6 bytes behind its head. response: to hark it ends with the "
                        "connection; to one who reads a length leniently it ends 7 bytes behind its head.");
    t.response.head_complete = false; /* what is not whole says nothing */
    assert_null(strstr(note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text), "response"));
}

static void test_no_doubt(void **state) {
    (void)state;
    char text[NOTE_DETAIL_SIZE];
    struct transaction t = {0};
    field(&t.request, "Content-Length", "5");
    request_head(&t.request);
    assert_string_equal(note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text), "");
}

/* The longest there can be: every reading, every number as long as they get. */
static void test_room(void **state) {
    (void)state;
    char text[NOTE_DETAIL_SIZE];
    struct transaction t = {0};
    struct http_message *const both[] = {&t.request, &t.response};
    for (size_t i = 0; i < 2; i++) {
        field(both[i], "Transfer-Encoding", "chunked");
        field(both[i], "Transfer-Encoding", "xchunked");
        field(both[i], "Content-Length", "9223372036854775807");
        field(both[i], "Content-Length", "9223372036854775806");
        field(both[i], " Content-Length", "9223372036854775805");
    }
    request_head(&t.request);
    t.response.head_complete = true;
    t.response.framing = framing_of_response(&t.response.fields, 1, 1, slice_of("POST"), 200);
    size_t len = strlen(note_detail(NOTE_FRAMING_AMBIGUOUS, &t, text));
    assert_in_range(len, 500, NOTE_DETAIL_SIZE - 100);
}

static void test_registry(void **state) {
    (void)state;
    char text[NOTE_DETAIL_SIZE];
    struct transaction t = {0};
    for (unsigned id = 0; id < NOTE_IDS; id++) {
        const struct note_info *info = note_info((enum note_id)id);
        assert_true(*info->name && *info->meaning);
        const char *detail = note_detail((enum note_id)id, &t, text);
        size_t len = strlen(detail);
        assert_true(len < 400);
        assert_true(len == 0 || detail[len - 1] == '.');
        for (size_t i = 0; i < len; i++) {
            assert_true(detail[i] >= ' ' && detail[i] < 0x7f && detail[i] != '|');
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_it_ends), cmocka_unit_test(test_field_beyond_the_cap),
        cmocka_unit_test(test_both_messages), cmocka_unit_test(test_no_doubt),
        cmocka_unit_test(test_room),          cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
