/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/captures.h"

#include "capture/source_filter.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void reads_the_pcap_formats(void **state) {
    (void)state;
    static const struct {
        struct pcap_shape shape;
        int64_t fraction_ns;
    } cases[] = {
        {{0xa1b2c3d4, false, DLT_EN10MB}, 123456000}, {{0xa1b2c3d4, true, DLT_EN10MB}, 123456000},
        {{0xa1b23c4d, false, DLT_EN10MB}, 123456},    {{0xa1b23c4d, true, DLT_EN10MB}, 123456},
        {{0xa1b2cd34, false, DLT_EN10MB}, 123456000}, {{0xa1b2c3d4, false, 113}, 123456000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct source *source = open_one(write_pcap("formats", cases[i].shape, 2));
        struct frame frame;
        for (unsigned number = 1; number <= 2; number++) {
            assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
            assert_int_equal(frame.number, number);
            assert_int_equal(frame.ordinal, number);
            assert_int_equal(frame.file, 0);
            assert_int_equal(frame.bytes.len, FRAME_BYTES);
            assert_int_equal(frame.bytes.ptr[FRAME_BYTES - 1], (uint8_t)(FIRST_SECOND + number));
            assert_int_equal(frame.wire_len, FRAME_BYTES + 40);
            assert_int_equal(frame.link_type, cases[i].shape.link_type);
            assert_int_equal(frame.time_ns, (FIRST_SECOND + number) * NS_PER_SECOND + cases[i].fraction_ns);
        }
        expect_frames(source, 0);
        assert_false(source_is_live(source));
        source_free(source);
    }
}

static void any_timestamp_is_a_time(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 4096);
    put_pcap_head(&b, usual);
    put_pcap_frame(&b, usual, UINT32_MAX, 5, 80); /* 2106: the seconds are unsigned */
    put_pcap_frame(&b, usual, 0, 0, 80);
    put_pcap_frame(&b, usual, 10, UINT32_MAX, 80);
    put_pcap_frame(&b, usual, 10, 2500000, 80);
    struct source *source = open_one(write_file("times", buf_slice(&b)));
    buf_fini(&b);
    static const int64_t expected[] = {UINT32_MAX * NS_PER_SECOND + 5000, 0, 10 * NS_PER_SECOND,
                                       12500 * NS_PER_MILLISECOND};
    struct frame frame;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_int_equal(frame.time_ns, expected[i]);
    }
    source_free(source);
}

static struct slice nanoseconds(struct buf *options, bool big_endian) {
    buf_init(options, 64);
    put_option(options, 9, slice_make("\x09", 1), big_endian); /* if_tsresol */
    put_option(options, 0, slice_make("", 0), big_endian);
    return buf_slice(options);
}

static void reads_pcapng_up_to_a_bad_block(void **state) {
    (void)state;
    struct buf b;
    struct buf options;
    buf_init(&b, 4096);
    put_section(&b, false);
    put_interface(&b, DLT_EN10MB, 65535, nanoseconds(&options, false), false);
    buf_fini(&options);
    put_usual_packet(&b, 0, FIRST_SECOND * NS_PER_SECOND + 7, false);
    struct source *source = open_one(write_file("good.pcapng", buf_slice(&b)));
    struct frame frame;
    assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
    assert_int_equal(frame.time_ns, FIRST_SECOND * NS_PER_SECOND + 7);
    expect_frames(source, 0);
    source_free(source);

    put_block(&b, 5, slice_of("statistics."), false); /* the place is that of the block that is bad */
    put_u32(&b, 6, false);
    put_u32(&b, 13, false); /* a block's length is at least 12 and a multiple of 4 */
    for (int i = 0; i < 16; i++) {
        put_u32(&b, 0, false);
    }
    source = open_one(write_file("bad.pcapng", buf_slice(&b)));
    buf_fini(&b);
    enum source_status last = SOURCE_END;
    assert_int_equal(read_frames(source, &last), 1);
    assert_int_equal(last, SOURCE_DAMAGED);
    assert_non_null(strstr(source_message(source), "bad.pcapng: reading ended after frame 1, at byte 176: "));
    expect_frames(source, 0);
    source_free(source);
}

