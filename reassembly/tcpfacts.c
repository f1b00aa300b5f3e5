/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/tcpfacts.h"

/* Copies that nothing but time tells from retransmissions: no retransmission timer is this short (RFC 6298
 * section 2.4 asks for 1 s, Linux takes 200 ms), and mirror ports are rarely further apart. */
#define COPY_WITHIN_NS INT64_C(10000000)

enum { LARGEST_SCALE = 14 /* RFC 7323 section 2.3 */ };

void tcpfacts_init(struct tcpfacts *f) {
    *f = (struct tcpfacts){.window_scale = -1};
}

static uint32_t payload_len(const struct packet *p) {
    return (uint32_t)p->payload.len + p->cut;
}

static uint32_t tag_of(const struct packet *p) {
    uint32_t tag = p->seq * 31 + p->ack;
    tag = tag * 31 + payload_len(p);
    return tag * 31 + ((uint32_t)p->checksum << 8 | p->flags);
}

static bool same_packet(const struct sighting *s, const struct packet *p) {
    return s->seq == p->seq && s->ack == p->ack && s->len == payload_len(p) && s->flags == p->flags &&
           s->window == p->window && s->checksum == p->checksum && s->ip_id == p->ip_id &&
           s->ts_value == p->ts_value && s->ts_echo == p->ts_echo;
}

static bool in_time(const struct sighting *s, const struct packet *p, int64_t skew_ns) {
    int64_t apart = p->time_ns > s->time_ns ? p->time_ns - s->time_ns : s->time_ns - p->time_ns;
    if (p->ip_id != 0) {
        return apart <= skew_ns;
    }
    bool bare_ack = payload_len(p) == 0 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST));
    return apart <= COPY_WITHIN_NS && (p->has_timestamps || !bare_ack);
}

bool tcpfacts_tap_copy(struct tcpfacts *f, const struct packet *p, int64_t skew_ns) {
    uint32_t tag = tag_of(p);
    for (unsigned i = 0; i < f->sightings_count; i++) {
        if (f->tags[i] == tag && same_packet(&f->sightings[i], p) && in_time(&f->sightings[i], p, skew_ns)) {
            return true;
        }
    }
    f->tags[f->sightings_at] = tag;
    f->sightings[f->sightings_at] = (struct sighting){.time_ns = p->time_ns,
                                                      .seq = p->seq,
                                                      .ack = p->ack,
                                                      .len = payload_len(p),
                                                      .ts_value = p->ts_value,
                                                      .ts_echo = p->ts_echo,
                                                      .ip_id = p->ip_id,
                                                      .checksum = p->checksum,
                                                      .window = p->window,
                                                      .flags = p->flags};
    f->sightings_at = (uint8_t)((f->sightings_at + 1) % TCPFACTS_SIGHTINGS);
    if (f->sightings_count < TCPFACTS_SIGHTINGS) {
        f->sightings_count++;
    }
    return false;
}

void tcpfacts_count(struct tcpfacts *f, struct stream_counts *counts, const struct packet *p,
                    bool outstanding) {
    if (p->flags & TCP_RST || !(p->flags & TCP_ACK)) {
        return;
    }
    bool bare = payload_len(p) == 0 && !(p->flags & (TCP_SYN | TCP_FIN));
    if (f->ack_seen && bare && outstanding && p->ack == f->last_ack && p->window == f->last_window) {
        counts->duplicate_acks++;
    }
    if (p->window == 0 && (!f->ack_seen || f->last_window != 0)) {
        counts->zero_window++;
    }
    f->ack_seen = true;
    f->last_ack = p->ack;
    f->last_window = p->window;
}

uint32_t tcpfacts_window(const struct tcpfacts *f) {
    if (!f->ack_seen) {
        return (uint32_t)UINT16_MAX << LARGEST_SCALE;
    }
    return (uint32_t)f->last_window << (f->window_scale < 0 ? LARGEST_SCALE : f->window_scale);
}
