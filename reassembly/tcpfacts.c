/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/tcpfacts.h"

/* Copies that nothing but time tells from retransmissions: no retransmission timer is this short (RFC 6298
 * section 2.4 asks for 1 s, Linux takes 200 ms), and mirror ports are rarely further apart. */
#define COPY_WITHIN_NS INT64_C(10000000)

enum { LARGEST_SCALE = 14 /* RFC 7323 section 2.3 */ };

void tcpfacts_init(struct tcpfacts *f) {
    f->last_ack = 0;
    f->last_window = 0;
    f->window_scale = -1;
    f->ack_seen = false;
    f->ack_ns = f->closed_ns = f->opened_ns = 0;
    f->sightings_at = 0;
    f->sightings_count = 0;
}

static uint32_t payload_len(const struct packet *p) {
    return (uint32_t)p->payload.len + p->cut;
}

static uint64_t mark_of(const struct packet *p, const struct hash_secret *secret) {
    uint64_t numbers = (uint64_t)p->seq << 32 | p->ack;
    uint64_t stamps = (uint64_t)p->ts_value << 32 | p->ts_echo;
    uint64_t lengths = (uint64_t)payload_len(p) << 32 | (uint32_t)p->ip_id << 16 | p->checksum;
    uint64_t rest = (uint64_t)p->window << 8 | p->flags;
    uint64_t first = hash_mix(numbers ^ secret->words[0], stamps ^ secret->words[1]);
    return hash_mix(lengths ^ secret->words[1], rest ^ secret->words[2] ^ first);
}

static bool in_time(const struct sighting *s, const struct packet *p, int64_t skew_ns) {
    int64_t apart = p->time_ns > s->time_ns ? p->time_ns - s->time_ns : s->time_ns - p->time_ns;
    if (p->ip_id != 0) {
        return apart <= skew_ns;
    }
    bool bare_ack = payload_len(p) == 0 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST));
    return apart <= COPY_WITHIN_NS && (p->has_timestamps || !bare_ack);
}

static void remember(struct tcpfacts *f, uint64_t mark, int64_t time_ns) {
    f->sightings[f->sightings_at] = (struct sighting){.mark = mark, .time_ns = time_ns};
    f->sightings_at = (uint8_t)((f->sightings_at + 1) % TCPFACTS_SIGHTINGS);
    if (f->sightings_count < TCPFACTS_SIGHTINGS) {
        f->sightings_count++;
    }
}

void tcpfacts_remember(struct tcpfacts *f, const struct packet *p, const struct hash_secret *secret) {
    remember(f, mark_of(p, secret), p->time_ns);
}

bool tcpfacts_tap_copy(struct tcpfacts *f, const struct packet *p, int64_t skew_ns,
                       const struct hash_secret *secret) {
    uint64_t mark = mark_of(p, secret);
    for (unsigned i = 0; i < f->sightings_count; i++) {
        if (f->sightings[i].mark == mark && in_time(&f->sightings[i], p, skew_ns)) {
            return true;
        }
    }
    remember(f, mark, p->time_ns);
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
        f->closed_ns = p->time_ns;
    } else if (p->window != 0 && f->last_window == 0) {
        f->opened_ns = f->ack_seen ? p->time_ns : 0;
    }
    if (p->ack != f->last_ack) {
        f->ack_ns = p->time_ns;
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
