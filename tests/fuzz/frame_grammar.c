/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_layers.h"

#include <pcap/dlt.h>

enum { LINKTYPE_RAW = 101 };

static uint32_t sum(uint32_t so_far, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        so_far += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
    }
    return so_far;
}

static uint16_t fold(uint32_t total) {
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t) ~(total + (total >> 16));
}

static void store16(uint8_t *at, uint16_t n) {
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

static uint8_t protocol_of(enum frame_outer outer) {
    switch (outer) {
    case OUTER_TCP:
        return 6;
    case OUTER_UDP:
        return 17;
    case OUTER_GRE:
        return 47;
    case OUTER_IPV4:
        return 4;
    case OUTER_IPV6:
        return 41;
    case OUTER_MPLS:
        return 137;
    case OUTER_ETHERNET:
    case OUTER_VLAN:
    case OUTER_PPPOE:
    case OUTER_PPP:
        break;
    }
    return 0;
}

static void make_segment(struct made_frame *f, struct input *in) {
    uint8_t settings = input_u8(in);
    f->payload_len = (size_t)input_u8(in) * (settings & 1 ? 4 : 1);
    for (size_t i = 0; i < f->payload_len; i++) {
        f->payload[i] = (uint8_t)(i * 7 + settings);
    }
    f->flags = settings >> 2 | TCP_ACK;
    f->seq = input_u32(in);
    f->ack = ~f->seq;
    f->window = input_u16(in);
    f->key.side[0].port = (uint16_t)(1024 + input_u8(in));
    f->key.side[1].port = settings & 2 ? 80 : 8080;
    struct slice options = input_bytes(in, (settings >> 4 & 3) * 4U);
    frame_put(f, f->payload, f->payload_len);
    frame_put_zeros(f, -options.len & 3);
    frame_put(f, options.ptr, options.len);
    frame_put_zeros(f, 4); /* checksum, urgent pointer */
    frame_put16(f, f->window);
    frame_put8(f, f->flags);
    frame_put8(f, (uint8_t)((20 + (options.len + 3) / 4 * 4) / 4 << 4));
    frame_put32(f, f->ack);
    frame_put32(f, f->seq);
    frame_put16(f, f->key.side[1].port);
    frame_put16(f, f->key.side[0].port);
    f->outer = OUTER_TCP;
}

static void segment_checksum(struct made_frame *f, const uint8_t *from, const uint8_t *to, size_t len) {
    uint32_t total = sum(0, from, len);
    total = sum(total, to, len) + 6 + (uint32_t)frame_length(f);
    total = sum(total, f->room + f->at, frame_length(f));
    store16(f->room + f->at + 16, (uint16_t)(fold(total) ^ (f->bad_tcp_checksum ? 0x5555 : 0)));
}

/* The tunnels since the last IP header are carried by this one. */
static void note_outer(struct made_frame *f, const struct address *from, const struct address *to) {
    for (unsigned i = f->tunnels; i-- > 0 && f->tunnel[i].over_ip && f->tunnel[i].outer[0].bytes[15] == 0;) {
        f->tunnel[i].outer[0] = *from;
        f->tunnel[i].outer[1] = *to;
    }
}

/* Keeps one piece of what IP carries. True when there is a fragment header to write. */
static bool split(struct made_frame *f, const struct layer_plan *p, unsigned piece, size_t *offset) {
    size_t len = frame_length(f), at = (size_t)(p->b % 16 + 1) * 8;
    if (!(p->a & 0x40) || f->fragmented || at >= len) {
        return false;
    }
    f->fragmented = true;
    f->pieces = 2;
    f->peels++;
    f->peels_outside = 1;
    *offset = piece ? at : 0;
    if (piece) {
        f->at += at;
    } else {
        f->end = f->at + at;
    }
    return true;
}

static void wrap_ipv4(struct made_frame *f, const struct layer_plan *p, unsigned piece, uint16_t unique) {
    uint8_t from[4] = {10, 0, p->b, (uint8_t)(p->c | 1)}, to[4] = {10, 1, p->c, (uint8_t)(p->b | 1)};
    uint8_t protocol = protocol_of(f->outer);
    bool inner = f->outer == OUTER_TCP;
    if (inner) {
        segment_checksum(f, from, to, 4);
    }
    if (p->a & 0x08) { /* an authentication header */
        frame_put_zeros(f, 4U * (p->a >> 4 & 3) + 8);
        frame_put16(f, 0);
        frame_put8(f, (uint8_t)((p->a >> 4 & 3) + 1));
        frame_put8(f, protocol);
        protocol = 51;
    }
    size_t offset = 0;
    bool fragment = split(f, p, piece, &offset);
    size_t options = p->a & 0x10 ? (p->a >> 5 & 1) * 4U + 4 : 0, total = 20 + options + frame_length(f);
    frame_put_zeros(f, options);
    frame_put(f, to, 4);
    frame_put(f, from, 4);
    frame_put16(f, 0);
    frame_put8(f, protocol);
    frame_put8(f, 64);
    frame_put16(f, fragment ? (unsigned)(offset / 8) | (piece ? 0 : 0x2000) : p->a & 1 ? 0x4000 : 0);
    frame_put16(f, unique);
    bool offloaded = p->a & 0x02 && !fragment && f->trailer == 0;
    frame_put16(f, offloaded ? 0 : (unsigned)total);
    frame_put8(f, 0);
    frame_put8(f, (uint8_t)(0x40 | (20 + options) / 4));
    store16(f->room + f->at + 10,
            (uint16_t)(fold(sum(0, f->room + f->at, 20 + options)) ^ (f->bad_ip_checksum ? 0x5555 : 0)));
    struct address source = address_of_v4(from), destination = address_of_v4(to);
    if (inner) {
        f->key.ip_version = 4;
        f->key.side[0].address = source;
        f->key.side[1].address = destination;
        f->ip_id = unique;
        f->ttl = 64;
        f->offloaded = offloaded;
    }
    note_outer(f, &source, &destination);
    f->has_ipv4 = true;
    f->outer = OUTER_IPV4;
}

/* Extension headers, the last one first. Returns what the first one is. */
static uint8_t wrap_extensions(struct made_frame *f, const struct layer_plan *p, uint8_t protocol,
                               const struct address *final, bool *segments) {
    if (p->a & 0x02) { /* destination options */
        frame_put_zeros(f, 6 + 8U * (p->a & 1));
        frame_put8(f, p->a & 1);
        frame_put8(f, protocol);
        protocol = 60;
    }
    if (p->a & 0x04) { /* segment routing with one segment left */
        frame_put_zeros(f, ADDRESS_BYTES);
        frame_put(f, final->bytes, ADDRESS_BYTES);
        frame_put_zeros(f, 4);
        frame_put8(f, 1);
        frame_put8(f, 4);
        frame_put8(f, 4);
        frame_put8(f, protocol);
        protocol = 43;
        *segments = true;
    }
    if (p->a & 0x08) { /* hop by hop */
        frame_put_zeros(f, 6);
        frame_put8(f, 0);
        frame_put8(f, protocol);
        protocol = 0;
    }
    return protocol;
}

static void wrap_ipv6(struct made_frame *f, const struct layer_plan *p, unsigned piece, uint16_t unique) {
    struct address from = {{0x20, 0x01, 0x0d, 0xb8, [14] = p->b, [15] = (uint8_t)(p->c | 1)}};
    struct address to = {{0x20, 0x01, 0x0d, 0xb8, [13] = 1, [14] = p->c, [15] = (uint8_t)(p->b | 1)}};
    struct address waypoint = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0xee}};
    uint8_t protocol = protocol_of(f->outer);
    bool inner = f->outer == OUTER_TCP, segments = false;
    if (inner) {
        segment_checksum(f, from.bytes, to.bytes, ADDRESS_BYTES);
    }
    uint16_t id = 0;
    size_t offset = 0;
    bool fragment = split(f, p, piece, &offset), atomic = !fragment && p->a & 0x20;
    if (fragment || atomic) {
        frame_put32(f, 0xabcd0000U | unique);
        frame_put16(f, (unsigned)offset | (fragment && !piece));
        frame_put8(f, 0);
        frame_put8(f, protocol);
        protocol = 44;
        id = unique;
        f->peels += atomic;
        f->peels_outside += atomic;
    }
    protocol = wrap_extensions(f, p, protocol, &to, &segments);
    size_t len = frame_length(f);
    frame_put(f, segments ? waypoint.bytes : to.bytes, ADDRESS_BYTES);
    frame_put(f, from.bytes, ADDRESS_BYTES);
    frame_put8(f, 63);
    frame_put8(f, protocol);
    frame_put16(f, (unsigned)len);
    frame_put32(f, 0x60000000);
    if (inner) {
        f->key.ip_version = 6;
        f->key.side[0].address = from;
        f->key.side[1].address = to;
        f->ip_id = id;
        f->ttl = 63;
    }
    note_outer(f, &from, &to);
    f->outer = OUTER_IPV6;
}

