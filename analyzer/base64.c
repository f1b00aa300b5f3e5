/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/base64.h"

enum { NO_DIGIT = 64, GROUP_TEXT = 4, GROUP_BYTES = 3 };

static unsigned digit_of(uint8_t c) {
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a' + 26);
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0' + 52);
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : NO_DIGIT;
}

static size_t without_padding(struct slice text) {
    size_t len = text.len;
    while (len && text.len - len < 2 && text.ptr[len - 1] == '=') {
        len--;
    }
    return len;
}

bool base64_measure(struct slice text, size_t *bytes) {
    size_t len = without_padding(text);
    for (size_t i = 0; i < len; i++) {
        if (digit_of(text.ptr[i]) == NO_DIGIT) {
            return false;
        }
    }
    *bytes = len / GROUP_TEXT * GROUP_BYTES + len % GROUP_TEXT * GROUP_BYTES / GROUP_TEXT;
    return len % GROUP_TEXT != 1 && (len == text.len || text.len % GROUP_TEXT == 0);
}

void base64_read(struct slice text, size_t offset, uint8_t *to, size_t len) {
    for (size_t i = 0; i < len; i++) {
        size_t first = (offset + i) / GROUP_BYTES * GROUP_TEXT + (offset + i) % GROUP_BYTES;
        unsigned shift =
            2 * (unsigned)((offset + i) % GROUP_BYTES); /* bits of the first digit already used */
        unsigned pair = digit_of(text.ptr[first]) << 6 | digit_of(text.ptr[first + 1]);
        to[i] = (uint8_t)(pair >> (4 - shift) & 0xff);
    }
}
