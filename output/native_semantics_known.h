/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a record's `semantics` whose fields are looked at only when the record is written: not at all
 * where none of them is there, and once where the same ones come again. Each writes its key and object as
 * native_semantics_parts.h says. One thread. */
#ifndef HARK_OUTPUT_NATIVE_SEMANTICS_KNOWN_H
#define HARK_OUTPUT_NATIVE_SEMANTICS_KNOWN_H

#include "analyzer/semantics.h"
#include "output/native.h"

void native_write_known_cached(struct native *, struct writer *, const struct semantics *);
void native_write_known_content(struct native *, struct writer *, const struct semantics *,
                                const struct transaction *);
void native_write_known_authentication(struct native *, struct writer *, const struct semantics *);
void native_write_known_cookies(struct native *, struct writer *, const struct semantics *,
                                const struct transaction *);
void native_write_known_origin(struct native *, struct writer *, const struct semantics *,
                               const struct transaction *);
void native_write_known_security(struct native *, struct writer *, const struct semantics *,
                                 const struct transaction *);
void native_write_known_intermediaries(struct native *, struct writer *, const struct semantics *,
                                       const struct transaction *);
void native_write_known_hints(struct native *, struct writer *, const struct semantics *);
void native_write_known_trace(struct native *, struct writer *, const struct semantics *);

#endif
