/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnel, label and session headers between two protocols; private to decode. Each counts itself, enters
 * itself in the packet's path and names the layer that it carries. Pure functions over a walk. */
#ifndef HARK_CAPTURE_TUNNEL_H
#define HARK_CAPTURE_TUNNEL_H

#include "capture/decode_walk.h"

/* IP in IP: `inner` is LAYER_IPV4 or LAYER_IPV6. */
enum layer tunnel_ipip(struct walk *, enum layer inner);
/* RFC 2784, RFC 2890, version 1 of RFC 2637, ERSPAN types I to III. */
enum layer tunnel_gre(struct walk *);
/* The whole label stack (RFC 3032), then IP or an Ethernet pseudowire (RFC 4448). */
enum layer tunnel_mpls(struct walk *);
/* Session stage of RFC 2516, after its ethertype. */
enum layer tunnel_pppoe(struct walk *);
/* What a UDP datagram carries, by its ports; DECODE_UDP where it is no tunnel. */
enum layer tunnel_udp(struct walk *);

#endif
