/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the tap does within the skew, the consumer gets both directions whole, without a gap, and no
 * response before its request, although a response that comes early is declined. So it is where the consumer
 * lets holes be passed: they are filled. And when the tap loses
 * packets, all that is given is still right and in its place, and what is missing is told. */
#include "schedule.h"

#include "capture/lasting.h"
#include "reassembly/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_RUNS = 20000, TICK_MS = 100 };

struct witness {
    const struct schedule *schedule;
    const struct connection *connection;
    bool swapped; /* the server's packet was the first: its direction is 0 */
    bool lossy;   /* the tap loses packets */
    bool passes;  /* holes within a turn are passed */
    uint32_t got[2];
    uint64_t gaps;
    uint32_t pending[2]; /* bytes that were passed, neither filled nor missed yet: */
    uint8_t missing[2][SCHEDULE_BYTES];
    bool begun[2];
    unsigned declined;
    unsigned ends[2];
    unsigned opens;
    unsigned closes;
    unsigned dozes;
    const char *fault;
};

static void blame(struct witness *w, const char *fault) {
    if (!w->fault) {
        w->fault = fault;
    }
}

/* Which of the conversation's directions: 0 is the client's. */
static int side(const struct witness *w, enum direction d) {
    return (int)d ^ w->swapped;
}

static void *witness_open(void *environment, const struct connection *c) {
    struct witness *w = environment;
    w->connection = c;
    w->swapped = c->key.side[0].port == 80;
    w->opens++;
    w->got[0] = w->got[1] = 0;
    w->pending[0] = w->pending[1] = 0;
    memset(w->missing, 0, sizeof w->missing);
    w->ends[0] = w->ends[1] = 0;
    w->begun[0] = w->begun[1] = false;
    return w;
}

/* How much of the responses may be read: up to the end of those whose requests were read. */
static uint32_t allowed(const struct witness *w) {
    uint32_t end = 0;
    for (unsigned k = 0; k < w->schedule->turns && w->got[0] >= w->schedule->turn_end[0][k]; k++) {
        end = w->schedule->turn_end[1][k];
    }
    return end;
}

/* Midstream, or where the handshake is lost, the first thing given tells where the direction begins. */
static void begin(struct witness *w, int d, uint64_t offset) {
    if (!w->begun[d] && w->lossy) {
        w->got[d] = (uint32_t)offset - w->schedule->first[d];
    }
    w->begun[d] = true;
}

static size_t witness_data(void *consumer, enum direction direction, const struct chunk *chunk) {
    struct witness *w = consumer;
    const struct schedule *s = w->schedule;
    int d = side(w, direction);
    size_t len = chunk->bytes.len;
    begin(w, d, chunk->offset);
    if ((uint32_t)chunk->offset != s->first[d] + w->got[d]) {
        blame(w, "bytes at a wrong offset");
        return len;
    }
    if (len > s->len[d] - w->got[d] || memcmp(chunk->bytes.ptr, s->bytes[d] + w->got[d], len) != 0) {
        blame(w, "wrong bytes");
        return len;
    }
    if (d == 1 && w->got[1] + len > allowed(w)) {
        if (chunk->must_take && !w->lossy) {
            blame(w, "a response had to be taken before its request");
        } else if (!chunk->must_take) {
            len = allowed(w) > w->got[1] ? allowed(w) - w->got[1] : 0;
            w->declined++;
        }
    }
    w->got[d] += (uint32_t)len;
    return len;
}

static void witness_gap(void *consumer, enum direction direction, uint64_t offset, uint64_t len,
                        enum gap_reason reason, int64_t now_ns) {
    struct witness *w = consumer;
    int d = side(w, direction);
    (void)reason, (void)now_ns;
    begin(w, d, offset);
    if (!w->lossy) {
        blame(w, "a gap");
    }
    /* one byte more: the FIN's number, where the FIN itself was lost */
    if ((uint32_t)offset != w->schedule->first[d] + w->got[d] || len > w->schedule->len[d] - w->got[d] + 1) {
        blame(w, "a gap at a wrong place");
    }
    w->got[d] += (uint32_t)len;
    w->gaps += len;
}

