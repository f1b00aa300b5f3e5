/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of capture files, each in either byte order, sound and damaged. What is at hand lies in a block
 * of its own, exactly as large, so that a read beyond it is seen. */
#include "tests/unit/captures.h"

#include "capture/file_format.h"

enum { FRAMES_MOST = 64, COPIED_MOST = 16384 };

struct reading {
    size_t frames;
    struct frame frame[FRAMES_MOST]; /* without bytes */
    uint8_t last[FRAMES_MOST];       /* last captured byte, 0 without */
    uint64_t records;                /* FILE_RECORD */
    enum file_step end;              /* FILE_MORE at the file's end */
    unsigned usual;                  /* frames that came the fast way, too */
    size_t place;                    /* of the end */
    char problem[FILE_PROBLEM_BYTES];
};

static bool is_same(const struct frame *a, const struct frame *b) {
    return a->bytes.ptr == b->bytes.ptr && a->bytes.len == b->bytes.len && a->wire_len == b->wire_len &&
           a->time_ns == b->time_ns && a->link_type == b->link_type && a->interface == b->interface;
}

/* Reads all; `ration` bytes more become at hand when more are wanted. */
static struct reading read_rationed(struct slice file, size_t ration) {
    static struct reading r;
    struct file_format format;
    memset(&r, 0, sizeof r);
    file_format_init(&format);
    size_t have = 0;
    for (;;) {
        uint8_t *copy = have < COPIED_MOST ? malloc(have + 1) : NULL;
        struct slice at_hand = slice_make(file.ptr + r.place, have);
        if (copy) {
            at_hand.ptr = memcpy(copy + 1, at_hand.ptr, have);
        }
        struct frame *frame = &r.frame[r.frames];
        size_t bytes = 0;
        struct frame fast;
        size_t at_once = file_format_usual(&format, at_hand, &fast);
        r.end = file_format_next(&format, at_hand, &bytes, frame);
        assert_true(!at_once || (r.end == FILE_FRAME && at_once == bytes && is_same(&fast, frame)));
        r.usual += at_once != 0;
        bool more = r.end == FILE_MORE && r.place + have < file.len;
        if (r.end == FILE_MORE) {
            assert_true(bytes > have && bytes <= FILE_BLOCK_BYTES);
            size_t left = file.len - r.place - have;
            have += left < ration ? left : ration;
        }
        if (r.end == FILE_MORE && !more && have) {
            file_format_ended(&format, at_hand, bytes);
        }
        if (r.end == FILE_FRAME) {
            struct frame again;
            size_t same = 0;
            assert_int_equal(file_format_next(&format, at_hand, &same, &again), FILE_FRAME);
            assert_true(same == bytes && again.time_ns == frame->time_ns &&
                        again.bytes.ptr == frame->bytes.ptr);
            assert_true(bytes >= frame->bytes.len && frame->wire_len >= frame->bytes.len);
            r.last[r.frames] = frame->bytes.len ? frame->bytes.ptr[frame->bytes.len - 1] : 0;
            frame->bytes.ptr = NULL;
            assert_true(++r.frames < FRAMES_MOST);
        }
        r.records += r.end == FILE_RECORD;
        free(copy);
        if (r.end == FILE_FRAME || r.end == FILE_RECORD || r.end == FILE_PASSED) {
            assert_true(bytes <= have && bytes > 0);
            r.place += bytes;
            have -= bytes;
        } else if (!more) {
            break;
        }
    }
    (void)snprintf(r.problem, sizeof r.problem, "%s", file_format_problem(&format));
    file_format_fini(&format);
    return r;
}

static struct reading read_all(const struct buf *b) {
    return read_rationed(buf_slice(b), b->len);
}

static bool is_sound(const struct reading *r, const struct buf *b) {
    return r->end == FILE_MORE && r->place == b->len && !r->problem[0];
}

