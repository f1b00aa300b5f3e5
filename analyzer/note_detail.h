/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a note says beyond its id: how hark read the message and how other programs would. They hold
 * numbers and names of the registry only, never a byte from the wire. */
#ifndef HARK_ANALYZER_NOTE_DETAIL_H
#define HARK_ANALYZER_NOTE_DETAIL_H

#include "analyzer/transaction.h"

enum { NOTE_DETAIL_SIZE = 1280 };

/* The detail of a note that the transaction has; "" where there is none. The result is a constant, or `text`.
 */
const char *note_detail(enum note_id, const struct transaction *, char text[NOTE_DETAIL_SIZE]);

#endif
