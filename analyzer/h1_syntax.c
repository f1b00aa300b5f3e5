/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_syntax.h"

const uint8_t h1_classes[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  18, 0,  2,  2,  2,  0,  0,  /* 00 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* 10 */
    18, 33, 0,  1,  33, 33, 33, 33, 32, 32, 33, 33, 32, 33, 33, 0,  /* 20 */
    45, 45, 45, 45, 45, 45, 45, 45, 45, 45, 0,  32, 0,  32, 0,  0,  /* 30 */
    0,  37, 37, 37, 37, 37, 37, 33, 33, 33, 33, 33, 33, 33, 33, 33, /* 40 */
    33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 0,  0,  0,  1,  33, /* 50 */
    1,  37, 37, 37, 37, 37, 37, 33, 33, 33, 33, 33, 33, 33, 33, 33, /* 60 */
    33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 0,  1,  0,  33, 0,  /* 70 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* 80 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* 90 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* a0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* b0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* c0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* d0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* e0 */
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  /* f0 */
};

bool h1_is_token(struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_TOKEN)) {
            return false;
        }
    }
    return s.len > 0;
}

/* Sixteen or eight bytes at once, in what vector registers the target has. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));

/* All bits set at bytes below `limit` or equal to 0x7f. */
static bytes16 marks16(const uint8_t *from, uint8_t limit) {
    bytes16 bytes;
    memcpy(&bytes, from, sizeof bytes);
    return (bytes16)(bytes < limit) | (bytes16)(bytes == 0x7f);
}

static bytes8 marks8(const uint8_t *from, uint8_t limit) {
    bytes8 bytes;
    memcpy(&bytes, from, sizeof bytes);
    return (bytes8)(bytes < limit) | (bytes8)(bytes == 0x7f);
}

bool h1_has_below(struct slice s, uint8_t limit) {
    if (s.len >= sizeof(bytes16)) {
        bytes16 found = marks16(s.ptr + s.len - sizeof found, limit);
        for (size_t i = 0; i + sizeof found < s.len; i += sizeof found) {
            found |= marks16(s.ptr + i, limit);
        }
        uint64_t halves[2];
        memcpy(halves, &found, sizeof halves);
        return (halves[0] | halves[1]) != 0;
    }
    if (s.len >= sizeof(bytes8)) {
        bytes8 found = marks8(s.ptr, limit) | marks8(s.ptr + s.len - sizeof found, limit);
        uint64_t whole;
        memcpy(&whole, &found, sizeof whole);
        return whole != 0;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < limit || s.ptr[i] == 0x7f) {
            return true;
        }
    }
    return false;
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
    return h1_has_below(s, 0x20) ? control_oddities_slowly(s) : 0;
}

uint32_t h1_lead_oddities(uint8_t byte, bool behind_cr) {
    if (byte == '\n') {
        return H1_ODD_EMPTY_LINES | (behind_cr ? 0 : H1_ODD_BARE_LF);
    }
    uint32_t oddities = behind_cr ? H1_ODD_BARE_CR : 0;
    if (byte == '\0') {
        return oddities | H1_ODD_NUL;
    }
    return oddities | (h1_is(byte, H1_OWS) ? H1_ODD_START_LINE_SPACES : 0);
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
