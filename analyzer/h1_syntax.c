/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_syntax.h"

#include <endian.h>

const uint8_t h1_classes[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  18, 0, 2, 2, 2, 0, 0, /* 00 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* 10 */
    18, 1,  0,  1,  1,  1,  1,  1,  0,  0,  1, 1, 0, 1, 1, 0, /* 20 */
    13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 0, 0, 0, 0, 0, 0, /* 30 */
    0,  5,  5,  5,  5,  5,  5,  1,  1,  1,  1, 1, 1, 1, 1, 1, /* 40 */
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1, 0, 0, 0, 1, 1, /* 50 */
    1,  5,  5,  5,  5,  5,  5,  1,  1,  1,  1, 1, 1, 1, 1, 1, /* 60 */
    1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1, 0, 1, 0, 1, 0, /* 70 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* 80 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* 90 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* a0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* b0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* c0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* d0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* e0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 0, 0, 0, 0, 0, /* f0 */
};

bool h1_is_token(struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_TOKEN)) {
            return false;
        }
    }
    return s.len > 0;
}

/* Sixteen bytes at once, in what vector registers the target has. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));

static bytes16 load(const uint8_t *from) {
    bytes16 bytes;
    memcpy(&bytes, from, sizeof(bytes));
    return bytes;
}

/* All bits set at bytes below 0x20 or equal to 0x7f. */
static bytes16 controls(bytes16 bytes) {
    return (bytes16)(bytes < 0x20) | (bytes16)(bytes == 0x7f);
}

static uint32_t control_oddities_slowly(struct slice s) {
    uint32_t oddities = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c >= 0x20 && c != 0x7f) {
            continue;
        }
        if (c == '\0') {
            oddities |= H1_ODD_NUL;
        } else if (c == '\r') {
            oddities |= H1_ODD_BARE_CR;
        } else if (c != '\t') {
            oddities |= H1_ODD_CONTROL;
        }
    }
    return oddities;
}

uint32_t h1_control_oddities(struct slice s) {
    if (s.len < sizeof(bytes16)) {
        return control_oddities_slowly(s);
    }
    bytes16 hits = controls(load(s.ptr + s.len - sizeof(bytes16)));
    for (size_t i = 0; i + sizeof(bytes16) < s.len; i += sizeof(bytes16)) {
        hits |= controls(load(s.ptr + i));
    }
    uint64_t halves[2];
    memcpy(halves, &hits, sizeof(halves));
    return halves[0] | halves[1] ? control_oddities_slowly(s) : 0;
}

static void read_odd_field_line(struct slice text, struct h1_event *e, uint32_t *oddities) {
    size_t colon = slice_find(text, ':');
    struct slice name = slice_first(text, colon);
    while (name.len && h1_is(name.ptr[name.len - 1], H1_OWS)) {
        name.len--;
    }
    e->name = name;
    *oddities |= h1_control_oddities(name);
    if (colon == text.len) {
        *oddities |= H1_ODD_NO_COLON;
        return;
    }
    if (colon == 0) {
        *oddities |= H1_ODD_EMPTY_NAME;
    } else if (name.len < colon) {
        *oddities |= H1_ODD_SPACE_BEFORE_COLON;
    }
    struct slice bare = slice_trim(name);
    if (bare.len && !h1_is_token(bare)) {
        *oddities |= H1_ODD_NAME_CHARACTERS;
    }
}

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The top bits of bytes that are no letter, digit or hyphen. A byte of at most 0x7f reaches the top bit when
 * 0x80 - limit is added, and no further: nothing carries over. */
static uint64_t unusual_in_name(uint64_t word) {
    uint64_t low = word & EACH_BYTE(0x7f);
    uint64_t lower = low | EACH_BYTE(0x20);
    uint64_t letter = (lower + EACH_BYTE(0x80 - 'a')) & ~(lower + EACH_BYTE(0x80 - 'z' - 1));
    uint64_t digit = (low + EACH_BYTE(0x80 - '0')) & ~(low + EACH_BYTE(0x80 - '9' - 1));
    uint64_t hyphen = ~((low ^ EACH_BYTE('-')) + EACH_BYTE(0x7f));
    return ~((letter | digit | hyphen) & ~word) & EACH_BYTE(0x80);
}

/* The field name at the front of a line: eight bytes at a time while it has usual characters only. */
static size_t name_length(struct slice s) {
    size_t i = 0;
    while (s.len - i >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, s.ptr + i, sizeof(word));
        uint64_t unusual = unusual_in_name(le64toh(word));
        if (unusual) {
            i += (size_t)__builtin_ctzll(unusual) / 8;
            break;
        }
        i += sizeof(word);
    }
    while (i < s.len && h1_is(s.ptr[i], H1_TOKEN)) {
        i++;
    }
    return i;
}

void h1_read_field_line(struct slice text, struct h1_event *e, uint32_t *oddities) {
    size_t i = name_length(text);
    if (i > 0 && i < text.len && text.ptr[i] == ':') {
        e->name = slice_first(text, i);
    } else {
        read_odd_field_line(text, e, oddities);
        i = slice_find(text, ':');
    }
    e->value = slice_trim(slice_after(text, i < text.len ? i + 1 : i));
    *oddities |= h1_control_oddities(e->value);
}
