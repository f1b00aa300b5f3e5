/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_syntax.h"

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

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Bits at bytes below 0x20 or equal to 0x7f. A borrow can mark the byte above a hit too: fine, as hits are
 * looked at one by one. */
static uint64_t control_bits(uint64_t word) {
    uint64_t below = (word - EACH_BYTE(0x20)) & ~word;
    uint64_t del = word ^ EACH_BYTE(0x7f);
    return (below | ((del - EACH_BYTE(1)) & ~del)) & EACH_BYTE(0x80);
}

static uint64_t load(const uint8_t *from) {
    uint64_t word;
    memcpy(&word, from, sizeof(word));
    return word;
}

static uint32_t control_oddities_slowly(struct slice s) {
    uint32_t oddities = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == '\0') {
            oddities |= H1_ODD_NUL;
        } else if (c == '\r') {
            oddities |= H1_ODD_BARE_CR;
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            oddities |= H1_ODD_CONTROL;
        }
    }
    return oddities;
}

uint32_t h1_control_oddities(struct slice s) {
    if (s.len < sizeof(uint64_t)) {
        return control_oddities_slowly(s);
    }
    uint64_t hits = control_bits(load(s.ptr + s.len - sizeof(uint64_t)));
    for (size_t i = 0; i + sizeof(uint64_t) < s.len; i += sizeof(uint64_t)) {
        hits |= control_bits(load(s.ptr + i));
    }
    return hits ? control_oddities_slowly(s) : 0;
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

void h1_read_field_line(struct slice text, struct h1_event *e, uint32_t *oddities) {
    size_t i = 0;
    while (i < text.len && h1_is(text.ptr[i], H1_TOKEN)) {
        i++;
    }
    if (i > 0 && i < text.len && text.ptr[i] == ':') {
        e->name = slice_first(text, i);
    } else {
        read_odd_field_line(text, e, oddities);
        i = slice_find(text, ':');
    }
    e->value = slice_trim(slice_after(text, i < text.len ? i + 1 : i));
    *oddities |= h1_control_oddities(e->value);
}
