/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a usual frame against the walk through its layers: where it takes a frame, the walk gives the
 * same packet, to the bit. */
#include "capture/decode_walk.h"
#include "tests/unit/frames.h"

enum { FRAME_ROOM = 200, HEADERS = 66, PATTERN = 0xa5 };

/* Both ways, and how many frames the usual one took and left. */
struct pair {
    struct walk walk;
    uint64_t taken;
    uint64_t left;
};

static struct pair pair_new(void) {
    struct limits limits = limits_default();
    struct pair pair = {.walk = {.depth = limits.tunnel_depth, .defrag = defrag_new(&limits)}};
    assert_non_null(pair.walk.defrag);
    return pair;
}

/* In an allocation of its own. True when the usual way took it. */
static bool compare(struct pair *pair, struct slice bytes, int link_type, size_t wire_len) {
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(copy);
    if (bytes.len) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    struct frame frame = {.bytes = slice_make(copy, bytes.len),
                          .wire_len = (uint32_t)wire_len,
                          .link_type = link_type,
                          .time_ns = 7,
                          .number = 8,
                          .ordinal = 9,
                          .file = 10,
                          .interface = 11};
    struct packet usual, walked, untouched;
    memset(&usual, PATTERN, sizeof usual);
    memset(&walked, PATTERN, sizeof walked);
    memset(&untouched, PATTERN, sizeof untouched);
    bool taken = decode_usual(&frame, &usual);
    defrag_release(pair->walk.defrag);
    decode_frame(&pair->walk, &frame, &walked);
    if (taken) {
        assert_int_equal(pair->walk.fate, DECODE_TCP);
        assert_memory_equal(&usual, &walked, sizeof usual);
        assert_int_equal(pair->walk.datagrams.completed_count, 0);
        assert_int_equal(pair->walk.datagrams.held, 0);
        pair->taken++;
    } else {
        assert_memory_equal(&usual, &untouched, sizeof usual);
        pair->left++;
    }
    free(copy);
    return taken;
}

static struct bytes *usual_frame(bool stamps) {
    struct bytes *b = bytes_of(slice_of(REQUEST));
    if (stamps) {
        WRAP(b, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
    }
    wrap_tcp(b);
    b->room[b->at + 12] = stamps ? 0x80 : 0x50;
    wrap_ipv4(b, 6);
    wrap_ethernet(b, 0x0800);
    return b;
}

static void test_takes_usual_frames(void **state) {
    (void)state;
    struct pair pair = pair_new();
    for (int stamps = 0; stamps < 2; stamps++) {
        struct slice whole = bytes_slice(usual_frame(stamps));
        assert_true(compare(&pair, whole, DLT_EN10MB, whole.len));
        assert_true(compare(&pair, whole, DLT_EN10MB, whole.len + 4)); /* a trailer was cut */
        assert_false(compare(&pair, whole, DLT_RAW, whole.len));
        for (size_t cut = 0; cut < whole.len; cut++) {
            assert_false(compare(&pair, slice_first(whole, cut), DLT_EN10MB, whole.len));
            assert_false(compare(&pair, slice_first(whole, cut), DLT_EN10MB, cut));
        }
    }
    defrag_free(pair.walk.defrag);
}

/* Every value of every byte of the headers, one at a time. */
static void test_each_byte(void **state) {
    (void)state;
    struct pair pair = pair_new();
    for (int stamps = 0; stamps < 2; stamps++) {
        for (size_t at = 0; at < HEADERS; at++) {
            struct bytes *b = usual_frame(stamps);
            uint8_t *byte = &b->room[b->at + at];
            for (unsigned value = 0; value < 256; value++) {
                *byte = (uint8_t)value;
                compare(&pair, bytes_slice(b), DLT_EN10MB, bytes_slice(b).len);
            }
        }
    }
    assert_true(pair.taken > 10000 && pair.left > 2000);
    defrag_free(pair.walk.defrag);
}

/* Several at once, cut anywhere, with padding behind. */
static void test_noise(void **state) {
    (void)state;
    struct pair pair = pair_new();
    uint64_t random = 1;
    for (unsigned i = 0; i < 200000; i++) {
        struct bytes *b = usual_frame(i & 1);
        uint8_t frame[FRAME_ROOM] = {0};
        struct slice whole = bytes_slice(b);
        memcpy(frame, whole.ptr, whole.len);
        for (unsigned changes = i % 4; changes > 0; changes--) {
            random = hash_mix(random + i, UINT64_C(0x9e3779b97f4a7c15));
            static const uint8_t telling[] = {0, 4, 6, 8, 0x45, 0x46, 0x50, 0x80, 40, 52, 0x20, 1};
            uint8_t value =
                random >> 40 & 1 ? telling[(random >> 16) % sizeof telling] : (uint8_t)(random >> 8);
            frame[(random >> 24) % HEADERS] = value;
        }
        random = hash_mix(random + i, UINT64_C(0xd1b54a32d192ed03));
        size_t len = random & 3 ? whole.len + (random >> 8) % 8 : (random >> 8) % whole.len;
        compare(&pair, slice_make(frame, len), DLT_EN10MB, len + (random >> 32 & 1));
    }
    assert_true(pair.taken > 50000 && pair.left > 50000);
    defrag_free(pair.walk.defrag);
}

/* Options in a usual layout are read in one step. With a NOP before them they are read one by one, and tell
 * the same, whatever is changed. */
static void test_options_of_syn(void **state) {
    (void)state;
    static const uint8_t linux_syn[20] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7};
    for (unsigned flags = 0; flags < 0x40; flags++) {
        for (size_t at = 0; at < sizeof linux_syn; at++) {
            for (unsigned value = 0; value < 256; value++) {
                uint8_t options[1 + sizeof linux_syn] = {1};
                memcpy(options + 1, linux_syn, sizeof linux_syn);
                options[1 + at] = (uint8_t)value;
                struct packet usual, walked;
                memset(&usual, PATTERN, sizeof usual);
                usual.flags = (uint8_t)flags;
                walked = usual;
                decode_tcp_options(&usual, slice_make(options + 1, sizeof linux_syn));
                decode_tcp_options(&walked, slice_make(options, sizeof options));
                assert_memory_equal(&usual, &walked, sizeof usual);
            }
        }
    }
    struct packet packet = {.flags = TCP_SYN};
    decode_tcp_options(&packet, slice_make(linux_syn, sizeof linux_syn));
    assert_int_equal(packet.window_scale, 7);
    assert_true(packet.has_timestamps);
    assert_int_equal(packet.ts_value, 1);
    assert_int_equal(packet.ts_echo, 2);
    assert_int_equal(packet.sack_count, 0);
}

/* A SYN takes the usual way as well. */
static void test_takes_syn(void **state) {
    (void)state;
    struct pair pair = pair_new();
    struct bytes *b = bytes_of(slice_of(""));
    WRAP(b, 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7);
    wrap_tcp(b);
    b->room[b->at + 12] = 0xa0;
    b->room[b->at + 13] = TCP_SYN;
    wrap_ipv4(b, 6);
    wrap_ethernet(b, 0x0800);
    struct slice whole = bytes_slice(b);
    assert_true(compare(&pair, whole, DLT_EN10MB, whole.len));
    for (size_t cut = 0; cut < whole.len; cut++) {
        assert_false(compare(&pair, slice_first(whole, cut), DLT_EN10MB, whole.len));
    }
    defrag_free(pair.walk.defrag);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_usual_frames),
        cmocka_unit_test(test_each_byte),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_options_of_syn),
        cmocka_unit_test(test_takes_syn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
