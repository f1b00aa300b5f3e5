/* SPDX-License-Identifier: Apache-2.0 */
/* Intermediaries (RFC 9110 section 7.6, RFC 7239, 8470, 8586, 9209), well formed and not. */
#include "analyzer/semantics_intermediaries.h"

#include "part_sample.h"

static const struct head no_head = {.index = {.list = &no_head.list}};
static const struct intermediary_scene to_origin = {
    .request_seen = true, .form = TARGET_ORIGIN, .status = 200};

static struct semantics_intermediaries read_both(const struct head *request, const struct head *response,
                                                 const struct intermediary_scene *scene) {
    struct semantics_intermediaries m;
    memset(&m, 0x5a, sizeof m); /* nothing is taken over from before */
    semantics_intermediaries_read(&m, &request->index, &response->index, scene);
    return m;
}

static void test_node_7239_6(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum forwarded_node_kind kind;
        const char *shown;
        unsigned ip_version;
        int port; /* negative: none */
    } cases[] = {
        {"192.0.2.43", NODE_ADDRESS, "192.0.2.43", 4, -1},
        {"192.0.2.43:47011", NODE_ADDRESS, "192.0.2.43", 4, 47011},
        {"[2001:db8:cafe::17]", NODE_ADDRESS, "2001:db8:cafe::17", 6, -1},
        {"[2001:db8:cafe::17]:4711", NODE_ADDRESS, "2001:db8:cafe::17", 6, 4711},
        {"2001:DB8::1", NODE_ADDRESS, "2001:DB8::1", 6, -1},
        {"::ffff:1.2.3.4", NODE_ADDRESS, "::ffff:1.2.3.4", 6, -1},
        {"unknown", NODE_UNKNOWN, "unknown", 0, -1},
        {"Unknown:80", NODE_UNKNOWN, "Unknown:80", 0, -1},
        {"_hidden", NODE_OBFUSCATED, "_hidden", 0, -1},
        {"", NODE_ABSENT, "", 0, -1},
        {"host.example", NODE_OTHER, "host.example", 0, -1},
        {"192.0.2.43:", NODE_OTHER, "192.0.2.43:", 0, -1},
        {"192.0.2.43:65536", NODE_OTHER, "192.0.2.43:65536", 0, -1},
        {"192.0.2.43:_p", NODE_ADDRESS, "192.0.2.43", 4, -1},
        {"[2001:db8::1]:_a.B-9_", NODE_ADDRESS, "2001:db8::1", 6, -1},
        {"192.0.2.43:_", NODE_OTHER, "192.0.2.43:_", 0, -1},
        {"192.0.2.43:_p:1", NODE_OTHER, "192.0.2.43:_p:1", 0, -1},
        {"192.0.2.43_p", NODE_OTHER, "192.0.2.43_p", 0, -1},
        {"192.0.2", NODE_OTHER, "192.0.2", 0, -1},
        {"192.0.2.256", NODE_OTHER, "192.0.2.256", 0, -1},
        {"[192.0.2.43]", NODE_OTHER, "[192.0.2.43]", 0, -1},
        {"[2001:db8::1", NODE_OTHER, "[2001:db8::1", 0, -1},
        {"[2001:db8::1]x", NODE_OTHER, "[2001:db8::1]x", 0, -1},
        {"[]", NODE_OTHER, "[]", 0, -1},
        {":", NODE_OTHER, ":", 0, -1},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NODE_OTHER,
         "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", 0, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text = head_copy(slice_of(cases[i].text));
        struct forwarded_node node = forwarded_node_read(text);
        if (node.kind != cases[i].kind) {
            print_error("%s: %d\n", cases[i].text, (int)node.kind);
        }
        assert_int_equal(node.kind, cases[i].kind);
        assert_slice(node.text, cases[i].shown);
        assert_int_equal(node.has_port, cases[i].port >= 0);
        assert_int_equal(node.kind == NODE_ADDRESS ? node.ip_version : 0, cases[i].ip_version);
        assert_true(!node.has_port || (int)node.port == cases[i].port);
        free((void *)(uintptr_t)text.ptr);
    }
    assert_int_equal(forwarded_node_read(slice_make("1.2.3.4\0x", 9)).kind, NODE_OTHER);
}

