/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/link.h"

#include <pcap/dlt.h>

/* Values that libpcap's header names differently from system to system, or not at all. */
enum {
    RAW_BSD = 12,
    RAW_OPENBSD = 14,
    RAW_FILE = 101, /* LINKTYPE_RAW */
};

enum {
    ETHERTYPE_FIRST = 0x0600, /* below: a length (IEEE 802.3) */
    ARPHRD_IEEE80211 = 801,
    ARPHRD_IEEE80211_PRISM = 802,
    ARPHRD_IEEE80211_RADIOTAP = 803,
    ARPHRD_NETLINK = 824,
};

static enum layer truncated(struct walk *w) {
    return walk_end(w, DECODE_LINK_TRUNCATED);
}

bool link_ethertype_known(uint16_t ethertype) {
    switch (ethertype) {
    case 0x0800: /* IPv4 */
    case 0x0806: /* ARP */
    case 0x86dd: /* IPv6 */
    case 0x8100: /* IEEE 802.1Q */
    case 0x88a8: /* IEEE 802.1ad */
    case 0x9100: /* QinQ before the standard */
    case 0x9200:
    case 0x8847: /* MPLS unicast, multicast */
    case 0x8848:
    case 0x8864: /* PPPoE session */
    case 0x880b: /* PPP */
        return true;
    }
    return false;
}

enum layer link_ethertype(struct walk *w, uint16_t ethertype) {
    switch (ethertype) {
    case 0x0800:
        return LAYER_IPV4;
    case 0x86dd:
        return LAYER_IPV6;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
        return LAYER_VLAN;
    case 0x8847:
    case 0x8848:
        return LAYER_MPLS;
    case 0x8864:
        return LAYER_PPPOE;
    case 0x880b:
        return LAYER_PPP;
    }
    return walk_end(w, DECODE_NOT_IP);
}

/* Ethernet's and the tag's field, which is a type or the length of an LLC frame. */
static enum layer type_or_length(struct walk *w, uint16_t field) {
    if (field >= ETHERTYPE_FIRST) {
        return link_ethertype(w, field);
    }
    walk_limit(w, field < walk_length(w) ? field : walk_length(w));
    return LAYER_LLC;
}

enum layer link_ethernet(struct walk *w) {
    struct slice h = cursor_take(&w->at, 14);
    if (w->at.failed) {
        return truncated(w);
    }
    struct packet_path *path = &w->packet->path;
    memcpy(path->mac[1], h.ptr, 6);
    memcpy(path->mac[0], h.ptr + 6, 6);
    path->has_mac = true;
    path->vlan_count = 0;
    uint16_t field = be16_at(h.ptr + 12);
    return field == 0x0800 ? LAYER_IPV4 : type_or_length(w, field);
}

enum layer link_vlan(struct walk *w) {
    if (!walk_peel(w)) {
        return LAYER_END;
    }
    uint16_t tag = cursor_be16(&w->at);
    uint16_t field = cursor_be16(&w->at);
    if (w->at.failed) {
        return truncated(w);
    }
    struct packet_path *path = &w->packet->path;
    if (path->vlan_count < sizeof path->vlan / sizeof path->vlan[0]) {
        path->vlan[path->vlan_count] = tag & 0x0fff;
    }
    path->vlan_count++;
    return type_or_length(w, field);
}

enum layer link_llc(struct walk *w) {
    enum { SAP_IP = 0x06, SAP_SNAP = 0xaa, UNNUMBERED_INFORMATION = 0x03 };
    uint8_t dsap = cursor_u8(&w->at);
    uint8_t ssap = cursor_u8(&w->at);
    uint8_t control = cursor_u8(&w->at);
    if (w->at.failed) {
        return truncated(w);
    }
    if (control != UNNUMBERED_INFORMATION || dsap != ssap) {
        return walk_end(w, DECODE_NOT_IP);
    }
    if (dsap == SAP_IP) {
        return LAYER_IPV4;
    }
    if (dsap != SAP_SNAP) {
        return walk_end(w, DECODE_NOT_IP);
    }
    uint32_t organization = cursor_be24(&w->at);
    uint16_t ethertype = cursor_be16(&w->at);
    if (w->at.failed) {
        return truncated(w);
    }
    /* RFC 1042 and the bridge-tunnel encapsulation of IEEE 802.1H; others have types of their own. */
    if (organization != 0 && organization != 0x0000f8) {
        return walk_end(w, DECODE_NOT_IP);
    }
    return link_ethertype(w, ethertype);
}

