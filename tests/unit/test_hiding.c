/* SPDX-License-Identifier: Apache-2.0 */
/* Records in which more is hidden than known credentials: addresses, fields and parameters that the user
 * named, hashes in the place of secrets. */
#include "output/record.h"

#include "record_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <json.h>

enum { ROOM = 1 << 20 };

#define V4 "198.51.100.23"
#define V6 "2001:db8:5ec::17"

static const struct mask_options addresses = {.anonymize_addresses = true,
                                              .key = {(const uint8_t *)"0123456789abcdef", 16}};

static void write_line(const struct sample *s, enum record_format format, const struct mask_options *hide,
                       struct buf *out) {
    const struct record_options options = {.format = format, .record_bytes = ROOM, .hide = *hide};
    struct record_writer *writer = record_writer_new(&options);
    assert_non_null(writer);
    assert_int_equal(record_writer_hides_addresses(writer), hide->anonymize_addresses);
    buf_init(out, 2 * ROOM);
    assert_true(record_write(writer, &s->t, out));
    assert_int_equal(record_writer_failures(writer), 0);
    record_writer_free(writer);
}

static struct json_object *record_of(const struct sample *s, const struct mask_options *hide) {
    struct buf out;
    write_line(s, RECORD_NDJSON, hide, &out);
    assert_true(buf_append(&out, "", 1));
    struct json_object *record = json_tokener_parse((const char *)out.ptr);
    assert_non_null(record);
    buf_fini(&out);
    return record;
}

/* NULL where there is none. */
static const char *text_at(struct json_object *record, const char *pointer) {
    struct json_object *value = NULL;
    return json_pointer_get(record, pointer, &value) == 0 ? json_object_get_string(value) : NULL;
}

static void assert_text(struct json_object *record, const char *pointer, const char *expected) {
    const char *text = text_at(record, pointer);
    if (!text || strcmp(text, expected) != 0) {
        print_error("%s is %s, not %s\n", pointer, text ? text : "missing", expected);
    }
    assert_true(text && strcmp(text, expected) == 0);
}

/* The two addresses as ends, outer ends, and wherever a transaction can carry text. */
static void plant(struct sample *s, const char *target, bool v6) {
    static const char *const fields[][2] = {
        {"X-Forwarded-For", V4 ", " V6 ", unknown"},
        {"Forwarded", "for=" V4 ":1;by=\"[" V6 "]:2\""},
        {"X-Real-IP", V6},
        {"Host", V4 ":8080"},
        {"Via", "1.1 " V4 ":3128 (proxy/1.0)"},
        {"Origin", "http://" V4},
        {"Referer", "http://[" V6 "]/" V4 "?u=http%3A%2F%2F" V4 "%2F"},
        {"Cookie", "ip=" V4},
        {"User-Agent", "x (" V4 ")"},
        {"X-Raw\xFF", V4 "\xFF"},
        {"X-Raw", "\xFF\xFE" V4},
        {"X-Raw", "\xFF" V4},
        {"Content-Type", "text/" V4},
        {"Line without a colon " V4, ""},
    };
    const struct endpoint end = {.address = address_of_v4((const uint8_t[]){198, 51, 100, 23}), .port = 80};
    struct connection *c = &s->connection;
    c->key.side[0] = c->key.side[1] = end;
    if (v6) {
        const struct address address = {{0x20, 0x01, 0x0d, 0xb8, 0x05, 0xec, [15] = 0x17}};
        c->key.side[0].address = c->key.side[1].address = address;
        c->key.ip_version = 6;
    }
    c->path[0] = c->path[1] = (struct packet_path){
        .has_mac = true,
        .mac = {{2, 4, 6, 8, 10, 12}, {2, 4, 6, 8, 10, 12}},
        .tunnel_count = 1,
        .tunnel = {{.kind = TUNNEL_GRE, .has_outer = true, .outer = {c->key.side[0].address, end.address}}}};
    s->t.request.headers.count = s->t.response.headers.count = 0;
    sample_interim(s);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct slice value = slice_of(fields[i][1]);
        sample_request_field(s, fields[i][0], fields[i][1]);
        sample_response_field(s, fields[i][0], fields[i][1]);
        sample_add(&s->t.request.trailers, fields[i][0], value);
        sample_add(&s->t.response.trailers, fields[i][0], value);
        sample_add(&s->interim.headers, fields[i][0], value);
    }
    sample_status(s, 302, "302", "at " V4);
    s->interim.reason = slice_of(V6);
    sample_target(s, "GET", target);
}

