/* SPDX-License-Identifier: Apache-2.0 */
/* Holds a finished transaction's heads against the rules that RFC 9110, 9111 and 9112 have for senders, and
 * notes what breaks one. docs/requirements.md lists the rules, those that can't be seen on the wire too. Only
 * what was captured whole is judged: of a head with a part missing nothing is said to be missing. Plain
 * functions; one thread a transaction. */
#ifndef HARK_ANALYZER_CONFORMANCE_H
#define HARK_ANALYZER_CONFORMANCE_H

#include "analyzer/semantics.h"

/* `semantics` are the transaction's; where its exchange is not known yet, it is from now on. */
void conformance_judge(struct transaction *, struct semantics *);

#endif
