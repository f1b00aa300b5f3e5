/* SPDX-License-Identifier: Apache-2.0 */
/* Link layers, tags, IP and TCP headers, fates. Tunnels and fragments have tests of their own. */
#include "tests/unit/frames.h"

enum { MPLS_LABELS = 219 };

struct link_case {
    const char *name;
    int link_type;
    struct slice header;
    bool v6;
    size_t trailer; /* bytes after the packet */
};

#define LITERAL(...)                                                                                         \
    { .ptr = (const uint8_t[]){__VA_ARGS__}, .len = sizeof((const uint8_t[]){__VA_ARGS__}) }
#define MACS      2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1
#define SNAP_IPV4 0xaa, 0xaa, 3, 0, 0, 0, 8, 0
/* Duration, three addresses, sequence control of an 802.11 frame, after frame control. */
#define WIFI_REST 0, 0, 0x0a, 0, 0, 0, 0, 1, 0x0a, 0, 0, 0, 0, 2, 0x0a, 0, 0, 0, 0, 3, 0x10, 0

static const struct link_case link_cases[] = {
    {"ethernet", DLT_EN10MB, LITERAL(MACS, 8, 0), false, 0},
    {"ethernet, IPv6", DLT_EN10MB, LITERAL(MACS, 0x86, 0xdd), true, 0},
    {"ethernet, padding", DLT_EN10MB, LITERAL(MACS, 8, 0), false, 5},
    {"802.3, SNAP", DLT_EN10MB, LITERAL(MACS, 0, 200, SNAP_IPV4), false, 0},
    {"802.3, SNAP of 802.1H", DLT_EN10MB, LITERAL(MACS, 0, 200, 0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0), false, 0},
    {"802.3, LLC", DLT_EN10MB, LITERAL(MACS, 0, 200, 6, 6, 3), false, 0},
    {"802.1Q", DLT_EN10MB, LITERAL(MACS, 0x81, 0, 0x20, 7, 8, 0), false, 0},
    {"802.1ad, 802.1Q", DLT_EN10MB, LITERAL(MACS, 0x88, 0xa8, 0, 9, 0x81, 0, 0, 7, 0x86, 0xdd), true, 0},
    {"9100, 9200, 8100", DLT_EN10MB, LITERAL(MACS, 0x91, 0, 0, 1, 0x92, 0, 0, 2, 0x81, 0, 0, 3, 8, 0), false,
     0},
    {"802.1Q, SNAP", DLT_EN10MB, LITERAL(MACS, 0x81, 0, 0, 7, 0, 200, SNAP_IPV4), false, 0},
    {"cooked", DLT_LINUX_SLL, LITERAL(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0), false, 0},
    {"cooked, 802.1Q", DLT_LINUX_SLL,
     LITERAL(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0, 0, 5, 0x86, 0xdd), true, 0},
    {"cooked, LLC", DLT_LINUX_SLL, LITERAL(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 4, SNAP_IPV4), false,
     0},
    {"cooked 2", DLT_LINUX_SLL2, LITERAL(8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0), false,
     0},
    {"cooked, radiotap", DLT_LINUX_SLL,
     LITERAL(0, 0, 3, 0x23, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0x08, 0x01, WIFI_REST,
             SNAP_IPV4),
     false, 0},
    {"raw 12", 12, LITERAL(), false, 0},
    {"raw 14, IPv6", 14, LITERAL(), true, 0},
    {"raw 101", 101, LITERAL(), false, 0},
    {"IPv4", DLT_IPV4, LITERAL(), false, 0},
    {"IPv6", DLT_IPV6, LITERAL(), true, 0},
    {"null, little-endian", DLT_NULL, LITERAL(2, 0, 0, 0), false, 0},
    {"null, big-endian", DLT_NULL, LITERAL(0, 0, 0, 2), false, 0},
    {"null, IPv6 of Linux", DLT_NULL, LITERAL(10, 0, 0, 0), true, 0},
    {"null, IPv6 of NetBSD", DLT_NULL, LITERAL(0, 0, 0, 24), true, 0},
    {"null, IPv6 of FreeBSD", DLT_NULL, LITERAL(28, 0, 0, 0), true, 0},
    {"null, IPv6 of macOS", DLT_NULL, LITERAL(30, 0, 0, 0), true, 0},
    {"loop", DLT_LOOP, LITERAL(0, 0, 0, 24), true, 0},
    {"PPP", DLT_PPP, LITERAL(0, 0x21), false, 0},
    {"PPP, framed", DLT_PPP, LITERAL(0xff, 3, 0, 0x57), true, 0},
    {"PPP, short protocol", DLT_PPP, LITERAL(0x21), false, 0},
    {"PPP, MPLS", DLT_PPP, LITERAL(2, 0x81, 0, 1, 0x11, 64), false, 0},
    {"PPP serial", DLT_PPP_SERIAL, LITERAL(0xff, 3, 0, 0x21), false, 0},
    {"PPP serial, bare", DLT_PPP_SERIAL, LITERAL(0, 0x21), false, 0},
    {"Cisco HDLC", DLT_C_HDLC, LITERAL(0x0f, 0, 8, 0), false, 0},
    {"PPPoE", DLT_PPP_ETHER, LITERAL(0x11, 0, 0, 9, 0, 200, 0, 0x21), false, 0},
    {"PPP, direction before", DLT_PPP_WITH_DIR, LITERAL(1, 0xff, 3, 0, 0x21), false, 0},
    {"PPP, direction in place", DLT_PPP_PPPD, LITERAL(0, 3, 0, 0x21), false, 0},
    {"802.11 to DS", DLT_IEEE802_11, LITERAL(0x08, 0x01, WIFI_REST, SNAP_IPV4), false, 0},
    {"802.11 QoS", DLT_IEEE802_11, LITERAL(0x88, 0x02, WIFI_REST, 0, 0, SNAP_IPV4), false, 0},
    {"802.11 QoS, HT control", DLT_IEEE802_11, LITERAL(0x88, 0x82, WIFI_REST, 0, 0, 0, 0, 0, 0, SNAP_IPV4),
     false, 0},
    {"802.11 four addresses", DLT_IEEE802_11, LITERAL(0x08, 0x03, WIFI_REST, 0x0a, 0, 0, 0, 0, 4, SNAP_IPV4),
     false, 0},
    {"802.11 A-MSDU", DLT_IEEE802_11, LITERAL(0x88, 0x01, WIFI_REST, 0x80, 0, MACS, 0, 75, SNAP_IPV4), false,
     0},
    {"radiotap", DLT_IEEE802_11_RADIO, LITERAL(0, 0, 8, 0, 0, 0, 0, 0, 0x08, 0x01, WIFI_REST, SNAP_IPV4),
     false, 0},
    {"radiotap, FCS", DLT_IEEE802_11_RADIO,
     LITERAL(0, 0, 9, 0, 2, 0, 0, 0, 0x10, 0x08, 0x02, WIFI_REST, SNAP_IPV4), false, 4},
    {"radiotap, time, padding", DLT_IEEE802_11_RADIO,
     LITERAL(0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20, 0x88, 0x02,
             WIFI_REST, 0, 0, 0, 0, SNAP_IPV4),
     false, 0},
    {"Prism", DLT_PRISM_HEADER,
     LITERAL(0x44, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x01, WIFI_REST, SNAP_IPV4), false, 0},
    {"AVS under Prism", DLT_PRISM_HEADER,
     LITERAL(0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 0, 0, 0, 0, 0x08, 0x01, WIFI_REST, SNAP_IPV4), false, 0},
    {"AVS", DLT_IEEE802_11_RADIO_AVS,
     LITERAL(0x80, 0x21, 0x10, 1, 0, 0, 0, 8, 0x08, 0x01, WIFI_REST, SNAP_IPV4), false, 0},
    {"ATM", DLT_ATM_RFC1483, LITERAL(SNAP_IPV4), false, 0},
    {"netfilter log", DLT_NFLOG, LITERAL(2, 0, 0, 1, 5, 0, 10, 0, 'x', 0, 0, 0, 72, 0, 9, 0), false, 0},
    {"netfilter log, big-endian", DLT_NFLOG, LITERAL(2, 0, 0, 1, 0, 5, 0, 10, 'x', 0, 0, 0, 0, 72, 0, 9),
     false, 0},
    {"per-packet information", DLT_PPI, LITERAL(0, 0, 8, 0, 1, 0, 0, 0, MACS, 8, 0), false, 0},
    {"packet tap", DLT_PKTAP, LITERAL(12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, MACS, 8, 0), false, 0},
    {"MPLS", MPLS_LABELS, LITERAL(0, 1, 0x01, 64), false, 0},
};

