/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of any bytes: values without memory, and random ones of what the grammars are made of.
 * Sanitizers see what is read wrongly; the record must be JSON whatever it is. */
#include "semantics_sample.h"

#include "head_sample.h"

#include <json.h>

static const enum field_name names[] = {
    FIELD_NAME_CACHE_CONTROL,
    FIELD_NAME_CDN_CACHE_CONTROL,
    FIELD_NAME_PRAGMA,
    FIELD_NAME_EXPIRES,
    FIELD_NAME_AGE,
    FIELD_NAME_DATE,
    FIELD_NAME_LAST_MODIFIED,
    FIELD_NAME_VARY,
    FIELD_NAME_ETAG,
    FIELD_NAME_IF_MATCH,
    FIELD_NAME_IF_NONE_MATCH,
    FIELD_NAME_IF_MODIFIED_SINCE,
    FIELD_NAME_RANGE,
    FIELD_NAME_IF_RANGE,
    FIELD_NAME_IF_UNMODIFIED_SINCE,
    FIELD_NAME_CONTENT_RANGE,
    FIELD_NAME_CONTENT_TYPE,
    FIELD_NAME_CACHE_STATUS,
    FIELD_NAME_X_CACHE,
    FIELD_NAME_KEEP_ALIVE,
    FIELD_NAME_ACCEPT_RANGES,
    FIELD_NAME_CONTENT_LOCATION,
    FIELD_NAME_AUTHORIZATION,
    FIELD_NAME_HOST,
    FIELD_NAME_FORWARDED,
    FIELD_NAME_VIA,
    FIELD_NAME_CDN_LOOP,
    FIELD_NAME_PROXY_STATUS,
    FIELD_NAME_CONTENT_LANGUAGE,
    FIELD_NAME_TCN,
    FIELD_NAME_A_IM,
    FIELD_NAME_LINK,
    FIELD_NAME_PRIORITY,
    FIELD_NAME_SET_COOKIE,
    FIELD_NAME_WWW_AUTHENTICATE,
    FIELD_NAME_CONTENT_SECURITY_POLICY,
};
enum { NAMES = sizeof names / sizeof *names };

static const unsigned statuses[] = {101, 200, 206, 304, 412, 416, 427, 500, 999};
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", ""};

static void add(struct header_list *list, enum field_name name, struct slice value) {
    list->items[list->count++] = (struct header){.name = field_name_text(name), .value = value};
}

/* A key that says nothing is left out. */
static bool has_empty(struct json_object *object) {
    if (json_object_is_type(object, json_type_array)) {
        size_t count = json_object_array_length(object);
        bool empty = count == 0;
        for (size_t i = 0; i < count; i++) {
            empty = empty || has_empty(json_object_array_get_idx(object, i));
        }
        return empty;
    }
    if (!json_object_is_type(object, json_type_object)) {
        return json_object_is_type(object, json_type_null);
    }
    bool empty = json_object_object_length(object) == 0;
    json_object_object_foreach(object, key, value) {
        (void)key;
        empty = empty || has_empty(value);
    }
    return empty;
}

static void write_and_parse(const struct sample *s) {
    char *text = semantics_written(s, true);
    struct json_object *object = json_tokener_parse(text);
    assert_non_null(object);
    if (has_empty(object)) {
        fail_msg("%s", text);
    }
    json_object_put(object);
    free(text);
}

