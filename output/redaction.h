/* SPDX-License-Identifier: Apache-2.0 */
/* Names that the user wants the values of hidden: --redact-header, --redact-query. Compared as those of known
 * secrets are: without case, `-`, `_`, `.`, brackets and white space, percent-decoded; of user[phone] and
 * user.phone the last part counts too. Heap-owned; read-only once made, for any thread. */
#ifndef HARK_OUTPUT_REDACTION_H
#define HARK_OUTPUT_REDACTION_H

#include "capture/slice.h"

enum { REDACTION_NAME_BYTES = 96 }; /* longest name, without what does not count */

/* As the user gave them. */
struct redaction_names {
    const char *const *items;
    size_t count;
};

struct redaction;

/* The names are copied; those that redaction_takes refuses are left out. NULL without memory. */
struct redaction *redaction_new(const struct redaction_names *);
void redaction_free(struct redaction *);
/* Is it one of the names? */
bool redaction_has(const struct redaction *, struct slice name);
/* False for a name that nothing could be compared with: too long, or all punctuation. */
bool redaction_takes(struct slice name);

#endif
