/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for senders: what each exchange breaks, however its bytes are cut. */
#include "analyzer/known_head.h"
#include "analyzer/value_memo.h"

#include "lone_conn.h"

struct bench {
    struct lone_conn lone;
    int from;       /* the first note to tell */
    char log[4096]; /* a line a transaction: its notes from that on */
    size_t log_len;
};

static void say(struct bench *b, const char *text) {
    size_t len = strlen(text);
    assert_true(b->log_len + len < sizeof b->log);
    memcpy(b->log + b->log_len, text, len + 1);
    b->log_len += len;
}

static void on_finished(void *context, const struct transaction *t) {
    struct bench *b = context;
    bool first = true;
    if (t->type == TRANSACTION_TUNNEL) {
        return;
    }
    say(b, t->type == TRANSACTION_SURPLUS ? "surplus: " : "");
    for (int id = b->from; id < NOTE_IDS; id++) {
        if (notes_has(&t->notes, (enum note_id)id)) {
            say(b, first ? "" : " ");
            say(b, note_info((enum note_id)id)->name);
            first = false;
        }
    }
    say(b, "\n");
}

/* What all conversations of the program are known by. */
struct memos {
    struct value_memo *values;
    struct known_heads *heads;
};
static struct memos memos;

/* `speech`: what client and server say in turn, NULL at its end; then both close. */
static void converse(struct bench *b, const char *const *speech, size_t most, int from, bool remembers,
                     bool no_caching) {
    *b = (struct bench){.from = from};
    const struct transaction_observer observer = {
        .context = b, .finished = on_finished, .no_caching = no_caching};
    lone_conn_init(&b->lone, &observer);
    if (remembers) {
        http_environment_remember(b->lone.environment, memos.values, memos.heads);
    }
    b->lone.start_ns = INT64_C(1795000000) * NS_PER_SECOND;
    lone_conn_open(&b->lone);
    for (unsigned i = 0; speech[i]; i++) {
        lone_conn_give(&b->lone, i % 2 ? SERVER : CLIENT, slice_of(speech[i]), most);
    }
    lone_conn_close(&b->lone, SERVER, END_FIN);
    lone_conn_fini(&b->lone);
}

static void check(const char *expected, const char *const *speech) {
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX, 1, 7, 64};
    struct bench b;
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        bool no_caching = i % 2; /* notes don't depend on who tells what else */
        converse(&b, speech, sizes[i / 2], NOTE_VERSION_UNKNOWN, i / 2 > 0, no_caching);
        if (strcmp(b.log, expected) != 0) {
            print_error("in pieces of %zu%s:\n%s%s\ninstead of \"%s\", \"%s\"\n", sizes[i / 2],
                        no_caching ? ", for notes only" : "", speech[0], speech[1] ? speech[1] : "", b.log,
                        expected);
            fail();
        }
    }
}

#define CRLF  "\r\n"
#define HOST  "Host: a.example" CRLF
#define DATE  "Date: Sun, 29 Nov 2026 08:00:00 GMT" CRLF
#define EMPTY "Content-Length: 0" CRLF
#define OK    "HTTP/1.1 200 OK" CRLF DATE

struct rule {
    const char *broken; /* notes expected, divided by spaces; "" for none */
    const char *request, *response;
};

static void check_rules(const struct rule *rules, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char expected[512];
        (void)snprintf(expected, sizeof expected, "%s\n", rules[i].broken);
        check(expected, (const char *const[]){rules[i].request, rules[i].response, NULL});
    }
}
#define CHECK_RULES(rules) check_rules(rules, sizeof(rules) / sizeof *(rules))

/* A request with the fields, answered without fault. */
#define ASK(method, fields) method " /x HTTP/1.1" CRLF HOST fields CRLF
#define REQUEST(broken, method, fields)                                                                      \
    { broken, ASK(method, fields), OK EMPTY CRLF }
/* A response to a plain GET. */
#define RESPONSE(broken, status, fields)                                                                     \
    { broken, ASK("GET", ""), "HTTP/1.1 " status CRLF fields CRLF }

static void test_rfc9112_2_3_version(void **state) {
    (void)state;
    static const struct rule rules[] = {
        {"", "GET / HTTP/1.0" CRLF CRLF, "HTTP/1.0 200 OK" CRLF DATE EMPTY CRLF},
        {"version_unknown", "GET / HTTP/1.2" CRLF HOST CRLF, OK EMPTY CRLF},
        {"version_unknown", ASK("GET", ""), "HTTP/3.1 200 OK" CRLF DATE EMPTY CRLF},
    };
    CHECK_RULES(rules);
}

static void test_rfc9110_5_3_singletons(void **state) {
    (void)state;
    static const struct rule rules[] = {
        REQUEST("singleton_repeated", "GET", "User-Agent: a" CRLF "user-agent: a" CRLF),
        REQUEST("", "GET", "Accept: a/b" CRLF "Accept: c/d" CRLF),
        RESPONSE("singleton_repeated", "200 OK", DATE "ETag: \"a\"" CRLF "ETag: \"b\"" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "Set-Cookie: a=b" CRLF "Set-Cookie: c=d" CRLF EMPTY),
    };
    CHECK_RULES(rules);
}