static bool is_ip(enum frame_outer outer) {
    return outer == OUTER_IPV4 || outer == OUTER_IPV6;
}

static void wrap_ip(struct made_frame *f, const struct layer_plan *p, unsigned piece, uint16_t unique) {
    if (is_ip(f->outer)) {
        frame_tunnel(f, TUNNEL_IPIP, -1, true);
    }
    if (p->a & 0x80) {
        wrap_ipv6(f, p, piece, unique);
    } else {
        wrap_ipv4(f, p, piece, unique);
    }
}

/* One more layer, of those that can carry what there is. */
static void wrap(struct made_frame *f, const struct layer_plan *p, unsigned piece, uint16_t unique) {
    enum frame_outer o = f->outer;
    if (protocol_of(o) && (o != OUTER_MPLS || p->kind & 1) && (!is_ip(o) || p->kind % 16 == 0)) {
        wrap_ip(f, p, piece, unique);
    } else if (o == OUTER_ETHERNET) {
        if (p->kind % 4 == 3 && f->in_llc) {
            return; /* under labels only a known type is believed to be Ethernet's */
        }
        static void (*const wraps[])(struct made_frame *, const struct layer_plan *) = {
            wrap_gre, wrap_vxlan, wrap_geneve, wrap_mpls};
        wraps[p->kind % 4](f, p);
    } else if (o == OUTER_PPP) {
        static void (*const wraps[])(struct made_frame *, const struct layer_plan *) = {
            wrap_pppoe, wrap_l2tp, wrap_gre, wrap_ethernet};
        wraps[p->kind % 4](f, p);
    } else if (is_ip(o)) {
        static void (*const wraps[])(struct made_frame *, const struct layer_plan *) = {
            wrap_gtpu, wrap_gre, wrap_vxlan, wrap_geneve, wrap_ethernet, wrap_vlan, wrap_mpls, wrap_ppp};
        (o == OUTER_IPV6 && p->kind % 32 == 9 ? wrap_teredo : wraps[p->kind % 8])(f, p);
    } else {
        static void (*const wraps[])(struct made_frame *, const struct layer_plan *) = {
            wrap_ethernet, wrap_vlan, wrap_gre, wrap_geneve};
        bool ppp = o == OUTER_MPLS && p->kind % 8 == 6;
        (ppp ? wrap_ppp : wraps[p->kind % 4])(f, p);
    }
}

