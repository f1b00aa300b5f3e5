/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers finished JSON by the bytes it was made of: most fields of a message have stood in the one before,
 * and comparing bytes is much cheaper than masking and escaping them. A table of fixed size, in which what is
 * missed twice in a row takes the place of what was there; what it holds never changes what is written.
 * Heap-owned; one thread. */
#ifndef HARK_OUTPUT_MEMO_H
#define HARK_OUTPUT_MEMO_H

#include "capture/slice.h"

/* What the bytes are: the same ones may be written in several ways. */
enum memo_kind {
    MEMO_NOTHING, /* an empty place */
    MEMO_FIELD,   /* a field line: its value and the end of the field's object */
    MEMO_NAME,    /* a field's name: two bytes, how its values are masked, then the object up to the value */
    MEMO_VALUE,   /* a field line: its value alone, which is UTF-8 */
    MEMO_USER_AGENT,     /* a field line: user_agent and its key */
    MEMO_MEDIA_TYPE,     /* content_type and its key */
    MEMO_STATUS,         /* a reason: the keys of a status line */
    MEMO_ENDS,           /* a connection: two bytes, how long what is before the server is; network, then
                            client and server but for what they sent */
    MEMO_STATUS_MEANING, /* a status code: what it means */
    MEMO_COUNTS,         /* names of both heads: fields and its key */
    MEMO_REQUEST_COUNTS, /* names of a head: the object with their counts */
    MEMO_RESPONSE_COUNTS,
    MEMO_CONTENT, /* values of fields and what else the part of semantics is made of: it and its key */
    MEMO_AUTHENTICATION,
    MEMO_COOKIES,
    MEMO_ORIGIN,
    MEMO_SECURITY,
    MEMO_HINTS,
    MEMO_DIRECTIVES, /* a field line: its cache directives as an array */
    MEMO_KINDS,
};

struct memo_key {
    enum memo_kind kind;
    uint32_t parts; /* what else tells bytes apart: how a line is divided, a status code */
    struct slice bytes;
    uint32_t hash; /* the memo's own */
};

/* So many bytes behind JSON of the memo may be read. */
enum { MEMO_SLACK = 32 };

enum {
    MEMO_SLOT_BITS = 11,
    MEMO_SLOTS = 1 << MEMO_SLOT_BITS,
    MEMO_SLOT_BYTES = 492 /* of key and JSON together; with what stands before them a slot has 512 */
};

/* The memo's own. */
struct memo_slot {
    uint64_t key_head; /* of memo_key_head */
    uint64_t version;  /* of what is there: no two are the same, 0 where nothing ever was */
    uint16_t key_len, json_len;
    uint8_t bytes[MEMO_SLOT_BYTES]; /* key, JSON */
};

/* Of a slot. They stand apart from it: most of what is missed is known by them, which fit the nearest cache.
 */
struct memo_tag {
    uint32_t hash; /* 0: empty */
    uint32_t next; /* of what was missed here last: it moves in when it is missed again, so that what comes
                      but once drives out nothing */
};

struct memo {
    struct memo_tag tags[MEMO_SLOTS];
    struct memo_slot slots[MEMO_SLOTS];
    uint64_t versions; /* given so far */
};

/* NULL without memory. */
struct memo *memo_new(void);
void memo_free(struct memo *);
/* Is there JSON for this key? Then *json is it, borrowed until the next memo_put. `hint`: where the answer
 * was, 0 when there was none. */
bool memo_get(const struct memo *, struct memo_key *, uint16_t *hint, struct slice *json);
/* The same, only where `hint` says. */
static inline bool memo_peek(const struct memo *, const struct memo_key *, uint16_t hint, struct slice *json);
/* The bytes of the key that `hint` says, and their JSON; empty where another kind is there. */
static inline struct slice memo_key_at(const struct memo *, enum memo_kind, uint16_t hint,
                                       struct slice *json);
/* Keeps a copy of what memo_get did not find, unless it is long. */
void memo_put(struct memo *, const struct memo_key *, struct slice json);

/* The rest stands here for speed: a call would cost more than the comparison. */

/* Do two words differ at either place? */
static inline uint64_t memo_differ(const uint8_t *a, const uint8_t *b, size_t first, size_t second) {
    return (bytes_word(a + first) ^ bytes_word(b + first)) |
           (bytes_word(a + second) ^ bytes_word(b + second));
}

static inline bool memo_same(const uint8_t *bytes, struct slice s) {
    enum { WORD = sizeof(uint64_t), PAIR = 2 * WORD, SHORT = 8 * WORD };
    if (s.len < WORD || s.len > SHORT) {
        return s.len == 0 || memcmp(bytes, s.ptr, s.len) == 0;
    }
    if (s.len <= PAIR) {
        return memo_differ(bytes, s.ptr, 0, s.len - WORD) == 0;
    }
    uint64_t differ = memo_differ(bytes, s.ptr, s.len - PAIR, s.len - WORD);
    for (size_t i = 0; i + PAIR < s.len; i += PAIR) {
        differ |= memo_differ(bytes, s.ptr, i, i + WORD);
    }
    return differ == 0;
}

/* What of a key is no bytes, and how many those are. */
static inline uint64_t memo_key_head(const struct memo_key *key) {
    return (uint64_t)key->parts << 32 |
           (uint64_t)(key->bytes.len < UINT16_MAX ? key->bytes.len : UINT16_MAX) << 16 | (uint64_t)key->kind;
}

static inline struct slice memo_key_at(const struct memo *memo, enum memo_kind kind, uint16_t hint,
                                       struct slice *json) {
    const struct memo_slot *slot = &memo->slots[hint];
    *json = slice_make(slot->bytes + slot->key_len, slot->json_len);
    return slice_make(slot->bytes, (uint16_t)slot->key_head == kind ? slot->key_len : 0);
}

static inline bool memo_peek(const struct memo *memo, const struct memo_key *key, uint16_t hint,
                             struct slice *json) {
    const struct memo_slot *slot = &memo->slots[hint];
    if (slot->key_head != memo_key_head(key) || !memo_same(slot->bytes, key->bytes)) {
        return false;
    }
    *json = slice_make(slot->bytes + slot->key_len, slot->json_len);
    return true;
}

#endif