static void values_without_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        for (size_t status = 0; status < sizeof statuses / sizeof *statuses; status++) {
            struct sample s;
            semantics_sample(&s, "GET", statuses[status]);
            add(&s.t.request.headers, names[i], slice_make(NULL, 0));
            add(&s.t.response.headers, names[i], slice_make(NULL, 0));
            write_and_parse(&s);
        }
    }
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* Of pieces that the grammars know, and bytes that they don't. */
static struct slice random_value(uint32_t *seed) {
    static const char *const pieces[] = {"max-age",
                                         "=",
                                         ",",
                                         ";",
                                         "\"",
                                         "\\",
                                         "W/",
                                         "*",
                                         "bytes",
                                         " ",
                                         "-",
                                         "/",
                                         "0",
                                         "499",
                                         "99999999999999999999",
                                         "no-cache",
                                         "private",
                                         "hit",
                                         "fwd",
                                         "ttl",
                                         "timeout",
                                         "Sun, 06 Nov 1994 08:49:37 GMT",
                                         "\t",
                                         "\xff",
                                         "\x01",
                                         "Sunday, 06-Nov-94 08:49:37 GMT",
                                         "multipart/byteranges",
                                         "a",
                                         "?1",
                                         "(",
                                         "token=x",
                                         "must-understand"};
    uint8_t bytes[512];
    size_t len = 0;
    for (uint32_t count = next(seed) % 9; count; count--) {
        struct slice piece = slice_of(pieces[next(seed) % (sizeof pieces / sizeof *pieces)]);
        memcpy(bytes + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return head_copy(slice_make(bytes, len));
}

static void random_values(void **state) {
    (void)state;
    uint32_t seed = 5;
    for (unsigned run = 0; run < 20000; run++) {
        struct sample s;
        struct slice values[16];
        size_t count = 0;
        semantics_sample(&s, methods[next(&seed) % (sizeof methods / sizeof *methods)],
                         statuses[next(&seed) % (sizeof statuses / sizeof *statuses)]);
        while (count < sizeof values / sizeof *values) {
            values[count] = random_value(&seed);
            add(count % 2 ? &s.t.request.headers : &s.t.response.headers, names[next(&seed) % NAMES],
                values[count]);
            count++;
        }
        if (run % 20 == 0) {
            write_and_parse(&s);
        } else {
            struct semantics semantics;
            semantics_of(&s.t, NULL, &semantics);
        }
        while (count) {
            free((void *)(uintptr_t)values[--count].ptr);
        }
    }
}

enum { VALUES = 12, FIELDS_OF_MIX = 6 };

/* A few fields of any name with one of a few values, so that the same come again in other company. */
static void mix(struct sample *s, uint32_t *seed, const struct slice values[VALUES]) {
    semantics_sample(s, methods[next(seed) % (sizeof methods / sizeof *methods)],
                     statuses[next(seed) % (sizeof statuses / sizeof *statuses)]);
    s->t.response.framing.kind = next(seed) % 2 ? H1_BODY_CHUNKED : H1_BODY_NONE;
    for (unsigned i = 0; i < FIELDS_OF_MIX; i++) {
        enum field_name name = (enum field_name)(1 + next(seed) % (FIELD_NAMES - 1));
        add(i % 2 ? &s->t.request.headers : &s->t.response.headers, name, values[next(seed) % VALUES]);
    }
}

/* What a writer remembers never changes what it writes. */
static void remembered(void **state) {
    (void)state;
    static const char *const texts[VALUES] = {"text/html; charset=utf-8",
                                              "text/*;q=0.5, gzip",
                                              "nosniff",
                                              "max-age=9; preload",
                                              "",
                                              "same-origin",
                                              "a=b; Path=/; Secure",
                                              "?1",
                                              "http://a/",
                                              "W/\"a\"",
                                              "en, de;q=0.1",
                                              "Basic YTpi"};
    const struct record_options options = {
        .format = RECORD_NDJSON, .mask_secrets = true, .record_bytes = 1 << 20, .file_name = semantics_file};
    struct record_writer *old = record_writer_new(&options);
    struct slice values[VALUES];
    struct buf out, expected;
    uint32_t seed = 9;
    assert_non_null(old);
    buf_init(&out, 1 << 20);
    buf_init(&expected, 1 << 20);
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = slice_of(texts[i]);
    }
    for (unsigned run = 0; run < 3000; run++) {
        struct sample s;
        struct record_writer *fresh = record_writer_new(&options);
        assert_non_null(fresh);
        mix(&s, &seed, values);
        for (unsigned again = 0; again < 3; again++) { /* what is missed twice is kept */
            buf_clear(&out);
            assert_true(record_write(old, &s.t, &out));
        }
        buf_clear(&expected);
        assert_true(record_write(fresh, &s.t, &expected));
        assert_true(slice_equal(buf_slice(&out), buf_slice(&expected)));
        record_writer_free(fresh);
    }
    buf_fini(&out);
    buf_fini(&expected);
    record_writer_free(old);
}

/* What is missing is told of whole heads, and of what a browser shows. */
static void a_cut_head_lacks_nothing(void **state) {
    (void)state;
    struct sample s;
    semantics_sample(&s, "GET", 200);
    add(&s.t.request.headers, FIELD_NAME_ORIGIN, slice_of("http://a.example"));
    add(&s.t.response.headers, FIELD_NAME_CONTENT_TYPE, slice_of("text/html"));
    s.t.response.framing = (struct h1_framing){.kind = H1_BODY_LENGTH, .length = 5};
    semantics_expect_part(&s, "\"missing\":[");
    semantics_expect_part(&s, "\"origin_allowed\":false");
    s.t.response.headers.dropped = 1;
    semantics_expect_none(&s, "\"missing\"");
    semantics_expect_none(&s, "\"origin_allowed\"");
    s.t.response.headers.dropped = 0;
    s.t.response.status = 302;
    semantics_expect_none(&s, "\"missing\"");
    s.t.response.status = 404;
    semantics_expect_part(&s, "\"missing\":[");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembered),
        cmocka_unit_test(values_without_memory),
        cmocka_unit_test(random_values),
        cmocka_unit_test(a_cut_head_lacks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
