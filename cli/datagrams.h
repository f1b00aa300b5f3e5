/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are fragments of datagrams not complete yet, by the datagrams' names (decode.h): once one is
 * complete it is known which connection they belong to. Of fixed size: the oldest are forgotten. Embedded by
 * value; one thread at a time. */
#ifndef HARK_CLI_DATAGRAMS_H
#define HARK_CLI_DATAGRAMS_H

#include "capture/decode.h"

enum {
    DATAGRAM_FRAMES = 32768,      /* that wait at once */
    DATAGRAM_FRAMES_TAKEN = 8192, /* of one packet: a datagram has no more that differ */
};

struct datagram_frame {
    uint64_t name; /* of its datagram; 0: taken */
    uint64_t frame;
    int64_t time_ns;
};

/* Invariant: those that wait are among the entries from `first` to below `end`, which only grow. */
struct datagrams {
    struct datagram_frame *frames; /* owned, DATAGRAM_FRAMES of them */
    uint64_t first;
    uint64_t end;
    int64_t timeout_ns;
    bool forgot;       /* one that waited was forgotten ... */
    int64_t forgot_ns; /* ... last at this time */
};

/* False without memory; datagrams_fini is needed all the same. */
bool datagrams_init(struct datagrams *, int64_t timeout_ns);
void datagrams_fini(struct datagrams *);

/* What the decoder said of a frame: the others of datagrams that it completed, for the caller, in the order
 * they came; `taken` has room for DATAGRAM_FRAMES_TAKEN. Where it is a fragment itself of one that waits, it
 * waits with them, and nothing is taken. `frame` is the caller's name for it. */
size_t datagrams_frame(struct datagrams *, const struct decode_datagrams *, uint64_t frame, int64_t time_ns,
                       uint64_t *taken);

/* May a packet that is complete now lack fragments, since some that came shortly before were forgotten? */
bool datagrams_may_lack(const struct datagrams *, int64_t now_ns);

#endif