static void put_raw_pcap(struct buf *b, uint16_t major, uint16_t minor, uint32_t link_type, bool big_endian) {
    buf_init(b, 1 << 20);
    put_u32(b, 0xa1b2c3d4, big_endian);
    put_u16(b, major, big_endian);
    put_u16(b, minor, big_endian);
    put_u32(b, 3600, big_endian); /* time zone, accuracy: nobody uses them */
    put_u32(b, 6, big_endian);
    put_u32(b, 10, big_endian); /* the snapshot length is not what frames are cut to */
    put_u32(b, link_type, big_endian);
}

static void put_record(struct buf *b, uint32_t first_len, uint32_t second_len, size_t bytes,
                       bool big_endian) {
    uint8_t frame[FRAME_BYTES];
    make_frame(frame, 80, 9);
    put_u32(b, 1, big_endian);
    put_u32(b, 2, big_endian);
    put_u32(b, first_len, big_endian);
    put_u32(b, second_len, big_endian);
    assert_true(buf_append(b, frame + FRAME_BYTES - bytes, bytes));
}

static void old_versions_order_the_lengths_otherwise(void **state) {
    (void)state;
    static const struct {
        uint16_t major, minor;
        uint32_t first, second;
    } cases[] = {{2, 4, 40, 60}, {2, 3, 40, 60},   {2, 3, 60, 40}, {2, 2, 60, 40}, {2, 0, 60, 40},
                 {2, 4, 40, 40}, {543, 0, 60, 40}, {2, 4, 40, 20}, {2, 3, 40, 40}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            struct buf b;
            put_raw_pcap(&b, cases[i].major, cases[i].minor, 1, big_endian);
            put_record(&b, cases[i].first, cases[i].second, 40, big_endian);
            struct reading r = read_all(&b);
            assert_true(is_sound(&r, &b));
            assert_int_equal(r.frames, 1);
            assert_int_equal(r.usual != 0, !big_endian && cases[i].minor == 4);
            assert_int_equal(r.frame[0].bytes.len, 40);
            assert_int_equal(r.frame[0].wire_len,
                             cases[i].second == 20 || cases[i].second == cases[i].first ? 40 : 60);
            assert_int_equal(r.frame[0].time_ns, NS_PER_SECOND + 2000);
            buf_fini(&b);
        }
    }
}

static void unknown_versions_are_told(void **state) {
    (void)state;
    static const uint16_t versions[][2] = {{2, 5}, {1, 4}, {3, 0}, {543, 1}, {0, 0}};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct buf b;
        put_raw_pcap(&b, versions[i][0], versions[i][1], 1, false);
        struct reading r = read_all(&b);
        assert_int_equal(r.end, FILE_DAMAGED);
        assert_non_null(strstr(r.problem, "hark reads 2.0 to 2.4"));
        buf_fini(&b);
    }
}

static void link_types_are_those_of_this_system(void **state) {
    (void)state;
    static const uint32_t types[][2] = {{0, DLT_NULL},
                                        {1, DLT_EN10MB},
                                        {9, DLT_PPP},
                                        {100, DLT_ATM_RFC1483},
                                        {101, DLT_RAW},
                                        {102, DLT_SLIP_BSDOS},
                                        {103, DLT_PPP_BSDOS},
                                        {106, DLT_ATM_CLIP},
                                        {108, DLT_LOOP},
                                        {113, DLT_LINUX_SLL},
                                        {127, DLT_IEEE802_11_RADIO},
                                        {228, DLT_IPV4},
                                        {246, DLT_PFSYNC},
                                        {258, DLT_PKTAP},
                                        {276, DLT_LINUX_SLL2},
                                        {12, DLT_RAW},
                                        {65000, 65000},
                                        /* with a frame check sequence of 4 bytes */
                                        {UINT32_C(0x24000001), DLT_EN10MB},
                                        {UINT32_C(0xfc000065), DLT_RAW}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct buf b;
        put_raw_pcap(&b, 2, 4, types[i][0], i % 2);
        put_record(&b, 0, 0, 0, i % 2);
        struct reading r = read_all(&b);
        assert_true(is_sound(&r, &b));
        assert_int_equal(r.frame[0].link_type, types[i][1]);
        buf_fini(&b);
    }
}

