/* SPDX-License-Identifier: Apache-2.0 */
/* Flows that nobody has used for a while keep their session as an image. Who is to doze next stands in the
 * lists, where the flows unused for longest come first. */
#include "reassembly/flow_table.h"

#include <stdlib.h>

enum {
    DOZES_A_PACKET = 1, /* of a kind: as many as wake or come */
    DOZES_FOR_MEMORY = 2,
    SOONER_LEAST = 256, /* of a table dozing: so many connections are in no cache anyway */
    DOZES_A_TICK = 64,
    TICK_SHARE =
        4, /* of the time until they doze flows wait longer for a packet, which has use for what they leave */
};

void flow_doze_init(struct flow_table *t) {
    for (size_t i = 0; i < DOZE_SIZES; i++) {
        pool_init(&t->doze.images[i], t->memory, (i + 1) * DOZE_STEP, SIZE_MAX);
        pool_last(&t->doze.images[i]);
    }
}

void flow_doze_fini(struct flow_table *t) {
    for (size_t i = 0; i < DOZE_SIZES; i++) {
        pool_fini(&t->doze.images[i]);
    }
    if (t->doze.spare) {
        pool_give(&t->sessions, t->doze.spare);
        t->doze.spare = NULL;
    }
    free(t->doze.likeness);
}

static bool has_likeness(struct flow_table *t) {
    if (!t->doze.likeness) {
        t->doze.likeness = malloc(sizeof *t->doze.likeness);
        if (t->doze.likeness) {
            likeness_init(&t->doze.likeness->with_consumer);
            likeness_init(&t->doze.likeness->without);
        }
    }
    return t->doze.likeness;
}

void flow_give_session(struct flow_table *t, struct session *x) {
    if (t->doze.count && !t->doze.spare) {
        t->doze.spare = x;
        return;
    }
    pool_give(&t->sessions, x);
}

/* What it was made of is awake. */
static void drop_image(struct flow_table *t, struct flow *f) {
    pool_give(&t->doze.images[f->image_size], f->kept.image);
    f->stage = STAGE_BARE;
    t->doze.count--;
}

/* False: something is under way, or it would not pay. */
static bool doze(struct flow_table *t, struct flow *f) {
    struct session *x = flow_session(f);
    if (!x || f->older || f->newer || !has_likeness(t)) {
        return false;
    }
    uint8_t image[SESSION_IMAGE_MOST];
    size_t len = session_image(&t->reassembler, x, t->doze.likeness, f->touched_ns, image);
    if (len == 0 || len > (size_t)DOZE_SIZES * DOZE_STEP) {
        return false;
    }
    size_t size = (len - 1) / DOZE_STEP;
    uint8_t *kept = pool_take(&t->doze.images[size]);
    if (!kept) {
        return false;
    }
    memcpy(kept, image, len);
    f->kept.image = kept;
    f->image_size = (uint8_t)size;
    f->stage = STAGE_IMAGE;
    session_leave(&t->reassembler, x);
    t->doze.count++;
    flow_give_session(t, x);
    flow_attribute(t, f);
    return true;
}

bool flow_wake(struct flow_table *t, struct flow *f, bool must) {
    struct session *x = pool_take(&t->sessions);
    if (!x && must) {
        x = t->doze.spare;
        t->doze.spare = NULL;
    }
    if (!x) {
        return false;
    }
    const struct session_identity identity = {&f->key, f->timer.ordinal, f->incarnation, f};
    if (!session_wake(&t->reassembler, x, &identity, t->doze.likeness, f->touched_ns, f->kept.image, must)) {
        flow_give_session(t, x);
        return false;
    }
    drop_image(t, f);
    flow_keep_session(f, x);
    return true;
}

void flow_doze_again(struct flow_table *t, struct flow *f) {
    (void)doze(t, f);
}

/* What was not used for a second is in no cache: the flows that come next are asked for ahead of their turn,
 * each piece when that which leads to it is there. */
static void prefetch_next(const struct flow *f) {
    for (int ahead = 1; f && ahead <= 3; f = f->next, ahead++) {
        const struct session *x = ahead < 3 ? flow_session(f) : NULL;
        if (ahead == 3) {
            prefetch_now(f, sizeof *f);
        } else if (ahead == 2 && x) {
            prefetch_now(x, sizeof *x);
        } else if (x && x->audience == AUDIENCE_OPEN) {
            prefetch_now(x->consumer, CONSUMER_BYTES);
        }
    }
}