static void test_rfc9110_5_6_7_dates(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("date_syntax", "200 OK", "Date: yesterday" CRLF EMPTY),
        RESPONSE("date_syntax", "200 OK", DATE "Last-Modified: 2026-11-29" CRLF EMPTY),
        RESPONSE("date_obsolete", "200 OK", "Date: Sunday, 29-Nov-26 08:00:00 GMT" CRLF EMPTY),
        RESPONSE("date_obsolete", "200 OK", "Date: Sun Nov 29 08:00:00 2026" CRLF EMPTY),
        RESPONSE("date_weekday", "200 OK", "Date: Mon, 29 Nov 2026 08:00:00 GMT" CRLF EMPTY),
        RESPONSE("expires_no_date", "200 OK", DATE "Expires: 0" CRLF EMPTY),
        RESPONSE("expires_no_date", "200 OK", DATE "Expires: -1" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "Expires: Sun, 29 Nov 2026 08:00:00 GMT" CRLF EMPTY),
        RESPONSE("", "503 Busy", DATE "Retry-After: 120" CRLF EMPTY),
        RESPONSE("", "503 Busy", DATE "Retry-After: 99999999999999999999" CRLF EMPTY),
        RESPONSE("date_syntax", "503 Busy", DATE "Retry-After: 2 min" CRLF EMPTY),
        REQUEST("date_syntax", "GET", "If-Modified-Since: never" CRLF),
        REQUEST("", "GET", "If-Modified-Since: Sun, 29 Nov 2026 08:00:00 GMT" CRLF),
    };
    CHECK_RULES(rules);
}

static void test_rfc9110_6_6_1_date_missing(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("date_missing", "200 OK", EMPTY),
        RESPONSE("date_missing", "404 Not Found", EMPTY),
        RESPONSE("", "500 Internal", EMPTY),
        {"", "GET / HTTP/1.0" CRLF CRLF, "HTTP/1.0 200 OK" CRLF DATE CRLF},
    };
    CHECK_RULES(rules);
}

static void test_values(void **state) {
    (void)state;
    static const struct rule rules[] = {
        /* RFC 9111 section 5.1, RFC 9110 sections 7.6.2, 8.3 and 8.8.3 */
        RESPONSE("number_syntax", "200 OK", DATE "Age: 1.5" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "Age: 15" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "Age: 99999999999999999999" CRLF EMPTY),
        REQUEST("number_syntax", "OPTIONS", "Max-Forwards: few" CRLF),
        RESPONSE("content_type_syntax", "200 OK", DATE "Content-Type: html" CRLF EMPTY),
        RESPONSE("content_type_syntax", "200 OK", DATE "Content-Type: text/; a=b" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "Content-Type: text/html; charset=utf-8" CRLF EMPTY),
        RESPONSE("etag_syntax", "200 OK", DATE "ETag: abc" CRLF EMPTY),
        RESPONSE("etag_syntax", "200 OK", DATE "ETag: \"a b\"" CRLF EMPTY),
        RESPONSE("etag_syntax", "200 OK", DATE "ETag: w/\"a\"" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "ETag: W/\"\"" CRLF EMPTY),
    };
    CHECK_RULES(rules);
}

#define CHUNKED OK "Transfer-Encoding: chunked" CRLF CRLF "1" CRLF "x" CRLF "0" CRLF

static void test_rfc9110_6_5_1_trailers(void **state) {
    (void)state;
    static const struct rule rules[] = {
        {"trailer_forbidden", ASK("GET", ""), CHUNKED "Content-Length: 1" CRLF CRLF},
        {"trailer_forbidden", ASK("GET", ""), CHUNKED "Set-Cookie: a=b" CRLF CRLF},
        {"", ASK("GET", ""), CHUNKED "Server-Timing: a" CRLF CRLF},
    };
    CHECK_RULES(rules);
}

static void test_rfc9110_7_6_1_connection(void **state) {
    (void)state;
    static const struct rule rules[] = {
        REQUEST("connection_option_missing", "GET", "TE: trailers" CRLF),
        REQUEST("", "GET", "TE: trailers" CRLF "Connection: close, TE" CRLF),
        REQUEST("te_chunked", "GET", "TE: trailers, chunked;q=0.5" CRLF "Connection: TE" CRLF),
        RESPONSE("connection_option_missing", "200 OK", DATE "Upgrade: h2c" CRLF EMPTY),
        RESPONSE("", "200 OK", DATE "Upgrade: h2c" CRLF "Connection: upgrade" CRLF EMPTY),
        REQUEST("connection_end_to_end", "GET", "Connection: close, Cache-Control" CRLF),
        REQUEST("", "GET", "Connection: keep-alive, X-Own" CRLF),
    };
    CHECK_RULES(rules);
}

