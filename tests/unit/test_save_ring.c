/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that can be read only once: found again by connection while the ring has them, written once, and
 * told of truly when they are gone. */
#include "tests/unit/captures.h"

#include "capture/file_format.h"
#include "cli/save_ring.h"

enum { FRAMES_MOST = 4096, FILE_MOST = 1 << 23, RING_BYTES = SAVE_RING_LEAST };

struct bench {
    struct save_ring *ring;
    struct save_file file;
    struct sink *sink;
    const char *path;
    uint64_t ordinal;
    uint64_t got[FRAMES_MOST]; /* the first 8 bytes of each saved frame */
    size_t count;
};

static struct bench bench;
static uint8_t content[FILE_MOST];

static int begin(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES];
    bench = (struct bench){.path = path_of("saved.pcapng")};
    bench.sink = sink_open(bench.path, message);
    assert_non_null(bench.sink);
    save_file_init(&bench.file, bench.sink, NULL, NULL);
    bench.ring = save_ring_new(RING_BYTES, 30 * NS_PER_SECOND);
    assert_non_null(bench.ring);
    return 0;
}

static int end(void **state) {
    (void)state;
    save_ring_free(bench.ring);
    save_file_fini(&bench.file);
    sink_free(bench.sink);
    return 0;
}

static struct flow_key key_of(uint16_t port) {
    struct flow_key key = {.side = {{.port = port}, {.port = 80}}, .ip_version = 4};
    key.side[0].address = address_of_v4((const uint8_t[]){192, 0, 2, 10});
    key.side[1].address = address_of_v4((const uint8_t[]){192, 0, 2, 20});
    return key;
}

/* The next frame, which begins with its ordinal; returns that. `port` 0: a fragment of datagram `held`. */
static uint64_t put(uint16_t port, size_t payload, size_t len, uint64_t completed, uint64_t held) {
    static uint8_t bytes[65536];
    uint64_t ordinal = ++bench.ordinal;
    assert_true(len >= sizeof ordinal && len <= sizeof bytes);
    memset(bytes, (int)ordinal, len);
    memcpy(bytes, &ordinal, sizeof ordinal);
    struct frame frame = {.bytes = slice_make(bytes, len),
                          .wire_len = (uint32_t)len,
                          .link_type = DLT_EN10MB,
                          .time_ns = (int64_t)ordinal,
                          .ordinal = ordinal};
    struct packet packet = {
        .key = key_of(port), .ordinal = ordinal, .flags = TCP_ACK, .fragmented = completed > 0};
    packet.payload = slice_make(bytes, payload);
    if (ordinal % 2) {
        packet.key = flow_key_reverse(&packet.key);
    }
    struct decode_datagrams of = {.completed = {completed}, .completed_count = completed > 0, .held = held};
    assert_true(save_ring_frame(bench.ring, &bench.file, &frame, port ? &packet : NULL, &of));
    return ordinal;
}

static enum record_saved take(uint16_t port, uint64_t from, uint64_t first, uint64_t until) {
    struct flow_key key = key_of(port);
    struct save_wish wish = {.key = &key, .from = from, .start = from, .first = first, .until = until};
    return save_ring_take(bench.ring, &bench.file, &wish);
}

/* What the file has. */
static void read_back(void) {
    FILE *file = fopen(bench.path, "r");
    assert_non_null(file);
    size_t len = fread(content, 1, sizeof content, file);
    (void)fclose(file);
    assert_true(len < sizeof content);
    struct slice rest = slice_make(content, len);
    struct file_format format;
    file_format_init(&format);
    bench.count = 0;
    while (rest.len) {
        struct frame frame;
        size_t bytes = 0;
        enum file_step step = file_format_next(&format, rest, &bytes, &frame);
        assert_true(step == FILE_FRAME || step == FILE_PASSED);
        if (step == FILE_FRAME) {
            uint64_t ordinal;
            memcpy(&ordinal, frame.bytes.ptr, sizeof ordinal);
            for (size_t i = sizeof ordinal; i < frame.bytes.len; i++) {
                assert_int_equal(frame.bytes.ptr[i], (uint8_t)ordinal);
            }
            assert_int_equal(frame.time_ns, ordinal);
            assert_true(bench.count < FRAMES_MOST);
            bench.got[bench.count++] = ordinal;
        }
        rest = slice_after(rest, bytes);
    }
    file_format_fini(&format);
}

