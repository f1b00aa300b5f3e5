/* SPDX-License-Identifier: Apache-2.0 */
/* What the pipeline does about overload: measures the backlog, asks the governor, has the kernel cut frames
 * short and the shedder leave out what the level says, and tells the user when it begins and ends.
 * Heap-owned; the reader's thread. */
#ifndef HARK_CLI_GUARD_H
#define HARK_CLI_GUARD_H

#include "cli/backlog.h"
#include "cli/progress.h"
#include "cli/shedder.h"

/* The clock is looked at once in so many frames; for each such part that a frame is larger it counts once
 * more. */
enum { GUARD_FRAMES = 64, GUARD_FRAME_BYTES = 2048 };
/* Between samples, and between looks at the kernel's drops while nothing is behind. */
#define GUARD_SAMPLE_NS (20 * NS_PER_MILLISECOND)
#define GUARD_DROPS_NS  (250 * NS_PER_MILLISECOND)
/* Least time between what is said of one overload and the next. A short one may go unsaid. */
#define GUARD_SAY_NS (10 * NS_PER_SECOND)

struct guard_options {
    int64_t lag_most_ns;       /* --overload-lag */
    uint64_t buffer_bytes;     /* the kernel's buffer */
    uint32_t snapshot_length;  /* of the source; 0 for none */
    bool cuts;                 /* frames may be cut short, before connections are left out */
    int64_t idle_ns;           /* a connection without packets for so long is over */
    int64_t linger_ns;         /* ... or so long after its FIN or RST */
    struct progress *progress; /* borrowed */
    unsigned reader;           /* which of several it guards, in what is said; 0: there is one */
    /* The clocks, for tests; NULL: the system's. */
    struct backlog_clocks (*clocks)(void *context);
    void *context;
};

struct guard {
    struct guard_options options;
    struct overload overload;
    struct backlog backlog;
    struct shedder *shedder; /* owned */
    enum overload_level level;
    bool looks; /* at every packet, not only at SYNs */
    unsigned frames;
    int64_t sampled_ns;
    int64_t drops_ns; /* when the kernel was asked last */
    uint64_t dropped;
    bool cut_failed;   /* it is not tried again */
    bool whole_failed; /* frames could not be whole again; that is tried until it is done */
    bool said;         /* something, when: */
    int64_t said_ns;
    enum overload_level said_level; /* the step of the present overload that was told */
    int64_t began_ns;
    uint64_t connections_before; /* left out before this overload */
    uint64_t cut_before;         /* frames cut short before it */
};

/* NULL without memory. */
struct guard *guard_new(const struct guard_options *);
void guard_free(struct guard *);

void guard_sample(struct guard *, struct source *);
/* After each frame of the source. */
static inline void guard_frame(struct guard *guard, struct source *source, const struct frame *frame) {
    backlog_frame(&guard->backlog, frame);
    guard->frames += 1 + frame->wire_len / GUARD_FRAME_BYTES;
    if (guard->frames >= GUARD_FRAMES) {
        guard_sample(guard, source);
    }
}
/* The source has nothing. */
void guard_idle(struct guard *, struct source *);
/* Is the packet left out? As shedder_takes. */
static inline bool guard_takes(struct guard *guard, struct packet *packet, uint64_t hash) {
    bool syn = (packet->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    return (syn || guard->looks) && shedder_takes(guard->shedder, guard->level, packet, hash);
}
/* The pipeline's tick. */
void guard_tick(struct guard *, int64_t now_ns);
void guard_counts(const struct guard *, struct ledger *);

#endif
