/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/flow_index.h"

#include <assert.h>
#include <string.h>

enum { FIRST_CAPACITY = 64, CACHE_LINE = 64 };

void flow_index_init(struct flow_index *x, struct memory *memory) {
    *x = (struct flow_index){.memory = memory};
}

static void free_slots(struct flow_index *x) {
    memory_free(x->memory, x->slots, flow_index_bytes(x));
}

void flow_index_fini(struct flow_index *x) {
    free_slots(x);
    flow_index_init(x, x->memory);
}

static struct flow_key *key_of(const struct flow_index_slot *slot) {
    return (struct flow_key *)((uintptr_t)slot->key[0] | (uintptr_t)((uint64_t)slot->key[1] << 32));
}

static bool is_vacant(const struct flow_index_slot *slot) {
    return (slot->key[0] | slot->key[1]) == 0;
}

static void place(struct flow_index *x, struct flow_index_slot slot) {
    size_t at = slot.tag & (x->capacity - 1);
    while (!is_vacant(&x->slots[at])) {
        at = (at + 1) & (x->capacity - 1);
    }
    x->slots[at] = slot;
}

bool flow_index_reserve(struct flow_index *x) {
    if ((x->count + 1) * 4 <= x->capacity * 3) {
        return true;
    }
    struct flow_index larger = {
        .memory = x->memory, .capacity = x->capacity ? x->capacity * 2 : FIRST_CAPACITY, .count = x->count};
    size_t bytes = larger.capacity * sizeof *larger.slots;
    larger.slots = memory_resize(x->memory, NULL, 0, bytes);
    if (!larger.slots) {
        return false;
    }
    memset(larger.slots, 0, bytes);
    for (size_t i = 0; i < x->capacity; i++) {
        if (!is_vacant(&x->slots[i])) {
            place(&larger, x->slots[i]);
        }
    }
    free_slots(x);
    *x = larger;
    memory_gather(x->memory, x->slots, bytes);
    return true;
}

const struct flow_key *flow_index_first(const struct flow_index *x, uint32_t tag) {
    if (x->capacity == 0) {
        return NULL;
    }
    for (size_t at = tag & (x->capacity - 1); !is_vacant(&x->slots[at]); at = (at + 1) & (x->capacity - 1)) {
        if (x->slots[at].tag == tag) {
            return key_of(&x->slots[at]);
        }
    }
    return NULL;
}

struct flow_key *flow_index_find(const struct flow_index *x, uint64_t hash, const struct flow_key *key,
                                 enum direction *direction) {
    if (x->capacity == 0) {
        return NULL;
    }
    uint32_t tag = flow_index_tag(hash);
    for (size_t at = tag & (x->capacity - 1); !is_vacant(&x->slots[at]); at = (at + 1) & (x->capacity - 1)) {
        if (x->slots[at].tag == tag) {
            const char *found = (const char *)key_of(&x->slots[at]);
            __builtin_prefetch(found + CACHE_LINE); /* the owner's members behind the key */
            __builtin_prefetch(found + 2 * CACHE_LINE);
        }
        if (x->slots[at].tag == tag && flow_index_matches(key_of(&x->slots[at]), key, direction)) {
            return key_of(&x->slots[at]);
        }
    }
    return NULL;
}

void flow_index_add(struct flow_index *x, uint32_t tag, struct flow_key *key) {
    assert((x->count + 1) * 4 <= x->capacity * 3);
    uint64_t address = (uintptr_t)key;
    place(x, (struct flow_index_slot){.tag = tag, .key = {(uint32_t)address, (uint32_t)(address >> 32)}});
    x->count++;
}

void flow_index_remove(struct flow_index *x, uint32_t tag, const struct flow_key *entry) {
    size_t mask = x->capacity - 1;
    size_t at = tag & mask;
    while (key_of(&x->slots[at]) != entry) {
        assert(!is_vacant(&x->slots[at]));
        at = (at + 1) & mask;
    }
    /* Close the hole: whoever probed past it moves up. */
    for (size_t from = (at + 1) & mask; !is_vacant(&x->slots[from]); from = (from + 1) & mask) {
        size_t home = x->slots[from].tag & mask;
        if (((from - home) & mask) >= ((from - at) & mask)) {
            x->slots[at] = x->slots[from];
            at = from;
        }
    }
    x->slots[at] = (struct flow_index_slot){0};
    x->count--;
}
