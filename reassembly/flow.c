/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/flow_table.h"
#include "reassembly/session_behind.h"
#include "reassembly/session_ending.h"
#include "reassembly/session_opening.h"
#include "reassembly/session_steady.h"

#include <assert.h>
#include <stddef.h>

/* A flow moves in its list at most this often: its place is right within it, and most packets of a busy flow
 * touch no neighbours. */
#define TOUCH_NS (100 * NS_PER_MILLISECOND)

void flow_remove(struct flow_table *t, struct flow *f) {
    if (t->recent == f) {
        t->recent = NULL;
    }
    flow_keep_nothing(t, f);
    flow_list_remove(t, f);
    timers_remove(&t->timers, &f->timer);
    if (f->newer) {
        f->newer->older = f->older;
    } else {
        flow_index_remove(&t->index, f->tag, &f->key);
    }
    if (f->older) {
        f->older->newer = f->newer;
    }
    if (f->older && !f->newer) {
        f->older->last_incarnation = f->last_incarnation;
        flow_index_add(&t->index, f->older->tag, &f->older->key);
    }
    pool_give(&t->flows, f);
}

static struct session_event flow_next_event(const struct flow_table *t, const struct flow *f) {
    if (flow_session(f)) {
        return session_next_event(&t->reassembler, flow_session(f));
    }
    const struct session_grave *grave = flow_grave(f);
    if (grave) {
        return (struct session_event){.kind = EVENT_LINGERED,
                                      .deadline_ns = grave->closed_ns + t->limits.flow_linger_ns};
    }
    return (struct session_event){.kind = EVENT_IDLE, .deadline_ns = f->touched_ns + t->limits.flow_idle_ns};
}

/* After anything that happened to a flow: what it is and has, and its deadline. */
static void settle(struct flow_table *t, struct flow *f) {
    flow_bury(t, f);
    flow_classify(t, f);
    struct session *x = flow_session(f);
    if (x) {
        x->steady = session_is_steady(x);
        x->waits_usually = !x->steady && session_waits_usually(x);
        x->ends_usually = !x->steady && session_ends_usually(x);
        /* Its one deadline is that of being idle, which only moves later. */
        if (x->steady && f->timer.place != 0 && !x->streams[0].passed && !x->streams[1].passed) {
            return;
        }
    }
    int64_t deadline_ns = flow_next_event(t, f).deadline_ns;
    if (f->timer.place != 0 && deadline_ns >= timers_deadline(&f->timer)) {
        return;
    }
    if (flow_grave(f)) {
        timers_append(&t->timers, &f->timer, deadline_ns); /* they all wait equally long */
    } else {
        timers_set(&t->timers, &f->timer, deadline_ns);
    }
}

void flow_end(struct flow_table *t, struct flow *f, enum end_reason reason) {
    if (flow_dozes(f)) {
        (void)flow_wake(t, f, true);
    }
    if (flow_session(f)) {
        session_finish(&t->reassembler, flow_session(f), reason);
    } else if (!flow_grave(f)) {
        t->reassembler.counts.closed[reason]++;
        t->reassembler.counts.open_now--;
    }
    flow_remove(t, f);
}

static struct flow *flow_take(struct flow_table *t, const struct packet *opener) {
    if (!flow_index_reserve(&t->index) || !timers_reserve(&t->timers, timers_count(&t->timers) + 1)) {
        return NULL;
    }
    struct flow *f = pool_take(&t->flows);
    if (!f) {
        return NULL;
    }
    *f = (struct flow){.key = opener->key, .timer = {.ordinal = opener->ordinal}, .kind = KIND_EMBRYO};
    flow_list_append(t, f);
    t->reassembler.counts.opened++;
    t->reassembler.counts.open_now++;
    return f;
}

static struct flow *flow_open(struct flow_table *t, const struct packet *p, uint32_t tag) {
    if (t->flows.used == t->flows.cap) {
        flow_evict(t);
    }
    struct flow *f = flow_take(t, p);
    if (f) {
        f->tag = tag;
        flow_index_add(&t->index, f->tag, &f->key);
    }
    return f;
}

/* Makes room for one more connection with the key: the oldest one is not remembered any longer. Returns the
 * newest one left. */
