/* SPDX-License-Identifier: Apache-2.0 */
/* What records of the same traffic must agree on: the keys that docs/record.schema.json marks x-invariant.
 * Heap-owned; one thread. */
#ifndef HARK_TESTS_INVARIANTS_H
#define HARK_TESTS_INVARIANTS_H

#include "capture/buf.h"

struct invariants;

enum { INVARIANTS_ID = 40 };

/* The invariant part of a record, as lines "key=value". */
struct invariants_cut {
    size_t core_len; /* of the text: who said what, without how it was found */
    char id[INVARIANTS_ID];
    char parent[INVARIANTS_ID]; /* both are not in the text: they move with sequence numbers */
};

/* NULL, and a word on standard error, when the schema can't be read. */
struct invariants *invariants_new(const char *schema_path);
void invariants_free(struct invariants *);
/* Appends to the text; false when the record is no JSON object, or has a key that the schema does not name.
 */
bool invariants_cut(struct invariants *, struct slice record, struct buf *text, struct invariants_cut *);

#endif
