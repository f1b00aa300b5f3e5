/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels that CONNECT and Upgrade open, and requests that wait for whether they do. */
#include "http_bench.h"

static void connect_opens_a_tunnel(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", 0);
    assert_int_equal(offer(&b, CLIENT, "\x16\x03\x01\x02\x11\x01", 0, false), 6); /* waits for the answer */
    give(&b, SERVER, "HTTP/1.1 200 OK\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, "\x16\x03\x01\x02\x11\x01", at(&b, SERVER));
    give(&b, SERVER, "\x16\x03\x03", at(&b, CLIENT));
    check(&b, END_FIN, "transaction CONNECT b:443 200 ack body 0 complete\ntunnel 6/3\n");
}

static void http_inside_a_tunnel_is_read(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", 0);
    give(&b, SERVER, "HTTP/1.1 200 OK\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, GET("/inner"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction CONNECT b:80 200 ack body 0 complete\ntransaction GET /inner 200 ack body 0 complete\n"
          "tunnel 32/38\n");
}

/* What waits for CONNECT's answer is acknowledged with all before it: no request of it is missing. */
static void connect_behind_another_request(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, GET("/1") "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", 0);
    assert_int_equal(offer(&b, CLIENT, GET("/inner"), 0, false), strlen(GET("/inner")));
    uint64_t all = at(&b, CLIENT) + strlen(GET("/inner"));
    give(&b, SERVER, OK(0), all);
    give(&b, SERVER, "HTTP/1.1 200 OK\r\n\r\n", all);
    give(&b, CLIENT, GET("/inner"), 0);
    give(&b, SERVER, OK(0), all);
    check(&b, END_FIN,
          "transaction GET /1 200 order body 0 complete\n"
          "transaction CONNECT b:80 200 order body 0 complete\n"
          "transaction GET /inner 200 order body 0 complete\n"
          "tunnel 32/38\n");
}

/* The answer is late: what is pipelined behind the upgrade is read on, and another protocol is none. */
static void upgrade_is_waited_for_in_vain(void **state) {
    (void)state;
    static const char upgrade[] = "GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
    struct bench b;
    setup(&b);
    give(&b, CLIENT, upgrade, 0);
    assert_int_equal(offer(&b, CLIENT, GET("/1"), 0, true), 0);
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    give(&b, CLIENT, GET("/2"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction GET /w 200 order body 0 complete\n"
          "transaction GET /1 200 order body 0 complete\n"
          "transaction GET /2 200 ack body 0 complete\n");
    setup(&b);
    give(&b, CLIENT, upgrade, 0);
    assert_int_equal(offer(&b, CLIENT, "\x81\x81\r\n", 0, true), 0);
    give(&b, SERVER, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n\x81\x01x",
         at(&b, CLIENT));
    give(&b, CLIENT, "\x81\x81", at(&b, SERVER));
    check(&b, END_FIN, "transaction GET /w 101 ack body 0 complete\ntunnel 2/3\n");
}

/* Each tunnel has the bytes that went through while it was the innermost, however they are cut. */
static void a_tunnel_inside_a_tunnel(void **state) {
    (void)state;
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n";
    for (size_t most = 1; most <= sizeof answer; most++) {
        struct bench b;
        setup(&b);
        give(&b, CLIENT, "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", 0);
        lone_conn_give(&b.lone, SERVER, slice_of(answer), most);
        give(&b, CLIENT, "CONNECT c:80 HTTP/1.1\r\nHost: c:80\r\n\r\n", at(&b, SERVER));
        lone_conn_give(&b.lone, SERVER, slice_of(answer), most);
        give(&b, CLIENT, GET("/inner"), at(&b, SERVER));
        lone_conn_give(&b.lone, SERVER, slice_of(OK(0)), most);
        check(&b, END_FIN,
              "transaction CONNECT b:80 200 ack body 0 complete\n"
              "tunnel 37/19\n"
              "transaction CONNECT c:80 200 ack body 0 complete\n"
              "transaction GET /inner 200 ack body 0 complete\n"
              "tunnel 32/38\n");
    }
}

static void refused_connect_goes_on(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n", 0);
    give(&b, SERVER, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", at(&b, CLIENT));
    give(&b, CLIENT, GET("/1"), at(&b, SERVER));
    give(&b, SERVER, OK(0), at(&b, CLIENT));
    check(&b, END_FIN,
          "transaction CONNECT b:80 403 ack body 0 complete\ntransaction GET /1 200 ack body 0 complete\n");
}

static void upgrade_to_websocket(void **state) {
    (void)state;
    struct bench b;
    setup(&b);
    give(&b, CLIENT, "GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 0);
    give(&b, SERVER,
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01x",
         at(&b, CLIENT));
    give(&b, CLIENT, "\x81\x81", at(&b, SERVER));
    check(&b, END_FIN, "transaction GET /w 101 ack body 0 complete\ntunnel 2/3\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_opens_a_tunnel),         cmocka_unit_test(http_inside_a_tunnel_is_read),
        cmocka_unit_test(connect_behind_another_request), cmocka_unit_test(upgrade_is_waited_for_in_vain),
        cmocka_unit_test(a_tunnel_inside_a_tunnel),       cmocka_unit_test(refused_connect_goes_on),
        cmocka_unit_test(upgrade_to_websocket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
