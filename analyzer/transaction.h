/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP transaction: a request, its response, or the one without the other, with all facts a record needs;
 * and the store that hands them to observers. It is neutral: pairing is HTTP/1's own business (http_conn). A
 * transaction and all its bytes live in its own arena, until the observers of `finished` return. One thread a
 * store. */
#ifndef HARK_ANALYZER_TRANSACTION_H
#define HARK_ANALYZER_TRANSACTION_H

#include "analyzer/framing.h"
#include "analyzer/notes.h"
#include "analyzer/target.h"
#include "capture/arena.h"
#include "reassembly/consumer.h"

struct header {
    struct slice name;
    struct slice value;
    bool joined;   /* both lie in one piece of memory, the value behind the name, as the line was sent and
                      h1_next_fields divided it: bytes that are the same are divided alike, and no value has a
                      CR */
    uint8_t known; /* enum field_name, and one more: 0 where it was not looked up */
};

/* Fields in the order sent. */
struct header_list {
    struct header *items;
    uint32_t count;
    uint32_t capacity;
    uint32_t dropped; /* beyond limits.headers or limits.head_bytes: counted, not stored */
};

/* Where and when a stretch of a stream was captured. */
struct capture_point {
    int64_t time_ns;
    uint64_t number; /* frame number in its file */
    uint64_t ordinal;
    uint32_t file;
};

/* Which known head the message's is like (analyzer/known_head.h): its own. */
struct known_mark {
    uint64_t stamp;   /* when it was compared; 0: none is known */
    uint32_t changed; /* a bit for each line whose value is another */
    uint16_t slot;
};

struct http_message {
    bool seen;            /* its start line was captured whole */
    bool head_complete;   /* to the empty line */
    bool end_known;       /* its end is known by framing, or by FIN for read-until-close */
    bool truncated;       /* it ended before its framing said so: close, reset, gap, end of capture */
    struct slice line[3]; /* as h1_event.line; a response of HTTP/0.9 has none */
    unsigned major, minor;
    unsigned status; /* responses */
    struct header_list headers;
    struct header_list trailers;
    struct known_mark known; /* of the headers */
    struct framing_fields fields;
    struct h1_framing framing;
    uint32_t oddities;      /* enum h1_oddity bits; known when the message is over */
    uint64_t offset;        /* stream offset of its first byte */
    uint64_t end_offset;    /* behind its last byte seen so far (gaps included) */
    uint64_t head_bytes;    /* start line to the empty line */
    uint64_t body_bytes;    /* content captured: after chunked is undone, before content codings are */
    size_t stored_bytes;    /* of its fields, against limits.head_bytes */
    uint64_t missing_bytes; /* body bytes known to be lost */
    uint64_t gap_bytes;     /* stream bytes lost within the message */
    uint64_t lost_until;    /* stream offset behind the last of these whose packet was not captured; 0 none */
    uint64_t pending_bytes; /* body bytes that were passed, and may still come: neither captured nor lost */
    struct capture_point first; /* its first byte */
    struct capture_point last;  /* its last byte seen */
    uint64_t ack; /* offset in the other direction acknowledged by the packet of the first byte; valid with
                     has_ack */
    bool has_ack;
    bool ack_late; /* that packet was sent again, or later than the byte first was: `ack` is no more than an
                      upper bound */
    uint64_t last_ack;  /* the same of the last byte's packet; 0 without */
    bool last_ack_late; /* `last_ack` is an upper bound */
    uint32_t segments;  /* segments its bytes came in */
    bool snaplen_cut;
    bool closed_short;    /* its sender closed the connection before the end that Content-Length said */
    bool duplicated;      /* the tap delivered some of it more than once */
    bool conflict;        /* other bytes came for the same place, too */
    bool start_uncertain; /* its first bytes may have been lost: the method may be the end of a longer one */
    bool resynchronised;  /* its start was found by search: midstream or after a gap */
};

/* No packet with its last byte was captured: when it came is not known. */
static inline bool http_message_end_is_lost(const struct http_message *m) {
    return m->lost_until && m->lost_until >= m->end_offset;
}

/* A 1xx response. */
struct interim {
    unsigned status;
    struct slice reason;
    struct header_list headers;
    int64_t time_ns; /* of its first byte */
    struct interim *next;
};

enum transaction_type {
    TRANSACTION_PAIR,
    TRANSACTION_ORPHAN_REQUEST,
    TRANSACTION_ORPHAN_RESPONSE,
    TRANSACTION_TUNNEL,  /* what went through after CONNECT or 101: request and response are those that opened
                            it */
    TRANSACTION_SURPLUS, /* bytes that are no message where one was to begin: their sender's message stands
                            for them, `seen`, but without head */
};
enum { TRANSACTION_TYPES = TRANSACTION_SURPLUS + 1 };

enum pairing_by { PAIRING_ACK, PAIRING_ORDER, PAIRING_NONE };

