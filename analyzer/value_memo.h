/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers what was found out about fields' values, by their exact bytes: most have stood in a message
 * before, and comparing bytes is much cheaper than reading them. Tables of fixed size, in which what comes
 * takes the place of what was there; what they hold never changes what is found. Heap-owned; one thread. NULL
 * is a memo that remembers nothing. */
#ifndef HARK_ANALYZER_VALUE_MEMO_H
#define HARK_ANALYZER_VALUE_MEMO_H

#include "analyzer/field_name.h"
#include "analyzer/media_type.h"
#include "analyzer/status.h"

struct value_memo;

/* NULL without memory. */
struct value_memo *value_memo_new(void);
void value_memo_free(struct value_memo *);

/* Reads a date as http_date_read does; `*proper`: it is written as senders must, with the weekday that it is.
 * False where the text is no date. */
bool value_memo_date(struct value_memo *, struct slice text, int64_t now, int64_t *seconds, bool *proper);

/* As media_type_read and status_find. */
void value_memo_media(struct value_memo *, struct slice value, struct media_type *);
const struct status *value_memo_status(struct value_memo *, unsigned code);

enum { VALUE_MEMO_BYTES = 158 }; /* longer values are not remembered; browsers' lists are shorter */
/* Was a value of these bytes found to break no rule of the field's? */
bool value_memo_is_proper(const struct value_memo *, enum field_name, struct slice value);
/* It was, and is remembered unless it is long. */
void value_memo_keep_proper(struct value_memo *, enum field_name, struct slice value);

#endif
