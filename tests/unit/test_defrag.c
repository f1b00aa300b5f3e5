/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/defrag.h"

#include "tests/unit/frames.h"

/* One table under test; fragments are cut from `content`. */
struct table {
    struct defrag *defrag;
    struct limits limits;
    uint8_t content[ROOM];
    struct defrag_datagram out;
    uint8_t ip_version;
    uint32_t id;
    uint32_t network_id;
    int64_t time_ns;
};

static struct table *table_new(uint8_t ip_version, size_t datagrams, size_t bytes) {
    struct table *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->limits = limits_default();
    t->limits.fragment_datagrams = datagrams;
    t->limits.fragment_bytes = bytes;
    t->defrag = defrag_new(&t->limits);
    assert_non_null(t->defrag);
    t->ip_version = ip_version;
    for (size_t i = 0; i < sizeof t->content; i++) {
        t->content[i] = (uint8_t)(i * 7 + i / 256);
    }
    return t;
}

static void table_free(struct table *t) {
    defrag_free(t->defrag);
    free(t);
}

/* `missing` of the fragment's bytes are cut from its end. The bytes given die after the call. */
static enum defrag_result add_cut(struct table *t, uint32_t offset, size_t len, bool more, size_t missing) {
    uint8_t *copy = malloc(len - missing ? len - missing : 1);
    assert_non_null(copy);
    memcpy(copy, t->content + offset, len - missing);
    struct defrag_fragment f = {
        .key = {.ip_version = t->ip_version, .network_id = t->network_id, .side = {{.port = 1}, {.port = 2}}},
        .id = t->id,
        .protocol = offset == 0 ? 6 : 17,
        .offset = offset,
        .more = more,
        .bytes = slice_make(copy, len - missing),
        .missing = missing,
        .time_ns = t->time_ns,
    };
    if (t->ip_version == 4) {
        f.protocol = 6;
    }
    /* Whatever ports an earlier header left there. */
    f.key.side[0].port = (uint16_t)offset;
    defrag_release(t->defrag);
    enum defrag_result result = defrag_add(t->defrag, &f, &t->out);
    assert_true(defrag_bytes(t->defrag) <= t->limits.fragment_bytes);
    free(copy);
    return result;
}

static enum defrag_result add(struct table *t, uint32_t offset, size_t len, bool more) {
    return add_cut(t, offset, len, more, 0);
}

static void assert_content(const struct table *t, size_t len) {
    assert_int_equal(t->out.bytes.len, len);
    assert_int_equal(t->out.missing, 0);
    assert_memory_equal(t->out.bytes.ptr, t->content, len);
    assert_int_equal(t->out.protocol, 6);
}

static void test_in_order_reversed_and_mixed(void **state) {
    (void)state;
    static const uint32_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
    for (uint8_t v = 4; v <= 6; v += 2) {
        struct table *t = table_new(v, 16, 1 << 20);
        for (uint32_t o = 0; o < 4; o++) {
            t->id = o;
            for (uint32_t i = 0; i < 4; i++) {
                uint32_t part = orders[o][i];
                enum defrag_result r = add(t, part * 1480, part == 3 ? 301 : 1480, part != 3);
                assert_int_equal(r, i == 3 ? DEFRAG_COMPLETE : DEFRAG_HELD);
            }
            assert_content(t, 3 * 1480 + 301);
        }
        assert_int_equal(defrag_counts(t->defrag).reassembled, 4);
        assert_int_equal(defrag_counts(t->defrag).overlapping, 0);
        table_free(t);
    }
}

static void test_largest_datagram_in_smallest_fragments(void **state) {
    (void)state;
    struct table *t = table_new(4, 16, 1 << 20);
    for (uint32_t at = 65528; at > 0; at -= 8) {
        assert_int_equal(add(t, at, at == 65528 ? 7 : 8, at != 65528), DEFRAG_HELD);
    }
    assert_int_equal(add(t, 0, 8, true), DEFRAG_COMPLETE);
    assert_content(t, 65535);
    table_free(t);
}

