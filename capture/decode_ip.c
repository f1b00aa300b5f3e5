/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 and IPv6: headers, extension headers, fragments. The IP length rules: what follows it is padding, and
 * what it promises beyond the frame is missing, whoever cut it (snaplen, or a mirror that truncates, which
 * the frame's length on the wire does not tell). A length of 0 (segmentation offload) stands for all that the
 * enclosing layer has. */
#include "capture/checksum.h"
#include "capture/decode_walk.h"
#include "capture/tunnel.h"

enum {
    IPV4_HEADER_BYTES = 20,
    IPV6_HEADER_BYTES = 40,
};

/* IANA protocol numbers. */
enum {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_IPV4 = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_DESTINATION_OPTIONS = 60,
    PROTOCOL_MOBILITY = 135,
    PROTOCOL_MPLS = 137,
    PROTOCOL_HOST_IDENTITY = 139,
    PROTOCOL_SHIM6 = 140,
};

/* A header that ends before its bytes do: cut where bytes are missing, else its lengths are wrong. */
static enum layer header_short(struct walk *w) {
    return walk_end(w, w->missing ? DECODE_IP_TRUNCATED : DECODE_IP_MALFORMED);
}

static enum layer malformed(struct walk *w) {
    return walk_end(w, DECODE_IP_MALFORMED);
}

/* The key's other parts, after the addresses; the innermost IP header is the last to set them. */
static void set_key(struct walk *w, uint8_t version) {
    struct flow_key *key = &w->packet->key;
    key->ip_version = version;
    key->vlan = 0;
    const struct packet_path *path = &w->packet->path;
    if (w->options.vlan_in_key && path->vlan_count) {
        key->vlan = path->vlan[0];
        if (path->vlan_count > 1) {
            key->vlan = key->vlan << 12 | path->vlan[1];
        }
    }
    w->has_ip = true;
}

/* The same for all fragments that defragmentation puts together; ports are not in it. */
static uint64_t name_datagram(const struct defrag_fragment *f) {
    uint64_t words[4];
    memcpy(words, f->key.side[0].address.bytes, ADDRESS_BYTES);
    memcpy(words + 2, f->key.side[1].address.bytes, ADDRESS_BYTES);
    uint64_t protocol = f->key.ip_version == 4 ? f->protocol : 0;
    uint64_t name =
        (uint64_t)f->id << 32 | protocol << 16 | (uint64_t)f->key.network_kind << 8 | f->key.ip_version;
    name = hash_mix(name, (uint64_t)f->key.network_id << 32 | f->key.vlan);
    for (size_t i = 0; i < 4; i++) {
        name = hash_mix(name + i, words[i] ^ UINT64_C(0x9e3779b97f4a7c15));
    }
    return name ? name : 1;
}

/* Adds the walk's rest as a fragment. LAYER_IP where the datagram is complete and the walk stands on its
 * first byte, `*protocol` being what it carries. */
static enum layer add_fragment(struct walk *w, uint32_t id, uint32_t offset, bool more, uint8_t *protocol) {
    struct defrag_fragment fragment = {
        .key = w->packet->key,
        .id = id,
        .protocol = *protocol,
        .offset = offset,
        .more = more,
        .bytes = cursor_rest(&w->at),
        .missing = w->missing,
        .time_ns = w->frame->time_ns,
    };
    struct defrag_datagram datagram;
    switch (defrag_add(w->defrag, &fragment, &datagram)) {
    case DEFRAG_HELD:
        w->datagrams.held = w->options.name_datagrams ? name_datagram(&fragment) : 0;
        return walk_end(w, DECODE_FRAGMENT_HELD);
    case DEFRAG_DROPPED:
        return walk_end(w, DECODE_FRAGMENT_DROPPED);
    case DEFRAG_COMPLETE:
        break;
    }
    if (w->options.name_datagrams && w->datagrams.completed_count < DECODE_DATAGRAMS) {
        w->datagrams.completed[w->datagrams.completed_count++] = name_datagram(&fragment);
    }
    w->completing = fragment;
    w->at = cursor_of(datagram.bytes);
    w->missing = datagram.missing;
    w->datagram_cut = datagram.missing > 0;
    w->packet->fragmented = true;
    *protocol = datagram.protocol;
    return LAYER_IP;
}

void decode_begin_datagram_again(struct walk *w) {
    if (defrag_begin_again(w->defrag, &w->completing) && w->options.name_datagrams) {
        w->datagrams.held = name_datagram(&w->completing);
    }
}

/* What IP carries, in both versions; a protocol that is none of it ends the walk. */
static enum layer upper_layer(struct walk *w, uint8_t protocol) {
    switch (protocol) {
    case PROTOCOL_TCP:
        return LAYER_TCP;
    case PROTOCOL_UDP:
        return LAYER_UDP;
    case PROTOCOL_IPV4:
        return tunnel_ipip(w, LAYER_IPV4);
    case PROTOCOL_IPV6:
        return tunnel_ipip(w, LAYER_IPV6);
    case PROTOCOL_GRE:
        return LAYER_GRE;
    case PROTOCOL_MPLS:
        return LAYER_MPLS;
    }
    return walk_end(w, DECODE_OTHER_PROTOCOL);
}

/* RFC 4302: the length counts 32-bit words, less two. False where the header is cut. */
static bool skip_authentication(struct walk *w, uint8_t *protocol) {
    *protocol = cursor_u8(&w->at);
    size_t words = cursor_u8(&w->at);
    cursor_skip(&w->at, (words + 2) * 4 - 2);
    return !w->at.failed;
}

static enum layer ipv4_payload(struct walk *w, uint8_t protocol) {
    if (protocol != PROTOCOL_AUTHENTICATION) {
        return upper_layer(w, protocol);
    }
    return skip_authentication(w, &protocol) ? upper_layer(w, protocol) : header_short(w);
}

static enum layer ipv4_fragment(struct walk *w, const uint8_t *header, uint16_t offset_field) {
    enum { MORE_FRAGMENTS = 0x2000 };
    if (!walk_peel(w)) {
        return LAYER_END;
    }
    uint8_t protocol = header[9];
    uint32_t offset = (uint32_t)(offset_field & 0x1fff) * 8;
    enum layer next = add_fragment(w, be16_at(header + 4), offset, offset_field & MORE_FRAGMENTS, &protocol);
    return next == LAYER_END ? next : ipv4_payload(w, protocol);
}

enum layer decode_ipv4(struct walk *w) {
    enum { OFFSET_AND_MORE = 0x3fff };
    size_t whole = walk_length(w);
    const uint8_t *start = w->at.at;
    struct slice h = cursor_take(&w->at, IPV4_HEADER_BYTES);
    if (w->at.failed) {
        return header_short(w);
    }
    size_t header_len = (size_t)(h.ptr[0] & 0x0f) * 4;
    if (h.ptr[0] >> 4 != 4 || header_len < IPV4_HEADER_BYTES) {
        return malformed(w);
    }
    size_t total = be16_at(h.ptr + 2);
    w->offloaded = total == 0;
    total = total ? total : whole;
    if (total < header_len) {
        return malformed(w);
    }
    if (header_len > IPV4_HEADER_BYTES) {
        cursor_skip(&w->at, header_len - IPV4_HEADER_BYTES);
        if (w->at.failed) {
            return header_short(w);
        }
    }
    if (w->options.verify_checksums && !checksum_ipv4_valid(slice_make(start, header_len))) {
        return walk_end(w, DECODE_IP_CHECKSUM);
    }
    walk_limit(w, total - header_len);
    walk_set_address_v4(&w->packet->key.side[0].address, h.ptr + 12);
    walk_set_address_v4(&w->packet->key.side[1].address, h.ptr + 16);
    set_key(w, 4);
    w->packet->ttl = h.ptr[8];
    w->packet->ip_id = be16_at(h.ptr + 4);
    uint16_t offset_field = be16_at(h.ptr + 6);
    if (offset_field & OFFSET_AND_MORE) {
        return ipv4_fragment(w, h.ptr, offset_field);
    }
    return h.ptr[9] == PROTOCOL_TCP ? LAYER_TCP : ipv4_payload(w, h.ptr[9]);
}

/* While segments are left the packet's destination is a waypoint; the connection's is the last address: of
 * type 0 (RFC 8200) the last listed, of type 2 (RFC 6275) the only one, of type 4 (RFC 8754) the first
 * listed. */
static void final_destination(struct walk *w, struct slice header) {
    enum { TYPE_SOURCE = 0, TYPE_MOBILE = 2, TYPE_SEGMENTS = 4 };
    uint8_t type = header.ptr[2], segments_left = header.ptr[3];
    size_t listed = (header.len - 8) / ADDRESS_BYTES;
    if (segments_left == 0 || listed == 0) {
        return;
    }
    size_t at = type == TYPE_SOURCE ? listed - 1 : 0;
    if (type == TYPE_SOURCE || type == TYPE_MOBILE || type == TYPE_SEGMENTS) {
        memcpy(w->packet->key.side[1].address.bytes, header.ptr + 8 + at * ADDRESS_BYTES, ADDRESS_BYTES);
    }
}

/* An extension header of the common shape (RFC 8200 section 4): next header, length in 8 bytes less one. */
static bool skip_extension(struct walk *w, uint8_t *protocol) {
    struct slice rest = cursor_rest(&w->at);
    size_t len = rest.len >= 2 ? ((size_t)rest.ptr[1] + 1) * 8 : 8;
    struct slice header = cursor_take(&w->at, len);
    if (w->at.failed) {
        return false;
    }
    if (*protocol == PROTOCOL_ROUTING) {
        final_destination(w, header);
    }
    *protocol = header.ptr[0];
    return true;
}

static enum layer ipv6_fragment(struct walk *w, uint8_t *protocol) {
    if (!walk_peel(w)) {
        return LAYER_END;
    }
    struct slice h = cursor_take(&w->at, 8);
    if (w->at.failed) {
        return header_short(w);
    }
    *protocol = h.ptr[0];
    uint16_t offset_field = be16_at(h.ptr + 2);
    uint32_t id = be32_at(h.ptr + 4);
    w->packet->ip_id = (uint16_t)id;
    uint32_t offset = offset_field & 0xfff8;
    bool more = offset_field & 1;
    if (offset == 0 && !more) {
        return LAYER_IP; /* an atomic fragment is whole (RFC 6946) */
    }
    return add_fragment(w, id, offset, more, protocol);
}

static enum layer ipv6_payload(struct walk *w, uint8_t protocol) {
    for (;;) {
        switch (protocol) {
        case PROTOCOL_HOP_BY_HOP:
        case PROTOCOL_ROUTING:
        case PROTOCOL_DESTINATION_OPTIONS:
        case PROTOCOL_MOBILITY:
        case PROTOCOL_HOST_IDENTITY:
        case PROTOCOL_SHIM6:
            if (!skip_extension(w, &protocol)) {
                return header_short(w);
            }
            break;
        case PROTOCOL_AUTHENTICATION:
            if (!skip_authentication(w, &protocol)) {
                return header_short(w);
            }
            break;
        case PROTOCOL_FRAGMENT:
            if (ipv6_fragment(w, &protocol) == LAYER_END) {
                return LAYER_END;
            }
            break;
        default:
            return upper_layer(w, protocol);
        }
    }
}

enum layer decode_ipv6(struct walk *w) {
    struct slice h = cursor_take(&w->at, IPV6_HEADER_BYTES);
    if (w->at.failed) {
        return header_short(w);
    }
    if (h.ptr[0] >> 4 != 6) {
        return malformed(w);
    }
    size_t payload = be16_at(h.ptr + 4);
    w->offloaded = payload == 0;
    if (payload) {
        walk_limit(w, payload);
    }
    memcpy(w->packet->key.side[0].address.bytes, h.ptr + 8, ADDRESS_BYTES);
    memcpy(w->packet->key.side[1].address.bytes, h.ptr + 24, ADDRESS_BYTES);
    set_key(w, 6);
    w->packet->ttl = h.ptr[7];
    w->packet->ip_id = 0;
    return ipv6_payload(w, h.ptr[6]);
}

enum layer decode_ip(struct walk *w) {
    struct slice head = slice_first(cursor_rest(&w->at), 1);
    if (head.len == 0) {
        return header_short(w);
    }
    switch (head.ptr[0] >> 4) {
    case 4:
        return LAYER_IPV4;
    case 6:
        return LAYER_IPV6;
    }
    return malformed(w);
}
