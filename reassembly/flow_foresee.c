/* SPDX-License-Identifier: Apache-2.0 */
/* Each step finds its way from the index again: what stands in between may have gone, the slots as well. */
#include "reassembly/flow_table.h"

#include <stddef.h>

/* Of a flow that dozes. */
static void foresee_image(const struct flow_table *t, const struct flow *f, struct prefetch *prefetch) {
    prefetch_add(prefetch, &t->doze.images[f->image_size], sizeof t->doze.images[0]);
    prefetch_add(prefetch, f->kept.image, ((size_t)f->image_size + 1) * DOZE_STEP);
    if (f->previous) {
        prefetch_add(prefetch, &f->previous->next, 1);
    }
    if (f->next) {
        prefetch_add(prefetch, &f->next->previous, 1);
    }
}

static void foresee_consumer(const struct flow_table *t, const struct session *x, struct prefetch *prefetch) {
    if (x->audience == AUDIENCE_OPEN && t->reassembler.ops->foresee) {
        t->reassembler.ops->foresee(x->consumer, prefetch);
    }
}

void flow_foresee_doze(const struct flow_table *t, const struct flow *f, enum flow_foresight step,
                       struct prefetch *prefetch) {
    const struct session *x = flow_session(f);
    if (x && step == FORESEE_KEPT) {
        prefetch_add(prefetch, x, sizeof *x);
    } else if (x) {
        foresee_consumer(t, x, prefetch);
    }
}

/* The flow gets a packet. */
static void foresee_packet(const struct flow_table *t, const struct flow *f, enum flow_foresight step,
                           struct prefetch *prefetch) {
    const struct session *x = flow_session(f);
    if (x && step == FORESEE_KEPT) {
        session_prefetch(x, prefetch);
    } else if (x) {
        foresee_consumer(t, x, prefetch);
    } else if (flow_dozes(f) && step == FORESEE_KEPT) {
        foresee_image(t, f, prefetch);
    } else if (flow_dozes(f)) {
        pool_foresee_last(&t->doze.images[f->image_size], prefetch);
    }
}

/* The pools of images are many, and most of them not used. */
static void foresee_table(const struct flow_table *t, struct prefetch *prefetch) {
    size_t rest = offsetof(struct flow_table, doze) + sizeof t->doze.images;
    prefetch_add(prefetch, t, offsetof(struct flow_table, doze));
    prefetch_add(prefetch, (const char *)t + rest, sizeof *t - rest);
}

/* One is to wake, another to doze. */
static void foresee_doze(const struct flow_table *t, struct prefetch *prefetch) {
    const struct consumer_doze *consumers = t->reassembler.ops->doze;
    if (t->doze.likeness) {
        likeness_prefetch(&t->doze.likeness->with_consumer, prefetch);
    }
    if (consumers && consumers->foresee) {
        consumers->foresee(t->reassembler.environment, prefetch);
    }
}

static void foresee_flow(const struct flow_table *t, uint32_t tag, int64_t time_ns, enum flow_foresight step,
                         struct prefetch *prefetch) {
    static_assert(offsetof(struct flow, key) == 0, "the index gives back the key, thus the flow");
    const struct flow *f = (const struct flow *)flow_index_first(&t->index, tag);
    if (f && step == FORESEE_FLOW) {
        prefetch_now(f, sizeof *f);
    } else if (f) {
        foresee_packet(t, f, step, prefetch);
    }
    bool dozes = f && flow_dozes(f);
    if (!f || step == FORESEE_FLOW || dozes) {
        flow_doze_foresee(t, time_ns, step, prefetch);
    }
    if (dozes && step == FORESEE_CONSUMER) {
        foresee_doze(t, prefetch);
    }
}

void flow_table_foresee(const struct flow_table *t, const struct packet *p, uint64_t hash, uint32_t *tag,
                        enum flow_foresight step, struct prefetch *prefetch) {
    switch (step) {
    case FORESEE_TABLE:
        foresee_table(t, prefetch);
        break;
    case FORESEE_SLOT:
        *tag = flow_index_tag(flow_key_hash_secret(&p->key, hash, &t->reassembler.secret));
        flow_index_prefetch(&t->index, *tag);
        break;
    case FORESEE_FLOW:
    case FORESEE_KEPT:
    case FORESEE_CONSUMER:
        foresee_flow(t, *tag, p->time_ns, step, prefetch);
        break;
    }
}
