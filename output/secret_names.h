/* SPDX-License-Identifier: Apache-2.0 */
/* The names under which credentials travel: of query parameters, cookies' neighbours, fields. Constant data.
 */
#ifndef HARK_OUTPUT_SECRET_NAMES_H
#define HARK_OUTPUT_SECRET_NAMES_H

#include "capture/slice.h"

/* How a field's value is masked. */
enum field_kind {
    FIELD_OTHER,       /* searched for URLs and name=value pairs */
    FIELD_SECRET,      /* hidden whole */
    FIELD_CREDENTIALS, /* scheme, then a secret (RFC 9110 section 11.4) */
    FIELD_CHALLENGE,   /* WWW-Authenticate and the like: a secret only with NTLM and Negotiate */
    FIELD_COOKIE,      /* name=value pairs (RFC 6265 section 4.2) */
    FIELD_SET_COOKIE,  /* one pair, then attributes (RFC 6265 section 4.1) */
    FIELD_PROTOCOLS,   /* Sec-WebSocket-Protocol: browsers' only way to send a bearer token */
    FIELD_URL,         /* one URL */
};

/* Quick: false means that the name is surely of kind FIELD_OTHER or FIELD_URL, and of no secret parameter. */
bool secret_name_possible(struct slice name);
/* Compared without case, `-`, `_` and other separators, percent-decoded; of user[password] and user.password
 * the last part counts too. */
bool secret_name_is_parameter(struct slice name);
enum field_kind secret_name_field_kind(struct slice name);
/* An authentication scheme that may be shown. */
bool secret_name_is_scheme(struct slice scheme);

#endif