static void test_link_types(void **state) {
    (void)state;
    static const uint8_t trailer[8] = {0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef};
    for (size_t i = 0; i < sizeof link_cases / sizeof link_cases[0]; i++) {
        const struct link_case *c = &link_cases[i];
        print_message("%s\n", c->name);
        struct bytes *b = bytes_of(slice_make(trailer, c->trailer));
        /* The trailer is no part of the IP packet, which is built before it. */
        uint8_t packet[256];
        struct slice ip;
        {
            static struct bytes inner;
            inner = *(c->v6 ? ipv6_request() : ipv4_request());
            ip = bytes_slice(&inner);
            memcpy(packet, ip.ptr, ip.len);
        }
        b = bytes_of(slice_make(trailer, c->trailer));
        wrap_slice(b, slice_make(packet, ip.len));
        wrap_slice(b, c->header);
        check_request_frame(c->link_type, b, c->trailer);
    }
}

static void test_packet_view(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    bench.time_ns = 42;
    struct bytes *b = ipv4_request();
    wrap_ethernet(b, 0x0800);
    size_t len = bytes_slice(b).len;
    /* What an earlier packet left behind must not show through. */
    memset(&bench.packet, 0xa5, sizeof bench.packet);
    assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_TCP);
    const struct packet *p = &bench.packet;
    assert_request(p);
    assert_int_equal(p->time_ns, 42);
    assert_int_equal(p->number, 1);
    assert_int_equal(p->ordinal, 1);
    assert_int_equal(p->file, 0);
    assert_int_equal(p->interface, 0);
    assert_int_equal(p->wire_len, len);
    assert_int_equal(p->key.ip_version, 4);
    assert_address(&p->key.side[0].address, 4, "10.0.0.1");
    assert_address(&p->key.side[1].address, 4, "10.0.0.2");
    assert_int_equal(p->key.network_id, 0);
    assert_int_equal(p->key.network_kind, TUNNEL_NONE);
    assert_int_equal(p->key.vlan, 0);
    assert_int_equal(p->ip_id, 0x1234);
    assert_int_equal(p->ttl, 64);
    assert_int_equal(p->window_scale, -1);
    assert_int_equal(p->sack_count, 0);
    assert_false(p->has_timestamps);
    assert_int_equal(p->ts_value, 0);
    assert_int_equal(p->ts_echo, 0);
    assert_false(p->fragmented);
    assert_true(p->path.has_mac);
    assert_int_equal(p->path.mac[0][5], 1);
    assert_int_equal(p->path.mac[1][5], 2);
    assert_int_equal(p->path.vlan_count, 0);
    assert_int_equal(p->path.tunnel_count, 0);
    assert_int_equal(bench_whole(&bench, DLT_IPV6, ipv6_request()), DECODE_TCP);
    assert_address(&p->key.side[0].address, 6, "2001:db8::1");
    assert_address(&p->key.side[1].address, 6, "2001:db8::2");
    assert_int_equal(p->key.ip_version, 6);
    assert_int_equal(p->ip_id, 0);
    assert_int_equal(p->ttl, 63);
    assert_false(p->path.has_mac);
    bench_free(&bench);
}

