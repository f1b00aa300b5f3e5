/* SPDX-License-Identifier: Apache-2.0 */
/* One frame as the source gives it, and one TCP packet as decoding gives it: the view that everything above
 * capture works on. Both are views: their slices die at the next read of the source (or, for a reassembled
 * datagram, at the next decode). Plain values; a thread that keeps one copies the bytes, or holds the frame's
 * block. */
#ifndef HARK_CAPTURE_PACKET_H
#define HARK_CAPTURE_PACKET_H

#include "capture/slice.h"

#include <assert.h>
#include <stddef.h>

/* The latest time of a frame, in 2253: what is added to one, nine years at most, does not overflow. */
#define FRAME_TIME_MOST_NS (INT64_MAX - (INT64_C(1) << 58))

struct source_block;

struct frame {
    struct slice bytes;         /* captured bytes */
    uint32_t wire_len;          /* bytes on the wire, >= bytes.len */
    int link_type;              /* DLT_ value of libpcap */
    int64_t time_ns;            /* since the epoch, 0 to FRAME_TIME_MOST_NS */
    uint64_t number;            /* in its file, from 1, as Wireshark numbers it; live: in the run */
    uint64_t ordinal;           /* in the run, from 1, over all files */
    uint32_t file;              /* which of the files given, from 0 */
    uint32_t interface;         /* which interface of the capture, from 0 */
    struct source_block *block; /* the bytes stay while it is held (source_block.h); NULL: they can't be */
};

enum { ADDRESS_BYTES = 16 };

/* An IPv4 address is kept as its IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2). */
struct address {
    uint8_t bytes[ADDRESS_BYTES];
};

/* One side of a connection. */
struct endpoint {
    struct address address;
    uint16_t port;
};

/* What tells flows apart: inner addresses, ports and network id (VXLAN VNI, GENEVE VNI; 0 without one).
 * side[0] is the packet's source, side[1] its destination. `vlan` is 0 unless the user asked for VLANs in the
 * key: then the innermost frame's only VLAN id, or its outermost two as outer << 12 | inner. */
struct flow_key {
    struct endpoint side[2];
    uint32_t network_id;
    uint32_t vlan;
    uint8_t ip_version;   /* 4 or 6 */
    uint8_t network_kind; /* enum tunnel_kind that gave network_id, 0 for none */
};

enum tunnel_kind {
    TUNNEL_NONE,
    TUNNEL_IPIP, /* any IP in IP */
    TUNNEL_GRE,
    TUNNEL_ERSPAN,
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_GTPU,
    TUNNEL_MPLS,
    TUNNEL_PPPOE,
    TUNNEL_TEREDO,
    TUNNEL_L2TP,
};
enum { TUNNEL_KINDS = TUNNEL_L2TP + 1 };

enum { PACKET_TUNNELS = 4 };

/* Facts of the way that a packet took; never part of the flow key. */
struct packet_path {
    uint8_t mac[2][6]; /* innermost Ethernet source, destination */
    bool has_mac;
    uint8_t vlan_count;   /* tags seen in the innermost frame, outermost first; 2 are kept */
    uint16_t vlan[2];     /* VLAN ids */
    uint8_t tunnel_count; /* tunnels peeled off; the outermost 4 are kept, outermost first */
    struct {
        uint8_t kind; /* enum tunnel_kind */
        uint32_t id;  /* VNI, GTP TEID, GRE key, ERSPAN or PPPoE session, L2TP tunnel << 16 | session, MPLS
                         label of the bottom of the stack; 0 where it has none */
        bool has_id;
        struct address outer[2]; /* outer IP source and destination, where there is an outer IP header */
        bool has_outer;
    } tunnel[PACKET_TUNNELS]; /* others than these have no meaning */
};

/* How many tunnels are kept. */
static inline unsigned packet_path_tunnels(const struct packet_path *path) {
    return path->tunnel_count < PACKET_TUNNELS ? path->tunnel_count : PACKET_TUNNELS;
}

static inline void packet_path_copy_tunnels(struct packet_path *to, const struct packet_path *from) {
    to->tunnel_count = from->tunnel_count;
    for (unsigned i = 0; i < packet_path_tunnels(from); i++) {
        to->tunnel[i] = from->tunnel[i];
    }
}

