/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP authentication (RFC 9110 section 11): who a request says it is and by which scheme, which schemes a
 * response asks for. Never the secret: of credentials only the scheme, the user and public parameters are
 * kept. Slices are views of the fields; a user's name that had to be decoded lies in the struct itself, which
 * may be copied. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_AUTHENTICATION_H
#define HARK_ANALYZER_SEMANTICS_AUTHENTICATION_H

#include "analyzer/field_index.h"

enum auth_scheme {
    AUTH_NONE,  /* no such field */
    AUTH_OTHER, /* none of these; or no scheme at all, but the bare secret */
    AUTH_BASIC,
    AUTH_BEARER,
    AUTH_DIGEST,
    AUTH_NEGOTIATE,
    AUTH_NTLM,
    AUTH_SCHEMES,
};
/* As registered: "Basic"; NULL for AUTH_NONE and AUTH_OTHER. */
const char *auth_scheme_name(enum auth_scheme);

enum auth_mechanism { AUTH_MECHANISM_UNKNOWN, AUTH_BY_KERBEROS, AUTH_BY_NTLM };

enum { AUTH_USER_BYTES = 128, AUTH_CHALLENGES = 8 };

struct credentials {
    enum auth_scheme scheme;  /* with AUTH_NONE the rest says nothing */
    struct slice scheme_text; /* the first word: with AUTH_OTHER it may be the secret itself */
    bool malformed;           /* what follows is not what the scheme asks for */
    bool repeated;            /* several fields: the first is read */
    bool has_user;
    bool user_hashed;    /* Digest with userhash=true: the user is a hash (RFC 7616 section 3.4.4) */
    bool user_is_secret; /* Basic whose password is empty or a filler: the name is the key of an API */
    bool user_is_claim;  /* Bearer: the subject of a JSON Web Token, whose signature nobody checked */
    bool user_cut;       /* the name has more than AUTH_USER_BYTES */
    uint8_t user_len;
    uint8_t user_text[AUTH_USER_BYTES]; /* Digest's quoted pairs undone, NTLM's UTF-16 as UTF-8 */
    struct slice realm;                 /* Digest; quotes off, backslashes kept */
    struct slice algorithm;             /* Digest; empty where it is left out */
    struct slice qop;                   /* Digest */
    enum auth_mechanism mechanism;      /* of Negotiate (RFC 4559) */
    unsigned ntlm_message;              /* 1 negotiate, 3 authenticate; 0 where there is none */
};

struct challenge {
    enum auth_scheme scheme;
    struct slice scheme_text;
    struct slice realm;     /* empty without one */
    struct slice algorithm; /* Digest */
    struct slice error;     /* Bearer (RFC 6750 section 3.1) */
    struct slice scope;     /* Bearer */
    bool stale;             /* Digest: only the nonce was refused */
};

struct challenges {
    struct challenge items[AUTH_CHALLENGES];
    uint32_t count; /* all that were sent; the first AUTH_CHALLENGES are kept */
};

struct semantics_authentication {
    struct credentials user;            /* Authorization */
    struct credentials proxy_user;      /* Proxy-Authorization */
    struct challenges challenges;       /* WWW-Authenticate */
    struct challenges proxy_challenges; /* Proxy-Authenticate */
};

static inline struct slice credentials_user(const struct credentials *c) {
    return slice_make(c->user_text, c->user_len);
}

void semantics_authentication_read(struct semantics_authentication *, const struct field_index *request,
                                   const struct field_index *response);

#endif