static void long_pcap_frames_are_damage(void **state) {
    (void)state;
    static const struct {
        uint32_t link_type, longest;
    } cases[] = {{1, 262144}, {249, 1024 * 1024}, {279, 8 * 1024 * 1024}, {231, 16 * 1024 * 1024 - 24}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t more = 0; more < 2; more++) {
            struct buf b;
            put_raw_pcap(&b, 2, 4, cases[i].link_type, false);
            put_record(&b, 60, 60, 60, false);
            put_record(&b, cases[i].longest + more, 0, 60, false);
            struct reading r = read_all(&b);
            assert_int_equal(r.frames, 1);
            assert_int_equal(r.end, more ? FILE_DAMAGED : FILE_MORE);
            assert_non_null(
                strstr(r.problem, more ? "more than the " : "it ends inside a frame, of which 76 of "));
            buf_fini(&b);
        }
    }
}

static void what_begins_otherwise_is_strange(void **state) {
    (void)state;
    static const char *const begins[] = {"\xa1\xb2\xc3\xd5", "\xd4\xc3\xb2\xa0", "\x0a\x0d\x0d\x0b", "text",
                                         "\x1f\x8b\x08\x00"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        assert_int_equal(read_rationed(slice_make(begins[i], 4), 1).end, FILE_STRANGE);
        assert_int_equal(read_rationed(slice_make(begins[i], 3), 1).end, FILE_MORE);
    }
}

struct clock_case {
    int resolution; /* if_tsresol, negative for none */
    int64_t offset; /* if_tsoffset, 0 for none */
    uint64_t ticks;
    int64_t time_ns;
};

static const struct clock_case clock_cases[] = {
    {-1, 0, 1700000000123456, 1700000000123456000},
    {6, 0, 1700000000123456, 1700000000123456000},
    {9, 0, 1700000000123456789, 1700000000123456789},
    {0, 0, 1700000000, 1700000000 * NS_PER_SECOND},
    {3, 0, 1700000000123, 1700000000123 * NS_PER_MILLISECOND},
    {10, 0, 17000000001234567899U, 1700000000123456789},
    {12, 0, UINT64_MAX, 18446744073709551},
    {19, 0, UINT64_MAX, 1844674407},
    {0x80, 0, 1700000000, 1700000000 * NS_PER_SECOND},
    {0x80 | 10, 0, 1700000000 * UINT64_C(1024) + 512, 1700000000500000000},
    {0x80 | 20, 0, 1700000000 * UINT64_C(1048576) + 1, 1700000000000000953},
    {0x80 | 32, 0, 1700000000 * UINT64_C(4294967296) + 4294967295, 1700000000999999999},
    {0x80 | 40, 0, 16000000 * UINT64_C(1099511627776) + 1, 16000000 * NS_PER_SECOND},
    {0x80 | 63, 0, UINT64_MAX, 1999999999},
    {-1, 1700000000, 5, 1700000000000005000},
    {-1, -10, 10000001, 1000},
    {9, 3600, 7, 3600 * NS_PER_SECOND + 7},
    /* what does not fit becomes the nearest that does */
    {-1, -11, 10000001, 0},
    {9, INT64_MIN, UINT64_MAX, 0},
    {0, 0, UINT64_MAX, FRAME_TIME_MOST_NS},
    {-1, INT64_MAX, 0, FRAME_TIME_MOST_NS},
    {9, 0, UINT64_MAX, FRAME_TIME_MOST_NS},
    {9, 0, INT64_MAX, FRAME_TIME_MOST_NS},
    {9, 0, FRAME_TIME_MOST_NS, FRAME_TIME_MOST_NS},
    {9, 0, FRAME_TIME_MOST_NS - 1, FRAME_TIME_MOST_NS - 1},
    {-1, 0, FRAME_TIME_MOST_NS / 1000, FRAME_TIME_MOST_NS / 1000 * 1000},
    {-1, 0, FRAME_TIME_MOST_NS / 1000 + 1, FRAME_TIME_MOST_NS},
    {9, -9223372036, UINT64_MAX, FRAME_TIME_MOST_NS},
    {9, -18446744073, UINT64_MAX, 709551615},
};

