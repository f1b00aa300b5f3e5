/* SPDX-License-Identifier: Apache-2.0 */
/* How far hark is behind the kernel: the time since the kernel stamped the packet that hark is at, and how
 * full its buffer must be then, at the rate at which packets came. Neither needs a call into the kernel.
 *
 * Stamps may come from a clock that is not the system's (a network card's), so the least difference seen
 * counts as none, and so does that of a packet that found the buffer empty. When the system's clock is set,
 * what waits has old stamps: nothing is said until it is gone.
 *
 * While frames are cut short (OVERLOAD_BODIES) fewer bytes wait, but only of what came since then: the rate
 * is that of whole frames, and what was or would be cut off is taken from each stretch of time on its own.
 * Pure; embedded by value; one thread. */
#ifndef HARK_CLI_BACKLOG_H
#define HARK_CLI_BACKLOG_H

#include "cli/overload.h"

/* What the kernel's buffer needs for a frame beside its bytes, about: TPACKET_V3's headers, and what stays
 * empty of blocks that are handed over for their age. */
enum { BACKLOG_FRAME_BYTES = 128 };
/* A wall clock that moves against the monotonic one by more was set. */
#define BACKLOG_CLOCK_SET_NS (100 * NS_PER_MILLISECOND)
#define BACKLOG_BLIND_NS     (2 * NS_PER_SECOND)

/* Two clocks, read at once. */
struct backlog_clocks {
    int64_t monotonic_ns;
    int64_t wall_ns;
};

struct backlog {
    uint64_t buffer_bytes;
    uint32_t frame_most; /* snapshot length */
    uint64_t bytes;      /* of frames since the last sample, as they would be whole */
    uint64_t body_bytes; /* of these: behind OVERLOAD_FRAME_BYTES */
    int64_t stamp_ns;    /* of the last frame */
    int64_t sampled_ns;  /* its value at the last sample */
    double rate;         /* whole bytes a nanosecond, 0 while not known */
    double body_part;    /* of them: behind OVERLOAD_FRAME_BYTES; 0 to 1 */
    bool cutting;        /* since: */
    int64_t cut_ns;      /* monotonic; the last change of `cutting`, INT64_MIN for none */
    bool fresh;          /* the next sample's packet waits for nothing but itself */
    bool based;          /* base_ns is valid */
    int64_t base_ns;     /* difference of clock and stamp that is no lag */
    bool clocks_known;   /* clocks is valid */
    struct backlog_clocks clocks;
    int64_t blind_until_ns; /* monotonic */
};

/* `buffer_bytes`: of the kernel's buffer, more than 0; `snapshot_length`: 0 for none. */
void backlog_init(struct backlog *, uint64_t buffer_bytes, uint32_t snapshot_length);
static inline void backlog_frame(struct backlog *b, const struct frame *frame) {
    uint32_t whole = frame->wire_len < b->frame_most ? frame->wire_len : b->frame_most;
    b->bytes += whole + BACKLOG_FRAME_BYTES;
    b->body_bytes += whole > OVERLOAD_FRAME_BYTES ? whole - OVERLOAD_FRAME_BYTES : 0;
    b->stamp_ns = frame->time_ns;
}
/* From now on frames are cut short, or whole again. */
void backlog_cut(struct backlog *, bool cutting, int64_t now_ns);
/* The buffer was empty: nothing waits. */
void backlog_idle(struct backlog *);
/* Fills in all but `dropped`; right after a frame, or after backlog_idle. */
void backlog_sample(struct backlog *, struct backlog_clocks, struct overload_sample *);

#endif
