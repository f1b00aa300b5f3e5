/* SPDX-License-Identifier: Apache-2.0 */
/* One connection with both directions: feeds packets' bytes into its streams and the streams into the
 * consumer. Private to reassembly. One thread.
 *
 * Nothing here is recursive: whatever changes (bytes, gap, end, a direction that moved) is followed up by
 * session_pump, which offers what stands at the front of either direction until nothing moves. */
#ifndef HARK_REASSEMBLY_SESSION_H
#define HARK_REASSEMBLY_SESSION_H

#include "reassembly/flow.h"
#include "reassembly/pace.h"
#include "reassembly/stream.h"

struct session;

/* What all connections of a table share. */
struct reassembler {
    const struct limits *limits;
    const struct consumer_ops *ops;
    void *environment;
    int64_t clock_ns; /* the table's clock: never goes back */
    int64_t bias_ns;  /* clock_ns less the packet clock, which may be set back */
    struct hash_secret secret;
    /* sessions that hold bytes or look for some behind delivery, the one longest without progress first: it
     * pays when memory is short */
    struct session *first_holder;
    struct session *last_holder;
    /* sessions that changed without a packet of their own: the table looks at their deadlines */
    struct session *unsettled;
    struct flow_counts counts;
    struct page_pool pages;
};

/* A bare SYN in little memory, to be fed later as if it came then. */
struct embryo_packet {
    int64_t time_ns;
    uint64_t number;
    uint64_t ordinal;
    uint32_t file;
    uint32_t interface;
    uint32_t seq;
    uint32_t ack;
    uint32_t ts_value;
    uint32_t ts_echo;
    uint32_t wire_len;
    uint16_t window;
    uint16_t ip_id;
    uint16_t checksum;
    uint16_t vlan[2];
    uint8_t mac[2][6];
    int8_t window_scale;
    uint8_t flags;
    uint8_t ttl;
    uint8_t vlan_count;
    bool has_mac;
    bool has_timestamps;
};

enum session_state {
    SESSION_OPEN,
    SESSION_RESET,  /* a valid RST was seen; packets that are late still count */
    SESSION_CLOSED, /* the consumer is gone; kept so that late packets open nothing new */
};

enum session_audience {
    AUDIENCE_NONE, /* no payload yet */
    AUDIENCE_OPEN,
    AUDIENCE_GONE, /* not interested, or closed: bytes are counted and dropped */
};

struct session {
    struct connection connection;
    enum session_state state;
    enum session_audience audience;
    void *consumer;
    enum direction silent; /* with connection.one_sided: which one was waited for in vain */
    bool continuation;     /* the connection with the key before it was taken for closed, and was not */
    bool syn_seen[2];      /* in contrast to connection.start_known, which an ACK may have told */
    bool candidate_set;    /* a SYN of what may be the next connection with this key */
    enum direction candidate_direction;
    int64_t reset_ns;      /* SESSION_RESET: table clock */
    uint64_t reset_offset; /* SESSION_RESET, and closed by it: where the sender was, says the RST */
    bool outlived;         /* SESSION_RESET: the sender went on, once already for the whole wait */
    bool alive;            /* ... in the present wait */
    bool steady;           /* see session_steady.h */
    bool waits_usually;    /* see session_behind.h */
    bool ends_usually;     /* see session_ending.h */
    bool pass_failed;      /* a hole could have been passed, had there been room to remember it */
    int64_t half_ns;       /* first direction ended by FIN, SEGQ_NEVER before */
    int64_t closed_ns;     /* SESSION_CLOSED: table clock */
    int64_t reused_ns;     /* the next connection with this key began, SEGQ_NEVER before */
    struct pacer pacer;
    struct stream streams[2];
    uint64_t presumed_start[2]; /* no byte is below it, says an ACK of the handshake; valid with: */
    int64_t presumed_ns[2];     /* since when, SEGQ_NEVER: not known */
    uint64_t at_hand[2]; /* offset of a packet's byte that is just being put in, UINT64_MAX otherwise */
    bool holding;
    struct session *previous_holder;
    struct session *next_holder;
    bool is_unsettled;
    struct session *next_unsettled;
    void *owner; /* the table's flow */
    /* From here on not all is set at first: */
    struct tcpfacts facts[2];
    struct embryo_packet candidate; /* valid with candidate_set */
};

