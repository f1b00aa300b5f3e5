/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a struct http_message while its bytes go by: where and when they were captured, its head's fields,
 * its ends. Works on a message that lies in a transaction or, where there is none, in the reader itself.
 * Plain functions; one thread. */
#ifndef HARK_ANALYZER_MESSAGE_H
#define HARK_ANALYZER_MESSAGE_H

#include "analyzer/transaction.h"

/* Where and when what came with the segment was captured. */
static inline struct capture_point message_point(const struct segment *s) {
    return (struct capture_point){
        .time_ns = s->time_ns, .number = s->number, .ordinal = s->ordinal, .file = s->file};
}
/* The message's first byte lies at `offset`, inside the chunk. */
void message_begin(struct http_message *, const struct chunk *, uint64_t offset);
/* Bytes of the message came with another segment than those before. */
void message_next_segment(struct http_message *, const struct segment *);
/* Bytes of the message up to `end_offset` came with the chunk. */
static inline void message_advance(struct http_message *m, const struct chunk *chunk, uint64_t end_offset) {
    if (chunk->segment->ordinal != m->last.ordinal) {
        message_next_segment(m, chunk->segment);
    }
    m->end_offset = end_offset;
}
/* `next` was begun for bytes that might have been of another message: they are of this one. */
void message_join(struct http_message *, const struct http_message *next);
/* The start line is read. With a transaction its text is copied. A response's status is the caller's to set.
 */
void message_start_line(struct http_message *, const struct h1_event *, struct transaction *);
/* A field or trailer; `transaction` NULL: framing facts only. */
void message_field(struct http_message *, struct header_list *, const struct h1_event *, struct transaction *,
                   const struct limits *);
/* Fields without oddities; as that many calls of message_field. */
void message_fields(struct http_message *, const struct h1_field *, size_t count, struct transaction *,
                    const struct limits *);
/* Stream bytes inside the message were lost; `body` of them are known to be body. */
void message_gap(struct http_message *, uint64_t len, uint64_t body);
/* `len` body bytes, which are next, may come later. */
void message_pass(struct http_message *, uint64_t len);
/* They came, as all of the chunk ... */
void message_fill(struct http_message *, const struct chunk *);
/* ... or will not. */
void message_miss(struct http_message *, uint64_t len);

/* Lexer and framing oddities as notes. */
void message_note_some_oddities(struct notes *, uint32_t h1_oddities, uint32_t framing_oddities);
static inline void message_note_oddities(struct notes *notes, uint32_t h1_oddities,
                                         uint32_t framing_oddities) {
    if (h1_oddities | framing_oddities) {
        message_note_some_oddities(notes, h1_oddities, framing_oddities);
    }
}
void message_note_target(struct notes *, const struct http_message *request, const struct target *);

#endif
