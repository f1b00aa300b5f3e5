/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1.h"
#include "analyzer/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct outcome {
    enum probe_verdict verdict;
    uint64_t offset;    /* of the message */
    struct buf message; /* as the caller would put it together */
};

/* Feeds in pieces of `piece` bytes, each a segment when `segments`. The bytes are copied to their exact size.
 */
static struct outcome feed(enum probe_mode mode, struct slice bytes, size_t piece, bool segments) {
    struct limits limits = limits_default();
    struct probe probe;
    struct outcome outcome = {.verdict = PROBE_MORE};
    buf_init(&outcome.message, 1 << 20);
    probe_init(&probe, mode, &limits);
    for (size_t at = 0; at < bytes.len && outcome.verdict == PROBE_MORE; at += piece) {
        struct slice part = slice_first(slice_after(bytes, at), piece);
        uint8_t *copy = malloc(part.len);
        assert_non_null(copy);
        memcpy(copy, part.ptr, part.len);
        size_t resume = 77;
        outcome.verdict =
            probe_feed(&probe, 1000 + at, slice_make(copy, part.len), segments || at == 0, &resume);
        if (outcome.verdict == PROBE_REQUEST || outcome.verdict == PROBE_RESPONSE) {
            outcome.offset = probe.offset;
            assert_true(resume <= part.len);
            buf_append_slice(&outcome.message, buf_slice(&probe.held));
            buf_append_slice(&outcome.message, slice_after(slice_make(copy, part.len), resume));
            buf_append_slice(&outcome.message, slice_after(bytes, at + part.len));
        } else {
            assert_int_equal(resume, 0);
        }
        free(copy);
    }
    if (outcome.verdict == PROBE_MORE) {
        outcome.verdict = probe_end(&probe);
        outcome.offset = probe.offset;
        buf_append_slice(&outcome.message, buf_slice(&probe.held));
    }
    probe_fini(&probe);
    return outcome;
}

/* The same verdict for every cut; a message starts at `start`. */
static void check(enum probe_mode mode, struct slice bytes, enum probe_verdict verdict, size_t start,
                  bool segments) {
    for (size_t piece = 1; piece <= bytes.len; piece = piece < 64 ? piece + 1 : piece * 2) {
        struct outcome outcome = feed(mode, bytes, piece, segments);
        bool message = verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE;
        bool good = outcome.verdict == verdict && (!message || outcome.offset == 1000 + start) &&
                    (!message || slice_equal(buf_slice(&outcome.message), slice_after(bytes, start)));
        if (!good) {
            print_error("%.40s in pieces of %zu: verdict %d, offset %d, %zu bytes\n", (const char *)bytes.ptr,
                        piece, outcome.verdict, (int)outcome.offset, outcome.message.len);
        }
        buf_fini(&outcome.message);
        assert_true(good);
    }
}

static void at_start(const char *text, enum probe_verdict verdict, size_t start) {
    check(PROBE_AT_START, slice_of(text), verdict, start, true);
}

static void test_requests_at_the_start(void **state) {
    (void)state;
    at_start("GET / HTTP/1.1\r\nHost: a\r\n\r\n", PROBE_REQUEST, 0);
    at_start("get / HTTP/1.1\r\n\r\n", PROBE_REQUEST, 0);
    at_start("FOO-BAR /x y HTTP/1.0\n\n", PROBE_REQUEST, 0);
    at_start("CONNECT a:443 HTTP/1.1\r\n", PROBE_REQUEST, 0);
    at_start("PROPFIND /x http/1\r\n", PROBE_REQUEST, 0);
    at_start("HTTPX / HTTP/1.1\r\n", PROBE_REQUEST, 0);
    at_start("\r\n\r\nGET / HTTP/1.1\r\n", PROBE_REQUEST, 4);
    at_start(" GET / HTTP/1.0\r\n", PROBE_REQUEST, 1);
    at_start("GET /\r\n", PROBE_REQUEST, 0);
    at_start("POST /\r\nHost: a\r\n", PROBE_REQUEST, 0);
    at_start("DELETE http://a\n", PROBE_REQUEST, 0);
    at_start("GET /", PROBE_REQUEST, 0);            /* by the end of the stream */
    at_start("GET / HTTP/1.1\r", PROBE_REQUEST, 0); /* likewise */
    at_start("PRI * HTTP/2.0\r\nA: b\r\n", PROBE_REQUEST, 0);
}