static void put_clock(struct buf *options, const struct clock_case *c, bool big_endian) {
    struct buf value;
    buf_init(options, 256);
    buf_init(&value, 8);
    put_option(options, 2, slice_of("eth0"), big_endian);
    if (c->offset) {
        uint64_t offset = (uint64_t)c->offset;
        put_u32(&value, (uint32_t)(big_endian ? offset >> 32 : offset), big_endian);
        put_u32(&value, (uint32_t)(big_endian ? offset : offset >> 32), big_endian);
        put_option(options, 14, buf_slice(&value), big_endian);
    }
    if (c->resolution >= 0) {
        uint8_t resolution = (uint8_t)c->resolution;
        put_option(options, 9, slice_make(&resolution, 1), big_endian);
    }
    put_option(options, 0, slice_make("", 0), big_endian);
    put_option(options, 9, slice_of("behind the end of options"), big_endian);
    buf_fini(&value);
}

/* All interfaces in one section: each has its own clock. */
static void clocks_are_those_of_the_interfaces(void **state) {
    (void)state;
    enum { CASES = sizeof clock_cases / sizeof clock_cases[0] };
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        put_section(&b, big_endian);
        for (size_t i = 0; i < CASES; i++) {
            struct buf options;
            put_clock(&options, &clock_cases[i], big_endian);
            put_interface(&b, DLT_EN10MB, 65535, buf_slice(&options), big_endian);
            buf_fini(&options);
        }
        for (uint32_t i = 0; i < CASES; i++) {
            put_usual_packet(&b, i, clock_cases[i].ticks, big_endian);
        }
        struct reading r = read_all(&b);
        assert_true(is_sound(&r, &b));
        assert_int_equal(r.frames, CASES);
        for (size_t i = 0; i < CASES; i++) {
            assert_int_equal(r.frame[i].time_ns, clock_cases[i].time_ns);
            assert_int_equal(r.frame[i].interface, i);
        }
        buf_fini(&b);
    }
}

/* Each kind of packet block, blocks without a packet, and sections in both byte orders. */
static void put_every_block(struct buf *b) {
    static const uint32_t passed[] = {4, 5, 10, 0x7777, 0x80000001, 0x201};
    static const uint32_t numbered[] = {9, 0x204, 0x216, 0x221, 0xbad, 0x40000bad};
    uint8_t frame[FRAME_BYTES];
    make_frame(frame, 80, 77);
    buf_init(b, 1 << 20);
    for (int turn = 0; turn < 3; turn++) {
        bool big_endian = turn == 1;
        put_section(b, big_endian);
        put_interface(b, 113, 59, slice_make("", 0), big_endian);
        put_interface(b, 101, 0, slice_make("", 0), big_endian);
        put_packet(b, false, 1, 1, slice_make(frame, FRAME_BYTES - 1), 0, big_endian);
        put_packet(b, true, 1, 2, slice_make(frame, FRAME_BYTES - 2), 100, big_endian);
        struct buf simple;
        buf_init(&simple, 256);
        put_u32(&simple, FRAME_BYTES, big_endian);
        assert_true(buf_append(&simple, frame, FRAME_BYTES - 1)); /* the interface cuts to 59 */
        put_block(b, 3, buf_slice(&simple), big_endian);
        buf_fini(&simple);
        for (size_t i = 0; i < 6; i++) {
            put_block(b, passed[i], slice_make(frame, 7 * i), big_endian);
            put_block(b, numbered[i], slice_make(frame, 5 * i), big_endian);
        }
        put_packet(b, false, 0, 3, slice_make(frame, 0), 0, big_endian);
    }
}