static struct flow *forget_oldest(struct flow_table *t, struct flow *newest) {
    struct flow *oldest = newest;
    unsigned count = 1;
    while (oldest->older) {
        oldest = oldest->older;
        count++;
    }
    if (count < t->limits.incarnations && t->flows.used < t->flows.cap) {
        return newest;
    }
    t->reassembler.counts.cap_flows++;
    flow_session(oldest)->reused_ns = t->reassembler.clock_ns;
    flow_end(t, oldest, END_REUSED);
    return oldest == newest ? NULL : newest;
}

/* The key of `f`, the newest connection with it, begins a new one with `opener`. `f` lives on for its late
 * packets, as long as there is room. NULL without memory. */
static struct flow *succeed(struct flow_table *t, struct flow *f, const struct packet *opener) {
    uint32_t tag = f->tag; /* the same for both directions */
    uint32_t incarnation = f->last_incarnation + 1;
    f = forget_oldest(t, f);
    struct session *x = pool_take(&t->sessions);
    struct flow *next = x ? flow_take(t, opener) : NULL;
    if (!next) {
        if (x) {
            pool_give(&t->sessions, x);
        }
        return NULL;
    }
    if (f) {
        f->newer = next;
        next->older = f;
        flow_index_remove(&t->index, tag, &f->key);
        flow_session(f)->reused_ns = t->reassembler.clock_ns;
        session_pump(&t->reassembler, flow_session(f)); /* its FINs are certain now */
        settle(t, f);
    }
    next->tag = tag;
    flow_index_add(&t->index, tag, &next->key);
    next->incarnation = next->last_incarnation = incarnation;
    flow_keep_session(next, x);
    session_init(x, &next->key, next->timer.ordinal, incarnation, next);
    t->reassembler.counts.reused++;
    return next;
}

static struct flow *begin_with_candidate(struct flow_table *t, struct flow *f) {
    struct session *x = flow_session(f);
    enum direction from = x->candidate_direction;
    struct flow_key key = from == DIRECTION_0 ? x->connection.key : flow_key_reverse(&x->connection.key);
    struct packet opener;
    bool done;
    embryo_packet_restore(&x->candidate, &key, &opener);
    /* The same network: the tunnels are those that the direction went through before. */
    if (x->connection.path_seen[from]) {
        packet_path_copy_tunnels(&opener.path, &x->connection.path[from]);
    }
    flow_session(f)->candidate_set = false;
    f = succeed(t, f, &opener);
    if (f) {
        session_check(&t->reassembler, flow_session(f), DIRECTION_0, &opener, &done);
        session_packet(&t->reassembler, flow_session(f), DIRECTION_0, &opener);
    }
    return f;
}

static enum direction direction_of(const struct flow *f, const struct packet *p) {
    return flow_key_equal(&f->key, &p->key) ? DIRECTION_0 : DIRECTION_1;
}

/* Of the connections with the packet's key, the one that its numbers are nearest to. */
static struct flow *nearest(struct flow *newest, enum direction *direction, const struct packet *p) {
    struct flow *best = newest;
    enum direction d = *direction, best_d = d;
    uint64_t least = session_distance(flow_session(newest), d, p);
    if (flow_session(newest)->continuation && least <= STREAM_BEHIND_REACH) {
        return newest;
    }
    for (struct flow *f = newest->older; f && least > 0; f = f->older) {
        d = direction_of(f, p);
        uint64_t distance = session_distance(flow_session(f), d, p);
        if (distance < least) {
            best = f;
            best_d = d;
            least = distance;
        }
    }
    if (best == newest || session_claim(flow_session(best), best_d, p) != CLAIM_OURS) {
        return newest;
    }
    *direction = best_d;
    return best;
}