static void test_proxy_headers_at_the_start(void **state) {
    (void)state;
    static const char four[] = "PROXY TCP4 192.0.2.1 192.0.2.2 5555 80\r\nGET / HTTP/1.1\r\n\r\n";
    static const char unknown[] = "PROXY UNKNOWN\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET / HTTP/1.1\r\n\r\n";
    static const char proxied[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x15\xb3\0\x50"
                                  "\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03";
    static const char old[] = "\r\n\r\n\0\r\nQUIT\n\x10\0\0\0GET / HTTP/1.1\r\n\r\n";
    at_start(four, PROBE_REQUEST, 40);
    at_start(unknown, PROBE_REQUEST, 17);
    at_start("\r\n\r\nGET / HTTP/1.1\r\n\r\n", PROBE_REQUEST, 4);
    at_start("PROXY TCP5 192.0.2.1 192.0.2.2 5555 80\r\nGET / HTTP/1.1\r\n\r\n", PROBE_UNKNOWN, 0);
    at_start("PROXY / HTTP/1.1\r\n\r\n", PROBE_REQUEST, 0);
    check(PROBE_AT_START, slice_make(local, sizeof local - 1), PROBE_REQUEST, 16, true);
    check(PROBE_AT_START, slice_make(proxied, sizeof proxied - 1), PROBE_TLS, 0, true);
    check(PROBE_AT_START, slice_make(old, sizeof old - 1), PROBE_UNKNOWN, 0, true);
    char endless[300];
    memset(endless, 'x', sizeof endless);
    memcpy(endless, "PROXY UNKNOWN ", 14);
    check(PROBE_AT_START, slice_make(endless, sizeof endless), PROBE_UNKNOWN, 0, true);
}

/* As the lexer tells what stands before a start line, so does the probe, wherever the bytes are cut. */
static void test_what_is_skipped_is_told(void **state) {
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\n\r\n";
    static const char *const leads[] = {"", "\r\n", "\n", "\r", " ", "\r\r\n", "\r\n\r\n", " \r\n\t"};
    const struct limits limits = limits_default();
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        char text[64];
        const int len = snprintf(text, sizeof text, "%s%s", leads[i], request);
        struct h1 lexer;
        struct h1_event event;
        struct slice all = slice_make(text, (size_t)len), in = all;
        h1_init(&lexer, H1_REQUEST, &limits, 0);
        assert_int_equal(h1_next(&lexer, &in, &event), H1_START_LINE);
        for (size_t most = 1; most <= all.len; most++) {
            struct probe p;
            enum probe_verdict verdict = PROBE_MORE;
            probe_init(&p, PROBE_AT_START, &limits);
            for (size_t at = 0; verdict == PROBE_MORE; at += most) {
                size_t resume;
                verdict = probe_feed(&p, at, slice_first(slice_after(all, at), most), true, &resume);
            }
            assert_int_equal(verdict, PROBE_REQUEST);
            assert_int_equal(probe_lead_oddities(&p), lexer.oddities);
            probe_fini(&p);
        }
        h1_fini(&lexer);
    }
}

static void test_long_request_line_is_accepted_early(void **state) {
    (void)state;
    char text[20001];
    memset(text, 'x', sizeof(text));
    memcpy(text, "POST /", 6);
    check(PROBE_AT_START, slice_make(text, 256), PROBE_REQUEST, 0, true);
    check(PROBE_AT_START, slice_make(text, 9000), PROBE_REQUEST, 0, true);
    memcpy(text, "POST x", 6);
    check(PROBE_AT_START, slice_make(text, 9000), PROBE_UNKNOWN, 0, true);
    memcpy(text, "NONE /", 6);
    check(PROBE_AT_START, slice_make(text, 20000), PROBE_UNKNOWN, 0, true);
}

static void test_responses_at_the_start(void **state) {
    (void)state;
    at_start("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", PROBE_RESPONSE, 0);
    at_start("HTTP/1.0 404\n\n", PROBE_RESPONSE, 0);
    at_start("HTTP/1.1\r\nA: b\r\n", PROBE_RESPONSE, 0);
    at_start("http/1.1 200 ok\r\n", PROBE_RESPONSE, 0);
    at_start("\n\rHTTP/1.1 200 ok\r\n", PROBE_RESPONSE, 2);
    check(PROBE_AT_START, slice_make("\0HTTP/1.1 200 ok\r\n", 18), PROBE_RESPONSE, 1, true);
    at_start("HTTP/1.1 200", PROBE_RESPONSE, 0); /* by the end of the stream */
    at_start("HTTP", PROBE_UNKNOWN, 0);
}

