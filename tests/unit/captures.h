/* SPDX-License-Identifier: Apache-2.0 */
/* Captures for tests, byte by byte, in a folder of the test's own, and a reader of sources. */
#ifndef HARK_TESTS_CAPTURES_H
#define HARK_TESTS_CAPTURES_H

#include "capture/buf.h"
#include "capture/limits.h"
#include "capture/source.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/dlt.h>

enum { PATH_BYTES = 128, FRAME_BYTES = 60, FIRST_SECOND = 1700000000, PORT_AT = 36 };

static char folder[PATH_BYTES];

/* A path in the test's folder; a few stay valid at once. */
static inline const char *path_of(const char *name) {
    static char paths[8][PATH_BYTES + 256]; /* room for any name of a folder entry */
    static unsigned turn;
    char *path = paths[turn++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline const char *write_file(const char *name, struct slice bytes) {
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline void put_u32(struct buf *b, uint32_t value, bool big_endian) {
    for (int i = 0; i < 4; i++) {
        uint8_t byte = (uint8_t)(value >> (big_endian ? 24 - 8 * i : 8 * i));
        assert_true(buf_append(b, &byte, 1));
    }
}

static inline void put_u16(struct buf *b, uint16_t value, bool big_endian) {
    uint8_t bytes[2] = {(uint8_t)(big_endian ? value >> 8 : value),
                        (uint8_t)(big_endian ? value : value >> 8)};
    assert_true(buf_append(b, bytes, 2));
}

/* An Ethernet frame with IPv4 and TCP to `port`; its last byte is `tag`. */
static inline void make_frame(uint8_t frame[FRAME_BYTES], uint16_t port, uint8_t tag) {
    memset(frame, 0, FRAME_BYTES);
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[17] = 46;
    frame[23] = 6;
    frame[PORT_AT] = (uint8_t)(port >> 8);
    frame[PORT_AT + 1] = (uint8_t)port;
    frame[46] = 0x50;
    frame[FRAME_BYTES - 1] = tag;
}

struct pcap_shape {
    uint32_t magic;
    bool big_endian;
    uint32_t link_type;
};
static const struct pcap_shape usual = {.magic = 0xa1b2c3d4, .link_type = DLT_EN10MB};

static inline void put_pcap_head(struct buf *b, struct pcap_shape shape) {
    put_u32(b, shape.magic, shape.big_endian);
    put_u16(b, 2, shape.big_endian);
    put_u16(b, 4, shape.big_endian);
    put_u32(b, 0, shape.big_endian);
    put_u32(b, 0, shape.big_endian);
    put_u32(b, 65535, shape.big_endian);
    put_u32(b, shape.link_type, shape.big_endian);
}

static inline void put_pcap_frame(struct buf *b, struct pcap_shape shape, uint32_t second, uint32_t fraction,
                                  uint16_t port) {
    uint8_t frame[FRAME_BYTES];
    make_frame(frame, port, (uint8_t)second);
    put_u32(b, second, shape.big_endian);
    put_u32(b, fraction, shape.big_endian);
    put_u32(b, FRAME_BYTES, shape.big_endian);
    put_u32(b, FRAME_BYTES + 40, shape.big_endian);
    if (shape.magic == 0xa1b2cd34) { /* interface index, protocol, packet type, padding */
        put_u32(b, 1, shape.big_endian);
        put_u32(b, 0, shape.big_endian);
    }
    assert_true(buf_append(b, frame, FRAME_BYTES));
}

/* A pcapng block: type, length, body up to a multiple of 4, the length again. */
static inline void put_block(struct buf *b, uint32_t type, struct slice body, bool big_endian) {
    static const uint8_t padding[4] = {0};
    size_t pad = (4 - body.len % 4) % 4;
    uint32_t len = (uint32_t)(12 + body.len + pad);
    put_u32(b, type, big_endian);
    put_u32(b, len, big_endian);
    assert_true(buf_append_slice(b, body) && buf_append(b, padding, pad));
    put_u32(b, len, big_endian);
}

static inline void put_section(struct buf *b, bool big_endian) {
    struct buf body;
    buf_init(&body, 64);
    put_u32(&body, 0x1a2b3c4d, big_endian);
    put_u16(&body, 1, big_endian);
    put_u16(&body, 0, big_endian);
    put_u32(&body, UINT32_MAX, big_endian); /* section length: unknown, */
    put_u32(&body, UINT32_MAX, big_endian); /* in 64 bits */
    put_block(b, 0x0a0d0d0a, buf_slice(&body), big_endian);
    buf_fini(&body);
}

static inline void put_option(struct buf *b, uint16_t code, struct slice value, bool big_endian) {
    static const uint8_t padding[4] = {0};
    put_u16(b, code, big_endian);
    put_u16(b, (uint16_t)value.len, big_endian);
    assert_true(buf_append_slice(b, value) && buf_append(b, padding, (4 - value.len % 4) % 4));
}

static inline void put_interface(struct buf *b, uint16_t link_type, uint32_t snapshot, struct slice options,
                                 bool big_endian) {
    struct buf body;
    buf_init(&body, 1 << 20);
    put_u16(&body, link_type, big_endian);
    put_u16(&body, 0, big_endian);
    put_u32(&body, snapshot, big_endian);
    assert_true(buf_append_slice(&body, options));
    put_block(b, 1, buf_slice(&body), big_endian);
    buf_fini(&body);
}

/* Enhanced Packet Block, or the obsolete Packet Block. */
static inline void put_packet(struct buf *b, bool old, uint32_t interface, uint64_t ticks, struct slice bytes,
                              uint32_t wire, bool big_endian) {
    struct buf body;
    buf_init(&body, 32 << 20);
    if (old) {
        put_u16(&body, (uint16_t)interface, big_endian);
        put_u16(&body, 7, big_endian); /* drops */
    } else {
        put_u32(&body, interface, big_endian);
    }
    put_u32(&body, (uint32_t)(ticks >> 32), big_endian);
    put_u32(&body, (uint32_t)ticks, big_endian);
    put_u32(&body, (uint32_t)bytes.len, big_endian);
    put_u32(&body, wire, big_endian);
    assert_true(buf_append_slice(&body, bytes));
    put_block(b, old ? 2 : 6, buf_slice(&body), big_endian);
    buf_fini(&body);
}

/* A frame of make_frame, with nothing special. */
static inline void put_usual_packet(struct buf *b, uint32_t interface, uint64_t ticks, bool big_endian) {
    uint8_t frame[FRAME_BYTES];
    make_frame(frame, 80, (uint8_t)ticks);
    put_packet(b, false, interface, ticks, slice_make(frame, FRAME_BYTES), FRAME_BYTES + 40, big_endian);
}

/* `count` frames, a second apart; to port 80, every third to port 53. Initialises `b`. */
static inline void make_pcap(struct buf *b, struct pcap_shape shape, unsigned count) {
    buf_init(b, 64 << 20);
    put_pcap_head(b, shape);
    for (unsigned i = 1; i <= count; i++) {
        put_pcap_frame(b, shape, FIRST_SECOND + i, 123456, i % 3 ? 80 : 53);
    }
}

static inline const char *write_pcap(const char *name, struct pcap_shape shape, unsigned count) {
    struct buf b;
    make_pcap(&b, shape, count);
    const char *path = write_file(name, buf_slice(&b));
    buf_fini(&b);
    return path;
}

static inline struct source *open_options(const struct source_files_options *options) {
    enum source_error error = SOURCE_ERROR_FILE;
    char message[SOURCE_MESSAGE_BYTES];
    struct source *source = source_open_files(options, &error, message);
    if (!source) {
        fail_msg("%s", message);
    }
    assert_int_equal(error, SOURCE_OK);
    return source;
}

static inline struct source *open_one(const char *path) {
    return open_options(&(struct source_files_options){.paths = &path, .path_count = 1});
}

static inline void refuses(const struct source_files_options *options, enum source_error wanted,
                           const char *part, const char *where) {
    enum source_error error = SOURCE_OK;
    char message[SOURCE_MESSAGE_BYTES];
    assert_null(source_open_files(options, &error, message));
    assert_int_equal(error, wanted);
    assert_non_null(strstr(message, part));
    assert_non_null(strstr(message, where));
    assert_null(strchr(message, '\n'));
}

static inline void refuses_file(const char *path, const char *part) {
    refuses(&(struct source_files_options){.paths = &path, .path_count = 1}, SOURCE_ERROR_FILE, part, path);
}

/* Reads on until something else than a frame; returns how many frames came. */
static inline uint64_t read_frames(struct source *source, enum source_status *last) {
    struct frame frame;
    uint64_t count = 0;
    while ((*last = source_next(source, &frame)) == SOURCE_FRAME) {
        count++;
    }
    return count;
}

static inline void expect_frames(struct source *source, uint64_t count) {
    enum source_status last = SOURCE_FRAME;
    assert_int_equal(read_frames(source, &last), count);
    assert_int_equal(last, SOURCE_END);
    struct frame frame;
    assert_int_equal(source_next(source, &frame), SOURCE_END);
}

static inline int make_folder(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%.80s/hark-test-XXXXXX", base ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state) {
    (void)state;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        (void)unlink(path_of(entry->d_name));
    }
    (void)closedir(entries);
    return rmdir(folder);
}

#endif
