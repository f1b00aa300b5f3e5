/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a closed session while it lingers for its late packets: a tenth of its memory. A packet
 * makes a session of it again. Where connections are short there are more graves than all else. Private to
 * reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_GRAVE_H
#define HARK_REASSEMBLY_SESSION_GRAVE_H

#include "reassembly/session.h"

enum {
    GRAVE_STARTED = 1,
    GRAVE_START = 2,
    GRAVE_ANCHORED = 4,
    GRAVE_ACKED = 8,
    GRAVE_FIN = 16,
    GRAVE_DATA = 32,
};

#define GRAVE_MIDDLE UINT64_C(0x80000000)

/* Numbers are distances from `highest`, and valid if they are known. */
struct grave_side {
    uint64_t highest;
    uint32_t next; /* below; this and `origin` with GRAVE_STARTED */
    uint32_t origin;
    uint32_t start; /* below */
    uint32_t acked; /* above, with GRAVE_MIDDLE added */
    uint32_t fin;   /* the same */
    uint8_t known;  /* a bit for each of the above */
    uint8_t sightings;
};

/* A sighting in three words. Those of a side stand in the order in which they came. */
struct grave_sighting {
    uint32_t mark[2];
    uint32_t age_ns; /* before latest_ns */
};

struct session_grave {
    int64_t closed_ns;
    int64_t latest_ns; /* packet clock: no sighting is later */
    bool continuation;
    uint8_t size;
    struct grave_side sides[2];
    struct grave_sighting sightings[]; /* of side 0, then of side 1 */
};

enum { GRAVE_SIZES = 2 };

/* Bytes of a grave of the size, from 0. */
size_t session_grave_bytes(unsigned size);
/* The size that the session's grave must have. */
unsigned session_grave_size(const struct session *);

/* Is the session closed, with nothing that a grave has no place for: lost ranges that late bytes may be of, a
 * start that was only presumed, the SYN of a next connection? */
bool session_can_rest(const struct session *);
/* One that can rest, with a grave of its size. False: its numbers or times are too far apart for one. */
bool session_bury(const struct reassembler *, const struct session *, struct session_grave *);
/* `x` is as session_init left it. */
void session_exhume(struct session *x, const struct session_grave *);

#endif
