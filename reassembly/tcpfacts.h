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
    bool repeats_fast;       /* what is sent again up to repeats_end was asked for by ACKs */
    uint16_t sent_interface; /* last packet with data came through it; its number's lower half */
    uint32_t
        timed_number; /* the other direction's number that the ACK of a timed packet reaches; valid with: */
    int64_t timed_ns; /* when that was seen; 0: none is timed */
    int64_t sent_ns;  /* last packet with data, 0 before */
    uint32_t sent_stamp;    /* ... its timestamp option's value, 0 without */
    uint32_t repeated_acks; /* since the last packet that acknowledged more */
    uint64_t repeats_end;   /* `highest` when the first packet of a loss was sent again */
    int64_t zero_ns;        /* last packet that kept the window closed */
    int64_t heard_ns;       /* last ACK, repeated or not */
    int64_t ack_ns;         /* last packet that acknowledged more, 0 before */
    int64_t closed_ns;      /* the window was closed last, and opened again; 0 before */
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
/* Is the packet, whose bytes were all seen before, what another interface shows of them, cut into other
 * segments there (offload)? It comes within some milliseconds of the direction's last new data, through
 * another interface, and its timestamp is not newer, as that of a retransmission is. */
bool tcpfacts_recut(const struct tcpfacts *, const struct packet *);
/* How the packet looks. */
static inline uint64_t tcpfacts_mark(const struct packet *p, const struct hash_secret *secret) {
    uint64_t numbers = (uint64_t)p->seq << 32 | p->ack;
    uint64_t stamps = (uint64_t)p->ts_value << 32 | p->ts_echo;
    uint64_t lengths = (p->payload.len + p->cut) << 32 | (uint32_t)p->ip_id << 16 | p->checksum;
    uint64_t rest = (uint64_t)p->window << 8 | p->flags;
    uint64_t first = hash_mix(numbers ^ secret->words[0], stamps ^ secret->words[1]);
    return hash_mix(lengths ^ secret->words[1], rest ^ secret->words[2] ^ first);
}
static inline void tcpfacts_note(struct tcpfacts *f, uint64_t mark, int64_t time_ns) {
    f->sightings[f->sightings_at] = (struct sighting){.mark = mark, .time_ns = time_ns};
    f->sightings_at = (uint8_t)((f->sightings_at + 1) % TCPFACTS_SIGHTINGS);
    if (f->sightings_count < TCPFACTS_SIGHTINGS) {
        f->sightings_count++;
    }
}
/* Remembers a packet that is known to be no copy. */
static inline void tcpfacts_remember(struct tcpfacts *f, const struct packet *p,
                                     const struct hash_secret *secret) {
    tcpfacts_note(f, tcpfacts_mark(p, secret), p->time_ns);
}

/* The direction sends data that it had not sent before; `receiver`: the other direction. */
static inline void tcpfacts_sent(struct tcpfacts *f, struct tcpfacts *receiver, const struct packet *p) {
    f->sent_ns = p->time_ns;
    f->sent_stamp = p->ts_value;
    f->sent_interface = (uint16_t)p->interface;
    if (receiver->timed_ns == 0) {
        receiver->timed_ns = p->time_ns;
        receiver->timed_number = p->seq + (uint32_t)p->payload.len + p->cut;
    }
}

/* Where in its direction a packet stands that sends data again. */
struct tcp_repeat {
    uint64_t acked;   /* what the other side has acknowledged */
    uint64_t highest; /* what was sent */
    int64_t rtt_ns;   /* between tap and sender, 0: not known */
};

/* The direction sends data again: by ACKs' demand or a timer's? */
void tcpfacts_sent_again(struct tcpfacts *, struct tcpfacts *receiver, struct stream_counts *,
                         const struct packet *, const struct tcp_repeat *);
/* Came the packet, which fills a hole behind which data came at `behind_ns`, too late to have been overtaken?
 * `rtt_ns`: of the whole way, 0: not known. */
bool tcpfacts_is_lost(const struct tcpfacts *, const struct packet *, int64_t behind_ns, int64_t rtt_ns);

/* Parts of tcpfacts_count. */
void tcpfacts_count_zero_window(struct tcpfacts *, struct stream_counts *, const struct packet *);
void tcpfacts_count_round_trip(struct stream_counts *, int64_t rtt_ns);
/* Counts repeated ACKs, closed windows and round trips. `outstanding`: the other direction sent more than is
 * acknowledged here. */
static inline void tcpfacts_count(struct tcpfacts *f, struct stream_counts *counts, const struct packet *p,
                                  bool outstanding) {
    if (p->flags & TCP_RST || !(p->flags & TCP_ACK)) {
        return;
    }
    /* with a closed window it answers a probe */
    bool bare = p->payload.len + p->cut == 0 && !(p->flags & (TCP_SYN | TCP_FIN)) && p->window != 0;
    if (bare && outstanding && f->ack_seen && p->ack == f->last_ack && p->window == f->last_window) {
        counts->duplicate_acks++;
        f->repeated_acks++;
    }
    if (p->window == 0 || f->last_window == 0) {
        tcpfacts_count_zero_window(f, counts, p);
    }
    f->heard_ns = p->time_ns;
    if (p->ack != f->last_ack) {
        f->ack_ns = p->time_ns;
        f->repeated_acks = 0;
        if (f->timed_ns && (int32_t)(p->ack - f->timed_number) >= 0) {
            tcpfacts_count_round_trip(counts, p->time_ns - f->timed_ns);
            f->timed_ns = 0;
        }
    }
    f->ack_seen = true;
    f->last_ack = p->ack;
    f->last_window = p->window;
}

/* The window offered by the direction, in bytes; the largest possible one when its scale is not known. */
uint32_t tcpfacts_window(const struct tcpfacts *);

#endif