/* `*flow` becomes the one that the packet belongs to, or NULL when there is none. */
static enum flow_fate process(struct flow_table *t, struct flow **flow, enum direction d,
                              const struct packet *p) {
    struct reassembler *r = &t->reassembler;
    struct session *x = flow_session(*flow);
    bool done;
    enum flow_fate fate = session_check(r, x, d, p, &done);
    if (done) {
        return fate;
    }
    switch (session_claim(x, d, p)) {
    case CLAIM_OURS:
        return session_packet(r, x, d, p);
    case CLAIM_LATER:
    case CLAIM_STRAY:
        x->connection.counts[d].packets++;
        return p->payload.len + p->cut > 0 ? FLOW_INVALID : FLOW_CONTROL;
    case CLAIM_NEW:
        *flow = succeed(t, *flow, p);
        break;
    case CLAIM_GOES_ON:
        *flow = succeed(t, *flow, p);
        if (*flow) {
            flow_session(*flow)->continuation = true;
        }
        break;
    case CLAIM_CANDIDATE:
        *flow = begin_with_candidate(t, *flow);
        break;
    }
    if (!*flow) {
        return FLOW_NO_MEMORY;
    }
    d = direction_of(*flow, p);
    session_check(r, flow_session(*flow), d, p, &done);
    return session_packet(r, flow_session(*flow), d, p);
}

static __attribute__((noinline)) void move_last(struct flow_table *t, struct flow *f) {
    flow_list_remove(t, f);
    flow_list_append(t, f);
}

static void touch(struct flow_table *t, struct flow *f, bool woken) {
    if (woken || t->reassembler.clock_ns - f->touched_ns >= TOUCH_NS) {
        move_last(t, f);
    }
}

static enum flow_fate packet_of_flow(struct flow_table *t, struct flow **flow, enum direction d,
                                     const struct packet *p) {
    struct flow *f = *flow;
    if (!flow_session(f)) {
        if (f->stage == STAGE_BARE && flow_stays_embryo(t, f, d, p)) {
            return FLOW_CONTROL;
        }
        bool answered = flow_embryo(f) && flow_embryo(f)->count > 1;
        if (!flow_hatch(t, f)) {
            return FLOW_NO_MEMORY;
        }
        if (answered && session_opening_ack(&t->reassembler, flow_session(f), d, p)) {
            return FLOW_CONTROL;
        }
    }
    return process(t, flow, d, p);
}

/* What a single wild time stamp says is not believed; a jump that is true comes with a tick first. */
static void see_time(struct flow_table *t, int64_t time_ns) {
    struct reassembler *r = &t->reassembler;
    int64_t clock_ns = time_ns + r->bias_ns;
    if (!t->clock_started || (clock_ns > r->clock_ns && clock_ns - r->clock_ns <= t->limits.clock_jump_ns)) {
        r->clock_ns = clock_ns;
        t->clock_started = true;
    }
}

static struct flow *flow_of_timer(struct timer *timer) {
    return (struct flow *)(void *)((char *)timer - offsetof(struct flow, timer));
}

static void fire(struct flow_table *t, struct flow *f) {
    bool dozed = flow_dozes(f) && flow_wake(t, f, true);
    struct session_event event = flow_next_event(t, f);
    if (event.deadline_ns > timers_deadline(&f->timer)) {
        timers_set(&t->timers, &f->timer, event.deadline_ns);
        if (dozed) {
            flow_doze_again(t, f);
        }
        return;
    }
    if (event.kind == EVENT_IDLE || event.kind == EVENT_LINGERED) {
        struct flow *newer = f->newer;
        flow_end(t, f, END_IDLE);
        if (newer) {
            settle(t, newer); /* closed as well it may rest now */
        }
        return;
    }
    session_perform(&t->reassembler, flow_session(f), &event);
    timers_remove(&t->timers, &f->timer);
    settle(t, f);
    flow_relieve(t, f);
}

/* The last packet's flow, if this packet is of it, too. */
static struct flow *recent(const struct flow_table *t, const struct packet *p, uint64_t hash,
                           enum direction *d) {
    struct flow *f = t->recent;
    return f && hash == t->recent_hash && !f->newer && flow_index_matches(&f->key, &p->key, d) ? f : NULL;
}

struct found {
    struct flow *flow; /* NULL: none */
    enum direction d;
};

/* The newest flow with the packet's key, with nothing left that is due. */
static __attribute__((noinline)) struct found look_up(struct flow_table *t, const struct packet *p,
                                                      uint64_t hash) {
    static_assert(offsetof(struct flow, key) == 0, "the index gives back the key, thus the flow");
    for (;;) {
        enum direction d = DIRECTION_0;
        struct flow *f = recent(t, p, hash, &d);
        if (!f) {
            pool_foresee_take(&t->flows);
            uint64_t secret = flow_key_hash_secret(&p->key, hash, &t->reassembler.secret);
            f = (struct flow *)flow_index_find(&t->index, secret, &p->key, &d);
            t->recent = f;
            t->recent_hash = hash;
            t->recent_tag = flow_index_tag(secret);
        }
        if (!f || timers_deadline(&f->timer) > t->due_ns) {
            return (struct found){.flow = f, .d = d};
        }
        fire(t, f);
    }
}

