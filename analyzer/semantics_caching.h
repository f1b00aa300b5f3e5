/* SPDX-License-Identifier: Apache-2.0 */
/* What a cache may do with the transaction's response (RFC 9111): may it store it, for how long is it fresh,
 * must it ask again. Slices are views of the fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_CACHING_H
#define HARK_ANALYZER_SEMANTICS_CACHING_H

#include "analyzer/cache_control.h"

/* A date field. */
struct semantics_date {
    bool present;
    bool legal;      /* it is an HTTP-date (RFC 9110 section 5.6.7); of several lines the first is read */
    bool proper;     /* valid when legal: written as senders must, with the weekday that it is */
    int64_t seconds; /* since 1970; valid when legal */
};

/* May a cache store the response (RFC 9111 section 3)? If not, why not. */
enum cache_storable {
    CACHE_STORABLE_UNKNOWN, /* a head is not known whole, or a 304, which only updates what is stored */
    CACHE_STORABLE,
    CACHE_NOT_METHOD,        /* responses to the method are not cacheable (RFC 9110 section 9.2.3) */
    CACHE_NOT_STATUS,        /* 101, or must-understand with a code that has no known meaning */
    CACHE_NOT_REQUEST,       /* no-store in the request */
    CACHE_NOT_RESPONSE,      /* no-store in the response */
    CACHE_NOT_PRIVATE,       /* private, and the cache is shared */
    CACHE_NOT_AUTHORIZATION, /* the request has Authorization, and the cache is shared (3.5) */
    CACHE_NOT_PERMITTED,     /* nothing permits it */
};
const char *cache_storable_name(enum cache_storable); /* "method", "no_store_in_request", ... */

/* What says for how long the response is fresh (section 4.2.1). */
enum cache_lifetime_by {
    CACHE_BY_NOTHING, /* no time is said, and none may be guessed */
    CACHE_BY_S_MAXAGE,
    CACHE_BY_MAX_AGE,
    CACHE_BY_EXPIRES,
    CACHE_BY_HEURISTIC, /* each cache guesses (4.2.2) */
};
const char *cache_lifetime_by_name(enum cache_lifetime_by); /* "none", "s_maxage", ... */

/* When a stored response must be validated before it is used. */
enum cache_validate {
    CACHE_VALIDATE_UNSAID,
    CACHE_VALIDATE_WHEN_STALE, /* must-revalidate; in a shared cache proxy-revalidate, s-maxage (5.2.2) */
    CACHE_VALIDATE_ALWAYS,     /* no-cache without field names, Vary: * */
};

/* A cache of one kind, private or shared. */
struct cache_verdict {
    enum cache_storable storable;
    enum cache_lifetime_by by;
    bool has_lifetime;  /* known in seconds */
    uint64_t lifetime;  /* freshness_lifetime */
    uint64_t fresh_for; /* the lifetime less Age */
    enum cache_validate validate;
};

enum { CACHE_VARY_NAMES = 16 };

struct semantics_caching {
    struct cache_control request, response;
    struct cache_control targeted; /* CDN-Cache-Control (RFC 9213) */
    bool targeted_legal;           /* it is there, and caches don't pass over it (section 2.2) */
    bool pragma_no_cache;          /* the request says it by Pragma, and has no Cache-Control (5.4) */
    struct semantics_date date, expires, last_modified;
    bool has_age, age_legal; /* seconds, once or the first of several (5.1) */
    uint64_t age;
    bool vary_any; /* "*": no stored response is ever selected (4.1) */
    struct slice vary[CACHE_VARY_NAMES];
    uint32_t vary_count, vary_dropped;
    bool has_etag;
    struct slice etag;          /* with its quotes and W/ */
    bool etag_legal, etag_weak; /* RFC 9110 section 8.8.3 */
    bool decided;               /* a final response: the verdicts say something */
    struct cache_verdict private_cache, shared_cache;
    struct cache_verdict cdn_cache; /* with `targeted_legal`: it alone counts there, not Expires either */
};

struct semantics;
struct value_memo;

/* The heads' indexes and what is known of them must be in `semantics`. */
void semantics_caching_read(struct semantics_caching *, const struct semantics *, const struct transaction *);

/* One field line that is an HTTP-date. `now`: in seconds, see http_date_read. The memo may be NULL. */
void semantics_date_read(struct semantics_date *, const struct field_index *, enum field_name, int64_t now,
                         struct value_memo *);

/* Is it an entity tag (RFC 9110 section 8.8.3)? */
bool etag_read(struct slice text, bool *weak);
/* The weak comparison of two entity tags (section 8.8.3.2). */
bool etag_equal_weakly(struct slice a, struct slice b);

#endif
