/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels, labels and sessions around the request: what is peeled, what goes on the path and into the key. */
#include "tests/unit/frames.h"

enum outside {
    OUTSIDE_ETHERNET, /* the header follows Ethernet's addresses */
    OUTSIDE_IP,       /* the header is in IPv4, of protocol `number` */
    OUTSIDE_UDP,      /* the header is in UDP, to port `number` */
};

enum inside { INSIDE_IPV4, INSIDE_IPV6, INSIDE_ETHERNET };

struct tunnel_case {
    const char *name;
    enum outside outside;
    uint16_t number;
    struct slice header;
    enum inside inside;
    enum tunnel_kind kind;
    bool has_id;
    uint32_t id;
};

#define LITERAL(...)                                                                                         \
    { .ptr = (const uint8_t[]){__VA_ARGS__}, .len = sizeof((const uint8_t[]){__VA_ARGS__}) }

static const struct tunnel_case cases[] = {
    {"IPv4 in IP", OUTSIDE_IP, 4, LITERAL(), INSIDE_IPV4, TUNNEL_IPIP, false, 0},
    {"IPv6 in IP", OUTSIDE_IP, 41, LITERAL(), INSIDE_IPV6, TUNNEL_IPIP, false, 0},
    {"GRE", OUTSIDE_IP, 47, LITERAL(0, 0, 8, 0), INSIDE_IPV4, TUNNEL_GRE, false, 0},
    {"GRE, checksum, key, sequence", OUTSIDE_IP, 47,
     LITERAL(0xb0, 0, 0x86, 0xdd, 1, 2, 0, 0, 0xff, 0, 0, 7, 0, 0, 0, 1), INSIDE_IPV6, TUNNEL_GRE, true,
     0xff000007},
    {"GRE, bridged", OUTSIDE_IP, 47, LITERAL(0x20, 0, 0x65, 0x58, 0, 0, 9, 1), INSIDE_ETHERNET, TUNNEL_GRE,
     true, 0x901},
    {"GRE, cache redirect", OUTSIDE_IP, 47, LITERAL(0, 0, 0x88, 0x3e, 0, 0, 0, 0), INSIDE_IPV4, TUNNEL_GRE,
     false, 0},
    {"GRE, cache redirect without header", OUTSIDE_IP, 47, LITERAL(0, 0, 0x88, 0x3e), INSIDE_IPV4, TUNNEL_GRE,
     false, 0},
    {"GRE, PPTP", OUTSIDE_IP, 47,
     LITERAL(0x30, 0x81, 0x88, 0x0b, 0, 71, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21), INSIDE_IPV4,
     TUNNEL_GRE, true, 5},
    {"GRE in UDP", OUTSIDE_UDP, 4754, LITERAL(0, 0, 8, 0), INSIDE_IPV4, TUNNEL_GRE, false, 0},
    {"ERSPAN I", OUTSIDE_IP, 47, LITERAL(0, 0, 0x88, 0xbe), INSIDE_ETHERNET, TUNNEL_ERSPAN, false, 0},
    {"ERSPAN II", OUTSIDE_IP, 47, LITERAL(0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0x1b, 0xe7, 0, 0, 0, 3),
     INSIDE_ETHERNET, TUNNEL_ERSPAN, true, 0x3e7},
    {"ERSPAN III", OUTSIDE_IP, 47,
     LITERAL(0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0), INSIDE_ETHERNET,
     TUNNEL_ERSPAN, true, 9},
    {"ERSPAN III, platform", OUTSIDE_IP, 47,
     LITERAL(0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8),
     INSIDE_ETHERNET, TUNNEL_ERSPAN, true, 9},
    {"ERSPAN III, IP", OUTSIDE_IP, 47,
     LITERAL(0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 9, 0, 0, 0, 0, 0, 0, 0x08, 0), INSIDE_IPV4,
     TUNNEL_ERSPAN, true, 9},
    {"VXLAN", OUTSIDE_UDP, 4789, LITERAL(8, 0, 0, 0, 1, 2, 3, 0), INSIDE_ETHERNET, TUNNEL_VXLAN, true,
     0x010203},
    {"VXLAN, Linux's port", OUTSIDE_UDP, 8472, LITERAL(8, 0, 0, 0, 0, 0, 42, 0), INSIDE_ETHERNET,
     TUNNEL_VXLAN, true, 42},
    {"VXLAN, group policy", OUTSIDE_UDP, 4789, LITERAL(0x88, 0, 0, 7, 0, 0, 42, 0), INSIDE_ETHERNET,
     TUNNEL_VXLAN, true, 42},
    {"VXLAN-GPE, IPv4", OUTSIDE_UDP, 4790, LITERAL(0x0c, 0, 0, 1, 0, 0, 42, 0), INSIDE_IPV4, TUNNEL_VXLAN,
     true, 42},
    {"VXLAN-GPE, IPv6", OUTSIDE_UDP, 4790, LITERAL(0x0c, 0, 0, 2, 0, 0, 42, 0), INSIDE_IPV6, TUNNEL_VXLAN,
     true, 42},
    {"VXLAN-GPE, Ethernet", OUTSIDE_UDP, 4790, LITERAL(0x0c, 0, 0, 3, 0, 0, 42, 0), INSIDE_ETHERNET,
     TUNNEL_VXLAN, true, 42},
    {"GENEVE", OUTSIDE_UDP, 6081, LITERAL(0, 0, 0x65, 0x58, 0, 1, 0, 0), INSIDE_ETHERNET, TUNNEL_GENEVE, true,
     0x100},
    {"GENEVE, options, IPv4", OUTSIDE_UDP, 6081,
     LITERAL(2, 0, 8, 0, 0, 0, 5, 0, 1, 8, 0, 1, 0xde, 0xad, 0xbe, 0xef), INSIDE_IPV4, TUNNEL_GENEVE, true,
     5},
    {"GTP-U", OUTSIDE_UDP, 2152, LITERAL(0x30, 255, 0, 67, 0xaa, 0, 0, 1), INSIDE_IPV4, TUNNEL_GTPU, true,
     0xaa000001},
    {"GTP-U, sequence", OUTSIDE_UDP, 2152, LITERAL(0x32, 255, 0, 71, 0, 0, 0, 1, 0, 9, 0, 0), INSIDE_IPV6,
     TUNNEL_GTPU, true, 1},
    {"GTP-U, extensions", OUTSIDE_UDP, 2152,
     LITERAL(0x34, 255, 0, 79, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0x10, 9, 0x40, 1, 1, 2, 0), INSIDE_IPV4,
     TUNNEL_GTPU, true, 1},
    {"MPLS", OUTSIDE_ETHERNET, 0, LITERAL(0x88, 0x47, 0, 0x10, 0x01, 64), INSIDE_IPV4, TUNNEL_MPLS, true,
     0x100},
    {"MPLS, three labels", OUTSIDE_ETHERNET, 0,
     LITERAL(0x88, 0x48, 0, 0x10, 0, 64, 0, 0x20, 0, 64, 0, 0x30, 0x01, 64), INSIDE_IPV6, TUNNEL_MPLS, true,
     0x300},
    {"MPLS, Ethernet", OUTSIDE_ETHERNET, 0, LITERAL(0x88, 0x47, 0, 0x10, 0x01, 64), INSIDE_ETHERNET,
     TUNNEL_MPLS, true, 0x100},
    {"MPLS, control word, Ethernet", OUTSIDE_ETHERNET, 0, LITERAL(0x88, 0x47, 0, 0x10, 0x01, 64, 0, 0, 0, 7),
     INSIDE_ETHERNET, TUNNEL_MPLS, true, 0x100},
    {"MPLS in IP", OUTSIDE_IP, 137, LITERAL(0, 0x10, 0x01, 64), INSIDE_IPV4, TUNNEL_MPLS, true, 0x100},
    {"PPPoE", OUTSIDE_ETHERNET, 0, LITERAL(0x88, 0x64, 0x11, 0, 0, 9, 0, 69, 0, 0x21), INSIDE_IPV4,
     TUNNEL_PPPOE, true, 9},
    {"PPPoE, IPv6", OUTSIDE_ETHERNET, 0, LITERAL(0x88, 0x64, 0x11, 0, 0, 9, 0, 89, 0, 0x57), INSIDE_IPV6,
     TUNNEL_PPPOE, true, 9},
    {"Teredo", OUTSIDE_UDP, 3544, LITERAL(), INSIDE_IPV6, TUNNEL_TEREDO, false, 0},
    {"Teredo, authentication, origin", OUTSIDE_UDP, 3544,
     LITERAL(0, 1, 2, 1, 'i', 'd', 'a', 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6), INSIDE_IPV6,
     TUNNEL_TEREDO, false, 0},
    {"L2TP", OUTSIDE_UDP, 1701, LITERAL(0, 2, 0, 5, 0, 6, 0xff, 3, 0, 0x21), INSIDE_IPV4, TUNNEL_L2TP, true,
     0x50006},
    {"L2TP, length, sequence, offset", OUTSIDE_UDP, 1701,
     LITERAL(0x4a, 2, 0, 83, 0, 5, 0, 6, 0, 0, 0, 0, 0, 1, 0xee, 0x21), INSIDE_IPV4, TUNNEL_L2TP, true,
     0x50006},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static struct bytes *tunnelled(const struct tunnel_case *c) {
    struct bytes *b = c->inside == INSIDE_IPV6 ? ipv6_request() : ipv4_request();
    if (c->inside == INSIDE_ETHERNET) {
        WRAP(b, 2, 0, 0, 0, 0, 0x12, 2, 0, 0, 0, 0, 0x11, 8, 0);
    }
    wrap_slice(b, c->header);
    switch (c->outside) {
    case OUTSIDE_ETHERNET:
        WRAP(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1);
        break;
    case OUTSIDE_UDP:
        wrap_udp(b, c->number);
        wrap_outer(b, 17);
        wrap_ethernet(b, 0x0800);
        break;
    case OUTSIDE_IP:
        wrap_outer(b, (uint8_t)c->number);
        wrap_ethernet(b, 0x0800);
        break;
    }
    return b;
}

static void check_path(const struct packet *p, const struct tunnel_case *c) {
    assert_int_equal(p->path.tunnel_count, 1);
    assert_int_equal(p->path.tunnel[0].kind, c->kind);
    assert_int_equal(p->path.tunnel[0].has_id, c->has_id);
    assert_int_equal(p->path.tunnel[0].id, c->id);
    bool over_ip = c->outside != OUTSIDE_ETHERNET && c->kind != TUNNEL_MPLS;
    assert_int_equal(p->path.tunnel[0].has_outer, over_ip);
    if (over_ip) {
        assert_address(&p->path.tunnel[0].outer[0], 4, "192.168.0.1");
        assert_address(&p->path.tunnel[0].outer[1], 4, "192.168.0.2");
    }
    assert_true(p->path.has_mac);
    assert_int_equal(p->path.mac[0][5], c->inside == INSIDE_ETHERNET ? 0x11 : 1);
}

static void check_key(const struct packet *p, const struct tunnel_case *c) {
    bool v6 = c->inside == INSIDE_IPV6;
    assert_int_equal(p->key.ip_version, v6 ? 6 : 4);
    assert_address(&p->key.side[0].address, p->key.ip_version, v6 ? "2001:db8::1" : "10.0.0.1");
    assert_address(&p->key.side[1].address, p->key.ip_version, v6 ? "2001:db8::2" : "10.0.0.2");
    bool network = c->kind == TUNNEL_VXLAN || c->kind == TUNNEL_GENEVE;
    assert_int_equal(p->key.network_id, network ? c->id : 0);
    assert_int_equal(p->key.network_kind, network ? c->kind : TUNNEL_NONE);
    assert_int_equal(p->ttl, v6 ? 63 : 64);
}

static void test_each_tunnel(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        print_message("%s\n", cases[i].name);
        struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
        assert_int_equal(bench_whole(&bench, DLT_EN10MB, tunnelled(&cases[i])), DECODE_TCP);
        assert_request(&bench.packet);
        check_path(&bench.packet, &cases[i]);
        check_key(&bench.packet, &cases[i]);
        assert_int_equal(bench_counts(&bench).tunnels[cases[i].kind], 1);
        bench_free(&bench);
    }
}

