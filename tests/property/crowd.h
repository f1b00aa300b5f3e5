/* SPDX-License-Identifier: Apache-2.0 */
/* Many scripts in one capture, each as its own tap schedule saw it. Embedded by value; one thread. */
#ifndef HARK_TESTS_CROWD_H
#define HARK_TESTS_CROWD_H

#include "tap_frames.h"

#include "capture/buf.h"

enum { CROWD_MEMBERS = 32, CROWD_FRAMES = 1 << 18 };

struct crowd_frame {
    int64_t seen_ns;
    uint32_t place; /* in the order of making */
    uint32_t len;
    size_t at; /* in bytes */
};

struct crowd {
    unsigned count;
    struct crowd_frame frame[CROWD_FRAMES]; /* in the order of the capture */
    struct buf bytes;
    struct buf file;
    /* of the member being made */
    struct script script;
    struct tap tap;
    struct tap_frames frames;
    struct tap_canvas canvas;
};

void crowd_init(struct crowd *);
void crowd_fini(struct crowd *);
/* `members` is a mask of scripts; `on` a mask of the plan's numbers, the others are 0. */
void crowd_make(struct crowd *, uint64_t seed, uint32_t members, uint32_t on);
/* A file in memory, open for reading and writing. */
int crowd_file(void);
/* Frames [from, to) as a pcap file with nanoseconds, in place of what the file held. */
void crowd_write(struct crowd *, int fd, uint32_t from, uint32_t to);

#endif
