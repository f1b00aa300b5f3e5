/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/tunnel.h"

#include "capture/link.h"

enum {
    PORT_L2TP = 1701,
    PORT_GTPU = 2152,
    PORT_TEREDO = 3544,
    PORT_GRE = 4754, /* RFC 8086 */
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_GENEVE = 6081,
    PORT_VXLAN_LINUX = 8472, /* Linux's default before the port was assigned */
};

enum { ETHERTYPE_BRIDGED = 0x6558, ETHERTYPE_ERSPAN = 0x88be, ETHERTYPE_ERSPAN3 = 0x22eb };

static enum layer malformed(struct walk *w) {
    return walk_end(w, DECODE_TUNNEL_MALFORMED);
}

/* One tunnel more on the path; false (the walk has ended) beyond the depth. `id` is negative where the tunnel
 * has none. */
static bool enter(struct walk *w, enum tunnel_kind kind, int64_t id, bool over_ip) {
    if (!walk_peel(w)) {
        return false;
    }
    struct packet_path *path = &w->packet->path;
    w->counts.tunnels[kind]++;
    unsigned at = path->tunnel_count++;
    if (at >= sizeof path->tunnel / sizeof path->tunnel[0]) {
        return true;
    }
    path->tunnel[at].kind = (uint8_t)kind;
    path->tunnel[at].has_id = id >= 0;
    path->tunnel[at].id = id >= 0 ? (uint32_t)id : 0;
    path->tunnel[at].has_outer = over_ip && w->has_ip;
    if (path->tunnel[at].has_outer) {
        path->tunnel[at].outer[0] = w->packet->key.side[0].address;
        path->tunnel[at].outer[1] = w->packet->key.side[1].address;
    }
    return true;
}

static enum layer carried_ethertype(struct walk *w, uint16_t ethertype) {
    return ethertype == ETHERTYPE_BRIDGED ? LAYER_ETHERNET : link_ethertype(w, ethertype);
}

/* IP where the first four bits are a version of it. */
static enum layer carried_ip(struct walk *w) {
    struct slice head = slice_first(cursor_rest(&w->at), 1);
    if (head.len == 0) {
        return malformed(w);
    }
    switch (head.ptr[0] >> 4) {
    case 4:
        return LAYER_IPV4;
    case 6:
        return LAYER_IPV6;
    }
    return walk_end(w, DECODE_NOT_IP);
}

enum layer tunnel_ipip(struct walk *w, enum layer inner) {
    return enter(w, TUNNEL_IPIP, -1, true) ? inner : LAYER_END;
}

/* Types II and III are told by their own version field; type I, without a sequence number, has no header
 * (draft-foschiano-erspan). */
static enum layer erspan(struct walk *w, uint16_t ethertype, bool sequenced) {
    enum { VERSION_2 = 1, VERSION_3 = 2, HAS_PLATFORM = 0x0001, FRAME_IP = 2 };
    if (ethertype == ETHERTYPE_ERSPAN && !sequenced) {
        return enter(w, TUNNEL_ERSPAN, -1, true) ? LAYER_ETHERNET : LAYER_END;
    }
    struct slice h = cursor_take(&w->at, 8);
    if (w->at.failed) {
        return malformed(w);
    }
    unsigned version = h.ptr[0] >> 4;
    enum layer next = LAYER_ETHERNET;
    if (version == VERSION_3) {
        cursor_skip(&w->at, 2);
        uint16_t flags = cursor_be16(&w->at);
        cursor_skip(&w->at, flags & HAS_PLATFORM ? 8 : 0);
        next = (flags >> 10 & 0x1f) == FRAME_IP ? LAYER_IP : LAYER_ETHERNET;
    }
    if (w->at.failed || (version != VERSION_2 && version != VERSION_3)) {
        return malformed(w);
    }
    return enter(w, TUNNEL_ERSPAN, be16_at(h.ptr + 2) & 0x03ff, true) ? next : LAYER_END;
}

