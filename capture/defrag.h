/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly of IP fragments (RFC 791, RFC 8200 section 4.5). Capped in datagrams and bytes; the oldest goes
 * first. Packet time only. Rules:
 * - IPv4: where fragments overlap, the bytes that came first stay, and a difference is counted. From a second
 *   after the first fragment on a difference tells that another datagram has the identification: it begins.
 * - IPv6: an exact copy of a fragment is ignored; any other overlap discards the datagram and what else comes
 *   of it until the time-out (RFC 5722).
 * - A fragment that snaplen cut counts as arrived; the datagram's usable bytes end where the first cut began.
 * - A complete datagram is remembered for a second, so that a tap's copies of its fragments do not wait and
 *   later meet a reused identification.
 * Heap-owned, one thread. */
#ifndef HARK_CAPTURE_DEFRAG_H
#define HARK_CAPTURE_DEFRAG_H

#include "capture/limits.h"
#include "capture/packet.h"

struct defrag_fragment {
    struct flow_key key; /* addresses, version, network and VLAN; ports are not looked at */
    uint32_t id;
    uint8_t protocol; /* of the next header; tells IPv4 datagrams apart, not IPv6's */
    uint32_t offset;  /* bytes */
    bool more;
    struct slice bytes; /* captured */
    size_t missing;     /* bytes of the fragment after those captured */
    int64_t time_ns;
};

struct defrag_datagram {
    struct slice bytes; /* lives until defrag_release */
    size_t missing;     /* bytes of the datagram after those */
    uint8_t protocol;   /* of the first fragment */
};

struct defrag_counts {
    uint64_t reassembled;
    uint64_t expired;
    uint64_t waiting; /* now */
    uint64_t evicted;
    uint64_t no_room;     /* fragments dropped for want of room or memory */
    uint64_t failures;    /* times the system had no memory to give */
    uint64_t overlapping; /* IPv4: with other bytes; IPv6: discarded for it */
};

enum defrag_result {
    DEFRAG_HELD, /* waits, or is a copy of what is known */
    DEFRAG_DROPPED,
    DEFRAG_COMPLETE,
};

struct defrag;

/* NULL without memory. */
struct defrag *defrag_new(const struct limits *);
void defrag_free(struct defrag *);

enum defrag_result defrag_add(struct defrag *, const struct defrag_fragment *, struct defrag_datagram *);
/* The datagram that the fragment completed, and that is still in use, is of two that have one identification:
 * it is given up, and of the later one the fragment is the first. False where there is no room for it. */
bool defrag_begin_again(struct defrag *, const struct defrag_fragment *);
/* The datagrams that came out so far are no longer used. */
void defrag_release(struct defrag *);
/* Forgets what is older than the time-out. */
void defrag_tick(struct defrag *, int64_t now_ns);
struct defrag_counts defrag_counts(const struct defrag *);
/* Bytes held now, never more than limits.fragment_bytes. */
size_t defrag_bytes(const struct defrag *);

#endif
