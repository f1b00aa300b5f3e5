/* SPDX-License-Identifier: Apache-2.0 */
/* Sources over pipes and compressed files. */
#include "tests/unit/captures.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/stat.h>

#ifdef HARK_WITH_ZLIB
#include <zlib.h>
#endif
#ifdef HARK_WITH_ZSTD
#include <zstd.h>
#endif

struct writer {
    const char *path;
    struct slice parts[3];
    sem_t silence_seen;
};

/* Writes the parts into a named pipe; each waits until the reader has seen the silence before it. */
static void *write_parts(void *context) {
    struct writer *writer = context;
    int fd = open(writer->path, O_WRONLY);
    for (size_t i = 0; fd >= 0 && i < 3; i++) {
        if (i) {
            (void)sem_wait(&writer->silence_seen);
        }
        ssize_t written = write(fd, writer->parts[i].ptr, writer->parts[i].len);
        (void)written;
    }
    (void)close(fd);
    return NULL;
}

/* Wherever it falls silent: a writer's buffer knows nothing of frames. */
static void a_silent_pipe_gives_idle(void **state) {
    (void)state;
    struct buf b;
    make_pcap(&b, usual, 3);
    size_t frame_bytes = 16 + FRAME_BYTES;
    const char *path = path_of("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    for (size_t shift = 0; shift < frame_bytes; shift += 5) {
        size_t cut = 24 + frame_bytes + shift;
        struct slice all = buf_slice(&b);
        struct writer writer = {.path = path,
                                .parts = {slice_first(all, cut),
                                          slice_first(slice_after(all, cut), frame_bytes),
                                          slice_after(all, cut + frame_bytes)}};
        assert_int_equal(sem_init(&writer.silence_seen, 0, 0), 0);
        struct source *source =
            open_options(&(struct source_files_options){.paths = &path, .path_count = 1, .idle_ms = 5});
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, write_parts, &writer), 0);
        uint64_t frames = 0;
        enum source_status last = SOURCE_FRAME;
        while (last != SOURCE_END) {
            frames += read_frames(source, &last);
            assert_int_not_equal(last, SOURCE_DAMAGED);
            if (last == SOURCE_IDLE && frames > 0) {
                (void)sem_post(&writer.silence_seen);
            }
        }
        assert_int_equal(frames, 3);
        struct source_counts counts;
        source_counts(source, &counts);
        assert_int_equal(counts.file_bytes_total, 0);
        assert_int_equal(counts.file_bytes_read, b.len);
        assert_int_equal(pthread_join(thread, NULL), 0);
        (void)sem_destroy(&writer.silence_seen);
        source_free(source);
    }
    buf_fini(&b);
}

static void *stop_soon(void *context) {
    (void)usleep(30000);
    source_stop(context);
    return NULL;
}

/* Before the first byte, and in the middle of a frame. */
static void stop_ends_the_wait_for_a_pipe(void **state) {
    (void)state;
    struct buf b;
    make_pcap(&b, usual, 1);
    for (size_t len = 0; len <= b.len; len += b.len - 10) {
        int kept = dup(STDIN_FILENO);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
        assert_int_equal(write(ends[1], b.ptr, len), len);
        struct source *source = open_one("-");
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, source), 0);
        expect_frames(source, 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        source_free(source);
        (void)dup2(kept, STDIN_FILENO);
        (void)close(kept);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
    buf_fini(&b);
}

struct dripper {
    int fd;
    struct slice bytes;
};

static void *drip(void *context) {
    const struct dripper *dripper = context;
    for (size_t i = 0; i < dripper->bytes.len; i++) {
        ssize_t written = write(dripper->fd, dripper->bytes.ptr + i, 1);
        (void)written;
        if (i % 16 == 0) {
            (void)usleep(100);
        }
    }
    (void)close(dripper->fd);
    return NULL;
}

/* Byte by byte, and read by a file's way: the same frames. */
static void pipes_give_what_files_give(void **state) {
    (void)state;
    struct buf forms[2];
    make_pcap(&forms[0], usual, 20);
    buf_init(&forms[1], 1 << 20);
    put_section(&forms[1], true);
    put_interface(&forms[1], DLT_EN10MB, 0, slice_make("", 0), true);
    for (unsigned i = 0; i < 20; i++) {
        put_usual_packet(&forms[1], 0, i, true);
        put_block(&forms[1], 5, slice_of("statistics"), true);
    }
    for (size_t form = 0; form < 2; form++) {
        int kept = dup(STDIN_FILENO);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
        struct dripper dripper = {.fd = ends[1], .bytes = buf_slice(&forms[form])};
        struct source *file = open_one(write_file("drip", dripper.bytes));
        struct source *piped = open_one("-");
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, drip, &dripper), 0);
        struct frame a;
        struct frame b;
        while (source_next(file, &a) == SOURCE_FRAME) {
            assert_int_equal(source_next(piped, &b), SOURCE_FRAME);
            assert_true(slice_equal(a.bytes, b.bytes));
            assert_int_equal(a.time_ns, b.time_ns);
            assert_int_equal(a.number, b.number);
        }
        assert_int_equal(a.number, 20);
        expect_frames(piped, 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        source_free(file);
        source_free(piped);
        (void)dup2(kept, STDIN_FILENO);
        (void)close(kept);
        (void)close(ends[0]);
        buf_fini(&forms[form]);
    }
}

