/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a closed session while it lingers for its late packets: a fifth of its memory. A packet
 * makes a session of it again. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_GRAVE_H
#define HARK_REASSEMBLY_SESSION_GRAVE_H

#include "reassembly/session.h"

struct grave_side {
    uint64_t next;
    uint64_t origin;
    uint64_t highest;
    uint64_t acked;
    uint64_t fin;
    uint64_t start;
    bool start_known;
    bool anchored;
    bool acked_known;
    bool fin_known;
    bool data_seen;
    uint8_t sightings_at;
    uint8_t sightings_count;
    struct sighting sightings[TCPFACTS_SIGHTINGS];
};

struct session_grave {
    int64_t closed_ns;
    bool continuation;
    struct grave_side sides[2];
};

/* Is the session closed, with nothing that a grave has no place for: lost ranges that late bytes may be of, a
 * start that was only presumed, the SYN of a next connection? */
bool session_can_rest(const struct session *);
void session_bury(const struct session *, struct session_grave *);
/* `x` is as session_init left it. */
void session_exhume(struct session *x, const struct session_grave *);

#endif