static void test_vlan_in_path_and_key(void **state) {
    (void)state;
    for (int in_key = 0; in_key < 2; in_key++) {
        struct bench bench = bench_new((struct decode_options){.vlan_in_key = in_key});
        struct bytes *b = ipv4_request();
        WRAP(b, MACS, 0x81, 0, 0xe1, 0x23, 8, 0);
        assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_TCP);
        assert_int_equal(bench.packet.path.vlan_count, 1);
        assert_int_equal(bench.packet.path.vlan[0], 0x123);
        assert_int_equal(bench.packet.key.vlan, in_key ? 0x123 : 0);
        b = ipv4_request();
        WRAP(b, MACS, 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 8, 0);
        assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_TCP);
        assert_int_equal(bench.packet.path.vlan_count, 3);
        assert_int_equal(bench.packet.path.vlan[0], 1);
        assert_int_equal(bench.packet.path.vlan[1], 2);
        assert_int_equal(bench.packet.key.vlan, in_key ? 0x1002 : 0);
        bench_free(&bench);
    }
}

static void test_wifi_addresses(void **state) {
    (void)state;
    /* Frame control's DS bits, and the last byte of source and destination that they imply. */
    static const uint8_t cases[][3] = {{0, 2, 1}, {1, 2, 3}, {2, 3, 1}, {3, 4, 3}};
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (size_t i = 0; i < 4; i++) {
        struct bytes *b = ipv4_request();
        WRAP(b, SNAP_IPV4);
        if (cases[i][0] == 3) {
            WRAP(b, 0x0a, 0, 0, 0, 0, 4);
        }
        WRAP(b, 0x08, cases[i][0], WIFI_REST);
        assert_int_equal(bench_whole(&bench, DLT_IEEE802_11, b), DECODE_TCP);
        assert_true(bench.packet.path.has_mac);
        assert_int_equal(bench.packet.path.mac[0][5], cases[i][1]);
        assert_int_equal(bench.packet.path.mac[1][5], cases[i][2]);
    }
    bench_free(&bench);
}