/* A block of many times what is read at once, between usual ones, wherever the reads cut it. */
static void huge_blocks_are_read_whole(void **state) {
    (void)state;
    enum { HUGE_BYTES = 3000000, LARGE_BYTES = 262144 };
    static uint8_t content[HUGE_BYTES];
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = (uint8_t)(i * 7 + i / 1000);
    }
    struct buf b;
    buf_init(&b, 64 << 20);
    put_section(&b, false);
    put_interface(&b, DLT_EN10MB, 0, slice_make("", 0), false);
    put_interface(&b, DLT_EBHSCR, 0, slice_make("", 0), false);
    for (unsigned i = 0; i < 8; i++) {
        put_usual_packet(&b, 0, 1, false);
        put_packet(&b, false, 0, 2, slice_make(content, LARGE_BYTES - i), LARGE_BYTES, false);
        put_packet(&b, false, 1, 3, slice_make(content, i % 4 == 3 ? HUGE_BYTES : 9999 * i), HUGE_BYTES,
                   false);
    }
    struct source *source = open_one(write_file("huge", buf_slice(&b)));
    buf_fini(&b);
    struct frame frame;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_int_equal(frame.bytes.len, FRAME_BYTES);
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_true(slice_equal(frame.bytes, slice_make(content, LARGE_BYTES - i)));
        assert_int_equal(source_next(source, &frame), SOURCE_FRAME);
        assert_true(slice_equal(frame.bytes, slice_make(content, i % 4 == 3 ? HUGE_BYTES : 9999 * i)));
    }
    expect_frames(source, 0);
    source_free(source);
}

#if defined HARK_WITH_ZLIB || defined HARK_WITH_ZSTD
/* The whole, two in a row, and every kind of damage: cut at many places, a byte changed, something after it.
 */
static void check_packed(const struct buf *plain, struct slice packed, struct slice rest_of_run,
                         unsigned frames) {
    struct source *source = open_one(write_file("packed", packed));
    expect_frames(source, frames);
    struct source_counts counts;
    source_counts(source, &counts);
    assert_int_equal(counts.file_bytes_read, packed.len);
    assert_int_equal(counts.file_bytes_total, packed.len);
    assert_int_equal(counts.bytes, plain->len - 24 - frames * 16);
    source_free(source);

    struct buf b;
    buf_init(&b, 64 << 20);
    assert_true(buf_append_slice(&b, packed) && buf_append_slice(&b, rest_of_run));
    source = open_one(write_file("packed2", buf_slice(&b)));
    expect_frames(source, frames + 1);
    source_free(source);

    uint64_t most = 0;
    for (size_t len = packed.len - 1; len > 8; len -= len > 1000 ? len / 7 : 1) {
        source = open_one(write_file("packed3", slice_first(packed, len)));
        enum source_status last = SOURCE_END;
        uint64_t given = read_frames(source, &last);
        assert_int_equal(last, SOURCE_DAMAGED);
        assert_non_null(strstr(source_message(source), "end too early"));
        assert_true(given <= frames);
        most = given > most ? given : most;
        expect_frames(source, 0);
        source_free(source);
    }
    assert_true(most > frames / 2);

    buf_clear(&b);
    assert_true(buf_append_slice(&b, packed) && buf_append_slice(&b, slice_of("not a part of it")));
    source = open_one(write_file("packed4", buf_slice(&b)));
    enum source_status last = SOURCE_END;
    assert_int_equal(read_frames(source, &last), frames);
    assert_int_equal(last, SOURCE_DAMAGED);
    assert_non_null(strstr(source_message(source), "compressed data are damaged"));
    source_free(source);

    buf_clear(&b);
    assert_true(buf_append_slice(&b, packed));
    b.ptr[packed.len - 6] ^= 0x10;
    source = open_one(write_file("packed5", buf_slice(&b)));
    assert_true(read_frames(source, &last) > frames / 2);
    assert_int_equal(last, SOURCE_DAMAGED);
    source_free(source);
    buf_fini(&b);
}
#endif

