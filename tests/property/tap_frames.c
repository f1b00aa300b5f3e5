/* SPDX-License-Identifier: Apache-2.0 */
#include "tap_frames.h"

#include <stdlib.h>

enum { PROTOCOL_IPIP = 4, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_IPV6 = 41, PROTOCOL_GRE = 47 };
enum { TYPE_IPV4 = 0x0800, TYPE_VLAN = 0x8100, TYPE_IPV6 = 0x86dd, TYPE_MPLS = 0x8847, TYPE_PPPOE = 0x8864 };
enum { TYPE_SERVICE_VLAN = 0x88a8, TYPE_ERSPAN2 = 0x88be, TYPE_ERSPAN3 = 0x22eb, TYPE_BRIDGE = 0x6558 };
/* What the canvas holds is a whole Ethernet frame, and no payload of one. */
enum { TYPE_FRAME = 0 };
enum { FRAGMENTS = 10, SHORTEST_FRAME = 60 };

/* ---- the canvas ---- */

static void clear(struct tap_canvas *c) {
    c->at = c->end = sizeof c->room - 64; /* room for padding */
}

static size_t length(const struct tap_canvas *c) {
    return c->end - c->at;
}

static void put(struct tap_canvas *c, const void *bytes, size_t len) {
    script_must(len <= c->at);
    c->at -= len;
    if (len) {
        memcpy(c->room + c->at, bytes, len);
    }
}

#define PUT(c, ...) put((c), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define BE16(x)     (uint8_t)((x) >> 8), (uint8_t)(x)
#define BE32(x)     BE16((uint32_t)(x) >> 16), BE16(x)

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return len % 2 ? sum + (uint32_t)(bytes[len - 1] << 8) : sum;
}

/* RFC 1071. */
static void set_checksum(uint8_t *field, uint32_t sum) {
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    field[0] = (uint8_t)(~sum >> 8);
    field[1] = (uint8_t)~sum;
}

/* ---- TCP and IP ---- */

static void put_options(struct tap_canvas *c, const struct tap_packet *p, const struct script_talk *talk) {
    if (talk->timestamps) {
        PUT(c, 1, 1, 8, 10, BE32(p->stamp), BE32(p->flags & TCP_ACK ? p->stamp / 2 : 0));
    }
    if (p->flags & TCP_SYN) {
        PUT(c, 2, 4, 5, 0xb4, 3, 3, 7, 1, 4, 2, 1, 1);
    }
}

static void put_segment(struct tap_canvas *c, const struct tap *t, const struct tap_packet *p,
                        const struct packet *v) {
    put(c, v->payload.ptr, v->payload.len);
    if (t->plan.number[TAP_options]) {
        put_options(c, p, &t->script->talk[p->talk]);
    }
    size_t header = 20 + length(c) - v->payload.len;
    PUT(c, BE16(v->key.side[0].port), BE16(v->key.side[1].port), BE32(v->seq), BE32(v->ack),
        (uint8_t)(header / 4 << 4), v->flags, BE16(v->window), 0, 0, 0, 0);
    uint32_t sum = PROTOCOL_TCP + (uint32_t)length(c);
    for (int side = 0; side < 2; side++) {
        size_t from = v->key.ip_version == 4 ? 12 : 0;
        sum = sum_words(sum, v->key.side[side].address.bytes + from, ADDRESS_BYTES - from);
    }
    set_checksum(c->room + c->at + 16, sum_words(sum, c->room + c->at, length(c)));
}

struct ip_header {
    const uint8_t *source, *destination; /* 4 or 16 bytes */
    bool six;
    uint8_t protocol, ttl;
    uint16_t id;
    uint32_t from; /* of a fragment */
    bool more;
};

static unsigned put_ip(struct tap_canvas *c, const struct ip_header *h) {
    if (h->six) {
        bool fragment = h->from || h->more;
        if (fragment) {
            PUT(c, h->protocol, 0, BE16(h->from | h->more), BE32(0x10000U | h->id));
        }
        size_t len = length(c);
        put(c, h->destination, 16);
        put(c, h->source, 16);
        PUT(c, 0x60, 0, 0, 0, BE16(len), fragment ? 44 : h->protocol, h->ttl);
        return TYPE_IPV6;
    }
    size_t len = length(c) + 20;
    put(c, h->destination, 4);
    put(c, h->source, 4);
    PUT(c, 0x45, 0, BE16(len), BE16(h->id), BE16(h->from / 8 | (h->more ? 0x2000U : 0)), h->ttl, h->protocol,
        0, 0);
    set_checksum(c->room + c->at + 10, sum_words(0, c->room + c->at, 20));
    return TYPE_IPV4;
}