static void every_block_is_known_or_passed(void **state) {
    (void)state;
    struct buf b;
    put_every_block(&b);
    struct reading r = read_all(&b);
    assert_true(is_sound(&r, &b));
    assert_int_equal(r.frames, 12);
    assert_int_equal(r.records, 18);
    for (size_t i = 0; i < r.frames; i++) {
        static const struct {
            size_t len;
            uint32_t wire_len;
            int64_t time_ns;
            int link_type;
            uint32_t interface;
        } expected[] = {{59, 59, 1000, DLT_RAW, 1},
                        {58, 100, 2000, DLT_RAW, 1},
                        {59, 60, 0, DLT_LINUX_SLL, 0},
                        {0, 0, 3000, DLT_LINUX_SLL, 0}};
        assert_int_equal(r.frame[i].bytes.len, expected[i % 4].len);
        assert_int_equal(r.frame[i].wire_len, expected[i % 4].wire_len);
        assert_int_equal(r.frame[i].time_ns, expected[i % 4].time_ns);
        assert_int_equal(r.frame[i].link_type, expected[i % 4].link_type);
        assert_int_equal(r.frame[i].interface, expected[i % 4].interface + 2 * (i / 4));
    }
    buf_fini(&b);
}

/* However few bytes become at hand at once. */
static void rations_change_nothing(void **state) {
    (void)state;
    struct buf forms[3];
    make_pcap(&forms[0], usual, 5);
    make_pcap(&forms[1], (struct pcap_shape){0xa1b2cd34, true, 1}, 5);
    put_every_block(&forms[2]);
    for (size_t form = 0; form < 3; form++) {
        struct reading whole = read_all(&forms[form]);
        for (size_t ration = 1; ration < 140; ration++) {
            struct reading r = read_rationed(buf_slice(&forms[form]), ration);
            assert_memory_equal(&r, &whole, sizeof r);
        }
        buf_fini(&forms[form]);
    }
}

/* Cut at every byte: what is whole is given, and the rest is told unless the cut is between two blocks. */
static void cuts_are_told(void **state) {
    (void)state;
    struct buf forms[3];
    make_pcap(&forms[0], usual, 5);
    make_pcap(&forms[1], (struct pcap_shape){0xa1b2cd34, true, 1}, 5);
    put_every_block(&forms[2]);
    for (size_t form = 0; form < 3; form++) {
        struct reading whole = read_all(&forms[form]);
        for (size_t len = 0; len < forms[form].len; len++) {
            struct reading r = read_rationed(slice_first(buf_slice(&forms[form]), len), len + 1);
            assert_int_equal(r.end, FILE_MORE);
            assert_true(r.place <= len && r.frames <= whole.frames);
            assert_memory_equal(r.frame, whole.frame, r.frames * sizeof r.frame[0]);
            assert_true(r.place == len ? !r.problem[0] : strstr(r.problem, "it ends inside a ") != NULL);
        }
        buf_fini(&forms[form]);
    }
}

struct damage {
    void (*put)(struct buf *b, bool big_endian);
    const char *problem;
};

static void no_interface(struct buf *b, bool big_endian) {
    put_section(b, big_endian);
    put_usual_packet(b, 0, 1, big_endian);
}

static void unknown_interface(struct buf *b, bool big_endian) {
    put_usual_packet(b, 1, 1, big_endian);
}

static void unknown_interface_of_old_packet(struct buf *b, bool big_endian) {
    put_packet(b, true, 65535, 1, slice_of("bytes"), 5, big_endian);
}

static void simple_without_interface(struct buf *b, bool big_endian) {
    put_section(b, big_endian);
    put_block(b, 3, slice_make("\0\0\0\0", 4), big_endian);
}

static void short_bodies(struct buf *b, bool big_endian) {
    put_block(b, 6, slice_make("1234567890123456", 16), big_endian);
}

static void short_old(struct buf *b, bool big_endian) {
    put_block(b, 2, slice_make("1234567890123456", 16), big_endian);
}