static void test_via_7_6_3(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    head_add(&h, "Via", "1.0 fred, HTTP/1.1 p.example.net:80 (a, (b), c)");
    head_add(&h, "Via", "1.1\t[::1]:3128 , 1.1");
    struct semantics_intermediaries m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.request_via.count, 4);
    assert_slice(m.request_via.hops[0].protocol, "1.0");
    assert_slice(m.request_via.hops[0].by, "fred");
    assert_slice(m.request_via.hops[1].protocol, "HTTP/1.1");
    assert_slice(m.request_via.hops[1].by, "p.example.net:80");
    assert_slice(m.request_via.hops[2].by, "[::1]:3128");
    assert_slice(m.request_via.hops[3].protocol, "1.1");
    assert_slice(m.request_via.hops[3].by, "");
    assert_false(m.request_via.loop);
    assert_int_equal(m.role, ROLE_UNKNOWN); /* it was relayed; its receiver may be the origin server */
    head_add(&h, "Via", "1.1 FRED");
    m = read_both(&h, &no_head, &to_origin);
    assert_true(m.request_via.loop);
    head_fini(&h);
    head_add(&h, "Via", "1 a,1 b,1 c,1 d,1 e,1 f,1 g,1 h,1 i,1 j");
    m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.request_via.count, 10);
    assert_slice(m.request_via.hops[HOPS_KEPT - 1].by, "h");
    head_fini(&h);
    head_add(&h, "Via", "(");
    m = read_both(&no_head, &h, &to_origin);
    assert_int_equal(m.response_via.count, 1);
    assert_int_equal(m.role, ROLE_GATEWAY);
    head_fini(&h);
}

static void test_forwarded_7239_4(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    head_add(&h, "Forwarded",
             "for=\"[2001:db8:cafe::17]:4711\";Proto=https;by=203.0.113.60;host=\"a:8\", FOR=_gazonk");
    head_add(&h, "Forwarded", ";;, for=\"1.2.3.4");
    struct semantics_intermediaries m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.forwarded_count, 4);
    assert_slice(m.forwarded[0].client.text, "2001:db8:cafe::17");
    assert_int_equal(m.forwarded[0].client.port, 4711);
    assert_slice(m.forwarded[0].by.text, "203.0.113.60");
    assert_slice(m.forwarded[0].proto, "https");
    assert_slice(m.forwarded[0].host, "a:8");
    assert_int_equal(m.forwarded[1].client.kind, NODE_OBFUSCATED);
    assert_int_equal(m.forwarded[1].by.kind, NODE_ABSENT);
    assert_int_equal(m.forwarded[2].client.kind, NODE_ABSENT);
    assert_slice(m.forwarded[3].client.text, "1.2.3.4");
    assert_int_equal(m.forwarded[3].client.kind, NODE_OTHER); /* it may be the front of 1.2.3.45 */
    assert_int_equal(m.client_by, FIELD_NAME_FORWARDED);
    head_fini(&h);
}

static void test_client_claimed(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    struct semantics_intermediaries m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.client_by, FIELD_NAME_OTHER);
    head_add(&h, "X-Real-IP", "192.0.2.1");
    m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.client_by, FIELD_NAME_X_REAL_IP);
    head_add(&h, "X-Forwarded-For", "192.0.2.1:5000, 10.0.0.1, , junk");
    m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.client_by, FIELD_NAME_X_FORWARDED_FOR);
    assert_int_equal(m.x_forwarded_for_count, 3);
    assert_int_equal(m.x_forwarded_for[2].kind, NODE_OTHER);
    assert_slice(m.client.text, "192.0.2.1");
    assert_false(m.client_conflict);
    head_add(&h, "CF-Connecting-IP", "192.0.2.2");
    m = read_both(&h, &no_head, &to_origin);
    assert_true(m.client_conflict);
    assert_slice(m.client.text, "192.0.2.1");
    head_fini(&h);
    head_add(&h, "X-Forwarded-For", "unknown");
    head_add(&h, "X-Real-IP", "192.0.2.1");
    m = read_both(&h, &no_head, &to_origin);
    assert_int_equal(m.client.kind, NODE_UNKNOWN);
    assert_false(m.client_conflict);
    head_fini(&h);
}