/* In clear, or V4 in base64, wherever in a group of three bytes it begins. */
static bool shows_address(struct slice text) {
    static const char *const forms[] = {
        V4, V6, "02-04-06", "MTk4LjUxLjEwMC4y", "k4LjUxLjEwMC4yM", "OTguNTEuMTAwLjIz"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (memmem(text.ptr, text.len, forms[i], strlen(forms[i]))) {
            print_error("%s is in %.*s\n", forms[i], (int)text.len, (const char *)text.ptr);
            return true;
        }
    }
    return false;
}

static void test_addresses_never_come_out(void **state) {
    (void)state;
    static const char *const targets[] = {
        "/",
        "/" V4 "?ip=" V4 "&u=http%3A%2F%2F%5B2001%3Adb8%3A5ec%3A%3A17%5D",
        "http://" V4 "/",
        "http://u:" V4 "@[" V6 "]:80/" V6,
        "http://" V4 ":p@h/",
        V4 ":443",
        "[" V6 "]:443",
        "/\xFF" V4,
        "a b " V4,
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        for (int shape = 0; shape < 8; shape++) {
            struct sample s;
            sample_init(&s);
            plant(&s, targets[i], shape >= 4);
            if (shape % 4 == 1) {
                sample_orphan_response(&s, PAIRING_REQUEST_LOST);
            } else if (shape % 4 == 2) {
                sample_orphan_request(&s, PAIRING_IDLE);
            } else if (shape % 4 == 3) {
                s.t.type = TRANSACTION_TUNNEL;
            }
            struct mask_options hide = addresses;
            for (int format = RECORD_NDJSON; format <= RECORD_TEXT; format++) {
                for (int secrets = 0; secrets < 2; secrets++) {
                    struct buf out;
                    hide.secrets = secrets;
                    write_line(&s, (enum record_format)format, &hide, &out);
                    assert_false(shows_address(buf_slice(&out)));
                    buf_fini(&out);
                }
            }
        }
    }
}

/* One address is the same everywhere, and of one family. */
static void test_one_address_is_one(void **state) {
    (void)state;
    struct sample s;
    char expected[128];
    sample_init(&s);
    plant(&s, "/", false);
    struct json_object *r = record_of(&s, &addresses);
    const char *v4 = text_at(r, "/client/ip"), *v6 = text_at(r, "/http/request/headers/2/value");
    assert_true(v4 && v6 && strchr(v6, ':') && !strchr(v4, ':'));
    assert_text(r, "/server/ip", v4);
    assert_text(r, "/hark/tunnel/0/source/ip", v4);
    assert_text(r, "/hark/tunnel/0/destination/ip", v4);
    assert_text(r, "/url/domain", v4);
    assert_null(text_at(r, "/client/mac"));
    assert_null(text_at(r, "/server/mac"));
    snprintf(expected, sizeof expected, "http://%s:8080/", v4);
    assert_text(r, "/url/full", expected);
    snprintf(expected, sizeof expected, "%s, %s, unknown", v4, v6);
    assert_text(r, "/http/request/headers/0/value", expected);
    snprintf(expected, sizeof expected, "for=%s:1;by=\"[%s]:2\"", v4, v6);
    assert_text(r, "/http/response/headers/1/value", expected);
    json_object_put(r);
}

static void test_without_the_option_nothing_changes(void **state) {
    (void)state;
    static const struct mask_options none = {.secrets = false};
    struct sample s;
    sample_init(&s);
    plant(&s, "/", false);
    struct json_object *r = record_of(&s, &none);
    assert_text(r, "/client/ip", V4);
    assert_text(r, "/client/mac", "02-04-06-08-0A-0C");
    assert_text(r, "/http/request/headers/0/value", V4 ", " V6 ", unknown");
    json_object_put(r);
}