static void short_simple(struct buf *b, bool big_endian) {
    put_block(b, 3, slice_make("", 0), big_endian);
}

static void short_interface(struct buf *b, bool big_endian) {
    put_block(b, 1, slice_make("1234", 4), big_endian);
}

static void captured_beyond_block(struct buf *b, bool big_endian) {
    struct buf body;
    buf_init(&body, 256);
    for (int i = 0; i < 3; i++) {
        put_u32(&body, 0, big_endian);
    }
    put_u32(&body, 9, big_endian);
    put_u32(&body, 9, big_endian);
    put_u32(&body, 0, big_endian);
    put_u32(&body, 0, big_endian);
    put_block(b, 6, buf_slice(&body), big_endian);
    buf_fini(&body);
}

static void captured_too_much(struct buf *b, bool big_endian) {
    static const uint8_t bytes[262145];
    put_packet(b, false, 0, 1, slice_make(bytes, sizeof bytes), 1, big_endian);
}

static void simple_beyond_block(struct buf *b, bool big_endian) {
    struct buf body;
    buf_init(&body, 256);
    put_u32(&body, 9, big_endian);
    put_u32(&body, 0, big_endian);
    put_u32(&body, 0, big_endian);
    put_block(b, 3, buf_slice(&body), big_endian);
    buf_fini(&body);
}

static void put_lengths(struct buf *b, uint32_t type, uint32_t first, uint32_t second, bool big_endian) {
    put_u32(b, type, big_endian);
    put_u32(b, first, big_endian);
    for (uint32_t i = 0; i < 8; i++) {
        put_u32(b, second, big_endian);
    }
}

static void length_8(struct buf *b, bool big_endian) {
    put_lengths(b, 5, 8, 8, big_endian);
}

static void length_odd(struct buf *b, bool big_endian) {
    put_lengths(b, 5, 22, 22, big_endian);
}

static void length_huge(struct buf *b, bool big_endian) {
    put_lengths(b, 5, FILE_BLOCK_BYTES + 4, FILE_BLOCK_BYTES + 4, big_endian);
}

static void lengths_differ(struct buf *b, bool big_endian) {
    put_lengths(b, 5, 40, 44, big_endian);
}

static void section_without_magic(struct buf *b, bool big_endian) {
    put_lengths(b, 0x0a0d0d0a, 40, 40, big_endian);
}

static void section_short(struct buf *b, bool big_endian) {
    put_block(b, 0x0a0d0d0a, slice_make(big_endian ? "\x1a\x2b\x3c\x4d" : "\x4d\x3c\x2b\x1a", 4), big_endian);
    put_u32(b, 0, big_endian);
}

static void section_of_version_2(struct buf *b, bool big_endian) {
    size_t at = b->len;
    put_section(b, big_endian);
    b->ptr[at + 12 + big_endian] = 2;
}

static void put_options(struct buf *b, const char *options, size_t len, bool big_endian) {
    struct buf words;
    buf_init(&words, 256);
    /* 16-bit numbers, given in big endian */
    for (size_t i = 0; i + 1 < len; i += 2) {
        put_u16(&words, (uint16_t)((uint8_t)options[i] << 8 | (uint8_t)options[i + 1]), big_endian);
    }
    put_interface(b, DLT_EN10MB, 0, buf_slice(&words), big_endian);
    buf_fini(&words);
}

static void option_beyond(struct buf *b, bool big_endian) {
    put_options(b, "\0\2\0\5\0\0\0\0", 8, big_endian);
}

static void option_of_65535(struct buf *b, bool big_endian) {
    put_options(b, "\0\2\xff\xff", 4, big_endian);
}

static void end_with_length(struct buf *b, bool big_endian) {
    put_options(b, "\0\0\0\4\0\0\0\0", 8, big_endian);
}

static void resolution_of_2_bytes(struct buf *b, bool big_endian) {
    put_options(b, "\0\x09\0\2\6\6\0\0", 8, big_endian);
}

