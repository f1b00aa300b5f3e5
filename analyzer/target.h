/* SPDX-License-Identifier: Apache-2.0 */
/* The request target and the target URI rebuilt from it (RFC 9112 sections 3.2, 3.3; RFC 9110 section 7.1;
 * RFC 3986). All slices are views of the inputs. */
#ifndef HARK_ANALYZER_TARGET_H
#define HARK_ANALYZER_TARGET_H

#include "capture/slice.h"

enum target_form {
    TARGET_ORIGIN,    /* /path?query */
    TARGET_ABSOLUTE,  /* http://host/path */
    TARGET_AUTHORITY, /* host:port, only with CONNECT */
    TARGET_ASTERISK,  /* *, only with OPTIONS */
    TARGET_INVALID,   /* none of these: kept raw */
};
const char *target_form_name(enum target_form); /* "origin", "absolute", "authority", "asterisk", "invalid" */

enum target_oddity {
    TARGET_ODD_HOST_MISMATCH =
        1 << 0, /* absolute form whose authority differs from Host (3.2.2: the target's counts) */
    TARGET_ODD_HOST_SYNTAX = 1 << 1, /* Host that is no uri-host [":" port] */
    TARGET_ODD_FORM = 1 << 2,        /* the form does not fit the method */
    TARGET_ODD_USERINFO = 1 << 3,    /* userinfo in the target or Host (RFC 9110 section 4.2.4) */
    TARGET_ODD_FRAGMENT = 1 << 4,    /* a fragment was sent (3.2: never sent) */
};

struct target {
    enum target_form form;
    struct slice scheme;   /* as sent in absolute form, else "http" */
    struct slice userinfo; /* empty when there is none */
    struct slice
        domain; /* host without port, IPv6 brackets removed; empty when not known (no or empty Host) */
    bool domain_is_ipv6; /* the literal stood in brackets */
    bool has_port;       /* a port was written */
    uint16_t port;       /* the written port, else the scheme's default; 0 where unknown */
    struct slice path; /* origin and absolute form; "/" for an absolute form with an empty path (but "*" stays
                          empty: OPTIONS on the server as a whole) */
    bool has_query;    /* a question mark is there; query may be empty */
    struct slice query;
    uint32_t oddities; /* enum target_oddity bits */
};

/* `host`: the value of the first Host field; `has_host` false without one. */
void target_parse(struct target *, struct slice method, struct slice raw, struct slice host, bool has_host);

#endif