static void test_credentials(void **state) {
    (void)state;
    static const struct rule rules[] = {
        REQUEST("cleartext_credentials", "GET", "Authorization: basic YTpi" CRLF),
        REQUEST("cleartext_credentials", "GET", "Authorization: Bearer abc" CRLF),
        REQUEST("cleartext_credentials", "GET", "Proxy-Authorization: Basic YTpi" CRLF),
        REQUEST("", "GET", "Authorization: Digest username=\"a\"" CRLF),
        REQUEST("", "GET", "Authorization: Basic" CRLF),
        {"cleartext_credentials", "GET http://a:b@a.example/ HTTP/1.1" CRLF HOST CRLF, OK EMPTY CRLF},
        /* RFC 9110 section 9.3.8 */
        REQUEST("trace_sensitive", "TRACE", "Cookie: a=b" CRLF),
        REQUEST("", "TRACE", "Max-Forwards: 1" CRLF),
        /* RFC 9110 section 10.1.3 */
        REQUEST("referer_parts", "GET", "Referer: http://a.example/x#top" CRLF),
        REQUEST("referer_parts", "GET", "Referer: http://me@a.example/x" CRLF),
        REQUEST("", "GET", "Referer: http://a.example/x?mail=me@b.example" CRLF),
    };
    CHECK_RULES(rules);
}

static void test_content_of_requests(void **state) {
    (void)state;
    static const struct rule rules[] = {
        REQUEST("expect_without_content", "POST", "Expect: 100-continue" CRLF EMPTY),
        REQUEST("expect_without_content", "GET", "Expect: 100-continue" CRLF),
        REQUEST("expectation_unknown", "GET", "Expect: coffee" CRLF),
        {"", ASK("POST", "Expect: 100-continue" CRLF "Content-Length: 1" CRLF) "x", OK EMPTY CRLF},
        {"options_content_untyped", ASK("OPTIONS", "Content-Length: 1" CRLF) "x", OK EMPTY CRLF},
        {"", ASK("OPTIONS", "Content-Type: a/b" CRLF "Content-Length: 1" CRLF) "x", OK EMPTY CRLF},
        REQUEST("if_range_alone", "GET", "If-Range: \"a\"" CRLF),
        REQUEST("if_range_weak", "GET", "Range: bytes=0-1" CRLF "If-Range: W/\"a\"" CRLF),
        REQUEST("", "GET", "Range: bytes=0-1" CRLF "If-Range: \"a\"" CRLF),
    };
    CHECK_RULES(rules);
}

static void test_fields_that_a_status_needs(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("challenge_missing", "401 Unauthorized", DATE EMPTY),
        RESPONSE("", "401 Unauthorized", DATE EMPTY "WWW-Authenticate: Basic realm=\"a\"" CRLF),
        RESPONSE("challenge_missing", "407 Proxy", DATE EMPTY "WWW-Authenticate: Basic" CRLF),
        RESPONSE("", "407 Proxy", DATE EMPTY "Proxy-Authenticate: Basic" CRLF),
        RESPONSE("allow_missing", "405 Not Allowed", DATE EMPTY),
        RESPONSE("", "405 Not Allowed", DATE EMPTY "Allow: " CRLF),
        RESPONSE("upgrade_missing", "426 Upgrade", DATE EMPTY),
        RESPONSE("", "426 Upgrade", DATE EMPTY "Upgrade: h2c" CRLF "Connection: upgrade" CRLF),
        RESPONSE("location_missing", "302 Found", DATE EMPTY),
        RESPONSE("", "300 Choices", DATE EMPTY),
    };
    CHECK_RULES(rules);
}

/* Fields beyond those that are stored may be the ones that seem to be missing. */
static void test_a_head_that_is_not_known_whole_lacks_nothing(void **state) {
    (void)state;
    enum { FIELDS = 1000 };
    static char request[64 + 8 * FIELDS], response[64 + 8 * FIELDS];
    const char *const speech[] = {request, response, NULL};
    for (unsigned more = 0; more < 2; more++) {
        struct bench b;
        char *ends[] = {stpcpy(request, "GET / HTTP/1.1" CRLF HOST "TE: trailers" CRLF),
                        stpcpy(response, "HTTP/1.1 401 No" CRLF EMPTY)};
        for (unsigned i = 0; more && i < FIELDS; i++) {
            ends[0] = stpcpy(ends[0], "A: b" CRLF);
            ends[1] = stpcpy(ends[1], "A: b" CRLF);
        }
        (void)stpcpy(ends[0], CRLF);
        (void)stpcpy(ends[1], CRLF);
        converse(&b, speech, SIZE_MAX, NOTE_VERSION_UNKNOWN, false, false);
        assert_string_equal(b.log,
                            more ? "\n" : "date_missing connection_option_missing challenge_missing\n");
    }
}

