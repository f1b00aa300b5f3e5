/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP behind holes in bodies: packets go in, transactions come out as text, one line each. The client (side
 * 0) sends its first byte as number 100, the server as 500; times are in ms, the skew is 1000. */
#include "analyzer/http_conn.h"

#include "flow_bench.h"

struct http_bench {
    struct bench *bench;
    struct memory memory;
    struct transaction_store *store;
    struct http_environment *environment;
    uint32_t next[2]; /* numbers */
    int64_t at;
};

static void tell(struct bench *b, const char *what, const struct http_message *m) {
    if (m->seen) {
        bench_log(b, " %s %llu", what, (unsigned long long)m->body_bytes);
        if (m->missing_bytes) {
            bench_log(b, " missing %llu", (unsigned long long)m->missing_bytes);
        }
    }
}

static void on_finished(void *context, const struct transaction *t) {
    struct bench *b = context;
    assert_int_equal(t->request.pending_bytes + t->response.pending_bytes, 0);
    bench_log(b, "%s %.*s %u %s", transaction_type_name(t->type), (int)t->request.line[1].len,
              t->request.line[1].len ? (const char *)t->request.line[1].ptr : "", t->response.status,
              t->type == TRANSACTION_PAIR ? pairing_by_name(t->by) : pairing_reason_name(t->reason));
    tell(b, "sent", &t->request);
    tell(b, "got", &t->response);
    bench_log(b, transaction_is_complete(t) ? " complete" : " incomplete");
    if (t->response.seen) {
        bench_log(b, " %u segments, last at %d", t->response.segments,
                  (int)(t->response.last.time_ns / NS_PER_MILLISECOND));
    }
    bench_log(b, "\n");
}

static void setup(struct http_bench *h) {
    *h = (struct http_bench){.bench = bench_new(NULL), .next = {100, 500}, .at = 10};
    struct bench *b = h->bench;
    const struct transaction_observer observer = {.context = b, .finished = on_finished};
    memory_init(&h->memory, b->limits.memory);
    h->store = transaction_store_new(&b->limits, &h->memory, &observer);
    assert_non_null(h->store);
    h->environment = http_environment_new(&b->limits, &h->memory, h->store);
    assert_non_null(h->environment);
    flow_table_free(b->table);
    b->table = flow_table_new(&b->limits, &b->memory, &http_conn_ops, h->environment);
    assert_non_null(b->table);
    bench_handshake(b, h->at);
}

/* Ends the capture, if that was not done; the log is what is expected. */
static void conclude(struct http_bench *h, const char *expected) {
    struct bench *b = h->bench;
    flow_table_finish(b->table, b->next_tick_ns);
    struct http_counts counts;
    http_environment_counts(h->environment, &counts);
    assert_int_equal(counts.bytes[PROTOCOL_HTTP1], bench_counts(b).delivered_bytes);
    assert_string_equal(b->log, expected);
    bench_free(b);
    http_environment_free(h->environment);
    transaction_store_free(h->store);
    memory_fini(&h->memory);
}

/* The side says `text` at `seq`, and has all that the other one sent so far; then so has the other one. */
static void say_at(struct http_bench *h, int d, uint32_t seq, const char *text) {
    feed(h->bench, (struct tcp){.at = ++h->at, .d = d, .seq = seq, .ack = h->next[!d], .text = text});
    feed(h->bench, (struct tcp){.at = h->at, .d = !d, .seq = h->next[!d], .ack = h->next[d]});
}

static void say(struct http_bench *h, int d, const char *text) {
    uint32_t seq = h->next[d];
    h->next[d] += (uint32_t)strlen(text);
    say_at(h, d, seq, text);
}

/* `len` bytes of it do not come now; returns their number. */
static uint32_t leave_out(struct http_bench *h, int d, uint32_t len) {
    h->next[d] += len;
    return h->next[d] - len;
}

static void wait_until(struct http_bench *h, int64_t at) {
    h->at = at;
    bench_tick(h->bench, at);
}

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(length) "HTTP/1.1 200 OK\r\nContent-Length: " #length "\r\n\r\n"

