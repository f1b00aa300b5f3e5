/* SPDX-License-Identifier: Apache-2.0 */
/* However a tap saw the same conversations within the skew, the transactions are the same; and when it lost
 * packets, each is right as far as it claims to be, and every head that was captured is told. Compares what
 * hark makes of random schedules with what it makes of the ideal one: as packets by the transactions' facts,
 * or as frames by the invariant keys of the records. A failing schedule is made smaller, and the words that
 * reproduce it are printed.
 *
 * test_schedules [WORD=NUMBER...]; `test_schedules help` lists the words. */
#include "witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SCHEDULES_A_SCRIPT = 8, DEFAULT_RUNS = 10000 };

/* What is known to remain, each with strict=1 a failure. Of so many ... at most one: */
enum {
    MOST_REUSED = 1000, /* schedules: orphans or other ids around ports used again */
    MOST_WRONG = 2000,  /* lossy schedules: wrong pairs, all of clients that pipeline */
    MOST_UNTOLD = 100,  /* heads captured under loss: told by no record */
    MOST_UNTOLD_PLAIN =
        10000,              /* heads: the same of talks without pipelining, tunnels and bodies until close */
    LEAST_FOR_BOUNDS = 5000 /* schedules; fewer prove nothing */
};

/* A case is a row of numbers: which part of the script, then the tap's plan. */
enum { CASE_talks, CASE_first0, CASE_last0, CASE_first1, CASE_last1, CASE_first2, CASE_last2, CASE_PLAN };
enum { CASE_NUMBERS = CASE_PLAN + TAP_NUMBER_COUNT };
_Static_assert(SCRIPT_TALKS == 3, "a first and a last for each talk");

static const struct shrink_word choice_words[CASE_PLAN] = {
    {"talks", "bit mask of the connections", SHRINK_BITS},
    {"first0", "first exchange of connection 0", SHRINK_FROM},
    {"last0", "the one after its last", SHRINK_TO},
    {"first1", "the same of connection 1", SHRINK_FROM},
    {"last1", "", SHRINK_TO},
    {"first2", "of connection 2", SHRINK_FROM},
    {"last2", "", SHRINK_TO},
};

struct schedule_case {
    uint64_t seed;
    uint32_t number[CASE_NUMBERS];
};

struct bench {
    struct witness_tools tools;
    struct shrink_word words[CASE_NUMBERS];
    struct script script;
    struct tap tap;
    struct witness ideal[2]; /* as packets, as frames */
    bool ideal_valid[2];
    struct witness seen;
    uint64_t script_seed; /* whose ideals are valid; its choice was all of it */
    uint64_t case_seed;   /* while a case is made smaller */
    char why[WITNESS_WHY + 128];
    uint64_t strict; /* nothing is excused */
    uint64_t frame_runs, excused, untold, untold_plain, packets, frames, records, lossy_runs, lost, pairs,
        complete, ideal_pairs, heads, wrong;
};

static bool is_decoy(const char *name) {
    return strcmp(name, "decoy") == 0;
}

static bool blame(struct bench *b, const char *what, const struct witness_record *r) {
    snprintf(b->why, sizeof b->why, "%s: %s / %s", what, r->request_name, r->response_name);
    return false;
}

/* ---- nothing was lost ---- */

static const struct witness_record *record_of(const struct witness *w, const char *name, bool response) {
    for (unsigned i = 0; i < w->count; i++) {
        const struct witness_record *r = &w->records[i];
        if (name[0] && strcmp(response ? r->response_name : r->request_name, name) == 0 &&
            r->type != TRANSACTION_TUNNEL) {
            return r;
        }
    }
    return NULL;
}

static bool same_core(const struct witness *ideals, const struct witness_record *ideal,
                      const struct witness *w, const struct witness_record *r) {
    return ideal->core_len == r->core_len &&
           memcmp(witness_facts(ideals, ideal), witness_facts(w, r), r->core_len) == 0;
}

/* The talk that the record is of, by its name: "1-2-0". */
static const struct script_talk *talk_of(const struct bench *b, const struct witness_record *r) {
    char first = r->request_name[0]    ? r->request_name[0]
                 : r->response_name[0] ? r->response_name[0]
                                       : r->parent_name[0];
    unsigned talk = (unsigned)(first - '0');
    return talk < SCRIPT_TALKS ? &b->script.talk[talk] : NULL;
}

/* Sequence numbers, network ids and the incarnation are part of an id; and which incarnation it is depends on
 * how long the one before is remembered. */
