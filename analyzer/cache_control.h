/* SPDX-License-Identifier: Apache-2.0 */
/* Cache-Control and the fields that are written like it (RFC 9111 section 5.2, RFC 5861, RFC 8246,
 * RFC 9213). Slices are views of the field. Pure functions. */
#ifndef HARK_ANALYZER_CACHE_CONTROL_H
#define HARK_ANALYZER_CACHE_CONTROL_H

#include "analyzer/field_value.h"

enum cache_directive {
    CACHE_EXTENSION, /* any other name */
    CACHE_IMMUTABLE,
    CACHE_MAX_AGE,
    CACHE_MAX_STALE,
    CACHE_MIN_FRESH,
    CACHE_MUST_REVALIDATE,
    CACHE_MUST_UNDERSTAND,
    CACHE_NO_CACHE,
    CACHE_NO_STORE,
    CACHE_NO_TRANSFORM,
    CACHE_ONLY_IF_CACHED,
    CACHE_PRIVATE,
    CACHE_PROXY_REVALIDATE,
    CACHE_PUBLIC,
    CACHE_S_MAXAGE,
    CACHE_STALE_IF_ERROR,
    CACHE_STALE_WHILE_REVALIDATE,
    CACHE_DIRECTIVES,
};
const char *cache_directive_name(enum cache_directive); /* "max-age"; NULL for CACHE_EXTENSION */

struct cache_member {
    enum cache_directive directive;
    struct field_parameter written;
};

enum { CACHE_MEMBERS = 16 };

struct cache_control {
    bool present;       /* the field is there, perhaps empty */
    uint32_t has;       /* a bit for each enum cache_directive */
    uint32_t malformed; /* ... whose seconds can't be read, or are not given where they must be */
    uint32_t qualified; /* no-cache or private with field names: it is about these alone */
    uint64_t seconds[CACHE_DIRECTIVES];         /* valid for what has seconds and is not malformed */
    struct cache_member members[CACHE_MEMBERS]; /* as they were written */
    uint32_t count;                             /* kept of them */
    uint32_t dropped;                           /* beyond CACHE_MEMBERS: read, not kept */
};

/* Of a directive that stands there several times the first counts (RFC 9111 section 4.2.1), but for no-cache
 * and private: without field names they count wherever they stand. */
void cache_control_read(struct cache_control *, const struct field_index *, enum field_name);

/* The same of a targeted field, which is a Dictionary of Structured Fields (RFC 9213 section 2.2): of a
 * directive that stands there several times the last counts, and one whose value is of another type than it
 * should be does not. False where the field can't be read or is empty: caches pass over it, and nothing is in
 * it then. */
bool cache_control_read_targeted(struct cache_control *, const struct field_index *, enum field_name);

static inline bool cache_control_has(const struct cache_control *c, enum cache_directive directive) {
    return c->has >> directive & 1;
}

static inline bool cache_control_is_malformed(const struct cache_control *c, enum cache_directive directive) {
    return c->malformed >> directive & 1;
}

/* no-cache, private: without field names. */
static inline bool cache_control_has_whole(const struct cache_control *c, enum cache_directive directive) {
    return (c->has & ~c->qualified) >> directive & 1;
}

/* delta-seconds (RFC 9111 section 1.2.2): 2^31 for a number beyond 2^63 - 1. False for what is none. */
bool cache_seconds(struct slice, uint64_t *seconds);

#endif
