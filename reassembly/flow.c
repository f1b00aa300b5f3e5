/* SPDX-License-Identifier: Apache-2.0 */
/* Three kinds of flows, by what they cost and in the order in which they are evicted: closed ones that
 * linger, embryos (a bare SYN, perhaps its SYN+ACK: all that a SYN flood leaves), and those with a session.
 */
#include "reassembly/flow.h"

#include "reassembly/flow_index.h"
#include "reassembly/pool.h"
#include "reassembly/session_syn.h"
#include "reassembly/timers.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* A flow moves in its list at most this often: its place is right within it, and most packets of a busy flow
 * touch no neighbours. */
#define TOUCH_NS (100 * NS_PER_MILLISECOND)

enum flow_kind { KIND_CLOSED, KIND_EMBRYO, KIND_OPEN, KIND_COUNT };

/* packets[i] went in direction i. */
struct embryo {
    unsigned count;
    struct embryo_packet packets[2];
};

struct flow {
    struct flow_key key; /* what the index points to */
    uint32_t incarnation;
    uint64_t hash;
    uint64_t ordinal;
    enum flow_kind kind;
    int64_t touched_ns;
    struct timer timer;
    struct flow *previous;
    struct flow *next;
    struct embryo *embryo; /* KIND_EMBRYO */
    struct session *session;
};

/* Least recently used first. */
struct flow_list {
    struct flow *first;
    struct flow *last;
};

struct flow_table {
    struct limits limits;
    bool clock_started;
    struct reassembler reassembler;
    struct flow_index index;
    struct timers timers;
    struct pool flows;
    struct pool embryos;
    struct pool sessions;
    struct flow_list lists[KIND_COUNT];
};

static size_t share(size_t limit) {
    size_t part = limit / HARK_PARTITIONS;
    return part ? part : 1;
}

struct flow_table *flow_table_new(const struct limits *limits, const struct consumer_ops *ops,
                                  void *environment) {
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t) {
        return NULL;
    }
    t->limits = *limits;
    t->reassembler = (struct reassembler){.limits = &t->limits, .ops = ops, .environment = environment};
    page_pool_init(&t->reassembler.pages, share(limits->held_bytes));
    flow_index_init(&t->index);
    timers_init(&t->timers);
    pool_init(&t->flows, sizeof(struct flow), share(limits->flows));
    pool_init(&t->embryos, sizeof(struct embryo), share(limits->flows));
    pool_init(&t->sessions, sizeof(struct session), share(limits->flows));
    return t;
}

static void list_remove(struct flow_table *t, struct flow *f) {
    struct flow_list *list = &t->lists[f->kind];
    *(f->previous ? &f->previous->next : &list->first) = f->next;
    *(f->next ? &f->next->previous : &list->last) = f->previous;
}

static void list_append(struct flow_table *t, struct flow *f) {
    struct flow_list *list = &t->lists[f->kind];
    f->next = NULL;
    f->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = f;
    list->last = f;
    f->touched_ns = t->reassembler.clock_ns;
}

static void flow_remove(struct flow_table *t, struct flow *f) {
    if (f->session) {
        session_fini(&t->reassembler, f->session);
        pool_give(&t->sessions, f->session);
    }
    if (f->embryo) {
        pool_give(&t->embryos, f->embryo);
    }
    list_remove(t, f);
    timers_remove(&t->timers, &f->timer);
    flow_index_remove(&t->index, f->hash, &f->key);
    pool_give(&t->flows, f);
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
    pool_fini(&t->flows);
    pool_fini(&t->embryos);
    pool_fini(&t->sessions);
    page_pool_fini(&t->reassembler.pages);
    timers_fini(&t->timers);
    flow_index_fini(&t->index);
    free(t);
}

static struct session_event flow_next_event(const struct flow_table *t, const struct flow *f) {
    if (f->session) {
        return session_next_event(&t->reassembler, f->session);
    }
    return (struct session_event){.kind = EVENT_IDLE, .deadline_ns = f->touched_ns + t->limits.flow_idle_ns};
}

/* After anything that happened to a flow: its list and its deadline. */
static void settle(struct flow_table *t, struct flow *f) {
    enum flow_kind kind = !f->session                           ? KIND_EMBRYO
                          : f->session->state == SESSION_CLOSED ? KIND_CLOSED
                                                                : KIND_OPEN;
    if (kind != f->kind) {
        list_remove(t, f);
        f->kind = kind;
        list_append(t, f);
    }
    int64_t deadline_ns = flow_next_event(t, f).deadline_ns;
    if (f->timer.place == 0 || deadline_ns < timers_deadline(&t->timers, &f->timer)) {
        timers_set(&t->timers, &f->timer, deadline_ns, f->ordinal);
    }
}