static void test_answers_to_what_was_not_asked(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("condition_unasked", "304 Not Modified", DATE),
        RESPONSE("condition_unasked", "412 Failed", DATE EMPTY),
        {"", ASK("GET", "If-None-Match: \"a\"" CRLF), "HTTP/1.1 304 Not Modified" CRLF DATE CRLF},
        {"", ASK("PUT", "If-Match: \"a\"" CRLF EMPTY), "HTTP/1.1 412 Failed" CRLF DATE EMPTY CRLF},
        {"", ASK("LOCK", "If: (<a>)" CRLF EMPTY), "HTTP/1.1 412 Failed" CRLF DATE EMPTY CRLF},
        {"", ASK("COPY", "Overwrite: F" CRLF EMPTY), "HTTP/1.1 412 Failed" CRLF DATE EMPTY CRLF},
        {"", ASK("PUT", "If-Schedule-Tag-Match: \"a\"" CRLF EMPTY),
         "HTTP/1.1 412 Failed" CRLF DATE EMPTY CRLF},
        {"condition_unasked", ASK("GET", "If: (<a>)" CRLF), "HTTP/1.1 304 No" CRLF DATE CRLF},
        RESPONSE("switch_unasked", "101 Switching", "Upgrade: a" CRLF "Connection: upgrade" CRLF),
        {"switch_unasked", ASK("GET", "Upgrade: b, c" CRLF "Connection: upgrade" CRLF),
         "HTTP/1.1 101 Switching" CRLF "Upgrade: a" CRLF "Connection: upgrade" CRLF CRLF},
        {"", ASK("GET", "Upgrade: b, A" CRLF "Connection: upgrade" CRLF),
         "HTTP/1.1 101 Switching" CRLF "Upgrade: a" CRLF "Connection: upgrade" CRLF CRLF},
        {"interim_to_1_0", "GET / HTTP/1.0" CRLF CRLF, "HTTP/1.1 103 Hints" CRLF CRLF OK EMPTY CRLF},
        {"", ASK("GET", ""), "HTTP/1.1 103 Hints" CRLF CRLF OK EMPTY CRLF},
        {"transfer_encoding_to_1_0", "GET / HTTP/1.0" CRLF CRLF, CHUNKED CRLF},
        {"reset_content", ASK("GET", ""), "HTTP/1.1 205 Reset" CRLF DATE "Content-Length: 1" CRLF CRLF "x"},
        RESPONSE("", "205 Reset", DATE EMPTY),
    };
    CHECK_RULES(rules);
}

#define MOVED(location, more) "HTTP/1.1 302 Found" CRLF DATE EMPTY "Location: " location CRLF more CRLF
#define FROM(target)          "GET " target " HTTP/1.1" CRLF HOST CRLF

static void test_rfc9110_15_4_redirects(void **state) {
    (void)state;
    static const struct rule rules[] = {
        {"redirect_loop", FROM("/a/b?c"), MOVED("/a/b?c", "")},
        {"redirect_loop", FROM("/a/b?c"), MOVED("http://A.example:80/a/b?c#top", "")},
        {"", FROM("/a/b?c"), MOVED("https://a.example/a/b?c", "")},
        {"", FROM("/a/b?c"), MOVED("/a/b?d", "")},
        {"", FROM("/a/b"), MOVED("/a/b", "Set-Cookie: seen=1" CRLF)},
        {"", ASK("POST", EMPTY), MOVED("/x", "")},
        {"redirect_growing", FROM("/a/b"), MOVED("/a/b/b", "")},
        {"redirect_growing", FROM("/a/"), MOVED("/a/a/", "")},
        {"redirect_growing", FROM("/p?a=1"), MOVED("/p?a=1&a=1", "")},
        {"redirect_growing", FROM("/login?next=/login"), MOVED("/login?next=/login%3Fnext=/login", "")},
        {"", FROM("/login"), MOVED("/login?next=/login", "")},
        {"", FROM("/a"), MOVED("/a/", "")},
        {"", FROM("/e"), MOVED("/ee", "")},
        {"", FROM("/a/b"), MOVED("b", "")},
        {"", FROM("/"), MOVED("//b.example/", "")},
        {"", FROM("/a/b"), MOVED("", "")},
    };
    CHECK_RULES(rules);
}

static void test_how_values_are_written(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("field_wrong_side", "200 OK", DATE EMPTY "Host: a.example" CRLF),
        REQUEST("field_wrong_side", "GET", "Set-Cookie: a=b" CRLF),
        /* RFC 9110 section 5.6.1.1 */
        REQUEST("list_empty_member", "GET", "Accept: a/b,,c/d" CRLF),
        REQUEST("list_empty_member", "GET", "Accept: a/b" CRLF "Accept: c/d ," CRLF),
        REQUEST("", "GET", "If-None-Match: \"a,,b\"" CRLF),
        REQUEST("", "GET", "Accept:" CRLF),
        /* 12.4.2 */
        REQUEST("weight_syntax", "GET", "Accept: a/b;q=0.1234" CRLF),
        REQUEST("weight_syntax", "GET", "Accept-Language: de, en;q=2" CRLF),
        REQUEST("", "GET", "Accept: a/b;q=0.123, c/d;q=1.000, e/f; q=0" CRLF),
        /* RFC 9111 section 5.2 */
        REQUEST("directive_quoted", "GET", "Cache-Control: max-age=\"5\"" CRLF),
        RESPONSE("directive_quoted", "200 OK", DATE EMPTY "Cache-Control: public, s-maxage=\"5\"" CRLF),
        RESPONSE("", "200 OK", DATE EMPTY "Cache-Control: private=\"a\", max-age=5" CRLF),
    };
    CHECK_RULES(rules);
}

