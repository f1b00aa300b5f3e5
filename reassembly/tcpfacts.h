/* SPDX-License-Identifier: Apache-2.0 */
/* What single packets say about TCP's work: copies made by the tap, repeated ACKs, closed windows, keep-alive
 * probes. Embedded by value in the session, one thread. */
#ifndef HARK_REASSEMBLY_TCPFACTS_H
#define HARK_REASSEMBLY_TCPFACTS_H

#include "reassembly/consumer.h"

enum { TCPFACTS_SIGHTINGS = 8 };

/* How a packet looked, enough to know its copy from a retransmission: all that a copy repeats, hashed with a
 * secret so that nobody can make one packet pass for another's copy. */
struct sighting {
    uint64_t mark;
    int64_t time_ns;
};

/* Of one direction. */
struct tcpfacts {
    uint32_t last_ack;
    uint16_t last_window;
    int8_t window_scale; /* -1: no SYN seen, or without the option */
    bool ack_seen;
    int64_t ack_ns;    /* last packet that acknowledged more, 0 before */
    int64_t closed_ns; /* the window was closed last, and opened again; 0 before */
    int64_t opened_ns;
    uint8_t sightings_at;
    uint8_t sightings_count;
    struct sighting sightings[TCPFACTS_SIGHTINGS]; /* the first sightings_count are valid */
};

void tcpfacts_init(struct tcpfacts *);

/* Is the packet the tap's second look at one of the direction's last packets? VLAN tags, TTL and MAC
 * addresses may differ. A retransmission has an IP id or a timestamp of its own; where there is neither (IPv6
 * without the option, offload that writes 0), only a copy within some milliseconds counts, and for a bare ACK
 * nothing does, because TCP itself repeats those back to back. A packet that is no copy is remembered. */
bool tcpfacts_tap_copy(struct tcpfacts *, const struct packet *, int64_t skew_ns, const struct hash_secret *);
/* Remembers a packet that is known to be no copy. */
void tcpfacts_remember(struct tcpfacts *, const struct packet *, const struct hash_secret *);

/* Counts repeated ACKs and closed windows. `outstanding`: the other direction sent more than is acknowledged
 * here. */
void tcpfacts_count(struct tcpfacts *, struct stream_counts *, const struct packet *, bool outstanding);

/* The window offered by the direction, in bytes; the largest possible one when its scale is not known. */
uint32_t tcpfacts_window(const struct tcpfacts *);

#endif