static bool ids_must_agree(const struct bench *b, const struct witness_record *r,
                           const struct tap_plan *plan) {
    const struct script_talk *talk = talk_of(b, r);
    return tap_keeps_ids(plan) && talk && !talk->reuses;
}

/* Nothing told is wrong: no pair of strangers, and what claims to be complete is what was said. */
static bool judge_claims(struct bench *b, const struct witness *ideals) {
    for (unsigned i = 0; i < b->seen.count; i++) {
        const struct witness_record *r = &b->seen.records[i];
        const struct witness_record *ideal = record_of(ideals, r->request_name, false);
        bool strangers = r->pair && r->response_name[0] && strcmp(r->request_name, r->response_name) != 0;
        bool claims = r->complete && r->type != TRANSACTION_TUNNEL;
        if (strangers || (claims && (!ideal || !same_core(ideals, ideal, &b->seen, r)))) {
            return blame(b, "wrong on reused ports", r);
        }
    }
    return true;
}

static bool reuses_ports(const struct script *s) {
    for (unsigned i = 0; i < s->talks; i++) {
        if (s->talk[i].count && s->talk[i].reuses) {
            return true;
        }
    }
    return false;
}

/* Where ports are used again, hark does not always know which connection a displaced handshake is of: then
 * there may be orphans, but nothing wrong. Counted, see MOST_REUSED. */
static bool is_excused(struct bench *b, const struct witness *ideals) {
    if (b->strict || !reuses_ports(&b->script) || !judge_claims(b, ideals)) {
        return false;
    }
    b->excused++;
    return true;
}

static const char *behind_pairing(const char *s) {
    static const char *const said[] = {"by=ack", "by=order", "by=\"ack\"", "by=\"order\""};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (strncmp(s, said[i], strlen(said[i])) == 0) {
            return s + strlen(said[i]);
        }
    }
    return s;
}

/* Where bytes are first seen in a packet that sends them again, their ACK may be too late to prove what order
 * says as well. */
static bool facts_agree(const char *x, const char *y, bool fresh) {
    for (;; x++, y++) {
        x = fresh ? behind_pairing(x) : x;
        y = fresh ? behind_pairing(y) : y;
        if (*x != *y || *x == '\0') {
            return *x == *y;
        }
    }
}

static bool judge_whole(struct bench *b, const struct witness *ideals, const struct tap_plan *plan) {
    for (unsigned i = 0; i < ideals->count && i < b->seen.count; i++) {
        const struct witness_record *ideal = &ideals->records[i], *seen = &b->seen.records[i];
        if (!facts_agree(witness_facts(ideals, ideal), witness_facts(&b->seen, seen),
                         plan->number[TAP_fresh])) {
            return blame(b, "the facts differ", seen);
        }
        if (strcmp(ideal->parent_name, seen->parent_name) != 0 || seen->parent_name[0] == '?') {
            return blame(b, "the parents differ, or there is none", seen);
        }
        if (ids_must_agree(b, seen, plan) &&
            (strcmp(ideal->id, seen->id) != 0 || strcmp(ideal->parent_id, seen->parent_id) != 0)) {
            return blame(b, "the ids differ", seen);
        }
    }
    if (ideals->count != b->seen.count) {
        snprintf(b->why, sizeof b->why, "%u records instead of %u", b->seen.count, ideals->count);
        return false;
    }
    return true;
}

/* ---- something was ---- */

/* Where all of a burst but its last request is lost, nothing tells that request from a lone one: TCP's
 * evidence is then taken for a proof that it is not. */
static bool talk_pipelines(const struct bench *b, const struct witness_record *r) {
    const struct script_talk *talk = talk_of(b, r);
    return talk && talk->pipelines;
}

static bool judge_lossy_record(struct bench *b, const struct witness *ideals,
                               const struct witness_record *r) {
    bool decoy = is_decoy(r->request_name) || is_decoy(r->response_name);
    if (decoy && (r->complete || r->by_ack)) {
        return blame(b, "a message inside a body is taken for certain", r);
    }
    if (r->pair && r->request_name[0] && r->response_name[0] &&
        strcmp(r->request_name, r->response_name) != 0) {
        b->wrong++;
        if (!b->strict) {
            printf("wrong pair: seed=%" PRIu64 " %s / %s\n", b->tap.plan.seed, r->request_name,
                   r->response_name);
        }
        return (!b->strict && talk_pipelines(b, r)) || blame(b, "paired wrongly", r);
    }
    if (r->length_known && r->body != r->declared) {
        return blame(b, "seen and missing bytes are not those declared", r);
    }
    if (decoy) {
        return true;
    }
    const struct witness_record *ideal = record_of(ideals, r->response_name, true);
    if (r->length_known && r->pair && ideal && r->body != ideal->body) {
        return blame(b, "seen and missing bytes are not those sent", r);
    }
    ideal = record_of(ideals, r->request_name, false);
    if (r->complete && r->type != TRANSACTION_TUNNEL && (!ideal || !same_core(ideals, ideal, &b->seen, r))) {
        return blame(b, "claims to be complete and is not what was said", r);
    }
    return true;
}

