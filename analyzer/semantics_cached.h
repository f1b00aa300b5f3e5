/* SPDX-License-Identifier: Apache-2.0 */
/* Was the response answered from a cache, as far as it says so: Age (RFC 9111 section 5.1), Cache-Status
 * (RFC 9211), and X-Cache, which caches had before. Slices are views of the fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_CACHED_H
#define HARK_ANALYZER_SEMANTICS_CACHED_H

#include "analyzer/field_value.h"

/* A member of Cache-Status: one cache's word. */
struct cache_handling {
    struct slice cache;   /* what it calls itself */
    bool hit;             /* answered without going forward */
    struct slice forward; /* why it went forward: "uri-miss", "stale", ...; empty where it does not say */
    bool has_status;      /* `fwd-status`: of the answer that it got */
    unsigned status;
    bool has_ttl; /* freshness left, seconds; negative when stale */
    int64_t ttl;
    bool stored, collapsed;
};

enum { CACHE_HANDLINGS = 8 };

enum cached_evidence {
    CACHED_BY_AGE = 1,          /* implies that the origin neither made nor validated it for this request */
    CACHED_BY_CACHE_STATUS = 2, /* some cache says hit */
    CACHED_BY_X_CACHE = 4,      /* the same in X-Cache, which nothing specifies */
};

enum cached_answer { CACHED_UNKNOWN, CACHED_YES, CACHED_NO /* all caches of Cache-Status went forward */ };

struct semantics_cached {
    enum cached_answer answer;
    uint8_t evidence;                              /* bits of enum cached_evidence that say yes */
    struct cache_handling caches[CACHE_HANDLINGS]; /* the origin's side first (RFC 9211 section 2) */
    uint32_t count, dropped;
};

void semantics_cached_read(struct semantics_cached *, const struct field_index *response);

#endif