/* Web caches get traffic by it: a redirect header, which the first version had not, stands before IP. */
static enum layer cache_redirect(struct walk *w) {
    struct slice head = slice_first(cursor_rest(&w->at), 1);
    if (head.len && head.ptr[0] >> 4 != 4) {
        cursor_skip(&w->at, 4);
    }
    return w->at.failed ? malformed(w) : carried_ip(w);
}

/* Version 1 (RFC 2637): the key field holds the payload's length and the call. */
static enum layer gre_pptp(struct walk *w, uint16_t flags) {
    enum { HAS_SEQUENCE = 0x1000, HAS_ACKNOWLEDGEMENT = 0x0080 };
    cursor_skip(&w->at, 2);
    uint16_t call = cursor_be16(&w->at);
    cursor_skip(&w->at, flags & HAS_SEQUENCE ? 4 : 0);
    cursor_skip(&w->at, flags & HAS_ACKNOWLEDGEMENT ? 4 : 0);
    if (w->at.failed) {
        return malformed(w);
    }
    if (!enter(w, TUNNEL_GRE, call, true)) {
        return LAYER_END;
    }
    /* Without a sequence number it only acknowledges. */
    return flags & HAS_SEQUENCE ? LAYER_PPP : walk_end(w, DECODE_NOT_IP);
}

enum layer tunnel_gre(struct walk *w) {
    enum {
        HAS_CHECKSUM = 0x8000,
        HAS_ROUTING = 0x4000, /* RFC 1701, obsolete */
        HAS_KEY = 0x2000,
        HAS_SEQUENCE = 0x1000,
        VERSION = 0x0007,
    };
    uint16_t flags = cursor_be16(&w->at);
    uint16_t ethertype = cursor_be16(&w->at);
    if ((flags & VERSION) == 1 && !w->at.failed) {
        return gre_pptp(w, flags);
    }
    if (flags & HAS_ROUTING || (flags & VERSION) != 0) {
        return malformed(w);
    }
    cursor_skip(&w->at, flags & HAS_CHECKSUM ? 4 : 0);
    int64_t key = flags & HAS_KEY ? (int64_t)cursor_be32(&w->at) : -1;
    cursor_skip(&w->at, flags & HAS_SEQUENCE ? 4 : 0);
    if (w->at.failed) {
        return malformed(w);
    }
    if (ethertype == ETHERTYPE_ERSPAN || ethertype == ETHERTYPE_ERSPAN3) {
        return erspan(w, ethertype, flags & HAS_SEQUENCE);
    }
    if (!enter(w, TUNNEL_GRE, key, true)) {
        return LAYER_END;
    }
    return ethertype == 0x883e ? cache_redirect(w) : carried_ethertype(w, ethertype);
}

/* Nothing says what is under the labels: look for an IPv4 header whose length fits, an IPv6 header, or an
 * Ethernet header with or without a control word (RFC 4385, RFC 4448, RFC 4928). */
static enum layer under_labels(struct walk *w) {
    struct slice rest = cursor_rest(&w->at);
    if (rest.len == 0) {
        return walk_end(w, DECODE_LINK_TRUNCATED);
    }
    bool ethernet = rest.len >= 14 && link_ethertype_known(be16_at(rest.ptr + 12));
    bool behind_word = rest.len >= 18 && link_ethertype_known(be16_at(rest.ptr + 16));
    unsigned nibble = rest.ptr[0] >> 4;
    bool ip = nibble == 4 || nibble == 6;
    if (ip && ethernet && rest.len >= 6) {
        size_t length = nibble == 4 ? be16_at(rest.ptr + 2) : be16_at(rest.ptr + 4) + (size_t)40;
        ip = length <= walk_length(w);
    }
    if (ip) {
        return nibble == 4 ? LAYER_IPV4 : LAYER_IPV6;
    }
    if (nibble == 0 && behind_word) {
        cursor_skip(&w->at, 4);
        return LAYER_ETHERNET;
    }
    return ethernet ? LAYER_ETHERNET : walk_end(w, DECODE_NOT_IP);
}

