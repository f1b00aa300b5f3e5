/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of HTTP/1's stream consumer share: the connection and its two sides. Private to http_conn.c
 * (bytes in), http_environment.c (what connections share), http_begin.c (before a message), http_read.c (the
 * lexer's events), http_fields.c, http_guess.c, http_request.c, http_response.c, http_interim.c (what they
 * mean), http_tentative.c, http_tunnel.c, http_passing.c (bodies' bytes out of order), http_surplus.c (bytes
 * that are no message), http_doze.c (in little memory), http_finish.c (transactions out). One thread. */
#ifndef HARK_ANALYZER_HTTP_SIDE_H
#define HARK_ANALYZER_HTTP_SIDE_H

#include "analyzer/h1.h"
#include "analyzer/http_conn.h"
#include "analyzer/message.h"
#include "analyzer/pairing.h"
#include "analyzer/probe.h"
#include "capture/likeness.h"

enum side_state {
    SIDE_PROBE,   /* where does a message start? */
    SIDE_MESSAGE, /* the lexer reads messages */
    SIDE_WAIT,    /* client behind CONNECT or Upgrade: what follows depends on the answer */
    SIDE_IGNORE,  /* not HTTP/1: bytes are counted and let go */
};

/* Bytes of a body that may begin the next response's status line. */
struct http_front {
    uint64_t offset;
    struct segment segment;
    uint8_t len; /* 0: none */
    uint8_t bytes[12];
};

/* One direction of a connection. */
struct side {
    enum side_state state;
    struct h1 h1;
    struct http_message *message;    /* being read; NULL between messages */
    struct transaction *transaction; /* it belongs to; NULL where it has no record: 1xx, no memory */
    bool next_begun;     /* `own` is begun for the bytes that h1 holds: they may be the next message */
    bool lexer_ready;    /* h1 was initialised */
    uint64_t asked;      /* ACK of the newest request, whole or only its front; 0 unknown */
    bool asked_in_part;  /* ... only its front */
    bool crowded;        /* two of them, of one a front, had the same: the client does not wait */
    bool resynchronised; /* the next message was found by search */
    bool doubtful;       /* ... behind bytes that may belong to the same message */
    bool after_gap;      /* a loss, or the capture's beginning, stands before the next message */
    bool said_last;  /* a message of it said that it is the connection's last one (RFC 9112 section 9.6) */
    bool must_close; /* how a request was framed obliges the server to close behind its answer */
    bool ended;
    enum end_reason end_reason;
    struct transaction *surplus; /* of bytes that are no message, behind the last one; NULL without */
    uint64_t message_end;        /* behind the last message; 0 none yet */
    uint64_t behind;   /* stream offset of the first byte of the transaction whose message was the last one; 0
                          not known */
    bool behind_alone; /* ... an orphan response: the offset is one of the server's */
    bool unsure;       /* its messages may be parts of a body, or go through a tunnel: TCP's evidence has not
                          cleared       them of that since the last search */
    bool blank;        /* `own` is begun for empty lines behind it, which may belong to the next message */
    uint64_t refused;  /* offset of a start line that could not be read; 0 none */
    uint64_t search_from; /* stream offset at which the present search began */
    uint64_t passed_ack;  /* ACK of the last bytes taken before, of the message that a loss cut or by the
                             search; 0 none */
    uint64_t search_ack;  /* the same when its candidate began */
    uint64_t tail_end;    /* behind the last bytes taken, and what snaplen cut from their packets */
    uint64_t tail_ack; /* what their packets acknowledged, or, where that is late, those before; 0 unknown */
    uint64_t before_ack;  /* the same of the byte before `own`; 0 unknown */
    uint64_t seen_before; /* behind the last byte captured before `own`; 0 none */
    bool stranger;        /* its first bytes are no HTTP: segments are looked at while preamble_left */
    uint64_t preamble_left;
    bool taken;              /* bytes of it were taken, not only offered */
    bool started;            /* the first bytes or loss came */
    struct interim *interim; /* the 1xx being read, where it is stored */
    /* From here on what a side that reads messages does not need: */
    struct probe probe;
    /* ... and nothing is set at first, but for front.len: */
    struct http_front front; /* of the message being read */
    struct segment segment;  /* of the candidate's first byte */
    struct segment probed;   /* of the last bytes that the probe took */
    struct http_message own; /* a message before its start line is read, or without a transaction; with
                                front.len what the one being read was before these bytes */
};