static void test_wifi_aggregate_counts_what_it_skips(void **state) {
    (void)state;
    struct bytes *b = bytes_of(slice_of(REQUEST));
    static struct bytes second;
    second = *ipv4_request();
    struct slice ip = bytes_slice(&second);
    b = bytes_of(ip);
    WRAP(b, MACS, 0, (uint8_t)(ip.len + 8), SNAP_IPV4);
    WRAP(b, 0, 0, 0); /* 14 + 75 are padded to 92 */
    wrap_slice(b, ip);
    WRAP(b, 0x88, 0x01, WIFI_REST, 0x80, 0, MACS, 0, (uint8_t)(ip.len + 8), SNAP_IPV4);
    assert_int_equal((14 + ip.len + 8) % 4, 1);
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    assert_int_equal(bench_whole(&bench, DLT_IEEE802_11, b), DECODE_TCP);
    assert_request(&bench.packet);
    assert_int_equal(bench_counts(&bench).subframes_skipped, 1);
    bench_free(&bench);
}

struct fate_case {
    const char *name;
    int link_type;
    struct slice frame;
    enum decode_fate fate;
};

static const struct fate_case fate_cases[] = {
    {"link type", 147, LITERAL(1, 2, 3), DECODE_LINK_UNSUPPORTED},
    {"link type in packet tap", DLT_PKTAP, LITERAL(12, 0, 0, 0, 1, 0, 0, 0, 147, 0, 0, 0),
     DECODE_LINK_UNSUPPORTED},
    {"packet tap in itself", DLT_PKTAP, LITERAL(12, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0),
     DECODE_LINK_UNSUPPORTED},
    {"empty", DLT_EN10MB, LITERAL(), DECODE_LINK_TRUNCATED},
    {"ARP", DLT_EN10MB, LITERAL(MACS, 8, 6, 0, 1), DECODE_NOT_IP},
    {"LLDP", DLT_EN10MB, LITERAL(MACS, 0x88, 0xcc, 0, 1), DECODE_NOT_IP},
    {"spanning tree", DLT_EN10MB, LITERAL(MACS, 0, 3, 0x42, 0x42, 3), DECODE_NOT_IP},
    {"Cisco discovery", DLT_EN10MB, LITERAL(MACS, 0, 8, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0), DECODE_NOT_IP},
    {"PPPoE discovery", DLT_EN10MB, LITERAL(MACS, 0x88, 0x63, 0x11, 9, 0, 0, 0, 0), DECODE_NOT_IP},
    {"PPP LCP", DLT_PPP, LITERAL(0xc0, 0x21, 1), DECODE_NOT_IP},
    {"null, AppleTalk", DLT_NULL, LITERAL(16, 0, 0, 0), DECODE_NOT_IP},
    {"cooked netlink", DLT_LINUX_SLL, LITERAL(0, 4, 3, 0x38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0x45),
     DECODE_NOT_IP},
    {"802.11 beacon", DLT_IEEE802_11, LITERAL(0x80, 0), DECODE_NOT_IP},
    {"802.11 null", DLT_IEEE802_11, LITERAL(0x48, 0x01, WIFI_REST), DECODE_NOT_IP},
    {"802.11 protected", DLT_IEEE802_11, LITERAL(0x08, 0x41, WIFI_REST, SNAP_IPV4, 0x45), DECODE_NOT_IP},
    {"802.11 bad FCS", DLT_IEEE802_11_RADIO, LITERAL(0, 0, 9, 0, 2, 0, 0, 0, 0x50, 0x08, 0x02, WIFI_REST),
     DECODE_LINK_TRUNCATED},
    {"radiotap version", DLT_IEEE802_11_RADIO, LITERAL(1, 0, 8, 0, 0, 0, 0, 0, 0x80, 0),
     DECODE_LINK_TRUNCATED},
    {"wrong version", DLT_IPV4, LITERAL(0x65, 0, 0, 20, 0, 0, 0, 0, 1, 6, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2),
     DECODE_IP_MALFORMED},
    {"no version", 101, LITERAL(0x05), DECODE_IP_MALFORMED},
    {"header length 16", DLT_IPV4, LITERAL(0x44, 0, 0, 20, 0, 0, 0, 0, 1, 6, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2),
     DECODE_IP_MALFORMED},
    {"total below header", DLT_IPV4, LITERAL(0x45, 0, 0, 19, 0, 0, 0, 0, 1, 6, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2),
     DECODE_IP_MALFORMED},
    {"ICMP", DLT_IPV4, LITERAL(0x45, 0, 0, 20, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2),
     DECODE_OTHER_PROTOCOL},
    {"UDP", DLT_IPV4,
     LITERAL(0x45, 0, 0, 28, 0, 0, 0, 0, 1, 17, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 53, 0, 53, 0, 8, 0, 0),
     DECODE_UDP},
    {"no TCP header", DLT_IPV4, LITERAL(0x45, 0, 0, 20, 0, 0, 0, 0, 1, 6, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2),
     DECODE_TCP_MALFORMED},
};

