/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies (RFC 6265 and its successor's draft, 6265bis): the names that a request sends, names and attributes
 * of those that a response sets. Never their values. Slices are views of the fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_COOKIES_H
#define HARK_ANALYZER_SEMANTICS_COOKIES_H

#include "analyzer/field_index.h"

enum { COOKIES_KEPT = 16 };

enum same_site { SAME_SITE_ABSENT, SAME_SITE_STRICT, SAME_SITE_LAX, SAME_SITE_NONE, SAME_SITE_OTHER };
const char *same_site_name(enum same_site); /* "Strict", "Lax", "None"; NULL for the others */

enum cookie_lifetime {
    COOKIE_SESSION,    /* neither Max-Age nor a date */
    COOKIE_PERSISTENT, /* until later than the response */
    COOKIE_REMOVED,    /* the response takes the cookie away: it expires at once */
};

/* What keeps a browser from taking the cookie, or from taking it as meant. */
enum cookie_oddity {
    COOKIE_ODD_NAMELESS = 1 << 0,  /* no name before an equals sign (6265 5.2; 6265bis takes it) */
    COOKIE_ODD_NAME = 1 << 1,      /* the name is no token (6265 4.1.1) */
    COOKIE_ODD_EXPIRES = 1 << 2,   /* Expires that is no date: ignored (5.2.1) */
    COOKIE_ODD_MAX_AGE = 1 << 3,   /* Max-Age that is no number: ignored (5.2.2) */
    COOKIE_ODD_DOMAIN = 1 << 4,    /* Domain does not cover the host: refused (5.3) */
    COOKIE_ODD_PREFIX = 1 << 5,    /* __Secure- or __Host- without what they promise: refused (6265bis) */
    COOKIE_ODD_SAME_SITE = 1 << 6, /* SameSite=None without Secure: refused (6265bis) */
    COOKIE_ODD_PARTITION = 1 << 7, /* Partitioned without Secure: refused */
    COOKIE_ODD_CLEARTEXT = 1 << 8, /* Secure, set by a response in clear: refused (6265bis) */
    COOKIE_ODDITIES = 9,           /* their number */
};
const char *cookie_oddity_name(unsigned bit); /* of the bit with this number: "nameless", "name_syntax" ... */

struct set_cookie {
    struct slice name;
    struct slice domain; /* without a leading dot; empty without one: this host alone */
    struct slice path;   /* empty without one, or one that does not begin with a slash: the default path */
    bool has_max_age;
    int64_t max_age; /* seconds, 0 or less: now */
    bool has_expires;
    int64_t expires; /* seconds since 1970; Max-Age goes before it */
    bool secure, http_only, partitioned;
    enum same_site same_site;
    enum cookie_lifetime lifetime;
    uint32_t oddities; /* enum cookie_oddity bits */
};

struct semantics_cookies {
    uint32_t sent_count;    /* pairs in the request's Cookie fields */
    uint32_t sent_nameless; /* of them, without an equals sign or a name */
    uint32_t names_kept;    /* names in `sent`, the first of those that have one */
    struct slice sent[COOKIES_KEPT];
    uint32_t set_count; /* Set-Cookie fields; the first COOKIES_KEPT are kept */
    struct set_cookie set[COOKIES_KEPT];
};

/* What judging a cookie needs besides its field. */
struct cookie_scene {
    struct slice host; /* of the request, without a port; empty where it is not known */
    int64_t now;       /* seconds since 1970, when the response came */
    bool cleartext;    /* the response was not protected by TLS */
};

void semantics_cookies_read(struct semantics_cookies *, const struct field_index *request,
                            const struct field_index *response, const struct cookie_scene *);

#endif
