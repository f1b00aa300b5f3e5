/* SPDX-License-Identifier: Apache-2.0 */
/* grow CAPTURE GIGABYTES: the capture again and again on standard output, until there are so many bytes. Each
 * time other addresses (checksums mended) and later times, so that connections are new ones. Classic pcap,
 * Ethernet; what is not IPv4 stays as it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ETHERNET = 14, OUT_BYTES = 1 << 20, TCP = 6 };
#define PAUSE_NS INT64_C(10000000)

struct grow {
    const uint8_t *bytes;
    size_t size;
    int64_t units; /* of a second: a million or a billion */
    int64_t span;  /* from the first packet to behind the last */
    uint64_t wanted, written;
    size_t used;
    uint8_t out[OUT_BYTES];
};

_Noreturn static void die(const char *what) {
    fprintf(stderr, "grow: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

static void flush(struct grow *grow) {
    for (size_t at = 0; at < grow->used;) {
        ssize_t n = write(STDOUT_FILENO, grow->out + at, grow->used - at);
        if (n <= 0) {
            exit(1); /* the reader is gone */
        }
        at += (size_t)n;
    }
    grow->written += grow->used;
    grow->used = 0;
}

/* RFC 1624, a 16-bit word in network order at each place. */
static void mend(uint8_t *checksum, uint32_t before, uint32_t after) {
    uint32_t sum = (uint16_t) ~(checksum[0] << 8 | checksum[1]);
    sum += (uint16_t)~before + after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
    checksum[0] = (uint8_t)(sum >> 8);
    checksum[1] = (uint8_t)sum;
}

/* The upper halves of both addresses move on by `turn`. */
static void readdress(uint8_t *frame, size_t len, uint32_t turn) {
    if (len < ETHERNET + 20 || frame[12] != 8 || frame[13] != 0) {
        return;
    }
    uint8_t *ip = frame + ETHERNET;
    size_t header = (size_t)(ip[0] & 15) * 4;
    for (size_t at = 12; at <= 16; at += 4) {
        uint32_t before = (uint32_t)(ip[at] << 8 | ip[at + 1]), after = (before + turn) & 0xffff;
        ip[at] = (uint8_t)(after >> 8);
        ip[at + 1] = (uint8_t)after;
        mend(ip + 10, before, after);
        if (ip[9] == TCP && len >= ETHERNET + header + 18) {
            mend(ip + header + 16, before, after);
        }
    }
}

static int64_t time_of(const struct grow *grow, const uint8_t *record) {
    return (int64_t)get32(record) * grow->units + get32(record + 4);
}

static size_t record_size(const struct grow *grow, size_t at) {
    size_t size = at + RECORD_HEADER <= grow->size ? RECORD_HEADER + (size_t)get32(grow->bytes + at + 8) : 0;
    return size && size <= grow->size - at && size <= OUT_BYTES ? size : 0;
}

static void write_turn(struct grow *grow, uint32_t turn) {
    size_t size;
    for (size_t at = FILE_HEADER; (size = record_size(grow, at)) && grow->written + grow->used < grow->wanted;
         at += size) {
        if (grow->used + size > OUT_BYTES) {
            flush(grow);
        }
        uint8_t *record = grow->out + grow->used;
        memcpy(record, grow->bytes + at, size);
        int64_t time = time_of(grow, record) + grow->span * turn;
        uint32_t stamp[2] = {(uint32_t)(time / grow->units), (uint32_t)(time % grow->units)};
        memcpy(record, stamp, sizeof(stamp));
        readdress(record + RECORD_HEADER, size - RECORD_HEADER, turn);
        grow->used += size;
    }
}

static void open_capture(struct grow *grow, const char *path) {
    struct stat status;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status) != 0) {
        die(path);
    }
    grow->size = (size_t)status.st_size;
    grow->bytes = mmap(NULL, grow->size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (grow->bytes == MAP_FAILED) {
        die(path);
    }
    uint32_t magic = grow->size > FILE_HEADER + RECORD_HEADER ? get32(grow->bytes) : 0;
    if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) {
        errno = EINVAL;
        die(path);
    }
    grow->units = magic == 0xa1b2c3d4 ? 1000000 : 1000000000;
    int64_t first = time_of(grow, grow->bytes + FILE_HEADER), last = first;
    size_t size;
    for (size_t at = FILE_HEADER; (size = record_size(grow, at)); at += size) {
        int64_t time = time_of(grow, grow->bytes + at);
        last = time > last ? time : last;
    }
    grow->span = last - first + PAUSE_NS * grow->units / 1000000000;
}

int main(int count, char **arguments) {
    static struct grow grow;
    double gigabytes = count == 3 ? strtod(arguments[2], NULL) : 0;
    if (gigabytes <= 0) {
        fprintf(stderr, "usage: grow CAPTURE GIGABYTES\n");
        return 2;
    }
    open_capture(&grow, arguments[1]);
    grow.wanted = (uint64_t)(gigabytes * 1e9);
    memcpy(grow.out, grow.bytes, FILE_HEADER);
    grow.used = FILE_HEADER;
    for (uint32_t turn = 0; grow.written + grow.used < grow.wanted; turn++) {
        write_turn(&grow, turn);
    }
    flush(&grow);
    return 0;
}