static void has(const uint64_t *ordinals, size_t count) {
    read_back();
    assert_int_equal(bench.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bench.got[i], ordinals[i]);
    }
}

#define HAS(...)                                                                                             \
    has((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* Each packet once; what only ends things follows at once, and what says more does not. */
static void test_once_each(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        put(1000, 0, 60, 0, 0); /* 1 3 5 */
        put(1001, 0, 60, 0, 0); /* 2 4 6 */
    }
    put(1000, 5, 70, 0, 0); /* 7 */
    put(1000, 5, 70, 0, 0); /* 8 */
    put(1000, 0, 60, 0, 0); /* 9: behind its end, but came before it was finished */
    put(1000, 5, 70, 0, 0); /* 10: the next one's */
    put(1000, 0, 60, 0, 0); /* 11 */
    HAS();
    assert_int_equal(take(1000, 1, 7, 8), RECORD_SAVED_CONNECTION);
    HAS(1, 3, 5, 7, 8, 9);
    assert_int_equal(take(1000, 1, 7, 8), RECORD_SAVED_CONNECTION); /* nothing is left to write */
    HAS(1, 3, 5, 7, 8, 9);
    assert_int_equal(take(1000, 1, 10, 11), RECORD_SAVED_CONNECTION);
    HAS(1, 3, 5, 7, 8, 9, 10, 11);
    put(1000, 0, 60, 0, 0); /* 12: at once */
    put(1001, 0, 60, 0, 0); /* 13 */
    HAS(1, 3, 5, 7, 8, 9, 10, 11, 12);
    put(1000, 1, 60, 0, 0); /* 14 */
    put(1000, 0, 60, 0, 0); /* 15 */
    HAS(1, 3, 5, 7, 8, 9, 10, 11, 12);
}

/* The same ports again: another connection. */
static void test_another_connection(void **state) {
    (void)state;
    put(1000, 5, 60, 0, 0);
    put(1000, 5, 60, 0, 0);
    put(1000, 5, 60, 0, 0);
    assert_int_equal(take(1000, 3, 3, 3), RECORD_SAVED_CONNECTION);
    HAS(3);
    assert_int_equal(take(1002, 1, 1, 3), RECORD_SAVED_NONE);
    HAS(3);
}

/* A transaction's own packets alone. */
static void test_alone(void **state) {
    (void)state;
    put(1000, 0, 60, 0, 0); /* 1 */
    put(1000, 5, 60, 0, 0); /* 2 */
    put(1000, 5, 60, 0, 0); /* 3 */
    put(1000, 5, 60, 0, 0); /* 4 */
    put(1000, 5, 60, 0, 0); /* 5 */
    struct flow_key key = key_of(1000);
    struct save_wish wish = {.key = &key, .from = 1, .start = 3, .first = 3, .until = 4};
    assert_int_equal(save_ring_take(bench.ring, &bench.file, &wish), RECORD_SAVED_TRANSACTION);
    HAS(3, 4);
    wish.start = wish.first = wish.until = 5;
    assert_int_equal(save_ring_take(bench.ring, &bench.file, &wish), RECORD_SAVED_TRANSACTION);
    HAS(3, 4, 5);
}

/* The later transaction was over first, as where the earlier one waited for what was missing of its body. */
static void test_later_one_first(void **state) {
    (void)state;
    put(1000, 0, 60, 0, 0);  /* 1 */
    put(1000, 5, 60, 0, 0);  /* 2 */
    put(0, 0, 60, 0, 77);    /* 3 */
    put(1000, 5, 60, 77, 0); /* 4 */
    put(1000, 5, 60, 0, 0);  /* 5 */
    put(1000, 5, 60, 0, 0);  /* 6 */
    put(1000, 0, 60, 0, 0);  /* 7 */
    put(1000, 5, 60, 0, 0);  /* 8: the next one's */
    struct flow_key key = key_of(1000);
    struct save_wish wish = {.key = &key, .from = 1, .start = 5, .first = 5, .until = 6, .alone = true};
    assert_int_equal(save_ring_take(bench.ring, &bench.file, &wish), RECORD_SAVED_TRANSACTION);
    HAS(5, 6, 7);
    wish.start = wish.first = 2;
    wish.until = 4;
    assert_int_equal(save_ring_take(bench.ring, &bench.file, &wish), RECORD_SAVED_TRANSACTION);
    HAS(5, 6, 7, 2, 3, 4);
    wish.start = 1; /* of what was written before, nothing is written again */
    wish.until = 8;
    assert_int_equal(save_ring_take(bench.ring, &bench.file, &wish), RECORD_SAVED_CONNECTION);
    HAS(5, 6, 7, 2, 3, 4, 1, 8);
}

/* Frames of all sizes go round and round; whatever is said to be there is, byte for byte. */
static void test_round_and_round(void **state) {
    (void)state;
    enum { ROUNDS = 60 };
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < 40; i++) {
            put(2000, 9, 60 + (round * 997 + i * 3571) % 9000, 0, 0);
        }
        uint64_t from = put((uint16_t)(1000 + round), 9, 100, 0, 0);
        put((uint16_t)(1000 + round), 9, 60000 - round * 13, 0, 0);
        assert_int_equal(take((uint16_t)(1000 + round), from, from, from + 1), RECORD_SAVED_CONNECTION);
    }
    read_back();
    assert_int_equal(bench.count, 2 * ROUNDS);
}