static void test_fates(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (size_t i = 0; i < sizeof fate_cases / sizeof fate_cases[0]; i++) {
        const struct fate_case *c = &fate_cases[i];
        print_message("%s\n", c->name);
        uint64_t before = bench_counts(&bench).fates[c->fate];
        assert_int_equal(bench_decode(&bench, c->link_type, c->frame, c->frame.len), c->fate);
        assert_int_equal(bench_counts(&bench).fates[c->fate], before + 1);
    }
    assert_int_equal(bench_counts(&bench).unsupported_link_type, 147 + 1);
    bench_free(&bench);
}

static void test_fates_have_names(void **state) {
    (void)state;
    for (unsigned i = 0; i < DECODE_FATES; i++) {
        assert_string_not_equal(decode_fate_name((enum decode_fate)i), "unknown");
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(decode_fate_name((enum decode_fate)i),
                                    decode_fate_name((enum decode_fate)j));
        }
    }
}

static void test_cut_headers_tell_snaplen_from_lies(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    struct slice whole = bytes_slice(ipv4_request());
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_first(whole, 19), whole.len), DECODE_IP_TRUNCATED);
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_first(whole, 19), 19), DECODE_IP_MALFORMED);
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_first(whole, 39), whole.len), DECODE_TCP_TRUNCATED);
    /* Nothing was cut from the frame, but the IP length says that something cut the packet before. */
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_first(whole, 39), 39), DECODE_TCP_TRUNCATED);
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_first(whole, 45), 45), DECODE_TCP);
    assert_int_equal(bench.packet.payload.len, 5);
    assert_int_equal(bench.packet.cut, strlen(REQUEST) - 5);
    bench_free(&bench);
}

static void test_length_zero_means_all(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = true});
    struct bytes *b = ipv4_request();
    b->room[b->at + 2] = b->room[b->at + 3] = 0;
    /* With a right header checksum: offload leaves the length, not the sum, to others. */
    b->room[b->at + 10] = 0x14;
    b->room[b->at + 11] = 0xc2;
    assert_int_equal(bench_whole(&bench, DLT_IPV4, b), DECODE_TCP);
    assert_request(&bench.packet);
    struct slice whole = bytes_slice(b);
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_first(whole, 50), whole.len), DECODE_TCP);
    assert_int_equal(bench.packet.payload.len, 10);
    assert_int_equal(bench.packet.cut, strlen(REQUEST) - 10);
    b = ipv6_request();
    b->room[b->at + 4] = b->room[b->at + 5] = 0;
    assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_TCP);
    assert_request(&bench.packet);
    bench_free(&bench);
}