static void test_each_tunnel_cut_at_every_length(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        print_message("%s\n", cases[i].name);
        check_request_frame(DLT_EN10MB, tunnelled(&cases[i]), 0);
    }
}

/* A mirror that truncates shortens the outer packet; the inner length still tells. */
static void test_truncating_mirror_counts_as_cut(void **state) {
    (void)state;
    struct bytes *b = ipv4_request();
    struct slice inner = bytes_slice(b);
    static uint8_t copy[256];
    memcpy(copy, inner.ptr, inner.len);
    b = bytes_of(slice_make(copy, inner.len - 7));
    wrap_ethernet(b, 0x0800);
    WRAP(b, 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 4, 9, 0, 0, 0, 3);
    wrap_outer(b, 47);
    wrap_ethernet(b, 0x0800);
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_TCP);
    assert_int_equal(bench.packet.cut, 7);
    assert_int_equal(bench.packet.payload.len, strlen(REQUEST) - 7);
    bench_free(&bench);
}

static void test_nested_tunnels(void **state) {
    (void)state;
    struct bytes *b = ipv4_request();
    WRAP(b, 2, 0, 0, 0, 0, 0x22, 2, 0, 0, 0, 0, 0x21, 0x81, 0, 0, 77, 8, 0);
    WRAP(b, 8, 0, 0, 0, 0, 0, 2, 0);
    wrap_udp(b, 4789);
    wrap_ipv6(b, 17);
    WRAP(b, 0x20, 0, 0x86, 0xdd, 0, 0, 0, 99);
    wrap_outer(b, 47);
    WRAP(b, 0x30, 255, 0, 0, 0, 0, 0, 5);
    wrap_udp(b, 2152);
    wrap_outer(b, 17);
    WRAP(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0);
    struct bench bench = bench_new((struct decode_options){.vlan_in_key = true});
    assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_TCP);
    const struct packet *p = &bench.packet;
    assert_request(p);
    assert_int_equal(p->path.tunnel_count, 3);
    assert_int_equal(p->path.tunnel[0].kind, TUNNEL_GTPU);
    assert_int_equal(p->path.tunnel[1].kind, TUNNEL_GRE);
    assert_int_equal(p->path.tunnel[1].id, 99);
    assert_int_equal(p->path.tunnel[2].kind, TUNNEL_VXLAN);
    assert_address(&p->path.tunnel[2].outer[0], 6, "2001:db8::1");
    /* Tags and addresses are those of the innermost frame. */
    assert_int_equal(p->path.vlan_count, 1);
    assert_int_equal(p->path.vlan[0], 77);
    assert_int_equal(p->path.mac[0][5], 0x21);
    assert_int_equal(p->key.vlan, 77);
    assert_int_equal(p->key.network_id, 2);
    assert_int_equal(p->key.network_kind, TUNNEL_VXLAN);
    bench_free(&bench);
    check_request_frame(DLT_EN10MB, b, 0);
}

