/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_syn.h"

#include <assert.h>

/* A SYN nearer to the living connection than this is an attempt on it, or a mistake, not its successor. */
enum { STRAY_REACH = 1 << 16 };

/* Added where no packet of the connection can have the number: below its first one or beyond its FIN. */
#define IMPOSSIBLE (UINT64_C(1) << 40)

/* The lowest number that is known of the direction. */
static uint64_t first_offset(const struct session *x, enum direction d) {
    const struct stream *s = &x->streams[d];
    if (x->connection.start_known[d]) {
        return x->connection.start[d];
    }
    /* one that never started may have ended */
    uint64_t lowest = s->state == STREAM_PARKED || s->origin == 0 ? stream_lowest(s) : s->origin;
    bool presumed = x->presumed_ns[d] != SEGQ_NEVER && x->presumed_start[d] < lowest;
    return presumed ? x->presumed_start[d] : lowest;
}

static uint64_t number_distance(struct session *x, enum direction d, uint32_t number) {
    struct stream *s = &x->streams[d];
    if (!s->anchored) {
        return STRAY_REACH;
    }
    uint64_t offset = stream_offset(s, number);
    uint64_t low = first_offset(x, d) - 1; /* the SYN's */
    uint64_t high = s->fin_known ? s->fin : s->highest;
    if (!s->fin_known && s->acked_known && s->acked > high) {
        high = s->acked;
    }
    if (offset < low) {
        return low - offset + (x->connection.start_known[d] ? IMPOSSIBLE : 0);
    }
    high++; /* behind the FIN */
    return offset <= high ? 0 : offset - high + (s->fin_known ? IMPOSSIBLE : 0);
}

/* A SYN+ACK acknowledges the SYN, and what little data that may have carried. */
static bool acknowledges_syn(struct session *x, enum direction d, uint32_t ack) {
    struct stream *s = &x->streams[d];
    return !x->connection.start_known[d] || stream_offset(s, ack) - x->connection.start[d] <= STRAY_REACH;
}

static bool is_own_syn(struct session *x, enum direction d, const struct packet *p) {
    struct stream *s = &x->streams[d];
    uint32_t first = p->seq + 1;
    if (x->connection.start_known[d]) {
        return (uint32_t)x->connection.start[d] == first;
    }
    if (p->flags & TCP_ACK && !acknowledges_syn(x, direction_other(d), p->ack)) {
        return false;
    }
    if (!s->anchored) {
        bool answers = p->flags & TCP_ACK && x->connection.start_known[direction_other(d)];
        return answers || (x->state == SESSION_OPEN && x->reused_ns == SEGQ_NEVER);
    }
    uint64_t offset = stream_offset(s, first);
    uint64_t lowest = first_offset(x, d);
    if (offset == lowest) {
        return true;
    }
    bool can_start_lower = s->state == STREAM_PARKED || (s->state == STREAM_RUNNING && !s->moved);
    return can_start_lower && offset < lowest && lowest - offset <= STREAM_LATE_SYN_REACH;
}

uint64_t session_distance(struct session *x, enum direction d, const struct packet *p) {
    uint64_t seq = number_distance(x, d, p->seq);
    if (p->flags & TCP_SYN) {
        seq = is_own_syn(x, d, p) ? number_distance(x, d, p->seq + 1) : IMPOSSIBLE;
    }
    uint64_t ack = p->flags & TCP_ACK ? number_distance(x, direction_other(d), p->ack) : 0;
    return seq > ack ? seq : ack;
}

static bool confirms_candidate(struct session *x, enum direction d, const struct packet *p) {
    uint32_t first = x->candidate.seq + 1;
    if (!x->candidate_set || p->flags & TCP_RST) {
        return false;
    }
    bool same = d == x->candidate_direction;
    if (same ? (p->flags & TCP_SYN) : !(p->flags & TCP_ACK)) {
        return false;
    }
    uint32_t ahead = (same ? p->seq : p->ack) - first;
    /* What comes close behind the SYN may be captured before it, but must be far from all that is known. */
    return ahead == 0 ||
           (ahead <= STRAY_REACH && number_distance(x, x->candidate_direction, first + ahead) > STRAY_REACH);
}

