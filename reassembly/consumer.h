/* SPDX-License-Identifier: Apache-2.0 */
/* The contract between reassembly and whoever reads a connection's streams: an ops table that HTTP/1
 * implements today, HTTP/2, TLS and others tomorrow. All calls of one connection come from one thread, never
 * nested. Everything passed is borrowed for the call, but `struct connection`, which lives until close()
 * returns (or the consumer is put to doze).
 *
 * Stream offsets are 64-bit "unwrapped" TCP sequence numbers: their low 32 bits are the sequence number on
 * the wire, so that an offset of one direction can be compared with the ACKs of the other. Offsets of one
 * direction only ever grow through data(), gap() and pass(), without overlap and without a hole between the
 * calls. */
#ifndef HARK_REASSEMBLY_CONSUMER_H
#define HARK_REASSEMBLY_CONSUMER_H

#include "capture/packet.h"
#include "capture/prefetch.h"

/* An index: DIRECTION_0 goes from key.side[0] to key.side[1]. It says nothing about client and server. */
enum direction { DIRECTION_0, DIRECTION_1 };

static inline enum direction direction_other(enum direction d) {
    return d == DIRECTION_0 ? DIRECTION_1 : DIRECTION_0;
}

/* Counts of one direction since the connection began; they only grow. */
struct stream_counts {
    uint64_t packets;       /* all TCP packets of the direction, tap duplicates not among them */
    uint64_t payload_bytes; /* new bytes, each counted once */
    uint64_t retransmits;   /* packets that carried bytes already seen, and were no copy made by the tap; or
                               filled   a hole so late that they were sent again */
    uint64_t fast_retransmits; /* of these: asked for by repeated ACKs (RFC 5681 section 3.2) */
    uint64_t rto_stall_ns; /* nothing was sent until a retransmission that nothing but a timer asked for */
    uint64_t stalls;       /* TCP held bytes back for long: docs/timing.md */
    uint64_t stalled_ns;
    uint64_t out_of_order;   /* packets that filled a hole or came before bytes seen earlier */
    uint64_t duplicate_acks; /* ACKs without data that repeat the last one (RFC 5681 section 2) */
    uint64_t zero_window;    /* packets that closed the window */
    uint64_t zero_window_ns; /* ... for how long, as far as packets told */
    uint64_t srtt_ns;        /* round trip between tap and the sender of the direction, by its ACKs (RFC 6298
                                section 2); 0 before the first */
    uint64_t min_rtt_ns;     /* the shortest of these */
    uint64_t keep_alives;    /* probes one byte below what was acknowledged (RFC 9293 section 3.8.4) */
    uint64_t tap_duplicates; /* copies of one packet delivered more than once by the capture */
    uint64_t gap_bytes;      /* declared lost */
};

/* Time between packets with data that is somebody's, by direction; it only grows. The rest is the network's.
 * Told where the handshake was seen. */
struct pace {
    int64_t own_ns[2];    /* the sender let pass: before it answered, or before it had more to send */
    int64_t closed_ns[2]; /* its window was closed, and the other side had to wait */
};

/* What every layer may know of a connection. Owned by reassembly. */
struct connection {
    struct flow_key key; /* side 0 sent the first packet seen */
    uint64_t ordinal; /* of the packet that opened it: unique in the run, its place in the output's order */
    uint32_t incarnation; /* 0, then counted up when the same key is used for a new connection */
    bool midstream;       /* no SYN of either direction was seen (yet) */
    bool one_sided; /* one direction was late by more than the skew, or is not captured: nobody waits for it
                       until it says something in time. Said of a direction of which nothing was seen when a
                       first wait for it ran out, or nothing since the wait before the last */
    bool handshake_seen;      /* the three times below are all known */
    enum direction syn_from;  /* who sent the first SYN; valid when syn_ns is set */
    int64_t syn_ns;           /* first SYN, 0 while not seen */
    int64_t syn_ack_ns;       /* first SYN+ACK */
    int64_t handshake_ack_ns; /* the handshake's last ACK */
    int64_t syn_sent_ns;      /* last SYN before the first SYN+ACK: what that answers */
    int64_t syn_ack_sent_ns;  /* last SYN+ACK before the handshake's last ACK */
    uint32_t syn_repeats;     /* SYNs sent again */
    int64_t reset_ns;         /* a valid RST was seen; 0 if none */
    enum direction reset_from;
    struct stream_counts counts[2];
    struct pace pace;
    uint64_t start[2];     /* stream offset of the first byte (ISN + 1), valid when start_known */
    bool start_known[2];   /* the SYN of the direction was seen, or the other's ACK of it */
    uint64_t delivered[2]; /* stream offset behind the last byte or gap given to the consumer */
    uint64_t lowest[2]; /* lowest sequence offset that any packet of the direction showed, payload or not; 0
                           before the first */
    bool path_seen[2];  /* a path is valid with: */
    struct packet_path path[2]; /* of each direction's first packet */
};

/* Where a chunk's bytes came from: one TCP segment. Long or partly taken ones come as several chunks. */
struct segment {
    int64_t time_ns; /* first arrival at the tap */
    uint64_t offset; /* of the segment's first byte */
    uint64_t ack; /* offset in the other direction that the packet acknowledged; the smallest of all copies of
                     these bytes. Valid with has_ack */
    bool has_ack;
    uint64_t number;  /* frame number in its file */
    uint64_t ordinal; /* packet's place in the run */
    uint32_t file;
    bool duplicated; /* the tap delivered it more than once */
    bool resent; /* its first bytes had come before, or the other side was known to have them for longer than
                    the skew: they were first sent in another packet, whose ACK may have been smaller */
    bool conflict; /* while the bytes waited, others came for the same place: the first ones are these */
};