#define CHALLENGE(broken, text) RESPONSE(broken, "401 No", DATE EMPTY "WWW-Authenticate: " text CRLF)

static void test_rfc9110_11_challenges(void **state) {
    (void)state;
    static const struct rule rules[] = {
        CHALLENGE("", "Basic realm=\"a\", charset=\"UTF-8\""),
        CHALLENGE("", "Basic realm=\"a\", Digest realm=\"a\", nonce=\"b\", Negotiate"),
        CHALLENGE("", "Negotiate YWJj="),
        CHALLENGE("", "NTLM"),
        CHALLENGE("realm_unquoted", "Basic realm=a"),
        CHALLENGE("realm_unquoted", "Digest nonce=\"b\", realm=a"),
        CHALLENGE("auth_parameter_repeated", "Basic realm=\"a\", realm=\"b\""),
        CHALLENGE("bad_white_space", "Basic realm = \"a\""),
    };
    CHECK_RULES(rules);
}

static void test_rfc9110_4_2_uris(void **state) {
    (void)state;
    static const struct rule rules[] = {
        REQUEST("uri_without_host", "GET", "Referer: http:///x" CRLF),
        {"uri_without_host", FROM("/"), MOVED("https://:80/", "")},
        {"https_in_clear", FROM("https://a.example/"), OK EMPTY CRLF},
        REQUEST("referer_secure", "GET", "Referer: https://a.example/" CRLF),
        REQUEST("", "GET", "Referer: http://a.example/" CRLF),
    };
    CHECK_RULES(rules);
}

static void test_status_against_request(void **state) {
    (void)state;
    static const struct rule rules[] = {
        /* RFC 9112 sections 3.2, 5.1 and 6.3 */
        {"bad_request_accepted", "GET / HTTP/1.1" CRLF CRLF, OK EMPTY CRLF},
        {"", "GET / HTTP/1.1" CRLF CRLF, "HTTP/1.1 400 Bad" CRLF DATE EMPTY CRLF},
        {"bad_request_accepted", ASK("GET", HOST), OK EMPTY CRLF},
        {"bad_request_accepted", ASK("GET", "X : y" CRLF), OK EMPTY CRLF},
        {"", ASK("GET", ""), OK "X : y" CRLF EMPTY CRLF},
        REQUEST("bad_request_accepted", "POST", "Content-Length: x" CRLF),
        {"bad_request_accepted", "CONNECT a.example HTTP/1.1" CRLF HOST CRLF, OK CRLF},
        REQUEST("", "POST", EMPTY EMPTY),
        /* RFC 9110 section 9.1 */
        RESPONSE("method_refused", "501 No", DATE EMPTY),
        {"", ASK("PUT", EMPTY), "HTTP/1.1 501 No" CRLF DATE EMPTY CRLF},
        /* RFC 9110 section 7.8 */
        {"switch_before_continue",
         ASK("GET", "Upgrade: a" CRLF "Connection: upgrade" CRLF "Expect: 100-continue" CRLF
                    "Content-Length: 1" CRLF) "x",
         "HTTP/1.1 101 Switching" CRLF "Upgrade: a" CRLF "Connection: upgrade" CRLF CRLF},
        /* RFC 9110 section 12.5.3 */
        RESPONSE("accept_encoding_unrelated", "415 No", DATE EMPTY "Accept-Encoding: gzip" CRLF),
        {"", ASK("POST", EMPTY "Content-Encoding: br" CRLF),
         "HTTP/1.1 415 No" CRLF DATE EMPTY "Accept-Encoding: gzip" CRLF CRLF},
        /* RFC 9112 section 9.3 */
        {"keep_alive_to_1_0", "GET http://a.example/ HTTP/1.0" CRLF CRLF,
         "HTTP/1.0 200 OK" CRLF DATE EMPTY "Connection: keep-alive" CRLF CRLF},
    };
    CHECK_RULES(rules);
}

#define NOT_MODIFIED(fields) "HTTP/1.1 304 Not Modified" CRLF DATE fields CRLF