/* ---- layer 2 and tunnels ---- */

static void put_ethernet(struct tap_canvas *c, unsigned type, int direction, unsigned tags) {
    static const unsigned outer_type[] = {0, TYPE_VLAN, TYPE_SERVICE_VLAN};
    for (unsigned i = 0; i < tags; i++) {
        PUT(c, BE16(100 * (i + 1) + (unsigned)direction), BE16(type));
        type = i + 1 < tags ? TYPE_VLAN : outer_type[tags];
    }
    PUT(c, 2, 0, 0, 0, 0, direction ? 1 : 2, 2, 0, 0, 0, 0, direction ? 2 : 1, BE16(type));
}

/* What is carried becomes the payload of an outer IP packet, which is yet to be put. */
struct outer {
    bool there;
    uint8_t ends[2][16];
    struct ip_header ip;
};

static void begin_outer(struct outer *o, const struct tap *t, int direction, uint8_t protocol, uint16_t id) {
    bool six = t->plan.number[TAP_outer6];
    o->there = true;
    for (int end = 0; end < 2; end++) {
        const uint8_t four[4] = {172, 16, (uint8_t)t->script->net, (uint8_t)(1 + end)};
        memset(o->ends[end], 0, sizeof o->ends[end]);
        o->ends[end][0] = 0xfd;
        memcpy(o->ends[end] + (six ? 12 : 0), four, sizeof four);
    }
    o->ip = (struct ip_header){.source = o->ends[direction],
                               .destination = o->ends[!direction],
                               .six = six,
                               .protocol = protocol,
                               .ttl = 40,
                               .id = id};
}

static void put_udp(struct tap_canvas *c, unsigned port) {
    size_t len = length(c) + 8;
    PUT(c, 0xc0, 1, BE16(port), BE16(len), 0, 0);
}

static void put_gre(struct tap_canvas *c, bool full, unsigned type) {
    if (!full) {
        PUT(c, 0, 0, BE16(type));
        return;
    }
    PUT(c, 0xb0, 0, BE16(type), 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 8);
    set_checksum(c->room + c->at + 4, sum_words(0, c->room + c->at, length(c)));
}

static void put_mpls(struct tap_canvas *c) {
    enum { BOTTOM = 0x100, TTL = 64 };
    PUT(c, BE32(1001U << 12 | TTL), BE32(1002U << 12 | BOTTOM | TTL));
}

static uint8_t ip_protocol(unsigned type) {
    return type == TYPE_IPV4 ? PROTOCOL_IPIP : PROTOCOL_IPV6;
}

/* Those that carry Ethernet frames. */
static bool is_bridge(enum tap_tunnel kind) {
    switch (kind) {
    case TAP_GRE_BRIDGE:
    case TAP_ERSPAN2:
    case TAP_ERSPAN3:
    case TAP_VXLAN:
    case TAP_GENEVE:
    case TAP_PSEUDOWIRE:
        return true;
    case TAP_PLAIN:
    case TAP_IPIP:
    case TAP_GRE:
    case TAP_GRE_FULL:
    case TAP_GTPU:
    case TAP_MPLS:
    case TAP_PPPOE:
    case TAP_TUNNELS:
        break;
    }
    return false;
}

/* Puts the tunnel's own header; returns the protocol of the IP packet that carries it, or 0 and the ethertype
 * where none does. */