/* Ends the flow, whatever it is, and removes it. */
static void flow_end(struct flow_table *t, struct flow *f, enum end_reason reason) {
    if (f->session) {
        session_finish(&t->reassembler, f->session, reason);
    } else {
        t->reassembler.counts.closed[reason]++;
        t->reassembler.counts.open_now--;
    }
    flow_remove(t, f);
}

static void evict(struct flow_table *t) {
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (t->lists[kind].first) {
            t->reassembler.counts.cap_flows++;
            flow_end(t, t->lists[kind].first, END_EVICTED);
            return;
        }
    }
}

/* Gives the flow a session, which gets the packets that the flow has had. */
static bool hatch(struct flow_table *t, struct flow *f) {
    struct reassembler *r = &t->reassembler;
    struct session *x = pool_take(&t->sessions);
    if (!x) {
        return false;
    }
    session_init(x, &f->key, f->ordinal, f->incarnation, f);
    f->session = x;
    if (!f->embryo) {
        return true;
    }
    for (unsigned i = 0; i < f->embryo->count; i++) {
        enum direction d = i == 0 ? DIRECTION_0 : DIRECTION_1;
        struct flow_key key = d == DIRECTION_0 ? f->key : flow_key_reverse(&f->key);
        struct packet p;
        bool done;
        embryo_packet_restore(&f->embryo->packets[i], &key, &p);
        session_check(r, x, d, &p, &done);
        session_packet(r, x, d, &p);
    }
    pool_give(&t->embryos, f->embryo);
    f->embryo = NULL;
    return true;
}

static bool can_be_embryonic(const struct packet *p) {
    return p->flags & TCP_SYN && !(p->flags & (TCP_FIN | TCP_RST)) && p->payload.len + p->cut == 0 &&
           p->path.tunnel_count == 0;
}

/* Keeps the packet in the embryo if nothing more need be known of it. */
static bool stays_embryo(struct flow_table *t, struct flow *f, enum direction d, const struct packet *p) {
    if (!can_be_embryonic(p)) {
        return false;
    }
    if (!f->embryo) {
        if (f->session || p->flags & TCP_ACK) {
            return false;
        }
        f->embryo = pool_take(&t->embryos);
        if (!f->embryo) {
            return false;
        }
        f->embryo->count = 0;
    } else if (f->embryo->count != 1 || d != DIRECTION_1 || !(p->flags & TCP_ACK) ||
               p->ack != f->embryo->packets[0].seq + 1) {
        return false;
    }
    embryo_packet_save(&f->embryo->packets[f->embryo->count++], p);
    return true;
}

static struct flow *flow_open(struct flow_table *t, const struct packet *p, uint64_t hash) {
    if (t->flows.used == t->flows.cap) {
        evict(t);
    }
    if (!flow_index_reserve(&t->index) || !timers_reserve(&t->timers, t->timers.count + 1)) {
        return NULL;
    }
    struct flow *f = pool_take(&t->flows);
    if (!f) {
        return NULL;
    }
    *f = (struct flow){.key = p->key, .hash = hash, .ordinal = p->ordinal, .kind = KIND_EMBRYO};
    flow_index_add(&t->index, hash, &f->key);
    list_append(t, f);
    t->reassembler.counts.opened++;
    t->reassembler.counts.open_now++;
    return f;
}

/* The same key begins a new connection with `opener`, a SYN. */
static void reincarnate(struct flow_table *t, struct flow *f, const struct packet *opener) {
    struct reassembler *r = &t->reassembler;
    struct session *x = f->session;
    session_finish(r, x, END_REUSED);
    session_fini(r, x);
    timers_remove(&t->timers, &f->timer);
    f->key = opener->key;
    f->ordinal = opener->ordinal;
    f->incarnation++;
    session_init(x, &f->key, f->ordinal, f->incarnation, f);
    r->counts.reused++;
    r->counts.opened++;
    r->counts.open_now++;
}

static void begin_with_candidate(struct flow_table *t, struct flow *f) {
    struct session *x = f->session;
    enum direction from = x->candidate_direction;
    struct flow_key key = from == DIRECTION_0 ? x->connection.key : flow_key_reverse(&x->connection.key);
    struct packet opener;
    bool done;
    embryo_packet_restore(&x->candidate, &key, &opener);
    /* The same network: the tunnels are those that the direction went through before. */
    opener.path.tunnel_count = x->connection.path[from].tunnel_count;
    memcpy(opener.path.tunnel, x->connection.path[from].tunnel, sizeof opener.path.tunnel);
    reincarnate(t, f, &opener);
    session_check(&t->reassembler, x, DIRECTION_0, &opener, &done);
    session_packet(&t->reassembler, x, DIRECTION_0, &opener);
}