static void test_rfc9110_13_conditions(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("last_modified_future", "200 OK",
                 DATE EMPTY "Last-Modified: Mon, 30 Nov 2026 08:00:00 GMT" CRLF),
        RESPONSE("", "200 OK", DATE EMPTY "Last-Modified: Sun, 29 Nov 2026 08:00:00 GMT" CRLF),
        {"condition_method", ASK("POST", EMPTY "If-None-Match: \"a\"" CRLF), NOT_MODIFIED("")},
        {"", ASK("HEAD", "If-None-Match: \"a\"" CRLF), NOT_MODIFIED("ETag: W/\"a\"" CRLF)},
        {"condition_method", ASK("OPTIONS", "If-Match: \"a\"" CRLF), "HTTP/1.1 412 No" CRLF DATE EMPTY CRLF},
        {"not_modified_mismatch", ASK("GET", "If-None-Match: \"a\", \"b\"" CRLF),
         NOT_MODIFIED("ETag: \"c\"" CRLF)},
        {"", ASK("GET", "If-None-Match: *" CRLF), NOT_MODIFIED("ETag: \"c\"" CRLF)},
        {"precondition_ignored", ASK("GET", "If-None-Match: W/\"a\"" CRLF), OK EMPTY "ETag: \"a\"" CRLF CRLF},
        {"precondition_ignored", ASK("GET", "If-Match: W/\"a\"" CRLF), OK EMPTY "ETag: \"a\"" CRLF CRLF},
        {"", ASK("GET", "If-Match: \"b\", \"a\"" CRLF), OK EMPTY "ETag: \"a\"" CRLF CRLF},
        {"singleton_repeated", /* and ignored, as all that are no date (section 13.1.4) */
         ASK("GET", "If-Unmodified-Since: Sat, 28 Nov 2026 08:00:00 GMT" CRLF
                    "If-Unmodified-Since: Sat, 28 Nov 2026 08:00:00 GMT" CRLF),
         OK EMPTY "Last-Modified: Sun, 29 Nov 2026 08:00:00 GMT" CRLF CRLF},
        {"precondition_ignored", ASK("GET", "If-Unmodified-Since: Sat, 28 Nov 2026 08:00:00 GMT" CRLF),
         OK EMPTY "Last-Modified: Sun, 29 Nov 2026 07:00:00 GMT" CRLF CRLF},
    };
    CHECK_RULES(rules);
}

#define PART(fields) "HTTP/1.1 206 Partial" CRLF DATE fields CRLF
#define FIRST_TWO    ASK("GET", "Range: bytes=0-1" CRLF)
#define PARTS        "Content-Type: multipart/byteranges"

static void test_rfc9110_14_ranges(void **state) {
    (void)state;
    static const struct rule rules[] = {
        {"", FIRST_TWO, PART("Content-Range: bytes 0-1/9" CRLF "Content-Length: 2" CRLF) "ab"},
        {"partial_unasked", ASK("GET", ""),
         PART("Content-Range: bytes 0-1/9" CRLF "Content-Length: 2" CRLF) "ab"},
        {"content_range_missing", FIRST_TWO, PART("Content-Length: 2" CRLF) "ab"},
        {"content_range_syntax", FIRST_TWO,
         PART("Content-Range: bytes 1-0/9" CRLF "Content-Length: 2" CRLF) "ab"},
        {"content_range_mismatch", FIRST_TWO,
         PART("Content-Range: bytes 0-1/9" CRLF "Content-Length: 3" CRLF) "abc"},
        {"content_range_mismatch", FIRST_TWO,
         PART("Content-Range: bytes 5-6/9" CRLF "Content-Length: 2" CRLF) "fg"},
        {"content_range_unexpected", FIRST_TWO, OK "Content-Range: bytes 0-1/9" CRLF EMPTY CRLF},
        {"multipart_unasked", FIRST_TWO, PART(PARTS "; boundary=x" CRLF EMPTY)},
        {"byteranges_syntax", ASK("GET", "Range: bytes=0-1,4-5" CRLF), PART(PARTS CRLF EMPTY)},
        {"multipart_content_range", ASK("GET", "Range: bytes=0-1,4-5" CRLF),
         PART(PARTS "; boundary=x" CRLF EMPTY "Content-Range: bytes 0-1/9" CRLF)},
        {"range_refused", FIRST_TWO, "HTTP/1.1 416 No" CRLF DATE EMPTY "Content-Range: bytes */9" CRLF CRLF},
        {"if_range_ignored", ASK("GET", "Range: bytes=0-1" CRLF "If-Range: \"a\"" CRLF),
         PART("Content-Range: bytes 0-1/9" CRLF "Content-Length: 2" CRLF "ETag: \"b\"" CRLF) "ab"},
        REQUEST("range_syntax", "GET", "Range: bytes=2-1" CRLF),
        REQUEST("range_syntax", "GET", "Range: bytes" CRLF),
        REQUEST("", "GET", "Range: bytes=-5" CRLF),
    };
    CHECK_RULES(rules);
}

