/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are mapped instead of read: their frames, what somebody holds of them, and those who want to
 * write them. */
#include "tests/unit/captures.h"

#include "capture/lasting.h"
#include "capture/source_map.h"

#include <errno.h>
#include <fcntl.h>

enum { MANY_BYTES = 24 << 20, HUGE_BYTES = 5 << 20, LONGEST = 60000 };

static uint32_t chance(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Frame `number` is so long, and has this byte at `place`. */
static size_t frame_len(unsigned number) {
    uint32_t seed = number;
    uint32_t scale = chance(&seed) % 3;
    return 14 + chance(&seed) % (scale == 0 ? 100 : scale == 1 ? 1500 : LONGEST);
}

static uint8_t frame_byte(unsigned number, size_t place) {
    return (uint8_t)(number * 31 + place * 7 + place / 251);
}

static void put_frame(struct buf *b, unsigned number, bool pcapng, bool big_endian) {
    static uint8_t bytes[14 + LONGEST];
    size_t len = frame_len(number);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = frame_byte(number, i);
    }
    if (pcapng) {
        put_packet(b, false, 0, number, slice_make(bytes, len), (uint32_t)len, big_endian);
        return;
    }
    put_u32(b, FIRST_SECOND + number, big_endian);
    put_u32(b, 0, big_endian);
    put_u32(b, (uint32_t)len, big_endian);
    put_u32(b, (uint32_t)len, big_endian);
    assert_true(buf_append(b, bytes, len));
}

/* How many frames a file of some MANY_BYTES has; a pcapng one has a huge block (of names) amid
 * them. */
static unsigned write_many(const char *name, bool pcapng, bool big_endian) {
    struct buf b;
    buf_init(&b, MANY_BYTES + HUGE_BYTES + (1 << 20));
    if (pcapng) {
        put_section(&b, big_endian);
        put_interface(&b, DLT_EN10MB, 0, slice_make(NULL, 0), big_endian);
    } else {
        put_pcap_head(&b, (struct pcap_shape){0xa1b2c3d4, big_endian, DLT_EN10MB});
    }
    unsigned count = 0;
    bool huge = pcapng;
    while (b.len < MANY_BYTES) {
        put_frame(&b, ++count, pcapng, big_endian);
        if (huge && b.len > MANY_BYTES / 2) {
            uint8_t *body = calloc(1, HUGE_BYTES);
            assert_non_null(body);
            put_block(&b, 4, slice_make(body, HUGE_BYTES), big_endian);
            free(body);
            huge = false;
        }
    }
    (void)write_file(name, buf_slice(&b));
    buf_fini(&b);
    return count;
}

static void check_frame(const struct frame *frame, unsigned number) {
    assert_int_equal(frame->bytes.len, frame_len(number));
    for (size_t i = 0; i < frame->bytes.len; i += 1 + frame->bytes.len / 200) {
        assert_int_equal(frame->bytes.ptr[i], frame_byte(number, i));
    }
    assert_int_equal(frame->bytes.ptr[frame->bytes.len - 1], frame_byte(number, frame->bytes.len - 1));
}

static void expect_next(struct source *source, struct frame *frame, unsigned number) {
    assert_int_equal(source_next(source, frame), SOURCE_FRAME);
    assert_int_equal(frame->number, number);
    check_frame(frame, number);
}

/* KiB of the file that are in this process's memory as a mapping; -1: it is not mapped. */
static long mapped_kib(const char *path) {
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    char line[512];
    long kib = -1, part;
    bool ours = false;
    while (fgets(line, sizeof line, maps)) {
        if (line[0] < 'A' || line[0] > 'Z') { /* a mapping's range and name; what follows is of it */
            ours = strstr(line, path) != NULL;
            kib += ours && kib < 0;
        } else if (ours && sscanf(line, "Rss: %ld kB", &part) == 1) {
            kib += part;
        }
    }
    assert_int_equal(fclose(maps), 0);
    return kib;
}

