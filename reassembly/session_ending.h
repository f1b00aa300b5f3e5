/* SPDX-License-Identifier: Apache-2.0 */
/* The short way of the usual packets at a connection's end: FINs in order without payload, and ACKs of them,
 * while nothing waits and nothing is missing. What it does is what session_check, session_claim and
 * session_packet would do, less all that can't apply. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_ENDING_H
#define HARK_REASSEMBLY_SESSION_ENDING_H

#include "reassembly/session.h"

/* May packets go the short way, after the first FIN? To be kept in session.ends_usually whenever anything but
 * the short way has changed the session. */
bool session_ends_usually(const struct session *);
/* Takes the packet of a session that ends usually, or the first FIN of a steady one, if it is a usual one;
 * FLOW_FATES: it is not, and nothing has happened. Unless that closes the session it ends usually then, and
 * its deadline is not earlier than before but for a FIN that came. */
enum flow_fate session_ending_packet(struct reassembler *, struct session *, enum direction,
                                     const struct packet *);

#endif
