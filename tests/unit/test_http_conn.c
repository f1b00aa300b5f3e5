/* SPDX-License-Identifier: Apache-2.0 */
#include "http_bench.h"

static void keep_alive(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(3) "abc", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(2) "de", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 3 complete\ntransaction GET /2 200 ack body 2 complete\n");
}

static void pipelined_requests_go_in_order(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1") GET("/2") GET("/3"), 0);
    give(&b, SERVER, OK(1) "a" OK(1) "b", at(&b, CLIENT));
    give(&b, SERVER, OK(1) "c", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 order body 1 complete\ntransaction GET /2 200 order body 1 complete\n"
          "transaction GET /3 200 order body 1 complete\n");
}

/* The trap of the exact rule: /2 was sent when the client had all of the first answer, yet /1 is older and
 * still open. */
static void exact_fit_of_a_later_request_is_no_proof(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/0"), 0);
    give(&b, SERVER, OK(10) "01234", at(&b, CLIENT));
    give(&b, CLIENT, GET("/1"), at(&b, SERVER));
    give(&b, SERVER, "56789", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "x", at(&b, CLIENT));
    give(&b, SERVER, OK(1) "y", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /0 200 ack body 10 complete\ntransaction GET /1 200 order body 1 complete\n"
          "transaction GET /2 200 order body 1 complete\n");
}

static void response_waits_for_its_request(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    size_t request_len = strlen(GET("/late"));
    assert_int_equal(offer(&b, SERVER, OK(0), request_len, false), strlen(OK(0)));
    give(&b, CLIENT, GET("/late"), 0);
    give(&b, SERVER, OK(0), request_len);
    check(&b, END_FIN, "transaction GET /late 200 ack body 0 complete\n");
}

static void response_beyond_the_skew_is_an_orphan(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    size_t request_len = strlen(GET("/late"));
    assert_int_equal(offer(&b, SERVER, OK(0), request_len, true), 0);
    give(&b, CLIENT, GET("/late"), 0);
    check(&b, END_FIN,
          "orphan_response 200 request_late body 0 incomplete\norphan_request GET /late request_late body 0 "
          "incomplete\n");
}

static void lost_response_leaves_its_request_alone(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    lose(&b, SERVER, 500);
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "b", at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_request GET /1 response_lost body 0 incomplete\ntransaction GET /2 200 ack body 1 "
          "complete\n");
}

/* What was not captured has no time, and nothing is measured from it. */
static void lost_ends_have_no_times(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_times = true;
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(9) "a", at(&b, CLIENT));
    lose(&b, SERVER, 4);
    give(&b, SERVER, "abcd", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(9) "a", at(&b, CLIENT));
    lose(&b, SERVER, 8);
    give(&b, CLIENT, "PUT /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", at(&b, SERVER));
    lose(&b, CLIENT, 1);
    give(&b, SERVER, OK(1) "a", at(&b, CLIENT));
    give(&b, CLIENT, GET("/4"), at(&b, SERVER));
    lose(&b, SERVER, 50);
    give(&b, CLIENT, GET("/5"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "a", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 5 missing 4 incomplete request 0 wait 1 response 1\n"
          "transaction GET /2 200 ack body 1 missing 8 incomplete idle 1 request 0 wait 1\n"
          "transaction PUT /3 200 ack body 1 incomplete response 0\n"
          "orphan_request GET /4 response_lost body 0 incomplete request 0\n"
          "transaction GET /5 200 ack body 1 complete request 0 wait 1 response 0\n");
}

static void lost_request_leaves_its_response_alone(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(1) "a", at(&b, CLIENT));
    lose(&b, CLIENT, 40);
    give(&b, SERVER, OK(1) "b", at(&b, CLIENT));
    give(&b, CLIENT, GET("/3"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "c", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 1 complete\norphan_response 200 request_lost body 1 incomplete\n"
          "transaction GET /3 200 ack body 1 complete\n");
}

/* libhtp's known trap: lost response 1 and lost request 2 must not pair request 1 with response 2. */
static void lost_response_and_lost_request(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    lose(&b, SERVER, 300);
    lose(&b, CLIENT, 40);
    give(&b, SERVER, OK(1) "b", at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_request GET /1 response_lost body 0 incomplete\norphan_response 200 request_lost body 1 "
          "incomplete\n");
}

static void loss_inside_a_body_costs_only_its_bytes(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(100) "abc", at(&b, CLIENT));
    lose(&b, SERVER, 97);
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 3 missing 97 incomplete\ntransaction GET /2 200 ack body 0 "
          "complete\n");
}

static void loss_beyond_a_body_finds_the_next_message(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(100) "abc", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER) + 97);
    lose(&b, SERVER, 120);
    give(&b, CLIENT, GET("/3"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 3 missing 97 incomplete\norphan_request GET /2 response_lost body "
          "0 incomplete\n"
          "transaction GET /3 200 ack body 0 complete\n");
}