static void test_impossible_fragments(void **state) {
    (void)state;
    for (uint8_t v = 4; v <= 6; v += 2) {
        struct table *t = table_new(v, 16, 1 << 20);
        assert_int_equal(add(t, 65528, 8, false), DEFRAG_DROPPED); /* beyond the end of IP */
        assert_int_equal(add(t, 65528, 8, true), DEFRAG_DROPPED);
        assert_int_equal(add(t, 0, 0, true), DEFRAG_DROPPED); /* empty */
        assert_int_equal(add(t, 8, 0, false), DEFRAG_DROPPED);
        assert_int_equal(add(t, 0, 1479, true), DEFRAG_DROPPED); /* ends inside a block */
        assert_int_equal(defrag_bytes(t->defrag), 0);
        table_free(t);
    }
}

static void test_keys_tell_datagrams_apart(void **state) {
    (void)state;
    struct table *t = table_new(4, 16, 1 << 20);
    assert_int_equal(add(t, 0, 8, true), DEFRAG_HELD);
    t->id = 1;
    assert_int_equal(add(t, 8, 8, false), DEFRAG_HELD);
    t->id = 0;
    t->network_id = 9;
    assert_int_equal(add(t, 8, 8, false), DEFRAG_HELD);
    t->network_id = 0;
    t->ip_version = 6;
    assert_int_equal(add(t, 8, 8, false), DEFRAG_HELD);
    t->ip_version = 4;
    assert_int_equal(add(t, 8, 8, false), DEFRAG_COMPLETE);
    assert_content(t, 16);
    table_free(t);
}

static void test_ipv4_first_bytes_win(void **state) {
    (void)state;
    struct table *t = table_new(4, 16, 1 << 20);
    assert_int_equal(add(t, 8, 16, true), DEFRAG_HELD);
    /* The same bytes again, and with a neighbour: no difference. */
    assert_int_equal(add(t, 16, 16, true), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 0);
    uint8_t right[40];
    memcpy(right, t->content, sizeof right);
    memset(t->content, 'X', sizeof right);
    assert_int_equal(add(t, 8, 8, true), DEFRAG_HELD);
    assert_int_equal(add(t, 24, 8, true), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 1); /* once a datagram */
    assert_int_equal(add(t, 24, 16, false), DEFRAG_HELD);
    memcpy(t->content, right, 8);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_COMPLETE);
    memcpy(t->content, right, 32); /* then the X of 32 to 40, which came first */
    assert_content(t, 40);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 1);
    table_free(t);
}

static void test_ipv6_overlap_discards_all(void **state) {
    (void)state;
    struct table *t = table_new(6, 16, 1 << 20);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 8, 16, true), DEFRAG_DROPPED);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 1);
    /* Later fragments too, even all of them, until the time-out. */
    assert_int_equal(add(t, 0, 16, true), DEFRAG_DROPPED);
    assert_int_equal(add(t, 16, 8, false), DEFRAG_DROPPED);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 1);
    t->time_ns = t->limits.fragment_timeout_ns + 1;
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 16, 8, false), DEFRAG_COMPLETE);
    assert_content(t, 24);
    assert_int_equal(defrag_counts(t->defrag).expired, 0);
    table_free(t);
}

static void test_ipv6_copy_of_a_fragment_is_ignored(void **state) {
    (void)state;
    struct table *t = table_new(6, 16, 1 << 20);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 32, 5, false), DEFRAG_HELD);
    assert_int_equal(add(t, 32, 5, false), DEFRAG_HELD);
    assert_int_equal(add(t, 16, 16, true), DEFRAG_COMPLETE);
    assert_content(t, 37);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 0);
    /* No copy: a part of one, one that spans two, the same place with other bytes. */
    for (uint32_t i = 0; i < 4; i++) {
        t->id = 100 + i;
        assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
        assert_int_equal(add(t, 16, 16, true), DEFRAG_HELD);
        t->content[0] = (uint8_t)(t->content[0] + (i == 3));
        enum defrag_result r = i == 0   ? add(t, 0, 8, true)
                               : i == 1 ? add(t, 8, 8, true)
                               : i == 2 ? add(t, 0, 32, true)
                                        : add(t, 0, 16, true);
        assert_int_equal(r, DEFRAG_DROPPED);
        assert_int_equal(defrag_counts(t->defrag).overlapping, i + 1);
    }
    table_free(t);
}

