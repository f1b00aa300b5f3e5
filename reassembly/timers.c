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
    memory_free(t->memory, t->entries, t->capacity * sizeof *t->entries);
    memory_free(t->memory, (void *)t->queue, t->queue_capacity * sizeof(struct timer *));
    timers_init(t, t->memory);
}

bool timers_reserve(struct timers *t, size_t count) {
    if (count <= t->capacity) {
        return true;
    }
    if (count > TIMERS_MOST) {
        return false;
    }
    size_t capacity = t->capacity ? t->capacity : FIRST_CAPACITY;
    while (capacity < count) {
        capacity += capacity / 4; /* a partition has many */
    }
    struct timers_entry *entries =
        memory_resize(t->memory, t->entries, t->capacity * sizeof *entries, capacity * sizeof *entries);
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

static struct timer **queued(const struct timers *t, uint32_t place) {
    return &t->queue[place & (t->queue_capacity - 1)];
}

static uint32_t next_place(uint32_t place, int step) {
    return (place + (uint32_t)step) & ~TIMERS_QUEUED;
}

static void leave_queue(struct timers *t, struct timer *timer) {
    *queued(t, timer->place & ~TIMERS_QUEUED) = NULL;
    timer->place = 0;
    t->queue_count--;
    while (t->queue_first != t->queue_end && !*queued(t, t->queue_first)) {
        t->queue_first = next_place(t->queue_first, 1);
    }
    while (t->queue_first != t->queue_end && !*queued(t, next_place(t->queue_end, -1))) {
        t->queue_end = next_place(t->queue_end, -1);
    }
}

static bool is_queued(const struct timer *timer) {
    return timer->place & TIMERS_QUEUED;
}

/* At the heap's end, whatever its deadline. */
static void add(struct timers *t, struct timer *timer) {
    assert(t->count < t->capacity);
    t->entries[t->count] = (struct timers_entry){.timer = timer};
    timer->place = (uint32_t)++t->count;
}

void timers_set(struct timers *t, struct timer *timer, int64_t deadline_ns) {
    if (is_queued(timer)) {
        leave_queue(t, timer);
    }
    if (timer->place == 0) {
        add(t, timer);
    }
    size_t at = timer->place - 1;
    timer->deadline_ns = deadline_ns;
    t->entries[at].deadline_ns = deadline_ns;
    rise(t, at);
    sink(t, timer->place - 1);
}

/* Room for one more at the end, in a ring twice as large if need be. */
static bool queue_reserve(struct timers *t) {
    uint32_t span = (t->queue_end - t->queue_first) & ~TIMERS_QUEUED;
    if (span < t->queue_capacity) {
        return true;
    }
    uint32_t capacity = t->queue_capacity ? t->queue_capacity * 2 : FIRST_CAPACITY;
    struct timer **queue =
        capacity <= TIMERS_MOST ? memory_resize(t->memory, NULL, 0, capacity * sizeof *queue) : NULL;
    if (!queue) {
        return false;
    }
    for (uint32_t i = 0; i < span; i++) {
        uint32_t place = t->queue_first + i;
        queue[place & (capacity - 1)] = *queued(t, place);
    }
    memory_free(t->memory, (void *)t->queue, t->queue_capacity * sizeof *queue);
    t->queue = queue;
    t->queue_capacity = capacity;
    return true;
}

static bool is_before(const struct timer *a, const struct timer *b) {
    return a->deadline_ns != b->deadline_ns ? a->deadline_ns < b->deadline_ns : a->ordinal < b->ordinal;
}

static bool comes_last(const struct timers *t, const struct timer *timer) {
    return t->queue_count == 0 || t->last_deadline_ns < timer->deadline_ns ||
           (t->last_deadline_ns == timer->deadline_ns && t->last_ordinal < timer->ordinal);
}

void timers_append(struct timers *t, struct timer *timer, int64_t deadline_ns) {
    timers_remove(t, timer);
    timer->deadline_ns = deadline_ns;
    if (!comes_last(t, timer) || !queue_reserve(t)) {
        timers_set(t, timer, deadline_ns);
        return;
    }
    t->last_deadline_ns = deadline_ns;
    t->last_ordinal = timer->ordinal;
    *queued(t, t->queue_end) = timer;
    timer->place = TIMERS_QUEUED | t->queue_end;
    t->queue_end = next_place(t->queue_end, 1);
    t->queue_count++;
}

void timers_remove(struct timers *t, struct timer *timer) {
    if (timer->place == 0) {
        return;
    }
    if (is_queued(timer)) {
        leave_queue(t, timer);
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
    struct timer *first = t->count ? t->entries[0].timer : NULL;
    struct timer *queue_first = t->queue_count ? *queued(t, t->queue_first) : NULL;
    return queue_first && (!first || is_before(queue_first, first)) ? queue_first : first;
}

void timers_level(struct timers *t, int64_t deadline_ns) {
    while (t->queue_count) {
        struct timer *timer = *queued(t, t->queue_first);
        leave_queue(t, timer);
        add(t, timer);
    }
    for (size_t i = 0; i < t->count; i++) {
        t->entries[i].deadline_ns = deadline_ns;
        t->entries[i].timer->deadline_ns = deadline_ns;
    }
    for (size_t i = t->count / 2; i-- > 0;) {
        sink(t, i);
    }
}
