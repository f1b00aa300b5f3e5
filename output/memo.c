/* SPDX-License-Identifier: Apache-2.0 */
#include "output/memo.h"

#include <stdlib.h>

enum {
    SLOT_BITS = 11,
    SLOTS = 1 << SLOT_BITS,
    SLOT_BYTES = 500 /* of key and JSON together; with what stands before them a slot has 512 */
};

/* Of a slot. They stand apart from it: most of what is missed is known by them, which fit the nearest cache.
 */
struct tag {
    uint32_t hash; /* 0: empty */
    uint32_t next; /* of what was missed here last: it moves in when it is missed again, so that what comes
                      but once drives out nothing */
};

struct slot {
    uint32_t parts;
    uint16_t key_len, json_len;
    uint16_t kind;
    uint8_t bytes[SLOT_BYTES]; /* key, JSON */
};

struct memo {
    struct tag tags[SLOTS];
    struct slot slots[SLOTS];
};

enum { WORD = sizeof(uint64_t) };

static uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Less than a word. */
static uint64_t short_word(struct slice s) {
    if (s.len >= 4) {
        uint32_t front, back;
        memcpy(&front, s.ptr, sizeof front);
        memcpy(&back, s.ptr + s.len - sizeof back, sizeof back);
        return (uint64_t)front << 32 | back;
    }
    return s.len ? (uint64_t)s.ptr[0] << 16 | (uint64_t)s.ptr[s.len / 2] << 8 | s.ptr[s.len - 1] : 0;
}

/* Of four samples: lines that differ do so at their ends or in their middle. Whoever makes many that do not
 * is served at the price of no memo. */
static uint32_t hash_of(const struct memo_key *key) {
    const uint8_t *bytes = key->bytes.ptr;
    size_t len = key->bytes.len;
    uint64_t hash =
        ((uint64_t)key->kind << 56 | (uint64_t)key->parts << 16 | len) * UINT64_C(0x9e3779b97f4a7c15);
    if (len >= WORD) {
        size_t span = len - WORD;
        hash ^= word_at(bytes) * UINT64_C(0xc2b2ae3d27d4eb4f);
        hash ^= word_at(bytes + span / 2) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= word_at(bytes + span - span / 4) * UINT64_C(0xd6e8feb86659fd93);
        hash ^= word_at(bytes + span) * UINT64_C(0xc4ceb9fe1a85ec53);
    } else {
        hash ^= short_word(key->bytes) * UINT64_C(0xd6e8feb86659fd93);
    }
    return (uint32_t)(hash >> 32) | 1;
}

/* Most lines are short: a call would cost more than the comparison. */
static bool same(const uint8_t *bytes, struct slice s) {
    enum { SHORT = 8 * WORD };
    if (s.len < WORD || s.len > SHORT) {
        return s.len == 0 || memcmp(bytes, s.ptr, s.len) == 0;
    }
    uint64_t differ = word_at(bytes + s.len - WORD) ^ word_at(s.ptr + s.len - WORD);
    for (size_t i = 0; i + WORD < s.len; i += WORD) {
        differ |= word_at(bytes + i) ^ word_at(s.ptr + i);
    }
    return differ == 0;
}

static bool holds(const struct slot *slot, const struct memo_key *key) {
    return slot->key_len == key->bytes.len && slot->parts == key->parts && slot->kind == key->kind &&
           same(slot->bytes, key->bytes);
}

struct memo *memo_new(void) {
    return calloc(1, sizeof(struct memo));
}

void memo_free(struct memo *memo) {
    free(memo);
}

bool memo_get(const struct memo *memo, struct memo_key *key, uint16_t *hint, struct slice *json) {
    const struct slot *slot = &memo->slots[*hint];
    if (!holds(slot, key)) {
        key->hash = hash_of(key);
        size_t at = key->hash >> (32 - SLOT_BITS);
        slot = &memo->slots[at];
        if (memo->tags[at].hash != key->hash || !holds(slot, key)) {
            *hint = 0;
            return false;
        }
        *hint = (uint16_t)at;
    }
    *json = slice_make(slot->bytes + slot->key_len, slot->json_len);
    return true;
}

void memo_put(struct memo *memo, const struct memo_key *key, struct slice json) {
    enum { ROOM = SLOT_BYTES - MEMO_SLACK };
    if (key->bytes.len > ROOM || json.len > ROOM - key->bytes.len) {
        return;
    }
    size_t at = key->hash >> (32 - SLOT_BITS);
    struct tag *tag = &memo->tags[at];
    if (tag->hash && tag->next != key->hash) {
        tag->next = key->hash;
        return;
    }
    tag->hash = key->hash;
    struct slot *slot = &memo->slots[at];
    slot->kind = (uint16_t)key->kind;
    slot->parts = key->parts;
    slot->key_len = (uint16_t)key->bytes.len;
    slot->json_len = (uint16_t)json.len;
    (void)slice_put(json, slice_put(key->bytes, slot->bytes));
}