enum { LINKTYPE_RAW = 101, LINKTYPE_SLL = 113 };

/* Ethernet and raw IP by turns, then a section in the other byte order that has its own interfaces. */
static const char *write_mixed(const char *name) {
    struct buf b;
    uint8_t frame[FRAME_BYTES];
    buf_init(&b, 1 << 20);
    put_section(&b, false);
    put_interface(&b, DLT_EN10MB, 65535, slice_make("", 0), false);
    put_usual_packet(&b, 0, 1, false);
    put_interface(&b, LINKTYPE_RAW, 96, slice_make("", 0), false);
    for (unsigned i = 0; i < 3; i++) {
        make_frame(frame, i == 1 ? 53 : 80, 0);
        put_packet(&b, false, 1, 2 + 2 * i, slice_make(frame + 14, FRAME_BYTES - 14), FRAME_BYTES, false);
        put_usual_packet(&b, 0, 3 + 2 * i, false);
    }
    put_section(&b, true);
    put_interface(&b, LINKTYPE_RAW, 0, slice_make("", 0), true);
    put_packet(&b, false, 0, 8, slice_make(frame + 14, FRAME_BYTES - 14), FRAME_BYTES, true);
    const char *path = write_file(name, buf_slice(&b));
    buf_fini(&b);
    return path;
}

static void interfaces_may_have_different_link_types(void **state) {
    (void)state;
    const char *path = write_mixed("mixed.pcapng");
    static const struct {
        int link_type;
        uint32_t interface;
    } expected[] = {{DLT_EN10MB, 0}, {DLT_RAW, 1}, {DLT_EN10MB, 0}, {DLT_RAW, 1},
                    {DLT_EN10MB, 0}, {DLT_RAW, 1}, {DLT_EN10MB, 0}, {DLT_RAW, 2}};
    struct source *source = open_one(path);
    struct frame frame;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_int_equal(frame.number, i + 1);
        assert_int_equal(frame.time_ns, (int64_t)(i + 1) * 1000);
        assert_int_equal(frame.link_type, expected[i].link_type);
        assert_int_equal(frame.interface, expected[i].interface);
    }
    expect_frames(source, 0);
    source_free(source);
    struct source_files_options options = {.paths = &path, .path_count = 1, .filter = "tcp port 53"};
    source = open_options(&options);
    assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
    assert_int_equal(frame.number, 4);
    expect_frames(source, 0);
    source_free(source);
}

/* What does not fit one interface's link type may fit the other's: said once, and its frames don't pass. */
static void a_filter_may_fit_some_interfaces(void **state) {
    (void)state;
    const char *paths[] = {write_mixed("some.pcapng"), path_of("some.pcapng")};
    struct source *source = open_options(&(struct source_files_options){
        .paths = paths, .path_count = 2, .filter = "ether host 00:00:00:00:00:00"});
    for (int file = 0; file < 2; file++) {
        enum source_status last = SOURCE_END;
        assert_int_equal(read_frames(source, &last), file ? 4 : 1);
        assert_int_equal(last, SOURCE_DAMAGED);
        assert_non_null(strstr(source_message(source),
                               "some.pcapng: the filter does not fit frames of link "
                               "type 12 (RAW), which are left out from frame 2 on: "));
    }
    expect_frames(source, 3);
    struct source_counts counts;
    source_counts(source, &counts);
    assert_int_equal(counts.frames, 16);
    assert_int_equal(counts.filtered, 8);
    assert_int_equal(counts.damaged_files, 2);
    source_free(source);
}