/* Every head that the tap has whole is in some record. Where a lost request hides what its answer is (HEAD,
 * CONNECT), the answer's body may swallow what follows: counted, see MOST_UNTOLD. */
static bool judge_heads(struct bench *b) {
    for (unsigned i = 0; i < b->script.talks; i++) {
        const struct script_talk *talk = &b->script.talk[i];
        for (unsigned k = 0; k < talk->heads && talk->count; k++) {
            const struct script_head *head = &talk->head[k];
            if (!witness_has(&b->seen, i, head)) {
                continue;
            }
            b->heads++;
            if (record_of(&b->seen, head->name, head->direction == 1)) {
                continue;
            }
            b->untold++;
            b->untold_plain += !talk->tunnels && !talk->pipelines;
            if (b->strict) {
                snprintf(b->why, sizeof b->why, "missing though whole: the %s %s",
                         head->direction ? "response" : "request", head->name);
                return false;
            }
        }
    }
    return true;
}

static bool judge_lossy(struct bench *b, const struct witness *ideals) {
    for (unsigned i = 0; i < b->seen.count; i++) {
        const struct witness_record *r = &b->seen.records[i];
        if (!judge_lossy_record(b, ideals, r)) {
            return false;
        }
        b->pairs += r->pair;
        b->complete += r->complete;
    }
    for (unsigned i = 0; i < ideals->count; i++) {
        b->ideal_pairs += ideals->records[i].pair;
    }
    b->lossy_runs++;
    b->lost += b->tap.lost + b->seen.lost;
    return judge_heads(b);
}

/* ---- a case ---- */

static struct script_choice choice_of(const struct schedule_case *c) {
    const uint32_t *n = c->number;
    return (struct script_choice){.talks = n[CASE_talks],
                                  .first = {n[CASE_first0], n[CASE_first1], n[CASE_first2]},
                                  .last = {n[CASE_last0], n[CASE_last1], n[CASE_last2]}};
}

static struct tap_plan plan_of(const struct schedule_case *c) {
    struct tap_plan plan = {.seed = c->seed};
    memcpy(plan.number, c->number + CASE_PLAN, sizeof plan.number);
    return plan;
}

/* Makes the script, and what hark makes of it at best, where they are not at hand. */
static const struct witness *ideal_of(struct bench *b, const struct schedule_case *c, bool frames) {
    uint64_t script_seed = c->seed / SCHEDULES_A_SCRIPT;
    struct script_choice choice = choice_of(c);
    bool all = memcmp(&choice, &script_all, sizeof choice) == 0;
    if (!all || b->script_seed != script_seed || !(b->ideal_valid[0] || b->ideal_valid[1])) {
        b->ideal_valid[0] = b->ideal_valid[1] = false;
        script_make(&b->script, script_seed, &choice);
        b->script_seed = script_seed;
    }
    if (!b->ideal_valid[frames]) {
        struct tap_plan plan = tap_ideal;
        plan.number[TAP_frames] = frames;
        tap_make(&b->tap, &b->script, &plan);
        b->tools.limits.flow_doze_ns = INT64_MAX / 2;
        witness_run(&b->ideal[frames], &b->tools, &b->tap);
        b->ideal_valid[frames] = all;
    }
    return &b->ideal[frames];
}

static bool holds(struct bench *b, const struct schedule_case *c) {
    struct tap_plan plan = plan_of(c);
    bool frames = plan.number[TAP_frames];
    const struct witness *ideals = ideal_of(b, c, frames);
    tap_make(&b->tap, &b->script, &plan);
    /* The ideal schedule's connections never doze, those of half of the others whenever they can. */
    b->tools.limits.flow_doze_ns = c->seed % 2 ? limits_default().flow_doze_ns : 0;
    witness_run(&b->seen, &b->tools, &b->tap);
    b->packets += b->tap.count;
    b->records += b->seen.count;
    b->frame_runs += frames;
    b->frames += frames ? b->tools.frames.count : 0;
    const char *why = ideals->why[0] ? ideals->why : b->seen.why;
    if (*why) {
        snprintf(b->why, sizeof b->why, "%s", why);
        return false;
    }
    if (plan.number[TAP_loss]) {
        return judge_lossy(b, ideals);
    }
    return judge_whole(b, ideals, &plan) || is_excused(b, ideals);
}