static void test_the_innermost_network_counts(void **state) {
    (void)state;
    struct bytes *b = ipv4_request();
    WRAP(b, 0, 0, 8, 0, 0, 0, 5, 0);
    wrap_udp(b, 6081);
    wrap_outer(b, 17);
    wrap_ethernet(b, 0x0800);
    WRAP(b, 8, 0, 0, 0, 0, 0, 2, 0);
    wrap_udp(b, 4789);
    wrap_outer(b, 17);
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    assert_int_equal(bench_whole(&bench, DLT_IPV4, b), DECODE_TCP);
    assert_int_equal(bench.packet.key.network_kind, TUNNEL_GENEVE);
    assert_int_equal(bench.packet.key.network_id, 5);
    /* The next frame has no network. */
    assert_int_equal(bench_whole(&bench, DLT_IPV4, ipv4_request()), DECODE_TCP);
    assert_int_equal(bench.packet.key.network_kind, TUNNEL_NONE);
    assert_int_equal(bench.packet.key.network_id, 0);
    bench_free(&bench);
}

/* `n` headers that count, around the request. */
static enum decode_fate decode_nested(struct bench *bench, unsigned n, bool tags) {
    struct bytes *b = ipv4_request();
    if (tags) {
        WRAP(b, 8, 0);
    }
    for (unsigned i = 0; i < n; i++) {
        if (tags) {
            WRAP(b, 0x81, 0, 0, 1);
        } else {
            wrap_outer(b, 4);
        }
    }
    if (tags) {
        WRAP(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1);
    }
    return bench_whole(bench, tags ? DLT_EN10MB : DLT_IPV4, b);
}

