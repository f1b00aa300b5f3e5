/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a stretch of JSON whose most bytes are known before: room is asked for once, and what follows are
 * plain stores. Members of an object stand with their comma behind them; pen_end puts the bracket in the
 * place of the last one. `to` is where the next byte belongs. */
#ifndef HARK_OUTPUT_PEN_H
#define HARK_OUTPUT_PEN_H

#include "output/writer.h"

/* A number, its sign and its comma; what is stored behind it counts too. */
enum { PEN_NUMBER_BYTES = DIGITS_BYTES + 2 };
/* A member whose value is a number: room for it. */
#define PEN_MEMBER_BYTES(key) (sizeof("\"" key "\":") + PEN_NUMBER_BYTES)

/* A literal is copied in steps of that size, the last one whole. */
enum { PEN_STEP = 16 };
/* Room for `most` bytes, or NULL. A comma that is due is written. */
static inline uint8_t *pen_open(struct writer *w, size_t most) {
    uint8_t *to = writer_room(w, most + 1 + PEN_STEP);
    if (to) {
        *to = ',';
        to += w->comma;
    }
    return to;
}

/* The same for members with their comma before them: something stands there already. */
static inline uint8_t *pen_go_on(struct writer *w, size_t most) {
    return writer_room(w, most + PEN_STEP);
}

/* A value, or an object or array that was closed, ends here. */
static inline void pen_close(struct writer *w, const uint8_t *to) {
    w->out->len = (size_t)(to - w->out->ptr);
    w->comma = true;
}

/* A key ends here, or a bracket was opened: what follows has no comma before it. */
static inline void pen_close_open(struct writer *w, const uint8_t *to) {
    w->out->len = (size_t)(to - w->out->ptr);
    w->comma = false;
}

#define PEN_STEPS(len) ((len) <= 4 ? 4 : (len) <= 8 ? 8 : ((len) + PEN_STEP - 1) / PEN_STEP * PEN_STEP)
#define PEN_TEXT(to, text)                                                                                   \
    do {                                                                                                     \
        static const _Alignas(PEN_STEP) char pen_text_[PEN_STEPS(sizeof(text) - 1) + 1] = text;              \
        memcpy((to), pen_text_, sizeof pen_text_ - 1);                                                       \
        (to) += sizeof(text) - 1;                                                                            \
    } while (0)

static inline uint8_t *pen_unsigned(uint8_t *to, uint64_t value) {
    return digits_put(to, value);
}

static inline uint8_t *pen_signed(uint8_t *to, int64_t value) {
    if (value >= 0) {
        return pen_unsigned(to, (uint64_t)value);
    }
    *to = '-';
    return pen_unsigned(to + 1, UINT64_C(0) - (uint64_t)value);
}

/* Members with their comma before them: what is put over the first one's, or where it would be, is the
 * bracket. */
#define PEN_NEXT_UNSIGNED(to, key, value)                                                                    \
    do {                                                                                                     \
        PEN_TEXT((to), ",\"" key "\":");                                                                     \
        (to) = pen_unsigned((to), (value));                                                                  \
    } while (0)
#define PEN_NEXT_SIGNED(to, key, value)                                                                      \
    do {                                                                                                     \
        PEN_TEXT((to), ",\"" key "\":");                                                                     \
        (to) = pen_signed((to), (value));                                                                    \
    } while (0)
/* The object whose members stand from `start` on. */
static inline uint8_t *pen_embrace(uint8_t *start, uint8_t *to) {
    to += to == start;
    *start = '{';
    *to = '}';
    return to + 1;
}

#define PEN_UNSIGNED(to, key, value)                                                                         \
    do {                                                                                                     \
        PEN_TEXT((to), "\"" key "\":");                                                                      \
        (to) = pen_unsigned((to), (value));                                                                  \
        *(to)++ = ',';                                                                                       \
    } while (0)
#define PEN_SIGNED(to, key, value)                                                                           \
    do {                                                                                                     \
        PEN_TEXT((to), "\"" key "\":");                                                                      \
        (to) = pen_signed((to), (value));                                                                    \
        *(to)++ = ',';                                                                                       \
    } while (0)

/* A member or value of the memo, and a comma behind it; nothing where it is empty. So many bytes more than
 * it has are stored. */
enum { PEN_JSON_SLACK = WRITER_STEP };
static inline uint8_t *pen_json(uint8_t *to, struct slice json) {
    writer_copy(to, json.ptr, json.len);
    to += json.len;
    *to = ',';
    return to + (json.len > 0);
}

/* The same with the comma before it. */
static inline uint8_t *pen_next_json(uint8_t *to, struct slice json) {
    *to = ',';
    writer_copy(to + 1, json.ptr, json.len);
    return to + json.len + (json.len > 0);
}

/* Two digits for each byte. */
static inline uint8_t *pen_hex(uint8_t *to, const uint8_t *bytes, size_t len) {
    writer_hex_digits(to, slice_make(bytes, len));
    return to + 2 * len;
}

static inline uint8_t *pen_end(uint8_t *to, char bracket) {
    to -= to[-1] == ',';
    *to = (uint8_t)bracket;
    return to + 1;
}

#endif