enum layer tunnel_mpls(struct walk *w) {
    enum { BOTTOM_OF_STACK = 0x100 };
    uint32_t entry;
    do {
        entry = cursor_be32(&w->at);
        if (w->at.failed) {
            return walk_end(w, DECODE_LINK_TRUNCATED);
        }
    } while (!(entry & BOTTOM_OF_STACK));
    if (!enter(w, TUNNEL_MPLS, entry >> 12, false)) {
        return LAYER_END;
    }
    return under_labels(w);
}

enum layer tunnel_pppoe(struct walk *w) {
    enum { VERSION_AND_TYPE = 0x11, CODE_SESSION = 0x00 };
    uint8_t version = cursor_u8(&w->at);
    uint8_t code = cursor_u8(&w->at);
    uint16_t session = cursor_be16(&w->at);
    uint16_t length = cursor_be16(&w->at);
    if (w->at.failed || version != VERSION_AND_TYPE) {
        return malformed(w);
    }
    if (code != CODE_SESSION) {
        return walk_end(w, DECODE_NOT_IP);
    }
    if (!enter(w, TUNNEL_PPPOE, session, false)) {
        return LAYER_END;
    }
    walk_limit(w, length < walk_length(w) ? length : walk_length(w));
    return LAYER_PPP;
}

static void set_network(struct walk *w, enum tunnel_kind kind, uint32_t id) {
    w->packet->key.network_kind = (uint8_t)kind;
    w->packet->key.network_id = id;
}

/* RFC 7348; with `generic` the protocol extension of draft-ietf-nvo3-vxlan-gpe. */
static enum layer vxlan(struct walk *w, bool generic) {
    enum { HAS_ID = 0x08, HAS_PROTOCOL = 0x04, NEXT_IPV4 = 1, NEXT_IPV6 = 2, NEXT_ETHERNET = 3 };
    struct slice h = cursor_take(&w->at, 8);
    if (w->at.failed) {
        return malformed(w);
    }
    if (!(h.ptr[0] & HAS_ID)) {
        return walk_end(w, DECODE_UDP);
    }
    uint32_t id = be32_at(h.ptr + 4) >> 8;
    if (!enter(w, TUNNEL_VXLAN, id, true)) {
        return LAYER_END;
    }
    set_network(w, TUNNEL_VXLAN, id);
    if (!generic || !(h.ptr[0] & HAS_PROTOCOL)) {
        return LAYER_ETHERNET;
    }
    switch (h.ptr[3]) {
    case NEXT_IPV4:
        return LAYER_IPV4;
    case NEXT_IPV6:
        return LAYER_IPV6;
    case NEXT_ETHERNET:
        return LAYER_ETHERNET;
    }
    return walk_end(w, DECODE_NOT_IP);
}

/* RFC 8926. */
static enum layer geneve(struct walk *w) {
    struct slice h = cursor_take(&w->at, 8);
    if (w->at.failed) {
        return malformed(w);
    }
    if (h.ptr[0] >> 6 != 0) {
        return walk_end(w, DECODE_UDP);
    }
    cursor_skip(&w->at, (size_t)(h.ptr[0] & 0x3f) * 4);
    if (w->at.failed) {
        return malformed(w);
    }
    uint32_t id = be32_at(h.ptr + 4) >> 8;
    if (!enter(w, TUNNEL_GENEVE, id, true)) {
        return LAYER_END;
    }
    set_network(w, TUNNEL_GENEVE, id);
    return carried_ethertype(w, be16_at(h.ptr + 2));
}

