/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps credentials inside the process: replaces them by a fixed mark, wherever they occur. Every byte that
 * reaches a record goes through here when masking is on. Where it is not clear how far a secret reaches, more
 * is hidden rather than less. Pure functions; the result is a view of the input where nothing was masked,
 * else of `scratch`, whose content each call replaces. `failed` scratch means no room: the result is the mark
 * alone. */
#ifndef HARK_OUTPUT_MASK_H
#define HARK_OUTPUT_MASK_H

#include "capture/buf.h"
#include "output/secret_names.h"

/* What stands for a secret. It says nothing of the secret, not even its length. */
#define MASK_MARK "***"

/* A field's value: Authorization, Proxy-Authorization and the like keep their scheme, Cookie and Set-Cookie
 * their names and attributes, URLs (Referer, Location, Content-Location, Link, Origin ...) lose userinfo and
 * secret query parameters; other fields are searched for both. */
struct slice mask_field(struct slice name, struct slice value, struct buf *scratch);
/* The same in two steps: what the name says, which is the same for all fields of that name, and the value. */
enum field_kind mask_kind(struct slice name);
struct slice mask_value(enum field_kind, struct slice value, struct buf *scratch);
/* A field's name: only one that is no token can hold a secret (a field line without a colon is all name). */
struct slice mask_field_name(struct slice name, struct buf *scratch);
/* A request target or URL of any form. */
struct slice mask_url(struct slice url, struct buf *scratch);
/* A URL's path alone. */
struct slice mask_path(struct slice path, struct buf *scratch);
/* A query alone, without its question mark. */
struct slice mask_query(struct slice query, struct buf *scratch);
/* How many bytes at the start of a URL or authority must not be shown since they end in userinfo and its "@";
 * 0 without userinfo. */
size_t mask_userinfo_end(struct slice url);
/* Is this query parameter's (or cookie's, field's) name one of a secret? */
bool mask_is_secret_parameter(struct slice name);

#endif