static bool is_ending(const struct session *x) {
    return x->state != SESSION_OPEN || x->reused_ns != SEGQ_NEVER || x->streams[0].fin_known ||
           x->streams[1].fin_known;
}

/* Is the packet, which is no SYN, one of the next connection, whose SYN is late or lost? A living connection
 * may have lost that much, but an ending one has nothing so far off. */
static bool is_foreign(struct session *x, enum direction d, const struct packet *p) {
    if (p->flags & TCP_RST || !(p->flags & TCP_ACK)) {
        return false;
    }
    uint64_t seq = number_distance(x, d, p->seq);
    uint64_t ack = number_distance(x, direction_other(d), p->ack);
    return (seq > STRAY_REACH && ack > STRAY_REACH) || seq > IMPOSSIBLE + STRAY_REACH ||
           ack > IMPOSSIBLE + STRAY_REACH;
}

static bool is_stray(struct session *x, enum direction d, const struct packet *p) {
    struct stream *s = &x->streams[d];
    if (!s->anchored) {
        return false;
    }
    uint64_t offset = stream_offset(s, p->seq + 1);
    return offset + STRAY_REACH >= s->highest && offset <= s->highest + STRAY_REACH;
}

/* It was reset by a packet that its receiver did not take, or bytes of it are late beyond all waits. */
static bool goes_on(struct session *x, enum direction d, const struct packet *p) {
    struct stream *s = &x->streams[d];
    size_t len = p->payload.len + p->cut;
    if (x->state != SESSION_CLOSED || len <= 1 || !s->anchored || p->flags & TCP_RST) {
        return false;
    }
    uint64_t offset = stream_offset(s, p->seq);
    return stream_lacks(s, offset, offset + len);
}

static enum session_claim claim_by_numbers(struct session *x, enum direction d, const struct packet *p) {
    if (confirms_candidate(x, d, p)) {
        return CLAIM_CANDIDATE;
    }
    if (!(p->flags & TCP_SYN)) {
        bool bare = p->payload.len + p->cut == 0 && !(p->flags & TCP_FIN);
        if ((!bare && !is_ending(x)) || !is_foreign(x, d, p)) {
            return goes_on(x, d, p) ? CLAIM_GOES_ON : CLAIM_OURS;
        }
        return is_ending(x) ? CLAIM_NEW : CLAIM_STRAY;
    }
    if (is_own_syn(x, d, p)) {
        return CLAIM_OURS;
    }
    if (is_ending(x)) {
        return CLAIM_NEW;
    }
    if (is_stray(x, d, p)) {
        return CLAIM_STRAY;
    }
    if (!x->candidate_set || x->candidate.seq != p->seq || x->candidate_direction != d) {
        embryo_packet_save(&x->candidate, p);
        x->candidate_set = true;
        x->candidate_direction = d;
    }
    return CLAIM_LATER;
}

