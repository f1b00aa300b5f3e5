/* SPDX-License-Identifier: Apache-2.0 */
/* What two known heads mean together: which rules they break, and, for whoever tells it, that they mean what
 * they meant before. It is known again as long as the fields whose values it depends on have the same ones,
 * and all else that it depends on is the same: method, status, versions, how the bodies are framed. Only
 * exchanges without anything unusual are known; the others are judged each time. Plain functions; one thread.
 */
#ifndef HARK_ANALYZER_KNOWN_EXCHANGE_H
#define HARK_ANALYZER_KNOWN_EXCHANGE_H

#include "analyzer/semantics.h"

/* Sets exchange, exchange_known and varies; where it is known, too, what of `caching` varies. Before
 * anything else but the indexes is read. */
void known_exchange_find(struct known_heads *, const struct transaction *, struct semantics *);
/* The exchange was found, but not known: it breaks these rules. */
void known_exchange_learn(struct semantics *, const struct notes *);
/* Fields of requests, of responses, whose values no known exchange depends on: bits as in field_index. */
extern const uint64_t known_exchange_loose[2][FIELD_INDEX_WORDS];

#endif
