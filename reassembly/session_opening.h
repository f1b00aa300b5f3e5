/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake's packets, when they are what they should be: the first two are kept as embryo until a third
 * one comes, and then all are taken with less work than any packet needs. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_OPENING_H
#define HARK_REASSEMBLY_SESSION_OPENING_H

#include "reassembly/session.h"

/* Takes a new session's first packet, a SYN without ACK, FIN, RST or payload, of direction 0, as
 * session_check and session_packet would. */
void session_opening_syn(struct reassembler *, struct session *, const struct packet *);
/* Then the first one of direction 1, a SYN+ACK without FIN, RST or payload that acknowledges the SYN alone.
 */
void session_opening_syn_ack(struct reassembler *, struct session *, const struct packet *);
/* Then the handshake's last ACK, if that is what comes next. False: it is something else, and nothing has
 * happened. */
bool session_opening_ack(struct reassembler *, struct session *, enum direction, const struct packet *);

#endif
