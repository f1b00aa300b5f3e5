/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps credentials inside the process: replaces them by a fixed mark, wherever they occur. Every byte that
 * reaches a record goes through here when masking is on. Pure functions; the result is a view of the input
 * where nothing was masked, else of `scratch`. */
#ifndef HARK_OUTPUT_MASK_H
#define HARK_OUTPUT_MASK_H

#include "capture/buf.h"

/* What stands for a secret. It says nothing of the secret, not even its length. */
#define MASK_MARK "***"

/* A field's value: Authorization, Proxy-Authorization and the like keep their scheme, Cookie and Set-Cookie
 * their names and attributes, URLs (Referer, Location, Content-Location, Link, Origin ...) lose userinfo and
 * secret query parameters. `failed` scratch means no room: the result is the mark alone. */
struct slice mask_field(struct slice name, struct slice value, struct buf *scratch);
/* A request target or URL of any form. */
struct slice mask_url(struct slice url, struct buf *scratch);
/* A query alone, without its question mark. */
struct slice mask_query(struct slice query, struct buf *scratch);
/* Is this query parameter's (or cookie's, field's) name one of a secret? */
bool mask_is_secret_parameter(struct slice name);

#endif