/* The folded sum of 16-bit words and `sum`. */
static uint16_t sum_of(const uint8_t *words, size_t bytes, uint32_t sum) {
    for (size_t i = 0; i < bytes; i += 2) {
        sum += (uint32_t)(words[i] << 8 | words[i + 1]);
    }
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void set_be16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The sum of addresses, protocol and, if asked, length: what offload leaves in the TCP checksum's place. The
 * header's is right. */
static void set_partial_checksum(struct bytes *b, bool with_length) {
    uint8_t *ip = b->room + b->at;
    uint32_t len = with_length ? (uint32_t)(ip[2] << 8 | ip[3]) - 20 : 0;
    set_be16(ip + 36, sum_of(ip + 12, 8, 6 + len));
    set_be16(ip + 10, 0);
    set_be16(ip + 10, (uint16_t)~sum_of(ip, 20, 0));
}

static void test_checksums_not_filled_in(void **state) {
    (void)state;
    struct bench live =
        bench_new((struct decode_options){.verify_checksums = true, .partial_checksums = true});
    struct bench file = bench_new((struct decode_options){.verify_checksums = true});
    struct decode_counts counts;
    for (int with_length = 0; with_length < 2; with_length++) {
        struct bytes *b = ipv4_request();
        set_partial_checksum(b, with_length);
        assert_int_equal(bench_whole(&live, DLT_IPV4, b), DECODE_TCP);
        assert_int_equal(live.packet.payload.len, strlen(REQUEST));
        assert_int_equal(bench_whole(&file, DLT_IPV4, b), DECODE_TCP_CHECKSUM);
        b->room[b->at + 37] ^= 1;
        assert_int_equal(bench_whole(&live, DLT_IPV4, b), DECODE_TCP_CHECKSUM);
    }
    decoder_counts(live.decoder, &counts);
    assert_int_equal(counts.partial_checksums, 2);
    decoder_counts(file.decoder, &counts);
    assert_int_equal(counts.partial_checksums, 0);
    bench_free(&live);
    bench_free(&file);
}

static void test_ipv4_options(void **state) {
    (void)state;
    struct bytes *b = bytes_of(slice_of(REQUEST));
    wrap_tcp(b);
    WRAP(b, 0x94, 4, 0, 0);
    wrap_ipv4(b, 6);
    b->room[b->at] = 0x46;
    check_request_frame(DLT_IPV4, b, 0);
}

static void test_ipv4_authentication_header(void **state) {
    (void)state;
    struct bytes *b = bytes_of(slice_of(REQUEST));
    wrap_tcp(b);
    WRAP(b, 6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    wrap_ipv4(b, 51);
    check_request_frame(DLT_IPV4, b, 0);
}

static void test_ipv6_extension_headers(void **state) {
    (void)state;
    struct bytes *b = bytes_of(slice_of(REQUEST));
    wrap_tcp(b);
    WRAP(b, 6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* destination options, 16 bytes */
    WRAP(b, 60, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1);             /* authentication, 12 bytes */
    WRAP(b, 51, 0, 1, 4, 0, 0, 0, 0);                         /* mobility */
    WRAP(b, 135, 0, 0, 0, 0, 0, 0, 7);                        /* atomic fragment */
    WRAP(b, 44, 0, 0, 0, 0, 0, 0, 0);                         /* routing, nothing left */
    WRAP(b, 43, 0, 5, 2, 0, 0, 1, 0);                         /* hop by hop */
    wrap_ipv6(b, 0);
    check_request_frame(DLT_IPV6, b, 0);
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_TCP);
    assert_int_equal(bench.packet.ip_id, 7);
    assert_false(bench.packet.fragmented);
    bench_free(&bench);
}

#define ADDRESS_OF(last) 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last

static void test_ipv6_routing_gives_the_last_destination(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (uint8_t left = 0; left < 2; left++) {
        struct bytes *b = bytes_of(slice_of(REQUEST));
        wrap_tcp(b);
        WRAP(b, 6, 4, 4, left, 1, 0, 0, 0, ADDRESS_OF(8), ADDRESS_OF(7));
        wrap_ipv6(b, 43);
        assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_TCP);
        assert_address(&bench.packet.key.side[1].address, 6, left ? "2001:db8::8" : "2001:db8::2");
        b->room[b->at + 42] = 0; /* type 0 lists them the other way round */
        assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_TCP);
        assert_address(&bench.packet.key.side[1].address, 6, left ? "2001:db8::7" : "2001:db8::2");
    }
    bench_free(&bench);
}