static uint8_t put_tunnel(struct tap_canvas *c, enum tap_tunnel kind, unsigned *type) {
    unsigned carried = *type;
    switch (kind) {
    case TAP_PLAIN:
    case TAP_TUNNELS:
        break;
    case TAP_IPIP:
        return ip_protocol(carried);
    case TAP_GRE:
    case TAP_GRE_FULL:
        put_gre(c, kind == TAP_GRE_FULL, carried);
        return PROTOCOL_GRE;
    case TAP_GRE_BRIDGE:
        put_gre(c, false, TYPE_BRIDGE);
        return PROTOCOL_GRE;
    case TAP_ERSPAN2:
        PUT(c, 0x10, 5, 0, 7, 0, 0, 0, 3);
        PUT(c, 0x10, 0, BE16(TYPE_ERSPAN2), 0, 0, 0, 1);
        return PROTOCOL_GRE;
    case TAP_ERSPAN3:
        PUT(c, 0x20, 5, 0, 7, 0, 0, 0, 3, 0, 0, 0, 0);
        PUT(c, 0x10, 0, BE16(TYPE_ERSPAN3), 0, 0, 0, 1);
        return PROTOCOL_GRE;
    case TAP_VXLAN:
        PUT(c, 8, 0, 0, 0, 0, 0, 42, 0);
        put_udp(c, 4789);
        return PROTOCOL_UDP;
    case TAP_GENEVE:
        PUT(c, 2, 0, BE16(TYPE_BRIDGE), 0, 0, 43, 0, 1, 2, 3, 1, 0, 0, 0, 0);
        put_udp(c, 6081);
        return PROTOCOL_UDP;
    case TAP_GTPU: {
        size_t len = length(c);
        PUT(c, 0x30, 255, BE16(len), 0, 0, 0, 5);
        put_udp(c, 2152);
        return PROTOCOL_UDP;
    }
    case TAP_MPLS:
        put_mpls(c);
        *type = TYPE_MPLS;
        break;
    case TAP_PSEUDOWIRE:
        PUT(c, 0, 0, 0, 0);
        put_mpls(c);
        *type = TYPE_MPLS;
        break;
    case TAP_PPPOE: {
        size_t len = length(c) + 2;
        PUT(c, 0x11, 0, 0, 6, BE16(len), 0, carried == TYPE_IPV4 ? 0x21 : 0x57);
        *type = TYPE_PPPOE;
        break;
    }
    }
    return 0;
}

/* A tunnel that carries IP only takes nothing else: then it bridges. */
static enum tap_tunnel fitting(enum tap_tunnel kind, unsigned type) {
    bool ip = type == TYPE_IPV4 || type == TYPE_IPV6;
    return ip || is_bridge(kind) || kind == TAP_PLAIN ? kind : TAP_GRE_BRIDGE;
}

/* The frame up to its outermost IP header, which is left to be put where there is one. */
static unsigned put_inner(const struct tap_frames *f, const struct tap_frame *frame, struct tap_canvas *c,
                          struct outer *o) {
    const struct tap *t = f->tap;
    const struct tap_packet *p = &t->packets[frame->packet];
    bool strange = p->copy && t->plan.number[TAP_strange];
    struct packet view;
    tap_packet(t, frame->packet, 0, &view);
    size_t skip = view.key.ip_version == 4 ? 12 : 0;
    clear(c);
    put_segment(c, t, p, &view);
    c->at += frame->from;
    c->end = c->at + frame->len;
    struct ip_header ip = {.source = view.key.side[0].address.bytes + skip,
                           .destination = view.key.side[1].address.bytes + skip,
                           .six = view.key.ip_version == 6,
                           .protocol = PROTOCOL_TCP,
                           .ttl = strange ? 61 : 64,
                           .id = p->ip_id,
                           .from = frame->from,
                           .more = frame->more};
    unsigned type = put_ip(c, &ip);
    *o = (struct outer){.there = false};
    for (unsigned i = TAP_tunnel; i <= TAP_tunnel2; i++) {
        enum tap_tunnel wanted = (enum tap_tunnel)(t->plan.number[i] % TAP_TUNNELS);
        if (wanted != TAP_PLAIN && o->there) {
            type = put_ip(c, &o->ip);
            o->there = false;
        }
        enum tap_tunnel kind = fitting(wanted, type);
        if (kind == TAP_PLAIN) {
            continue;
        }
        if (is_bridge(kind)) {
            put_ethernet(c, type, p->direction, i == TAP_tunnel ? t->plan.number[TAP_tags] : 0);
            type = TYPE_FRAME;
        }
        uint8_t protocol = put_tunnel(c, kind, &type);
        if (protocol) {
            begin_outer(o, t, p->direction, protocol, frame->outer_id);
        }
    }
    return type;
}

struct slice tap_frames_render(const struct tap_frames *f, unsigned index, struct tap_canvas *c) {
    const struct tap_frame *frame = &f->frame[index];
    const struct tap_packet *p = &f->tap->packets[frame->packet];
    struct outer o;
    unsigned type = put_inner(f, frame, c, &o);
    if (o.there) {
        if (frame->outer_len) {
            c->at += frame->outer_from;
            c->end = c->at + frame->outer_len;
            o.ip.from = frame->outer_from;
            o.ip.more = frame->outer_more;
        }
        type = put_ip(c, &o.ip);
    }
    unsigned tags = f->tap->plan.number[TAP_tags] % 3;
    bool strange = p->copy && f->tap->plan.number[TAP_strange];
    put_ethernet(c, type, p->direction, strange && tags == 0 ? 1 : tags);
    while (length(c) < SHORTEST_FRAME) {
        c->room[c->end++] = 0;
    }
    return slice_make(c->room + c->at, length(c));
}

