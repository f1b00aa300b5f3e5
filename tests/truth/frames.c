/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/truth/frames.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ETHERNET = 14, LINK_ETHERNET = 1 };

void frames_die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "truth: ");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *frames_allocate(void *old, size_t count, size_t size) {
    void *memory = reallocarray(old, count ? count : 1, size);
    if (!memory) {
        frames_die("out of memory");
    }
    return memory;
}

static uint32_t native32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

static uint16_t big16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t big32(const uint8_t *at) {
    return (uint32_t)big16(at) << 16 | big16(at + 2);
}

static void index_frames(struct frame_file *file, const char *path) {
    size_t capacity = 0;
    size_t at = FILE_HEADER;
    while (at < file->size) {
        if (file->size - at < RECORD_HEADER) {
            frames_die("%s: ends within a record", path);
        }
        const uint8_t *header = file->bytes + at;
        struct frame frame = {
            .offset = at + RECORD_HEADER, .captured = native32(header + 8), .length = native32(header + 12)};
        frame.time_ns = (int64_t)native32(header) * 1000000000 +
                        (int64_t)native32(header + 4) * (file->nanoseconds ? 1 : 1000);
        if (frame.captured > file->size - frame.offset) {
            frames_die("%s: ends within a record", path);
        }
        if (file->count == capacity) {
            capacity = capacity ? capacity * 2 : 4096;
            file->frames = frames_allocate(file->frames, capacity, sizeof(*file->frames));
        }
        file->frames[file->count++] = frame;
        at = frame.offset + frame.captured;
    }
}

void frames_open(struct frame_file *file, const char *path) {
    memset(file, 0, sizeof(*file));
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (descriptor < 0 || fstat(descriptor, &facts) != 0 || facts.st_size < FILE_HEADER) {
        frames_die("%s: cannot be read as a capture", path);
    }
    file->size = (size_t)facts.st_size;
    void *map = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (map == MAP_FAILED) {
        frames_die("%s: cannot be mapped", path);
    }
    file->bytes = map;
    uint32_t magic = native32(file->bytes);
    if ((magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) || native32(file->bytes + 20) != LINK_ETHERNET) {
        frames_die("%s: is not a pcap file of this machine's byte order with Ethernet frames", path);
    }
    file->nanoseconds = magic == 0xa1b23c4d;
    file->snaplen = native32(file->bytes + 16);
    index_frames(file, path);
}

void frames_close(struct frame_file *file) {
    munmap((void *)(uintptr_t)file->bytes, file->size);
    free(file->frames);
}

/* Where the IPv4 header begins, 0 without one. */
static size_t ip_offset(const uint8_t *bytes, uint32_t captured) {
    size_t at = ETHERNET;
    while (captured >= at && (big16(bytes + at - 2) == 0x8100 || big16(bytes + at - 2) == 0x88a8)) {
        at += 4;
    }
    return captured >= at + 20 && big16(bytes + at - 2) == 0x0800 ? at : 0;
}

bool frames_segment(const struct frame_file *file, const struct frame *frame, struct segment *segment) {
    const uint8_t *bytes = file->bytes + frame->offset;
    size_t ip = ip_offset(bytes, frame->captured);
    if (!ip || bytes[ip] >> 4 != 4 || bytes[ip + 9] != 6) {
        return false;
    }
    size_t tcp = ip + (size_t)(bytes[ip] & 15) * 4;
    if (big16(bytes + ip + 6) & 0x3fff) {
        frames_die("a fragment: the truth is only told for whole datagrams");
    }
    if (frame->captured < tcp + 20) {
        return false;
    }
    bool from_server = big16(bytes + tcp) == SERVER_PORT;
    if (!from_server && big16(bytes + tcp + 2) != SERVER_PORT) {
        return false;
    }
    size_t payload = tcp + (size_t)(bytes[tcp + 12] >> 4) * 4;
    size_t end = ip + big16(bytes + ip + 2);
    if (end < payload || end > frame->length) {
        return false;
    }
    *segment = (struct segment){.side = from_server ? SERVER : CLIENT, .ip_offset = ip};
    segment->client_address = big32(bytes + ip + (from_server ? 16 : 12));
    segment->server_address = big32(bytes + ip + (from_server ? 12 : 16));
    segment->client_port = big16(bytes + tcp + (from_server ? 2 : 0));
    segment->sequence = big32(bytes + tcp + 4);
    segment->acknowledged = big32(bytes + tcp + 8);
    uint8_t flags = bytes[tcp + 13];
    segment->fin = flags & 1;
    segment->syn = flags & 2;
    segment->reset = flags & 4;
    segment->has_ack = flags & 16;
    segment->bytes = bytes + payload;
    segment->length = (uint32_t)(end - payload);
    uint32_t there = frame->captured > payload ? (uint32_t)(frame->captured - payload) : 0;
    segment->captured = there < segment->length ? there : segment->length;
    return true;
}
