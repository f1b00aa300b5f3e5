/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON into a buffer: the record's only JSON writer. The caller keeps the structure right (keys in
 * objects, ends to begins); commas are placed here. What does not fit sets the buffer's `failed`. Keys are
 * constants of the program, written as they are; values are escaped and always valid UTF-8. Embedded by
 * value, one thread. */
#ifndef HARK_OUTPUT_WRITER_H
#define HARK_OUTPUT_WRITER_H

#include "capture/buf.h"

struct writer {
    struct buf *out;
    bool comma; /* the next value or key needs one before it */
};

void writer_init(struct writer *, struct buf *out);
void writer_begin_object(struct writer *);
void writer_end_object(struct writer *);
void writer_begin_array(struct writer *);
void writer_end_array(struct writer *);
void writer_key(struct writer *, const char *key);
/* Bytes as a JSON string: what is not UTF-8 becomes U+FFFD, one for each maximal part of an ill-formed
 * sequence (Unicode, section 3.9). Returns false when that happened. */
bool writer_string(struct writer *, struct slice);
void writer_text(struct writer *, const char *);
void writer_unsigned(struct writer *, uint64_t);
void writer_signed(struct writer *, int64_t);
void writer_bool(struct writer *, bool);
/* RFC 3339 in UTC with nine digits of a second; negative times (before 1970) too. */
void writer_time(struct writer *, int64_t time_ns);
/* Standard base64 with padding (RFC 4648 section 4). */
void writer_base64(struct writer *, struct slice);
void writer_hex(struct writer *, struct slice);

bool utf8_is_valid(struct slice);

#endif
