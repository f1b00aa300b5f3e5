/* SPDX-License-Identifier: Apache-2.0 */
/* Origins: scheme, host and port (RFC 6454). Slices are views of what was read. Pure functions. */
#ifndef HARK_ANALYZER_WEB_ORIGIN_H
#define HARK_ANALYZER_WEB_ORIGIN_H

#include "analyzer/target.h"

enum web_origin_kind {
    ORIGIN_ABSENT,
    ORIGIN_TUPLE,  /* scheme, host, port */
    ORIGIN_OPAQUE, /* "null" (section 6.1) */
    ORIGIN_MALFORMED,
};

struct web_origin {
    enum web_origin_kind kind;
    struct slice scheme;
    struct slice host; /* an IPv6 literal in its brackets */
    bool has_port;     /* written */
    uint16_t port;     /* the written one, else the scheme's default; 0 where that is not known */
};

/* An Origin field's value (section 7): the bare origin. */
struct web_origin web_origin_read(struct slice value);
/* The origin of an absolute URL; userinfo, path and the rest are left out. ORIGIN_MALFORMED for a relative
 * one. */
struct web_origin web_origin_of_url(struct slice url);

enum origin_relation {
    ORIGIN_RELATION_UNKNOWN, /* one of the two is not known */
    ORIGIN_SAME,
    ORIGIN_SAME_HOST, /* the host alone: a scheme or port that differs may be the work of one who ended TLS */
    ORIGIN_CROSS,
};
const char *origin_relation_name(enum origin_relation); /* "same_origin", "same_host", "cross_origin"; NULL */
enum origin_relation web_origin_relate(const struct web_origin *, const struct target *);

#endif
