/* SPDX-License-Identifier: Apache-2.0 */
/* SYNs: where a direction starts, the handshake's times, and whether a packet belongs to the connection or
 * begins the next one with the same addresses and ports. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_SYN_H
#define HARK_REASSEMBLY_SESSION_SYN_H

#include "reassembly/session.h"

enum session_claim {
    CLAIM_OURS,    /* the packet belongs to the connection, or to none that could be told */
    CLAIM_NEW,     /* begins a new connection: a SYN, or what has none of the numbers of the old one, which is
                      ending or ended */
    CLAIM_GOES_ON, /* bytes that a closed connection never had: it was not over */
    CLAIM_CANDIDATE, /* confirms the SYN that was remembered: that one began a new connection */
    CLAIM_LATER,     /* a SYN that might begin one; remembered */
    CLAIM_STRAY, /* a SYN inside the living connection's window (RFC 9293 section 3.10.7.4), or a bare ACK far
                    outside of it: nothing */
};

/* How far the packet's numbers are from those that the connection has shown; 0: among them. To compare the
 * connections that have had the same key. */
uint64_t session_distance(struct session *, enum direction, const struct packet *);
/* Judges a packet before anything else is done with it. */
enum session_claim session_claim(struct session *, enum direction, const struct packet *);
/* Takes the facts of a SYN that is the connection's own. */
void session_syn(struct reassembler *, struct session *, enum direction, const struct packet *);
/* Takes what the other packets of a handshake tell. `ack_offset`: what the packet acknowledges. */
void session_handshake(struct reassembler *, struct session *, enum direction, const struct packet *,
                       uint64_t ack_offset);

/* Only for packets without payload and tunnels, which have nothing that is lost here. */
void embryo_packet_save(struct embryo_packet *, const struct packet *);
/* `key`: as the packet had it. */
void embryo_packet_restore(const struct embryo_packet *, const struct flow_key *key, struct packet *);

#endif
