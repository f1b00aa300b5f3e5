/* SPDX-License-Identifier: Apache-2.0 */
/* A look some frames ahead, in bytes that are in memory but in no cache: their headers are asked for before
 * their turn. A hint; it changes nothing. Embedded by value, one thread. */
#ifndef HARK_CAPTURE_SOURCE_AHEAD_H
#define HARK_CAPTURE_SOURCE_AHEAD_H

#include "capture/file_format.h"
#include "capture/prefetch.h"

enum {
    AHEAD_BYTES = 192, /* a frame's headers and what of its payload is read first */
    AHEAD_FRAMES = 8,
};

struct source_ahead {
    const uint8_t *at; /* a frame begins here, `frames` after the next one; it was asked for */
    unsigned frames;
};

static inline void source_ahead_init(struct source_ahead *ahead) {
    *ahead = (struct source_ahead){.at = NULL};
}

/* Bytes of frames are at hand from `next`, where one begins, to `end`; all calls are for ever later places in
 * the same memory. */
static inline void source_ahead_go_on(struct source_ahead *ahead, const struct file_format *format,
                                      const uint8_t *next, const uint8_t *end) {
    if (ahead->frames == 0 || ahead->at <= next) {
        ahead->at = next;
        ahead->frames = 0;
    } else {
        ahead->frames--;
    }
    /* Two at a time, until it is as far ahead as it goes. */
    for (unsigned i = 0; i < 2 && ahead->frames < AHEAD_FRAMES && end - ahead->at >= FILE_STRIDE_BYTES; i++) {
        size_t stride = file_format_stride(format, ahead->at);
        if (stride == 0 || stride > (size_t)(end - ahead->at)) {
            break;
        }
        ahead->at += stride;
        ahead->frames++;
        prefetch_now(ahead->at, AHEAD_BYTES);
        prefetch_now(ahead->at + stride, 1); /* where the next two begin if they are as long, as of a body */
        prefetch_now(ahead->at + 2 * stride, 1);
    }
}

#endif