static void cooked(struct made_frame *f, bool second) {
    unsigned type = frame_ethertype(f->outer);
    if (second) {
        frame_put_zeros(f, 10);
        frame_put16(f, 1);
        frame_put32(f, 2);
        frame_put16(f, 0);
        frame_put16(f, type);
        f->link_type = DLT_LINUX_SLL2;
        return;
    }
    frame_put16(f, type);
    frame_put_zeros(f, 10);
    frame_put16(f, 1);
    frame_put16(f, 0);
    f->link_type = DLT_LINUX_SLL;
}

static void link_of_ip(struct made_frame *f, uint8_t how) {
    switch (how % 8) {
    case 0:
        f->link_type = LINKTYPE_RAW;
        break;
    case 1:
        f->link_type = f->outer == OUTER_IPV4 ? DLT_IPV4 : DLT_IPV6;
        break;
    case 2:
        frame_put32(f, f->outer == OUTER_IPV4 ? 2 : 30);
        f->link_type = DLT_LOOP;
        break;
    case 3:
        frame_put32(f, f->outer == OUTER_IPV4 ? 0x02000000 : 0x1e000000);
        f->link_type = DLT_NULL;
        break;
    case 4:
        cooked(f, false);
        break;
    case 5:
        cooked(f, true);
        break;
    default:
        wrap_ethernet(f, &(struct layer_plan){.a = how >> 3});
        f->link_type = DLT_EN10MB;
        break;
    }
}

