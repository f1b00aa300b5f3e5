/* SPDX-License-Identifier: Apache-2.0 */
/* The methods that have a name: HTTP's eight and the registered ones (RFC 9110 section 9, RFC 5789, WebDAV's
 * RFC 4918, 3253, 3648, 3744, 4437, 4791, 5323, 5842) and a few that the web speaks unregistered. Any other
 * token is a method too; it just has no entry here. Constant data. */
#ifndef HARK_ANALYZER_METHOD_H
#define HARK_ANALYZER_METHOD_H

#include "capture/slice.h"

/* Case-sensitive, as methods are (RFC 9110 section 9.1). */
bool method_is_known(struct slice method);
/* GET or HEAD: what the conditions and caches of RFC 9110 section 13 and RFC 9111 are about. */
static inline bool method_reads(struct slice method) {
    return slice_is(method, "GET") || slice_is(method, "HEAD");
}
/* Does a method select or modify a representation, as far as HTTP knows? Servers must ignore conditions with
 * those that don't (RFC 9110 section 13.2.1). */
static inline bool method_has_conditions(struct slice method) {
    return !slice_is(method, "OPTIONS") && !slice_is(method, "CONNECT") && !slice_is(method, "TRACE");
}
/* True when the method is the end of a longer registered one (PATCH of PROPPATCH): behind a loss it may be
 * either. */
bool method_is_ending(struct slice method);
/* True when some known method starts with these bytes. */
bool method_is_prefix(struct slice bytes);

#endif
