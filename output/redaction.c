/* SPDX-License-Identifier: Apache-2.0 */
#include "output/redaction.h"

#include <stdlib.h>

/* What of a name counts. */
struct plain {
    uint8_t text[REDACTION_NAME_BYTES];
    size_t len;
    size_t last_part; /* where the part after the last '.' or '[' begins */
    bool too_long;
};

struct redaction {
    size_t count;
    struct plain names[];
};

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void plain_add(struct plain *plain, uint8_t byte) {
    switch (byte) {
    case '.':
    case '[':
        plain->last_part = plain->len;
        return;
    case ']':
    case '-':
    case '_':
        return;
    default:
        break;
    }
    if (byte <= ' ' || byte == 0x7f) {
        return;
    }
    if (plain->len == sizeof plain->text) {
        plain->too_long = true;
        return;
    }
    plain->text[plain->len++] = ascii_lower(byte);
}

static void plain_make(struct plain *plain, struct slice name) {
    plain->len = plain->last_part = 0;
    plain->too_long = false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.ptr[i];
        if (byte == '%' && name.len - i > 2 && hex_value(name.ptr[i + 1]) >= 0 &&
            hex_value(name.ptr[i + 2]) >= 0) {
            byte = (uint8_t)(hex_value(name.ptr[i + 1]) << 4 | hex_value(name.ptr[i + 2]));
            i += 2;
        }
        plain_add(plain, byte == '+' ? ' ' : byte);
    }
}

bool redaction_takes(struct slice name) {
    struct plain plain;
    plain_make(&plain, name);
    return plain.len > 0 && !plain.too_long;
}

struct redaction *redaction_new(const struct redaction_names *names) {
    struct redaction *redaction = calloc(1, sizeof *redaction + names->count * sizeof redaction->names[0]);
    for (size_t i = 0; redaction && i < names->count; i++) {
        struct plain *plain = &redaction->names[redaction->count];
        plain_make(plain, slice_of(names->items[i]));
        redaction->count += plain->len > 0 && !plain->too_long;
    }
    return redaction;
}

void redaction_free(struct redaction *redaction) {
    free(redaction);
}

bool redaction_has(const struct redaction *redaction, struct slice name) {
    struct plain plain;
    plain_make(&plain, name);
    if (plain.too_long) {
        return false;
    }
    struct slice whole = slice_make(plain.text, plain.len), part = slice_after(whole, plain.last_part);
    for (size_t i = 0; i < redaction->count; i++) {
        struct slice wanted = slice_make(redaction->names[i].text, redaction->names[i].len);
        if (slice_equal(whole, wanted) || slice_equal(part, wanted)) {
            return true;
        }
    }
    return false;
}