/* Does the test's folder give leases? Without, files are read, which the other tests look at. */
static void need_leases(void) {
    const char *path = write_pcap("leases", usual, 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    bool leases = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
    assert_int_equal(close(fd), 0);
    if (!leases) {
        print_message("no leases in %s\n", folder);
        skip();
    }
}

static struct source *open_mapped(const char *const *paths, size_t count) {
    struct source *source = open_options(&(struct source_files_options){.paths = paths, .path_count = count});
    source_allow_mapping(source);
    return source;
}

static void frames_are_the_same_and_memory_bounded(void **state) {
    (void)state;
    need_leases();
    enum { BOUND_KIB = 16 << 10 };
    for (int kind = 0; kind < 4; kind++) {
        unsigned count = write_many("many", kind & 1, kind & 2);
        const char *path = path_of("many");
        struct source *source = open_mapped(&path, 1);
        struct frame frame;
        long most = -1;
        for (unsigned number = 1; number <= count; number++) {
            expect_next(source, &frame, number);
            if (number % 50 == 0) {
                long kib = mapped_kib(path);
                most = kib > most ? kib : most;
            }
        }
        assert_in_range(most, 1, BOUND_KIB);
        expect_frames(source, 0);
        struct source_counts counts;
        source_counts(source, &counts);
        assert_int_equal(counts.file_bytes_read, counts.file_bytes_total);
        source_free(source);
        assert_int_equal(mapped_kib(path), -1);
    }
}

static void write_several(unsigned files, const char **paths, unsigned *counts) {
    for (unsigned i = 0; i < files; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "several%u", i);
        counts[i] = write_many(name, i & 1, false);
        paths[i] = path_of(name);
    }
}

/* As worker threads do: some frames are looked at long after others came, of this file and the next. */
static void held_frames_stay(void **state) {
    (void)state;
    need_leases();
    enum { HELD = 12, FILES = 3 };
    const char *paths[FILES];
    unsigned counts[FILES];
    write_several(FILES, paths, counts);
    struct source *source = open_mapped(paths, FILES);
    struct frame held[HELD] = {{.block = NULL}};
    const struct source_block *last = NULL;
    uint32_t seed = 1;
    for (unsigned file = 0; file < FILES; file++) {
        for (unsigned number = 1; number <= counts[file]; number++) {
            struct frame frame;
            expect_next(source, &frame, number);
            assert_true(number % 100 != 99 || number < counts[file] / 4 || mapped_kib(paths[file]) > 0);
            /* The first of a block's frames begins in the block before. */
            bool first = frame.block != last;
            last = frame.block;
            struct frame *old = &held[chance(&seed) % HELD];
            if (!frame.block || !(first || chance(&seed) % 20 == 0)) {
                continue;
            }
            if (old->block) {
                check_frame(old, (unsigned)old->number);
                source_block_release(old->block);
            }
            source_block_hold(frame.block);
            *old = frame;
        }
    }
    expect_frames(source, 0);
    for (size_t i = 0; i < HELD; i++) {
        if (held[i].block) {
            check_frame(&held[i], (unsigned)held[i].number);
            source_block_release(held[i].block);
        }
    }
    source_free(source);
}

/* A source of the file whose first frames, up to `number`, were read. */
static struct source *read_to(const char *path, unsigned number) {
    struct source *source = open_mapped(&path, 1);
    struct frame frame;
    for (unsigned i = 1; i <= number; i++) {
        expect_next(source, &frame, i);
    }
    assert_true(mapped_kib(path) > 0);
    return source;
}

/* The file is mapped; a writer wants it, waits, and gets it. */
static int open_to_write(struct source *source, const char *path, unsigned *number) {
    int fd;
    struct frame frame;
    assert_int_equal(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC)) < 0) {
        assert_int_equal(errno, EWOULDBLOCK);
        expect_next(source, &frame, ++*number);
    }
    assert_int_equal(mapped_kib(path), -1);
    return fd;
}

static void a_writer_gets_the_file_and_is_read(void **state) {
    (void)state;
    need_leases();
    const char *path = path_of("grows");
    unsigned count = write_many("grows", false, false), number = count / 3;
    struct source *source = read_to(path, number);
    struct frame frame;
    int fd = open_to_write(source, path, &number);
    assert_in_range(number, count / 3, count / 3 * 2);
    struct buf b;
    buf_init(&b, 1 << 20);
    put_frame(&b, count + 1, false, false);
    assert_int_equal(write(fd, b.ptr, b.len), b.len);
    assert_int_equal(close(fd), 0);
    buf_fini(&b);
    while (number < count + 1) {
        expect_next(source, &frame, ++number);
    }
    expect_frames(source, 0);
    source_free(source);
}

