/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table's own structures, shared by flow.c (packets in), flow_table.c (begin and end), flow_stages.c
 * (what a flow keeps), flow_doze.c (in how little memory) and flow_evict.c (who gives way). Private to these.
 */
#ifndef HARK_REASSEMBLY_FLOW_TABLE_H
#define HARK_REASSEMBLY_FLOW_TABLE_H

#include "capture/pool.h"
#include "reassembly/flow.h"
#include "reassembly/flow_index.h"
#include "reassembly/session_doze.h"
#include "reassembly/session_grave.h"
#include "reassembly/session_syn.h"
#include "reassembly/timers.h"

/* In the order in which they are evicted: closed ones that linger; embryos (a bare SYN, perhaps its SYN+ACK:
 * all that a SYN flood leaves); those of which one side alone has said something (what half-open requests
 * leave, but also each connection at its begin); and those of two that talk. So a flood pays for itself
 * first, and only down to a share that honest newcomers need. */
enum flow_kind { KIND_CLOSED, KIND_EMBRYO, KIND_HALF, KIND_OPEN, KIND_COUNT };

enum {
    FLOW_SHARE = 4,         /* one flow may have this part of the table's memory, held bytes not counted */
    FLOW_RESERVE_SHARE = 8, /* kept free after each packet, so that the next finds what it needs */
    DOZE_STEP = 16,         /* images take a multiple of this */
    DOZE_SIZES = 48,        /* a larger one is not worth it */
    CONSUMER_BYTES = 2400,  /* what is worth to be asked for ahead, of any consumer */
};

/* packets[i] went in direction i. */
struct embryo {
    unsigned count;
    struct embryo_packet packets[2];
};

/* What a flow keeps. */
enum flow_stage { STAGE_BARE, STAGE_EMBRYO, STAGE_SESSION, STAGE_GRAVE, STAGE_IMAGE };

struct flow {
    struct flow_key key; /* what the index points to */
    uint32_t incarnation;
    uint32_t last_incarnation; /* of the newest with the key: given to one so far */
    struct timer timer;        /* has the connection's ordinal */
    int64_t touched_ns;
    size_t bytes; /* memory it has, held bytes not counted */
    struct flow *previous;
    struct flow *next;
    /* connections with the same key: the newest one is in the index and leads to those before it, which late
     * packets may belong to */
    struct flow *older;
    struct flow *newer;
    union {
        struct embryo *embryo;
        struct session *session;
        struct session_grave *grave;
        uint8_t *image; /* of a session that dozes */
    } kept;
    uint8_t stage;      /* enum flow_stage: which of them, if any */
    uint8_t image_size; /* in DOZE_STEP, less one */
    uint8_t kind;       /* enum flow_kind */
    uint32_t tag;       /* the key's, in the index */
};

/* What the flow keeps, NULL when that is something else. */
static inline struct embryo *flow_embryo(const struct flow *f) {
    return f->stage == STAGE_EMBRYO ? f->kept.embryo : NULL;
}
static inline struct session *flow_session(const struct flow *f) {
    return f->stage == STAGE_SESSION ? f->kept.session : NULL;
}
static inline struct session_grave *flow_grave(const struct flow *f) {
    return f->stage == STAGE_GRAVE ? f->kept.grave : NULL;
}
static inline bool flow_dozes(const struct flow *f) {
    return f->stage == STAGE_IMAGE;
}
static inline void flow_keep_session(struct flow *f, struct session *x) {
    f->kept.session = x;
    f->stage = STAGE_SESSION;
}

/* Least recently used first. */
struct flow_list {
    struct flow *first;
    struct flow *last;
    struct flow *awake; /* the first that has not been asked to doze since it was used; NULL: all were */
    size_t bytes;       /* sum of its flows' */
};

struct flow_doze {
    int64_t none_before_ns;            /* until then no packet makes a flow doze */
    struct session *spare;             /* kept while flows doze, so that one can be woken; NULL: it is not */
    size_t count;                      /* flows that doze */
    struct session_likeness *likeness; /* made with the first; it is large */
    struct pool images[DOZE_SIZES];    /* by size */
};

/* What each packet needs stands close together. */
struct flow_table {
    struct memory *memory;
    bool clock_started;
    int64_t due_ns;       /* clock up to which everything may happen */
    struct flow *recent;  /* the one that the last packet was found to be of, NULL for none ... */
    uint64_t recent_hash; /* ... and its hash without the secret: packets often come in rows */
    uint32_t recent_tag;  /* ... and what the index keeps of the one with it */
    struct flow_index index;
    size_t bytes;      /* sum of the lists' */
    size_t attributed; /* flow_memory_mark when memory was put down to a flow last */
    struct reassembler reassembler;
    struct timers timers;
    struct pool flows;
    struct pool embryos;
    struct pool sessions;
    struct pool graves[GRAVE_SIZES];
    size_t grave_count;
    struct flow_list lists[KIND_COUNT];
    struct flow_doze doze;
    struct limits limits;
};

