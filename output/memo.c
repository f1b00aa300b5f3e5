/* SPDX-License-Identifier: Apache-2.0 */
#include "output/memo.h"

#include <stdlib.h>

enum {
    SLOTS = 512,     /* a power of two */
    SLOT_BYTES = 496 /* of name, value and JSON together; with what stands before them a slot has 512 */
};

struct slot {
    uint32_t hash; /* 0: empty */
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

static bool same(const uint8_t *bytes, struct slice s) {
    return s.len == 0 || memcmp(bytes, s.ptr, s.len) == 0;
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

static uint8_t *put(uint8_t *to, struct slice s) {
    if (s.len) {
        memcpy(to, s.ptr, s.len);
    }
    return to + s.len;
}

void memo_put(struct memo *memo, const struct memo_key *key, struct slice json) {
    if (key->name.len > SLOT_BYTES || key->value.len > SLOT_BYTES || json.len > SLOT_BYTES ||
        key->name.len + key->value.len + json.len > SLOT_BYTES) {
        return;
    }
    uint32_t hash = hash_of(key);
    struct slot *slot = &memo->slots[hash / 2 % SLOTS];
    slot->hash = hash;
    slot->kind = (uint16_t)key->kind;
    slot->name_len = (uint16_t)key->name.len;
    slot->value_len = (uint16_t)key->value.len;
    slot->json_len = (uint16_t)json.len;
    (void)put(put(put(slot->bytes, key->name), key->value), json);
}
