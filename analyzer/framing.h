/* SPDX-License-Identifier: Apache-2.0 */
/* How long a message's body is (RFC 9112 section 6.3): the facts are gathered field by field while the head
 * goes by, then judged once. Start from a zeroed struct framing_fields for each message. Plain values, no
 * memory.
 *
 * Where the RFC lets a server refuse the message, a choice is made and noted:
 * - Content-Length that is no number: a request has no body, a response lasts until the connection closes.
 * - Transfer-Encoding whose last coding is not chunked: a response lasts until the connection closes (6.3); a
 * request has the length of its Content-Length, as for a server that ignores the unknown coding, else no
 * body.
 * - "identity" (dropped from HTTP by RFC 7230) counts as no coding.
 * - One of the two in a line that the lexer had to cut says nothing: its last digits or codings are not
 * known.
 * Where other programs would find another end, that is noted as well (FRAMING_ODD_AMBIGUOUS), and
 * framing_other_readings tells which. */
#ifndef HARK_ANALYZER_FRAMING_H
#define HARK_ANALYZER_FRAMING_H

#include "analyzer/field_name.h"
#include "analyzer/h1.h"

enum framing_oddity {
    FRAMING_ODD_LENGTH_SYNTAX = 1 << 0, /* Content-Length that is no number, or an empty list member in it */
    FRAMING_ODD_LENGTH_REPEATED = 1 << 1,  /* several equal values */
    FRAMING_ODD_LENGTH_CONFLICT = 1 << 2,  /* several different values: the first counts */
    FRAMING_ODD_BOTH = 1 << 3,             /* Transfer-Encoding and Content-Length (6.1) */
    FRAMING_ODD_NOT_CHUNKED_LAST = 1 << 4, /* Transfer-Encoding whose last coding is not chunked */
    FRAMING_ODD_CODING_UNKNOWN =
        1 << 5,                     /* unregistered or malformed transfer coding, "chunked" written oddly */
    FRAMING_ODD_TE_IN_1_0 = 1 << 6, /* Transfer-Encoding in an HTTP/1.0 message (6.1) */
    FRAMING_ODD_FORBIDDEN =
        1 << 7, /* framing fields on 1xx, 204 or a 2xx to CONNECT (RFC 9110 8.6, RFC 9112 6.1) */
    FRAMING_ODD_LENGTH_OVERFLOW = 1 << 8, /* a number beyond 2^63 - 1 */
    FRAMING_ODD_CHUNKED_TWICE = 1 << 9,   /* chunked named more than once (7.1) */
    FRAMING_ODD_OBSCURED = 1 << 10,  /* Content-Length or Transfer-Encoding in a line that some don't take for
                                        it: space before the colon, folded, odd bytes in or before the name */
    FRAMING_ODD_AMBIGUOUS = 1 << 11, /* other programs end the message elsewhere (11.2) */
    FRAMING_ODD_CONTENT_UNEXPECTED = 1 << 12, /* content of GET, HEAD, CONNECT or TRACE (RFC 9110 9.3) */
    FRAMING_ODD_CUT = 1 << 13, /* Content-Length or Transfer-Encoding in a line too long to be stored whole */
};

struct framing_fields {
    unsigned length_count; /* Content-Length members, list members counted one by one */
    bool length_valid;     /* one of them is a number up to 2^63 - 1 */
    uint64_t length;       /* the first that is */
    uint64_t last_length;  /* the last that is */
    bool lenient_valid;    /* a Content-Length that hark doesn't take, yet a lenient reader finds a number */
    uint64_t lenient_length;
    unsigned coding_count; /* transfer codings named, "identity" aside */
    unsigned chunked_count;
    bool chunked_last;
    bool chunked_hint; /* "chunked" in a form that hark doesn't take */
    bool connection_close, connection_keep_alive, connection_upgrade;
    bool upgrade; /* an Upgrade field is there */
    bool expect_continue;
    unsigned host_count;
    uint32_t oddities; /* enum framing_oddity bits so far */
};

/* One field of the head, in order. */
void framing_field(struct framing_fields *, struct slice name, struct slice value);
/* One whose name framing asks for. */
void framing_known_field(struct framing_fields *, enum field_name, struct slice value);
extern const bool framing_asks_for[FIELD_NAMES];
/* The same as framing_field where the name is a token, so that no reader takes it for another one. */
static inline void framing_token_field(struct framing_fields *f, enum field_name name, struct slice value) {
    if (framing_asks_for[name]) {
        framing_known_field(f, name, value);
    }
}

/* The same for a line as the lexer gave it: how it was written counts too. */
void framing_line(struct framing_fields *, const struct h1_event *);

/* The body of a request; adds the oddities of the whole. */
struct h1_framing framing_of_request(struct framing_fields *, unsigned major, unsigned minor,
                                     struct slice method);

/* The body of a response. `method` is empty when the request is not known: then HEAD and CONNECT can't be
 * told. A 101, and a 2xx to CONNECT, become a tunnel. */
struct h1_framing framing_of_response(struct framing_fields *, unsigned major, unsigned minor,
                                      struct slice method, unsigned status);

/* What another program may go by. */
enum framing_reader {
    FRAMING_BY_CHUNKS,         /* takes the coding for chunked, however written */
    FRAMING_BY_LENGTH,         /* does not know or ignores the transfer coding; the first length */
    FRAMING_BY_LAST_LENGTH,    /* the last of several lengths */
    FRAMING_BY_LENIENT_LENGTH, /* takes leading digits for a number, or an oddly written line for the field */
    FRAMING_BY_NOTHING,        /* ignores what it can't read: no body, a response until close */
    FRAMING_READERS,
};
struct framing_reading {
    enum framing_reader by;
    struct h1_framing framing;
};
/* The readings whose end differs from the one `taken`, for a message judged by one of the functions above;
 * returns how many. None where the framing is beyond doubt, or where all that differ refuse the message. */
unsigned framing_other_readings(const struct framing_fields *, bool request, struct h1_framing taken,
                                struct framing_reading readings[FRAMING_READERS]);

/* Does the connection persist after this message (RFC 9112 section 9.3)? */
bool framing_persists(const struct framing_fields *, unsigned major, unsigned minor);

#endif