static void test_contradicting_lengths(void **state) {
    (void)state;
    struct table *t = table_new(4, 16, 1 << 20);
    assert_int_equal(add(t, 16, 4, false), DEFRAG_HELD);
    assert_int_equal(add(t, 16, 8, true), DEFRAG_DROPPED); /* beyond the end */
    assert_int_equal(add(t, 8, 8, false), DEFRAG_DROPPED); /* another end */
    assert_int_equal(add(t, 24, 8, false), DEFRAG_DROPPED);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_COMPLETE);
    assert_content(t, 20);
    t->id = 1;
    assert_int_equal(add(t, 16, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 8, 8, false), DEFRAG_DROPPED); /* an end before what came */
    t->id = 2;
    t->ip_version = 6;
    assert_int_equal(add(t, 16, 4, false), DEFRAG_HELD);
    assert_int_equal(add(t, 16, 8, true), DEFRAG_DROPPED);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_DROPPED);
    table_free(t);
}

static void test_cut_fragments(void **state) {
    (void)state;
    for (uint8_t v = 4; v <= 6; v += 2) {
        struct table *t = table_new(v, 16, 1 << 20);
        assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
        assert_int_equal(add_cut(t, 16, 16, false, 5), DEFRAG_COMPLETE);
        assert_int_equal(t->out.bytes.len, 27);
        assert_int_equal(t->out.missing, 5);
        assert_memory_equal(t->out.bytes.ptr, t->content, 27);
        /* A cut in the middle ends what is usable, whatever came after it and in whatever order. */
        for (uint32_t first = 0; first < 2; first++) {
            t->id = 1 + first;
            assert_int_equal(first ? add(t, 24, 8, false) : add_cut(t, 0, 24, true, 13), DEFRAG_HELD);
            assert_int_equal(first ? add_cut(t, 0, 24, true, 13) : add(t, 24, 8, false), DEFRAG_COMPLETE);
            assert_int_equal(t->out.bytes.len, 11);
            assert_int_equal(t->out.missing, 21);
            assert_memory_equal(t->out.bytes.ptr, t->content, 11);
        }
        /* All of it cut. */
        t->id = 9;
        assert_int_equal(add_cut(t, 0, 24, true, 24), DEFRAG_HELD);
        assert_int_equal(add(t, 24, 8, false), DEFRAG_COMPLETE);
        assert_int_equal(t->out.bytes.len, 0);
        assert_int_equal(t->out.missing, 32);
        table_free(t);
    }
}

static void test_time_out(void **state) {
    (void)state;
    struct table *t = table_new(4, 16, 1 << 20);
    int64_t timeout = t->limits.fragment_timeout_ns;
    assert_int_equal(add(t, 0, 8, true), DEFRAG_HELD);
    defrag_tick(t->defrag, timeout);
    assert_int_equal(defrag_counts(t->defrag).expired, 0);
    defrag_tick(t->defrag, timeout + 1);
    assert_int_equal(defrag_counts(t->defrag).expired, 1);
    assert_int_equal(defrag_bytes(t->defrag), 0);
    t->time_ns = timeout + 1;
    assert_int_equal(add(t, 8, 8, false), DEFRAG_HELD);
    /* Without a tick an old half is not completed either. */
    t->time_ns += timeout + 1;
    assert_int_equal(add(t, 0, 8, true), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).expired, 2);
    t->time_ns += timeout;
    assert_int_equal(add(t, 8, 8, false), DEFRAG_COMPLETE);
    /* A clock that was set far back. */
    t->id = 5;
    assert_int_equal(add(t, 0, 8, true), DEFRAG_HELD);
    t->time_ns = 0;
    defrag_tick(t->defrag, 0);
    assert_int_equal(defrag_counts(t->defrag).expired, 3);
    assert_int_equal(add(t, 8, 8, false), DEFRAG_HELD);
    t->time_ns = INT64_MIN;
    assert_int_equal(add(t, 0, 8, true), DEFRAG_HELD);
    table_free(t);
}

static void test_cap_of_datagrams(void **state) {
    (void)state;
    struct table *t = table_new(4, 4, 1 << 20);
    for (t->id = 0; t->id < 6; t->id++) {
        assert_int_equal(add(t, 0, 8, true), DEFRAG_HELD);
    }
    assert_int_equal(defrag_counts(t->defrag).evicted, 2);
    assert_int_equal(defrag_counts(t->defrag).waiting, 4);
    t->id = 2; /* the oldest that is left */
    assert_int_equal(add(t, 8, 8, false), DEFRAG_COMPLETE);
    t->id = 0; /* evicted: its second half waits alone, and takes the place of what is complete */
    assert_int_equal(add(t, 8, 8, false), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).evicted, 2);
    assert_int_equal(defrag_counts(t->defrag).reassembled, 1);
    assert_int_equal(defrag_counts(t->defrag).waiting, 4);
    table_free(t);
}

