/* SPDX-License-Identifier: Apache-2.0 */
/* From flow keys to whoever embeds them: open addressing with linear probing; a slot keeps part of the hash,
 * so that a look-up touches one flow only. Both directions of a key find the same entry. Embedded by value,
 * one thread. Keys are borrowed as long as they are in the index. */
#ifndef HARK_REASSEMBLY_FLOW_INDEX_H
#define HARK_REASSEMBLY_FLOW_INDEX_H

#include "capture/memory.h"
#include "reassembly/consumer.h"

/* Three words rather than a pointer and its padding. */
struct flow_index_slot {
    uint32_t tag;
    uint32_t key[2]; /* the address of the key; 0: vacant */
};

struct flow_index {
    struct memory *memory;
    struct flow_index_slot *slots;
    size_t capacity; /* power of two, `count` is three quarters of it at most; 0 before the first reserve */
    size_t count;
};

/* Borrows the memory for the index's life. */
void flow_index_init(struct flow_index *, struct memory *);
void flow_index_fini(struct flow_index *);
/* Memory taken. */
static inline size_t flow_index_bytes(const struct flow_index *x) {
    return x->capacity * sizeof *x->slots;
}
/* What the index keeps of a hash. The partition has used up some bits of it; mixed again, any of them will
 * do. */
static inline uint32_t flow_index_tag(uint64_t hash) {
    return (uint32_t)((hash * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}
/* The key with the tag is to be looked up or removed soon. */
static inline void flow_index_prefetch(const struct flow_index *x, uint32_t tag) {
    if (x->capacity) {
        __builtin_prefetch(&x->slots[tag & (x->capacity - 1)], 1);
    }
}
/* Makes room for one key more. False without memory. */
bool flow_index_reserve(struct flow_index *);
static inline bool address_equal(const struct address *a, const struct address *b) {
    return ((bytes_word(a->bytes) ^ bytes_word(b->bytes)) |
            (bytes_word(a->bytes + 8) ^ bytes_word(b->bytes + 8))) == 0;
}
/* Is `key` the entry's key or that of its other side? `direction` is told if it is. */
static inline bool flow_index_matches(const struct flow_key *entry, const struct flow_key *key,
                                      enum direction *direction) {
    const struct endpoint *a = entry->side, *b = key->side;
    if (entry->network_id != key->network_id || entry->vlan != key->vlan ||
        entry->ip_version != key->ip_version || entry->network_kind != key->network_kind) {
        return false;
    }
    if (a[0].port == b[0].port && a[1].port == b[1].port && address_equal(&a[0].address, &b[0].address) &&
        address_equal(&a[1].address, &b[1].address)) {
        *direction = DIRECTION_0;
        return true;
    }
    if (a[0].port == b[1].port && a[1].port == b[0].port && address_equal(&a[0].address, &b[1].address) &&
        address_equal(&a[1].address, &b[0].address)) {
        *direction = DIRECTION_1;
        return true;
    }
    return false;
}
/* The first key with that tag, which may be another one's; NULL: there is none. */
const struct flow_key *flow_index_first(const struct flow_index *, uint32_t tag);
/* `direction`: whether `key` is the entry's key or that of its other side; untouched without an entry, also
 * where other keys have its tag. */
struct flow_key *flow_index_find(const struct flow_index *, uint64_t hash, const struct flow_key *key,
                                 enum direction *direction);
/* After flow_index_reserve; the key is in neither direction in the index. */
void flow_index_add(struct flow_index *, uint32_t tag, struct flow_key *);
void flow_index_remove(struct flow_index *, uint32_t tag, const struct flow_key *entry);

#endif
