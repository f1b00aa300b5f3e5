/* SPDX-License-Identifier: Apache-2.0 */
/* The Internet checksum (RFC 1071). Pure functions. */
#ifndef HARK_CAPTURE_CHECKSUM_H
#define HARK_CAPTURE_CHECKSUM_H

#include "capture/packet.h"

/* True when the header's checksum field fits its bytes (RFC 791). */
bool checksum_ipv4_valid(struct slice header);
/* True when the whole segment (TCP header and payload) fits its checksum under the pseudo header of RFC 9293
 * section 3.1 (IPv4) or RFC 8200 section 8.1 (IPv6). Ports of the endpoints are not used. */
bool checksum_tcp_valid(const struct flow_key *, struct slice segment);
/* True when the checksum is the sum of the pseudo header alone, with the segment's length or without one:
 * what a host writes there where its network card is to fill it in, or where it put segments of one
 * connection together that the card had checked. */
bool checksum_tcp_partial(const struct flow_key *, struct slice segment);

#endif
