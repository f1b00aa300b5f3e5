/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a JSON Web Token is about (RFC 7519 section 4.1.2), well formed and not. */
#include "analyzer/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 16 };

static size_t put_base64url(char *to, const char *text, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at = 0;
    for (size_t i = 0; i < len; i += 3) {
        unsigned long group = 0;
        for (size_t j = 0; j < 3; j++) {
            group = group << 8 | (i + j < len ? (unsigned char)text[i + j] : 0U);
        }
        for (size_t j = 0; j < 4 && i + j <= len; j++) {
            to[at++] = digits[group >> (18 - 6 * j) & 63];
        }
    }
    return at;
}

/* A token with that payload, in memory of exactly its size. */
static struct slice token_of(const char *payload, size_t len) {
    static const char header[] = "{\"alg\":\"HS256\"}";
    char *text = malloc(2 * len + 64);
    assert_non_null(text);
    size_t at = put_base64url(text, header, sizeof header - 1);
    text[at++] = '.';
    at += put_base64url(text + at, payload, len);
    memcpy(text + at, ".c2ln", 5);
    char *exact = realloc(text, at + 5);
    assert_non_null(exact);
    return slice_make(exact, at + 5);
}

static void expect(const char *payload, const char *subject, bool is_cut) {
    struct slice token = token_of(payload, strlen(payload));
    uint8_t text[ROOM];
    size_t len = 0;
    bool cut = false, found = jwt_read_subject(token, text, sizeof text, &len, &cut);
    if (found != (subject != NULL)) {
        fail_msg("%s", payload);
    }
    if (subject) {
        assert_int_equal(len, strlen(subject));
        assert_memory_equal(text, subject, len);
        assert_int_equal(cut, is_cut);
    }
    free((void *)(uintptr_t)token.ptr);
}

static void rfc7519_section_4_1_2_subject(void **state) {
    (void)state;
    expect("{\"sub\":\"bob\",\"exp\":1}", "bob", false);
    expect(" { \"exp\" : 1 , \"sub\" : \"bob\" } ", "bob", false);
    expect("{\"a\":{\"sub\":\"x\"},\"b\":[\"}\",{}],\"sub\":\"bob\"}", "bob", false);
    expect("{\"x\":true,\"sub\":\"j\\u00e4\\ud83d\\ude00\\\"\\n\"}", "j\xc3\xa4\xf0\x9f\x98\x80\"\n", false);
    expect("{\"sub\":\"\\ud83dx\\udc00\"}", "\xef\xbf\xbdx\xef\xbf\xbd", false);
    expect("{\"sub\":\"0123456789abcdefg\"}", "0123456789abcdef", true);
}

#define EIGHT(x) x x x x x x x x
#define DEEP(x)  EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x) EIGHT(x)

static void what_names_nobody(void **state) {
    (void)state;
    static const char *const payloads[] = {
        "",
        "{}",
        "[]",
        "{\"sub\":1}",
        "{\"sub\":\"\"}",
        "{\"sub\":null}",
        "{\"sub\":{\"sub\":\"x\"}}",
        "{\"sub\":\"a\",\"sub\":\"b\"}",
        "{\"sub\":\"\",\"sub\":\"b\"}",
        "{\"sub\":\"a\"",
        "{\"sub\":\"a\"}x",
        "{\"sub\":\"a\",}",
        "{\"sub\":\"a",
        "{\"sub\":\"a\\",
        "{\"sub\":\"a\\u12\"}",
        "{\"sub\":\"a\\q\"}",
        "{\"sub\":\"a\\ud800\\u\"}",
        "{\"sub\" \"a\"}",
        "{sub:\"a\"}",
        "{\"x\":,\"sub\":\"a\"}",
        "{\"x\":\"\x01\",\"sub\":\"a\"}",
        "{\"subject\":\"a\",\"SUB\":\"b\"}",
        "{\"x\":" DEEP("[") DEEP("]") ",\"sub\":\"a\"}", /* deeper than anybody nests */
    };
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        expect(payloads[i], NULL, false);
    }
}

static void what_is_no_such_token(void **state) {
    (void)state;
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "a.b",
        "abc",
        "e30.eyJzdWIiOiJhIn0",
        "e30.eyJzdWIiOiJhIn0.x.y",
        "e30.eyJzdWIiOiJhIn0.a.b.c",
        "MQ.eyJzdWIiOiJhIn0.x",
        "e30.eyJzdWIi!iJhIn0.x",
        "e30.e.x",
    };
    uint8_t text[ROOM];
    size_t len;
    bool cut;
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        if (jwt_read_subject(slice_of(tokens[i]), text, sizeof text, &len, &cut)) {
            fail_msg("%s", tokens[i]);
        }
    }
    assert_true(
        jwt_read_subject(slice_of("e30.eyJzdWIiOiJhIn0."), text, sizeof text, &len, &cut)); /* "none" */
}

static void payloads_have_a_limit(void **state) {
    (void)state;
    enum { MOST = 4096 };
    static char payload[MOST + 1];
    for (size_t size = MOST; size <= MOST + 1; size++) {
        memset(payload, ' ', size);
        memcpy(payload, "{\"sub\":\"a\"}", 11);
        struct slice token = token_of(payload, size);
        uint8_t text[ROOM];
        size_t len;
        bool cut;
        assert_int_equal(jwt_read_subject(token, text, sizeof text, &len, &cut), size == MOST);
        free((void *)(uintptr_t)token.ptr);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc7519_section_4_1_2_subject),
        cmocka_unit_test(what_names_nobody),
        cmocka_unit_test(what_is_no_such_token),
        cmocka_unit_test(payloads_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
