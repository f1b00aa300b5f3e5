/* SPDX-License-Identifier: Apache-2.0 */
#include "frame_layers.h"

void frame_tunnel(struct made_frame *f, enum tunnel_kind kind, int64_t id, bool over_ip) {
    f->tunnel[f->tunnels++] = (struct made_tunnel){.kind = kind, .id = id, .over_ip = over_ip};
    f->peels++;
    f->peels_outside++;
}

static void network(struct made_frame *f, enum tunnel_kind kind, uint32_t id) {
    if (f->key.network_kind == TUNNEL_NONE) {
        f->key.network_kind = (uint8_t)kind;
        f->key.network_id = id;
    }
}

unsigned frame_ethertype(enum frame_outer outer) {
    switch (outer) {
    case OUTER_IPV4:
        return 0x0800;
    case OUTER_IPV6:
        return 0x86dd;
    case OUTER_VLAN:
        return 0x8100;
    case OUTER_MPLS:
        return 0x8847;
    case OUTER_PPPOE:
        return 0x8864;
    case OUTER_PPP:
        return 0x880b;
    case OUTER_TCP:
    case OUTER_UDP:
    case OUTER_GRE:
    case OUTER_ETHERNET:
        break;
    }
    return 0;
}

void wrap_ethernet(struct made_frame *f, const struct layer_plan *p) {
    unsigned type = frame_ethertype(f->outer);
    /* The first four bits are not those of IP or a control word, which labels would be followed by. */
    const uint8_t from[6] = {0xa2, 1, 2, 3, 4, p->b}, to[6] = {0xa2, 1, 2, 3, 5, p->c};
    f->in_llc = p->a & 1 && frame_length(f) < 1400;
    if (f->in_llc) {
        frame_put16(f, type);
        frame_put(f, (const uint8_t[]){0xaa, 0xaa, 0x03, 0, 0, p->a & 2 ? 0xf8 : 0}, 6);
        type = (unsigned)frame_length(f);
    }
    frame_put16(f, type);
    frame_put(f, from, 6);
    frame_put(f, to, 6);
    if (!f->has_mac) {
        f->has_mac = true;
        memcpy(f->mac[0], from, 6);
        memcpy(f->mac[1], to, 6);
    }
    f->outer = OUTER_ETHERNET;
}

void wrap_vlan(struct made_frame *f, const struct layer_plan *p) {
    unsigned id = ((unsigned)p->b << 8 | p->c) & 0xfff;
    frame_put16(f, frame_ethertype(f->outer));
    frame_put16(f, id | (unsigned)(p->a & 0xf0) << 8);
    if (!f->has_mac) {
        f->vlan[f->vlans++] = (uint16_t)id;
    }
    f->peels++;
    f->peels_outside++;
    f->outer = OUTER_VLAN;
}

void wrap_mpls(struct made_frame *f, const struct layer_plan *p) {
    uint32_t label = (uint32_t)p->b << 8 | p->c;
    if (f->outer == OUTER_ETHERNET && p->a & 1) {
        frame_put32(f, 0); /* the control word */
    }
    frame_put32(f, label << 12 | 0x1ff);
    for (unsigned i = 0; i < (p->a >> 4 & 3); i++) {
        frame_put32(f, (uint32_t)(i + 16) << 12 | 0xff);
    }
    frame_tunnel(f, TUNNEL_MPLS, label, false);
    f->outer = OUTER_MPLS;
}

void wrap_ppp(struct made_frame *f, const struct layer_plan *p) {
    bool compressed = p->a & 1;
    unsigned protocol = f->outer == OUTER_IPV4 ? 0x21 : f->outer == OUTER_IPV6 ? 0x57 : 0x281;
    if (compressed && protocol < 0x100) {
        frame_put8(f, (uint8_t)protocol);
    } else {
        frame_put16(f, protocol);
    }
    if (p->a & 2) {
        frame_put16(f, 0xff03);
    }
    f->outer = OUTER_PPP;
}

void wrap_pppoe(struct made_frame *f, const struct layer_plan *p) {
    unsigned session = (unsigned)p->b << 8 | p->c;
    frame_put16(f, (unsigned)frame_length(f));
    frame_put16(f, session);
    frame_put16(f, 0x1100);
    frame_tunnel(f, TUNNEL_PPPOE, session, false);
    f->outer = OUTER_PPPOE;
}

static void gre_header(struct made_frame *f, const struct layer_plan *p, unsigned type, bool sequence,
                       int64_t *key) {
    unsigned flags = (sequence ? 0x1000U : 0) | (p->a & 2 ? 0x8000U : 0) | (p->a & 4 ? 0x2000U : 0);
    *key = p->a & 4 ? (int64_t)((uint32_t)p->b << 24 | p->c) : -1;
    if (sequence) {
        frame_put32(f, 7);
    }
    if (p->a & 4) {
        frame_put32(f, (uint32_t)*key);
    }
    if (p->a & 2) {
        frame_put32(f, 0);
    }
    frame_put16(f, type);
    frame_put16(f, flags);
    f->outer = OUTER_GRE;
}

static void wrap_erspan(struct made_frame *f, const struct layer_plan *p) {
    unsigned version = p->b % 3, id = p->c;
    int64_t key;
    if (version == 1) {
        frame_put32(f, 0);
        frame_put16(f, id);
        frame_put16(f, 0x1000 | p->b);
    } else if (version == 2) {
        bool platform = p->a & 1;
        frame_put_zeros(f, platform ? 8 : 0);
        frame_put32(f, platform ? 1 : 0);
        frame_put32(f, 0);
        frame_put16(f, id);
        frame_put16(f, 0x2000 | p->b);
    }
    gre_header(f, p, version == 2 ? 0x22eb : 0x88be, version != 0, &key);
    frame_tunnel(f, TUNNEL_ERSPAN, version ? (int64_t)id : -1, true);
}