/* To the end of the turn: what is next is a response only if its request was read. */
static uint64_t witness_counted_until(void *consumer, enum direction direction) {
    const struct witness *w = consumer;
    const struct schedule *s = w->schedule;
    int d = side(w, direction);
    if (!w->passes || !w->begun[d] || (d == 1 && w->got[1] >= allowed(w))) {
        return 0;
    }
    unsigned k = 0;
    while (k < s->turns && s->turn_end[d][k] <= w->got[d]) {
        k++;
    }
    return k < s->turns ? w->connection->delivered[direction] + (s->turn_end[d][k] - w->got[d]) : 0;
}

static void witness_pass(void *consumer, enum direction direction, uint64_t offset, uint64_t len) {
    struct witness *w = consumer;
    int d = side(w, direction);
    if ((uint32_t)offset != w->schedule->first[d] + w->got[d] || len > w->schedule->len[d] - w->got[d]) {
        blame(w, "a hole passed at a wrong place");
        return;
    }
    memset(w->missing[d] + w->got[d], 1, len);
    w->pending[d] += (uint32_t)len;
    w->got[d] += (uint32_t)len;
}

/* Bytes that were passed are settled, each once. */
static bool settle(struct witness *w, int d, uint64_t offset, uint64_t len) {
    uint32_t at = (uint32_t)offset - w->schedule->first[d];
    if (at > w->got[d] || len > w->got[d] - at || memchr(w->missing[d] + at, 0, len)) {
        blame(w, "bytes settled that were not missing");
        return false;
    }
    memset(w->missing[d] + at, 0, len);
    w->pending[d] -= (uint32_t)len;
    return true;
}

static void witness_fill(void *consumer, enum direction direction, const struct chunk *chunk) {
    struct witness *w = consumer;
    int d = side(w, direction);
    uint32_t at = (uint32_t)chunk->offset - w->schedule->first[d];
    if (settle(w, d, chunk->offset, chunk->bytes.len) &&
        memcmp(chunk->bytes.ptr, w->schedule->bytes[d] + at, chunk->bytes.len) != 0) {
        blame(w, "a hole filled with wrong bytes");
    }
}

static void witness_miss(void *consumer, enum direction direction, uint64_t offset, uint64_t len,
                         enum gap_reason reason, int64_t now_ns) {
    struct witness *w = consumer;
    (void)reason, (void)now_ns;
    if (!w->lossy) {
        blame(w, "a passed hole was given up");
    }
    (void)settle(w, side(w, direction), offset, len);
    w->gaps += len;
}

static const struct consumer_passing witness_passing = {witness_counted_until, witness_pass, witness_fill,
                                                        witness_miss};

static void witness_overdue(void *consumer, enum direction direction, uint64_t acked, int64_t now_ns) {
    struct witness *w = consumer;
    int d = side(w, direction);
    (void)now_ns;
    if (!w->lossy) {
        blame(w, "bytes overdue");
    }
    if ((uint32_t)acked - w->schedule->first[d] > w->schedule->len[d] + 1) {
        blame(w, "bytes overdue that were never sent");
    }
}

static void witness_end(void *consumer, enum direction direction, enum end_reason reason, int64_t now_ns) {
    struct witness *w = consumer;
    (void)now_ns;
    w->ends[direction]++;
    if (w->pending[side(w, direction)] > 0) {
        blame(w, "an end before all that was passed is settled");
    }
    if (reason != END_FIN && !w->lossy) {
        blame(w, "an end that is no FIN");
    }
}

static void witness_close(void *consumer) {
    struct witness *w = consumer;
    w->closes++;
    if (w->ends[0] != 1 || w->ends[1] != 1) {
        blame(w, "not one end for each direction");
    }
}

static size_t witness_image(const void *consumer, uint8_t *image) {
    const struct witness *w = consumer;
    image[0] = 0xee;
    return w->pending[0] || w->pending[1] ? 0 : 1;
}

static void witness_leave(void *consumer) {
    struct witness *w = consumer;
    w->connection = NULL;
    w->dozes++;
}

static void *witness_wake(void *environment, const struct connection *c, const uint8_t *image, bool must) {
    struct witness *w = environment;
    (void)must;
    if (w->connection || image[0] != 0xee) {
        blame(w, "woken without having dozed");
    }
    w->connection = c;
    return w;
}

static const struct consumer_doze witness_doze = {
    .image = witness_image, .leave = witness_leave, .wake = witness_wake};

static const struct consumer_ops witness_ops = {witness_open,  witness_data,  witness_gap, witness_overdue,
                                                witness_end,   witness_close, NULL,        &witness_passing,
                                                &witness_doze, NULL};

