/* SPDX-License-Identifier: Apache-2.0 */
#include "output/memo.h"

#include <stdlib.h>

enum {
    SLOT_BITS = 11,
    SLOTS = 1 << SLOT_BITS,
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

static uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Up to eight bytes at the front. */
static uint64_t short_word(struct slice s) {
    uint64_t word = 0;
    if (s.len >= 4) {
        uint32_t front, back;
        memcpy(&front, s.ptr, sizeof front);
        memcpy(&back, s.ptr + s.len - sizeof back, sizeof back);
        word = (uint64_t)front << 32 | back;
    } else if (s.len) {
        word = (uint64_t)s.ptr[0] << 16 | (uint64_t)s.ptr[s.len / 2] << 8 | s.ptr[s.len - 1];
    }
    return word;
}

/* In its upper bits; of samples: names differ at their ends, values there or in their middle. Whoever makes
 * many that do not is served at the price of no memo. */
static uint32_t hash_of(const struct memo_key *key) {
    struct slice value = key->value;
    uint64_t hash =
        ((uint64_t)key->kind << 48 | key->name.len << 24 | value.len) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= short_word(key->name) * UINT64_C(0xc2b2ae3d27d4eb4f);
    if (value.len >= sizeof hash) {
        hash ^= word_at(value.ptr) * UINT64_C(0xd6e8feb86659fd93);
        hash ^= word_at(value.ptr + value.len / 2 - sizeof hash / 2) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= word_at(value.ptr + value.len - sizeof hash) * UINT64_C(0xc4ceb9fe1a85ec53);
    } else {
        hash ^= short_word(value) * UINT64_C(0xd6e8feb86659fd93);
    }
    return (uint32_t)(hash >> 32) | 1;
}

/* Most names and values are short: a call would cost more than the comparison. */
static bool same(const uint8_t *bytes, struct slice s) {
    enum { WORD = sizeof(uint64_t), SHORT = 4 * WORD };
    if (s.len < WORD || s.len > SHORT) {
        return s.len == 0 || memcmp(bytes, s.ptr, s.len) == 0;
    }
    for (size_t i = 0; i + WORD < s.len; i += WORD) {
        if (word_at(bytes + i) != word_at(s.ptr + i)) {
            return false;
        }
    }
    return word_at(bytes + s.len - WORD) == word_at(s.ptr + s.len - WORD);
}

struct memo *memo_new(void) {
    return calloc(1, sizeof(struct memo));
}

void memo_free(struct memo *memo) {
    free(memo);
}

bool memo_get(const struct memo *memo, struct memo_key *key, struct slice *json) {
    uint32_t hash = key->hash = hash_of(key);
    const struct slot *slot = &memo->slots[hash >> (32 - SLOT_BITS)];
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
        key->name.len + key->value.len + json.len > SLOT_BYTES - MEMO_SLACK) {
        return;
    }
    uint32_t hash = key->hash;
    struct slot *slot = &memo->slots[hash >> (32 - SLOT_BITS)];
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
