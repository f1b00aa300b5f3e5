/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include "capture/limits.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define START_NS (1000 * NS_PER_SECOND)

enum { BYTES = 1 << 28, ASK_MEMBER = 60 };

void crowd_init(struct crowd *c) {
    buf_init(&c->bytes, BYTES);
    buf_init(&c->file, BYTES);
}

void crowd_fini(struct crowd *c) {
    buf_fini(&c->bytes);
    buf_fini(&c->file);
}

static void add_frames(struct crowd *c, int64_t start_ns) {
    for (unsigned i = 0; i < c->frames.count; i++) {
        struct slice bytes = tap_frames_render(&c->frames, i, &c->canvas);
        script_must(c->count < CROWD_FRAMES);
        c->frame[c->count] = (struct crowd_frame){.seen_ns = start_ns + c->frames.frame[i].seen_ns,
                                                  .place = c->count,
                                                  .len = (uint32_t)bytes.len,
                                                  .at = c->bytes.len};
        c->count++;
        script_must(buf_append_slice(&c->bytes, bytes));
    }
}

static void add_member(struct crowd *c, uint64_t seed, unsigned number, uint32_t on) {
    uint64_t own = seed * CROWD_MEMBERS + number;
    struct tap_plan plan;
    tap_plan_make(&plan, own, NS_PER_SECOND, script_chance(own, ASK_MEMBER, 0, 4) == 0, true);
    for (unsigned i = 0; i < TAP_from; i++) {
        plan.number[i] = on & 1U << i ? plan.number[i] : 0;
    }
    c->script.net = (uint16_t)number;
    script_make(&c->script, own, &script_all);
    tap_make(&c->tap, &c->script, &plan);
    tap_frames_make(&c->frames, &c->tap);
    add_frames(c, START_NS + (int64_t)script_chance(own, ASK_MEMBER, 1, 1000) * NS_PER_MILLISECOND);
}
_Static_assert(TAP_from <= 32, "a mask of 32 bits names all numbers");

static int by_sight(const void *a, const void *b) {
    const struct crowd_frame *x = a, *y = b;
    if (x->seen_ns != y->seen_ns) {
        return x->seen_ns < y->seen_ns ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

void crowd_make(struct crowd *c, uint64_t seed, uint32_t members, uint32_t on) {
    c->count = 0;
    buf_clear(&c->bytes);
    for (unsigned i = 0; i < CROWD_MEMBERS; i++) {
        if (members & 1U << i) {
            add_member(c, seed, i, on);
        }
    }
    qsort(c->frame, c->count, sizeof *c->frame, by_sight);
}

int crowd_file(void) {
    int fd = memfd_create("crowd", 0);
    script_must(fd >= 0);
    return fd;
}

void crowd_write(struct crowd *c, int fd, uint32_t from, uint32_t to) {
    const uint32_t head[] = {0xa1b23c4d, 4U << 16 | 2, 0, 0, 262144, 1};
    buf_clear(&c->file);
    buf_append(&c->file, head, sizeof head);
    for (uint32_t i = from; i < to && i < c->count; i++) {
        const struct crowd_frame *f = &c->frame[i];
        const uint32_t record[] = {(uint32_t)(f->seen_ns / NS_PER_SECOND),
                                   (uint32_t)(f->seen_ns % NS_PER_SECOND), f->len, f->len};
        buf_append(&c->file, record, sizeof record);
        buf_append(&c->file, c->bytes.ptr + f->at, f->len);
    }
    bool written = ftruncate(fd, 0) == 0 && pwrite(fd, c->file.ptr, c->file.len, 0) == (ssize_t)c->file.len;
    script_must(written && !c->file.failed);
}
