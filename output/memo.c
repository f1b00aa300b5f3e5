/* SPDX-License-Identifier: Apache-2.0 */
#include "output/memo.h"

#include <stdlib.h>

enum { WORD = sizeof(uint64_t) };

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
        hash ^= bytes_word(bytes) * UINT64_C(0xc2b2ae3d27d4eb4f);
        hash ^= bytes_word(bytes + span / 2) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= bytes_word(bytes + span - span / 4) * UINT64_C(0xd6e8feb86659fd93);
        hash ^= bytes_word(bytes + span) * UINT64_C(0xc4ceb9fe1a85ec53);
    } else {
        hash ^= short_word(key->bytes) * UINT64_C(0xd6e8feb86659fd93);
    }
    return (uint32_t)(hash >> 32) | 1;
}

struct memo *memo_new(void) {
    return calloc(1, sizeof(struct memo));
}

void memo_free(struct memo *memo) {
    free(memo);
}

bool memo_get(const struct memo *memo, struct memo_key *key, uint16_t *hint, struct slice *json) {
    key->hash = hash_of(key);
    size_t at = key->hash >> (32 - MEMO_SLOT_BITS);
    bool found = memo->tags[at].hash == key->hash && memo_peek(memo, key, (uint16_t)at, json);
    *hint = found ? (uint16_t)at : 0;
    return found;
}

void memo_put(struct memo *memo, const struct memo_key *key, struct slice json) {
    enum { ROOM = MEMO_SLOT_BYTES - MEMO_SLACK };
    if (key->bytes.len > ROOM || json.len > ROOM - key->bytes.len) {
        return;
    }
    size_t at = key->hash >> (32 - MEMO_SLOT_BITS);
    struct memo_tag *tag = &memo->tags[at];
    if (tag->hash && tag->next != key->hash) {
        tag->next = key->hash;
        return;
    }
    tag->hash = key->hash;
    struct memo_slot *slot = &memo->slots[at];
    slot->key_head = memo_key_head(key);
    slot->version = ++memo->versions;
    slot->key_len = (uint16_t)key->bytes.len;
    slot->json_len = (uint16_t)json.len;
    (void)slice_put(json, slice_put(key->bytes, slot->bytes));
}