/* A TCP packet with the options, padded to four bytes with zeros. */
static enum decode_fate decode_options_of(struct bench *bench, uint8_t flags, struct slice options) {
    struct bytes *b = bytes_of(slice_of("x"));
    uint8_t padded[40] = {0};
    memcpy(padded, options.ptr, options.len);
    size_t len = (options.len + 3) / 4 * 4;
    wrap_slice(b, slice_make(padded, len));
    wrap_tcp(b);
    b->room[b->at + 12] = (uint8_t)((20 + len) / 4 << 4);
    b->room[b->at + 13] = flags;
    wrap_ipv4(b, 6);
    return bench_whole(bench, DLT_IPV4, b);
}

#define OPTIONS(...) slice_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_tcp_options(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    const struct packet *p = &bench.packet;
    assert_int_equal(
        decode_options_of(&bench, TCP_SYN,
                          OPTIONS(2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7)),
        DECODE_TCP);
    assert_int_equal(p->window_scale, 7);
    assert_true(p->has_timestamps);
    assert_int_equal(p->ts_value, 1);
    assert_int_equal(p->ts_echo, 2);
    assert_int_equal(p->payload.len, 1);
    assert_int_equal(decode_options_of(&bench, TCP_SYN | TCP_ACK, OPTIONS(3, 3, 200)), DECODE_TCP);
    assert_int_equal(p->window_scale, 14);
    assert_int_equal(decode_options_of(&bench, TCP_ACK, OPTIONS(3, 3, 7)), DECODE_TCP);
    assert_int_equal(p->window_scale, -1);
    assert_int_equal(decode_options_of(&bench, TCP_ACK, OPTIONS(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8)),
                     DECODE_TCP);
    assert_true(p->has_timestamps);
    assert_int_equal(p->ts_value, 0x01020304);
    assert_int_equal(p->ts_echo, 0x05060708);
    assert_int_equal(
        decode_options_of(&bench, TCP_ACK,
                          OPTIONS(1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0, 0, 3, 0, 0, 0, 4)),
        DECODE_TCP);
    assert_int_equal(p->sack_count, 2);
    assert_int_equal(p->sack[0].left, 1);
    assert_int_equal(p->sack[0].right, 2);
    assert_int_equal(p->sack[1].left, 0xff000003);
    assert_int_equal(p->sack[1].right, 4);
    /* ECE and CWR are not told. */
    assert_int_equal(decode_options_of(&bench, 0xc0 | TCP_SYN, OPTIONS(0, 0, 0, 0)), DECODE_TCP);
    assert_int_equal(p->flags, TCP_SYN);
    bench_free(&bench);
}

static void test_broken_tcp_options_cost_nothing(void **state) {
    (void)state;
    static const uint8_t broken[][8] = {
        {8, 0},                   /* length 0 */
        {8, 1, 8, 1},             /* length 1 */
        {8, 40, 1, 1},            /* beyond the header */
        {8, 9, 0, 0, 0},          /* wrong length of its kind, and beyond */
        {5, 8, 1, 2, 3, 4, 5, 6}, /* no whole block */
        {3, 2, 8, 2, 5, 2, 1, 1}, /* empty */
        {1, 1, 1, 1, 1, 1, 1, 8}, /* no length */
        {254, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    };
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(decode_options_of(&bench, TCP_SYN, slice_make(broken[i], 8)), DECODE_TCP);
        assert_int_equal(bench.packet.payload.len, 1);
        assert_int_equal(bench.packet.window_scale, -1);
        assert_int_equal(bench.packet.sack_count, 0);
        assert_false(bench.packet.has_timestamps);
    }
    bench_free(&bench);
}

static void test_tcp_header_length(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (unsigned words = 0; words < 16; words++) {
        struct bytes *b = ipv4_request();
        b->room[b->at + 32] = (uint8_t)(words << 4);
        /* The request is 27 bytes: room for six words of options. */
        enum decode_fate fate = bench_whole(&bench, DLT_IPV4, b);
        assert_int_equal(fate, words >= 5 && words <= 11 ? DECODE_TCP : DECODE_TCP_MALFORMED);
    }
    bench_free(&bench);
}

