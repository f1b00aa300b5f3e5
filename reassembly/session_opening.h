/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake's first two packets, when they are what they should be: kept as embryo until a third one
 * comes, and then taken with less work than any packet needs. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_OPENING_H
#define HARK_REASSEMBLY_SESSION_OPENING_H

#include "reassembly/session.h"

/* Takes a new session's first packet, a SYN without ACK, FIN, RST or payload, of direction 0, as
 * session_check and session_packet would. */
void session_opening_syn(struct reassembler *, struct session *, const struct packet *);
/* Then the first one of direction 1, a SYN+ACK without FIN, RST or payload that acknowledges the SYN alone.
 */
void session_opening_syn_ack(struct reassembler *, struct session *, const struct packet *);

#endif