/* Asks for what the usual packet needs, in the order in which it does. */
static inline void session_prefetch(const struct session *x, struct prefetch *prefetch) {
    const size_t head = offsetof(struct session, connection.ordinal),
                 path = offsetof(struct session, connection.path);
    const size_t after = offsetof(struct session, state), cold = offsetof(struct stream, fin);
    const char *at = (const char *)x;
    prefetch_add(prefetch, at + after, offsetof(struct session, streams) + cold - after);
    prefetch_add(prefetch, &x->streams[1], cold);
    prefetch_add(prefetch, x->facts, sizeof x->facts);
    prefetch_add(prefetch, at + head, path - head);
}

/* A session without packets; the flow `owner` keeps it. */
void session_init(struct session *, const struct flow_key *, uint64_t ordinal, uint32_t incarnation,
                  void *owner);
/* Drops what is held, without telling the consumer anything but close(). */
void session_fini(struct reassembler *, struct session *);

/* Flags that no TCP sends, or that every receiver drops. */
bool session_flags_impossible(const struct packet *);
/* First of all: a copy made by the tap and impossible flags have their fate at once (`done`). */
enum flow_fate session_check(struct reassembler *, struct session *, enum direction, const struct packet *,
                             bool *done);
/* A packet that passed the check, belongs here and starts no new connection (session_syn.h tells). */
enum flow_fate session_packet(struct reassembler *, struct session *, enum direction, const struct packet *);
/* Ends the connection now: gives everything held, ends and closes. Nothing happens when it is closed. A reset
 * or reused connection ended for that reason, whatever the caller's. */
void session_finish(struct reassembler *, struct session *, enum end_reason);
/* Frees some memory of the session by giving up the wait at its older front. False when it holds nothing. */
bool session_press(struct reassembler *, struct session *);
/* The bytes that last do so no longer: copies what is held of them. What there is no memory for is given up.
 */
void session_keep(struct reassembler *, struct session *);
/* It changes without a packet of its own. */
static inline void session_unsettle(struct reassembler *r, struct session *x) {
    if (!x->is_unsettled) {
        x->is_unsettled = true;
        x->next_unsettled = r->unsettled;
        r->unsettled = x;
    }
}

/* What happens next if no packet comes, in the order of priority at equal times. */
enum session_event_kind {
    EVENT_START,    /* of a parked direction */
    EVENT_GAP,      /* a hole is given up */
    EVENT_FIN,      /* nothing has refuted it */
    EVENT_OVERDUE,  /* acknowledged bytes were not captured */
    EVENT_DECLINED, /* the consumer has waited long enough */
    EVENT_RESET,    /* late packets after RST had their time */
    EVENT_REUSED,   /* ... and after the next connection with this key began */
    EVENT_HALF,     /* FIN seen, and the other direction is not captured */
    EVENT_IDLE,     /* the flow is to be removed */
    EVENT_LINGERED, /* the closed flow is to be removed */
};

struct session_event {
    int64_t deadline_ns;
    enum session_event_kind kind;
    enum direction direction;
};

struct session_event session_next_event(const struct reassembler *, const struct session *);
/* Lets it happen. EVENT_IDLE and EVENT_LINGERED end the session; removing the flow is the table's. */
void session_perform(struct reassembler *, struct session *, const struct session_event *);

/* The packet clock, for consumers. */
static inline int64_t reassembler_now(const struct reassembler *r) {
    return r->clock_ns - r->bias_ns;
}

/* --- between session's own files --- */

/* The wait behind a RST is over: is the connection, too? False: its sender goes on, and is given one more
 * wait or believed. */
bool session_reset_stands(struct reassembler *, struct session *);
/* Delivery of the direction has come to `next`: the other one may have waited for that. */
void session_advance(struct reassembler *, struct session *, enum direction, uint64_t next);
/* Passes the holes before held bytes that need not be waited for. False: there were none. */
bool session_pass_held(struct reassembler *, struct session *);
/* Bytes are held now that were not before. */
static inline void session_count_held(struct reassembler *r, const struct held *h) {
    r->counts.held_bytes_now += h->len;
    if (r->counts.held_bytes_now > r->counts.held_bytes_peak) {
        r->counts.held_bytes_peak = r->counts.held_bytes_now;
    }
}
/* A packet of the direction came, and is no copy by the tap. */
static inline void session_count_packet(const struct reassembler *r, struct session *x, enum direction d) {
    x->connection.counts[d].packets++;
    x->streams[d].silent_waits = 0;
    x->streams[d].last_ns = r->clock_ns;
}
/* Offers what can be offered until nothing moves. */
void session_pump(struct reassembler *, struct session *);
/* Puts payload in: counts, gives or holds it. `offset` is that of its first byte. */
enum flow_fate session_payload(struct reassembler *, struct session *, enum direction, const struct packet *,
                               struct segment *, uint64_t offset);
