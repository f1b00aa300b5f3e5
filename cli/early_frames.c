/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/early_frames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool early_frames_add(struct early_frames *early, const struct frame *frame) {
    assert(early->count < CLOCK_AGREEING - 1);
    uint8_t *bytes = malloc(frame->bytes.len + 1); /* it may be empty */
    if (!bytes) {
        return false;
    }
    memcpy(bytes, frame->bytes.ptr, frame->bytes.len);
    struct frame *own = &early->frames[early->count++];
    *own = *frame;
    own->bytes.ptr = bytes;
    own->block = NULL;
    return true;
}

void early_frames_drop(struct early_frames *early) {
    for (unsigned i = 0; i < early->count; i++) {
        free((void *)(uintptr_t)early->frames[i].bytes.ptr);
    }
    early->count = 0;
}
