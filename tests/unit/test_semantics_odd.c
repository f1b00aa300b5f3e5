/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of any bytes: whatever stands in them, what is made of them is JSON, and no byte outside of them is
 * read. Values that are empty may have no memory. */
#include "part_sample.h"

#include <time.h>

static void read_and_write(const struct head *request, const struct head *response, bool mask) {
    struct part p;
    struct semantics_authentication authentication;
    struct semantics_content content;
    struct semantics_cookies cookies;
    struct semantics_intermediaries intermediaries;
    struct semantics_origin origin;
    struct semantics_security security;
    struct semantics_trace trace;
    struct target target;
    const struct field_index *q = &request->index, *r = &response->index;
    target_parse(&target, slice_of("OPTIONS"), slice_of("/"), slice_of("a.example"), true);
    semantics_authentication_read(&authentication, q, r);
    semantics_content_read(&content, q, r, true);
    semantics_cookies_read(&cookies, q, r, &(struct cookie_scene){.host = target.domain});
    semantics_intermediaries_read(&intermediaries, q, r,
                                  &(struct intermediary_scene){.request_seen = true, .form = TARGET_ORIGIN});
    semantics_origin_read(&origin, q, r, slice_of("OPTIONS"), &target, 200);
    semantics_security_read(&security, r, &(struct security_scene){.document = true});
    semantics_trace_read(&trace, q, r);
    part_init(&p, mask);
    native_write_semantics_authentication(&p.native, &p.w, &authentication);
    native_write_semantics_content(&p.native, &p.w, &content);
    native_write_semantics_cookies(&p.native, &p.w, &cookies);
    native_write_semantics_intermediaries(&p.native, &p.w, &intermediaries);
    native_write_semantics_origin(&p.native, &p.w, &origin);
    native_write_semantics_security(&p.native, &p.w, &security);
    native_write_semantics_trace(&p.native, &p.w, &trace);
    part_end(&p);
}

static void test_empty_without_memory(void **state) {
    (void)state;
    for (unsigned i = FIELD_NAME_OTHER + 1; i < FIELD_NAMES; i++) {
        struct header items[2];
        struct head h = {.list = {.items = items, .count = 2}};
        items[0] = items[1] = (struct header){.name = field_name_text((enum field_name)i)};
        field_index_make(&h.index, &h.list);
        read_and_write(&h, &h, true);
        h.list.count = 1;
        field_index_make(&h.index, &h.list);
        read_and_write(&h, &h, false);
    }
}

static uint32_t next_random(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* Bits of what such fields are made of, and any bytes between. */
static size_t make_value(uint64_t *seed, char *value, size_t room) {
    static const char *const bits[] = {
        ",",
        ";",
        "=",
        "\"",
        "\\",
        " ",
        "(",
        ")",
        "/",
        "*",
        ":",
        "-",
        "%",
        "'",
        "[",
        "]",
        "_",
        "null",
        "Basic ",
        "Digest ",
        "NTLM ",
        "Negotiate ",
        "Bearer ",
        "TlRMTVNTUAADAAAA",
        "QUFB",
        "username=",
        "realm=",
        "for=",
        "by=",
        "q=0.5",
        "text/html",
        "gzip",
        "http://",
        "1.1 a",
        "filename*=",
        "UTF-8''",
        "max-age=",
        "Expires=",
        "Secure",
        "unknown",
        "[::1]",
        "192.0.2.1",
        "::",
        "00-",
        "00f067aa0ba902b7",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "script-src",
        "error=",
        "31 Dec 9999 23:59:59",
    };
    size_t len = 0, parts = next_random(seed) % 12;
    for (size_t i = 0; i < parts; i++) {
        const char *bit = bits[next_random(seed) % (sizeof bits / sizeof bits[0])];
        char any = (char)(next_random(seed) & 0xff);
        bool byte = next_random(seed) % 8 == 0;
        size_t more = byte ? 1 : strlen(bit);
        if (more <= room - len) {
            memcpy(value + len, byte ? &any : bit, more);
            len += more;
        }
    }
    return len;
}

static void test_any_bytes(void **state) {
    (void)state;
    uint64_t seed = 5;
    for (unsigned round = 0; round < 4000; round++) {
        struct head heads[2];
        for (unsigned k = 0; k < 2; k++) {
            head_init(&heads[k]);
            for (unsigned i = 0; i < 8; i++) {
                char name[64], value[256];
                struct slice known =
                    field_name_text((enum field_name)(1 + next_random(&seed) % (FIELD_NAMES - 1)));
                *slice_put(known, (uint8_t *)name) = '\0';
                head_add_bytes(&heads[k], name, slice_make(value, make_value(&seed, value, sizeof value)));
            }
        }
        read_and_write(&heads[0], &heads[1], round % 2 == 0);
        head_fini(&heads[0]);
        head_fini(&heads[1]);
    }
}

/* Heads as long as they get, of what costs most: the time grows with their length, not faster. */
static void test_long_values(void **state) {
    (void)state;
    enum { LONG = 250000 };
    static const struct {
        const char *bit;
        const char *request, *response;
    } cases[] = {
        {"a/b;x=y,", "Accept", "Content-Type"},
        {"text/html;x=y;", "Accept", "Content-Type"},
        {"a,", "Accept-Encoding", "Content-Encoding"},
        {"a,", "Access-Control-Request-Headers", "Access-Control-Allow-Headers"},
        {"a=b;", "Cookie", "Set-Cookie"},
        {"((", "Via", "Via"},
        {"\"\\", "Forwarded", "Proxy-Status"},
        {"te,", "Connection", "Connection"},
        {"Basic a,", "Authorization", "WWW-Authenticate"},
        {"1 ", "X-Forwarded-For", "Set-Cookie"},
    };
    char *value = malloc(LONG);
    assert_non_null(value);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head h, r;
        size_t len = strlen(cases[i].bit);
        for (size_t at = 0; at + len <= LONG; at += len) {
            memcpy(value + at, cases[i].bit, len);
        }
        head_init(&h);
        head_init(&r);
        head_add_bytes(&h, cases[i].request, slice_make(value, LONG / len * len));
        head_add_bytes(&h, "Via", slice_of("1.1 a"));
        head_add_bytes(&h, "TE", slice_of("trailers"));
        head_add_bytes(&h, "Origin", slice_of("null"));
        head_add_bytes(&h, "Access-Control-Request-Method", slice_of("PUT"));
        head_add_bytes(&r, cases[i].response, slice_make(value, LONG / len * len));
        clock_t start = clock();
        read_and_write(&h, &r, true);
        assert_true(clock() - start < 2 * CLOCKS_PER_SEC); /* milliseconds, but for sanitizers */
        head_fini(&h);
        head_fini(&r);
    }
    free(value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_without_memory),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_long_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
