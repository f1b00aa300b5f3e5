/* SPDX-License-Identifier: Apache-2.0 */
/* The short ways through a head must lead to where the long ones do: marks in wide registers, start lines by
 * their places, fields many at once, eight letters at once. */
#include "analyzer/framing.h"
#include "analyzer/h1_scan.h"
#include "analyzer/h1_syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed = 1;

static unsigned random_below(unsigned limit) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)((seed >> 33) % limit);
}

static bool is_letter(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void test_marks(void **state) {
    (void)state;
    enum { COUNT = 3 };
    for (unsigned turn = 0; turn < 5000; turn++) {
        uint8_t bytes[COUNT * H1_SCAN_BYTES];
        struct h1_marks expected[COUNT] = {{0}}, wide[COUNT], plain[COUNT];
        for (unsigned i = 0; i < sizeof bytes; i++) {
            /* every value at every place, then any */
            uint8_t c = (uint8_t)(turn < 256 ? turn + i : random_below(256));
            bytes[i] = c;
            bool control = c < 0x20 || c == 0x7f;
            bool tchar = !control && c < 0x80 && strchr(" \"(),/:;<=>?@[\\]{}", c) == NULL;
            expected[i / H1_SCAN_BYTES].controls |= (uint64_t)control << i % H1_SCAN_BYTES;
            expected[i / H1_SCAN_BYTES].separators |= (uint64_t)!tchar << i % H1_SCAN_BYTES;
        }
        for (unsigned i = 0; i < COUNT; i++) {
            wide[i] = h1_scan(bytes + i * H1_SCAN_BYTES);
            plain[i] = h1_scan_plainly(bytes + i * H1_SCAN_BYTES);
        }
        assert_memory_equal(wide, expected, sizeof expected);
        assert_memory_equal(plain, expected, sizeof expected);
    }
}

static size_t put(char *to, const char *text) {
    memcpy(to, text, strlen(text));
    return strlen(text);
}

/* Lines of all lengths, so that each kind of byte stands at each place of a window, and most are plain. */
static size_t random_lines(char *text, size_t size) {
    static const char *const ends[] = {"\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n ", "\n", "\r"};
    static const char *const middles[] = {": ", ": ", ": ", ":", ":  ", " : ", ":\t", "", ": \x7f", ": \xff"};
    size_t len = 0;
    for (unsigned lines = random_below(8); lines && len + 400 < size; lines--) {
        size_t name = random_below(20) ? 1 + random_below(20) : random_below(90);
        size_t value = random_below(20) ? random_below(60) : random_below(250);
        memset(text + len, 'n', name);
        len += name;
        const char *middle = middles[random_below(random_below(4) ? 3 : 10)];
        len += put(text + len, middle);
        memset(text + len, 'v', value);
        len += value;
        len += put(text + len, random_below(20) ? "" : " ");
        len += put(text + len, ends[random_below(random_below(4) ? 5 : 8)]);
    }
    len += random_below(4) ? put(text + len, "\r\n") : 0;
    size_t body = random_below(90);
    memset(text + len, 'b', body);
    return len + body;
}

/* On any processor, and in wide registers, the same lines are found; nothing behind the bytes is read. */
static void test_find_fields(void **state) {
    (void)state;
    enum { MOST = 5 };
    size_t found = 0;
    for (unsigned turn = 0; turn < 50000; turn++) {
        char text[4096];
        size_t len = random_lines(text, sizeof text);
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, text, len);
        struct h1_field wide[MOST], plain[MOST];
        size_t wide_len, plain_len;
        size_t count = h1_find_fields(slice_make(copy, len), wide, MOST, &wide_len);
        assert_int_equal(h1_find_fields_plainly(slice_make(copy, len), plain, MOST, &plain_len), count);
        assert_int_equal(wide_len, plain_len);
        for (size_t i = 0; i < count; i++) {
            assert_ptr_equal(wide[i].name.ptr, plain[i].name.ptr);
            assert_int_equal(wide[i].name.len, plain[i].name.len);
            assert_ptr_equal(wide[i].value.ptr, plain[i].value.ptr);
            assert_int_equal(wide[i].value.len, plain[i].value.len);
        }
        found += count;
        free(copy);
    }
    assert_true(found > 50000);
}

static void test_equal_nocase(void **state) {
    (void)state;
    for (unsigned turn = 0; turn < 200000; turn++) {
        uint8_t a[40], b[40];
        size_t len = random_below(sizeof a + 1);
        bool equal = true;
        for (size_t i = 0; i < len; i++) {
            a[i] = (uint8_t)random_below(256);
            b[i] = a[i] ^ (random_below(2) ? 0x20 : 0) ^ (random_below(400) ? 0 : 0x80);
            equal = equal && (a[i] == b[i] || (is_letter(a[i]) && (a[i] ^ b[i]) == 0x20));
        }
        for (size_t i = 0; i < len && turn % 2; i++) { /* letters only: equal more often */
            a[i] = (uint8_t)("AZaz-@[`{"[random_below(9)]);
            b[i] = is_letter(a[i]) && random_below(2) ? a[i] ^ 0x20 : a[i];
            equal = i == 0 || equal;
        }
        assert_int_equal(slice_equal_nocase(slice_make(a, len), slice_make(b, len)), equal);
    }
}

