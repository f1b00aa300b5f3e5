/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON into a buffer: the record's only JSON writer. The caller keeps the structure right (keys in
 * objects, ends to begins); commas are placed here. What does not fit sets the buffer's `failed` (a string
 * asks for up to WRITER_SLACK bytes more than it needs). Keys are constants of the program, written as they
 * are; values are escaped and always valid UTF-8, on one line for every reader: control characters, DEL, C1,
 * U+2028 and U+2029 are written as \u escapes. Embedded by value, one thread. */
#ifndef HARK_OUTPUT_WRITER_H
#define HARK_OUTPUT_WRITER_H

#include "capture/buf.h"
#include "output/digits.h"
#include "output/utf8.h"

enum { WRITER_SLACK = 32 };

struct writer {
    struct buf *out;
    size_t
        limit; /* the buffer does not grow for content beyond this length; SIZE_MAX for no limit of its own */
    bool comma; /* the next value or key needs one before it */
};

/* No limit but the buffer's own; set `limit` afterwards. */
void writer_init(struct writer *, struct buf *out);
void writer_key(struct writer *, const char *key);
/* What writer_key writes, from a literal that the compiler puts together. */
#define WRITER_KEY(writer, key) writer_key_fragment((writer), ",\"" key "\":", sizeof(",\"" key "\":") - 1)

/* Room for `len` bytes at the buffer's end, or NULL. */
uint8_t *writer_grow(struct writer *, size_t len);
static inline uint8_t *writer_room(struct writer *w, size_t len) {
    struct buf *out = w->out;
    return out->capacity - out->len >= len ? out->ptr + out->len : writer_grow(w, len);
}

static inline void writer_open(struct writer *w, char bracket) {
    uint8_t *to = writer_room(w, 2);
    if (to) {
        to[0] = ',';
        to[w->comma ? 1 : 0] = (uint8_t)bracket;
        w->out->len += w->comma ? 2 : 1;
    }
    w->comma = false;
}

static inline void writer_close(struct writer *w, char bracket) {
    uint8_t *to = writer_room(w, 1);
    if (to) {
        *to = (uint8_t)bracket;
        w->out->len++;
    }
    w->comma = true;
}

static inline void writer_begin_object(struct writer *w) {
    writer_open(w, '{');
}

static inline void writer_end_object(struct writer *w) {
    writer_close(w, '}');
}

static inline void writer_begin_array(struct writer *w) {
    writer_open(w, '[');
}

static inline void writer_end_array(struct writer *w) {
    writer_close(w, ']');
}

/* `fragment` is a comma, the key in quotes, and a colon. The comma is written over the byte before and taken
 * back where none is due, so that the copy has a constant length. Something, at least a brace, stands before
 * a key. */
__attribute__((always_inline)) static inline void writer_key_fragment(struct writer *w, const char *fragment,
                                                                      size_t len) {
    uint8_t *to = writer_room(w, len);
    if (!to || w->out->len == 0) {
        return;
    }
    size_t back = w->comma ? 0 : 1;
    uint8_t before = to[-1];
    memcpy(to - back, fragment, len);
    to[-1] = before;
    w->out->len += len - back;
    w->comma = false;
}
/* Finished JSON inside an object or array, a literal: one value, or keys and their values. */
#define WRITER_RAW(writer, json)                                                                             \
    do {                                                                                                     \
        writer_key_fragment((writer), "," json, sizeof("," json) - 1);                                       \
        (writer)->comma = true;                                                                              \
    } while (0)
/* The same up to a place where a value or a first key is due. */
#define WRITER_UP_TO(writer, json) writer_key_fragment((writer), "," json, sizeof("," json) - 1)
/* Finished JSON, one value. */
static inline void writer_json(struct writer *w, struct slice json) {
    uint8_t *to = writer_room(w, json.len + 1);
    if (to) {
        *to = ',';
        memcpy(to + w->comma, json.ptr, json.len);
        w->out->len += json.len + w->comma;
    }
    w->comma = true;
}
/* Up to WRITER_STEP - 1 bytes more than `len` are read and stored. Without a call, where it is short. */
enum { WRITER_STEP = 32, WRITER_SHORT = 128 };
static inline void writer_copy(uint8_t *to, const uint8_t *from, size_t len) {
    size_t i = 0;
    if (len > WRITER_SHORT) {
        memcpy(to, from, len);
        return;
    }
    for (; len - i > WRITER_STEP && i < len; i += (size_t)2 * WRITER_STEP) {
        memcpy(to + i, from + i, (size_t)2 * WRITER_STEP);
    }
    if (i < len) {
        memcpy(to + i, from + i, WRITER_STEP);
    }
}
/* The same where WRITER_STEP bytes behind the JSON may be read. */
static inline void writer_json_slack(struct writer *w, struct slice json) {
    uint8_t *to = writer_room(w, json.len + 1 + WRITER_STEP);
    if (to) {
        *to = ',';
        to += w->comma;
        writer_copy(to, json.ptr, json.len);
        w->out->len += json.len + w->comma;
    }
    w->comma = true;
}
/* Bytes as a JSON string: what is not UTF-8 becomes U+FFFD, one for each maximal part of an ill-formed
 * sequence (Unicode, section 3.9). Returns false when that happened. */
bool writer_string(struct writer *, struct slice);
/* The string without its quotes, where nothing of it needs an escape, into room of the caller's: returns
 * where it ends. Else NULL, and what is there is of no use. */
uint8_t *writer_clean(uint8_t *to, struct slice);
void writer_text(struct writer *, const char *);
void writer_unsigned(struct writer *, uint64_t);
void writer_signed(struct writer *, int64_t);
/* The number as a JSON string. */
void writer_unsigned_text(struct writer *, uint64_t);
void writer_bool(struct writer *, bool);
/* RFC 3339 in UTC with nine digits of a second; negative times (before 1970) too. */
void writer_time(struct writer *, int64_t time_ns);
/* Standard base64 with padding (RFC 4648 section 4). */
void writer_base64(struct writer *, struct slice);
void writer_hex(struct writer *, struct slice);
/* Two digits for each byte, into room of the caller's. */
void writer_hex_digits(uint8_t *to, struct slice);

enum { TIME_TEXT_BYTES = 30 };
/* What writer_time writes between its quotes, 2026-01-31T23:59:59.123456789Z; no NUL. */
void time_text(int64_t time_ns, char text[TIME_TEXT_BYTES]);

#endif
