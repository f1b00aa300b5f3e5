/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files of any bytes. Taken apart whole, and as rations of them become at hand, and through a source
 * from a file, they are the same frames, ends and problems; and where libpcap reads them as well, they are
 * libpcap's (file_oracle.h). How large the rations are comes from the input's length. The mutator mends what
 * a mutation breaks most surely: the two lengths of pcapng blocks. */
#include "capture/file_format.h"
#include "capture/limits.h"
#include "file_oracle.h"
#include "input.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PATH_BYTES = 64, COPIED_MOST = 1 << 14 };

/* What became of a file, so that two ways can be compared. */
struct outcome {
    uint64_t frames;
    uint64_t number; /* of the last frame */
    uint64_t digest;
    enum file_step end; /* FILE_MORE: the file's end */
    size_t place;
    char problem[FILE_PROBLEM_BYTES];
};

struct walk {
    struct file_format format;
    struct slice file;
    size_t ration;
    size_t have;      /* bytes at hand, from outcome.place on */
    uint8_t *at_hand; /* these, in memory of their size where the file is not large */
    struct outcome outcome;
    struct file_oracle oracle;
};

static void walk_begin(struct walk *w, struct slice file, size_t ration) {
    *w = (struct walk){.file = file, .ration = ration};
    file_format_init(&w->format);
}

static void walk_end(struct walk *w) {
    free(w->at_hand);
    file_format_fini(&w->format);
}