/* The same, as fast where it is the last packet's. */
static struct found find(struct flow_table *t, const struct packet *p, uint64_t hash) {
    enum direction d = DIRECTION_0;
    struct flow *f = recent(t, p, hash, &d);
    bool at_once = f && timers_deadline(&f->timer) > t->due_ns;
    return at_once ? (struct found){.flow = f, .d = d} : look_up(t, p, hash);
}

/* The short way where bytes wait. */
static bool packet_behind(struct flow_table *t, struct flow *f, enum direction d, const struct packet *p,
                          enum flow_fate *fate) {
    struct session *x = flow_session(f);
    bool settled;
    if (!x || !x->waits_usually || f->older) {
        return false;
    }
    if (!session_behind_packet(&t->reassembler, x, d, p, fate, &settled)) {
        return false;
    }
    if (settled) {
        flow_attribute(t, f);
    } else {
        settle(t, f);
    }
    return true;
}

/* The short way at the end. */
static bool packet_at_end(struct flow_table *t, struct flow *f, enum direction d, const struct packet *p,
                          enum flow_fate *fate) {
    struct session *x = flow_session(f);
    if (!x || !(x->ends_usually || x->steady) || f->older) {
        return false;
    }
    *fate = session_ending_packet(&t->reassembler, x, d, p);
    if (*fate == FLOW_FATES) {
        return false;
    }
    if (x->state == SESSION_CLOSED) {
        settle(t, f);
        return true;
    }
    flow_attribute(t, f);
    /* only a FIN brings a deadline that is not later than those before */
    pool_foresee_take(&t->graves[0]); /* it may be over soon */
    int64_t deadline_ns = p->flags & TCP_FIN ? session_fin_deadline(&t->reassembler, x, d) : INT64_MAX;
    if (deadline_ns < timers_deadline(&f->timer)) {
        timers_set(&t->timers, &f->timer, deadline_ns);
    }
    return true;
}

/* `*flow`: the one found for the packet; becomes the one that it belonged to, NULL without. */
static enum flow_fate packet_of_table(struct flow_table *t, const struct packet *p, enum direction d,
                                      struct flow **flow) {
    struct flow *f = *flow;
    *flow = NULL;
    if (f) {
        flow_prefetch(f);
    }
    if (f && f->older) {
        f = nearest(f, &d, p);
    }
    if (!f) {
        if (session_flags_impossible(p)) {
            return FLOW_INVALID;
        }
        if (p->unwanted) {
            t->reassembler.counts.shed_bytes += p->payload.len;
            return FLOW_SHED;
        }
        if (p->flags & TCP_RST) {
            return FLOW_CONTROL;
        }
        flow_doze_packet(t);
        f = flow_open(t, p, t->recent_tag); /* it was just looked up */
        if (!f) {
            return FLOW_NO_MEMORY;
        }
        t->recent = f;
    }
    bool dozed = flow_dozes(f);
    if (dozed) {
        flow_doze_packet(t); /* the memory that it leaves is near, and what wakes is made there */
        if (!flow_wake(t, f, false)) {
            return FLOW_NO_MEMORY;
        }
    }
    touch(t, f, dozed);
    if (flow_grave(f) && !flow_exhume(t, f)) {
        return FLOW_NO_MEMORY;
    }
    if (flow_embryo(f) && flow_stays_embryo(t, f, d, p)) {
        *flow = f; /* as it was, and idle no earlier */
        return FLOW_CONTROL;
    }
    enum flow_fate fate;
    if (!packet_behind(t, f, d, p, &fate) && !packet_at_end(t, f, d, p, &fate)) {
        fate = packet_of_flow(t, &f, d, p);
        if (f) {
            settle(t, f);
        }
    }
    *flow = f;
    return fate;
}

static __attribute__((noinline)) void settle_others(struct flow_table *t) {
    struct reassembler *r = &t->reassembler;
    while (r->unsettled) {
        struct session *x = r->unsettled;
        r->unsettled = x->next_unsettled;
        x->is_unsettled = false;
        settle(t, x->owner);
    }
}

