/* SPDX-License-Identifier: Apache-2.0 */
/* The usual frame in one step: Ethernet without tags, IPv4 without options and whole, TCP. The walk would
 * give the same (tests/unit/test_decode_usual.c compares the two). */
#include "capture/decode_walk.h"

#include <pcap/dlt.h>

enum {
    ETHERNET_BYTES = 14,
    IP_BYTES = 20,
    TCP_BYTES = 20,
};

static void set_frame(struct packet *packet, const struct frame *frame) {
    walk_begin_packet(packet, frame);
    memcpy(packet->path.mac[1], frame->bytes.ptr, 6);
    memcpy(packet->path.mac[0], frame->bytes.ptr + 6, 6);
    packet->path.has_mac = true;
}

static void set_ip(struct packet *packet, const uint8_t *ip) {
    walk_set_address_v4(&packet->key.side[0].address, ip + 12);
    walk_set_address_v4(&packet->key.side[1].address, ip + 16);
    packet->key.vlan = 0;
    packet->key.ip_version = 4;
    packet->ip_id = be16_at(ip + 4);
    packet->ttl = ip[8];
}

static void set_tcp(struct packet *packet, const uint8_t *tcp, size_t options) {
    packet->key.side[0].port = be16_at(tcp);
    packet->key.side[1].port = be16_at(tcp + 2);
    packet->seq = be32_at(tcp + 4);
    packet->ack = be32_at(tcp + 8);
    packet->flags = tcp[13] & DECODE_TCP_FLAGS;
    packet->window = be16_at(tcp + 14);
    packet->checksum = be16_at(tcp + 16);
    decode_tcp_options(packet, slice_make(tcp + TCP_BYTES, options));
    packet->cut = 0;
}

bool decode_usual(const struct frame *frame, struct packet *packet) {
    enum { TYPE_AND_VERSION = 0x080045, FRAGMENT_AND_PROTOCOL = 0x3fff00ff, TCP_ALONE = 6 };
    if (frame->link_type != DLT_EN10MB || frame->bytes.len < ETHERNET_BYTES + IP_BYTES + TCP_BYTES) {
        return false;
    }
    const uint8_t *ip = frame->bytes.ptr + ETHERNET_BYTES, *tcp = ip + IP_BYTES;
    if (be32_at(ip - 2) >> 8 != TYPE_AND_VERSION || (be32_at(ip + 6) & FRAGMENT_AND_PROTOCOL) != TCP_ALONE) {
        return false;
    }
    size_t total = be16_at(ip + 2), tcp_header = (size_t)(tcp[12] >> 4) * 4, header = IP_BYTES + tcp_header;
    if (tcp_header < TCP_BYTES || total < header || total > frame->bytes.len - ETHERNET_BYTES) {
        return false;
    }
    set_frame(packet, frame);
    set_ip(packet, ip);
    set_tcp(packet, tcp, tcp_header - TCP_BYTES);
    packet->payload = slice_make(ip + header, total - header);
    return true;
}
