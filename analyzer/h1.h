/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 syntax: bytes pushed, events pulled. One lexer, two roles. It knows syntax only: at H1_HEADERS_END
 * the caller computes the framing (analyzer/framing.h) and tells it by h1_begin_body. It is tolerant: what is
 * malformed is delivered with notes; H1_BAD comes only where it can't go on (no start line, no chunk size).
 * Embedded by value; one thread. Event slices are borrowed: views of `in` where the line lies inside it, else
 * of the lexer's own buffer; they die at the next call. A body's bytes are not looked at, but for a few next
 * to the head. */
#ifndef HARK_ANALYZER_H1_H
#define HARK_ANALYZER_H1_H

#include "capture/buf.h"
#include "capture/limits.h"

enum h1_role { H1_REQUEST, H1_RESPONSE };

enum h1_event_type {
    H1_NEED_MORE,   /* all of `in` was taken */
    H1_START_LINE,  /* line[] is set */
    H1_HEADER,      /* name, value: one field line, folds joined by one space each (RFC 9112 section 5.2) */
    H1_HEADERS_END, /* call h1_begin_body before the next h1_next */
    H1_BODY,        /* value: body bytes as framed (chunk data without chunk syntax) */
    H1_TRAILER,     /* name, value */
    H1_MESSAGE_END, /* the message's last byte was taken; the next call starts a new message */
    H1_BAD, /* the bytes are not this syntax; the lexer must be started anew (until then it says so again);
               `in` stands before the start line, chunk-size line or chunk end that can't be read, as far back
               as these bytes reach */
};

enum h1_framing_kind {
    H1_BODY_NONE,
    H1_BODY_LENGTH,
    H1_BODY_CHUNKED,
    H1_BODY_CLOSE,  /* all bytes until the stream ends */
    H1_BODY_TUNNEL, /* what follows is not HTTP/1: H1_MESSAGE_END comes at once, the lexer is done */
};

struct h1_framing {
    enum h1_framing_kind kind;
    uint64_t length; /* of H1_BODY_LENGTH */
};

/* Oddities met in the current message, as a set of bits (RFC 9112 unless said). */
enum h1_oddity {
    H1_ODD_EMPTY_LINES = 1 << 0,        /* empty lines before the start line (2.2) */
    H1_ODD_BARE_LF = 1 << 1,            /* a line ended by LF alone (2.2) */
    H1_ODD_BARE_CR = 1 << 2,            /* CR inside a line (2.2) */
    H1_ODD_NUL = 1 << 3,                /* NUL in a head (RFC 9110 5.5) */
    H1_ODD_CONTROL = 1 << 4,            /* other control bytes in a head (RFC 9110 5.5) */
    H1_ODD_OBS_FOLD = 1 << 5,           /* folded field line (5.2) */
    H1_ODD_SPACE_BEFORE_COLON = 1 << 6, /* (5.1) */
    H1_ODD_NO_COLON = 1 << 7,           /* a field line without a colon: its whole text is the name */
    H1_ODD_EMPTY_NAME = 1 << 8,         /* a field line that starts with the colon */
    H1_ODD_NAME_CHARACTERS = 1 << 9,    /* field name that is no token (RFC 9110 5.1) */
    H1_ODD_START_LINE_SPACES = 1 << 10, /* not exactly one space between the parts of the start line, white
                                           space before it, none behind the status code (3, 4) */
    H1_ODD_TARGET_SPACES = 1 << 11,     /* white space inside the request target (3.2) */
    H1_ODD_VERSION = 1 << 12,           /* HTTP-version that is not HTTP/1.DIGIT in this case (2.3) */
    H1_ODD_STATUS = 1 << 13,            /* status code missing or not three digits, 100-599 (4) */
    H1_ODD_LINE_TOO_LONG = 1 << 14,     /* a line beyond limits.line_bytes: cut there */
    H1_ODD_CHUNK_SIZE = 1 << 15,      /* chunk size that only lenient readers take: white space or empty lines
                                         around, 0x, overlong zeros (7.1) */
    H1_ODD_CHUNK_EXTENSION = 1 << 16, /* chunk extension that is no proper one (7.1.1) */
    H1_ODD_CHUNK_END = 1 << 17,       /* chunk data not followed by CRLF (7.1) */
    H1_ODD_FIRST_FOLD = 1 << 18, /* white space before the first field line (2.2): its name keeps it, so that
                                    it matches no field; a blank line there is dropped */
};

