/* SPDX-License-Identifier: Apache-2.0 */
/* `semantics` of a record: what the heads mean. Each function writes its key and object, or nothing where
 * nothing is known; native->options say what is masked. One thread. */
#ifndef HARK_OUTPUT_NATIVE_SEMANTICS_H
#define HARK_OUTPUT_NATIVE_SEMANTICS_H

#include "analyzer/semantics.h"
#include "output/native.h"

/* Not for a tunnel. */
void native_write_semantics(struct native *, struct writer *, const struct transaction *);

/* native_semantics_caching.c: `caching`, `conditional`, `cached` */
void native_write_caching(struct native *, struct writer *, const struct semantics *);
/* What varies of it: members, and the value of `etag` with the rest of its object. */
void native_write_dates(struct native *, struct writer *, const struct semantics_caching *);
void native_write_etag_value(struct native *, struct writer *, const struct semantics_caching *);
void native_write_conditional(struct writer *, const struct semantics_conditional *);
void native_write_cached(struct native *, struct writer *, const struct semantics_cached *);

/* native_semantics_range.c: `range` */
void native_write_range(struct native *, struct writer *, const struct semantics_range *);

/* native_semantics_persistence.c: `persistence` */
void native_write_persistence(struct native *, struct writer *, const struct semantics_persistence *);

#endif