struct http_tunnel {
    struct transaction *record; /* open until the connection closes; NULL without memory */
    uint8_t parent_id[16];
    bool open;
};

struct http_conn {
    struct http_environment *environment;
    const struct connection *connection;
    struct side side[2];
    struct pairing pairing;
    struct pace pace_at_response_end; /* of the last final response; zero before */
    bool roles_known;
    bool roles_searched;           /* what told them was found by search */
    enum direction client;         /* valid with roles_known */
    enum protocol_verdict verdict; /* the first one */
    uint64_t bytes;
    uint32_t request_index;
    uint32_t response_index;
    uint32_t finish_index;
    struct http_tunnel tunnel;
    struct transaction_ids ids;
    struct transaction
        *interims; /* 1xx of no known request, for the final response that follows them; NULL without */
    struct transaction *pending;   /* over, but for body bytes that may still come; in the order they ended,
                                      linked by transaction.next */
    struct transaction *tentative; /* the request of a pair that is not sure yet; NULL without */
    const struct transaction *waits_for; /* the CONNECT or Upgrade whose answer SIDE_WAIT waits for */
};

struct http_environment {
    const struct limits *limits;
    struct memory *memory;
    struct transaction_store *store;
    struct value_memo *values; /* NULL without */
    struct known_heads *heads; /* likewise */
    struct http_counts counts;
    struct pool connections;
    struct http_conn *spare; /* kept while connections doze, so that one can be woken; NULL: it is not */
    size_t images;           /* of connections that doze */
    struct http_likeness *likeness; /* made with the first; it is large */
};

static inline struct side *http_client_side(struct http_conn *conn) {
    return &conn->side[conn->client];
}

static inline struct side *http_server_side(struct http_conn *conn) {
    return &conn->side[direction_other(conn->client)];
}

/* Nobody doubts where the body ends: the usual case. */
static inline bool http_is_sure_of_body(const struct side *side) {
    const struct http_message *m = side->message;
    return side->transaction && side->transaction->request.seen && m->framing.kind != H1_BODY_CLOSE &&
           !m->resynchronised;
}

/* http_fields.c */
/* Takes the fields of the side's message at the front of `in`, as far as they are plain. False: there is
 * none, and nothing was taken. */
bool http_take_fields(struct http_conn *, struct side *, bool response, struct slice *in);

/* http_begin.c */
/* Makes the lexer ready to read messages from stream offset `offset` on. */
void http_read_start(struct http_conn *, enum direction, uint64_t offset);
/* The side's own message begins at `offset`, in the chunk's segment. */
void http_begin_own(struct side *, const struct chunk *, uint64_t offset);
/* Takes note of what came before the byte at `offset`, which is in the chunk or before it. */
void http_note_before(struct side *, const struct chunk *, uint64_t offset);
/* Must the next message wait for bytes of the other direction that its packet acknowledged? */
bool http_must_wait(struct http_conn *, enum direction, const struct chunk *);
/* Sync is lost: search for the next message from `offset` on. */
void http_search(struct http_conn *, enum direction, uint64_t offset);

/* http_read.c */
/* Reads messages from `in` until it is used up, the side's state changes, or the next message must wait for
 * the other direction. `in` is the end of the chunk's bytes, or, when `held`, bytes of a message whose first
 * ones came with earlier chunks. */
void http_read(struct http_conn *, enum direction, const struct chunk *, struct slice *in, bool held);
/* Bytes were lost while the side reads messages. */
void http_read_gap(struct http_conn *, enum direction, uint64_t offset, uint64_t len);
/* The stream ended. */
void http_read_end(struct http_conn *, enum direction, enum end_reason);
/* The client's bytes need no longer wait for an answer. */
void http_stop_waiting(struct http_conn *);

