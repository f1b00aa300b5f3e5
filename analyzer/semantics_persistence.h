/* SPDX-License-Identifier: Apache-2.0 */
/* Does the connection go on behind the transaction (RFC 9112 section 9), which of its transactions is this
 * one, and who ended it, as far as that is known when the transaction ends. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_PERSISTENCE_H
#define HARK_ANALYZER_SEMANTICS_PERSISTENCE_H

#include "analyzer/field_value.h"

/* What a message says of the connection. */
enum persistence {
    PERSISTENCE_UNKNOWN,    /* its head is not known whole */
    PERSISTENCE_BY_VERSION, /* HTTP/1.1 without a word */
    PERSISTENCE_KEEP_ALIVE, /* Connection: keep-alive */
    PERSISTENCE_CLOSE,      /* Connection: close */
    PERSISTENCE_OLD,        /* HTTP/1.0 or before without keep-alive: close */
};
const char *persistence_name(enum persistence); /* "persistent", "keep_alive", "close", "old_version" */

enum closed_by { CLOSED_UNKNOWN, CLOSED_BY_CLIENT, CLOSED_BY_SERVER };

struct semantics_persistence {
    enum persistence request, response;
    bool decided;  /* `persists` is known */
    bool persists; /* both messages let it, and the response has an end of its own (section 9.3) */
    bool has_timeout, has_max; /* the response's Keep-Alive (RFC 2068 section 19.7.1) */
    uint64_t timeout, max;     /* seconds; further requests */
    bool has_number;           /* all that the client sent before was captured */
    uint32_t number;           /* of the request on the connection, from 1 */
    bool has_carried;          /* this is the last one: `number` is how many the connection carried */
    enum closed_by closed_by;  /* who ended the connection, and with it the transaction */
    bool by_reset;             /* by a reset, else by FIN */
};

struct semantics;
struct transaction;

void semantics_persistence_read(struct semantics_persistence *, const struct semantics *,
                                const struct transaction *);

#endif