static void test_role_3_7(void **state) {
    (void)state;
    static const struct {
        struct intermediary_scene scene;
        enum intermediary_role role;
    } cases[] = {
        {{.request_seen = true, .form = TARGET_ORIGIN, .status = 200}, ROLE_UNKNOWN},
        {{.request_seen = true, .form = TARGET_ABSOLUTE, .status = 200}, ROLE_PROXY},
        {{.request_seen = true, .form = TARGET_ORIGIN, .status = 407}, ROLE_PROXY},
        {{.request_seen = true, .form = TARGET_AUTHORITY, .connect = true, .status = 200}, ROLE_TUNNEL},
        {{.request_seen = true, .form = TARGET_ORIGIN, .status = 502}, ROLE_GATEWAY},
        {{.request_seen = true, .form = TARGET_ORIGIN, .status = 504}, ROLE_GATEWAY},
        {{.request_seen = false, .status = 502}, ROLE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(read_both(&no_head, &no_head, &cases[i].scene).role, cases[i].role);
    }
}

static void test_hop_by_hop_7_6_1(void **state) {
    (void)state;
    struct head h;
    const struct intermediary_scene to_proxy = {.request_seen = true, .form = TARGET_ABSOLUTE};
    head_init(&h);
    head_add(&h, "Proxy-Connection", "keep-alive");
    head_add(&h, "Keep-Alive", "300");
    head_add(&h, "TE", "trailers");
    assert_int_equal(read_both(&h, &no_head, &to_proxy).request_hop_by_hop, 0);
    assert_int_equal(read_both(&h, &no_head, &to_origin).request_hop_by_hop, HOP_PROXY_CONNECTION);
    head_add(&h, "Via", "1.1 a");
    assert_int_equal(read_both(&h, &no_head, &to_proxy).request_hop_by_hop, HOP_KEEP_ALIVE | HOP_TE);
    head_add(&h, "Connection", "close, te");
    head_add(&h, "Upgrade", "h2c");
    assert_int_equal(read_both(&h, &no_head, &to_proxy).request_hop_by_hop, HOP_KEEP_ALIVE | HOP_UPGRADE);
    assert_int_equal(read_both(&no_head, &h, &to_origin).response_hop_by_hop, HOP_KEEP_ALIVE | HOP_UPGRADE);
    head_add(&h, "Connection", "Keep-Alive,Upgrade");
    assert_int_equal(read_both(&h, &no_head, &to_proxy).request_hop_by_hop, 0);
    head_fini(&h);
}

static void test_proxy_status_9209_2(void **state) {
    (void)state;
    struct head r;
    head_init(&r);
    head_add(&r, "Proxy-Status",
             "r34.example.net; error=http_request_error; received-status=502, \"Foo, Inc\";error=dns_error");
    head_add(&r, "Proxy-Status", "x; received-status=5000; error=\"\", \"");
    struct semantics_intermediaries m = read_both(&no_head, &r, &to_origin);
    assert_int_equal(m.proxy_status_count, 4);
    assert_slice(m.proxy_status[0].name, "r34.example.net");
    assert_slice(m.proxy_status[0].error, "http_request_error");
    assert_true(m.proxy_status[0].has_received_status);
    assert_int_equal(m.proxy_status[0].received_status, 502);
    assert_slice(m.proxy_status[1].name, "Foo, Inc");
    assert_false(m.proxy_status[1].has_received_status || m.proxy_status[2].has_received_status);
    assert_slice(m.proxy_status[3].name, "\"");
    assert_int_equal(m.role, ROLE_GATEWAY);
    head_fini(&r);
}

static void test_small_fields(void **state) {
    (void)state;
    struct head h;
    head_init(&h);
    head_add(&h, "Max-Forwards", "10");
    head_add(&h, "Early-Data", "1");
    head_add(&h, "CDN-Loop", "foo123.foocdn.example, barcdn.example; trace=\"abcdef\"");
    struct semantics_intermediaries m = read_both(&h, &no_head, &to_origin);
    assert_true(m.has_max_forwards && m.early_data);
    assert_int_equal(m.max_forwards, 10);
    assert_int_equal(m.cdn_loop_count, 2);
    assert_slice(m.cdn_loop[1], "barcdn.example");
    head_fini(&h);
    head_add(&h, "Max-Forwards", "-1");
    head_add(&h, "Early-Data", "0");
    m = read_both(&h, &no_head, &to_origin);
    assert_false(m.has_max_forwards || m.early_data);
    head_fini(&h);
}

static void expect_written(const struct head *request, const struct head *response,
                           const struct intermediary_scene *scene, const char *expected) {
    struct part p;
    struct semantics_intermediaries m = read_both(request, response, scene);
    part_init(&p, true);
    native_write_semantics_intermediaries(&p.native, &p.w, &m);
    part_expect(&p, expected);
}

static void test_written(void **state) {
    (void)state;
    struct head h, r;
    head_init(&h);
    head_init(&r);
    expect_written(&h, &r, &to_origin, "{}");
    head_add(&h, "Via", "1.1 a, 1.1 A");
    head_add(&h, "Forwarded", "for=\"[2001:DB8::1]:80\";proto=http");
    head_add(&h, "X-Forwarded-For", "::1, token=secret");
    head_add(&h, "X-Forwarded-Host", "me:secret@a.example");
    head_add(&h, "Keep-Alive", "5");
    head_add(&h, "Max-Forwards", "0");
    head_add(&r, "Via", "1.1 b");
    head_add(&r, "Proxy-Status", "c; error=dns_error; received-status=0");
    expect_written(
        &h, &r, &to_origin,
        "{\"intermediaries\":{\"role\":\"gateway\",\"client\":{\"ip\":\"2001:db8::1\",\"port\":80,\"field\":"
        "\"Forwarded\",\"conflict\":true},\"request_via\":[{\"protocol\":\"1.1\",\"by\":\"a\"},{\"protocol\":"
        "\"1.1\",\"by\":\"A\"}],\"response_via\":[{\"protocol\":\"1.1\",\"by\":\"b\"}],\"via_loop\":true,"
        "\"forwarded\":[{\"for\":\"2001:db8::1\",\"proto\":\"http\"}],\"x_forwarded_for\":[\"::1\","
        "\"token=***\"],\"x_forwarded_host\":\"***@a.example\",\"request_hop_by_hop\":[\"Keep-Alive\"],"
        "\"proxy_status\":[{\"name\":\"c\",\"error\":\"dns_error\",\"received_status\":0}],"
        "\"max_forwards\":0}}");
    head_fini(&h);
    head_fini(&r);
    const struct intermediary_scene tunnel = {
        .request_seen = true, .form = TARGET_AUTHORITY, .connect = true};
    head_add(&h, "X-Forwarded-For", "a,b,c,d,e,f,g,h,i,j,k");
    head_add(&h, "CDN-Loop", "x\xff");
    head_add(&h, "Early-Data", "1");
    head_add(&h, "Forwarded", "x=y"); /* says nothing that is known */
    expect_written(
        &h, &r, &tunnel,
        "{\"intermediaries\":{\"role\":\"tunnel\",\"client\":{\"name\":\"a\",\"field\":\"X-Forwarded-For\"},"
        "\"x_forwarded_for\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"],\"cdn_loop\":["
        "\"x\xef\xbf\xbd\"],\"early_data\":true,\"dropped\":3}}");
    head_fini(&h);
    head_add(&h, "Forwarded", "x=y");
    head_add(&h, "CDN-Loop", ";a");
    expect_written(&h, &r, &to_origin, "{}");
    head_fini(&h);
}

/* Connection may stand in what was not captured. */
static void test_a_cut_head_is_not_blamed(void **state) {
    (void)state;
    struct head h;
    struct intermediary_scene cut = to_origin;
    cut.request_cut = cut.response_cut = true;
    head_init(&h);
    head_add(&h, "Via", "1.1 a");
    head_add(&h, "Keep-Alive", "300");
    assert_int_equal(read_both(&h, &h, &to_origin).request_hop_by_hop, HOP_KEEP_ALIVE);
    assert_int_equal(read_both(&h, &h, &to_origin).response_hop_by_hop, HOP_KEEP_ALIVE);
    assert_int_equal(read_both(&h, &h, &cut).request_hop_by_hop, 0);
    assert_int_equal(read_both(&h, &h, &cut).response_hop_by_hop, 0);
    head_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_node_7239_6),
        cmocka_unit_test(test_via_7_6_3),
        cmocka_unit_test(test_forwarded_7239_4),
        cmocka_unit_test(test_client_claimed),
        cmocka_unit_test(test_role_3_7),
        cmocka_unit_test(test_hop_by_hop_7_6_1),
        cmocka_unit_test(test_proxy_status_9209_2),
        cmocka_unit_test(test_small_fields),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_a_cut_head_is_not_blamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