/* Why a message stayed alone. */
enum pairing_reason {
    PAIRING_PAIRED,
    /* requests */
    PAIRING_CAPTURE_ENDED,     /* the capture ended before a response */
    PAIRING_CONNECTION_CLOSED, /* FIN before a response */
    PAIRING_CONNECTION_RESET,
    PAIRING_IDLE,              /* no packets for limits.flow_idle_ns */
    PAIRING_EVICTED,           /* the flow table was full */
    PAIRING_CONNECTION_REUSED, /* the same addresses and ports began a new connection */
    PAIRING_RESPONSE_LOST,     /* the response's first bytes were lost */
    PAIRING_RESPONSE_LATE,     /* acknowledged by the client, not captured within the skew */
    PAIRING_SUPERSEDED,        /* a later request was answered by TCP's evidence */
    PAIRING_REQUEST_CUT,       /* the request itself never became whole */
    PAIRING_OPEN_CAP,          /* limits.open_requests reached */
    PAIRING_UNREADABLE, /* (responses too) bytes came where the counterpart was to start, but they are no HTTP
                         */
    /* responses */
    PAIRING_REQUEST_LOST,   /* loss in the client's stream took the request */
    PAIRING_REQUEST_LATE,   /* the server acknowledged a request that was not captured within the skew */
    PAIRING_BEFORE_CAPTURE, /* midstream: its request was sent before the capture began */
    PAIRING_AMBIGUOUS,      /* several requests may be meant */
    PAIRING_UNSOLICITED,    /* no request was open and nothing was lost */
    PAIRING_REASONS,
};
const char *pairing_by_name(enum pairing_by);         /* "ack", "order", "none" */
const char *pairing_reason_name(enum pairing_reason); /* lower case with underscores */
const char *transaction_type_name(
    enum transaction_type); /* "transaction", "orphan_request", "orphan_response", "tunnel", "surplus" */

/* The connection's counts when a transaction began, so that its own share is the difference. */
struct tcp_share {
    struct stream_counts at_start[2];
    struct stream_counts at_end[2];
    struct pace pace_at_start;
    struct pace pace_at_request_end; /* the request was over; valid with its end known */
    struct pace pace_at_turn;        /* the response before was over; valid with pipelined */
    struct pace pace_at_end;
    bool ended; /* at_end and pace_at_end are set: the transaction was over before it is reported; else the
                   connection's own are what they would be */
};

enum tunnel_protocol {
    TUNNELLED_UNKNOWN,
    TUNNELLED_TLS,
    TUNNELLED_HTTP1,
    TUNNELLED_HTTP2,
    TUNNELLED_WEBSOCKET
};

struct transaction {
    struct arena arena;
    const struct connection *connection;
    enum direction client; /* the direction of requests */
    enum transaction_type type;
    uint8_t id[16];        /* event.id, known when opened */
    uint8_t parent_id[16]; /* of the transaction that opened the tunnel this one is in, or that this tunnel
                              belongs to, or that these surplus bytes stand behind; valid with has_parent */
    bool has_parent;
    uint32_t index;        /* of the request (of the response, for an orphan one) on its connection, from 0 */
    uint32_t finish_index; /* order in which the connection's transactions finished: third part of its place
                              in the output */
    struct http_message request;
    struct http_message response;
    struct target target;    /* of the request, when seen */
    struct interim *interim; /* oldest first */
    struct interim *interim_last;
    size_t interim_stored_bytes; /* of their fields, against limits.head_bytes */
    uint32_t interim_count;      /* stored or not */
    enum pairing_by by;
    enum pairing_reason reason;
    uint32_t candidates; /* orphans: how many counterparts were possible */
    bool uncertain;      /* the end of capture, a gap or a time-out keeps the outcome open */
    bool reset;          /* the connection was reset during the transaction */
    enum direction reset_from;
    bool timed_out;           /* cut, or left without an answer, as no packet came any more */
    bool first_on_connection; /* connect times belong to it */
    bool pipelined;           /* sent before the previous response ended */
    int64_t previous_end_ns; /* last byte of the previous response on the connection, 0 where there is none or
                                it is not known */
    struct notes notes;
    struct semantics *semantics; /* set while `finished` is told of messages, else NULL */
    /* tunnels */
    uint64_t tunnel_bytes[2]; /* by direction */
    int64_t tunnel_start_ns, tunnel_end_ns;
    bool tunnel_by_upgrade; /* 101, else CONNECT */
    enum tunnel_protocol tunnel_protocol;
    /* the connection's queue of open requests; private to it */
    struct transaction *next;
    struct transaction *tentative; /* the response that seems to be its own, in a transaction of its own until
                                      that is sure; there, the request. NULL without */
    uint64_t interim_bytes;        /* stream bytes of 1xx answers given to it so far */
    uint64_t heard; /* up to here the client had the server's bytes when it sent what stands before the
                       request; 0 unknown */
    bool doubtful; /* found by search behind bytes that may belong to the same message: perhaps part of a body
                    */
    bool after_pipelining; /* the client had pipelined before it */
    bool after_gap;        /* what the client sent before it was not captured, and may hold other requests */
    uint64_t gap_end;      /* ... up to this offset; valid with after_gap */
    uint64_t sent_behind;  /* the least that the client had of the server's stream when it sent the request;
                              where request.ack is late, that is all that is known */
    struct tcp_share tcp;  /* the last, as it is not cleared */
};