static void filled_before_the_end(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, OK(10) "ab");
    uint32_t hole = leave_out(&h, 1, 3);
    say(&h, 1, "fgh");
    say_at(&h, 1, hole, "cde");
    assert_string_equal(h.bench->log, "");
    say(&h, 1, "ij");
    assert_string_equal(h.bench->log,
                        "transaction /1 200 ack sent 0 got 10 complete 4 segments, last at 15\n");
    assert_int_equal(bench_counts(h.bench).holes_passed, 1);
    conclude(&h, "transaction /1 200 ack sent 0 got 10 complete 4 segments, last at 15\n");
}

static void filled_behind_the_end_while_others_go_on(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, OK(10) "ab");
    uint32_t hole = leave_out(&h, 1, 3);
    say(&h, 1, "fghij");
    say(&h, 0, GET("/2"));
    say(&h, 1, OK(2) "ok");
    assert_string_equal(h.bench->log,
                        "transaction /2 200 ack sent 0 got 2 complete 1 segments, last at 15\n");
    wait_until(&h, 900);
    say_at(&h, 1, hole, "cde");
    conclude(&h, "transaction /2 200 ack sent 0 got 2 complete 1 segments, last at 15\n"
                 "transaction /1 200 ack sent 0 got 10 complete 3 segments, last at 13\n");
}

static void given_up(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, OK(10) "ab");
    uint32_t hole = leave_out(&h, 1, 3);
    say(&h, 1, "fghij");
    say(&h, 0, GET("/2")); /* acknowledges all */
    say(&h, 1, OK(2) "ok");
    wait_until(&h, 1100);
    say_at(&h, 1, hole, "cde"); /* too late */
    conclude(&h, "transaction /2 200 ack sent 0 got 2 complete 1 segments, last at 15\n"
                 "transaction /1 200 ack sent 0 got 7 missing 3 incomplete 2 segments, last at 13\n");
}

static void two_holes_of_one_chunked_body(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab");
    uint32_t first = leave_out(&h, 1, 2);
    say(&h, 1, "efgh\r\n8\r\ni");
    uint32_t second = leave_out(&h, 1, 4);
    say(&h, 1, "nop\r\n0\r\n\r\n");
    say_at(&h, 1, second, "jklm");
    assert_string_equal(h.bench->log, "");
    say_at(&h, 1, first, "cd");
    assert_int_equal(bench_counts(h.bench).holes_passed, 2);
    conclude(&h, "transaction /1 200 ack sent 0 got 16 complete 5 segments, last at 14\n");
}

static void not_beyond_the_end_of_a_body_or_chunk(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, OK(10) "ab");
    uint32_t hole = leave_out(&h, 1, 8);
    say(&h, 0, GET("/2"));
    say(&h, 1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab");
    assert_int_equal(bench_counts(h.bench).holes_passed, 0);
    say_at(&h, 1, hole, "cdefghij");
    hole = leave_out(&h, 1, 9);
    say(&h, 1, "8\r\nabcdefgh\r\n0\r\n\r\n");
    assert_int_equal(bench_counts(h.bench).holes_passed, 0);
    say_at(&h, 1, hole, "cdefgh\r\n");
    assert_int_equal(bench_counts(h.bench).holes_passed, 0);
    conclude(&h, "transaction /1 200 ack sent 0 got 10 complete 2 segments, last at 15\n"
                 "transaction /2 200 ack sent 0 got 8 incomplete 2 segments, last at 17\n");
}

static void hole_in_a_request(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab");
    uint32_t hole = leave_out(&h, 0, 3);
    say(&h, 0, "fghij");
    say(&h, 1, OK(2) "ok");
    say(&h, 0, GET("/2"));
    say(&h, 1, OK(2) "ok");
    say_at(&h, 0, hole, "cde");
    conclude(&h, "transaction /2 200 ack sent 0 got 2 complete 1 segments, last at 15\n"
                 "transaction /1 200 ack sent 10 got 2 complete 1 segments, last at 13\n");
}