static void link_layer(struct made_frame *f, uint8_t how, unsigned piece, uint16_t unique) {
    const struct layer_plan plain = {.a = how & 0x80, .b = 1, .c = 1};
    if (protocol_of(f->outer) && !is_ip(f->outer) && f->outer != OUTER_MPLS) {
        wrap_ip(f, &plain, piece, unique);
    }
    if (f->outer == OUTER_ETHERNET) {
        f->link_type = DLT_EN10MB;
    } else if (is_ip(f->outer)) {
        link_of_ip(f, how);
    } else if (f->outer == OUTER_PPP) {
        f->link_type = DLT_PPP;
    } else if (f->outer == OUTER_MPLS && how & 1) {
        f->link_type = DLT_MPLS;
    } else if (how & 2) {
        cooked(f, how & 4);
    } else {
        wrap_ethernet(f, &(struct layer_plan){.a = how >> 3});
        f->link_type = DLT_EN10MB;
    }
}

static void damage(struct made_frame *f, struct input *in, unsigned patches) {
    for (unsigned i = 0; i < patches; i++) {
        size_t at = input_u16(in) % frame_length(f);
        uint8_t value = input_u8(in);
        f->damaged |= f->room[f->at + at] != value;
        f->room[f->at + at] = value;
    }
}

void frame_make(struct made_frame *f, struct input *in, unsigned piece, uint16_t unique) {
    enum { TRAILER = 0x01, CUT = 0x02, BAD_IP = 0x04, BAD_TCP = 0x08, PATCHED = 0x10 };
    uint8_t settings = input_u8(in), layers = input_u8(in), how = input_u8(in);
    memset((uint8_t *)f + offsetof(struct made_frame, at), 0, sizeof *f - offsetof(struct made_frame, at));
    f->at = f->end = FRAME_ROOM - 512;
    f->pieces = 1;
    f->bad_ip_checksum = (settings & (BAD_IP | 0x80)) == (BAD_IP | 0x80);
    f->bad_tcp_checksum = (settings & (BAD_TCP | 0x80)) == (BAD_TCP | 0x80);
    f->trailer = settings & TRAILER ? input_u8(in) : 0;
    size_t cut = settings & CUT ? input_u16(in) : 0;
    make_segment(f, in);
    for (unsigned i = 0; i < layers % FRAME_LAYERS; i++) {
        struct layer_plan plan = {input_u8(in), input_u8(in), input_u8(in), input_u8(in)};
        wrap(f, &plan, piece, unique);
    }
    link_layer(f, how, piece, unique);
    memset(f->room + f->end, how, f->trailer);
    f->end += f->trailer;
    f->cut = frame_length(f) > 1 ? cut % frame_length(f) : 0;
    f->end -= f->cut;
    damage(f, in, settings & PATCHED ? settings >> 5 & FRAME_PATCHES : 0);
}