/* Members that the type does not name are left as they were. */
struct h1_event {
    enum h1_event_type type;
    struct slice line[3]; /* request: method, target, version; response: version, status code, reason. The
                             version of a request may be empty: when fields follow, it was left out
                             (H1_ODD_VERSION); else this is HTTP/0.9, and H1_MESSAGE_END comes as soon as
                             that is known */
    struct slice
        text;        /* H1_START_LINE: what the parts of line[] are views of; empty: not of the same bytes */
    unsigned status; /* response: the code as a number, 100-999, 0 where it can't be read */
    unsigned major, minor; /* HTTP version; 0.9 for a request line without one, 0.0 where it can't be read */
    struct slice name;
    struct slice value; /* without OWS around it */
    uint32_t odd;       /* H1_HEADER, H1_TRAILER: enum h1_oddity bits of how this very field is written:
                           obs-fold, name and colon, control bytes, the line's cut */
};

enum h1_state {
    H1_AT_START, /* before a start line; empty lines are skipped */
    H1_IN_START_LINE,
    H1_BEHIND_OLD_LINE, /* a request line without version was given: fields may follow, or nothing */
    H1_IN_HEADERS,
    H1_AT_FRAMING, /* H1_HEADERS_END was given, h1_begin_body is awaited */
    H1_IN_BODY,
    H1_IN_CHUNK_SIZE,
    H1_IN_CHUNK_DATA,
    H1_AT_CHUNK_END,
    H1_IN_TRAILERS,
    H1_AT_MESSAGE_END, /* H1_MESSAGE_END is the next event */
    H1_DONE,           /* BAD or tunnel */
};

struct h1 {
    enum h1_role role;
    enum h1_state state;
    const struct limits *limits; /* outlives the lexer */
    struct buf line;             /* a line that spans chunks */
    uint64_t offset;             /* stream offset of the next byte to take */
    uint64_t message_offset; /* stream offset of the message's first byte, behind empty lines before it; valid
                                when started, and after H1_MESSAGE_END and H1_BAD until the next call */
    uint64_t remaining;      /* body or chunk bytes still to come */
    enum h1_framing_kind framing;
    uint32_t
        oddities; /* enum h1_oddity bits of the current message; stay until the call after H1_MESSAGE_END */
    bool started; /* the first byte of a message was taken, its end not yet given */
    size_t held;  /* the last bytes taken, of which it is not known whether they belong to the current message
                     or start the next; at H1_MESSAGE_END they start the next */
    /* what else the lexer needs stands here; private */
    bool line_skip;       /* the rest of an overlong line is dropped */
    bool field_pending;   /* `line` holds a field line whose fold may follow */
    bool in_line;         /* the first bytes of a line were taken, its end not yet */
    bool last_cr;         /* the byte taken last is CR */
    bool folded;          /* `line` holds a field of several lines */
    bool fold_lead;       /* the white space that starts a fold is being dropped */
    bool cut;             /* the line or field was cut */
    bool method_seen;     /* the white space behind the method was taken */
    bool line_given;      /* the last event shows `line`: it is cleared at the next call */
    bool ended;           /* H1_MESSAGE_END was given: oddities are cleared at the next call */
    uint8_t lead;         /* bytes that were skipped before the start line, without empty lines */
    uint8_t tail_len;     /* last bytes of a start line that spans chunks: */
    uint8_t tail[32];     /* its version, should the line be cut */
    size_t method_len;    /* bytes of the method known to be a token */
    uint64_t line_offset; /* stream offset of the current line's first byte */
    uint64_t bad_offset;  /* at H1_BAD: where what can't be read begins, maybe in an earlier chunk */
};

/* `offset`: stream offset of the first byte that will be given. */
void h1_init(struct h1 *, enum h1_role, const struct limits *, uint64_t offset);
void h1_fini(struct h1 *);
/* Starts anew at `offset`, keeping memory. */
void h1_restart(struct h1 *, enum h1_role, uint64_t offset);

/* Takes bytes from the front of `in` and gives one event. Call until H1_NEED_MORE; with an empty `in` it may
 * still have an event to give. A field line can only be given when the byte after it is known (it may be
 * folded); an empty line needs no such byte. */