static void test_cap_of_bytes(void **state) {
    (void)state;
    struct table *t = table_new(4, 1000, 20000);
    for (t->id = 0; t->id < 100; t->id++) {
        assert_int_equal(add(t, 0, 1480, true), DEFRAG_HELD);
    }
    assert_in_range(defrag_counts(t->defrag).evicted, 90, 95);
    t->id = 99;
    assert_int_equal(add(t, 1480, 1480, false), DEFRAG_COMPLETE);
    assert_content(t, 2960);
    /* One that fits never is refused at once, with the place it had. */
    t->id = 200;
    assert_int_equal(add(t, 65000, 8, true), DEFRAG_DROPPED);
    assert_int_equal(defrag_counts(t->defrag).no_room, 1);
    assert_int_equal(add(t, 0, 8, false), DEFRAG_COMPLETE);
    table_free(t);
    t = table_new(4, 0, 0);
    assert_int_equal(add(t, 0, 8, true), DEFRAG_DROPPED);
    assert_int_equal(defrag_counts(t->defrag).no_room, 1);
    table_free(t);
}

/* A tap that gives every frame twice must not leave halves that a reused identification completes. */
static void test_copies_of_a_complete_datagram(void **state) {
    (void)state;
    for (uint8_t v = 4; v <= 6; v += 2) {
        struct table *t = table_new(v, 16, 1 << 20);
        assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
        assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
        assert_int_equal(add(t, 16, 5, false), DEFRAG_COMPLETE);
        assert_int_equal(add(t, 16, 5, false), DEFRAG_HELD);
        /* The identification again, other content: a datagram of its own, from its first fragment on. */
        memset(t->content, 'Y', 64);
        assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
        assert_int_equal(add(t, 16, 5, false), DEFRAG_COMPLETE);
        assert_content(t, 21);
        assert_int_equal(defrag_counts(t->defrag).reassembled, 2);
        /* After a second nothing is remembered. */
        t->time_ns += NS_PER_SECOND + 1;
        defrag_release(t->defrag);
        defrag_tick(t->defrag, t->time_ns);
        assert_int_equal(defrag_bytes(t->defrag), 0);
        assert_int_equal(defrag_counts(t->defrag).expired, 0);
        table_free(t);
    }
}

static uint32_t draw(uint64_t *state, uint32_t below) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 33) % below;
}

/* Random IPv4 fragments, overlapping, of changing content, against a map of bytes. */
static void test_against_a_byte_map(void **state) {
    (void)state;
    enum { TOTAL = 1003, BLOCKS = (TOTAL + 7) / 8 };
    uint64_t random = 88172645463325252;
    struct table *t = table_new(4, 16, 1 << 20);
    for (t->id = 0; t->id < 300; t->id++) {
        uint8_t expected[TOTAL];
        bool come[TOTAL] = {false};
        size_t left = TOTAL;
        while (left) {
            uint32_t first = draw(&random, BLOCKS), count = 1 + draw(&random, 20);
            uint32_t at = first * 8, end = (first + count) * 8 < TOTAL ? (first + count) * 8 : TOTAL;
            for (uint32_t i = at; i < end; i++) {
                t->content[i] = (uint8_t)draw(&random, 256);
                left -= !come[i];
                expected[i] = come[i] ? expected[i] : t->content[i];
                come[i] = true;
            }
            assert_int_equal(add(t, at, end - at, end != TOTAL), left ? DEFRAG_HELD : DEFRAG_COMPLETE);
        }
        assert_int_equal(t->out.bytes.len, TOTAL);
        assert_memory_equal(t->out.bytes.ptr, expected, TOTAL);
    }
    assert_int_equal(defrag_counts(t->defrag).reassembled, 300);
    table_free(t);
}