enum { TEXT_BYTES = 8192, LOG_BYTES = 1 << 16 };

static void add(struct buf *text, const char *bytes) {
    assert_true(buf_append_slice(text, slice_of(bytes)));
}

static void add_line(struct buf *text) {
    static const char *const names[] = {
        "Host", "Content-Type", "ETag",          "X-Very-Long-Name-Of-A-Field-0123456789", "under_score",
        "a",    "P3P",          "Content-Length"};
    static const char *const odd_names[] = {"",        " lead",  "sp ace", "tail ",
                                            "n\xe4me", "na\tme", "[x]",    "no\rcr"};
    static const char *const colons[] = {": ", ":", ":\t", ":  ", " : ", "::", "", "\n:"};
    static const char *const values[] = {"",         "localhost", "text/html; charset=utf-8",
                                         "\xc3\xa4", "a:b,c",     "tr  "};
    static const char *const odd_values[] = {"a\tb", "a\rb",  "\x01",      "\x7f",
                                             "nul",  "a\n b", "\r\n fold", " \t "};
    static const char *const ends[] = {"\n", "\r\r\n", "\r\n ", "\r\n\t\r\n", "\r\n\r\n", "\r"};
    bool odd = random_below(8) == 0;
    add(text, odd && random_below(2) ? odd_names[random_below(8)] : names[random_below(8)]);
    add(text, odd ? colons[random_below(8)] : colons[random_below(2)]);
    for (unsigned i = random_below(16) ? 1 : random_below(200); i > 0; i--) {
        add(text, odd && random_below(3) == 0 ? odd_values[random_below(8)] : values[random_below(6)]);
    }
    add(text, odd && random_below(4) == 0 ? ends[random_below(6)] : "\r\n");
}

static void log_event(struct buf *log, const struct h1 *h, enum h1_event_type type, struct slice name,
                      struct slice value) {
    uint64_t numbers[] = {type, name.len, value.len, h->offset};
    assert_true(buf_append(log, numbers, sizeof numbers - (type == H1_HEADER ? sizeof *numbers : 0)));
    assert_true(buf_append_slice(log, name));
    assert_true(buf_append_slice(log, value));
}