/* http_guess.c: `in` is the end of the chunk's bytes, and the side is reading a message. */
/* A method that is not sure may have been HEAD: then a status line where the body should be, in a packet that
 * acknowledges more of the client's bytes, is the next response. So it is, where another request is known to
 * be open, in a body that lasts until the connection closes, though the server did not say that it would
 * close it; and where readers disagree whether it lasts so long. */
bool http_guess_response(const struct http_conn *, enum direction, const struct chunk *, struct slice in);
/* The same where a packet ends before the status line has its code: keeps these bytes in side->front, and in
 * side->own the message as it was before them; true when those of `in` go on with it. */
bool http_guess_response_begun(struct http_conn *, enum direction, const struct chunk *, struct slice in);
/* What a search found may claim too much. A request at a segment's start, sent when the client had a final
 * response more than when it sent this one, is the next one. */
bool http_guess_request_perhaps(const struct http_conn *, enum direction, const struct chunk *,
                                struct slice in);
/* Valid when the server's bytes that it acknowledges were given. */
bool http_guess_request(const struct http_conn *, const struct chunk *);

/* http_request.c */
/* A client that speaks HTTP/2 from here on: its preface read as a request line (RFC 9113 section 3.4). */
bool http_request_is_http2(const struct h1_event *);
/* A message has its start line: the side's own, or, with a chunk, one that begins there and is not begun yet:
 * it is made where it will be kept. */
void http_request_open(struct http_conn *, struct side *, const struct h1_event *, const struct chunk *);
/* The side's own message begins like a request, and the loss of its start line's end hides the rest. */
void http_request_front(struct http_conn *, enum direction);
/* Its head is read to the empty line. */
void http_request_head(struct http_conn *, struct side *, struct http_message *);
/* The client's bytes have waited for an answer in vain. What it sends behind a request with Upgrade is HTTP/1
 * as long as it has no 101 (RFC 9110 section 7.8): it is read on. False: behind CONNECT it may be anything.
 */
bool http_request_goes_on(struct http_conn *);
/* It is over, whole or cut. */
void http_request_ended(struct http_conn *, struct side *, struct http_message *);

/* http_response.c: the same */
void http_response_open(struct http_conn *, struct side *, const struct h1_event *, const struct chunk *);
void http_response_head(struct http_conn *, struct side *, struct http_message *);
void http_response_ended(struct http_conn *, struct side *, struct http_message *);
/* The server begins something new, perhaps a response: `m`. */
void http_response_next(struct http_conn *, const struct http_message *m);
/* A 1xx, but not 101, which is final. */
bool http_response_is_interim(const struct http_message *);
/* Were first bytes of a message taken, but not yet its whole start line? Then `own` is it. */
bool http_has_begun(const struct side *);
/* Up to here the client's stream hides no request: it was given, its FIN counted as one, or is the rest of a
 * body whose length is known. */
uint64_t http_captured_requests(const struct http_conn *);

/* http_finish.c */
/* Reports the transaction when both its messages are done. */
void http_finish_if_done(struct http_conn *, struct transaction *);
/* Reports it as an orphan request. */
void http_finish_orphan(struct http_conn *, struct transaction *, enum pairing_reason);
/* Reports a response that found no request. */
void http_finish_orphan_response(struct http_conn *, struct transaction *);
/* Older open requests can't be answered any more: a later one was. */
void http_finish_superseded(struct http_conn *, const struct transaction *answered);
/* Reports every open request but `spared`, which may be NULL: nothing else on the connection will be
 * answered, or goes on. */
void http_finish_others(struct http_conn *, const struct transaction *spared);
/* Reports every complete open request whose response must have started in [from, to). */
void http_finish_unanswered(struct http_conn *, uint64_t from, uint64_t to, enum pairing_reason);
/* A direction ended: what can't be answered any more is reported; with `all` everything is. */
void http_finish_ended(struct http_conn *, enum end_reason, bool all);
/* The request's message is done (whole or cut). */
void http_finish_request(struct http_conn *, struct transaction *);

