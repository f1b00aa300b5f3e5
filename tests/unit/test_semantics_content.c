/* SPDX-License-Identifier: Apache-2.0 */
/* Content and its negotiation (RFC 9110 sections 8 and 12, RFC 6266), well formed and not. */
#include "analyzer/semantics_content.h"

#include "part_sample.h"

static const struct head no_head = {.index = {.list = &no_head.list}};

static struct semantics_content read_response(struct head *h, const char *name, const char *value) {
    struct semantics_content c;
    head_init(h);
    head_add(h, name, value);
    semantics_content_read(&c, &no_head.index, &h->index, true);
    return c;
}

static void test_type_8_3_1(void **state) {
    (void)state;
    static const struct {
        const char *value, *type, *subtype, *suffix, *charset;
        bool boundary;
    } good[] = {
        {"text/html;charset=utf-8", "text", "html", "", "utf-8", false},
        {"Text/HTML ; Charset=\"UTF-8\"; charset=x", "Text", "HTML", "", "UTF-8", false},
        {"application/problem+json", "application", "problem+json", "json", "", false},
        {"image/svg+xml;a=\"b;charset=x\"", "image", "svg+xml", "xml", "", false},
        {"multipart/form-data; boundary=x", "multipart", "form-data", "", "", true},
        {"multipart/form-data; boundary=", "multipart", "form-data", "", "", false},
        {"a/+b", "a", "+b", "", "", false},
        {"a/b+", "a", "b+", "", "", false},
        {"a/b;;=;", "a", "b", "", "", false},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct head h;
        struct semantics_content c = read_response(&h, "Content-Type", good[i].value);
        const struct media_type *m = &c.response.media;
        assert_true(c.response.has_type && m->valid);
        assert_slice(m->type, good[i].type);
        assert_slice(m->subtype, good[i].subtype);
        assert_slice(m->suffix, good[i].suffix);
        assert_slice(m->charset, good[i].charset);
        assert_int_equal(m->has_boundary, good[i].boundary);
        head_fini(&h);
    }
    static const char *const bad[] = {"",  "text",  "text/",  "/html", "text/a b", "text/html, text/plain",
                                      ";", "a/b/c", "\"a/b\""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct head h;
        struct semantics_content c = read_response(&h, "Content-Type", bad[i]);
        assert_true(c.response.has_type);
        assert_false(c.response.media.valid);
        head_fini(&h);
    }
}

static void test_codings_8_4(void **state) {
    (void)state;
    struct head h;
    struct semantics_content c = read_response(&h, "Content-Encoding", "gzip, br,,x,y");
    head_add(&h, "Content-Encoding", "z");
    head_add(&h, "Content-Language", "de, en-CA");
    semantics_content_read(&c, &no_head.index, &h.index, true);
    assert_int_equal(c.response.codings.count, 5);
    assert_slice(c.response.codings.items[1], "br");
    assert_slice(c.response.codings.items[3], "y");
    assert_int_equal(c.response.languages.count, 2);
    assert_slice(c.response.languages.items[1], "en-CA");
    assert_false(c.response.has_type);
    head_fini(&h);
}

static void expect_disposition(const char *value, const char *type, const char *name, const char *extended) {
    struct head h;
    struct semantics_content c = read_response(&h, "Content-Disposition", value);
    assert_slice(c.response.disposition.type, type);
    assert_slice(c.response.disposition.filename, name);
    assert_slice(c.response.disposition.filename_extended, extended);
    head_fini(&h);
}

static void test_disposition_6266_4(void **state) {
    (void)state;
    expect_disposition("Attachment; filename=example.html", "Attachment", "example.html", "");
    expect_disposition("INLINE; FILENAME= \"an example; x.html\"", "INLINE", "an example; x.html", "");
    expect_disposition("attachment; filename*= UTF-8''%e2%82%ac%20rates; filename=x", "attachment", "x",
                       "%e2%82%ac%20rates");
    expect_disposition("attachment; filename*=iso-8859-1'en'%A3", "attachment", "", "%A3");
    expect_disposition("attachment; filename*=koi8-r''%A3", "attachment", "", "");
    expect_disposition("attachment; filename*=x", "attachment", "", "");
    expect_disposition("attachment; filename*=utf-8'x", "attachment", "", "");
    expect_disposition("filename=x.html", "", "x.html", "");
    expect_disposition("", "", "", "");
    expect_disposition("attachment; filename=\"x", "attachment", "x", "");
}

