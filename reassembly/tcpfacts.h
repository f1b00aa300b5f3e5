/* SPDX-License-Identifier: Apache-2.0 */
/* What single packets say about TCP's work: copies made by the tap, repeated ACKs, closed windows, keep-alive
 * probes. Embedded by value in the session, one thread. */
#ifndef HARK_REASSEMBLY_TCPFACTS_H
#define HARK_REASSEMBLY_TCPFACTS_H

#include "reassembly/consumer.h"

enum { TCPFACTS_SIGHTINGS = 8 };

/* How a packet looked: enough to know its copy from a retransmission. */
struct sighting {
    int64_t time_ns;
    uint32_t seq;
    uint32_t ack;
    uint32_t len;
    uint32_t ts_value;
    uint32_t ts_echo;
    uint16_t ip_id;
    uint16_t checksum;
    uint16_t window;
    uint8_t flags;
};

/* Of one direction. Zero-initialised: nothing seen. */
struct tcpfacts {
    uint32_t tags[TCPFACTS_SIGHTINGS]; /* of each sighting, so that most packets look no further */
    struct sighting sightings[TCPFACTS_SIGHTINGS];
    uint32_t last_ack;
    uint16_t last_window;
    int8_t window_scale; /* -1: no SYN seen, or without the option */
    bool ack_seen;
    uint8_t sightings_at;
    uint8_t sightings_count;
};

void tcpfacts_init(struct tcpfacts *);

/* Is the packet the tap's second look at one of the direction's last packets? VLAN tags, TTL and MAC
 * addresses may differ. A retransmission has an IP id or a timestamp of its own; where there is neither (IPv6
 * without the option, offload that writes 0), only a copy within some milliseconds counts, and for a bare ACK
 * nothing does, because TCP itself repeats those back to back. A packet that is no copy is remembered. */
bool tcpfacts_tap_copy(struct tcpfacts *, const struct packet *, int64_t skew_ns);

/* Counts repeated ACKs and closed windows. `outstanding`: the other direction sent more than is acknowledged
 * here. */
void tcpfacts_count(struct tcpfacts *, struct stream_counts *, const struct packet *, bool outstanding);

/* The window offered by the direction, in bytes; the largest possible one when its scale is not known. */
uint32_t tcpfacts_window(const struct tcpfacts *);

#endif