#ifdef HARK_WITH_ZLIB
static void put_gzip(struct buf *b, struct slice plain) {
    z_stream zlib = {0};
    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&zlib, plain.len);
    zlib.next_out = buf_reserve(b, room);
    zlib.avail_out = (uInt)room;
    zlib.next_in = (Bytef *)(uintptr_t)plain.ptr;
    zlib.avail_in = (uInt)plain.len;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    b->len += zlib.total_out;
    (void)deflateEnd(&zlib);
}

static void reads_gzip(void **state) {
    (void)state;
    enum { FRAMES = 8000 };
    struct buf plain;
    struct buf packed;
    struct buf more;
    struct buf one;
    make_pcap(&plain, usual, FRAMES);
    make_pcap(&one, usual, 1);
    buf_init(&packed, 64 << 20);
    buf_init(&more, 1 << 20);
    put_gzip(&packed, buf_slice(&plain));
    put_gzip(&more, slice_after(buf_slice(&one), 24));
    check_packed(&plain, buf_slice(&packed), buf_slice(&more), FRAMES);

    static const uint8_t zeros[1000];
    assert_true(buf_append(&packed, zeros, sizeof zeros)); /* a tape's padding */
    struct source *source = open_one(write_file("padded.gz", buf_slice(&packed)));
    expect_frames(source, FRAMES);
    source_free(source);
    buf_clear(&packed);
    put_gzip(&packed, slice_of("just a text"));
    refuses_file(write_file("text.gz", buf_slice(&packed)), "begins with the text \"just a text\"");
    buf_fini(&plain);
    buf_fini(&packed);
    buf_fini(&more);
    buf_fini(&one);
}
#endif

#ifdef HARK_WITH_ZSTD
static void put_zstd(struct buf *b, struct slice plain, int window_log) {
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    assert_non_null(zstd);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
    (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
    size_t room = ZSTD_compressBound(plain.len);
    ZSTD_inBuffer input = {.src = plain.ptr, .size = plain.len};
    ZSTD_outBuffer output = {.dst = buf_reserve(b, room), .size = room};
    /* In two steps, so that the frame does not know its content's length and keeps its window. */
    assert_false(ZSTD_isError(ZSTD_compressStream2(zstd, &output, &input, ZSTD_e_flush)));
    assert_int_equal(ZSTD_compressStream2(zstd, &output, &input, ZSTD_e_end), 0);
    b->len += output.pos;
    (void)ZSTD_freeCCtx(zstd);
}

static void reads_zstd(void **state) {
    (void)state;
    enum { FRAMES = 8000 };
    struct buf plain;
    struct buf packed;
    struct buf more;
    struct buf one;
    make_pcap(&plain, usual, FRAMES);
    make_pcap(&one, usual, 1);
    buf_init(&packed, 64 << 20);
    buf_init(&more, 1 << 20);
    put_zstd(&packed, buf_slice(&plain), 0);
    put_zstd(&more, slice_after(buf_slice(&one), 24), 0);
    check_packed(&plain, buf_slice(&packed), buf_slice(&more), FRAMES);

    buf_clear(&packed);
    assert_true(buf_append(&packed, "\x50\x2a\x4d\x18\x04\0\0\0skip", 12)); /* a skippable frame first */
    put_zstd(&packed, buf_slice(&one), 0);
    struct source *source = open_one(write_file("skip.zst", buf_slice(&packed)));
    expect_frames(source, 1);
    source_free(source);

    buf_clear(&packed);
    put_zstd(&packed, buf_slice(&one), 28); /* claims 256 MiB */
    source = open_one(write_file("window.zst", buf_slice(&packed)));
    enum source_status last = SOURCE_END;
    assert_int_equal(read_frames(source, &last), 0);
    assert_int_equal(last, SOURCE_DAMAGED);
    assert_non_null(strstr(source_message(source), "too much memory"));
    source_free(source);
    buf_fini(&plain);
    buf_fini(&packed);
    buf_fini(&more);
    buf_fini(&one);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_pipe_gives_idle),
        cmocka_unit_test(stop_ends_the_wait_for_a_pipe),
        cmocka_unit_test(pipes_give_what_files_give),
        cmocka_unit_test(huge_blocks_are_read_whole),
#ifdef HARK_WITH_ZLIB
        cmocka_unit_test(reads_gzip),
#endif
#ifdef HARK_WITH_ZSTD
        cmocka_unit_test(reads_zstd),
#endif
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