/* The request with its right checksums, as another implementation computed them. */
static struct bytes *right_request(void) {
    struct bytes *b = ipv4_request();
    b->room[b->at + 10] = 0x14;
    b->room[b->at + 11] = 0x7f;
    b->room[b->at + 36] = 0x29;
    b->room[b->at + 37] = 0xc4;
    return b;
}

static void test_checksums(void **state) {
    (void)state;
    struct bench verify = bench_new((struct decode_options){.verify_checksums = true});
    struct bench trust = bench_new((struct decode_options){.verify_checksums = false});
    struct bytes *b = right_request();
    assert_int_equal(bench_whole(&verify, DLT_IPV4, b), DECODE_TCP);
    /* Every single wrong byte is seen, and only by who asked. */
    struct slice whole = bytes_slice(b);
    for (size_t i = 0; i < whole.len; i++) {
        uint8_t was = b->room[b->at + i];
        b->room[b->at + i] = (uint8_t)(was ^ 1);
        enum decode_fate fate = bench_whole(&verify, DLT_IPV4, b);
        assert_int_not_equal(fate, DECODE_TCP);
        assert_true(i >= 20 || fate == DECODE_IP_CHECKSUM || i == 0 || i == 3);
        assert_true(i < 20 || i == 32 || fate == DECODE_TCP_CHECKSUM);
        (void)bench_whole(&trust, DLT_IPV4, b);
        b->room[b->at + i] = was;
    }
    assert_int_equal(bench_counts(&trust).fates[DECODE_TCP_CHECKSUM], 0);
    assert_int_equal(bench_counts(&trust).fates[DECODE_IP_CHECKSUM], 0);
    /* What is cut can't be verified. */
    assert_int_equal(bench_decode(&verify, DLT_IPV4, slice_first(whole, whole.len - 1), whole.len),
                     DECODE_TCP);
    /* IPv6 has the other pseudo header. */
    b = ipv6_request();
    assert_int_equal(bench_whole(&verify, DLT_IPV6, b), DECODE_TCP_CHECKSUM);
    b->room[b->at + 56] = 0xe2;
    b->room[b->at + 57] = 0x51;
    assert_int_equal(bench_whole(&verify, DLT_IPV6, b), DECODE_TCP);
    bench_free(&verify);
    bench_free(&trust);
}

/* Frames of random bytes, and the request with random bytes in it, under every link type. */
static void test_noise(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false, .vlan_in_key = true});
    uint64_t random = 0x2545f4914f6cdd1d;
    for (unsigned round = 0; round < 20000; round++) {
        const struct link_case *c = &link_cases[round % (sizeof link_cases / sizeof link_cases[0])];
        struct bytes *b = c->v6 ? ipv6_request() : ipv4_request();
        wrap_slice(b, c->header);
        struct slice s = bytes_slice(b);
        for (unsigned changes = 0; changes < 1 + round % 5; changes++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            b->room[b->at + random % s.len] = (uint8_t)(random >> 32);
        }
        bench.time_ns += NS_PER_MILLISECOND;
        enum decode_fate fate = bench_decode(&bench, c->link_type, s, s.len + random % 3);
        assert_true(fate < DECODE_FATES);
        if (fate == DECODE_TCP) {
            const struct packet *p = &bench.packet;
            size_t sum = 0;
            for (size_t i = 0; i < p->payload.len; i++) {
                sum += p->payload.ptr[i];
            }
            assert_true(sum <= 255 * s.len);
            assert_true(p->sack_count <= 4 && p->window_scale >= -1 && p->window_scale <= 14);
        }
    }
    bench_free(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_types),
        cmocka_unit_test(test_packet_view),
        cmocka_unit_test(test_vlan_in_path_and_key),
        cmocka_unit_test(test_wifi_addresses),
        cmocka_unit_test(test_wifi_aggregate_counts_what_it_skips),
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_fates_have_names),
        cmocka_unit_test(test_cut_headers_tell_snaplen_from_lies),
        cmocka_unit_test(test_length_zero_means_all),
        cmocka_unit_test(test_checksums_not_filled_in),
        cmocka_unit_test(test_ipv4_options),
        cmocka_unit_test(test_ipv4_authentication_header),
        cmocka_unit_test(test_ipv6_extension_headers),
        cmocka_unit_test(test_ipv6_routing_gives_the_last_destination),
        cmocka_unit_test(test_tcp_options),
        cmocka_unit_test(test_broken_tcp_options_cost_nothing),
        cmocka_unit_test(test_tcp_header_length),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