/* What the record derives from a field is hidden with it. */
static void test_redacted_fields_and_what_is_made_of_them(void **state) {
    (void)state;
    static const char *const headers[] = {"host", "user-agent", "referer", "content_type"};
    static const char *const queries[] = {"A"};
    const struct mask_options hide = {.headers = {headers, 4}, .queries = {queries, 1}};
    struct sample s;
    sample_init(&s);
    struct json_object *r = record_of(&s, &hide);
    assert_text(r, "/http/request/headers/0/value", "***");
    assert_text(r, "/http/request/headers/1/value", "***");
    assert_text(r, "/http/request/headers/2/value", "*/*");
    assert_text(r, "/http/request/headers/3/value", "***");
    assert_text(r, "/http/request/referrer", "***");
    assert_text(r, "/user_agent/original", "***");
    assert_text(r, "/http/response/content_type", "***");
    assert_text(r, "/http/request/target", "/index.html?a=***");
    assert_text(r, "/url/path", "/index.html");
    assert_text(r, "/url/query", "a=***");
    assert_null(text_at(r, "/url/domain"));
    assert_null(text_at(r, "/url/full"));
    assert_null(text_at(r, "/url/port"));
    assert_text(r, "/client/ip", "128.232.110.120");
    json_object_put(r);
    sample_target(&s, "GET", "http://h/?a=b"); /* names its host itself */
    r = record_of(&s, &hide);
    assert_text(r, "/url/full", "http://h/?a=***");
    json_object_put(r);
}

/* In every format and place, also where the writer knows the head by then. */
static void test_secrets_behind_other_blanks(void **state) {
    (void)state;
    static const char *const targets[] = {"/?token\t=SECRET", "/a?b=c&to\vken=SECRET", "/;sid\x01=SECRET",
                                          "http://h/?token\t=SECRET"};
    static const char *const fields[][2] = {{"X-Foo", "Bearer\tSECRET"},
                                            {"X-Foo", "NTLM:SECRET"},
                                            {"X-Request-Id", "Basic\tSECRET"},
                                            {"X-Foo", "password =\tSECRET"},
                                            {"Referer", "http://h/?token\t=SECRET"},
                                            {"Location", "Bearer\tSECRET"}};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        for (int format = RECORD_NDJSON; format <= RECORD_TEXT; format++) {
            const struct record_options options = {
                .format = (enum record_format)format, .record_bytes = ROOM, .mask_secrets = true};
            struct record_writer *writer = record_writer_new(&options);
            struct sample s;
            struct buf out;
            assert_non_null(writer);
            buf_init(&out, ROOM);
            sample_init(&s);
            for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
                sample_request_field(&s, fields[k][0], fields[k][1]);
                sample_response_field(&s, fields[k][0], fields[k][1]);
            }
            sample_target(&s, "GET", targets[i]);
            for (int times = 0; times < 4; times++) {
                assert_true(record_write(writer, &s.t, &out));
            }
            assert_null(memmem(out.ptr, out.len, "SECRET", strlen("SECRET")));
            assert_non_null(memmem(out.ptr, out.len, MASK_MARK, strlen(MASK_MARK)));
            buf_fini(&out);
            record_writer_free(writer);
        }
    }
}

static void test_one_secret_has_one_hash(void **state) {
    (void)state;
    const struct mask_options hide = {.secrets = true, .hash_secrets = true, .key = addresses.key};
    struct sample s;
    char expected[128];
    sample_init(&s);
    sample_request_field(&s, "Cookie", "a=SECRET; b=other");
    sample_response_field(&s, "Set-Cookie", "a=SECRET; Path=/");
    sample_target(&s, "GET", "http://SECRET@h/?token=SECRET");
    struct json_object *r = record_of(&s, &hide);
    const char *query = text_at(r, "/url/query");
    assert_true(query && strncmp(query, "token=***", 9) == 0 && strlen(query) == 9 + 2 * MASK_HASH_BYTES);
    const char *hash = query + 6;
    snprintf(expected, sizeof expected, "http://%s@h/?token=%s", hash, hash);
    assert_text(r, "/url/full", expected);
    assert_text(r, "/http/request/target", expected);
    snprintf(expected, sizeof expected, "a=%s; Path=/", hash);
    assert_text(r, "/http/response/headers/2/value", expected);
    snprintf(expected, sizeof expected, "a=%s; b=***", hash);
    const char *cookies = text_at(r, "/http/request/headers/4/value");
    assert_true(cookies && strncmp(cookies, expected, strlen(expected)) == 0);
    assert_null(strstr(cookies + strlen(expected) - 3, hash));
    json_object_put(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_never_come_out),
        cmocka_unit_test(test_one_address_is_one),
        cmocka_unit_test(test_without_the_option_nothing_changes),
        cmocka_unit_test(test_redacted_fields_and_what_is_made_of_them),
        cmocka_unit_test(test_secrets_behind_other_blanks),
        cmocka_unit_test(test_one_secret_has_one_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