static void a_file_that_is_cut_is_told(void **state) {
    (void)state;
    need_leases();
    const char *path = path_of("cut");
    unsigned count = write_many("cut", true, false), number = count / 3;
    struct source *source = read_to(path, number);
    struct frame frame;
    int fd = open_to_write(source, path, &number);
    assert_int_equal(ftruncate(fd, 1000), 0);
    assert_int_equal(close(fd), 0);
    enum source_status status;
    while ((status = source_next(source, &frame)) == SOURCE_FRAME) {
        check_frame(&frame, ++number);
    }
    assert_true(number < count);
    assert_int_equal(status, SOURCE_DAMAGED);
    assert_non_null(strstr(source_message(source), "became shorter"));
    source_free(source);
}

/* A writer waits for a block that somebody holds: he is asked to let go of it, for as long as he does not. */
static void holders_are_asked_to_let_go(void **state) {
    (void)state;
    need_leases();
    (void)write_many("asked", false, false);
    const char *path = path_of("asked");
    struct source *source =
        open_options(&(struct source_files_options){.paths = &path, .path_count = 1, .idle_ms = 1000});
    source_allow_mapping(source);
    struct frame frame;
    unsigned number = 0;
    do {
        expect_next(source, &frame, ++number);
    } while (mapped_kib(path) <= 0);
    struct source_block *block = frame.block;
    source_block_hold(block);
    for (unsigned asked = 0; asked < 3;) {
        assert_int_equal(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
        assert_int_equal(errno, EWOULDBLOCK);
        enum source_status status = source_next(source, &frame);
        asked += status == SOURCE_IDLE;
        assert_true(status == SOURCE_IDLE || status == SOURCE_FRAME);
    }
    source_block_release(block);
    int fd;
    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
    }
    assert_int_equal(close(fd), 0);
    enum source_status last = SOURCE_FRAME;
    (void)read_frames(source, &last);
    assert_int_equal(last, SOURCE_END); /* nobody is asked any more */
    source_free(source);
}

static void a_closed_source_lets_go(void **state) {
    (void)state;
    need_leases();
    const char *path = path_of("closed");
    unsigned count = write_many("closed", false, false), number = count / 3;
    struct source *source = read_to(path, number);
    struct source_counts before, after;
    source_counts(source, &before);
    source_close(source);
    source_counts(source, &after);
    assert_int_equal(after.file_bytes_read, before.file_bytes_read);
    assert_int_equal(after.frames, number);
    assert_int_equal(mapped_kib(path), -1);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    source_free(source);
}

static struct source *open_lasting(const char *const *paths, size_t count) {
    struct source *source = open_mapped(paths, count);
    source_allow_lasting(source);
    return source;
}

/* All frames but a file's first last: they are looked at when that is about to end, and until then count as
 * memory only for a while. */
static void frames_last_until_they_are_to_be_kept(void **state) {
    (void)state;
    need_leases();
    enum { FILES = 2, LOOKS_BYTES = 8 << 20, BOUND_KIB = (LOOKS_BYTES >> 10) + (12 << 10) };
    const char *paths[FILES];
    unsigned counts[FILES];
    write_several(FILES, paths, counts);
    struct source *source = open_lasting(paths, FILES);
    struct lasting lasting;
    lasting_init(&lasting, LOOKS_BYTES);
    for (unsigned file = 0; file < FILES; file++) {
        struct frame *frames = calloc(counts[file], sizeof *frames);
        assert_non_null(frames);
        unsigned lasts = 0;
        for (unsigned i = 0; i < counts[file]; i++) {
            expect_next(source, &frames[lasts], i + 1);
            lasts += frames[lasts].block && frames[lasts].block->lasts;
        }
        assert_in_range(lasts, counts[file] * 9 / 10, counts[file] - 1);
        struct frame frame;
        assert_int_equal(source_next(source, &frame), file + 1 < FILES ? SOURCE_KEEP : SOURCE_END);
        for (unsigned i = 0; i < 2 * lasts; i++) {
            const struct frame *old = &frames[i < lasts ? i : 2 * lasts - 1 - i];
            lasting_look(&lasting, old->bytes);
            check_frame(old, (unsigned)old->number);
            assert_true(i % 50 > 0 || mapped_kib(paths[file]) <= BOUND_KIB);
        }
        lasting_forget(&lasting);
        assert_in_range(mapped_kib(paths[file]), 0, BOUND_KIB - (LOOKS_BYTES >> 10));
        free(frames);
    }
    source_free(source);
    assert_int_equal(mapped_kib(paths[0]), -1);
    assert_int_equal(mapped_kib(paths[1]), -1);
}

