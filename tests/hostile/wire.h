/* SPDX-License-Identifier: Apache-2.0 */
/* Ethernet frames with TCP over IPv4 or IPv6, whole or as fragments, all checksums right unless asked
 * otherwise. Stateless. */
#ifndef HARK_TESTS_WIRE_H
#define HARK_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_FIN = 0x01,
    WIRE_SYN = 0x02,
    WIRE_RST = 0x04,
    WIRE_PSH = 0x08,
    WIRE_ACK = 0x10,
    WIRE_MSS = 1460,
    WIRE_TCP_MAX = 60 + 16384, /* longest TCP segment with its header */
    WIRE_FRAME_MAX = 14 + 48 + WIRE_TCP_MAX
};

struct endpoint {
    uint8_t address[16]; /* IPv4: the first four */
    bool is_ipv6;        /* of both ends or none */
    uint16_t port;
};

struct segment {
    struct endpoint from, to;
    uint32_t seq, ack;
    const uint8_t *bytes; /* borrowed */
    size_t len;           /* at most WIRE_TCP_MAX - 60 */
    uint16_t window;
    uint8_t flags;
    uint8_t ttl;
    bool bad_checksum;
};

/* A piece of an IP datagram's payload. */
struct fragment {
    uint32_t id;
    uint32_t offset; /* bytes, a multiple of 8 */
    bool more;
};

/* The TCP segment without IP; returns its length. `out` has room for WIRE_TCP_MAX bytes. */
size_t wire_tcp(uint8_t *out, const struct segment *);
/* A frame with `len` bytes of IP payload that claim to be TCP; whole when `fragment` is NULL. Returns its
 * length. `frame` has room for WIRE_FRAME_MAX bytes. */
size_t wire_frame(uint8_t *frame, const struct segment *, const struct fragment *fragment,
                  const uint8_t *payload, size_t len);

struct endpoint wire_ipv4(uint32_t address, uint16_t port);
/* fd00::/8, with `host` in its last bytes. */
struct endpoint wire_ipv6(uint64_t host, uint16_t port);

#endif