/* What holds for every capture. */
static void judge_sums(struct witness *w, const struct flow_counts *counts, uint64_t packets) {
    uint64_t fates = 0, closed = 0;
    for (int i = 0; i < FLOW_FATES; i++) {
        fates += counts->fates[i];
    }
    for (int i = 0; i < END_REASONS; i++) {
        closed += counts->closed[i];
    }
    if (fates != packets) {
        blame(w, "fates do not add up to the packets");
    }
    if (counts->payload_bytes != counts->delivered_bytes + counts->dropped_bytes ||
        counts->held_bytes_now != 0 || counts->gap_bytes != w->gaps) {
        blame(w, "bytes do not add up");
    }
    if (w->opens != w->closes || closed != counts->opened || counts->open_now != 0) {
        blame(w, "connections do not add up");
    }
    if (counts->fates[FLOW_TAP_DUPLICATE] > w->schedule->tap_copies || counts->fates[FLOW_INVALID] != 0 ||
        counts->overlap_conflicts != 0) {
        blame(w, "a count that should be zero");
    }
}

/* What holds when the tap lost nothing. */
static void judge_whole(struct witness *w, const struct flow_counts *counts) {
    const struct schedule *s = w->schedule;
    if (w->got[0] != s->len[0] || w->got[1] != s->len[1]) {
        blame(w, "not all bytes came");
    }
    if (w->opens != 1 || counts->opened != 1) {
        blame(w, "not one connection");
    }
    if (counts->delivered_bytes != s->len[0] + s->len[1] || counts->late_bytes != 0 ||
        counts->one_sided != 0 || counts->declined_timeouts != 0) {
        blame(w, "waited, or lost bytes");
    }
    if (counts->opened_midstream != (s->midstream ? 1 : 0)) {
        blame(w, "midstream or not");
    }
}

/* What the tap does beyond the schedule, and the consumer allows. */
struct manner {
    const char *name;
    unsigned loss; /* one packet in so many is lost by the tap; 0: none */
    bool passes;
    bool dozes; /* connections doze as soon as they can */
    bool lasts; /* payload lasts, for some packets */
};

/* Where payload lasts, and does so no longer now and then. */
struct lender {
    uint8_t bytes[128 * 1024];
    size_t used;
    struct lasting lasting;
};

static void keep(struct lender *lender, struct flow_table *table) {
    flow_table_keep(table);
    memset(lender->bytes, 0xa5, lender->used);
    lender->used = 0;
}

static void lend(struct lender *lender, struct flow_table *table, struct packet *p, unsigned chance) {
    size_t len = p->payload.len;
    if (chance % 32 == 0 || len > sizeof lender->bytes - lender->used) {
        keep(lender, table);
    }
    uint8_t *bytes = lender->bytes + lender->used;
    memcpy(bytes, p->payload.ptr, len);
    p->payload = slice_make(bytes, len);
    p->lasting = true;
    lender->used += len;
}

static const char *run(const struct schedule *s, struct limits *limits, uint64_t seed,
                       const struct manner *manner, struct flow_counts *counts) {
    limits->flow_doze_ns = manner->dozes ? 0 : INT64_MAX / 2;
    unsigned loss = manner->loss;
    static struct witness w;
    w = (struct witness){.schedule = s, .lossy = loss > 0, .passes = manner->passes};
    struct memory memory;
    memory_init(&memory, limits->memory);
    struct flow_table *table = flow_table_new(limits, &memory, &witness_ops, &w);
    if (!table) {
        return "no memory";
    }
    static struct lender lender;
    lender.used = 0;
    lasting_init(&lender.lasting, SIZE_MAX);
    flow_table_lend(table, &lender.lasting);
    int64_t tick_ns = TICK_MS * NS_PER_MILLISECOND;
    int64_t next_ns = s->packets[0].seen_ns / tick_ns * tick_ns + tick_ns;
    uint64_t packets = 0;
    for (unsigned i = 0; i < s->count; i++) {
        struct packet p;
        if (loss > 0 && ((seed * 7919 + i) * UINT64_C(0x9E3779B97F4A7C15) >> 40) % loss == 0) {
            continue;
        }
        packets++;
        schedule_packet(s, i, &p);
        for (; next_ns <= p.time_ns; next_ns += tick_ns) {
            flow_table_tick(table, next_ns);
        }
        if (manner->lasts && p.payload.len > 0) {
            lend(&lender, table, &p, (unsigned)(seed + i));
        }
        flow_table_packet(table, &p, flow_key_hash(&p.key));
    }
    for (; next_ns <= s->end_ns + 2 * limits->skew_ns; next_ns += tick_ns) {
        flow_table_tick(table, next_ns);
    }
    flow_table_finish(table, next_ns);
    flow_table_counts(table, counts);
    judge_sums(&w, counts, packets);
    if (loss == 0) {
        judge_whole(&w, counts);
    }
    flow_table_free(table);
    memory_fini(&memory);
    return w.fault;
}