static enum flow_fate process(struct flow_table *t, struct flow *f, enum direction d,
                              const struct packet *p) {
    struct reassembler *r = &t->reassembler;
    struct session *x = f->session;
    bool done;
    enum flow_fate fate = session_check(r, x, d, p, &done);
    if (done) {
        return fate;
    }
    switch (session_claim(x, d, p)) {
    case CLAIM_OURS:
        break;
    case CLAIM_LATER:
    case CLAIM_STRAY:
        x->connection.counts[d].packets++;
        return p->payload.len + p->cut > 0 ? FLOW_INVALID : FLOW_CONTROL;
    case CLAIM_NEW:
        reincarnate(t, f, p);
        d = DIRECTION_0;
        session_check(r, x, d, p, &done);
        break;
    case CLAIM_CANDIDATE:
        d = d == x->candidate_direction ? DIRECTION_0 : DIRECTION_1;
        begin_with_candidate(t, f);
        session_check(r, x, d, p, &done);
        break;
    }
    return session_packet(r, x, d, p);
}

static enum flow_fate packet_of_flow(struct flow_table *t, struct flow *f, enum direction d,
                                     const struct packet *p) {
    if (t->reassembler.clock_ns - f->touched_ns >= TOUCH_NS) {
        list_remove(t, f);
        list_append(t, f);
    }
    if (!f->session) {
        if (stays_embryo(t, f, d, p)) {
            return FLOW_CONTROL;
        }
        if (!hatch(t, f)) {
            return FLOW_NO_MEMORY;
        }
    }
    return process(t, f, d, p);
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

static enum flow_fate packet_of_table(struct flow_table *t, const struct packet *p, uint64_t hash) {
    enum direction d = DIRECTION_0;
    struct flow_key *key = flow_index_find(&t->index, hash, &p->key, &d);
    struct flow *f = (struct flow *)key;
    static_assert(offsetof(struct flow, key) == 0, "the index gives back the key, thus the flow");
    if (!f) {
        if (session_flags_impossible(p)) {
            return FLOW_INVALID;
        }
        if (p->flags & TCP_RST) {
            return FLOW_CONTROL;
        }
        f = flow_open(t, p, hash);
        if (!f) {
            return FLOW_NO_MEMORY;
        }
    }
    enum flow_fate fate = packet_of_flow(t, f, d, p);
    settle(t, f);
    return fate;
}

enum flow_fate flow_table_packet(struct flow_table *t, const struct packet *p, uint64_t hash) {
    struct reassembler *r = &t->reassembler;
    see_time(t, p->time_ns);
    enum flow_fate fate = packet_of_table(t, p, hash);
    while (r->unsettled) {
        struct session *x = r->unsettled;
        r->unsettled = x->next_unsettled;
        x->is_unsettled = false;
        settle(t, x->owner);
    }
    r->counts.fates[fate]++;
    return fate;
}

static void fire(struct flow_table *t, struct flow *f) {
    struct session_event event = flow_next_event(t, f);
    if (event.deadline_ns > timers_deadline(&t->timers, &f->timer)) {
        timers_set(&t->timers, &f->timer, event.deadline_ns, f->ordinal);
        return;
    }
    if (event.kind == EVENT_IDLE || event.kind == EVENT_LINGERED) {
        flow_end(t, f, END_IDLE);
        return;
    }
    session_perform(&t->reassembler, f->session, &event);
    timers_remove(&t->timers, &f->timer);
    settle(t, f);
}

static struct flow *flow_of_timer(struct timer *timer) {
    return (struct flow *)(void *)((char *)timer - offsetof(struct flow, timer));
}

void flow_table_tick(struct flow_table *t, int64_t now_ns) {
    struct reassembler *r = &t->reassembler;
    int64_t clock_ns = now_ns + r->bias_ns;
    if (!t->clock_started || clock_ns > r->clock_ns) {
        r->clock_ns = clock_ns;
        t->clock_started = true;
    } else if (r->clock_ns - clock_ns > t->limits.clock_jump_ns) {
        /* The packet clock was set back: time goes on from here. */
        r->bias_ns += r->clock_ns - clock_ns;
    }
    struct timer *first;
    while ((first = timers_first(&t->timers)) && timers_deadline(&t->timers, first) <= r->clock_ns) {
        fire(t, flow_of_timer(first));
    }
}

void flow_table_finish(struct flow_table *t, int64_t now_ns) {
    flow_table_tick(t, now_ns);
    timers_level(&t->timers, INT64_MIN);
    struct timer *first;
    while ((first = timers_first(&t->timers))) {
        flow_end(t, flow_of_timer(first), END_CAPTURE);
    }
}

void flow_table_counts(const struct flow_table *t, struct flow_counts *counts) {
    *counts = t->reassembler.counts;
}

void flow_table_prefetch(const struct flow_table *t, uint64_t hash) {
    flow_index_prefetch(&t->index, hash);
}
