/* SPDX-License-Identifier: Apache-2.0 */
/* The short way of the usual packet of a connection in which bytes wait: it brings the bytes behind all that
 * were seen of its direction, which are put behind those that wait, or acknowledges some. As with the short
 * way of those in which nothing waits (session_steady.h), it does what session_check, session_claim and
 * session_packet would do. Private to reassembly. */
#ifndef HARK_REASSEMBLY_SESSION_BEHIND_H
#define HARK_REASSEMBLY_SESSION_BEHIND_H

#include "reassembly/session.h"

/* May packets go this way? To be kept in session.waits_usually whenever anything but the short way has
 * changed the session, and all was offered that could be. */
bool session_waits_usually(const struct session *);
/* Takes the packet of such a session, if it is a usual one; false: nothing has happened. `*settled`: the
 * session still may take packets this way, and its deadline is not earlier than before. */
bool session_behind_packet(struct reassembler *, struct session *, enum direction, const struct packet *,
                           enum flow_fate *, bool *settled);

#endif