static void test_rfc9111_4_caches(void **state) {
    (void)state;
    static const struct rule rules[] = {
        RESPONSE("stale_forbidden", "200 OK",
                 DATE EMPTY "Age: 61" CRLF "Cache-Control: max-age=60, must-revalidate" CRLF),
        RESPONSE("stale_forbidden", "200 OK", DATE EMPTY "Age: 61" CRLF "Cache-Control: s-maxage=60" CRLF),
        RESPONSE("", "200 OK", DATE EMPTY "Age: 60" CRLF "Cache-Control: s-maxage=60" CRLF),
        RESPONSE("stale_served", "200 OK", DATE EMPTY "Age: 61" CRLF "Cache-Control: max-age=60" CRLF),
        RESPONSE("", "200 OK",
                 DATE EMPTY "Age: 70" CRLF "Cache-Control: max-age=60, stale-while-revalidate=10" CRLF),
        RESPONSE("", "200 OK", DATE EMPTY "Age: 70" CRLF "Cache-Control: max-age=60, stale-if-error=10" CRLF),
        RESPONSE("stale_served", "200 OK",
                 DATE EMPTY "Age: 71" CRLF "Cache-Control: max-age=60, stale-while-revalidate=10" CRLF),
        RESPONSE("stale_served", "200 OK",
                 DATE EMPTY "Age: 61" CRLF "Cache-Control: max-age=60, stale-while-revalidate=x" CRLF),
        RESPONSE("stale_forbidden", "200 OK",
                 DATE EMPTY "Age: 61" CRLF
                            "Cache-Control: must-revalidate, max-age=60, stale-if-error=9" CRLF),
        RESPONSE("", "200 OK",
                 DATE EMPTY "Age: 61" CRLF "Cache-Control: no-store, max-age=60" CRLF
                            "CDN-Cache-Control: max-age=90" CRLF),
        RESPONSE("stale_served", "200 OK",
                 DATE EMPTY "Age: 91" CRLF "Cache-Control: max-age=99" CRLF
                            "CDN-Cache-Control: max-age=90" CRLF),
        {"", ASK("GET", "Cache-Control: max-stale" CRLF),
         OK EMPTY "Age: 61" CRLF "Cache-Control: max-age=60" CRLF CRLF},
        RESPONSE("cached_forbidden", "200 OK", DATE EMPTY "Age: 1" CRLF "Cache-Control: no-store" CRLF),
        RESPONSE("cached_forbidden", "200 OK", DATE EMPTY "Age: 1" CRLF "Cache-Control: no-cache" CRLF),
        RESPONSE("cached_forbidden", "200 OK", DATE EMPTY "Age: 1" CRLF "Vary: *" CRLF),
        RESPONSE("", "200 OK", DATE EMPTY "Age: 0" CRLF "Cache-Control: no-cache" CRLF),
        {"cached_forbidden", ASK("POST", EMPTY), OK EMPTY "Age: 1" CRLF CRLF},
        /* A head that is cut has no verdict. */
        {"", ASK("GET", ""),
         OK EMPTY "Age: 61" CRLF "Cache-Control: no-cache, max-age=60" CRLF "Vary: *" CRLF},
    };
    CHECK_RULES(rules);
}

static void test_rfc9112_6_1_connection_kept(void **state) {
    (void)state;
    check("\nconnection_kept\n",
          (const char *const[]){ASK("POST", EMPTY "Transfer-Encoding: chunked" CRLF) "0" CRLF CRLF,
                                OK EMPTY CRLF, ASK("GET", ""), OK EMPTY CRLF, NULL});
}

/* Notes that the lexer, the framing and the target give. */
static void test_syntax_as_notes(void **state) {
    (void)state;
    static const struct rule rules[] = {
        REQUEST("field_without_colon", "GET", "lonely" CRLF),
        REQUEST("empty_field_name", "GET", ": x" CRLF),
        REQUEST("host_repeated", "GET", HOST),
        {"host_syntax", "GET / HTTP/1.1" CRLF "Host: a b" CRLF CRLF, OK EMPTY CRLF},
        {"target_spaces", "GET /a b HTTP/1.1" CRLF HOST CRLF, OK EMPTY CRLF},
        {"first_field_folded", "GET / HTTP/1.1" CRLF " X: y" CRLF HOST CRLF, OK EMPTY CRLF},
        {"method_long", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1" CRLF HOST CRLF, OK EMPTY CRLF},
        {"status_syntax", ASK("GET", ""), "HTTP/1.1 2000 OK" CRLF DATE EMPTY CRLF},
        {"chunked_twice", ASK("GET", ""),
         OK "Transfer-Encoding: chunked, chunked" CRLF CRLF "1" CRLF "x" CRLF "0" CRLF CRLF},
        {"unsolicited_response", ASK("GET", ""), OK EMPTY CRLF OK EMPTY CRLF},
    };
    struct bench b;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char log[sizeof b.log];
        const char *const speech[] = {rules[i].request, rules[i].response, NULL};
        converse(&b, speech, SIZE_MAX, 0, false, false);
        if (!strstr(b.log, rules[i].broken)) {
            fail_msg("%s: %s", rules[i].broken, b.log);
        }
        memcpy(log, b.log, sizeof log);
        converse(&b, speech, SIZE_MAX, 0, false, true);
        assert_string_equal(b.log, log);
    }
}