/* The consumer took `taken` of a packet's bytes, which were next: holds the rest. */
enum flow_fate session_place_rest(struct reassembler *, struct session *, enum direction,
                                  const struct segment *, const struct packet *, size_t taken);
/* Declares [next, end) of a direction lost. */
void session_gap(struct reassembler *, struct session *, enum direction, uint64_t end, enum gap_reason);
/* Passes the hole at the front, behind which are `bytes` of the segment `behind`, if the consumer only counts
 * what is missing and the first byte of these, and the receiver has all of it. Times as in struct held. */
bool session_pass(struct reassembler *, struct session *, enum direction, const struct segment *behind,
                  struct stream_range bytes, int64_t since_ns, int64_t acked_ns);
/* Gives bytes of a hole that was passed: `bytes` at `offset`, all of which are missing. */
void session_fill(struct reassembler *, struct session *, enum direction, struct slice bytes,
                  const struct segment *, uint64_t offset);
/* Gives up [from, to) of one, the whole or its front. */
void session_miss(struct reassembler *, struct session *, enum direction, uint64_t from, uint64_t to,
                  enum gap_reason);
/* Gives up all holes that were passed. False: there were none. */
bool session_miss_all(struct reassembler *, struct session *, enum gap_reason);
/* Starts a parked direction: its SYN is not waited for any longer. At the byte that the handshake's ACKs say,
 * if they do, else at the lowest one held or at hand. */
void session_start_lowest(struct session *, enum direction);
/* Payload at `offset` of a direction whose start was only taken to be the lowest byte: as long as nothing was
 * offered (what stands there was cut by snaplen, or is a FIN), no byte below comes too late. */
void session_start_lower(struct session *, enum direction, uint64_t offset);
/* The direction's first byte is known. */
void session_start_known(struct session *, enum direction, uint64_t offset);
/* A wait for `direction` that began at since_ns is over. If nothing of it was captured meanwhile, and never
 * before or already the last time, the connection is one-sided: nobody waits for anything any more. Once is
 * not enough for a direction that is known: the packet may be lost and its sender have nothing more to say.
 */
void session_note_silence(struct reassembler *, struct session *, enum direction, int64_t since_ns);
/* Does the direction end at its FIN, which stands at its front? TCP's own reset tricks insert FINs that no
 * receiver takes: one counts when it was acknowledged, or when there is nobody left to ask. */
static inline bool session_fin_is_certain(const struct session *x, enum direction d) {
    return x->streams[d].fin_certain || x->connection.one_sided || x->state != SESSION_OPEN ||
           x->reused_ns != SEGQ_NEVER;
}
/* Until then nobody else decides: where there are ACKs a true FIN gets one; without it this one may be
 * forged. */
static inline int64_t session_fin_deadline(const struct reassembler *r, const struct session *x,
                                           enum direction d) {
    const struct stream *s = &x->streams[d];
    return s->fin_since_ns + (s->acked_known ? r->limits->hold_time_ns : r->limits->skew_ns);
}
/* Has the other direction something that arrived and will be given, if need be by a deadline of its own? Then
 * declined bytes wait for that: what they wait for may be among it. */
bool session_other_moves(const struct session *, enum direction);
/* Frees memory of one direction: see session_press. No gap swallows the byte at hand. */
bool session_press_direction(struct reassembler *, struct session *, enum direction);
/* Starts the parked directions whose SYN is not waited for any longer: the skew after the first byte, or
 * after an ACK of the handshake that covers it, is over, and the other direction's, too. */
void session_start_due(const struct reassembler *, struct session *);
/* May the consumer no longer decline the direction's next bytes? */
bool session_must_take(const struct session *, enum direction);
/* Gives the bytes that stand at the front and returns how many the consumer took. There is an audience. */
size_t session_give(struct reassembler *, struct session *, enum direction, struct slice bytes,
                    const struct segment *, bool must_take);
/* Of `bytes`, which stood at the front, the consumer took the first `taken`. */
void session_given(struct reassembler *, struct session *, enum direction, struct slice bytes, size_t taken);
/* Opens the consumer if that has not been tried. */
bool session_has_audience(struct reassembler *, struct session *);
void session_end_stream(struct reassembler *, struct session *, enum direction, enum end_reason);
void session_close(struct reassembler *, struct session *, enum end_reason);
/* Keeps the list of holders right after held bytes came or went. */
void session_note_holding(struct reassembler *, struct session *, bool progress);

#endif