/* What the ids of a connection's transactions have in common, by the sender of their first byte. Zeroed at
 * first. */
struct transaction_ids {
    bool known[2];
    uint64_t common[2][2];
};

struct transaction_observer {
    void *context;
    /* A transaction has its id and its first head. May be NULL. */
    void (*opened)(void *context, const struct transaction *);
    /* The other head, or progress. May be NULL. */
    void (*updated)(void *context, const struct transaction *);
    /* All that will be known is known; the transaction dies when the call returns. */
    void (*finished)(void *context, const struct transaction *);
    /* The address that ids are made of in the place of a connection's own. May be NULL: its own. */
    struct address (*address)(void *context, const struct address *);
    bool no_caching; /* nobody tells transaction.semantics->caching: semantics_of_for_notes */
};

struct transaction_store;

/* limits and memory outlive the store; the observer is copied. NULL without memory. */
struct transaction_store *transaction_store_new(const struct limits *, struct memory *,
                                                const struct transaction_observer *);
/* Every transaction must have been finished or dropped. */
void transaction_store_free(struct transaction_store *);
/* Transactions that were neither finished nor dropped. */
size_t transaction_store_open(const struct transaction_store *);
bool transaction_store_tells_caching(const struct transaction_store *);
/* A new, empty transaction of a connection; NULL when memory or the cap is out. */
struct transaction *transaction_open(struct transaction_store *, const struct connection *,
                                     enum direction client);
/* The same for a request, whose message the caller sets. */
struct transaction *transaction_open_request(struct transaction_store *, const struct connection *,
                                             enum direction client);
/* Sets the id from the direction and the first byte's sequence number, and tells the observer. `ids` are the
 * connection's. */
void transaction_announce(struct transaction_store *, struct transaction *, struct transaction_ids *ids,
                          enum direction, uint64_t offset);
/* The id that the transaction whose first byte that is has, or had. */
void transaction_identify(const struct transaction_store *, const struct connection *,
                          struct transaction_ids *ids, enum direction, uint64_t offset, uint8_t id[16]);
void transaction_updated(struct transaction_store *, const struct transaction *);
/* What TCP does from now on is not its own. */
void transaction_end_tcp(struct transaction *);
/* The connection's counts when it was over, or is reported. */
static inline const struct stream_counts *transaction_counts_at_end(const struct transaction *t,
                                                                    enum direction d) {
    return t->tcp.ended ? &t->tcp.at_end[d] : &t->connection->counts[d];
}
static inline const struct pace *transaction_pace_at_end(const struct transaction *t) {
    return t->tcp.ended ? &t->tcp.pace_at_end : &t->connection->pace;
}
/* Tells the observer and frees the transaction. */
void transaction_finish(struct transaction_store *, struct transaction *);
/* Frees it untold: only for one that no message was ever counted for. */
void transaction_drop(struct transaction_store *, struct transaction *);
/* It dozes with its connection: gives its memory back, of which the caller has an image
 * (analyzer/transaction_image.h), but what its arena has. It counts as open. */
void transaction_leave(struct transaction_store *, struct transaction *);
/* ... and gets memory again, still without content but for the arena's pool. NULL without; with `must` that
 * does not happen as long as no other one that got it so is open. */
struct transaction *transaction_return(struct transaction_store *, bool must);
/* Adds a field, copied into the arena; false when a cap was reached (then `dropped` grew). */
bool transaction_add_header(struct transaction *, struct header_list *, struct slice name, struct slice value,
                            const struct limits *);
/* Room for `count` more fields, which the caller sets and counts; NULL when a cap was reached. */
struct header *transaction_more_headers(struct transaction *, struct header_list *, size_t count,
                                        const struct limits *);
/* The first field of that name, compared without case, or NULL. */
static inline const struct header *header_find(const struct header_list *list, const char *name) {
    const struct slice wanted = slice_of(name);
    for (uint32_t i = 0; i < list->count; i++) {
        if (slice_equal_nocase(list->items[i].name, wanted)) {
            return &list->items[i];
        }
    }
    return NULL;
}
/* Does it have messages, one or both? */
static inline bool transaction_has_messages(const struct transaction *t) {
    return t->type != TRANSACTION_TUNNEL && t->type != TRANSACTION_SURPLUS;
}
/* record.md's event.outcome. */
enum event_outcome { OUTCOME_SUCCESS, OUTCOME_FAILURE, OUTCOME_UNKNOWN };
enum event_outcome transaction_outcome(const struct transaction *);
/* record.md's capture.complete. */
bool transaction_is_complete(const struct transaction *);

#endif