/* The chunk is a heap block of its exact size. False at the head's end. */
static bool feed(struct h1 *h, struct slice bytes, bool many, struct buf *log, uint64_t *fields_at_once) {
    const struct slice nothing = slice_make("", 0);
    uint8_t *copy = malloc(bytes.len + !bytes.len);
    assert_non_null(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    struct slice in = slice_make(copy, bytes.len);
    struct h1_event e = {.type = H1_HEADER};
    while (e.type == H1_START_LINE || e.type == H1_HEADER) {
        struct h1_field fields[3];
        size_t count = many && h->state == H1_IN_HEADERS ? h1_next_fields(h, &in, fields, 3) : 0;
        *fields_at_once += count;
        for (size_t i = 0; i < count; i++) {
            log_event(log, h, H1_HEADER, fields[i].name, fields[i].value);
        }
        if (count == 0 && many && h->state == H1_IN_HEADERS && h1_next_head_end(h, &in)) {
            e.type = H1_HEADERS_END;
            log_event(log, h, e.type, nothing, nothing);
        } else if (count == 0) {
            h1_next(h, &in, &e);
            bool field = e.type == H1_HEADER;
            if (e.type != H1_NEED_MORE) {
                log_event(log, h, e.type, field ? e.name : nothing, field ? e.value : nothing);
            }
        }
    }
    free(copy);
    return e.type == H1_NEED_MORE;
}

static uint64_t read_head(struct slice text, size_t cut, size_t line_bytes, bool many, struct buf *log) {
    struct limits limits = limits_default();
    limits.line_bytes = line_bytes;
    struct h1 h;
    uint64_t fields_at_once = 0;
    h1_init(&h, H1_RESPONSE, &limits, 0);
    buf_clear(log);
    if (feed(&h, slice_first(text, cut), many, log, &fields_at_once)) {
        (void)feed(&h, slice_after(text, cut), many, log, &fields_at_once);
    }
    uint64_t rest[] = {h.state, h.oddities, h.offset, h.field_pending, h.in_line, h.line.len};
    assert_true(buf_append(log, rest, sizeof rest));
    h1_fini(&h);
    return fields_at_once;
}

static void test_fields_at_once(void **state) {
    (void)state;
    struct buf text, one_by_one, at_once;
    buf_init(&text, TEXT_BYTES);
    buf_init(&one_by_one, LOG_BYTES);
    buf_init(&at_once, LOG_BYTES);
    uint64_t many = 0;
    for (unsigned turn = 0; turn < 400; turn++) {
        buf_clear(&text);
        add(&text, "HTTP/1.1 200 OK\r\n");
        for (unsigned lines = random_below(12); lines > 0; lines--) {
            add_line(&text);
        }
        add(&text, "\r\nbody");
        struct slice whole = slice_first(buf_slice(&text), 2500);
        size_t line_bytes = turn % 4 ? 65536 : 40;
        size_t step = whole.len > 400 ? 37 : 1;
        for (size_t cut = 0; cut <= whole.len; cut += step) {
            (void)read_head(whole, cut, line_bytes, false, &one_by_one);
            many += read_head(whole, cut, line_bytes, true, &at_once);
            assert_int_equal(one_by_one.len, at_once.len);
            assert_memory_equal(one_by_one.ptr, at_once.ptr, at_once.len);
        }
    }
    assert_true(many > 100000); /* the short way was taken */
    buf_fini(&text);
    buf_fini(&one_by_one);
    buf_fini(&at_once);
}

/* The two ways through the start lines. */
static void compare_line(struct slice line) {
    struct h1_event plain = {.status = 0}, odd = {.status = 0};
    uint32_t plain_odd = 0, odd_odd = 0;
    enum h1_line_kind kind = h1_read_request_line(line, slice_make(NULL, 0), line.len, &plain, &plain_odd);
    assert_int_equal(kind, h1_read_odd_request_line(line, slice_make(NULL, 0), line.len, &odd, &odd_odd));
    assert_int_equal(plain_odd, odd_odd);
    assert_memory_equal(&plain, &odd, sizeof plain);
    kind = h1_read_status_line(line, &plain, &plain_odd);
    assert_int_equal(kind, h1_read_odd_status_line(line, &odd, &odd_odd));
    assert_int_equal(plain_odd, odd_odd);
    assert_memory_equal(&plain, &odd, sizeof plain);
}

static void test_start_lines(void **state) {
    (void)state;
    static const char *const parts[] = {"GET",
                                        "OPTIONS",
                                        "get",
                                        "G(T",
                                        "",
                                        "HTTP/1.1",
                                        "HTTP/1.0",
                                        "HTTP/1.",
                                        "HTTP/2.0",
                                        "http/1.1",
                                        "HTTP/1.10",
                                        "HTTP/1.x",
                                        "/",
                                        "/a?b=c",
                                        "http://a/b",
                                        "*",
                                        "a:1",
                                        "/a\x80",
                                        "/\x01",
                                        "/a\tb",
                                        "/\x7f",
                                        "200",
                                        "404 ",
                                        "099",
                                        "600",
                                        "20",
                                        "2000",
                                        "OK",
                                        "Not Found",
                                        "\x7f",
                                        "O\rK",
                                        "a reason that has many letters",
                                        "/a/path/of/some/length/to/it",
                                        "200OK"};
    static const char *const gaps[] = {" ", " ", " ", " ", " ", "  ", "\t", ""};
    struct buf line;
    buf_init(&line, TEXT_BYTES);
    for (unsigned turn = 0; turn < 400000; turn++) {
        buf_clear(&line);
        for (unsigned part = 0; part < 3; part++) {
            add(&line, parts[random_below(sizeof parts / sizeof *parts)]);
            if (part < 2 || turn % 16 == 0) {
                add(&line, gaps[random_below(8)]);
            }
        }
        compare_line(buf_slice(&line));
    }
    buf_fini(&line);
}

/* A token means the same to framing whether it is known to be one or not. */
static void test_token_fields(void **state) {
    (void)state;
    static const char *const names[] = {"host",
                                        "HOST",
                                        "hosT",
                                        "hose",
                                        "expect",
                                        "Upgrade",
                                        "Connection",
                                        "Content-Length",
                                        "content_length",
                                        "Content-Lengths",
                                        "Transfer-Encoding",
                                        "Transfer-Encodin",
                                        "Transfer-Encodings",
                                        "x"};
    static const char *const values[] = {"",
                                         "0",
                                         "5",
                                         "+5",
                                         "5, 5",
                                         "18446744073709551616",
                                         "chunked",
                                         "close",
                                         "keep-alive",
                                         "Keep-Alive, upgrade",
                                         "100-continue",
                                         "999999999999999999",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "12a",
                                         "gzip, chunked"};
    for (unsigned turn = 0; turn < 20000; turn++) {
        struct framing_fields any, token;
        memset(&any, 0, sizeof any);
        memset(&token, 0, sizeof token);
        for (unsigned i = random_below(4); i > 0; i--) {
            struct slice name = slice_of(names[random_below(sizeof names / sizeof *names)]);
            struct slice value = slice_of(values[random_below(sizeof values / sizeof *values)]);
            framing_field(&any, name, value);
            framing_token_field(&token, field_name_of(name), value);
        }
        assert_memory_equal(&any, &token, sizeof any);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),        cmocka_unit_test(test_find_fields),
        cmocka_unit_test(test_equal_nocase), cmocka_unit_test(test_fields_at_once),
        cmocka_unit_test(test_start_lines),  cmocka_unit_test(test_token_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