/* More link types than programs are kept for: each that does not compile is said, the rest together. */
static void link_types_without_end_are_bounded(void **state) {
    (void)state;
    enum { TYPES = 300, FIRST_UNKNOWN = 60000 };
    struct buf b;
    buf_init(&b, 1 << 20);
    put_section(&b, false);
    put_interface(&b, DLT_EN10MB, 65535, slice_make("", 0), false);
    for (unsigned i = 0; i < TYPES; i++) {
        put_interface(&b, (uint16_t)(FIRST_UNKNOWN + i), 65535, slice_make("", 0), false);
        put_usual_packet(&b, i + 1, i, false);
        put_usual_packet(&b, 0, i, false);
    }
    const char *path = write_file("types.pcapng", buf_slice(&b));
    buf_fini(&b);
    struct source_files_options options = {.paths = &path, .path_count = 1, .filter = "tcp"};
    struct source *source = open_options(&options);
    uint64_t frames = 0;
    uint64_t told = 0;
    for (enum source_status last = SOURCE_FRAME; last != SOURCE_END;) {
        frames += read_frames(source, &last);
        told += last == SOURCE_DAMAGED;
    }
    assert_int_equal(frames, TYPES);
    assert_int_equal(told, FILTER_LINK_TYPES);
    assert_non_null(strstr(source_message(source), "more than 32 link types"));
    source_free(source);
}

static void several_files_are_one_run(void **state) {
    (void)state;
    const char *paths[] = {
        write_pcap("one", usual, 3), write_pcap("two", (struct pcap_shape){0xa1b2c3d4, true, 1}, 2),
        write_pcap("none", usual, 0), write_pcap("four", (struct pcap_shape){0xa1b2c3d4, false, 113}, 1)};
    struct source *source = open_options(&(struct source_files_options){.paths = paths, .path_count = 4});
    static const struct {
        uint64_t number;
        uint32_t file;
        int link_type;
    } expected[] = {{1, 0, 1}, {2, 0, 1}, {3, 0, 1}, {1, 1, 1}, {2, 1, 1}, {1, 3, 113}};
    struct frame frame;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_int_equal(frame.ordinal, i + 1);
        assert_int_equal(frame.number, expected[i].number);
        assert_int_equal(frame.file, expected[i].file);
        assert_int_equal(frame.link_type, expected[i].link_type);
    }
    expect_frames(source, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_string_equal(source_file_name(source, i), paths[i]);
    }
    struct source_counts counts;
    source_counts(source, &counts);
    assert_int_equal(counts.frames, 6);
    assert_int_equal(counts.bytes, 6 * FRAME_BYTES);
    assert_int_equal(counts.file_bytes_total, 4 * 24 + 6 * (16 + FRAME_BYTES));
    assert_int_equal(counts.file_bytes_read, counts.file_bytes_total);
    assert_int_equal(counts.damaged_files, 0);
    source_free(source);
}

static void more_files_than_descriptors(void **state) {
    (void)state;
    enum { MANY = 3000 };
    const char *path = write_pcap("many", usual, 1);
    static const char *paths[MANY];
    for (size_t i = 0; i < MANY; i++) {
        paths[i] = path;
    }
    struct source *source = open_options(&(struct source_files_options){.paths = paths, .path_count = MANY});
    expect_frames(source, MANY);
    source_free(source);
}

static void what_is_no_capture_is_refused(void **state) {
    (void)state;
    refuses_file(path_of("missing"), "No such file or directory; check the name");
    refuses_file(folder, "is a directory");
    refuses_file(write_file("empty", slice_of("")), "is empty");
    refuses_file(write_file("text", slice_of("Hello, reader\n")),
                 "it begins with the text \"Hello, reader?\"");
    refuses_file(write_file("a", slice_of("a")), "not a capture file");
    refuses_file(write_file("binary", slice_make("\x7f"
                                                 "ELF\x02",
                                                 5)),
                 "the bytes 7f 45 4c 46)");
    refuses_file(write_file("xz", slice_make("\xfd"
                                             "7zXZ\0\0",
                                             7)),
                 "xz -dc FILE | hark -r -");
    const char *paths[] = {write_pcap("first", usual, 1), path_of("text")};
    refuses(&(struct source_files_options){.paths = paths, .path_count = 2}, SOURCE_ERROR_FILE,
            "not a capture", paths[1]);
    const char *twice[] = {"-", "-"};
    int kept = dup(STDIN_FILENO);
    int file = open(paths[0], O_RDONLY);
    assert_true(dup2(file, STDIN_FILENO) == STDIN_FILENO);
    refuses(&(struct source_files_options){.paths = twice, .path_count = 2}, SOURCE_ERROR_TWICE,
            "given twice", "standard input");
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(file);
    if (geteuid() != 0) {
        assert_int_equal(chmod(paths[0], 0), 0);
        refuses_file(paths[0], "Permission denied");
    }
}