static void test_depth_cap(void **state) {
    (void)state;
    for (int tags = 0; tags < 2; tags++) {
        struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
        unsigned depth = bench.limits.tunnel_depth;
        for (unsigned n = 0; n < 3 * depth; n++) {
            enum decode_fate fate = decode_nested(&bench, n, tags);
            assert_int_equal(fate, n <= depth ? DECODE_TCP : DECODE_TUNNEL_DEPTH);
            if (fate == DECODE_TCP) {
                assert_int_equal(tags ? bench.packet.path.vlan_count : bench.packet.path.tunnel_count, n);
            }
        }
        bench_free(&bench);
    }
}

static void test_depth_cap_of_nothing_and_of_all(void **state) {
    (void)state;
    struct decode_options options = {.verify_checksums = false};
    struct limits limits = limits_default();
    limits.tunnel_depth = 0;
    struct bench none = {.decoder = decoder_new(&options, &limits), .limits = limits};
    assert_int_equal(decode_nested(&none, 0, false), DECODE_TCP);
    assert_int_equal(decode_nested(&none, 1, false), DECODE_TUNNEL_DEPTH);
    bench_free(&none);
    limits.tunnel_depth = 100000;
    struct bench all = {.decoder = decoder_new(&options, &limits), .limits = limits};
    assert_int_equal(decode_nested(&all, 255, false), DECODE_TCP);
    assert_int_equal(all.packet.path.tunnel_count, 255);
    assert_int_equal(decode_nested(&all, 256, false), DECODE_TUNNEL_DEPTH);
    bench_free(&all);
}

