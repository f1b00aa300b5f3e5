/* SPDX-License-Identifier: Apache-2.0 */
/* What a record says of the request's target: the raw target and the target URI rebuilt from it (RFC 9112
 * section 3.3), masked where asked. Embedded by value, one thread; the slices live until the next url_make
 * and no longer than the transaction. */
#ifndef HARK_OUTPUT_URL_H
#define HARK_OUTPUT_URL_H

#include "analyzer/transaction.h"
#include "output/mask.h"

struct url {
    struct slice target; /* raw */
    bool has_scheme, has_domain, has_port, has_path, has_query, has_full;
    bool no_full;  /* the caller's to set: `full` is not made */
    bool no_parts; /* the same: nothing but `target` is */
    struct slice scheme;
    struct slice domain; /* an IPv6 literal in brackets, as ECS wants it */
    uint16_t port;
    struct slice path;
    struct slice query;
    struct slice full;
    /* memory of the slices that are no views of the transaction */
    struct buf target_text, userinfo_text, host_text, domain_text, path_text, query_text, full_text;
};

/* `cap`: of each part, in bytes; a part that does not fit is left out. */
void url_init(struct url *, size_t cap);
/* Its buffers, which have no bytes yet, take them from the memory, which outlives it. */
void url_charge(struct url *, struct memory *);
void url_fini(struct url *);
/* The transaction's request was seen. `mask`: NULL where nothing is to be hidden. */
void url_make(struct url *, const struct transaction *, struct mask *mask);

#endif
