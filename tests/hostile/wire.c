/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <string.h>

enum { ETHERNET = 14, PROTOCOL_TCP = 6, PROTOCOL_FRAGMENT = 44 };

static void put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v) {
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static uint32_t sum(uint32_t so_far, const uint8_t *bytes, size_t len) {
    uint64_t total = so_far;
    for (; len > 1; bytes += 2, len -= 2) {
        total += (uint32_t)(bytes[0] << 8 | bytes[1]);
    }
    total += len ? (uint32_t)bytes[0] << 8 : 0;
    while (total >> 16) {
        total = (total & 0xffff) + (total >> 16);
    }
    return (uint32_t)total;
}

size_t wire_tcp(uint8_t *out, const struct segment *s) {
    /* A SYN offers a window scale of 2^7 and the segment size, as usual. */
    static const uint8_t options[8] = {2, 4, WIRE_MSS >> 8, WIRE_MSS & 0xff, 1, 3, 3, 7};
    size_t header = s->flags & WIRE_SYN ? 28 : 20;
    memset(out, 0, header);
    put16(out, s->from.port);
    put16(out + 2, s->to.port);
    put32(out + 4, s->seq);
    put32(out + 8, s->flags & WIRE_ACK ? s->ack : 0);
    out[12] = (uint8_t)(header << 2);
    out[13] = s->flags;
    put16(out + 14, s->window);
    if (header > 20) {
        memcpy(out + 20, options, sizeof options);
    }
    if (s->len) {
        memcpy(out + header, s->bytes, s->len);
    }
    size_t len = header + s->len, address = s->from.is_ipv6 ? 16 : 4;
    uint32_t check = sum((uint32_t)len + PROTOCOL_TCP, s->from.address, address);
    check = sum(sum(check, s->to.address, address), out, len);
    put16(out + 16, (~check & 0xffff) ^ (s->bad_checksum ? 0x5555 : 0));
    return len;
}

static size_t ipv4_header(uint8_t *ip, const struct segment *s, const struct fragment *f, size_t len) {
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(20 + len));
    put16(ip + 4, f ? f->id & 0xffff : s->seq * 7 >> 3 & 0xffff);
    put16(ip + 6, f ? (f->offset >> 3) | (f->more ? 0x2000u : 0) : 0x4000u);
    ip[8] = s->ttl;
    ip[9] = PROTOCOL_TCP;
    memcpy(ip + 12, s->from.address, 4);
    memcpy(ip + 16, s->to.address, 4);
    put16(ip + 10, ~sum(0, ip, 20) & 0xffff);
    return 20;
}

static size_t ipv6_header(uint8_t *ip, const struct segment *s, const struct fragment *f, size_t len) {
    size_t header = f ? 48 : 40;
    memset(ip, 0, header);
    ip[0] = 0x60;
    put16(ip + 4, (uint32_t)(header - 40 + len));
    ip[6] = f ? PROTOCOL_FRAGMENT : PROTOCOL_TCP;
    ip[7] = s->ttl;
    memcpy(ip + 8, s->from.address, 16);
    memcpy(ip + 24, s->to.address, 16);
    if (f) {
        ip[40] = PROTOCOL_TCP;
        put16(ip + 42, f->offset | (f->more ? 1u : 0));
        put32(ip + 44, f->id);
    }
    return header;
}

size_t wire_frame(uint8_t *frame, const struct segment *s, const struct fragment *fragment,
                  const uint8_t *payload, size_t len) {
    static const uint8_t macs[12] = {0, 0, 0x5e, 0, 0x53, 2, 0, 0, 0x5e, 0, 0x53, 1};
    memcpy(frame, macs, sizeof macs);
    put16(frame + 12, s->from.is_ipv6 ? 0x86dd : 0x0800);
    uint8_t *ip = frame + ETHERNET;
    size_t header = s->from.is_ipv6 ? ipv6_header(ip, s, fragment, len) : ipv4_header(ip, s, fragment, len);
    memcpy(ip + header, payload, len);
    return ETHERNET + header + len;
}

struct endpoint wire_ipv4(uint32_t address, uint16_t port) {
    struct endpoint e = {.port = port};
    put32(e.address, address);
    return e;
}

struct endpoint wire_ipv6(uint64_t host, uint16_t port) {
    struct endpoint e = {.address = {0xfd}, .is_ipv6 = true, .port = port};
    put32(e.address + 8, (uint32_t)(host >> 32));
    put32(e.address + 12, (uint32_t)host);
    return e;
}
