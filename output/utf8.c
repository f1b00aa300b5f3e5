/* SPDX-License-Identifier: Apache-2.0 */
#include "output/utf8.h"

#include <assert.h>

size_t utf8_sequence(struct slice s, size_t *ill_formed) {
    assert(s.len > 0);
    uint8_t lead = s.ptr[0];
    uint8_t low = 0x80, high = 0xBF; /* of the next byte */
    size_t following;
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        following = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        following = 2;
        low = lead == 0xE0 ? 0xA0 : 0x80;  /* else overlong */
        high = lead == 0xED ? 0x9F : 0xBF; /* else a surrogate */
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        following = 3;
        low = lead == 0xF0 ? 0x90 : 0x80;  /* else overlong */
        high = lead == 0xF4 ? 0x8F : 0xBF; /* else beyond U+10FFFF */
    } else {
        *ill_formed = 1;
        return 0;
    }
    for (size_t i = 1; i <= following; i++) {
        if (i >= s.len || s.ptr[i] < low || s.ptr[i] > high) {
            *ill_formed = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return following + 1;
}

uint32_t utf8_code_point(const uint8_t *bytes, size_t len) {
    assert(len >= 1 && len <= 4);
    static const uint8_t lead_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t point = bytes[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++) {
        point = point << 6 | (bytes[i] & 0x3F);
    }
    return point;
}

bool utf8_is_valid(struct slice s) {
    size_t at = 0, ill_formed;
    while (at < s.len) {
        if (s.len - at >= sizeof(uint64_t)) {
            uint64_t eight;
            memcpy(&eight, s.ptr + at, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                at += sizeof eight;
                continue;
            }
        }
        size_t len = utf8_sequence(slice_make(s.ptr + at, s.len - at), &ill_formed);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}
