/* SPDX-License-Identifier: Apache-2.0 */
#include "output/memo.h"

#include <stdlib.h>

enum {
    SLOTS = 512,     /* a power of two */
    SLOT_BYTES = 492 /* of name, value and JSON together; with what stands before them a slot has 512 */
};

struct slot {
    uint32_t hash; /* 0: empty */
    uint32_t next; /* of what was missed here last: it moves in when it is missed again, so that what comes
                      but once drives out nothing */
    uint16_t name_len, value_len, json_len;
    uint16_t kind;
    uint8_t bytes[SLOT_BYTES]; /* name, value, JSON */
};

struct memo {
    struct slot slots[SLOTS];
};

/* Up to eight bytes, the length among them where there are fewer. */
static uint64_t word_at(const uint8_t *bytes, size_t len) {
    uint64_t word = len;
    if (len >= sizeof word) {
        memcpy(&word, bytes, sizeof word);
    } else if (len >= 4) {
        uint32_t front, back;
        memcpy(&front, bytes, sizeof front);
        memcpy(&back, bytes + len - sizeof back, sizeof back);
        word = (uint64_t)front << 32 | back;
    } else if (len) {
        word |= (uint64_t)bytes[0] << 8 | (uint64_t)bytes[len / 2] << 16 | (uint64_t)bytes[len - 1] << 24;
    }
    return word;
}

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Of samples: names that differ do so at their ends, values there or in their middle. Whoever makes many that
 * do not is served at the price of no memo. */
static uint32_t hash_of(const struct memo_key *key) {
    struct slice name = key->name, value = key->value;
    uint64_t hash = mix((uint64_t)key->kind << 48 | name.len << 24 | value.len, word_at(name.ptr, name.len));
    if (value.len <= sizeof hash) {
        hash = mix(hash, word_at(value.ptr, value.len));
    } else {
        hash = mix(hash, word_at(value.ptr, sizeof hash));
        hash = mix(hash, word_at(value.ptr + value.len / 2 - 4, sizeof hash));
        hash = mix(hash, word_at(value.ptr + value.len - sizeof hash, sizeof hash));
    }
    return (uint32_t)hash | 1;
}

static bool same_word(const uint8_t *a, const uint8_t *b) {
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x == y;
}

/* Most names and values are short: a call would cost more than the comparison. */
static bool same(const uint8_t *bytes, struct slice s) {
    enum { WORD = sizeof(uint64_t), SHORT = 4 * WORD };
    if (s.len < WORD || s.len > SHORT) {
        return s.len == 0 || memcmp(bytes, s.ptr, s.len) == 0;
    }
    for (size_t i = 0; i + WORD < s.len; i += WORD) {
        if (!same_word(bytes + i, s.ptr + i)) {
            return false;
        }
    }
    return same_word(bytes + s.len - WORD, s.ptr + s.len - WORD);
}

struct memo *memo_new(void) {
    return calloc(1, sizeof(struct memo));
}

void memo_free(struct memo *memo) {
    free(memo);
}

bool memo_get(const struct memo *memo, const struct memo_key *key, struct slice *json) {
    uint32_t hash = hash_of(key);
    const struct slot *slot = &memo->slots[hash / 2 % SLOTS];
    if (slot->hash != hash || slot->kind != key->kind || slot->name_len != key->name.len ||
        slot->value_len != key->value.len || !same(slot->bytes, key->name) ||
        !same(slot->bytes + slot->name_len, key->value)) {
        return false;
    }
    *json = slice_make(slot->bytes + slot->name_len + slot->value_len, slot->json_len);
    return true;
}

void memo_put(struct memo *memo, const struct memo_key *key, struct slice json) {
    if (key->name.len > SLOT_BYTES || key->value.len > SLOT_BYTES || json.len > SLOT_BYTES ||
        key->name.len + key->value.len + json.len > SLOT_BYTES) {
        return;
    }
    uint32_t hash = hash_of(key);
    struct slot *slot = &memo->slots[hash / 2 % SLOTS];
    if (slot->hash && slot->next != hash) {
        slot->next = hash;
        return;
    }
    slot->hash = hash;
    slot->kind = (uint16_t)key->kind;
    slot->name_len = (uint16_t)key->name.len;
    slot->value_len = (uint16_t)key->value.len;
    slot->json_len = (uint16_t)json.len;
    (void)slice_put(json, slice_put(key->value, slice_put(key->name, slot->bytes)));
}