/* A writer waits until all that lasted was kept. */
static void a_writer_waits_for_what_lasts(void **state) {
    (void)state;
    need_leases();
    const char *path = path_of("lasting");
    unsigned count = write_many("lasting", false, false), number = 0;
    struct source *source = open_lasting(&path, 1);
    struct frame first, frame;
    do {
        expect_next(source, &first, ++number);
    } while (!first.block || !first.block->lasts);
    while (number < count / 3) {
        expect_next(source, &frame, ++number);
    }
    assert_int_equal(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    enum source_status status;
    while ((status = source_next(source, &frame)) == SOURCE_FRAME) {
        check_frame(&frame, ++number);
        assert_true(number < count / 3 * 2);
    }
    assert_int_equal(status, SOURCE_KEEP);
    assert_int_equal(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
    check_frame(&first, (unsigned)first.number);
    int fd;
    while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        assert_int_equal(errno, EWOULDBLOCK);
        expect_next(source, &frame, ++number);
        assert_true(!frame.block || !frame.block->lasts);
    }
    assert_int_equal(mapped_kib(path), -1);
    assert_int_equal(close(fd), 0);
    while (number < count) {
        expect_next(source, &frame, ++number);
    }
    expect_frames(source, 0);
    source_free(source);
}

static void what_somebody_writes_is_read(void **state) {
    (void)state;
    unsigned count = write_many("written", false, true);
    const char *path = path_of("written");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    struct source *source = open_mapped(&path, 1);
    struct frame frame;
    for (unsigned number = 1; number <= count; number++) {
        expect_next(source, &frame, number);
        assert_true(number % 100 != 0 || mapped_kib(path) == -1);
    }
    expect_frames(source, 0);
    source_free(source);
    assert_int_equal(close(fd), 0);
}

/* A file that ends within a frame: said as when it is read. */
static void a_cut_end_is_told(void **state) {
    (void)state;
    need_leases();
    unsigned count = write_many("short", false, false), number = 0;
    const char *path = path_of("short");
    struct source *whole = open_one(path);
    struct source_counts counts;
    source_counts(whole, &counts);
    source_free(whole);
    assert_int_equal(truncate(path, (off_t)counts.file_bytes_total - 5), 0);
    struct source *source = open_mapped(&path, 1);
    struct frame frame;
    while (number < count - 1) {
        expect_next(source, &frame, ++number);
    }
    assert_true(mapped_kib(path) > 0);
    assert_int_equal(source_next(source, &frame), SOURCE_DAMAGED);
    assert_non_null(strstr(source_message(source), "it ends inside a frame"));
    expect_frames(source, 0);
    source_free(source);
}

static void the_map_ends_with_the_file(void **state) {
    (void)state;
    need_leases();
    (void)write_many("ends", false, false);
    int fd = open(path_of("ends"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    uint64_t size = (uint64_t)lseek(fd, 0, SEEK_END);
    struct source_map *map = source_map_new(fd, false), *left = NULL;
    assert_non_null(map);
    struct source_block *block = NULL;
    assert_int_equal(source_map_bring(map, 100, size - 99, &block).len, 0);
    assert_int_equal(source_map_bring(map, size + 1, 1, &block).len, 0);
    struct slice all = source_map_bring(map, 100, size - 100, &block);
    assert_int_equal(all.len, size - 100);
    source_block_hold(block);
    source_map_leave(map, &left);
    source_map_sweep(&left);
    assert_ptr_equal(left, map);
    uint8_t last;
    assert_int_equal(pread(fd, &last, 1, (off_t)size - 1), 1);
    assert_int_equal(all.ptr[all.len - 1], last);
    source_block_release(block);
    source_map_sweep(&left);
    assert_null(left);
    assert_int_equal(fcntl(fd, F_GETLEASE), F_UNLCK);
    assert_int_equal(close(fd), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_the_same_and_memory_bounded),
        cmocka_unit_test(held_frames_stay),
        cmocka_unit_test(a_writer_gets_the_file_and_is_read),
        cmocka_unit_test(a_file_that_is_cut_is_told),
        cmocka_unit_test(holders_are_asked_to_let_go),
        cmocka_unit_test(a_closed_source_lets_go),
        cmocka_unit_test(frames_last_until_they_are_to_be_kept),
        cmocka_unit_test(a_writer_waits_for_what_lasts),
        cmocka_unit_test(what_somebody_writes_is_read),
        cmocka_unit_test(a_cut_end_is_told),
        cmocka_unit_test(the_map_ends_with_the_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
