/* SPDX-License-Identifier: Apache-2.0 */
/* Field values as JSON strings, at once, where nothing of them needs an escape, but for quotes around an
 * entity tag, and no byte comes with a secret that would have to be masked: most that differ from one message
 * to the next, as lengths, entity tags and ids. Pure. */
#ifndef HARK_OUTPUT_PLAIN_VALUE_H
#define HARK_OUTPUT_PLAIN_VALUE_H

#include "capture/slice.h"

typedef int8_t plain_bytes __attribute__((vector_size(16)));

enum { PLAIN_VALUE_STEP = sizeof(plain_bytes) };
/* What is stored for a value of that length, at most. */
#define PLAIN_VALUE_MOST(len) ((len) + PLAIN_VALUE_STEP)

/* Marks bytes that are not plain: escapes, what is not ASCII, and what mask_shows would look at again (a
 * space stands behind a scheme, which has credentials behind it). */
static inline plain_bytes plain_bytes_others(plain_bytes b) {
    return (plain_bytes)(b <= ' ') | (plain_bytes)(b == 0x7f) | (plain_bytes)(b == '"') |
           (plain_bytes)(b == '\\') | (plain_bytes)(b == '=') | (plain_bytes)(b == '@') |
           (plain_bytes)(b == '%') | (plain_bytes)(b == ':');
}

static inline plain_bytes plain_bytes_copy(uint8_t *to, const uint8_t *from) {
    plain_bytes bytes;
    memcpy(&bytes, from, sizeof bytes);
    memcpy(to, &bytes, sizeof bytes);
    return plain_bytes_others(bytes);
}

/* Less than a step. */
static inline plain_bytes plain_bytes_copy_few(uint8_t *to, struct slice s) {
    uint64_t words[2];
    plain_bytes bytes;
    if (s.len >= sizeof words[0]) {
        words[0] = bytes_word(s.ptr);
        words[1] = bytes_word(s.ptr + s.len - sizeof words[1]);
        memcpy(to, &words[0], sizeof words[0]);
        memcpy(to + s.len - sizeof words[1], &words[1], sizeof words[1]);
    } else if (s.len >= sizeof(uint32_t)) {
        uint32_t front, back;
        memcpy(&front, s.ptr, sizeof front);
        memcpy(&back, s.ptr + s.len - sizeof back, sizeof back);
        memcpy(to, &front, sizeof front);
        memcpy(to + s.len - sizeof back, &back, sizeof back);
        words[0] = words[1] = (uint64_t)front << 32 | back;
    } else {
        uint8_t first = s.ptr[0], middle = s.ptr[s.len / 2], last = s.ptr[s.len - 1];
        to[0] = first;
        to[s.len / 2] = middle;
        to[s.len - 1] = last;
        words[0] = words[1] =
            UINT64_C(0x0101010101010101) * last ^ (uint64_t)(first ^ last) ^ (uint64_t)(middle ^ last) << 8;
    }
    memcpy(&bytes, words, sizeof bytes);
    return plain_bytes_others(bytes);
}

/* Copies the bytes; false where not all are plain. */
static inline bool plain_bytes_put(uint8_t *to, struct slice s) {
    plain_bytes others;
    uint64_t halves[2];
    if (s.len == 0) {
        return true;
    }
    if (s.len < PLAIN_VALUE_STEP) {
        others = plain_bytes_copy_few(to, s);
    } else {
        size_t last = s.len - PLAIN_VALUE_STEP; /* together with some before, perhaps */
        others = plain_bytes_copy(to + last, s.ptr + last);
        for (size_t i = 0; i < last; i += PLAIN_VALUE_STEP) {
            others |= plain_bytes_copy(to + i, s.ptr + i);
        }
    }
    memcpy(halves, &others, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

/* The string, with its quotes, into room for PLAIN_VALUE_MOST: where it ends. NULL where it is not so plain:
 * then what is there is of no use. */
static inline uint8_t *plain_value_put(uint8_t *to, struct slice value) {
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    if (!quoted) {
        *to = '"';
        if (!plain_bytes_put(to + 1, value)) {
            return NULL;
        }
        to += value.len + 1;
        *to = '"';
        return to + 1;
    }
    struct slice inner = slice_make(value.ptr + 1, value.len - 2);
    memcpy(to, "\"\\\"", 3);
    if (!plain_bytes_put(to + 3, inner)) {
        return NULL;
    }
    to += 3 + inner.len;
    memcpy(to, "\\\"\"", 3);
    return to + 3;
}

#endif