/* The usual packet of an open connection: the next number, and an acknowledgement of what was sent. */
static bool is_next(struct session *x, enum direction d, const struct packet *p) {
    const struct stream *s = &x->streams[d];
    struct stream *other = &x->streams[direction_other(d)];
    if ((p->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK || x->candidate_set ||
        x->state != SESSION_OPEN || s->state != STREAM_RUNNING || other->state != STREAM_RUNNING ||
        p->seq != (uint32_t)s->next || !s->anchored || !other->anchored ||
        (s->acked_known && s->acked > s->next)) {
        return false;
    }
    uint64_t ack = stream_offset(other, p->ack);
    return ack >= other->origin && ack <= (other->fin_known ? other->fin + 1 : other->highest);
}

enum session_claim session_claim(struct session *x, enum direction d, const struct packet *p) {
    if (is_next(x, d, p)) {
        assert(claim_by_numbers(x, d, p) == CLAIM_OURS);
        return CLAIM_OURS;
    }
    return claim_by_numbers(x, d, p);
}

static void note_handshake_complete(struct connection *c) {
    c->handshake_seen = c->syn_ns != 0 && c->syn_ack_ns != 0 && c->handshake_ack_ns != 0;
}

/* An ACK was the handshake's last one only if it acknowledged up to here. */
static void note_start(struct session *x, enum direction d, uint64_t offset) {
    struct connection *c = &x->connection;
    c->start[d] = offset;
    c->start_known[d] = true;
    if (x->presumed_ns[d] != SEGQ_NEVER && x->presumed_start[d] != offset && c->syn_from != d) {
        c->handshake_ack_ns = 0;
        note_handshake_complete(c);
    }
}

/* To know where it starts is news for the other direction, too: what it has acknowledged may be just that. */
static void start(struct session *x, enum direction d, uint64_t offset) {
    stream_start(&x->streams[d], offset);
    x->connection.delivered[d] = offset;
    x->streams[direction_other(d)].poked = true;
}

void session_start_known(struct session *x, enum direction d, uint64_t offset) {
    struct stream *s = &x->streams[d];
    if (x->connection.start_known[d]) {
        return;
    }
    if (s->state == STREAM_PARKED || (s->state == STREAM_RUNNING && !s->moved)) {
        start(x, d, offset);
    } else if (s->origin != offset) {
        return;
    }
    note_start(x, d, offset);
}

void session_start_lowest(struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    uint64_t lowest = x->at_hand[d];
    if (s->held.head || s->cuts.head || s->fin_known || lowest == UINT64_MAX) {
        uint64_t held = stream_lowest(s);
        lowest = held < lowest ? held : lowest;
    }
    if (x->presumed_ns[d] != SEGQ_NEVER && x->presumed_start[d] <= lowest) {
        session_start_known(x, d, x->presumed_start[d]);
        return;
    }
    start(x, d, lowest);
    stream_lose(s, lowest - STREAM_REACH, lowest);
}

void session_start_lower(struct session *x, enum direction d, uint64_t offset) {
    struct stream *s = &x->streams[d];
    if (s->state != STREAM_RUNNING || s->moved || s->declined || x->connection.start_known[d] ||
        offset >= s->next) {
        return;
    }
    stream_take_late(s, offset, s->next);
    start(x, d, offset);
}

/* The other side acknowledges the first packet of direction `d`, whose SYN was not seen: up to its first
 * byte, most likely. But data on the SYN (TCP Fast Open) or close behind it would be acknowledged as well, so
 * that the stream stays parked while the SYN may still come. Returns true when that is the lowest such byte.
 */
static bool presume_start(struct reassembler *r, struct session *x, enum direction d, uint32_t acked) {
    struct stream *s = &x->streams[d];
    if (x->connection.start_known[d] || s->state != STREAM_PARKED) {
        return false;
    }
    uint64_t offset = stream_offset(s, acked);
    bool first = x->presumed_ns[d] == SEGQ_NEVER;
    if (!stream_plausible(s, offset) || (!first && offset >= x->presumed_start[d])) {
        return false;
    }
    x->presumed_start[d] = offset;
    if (first) {
        x->presumed_ns[d] = r->clock_ns;
    }
    return true;
}

static void note_syn_time(struct connection *c, enum direction d, const struct packet *p) {
    if (p->flags & TCP_ACK) {
        if (c->syn_ack_ns == 0) {
            c->syn_ack_ns = p->time_ns;
        }
        if (c->handshake_ack_ns == 0 || c->syn_ack_sent_ns == 0) {
            c->syn_ack_sent_ns = p->time_ns;
        }
        return;
    }
    if (c->syn_ns == 0) {
        c->syn_ns = p->time_ns;
        c->syn_from = d;
    } else if (c->syn_from == d) {
        c->syn_repeats++;
    }
    if (c->syn_from == d && (c->syn_ack_ns == 0 || c->syn_sent_ns == 0)) {
        c->syn_sent_ns = p->time_ns;
    }
}

void session_syn(struct reassembler *r, struct session *x, enum direction d, const struct packet *p) {
    struct connection *c = &x->connection;
    struct stream *s = &x->streams[d];
    /* Its own number first, so that a fresh numbering begins with the SYN itself. */
    uint64_t first = s->anchored ? stream_offset(s, p->seq + 1) : stream_offset(s, p->seq) + 1;
    session_start_known(x, d, first);
    if (!x->syn_seen[d]) {
        x->syn_seen[d] = true;
        x->facts[d].window_scale = p->window_scale < 0 ? 0 : p->window_scale;
    }
    c->midstream = false;
    note_syn_time(c, d, p);
    if (p->flags & TCP_ACK) {
        presume_start(r, x, direction_other(d), p->ack);
    }
    note_handshake_complete(c);
}

void session_handshake(struct reassembler *r, struct session *x, enum direction d, const struct packet *p,
                       uint64_t ack_offset) {
    struct connection *c = &x->connection;
    enum direction o = direction_other(d);
    if (p->flags & TCP_SYN || c->syn_ns == 0 || c->syn_from != d || (uint32_t)c->start[d] != p->seq) {
        return;
    }
    /* The SYN's sender goes on at its first byte: what it acknowledges is the other side's first byte, if
     * that has sent nothing yet. This stands in for a SYN+ACK that was not captured. */
    if (c->start_known[o] ? c->handshake_ack_ns == 0 && c->start[o] == ack_offset
                          : presume_start(r, x, o, p->ack)) {
        c->handshake_ack_ns = p->time_ns;
        note_handshake_complete(c);
    }
}

void embryo_packet_save(struct embryo_packet *e, const struct packet *p) {
    *e = (struct embryo_packet){
        .time_ns = p->time_ns,
        .number = p->number,
        .ordinal = p->ordinal,
        .file = p->file,
        .interface = p->interface,
        .seq = p->seq,
        .ack = p->ack,
        .ts_value = p->ts_value,
        .ts_echo = p->ts_echo,
        .wire_len = p->wire_len,
        .window = p->window,
        .ip_id = p->ip_id,
        .checksum = p->checksum,
        .vlan = {p->path.vlan[0], p->path.vlan[1]},
        .window_scale = p->window_scale,
        .flags = p->flags,
        .ttl = p->ttl,
        .vlan_count = p->path.vlan_count,
        .has_mac = p->path.has_mac,
        .has_timestamps = p->has_timestamps,
    };
    memcpy(e->mac, p->path.mac, sizeof e->mac);
}

void embryo_packet_restore(const struct embryo_packet *e, const struct flow_key *key, struct packet *p) {
    p->time_ns = e->time_ns;
    p->number = e->number;
    p->ordinal = e->ordinal;
    p->file = e->file;
    p->interface = e->interface;
    p->key = *key;
    p->seq = e->seq;
    p->ack = e->ack;
    p->window = e->window;
    p->window_scale = e->window_scale;
    p->flags = e->flags;
    p->sack_count = 0;
    p->has_timestamps = e->has_timestamps;
    p->ts_value = e->ts_value;
    p->ts_echo = e->ts_echo;
    p->ip_id = e->ip_id;
    p->ttl = e->ttl;
    p->checksum = e->checksum;
    p->fragmented = p->unwanted = p->lasting = false;
    p->payload = slice_make(NULL, 0);
    p->cut = 0;
    p->wire_len = e->wire_len;
    p->path.has_mac = e->has_mac;
    p->path.vlan_count = e->vlan_count;
    p->path.vlan[0] = e->vlan[0];
    p->path.vlan[1] = e->vlan[1];
    p->path.tunnel_count = 0;
    memcpy(p->path.mac, e->mac, sizeof e->mac);
}