enum h1_event_type h1_next(struct h1 *, struct slice *in, struct h1_event *);
/* Between messages, instead of an H1_START_LINE event: takes the start line where it lies whole at the front
 * of `in` and has no oddity; false where it does not, and nothing was taken. */
bool h1_next_start_line(struct h1 *, struct slice *in, struct h1_event *);
/* In H1_AT_MESSAGE_END, instead of an H1_MESSAGE_END event. */
void h1_next_message_end(struct h1 *);
struct h1_field {
    struct slice name;
    struct slice value; /* without OWS around it */
};
/* In H1_IN_HEADERS, instead of H1_HEADER events: takes up to `most` field lines from the front of `in` as
 * long as they lie in it, with the byte after them, and have no oddity, and returns how many. What h1_next
 * gives before and after is the same as without. */
size_t h1_next_fields(struct h1 *, struct slice *in, struct h1_field *fields, size_t most);
/* In H1_IN_HEADERS: does a field line begin at the front of `in`? Then *reach is as much of it as
 * h1_next_fields looks at. */
bool h1_begins_field(const struct h1 *, struct slice in, struct slice *reach);
/* ... and these are lines that h1_next_fields would give, of `len` bytes in all: they are taken. */
void h1_take_fields(struct h1 *, struct slice *in, size_t len);
/* In H1_IN_HEADERS, instead of an H1_HEADERS_END event: takes the empty line where it lies whole at the front
 * of `in`; false where it does not, and nothing was taken. */
bool h1_next_head_end(struct h1 *, struct slice *in);
/* In H1_IN_BODY and H1_IN_CHUNK_DATA, instead of an H1_BODY event: takes body bytes from the front of `in`
 * and returns how many. */
size_t h1_next_body(struct h1 *, struct slice *in);
static inline bool h1_is_in_body(const struct h1 *h) {
    return h->state == H1_IN_BODY || h->state == H1_IN_CHUNK_DATA;
}
/* The next `len` bytes, more than none, are taken when they are of a body with a length and it goes on behind
 * them; false, with nothing taken, when not. */
static inline bool h1_body_goes_on(struct h1 *h, size_t len) {
    if (h->state != H1_IN_BODY || h->framing != H1_BODY_LENGTH || h->remaining <= len || h->held) {
        return false;
    }
    h->remaining -= len;
    h->offset += len;
    return true;
}
/* False: with an empty `in` h1_next would say H1_NEED_MORE. */
static inline bool h1_has_event(const struct h1 *h) {
    return h->state == H1_AT_MESSAGE_END || h->state == H1_DONE || h->held;
}
/* After H1_HEADERS_END, or on a lexer at its start for a body without a head (HTTP/0.9). */
void h1_begin_body(struct h1 *, struct h1_framing);
/* `len` bytes at the lexer's offset are lost. True when they lie inside a body or chunk whose length is
 * known, or in a read-until-close body: the lexer goes on behind them. False when sync is lost: the message
 * ends here, start anew. */
bool h1_skip(struct h1 *, uint64_t len);

enum h1_end_result {
    H1_END_BETWEEN,   /* the stream ended between messages (a lone empty line counts as between) */
    H1_END_COMPLETE,  /* a read-until-close body ended properly: the message is complete */
    H1_END_TRUNCATED, /* the message was cut */
};
/* The stream ended. What h1_flush_line has to give is given before. */
enum h1_end_result h1_end(struct h1 *);
/* At a gap or the stream's end inside a head: gives a complete field line that waited for a possible fold
 * (H1_HEADER, H1_TRAILER), or, at the stream's end only (`end` true), a request line without version that
 * lacks its line end as H1_START_LINE, or H1_MESSAGE_END behind one; else H1_NEED_MORE. */
enum h1_event_type h1_flush_line(struct h1 *, bool end, struct h1_event *);
/* The answer to a request line without version began. True when no byte of a further line was taken: then the
 * message is over, and H1_MESSAGE_END is the next event. */
bool h1_end_old(struct h1 *);
/* Stream offset behind the bytes that are known to be of the current message; after H1_MESSAGE_END, behind
 * it. */
static inline uint64_t h1_message_end(const struct h1 *h) {
    return h->offset - h->held;
}

/* RFC 9110 section 5.6.2. */
bool h1_is_token(struct slice);

#endif