static enum layer ppp_protocol(struct walk *w, uint16_t protocol) {
    switch (protocol) {
    case 0x0021:
        return LAYER_IPV4;
    case 0x0057:
        return LAYER_IPV6;
    case 0x0281:
    case 0x0283:
        return LAYER_MPLS;
    }
    return walk_end(w, DECODE_NOT_IP);
}

/* Cisco's HDLC has an ethertype where PPP has its protocol. */
static enum layer cisco_hdlc(struct walk *w) {
    cursor_skip(&w->at, 2);
    uint16_t ethertype = cursor_be16(&w->at);
    return w->at.failed ? truncated(w) : link_ethertype(w, ethertype);
}

enum layer link_ppp(struct walk *w) {
    struct slice head = slice_first(cursor_rest(&w->at), 2);
    if (head.len == 2 && head.ptr[0] == 0xff && head.ptr[1] == 0x03) {
        cursor_skip(&w->at, 2);
    }
    uint16_t protocol = cursor_u8(&w->at);
    /* An odd first byte is a compressed protocol field (RFC 1661 section 6.5). */
    if (!(protocol & 1)) {
        protocol = (uint16_t)(protocol << 8 | cursor_u8(&w->at));
    }
    return w->at.failed ? truncated(w) : ppp_protocol(w, protocol);
}

static enum layer ppp_serial(struct walk *w) {
    struct slice head = slice_first(cursor_rest(&w->at), 2);
    bool cisco = head.len == 2 && (head.ptr[0] == 0x0f || head.ptr[0] == 0x8f) && head.ptr[1] == 0;
    return cisco ? cisco_hdlc(w) : LAYER_PPP;
}

/* A byte for the direction: before the frame, or in place of PPP's address byte. */
static enum layer ppp_with_direction(struct walk *w) {
    cursor_skip(&w->at, 1);
    struct slice head = slice_first(cursor_rest(&w->at), 1);
    if (head.len == 1 && head.ptr[0] == 0x03) {
        cursor_skip(&w->at, 1);
    }
    return w->at.failed ? truncated(w) : LAYER_PPP;
}