/* flow.c */
/* Nobody hears of it. */
void flow_remove(struct flow_table *, struct flow *);
/* Ends the flow, whatever it is, and removes it. */
void flow_end(struct flow_table *, struct flow *, enum end_reason);

/* flow_stages.c */
/* Keeps the packet in the embryo if nothing more need be known of it. */
bool flow_stays_embryo(struct flow_table *, struct flow *, enum direction, const struct packet *);
/* Gives back what the flow keeps. */
void flow_keep_nothing(struct flow_table *, struct flow *);
/* Gives the flow a session, which gets the packets that the flow has had. False without memory. */
bool flow_hatch(struct flow_table *, struct flow *);
/* A closed session shrinks, unless others with its key are remembered: packets are then looked up in all. */
void flow_bury(struct flow_table *, struct flow *);
/* ... and is whole again: one with a grave. False without memory. */
bool flow_exhume(struct flow_table *, struct flow *);

/* flow_doze.c */
void flow_doze_init(struct flow_table *);
/* No flow has an image. */
void flow_doze_fini(struct flow_table *);
/* Makes the flow's session of its image. False without memory; `must`: as in struct consumer_doze. Before
 * the flow is touched. */
bool flow_wake(struct flow_table *, struct flow *, bool must);
/* The flow is to be woken soon: has what that needs brought nearer. */
void flow_prefetch(const struct flow *);
/* It was woken for nothing. */
void flow_doze_again(struct flow_table *, struct flow *);
/* Before a packet wakes or opens a flow, and at a tick, which makes up for the rest: some of those that were
 * not used for limits.flow_doze_ns doze. A tick gives memory back, too, that nobody needs. */
void flow_doze_packet(struct flow_table *);
/* ... and a packet that wakes one comes soon, at that time: the next to doze comes nearer. */
void flow_doze_foresee(const struct flow_table *, int64_t time_ns, enum flow_foresight step,
                       struct prefetch *);
void flow_doze_tick(struct flow_table *);
/* Memory is short: the next ones doze, however lately they were used, but `spared` (NULL: none). */
void flow_doze_for_memory(struct flow_table *, const struct flow *spared);
/* Takes back a session without consumer. */
void flow_give_session(struct flow_table *, struct session *);

/* flow_foresee.c: the flow is to doze soon: has all of it come nearer. */
void flow_foresee_doze(const struct flow_table *, const struct flow *, enum flow_foresight step,
                       struct prefetch *);

/* flow_evict.c */
void flow_list_remove(struct flow_table *, struct flow *);
/* At the end: the one used last. */
void flow_list_append(struct flow_table *, struct flow *);
/* As long as it is the same, memory was neither taken nor given, but for whole pages. */
static inline size_t flow_memory_mark(const struct flow_table *t) {
    return t->memory->live - t->reassembler.pages.whole.used * PAGE_BYTES;
}
/* Puts the memory that was taken or given since the last call down to the flow, which is that something
 * happened to. What else a table has is not counted: the bytes that wait have caps of their own. */
static inline void flow_attribute(struct flow_table *t, struct flow *f) {
    t->attributed = flow_memory_mark(t);
    size_t live = t->memory->live - page_pool_used(&t->reassembler.pages) - timers_bytes(&t->timers) -
                  flow_index_bytes(&t->index);
    if (live == t->bytes) {
        return;
    }
    size_t bytes = f->bytes + live > t->bytes ? f->bytes + live - t->bytes : 0;
    t->bytes += bytes - f->bytes;
    t->lists[f->kind].bytes += bytes - f->bytes;
    f->bytes = bytes;
}
/* The same, and puts the flow into the list of its kind. */
void flow_classify(struct flow_table *, struct flow *);
/* Ends the flow that is to give way to a new one. */
void flow_evict(struct flow_table *);
/* After a packet of the flow, or of none: there is memory for the next. A flow that has too much of it ends,
 * and goes on as one whose begin was not captured. */
void flow_relieve(struct flow_table *, struct flow *);
/* Has it anything to do? */
static inline bool flow_needs_relief(const struct flow_table *t, const struct flow *f) {
    size_t cap = t->memory->cap;
    return memory_left(t->memory) < cap / FLOW_RESERVE_SHARE || (f && f->bytes > cap / FLOW_SHARE);
}

#endif
