/* SPDX-License-Identifier: Apache-2.0 */
/* Fields by which a response protects its user: which are there, what they say, and which of those that would
 * apply are missing. HSTS is RFC 6797, the others stand in documents of the W3C and the WHATWG. Slices are
 * views of the fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_SECURITY_H
#define HARK_ANALYZER_SEMANTICS_SECURITY_H

#include "analyzer/field_index.h"

enum { CSP_DIRECTIVES_KEPT = 16 };

struct strict_transport {
    bool present;
    bool valid;       /* max-age is there once and a number (RFC 6797 section 6.1) */
    uint64_t max_age; /* seconds; 0: the host is forgotten */
    bool include_subdomains, preload;
};

/* Content-Security-Policy, all its policies together. */
struct content_security {
    uint32_t policies;
    uint32_t directive_count; /* the first CSP_DIRECTIVES_KEPT names are kept */
    struct slice directives[CSP_DIRECTIVES_KEPT];
    bool frame_ancestors; /* some policy says who may frame the response */
    bool
        unsafe_inline; /* a policy has it in script-src (default-src without one), and neither a nonce, a hash
                          nor strict-dynamic there, beside which it does not count (CSP level 3, 6.7.3.2) */
    bool unsafe_eval;  /* stands in script-src, or in default-src without one */
};

enum frame_options { FRAME_ABSENT, FRAME_DENY, FRAME_SAMEORIGIN, FRAME_OTHER /* browsers ignore it */ };

/* What would apply to the response and is missing. */
enum security_missing {
    MISSING_HSTS = 1 << 0,        /* over TLS */
    MISSING_NOSNIFF = 1 << 1,     /* of all content */
    MISSING_CSP = 1 << 2,         /* of documents, as the rest */
    MISSING_FRAMING = 1 << 3,     /* neither X-Frame-Options nor frame-ancestors */
    MISSING_REFERRER = 1 << 4,    /* Referrer-Policy */
    MISSING_PERMISSIONS = 1 << 5, /* Permissions-Policy */
    SECURITY_MISSING = 6,         /* their number */
};
const char *security_missing_name(unsigned bit); /* the field's name */

struct semantics_security {
    struct strict_transport hsts;
    bool hsts_in_cleartext; /* sent without TLS: must be ignored (RFC 6797 section 8.1) */
    struct content_security csp, csp_report_only;
    enum frame_options frame_options;
    bool nosniff;                 /* X-Content-Type-Options */
    struct slice referrer_policy; /* the last word of it that is known; empty without one */
    bool permissions_policy;
    struct slice opener_policy, embedder_policy,
        resource_policy;         /* Cross-Origin-...-Policy, without parameters */
    struct slice xss_protection; /* X-XSS-Protection */
    uint32_t missing;            /* enum security_missing bits */
};

struct security_scene {
    bool cleartext; /* the response was not protected by TLS */
    bool content;   /* it is a final, successful one with content, whose head is known whole */
    bool document;  /* it has a document that a browser shows: HTML and the like. So may an error */
};

void semantics_security_read(struct semantics_security *, const struct field_index *response,
                             const struct security_scene *);

#endif