/* To pass holes changes nothing but when bytes are given. */
static const char *compare(const struct flow_counts *waited, const struct flow_counts *passed) {
    bool same = memcmp(waited->fates, passed->fates, sizeof passed->fates) == 0 &&
                memcmp(waited->gaps, passed->gaps, sizeof passed->gaps) == 0 &&
                waited->gap_bytes == passed->gap_bytes && waited->payload_bytes == passed->payload_bytes &&
                waited->late_bytes == passed->late_bytes;
    return same ? NULL : "passing holes changes what is lost";
}

struct totals {
    uint64_t packets, copies, waits, passed, retransmits, midstream, gaps[GAP_REASONS], one_sided;
};

static void add(struct totals *t, const struct flow_counts *counts, const struct schedule *s) {
    for (int i = 0; i < FLOW_FATES; i++) {
        t->packets += counts->fates[i];
    }
    for (int i = 0; i < GAP_REASONS; i++) {
        t->gaps[i] += counts->gaps[i];
    }
    t->copies += counts->fates[FLOW_TAP_DUPLICATE];
    t->waits += counts->declined_waits;
    t->passed += counts->holes_passed;
    t->retransmits += counts->fates[FLOW_RETRANSMIT];
    t->midstream += s->midstream;
    t->one_sided += counts->one_sided;
}

static void print(const struct totals *t, const char *what) {
    printf("%s: %" PRIu64 " packets, %" PRIu64 " tap copies, %" PRIu64 " retransmissions, %" PRIu64
           " responses waited, %" PRIu64 " holes passed, %" PRIu64 " midstream, %" PRIu64 " one-sided; gaps:",
           what, t->packets, t->copies, t->retransmits, t->waits, t->passed, t->midstream, t->one_sided);
    for (int i = 0; i < GAP_REASONS; i++) {
        printf(" %s %" PRIu64, gap_reason_name((enum gap_reason)i), t->gaps[i]);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    static const struct manner manners[] = {
        {"whole", 0, false, false, false},
        {"1 % lost by the tap", 100, false, false, false},
        {"20 % lost by the tap", 5, false, false, false},
        {"whole, holes passed", 0, true, false, false},
        {"20 % lost by the tap, holes passed", 5, true, false, false},
        {"whole, dozing", 0, false, true, false},
        {"20 % lost by the tap, dozing", 5, false, true, false},
        {"whole, lasting", 0, false, false, true},
        {"20 % lost by the tap, lasting", 5, false, false, true},
    };
    enum { MANNERS = sizeof manners / sizeof *manners };
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : DEFAULT_RUNS;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct limits limits = limits_default();
    static struct schedule s;
    struct totals totals[MANNERS] = {0};
    struct flow_counts counts[MANNERS];
    for (uint64_t seed = first; seed < first + runs; seed++) {
        schedule_make(&s, seed, limits.skew_ns);
        for (int i = 0; i < MANNERS; i++) {
            const char *fault = run(&s, &limits, seed, &manners[i], &counts[i]);
            for (int k = 0; k < i && !fault; k++) {
                fault = manners[k].loss == manners[i].loss ? compare(&counts[k], &counts[i]) : NULL;
            }
            if (fault) {
                printf("seed %" PRIu64 ", %s: %s (%u packets%s); again: stream_property 1 %" PRIu64 "\n",
                       seed, manners[i].name, fault, s.count, s.midstream ? ", midstream" : "", seed);
                return 1;
            }
            add(&totals[i], &counts[i], &s);
        }
    }
    printf("seeds %" PRIu64 " to %" PRIu64 "\n", first, first + runs - 1);
    for (int i = 0; i < MANNERS; i++) {
        print(&totals[i], manners[i].name);
    }
    return 0;
}