/* ---- which frames there are ---- */

static uint64_t identity(const struct tap_frame *f) {
    return (uint64_t)f->packet << 34 | (uint64_t)f->from << 17 | f->outer_from;
}

static void add(struct tap_frames *f, struct tap_frame frame, bool fragment) {
    script_must(f->count < TAP_FRAMES);
    frame.place = f->count;
    if (fragment) {
        frame.seen_ns += (int64_t)tap_up_to(f->tap, TAP_straggle, ASK_FRAGMENT, identity(&frame)) * 1000;
        if (tap_one_in(f->tap, TAP_loss, ASK_FRAGMENT, identity(&frame) + 1)) {
            f->lost++;
            return;
        }
    }
    f->frame[f->count++] = frame;
}

static void add_fragment(struct tap_frames *f, const struct tap_frame *frame, bool fragment) {
    add(f, *frame, fragment);
    if (fragment && tap_one_in(f->tap, TAP_fragcopy, ASK_FRAGMENT, identity(frame) + 2)) {
        add(f, *frame, fragment);
    }
}

/* So that there are few fragments, all but the last of a multiple of eight bytes. */
static uint32_t fragment_size(uint32_t wanted, uint32_t total) {
    uint32_t least = (total + FRAGMENTS - 1) / FRAGMENTS;
    return ((wanted > least ? wanted : least) + 7) / 8 * 8;
}

/* The outermost datagram in fragments, where it is to be. */
static void split_outer(struct tap_frames *f, struct tap_frame *frame, bool fragment, uint16_t *outer_id) {
    static struct tap_canvas canvas;
    struct outer o;
    uint32_t wanted = f->tap->plan.number[TAP_outerfrag];
    frame->outer_id = (*outer_id)++;
    if (wanted) {
        put_inner(f, frame, &canvas, &o);
    }
    if (!wanted || !o.there || length(&canvas) <= wanted) {
        add_fragment(f, frame, fragment);
        return;
    }
    uint32_t total = (uint32_t)length(&canvas), size = fragment_size(wanted, total);
    for (uint32_t from = 0; from < total; from += size) {
        struct tap_frame part = *frame;
        part.outer_from = from;
        part.outer_more = from + size < total;
        part.outer_len = part.outer_more ? size : total - from;
        add_fragment(f, &part, true);
    }
}

static void split(struct tap_frames *f, unsigned index, uint16_t *outer_id) {
    const struct tap *t = f->tap;
    const struct tap_packet *p = &t->packets[index];
    static struct tap_canvas canvas;
    struct packet view;
    tap_packet(t, index, 0, &view);
    clear(&canvas);
    put_segment(&canvas, t, p, &view);
    uint32_t total = (uint32_t)length(&canvas), wanted = t->plan.number[TAP_fragment];
    struct tap_frame frame = {.seen_ns = p->seen_ns, .packet = index, .len = total};
    if (wanted == 0 || total <= wanted) {
        split_outer(f, &frame, false, outer_id);
        return;
    }
    uint32_t size = fragment_size(wanted, total), count = (total + size - 1) / size;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = t->plan.number[TAP_backwards] ? count - 1 - i : i;
        uint32_t from = number * size, to = number + 1 < count ? from + size : total;
        /* Overlapping fragments of IPv6 are dropped, as RFC 8200 says. */
        uint32_t back = view.key.ip_version == 4 ? t->plan.number[TAP_repeat] * 8 : 0;
        frame.from = back < from ? from - back : from;
        frame.len = to - frame.from;
        frame.more = to < total;
        split_outer(f, &frame, count > 1, outer_id);
    }
}

static int by_sight(const void *a, const void *b) {
    const struct tap_frame *x = a, *y = b;
    if (x->seen_ns != y->seen_ns) {
        return x->seen_ns < y->seen_ns ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

void tap_frames_make(struct tap_frames *f, struct tap *t) {
    uint16_t outer_id = 1;
    f->tap = t;
    f->count = f->lost = 0;
    for (unsigned i = 0; i < t->count; i++) {
        split(f, i, &outer_id);
    }
    qsort(f->frame, f->count, sizeof *f->frame, by_sight);
}
