/* SPDX-License-Identifier: Apache-2.0 */
/* The short way of the usual packet: an established connection, nothing waits, nothing is missing, and the
 * packet brings the next bytes or acknowledges some. What it does is what session_check, session_claim and
 * session_packet would do, less all that can't apply. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_STEADY_H
#define HARK_REASSEMBLY_SESSION_STEADY_H

#include "reassembly/session.h"

/* May packets go the short way? To be kept in session.steady whenever anything but the short way has changed
 * the session. */
bool session_is_steady(const struct session *);
/* Takes the packet of a steady session, if it is a usual one; FLOW_FATES: it is not, and nothing has
 * happened. The session's deadline is not earlier than before as long as it stays steady. */
enum flow_fate session_steady_packet(struct reassembler *, struct session *, enum direction,
                                     const struct packet *);

/* --- also for session_ending.c --- */

/* What the packet acknowledges of a stream, of which nothing beyond delivery is acknowledged: stream_offset
 * without the general case. */
static inline uint64_t session_steady_ack(const struct stream *other, const struct packet *p) {
    return stream_nearest(other->next, p->ack);
}

/* Is the packet a copy by the tap? It is counted then, and nothing else happens. `fresh`: it can't be one,
 * and is remembered for those of its own. */
static inline bool session_steady_copy(const struct reassembler *r, struct session *x, enum direction d,
                                       const struct packet *p, bool fresh) {
    if (fresh) {
        tcpfacts_remember(&x->facts[d], p, &r->secret);
        return false;
    }
    bool copy = tcpfacts_tap_copy(&x->facts[d], p, r->limits->skew_ns, &r->secret);
    x->connection.counts[d].tap_duplicates += copy;
    return copy;
}

/* Could the packet be the handshake's last ACK, not seen so far? */
static inline bool session_may_shake_hands(const struct session *x, enum direction d,
                                           const struct packet *p) {
    const struct connection *c = &x->connection;
    bool done = c->handshake_ack_ns != 0 && c->start_known[direction_other(d)];
    return !done && c->syn_ns != 0 && c->syn_from == d && (uint32_t)c->start[d] == p->seq;
}

#endif