/* Through the decoder: the IPv4 packet's bytes from `at` on, `at` being behind the header. */
static enum decode_fate decode_piece(struct bench *bench, const struct bytes *b, size_t at, size_t len) {
    struct slice whole = bytes_slice(b);
    uint8_t fragment[2000];
    memcpy(fragment, whole.ptr, 20);
    memcpy(fragment + 20, whole.ptr + at, len);
    fragment[2] = (uint8_t)((len + 20) >> 8);
    fragment[3] = (uint8_t)(len + 20);
    fragment[6] = (uint8_t)((at - 20) / 8 >> 8 | (at + len < whole.len ? 0x20 : 0));
    fragment[7] = (uint8_t)((at - 20) / 8);
    return bench_decode(bench, DLT_IPV4, slice_make(fragment, len + 20), len + 20);
}

/* In fragments of `step` bytes; the last fate is returned, all others must be held. */
static enum decode_fate decode_in_fragments(struct bench *bench, const struct bytes *b, size_t step) {
    size_t whole = bytes_slice(b).len;
    enum decode_fate fate = DECODE_FATES;
    for (size_t at = 20; at < whole; at += step) {
        assert_true(fate == DECODE_FATES || fate == DECODE_FRAGMENT_HELD);
        fate = decode_piece(bench, b, at, whole - at < step ? whole - at : step);
    }
    return fate;
}

/* With the right checksum, which a packet put together must have. */
static struct bytes *right_request(void) {
    struct bytes *b = ipv4_request();
    set_checksum(b);
    return b;
}

static void test_fragmented_request(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    assert_int_equal(decode_in_fragments(&bench, right_request(), 16), DECODE_TCP);
    assert_request(&bench.packet);
    assert_true(bench.packet.fragmented);
    assert_int_equal(bench.packet.number, 3);
    assert_int_equal(bench.packet.wire_len, 20 + 15);
    assert_int_equal(bench.packet.ip_id, 0x1234);
    struct decode_counts counts = bench_counts(&bench);
    assert_int_equal(counts.datagrams_reassembled, 1);
    assert_int_equal(counts.fates[DECODE_FRAGMENT_HELD], 2);
    assert_int_equal(bench_whole(&bench, DLT_IPV4, ipv4_request()), DECODE_TCP);
    assert_false(bench.packet.fragmented);
    bench_free(&bench);
}

static void test_fragments_in_fragmented_tunnels(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    struct slice whole = bytes_slice(right_request());
    uint8_t request[256];
    memcpy(request, whole.ptr, whole.len);
    enum decode_fate fate = DECODE_FATES;
    for (int part = 0; part < 2; part++) {
        struct bytes *b = part ? bytes_of(slice_make(request + 20 + 24, whole.len - 44))
                               : bytes_of(slice_make(request + 20, 24));
        wrap_ipv4(b, 6);
        b->room[b->at + 6] = part ? 0 : 0x20;
        b->room[b->at + 7] = part ? 3 : 0;
        wrap_ethernet(b, 0x0800);
        WRAP(b, 8, 0, 0, 0, 0, 0, 2, 0);
        wrap_udp(b, 4789);
        wrap_outer(b, 17);
        b->room[b->at + 5] = (uint8_t)(10 + part);
        fate = decode_in_fragments(&bench, b, 32);
        assert_int_equal(fate, part ? DECODE_TCP : DECODE_FRAGMENT_HELD);
    }
    assert_request(&bench.packet);
    assert_true(bench.packet.fragmented);
    assert_int_equal(bench.packet.key.network_id, 2);
    assert_int_equal(bench_counts(&bench).datagrams_reassembled, 3);
    bench_free(&bench);
}

/* Fragments of one address pair in two virtual networks stay apart. */
static void test_networks_do_not_mix(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    struct slice whole = bytes_slice(right_request());
    uint8_t request[256];
    memcpy(request, whole.ptr, whole.len);
    for (uint8_t network = 1; network < 3; network++) {
        struct bytes *b =
            bytes_of(network == 1 ? slice_make(request + 20, 24) : slice_make(request + 44, whole.len - 44));
        wrap_ipv4(b, 6);
        b->room[b->at + 6] = network == 1 ? 0x20 : 0;
        b->room[b->at + 7] = network == 1 ? 0 : 3;
        wrap_ethernet(b, 0x0800);
        WRAP(b, 8, 0, 0, 0, 0, 0, network, 0);
        wrap_udp(b, 4789);
        wrap_outer(b, 17);
        assert_int_equal(bench_whole(&bench, DLT_IPV4, b), DECODE_FRAGMENT_HELD);
    }
    bench_free(&bench);
}