/* 3GPP TS 29.281 section 5. */
static enum layer gtpu(struct walk *w) {
    enum { VERSION_1 = 0x30, VERSION_MASK = 0xf0, HAS_OPTIONAL = 0x07, HAS_EXTENSION = 0x04, G_PDU = 255 };
    struct slice h = cursor_take(&w->at, 8);
    if (w->at.failed) {
        return malformed(w);
    }
    uint8_t flags = h.ptr[0];
    if ((flags & VERSION_MASK) != VERSION_1 || h.ptr[1] != G_PDU) {
        return walk_end(w, DECODE_UDP);
    }
    if (flags & HAS_OPTIONAL) {
        cursor_skip(&w->at, 3);
        uint8_t next = cursor_u8(&w->at);
        while (flags & HAS_EXTENSION && next != 0 && !w->at.failed) {
            size_t length = (size_t)cursor_u8(&w->at) * 4;
            cursor_skip(&w->at, length < 2 ? SIZE_MAX : length - 2);
            next = cursor_u8(&w->at);
        }
    }
    if (w->at.failed) {
        return malformed(w);
    }
    if (!enter(w, TUNNEL_GTPU, be32_at(h.ptr + 4), true)) {
        return LAYER_END;
    }
    return carried_ip(w);
}

/* RFC 4380 section 5.1.1: authentication and origin may stand before IPv6. */
static enum layer teredo(struct walk *w) {
    enum { AUTHENTICATION = 0x0001, ORIGIN = 0x0000 };
    struct cursor c = w->at;
    if (cursor_left(&c) >= 4 && be16_at(c.at) == AUTHENTICATION) {
        cursor_skip(&c, 2);
        size_t client_id = cursor_u8(&c);
        size_t value = cursor_u8(&c);
        cursor_skip(&c, client_id + value + 9);
    }
    if (cursor_left(&c) >= 8 && be16_at(c.at) == ORIGIN) {
        cursor_skip(&c, 8);
    }
    if (c.failed || cursor_left(&c) == 0 || *c.at >> 4 != 6) {
        return walk_end(w, DECODE_UDP);
    }
    w->at = c;
    return enter(w, TUNNEL_TEREDO, -1, true) ? LAYER_IPV6 : LAYER_END;
}

/* RFC 2661 section 3.1: data messages carry PPP. */
static enum layer l2tp(struct walk *w) {
    enum {
        CONTROL = 0x8000,
        HAS_LENGTH = 0x4000,
        HAS_SEQUENCE = 0x0800,
        HAS_OFFSET = 0x0200,
        VERSION = 0x000f,
    };
    uint16_t flags = cursor_be16(&w->at);
    if (w->at.failed || flags & CONTROL || (flags & VERSION) != 2) {
        return walk_end(w, DECODE_UDP);
    }
    cursor_skip(&w->at, flags & HAS_LENGTH ? 2 : 0);
    uint32_t tunnel_and_session = cursor_be32(&w->at);
    cursor_skip(&w->at, flags & HAS_SEQUENCE ? 4 : 0);
    if (flags & HAS_OFFSET) {
        cursor_skip(&w->at, cursor_be16(&w->at));
    }
    if (w->at.failed) {
        return malformed(w);
    }
    return enter(w, TUNNEL_L2TP, tunnel_and_session, true) ? LAYER_PPP : LAYER_END;
}

static enum layer udp_tunnel(struct walk *w, uint16_t source, uint16_t destination) {
    /* Teredo and L2TP speak from their port and to it; the others are always sent to theirs. */
    switch (destination) {
    case PORT_GTPU:
        return gtpu(w);
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return vxlan(w, false);
    case PORT_VXLAN_GPE:
        return vxlan(w, true);
    case PORT_GENEVE:
        return geneve(w);
    case PORT_GRE:
        return LAYER_GRE;
    case PORT_TEREDO:
        return teredo(w);
    case PORT_L2TP:
        return l2tp(w);
    }
    switch (source) {
    case PORT_TEREDO:
        return teredo(w);
    case PORT_L2TP:
        return l2tp(w);
    }
    return walk_end(w, DECODE_UDP);
}

enum layer tunnel_udp(struct walk *w) {
    struct slice h = cursor_take(&w->at, 8);
    if (w->at.failed) {
        return walk_end(w, DECODE_UDP);
    }
    size_t length = be16_at(h.ptr + 4);
    if (length >= 8 && length - 8 < walk_length(w)) {
        walk_limit(w, length - 8);
    }
    return udp_tunnel(w, be16_at(h.ptr), be16_at(h.ptr + 2));
}
