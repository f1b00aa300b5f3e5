/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the native record that are left out on demand, each known by its key. A set of them is a bit for
 * each, so that the question costs next to nothing where nothing is left out. What identifies a record, and
 * what tells how whole it is, is no such part (docs/record.md). Pure functions; any thread. */
#ifndef HARK_OUTPUT_OMISSION_H
#define HARK_OUTPUT_OMISSION_H

#include "output/writer.h"

/* In the record's order; semantics' own parts last. */
enum omission_part {
    OMIT_NETWORK,
    OMIT_COMMUNITY_ID,
    OMIT_CLIENT,
    OMIT_CLIENT_MAC,
    OMIT_SERVER,
    OMIT_SERVER_MAC,
    OMIT_URL,
    OMIT_URL_FULL,
    OMIT_REFERRER,
    OMIT_REQUEST_HEADERS,
    OMIT_REQUEST_TRAILERS,
    OMIT_RESPONSE_HEADERS,
    OMIT_RESPONSE_TRAILERS,
    OMIT_INTERIM,
    OMIT_USER_AGENT,
    OMIT_TIMING,
    OMIT_TIMING_SHARE,
    OMIT_TCP,
    OMIT_TCP_CLIENT,
    OMIT_TCP_SERVER,
    OMIT_REQUEST_FRAMES,
    OMIT_RESPONSE_FRAMES,
    OMIT_SEMANTICS,
    OMIT_STATUS,
    OMIT_FIELDS,
    OMIT_CACHING,
    OMIT_CONDITIONAL,
    OMIT_CACHED,
    OMIT_RANGE,
    OMIT_PERSISTENCE,
    OMIT_CONTENT,
    OMIT_AUTHENTICATION,
    OMIT_COOKIES,
    OMIT_ORIGIN,
    OMIT_SECURITY,
    OMIT_INTERMEDIARIES,
    OMIT_HINTS,
    OMIT_TRACE,
    OMISSION_PARTS,
};
_Static_assert(OMISSION_PARTS <= 64, "a set is one word");

static inline bool omission_has(uint64_t set, enum omission_part part) {
    return set >> part & 1;
}

/* The part's key, with the keys that it stands in before it: "semantics.caching". The argument is below
 * OMISSION_PARTS. */
const char *omission_name(size_t part);
/* Adds the part of that key to the set, and all that is within it; false where there is none. */
bool omission_add(uint64_t *set, struct slice name);
/* Is it a key that is never left out, or one within it? Not all such keys are known here, but those that
 * somebody may ask for. */
bool omission_is_kept(struct slice name);

enum { OMISSION_TEXT_BYTES = 1024 };
/* The keys in the record's order with ", " between them; those within another one are not named. */
void omission_text(uint64_t set, char text[OMISSION_TEXT_BYTES]);
/* The same as a JSON array of strings, a value. */
void omission_write(uint64_t set, struct writer *);

#endif