static void wrap_pptp(struct made_frame *f, const struct layer_plan *p) {
    size_t len = frame_length(f);
    if (p->a & 2) {
        frame_put32(f, 1);
    }
    frame_put32(f, 9);
    frame_put16(f, p->c);
    frame_put16(f, (unsigned)len);
    frame_put16(f, 0x880b);
    frame_put16(f, 0x3001 | (p->a & 2 ? 0x80 : 0));
    frame_tunnel(f, TUNNEL_GRE, p->c, true);
    f->outer = OUTER_GRE;
}

void wrap_gre(struct made_frame *f, const struct layer_plan *p) {
    int64_t key;
    if (f->outer == OUTER_ETHERNET && p->a & 0x80) {
        wrap_erspan(f, p);
        return;
    }
    if (f->outer == OUTER_PPP) {
        wrap_pptp(f, p);
        return;
    }
    bool redirect = f->outer == OUTER_IPV4 && p->a & 0x40;
    unsigned type = f->outer == OUTER_ETHERNET ? 0x6558 : redirect ? 0x883e : frame_ethertype(f->outer);
    frame_put_zeros(f, redirect && p->a & 0x20 ? 4 : 0);
    gre_header(f, p, type, p->a & 1, &key);
    frame_tunnel(f, TUNNEL_GRE, key, true);
}

static void udp_header(struct made_frame *f, const struct layer_plan *p, unsigned port) {
    size_t len = frame_length(f) + 8;
    frame_put16(f, 0);
    frame_put16(f, p->a & 0x20 ? 0 : (unsigned)len);
    frame_put16(f, port);
    frame_put16(f, 40000 + (p->b & 0xf));
    f->outer = OUTER_UDP;
}

void wrap_vxlan(struct made_frame *f, const struct layer_plan *p) {
    uint32_t id = (uint32_t)p->b << 16 | p->c;
    bool generic = f->outer != OUTER_ETHERNET || p->a & 1;
    unsigned next = f->outer == OUTER_ETHERNET ? 3 : f->outer == OUTER_IPV4 ? 1 : 2;
    frame_put32(f, id << 8);
    frame_put32(f, generic ? 0x0c000000 | next : 0x08000000);
    frame_tunnel(f, TUNNEL_VXLAN, id, true);
    network(f, TUNNEL_VXLAN, id);
    udp_header(f, p, generic ? 4790 : p->a & 2 ? 8472 : 4789);
}

void wrap_geneve(struct made_frame *f, const struct layer_plan *p) {
    uint32_t id = (uint32_t)p->b << 16 | p->c;
    unsigned options = p->a & 7;
    unsigned type = f->outer == OUTER_ETHERNET ? 0x6558 : frame_ethertype(f->outer);
    frame_put_zeros(f, options * 4U);
    frame_put32(f, id << 8);
    frame_put16(f, type);
    frame_put8(f, 0);
    frame_put8(f, (uint8_t)options);
    frame_tunnel(f, TUNNEL_GENEVE, id, true);
    network(f, TUNNEL_GENEVE, id);
    udp_header(f, p, 6081);
}

void wrap_gtpu(struct made_frame *f, const struct layer_plan *p) {
    uint32_t id = (uint32_t)p->b << 24 | p->c;
    size_t len = frame_length(f);
    unsigned extensions = p->a & 4 ? (p->a & 3) : 0;
    if (p->a & 0x0c) {
        for (unsigned i = 0; i < extensions; i++) {
            frame_put8(f, i ? 0x85 : 0); /* what follows */
            frame_put16(f, 0);
            frame_put8(f, 1);
        }
        frame_put8(f, extensions ? 0x85 : 0);
        frame_put8(f, 0);
        frame_put16(f, 1);
    }
    frame_put32(f, id);
    frame_put16(f, (unsigned)len);
    frame_put8(f, 255);
    frame_put8(f, 0x30 | (extensions ? 4 : 0) | (p->a & 0x0c ? 2 : 0));
    frame_tunnel(f, TUNNEL_GTPU, id, true);
    udp_header(f, p, 2152);
}

void wrap_teredo(struct made_frame *f, const struct layer_plan *p) {
    if (p->a & 1) {
        frame_put_zeros(f, 8); /* origin */
    }
    if (p->a & 2) {
        frame_put_zeros(f, 9 + (p->a >> 3 & 3));
        frame_put8(f, p->a >> 3 & 3);
        frame_put8(f, 0);
        frame_put16(f, 1);
    }
    frame_tunnel(f, TUNNEL_TEREDO, -1, true);
    udp_header(f, p, 3544);
}

void wrap_l2tp(struct made_frame *f, const struct layer_plan *p) {
    uint32_t id = (uint32_t)p->b << 16 | p->c;
    bool has_length = p->a & 1, has_sequence = p->a & 2, has_offset = p->a & 4;
    size_t padding = has_offset ? p->a >> 3 & 3 : 0;
    frame_put_zeros(f, padding);
    if (has_offset) {
        frame_put16(f, (unsigned)padding);
    }
    if (has_sequence) {
        frame_put32(f, 5);
    }
    frame_put32(f, id);
    if (has_length) {
        frame_put16(f, (unsigned)frame_length(f) + 4);
    }
    frame_put16(f,
                2 | (has_length ? 0x4000U : 0) | (has_sequence ? 0x0800U : 0) | (has_offset ? 0x0200U : 0));
    frame_tunnel(f, TUNNEL_L2TP, id, true);
    udp_header(f, p, 1701);
}
