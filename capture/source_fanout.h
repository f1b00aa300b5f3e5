/* SPDX-License-Identifier: Apache-2.0 */
/* Several sources of one live interface, among which the kernel deals the packets (PACKET_FANOUT): by a hash
 * of addresses and ports that is the same for both directions of a connection, fragments of IPv4 put together
 * first. It hashes the outermost IP header: packets of one connection in a tunnel may come to different
 * sources, and so may those of IPv6 fragments. Each source is for a thread of its own. */
#ifndef HARK_CAPTURE_SOURCE_FANOUT_H
#define HARK_CAPTURE_SOURCE_FANOUT_H

#include "capture/source.h"

enum { SOURCE_FANOUT_MOST = 64, SOURCE_FANOUT_RING_LEAST = 1 << 20 /* bytes */ };

/* Each source's part of a buffer of `bytes`, SOURCE_FANOUT_RING_LEAST at least. */
uint64_t source_fanout_buffer_bytes(uint64_t bytes, size_t count);

/* Opens `count` (2 to SOURCE_FANOUT_MOST) sources of the options' one interface into `sources`; the options'
 * buffer_bytes are shared out. A packet is given by one of them,
 * those from before all were ready by none. On error false: none is open, and the message is set. */
bool source_open_fanout(const struct source_live_options *, struct source **sources, size_t count,
                        enum source_error *, char message[SOURCE_MESSAGE_BYTES]);

#endif