static inline bool http_is_pending(const struct transaction *t) {
    return t->request.pending_bytes || t->response.pending_bytes;
}
/* Reports a transaction of the list, of which nothing can come any more. */
void http_finish_pending(struct http_conn *, struct transaction *);

/* http_passing.c: bytes of bodies that are looked for behind the stream (struct consumer_passing) */
extern const struct consumer_passing http_passing;
/* The connection is closed: what was not filled is lost. */
void http_passing_end(struct http_conn *);

/* http_surplus.c */
/* The side's message is over. */
void http_surplus_behind(struct http_conn *, struct side *, const struct http_message *);
/* Bytes that are no message, told so far by `bytes`, stand where one was to begin. */
void http_surplus_open(struct http_conn *, struct side *, const struct http_message *bytes);
/* There are some, and `taken` bytes of the chunk were taken. */
void http_surplus_follow(struct http_conn *, enum direction, const struct chunk *, size_t taken);
/* `own` was begun anew, in the chunk or before it, for what may be the next message. */
void http_surplus_candidate(struct http_conn *, enum direction, const struct chunk *);
/* As http_surplus_open, if `own` is begun for empty lines. */
void http_surplus_open_blank(struct http_conn *, struct side *);
/* The next message begins: reports them. */
void http_surplus_before(struct http_conn *, struct side *, const struct http_message *next);
/* Reports them: they reach up to `end_offset`, or further, behind a loss. */
void http_surplus_end(struct http_conn *, struct side *, uint64_t end_offset);
/* What follows on the connection may be no HTTP/1: nothing of it is surplus. */
void http_surplus_doubt(struct http_conn *);
/* They are something else. */
void http_surplus_drop(struct http_conn *, struct side *);

/* http_doze.c */
extern const struct consumer_doze http_doze;

/* http_conn.c */
/* Gives its memory back, whatever it stands at. */
void http_conn_free(struct http_conn *);

/* http_conflict.c */
/* Two versions of the byte were captured: noted on the message, if its transaction is still open. */
void http_conflict(struct http_conn *, enum direction, uint64_t offset);

/* http_interim.c */
/* A 1xx begins; `transaction`: its request's, NULL where none is known. */
void http_interim_open(struct http_conn *, struct side *, const struct h1_event *, struct transaction *);
void http_interim_field(struct http_conn *, struct side *, const struct h1_event *);
/* The final response found its request: the 1xx before it that had none belong there too. */
void http_interim_move(struct http_conn *, struct transaction *to);
/* Those of one transaction are added to another's. */
void http_interim_copy(struct http_conn *, const struct transaction *from, struct transaction *to);
/* 1xx whose final response will not come have no record: they are counted. */
void http_interim_drop(struct http_conn *);

/* http_tentative.c */
/* The response, in a transaction of its own, seems to answer the request. */
void http_tentative_open(struct http_conn *, struct transaction *request, struct transaction *response);
/* Settles the tentative pair, if there is one, where what is known of the next request says so. */
void http_tentative_judge(struct http_conn *);
/* Settles it, as the server sends something behind the response: `next`. `begun`: the request whose start
 * line is not whole yet, NULL without. */
void http_tentative_server_goes_on(struct http_conn *, const struct http_message *next,
                                   const struct http_message *begun);
/* It is wrong: the server said something else than an answer to that request. The response is over. */
void http_tentative_refute(struct http_conn *);
/* Settles it: nothing more will come. */
void http_tentative_end(struct http_conn *);
/* There is one, it is right and the response is over: makes it a pair, which is the caller's to finish. */
struct transaction *http_tentative_join(struct http_conn *);

/* http_tunnel.c */
/* A CONNECT was answered by 2xx, or an Upgrade by 101: what follows is not this connection's HTTP/1. */
void http_tunnel_open(struct http_conn *, struct transaction *);
/* The stream's bytes from `from` on, up to `end`, of the chunk or before it, went through the tunnel. */
void http_tunnel_count(struct http_conn *, enum direction, const struct chunk *, uint64_t from, uint64_t end);
/* What they are. */
void http_tunnel_verdict(struct http_conn *, enum protocol_verdict);
void http_tunnel_close(struct http_conn *);

#endif