static void test_rfc9112_6_3_surplus(void **state) {
    (void)state;
    check("\nsurplus: surplus_bytes\n\n",
          (const char *const[]){ASK("HEAD", ""), OK "Content-Length: 5" CRLF CRLF "<a/>\n", ASK("GET", ""),
                                OK EMPTY CRLF, NULL});
    check("\nsurplus: surplus_bytes\n\n",
          (const char *const[]){ASK("GET", "If-None-Match: *" CRLF),
                                "HTTP/1.1 304 Not Modified" CRLF DATE CRLF "<p>not modified</p>",
                                ASK("GET", ""), OK EMPTY CRLF, NULL});
    check("\nsurplus: surplus_bytes\n\n",
          (const char *const[]){ASK("GET", ""), OK "Content-Length: 1" CRLF CRLF "x{}", ASK("GET", ""),
                                OK EMPTY CRLF, NULL});
    check("\nsurplus: surplus_bytes\n", (const char *const[]){ASK("HEAD", ""), OK CRLF "<a/>\n", NULL});
    check("\n\n", (const char *const[]){ASK("GET", ""), OK "Content-Length: 1" CRLF CRLF "x" CRLF,
                                        ASK("GET", ""), OK EMPTY CRLF, NULL});
}

static void test_rfc9112_8_length(void **state) {
    (void)state;
    static const struct rule rules[] = {
        {"length_unlike_body", ASK("GET", ""), OK "Content-Length: 5" CRLF CRLF "x"},
        {"length_unlike_body", ASK("GET", ""), OK "Content-Length: 5" CRLF CRLF},
        {"", ASK("HEAD", ""), OK "Content-Length: 5" CRLF CRLF},
        {"", ASK("GET", ""), OK CRLF "x"},
        /* RFC 9110 section 10.1.1: it waited, and was refused */
        {"", ASK("PUT", "Content-Length: 5" CRLF "Expect: 100-continue" CRLF),
         "HTTP/1.1 413 No" CRLF DATE EMPTY CRLF},
        {"length_unlike_body", ASK("PUT", "Content-Length: 5" CRLF), "HTTP/1.1 413 No" CRLF DATE EMPTY CRLF},
        {"length_unlike_body", ASK("PUT", "Content-Length: 5" CRLF "Expect: 100-continue" CRLF) "x",
         "HTTP/1.1 413 No" CRLF DATE EMPTY CRLF},
        {"length_unlike_body", ASK("PUT", "Content-Length: 5" CRLF "Expect: 100-continue" CRLF),
         "HTTP/1.1 100 Continue" CRLF CRLF "HTTP/1.1 413 No" CRLF DATE EMPTY CRLF},
    };
    CHECK_RULES(rules);
}

static void test_rfc9112_9_6_close(void **state) {
    (void)state;
    check("\nmessage_after_close\n",
          (const char *const[]){ASK("GET", "Connection: close" CRLF), OK EMPTY CRLF, ASK("GET", ""),
                                OK EMPTY CRLF, NULL});
    check("\nmessage_after_close\n",
          (const char *const[]){ASK("GET", ""), OK EMPTY "Connection: close" CRLF CRLF, ASK("GET", ""),
                                OK EMPTY CRLF, NULL});
    check("\n\n", (const char *const[]){ASK("GET", ""), OK EMPTY CRLF, ASK("GET", ""),
                                        OK EMPTY "Connection: close" CRLF CRLF, NULL});
}

static int make_memos(void **state) {
    (void)state;
    memos = (struct memos){value_memo_new(), known_heads_new(0)};
    return memos.values && memos.heads ? 0 : -1;
}

static int free_memos(void **state) {
    (void)state;
    value_memo_free(memos.values);
    known_heads_free(memos.heads);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc9112_2_3_version),
        cmocka_unit_test(test_rfc9110_5_3_singletons),
        cmocka_unit_test(test_rfc9110_5_6_7_dates),
        cmocka_unit_test(test_rfc9110_6_6_1_date_missing),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_rfc9110_6_5_1_trailers),
        cmocka_unit_test(test_rfc9110_7_6_1_connection),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_content_of_requests),
        cmocka_unit_test(test_fields_that_a_status_needs),
        cmocka_unit_test(test_answers_to_what_was_not_asked),
        cmocka_unit_test(test_a_head_that_is_not_known_whole_lacks_nothing),
        cmocka_unit_test(test_rfc9110_15_4_redirects),
        cmocka_unit_test(test_how_values_are_written),
        cmocka_unit_test(test_rfc9110_11_challenges),
        cmocka_unit_test(test_rfc9110_4_2_uris),
        cmocka_unit_test(test_status_against_request),
        cmocka_unit_test(test_rfc9110_13_conditions),
        cmocka_unit_test(test_rfc9110_14_ranges),
        cmocka_unit_test(test_rfc9111_4_caches),
        cmocka_unit_test(test_rfc9112_6_1_connection_kept),
        cmocka_unit_test(test_syntax_as_notes),
        cmocka_unit_test(test_rfc9112_6_3_surplus),
        cmocka_unit_test(test_rfc9112_8_length),
        cmocka_unit_test(test_rfc9112_9_6_close),
    };
    return cmocka_run_group_tests(tests, make_memos, free_memos);
}
