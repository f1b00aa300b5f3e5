/* SPDX-License-Identifier: Apache-2.0 */
/* Link layers: from the frame's first byte to IP or to a tag, label or session header; private to decode.
 * Pure functions over a walk. */
#ifndef HARK_CAPTURE_LINK_H
#define HARK_CAPTURE_LINK_H

#include "capture/decode_walk.h"

/* Reads the header that the link type (DLT_ of libpcap) puts first. */
enum layer link_begin(struct walk *, int link_type);

enum layer link_ethernet(struct walk *);
/* IEEE 802.2, with SNAP (RFC 1042). */
enum layer link_llc(struct walk *);
/* One IEEE 802.1Q tag, after its ethertype. */
enum layer link_vlan(struct walk *);
/* Protocol field and payload (RFC 1661), with or without address and control (RFC 1662). */
enum layer link_ppp(struct walk *);

/* The layer that an ethertype names; ends the walk as DECODE_NOT_IP where hark knows none. */
enum layer link_ethertype(struct walk *, uint16_t ethertype);
/* True for the ethertypes that link_ethertype knows, and ARP. */
bool link_ethertype_known(uint16_t ethertype);

/* link_wifi.c: IEEE 802.11, bare or behind a capture header. */
enum layer link_radiotap(struct walk *);
enum layer link_prism(struct walk *);
enum layer link_avs(struct walk *);
enum layer link_wifi(struct walk *);

#endif