struct chunk {
    struct slice bytes; /* never empty; all from one segment */
    uint64_t offset; /* stream offset of bytes.ptr[0]; equals segment->offset when the chunk begins where its
                        segment does */
    const struct segment *segment;
    bool must_take; /* skew, budget or the flow's end: declining is over. Comes only for bytes that were
                       declined before, for want of room, and on a one-sided connection */
};

enum gap_reason {
    GAP_BUDGET,       /* (a) held bytes over budget */
    GAP_ACKNOWLEDGED, /* (b) the receiver acknowledged past the hole and the skew passed */
    GAP_ONE_SIDED,    /* (c) no ACKs are visible and the skew passed */
    GAP_HOLD_TIME,    /* (d) bytes behind it were held for limits.hold_time_ns */
    GAP_FLOW_END,     /* (e) */
    GAP_SNAPLEN,      /* (f) cut by snaplen, no copy within the skew */
    GAP_REASONS,
};
const char *gap_reason_name(enum gap_reason);

enum end_reason {
    END_FIN,     /* delivery reached the direction's FIN */
    END_RST,     /* either side reset the connection */
    END_IDLE,    /* no packets for limits.flow_idle_ns */
    END_EVICTED, /* the flow table was full */
    END_REUSED,  /* the same key began a new connection */
    END_CAPTURE, /* the capture ended */
    END_REASONS,
};
const char *end_reason_name(enum end_reason);

/* Holes in bytes that a consumer only counts need not stop the stream: it passes them at once, and tells
 * later what became of them. All four are given, or none. */
struct consumer_passing {
    /* Up to which offset are the direction's next bytes only counted, whatever they are, and whatever else
     * comes? What was delivered so far, or less: none. */
    uint64_t (*counted_until)(void *consumer, enum direction);
    /* `len` bytes at `offset`, which are next, have not come; data() goes on behind them, with at least one
     * byte that is only counted. */
    void (*pass)(void *consumer, enum direction, uint64_t offset, uint64_t len);
    /* Bytes that were passed came: all of the chunk, which lies in one hole. */
    void (*fill)(void *consumer, enum direction, const struct chunk *);
    /* ... or are lost for good, as in gap(). What was passed is filled or missed before the direction's
     * end. */
    void (*miss)(void *consumer, enum direction, uint64_t offset, uint64_t len, enum gap_reason,
                 int64_t now_ns);
};

/* A connection on which nothing comes dozes: its consumer is kept as an image, which takes little memory, and
 * becomes a consumer again before the next call. The struct connection lives elsewhere then. */
struct consumer_doze {
    /* Writes the consumer's image, 1 + 2 * LIKENESS_IMAGE_MOST bytes at most, and returns its length without
     * the slack. The consumer stays as it is. 0: what is under way does not fit into one. */
    size_t (*image)(const void *consumer, uint8_t *image);
    /* Frees the consumer, of which there is an image: the connection goes on. What the image refers to stays,
     * until the consumer is woken. */
    void (*leave)(void *consumer);
    /* NULL without memory; with `must` that does not happen as long as no other one that was woken so is
     * open. */
    void *(*wake)(void *environment, const struct connection *, const uint8_t *image, bool must);
    /* A consumer will be woken soon, and another one left before: asks for what both need beside the image.
     * May be NULL. */
    void (*foresee)(const void *environment, struct prefetch *);
};

struct consumer_ops {
    /* A connection's first payload or end is about to be given (a connection without payload never opens a
     * consumer). NULL: not interested, or no memory: the flow's bytes are then counted and dropped. */
    void *(*open)(void *environment, const struct connection *);
    /* Bytes in order. Returns how many were taken from the front. It may take fewer only to wait for the
     * other direction, and never with must_take: the rest is held and offered again when the other direction
     * moves (data, gap, overdue or end). */
    size_t (*data)(void *consumer, enum direction, const struct chunk *);
    /* `len` bytes at `offset` are lost for good. `now_ns`: the packet clock. */
    void (*gap)(void *consumer, enum direction, uint64_t offset, uint64_t len, enum gap_reason,
                int64_t now_ns);
    /* The other side acknowledged this direction's bytes up to `acked`, but they have not been captured
     * within the skew; nothing behind them has been either. They may still come (late), so this is no gap:
     * the stream has not moved. Called again when `acked` has grown (at once, on a one-sided connection).
     * Not called for a single number, which is most likely a FIN that was not captured; for the same reason
     * `acked` may be one more than there are bytes. */
    void (*overdue)(void *consumer, enum direction, uint64_t acked, int64_t now_ns);
    /* No more bytes in this direction. Called once a direction, before close. END_FIN comes when delivery
     * reaches the FIN. */
    void (*end)(void *consumer, enum direction, enum end_reason, int64_t now_ns);
    /* Frees the consumer. */
    void (*close)(void *consumer);
    /* Bytes that were given came again, not acknowledged yet, and differ: which ones the receiver took is not
     * known. `offset`: of the first one that differs. Told of those at the begin of what one side says in
     * turn, which are kept for that. May be NULL. */
    void (*conflict)(void *consumer, enum direction, uint64_t offset);
    const struct consumer_passing *passing; /* may be NULL: every hole is waited for */
    const struct consumer_doze *doze;       /* may be NULL: its connections never doze */
    /* Data may come soon: asks for what of the consumer they need as usual. May be NULL. */
    void (*foresee)(const void *consumer, struct prefetch *);
};

#endif