static void wrap_fragment6(struct bytes *b, uint8_t next, uint16_t offset, bool more, uint8_t id) {
    uint16_t field = (uint16_t)(offset | more);
    WRAP(b, next, 0, (uint8_t)(field >> 8), (uint8_t)field, 0xab, 0, 0x77, id);
}

static void test_ipv6_fragments(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    struct bytes *b = bytes_of(slice_of(REQUEST));
    wrap_tcp(b);
    wrap_ipv6(b, 6);
    set_checksum(b);
    b->at += 40;
    WRAP(b, 6, 0, 1, 4, 0, 0, 0, 0); /* destination options are part of what is fragmented */
    struct slice whole = bytes_slice(b);
    uint8_t content[128];
    memcpy(content, whole.ptr, whole.len);
    b = bytes_of(slice_make(content + 32, whole.len - 32));
    wrap_fragment6(b, 17, 32, false, 1); /* the first fragment's next header counts, not this */
    WRAP(b, 44, 0, 1, 4, 0, 0, 0, 0);
    wrap_ipv6(b, 0);
    wrap_ethernet(b, 0x86dd);
    assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_FRAGMENT_HELD);
    b = bytes_of(slice_make(content, 32));
    wrap_fragment6(b, 60, 0, true, 1);
    wrap_ipv6(b, 44);
    wrap_ethernet(b, 0x86dd);
    assert_int_equal(bench_whole(&bench, DLT_EN10MB, b), DECODE_TCP);
    assert_request(&bench.packet);
    assert_true(bench.packet.fragmented);
    assert_int_equal(bench.packet.ip_id, 0x7701);
    bench_free(&bench);
}

/* A datagram that begins with a fragment header, which completes one, and so on: counted as headers. */
static void test_fragment_headers_nest_under_the_cap(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (unsigned layers = 1; layers <= bench.limits.tunnel_depth + 1; layers++) {
        struct bytes *b = bytes_of(slice_make("\0\0\0\0\0\0\0\0", 8));
        for (unsigned i = 0; i < layers; i++) {
            wrap_fragment6(b, i ? 44 : 59, 0, false, 0); /* atomic */
        }
        wrap_ipv6(b, 44);
        assert_int_equal(bench_whole(&bench, DLT_IPV6, b),
                         layers > bench.limits.tunnel_depth ? DECODE_TUNNEL_DEPTH : DECODE_OTHER_PROTOCOL);
    }
    /* A datagram whose first block is its own second fragment. */
    struct bytes *b = bytes_of(slice_make("\6\0\0\0\0\0\0\0", 8));
    wrap_fragment6(b, 6, 16, false, 3);
    wrap_fragment6(b, 44, 0, true, 3);
    wrap_ipv6(b, 44);
    assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_FRAGMENT_HELD);
    b = bytes_of(slice_make("\6\0\0\0\0\0\0\0", 8));
    wrap_fragment6(b, 6, 16, false, 3);
    wrap_ipv6(b, 44);
    assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_FRAGMENT_DROPPED);
    bench_free(&bench);
}

static struct bytes *request_with_id(uint8_t id, bool right) {
    struct bytes *b = right ? right_request() : ipv4_request();
    b->room[b->at + 5] = id;
    return b;
}

/* A datagram put together whose checksum is right: so those that are wrong say something. */
static void see_a_right_one(struct bench *bench) {
    assert_int_equal(decode_in_fragments(bench, request_with_id(200, true), 16), DECODE_TCP);
}

