/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a record's `semantics` that explain one subject each: docs/record.md has their keys. Each
 * function writes its key and object, or nothing where nothing is known, and masks as native->options say.
 * One thread. */
#ifndef HARK_OUTPUT_NATIVE_SEMANTICS_PARTS_H
#define HARK_OUTPUT_NATIVE_SEMANTICS_PARTS_H

#include "analyzer/semantics_authentication.h"
#include "analyzer/semantics_content.h"
#include "analyzer/semantics_cookies.h"
#include "analyzer/semantics_intermediaries.h"
#include "analyzer/semantics_origin.h"
#include "analyzer/semantics_security.h"
#include "analyzer/semantics_trace.h"
#include "output/native.h"

/* Running text of a field, masked; what is not UTF-8 of it stands with the fields. */
void native_write_shown(struct native *, struct writer *, struct slice text);
/* The same of a URL or an authority. */
void native_write_shown_url(struct native *, struct writer *, struct slice url);

/* `authentication`. */
void native_write_semantics_authentication(struct native *, struct writer *,
                                           const struct semantics_authentication *);
/* `content`. */
void native_write_semantics_content(struct native *, struct writer *, const struct semantics_content *);
/* `cookies`. */
void native_write_semantics_cookies(struct native *, struct writer *, const struct semantics_cookies *);
/* `intermediaries`. */
void native_write_semantics_intermediaries(struct native *, struct writer *,
                                           const struct semantics_intermediaries *);
/* `origin`. */
void native_write_semantics_origin(struct native *, struct writer *, const struct semantics_origin *);
/* `security`. */
void native_write_semantics_security(struct native *, struct writer *, const struct semantics_security *);
/* `trace`. */
void native_write_semantics_trace(struct native *, struct writer *, const struct semantics_trace *);

#endif