/* A long connection, of which the ring has the end alone. */
static void test_gone(void **state) {
    (void)state;
    put(1000, 9, 60, 0, 0);
    while (bench.ordinal < 100) {
        put(1001, 9, 60000, 0, 0);
    }
    uint64_t first = put(1000, 9, 60, 0, 0);
    uint64_t until = put(1000, 9, 60, 0, 0);
    assert_int_equal(take(1000, 1, 1, 1), RECORD_SAVED_NONE);
    assert_int_equal(take(1000, 1, first, until), RECORD_SAVED_TRANSACTION);
    HAS(first, until);
    while (bench.ordinal < 200) {
        put(1001, 9, 60000, 0, 0);
    }
    assert_int_equal(take(1000, 1, first, until), RECORD_SAVED_NONE);
    until = put(1000, 9, 60, 0, 0);
    assert_int_equal(take(1000, 1, first, until), RECORD_SAVED_PART);
    HAS(first, first + 1, until);
}

/* The fragments of a datagram come with the packet that it is. */
static void test_fragments(void **state) {
    (void)state;
    put(1000, 0, 60, 0, 0);  /* 1 */
    put(0, 0, 60, 0, 77);    /* 2 */
    put(0, 0, 60, 0, 78);    /* 3: another's */
    put(0, 0, 60, 0, 77);    /* 4 */
    put(1000, 9, 60, 77, 0); /* 5 */
    put(1000, 9, 60, 0, 0);  /* 6 */
    assert_int_equal(take(1000, 1, 5, 6), RECORD_SAVED_CONNECTION);
    HAS(1, 2, 4, 5, 6);
    put(0, 0, 60, 0, 79); /* 7 */
    while (bench.ordinal < 100) {
        put(1001, 9, 60000, 0, 0);
    }
    uint64_t torn = put(1000, 9, 60, 79, 0);
    uint64_t next = put(1000, 9, 60, 0, 0);
    assert_int_equal(take(1000, torn, torn, torn), RECORD_SAVED_PART);
    assert_int_equal(take(1000, torn, next, next), RECORD_SAVED_TRANSACTION);
    HAS(1, 2, 4, 5, 6, torn, next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_once_each, begin, end),
        cmocka_unit_test_setup_teardown(test_another_connection, begin, end),
        cmocka_unit_test_setup_teardown(test_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_later_one_first, begin, end),
        cmocka_unit_test_setup_teardown(test_round_and_round, begin, end),
        cmocka_unit_test_setup_teardown(test_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_fragments, begin, end),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
