/* SPDX-License-Identifier: Apache-2.0 */
/* Where does HTTP start in one direction of a connection? Two tasks share it: the verdict at a stream's known
 * beginning, and, midstream or after a gap, the search for the next message. Embedded by value; one thread.
 * Bytes are taken and, where a candidate is unfinished, kept (bounded by limits). */
#ifndef HARK_ANALYZER_PROBE_H
#define HARK_ANALYZER_PROBE_H

#include "capture/buf.h"
#include "capture/limits.h"

enum probe_verdict {
    PROBE_MORE,     /* all bytes were taken, nothing known yet */
    PROBE_REQUEST,  /* an HTTP/1 request starts at `offset` */
    PROBE_RESPONSE, /* an HTTP/1 response starts at `offset` */
    PROBE_HTTP2,    /* the client preface (RFC 9113 section 3.4), or a server's SETTINGS frame first */
    PROBE_TLS,      /* a TLS record header with a handshake in it; SSLv2 hello too */
    PROBE_UNKNOWN,  /* something else */
};

enum probe_mode {
    PROBE_AT_START, /* the stream's first byte is the first one given: one start line is enough; anything else
                       is not HTTP. A request line without a version counts only with a known method and a
                       target that starts with "/" or "http://" (HTTP/0.9, or a version left out).
                       A known method with a target of "/" or "*" or "http:" and 256 bytes without a line end
                       is accepted early. A header of the PROXY protocol before it is skipped; so are empty
                       lines (RFC 9112 section 2.2), a few, and as little stray white space or NUL
                       as the lexer forgives. What is accepted here, the
                       lexer can read. */
    PROBE_SEARCH, /* somewhere in a stream: a start line (with HTTP/0.x or 1.x; spaces in a target only where
                     the method has a name and the target a scheme or a slash) and a plausible field line, or
                     the empty line of a head without fields, must follow each other. The start line may stand
                     behind other bytes in its line, as behind a body's last ones, if its method has a name.
                     Once limits.probe_bytes were searched in vain, only starts of segments are tried, unless
                     `unbounded`. A candidate that reaches a segment's start without its first LF
                     is dropped when that segment starts like a message itself, or when its method has no
                     name in method.h. Never PROBE_UNKNOWN; TLS and HTTP2 only at the start of the first
                     segment. */
};

struct probe {
    enum probe_mode mode;
    const struct limits *limits;
    struct buf held;   /* bytes of the candidate from earlier calls */
    uint64_t offset;   /* stream offset of the candidate's first byte; valid when `candidate` */
    uint64_t searched; /* bytes seen */
    bool unbounded;    /* the caller's: the search never gives up */
    bool candidate;    /* a message may start at `offset` */
    bool line_start;   /* the next byte given starts a line */
    /* private */
    bool whole;       /* the candidate starts its line, not amid it: held until the line's end is seen */
    size_t scanned;   /* bytes of the candidate in which the LF that is awaited is not */
    size_t line_two;  /* position of the candidate's second line, 0 until its first is whole */
    uint32_t skipped; /* empty lines and stray bytes before the candidate */
    uint32_t lead;    /* oddities of these (enum h1_oddity) */
    bool lead_cr;     /* ... of which the last one is a CR */
    bool past_header; /* the stream's start is no header of the PROXY protocol, or one that was skipped */
    bool binary;      /* the candidate starts where TLS and HTTP/2 may */
};

void probe_init(struct probe *, enum probe_mode, const struct limits *);
void probe_fini(struct probe *);
/* Forgets all and starts a task; keeps memory. */
void probe_restart(struct probe *, enum probe_mode);

/* Looks at the next bytes. `offset`: the stream offset of bytes.ptr[0]; `segment_start`: a TCP segment begins
 * there. On PROBE_REQUEST or PROBE_RESPONSE the message is probe->held followed by bytes from *resume on
 * (held is empty when the message starts inside these bytes: then *resume is its position). On the other
 * verdicts *resume is 0. `held` stays until the next restart. */
enum probe_verdict probe_feed(struct probe *, uint64_t offset, struct slice bytes, bool segment_start,
                              size_t *resume);

/* Oddities of what was skipped before the candidate (enum h1_oddity). */
uint32_t probe_lead_oddities(const struct probe *);

/* A new segment of these bytes starts while the candidate's first line is unfinished: will the candidate be
 * dropped for what begins there? */
bool probe_gives_way(const struct probe *, struct slice bytes);

/* Does the candidate look like the front of a message, and not just like a few letters amid other bytes? */
bool probe_has_fragment(const struct probe *);

/* The stream ended or has a gap: was the candidate a whole HTTP/0.9 request or start line all the same? Gives
 * PROBE_REQUEST, PROBE_RESPONSE or PROBE_UNKNOWN; the message is probe->held. In PROBE_SEARCH always
 * PROBE_UNKNOWN, as what must follow is missing. */
enum probe_verdict probe_end(struct probe *);

/* A whole line, without its line end: is it a status line or a request line with version? */
bool probe_is_status_line(struct slice line);
bool probe_is_request_line(struct slice line);
/* Could the bytes be the start of a status line ("HTTP/1.1 200 ")? For bytes at the start of a segment; false
 * when too short to say. */
bool probe_starts_status_line(struct slice bytes);
/* The same, or the front of it, as far as the bytes reach. */
bool probe_may_start_status_line(struct slice bytes);
/* The same of a request: a method that has a name, and the start of a target that only HTTP has. */
bool probe_starts_request(struct slice bytes);

/* Protocols that are told apart by their first bytes alone, TLS and HTTP/2: PROBE_TLS, PROBE_HTTP2,
 * PROBE_MORE while the bytes may become one of them, else PROBE_UNKNOWN. */
enum probe_verdict probe_binary(struct slice first_bytes);

#endif