static void test_other_protocols_at_the_start(void **state) {
    (void)state;
    static const char *const texts[] = {
        "220 mail.example.com ESMTP Postfix\r\n",
        "EHLO client\r\n",
        "MAIL FROM:<a@b>\r\n",
        "+OK POP3 ready\r\n",
        "USER anonymous\r\n",
        "* OK IMAP4rev1\r\n",
        "a1 LOGIN u p\r\n",
        "NICK me\r\n",
        ":server 001 me :Welcome\r\n",
        "*1\r\n$4\r\nPING\r\n",
        "PING\r\n",
        "GET key\r\n",
        "get key\r\n",
        "gets a b\r\n",
        "OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\n",
        "DESCRIBE rtsp://a/ RTSP/1.0\r\n",
        "RTSP/1.0 200 OK\r\n",
        "REGISTER sip:a SIP/2.0\r\n",
        "SIP/2.0 200 OK\r\n",
        "GET /x ICAP/1.0\r\n",
        "ICY 200 OK\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/x\r\n",
        "GET\r\n",
        "HELLO\r\n",
        "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n",
        "{\"json\": true}\n",
        "\xff\xfb\x01",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        at_start(texts[i], PROBE_UNKNOWN, 0);
    }
    static const uint8_t smb[] = {0, 0, 0, 0x54, 0xff, 'S', 'M', 'B'};
    check(PROBE_AT_START, slice_make(smb, sizeof(smb)), PROBE_UNKNOWN, 0, true);
    static const uint8_t zeros[40] = {0};
    check(PROBE_AT_START, slice_make(zeros, sizeof(zeros)), PROBE_UNKNOWN, 0, true);
}

static void both_modes(struct slice bytes, enum probe_verdict verdict) {
    check(PROBE_AT_START, bytes, verdict, 0, false);
    check(PROBE_SEARCH, bytes, verdict, 0, false);
}

