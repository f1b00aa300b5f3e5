/* SPDX-License-Identifier: Apache-2.0 */
/* IEEE 802.11 data frames and the headers that capture systems put before them. */
#include "capture/link.h"

enum {
    TYPE_DATA = 2,
    /* bits of a data frame's subtype */
    SUBTYPE_NO_DATA = 0x4,
    SUBTYPE_QOS = 0x8,
    /* second byte of frame control */
    TO_DS = 0x01,
    FROM_DS = 0x02,
    PROTECTED = 0x40,
    ORDER = 0x80, /* on a QoS frame: HT control follows */
    /* QoS control, low byte */
    QOS_AMSDU = 0x80,
    FRAGMENT_NUMBER = 0x0f, /* of sequence control */
    FCS_BYTES = 4,
};

static enum layer truncated(struct walk *w) {
    return walk_end(w, DECODE_LINK_TRUNCATED);
}

static void set_mac(struct walk *w, const uint8_t *source, const uint8_t *destination) {
    memcpy(w->packet->path.mac[0], source, 6);
    memcpy(w->packet->path.mac[1], destination, 6);
    w->packet->path.has_mac = true;
    w->packet->path.vlan_count = 0;
}

/* The addresses' meaning depends on the two DS bits (IEEE 802.11-2020 table 9-30). */
static void set_mac_by_ds(struct walk *w, uint8_t flags, const uint8_t *header, const uint8_t *address4) {
    const uint8_t *address1 = header + 4, *address2 = header + 10, *address3 = header + 16;
    switch (flags & (TO_DS | FROM_DS)) {
    case 0:
        set_mac(w, address2, address1);
        break;
    case TO_DS:
        set_mac(w, address2, address3);
        break;
    case FROM_DS:
        set_mac(w, address3, address1);
        break;
    case TO_DS | FROM_DS:
        set_mac(w, address4, address3);
        break;
    }
}

/* A-MSDU: subframes with a header like Ethernet's, each padded to four bytes. The first one is decoded, the
 * others are counted as far as they can be seen. */
static enum layer first_subframe(struct walk *w) {
    struct slice h = cursor_take(&w->at, 14);
    if (w->at.failed) {
        return truncated(w);
    }
    set_mac(w, h.ptr + 6, h.ptr);
    size_t length = be16_at(h.ptr + 12);
    struct cursor next = w->at;
    cursor_skip(&next, (14 + length + 3) / 4 * 4 - 14);
    while (cursor_left(&next) >= 14) {
        w->counts.subframes_skipped++;
        cursor_skip(&next, 12);
        size_t skip = (14 + (size_t)cursor_be16(&next) + 3) / 4 * 4 - 14;
        cursor_skip(&next, skip);
    }
    walk_limit(w, length);
    return LAYER_LLC;
}

/* `padded`: the header was filled up to four bytes by the capturing device. */
static enum layer data_frame(struct walk *w, bool padded) {
    size_t start = cursor_offset(&w->at);
    struct slice h = cursor_take(&w->at, 24);
    if (w->at.failed) {
        return truncated(w);
    }
    unsigned type = h.ptr[0] >> 2 & 3, subtype = h.ptr[0] >> 4;
    uint8_t flags = h.ptr[1];
    /* Fragments after the first have no LLC header; the first is IP with its end missing. */
    bool later_fragment = (h.ptr[22] & FRAGMENT_NUMBER) != 0;
    if (type != TYPE_DATA || subtype & SUBTYPE_NO_DATA || flags & PROTECTED || later_fragment) {
        return walk_end(w, DECODE_NOT_IP);
    }
    struct slice address4 = slice_make(h.ptr, 0);
    if ((flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS)) {
        address4 = cursor_take(&w->at, 6);
    }
    uint8_t qos = 0;
    if (subtype & SUBTYPE_QOS) {
        qos = cursor_u8(&w->at);
        cursor_skip(&w->at, 1);
        cursor_skip(&w->at, flags & ORDER ? 4 : 0);
    }
    if (padded) {
        cursor_skip(&w->at, (4 - (cursor_offset(&w->at) - start) % 4) % 4);
    }
    if (w->at.failed) {
        return truncated(w);
    }
    set_mac_by_ds(w, flags, h.ptr, address4.ptr);
    return qos & QOS_AMSDU ? first_subframe(w) : LAYER_LLC;
}

enum layer link_wifi(struct walk *w) {
    struct slice head = slice_first(cursor_rest(&w->at), 1);
    if (head.len == 0) {
        return truncated(w);
    }
    /* Management and control frames may be shorter than a data frame's header. */
    if ((head.ptr[0] >> 2 & 3) != TYPE_DATA) {
        return walk_end(w, DECODE_NOT_IP);
    }
    return data_frame(w, false);
}

/* Radiotap's flags field; false where it has none. Only the time stamp can stand before it (radiotap.org). */
static bool radiotap_flags(struct slice header, uint8_t *flags) {
    enum { HAS_TIME = 0x01, HAS_FLAGS = 0x02, MORE_WORDS = 0x80 };
    struct cursor c = cursor_of(header);
    cursor_skip(&c, 4);
    struct slice present = cursor_take(&c, 4);
    if (c.failed || !(present.ptr[0] & HAS_FLAGS)) {
        return false;
    }
    for (struct slice word = present; word.len && word.ptr[3] & MORE_WORDS;) {
        word = cursor_take(&c, 4);
    }
    if (present.ptr[0] & HAS_TIME) {
        cursor_skip(&c, (8 - cursor_offset(&c) % 8) % 8 + 8);
    }
    *flags = cursor_u8(&c);
    return !c.failed;
}

enum layer link_radiotap(struct walk *w) {
    enum { FLAG_FCS = 0x10, FLAG_PADDED = 0x20, FLAG_BAD_FCS = 0x40 };
    struct cursor peek = w->at;
    uint8_t version = cursor_u8(&peek);
    cursor_skip(&peek, 1);
    size_t length = cursor_le16(&peek);
    struct slice header = cursor_take(&w->at, length);
    if (peek.failed || w->at.failed || version != 0 || length < 8) {
        return truncated(w);
    }
    uint8_t flags = 0;
    bool known = radiotap_flags(header, &flags);
    if (known && flags & FLAG_BAD_FCS) {
        /* Damaged on the air: no station took it, and any byte may be wrong. */
        return truncated(w);
    }
    if (known && flags & FLAG_FCS) {
        walk_trim(w, FCS_BYTES);
    }
    if (known && flags & FLAG_PADDED) {
        struct slice head = slice_first(cursor_rest(&w->at), 1);
        if (head.len && (head.ptr[0] >> 2 & 3) == TYPE_DATA) {
            return data_frame(w, true);
        }
    }
    return link_wifi(w);
}

enum layer link_avs(struct walk *w) {
    struct cursor peek = w->at;
    cursor_skip(&peek, 4);
    cursor_skip(&w->at, cursor_be32(&peek));
    return w->at.failed || peek.failed ? truncated(w) : link_wifi(w);
}

enum layer link_prism(struct walk *w) {
    struct cursor peek = w->at;
    uint32_t code = cursor_be32(&peek);
    /* Some drivers put an AVS header under Prism's link type. */
    if ((code & 0xfffff000) == 0x80211000) {
        return link_avs(w);
    }
    struct cursor little = peek;
    size_t length = cursor_be32(&peek);
    size_t swapped = cursor_le32(&little);
    cursor_skip(&w->at, swapped < length ? swapped : length);
    return w->at.failed || peek.failed ? truncated(w) : link_wifi(w);
}