struct refused_case {
    const char *name;
    uint16_t port; /* 0: in GRE's protocol */
    struct slice content;
    enum decode_fate fate;
};

static const struct refused_case refused_cases[] = {
    {"VXLAN without id", 4789, LITERAL(0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3), DECODE_UDP},
    {"VXLAN, short", 4789, LITERAL(8, 0, 0, 0), DECODE_TUNNEL_MALFORMED},
    {"VXLAN-GPE, NSH", 4790, LITERAL(0x0c, 0, 0, 4, 0, 0, 42, 0), DECODE_NOT_IP},
    {"GENEVE, version", 6081, LITERAL(0x40, 0, 8, 0, 0, 0, 1, 0), DECODE_UDP},
    {"GENEVE, options cut", 6081, LITERAL(2, 0, 8, 0, 0, 0, 1, 0, 1, 2, 3, 4), DECODE_TUNNEL_MALFORMED},
    {"GENEVE, not IP", 6081, LITERAL(0, 0, 8, 6, 0, 0, 1, 0), DECODE_NOT_IP},
    {"GTP-U echo", 2152, LITERAL(0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0), DECODE_UDP},
    {"GTP-U, endless extension", 2152, LITERAL(0x34, 255, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0x85, 0, 1, 2, 3),
     DECODE_TUNNEL_MALFORMED},
    {"GTP-U, nothing inside", 2152, LITERAL(0x30, 255, 0, 0, 0, 0, 0, 1), DECODE_TUNNEL_MALFORMED},
    {"GTP-U, no IP", 2152, LITERAL(0x30, 255, 0, 1, 0, 0, 0, 1, 0x0f), DECODE_NOT_IP},
    {"GTP prime", 2152, LITERAL(0x0e, 255, 0, 0, 0, 0, 0, 1), DECODE_UDP},
    {"Teredo bubble of nothing", 3544, LITERAL(0, 0), DECODE_UDP},
    {"L2TP control", 1701, LITERAL(0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 1, 0, 1), DECODE_UDP},
    {"L2TP, offset beyond", 1701, LITERAL(2, 2, 0, 1, 0, 1, 0xff, 0xff, 1), DECODE_TUNNEL_MALFORMED},
    {"DNS", 53, LITERAL(8, 0, 0, 0, 0, 0, 42, 0), DECODE_UDP},
    {"GRE, routing", 0, LITERAL(0x40, 0, 8, 0, 0, 0, 0, 0), DECODE_TUNNEL_MALFORMED},
    {"GRE, version 2", 0, LITERAL(0, 2, 8, 0), DECODE_TUNNEL_MALFORMED},
    {"GRE, short", 0, LITERAL(0x20, 0, 8, 0, 0), DECODE_TUNNEL_MALFORMED},
    {"GRE, keep-alive", 0, LITERAL(0, 0, 0, 0), DECODE_NOT_IP},
    {"PPTP acknowledgement", 0, LITERAL(0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1), DECODE_NOT_IP},
    {"ERSPAN, version", 0, LITERAL(0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x70, 0, 0, 0, 0, 0, 0, 0),
     DECODE_TUNNEL_MALFORMED},
};

