/* SPDX-License-Identifier: Apache-2.0 */
/* From where a request was made and who may read the answer: Origin and Referer, Fetch metadata
 * (Sec-Fetch-...) and cross-origin resource sharing (Fetch standard, section 3.3). Slices are views of the
 * fields. Pure functions. */
#ifndef HARK_ANALYZER_SEMANTICS_ORIGIN_H
#define HARK_ANALYZER_SEMANTICS_ORIGIN_H

#include "analyzer/field_index.h"
#include "analyzer/web_origin.h"

/* What Access-Control-Allow-Origin says. */
enum allowed_origin {
    ALLOW_ABSENT,
    ALLOW_ANY /* "*" */,
    ALLOW_ONE,
    ALLOW_MALFORMED /* several, or no origin */
};
enum verdict { VERDICT_UNKNOWN, VERDICT_NO, VERDICT_YES };

struct cors {
    bool preflight; /* OPTIONS with Origin and Access-Control-Request-Method */
    struct slice requested_method;
    struct slice requested_headers; /* the list as sent */
    enum allowed_origin allow;
    struct web_origin allowed;    /* with ALLOW_ONE */
    bool allow_credentials;       /* Access-Control-Allow-Credentials: true */
    enum verdict origin_allowed;  /* a browser lets the request's origin read the response; not known where it
                                     is of the same origin. A Cookie shows a request with credentials, for
                                     which neither a wildcard nor silence on them is enough */
    enum verdict method_allowed;  /* preflights: the method is listed, or needs no listing, and the status
                                     is 2xx */
    enum verdict headers_allowed; /* preflights: all of them are listed, and the status is 2xx */
    bool has_max_age;
    uint64_t max_age; /* seconds that the preflight may be remembered */
};

struct semantics_origin {
    struct web_origin origin;   /* Origin */
    struct web_origin referrer; /* of Referer */
    bool has_referrer;
    enum origin_relation origin_relation, referrer_relation; /* to the request's target */
    struct slice fetch_site, fetch_mode, fetch_destination;  /* Sec-Fetch-...; empty without */
    bool fetch_user;                                         /* a person did it: Sec-Fetch-User: ?1 */
    struct cors cors;
};

/* `target`: of the request. `status`: of the final response, 0 without one whose head is known whole. */
void semantics_origin_read(struct semantics_origin *, const struct field_index *request,
                           const struct field_index *response, struct slice method,
                           const struct target *target, unsigned status);

#endif
