/* SPDX-License-Identifier: Apache-2.0 */
/* degrade IN OUT [seed=N] OPERATION...: makes a bad capture of a good one, in the order of the operations.
 * The same seed makes the same file. Packets that come later than they did are stamped with the time at which
 * the tap now sees them.
 *
 *   loss=RATE              packets lost, each by itself
 *   burst=RATE:MIN-MAX     the same share of packets lost, in runs of MIN to MAX
 *   reorder=RATE:MIN-MAX   this share of packets comes MIN to MAX packets later
 *   ack-first=RATE         this share of data packets comes behind the packet that acknowledges it
 *   delay=SIDE:SECONDS     all packets of the client or the server come later
 *   duplicate=RATE:KIND    this share of packets comes again, up to 20 packets later: plain, vlan, ttl or any
 * of these snaplen=BYTES          what is captured of each packet start=F end=F          the capture begins
 * or ends at this fraction of its time only=SIDE              one direction alone
 */
#include "tests/truth/frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum copy_kind { ORIGINAL, COPY_PLAIN, COPY_VLAN, COPY_TTL, COPY_ANY };
enum { COPY_DISTANCE = 20, ACK_DISTANCE = 20000 };

struct entry {
    int64_t time_ns;
    int64_t key; /* place(): order by this */
    uint32_t frame;
    uint32_t captured;
    uint8_t copy;
    bool moved;
};

struct work {
    struct frame_file file;
    struct entry *entries;
    size_t count;
    uint64_t random;
    unsigned long lost, moved, copied, cut;
};