static void orphan_with_a_hole(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab");
    uint32_t hole = leave_out(&h, 0, 3);
    say(&h, 0, "fghij");
    leave_out(&h, 1, 40); /* its response */
    say(&h, 0, GET("/2"));
    say(&h, 1, OK(2) "ok");
    wait_until(&h, 500);
    say_at(&h, 0, hole + 1, "d");
    wait_until(&h, 1300);
    assert_string_equal(h.bench->log,
                        "transaction /2 200 ack sent 0 got 2 complete 1 segments, last at 14\n");
    conclude(&h, "transaction /2 200 ack sent 0 got 2 complete 1 segments, last at 14\n"
                 "orphan_request /1 0 response_lost sent 8 missing 2 incomplete\n");
}

static void closed_with_holes(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, OK(10) "ab");
    leave_out(&h, 1, 3);
    say(&h, 1, "fghij");
    say(&h, 0, GET("/2"));
    say(&h, 1, OK(10) "ab");
    leave_out(&h, 1, 3);
    say(&h, 1, "f");
    assert_string_equal(h.bench->log, "");
    conclude(&h, "transaction /1 200 ack sent 0 got 7 missing 3 incomplete 2 segments, last at 13\n"
                 "transaction /2 200 ack sent 0 got 3 missing 3 incomplete 2 segments, last at 16\n");
}

static void closed_by_fin_behind_a_hole(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, GET("/1"));
    say(&h, 1, OK(10) "ab");
    uint32_t hole = leave_out(&h, 1, 3);
    say(&h, 1, "fghij");
    uint32_t server = h.next[1]++, client = h.next[0]++;
    feed(h.bench,
         (struct tcp){.at = ++h.at, .d = 1, .seq = server, .ack = client, .flags = TCP_FIN | TCP_ACK});
    feed(h.bench, (struct tcp){.at = ++h.at, .seq = client, .ack = server + 1, .flags = TCP_FIN | TCP_ACK});
    feed(h.bench, (struct tcp){.at = ++h.at, .d = 1, .seq = server + 1, .ack = client + 1});
    assert_string_equal(h.bench->log, "");
    say_at(&h, 1, hole, "cde");
    assert_int_equal(bench_counts(h.bench).closed[END_FIN], 1);
    conclude(&h, "transaction /1 200 ack sent 0 got 10 complete 3 segments, last at 13\n");
}

static void doubtful_bodies_are_waited_for(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 0, "GET /1 HTTP/1.0\r\n\r\n");
    say(&h, 1, "HTTP/1.0 200 OK\r\n\r\nab"); /* until the connection closes */
    uint32_t hole = leave_out(&h, 1, 2);
    say(&h, 1, "ef");
    assert_int_equal(bench_counts(h.bench).holes_passed, 0);
    assert_int_equal(bench_counts(h.bench).held_bytes_now, 2);
    say_at(&h, 1, hole, "cd");
    conclude(&h, "transaction /1 200 ack sent 0 got 6 incomplete 3 segments, last at 13\n");
}

static void a_response_without_its_request_is_waited_for(void **state) {
    (void)state;
    struct http_bench h;
    setup(&h);
    say(&h, 1, OK(10) "ab");
    uint32_t hole = leave_out(&h, 1, 3);
    say(&h, 1, "fghij");
    assert_int_equal(bench_counts(h.bench).holes_passed, 0);
    say_at(&h, 1, hole, "cde");
    conclude(&h, "orphan_response  200 unsolicited got 10 incomplete 3 segments, last at 12\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_before_the_end),
        cmocka_unit_test(filled_behind_the_end_while_others_go_on),
        cmocka_unit_test(given_up),
        cmocka_unit_test(two_holes_of_one_chunked_body),
        cmocka_unit_test(not_beyond_the_end_of_a_body_or_chunk),
        cmocka_unit_test(hole_in_a_request),
        cmocka_unit_test(orphan_with_a_hole),
        cmocka_unit_test(closed_with_holes),
        cmocka_unit_test(closed_by_fin_behind_a_hole),
        cmocka_unit_test(doubtful_bodies_are_waited_for),
        cmocka_unit_test(a_response_without_its_request_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