void flow_table_keep(struct flow_table *t) {
    struct session *next;
    for (struct session *x = t->reassembler.first_holder; x; x = next) {
        next = x->next_holder; /* the holder itself may go to the list's end, or out of it */
        session_keep(&t->reassembler, x);
    }
    settle_others(t);
}

/* What a packet makes necessary, of the flow or of none. */
static inline __attribute__((always_inline)) void after_packet(struct flow_table *t, struct flow *f) {
    if (t->reassembler.unsettled) {
        settle_others(t);
    }
    if (flow_needs_relief(t, f)) {
        flow_relieve(t, f);
    }
}

static __attribute__((noinline)) enum flow_fate any_packet(struct flow_table *t, const struct packet *p,
                                                           struct found found) {
    struct flow *f = found.flow;
    enum flow_fate fate = packet_of_table(t, p, found.d, &f);
    after_packet(t, f);
    t->reassembler.counts.fates[fate]++;
    return fate;
}

/* May packets of the flow go the short way? */
static bool is_steady(const struct flow *f) {
    return f && f->stage == STAGE_SESSION && f->kept.session->steady && !f->older;
}

enum flow_fate flow_table_packet(struct flow_table *t, const struct packet *p, uint64_t hash) {
    see_time(t, p->time_ns);
    const struct found found = find(t, p, hash);
    struct flow *f = found.flow;
    if (!is_steady(f)) {
        return any_packet(t, p, found);
    }
    struct session *x = f->kept.session;
    touch(t, f, false);
    enum flow_fate fate = session_steady_packet(&t->reassembler, x, found.d, p);
    if (fate == FLOW_FATES) {
        return any_packet(t, p, found);
    }
    if (!x->steady) {
        settle(t, f);
    } else if (flow_memory_mark(t) != t->attributed) {
        flow_attribute(t, f); /* neither the flow's kind nor its deadline has changed */
    }
    after_packet(t, f);
    t->reassembler.counts.fates[fate]++;
    return fate;
}

void flow_table_set_clock(struct flow_table *t, int64_t now_ns) {
    struct reassembler *r = &t->reassembler;
    int64_t clock_ns = now_ns + r->bias_ns;
    if (!t->clock_started || clock_ns > r->clock_ns) {
        r->clock_ns = clock_ns;
        t->clock_started = true;
    } else if (r->clock_ns - clock_ns > t->limits.clock_jump_ns) {
        /* The packet clock was set back: time goes on from here. */
        r->bias_ns += r->clock_ns - clock_ns;
    }
    t->due_ns = r->clock_ns;
    flow_doze_tick(t);
}

/* Graves that were not touched for long end one after the other: has the next ones brought nearer, in two
 * steps. */
static void prefetch_graves(const struct flow_table *t) {
    struct timer *next = timers_queued(&t->timers, 2), *later = timers_queued(&t->timers, 4);
    if (next) {
        struct flow *f = flow_of_timer(next);
        flow_index_prefetch(&t->index, f->tag);
        pool_foresee_give(&t->flows, f);
        pool_foresee_give(&t->graves[0], f->kept.grave);
    }
    if (later) {
        prefetch_now(flow_of_timer(later), sizeof(struct flow));
    }
}

bool flow_table_step(struct flow_table *t) {
    struct timer *first = timers_first(&t->timers);
    if (!first || timers_deadline(first) > t->due_ns) {
        return false;
    }
    prefetch_graves(t);
    fire(t, flow_of_timer(first));
    return true;
}

void flow_table_tick(struct flow_table *t, int64_t now_ns) {
    flow_table_set_clock(t, now_ns);
    while (flow_table_step(t)) {
    }
}

void flow_table_finish(struct flow_table *t, int64_t now_ns) {
    flow_table_tick(t, now_ns);
    struct timer *first;
    while ((first = timers_queued(&t->timers, 0))) { /* they are closed: nobody hears of it */
        prefetch_graves(t);
        flow_end(t, flow_of_timer(first), END_CAPTURE);
    }
    timers_level(&t->timers, INT64_MIN);
    while ((first = timers_first(&t->timers))) {
        flow_end(t, flow_of_timer(first), END_CAPTURE);
    }
}