static void make_case(const struct bench *b, struct schedule_case *c, uint64_t seed) {
    static const uint32_t all[CASE_PLAN] = {(1U << SCRIPT_TALKS) - 1, 0, SCRIPT_EXCHANGES, 0,
                                            SCRIPT_EXCHANGES,         0, SCRIPT_EXCHANGES};
    unsigned turn = seed % SCHEDULES_A_SCRIPT;
    bool lossy = turn >= SCHEDULES_A_SCRIPT * 3 / 4, frames = turn == 0 || turn == 1 || turn == 7;
    struct tap_plan plan;
    tap_plan_make(&plan, seed, b->tools.limits.skew_ns, lossy, frames);
    *c = (struct schedule_case){.seed = seed};
    memcpy(c->number, all, sizeof all);
    memcpy(c->number + CASE_PLAN, plan.number, sizeof plan.number);
}

/* ---- failures ---- */

static bool fails(void *context, const uint32_t *numbers) {
    struct bench *b = context;
    struct schedule_case c = {.seed = b->case_seed};
    memcpy(c.number, numbers, sizeof c.number);
    return !holds(b, &c);
}

static void print_case(const struct bench *b, const struct schedule_case *c) {
    printf("  test_schedules runs=1 seed=%" PRIu64, c->seed);
    shrink_print_words(b->words, CASE_NUMBERS, c->number);
}

/* Those that the other side does not have. */
static void print_records(const struct witness *w, const struct witness *other, const char *name) {
    for (unsigned i = 0, shown = 0; i < w->count && shown < 6; i++) {
        const struct witness_record *r = &w->records[i];
        bool same = false;
        for (unsigned k = 0; k < other->count && !same; k++) {
            same = strcmp(witness_facts(w, r), witness_facts(other, &other->records[k])) == 0 &&
                   strcmp(r->id, other->records[k].id) == 0;
        }
        if (!same) {
            printf("  %s: %s parent %s %s\n%s\n", name, r->id, r->parent_id, r->parent_name,
                   witness_facts(w, r));
            shown++;
        }
    }
}

static void print_tap(const struct bench *b, bool frames) {
    for (unsigned i = 0; i < b->tap.count && b->tap.count < 80; i++) {
        const struct tap_packet *p = &b->tap.packets[i];
        printf("  %3u %10.6f talk %u %s flags %02x bytes %u+%u ack %u\n", i, (double)p->seen_ns / 1e9,
               p->talk, p->direction ? "<" : ">", p->flags, p->from, p->len, p->ack);
    }
    for (unsigned i = 0; frames && i < b->tools.frames.count && b->tools.frames.count < 80; i++) {
        const struct tap_frame *f = &b->tools.frames.frame[i];
        printf("  %10.6f packet %u part %u+%u%s outer %u+%u%s\n", (double)f->seen_ns / 1e9, f->packet,
               f->from, f->len, f->more ? "..." : "", f->outer_from, f->outer_len,
               f->outer_more ? "..." : "");
    }
    print_records(&b->ideal[frames], &b->seen, "ideal");
    print_records(&b->seen, &b->ideal[frames], "seen");
}

static void report(struct bench *b, const struct schedule_case *c) {
    printf("FAILED: %s\n", b->why);
    print_case(b, c);
    struct schedule_case smallest = *c;
    uint32_t *to = &smallest.number[CASE_PLAN + TAP_to];
    *to = *to < b->tap.operations ? *to : b->tap.operations;
    b->case_seed = c->seed;
    if (fails(b, smallest.number)) {
        shrink(b->words, CASE_NUMBERS, smallest.number, fails, b);
    }
    holds(b, &smallest);
    printf("smallest: %s\n", b->why);
    print_case(b, &smallest);
    print_tap(b, smallest.number[CASE_PLAN + TAP_frames]);
}

/* ---- words ---- */

struct orders {
    uint64_t runs, seconds, seed, failures, strict;
    bool given[CASE_NUMBERS];
    struct schedule_case c;
};