static void resolution_twice(struct buf *b, bool big_endian) {
    put_options(b, "\0\x09\0\1\6\6\0\0\0\x09\0\1\6\6\0\0", 16, big_endian);
}

static void offset_of_4_bytes(struct buf *b, bool big_endian) {
    put_options(b, "\0\x0e\0\4\0\0\0\0", 8, big_endian);
}

static void resolution_too_fine(struct buf *b, bool big_endian) {
    put_options(b, "\0\x09\0\1\x14\x14\0\0", 8, big_endian);
}

static void resolution_too_fine_of_two(struct buf *b, bool big_endian) {
    put_options(b, "\0\x09\0\1\xc0\xc0\0\0", 8, big_endian);
}

static void interfaces_without_end(struct buf *b, bool big_endian) {
    for (int i = 0; i < FILE_INTERFACES; i++) {
        put_interface(b, DLT_EN10MB, 0, slice_make("", 0), big_endian);
    }
}

/* Behind one sound frame. */
static void damage_is_told(void **state) {
    (void)state;
    static const struct damage damages[] = {
        {no_interface, "of interface 0, but 0 are described"},
        {unknown_interface, "of interface 1, but 1 are described"},
        {unknown_interface_of_old_packet, "of interface 65535, but 1 are described"},
        {simple_without_interface, "of interface 0, but 0 are described"},
        {short_bodies, "has only 16 bytes"},
        {short_old, "has only 16 bytes"},
        {short_simple, "has only 0 bytes"},
        {short_interface, "description has only 4 bytes"},
        {captured_beyond_block, "claims 9 captured bytes, its block has 8"},
        {captured_too_much, "claims 262145 captured bytes, more than the 262144"},
        {simple_beyond_block, "claims 9 captured bytes, its block has 8"},
        {length_8, "of type 0x5 claims 8 bytes; it must be 12 to 16777216"},
        {length_odd, "claims 22 bytes; it must be 12 to 16777216, in fours"},
        {length_huge, "claims 16777220 bytes"},
        {lengths_differ, "has two lengths, 40 and 44"},
        {section_without_magic, "no byte-order magic"},
        {section_short, "claims 16 bytes; it must be 28 to 1048576"},
        {section_of_version_2, "pcapng version 2.0, hark reads 1.x"},
        {option_beyond, "ends inside an option"},
        {option_of_65535, "ends inside an option"},
        {end_with_length, "last option has a length of 4"},
        {resolution_of_2_bytes, "an if_tsresol option of 2 bytes"},
        {resolution_twice, "if_tsresol option twice"},
        {offset_of_4_bytes, "an if_tsoffset option of 4 bytes"},
        {resolution_too_fine, "if_tsresol 0x14"},
        {resolution_too_fine_of_two, "if_tsresol 0xc0"},
        {interfaces_without_end, "more than 65536 interfaces"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            struct buf b;
            buf_init(&b, 32 << 20);
            put_section(&b, big_endian);
            put_interface(&b, DLT_EN10MB, 0, slice_make("", 0), big_endian);
            put_usual_packet(&b, 0, 1, big_endian);
            damages[i].put(&b, big_endian);
            struct reading r = read_all(&b);
            assert_int_equal(r.frames, 1);
            assert_int_equal(r.end, FILE_DAMAGED);
            if (!strstr(r.problem, damages[i].problem)) {
                fail_msg("%s instead of %s", r.problem, damages[i].problem);
            }
            buf_fini(&b);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_versions_order_the_lengths_otherwise),
        cmocka_unit_test(unknown_versions_are_told),
        cmocka_unit_test(link_types_are_those_of_this_system),
        cmocka_unit_test(long_pcap_frames_are_damage),
        cmocka_unit_test(what_begins_otherwise_is_strange),
        cmocka_unit_test(clocks_are_those_of_the_interfaces),
        cmocka_unit_test(every_block_is_known_or_passed),
        cmocka_unit_test(rations_change_nothing),
        cmocka_unit_test(cuts_are_told),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
