/* SPDX-License-Identifier: Apache-2.0 */
/* Frames whose time stamps are far ahead of the packet clock, until the next ones tell whether so much time
 * has passed or the stamps are wild (capture/clock.h): only then do they have their turn, so that what they
 * open or go on with is not taken for as old as the frames before the silence. Embedded by value, zero is
 * empty; one thread. */
#ifndef HARK_CLI_EARLY_FRAMES_H
#define HARK_CLI_EARLY_FRAMES_H

#include "capture/clock.h"
#include "capture/packet.h"

struct early_frames {
    struct frame frames[CLOCK_AGREEING - 1]; /* with bytes of their own and no block */
    unsigned count;
};

/* Copies the frame. False without memory for it: it can't wait. */
bool early_frames_add(struct early_frames *, const struct frame *);
/* They had their turn. */
void early_frames_drop(struct early_frames *);

#endif
