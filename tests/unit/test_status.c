/* SPDX-License-Identifier: Apache-2.0 */
/* The table of status codes: RFC 9110 section 15, the registry, and what programs made up. */
#include "analyzer/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(unsigned code, enum status_class class, enum status_origin origin, bool log_only,
                   const char *name) {
    const struct status *status = status_find(code);
    assert_non_null(status);
    assert_int_equal(status->code, code);
    assert_int_equal(status_class_of(code), class);
    assert_int_equal(status->origin, origin);
    assert_int_equal(status->log_only, log_only);
    assert_string_equal(status->name, name);
    assert_string_equal(status_name(code), name);
}

static void rfc9110_section_15_registered_codes(void **state) {
    (void)state;
    static const struct {
        unsigned code;
        const char *name;
    } registered[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {102, "Processing"},
        {103, "Early Hints"},
        {104, "Upload Resumption Supported"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {207, "Multi-Status"},
        {208, "Already Reported"},
        {226, "IM Used"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {305, "Use Proxy"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {424, "Failed Dependency"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {506, "Variant Also Negotiates"},
        {507, "Insufficient Storage"},
        {508, "Loop Detected"},
        {511, "Network Authentication Required"},
    };
    enum { COUNT = sizeof registered / sizeof *registered };
    for (size_t i = 0; i < COUNT; i++) {
        expect(registered[i].code, (enum status_class)(registered[i].code / 100), STATUS_REGISTERED, false,
               registered[i].name);
    }
    size_t all, found = 0;
    const struct status *statuses = status_all(&all);
    for (size_t i = 0; i < all; i++) {
        found += statuses[i].origin == STATUS_REGISTERED;
    }
    assert_int_equal(found, COUNT);
}

static void historic_codes(void **state) {
    (void)state;
    expect(306, STATUS_REDIRECTION, STATUS_HISTORIC, false, "Switch Proxy");
    expect(418, STATUS_CLIENT_ERROR, STATUS_HISTORIC, false, "I'm a teapot");
    expect(510, STATUS_SERVER_ERROR, STATUS_HISTORIC, false, "Not Extended");
}

static void vendors_codes_and_those_that_stand_in_logs_alone(void **state) {
    (void)state;
    static const unsigned sent[] = {218, 419, 420, 430, 440, 449, 450, 463, 498, 509, 520, 521,
                                    522, 523, 524, 525, 526, 527, 529, 530, 561, 598, 599};
    static const unsigned logged[] = {444, 460, 494, 495, 496, 497, 499};
    enum { SENT = sizeof sent / sizeof *sent, LOGGED = sizeof logged / sizeof *logged };
    for (size_t i = 0; i < SENT; i++) {
        const struct status *status = status_find(sent[i]);
        assert_non_null(status);
        assert_int_equal(status->origin, STATUS_VENDOR);
        assert_false(status->log_only);
    }
    for (size_t i = 0; i < LOGGED; i++) {
        const struct status *status = status_find(logged[i]);
        assert_non_null(status);
        assert_int_equal(status->origin, STATUS_VENDOR);
        assert_true(status->log_only);
    }
    size_t all, vendor = 0;
    const struct status *statuses = status_all(&all);
    for (size_t i = 0; i < all; i++) {
        vendor += statuses[i].origin == STATUS_VENDOR;
    }
    assert_int_equal(vendor, SENT + LOGGED);
    expect(499, STATUS_CLIENT_ERROR, STATUS_VENDOR, true, "Client Closed Request");
    expect(521, STATUS_SERVER_ERROR, STATUS_VENDOR, false, "Web Server Is Down");
}

static void the_table_is_in_order_and_full(void **state) {
    (void)state;
    size_t all;
    const struct status *statuses = status_all(&all);
    for (size_t i = 0; i < all; i++) {
        assert_true(i == 0 || statuses[i - 1].code < statuses[i].code);
        assert_ptr_equal(status_find(statuses[i].code), &statuses[i]);
        assert_true(*statuses[i].name && *statuses[i].source);
        assert_true(!statuses[i].log_only || statuses[i].origin == STATUS_VENDOR);
    }
}

static void rfc9110_section_15_unknown_codes_have_their_class_alone(void **state) {
    (void)state;
    static const unsigned unknown[] = {0,   1,   99,  105, 199, 219, 227, 299, 309, 399, 427, 432,   452,
                                       464, 493, 512, 519, 528, 531, 560, 562, 597, 600, 999, 65535, ~0U};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_null(status_find(unknown[i]));
        assert_null(status_name(unknown[i]));
    }
    assert_string_equal(status_class_name(status_class_of(199)), "informational");
    assert_string_equal(status_class_name(status_class_of(299)), "successful");
    assert_string_equal(status_class_name(status_class_of(399)), "redirection");
    assert_string_equal(status_class_name(status_class_of(427)), "client_error");
    assert_string_equal(status_class_name(status_class_of(597)), "server_error");
    assert_string_equal(status_class_name(status_class_of(99)), "invalid");
    assert_string_equal(status_class_name(status_class_of(600)), "invalid");
    assert_string_equal(status_class_name(status_class_of(0)), "invalid");
}

static void rfc9110_section_15_1_heuristically_cacheable(void **state) {
    (void)state;
    static const unsigned cacheable[] = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501};
    size_t found = 0;
    for (unsigned code = 0; code < 1000; code++) {
        found += status_is_heuristically_cacheable(code);
    }
    assert_int_equal(found, sizeof cacheable / sizeof *cacheable);
    for (size_t i = 0; i < sizeof cacheable / sizeof *cacheable; i++) {
        assert_true(status_is_heuristically_cacheable(cacheable[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc9110_section_15_registered_codes),
        cmocka_unit_test(historic_codes),
        cmocka_unit_test(vendors_codes_and_those_that_stand_in_logs_alone),
        cmocka_unit_test(the_table_is_in_order_and_full),
        cmocka_unit_test(rfc9110_section_15_unknown_codes_have_their_class_alone),
        cmocka_unit_test(rfc9110_section_15_1_heuristically_cacheable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
