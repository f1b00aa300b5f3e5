/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands at an end of a forwarded connection, as Forwarded and X-Forwarded-For name it (RFC 7239 section
 * 6): an address, with or without a port, or something else. Slices are views of the value. Pure functions.
 */
#ifndef HARK_ANALYZER_FORWARDED_NODE_H
#define HARK_ANALYZER_FORWARDED_NODE_H

#include "capture/packet.h"

enum forwarded_node_kind {
    NODE_ABSENT,
    NODE_ADDRESS,
    NODE_UNKNOWN,    /* "unknown" (section 6.2) */
    NODE_OBFUSCATED, /* "_hidden" (section 6.3) */
    NODE_OTHER,      /* a name, or malformed */
};

struct forwarded_node {
    enum forwarded_node_kind kind;
    struct slice text;      /* without the port of an address and the brackets around it */
    struct address address; /* valid with NODE_ADDRESS */
    uint8_t ip_version;     /* 4 or 6, likewise */
    bool has_port;
    uint16_t port; /* of an address */
};

/* IPv6 with a port must stand in brackets; without one, X-Forwarded-For has it bare. */
struct forwarded_node forwarded_node_read(struct slice);

#endif
