/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/timers.h"

#include <assert.h>

enum {
    FIRST_CAPACITY = 64,
    CHILDREN =
        4, /* of an entry: half the levels of a binary heap, and each moved entry writes to its timer */
};

void timers_init(struct timers *t, struct memory *memory) {
    *t = (struct timers){.memory = memory};
}

void timers_fini(struct timers *t) {
    memory_free(t->memory, t->entries, timers_bytes(t));
    timers_init(t, t->memory);
}

bool timers_reserve(struct timers *t, size_t count) {
    if (count <= t->capacity) {
        return true;
    }
    if (count > UINT32_MAX) {
        return false;
    }
    size_t capacity = t->capacity ? t->capacity : FIRST_CAPACITY;
    while (capacity < count) {
        capacity += capacity / 4; /* a partition has many */
    }
    struct timers_entry *entries =
        memory_resize(t->memory, t->entries, timers_bytes(t), capacity * sizeof *entries);
    if (!entries) {
        return false;
    }
    t->entries = entries;
    t->capacity = capacity;
    return true;
}

static bool before(const struct timers_entry *a, const struct timers_entry *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns
                                            : a->timer->ordinal < b->timer->ordinal;
}

static void put(struct timers *t, size_t at, struct timers_entry entry) {
    t->entries[at] = entry;
    entry.timer->place = (uint32_t)(at + 1);
}

static void rise(struct timers *t, size_t at) {
    struct timers_entry entry = t->entries[at];
    while (at > 0 && before(&entry, &t->entries[(at - 1) / CHILDREN])) {
        put(t, at, t->entries[(at - 1) / CHILDREN]);
        at = (at - 1) / CHILDREN;
    }
    put(t, at, entry);
}

/* The child that is due first; beyond the last entry without children. */
static size_t first_child(const struct timers *t, size_t at) {
    size_t best = CHILDREN * at + 1;
    size_t end = best + CHILDREN < t->count ? best + CHILDREN : t->count;
    for (size_t child = best + 1; child < end; child++) {
        best = before(&t->entries[child], &t->entries[best]) ? child : best;
    }
    return best;
}

static void sink(struct timers *t, size_t at) {
    struct timers_entry entry = t->entries[at];
    for (;;) {
        size_t child = first_child(t, at);
        if (child >= t->count) {
            break;
        }
        if (!before(&t->entries[child], &entry)) {
            break;
        }
        put(t, at, t->entries[child]);
        at = child;
    }
    put(t, at, entry);
}

void timers_set(struct timers *t, struct timer *timer, int64_t deadline_ns) {
    if (timer->place == 0) {
        assert(t->count < t->capacity);
        t->entries[t->count] = (struct timers_entry){.timer = timer};
        timer->place = (uint32_t)++t->count;
    }
    size_t at = timer->place - 1;
    timer->deadline_ns = deadline_ns;
    t->entries[at].deadline_ns = deadline_ns;
    rise(t, at);
    sink(t, timer->place - 1);
}

void timers_remove(struct timers *t, struct timer *timer) {
    if (timer->place == 0) {
        return;
    }
    size_t at = timer->place - 1;
    timer->place = 0;
    t->count--;
    if (at < t->count) {
        struct timer *moved = t->entries[t->count].timer;
        put(t, at, t->entries[t->count]);
        rise(t, at);
        sink(t, moved->place - 1);
    }
}

struct timer *timers_first(const struct timers *t) {
    return t->count ? t->entries[0].timer : NULL;
}

void timers_level(struct timers *t, int64_t deadline_ns) {
    for (size_t i = 0; i < t->count; i++) {
        t->entries[i].deadline_ns = deadline_ns;
        t->entries[i].timer->deadline_ns = deadline_ns;
    }
    for (size_t i = t->count / 2; i-- > 0;) {
        sink(t, i);
    }
}
