/* SPDX-License-Identifier: Apache-2.0 */
/* Whose time passes between a connection's packets with data. Each interval between two of them is told once,
 * when the later one comes: docs/timing.md has the rule. Embedded by value in the session, one thread. */
#ifndef HARK_REASSEMBLY_PACE_H
#define HARK_REASSEMBLY_PACE_H

#include "reassembly/tcpfacts.h"

/* A sender's packets without PSH nearer to each other than this are on their way: nobody paused. */
#define PACE_PAUSE_NS INT64_C(200000)

/* The last packet with data, of either direction. Zeroed at first. */
struct pacer {
    int64_t last_ns;
    enum direction last;
    bool pushed; /* with PSH: its sender had no more to send */
};

/* A packet of `d` with new data is `gap_ns` behind the last one. `receiver`: the facts of the other
 * direction. */
void pace_judge(const struct pacer *, struct connection *, const struct tcpfacts *receiver, enum direction d,
                int64_t gap_ns);

static inline void pacer_note(struct pacer *pacer, enum direction d, const struct packet *p) {
    pacer->last_ns = p->time_ns;
    pacer->last = d;
    pacer->pushed = p->flags & TCP_PSH;
}

/* A packet of `d` with new data: before the consumer sees them. Captured before the last one, it says
 * nothing. */
static inline void pacer_data(struct pacer *pacer, struct connection *c, const struct tcpfacts *receiver,
                              enum direction d, const struct packet *p) {
    int64_t gap_ns = p->time_ns - pacer->last_ns;
    if (gap_ns < 0) {
        return;
    }
    if (pacer->pushed || gap_ns > PACE_PAUSE_NS || pacer->last != d) {
        pace_judge(pacer, c, receiver, d, gap_ns);
    }
    pacer_note(pacer, d, p);
}

/* A packet with data that had been sent before: what passed was the network's. */
static inline void pacer_repeat(struct pacer *pacer, enum direction d, const struct packet *p) {
    if (p->time_ns >= pacer->last_ns) {
        pacer_note(pacer, d, p);
    }
}

/* The direction sent nothing for so long, though it had something to send. Counted when it is a stall. */
void pace_stall(struct connection *, enum direction, int64_t gap_ns);

/* Between both sides, by the handshake; 0 where that was not seen. */
int64_t connection_whole_rtt(const struct connection *);
/* Round trip between the tap and the sender of `d`, by the handshake; valid with handshake_seen. */
int64_t connection_rtt(const struct connection *, enum direction d);

#endif