/* The weight that a request's field gives what the response has. */
static struct semantics_content negotiate(const char *asking, const char *asked, const char *name,
                                          const char *value) {
    struct head h, r;
    struct semantics_content c;
    head_init(&h);
    head_init(&r);
    head_add(&h, asking, asked);
    if (value) {
        head_add(&r, name, value);
    }
    semantics_content_read(&c, &h.index, &r.index, true);
    head_fini(&h);
    head_fini(&r);
    return c;
}

struct weighing {
    const char *asked, *value; /* NULL: the response has no such field */
    int weight;
};

static void test_accept_12_5_1(void **state) {
    (void)state;
    static const char rfc[] =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    static const struct weighing cases[] = {
        {rfc, "text/plain;format=flowed", 1000},
        {rfc, "text/plain", 700},
        {rfc, "text/html", 300},
        {rfc, "image/jpeg", 500},
        {rfc, "text/plain; format=\"fixed\"", 400},
        {rfc, "text/html; level=3", 300},
        {"text/html", "image/png", 0},
        {"TEXT/HTML", "text/html", 1000},
        {"text/html;q=0, */*", "text/html", 0},
        {"text/html;q=2", "text/html", WEIGHT_UNKNOWN},
        {"", "text/html", 0},
        {"*", "text/html", 0},
        {"*/html", "text/html", 0},
        {"text/html", NULL, WEIGHT_UNKNOWN},
        {"text/html", "junk", WEIGHT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct semantics_content c = negotiate("Accept", cases[i].asked, "Content-Type", cases[i].value);
        assert_int_equal(c.type_weight, cases[i].weight);
    }
    assert_int_equal(negotiate("Accept", "*/*", "Server", "x").type_weight, WEIGHT_UNKNOWN);
}

static void test_accept_charset_12_5_2(void **state) {
    (void)state;
    assert_int_equal(
        negotiate("Accept-Charset", "iso-8859-5, utf-8;q=0.8", "Content-Type", "a/b;charset=UTF-8")
            .charset_weight,
        800);
    assert_int_equal(negotiate("Accept-Charset", "utf-8", "Content-Type", "a/b;charset=x").charset_weight, 0);
    assert_int_equal(negotiate("Accept-Charset", "utf-8", "Content-Type", "a/b").charset_weight,
                     WEIGHT_UNKNOWN);
}

static void test_accept_encoding_12_5_3(void **state) {
    (void)state;
    static const struct weighing cases[] = {
        {"compress, gzip", "gzip", 1000},
        {"compress;q=0.5, gzip;q=1.0", "x-compress", 500},
        {"x-gzip", "gzip", 1000},
        {"gzip", "br", 0},
        {"*", "br", 1000},
        {"", "gzip", 0},
        {"gzip, br;q=0.5", "gzip, br", 500},
        {"gzip", NULL, WEIGHT_UNKNOWN},
        {"", NULL, WEIGHT_UNKNOWN},
        {"gzip;q=1.0, identity; q=0.5, *;q=0", NULL, 500},
        {"*;q=0", NULL, 0},
        {"gzip, identity;q=0", NULL, 0},
        {"gzip", "identity", WEIGHT_UNKNOWN},
        {"gzip, identity;q=0.5", "Identity", 500},
        {"gzip;q=0.3", "gzip, identity", 300},
        {"gzip;q=x, br", "gzip, br", WEIGHT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct semantics_content c =
            negotiate("Accept-Encoding", cases[i].asked, "Content-Encoding", cases[i].value);
        if (c.coding_weight != cases[i].weight) {
            print_error("%s\n", cases[i].asked);
        }
        assert_int_equal(c.coding_weight, cases[i].weight);
    }
    struct head h;
    struct semantics_content c;
    head_init(&h);
    head_add(&h, "Accept-Encoding", "*;q=0");
    semantics_content_read(&c, &h.index, &no_head.index, false); /* as of a 304 */
    assert_int_equal(c.coding_weight, WEIGHT_UNKNOWN);
    head_fini(&h);
}

static void test_accept_language_12_5_4(void **state) {
    (void)state;
    static const struct weighing cases[] = {
        {"da, en-gb;q=0.8, en;q=0.7", "en", 700},
        {"da, en-gb;q=0.8, en;q=0.7", "en-GB", 800},
        {"da, en-gb;q=0.8, en;q=0.7", "en-GBX", 700},
        {"da, en-gb;q=0.8, en;q=0.7", "fr", 0},
        {"da, *;q=0.1", "fr, da", 1000},
        {"da, *;q=0.1", "fr", 100},
        {"da", NULL, WEIGHT_UNKNOWN},
        {"", "da", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct semantics_content c =
            negotiate("Accept-Language", cases[i].asked, "Content-Language", cases[i].value);
        assert_int_equal(c.language_weight, cases[i].weight);
    }
}

static void expect_written(const struct head *request, const struct head *response, const char *expected) {
    struct part p;
    struct semantics_content c;
    semantics_content_read(&c, &request->index, &response->index, true);
    part_init(&p, true);
    native_write_semantics_content(&p.native, &p.w, &c);
    part_expect(&p, expected);
}

static void test_written(void **state) {
    (void)state;
    struct head h, r;
    head_init(&h);
    head_init(&r);
    expect_written(&h, &r, "{}");
    head_add(&h, "Content-Type", "junk");
    head_add(&h, "Accept", "text/*;q=0.25");
    head_add(&h, "Negotiate", "trans");
    head_add(&h, "A-IM", "vcdiff;q=0.5, gzip");
    head_add(&r, "Content-Type", "Text/Vnd.x+XML; charset=\"UTF-8\"");
    head_add(&r, "Content-Encoding", "GZip");
    head_add(&r, "Content-Language", "de-CH");
    head_add(&r, "Content-Disposition", "Attachment; filename*=UTF-8''%e2%82%ac%2");
    head_add(&r, "TCN", "choice");
    head_add(&r, "IM", "vcdiff");
    expect_written(
        &h, &r,
        "{\"content\":{\"request\":{\"type_malformed\":true},\"response\":{\"type\":\"text/"
        "vnd.x+xml\",\"suffix\":"
        "\"xml\",\"charset\":\"utf-8\",\"codings\":[\"gzip\"],\"languages\":[\"de-CH\"],\"disposition\":"
        "\"attachment\",\"filename\":\"\xe2\x82\xac%2\"},\"negotiation\":{\"type_weight\":250,"
        "\"transparent\":true,"
        "\"tcn\":[\"choice\"],\"manipulations_asked\":[\"vcdiff\",\"gzip\"],\"manipulations\":[\"vcdiff\"]}}"
        "}");
    head_fini(&h);
    head_fini(&r);
    head_add(&r, "Content-Disposition", "filename*=iso-8859-1''%a3%41");
    expect_written(&h, &r,
                   "{\"content\":{\"response\":{\"filename\":\"\xc2\xa3"
                   "A\"}}}");
    head_fini(&r);
    head_add(&r, "Content-Disposition", "inline; filename=\"a\\\"b\\\\.txt\"");
    expect_written(
        &h, &r, "{\"content\":{\"response\":{\"disposition\":\"inline\",\"filename\":\"a\\\"b\\\\.txt\"}}}");
    head_fini(&r);
}

static void test_long_filename(void **state) {
    (void)state;
    char value[1000] = "x; filename=";
    struct head r;
    struct part p;
    struct semantics_content c;
    memset(value + strlen(value), 'a', sizeof value - strlen(value) - 1);
    value[sizeof value - 1] = '\0';
    head_init(&r);
    head_add(&r, "Content-Disposition", value);
    semantics_content_read(&c, &no_head.index, &r.index, true);
    part_init(&p, true);
    native_write_semantics_content(&p.native, &p.w, &c);
    assert_int_equal(p.out.len,
                     strlen("{\"content\":{\"response\":{\"disposition\":\"x\",\"filename\":\"\"}}") + 255);
    mask_free(p.native.mask);
    buf_fini(&p.native.scratch);
    buf_fini(&p.out);
    head_fini(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_8_3_1),
        cmocka_unit_test(test_codings_8_4),
        cmocka_unit_test(test_disposition_6266_4),
        cmocka_unit_test(test_accept_12_5_1),
        cmocka_unit_test(test_accept_charset_12_5_2),
        cmocka_unit_test(test_accept_encoding_12_5_3),
        cmocka_unit_test(test_accept_language_12_5_4),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_long_filename),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
