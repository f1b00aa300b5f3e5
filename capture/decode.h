/* SPDX-License-Identifier: Apache-2.0 */
/* From a frame to a TCP packet: link layer, tags, labels, tunnels, IP and its fragments, TCP header. Each
 * frame gets exactly one fate; the counts of all fates add up to the frames decoded (the ledger relies on
 * it). Heap-owned, one thread. */
#ifndef HARK_CAPTURE_DECODE_H
#define HARK_CAPTURE_DECODE_H

#include "capture/limits.h"
#include "capture/packet.h"

/* Where several reasons hold, the one named first in this list that decoding meets on its way in (outermost
 * header first) is the frame's fate. */
enum decode_fate {
    DECODE_TCP,              /* a TCP packet came out (of a fragment: it completed its datagram) */
    DECODE_LINK_UNSUPPORTED, /* link type unknown to hark */
    DECODE_LINK_TRUNCATED,   /* link, tag or label headers cut or malformed */
    DECODE_NOT_IP,           /* ARP, LLDP, 802.11 management, encrypted 802.11 ... */
    DECODE_IP_TRUNCATED,     /* IP header cut by snaplen */
    DECODE_IP_MALFORMED,     /* wrong version, lengths, header length */
    DECODE_IP_CHECKSUM,      /* --checksums=verify: IPv4 header checksum wrong */
    DECODE_FRAGMENT_HELD,    /* a fragment that waits for the others, or waited in vain: see the
                                defragmentation's own counts */
    DECODE_FRAGMENT_DROPPED, /* overlapping IPv6 fragment, impossible offset, or no room */
    DECODE_TUNNEL_DEPTH,     /* more headers than limits.tunnel_depth */
    DECODE_TUNNEL_MALFORMED, /* a tunnel header that is cut or can't be read */
    DECODE_UDP,              /* UDP that carries no tunnel hark knows */
    DECODE_OTHER_PROTOCOL,   /* ICMP, SCTP, ESP ... */
    DECODE_TCP_TRUNCATED,    /* TCP header cut by snaplen */
    DECODE_TCP_MALFORMED,    /* TCP data offset out of range */
    DECODE_TCP_CHECKSUM,     /* TCP checksum wrong: with --checksums=verify, and of what was fragments */
    DECODE_FATES,            /* how many there are */
};

/* The fate's name in the ledger: lower case with underscores. */
const char *decode_fate_name(enum decode_fate);

struct decode_options {
    bool verify_checksums;
    bool vlan_in_key; /* VLAN ids tell flows apart */
    /* With verify_checksums: a TCP checksum that is not filled in yet (checksum_tcp_partial) passes. For live
     * interfaces, where the capturing host's own packets, and those put together for it, have none. */
    bool partial_checksums;
    bool name_datagrams; /* decoder_datagrams is asked */
};

struct decode_counts {
    uint64_t fates[DECODE_FATES];
    uint64_t tunnels[TUNNEL_KINDS]; /* headers peeled, by kind */
    uint64_t datagrams_reassembled;
    uint64_t datagrams_expired;     /* fragments timed out */
    uint64_t datagrams_waiting;     /* for fragments, now */
    uint64_t datagrams_evicted;     /* no room */
    uint64_t fragments_no_room;     /* dropped: not even by evicting others */
    uint64_t memory_failures;       /* times the system had no memory for fragments */
    uint64_t datagrams_overlapping; /* IPv4: overlap with other bytes; IPv6: overlap (datagram discarded, RFC
                                       8200 section 4.5) */
    uint64_t subframes_skipped;     /* 802.11 A-MSDU: a frame gives one packet, of its first subframe */
    uint64_t partial_checksums;     /* TCP packets that passed with decode_options.partial_checksums */
    uint64_t unsupported_link_type; /* last DLT met that hark doesn't know, + 1; 0 for none */
};

/* Which datagrams a frame's fragments belong to: names, never 0, that all fragments of one have in common. */
enum { DECODE_DATAGRAMS = 16 };
struct decode_datagrams {
    uint64_t completed[DECODE_DATAGRAMS]; /* by this frame, outermost first */
    unsigned completed_count;
    uint64_t held; /* what came out last is a fragment of this one, that waits; 0: none */
};

struct decoder;

/* Copies options and limits. NULL without memory. */
struct decoder *decoder_new(const struct decode_options *, const struct limits *);
void decoder_free(struct decoder *);

/* With DECODE_TCP the packet is filled; its slices live until the next decode and no longer than the frame.
 */
enum decode_fate decoder_decode(struct decoder *, const struct frame *, struct packet *);
/* Of the frame decoded last; without decode_options.name_datagrams there are none. */
const struct decode_datagrams *decoder_datagrams(const struct decoder *);
/* Drops fragments older than the time-out, by packet time. */
void decoder_tick(struct decoder *, int64_t now_ns);
void decoder_counts(const struct decoder *, struct decode_counts *);

#endif