static void test_checksum_of_a_reassembled_datagram(void **state) {
    (void)state;
    /* The header checksum differs with each fragment, so only IPv6 does without here. */
    for (int verify = 0; verify < 2; verify++) {
        for (int right = 0; right < 2; right++) {
            struct bench bench = bench_new((struct decode_options){.verify_checksums = verify});
            if (!verify) {
                see_a_right_one(&bench);
            }
            struct bytes *b = bytes_of(slice_of(REQUEST));
            wrap_tcp(b);
            b->room[b->at + 16] = 0xe2;
            b->room[b->at + 17] = (uint8_t)(0x50 + right);
            struct slice whole = bytes_slice(b);
            uint8_t content[128];
            memcpy(content, whole.ptr, whole.len);
            b = bytes_of(slice_make(content, 24));
            wrap_fragment6(b, 6, 0, true, 1);
            wrap_ipv6(b, 44);
            assert_int_equal(bench_whole(&bench, DLT_IPV6, b), DECODE_FRAGMENT_HELD);
            b = bytes_of(slice_make(content + 24, whole.len - 24));
            wrap_fragment6(b, 6, 24, false, 1);
            wrap_ipv6(b, 44);
            assert_int_equal(bench_whole(&bench, DLT_IPV6, b), right ? DECODE_TCP : DECODE_TCP_CHECKSUM);
            bench_free(&bench);
        }
    }
}

/* One packet's first fragment, and the last one of the next with its identification: no host takes that. */
static void test_two_datagrams_with_one_identification(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    see_a_right_one(&bench);
    assert_int_equal(decode_piece(&bench, request_with_id(1, true), 20, 40), DECODE_FRAGMENT_HELD);
    struct bytes *b = request_with_id(1, true);
    b->room[ROOM - 5] = 'b';
    set_checksum(b);
    assert_int_equal(decode_in_fragments(&bench, b, 40), DECODE_TCP_CHECKSUM);
    bench_free(&bench);
}

/* Of three packets with one identification the first one's beginning is lost. That costs no other. */
static void test_the_later_of_two_datagrams_becomes_whole(void **state) {
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct bench bench = bench_new((struct decode_options){.name_datagrams = named});
        see_a_right_one(&bench);
        size_t len = bytes_slice(request_with_id(1, true)).len;
        assert_int_equal(decode_piece(&bench, request_with_id(1, true), 60, len - 60), DECODE_FRAGMENT_HELD);
        uint64_t name = decoder_datagrams(bench.decoder)->held;
        for (uint8_t other = 'b'; other < 'd'; other++) {
            struct bytes *b = request_with_id(1, true);
            b->room[ROOM - 5] = other;
            set_checksum(b);
            assert_int_equal(decode_piece(&bench, b, 20, 40),
                             other == 'b' ? DECODE_TCP_CHECKSUM : DECODE_FRAGMENT_HELD);
            assert_int_equal(decoder_datagrams(bench.decoder)->held, name);
            assert_int_equal(decode_piece(&bench, b, 60, len - 60), DECODE_TCP);
            assert_int_equal(bench.packet.payload.ptr[bench.packet.payload.len - 5], other);
        }
        bench_free(&bench);
    }
}

/* Bytes that differ are another datagram's when its own would have come before. */
static void test_an_identification_used_again(void **state) {
    (void)state;
    struct table *t = table_new(4, 4, 1 << 16);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    t->time_ns = NS_PER_SECOND;
    t->content[3] ^= 1;
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).expired, 0);
    t->time_ns++;
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).expired, 1);
    assert_int_equal(defrag_counts(t->defrag).waiting, 1);
    assert_int_equal(add(t, 16, 5, false), DEFRAG_COMPLETE);
    assert_content(t, 21);
    /* A copy that late is one, and the end stays where it was said to be. */
    t->id++;
    assert_int_equal(add(t, 16, 5, false), DEFRAG_HELD);
    t->time_ns += 2 * NS_PER_SECOND;
    assert_int_equal(add(t, 16, 5, false), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).expired, 1);
    assert_int_equal(add(t, 16, 7, false), DEFRAG_HELD);
    assert_int_equal(defrag_counts(t->defrag).expired, 2);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_COMPLETE);
    assert_content(t, 23);
    table_free(t);
}

/* The same of a tunnel's packets, whose sizes differ: what is inside is longer than what came. */
static void test_two_datagrams_of_a_tunnel(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    see_a_right_one(&bench);
    struct bytes *b = right_request();
    wrap_ethernet(b, 0x0800);
    WRAP(b, 8, 0, 0, 0, 0, 0, 2, 0);
    wrap_udp(b, 4789);
    wrap_outer(b, 17);
    struct slice whole = bytes_slice(b);
    uint8_t first[20 + 88], last[20 + 4];
    memcpy(first, whole.ptr, sizeof first);
    first[3] = sizeof first;
    first[6] = 0x20;
    memcpy(last, whole.ptr, 20);
    memset(last + 20, 'b', 4);
    last[3] = sizeof last;
    last[7] = 88 / 8;
    assert_true(whole.len > sizeof first + 4);
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_make(first, sizeof first), sizeof first),
                     DECODE_FRAGMENT_HELD);
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_make(last, sizeof last), sizeof last),
                     DECODE_TCP_CHECKSUM);
    bench_free(&bench);
}