/* Cut at every length: never a crash, the whole frames are given, and a cut inside a frame is told. */
static void cut_files_give_what_they_hold(void **state) {
    (void)state;
    struct buf b;
    make_pcap(&b, usual, 3);
    for (size_t len = 4; len <= b.len; len++) {
        const char *paths[] = {write_file("cut", slice_first(buf_slice(&b), len)),
                               write_pcap("whole", usual, 1)};
        struct source *source = open_options(&(struct source_files_options){.paths = paths, .path_count = 2});
        bool whole = len >= 24 && (len - 24) % (16 + FRAME_BYTES) == 0;
        uint64_t frames = len < 24 ? 0 : (len - 24) / (16 + FRAME_BYTES);
        if (!whole) {
            enum source_status last = SOURCE_END;
            assert_int_equal(read_frames(source, &last), frames);
            assert_int_equal(last, SOURCE_DAMAGED);
            assert_non_null(strstr(source_message(source), paths[0]));
            char place[64];
            (void)snprintf(place, sizeof place, "after frame %u, at byte %u: ", (unsigned)frames,
                           (unsigned)(24 + frames * (16 + FRAME_BYTES)));
            assert_true(len < 24 || strstr(source_message(source), place));
        }
        expect_frames(source, whole ? frames + 1 : 1);
        struct source_counts counts;
        source_counts(source, &counts);
        assert_int_equal(counts.damaged_files, !whole);
        source_free(source);
    }
    buf_fini(&b);
}

static void a_file_that_vanishes_is_told(void **state) {
    (void)state;
    const char *paths[] = {write_pcap("stays", usual, 1), write_pcap("goes", usual, 1)};
    struct source *source = open_options(&(struct source_files_options){.paths = paths, .path_count = 2});
    assert_int_equal(unlink(paths[1]), 0);
    enum source_status last = SOURCE_END;
    assert_int_equal(read_frames(source, &last), 1);
    assert_int_equal(last, SOURCE_DAMAGED);
    assert_non_null(strstr(source_message(source), "goes: No such file"));
    expect_frames(source, 0);
    source_free(source);
}

/* Held open, files are read as they were looked at, whatever becomes of their names. */
static void held_files_need_no_name(void **state) {
    (void)state;
    const char *paths[] = {write_pcap("held", usual, 1), path_of("pipe"), write_pcap("held.too", usual, 2)};
    assert_int_equal(mkfifo(paths[1], 0600), 0);
    struct source *source = open_options(
        &(struct source_files_options){.paths = paths, .path_count = 3, .hold_open = true, .filter = "ip"});
    for (uint32_t file = 0; file < 4; file++) {
        assert_false(source_opens_later(source, file));
    }
    int pipe = open(paths[1], O_WRONLY | O_NONBLOCK); /* it has a reader */
    assert_true(pipe >= 0);
    struct buf b;
    buf_init(&b, 4096);
    make_pcap(&b, usual, 3);
    assert_int_equal(write(pipe, b.ptr, b.len), (ssize_t)b.len);
    buf_fini(&b);
    assert_int_equal(close(pipe), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(unlink(paths[i]), 0);
    }
    expect_frames(source, 6);
    source_free(source);
}