void flow_prefetch(const struct flow *f) {
    if (flow_dozes(f)) {
        prefetch_now(f->kept.image, ((size_t)f->image_size + 1) * DOZE_STEP);
        __builtin_prefetch(f->previous);
        __builtin_prefetch(f->next);
    }
}

/* The next flow of the list that has not dozed or refused to since it was used; NULL when there is none that
 * was not used since `before_ns`. */
static struct flow *next_awake(struct flow_list *list, int64_t before_ns) {
    struct flow *f = list->awake;
    if (!f || f->touched_ns > before_ns) {
        return NULL;
    }
    list->awake = f->next;
    return f;
}

static const enum flow_kind dozing_kinds[] = {KIND_OPEN, KIND_HALF};
enum { DOZING_KINDS = sizeof dozing_kinds / sizeof dozing_kinds[0] };

static void doze_some(struct flow_table *t, const struct flow *spared, int64_t before_ns, unsigned most) {
    for (size_t i = 0; i < DOZING_KINDS; i++) {
        struct flow_list *list = &t->lists[dozing_kinds[i]];
        struct flow *f;
        for (unsigned left = most; left > 0 && (f = next_awake(list, before_ns)); left--) {
            if (left > 1) {
                prefetch_next(list->awake);
            }
            if (f != spared) {
                (void)doze(t, f);
            }
        }
    }
}

/* How long one must not have been used until a packet lets it doze. Where most of many doze, it will in the
 * end, and does so as soon as its sightings mean nothing any more: the image is as small then, and fewer are
 * awake. */
static int64_t idle_until_doze(const struct flow_table *t) {
    int64_t most = t->limits.flow_doze_ns, least = most / 2;
    int64_t forgets = t->limits.skew_ns + t->limits.skew_ns / 8;
    if (t->doze.count < SOONER_LEAST || t->doze.count <= t->flows.used / 2 || forgets > most) {
        return most;
    }
    return forgets < least ? least : forgets;
}

void flow_doze_packet(struct flow_table *t) {
    if (t->reassembler.clock_ns < t->doze.none_before_ns) {
        return;
    }
    int64_t idle_ns = idle_until_doze(t);
    doze_some(t, NULL, t->reassembler.clock_ns - idle_ns, DOZES_A_PACKET);
    /* Lists are in the order of use, and what is used from now on is used later than all. */
    int64_t least_ns = t->reassembler.clock_ns;
    for (size_t i = 0; i < DOZING_KINDS; i++) {
        const struct flow *f = t->lists[dozing_kinds[i]].awake;
        least_ns = f && f->touched_ns < least_ns ? f->touched_ns : least_ns;
    }
    t->doze.none_before_ns = least_ns + idle_ns;
}

void flow_doze_foresee(const struct flow_table *t, int64_t time_ns, enum flow_foresight step,
                       struct prefetch *prefetch) {
    const struct flow *f = t->lists[KIND_OPEN].awake;
    if (!f) {
        return;
    }
    if (step == FORESEE_FLOW) {
        prefetch_now(f, sizeof *f);
    } else if (f->touched_ns <= time_ns + t->reassembler.bias_ns - idle_until_doze(t)) {
        flow_foresee_doze(t, f, step, prefetch);
        if (step == FORESEE_KEPT && f->next) {
            prefetch_add(prefetch, &f->next->touched_ns, sizeof f->next->touched_ns);
        }
    }
}

void flow_doze_tick(struct flow_table *t) {
    int64_t idle_ns = t->limits.flow_doze_ns + t->limits.flow_doze_ns / TICK_SHARE;
    doze_some(t, NULL, t->reassembler.clock_ns - idle_ns, DOZES_A_TICK);
    memory_trim(t->memory);
    page_pool_trim(&t->reassembler.pages);
}

void flow_doze_for_memory(struct flow_table *t, const struct flow *spared) {
    doze_some(t, spared, t->reassembler.clock_ns, DOZES_FOR_MEMORY);
}