static bool take_order(struct bench *b, struct orders *o, const char *word) {
    struct {
        const char *name;
        uint64_t *to;
    } numbers[] = {{"runs=", &o->runs},
                   {"seconds=", &o->seconds},
                   {"seed=", &o->seed},
                   {"failures=", &o->failures},
                   {"strict=", &o->strict}};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t len = strlen(numbers[i].name);
        if (strncmp(word, numbers[i].name, len) == 0) {
            *numbers[i].to = strtoull(word + len, NULL, 10);
            return true;
        }
    }
    for (unsigned i = 0; i < CASE_NUMBERS; i++) {
        if (shrink_take_word(&b->words[i], 1, &o->c.number[i], word)) {
            o->given[i] = true;
            return true;
        }
    }
    return false;
}

static int usage(const struct bench *b) {
    printf("test_schedules [runs=N] [seconds=N] [seed=N] [failures=N] and, of each case:\n");
    shrink_print_meanings(b->words, CASE_NUMBERS);
    return 2;
}

static void print_sums(const struct bench *b, const struct orders *o, uint64_t runs, long seconds) {
    printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " schedules (%" PRIu64 " as frames), %" PRIu64
           " packets, %" PRIu64 " frames, %" PRIu64 " records, %ld s; %" PRIu64 " excused for reused ports\n",
           o->seed, o->seed + runs - 1, runs, b->frame_runs, b->packets, b->frames, b->records, seconds,
           b->excused);
    printf("%" PRIu64 " of them with loss (%" PRIu64 " packets): %" PRIu64 " of %" PRIu64
           " pairs found, %" PRIu64 " of them complete, %" PRIu64
           " wrong (all of clients that pipeline); of %" PRIu64 " heads captured %" PRIu64
           " not told (%" PRIu64 " of them plain)\n",
           b->lossy_runs, b->lost, b->pairs, b->ideal_pairs, b->complete, b->wrong, b->heads, b->untold,
           b->untold_plain);
}

static bool within_bounds(const struct bench *b, uint64_t runs) {
    const struct {
        const char *name;
        uint64_t count, most, of;
    } bounds[] = {{"excused for reused ports", b->excused, MOST_REUSED, runs},
                  {"paired wrongly", b->wrong, MOST_WRONG, b->lossy_runs},
                  {"heads not told", b->untold, MOST_UNTOLD, b->heads},
                  {"plain heads not told", b->untold_plain, MOST_UNTOLD_PLAIN, b->heads}};
    bool within = true;
    for (unsigned i = 0; i < sizeof bounds / sizeof *bounds && runs >= LEAST_FOR_BOUNDS; i++) {
        if (bounds[i].count * bounds[i].most > bounds[i].of) {
            printf("FAILED: too many %s: more than 1 in %" PRIu64 "\n", bounds[i].name, bounds[i].most);
            within = false;
        }
    }
    return within;
}

static int run(struct bench *b, const struct orders *o) {
    time_t start = time(NULL);
    b->strict = o->strict;
    uint64_t runs = 0, failures = 0;
    for (; runs < o->runs && failures < o->failures && (uint64_t)(time(NULL) - start) < o->seconds; runs++) {
        struct schedule_case c;
        make_case(b, &c, o->seed + runs);
        for (unsigned i = 0; i < CASE_NUMBERS; i++) {
            c.number[i] = o->given[i] ? o->c.number[i] : c.number[i];
        }
        if (!holds(b, &c)) {
            failures++;
            print_sums(b, o, runs + 1, (long)(time(NULL) - start));
            report(b, &c);
        }
    }
    print_sums(b, o, runs, (long)(time(NULL) - start));
    return failures > 0 || !within_bounds(b, runs);
}

int main(int argc, char **argv) {
    static struct bench b;
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct orders orders = {.runs = DEFAULT_RUNS, .seconds = 3600, .seed = 1, .failures = 1};
    memcpy(b.words, choice_words, sizeof choice_words);
    memcpy(b.words + CASE_PLAN, tap_words, sizeof tap_words);
    for (int i = 1; i < argc; i++) {
        if (!take_order(&b, &orders, argv[i])) {
            return usage(&b);
        }
    }
    if (!witness_tools_init(&b.tools, HARK_SCHEMA)) {
        return 2;
    }
    witness_init(&b.ideal[0]);
    witness_init(&b.ideal[1]);
    witness_init(&b.seen);
    int failed = run(&b, &orders);
    witness_fini(&b.ideal[0]);
    witness_fini(&b.ideal[1]);
    witness_fini(&b.seen);
    witness_tools_fini(&b.tools);
    return failed;
}
