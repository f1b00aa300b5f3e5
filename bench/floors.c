/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/floors.h"

#include "bench/way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WRITE_BYTES = 1 << 16, COPY_BYTES = 1 << 16, HEADERS = 64, LINE = 64 };

/* Where results go that nobody needs, so that the work is done all the same. */
static void keep(uint64_t value) {
    __asm__ volatile("" : : "r"(value) : "memory");
}

void texts_init(struct texts *texts, size_t cap) {
    *texts = (struct texts){0};
    buf_init(&texts->bytes, cap);
}

void texts_fini(struct texts *texts) {
    buf_fini(&texts->bytes);
    free(texts->ends);
}

bool texts_end(struct texts *texts) {
    if (texts->bytes.failed) {
        return false;
    }
    if (texts->count == texts->room) {
        size_t room = texts->room ? texts->room * 2 : 1024;
        size_t *ends = realloc(texts->ends, room * sizeof(*ends));
        if (!ends) {
            bench_die("out of memory");
        }
        texts->ends = ends;
        texts->room = room;
    }
    texts->ends[texts->count++] = texts->bytes.len;
    return true;
}

static struct slice text(const struct texts *texts, size_t i) {
    size_t start = i ? texts->ends[i - 1] : 0;
    return slice_make(texts->bytes.ptr + start, texts->ends[i] - start);
}

static int open_or_die(const char *path, int flags) {
    int file = open(path, flags, 0666);
    if (file < 0) {
        bench_die("%s: %s", path, strerror(errno));
    }
    return file;
}

/* Goes from packet to packet and loads the first `most` bytes of each. */
static uint64_t load_packets(const uint8_t *bytes, size_t size, size_t most) {
    uint64_t sum = 0;
    for (size_t at = 24; at + 16 <= size;) {
        uint32_t captured;
        memcpy(&captured, bytes + at + 8, sizeof(captured));
        if (captured > size - at - 16) {
            break;
        }
        size_t loaded = captured < most ? captured : most;
        for (size_t i = 0; i + sizeof(uint64_t) <= loaded; i += sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, bytes + at + 16 + i, sizeof(word));
            sum += word;
        }
        at += 16 + captured;
    }
    return sum;
}

static int64_t map_and_load(const char *path, size_t most) {
    int64_t begin = bench_cpu_ns();
    int file = open_or_die(path, O_RDONLY);
    off_t size = lseek(file, 0, SEEK_END);
    void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) {
        bench_die("%s: %s", path, strerror(errno));
    }
    keep(load_packets(bytes, (size_t)size, most));
    munmap(bytes, (size_t)size);
    close(file);
    return bench_cpu_ns() - begin;
}

int64_t floor_read(const char *path) {
    return map_and_load(path, 0);
}

int64_t floor_headers(const char *path) {
    return map_and_load(path, HEADERS);
}

int64_t floor_lookups(const uint64_t *hashes, size_t count, size_t flows) {
    size_t lines = 64;
    while (lines < flows * 2) {
        lines *= 2;
    }
    uint8_t *table = aligned_alloc(LINE, lines * LINE);
    if (!table) {
        bench_die("out of memory");
    }
    memset(table, 1, lines * LINE);
    int64_t begin = bench_cpu_ns();
    for (size_t i = 0; i < count; i++) {
        table[(hashes[i] & (lines - 1)) * LINE]++;
    }
    keep(table[0]);
    int64_t spent = bench_cpu_ns() - begin;
    free(table);
    return spent;
}

int64_t floor_lines(const struct texts *texts) {
    uint64_t sum = 0;
    int64_t begin = bench_cpu_ns();
    for (size_t i = 0; i < texts->count; i++) {
        struct slice rest = text(texts, i);
        while (rest.len) {
            size_t line = slice_find(rest, '\n');
            sum += line;
            rest = slice_after(rest, line + 1);
        }
    }
    keep(sum);
    return bench_cpu_ns() - begin;
}

int64_t floor_copies(const struct texts *texts) {
    uint8_t *room = malloc(COPY_BYTES);
    if (!room) {
        bench_die("out of memory");
    }
    size_t used = 0;
    int64_t begin = bench_cpu_ns();
    for (size_t i = 0; i < texts->count; i++) {
        struct slice one = slice_first(text(texts, i), COPY_BYTES);
        used = used + one.len > COPY_BYTES ? 0 : used;
        memcpy(room + used, one.ptr, one.len);
        used += one.len;
        keep((uintptr_t)room);
    }
    int64_t spent = bench_cpu_ns() - begin;
    free(room);
    return spent;
}

int64_t floor_writes(const struct texts *texts, const char *path) {
    int64_t begin = bench_cpu_ns();
    int file = open_or_die(path, O_WRONLY | O_CREAT | O_TRUNC);
    for (struct slice rest = buf_slice(&texts->bytes); rest.len; rest = slice_after(rest, WRITE_BYTES)) {
        struct slice block = slice_first(rest, WRITE_BYTES);
        if (write(file, block.ptr, block.len) != (ssize_t)block.len) {
            bench_die("%s: %s", path, strerror(errno));
        }
    }
    close(file);
    return bench_cpu_ns() - begin;
}
