/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema (draft 2020-12) for records, fast enough for fuzzing: the keywords that docs/record.schema.json
 * uses, and no others. A keyword that is not known here fails when the schema is loaded, so that none is
 * passed over in silence. tests/fuzz/test_schema.py holds it against another implementation. Heap-owned, one
 * thread. */
#ifndef HARK_TESTS_FUZZ_SCHEMA_H
#define HARK_TESTS_FUZZ_SCHEMA_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct schema;

/* NULL where the file can't be read or says what is not known here; `why` tells. */
struct schema *schema_load(const char *path, char *why, size_t room);
void schema_free(struct schema *);
/* False with one line in `why`. */
bool schema_allows(const struct schema *, struct json_object *, char *why, size_t room);

#endif
