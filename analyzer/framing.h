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
 * - "identity" (dropped from HTTP by RFC 7230) counts as no coding. */
#ifndef HARK_ANALYZER_FRAMING_H
#define HARK_ANALYZER_FRAMING_H

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
};

struct framing_fields {
    unsigned length_count; /* Content-Length members, list members counted one by one */
    bool length_valid;     /* one of them is a number up to 2^63 - 1 */
    uint64_t length;       /* the first that is */
    unsigned coding_count; /* transfer codings named, "identity" aside */
    unsigned chunked_count;
    bool chunked_last;
    bool connection_close, connection_keep_alive, connection_upgrade;
    bool upgrade; /* an Upgrade field is there */
    bool expect_continue;
    unsigned host_count;
    uint32_t oddities; /* enum framing_oddity bits so far */
};

/* One field of the head, in order. Unknown names cost one switch on the length. */
void framing_field(struct framing_fields *, struct slice name, struct slice value);

/* The body of a request; adds the oddities of the whole. */
struct h1_framing framing_of_request(struct framing_fields *, unsigned major, unsigned minor,
                                     struct slice method);

/* The body of a response. `method` is empty when the request is not known: then HEAD and CONNECT can't be
 * told. A 101, and a 2xx to CONNECT, become a tunnel. */
struct h1_framing framing_of_response(struct framing_fields *, unsigned major, unsigned minor,
                                      struct slice method, unsigned status);

/* Does the connection persist after this message (RFC 9112 section 9.3)? */
bool framing_persists(const struct framing_fields *, unsigned major, unsigned minor);

#endif