static void interim_responses_close_nothing(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "PUT /u HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", 0);
    give(&b, SERVER, "HTTP/1.1 100 Continue\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, "data", at(&b, SERVER));
    give(&b, SERVER, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", at(&b, CLIENT));
    give(&b, SERVER, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", at(&b, CLIENT));
    check(&b, END_FIN, "transaction PUT /u 201 (100) (103) ack body 0 complete\n");
}

/* The lost 100 was acknowledged by the client while it sent on: the final response still fits. */
static void lost_continue_is_proved_by_the_last_ack(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "PUT /u HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", 0);
    lose(&b, SERVER, 25);
    give(&b, CLIENT, "data", at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN, "transaction PUT /u 200 ack body 0 complete\n");
}

static void early_response(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "POST /u HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf", 0);
    give(&b, SERVER, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, "half", at(&b, SERVER));
    check(&b, END_FIN, "transaction POST /u 413 ack body 0 complete\n");
}

static void head_has_no_body(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    give(&b, SERVER, OK(100), at(&b, CLIENT));
    give(&b, CLIENT, GET("/g"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "x", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction HEAD /h 200 ack body 0 complete\ntransaction GET /g 200 ack body 1 complete\n");
}

/* Responses alone, pipelined: where the body of an image should begin stands the next status line, so its
 * request was HEAD. A text may well begin so. */
static void responses_to_pipelined_heads_alone(void **state) {
    (void)state;
    struct bench b;
    for (int text = 0; text < 2; text++) {
        setup(&b);
        b.lone.connection.one_sided = true;
        char bytes[512];
        snprintf(bytes, sizeof bytes,
                 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: 62\r\n\r\n"
                 "HTTP/1.1 404 Not Found\r\nServer: a\r\nContent-Length: 5\r\n\r\nwhat?",
                 text ? "text/plain" : "image/png");
        lose(&b, CLIENT, 100);
        assert_int_equal(offer(&b, SERVER, bytes, at(&b, CLIENT), true), 0);
        conclude(&b, END_FIN);
        assert_int_equal(strstr(b.log, "404") != NULL, !text);
        assert_null(strstr(b.log, " complete"));
    }
}

/* What stands in the response's place says why there is none, whatever comes later. */
static void no_response_but_other_bytes(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, "XYZ nonsense\r\n", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_request GET /1 unreadable body 0 incomplete\n"
          "transaction GET /2 200 ack body 0 complete\n");
}

/* A server tires of waiting just when the next request is on its way. */
static void time_out_before_a_request(void **state) {
    (void)state;
    static const char time_out[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                                   "Content-Length: 0\r\n\r\n";
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    uint64_t heard = at(&b, SERVER);
    give(&b, SERVER, time_out, at(&b, CLIENT));
    give(&b, CLIENT, GET("/late"), heard);
    check(&b, END_RST,
          "transaction GET /1 200 ack body 0 complete\n"
          "orphan_response 408 unsolicited body 0 incomplete\n"
          "orphan_request GET /late connection_reset body 0 incomplete\n");
}

/* A 1xx that no request asked for is none of the next one's, which was sent when the client had it. */
static void interim_before_a_request(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(0) "HTTP/1.1 100 Continue\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, "HTTP/1.1 103 Early Hints\r\n\r\n" OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 0 complete\n"
          "transaction GET /2 200 (103) ack body 0 complete\n");
}

/* Its request is lost, so it may have been HEAD: the next response must not be swallowed. */
static void response_to_a_lost_head(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    lose(&b, CLIENT, 30);
    give(&b, SERVER, OK(100), at(&b, CLIENT));
    give(&b, CLIENT, GET("/g"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "x", at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 200 request_lost body 0 incomplete\ntransaction GET /g 200 ack body 1 complete\n");
}

static void http_0_9(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /old\r\n", 0);
    give(&b, SERVER, "<html>old</html>", at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /old 0 ack body 16 complete\n");
}

static void give_bytewise(struct bench *b, enum direction direction, const char *bytes, uint64_t ack) {
    for (const char *p = bytes; *p; p++) {
        const char byte[2] = {*p, 0};
        give(b, direction, byte, ack);
    }
}

static void http_0_9_with_an_empty_line(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give(&b, CLIENT, "GET /old\r\n\r\n", 0);
    give(&b, SERVER, "Hello", at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /old (0.9, 0 fields, 12 bytes, 1 segments) 0 ack body 5 complete\n");
}

/* Each byte a segment. The reply's first one might have been a status line's. */
static void http_0_9_typed(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give_bytewise(&b, CLIENT, "GET /old\r\n", 0);
    give_bytewise(&b, SERVER, "HTT is no status line", at(&b, CLIENT));
    give(&b, CLIENT, "\r\n", at(&b, SERVER));
    check(&b, END_FIN,
          "surplus client 2\n"
          "transaction GET /old (0.9, 0 fields, 10 bytes, 10 segments) 0 ack body 21 complete\n");
}

static void http_0_9_answered_with_a_status_line(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "POST /old\r\n", 0);
    give(&b, SERVER, "HTTP/1.0 400 Bad Request\r\n\r\nno", at(&b, CLIENT));
    check(&b, END_FIN, "transaction POST /old 400 ack body 2 complete\n");
}

static void http_0_9_not_answered(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give(&b, CLIENT, "GET /old\r\n", 0);
    check(&b, END_RST,
          "orphan_request GET /old (0.9, 0 fields, 10 bytes, 1 segments) connection_reset body 0 "
          "incomplete\n");
}

/* A line without its end is a whole one only where the stream ended well. */
static void http_0_9_without_a_line_end(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /old", 0);
    check(&b, END_FIN, "orphan_request GET /old connection_closed body 0 incomplete\n");
}

static void request_line_cut_by_a_reset(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /old", 0);
    give(&b, SERVER, "HTTP/1.0 408 Request Timeout\r\n\r\n", at(&b, CLIENT));
    check(&b, END_RST, "orphan_response 408 ambiguous body 0 incomplete of 1\n");
}

static const char left_out[] = "POST /form\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

static void version_left_out(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give(&b, CLIENT, left_out, 0);
    give(&b, SERVER, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction POST /form (0.0, 2 fields, 45 bytes, 1 segments) 400 ack body 0 complete\n"
          "transaction GET /2 (1.1, 1 fields, 28 bytes, 1 segments) 200 ack body 0 complete\n");
}

static void version_left_out_typed(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give_bytewise(&b, CLIENT, left_out, 0);
    give_bytewise(&b, SERVER, "HTTP/1.1 400 Bad Request\r\n\r\n", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction POST /form (0.0, 2 fields, 45 bytes, 45 segments) 400 ack body 0 complete\n");
}

/* A version that is there stays. */
static void http_0_9_by_name(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give(&b, CLIENT, "GET /old HTTP/0.9\r\nHost: a\r\n\r\n", 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /old (0.9, 1 fields, 30 bytes, 1 segments) 200 ack body 0 complete\n");
}

/* What the first segment's end leaves open goes to the message it turns out to belong to. */
static void bytes_behind_an_old_line(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    give(&b, CLIENT, "GET /1\r\nHE", 0);
    give(&b, CLIENT, "A", 0);
    give(&b, CLIENT, "D: x\r\n\r\n", 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, CLIENT, "GET /2\r\nHE", at(&b, SERVER));
    give(&b, CLIENT, "A", at(&b, SERVER));
    give(&b, CLIENT, "D /3 HTTP/1.1\r\nHost: a\r\n\r\n", at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 (0.0, 1 fields, 19 bytes, 3 segments) 200 ack body 0 complete\n"
          "transaction GET /2 (0.9, 0 fields, 8 bytes, 1 segments) 200 order body 0 complete\n"
          "transaction HEAD /3 (1.1, 1 fields, 29 bytes, 3 segments) 200 order body 0 complete\n");
}

/* Fields that were acknowledged by the answer come before it, whichever was captured first. */
static void fields_come_before_the_answer(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n", fields[] = "Host: a\r\n\r\n";
    give(&b, CLIENT, "GET /1\r\n", 0);
    assert_int_equal(offer(&b, SERVER, answer, at(&b, CLIENT) + strlen(fields), false), strlen(answer));
    give(&b, CLIENT, fields, 0);
    give(&b, SERVER, answer, at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /1 (0.0, 1 fields, 19 bytes, 2 segments) 200 ack body 0 complete\n");
}

/* An answer that is due although it acknowledges more than was captured does not end the request. */
static void fields_come_late(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n", fields[] = "Host: a\r\n\r\n";
    give(&b, CLIENT, "GET /1\r\n", 0);
    assert_int_equal(offer(&b, SERVER, answer, at(&b, CLIENT) + strlen(fields), true), 0);
    give(&b, CLIENT, fields, 0);
    check(&b, END_FIN, "transaction GET /1 (0.0, 1 fields, 19 bytes, 2 segments) 200 ack body 0 complete\n");
}

/* The client's next bytes acknowledge an answer that was not captured yet: they wait for it, and are no part
 * of the request it answers. */
static void what_follows_the_answer_waits_for_it(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.tell_request = true;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    give(&b, CLIENT, "GET /1\r\n", 0);
    assert_int_equal(offer(&b, CLIENT, "\r\n" GET("/2"), strlen(answer), false), 2 + strlen(GET("/2")));
    give(&b, SERVER, answer, at(&b, CLIENT));
    give(&b, CLIENT, "\r\n" GET("/2"), at(&b, SERVER));
    give(&b, SERVER, answer, at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 (0.9, 0 fields, 8 bytes, 1 segments) 200 ack body 0 complete\n"
          "transaction GET /2 (1.1, 1 fields, 28 bytes, 1 segments) 200 ack body 0 complete\n");
}

/* Fields may have been lost: the request is not whole. */
static void loss_behind_an_old_line(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /1\r\nHo", 0);
    lose(&b, CLIENT, 10);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /1 200 ack body 0 incomplete\n");
}

static void read_until_close(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /c HTTP/1.0\r\n\r\n", 0);
    give(&b, SERVER, "HTTP/1.0 200 OK\r\n\r\nall of it", at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /c 200 ack body 9 complete\n");
}

static void reset_cuts_read_until_close(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /c HTTP/1.0\r\n\r\n", 0);
    give(&b, SERVER, "HTTP/1.0 200 OK\r\n\r\nall of it", at(&b, CLIENT));
    check(&b, END_RST, "transaction GET /c 200 ack body 9 incomplete\n");
}

static void midstream_pairs_what_fits(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.lone.connection.midstream = true;
    b.lone.connection.start_known[0] = b.lone.connection.start_known[1] = false;
    b.lone.connection.delivered[CLIENT] += 1000;
    b.lone.connection.delivered[SERVER] += 5000;
    b.lone.connection.lowest[CLIENT] = BASE + 1000;
    b.lone.connection.lowest[SERVER] = BASE + 5000;
    give(&b, SERVER, "rest of a body\r\n", 1000);
    give(&b, CLIENT, GET("/1"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "a", at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /1 200 ack body 1 complete\n");
}

static const char tls_hello[] = "\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03";

static void tls_is_let_go(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    const struct slice hello = slice_make(tls_hello, sizeof tls_hello - 1);
    assert_int_equal(offer_slice(&b, CLIENT, hello, 0, false), 0);
    assert_int_equal(offer_slice(&b, SERVER, hello, at(&b, CLIENT), false), 0);
    give(&b, CLIENT, GET("/1"), at(&b, SERVER));
    check(&b, END_FIN, "");
}

static void tls_answered_in_clear(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    assert_int_equal(offer_slice(&b, CLIENT, slice_make(tls_hello, sizeof tls_hello - 1), 0, false), 0);
    give(&b, SERVER, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", at(&b, CLIENT));
    check(&b, END_FIN, "orphan_response 400 unreadable body 0 incomplete\n");
}

static void http_behind_a_preamble(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "\x05\x01\x02", 0);
    give(&b, SERVER, "\x05\x02", at(&b, CLIENT));
    give(&b, CLIENT, GET("/1"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "x", at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /1 200 ack body 1 complete\n");
}

/* What could not be understood may be a request as well, which the server answers first, unless it has had
 * its answer when the next one is sent. */
static void requests_behind_an_unreadable_one(void **state) {
    (void)state;
    static const char bad[] = "GET / HTTQ/1.1\r\nHost: a\r\n\r\n";
    static const char refusal[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    struct bench b;
    setup(&b);
    give(&b, CLIENT, bad, 0);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, CLIENT, GET("/2"), 0);
    give(&b, SERVER, refusal, at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 400 ambiguous body 0 incomplete of 2\n"
          "orphan_response 200 ambiguous body 0 incomplete of 2\n"
          "orphan_response 200 ambiguous body 0 incomplete of 2\n"
          "orphan_request GET /1 connection_closed body 0 incomplete\n"
          "orphan_request GET /2 connection_closed body 0 incomplete\n");
    setup(&b);
    give(&b, CLIENT, bad, 0);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, refusal, at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 400 ambiguous body 0 incomplete of 1\n"
          "orphan_request GET /1 superseded body 0 incomplete\n"
          "transaction GET /2 200 ack body 0 complete\n");
    setup(&b);
    give(&b, CLIENT, bad, 0);
    give(&b, SERVER, refusal, at(&b, CLIENT));
    give(&b, CLIENT, GET("/1") GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 400 unreadable body 0 incomplete\n"
          "transaction GET /1 200 order body 0 incomplete\n"
          "transaction GET /2 200 order body 0 complete\n");
}

static void interim_of_a_lost_request_goes_with_its_final_response(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/0"), 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    lose(&b, CLIENT, 90);
    give(&b, SERVER, "HTTP/1.1 100 Continue\r\n\r\n", at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /0 200 ack body 0 complete\norphan_response 200 (100) request_lost body 0 "
          "incomplete\n");
}

#define TIMES_10(text) text text text text text text text text text text
#define LINK           "Link: </" TIMES_10(TIMES_10("0123456789")) ">; rel=preload\r\n"
#define HINTS          "HTTP/1.1 103 Early Hints\r\n" TIMES_10(LINK) "\r\n"

/* What a 1xx has beyond the caps is told, also when its final response is found later. */
static void interim_beyond_the_caps(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.lone.limits.head_bytes = 9000; /* eight such fields */
    b.lone.limits.interim_responses = 2;
    give(&b, CLIENT, GET("/0"), 0);
    give(&b, SERVER, HINTS HINTS HINTS OK(0), at(&b, CLIENT));
    lose(&b, CLIENT, 90);
    give(&b, SERVER, HINTS HINTS HINTS, at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    assert_int_equal(lone_conn_counts(&b.lone).headers_dropped, 24);
    assert_int_equal(lone_conn_counts(&b.lone).interim_dropped, 2);
    check(&b, END_FIN,
          "transaction GET /0 200 (103 lacks 2) (103 lacks 10) and 1 ack body 0 complete\n"
          "orphan_response 200 (103 lacks 2) (103 lacks 10) and 1 request_lost body 0 incomplete\n");
}

static void overdue_responses_are_reported_at_once(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    http_conn_ops.overdue(b.lone.conn, SERVER, BASE + 200, 0);
    give(&b, CLIENT, GET("/2"), 200);
    http_conn_ops.overdue(b.lone.conn, SERVER, BASE + 400, 0);
    assert_string_equal(b.log, "orphan_request GET /1 response_late body 0 incomplete\n"
                               "orphan_request GET /2 response_late body 0 incomplete\n");
    check(&b, END_FIN,
          "orphan_request GET /1 response_late body 0 incomplete\norphan_request GET /2 response_late body 0 "
          "incomplete\n");
}

/* "PROP" was lost: what is left of the method is no method that hark knows, or another one. */
static void a_cut_method_is_never_told_as_whole(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    lose(&b, CLIENT, 4);
    give(&b, CLIENT, "FIND /1 HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    lose(&b, CLIENT, 4);
    give(&b, CLIENT, "PATCH /2 HTTP/1.1\r\nHost: a\r\n\r\n", at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 200 request_lost body 0 incomplete\ntransaction PATCH /2 200 ack body 0 "
          "incomplete\n");
}

static void open_requests_are_capped(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.lone.limits.open_requests = 2;
    give(&b, CLIENT, GET("/1") GET("/2") GET("/3"), 0);
    check(&b, END_CAPTURE,
          "orphan_request GET /1 open_cap body 0 incomplete\norphan_request GET /2 capture_ended body 0 "
          "incomplete\n"
          "orphan_request GET /3 capture_ended body 0 incomplete\n");
}

static void the_cap_spares_a_request_that_is_being_answered(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.lone.limits.open_requests = 2;
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, OK(4) "ab", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2") GET("/3"), at(&b, SERVER));
    give(&b, SERVER, "cd", at(&b, CLIENT));
    check(&b, END_CAPTURE,
          "orphan_request GET /2 open_cap body 0 incomplete\ntransaction GET /1 200 ack body 4 complete\n"
          "orphan_request GET /3 capture_ended body 0 incomplete\n");
}

/* What the cap gave up takes its evidence along: the next request fits the first response, and is not its
 * own.
 */
static void the_cap_leaves_no_proof(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    b.lone.limits.open_requests = 2;
    uint64_t one = strlen(OK(1) "a"), asked = strlen(GET("/1"));
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, CLIENT, GET("/2"), 0);
    give(&b, CLIENT, GET("/3"), one);
    give(&b, CLIENT, GET("/4"), 2 * one);
    give(&b, SERVER, OK(1) "a", 2 * asked);
    give(&b, SERVER, OK(1) "b", 3 * asked);
    give(&b, SERVER, OK(1) "c", 4 * asked);
    check(
        &b, END_CAPTURE,
        "orphan_request GET /1 open_cap body 0 incomplete\norphan_request GET /2 open_cap body 0 incomplete\n"
        "orphan_response 200 request_lost body 1 incomplete\n"
        "orphan_response 200 ambiguous body 1 incomplete of 1\n"
        "orphan_response 200 ambiguous body 1 incomplete of 2\n"
        "orphan_request GET /3 capture_ended body 0 incomplete\n"
        "orphan_request GET /4 capture_ended body 0 incomplete\n");
}

static void bytes_one_at_a_time(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give_bytewise(&b, CLIENT, GET("/slow"), 0);
    give_bytewise(&b, SERVER, OK(2) "ok", at(&b, CLIENT));
    check(&b, END_FIN, "transaction GET /slow 200 ack body 2 complete\n");
}

/* A body that holds a request, its own head lost: what a search makes of it is never paired by TCP's
 * evidence. */
static void request_inside_a_body_is_never_proved(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    lose(&b, CLIENT, 400);
    give(&b, CLIENT, "log line\r\n" GET("/fake"), 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 200 ambiguous body 0 incomplete of 1\norphan_request GET /fake connection_closed "
          "body "
          "0 incomplete\n");
}

/* The answer to one of three requests, the last one not captured yet, is told alone: whose answers follow,
 * their order does not say any more. */
static void order_proves_nothing_behind_an_answer_told_alone(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1") GET("/2"), 0);
    assert_int_equal(offer(&b, SERVER, OK(0), at(&b, CLIENT) + strlen(GET("/3")), true), 0);
    give(&b, CLIENT, GET("/3"), 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 200 request_late body 0 incomplete of 2\n"
          "orphan_response 200 ambiguous body 0 incomplete of 3\n"
          "orphan_request GET /1 connection_closed body 0 incomplete\n"
          "orphan_request GET /2 connection_closed body 0 incomplete\n"
          "orphan_request GET /3 connection_closed body 0 incomplete\n");
}

/* What is not captured of a request's body hides no other request. */
static void the_rest_of_a_body_hides_nothing(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1") "PUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc", 0);
    assert_int_equal(offer(&b, SERVER, OK(0) OK(0), at(&b, CLIENT) + 1, true), 0);
    give(&b, CLIENT, "d", 0);
    check(&b, END_FIN,
          "transaction GET /1 200 order body 0 complete\n"
          "transaction PUT /2 200 order body 0 complete\n");
}

/* Of a response that claims a body, to a request that may have been HEAD, the next status line begins in the
 * same packet, cut anywhere. */
static void a_status_line_cut_behind_a_head(void **state) {
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4000\r\n\r\n";
    static const char next[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    for (size_t cut = 1; cut < strlen(next); cut++) {
        struct bench b;
        char text[200];
        setup(&b);
        lose(&b, CLIENT, 50);
        snprintf(text, sizeof text, "%s%.*s", head, (int)cut, next);
        give(&b, SERVER, text, at(&b, CLIENT));
        give(&b, SERVER, next + cut, at(&b, CLIENT));
        check(&b, END_FIN,
              "orphan_response 200 request_lost body 0 incomplete\n"
              "orphan_response 404 request_lost body 0 incomplete\n");
    }
}

/* The same where the next status line begins a packet, and comes in pieces. */
static void a_status_line_in_pieces_behind_a_head(void **state) {
    (void)state;
    static const char next[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    for (size_t cut = 1; cut < strlen(next); cut++) {
        for (unsigned round = 0; round < 4; round++) {
            bool any_type = round % 2; /* then only what a packet acknowledges tells */
            struct bench b;
            char text[200];
            setup(&b);
            lose(&b, CLIENT, 50);
            uint64_t asked = at(&b, CLIENT);
            snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: 4000\r\n\r\n",
                     any_type ? "text/plain" : "image/png");
            give(&b, SERVER, text, asked);
            lose(&b, CLIENT, 50);
            uint64_t more = any_type ? at(&b, CLIENT) : asked;
            for (size_t i = 0; round >= 2 && i < cut; i++) {
                snprintf(text, sizeof text, "%c", next[i]);
                give(&b, SERVER, text, more);
            }
            if (round < 2) {
                snprintf(text, sizeof text, "%.*s", (int)cut, next);
                give(&b, SERVER, text, more);
            }
            give(&b, SERVER, next + cut, more);
            check(&b, END_FIN,
                  "orphan_response 200 request_lost body 0 incomplete\n"
                  "orphan_response 404 request_lost body 0 incomplete\n");
        }
    }
}

/* What only seems to be one is the body's. */
static void half_a_status_line_in_a_body(void **state) {
    (void)state;
    static const char *const pieces[][2] = {
        {"HTTP/1.1 ", "is a protocol"}, {"H", "TML"}, {"HTTP/1.1 404", "th"}};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct bench b;
        char text[100];
        setup(&b);
        lose(&b, CLIENT, 50);
        size_t len = strlen(pieces[i][0]) + strlen(pieces[i][1]);
        snprintf(text, sizeof text,
                 "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n\r\n", len);
        give(&b, SERVER, text, at(&b, CLIENT));
        give(&b, SERVER, pieces[i][0], at(&b, CLIENT));
        give(&b, SERVER, pieces[i][1], at(&b, CLIENT));
        snprintf(text, sizeof text, "orphan_response 200 request_lost body %zu incomplete\n", len);
        check(&b, END_FIN, text);
    }
}

/* Snaplen cuts every packet: of two requests under way the first has no readable start line, and its answer
 * starts where the second was sent. What came right before was sent when the server did not have the first.
 */
static void cut_packets_show_a_client_that_pipelines(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, CLIENT, "GET /2 HTT", 0);
    cut(&b, CLIENT, 60);
    uint64_t two = at(&b, CLIENT);
    give(&b, SERVER, OK(0), two);
    uint64_t one_answered = at(&b, SERVER);
    give(&b, CLIENT, "GET /3 HTT", one_answered);
    cut(&b, CLIENT, 60);
    uint64_t three = at(&b, CLIENT);
    give(&b, SERVER, "HTTP/1.1 20", two);
    cut(&b, SERVER, 60);
    give(&b, CLIENT, GET("/4"), at(&b, SERVER));
    give(&b, SERVER, OK(0), three + strlen(GET("/4")));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 0 complete\n"
          "orphan_response 200 ambiguous body 0 incomplete of 1\n"
          "orphan_request GET /4 connection_closed body 0 incomplete\n");
}

/* What was lost behind CONNECT, before its answer came, is the tunnel's. */
static void a_loss_before_the_tunnel_opens(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    uint64_t asked = at(&b, CLIENT);
    lose(&b, CLIENT, strlen(GET("/1")));
    give(&b, SERVER, "HTTP/1.1 200 OK\r\n\r\n", asked);
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction CONNECT a:80 200 ack body 0 complete\n"
          "orphan_response 200 ambiguous body 0 incomplete of 1\n"
          "orphan_response 200 ambiguous body 0 incomplete of 1\n"
          "orphan_request GET /2 connection_closed body 0 incomplete\n"
          "tunnel 28/76\n");
}

/* Behind a CONNECT whose end was lost the tunnel's own requests were found. Of the one that is half read when
 * the tunnel opens the rest is no message. */
static void a_tunnel_opens_amid_a_request(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "CONNECT a:80 HTTP/1.1\r\nHost: a", 0);
    lose(&b, CLIENT, 4);
    uint64_t asked = at(&b, CLIENT);
    give(&b, CLIENT, GET("/1"), at(&b, SERVER));
    give(&b, CLIENT, "POST /", at(&b, SERVER));
    give(&b, SERVER, "HTTP/1.1 200 OK\r\n\r\n", asked);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, CLIENT, "0-1 HTTP/1.1\r\nHost: a\r\n\r\n", at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_request GET /1 superseded body 0 incomplete\n"
          "transaction CONNECT a:80 200 ack body 0 incomplete\n"
          "orphan_response 200 request_lost body 0 incomplete\n"
          "orphan_response 200 request_lost body 0 incomplete\n"
          "tunnel 25/76\n");
}

/* The fronts of two requests, one sent behind the other: the third may get the answer to the second. */
static void fronts_show_a_client_that_pipelines(void **state) {
    (void)state;
    for (unsigned waits = 0; waits < 2; waits++) {
        struct bench b;
        setup(&b);
        give(&b, CLIENT, "GET /1 HTT", 0);
        cut(&b, CLIENT, 60);
        if (waits) {
            give(&b, SERVER, OK(0), at(&b, CLIENT));
        }
        give(&b, CLIENT, "GET /2 HTT", at(&b, SERVER));
        cut(&b, CLIENT, 60);
        give(&b, SERVER, OK(0), at(&b, CLIENT));
        give(&b, CLIENT, GET("/3"), at(&b, SERVER));
        give(&b, SERVER, OK(0), at(&b, CLIENT));
        check(&b, END_FIN,
              waits ? "orphan_response 200 request_lost body 0 incomplete\n"
                      "orphan_response 200 request_lost body 0 incomplete\n"
                      "transaction GET /3 200 ack body 0 complete\n"
                    : "orphan_response 200 request_lost body 0 incomplete\n"
                      "orphan_response 200 ambiguous body 0 incomplete of 1\n"
                      "orphan_request GET /3 connection_closed body 0 incomplete\n");
    }
}

/* What the search takes for a start line, and the lexer can't read for want of room, is passed over. */
static void start_lines_beyond_any_limit(void **state) {
    (void)state;
    for (size_t limit = 1; limit < 40; limit++) {
        for (unsigned lost = 0; lost < 2; lost++) {
            struct bench b;
            setup(&b);
            b.lone.limits.line_bytes = limit;
            if (lost) {
                lose(&b, CLIENT, 5);
                lose(&b, SERVER, 5);
            }
            give(&b, CLIENT, "PROPFIND /a/long/target/of/some/size HTTP/1.1\r\nHost: a\r\n\r\n",
                 at(&b, SERVER));
            give(&b, SERVER, "HTTP/1.1 207 Multi-Status-With-Some-More\r\nContent-Length: 0\r\n\r\n",
                 at(&b, CLIENT));
            give(&b, CLIENT, "PROPFIND /a/long/target/of/some/size HTTP/1.1\r\nHost: a\r\n\r\n",
                 at(&b, SERVER));
            conclude(&b, END_FIN);
        }
    }
}

/* Readers disagree where the first request ends: what seems to follow it may be its body, and the answer that
 * of a later one. */
static void what_an_ambiguous_request_may_hold(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT,
         "POST /outer HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n" GET("/inner"),
         0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, CLIENT, GET("/after"), 0);
    give(&b, SERVER, OK(1) "a", at(&b, CLIENT));
    give(&b, CLIENT, GET("/next"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "n", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction POST /outer 200 order body 0 incomplete\n"
          "orphan_response 200 ambiguous body 1 incomplete of 2\n"
          "orphan_response 200 ambiguous body 1 incomplete of 3\n"
          "orphan_request GET /inner connection_closed body 0 incomplete\n"
          "orphan_request GET /after connection_closed body 0 incomplete\n"
          "orphan_request GET /next connection_closed body 0 incomplete\n");
}

/* A response that lasts until the connection closes for some readers, and not for others. */
static void an_ambiguous_response_ends_where_the_next_begins(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1"), 0);
    give(&b, SERVER, "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(1) "b", at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /1 200 ack body 5 incomplete\ntransaction GET /2 200 ack body 1 complete\n");
}

/* Which of three was answered is not known, and its answer lasts until the connection closes, which the
 * server does not announce: a status line at a packet's start is the next one, though nothing more was asked.
 */
static void an_orphan_response_leaves_the_next_alone(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1") "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/3"), 0);
    lose(&b, SERVER, 50);
    give(&b, SERVER, "HTTP/1.1 200 OK\r\n\r\n", at(&b, CLIENT));
    give(&b, SERVER, OK(1) "c", at(&b, CLIENT));
    check(&b, END_FIN,
          "orphan_response 200 ambiguous body 0 incomplete of 3\n"
          "orphan_response 200 ambiguous body 1 incomplete of 3\n"
          "orphan_request GET /1 response_lost body 0 incomplete\n"
          "orphan_request HEAD /2 response_lost body 0 incomplete\n"
          "orphan_request GET /3 response_lost body 0 incomplete\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alive),
        cmocka_unit_test(an_orphan_response_leaves_the_next_alone),
        cmocka_unit_test(what_an_ambiguous_request_may_hold),
        cmocka_unit_test(an_ambiguous_response_ends_where_the_next_begins),
        cmocka_unit_test(start_lines_beyond_any_limit),
        cmocka_unit_test(cut_packets_show_a_client_that_pipelines),
        cmocka_unit_test(pipelined_requests_go_in_order),
        cmocka_unit_test(exact_fit_of_a_later_request_is_no_proof),
        cmocka_unit_test(response_waits_for_its_request),
        cmocka_unit_test(response_beyond_the_skew_is_an_orphan),
        cmocka_unit_test(lost_response_leaves_its_request_alone),
        cmocka_unit_test(lost_ends_have_no_times),
        cmocka_unit_test(lost_request_leaves_its_response_alone),
        cmocka_unit_test(lost_response_and_lost_request),
        cmocka_unit_test(loss_inside_a_body_costs_only_its_bytes),
        cmocka_unit_test(loss_beyond_a_body_finds_the_next_message),
        cmocka_unit_test(interim_responses_close_nothing),
        cmocka_unit_test(lost_continue_is_proved_by_the_last_ack),
        cmocka_unit_test(early_response),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(responses_to_pipelined_heads_alone),
        cmocka_unit_test(response_to_a_lost_head),
        cmocka_unit_test(no_response_but_other_bytes),
        cmocka_unit_test(interim_before_a_request),
        cmocka_unit_test(time_out_before_a_request),
        cmocka_unit_test(http_0_9),
        cmocka_unit_test(http_0_9_with_an_empty_line),
        cmocka_unit_test(http_0_9_typed),
        cmocka_unit_test(http_0_9_answered_with_a_status_line),
        cmocka_unit_test(http_0_9_not_answered),
        cmocka_unit_test(http_0_9_without_a_line_end),
        cmocka_unit_test(request_line_cut_by_a_reset),
        cmocka_unit_test(version_left_out),
        cmocka_unit_test(version_left_out_typed),
        cmocka_unit_test(http_0_9_by_name),
        cmocka_unit_test(bytes_behind_an_old_line),
        cmocka_unit_test(fields_come_before_the_answer),
        cmocka_unit_test(fields_come_late),
        cmocka_unit_test(what_follows_the_answer_waits_for_it),
        cmocka_unit_test(loss_behind_an_old_line),
        cmocka_unit_test(read_until_close),
        cmocka_unit_test(reset_cuts_read_until_close),
        cmocka_unit_test(midstream_pairs_what_fits),
        cmocka_unit_test(tls_is_let_go),
        cmocka_unit_test(tls_answered_in_clear),
        cmocka_unit_test(http_behind_a_preamble),
        cmocka_unit_test(requests_behind_an_unreadable_one),
        cmocka_unit_test(interim_of_a_lost_request_goes_with_its_final_response),
        cmocka_unit_test(interim_beyond_the_caps),
        cmocka_unit_test(overdue_responses_are_reported_at_once),
        cmocka_unit_test(a_cut_method_is_never_told_as_whole),
        cmocka_unit_test(open_requests_are_capped),
        cmocka_unit_test(the_cap_spares_a_request_that_is_being_answered),
        cmocka_unit_test(the_cap_leaves_no_proof),
        cmocka_unit_test(bytes_one_at_a_time),
        cmocka_unit_test(request_inside_a_body_is_never_proved),
        cmocka_unit_test(a_loss_before_the_tunnel_opens),
        cmocka_unit_test(a_tunnel_opens_amid_a_request),
        cmocka_unit_test(fronts_show_a_client_that_pipelines),
        cmocka_unit_test(order_proves_nothing_behind_an_answer_told_alone),
        cmocka_unit_test(the_rest_of_a_body_hides_nothing),
        cmocka_unit_test(a_status_line_cut_behind_a_head),
        cmocka_unit_test(a_status_line_in_pieces_behind_a_head),
        cmocka_unit_test(half_a_status_line_in_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
