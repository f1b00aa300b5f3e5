/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/tcpfacts.h"

#include "capture/ns.h"

#include <stddef.h>

/* Copies that nothing but time tells from retransmissions: no retransmission timer is this short (RFC 6298
 * section 2.4 asks for 1 s, Linux takes 200 ms), and mirror ports are rarely further apart. */
#define COPY_WITHIN_NS INT64_C(10000000)

/* Of a host: the time between an ACK that tells of a loss and the packet that is sent for it. */
#define ANSWER_WITHIN_NS INT64_C(20000000)

/* Packets overtake each other by less: no loss is mended within a round trip. */
#define OVERTAKEN_WITHIN_NS INT64_C(3000000)

enum {
    LARGEST_SCALE = 14, /* RFC 7323 section 2.3 */
    REPEATED_ACKS = 2   /* RFC 5681 has 3; with SACK (RFC 8985) fewer do */
};

void tcpfacts_init(struct tcpfacts *f) {
    memset(f, 0, offsetof(struct tcpfacts, sightings));
    f->window_scale = -1;
}

static uint32_t payload_len(const struct packet *p) {
    return (uint32_t)p->payload.len + p->cut;
}

static bool in_time(const struct sighting *s, const struct packet *p, int64_t skew_ns) {
    int64_t apart = p->time_ns > s->time_ns ? p->time_ns - s->time_ns : s->time_ns - p->time_ns;
    if (p->ip_id != 0) {
        return apart <= skew_ns;
    }
    bool bare_ack = payload_len(p) == 0 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST));
    return apart <= COPY_WITHIN_NS && (p->has_timestamps || !bare_ack);
}

/* The sighting at `i` has the packet's mark. */
static __attribute__((noinline)) bool is_copy_from(struct tcpfacts *f, unsigned i, uint64_t mark,
                                                   const struct packet *p, int64_t skew_ns) {
    for (; i < f->sightings_count; i++) {
        if (f->sightings[i].mark == mark && in_time(&f->sightings[i], p, skew_ns)) {
            return true;
        }
    }
    tcpfacts_note(f, mark, p->time_ns);
    return false;
}

bool tcpfacts_tap_copy(struct tcpfacts *f, const struct packet *p, int64_t skew_ns,
                       const struct hash_secret *secret) {
    uint64_t mark = tcpfacts_mark(p, secret);
    for (unsigned i = 0; i < f->sightings_count; i++) {
        if (f->sightings[i].mark == mark) {
            return is_copy_from(f, i, mark, p, skew_ns);
        }
    }
    tcpfacts_note(f, mark, p->time_ns);
    return false;
}

bool tcpfacts_recut(const struct tcpfacts *f, const struct packet *p) {
    int64_t apart = p->time_ns - f->sent_ns;
    return f->sent_ns && (uint16_t)p->interface != f->sent_interface && apart >= 0 &&
           apart <= COPY_WITHIN_NS && p->has_timestamps && (int32_t)(p->ts_value - f->sent_stamp) <= 0;
}

void tcpfacts_count_zero_window(struct tcpfacts *f, struct stream_counts *counts, const struct packet *p) {
    bool was_closed = f->ack_seen && f->last_window == 0;
    if (was_closed && p->time_ns > f->zero_ns) {
        counts->zero_window_ns += (uint64_t)(p->time_ns - f->zero_ns);
    }
    if (p->window == 0) {
        counts->zero_window += !was_closed;
        f->closed_ns = was_closed ? f->closed_ns : p->time_ns;
        f->zero_ns = p->time_ns;
    } else if (was_closed) {
        f->opened_ns = p->time_ns;
    }
}

/* RFC 6298 section 2. */
void tcpfacts_count_round_trip(struct stream_counts *counts, int64_t rtt_ns) {
    if (rtt_ns <= 0) {
        return; /* the capture's order is not the network's */
    }
    uint64_t rtt = (uint64_t)rtt_ns, srtt = counts->srtt_ns;
    counts->srtt_ns = srtt ? srtt - srtt / 8 + rtt / 8 : rtt;
    if (counts->min_rtt_ns == 0 || rtt < counts->min_rtt_ns) {
        counts->min_rtt_ns = rtt;
    }
}

void tcpfacts_sent_again(struct tcpfacts *f, struct tcpfacts *receiver, struct stream_counts *counts,
                         const struct packet *p, const struct tcp_repeat *repeat) {
    int64_t silent_ns = p->time_ns - f->sent_ns;
    bool answers =
        p->time_ns - receiver->heard_ns <= ns_add(repeat->rtt_ns, repeat->rtt_ns / 4 + ANSWER_WITHIN_NS);
    bool same_loss = repeat->acked < f->repeats_end;
    bool fast = answers && (receiver->repeated_acks >= REPEATED_ACKS || (same_loss && f->repeats_fast));
    counts->fast_retransmits += fast;
    if (!fast && !(same_loss && answers) && f->sent_ns && silent_ns > 0) {
        counts->rto_stall_ns += (uint64_t)silent_ns;
    }
    f->repeats_fast = fast;
    f->repeats_end = repeat->highest;
    f->sent_ns = silent_ns > 0 ? p->time_ns : f->sent_ns;
    f->sent_stamp = p->ts_value;
    receiver->timed_ns = 0; /* RFC 6298 section 3: whose ACK comes is not known */
}

bool tcpfacts_is_lost(const struct tcpfacts *f, const struct packet *p, int64_t behind_ns, int64_t rtt_ns) {
    if (p->has_timestamps && (int32_t)(p->ts_value - f->sent_stamp) < 0) {
        return false;
    }
    int64_t least_ns = rtt_ns - rtt_ns / 4; /* the handshake's may have been longer than usual */
    return p->time_ns - behind_ns >= (least_ns > OVERTAKEN_WITHIN_NS ? least_ns : OVERTAKEN_WITHIN_NS);
}

uint32_t tcpfacts_window(const struct tcpfacts *f) {
    if (!f->ack_seen) {
        return (uint32_t)UINT16_MAX << LARGEST_SCALE;
    }
    return (uint32_t)f->last_window << (f->window_scale < 0 ? LARGEST_SCALE : f->window_scale);
}