/* Addresses were changed afterwards, and checksums were not: that is no reason to have nothing. */
static void test_checksums_that_are_nearly_all_wrong(void **state) {
    (void)state;
    static const struct {
        bool right;
        enum decode_fate fate;
    } cases[] = {
        {false, DECODE_TCP},
        {true, DECODE_TCP},
        {false, DECODE_TCP_CHECKSUM},
    };
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes *b = request_with_id((uint8_t)i, cases[i].right);
        assert_int_equal(decode_in_fragments(&bench, b, 16), cases[i].fate);
    }
    bench_free(&bench);
}

static void test_tick_expires_and_keeps_the_last_packet(void **state) {
    (void)state;
    struct bench bench = bench_new((struct decode_options){.verify_checksums = false});
    struct slice whole = bytes_slice(right_request());
    uint8_t fragment[28];
    memcpy(fragment, whole.ptr, 28);
    fragment[3] = 28;
    fragment[5] = 99;
    fragment[6] = 0x20;
    assert_int_equal(bench_decode(&bench, DLT_IPV4, slice_make(fragment, 28), 28), DECODE_FRAGMENT_HELD);
    assert_int_equal(decode_in_fragments(&bench, right_request(), 16), DECODE_TCP);
    decoder_tick(bench.decoder, bench.limits.fragment_timeout_ns + 1);
    assert_request(&bench.packet); /* its slices live until the next decode */
    assert_int_equal(bench_counts(&bench).datagrams_expired, 1);
    bench_free(&bench);
}

/* The same bytes, once as a middle and once as the end, are no copies: in IPv4 the end is learned, in IPv6
 * the datagram is discarded. */
static void test_an_end_is_no_copy_of_a_middle(void **state) {
    (void)state;
    struct table *t = table_new(4, 4, 1 << 16);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 0, 16, false), DEFRAG_COMPLETE);
    assert_content(t, 16);
    table_free(t);
    t = table_new(6, 4, 1 << 16);
    assert_int_equal(add(t, 0, 16, true), DEFRAG_HELD);
    assert_int_equal(add(t, 0, 16, false), DEFRAG_DROPPED);
    assert_int_equal(defrag_counts(t->defrag).overlapping, 1);
    table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_reversed_and_mixed),
        cmocka_unit_test(test_largest_datagram_in_smallest_fragments),
        cmocka_unit_test(test_impossible_fragments),
        cmocka_unit_test(test_keys_tell_datagrams_apart),
        cmocka_unit_test(test_ipv4_first_bytes_win),
        cmocka_unit_test(test_ipv6_overlap_discards_all),
        cmocka_unit_test(test_ipv6_copy_of_a_fragment_is_ignored),
        cmocka_unit_test(test_contradicting_lengths),
        cmocka_unit_test(test_cut_fragments),
        cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_cap_of_datagrams),
        cmocka_unit_test(test_cap_of_bytes),
        cmocka_unit_test(test_copies_of_a_complete_datagram),
        cmocka_unit_test(test_against_a_byte_map),
        cmocka_unit_test(test_fragmented_request),
        cmocka_unit_test(test_fragments_in_fragmented_tunnels),
        cmocka_unit_test(test_networks_do_not_mix),
        cmocka_unit_test(test_ipv6_fragments),
        cmocka_unit_test(test_fragment_headers_nest_under_the_cap),
        cmocka_unit_test(test_checksum_of_a_reassembled_datagram),
        cmocka_unit_test(test_two_datagrams_with_one_identification),
        cmocka_unit_test(test_the_later_of_two_datagrams_becomes_whole),
        cmocka_unit_test(test_an_identification_used_again),
        cmocka_unit_test(test_two_datagrams_of_a_tunnel),
        cmocka_unit_test(test_checksums_that_are_nearly_all_wrong),
        cmocka_unit_test(test_tick_expires_and_keeps_the_last_packet),
        cmocka_unit_test(test_an_end_is_no_copy_of_a_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