static void mix(uint64_t *digest, uint64_t value) {
    *digest = (*digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *digest ^= *digest >> 29;
}

static void note_frame(struct outcome *o, const struct frame *frame) {
    DEMAND(frame->wire_len >= frame->bytes.len);
    DEMAND(frame->time_ns >= 0 && frame->time_ns <= FRAME_TIME_MOST_NS);
    o->frames++;
    o->number++;
    mix(&o->digest, frame->wire_len);
    mix(&o->digest, (uint64_t)frame->time_ns);
    mix(&o->digest, (uint64_t)frame->link_type);
    mix(&o->digest, frame->interface);
    mix(&o->digest, o->number);
    for (size_t i = 0; i < frame->bytes.len; i++) {
        mix(&o->digest, frame->bytes.ptr[i]);
    }
}

static void take(struct walk *w, size_t bytes) {
    DEMAND(bytes > 0 && bytes <= w->have);
    w->outcome.place += bytes;
    w->have -= bytes;
}

/* More at hand; false when there is no more. */
static bool bring(struct walk *w, size_t wanted) {
    size_t left = w->file.len - w->outcome.place - w->have;
    DEMAND(wanted > w->have && wanted <= FILE_BLOCK_BYTES);
    w->have += left < w->ration ? left : w->ration;
    return left > 0;
}

/* A section of the other byte order, or one before the first interface. */
static bool is_beyond_libpcap(const struct walk *w, struct slice at_hand) {
    const char *order = w->format.big_endian ? "\x1a\x2b\x3c\x4d" : "\x4d\x3c\x2b\x1a";
    return w->outcome.place > 0 && at_hand.len >= 12 && memcmp(at_hand.ptr, "\x0a\x0d\x0d\x0a", 4) == 0 &&
           (memcmp(at_hand.ptr + 8, order, 4) != 0 ||
            w->format.interfaces_before + w->format.interface_count == 0);
}

/* The next frame, whose bytes live until the next call. */
static enum source_status walk_next(void *context, struct frame *frame) {
    struct walk *w = context;
    struct outcome *o = &w->outcome;
    for (;;) {
        struct slice at_hand = slice_make(w->file.ptr + o->place, w->have);
        free(w->at_hand);
        w->at_hand = w->file.len <= COPIED_MOST ? exact_copy(at_hand) : NULL;
        at_hand.ptr = w->at_hand ? w->at_hand : at_hand.ptr;
        size_t bytes = 0;
        w->oracle.beyond_libpcap |= is_beyond_libpcap(w, at_hand);
        o->end = file_format_next(&w->format, at_hand, &bytes, frame);
        switch (o->end) {
        case FILE_FRAME:
            take(w, bytes);
            note_frame(o, frame);
            w->oracle.is_pcapng = w->format.kind == FILE_KIND_PCAPNG;
            return SOURCE_FRAME;
        case FILE_RECORD:
        case FILE_PASSED:
            take(w, bytes);
            o->number += o->end == FILE_RECORD;
            for (size_t i = 0; i < w->format.interface_count; i++) {
                w->oracle.loose_fractions |= w->format.interfaces[i].clock.shift > 34;
            }
            break;
        case FILE_MORE:
            if (bring(w, bytes)) {
                break;
            }
            if (w->have || w->format.kind == FILE_KIND_UNKNOWN) {
                file_format_ended(&w->format, at_hand, bytes);
            }
            memcpy(o->problem, w->format.problem, sizeof o->problem);
            return o->problem[0] ? SOURCE_DAMAGED : SOURCE_END;
        case FILE_STRANGE:
        case FILE_DAMAGED:
            memcpy(o->problem, w->format.problem, sizeof o->problem);
            DEMAND(o->end == FILE_STRANGE || (o->problem[0] && !strchr(o->problem, '\n')));
            return SOURCE_DAMAGED;
        }
    }
}

static struct outcome outcome_of(struct slice file, size_t ration) {
    struct walk w;
    struct frame frame;
    walk_begin(&w, file, ration);
    while (walk_next(&w, &frame) == SOURCE_FRAME) {
    }
    walk_end(&w);
    return w.outcome;
}

static void demand_same(const struct outcome *a, const struct outcome *b) {
    DEMAND(a->frames == b->frames && a->number == b->number && a->digest == b->digest);
    DEMAND(a->end == b->end && a->place == b->place && strcmp(a->problem, b->problem) == 0);
}

static void check_source(struct slice file, const struct outcome *whole) {
    char path[PATH_BYTES], message[SOURCE_MESSAGE_BYTES];
    int descriptor = memfd_create("capture", MFD_CLOEXEC);
    DEMAND(descriptor >= 0 && write(descriptor, file.ptr, file.len) == (ssize_t)file.len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    const char *const paths[] = {path};
    enum source_error error;
    struct source *source =
        source_open_files(&(struct source_files_options){.paths = paths, .path_count = 1}, &error, message);
    bool packed = whole->end == FILE_STRANGE || (file.len >= 2 && memcmp(file.ptr, "\x1f\x8b", 2) == 0);
    if (!source) {
        DEMAND(whole->frames == 0 && message[0]);
    } else if (!packed) {
        struct outcome o = {.frames = 0};
        struct frame frame;
        enum source_status status;
        while ((status = source_next(source, &frame)) == SOURCE_FRAME) {
            o.number = frame.number - 1;
            note_frame(&o, &frame);
        }
        DEMAND(o.frames == whole->frames && o.digest == whole->digest);
        DEMAND((status == SOURCE_DAMAGED) == (whole->problem[0] != '\0'));
        DEMAND(status == SOURCE_END || strstr(source_message(source), whole->problem));
        DEMAND(status == SOURCE_END || source_next(source, &frame) == SOURCE_END);
    }
    source_free(source);
    close(descriptor);
}

/* libpcap looks neither at the second length of the first section's header nor at whether the first is in
 * fours. */
static bool is_first_section_sound(const struct outcome *whole) {
    return whole->place > 0 || !strstr(whole->problem, "a block of type");
}

static void check_oracle(struct slice file, const struct outcome *whole) {
    FILE *stream = file.len ? fmemopen((void *)(uintptr_t)file.ptr, file.len, "r") : NULL;
    if (!stream || !is_first_section_sound(whole)) {
        if (stream) {
            fclose(stream);
        }
        return;
    }
    struct walk w;
    walk_begin(&w, file, file.len);
    w.oracle.next = walk_next;
    w.oracle.context = &w;
    w.oracle.is_pcapng = file.ptr[0] == 0x0a;
    if (file_oracle_compare(&w.oracle, stream) == ORACLE_DIFFERENT) {
        fprintf(stderr, "%s\n", w.oracle.text);
        abort();
    }
    walk_end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice file = slice_make(data, size);
    struct outcome whole = outcome_of(file, size);
    struct outcome rationed = outcome_of(file, 1 + size * 7 % 61);
    demand_same(&whole, &rationed);
    check_source(file, &whole);
    check_oracle(file, &whole);
    return 0;
}

#ifdef HARK_FUZZ
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

static uint32_t number_at(const uint8_t *at, bool big_endian) {
    uint32_t little = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
    return big_endian ? __builtin_bswap32(little) : little;
}

static void put_number(uint8_t *at, uint32_t value, bool big_endian) {
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> 8 * (big_endian ? 3 - i : i));
    }
}

/* Makes each block as long as it says, or else as long as the file allows. */
static void mend_lengths(uint8_t *data, size_t size) {
    bool big_endian = false;
    for (size_t at = 0; at + 12 <= size;) {
        if (number_at(data + at, false) == 0x0a0d0d0a) {
            big_endian = number_at(data + at + 8, true) == 0x1a2b3c4d;
        }
        uint32_t len = number_at(data + at + 4, big_endian) & ~UINT32_C(3);
        if (len < 12 || len > size - at) {
            len = (uint32_t)(size - at) & ~UINT32_C(3);
        }
        put_number(data + at + 4, len, big_endian);
        put_number(data + at + len - 4, len, big_endian);
        at += len;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 8 && size >= 12 && data[0] == 0x0a) {
        mend_lengths(data, size);
    }
    return size;
}
#endif
