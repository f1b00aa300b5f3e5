/* SPDX-License-Identifier: Apache-2.0 */
/* The table as a whole: how it is made, what it counts, how it goes. */
#include "reassembly/flow_table.h"

#include <stdlib.h>

static size_t share(size_t limit) {
    size_t part = limit / HARK_PARTITIONS;
    return part ? part : 1;
}

struct flow_table *flow_table_new(const struct limits *limits, struct memory *memory,
                                  const struct consumer_ops *ops, void *environment) {
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t) {
        return NULL;
    }
    t->limits = *limits;
    t->reassembler = (struct reassembler){.limits = &t->limits, .ops = ops, .environment = environment};
    t->memory = memory;
    t->due_ns = INT64_MIN;
    hash_secret_make(&t->reassembler.secret);
    page_pool_init(&t->reassembler.pages, memory, share(limits->held_bytes));
    flow_index_init(&t->index, memory);
    timers_init(&t->timers, memory);
    pool_init(&t->flows, memory, sizeof(struct flow), share(limits->flows));
    pool_last(&t->flows);
    pool_init(&t->embryos, memory, sizeof(struct embryo), share(limits->flows));
    pool_init(&t->sessions, memory, sizeof(struct session), share(limits->flows) + 1); /* a spare one */
    for (unsigned size = 0; size < GRAVE_SIZES; size++) {
        pool_init(&t->graves[size], memory, session_grave_bytes(size), share(limits->flows));
    }
    flow_doze_init(t);
    return t;
}

void flow_table_lend(struct flow_table *t, struct lasting *lasting) {
    page_pool_lend(&t->reassembler.pages, lasting);
}

void flow_table_free(struct flow_table *t) {
    if (!t) {
        return;
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        while (t->lists[kind].first) {
            flow_remove(t, t->lists[kind].first);
        }
    }
    flow_doze_fini(t);
    pool_fini(&t->flows);
    pool_fini(&t->embryos);
    pool_fini(&t->sessions);
    for (unsigned size = 0; size < GRAVE_SIZES; size++) {
        pool_fini(&t->graves[size]);
    }
    page_pool_fini(&t->reassembler.pages);
    timers_fini(&t->timers);
    flow_index_fini(&t->index);
    free(t);
}

size_t flow_table_count(const struct flow_table *t) {
    return t->flows.used - t->grave_count;
}

void flow_table_counts(const struct flow_table *t, struct flow_counts *counts) {
    *counts = t->reassembler.counts;
}
