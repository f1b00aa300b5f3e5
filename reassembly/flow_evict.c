/* SPDX-License-Identifier: Apache-2.0 */
/* Who gives way when the table or its memory is full. */
#include "reassembly/flow_table.h"

enum {
    NEWCOMERS_SHARE = 8, /* embryos and halves below this part of the memory in use are spared */
    EVICTIONS_A_PACKET = 8,
    VICTIMS_WEIGHED = 8,
};

void flow_list_remove(struct flow_table *t, struct flow *f) {
    struct flow_list *list = &t->lists[f->kind];
    *(f->previous ? &f->previous->next : &list->first) = f->next;
    *(f->next ? &f->next->previous : &list->last) = f->previous;
    list->awake = list->awake == f ? f->next : list->awake;
    list->bytes -= f->bytes;
    t->bytes -= f->bytes;
}

void flow_list_append(struct flow_table *t, struct flow *f) {
    struct flow_list *list = &t->lists[f->kind];
    f->next = NULL;
    f->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = f;
    list->last = f;
    list->awake = list->awake ? list->awake : f;
    list->bytes += f->bytes;
    t->bytes += f->bytes;
    f->touched_ns = t->reassembler.clock_ns;
}

static enum flow_kind kind_of(const struct flow *f) {
    const struct session *x = flow_session(f);
    if (flow_dozes(f)) {
        return (enum flow_kind)f->kind;
    }
    if (flow_grave(f)) {
        return KIND_CLOSED;
    }
    if (!x) {
        return KIND_EMBRYO;
    }
    if (x->state == SESSION_CLOSED) {
        return KIND_CLOSED;
    }
    return x->streams[0].data_seen && x->streams[1].data_seen ? KIND_OPEN : KIND_HALF;
}

void flow_classify(struct flow_table *t, struct flow *f) {
    flow_attribute(t, f);
    enum flow_kind kind = kind_of(f);
    if (kind != f->kind) {
        flow_list_remove(t, f);
        f->kind = (uint8_t)kind;
        flow_list_append(t, f);
    }
}

/* Of the flows of a kind that were unused for longest, the one with most memory: a flood of heavy ones does
 * not push out what is merely older. */
static struct flow *heaviest(const struct flow_list *list, const struct flow *spared) {
    struct flow *best = NULL;
    int seen = 0;
    for (struct flow *f = list->first; f && seen < VICTIMS_WEIGHED; f = f->next, seen++) {
        if (f != spared && (!best || f->bytes > best->bytes)) {
            best = f;
        }
    }
    return best;
}

/* The flow that is to pay; `spared` (or NULL) is not. */
static struct flow *find_victim(struct flow_table *t, const struct flow *spared) {
    size_t bytes = t->bytes;
    for (int round = 0; round < 2; round++) {
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            const struct flow_list *list = &t->lists[kind];
            bool newcomers = kind == KIND_EMBRYO || kind == KIND_HALF;
            if (round == 0 && newcomers && list->bytes <= bytes / NEWCOMERS_SHARE) {
                continue;
            }
            struct flow *victim = heaviest(list, spared);
            if (victim) {
                return victim;
            }
        }
    }
    return NULL;
}

void flow_evict(struct flow_table *t) {
    struct flow *f = find_victim(t, NULL);
    if (f) {
        t->reassembler.counts.cap_flows++;
        flow_end(t, f, END_EVICTED);
    }
}

void flow_relieve(struct flow_table *t, struct flow *f) {
    size_t cap = t->memory->cap;
    if (f && f->bytes > cap / FLOW_SHARE) {
        t->reassembler.counts.cap_flow_memory++;
        flow_end(t, f, END_EVICTED);
        f = NULL;
    }
    for (int i = 0; i < EVICTIONS_A_PACKET && memory_left(t->memory) < cap / FLOW_RESERVE_SHARE; i++) {
        flow_doze_for_memory(t, f);
    }
    for (int i = 0; i < EVICTIONS_A_PACKET && memory_left(t->memory) < cap / FLOW_RESERVE_SHARE; i++) {
        struct flow *victim = find_victim(t, f);
        if (!victim) {
            return;
        }
        t->reassembler.counts.cap_memory++;
        flow_end(t, victim, END_EVICTED);
    }
}