/* splitmix64 */
static uint64_t next_random(struct work *work) {
    uint64_t z = work->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool chance(struct work *work, double rate) {
    return (double)(next_random(work) >> 11) / 9007199254740992.0 < rate;
}

static uint64_t between(struct work *work, uint64_t low, uint64_t high) {
    return low + next_random(work) % (high - low + 1);
}

/* Packets that are not TCP to port 80 count as the client's: ARP stays. */
static enum side side_of(const struct work *work, const struct entry *entry) {
    struct segment segment;
    return frames_segment(&work->file, &work->file.frames[entry->frame], &segment) ? segment.side : CLIENT;
}

static int by_key(const void *left, const void *right) {
    const struct entry *a = left;
    const struct entry *b = right;
    return (a->key > b->key) - (a->key < b->key);
}

/* Brings entries into the order of their keys, which differ; what was moved takes the time of the packet
 * before it. */
static void place(struct work *work) {
    qsort(work->entries, work->count, sizeof(*work->entries), by_key);
    for (size_t i = 0; i < work->count; i++) {
        struct entry *entry = &work->entries[i];
        if (entry->moved && i) {
            entry->time_ns = work->entries[i - 1].time_ns;
        }
        entry->moved = false;
    }
}

/* Keys leave room behind each packet for those that are moved there. */
static int64_t key_of(size_t index) {
    return (int64_t)index << 32;
}

static void move_behind(struct work *work, size_t index, size_t where) {
    struct entry *entry = &work->entries[index];
    entry->key = key_of(where < work->count ? where : work->count - 1) + 1 + (int64_t)index;
    entry->moved = true;
    work->moved++;
}

static void number_entries(struct work *work) {
    for (size_t i = 0; i < work->count; i++) {
        work->entries[i].key = key_of(i);
    }
}

static void keep(struct work *work, size_t *kept, size_t index, bool lost) {
    if (lost) {
        work->lost++;
    } else {
        work->entries[(*kept)++] = work->entries[index];
    }
}

static void lose(struct work *work, double rate) {
    size_t kept = 0;
    for (size_t i = 0; i < work->count; i++) {
        keep(work, &kept, i, chance(work, rate));
    }
    work->count = kept;
}

static void lose_bursts(struct work *work, double rate, unsigned low, unsigned high) {
    double start = rate / ((low + high) / 2.0 * (1 - rate));
    size_t kept = 0;
    uint64_t left = 0;
    for (size_t i = 0; i < work->count; i++) {
        if (!left && chance(work, start)) {
            left = between(work, low, high);
        }
        keep(work, &kept, i, left > 0);
        left -= left > 0;
    }
    work->count = kept;
}

static void reorder(struct work *work, double rate, unsigned low, unsigned high) {
    number_entries(work);
    for (size_t i = 0; i < work->count; i++) {
        if (chance(work, rate)) {
            move_behind(work, i, i + between(work, low, high));
        }
    }
    place(work);
}

/* The first later packet that acknowledges all of this one, 0 without. */
static size_t acknowledged_by(const struct work *work, size_t index) {
    struct segment data, answer;
    if (!frames_segment(&work->file, &work->file.frames[work->entries[index].frame], &data) || !data.length) {
        return 0;
    }
    for (size_t i = index + 1; i < work->count && i < index + ACK_DISTANCE; i++) {
        if (frames_segment(&work->file, &work->file.frames[work->entries[i].frame], &answer) &&
            answer.side != data.side && answer.has_ack && answer.client_port == data.client_port &&
            answer.client_address == data.client_address && answer.server_address == data.server_address &&
            (int32_t)(answer.acknowledged - data.sequence - data.length) >= 0) {
            return i;
        }
    }
    return 0;
}

static void ack_first(struct work *work, double rate) {
    number_entries(work);
    for (size_t i = 0; i < work->count; i++) {
        size_t where = chance(work, rate) ? acknowledged_by(work, i) : 0;
        if (where) {
            move_behind(work, i, where);
        }
    }
    place(work);
}

static void delay(struct work *work, enum side side, double seconds) {
    struct entry *sorted = frames_allocate(NULL, work->count, sizeof(*sorted));
    struct entry *late = frames_allocate(NULL, work->count, sizeof(*late));
    size_t punctual = 0, delayed = 0, n = 0;
    for (size_t i = 0; i < work->count; i++) {
        if (side_of(work, &work->entries[i]) == side) {
            late[delayed] = work->entries[i];
            late[delayed++].time_ns += (int64_t)(seconds * 1e9);
            work->moved++;
        } else {
            work->entries[punctual++] = work->entries[i];
        }
    }
    size_t p = 0, d = 0;
    while (p < punctual || d < delayed) {
        bool take_late = p == punctual || (d < delayed && late[d].time_ns < work->entries[p].time_ns);
        sorted[n++] = take_late ? late[d++] : work->entries[p++];
    }
    free(late);
    free(work->entries);
    work->entries = sorted;
}

static void duplicate(struct work *work, double rate, enum copy_kind kind) {
    size_t before = work->count;
    number_entries(work);
    work->entries = frames_allocate(work->entries, before * 2, sizeof(*work->entries));
    for (size_t i = 0; i < before; i++) {
        if (chance(work, rate)) {
            size_t where = i + between(work, 0, COPY_DISTANCE);
            struct entry copy = work->entries[i];
            copy.copy = (uint8_t)(kind == COPY_ANY ? between(work, COPY_PLAIN, COPY_TTL) : kind);
            copy.key = key_of(where < before ? where : before - 1) + 1 + (int64_t)i;
            copy.moved = true;
            work->entries[work->count++] = copy;
            work->copied++;
        }
    }
    place(work);
}

static void cut(struct work *work, uint32_t snaplen) {
    for (size_t i = 0; i < work->count; i++) {
        if (work->entries[i].captured > snaplen) {
            work->entries[i].captured = snaplen;
            work->cut++;
        }
    }
    work->file.snaplen = snaplen;
}

/* Keeps the entries within these fractions of the time between the first and the last of them. */
static void window(struct work *work, double from, double to) {
    size_t kept = 0;
    int64_t first = work->count ? work->entries[0].time_ns : 0;
    int64_t span = work->count ? work->entries[work->count - 1].time_ns - first : 0;
    for (size_t i = 0; i < work->count; i++) {
        double at = (double)(work->entries[i].time_ns - first);
        keep(work, &kept, i, at < from * (double)span || at > to * (double)span);
    }
    work->count = kept;
}

static void one_side(struct work *work, enum side side) {
    size_t kept = 0;
    for (size_t i = 0; i < work->count; i++) {
        keep(work, &kept, i, side_of(work, &work->entries[i]) != side);
    }
    work->count = kept;
}

static void put32(FILE *out, uint32_t value) {
    fwrite(&value, sizeof(value), 1, out);
}

/* A router's copy: TTL one less, header checksum mended (RFC 1624). */
static void write_routed(FILE *out, const struct work *work, const struct entry *entry,
                         const uint8_t *bytes) {
    struct segment segment;
    if (!frames_segment(&work->file, &work->file.frames[entry->frame], &segment) ||
        entry->captured < segment.ip_offset + 12) {
        fwrite(bytes, 1, entry->captured, out);
        return;
    }
    uint8_t header[64];
    size_t ip = segment.ip_offset;
    memcpy(header, bytes, ip + 12);
    header[ip + 8]--;
    uint32_t sum = (uint32_t)(header[ip + 10] << 8 | header[ip + 11]) + 0x100;
    sum = (sum & 0xffff) + (sum >> 16);
    header[ip + 10] = (uint8_t)(sum >> 8);
    header[ip + 11] = (uint8_t)sum;
    fwrite(header, 1, ip + 12, out);
    fwrite(bytes + ip + 12, 1, entry->captured - ip - 12, out);
}

static void write_entry(FILE *out, const struct work *work, const struct entry *entry) {
    static const uint8_t tag[4] = {0x81, 0x00, 0x00, 0x2a};
    const struct frame *frame = &work->file.frames[entry->frame];
    const uint8_t *bytes = work->file.bytes + frame->offset;
    bool tagged = entry->copy == COPY_VLAN && entry->captured >= 12;
    uint32_t fraction = (uint32_t)(entry->time_ns % 1000000000);
    put32(out, (uint32_t)(entry->time_ns / 1000000000));
    put32(out, work->file.nanoseconds ? fraction : fraction / 1000);
    put32(out, entry->captured + (tagged ? 4 : 0));
    put32(out, frame->length + (tagged ? 4 : 0));
    if (tagged) {
        fwrite(bytes, 1, 12, out);
        fwrite(tag, 1, 4, out);
        fwrite(bytes + 12, 1, entry->captured - 12, out);
    } else if (entry->copy == COPY_TTL) {
        write_routed(out, work, entry, bytes);
    } else {
        fwrite(bytes, 1, entry->captured, out);
    }
}

static void write_file(const struct work *work, const char *path) {
    FILE *out = fopen(path, "wb");
    if (!out) {
        frames_die("%s: cannot be written", path);
    }
    setvbuf(out, NULL, _IOFBF, 1 << 20);
    fwrite(work->file.bytes, 1, 16, out);
    put32(out, work->file.snaplen);
    fwrite(work->file.bytes + 20, 1, 4, out);
    for (size_t i = 0; i < work->count; i++) {
        write_entry(out, work, &work->entries[i]);
    }
    if (ferror(out) || fclose(out) != 0) {
        frames_die("%s: could not be written", path);
    }
}

static enum side side_named(const char *name) {
    if (strcmp(name, "client") != 0 && strcmp(name, "server") != 0) {
        frames_die("'%s' is neither client nor server", name);
    }
    return strcmp(name, "server") == 0 ? SERVER : CLIENT;
}

static enum copy_kind copy_named(const char *name) {
    static const char *const names[] = {
        [COPY_PLAIN] = "plain", [COPY_VLAN] = "vlan", [COPY_TTL] = "ttl", [COPY_ANY] = "any"};
    for (int kind = COPY_PLAIN; kind <= COPY_ANY; kind++) {
        if (strcmp(name, names[kind]) == 0) {
            return (enum copy_kind)kind;
        }
    }
    frames_die("'%s' is no kind of duplicate", name);
}

static void operate(struct work *work, const char *operation) {
    double rate;
    unsigned low, high;
    char word[16];
    if (sscanf(operation, "seed=%" SCNu64, &work->random) == 1) {
        return;
    }
    if (sscanf(operation, "loss=%lf", &rate) == 1) {
        lose(work, rate);
    } else if (sscanf(operation, "burst=%lf:%u-%u", &rate, &low, &high) == 3 && low && low <= high &&
               rate < 1) {
        lose_bursts(work, rate, low, high);
    } else if (sscanf(operation, "reorder=%lf:%u-%u", &rate, &low, &high) == 3 && low && low <= high) {
        reorder(work, rate, low, high);
    } else if (sscanf(operation, "ack-first=%lf", &rate) == 1) {
        ack_first(work, rate);
    } else if (sscanf(operation, "delay=%6[a-z]:%lf", word, &rate) == 2) {
        delay(work, side_named(word), rate);
    } else if (sscanf(operation, "duplicate=%lf:%5[a-z]", &rate, word) == 2) {
        duplicate(work, rate, copy_named(word));
    } else if (sscanf(operation, "snaplen=%u", &low) == 1) {
        cut(work, low);
    } else if (sscanf(operation, "start=%lf", &rate) == 1) {
        window(work, rate, 1);
    } else if (sscanf(operation, "end=%lf", &rate) == 1) {
        window(work, 0, rate);
    } else if (sscanf(operation, "only=%6[a-z]", word) == 1) {
        one_side(work, side_named(word));
    } else {
        frames_die("'%s' is no operation; see the head of degrade.c", operation);
    }
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: degrade IN OUT [seed=N] OPERATION...\n");
        return 2;
    }
    struct work work = {.random = 1};
    frames_open(&work.file, arguments[1]);
    work.count = work.file.count;
    work.entries = frames_allocate(NULL, work.count, sizeof(*work.entries));
    for (size_t i = 0; i < work.count; i++) {
        const struct frame *frame = &work.file.frames[i];
        work.entries[i] =
            (struct entry){.time_ns = frame->time_ns, .frame = (uint32_t)i, .captured = frame->captured};
    }
    for (int i = 3; i < count; i++) {
        operate(&work, arguments[i]);
    }
    write_file(&work, arguments[2]);
    printf("%zu packets, %lu left out, %lu late, %lu copied, %lu cut: %zu written\n", work.file.count,
           work.lost, work.moved, work.copied, work.cut, work.count);
    free(work.entries);
    frames_close(&work.file);
    return 0;
}