static void what_is_held_leaves_descriptors(void **state) {
    (void)state;
    enum { MANY = 100, LIMIT = 64 };
    const char *path = write_pcap("many.held", usual, 1);
    static const char *paths[MANY];
    for (size_t i = 0; i < MANY; i++) {
        paths[i] = path;
    }
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){LIMIT, before.rlim_max}), 0);
    struct source *source =
        open_options(&(struct source_files_options){.paths = paths, .path_count = MANY, .hold_open = true});
    assert_false(source_opens_later(source, 0));
    assert_true(source_opens_later(source, MANY - 1));
    assert_false(source_opens_later(source, MANY));
    expect_frames(source, MANY);
    source_free(source);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void tells_filters_with_names(void **state) {
    (void)state;
    static const char *const named[] = {"tcp port http",       "host example.com",    "ip proto ospf",
                                        "port 80 and net lab", "tcp portrange 80-90", "ether host printer"};
    static const char *const plain[] = {"",
                                        "tcp port 80 or (vlan and tcp port 80)",
                                        "host 10.1.2.3 and not port 53",
                                        "ip6 net 2001:db8::/32",
                                        "ether host 0:1:2:3:4:5",
                                        "less 100&&greater 20"};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        assert_true(source_filter_text_has_names(named[i]));
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        assert_false(source_filter_text_has_names(plain[i]));
    }
    struct source_filter filter;
    source_filter_init(&filter, "tcp port http");
    source_filter_look_up(&filter);
    assert_true(source_filter_find(&filter, DLT_EN10MB) && source_filter_find(&filter, DLT_RAW) &&
                source_filter_find(&filter, DLT_NFLOG) == false &&
                source_filter_find(&filter, DLT_LINUX_SLL2));
    source_filter_fini(&filter);
}

static void filtered_frames_keep_their_numbers(void **state) {
    (void)state;
    const char *path = write_pcap("filtered", usual, 10);
    struct source_files_options options = {.paths = &path, .path_count = 1, .filter = "tcp port 53"};
    struct source *source = open_options(&options);
    struct frame frame;
    for (uint64_t number = 3; number <= 9; number += 3) {
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_int_equal(frame.number, number);
        assert_int_equal(frame.ordinal, number);
    }
    expect_frames(source, 0);
    struct source_counts counts;
    source_counts(source, &counts);
    assert_int_equal(counts.frames, 10);
    assert_int_equal(counts.filtered, 7);
    assert_int_equal(counts.bytes, 10 * FRAME_BYTES);
    assert_true(source_filter_misses_tagged(source));
    source_free(source);

    options.frame_count = 2;
    source = open_options(&options);
    expect_frames(source, 2);
    source_counts(source, &counts);
    assert_int_equal(counts.frames, 6);
    source_free(source);
}

/* The same expression asks for other offsets in each link type. */
static void a_filter_fits_each_link_type(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 4096);
    put_pcap_head(&b, (struct pcap_shape){.magic = 0xa1b2c3d4, .link_type = 101 /* LINKTYPE_RAW */});
    uint8_t ethernet[FRAME_BYTES];
    make_frame(ethernet, 80, 0);
    for (int i = 0; i < 2; i++) {
        put_u32(&b, FIRST_SECOND, false);
        put_u32(&b, 0, false);
        put_u32(&b, FRAME_BYTES - 14, false);
        put_u32(&b, FRAME_BYTES - 14, false);
        assert_true(buf_append(&b, ethernet + 14, FRAME_BYTES - 14));
    }
    const char *paths[] = {write_pcap("ethernet", usual, 3), write_file("raw", buf_slice(&b)),
                           path_of("ethernet")};
    buf_fini(&b);
    struct source_files_options options = {.paths = paths, .path_count = 3, .filter = "tcp port 80"};
    struct source *source = open_options(&options);
    expect_frames(source, 6);
    source_free(source);
    options.filter = "ether host 00:00:00:00:00:00"; /* raw IP has no such thing */
    refuses(&options, SOURCE_ERROR_FILTER, "filter \"ether host", " does not fit ");
}

static void a_wrong_filter_is_told(void **state) {
    (void)state;
    const char *path = write_pcap("plain", usual, 1);
    struct source_files_options options = {.paths = &path, .path_count = 1, .filter = "tcp prot 80"};
    refuses(&options, SOURCE_ERROR_FILTER, "filter \"tcp prot 80\": ", "syntax error");
    path = "-"; /* no link type is known, yet a wrong word is wrong */
    int kept = dup(STDIN_FILENO);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    refuses(&options, SOURCE_ERROR_FILTER, "filter \"tcp prot 80\": ", "syntax error");
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(ends[0]);
    (void)close(ends[1]);
    path = path_of("plain");
    options.filter = "  \n";
    struct source *source = open_options(&options);
    expect_frames(source, 1);
    source_free(source);
}

