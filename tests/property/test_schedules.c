/* SPDX-License-Identifier: Apache-2.0 */
/* However a tap saw the same conversations within the skew, the transactions are the same; and when it lost
 * packets, each is right as far as it claims to be. Compares what hark makes of random schedules with what it
 * makes of the ideal one. A failing schedule is made smaller, and the words that reproduce it are printed.
 *
 * test_schedules [WORD=NUMBER...]: runs, seconds, seed (of the first run); of one schedule also talks (a
 * mask), firstN and lastN (exchanges of talk N), and the plan's numbers (see http_tap.h). */
#include "witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SCHEDULES_A_SCRIPT = 8, DEFAULT_RUNS = 10000 };

struct schedule_case {
    uint64_t seed;
    struct script_choice choice;
    struct tap_plan plan;
};

struct bench {
    struct limits limits;
    struct script script;
    struct tap tap;
    struct witness ideal;
    struct witness seen;
    uint64_t ideal_seed; /* of the script that `ideal` is of; its choice was script_all */
    bool ideal_valid;
    char why[256];
    uint64_t packets, records, pairs, complete, ideal_pairs, lossy_runs, lost, wrong;
};

static bool is_decoy(const char *name) {
    return strcmp(name, "decoy") == 0;
}

static bool blame(struct bench *b, const char *what, const struct witness_record *r) {
    snprintf(b->why, sizeof b->why, "%s: %s / %s", what, r->request_name, r->response_name);
    return false;
}

/* ---- nothing was lost ---- */

static bool judge_whole(struct bench *b, const struct schedule_case *c) {
    for (unsigned i = 0; i < b->ideal.count && i < b->seen.count; i++) {
        const struct witness_record *ideal = &b->ideal.records[i], *seen = &b->seen.records[i];
        if (strcmp(ideal->facts, seen->facts) != 0) {
            return blame(b, "the facts differ", seen);
        }
        if (c->plan.number[TAP_wrap] == 0 && memcmp(ideal->id, seen->id, sizeof ideal->id) != 0) {
            return blame(b, "the ids differ", seen);
        }
    }
    if (b->ideal.count != b->seen.count) {
        snprintf(b->why, sizeof b->why, "%u records instead of %u", b->seen.count, b->ideal.count);
        return false;
    }
    return true;
}

/* ---- something was ---- */

static const struct witness_record *ideal_of(const struct bench *b, const char *name, bool response) {
    for (unsigned i = 0; i < b->ideal.count; i++) {
        const struct witness_record *r = &b->ideal.records[i];
        if (name[0] && strcmp(response ? r->response_name : r->request_name, name) == 0 &&
            strncmp(r->facts, "tunnel", 6) != 0) {
            return r;
        }
    }
    return NULL;
}

/* Where all of a burst but its last request is lost, nothing tells that request from a lone one: TCP's
 * evidence is then taken for a proof that it is not. */
static bool talk_pipelines(const struct bench *b, const struct witness_record *r) {
    unsigned talk = (unsigned)(r->request_name[0] - '0');
    return talk < SCRIPT_TALKS && b->script.talk[talk].pipelines;
}

static bool judge_lossy_record(struct bench *b, const struct witness_record *r) {
    bool decoy = is_decoy(r->request_name) || is_decoy(r->response_name);
    if (decoy && (r->complete || r->by_ack)) {
        return blame(b, "a message inside a body is taken for certain", r);
    }
    if (r->pair && r->request_name[0] && r->response_name[0] &&
        strcmp(r->request_name, r->response_name) != 0) {
        b->wrong++;
        return talk_pipelines(b, r) || blame(b, "paired wrongly", r);
    }
    if (r->length_known && r->body != r->declared) {
        return blame(b, "seen and missing bytes are not those declared", r);
    }
    if (decoy) {
        return true;
    }
    const struct witness_record *ideal = ideal_of(b, r->response_name, true);
    if (r->length_known && r->pair && ideal && r->body != ideal->body) {
        return blame(b, "seen and missing bytes are not those sent", r);
    }
    ideal = ideal_of(b, r->request_name, false);
    if (r->complete &&
        (!ideal || ideal->core_len != r->core_len || memcmp(ideal->facts, r->facts, r->core_len) != 0)) {
        return blame(b, "claims to be complete and is not what was said", r);
    }
    return true;
}

static bool judge_lossy(struct bench *b) {
    for (unsigned i = 0; i < b->seen.count; i++) {
        const struct witness_record *r = &b->seen.records[i];
        if (!judge_lossy_record(b, r)) {
            return false;
        }
        b->pairs += r->pair;
        b->complete += r->complete;
    }
    for (unsigned i = 0; i < b->ideal.count; i++) {
        b->ideal_pairs += b->ideal.records[i].pair;
    }
    b->lossy_runs++;
    b->lost += b->tap.lost;
    return true;
}

/* ---- a case ---- */