static void test_what_is_no_tunnel(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (size_t i = 0; i < sizeof refused_cases / sizeof refused_cases[0]; i++) {
        const struct refused_case *c = &refused_cases[i];
        print_message("%s\n", c->name);
        struct bytes *b = bytes_of(c->content);
        if (c->port) {
            wrap_udp(b, c->port);
        }
        wrap_outer(b, c->port ? 17 : 47);
        assert_int_equal(bench_whole(&bench, DLT_IPV4, b), c->fate);
    }
    bench_free(&bench);
}

/* An Ethernet address that begins like IPv4 under a label: the length decides. */
static void test_mpls_guess(void **state) {
    (void)state;
    struct bytes *b = ipv4_request();
    WRAP(b, 0x45, 0, 0xff, 0xff, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0);
    WRAP(b, 0, 0x10, 0x01, 64);
    check_request_frame(219, b, 0);
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    b = bytes_of(slice_make("\0\x10\x01\x40\x10\0\0\x21", 8)); /* an associated channel */
    assert_int_equal(bench_whole(&bench, 219, b), DECODE_NOT_IP);
    b = bytes_of(slice_make("\0\x10\x00\x40\x10\0\0\x21", 8)); /* no bottom */
    assert_int_equal(bench_whole(&bench, 219, b), DECODE_LINK_TRUNCATED);
    bench_free(&bench);
}

/* Padding of the inner Ethernet frame is not payload. */
static void test_udp_length_bounds_the_tunnel(void **state) {
    (void)state;
    struct bytes *b = bytes_of(slice_make("\xee\xee\xee\xee", 4));
    struct bytes inner = *ipv4_request();
    struct slice ip = bytes_slice(&inner);
    b = bytes_of(slice_make("\xee\xee\xee\xee", 4));
    wrap_slice(b, ip);
    wrap_ethernet(b, 0x0800);
    WRAP(b, 8, 0, 0, 0, 0, 0, 2, 0);
    wrap_udp(b, 4789);
    wrap_outer(b, 17);
    wrap_ethernet(b, 0x0800);
    check_request_frame(DLT_EN10MB, b, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_tunnel),
        cmocka_unit_test(test_each_tunnel_cut_at_every_length),
        cmocka_unit_test(test_truncating_mirror_counts_as_cut),
        cmocka_unit_test(test_nested_tunnels),
        cmocka_unit_test(test_the_innermost_network_counts),
        cmocka_unit_test(test_depth_cap),
        cmocka_unit_test(test_depth_cap_of_nothing_and_of_all),
        cmocka_unit_test(test_what_is_no_tunnel),
        cmocka_unit_test(test_mpls_guess),
        cmocka_unit_test(test_udp_length_bounds_the_tunnel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