/* The address family in the byte order of the machine that captured, which nobody recorded. */
static enum layer null_loopback(struct walk *w) {
    struct slice h = cursor_take(&w->at, 4);
    if (w->at.failed) {
        return truncated(w);
    }
    uint32_t family = be32_at(h.ptr);
    if (family > 0xffff) {
        family = (uint32_t)h.ptr[3] << 24 | (uint32_t)h.ptr[2] << 16 | (uint32_t)h.ptr[1] << 8 | h.ptr[0];
    }
    switch (family) {
    case 2: /* AF_INET everywhere */
        return LAYER_IPV4;
    case 10: /* AF_INET6: Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return LAYER_IPV6;
    }
    return walk_end(w, DECODE_NOT_IP);
}

static enum layer cooked_protocol(struct walk *w, uint16_t hardware, uint16_t protocol) {
    enum { PROTOCOL_802_2 = 0x0004 };
    if (w->at.failed) {
        return truncated(w);
    }
    switch (hardware) {
    case ARPHRD_NETLINK:
        return walk_end(w, DECODE_NOT_IP);
    case ARPHRD_IEEE80211:
        return link_wifi(w);
    case ARPHRD_IEEE80211_PRISM:
        return link_prism(w);
    case ARPHRD_IEEE80211_RADIOTAP:
        return link_radiotap(w);
    }
    return protocol == PROTOCOL_802_2 ? LAYER_LLC : link_ethertype(w, protocol);
}

static enum layer linux_cooked(struct walk *w) {
    struct slice h = cursor_take(&w->at, 16);
    return h.len ? cooked_protocol(w, be16_at(h.ptr + 2), be16_at(h.ptr + 14)) : truncated(w);
}

static enum layer linux_cooked2(struct walk *w) {
    struct slice h = cursor_take(&w->at, 20);
    return h.len ? cooked_protocol(w, be16_at(h.ptr + 8), be16_at(h.ptr)) : truncated(w);
}

/* Attributes, type and length in the byte order of the machine that captured; the packet is one of them. */
static enum layer netfilter_log(struct walk *w) {
    enum { ATTRIBUTE_PAYLOAD = 9 };
    cursor_skip(&w->at, 4);
    while (cursor_left(&w->at) >= 4) {
        struct slice h = cursor_take(&w->at, 4);
        bool little = h.ptr[3] == 0 && h.ptr[2] != 0; /* types are small and not 0 */
        unsigned len = little ? (unsigned)h.ptr[1] << 8 | h.ptr[0] : be16_at(h.ptr);
        unsigned type = little ? h.ptr[2] : be16_at(h.ptr + 2);
        if (len < 4) {
            return truncated(w);
        }
        if (type == ATTRIBUTE_PAYLOAD) {
            walk_limit(w, len - 4);
            return LAYER_IP;
        }
        cursor_skip(&w->at, (len - 4 + 3) & ~3U);
    }
    return truncated(w);
}

/* A header that ends with the frame of another link type; `length` and `type` as it states them. It may not
 * hold another of its kind. */
static enum layer wrapped(struct walk *w, size_t length, uint32_t type) {
    cursor_skip(&w->at, length);
    if (w->at.failed) {
        return truncated(w);
    }
    if (type == DLT_PPI || type == DLT_PKTAP || type > INT32_MAX) {
        return walk_end(w, DECODE_LINK_UNSUPPORTED);
    }
    return link_begin(w, (int)type);
}

static enum layer per_packet_information(struct walk *w) {
    struct cursor h = w->at;
    cursor_skip(&h, 2);
    uint16_t length = cursor_le16(&h);
    uint32_t type = cursor_le32(&h);
    return h.failed || length < 8 ? truncated(w) : wrapped(w, length, type);
}

static enum layer packet_tap(struct walk *w) {
    struct cursor h = w->at;
    uint32_t length = cursor_le32(&h);
    cursor_skip(&h, 4);
    uint32_t type = cursor_le32(&h);
    return h.failed || length < 12 ? truncated(w) : wrapped(w, length, type);
}

static enum layer unsupported(struct walk *w, int link_type) {
    w->counts.unsupported_link_type = (uint64_t)link_type + 1;
    return walk_end(w, DECODE_LINK_UNSUPPORTED);
}

enum layer link_begin(struct walk *w, int link_type) {
    switch (link_type) {
    case DLT_EN10MB:
        return link_ethernet(w);
    case DLT_LINUX_SLL:
        return linux_cooked(w);
    case DLT_LINUX_SLL2:
        return linux_cooked2(w);
    case RAW_BSD:
    case RAW_OPENBSD:
    case RAW_FILE:
        return LAYER_IP;
    case DLT_IPV4:
        return LAYER_IPV4;
    case DLT_IPV6:
        return LAYER_IPV6;
    case DLT_NULL:
    case DLT_LOOP:
        return null_loopback(w);
    case DLT_PPP:
        return LAYER_PPP;
    case DLT_PPP_SERIAL:
    case DLT_C_HDLC:
        return ppp_serial(w);
    case DLT_PPP_ETHER:
        return LAYER_PPPOE;
    case DLT_PPP_PPPD:
    case DLT_PPP_WITH_DIR:
        return ppp_with_direction(w);
    case DLT_IEEE802_11:
        return link_wifi(w);
    case DLT_IEEE802_11_RADIO:
        return link_radiotap(w);
    case DLT_IEEE802_11_RADIO_AVS:
        return link_avs(w);
    case DLT_PRISM_HEADER:
        return link_prism(w);
    case DLT_ATM_RFC1483:
        return LAYER_LLC;
    case DLT_NFLOG:
        return netfilter_log(w);
    case DLT_PPI:
        return per_packet_information(w);
    case DLT_PKTAP:
        return packet_tap(w);
    case DLT_MPLS:
        return LAYER_MPLS;
    }
    return unsupported(w, link_type);
}