static bool holds(struct bench *b, const struct schedule_case *c) {
    uint64_t script_seed = c->seed / SCHEDULES_A_SCRIPT;
    bool all = memcmp(&c->choice, &script_all, sizeof c->choice) == 0;
    if (!b->ideal_valid || b->ideal_seed != script_seed || !all) {
        script_make(&b->script, script_seed, &c->choice);
        tap_make(&b->tap, &b->script, &tap_ideal);
        witness_run(&b->ideal, &b->tap, &b->limits);
        b->ideal_seed = script_seed;
        b->ideal_valid = all;
    }
    tap_make(&b->tap, &b->script, &c->plan);
    witness_run(&b->seen, &b->tap, &b->limits);
    b->packets += b->tap.count;
    b->records += b->seen.count;
    const char *fault = b->ideal.fault ? b->ideal.fault : b->seen.fault;
    if (fault) {
        snprintf(b->why, sizeof b->why, "%s", fault);
        return false;
    }
    return c->plan.number[TAP_loss] ? judge_lossy(b) : judge_whole(b, c);
}

static void make_case(struct bench *b, struct schedule_case *c, uint64_t seed) {
    *c = (struct schedule_case){.seed = seed, .choice = script_all};
    tap_plan_make(&c->plan, seed, b->limits.skew_ns, seed % SCHEDULES_A_SCRIPT >= SCHEDULES_A_SCRIPT * 3 / 4);
}

/* ---- smaller cases ---- */

/* Takes the smaller case over if it fails too. */
static bool take_if_fails(struct bench *b, struct schedule_case *c, const struct schedule_case *smaller) {
    if (memcmp(c, smaller, sizeof *c) == 0 || holds(b, smaller)) {
        return false;
    }
    *c = *smaller;
    return true;
}

static bool shrink_plan(struct bench *b, struct schedule_case *c) {
    bool any = false;
    for (unsigned i = 0; i < TAP_from; i++) {
        bool lossy = i == TAP_loss;
        struct schedule_case smaller = *c;
        smaller.plan.number[i] = 0;
        any |= !lossy && take_if_fails(b, c, &smaller);
        /* One in more is less, and so is a longer piece. */
        bool rare = lossy || i == TAP_join || i == TAP_copy || i == TAP_again || i == TAP_cut;
        for (unsigned k = 0; k < 24 && c->plan.number[i]; k++) {
            smaller = *c;
            smaller.plan.number[i] = rare ? c->plan.number[i] * 2 : c->plan.number[i] / 2;
            if (smaller.plan.number[i] > 1 << 24 || !take_if_fails(b, c, &smaller)) {
                break;
            }
            any = true;
        }
    }
    return any;
}

static bool shrink_script(struct bench *b, struct schedule_case *c) {
    bool any = false;
    for (unsigned i = 0; i < SCRIPT_TALKS; i++) {
        struct schedule_case smaller = *c;
        smaller.choice.talks &= ~(1U << i);
        any |= take_if_fails(b, c, &smaller);
        for (bool again = true; again && c->choice.first[i] < c->choice.last[i];) {
            smaller = *c;
            smaller.choice.last[i]--;
            again = take_if_fails(b, c, &smaller);
            smaller = *c;
            smaller.choice.first[i]++;
            again |= take_if_fails(b, c, &smaller);
            any |= again;
        }
    }
    return any;
}

/* Leaves out half of the operations, then a quarter, ... at either end. */
static bool shrink_operations(struct bench *b, struct schedule_case *c) {
    bool any = false;
    holds(b, c);
    if (c->plan.number[TAP_to] > b->tap.operations) {
        c->plan.number[TAP_to] = b->tap.operations;
    }
    for (uint32_t step = c->plan.number[TAP_to] - c->plan.number[TAP_from]; step > 0; step /= 2) {
        struct schedule_case smaller = *c;
        smaller.plan.number[TAP_to] -= step <= smaller.plan.number[TAP_to] ? step : 0;
        any |= take_if_fails(b, c, &smaller);
        smaller = *c;
        smaller.plan.number[TAP_from] += step;
        any |= smaller.plan.number[TAP_from] <= smaller.plan.number[TAP_to] && take_if_fails(b, c, &smaller);
    }
    return any;
}

static void shrink(struct bench *b, struct schedule_case *c) {
    for (unsigned round = 0; round < 4; round++) {
        bool any = shrink_script(b, c);
        any |= shrink_plan(b, c);
        any |= shrink_operations(b, c);
        if (!any) {
            break;
        }
    }
    holds(b, c);
}

static void print_words(const struct schedule_case *c) {
    printf("test_schedules runs=1 seed=%" PRIu64 " talks=%u", c->seed, c->choice.talks);
    for (unsigned i = 0; i < SCRIPT_TALKS; i++) {
        if (c->choice.talks & 1U << i) {
            printf(" first%u=%u last%u=%u", i, c->choice.first[i], i, c->choice.last[i]);
        }
    }
    for (unsigned i = 0; i < TAP_NUMBER_COUNT; i++) {
        printf(" %s=%u", tap_names[i].name, c->plan.number[i]);
    }
    printf("\n");
}