/* Without the tunnels that are not there, which keep what they have. */
static inline void packet_path_copy(struct packet_path *to, const struct packet_path *from) {
    memcpy(to, from, offsetof(struct packet_path, tunnel));
    packet_path_copy_tunnels(to, from);
}

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
};

struct sack_block {
    uint32_t left;
    uint32_t right;
};

struct packet {
    int64_t time_ns;
    uint64_t number;
    uint64_t ordinal;
    uint32_t file;
    uint32_t interface;
    struct flow_key key;
    uint32_t seq;
    uint32_t ack;        /* valid with TCP_ACK */
    uint16_t window;     /* as sent, not scaled */
    int8_t window_scale; /* of the option on a SYN (RFC 7323), -1 without */
    uint8_t flags;       /* enum tcp_flag; without ECE and CWR */
    uint8_t sack_count;  /* RFC 2018: at most 4 */
    struct sack_block sack[4];
    bool has_timestamps; /* RFC 7323 */
    uint32_t ts_value;   /* both 0 without the option */
    uint32_t ts_echo;
    uint16_t ip_id;       /* low 16 bits of IPv6's fragment identification, 0 without */
    uint8_t ttl;          /* hop limit in IPv6 */
    uint16_t checksum;    /* TCP checksum as sent */
    bool fragmented;      /* it came as IP fragments */
    bool unwanted;        /* overload: it opens no connection */
    bool lasting;         /* its payload outlives it: see source_block.lasts */
    struct slice payload; /* captured TCP payload */
    uint32_t cut;         /* payload bytes after those captured that the IP length promises: cut by snaplen,
                             or by a mirror or tunnel that truncates */
    uint32_t wire_len;    /* of the frame (of the last fragment's frame) */
    struct packet_path path;
};

/* Bytes of the packet up to the tunnels that it did not go through, which most of its size are for. */
static inline size_t packet_bytes(const struct packet *packet) {
    static_assert(offsetof(struct packet, path.tunnel) + sizeof packet->path.tunnel +
                          _Alignof(struct packet) >
                      sizeof *packet,
                  "the tunnels are the packet's last member");
    return offsetof(struct packet, path.tunnel) +
           packet_path_tunnels(&packet->path) * sizeof packet->path.tunnel[0];
}

/* What keeps the payload of a packet that came of the frame; NULL for a reassembled datagram, whose bytes are
 * not in it. */
static inline struct source_block *packet_block(const struct packet *packet, const struct frame *frame) {
    uintptr_t from = (uintptr_t)frame->bytes.ptr, payload = (uintptr_t)packet->payload.ptr;
    return payload - from <= frame->bytes.len ? frame->block : NULL;
}

/* Folding the 128-bit product spreads every input bit over the result for one multiplication. The factors are
 * in it once more: where one is zero, the other still counts. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ a ^ b;
}

/* The same for both directions of a flow, different enough between flows; no seed, so that runs are alike. */
uint64_t flow_key_hash(const struct flow_key *);
/* Whoever knows a hash can make keys that collide. Tables therefore hash with a secret of their own; nothing
 * that is written depends on it. */
struct hash_secret {
    uint64_t words[3];
};
void hash_secret_make(struct hash_secret *);
/* `hash`: flow_key_hash(key). The same for both directions. */
uint64_t flow_key_hash_secret(const struct flow_key *, uint64_t hash, const struct hash_secret *);
/* The partition of the flow, below HARK_PARTITIONS; the same for both directions. */
unsigned flow_key_partition(uint64_t hash);
/* The same key seen from the other side. */
struct flow_key flow_key_reverse(const struct flow_key *);
/* True when `b` is `a`, side for side. */
bool flow_key_equal(const struct flow_key *a, const struct flow_key *b);

/* The kind's name in records and the ledger: lower case. */
const char *tunnel_kind_name(enum tunnel_kind);

bool address_is_v4(const struct address *);
struct address address_of_v4(const uint8_t bytes[4]);
enum { ADDRESS_TEXT_BYTES = 46 };
/* Writes the text form with its NUL (RFC 5952 for IPv6) and returns its length. */
size_t address_text(const struct address *, uint8_t ip_version, char text[ADDRESS_TEXT_BYTES]);

#endif