static void frames_are_cut_to_the_snapshot_length(void **state) {
    (void)state;
    const char *path = write_pcap("snap", usual, 3);
    struct source *source = open_options(&(struct source_files_options){
        .paths = &path, .path_count = 1, .snapshot_length = 20, .filter = "port 53"});
    struct frame frame;
    assert_int_equal(source_next(source, &frame), SOURCE_FRAME); /* the filter saw all of it */
    assert_int_equal(frame.number, 3);
    assert_int_equal(frame.bytes.len, 20);
    assert_int_equal(frame.wire_len, FRAME_BYTES + 40);
    source_free(source);
}

static void stop_ends_reading(void **state) {
    (void)state;
    struct source *source = open_one(write_pcap("stop", usual, 5));
    struct frame frame;
    assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
    source_stop(source);
    source_stop(source);
    expect_frames(source, 0);
    source_free(source);
}

static void tells_filters_that_miss_tagged_traffic(void **state) {
    (void)state;
    static const char *const miss[] = {"port 80",
                                       "tcp",
                                       "host 10.0.0.1",
                                       "ip[9] == 6 and tcp[13] & 2 != 0",
                                       "src net 10/8",
                                       "ether host 0:1:2:3:4:5 and udp",
                                       "(ip6)",
                                       "not arp",
                                       "ether host 0:1:2:3:4:5 or dst 10.1.1.1",
                                       "ip proto 47",
                                       "tcp portrange 80-90"};
    static const char *const fit[] = {"",
                                      "  ",
                                      "vlan and tcp port 80",
                                      "tcp port 80 or (vlan and tcp port 80)",
                                      "mpls 7",
                                      "pppoes and ip",
                                      "geneve 5 and tcp",
                                      "ether host 0:1:2:3:4:5",
                                      "ether src 0:1:2:3:4:5 && less 100",
                                      "wlan type mgt",
                                      "greater 200",
                                      "ether proto 0x88cc",
                                      "inbound"};
    for (size_t i = 0; i < sizeof miss / sizeof miss[0]; i++) {
        assert_true(source_filter_text_misses_tagged(miss[i]));
    }
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
        assert_false(source_filter_text_misses_tagged(fit[i]));
    }
    assert_false(source_filter_text_misses_tagged(NULL));
}

static void an_unknown_interface_is_refused(void **state) {
    (void)state;
    enum source_error error = SOURCE_OK;
    char message[SOURCE_MESSAGE_BYTES] = "";
    assert_null(source_open_live(&(struct source_live_options){.interfaces = (const char *[]){"hark-none"},
                                                               .interface_count = 1,
                                                               .timeout_ms = 10},
                                 &error, message));
    assert_int_equal(error, SOURCE_ERROR_FILE);
    assert_non_null(strstr(message, "hark-none: "));
    assert_non_null(strstr(message, "; "));
    source_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_pcap_formats),
        cmocka_unit_test(any_timestamp_is_a_time),
        cmocka_unit_test(reads_pcapng_up_to_a_bad_block),
        cmocka_unit_test(interfaces_may_have_different_link_types),
        cmocka_unit_test(a_filter_may_fit_some_interfaces),
        cmocka_unit_test(link_types_without_end_are_bounded),
        cmocka_unit_test(several_files_are_one_run),
        cmocka_unit_test(more_files_than_descriptors),
        cmocka_unit_test(what_is_no_capture_is_refused),
        cmocka_unit_test(cut_files_give_what_they_hold),
        cmocka_unit_test(a_file_that_vanishes_is_told),
        cmocka_unit_test(held_files_need_no_name),
        cmocka_unit_test(what_is_held_leaves_descriptors),
        cmocka_unit_test(tells_filters_with_names),
        cmocka_unit_test(filtered_frames_keep_their_numbers),
        cmocka_unit_test(a_filter_fits_each_link_type),
        cmocka_unit_test(a_wrong_filter_is_told),
        cmocka_unit_test(frames_are_cut_to_the_snapshot_length),
        cmocka_unit_test(stop_ends_reading),
        cmocka_unit_test(tells_filters_that_miss_tagged_traffic),
        cmocka_unit_test(an_unknown_interface_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