static void print_tap(const struct bench *b) {
    for (unsigned i = 0; i < b->tap.count && b->tap.count < 80; i++) {
        const struct tap_packet *p = &b->tap.packets[i];
        printf("  %10.6f talk %u %s flags %02x bytes %u+%u ack %u\n", (double)p->seen_ns / 1e9, p->talk,
               p->direction ? "<" : ">", p->flags, p->from, p->len, p->ack);
    }
    for (unsigned i = 0; i < b->ideal.count && i < 40; i++) {
        printf("  ideal: %s\n", b->ideal.records[i].facts);
    }
    for (unsigned i = 0; i < b->seen.count && i < 40; i++) {
        printf("  seen:  %s\n", b->seen.records[i].facts);
    }
}

static void report(struct bench *b, const struct schedule_case *c) {
    printf("FAILED: %s\n  ", b->why);
    print_words(c);
    struct schedule_case smallest = *c;
    shrink(b, &smallest);
    printf("smallest: %s\n  ", b->why);
    print_words(&smallest);
    print_tap(b);
}

/* ---- words ---- */

struct words {
    uint64_t runs, seconds, seed;
    bool plan_given;
    struct schedule_case given;
};

static bool take_choice_word(struct script_choice *choice, const char *name, size_t len, uint32_t value) {
    if (len == 5 && memcmp(name, "talks", len) == 0) {
        choice->talks = value;
        return true;
    }
    unsigned talk = len > 0 ? (unsigned)(name[len - 1] - '0') : SCRIPT_TALKS;
    if (talk < SCRIPT_TALKS && len == 6 && memcmp(name, "first", 5) == 0) {
        choice->first[talk] = value;
        return true;
    }
    if (talk < SCRIPT_TALKS && len == 5 && memcmp(name, "last", 4) == 0) {
        choice->last[talk] = value;
        return true;
    }
    return false;
}

static bool take_word(struct words *w, const char *word) {
    const char *equals = strchr(word, '=');
    if (!equals) {
        return false;
    }
    size_t len = (size_t)(equals - word);
    uint64_t value = strtoull(equals + 1, NULL, 10);
    struct {
        const char *name;
        uint64_t *to;
    } numbers[] = {{"runs", &w->runs}, {"seconds", &w->seconds}, {"seed", &w->seed}};
    for (unsigned i = 0; i < 3; i++) {
        if (strlen(numbers[i].name) == len && memcmp(word, numbers[i].name, len) == 0) {
            *numbers[i].to = value;
            return true;
        }
    }
    if (take_choice_word(&w->given.choice, word, len, (uint32_t)value)) {
        w->plan_given = true;
        return true;
    }
    for (unsigned i = 0; i < TAP_NUMBER_COUNT; i++) {
        if (strlen(tap_names[i].name) == len && memcmp(word, tap_names[i].name, len) == 0) {
            w->given.plan.number[i] = (uint32_t)value;
            w->plan_given = true;
            return true;
        }
    }
    return false;
}

static int usage(void) {
    printf("test_schedules [runs=N] [seconds=N] [seed=N] [talks=MASK] [firstN=K] [lastN=K] and the plan:\n");
    for (unsigned i = 0; i < TAP_NUMBER_COUNT; i++) {
        printf("  %-8s %s\n", tap_names[i].name, tap_names[i].meaning);
    }
    return 2;
}

int main(int argc, char **argv) {
    struct words words = {
        .runs = DEFAULT_RUNS, .seconds = 3600, .seed = 1, .given = {.choice = script_all, .plan = tap_ideal}};
    for (int i = 1; i < argc; i++) {
        if (!take_word(&words, argv[i])) {
            return usage();
        }
    }
    static struct bench b;
    b.limits = limits_default();
    time_t start = time(NULL);
    uint64_t run = 0;
    bool failed = false;
    for (; run < words.runs && !failed && (uint64_t)(time(NULL) - start) < words.seconds; run++) {
        struct schedule_case c;
        make_case(&b, &c, words.seed + run);
        if (words.plan_given) {
            c.choice = words.given.choice;
            memcpy(c.plan.number, words.given.plan.number, sizeof c.plan.number);
        }
        failed = !holds(&b, &c);
        if (failed) {
            report(&b, &c);
        }
    }
    printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " schedules, %" PRIu64 " packets, %" PRIu64
           " records, %ld s; ",
           words.seed, words.seed + run - 1, run, b.packets, b.records, (long)(time(NULL) - start));
    printf("%" PRIu64 " with loss (%" PRIu64 " packets): %" PRIu64 " of %" PRIu64 " pairs found, %" PRIu64
           " of them complete, %" PRIu64 " wrong (all of clients that pipeline)\n",
           b.lossy_runs, b.lost, b.pairs, b.ideal_pairs, b.complete, b.wrong);
    return failed;
}