static void test_tls_and_http2(void **state) {
    (void)state;
    static const uint8_t client_hello[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
    static const uint8_t server_hello[] = {0x16, 3, 3, 0, 0x7a, 2, 0, 0, 0x76, 3, 3};
    static const uint8_t sslv2[] = {0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10, 0, 1};
    static const uint8_t settings[] = {0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100};
    static const uint8_t not_tls[] = {0x16, 3, 1, 0xff, 0xff, 1, 0};
    static const uint8_t not_settings[] = {0, 0, 17, 4, 0, 0, 0, 0, 0};
    both_modes(slice_make(client_hello, sizeof(client_hello)), PROBE_TLS);
    both_modes(slice_make(server_hello, sizeof(server_hello)), PROBE_TLS);
    both_modes(slice_make(sslv2, sizeof(sslv2)), PROBE_TLS);
    both_modes(slice_make(settings, sizeof(settings)), PROBE_HTTP2);
    both_modes(slice_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"), PROBE_HTTP2);
    both_modes(slice_make(not_tls, sizeof(not_tls)), PROBE_UNKNOWN);
    both_modes(slice_make(not_settings, sizeof(not_settings)), PROBE_UNKNOWN);
    both_modes(slice_of("PRI * HTTP/2.0\r\n\r\nS"), PROBE_UNKNOWN);
}

static void search(const char *before, const char *message, enum probe_verdict verdict) {
    char text[4096];
    int len = snprintf(text, sizeof(text), "%s%s", before, message);
    check(PROBE_SEARCH, slice_make(text, (size_t)len), verdict, strlen(before), false);
}

static void test_search_finds_a_head_behind_a_line_end(void **state) {
    (void)state;
    static const char request[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char response[] = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody";
    search("", request, PROBE_REQUEST);
    search("", response, PROBE_RESPONSE);
    search("rest of a body\r\n", request, PROBE_REQUEST);
    search("rest of a body\n\n", response, PROBE_RESPONSE);
    search("X: y\r\nContent-Length: 0\r\n\r\n", "HTTP/1.0 304\r\n\r\n", PROBE_RESPONSE);
    search("word word word\nGET two three\n", request, PROBE_REQUEST);
    search("\x01\x02\n", "FOO / HTTP/1.1\n\n", PROBE_REQUEST);
    search("", "GET /a b  c HTTP/1.1\nHost: a\n\n", PROBE_REQUEST);
    /* a start line in a text, followed by none of a head: the head behind it is found all the same */
    search("HTTP/1.1 200 OK\r\nis what servers say\r\n", response, PROBE_RESPONSE);
    search("GET / HTTP/1.1\r\n", request, PROBE_REQUEST);
    search("GET / HTTP/1.1\r\n", response, PROBE_RESPONSE);
    search("HTTP/1.1 200 OK\r\n", request, PROBE_REQUEST);
}

/* Behind a body's last bytes, which may look like anything. */
static void test_search_finds_a_head_amid_a_line(void **state) {
    (void)state;
    static const char *const before[] = {
        "no line end ",
        "\x01\x02\x7f\xff",
        "G",
        "abc",
        "line\nPROPFINDGE",
        "x GET /no GET /no HTTP/1.1 ",
        "HTTP/1.1 20 HTTP/1.1 200OK HTTP/1.1 200 no ",
        "line\nHTTP/1.1 200",
        "GET /no HTTP/1.1\r\nno field POST http:",
        "{\"log\": \"GET / HTTP/1.1\"}",
        "HTTP/1.1 HTTP/2.0 200 \n CONNECT ",
    };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        search(before[i], "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", PROBE_REQUEST);
        search(before[i], "POST http://a/ HTTP/1.0\n\n", PROBE_REQUEST);
        search(before[i], "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", PROBE_REQUEST);
        search(before[i], "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", PROBE_REQUEST);
        search(before[i], "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody", PROBE_RESPONSE);
        search(before[i], "HTTP/1.0 404\r\n\r\n", PROBE_RESPONSE);
    }
}

static void test_search_finds_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {
        "GET /old\r\nHost: a\r\n\r\n",
        "( FOO /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "( get /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "( GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "( GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "( GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
        "( GET /a HTTP/1.1 \r\nHost: a\r\n\r\n",
        "( GET /a HTTP/1.1\r\nno field\r\n\r\n",
        "( PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "( HTTP/1.1 200OK\r\nHost: a\r\n\r\n",
        "( HTTP/2.0 200 OK\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "x\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost",
        "GET / HTTP/1.1\r\nno field\r\n\r\n",
        "FOO /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "HTTP/1.1 20 OK\r\nHost: a\r\n\r\n",
        "HTTP/1.1 200OK\r\nHost: a\r\n\r\n",
        "http/1.1 200 OK\r\nHost: a\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check(PROBE_SEARCH, slice_of(texts[i]), PROBE_UNKNOWN, 0, false);
    }
}

/* Segments one by one: the message must start at `start`. */
static void search_segments(const char *const *segments, size_t count, enum probe_verdict verdict,
                            uint64_t start) {
    struct limits limits = limits_default();
    struct probe probe;
    probe_init(&probe, PROBE_SEARCH, &limits);
    uint64_t offset = 0;
    enum probe_verdict got = PROBE_MORE;
    for (size_t i = 0; i < count && got == PROBE_MORE; i++) {
        size_t resume;
        struct slice bytes = slice_of(segments[i]);
        got = probe_feed(&probe, offset, bytes, true, &resume);
        if (got != PROBE_MORE) {
            /* the message is what is held and what follows `resume` */
            assert_int_equal(probe.offset + probe.held.len, offset + resume);
        }
        offset += bytes.len;
    }
    assert_int_equal(got, verdict);
    if (verdict != PROBE_MORE) {
        assert_int_equal(probe.offset, start);
    }
    probe_fini(&probe);
}

#define SEGMENTS(...)                                                                                        \
    (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static void test_search_and_segments(void **state) {
    (void)state;
    search_segments(SEGMENTS("middle of a body", "HTTP/1.1 200 OK\r\nA: b\r\n"), PROBE_RESPONSE, 16);
    search_segments(SEGMENTS("middle", "GET / HTTP/1.1\r\n", "Host: a\r\n"), PROBE_REQUEST, 6);
    search_segments(SEGMENTS("GET /lo", "ng HTT", "P/1.1\r\nHo", "st: a\r\n"), PROBE_REQUEST, 0);
    search_segments(SEGMENTS("GET /x ", "HTTP/1.1\r\nHost: a\r\n"), PROBE_REQUEST, 0);
    search_segments(SEGMENTS("G", "E", "T", " ", "/", " HTTP/1.1\r\n", "\r", "\n"), PROBE_REQUEST, 0);
    search_segments(SEGMENTS("bytes of a bodyGET /lo", "ng HT", "TP/1.1\r\nHost: a\r\n"), PROBE_REQUEST, 15);
    search_segments(SEGMENTS("bodyHTTP", "/1.1 2", "00 OK\r\n", "A: b\r\n"), PROBE_RESPONSE, 4);
    /* what seems to begin at a segment's end gives way to what does begin with the next */
    search_segments(SEGMENTS("body (P", "HTTP/1.1 200 OK\r\nA: b\r\n"), PROBE_RESPONSE, 7);
    search_segments(SEGMENTS("body (GET /", "HTTP/1.1 200 OK\r\nA: b\r\n"), PROBE_RESPONSE, 11);
    search_segments(SEGMENTS("body", "(P", "(GET ", "/ HTTP/1.1\r\n", "A: b\r\n"), PROBE_REQUEST, 7);
    /* of a method without a name, the part that has one */
    search_segments(SEGMENTS("body", "XGET / HTTP/1.1\r\nA: b\r\n"), PROBE_REQUEST, 5);
    search_segments(SEGMENTS("XGET / HTTP/1.1\r\nA: b\r\n"), PROBE_REQUEST, 1);
    search_segments(SEGMENTS("XGOT / HTTP/1.1\r\nA: b\r\n"), PROBE_REQUEST, 0);
    /* a body's last letters must not become part of a method */
    search_segments(SEGMENTS("G", "GET / HTTP/1.1\r\nA: b\r\n"), PROBE_REQUEST, 1);
    search_segments(SEGMENTS("xyz", "FOO / HTTP/1.1\r\nA: b\r\n"), PROBE_REQUEST, 3);
    search_segments(SEGMENTS("some text", "FOO / HTTP/1.1\r\nA: b\r\n"), PROBE_REQUEST, 9);
    search_segments(SEGMENTS("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "A: b\r\n"), PROBE_RESPONSE, 16);
}

static void test_search_budget(void **state) {
    (void)state;
    struct limits limits = limits_default();
    limits.probe_bytes = 100;
    struct probe probe;
    size_t resume;
    probe_init(&probe, PROBE_SEARCH, &limits);
    char lines[121];
    for (size_t i = 0; i < sizeof(lines) - 1; i += 2) {
        memcpy(lines + i, "(\n", 2);
    }
    assert_int_equal(probe_feed(&probe, 0, slice_make(lines, 120), true, &resume), PROBE_MORE);
    struct slice inner = slice_of("(\nGET / HTTP/1.1\r\nA: b\r\n");
    assert_int_equal(probe_feed(&probe, 120, inner, true, &resume),
                     PROBE_MORE); /* not behind an LF any more */
    assert_int_equal(probe_feed(&probe, 144, slice_of("GET / HTTP/1.1\r\nA: b\r\n"), true, &resume),
                     PROBE_REQUEST);
    assert_int_equal(probe.offset, 144);
    probe_restart(&probe, PROBE_SEARCH);
    assert_int_equal(probe_feed(&probe, 0, inner, true, &resume), PROBE_REQUEST);
    assert_int_equal(resume, 2);
    probe_restart(&probe, PROBE_SEARCH);
    assert_int_equal(probe_feed(&probe, 0, slice_make(lines, 120), true, &resume), PROBE_MORE);
    inner = slice_of("(GET / HTTP/1.1\r\nA: b\r\n");
    assert_int_equal(probe_feed(&probe, 120, inner, true, &resume), PROBE_MORE);
    probe.unbounded = true;
    assert_int_equal(probe_feed(&probe, 120 + inner.len, inner, true, &resume), PROBE_REQUEST);
    assert_int_equal(resume, 1);
    inner = slice_of("(\nGET / HTTP/1.1\r\nA: b\r\n");
    /* the budget ends within a segment too */
    char both[160];
    memcpy(both, lines, 120);
    memcpy(both + 120, inner.ptr, inner.len);
    probe_restart(&probe, PROBE_SEARCH);
    assert_int_equal(probe_feed(&probe, 0, slice_make(both, 120 + inner.len), true, &resume), PROBE_MORE);
    probe_restart(&probe, PROBE_SEARCH);
    assert_int_equal(probe_feed(&probe, 0, slice_make(both + 60, 60 + inner.len), true, &resume),
                     PROBE_REQUEST);
    probe_fini(&probe);
}

static void test_memory_is_bounded(void **state) {
    (void)state;
    struct limits limits = limits_default();
    struct probe probe;
    size_t resume;
    probe_init(&probe, PROBE_SEARCH, &limits);
    assert_int_equal(probe_feed(&probe, 0, slice_of("GET /"), true, &resume), PROBE_MORE);
    for (uint64_t i = 0; i < 4000; i++) {
        assert_int_equal(probe_feed(&probe, 5 + i * 8, slice_of("aaaaaaaa"), false, &resume), PROBE_MORE);
    }
    assert_false(probe.candidate);
    assert_true(probe.held.capacity <= limits.probe_bytes + 256);
    probe_fini(&probe);
}

/* A line that never ends, full of what may be starts: a head in it is found, and little is kept. */
static void test_endless_lines(void **state) {
    (void)state;
    static const char *const parts[] = {"GET /",     "HTTP/1.1 200 ", "PROPFIND", "H",
                                        "GET http:", "A /",           "\x01"};
    struct limits limits = limits_default();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct probe probe;
        size_t resume;
        probe_init(&probe, PROBE_SEARCH, &limits);
        probe.unbounded = true;
        uint64_t offset = 0;
        for (; offset < 5 * limits.probe_bytes; offset += strlen(parts[i])) {
            assert_int_equal(probe_feed(&probe, offset, slice_of(parts[i]), false, &resume), PROBE_MORE);
        }
        assert_true(probe.held.capacity <= limits.probe_bytes + 256);
        struct slice head = slice_of("(GET /a HTTP/1.1\r\nA: b\r\n");
        assert_int_equal(probe_feed(&probe, offset, head, false, &resume), PROBE_REQUEST);
        assert_int_equal(probe.offset, offset + 1);
        probe_fini(&probe);
    }
}

static void test_lines(void **state) {
    (void)state;
    assert_true(probe_is_status_line(slice_of("HTTP/1.1 200 OK")));
    assert_true(probe_is_status_line(slice_of("HTTP/1.0 999")));
    assert_false(probe_is_status_line(slice_of("HTTP/1.1 200OK")));
    assert_false(probe_is_status_line(slice_of("HTTP/1.1 2000")));
    assert_false(probe_is_status_line(slice_of("HTTP/1.1 099 x")));
    assert_false(probe_is_status_line(slice_of("HTTP/11 200 OK")));
    assert_true(probe_is_request_line(slice_of("GET / HTTP/1.1")));
    assert_true(probe_is_request_line(slice_of("x * HTTP/1.0")));
    assert_false(probe_is_request_line(slice_of("GET /")));
    assert_false(probe_is_request_line(slice_of("GET  / HTTP/1.1")));
    assert_false(probe_is_request_line(slice_of("GET / HTTP/1.1 ")));
    assert_false(probe_is_request_line(slice_of("G(T / HTTP/1.1")));
    assert_false(probe_is_request_line(slice_of(" HTTP/1.1")));
    assert_true(probe_starts_status_line(slice_of("HTTP/1.1 200 ")));
    assert_true(probe_starts_status_line(slice_of("HTTP/1.1 200\r")));
    assert_false(probe_starts_status_line(slice_of("HTTP/1.1 200")));
    assert_false(probe_starts_status_line(slice_of("HTTP/1.1 2000")));
    assert_false(probe_starts_status_line(slice_of("HTTP/1.1\r\nHost: a")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_at_the_start),
        cmocka_unit_test(test_proxy_headers_at_the_start),
        cmocka_unit_test(test_what_is_skipped_is_told),
        cmocka_unit_test(test_long_request_line_is_accepted_early),
        cmocka_unit_test(test_responses_at_the_start),
        cmocka_unit_test(test_other_protocols_at_the_start),
        cmocka_unit_test(test_tls_and_http2),
        cmocka_unit_test(test_search_finds_a_head_behind_a_line_end),
        cmocka_unit_test(test_search_finds_a_head_amid_a_line),
        cmocka_unit_test(test_search_finds_nothing),
        cmocka_unit_test(test_search_and_segments),
        cmocka_unit_test(test_search_budget),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_endless_lines),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
