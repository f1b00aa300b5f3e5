/* SPDX-License-Identifier: Apache-2.0 */
/* One capture, one, two and eight workers: the same bytes of records and the same ledger, caps hit included.
 * Each capture holds the schedules of many scripts at once, with loss, fragments and tunnels in some; each
 * run has some limits so tight that they are reached, and the test fails when too few runs reach them. A
 * failing capture is made smaller, and the words that reproduce it are printed.
 *
 * test_jobs [WORD=NUMBER...]; `test_jobs help` lists the words. */
#include "crowd.h"

#include "cli/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_RUNS = 200, LEAST_RUNS_FOR_CAPS = 200, PATH_BYTES = 32, DEFAULT_LIMITS_IN = 8 };

static const unsigned jobs[] = {1, 2, 8};
enum { CAPS = 12 }; /* see caps_of */
enum { RUNS_A_CAPTURE = sizeof jobs / sizeof *jobs };

/* ---- limits ---- */

/* Which limits may be tight, and the values that they then have. */
struct tight {
    const char *name;
    size_t offset;
    uint64_t values[2];
};

#define SHARED(x)    ((uint64_t)HARK_PARTITIONS * (x))
#define LIMIT(field) #field, offsetof(struct limits, field)
#define MILLISECOND  ((uint64_t)NS_PER_MILLISECOND)

static const struct tight tight[] = {
    {LIMIT(flows), {SHARED(1), SHARED(2)}},
    {LIMIT(held_bytes), {SHARED(300), SHARED(3000)}},
    {LIMIT(stream_held_bytes), {100, 1500}},
    {LIMIT(memory), {SHARED(96 * 1024), SHARED(192 * 1024)}},
    {LIMIT(open_requests), {1, 2}},
    {LIMIT(interim_responses), {1, 2}},
    {LIMIT(headers), {1, 3}},
    {LIMIT(head_bytes), {30, 80}},
    {LIMIT(line_bytes), {24, 32}},
    {LIMIT(fragment_datagrams), {1, 4}},
    {LIMIT(fragment_bytes), {2048, 8192}},
    {LIMIT(record_bytes), {1200, 1700}},
    {LIMIT(tunnel_depth), {1, 3}},
    {LIMIT(skew_ns), {20 * MILLISECOND, 200 * MILLISECOND}},
    {LIMIT(flow_idle_ns), {500 * MILLISECOND, 2000 * MILLISECOND}},
    {LIMIT(incarnations), {1, 2}},
};
enum { TIGHT = sizeof tight / sizeof *tight };

static void set_limit(struct limits *limits, const struct tight *t, uint64_t value) {
    char *to = (char *)limits + t->offset;
    bool narrow = t->offset == offsetof(struct limits, tunnel_depth) ||
                  t->offset == offsetof(struct limits, incarnations);
    unsigned small = (unsigned)value;
    memcpy(to, narrow ? (const void *)&small : (const void *)&value, narrow ? sizeof small : sizeof value);
}
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "limits are size_t, int64_t or unsigned");

static struct limits limits_of(uint64_t seed, uint32_t mask) {
    struct limits limits = limits_default();
    for (unsigned i = 0; i < TIGHT; i++) {
        if (mask & 1U << i) {
            set_limit(&limits, &tight[i], tight[i].values[script_chance(seed, 70, i, 2)]);
        }
    }
    return limits;
}

/* ---- a run ---- */

struct outcome {
    struct buf records;
    char *stats; /* owned */
    size_t stats_len;
    struct ledger ledger;
};

enum { CASE_members, CASE_on, CASE_limits, CASE_from, CASE_to, CASE_NUMBERS };
static const struct shrink_word words[CASE_NUMBERS] = {
    {"members", "bit mask of the scripts in the capture", SHRINK_BITS},
    {"on", "bit mask of what the tap does to them, in the order of test_schedules' words", SHRINK_BITS},
    {"limits", "bit mask of the limits that are tight", SHRINK_BITS},
    {"from", "the frames before this one are left out", SHRINK_FROM},
    {"to", "and those from this one on", SHRINK_TO},
};

struct bench {
    struct crowd crowd;
    struct outcome outcomes[RUNS_A_CAPTURE];
    char path[2][PATH_BYTES]; /* of the capture and the output, both in memory */
    int fd[2];
    uint64_t seed;
    char why[128];
    uint64_t frames, records, any_cap;
    uint64_t hit[CAPS];
};

static const char *file_name(void *context, uint32_t file) {
    (void)context;
    (void)file;
    return "crowd.pcap";
}

static void take_output(struct bench *b, struct outcome *o) {
    off_t len = lseek(b->fd[1], 0, SEEK_END);
    buf_clear(&o->records);
    uint8_t *to = buf_reserve(&o->records, (size_t)len + 1);
    script_must(len >= 0 && to && pread(b->fd[1], to, (size_t)len, 0) == len);
    o->records.len = (size_t)len;
}

static void take_ledger(struct outcome *o, const struct pipeline *pipeline) {
    free(o->stats);
    o->ledger = (struct ledger){0};
    pipeline_counts(pipeline, &o->ledger);
    FILE *out = open_memstream(&o->stats, &o->stats_len);
    script_must(out != NULL);
    ledger_print(&o->ledger, out);
    script_must(fclose(out) == 0);
}

/* As the program does it, from the capture's file to the output's. */
static bool run_jobs(struct bench *b, const struct limits *limits, unsigned workers, struct outcome *o) {
    const char *const paths[] = {b->path[0]};
    const struct source_files_options files = {.paths = paths, .path_count = 1};
    const struct decode_options decode = {.verify_checksums = false};
    const struct record_options record = {
        .mask_secrets = true, .record_bytes = limits->record_bytes, .file_name = file_name};
    char message[SOURCE_MESSAGE_BYTES];
    enum source_error error;
    struct progress progress;
    progress_init(&progress, stderr, false);
    struct source *source = source_open_files(&files, &error, message);
    struct sink *sink = sink_open(b->path[1], message);
    struct decoder *decoder = decoder_new(&decode, limits);
    script_must(source && sink && decoder);
    struct crew *crew = crew_new(limits, &record, workers, sink);
    script_must(crew != NULL);
    const struct pipeline_parts parts = {.source = source,
                                         .decoder = decoder,
                                         .crew = crew,
                                         .progress = &progress,
                                         .limits = limits,
                                         .flush_interval_ns = NS_PER_SECOND};
    struct pipeline pipeline;
    pipeline_init(&pipeline, &parts);
    enum crew_status status = pipeline_run(&pipeline);
    take_ledger(o, &pipeline);
    crew_free(crew);
    decoder_free(decoder);
    sink_free(sink);
    source_free(source);
    take_output(b, o);
    return status == CREW_OK;
}

/* ---- judging ---- */

static bool same_bytes(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool judge(struct bench *b) {
    const struct outcome *one = &b->outcomes[0];
    char why[256];
    if (!ledger_balances(&one->ledger, why)) {
        snprintf(b->why, sizeof b->why, "the ledger does not balance: %.90s", why);
        return false;
    }
    for (unsigned i = 1; i < RUNS_A_CAPTURE; i++) {
        const struct outcome *many = &b->outcomes[i];
        if (!same_bytes(buf_slice(&one->records), buf_slice(&many->records))) {
            snprintf(b->why, sizeof b->why, "-j%u writes other records than -j1", jobs[i]);
            return false;
        }
        if (!same_bytes(slice_make((const uint8_t *)one->stats, one->stats_len),
                        slice_make((const uint8_t *)many->stats, many->stats_len))) {
            snprintf(b->why, sizeof b->why, "-j%u counts otherwise than -j1", jobs[i]);
            return false;
        }
    }
    return true;
}

/* When connections doze changes nothing either, unless some give way: those that have most. */
static void spread_dozes(struct limits *limits, unsigned run) {
    static const int64_t after_ns[RUNS_A_CAPTURE] = {INT64_MAX / 2, 200 * NS_PER_MILLISECOND, 0};
    const struct limits usual = limits_default();
    if (limits->memory == usual.memory && limits->flows == usual.flows) {
        limits->flow_doze_ns = after_ns[run];
    }
}

static bool holds(struct bench *b, uint64_t seed, const uint32_t *number) {
    struct limits limits = limits_of(seed, number[CASE_limits]);
    crowd_make(&b->crowd, seed, number[CASE_members], number[CASE_on]);
    crowd_write(&b->crowd, b->fd[0], number[CASE_from], number[CASE_to]);
    for (unsigned i = 0; i < RUNS_A_CAPTURE; i++) {
        spread_dozes(&limits, i);
        if (!run_jobs(b, &limits, jobs[i], &b->outcomes[i])) {
            snprintf(b->why, sizeof b->why, "-j%u does not come to its end", jobs[i]);
            return false;
        }
    }
    return judge(b);
}

static bool fails(void *context, const uint32_t *number) {
    struct bench *b = context;
    return !holds(b, b->seed, number);
}

static void make_case(uint64_t seed, uint32_t *number) {
    uint32_t limits = 0;
    for (unsigned i = 0; i < TIGHT && seed % DEFAULT_LIMITS_IN; i++) {
        limits |= script_chance(seed, 71, i, 3) == 0 ? 1U << i : 0;
    }
    number[CASE_members] = UINT32_MAX >> script_chance(seed, 72, 0, 24);
    number[CASE_on] = UINT32_MAX;
    number[CASE_limits] = limits;
    number[CASE_from] = 0;
    number[CASE_to] = UINT32_MAX;
}

/* Where the two first differ. */
static void print_difference(const struct bench *b) {
    for (unsigned i = 1; i < RUNS_A_CAPTURE; i++) {
        struct slice a = buf_slice(&b->outcomes[0].records), z = buf_slice(&b->outcomes[i].records);
        size_t at = 0;
        while (at < a.len && at < z.len && a.ptr[at] == z.ptr[at]) {
            at++;
        }
        while (at > 0 && a.ptr[at - 1] != '\n') {
            at--;
        }
        printf("  -j1:  %.*s\n  -j%u:  %.*s\n", (int)(a.len - at < 300 ? a.len - at : 300),
               (const char *)a.ptr + at, jobs[i], (int)(z.len - at < 300 ? z.len - at : 300),
               (const char *)z.ptr + at);
    }
}

static void report(struct bench *b, const uint32_t *number) {
    uint32_t smallest[CASE_NUMBERS];
    printf("FAILED: %s\n  test_jobs runs=1 seed=%" PRIu64, b->why, b->seed);
    shrink_print_words(words, CASE_NUMBERS, number);
    memcpy(smallest, number, sizeof smallest);
    smallest[CASE_to] = smallest[CASE_to] < b->crowd.count ? smallest[CASE_to] : b->crowd.count;
    shrink(words, CASE_NUMBERS, smallest, fails, b);
    holds(b, b->seed, smallest);
    printf("smallest: %s, %u frames\n  test_jobs runs=1 seed=%" PRIu64, b->why,
           smallest[CASE_to] - smallest[CASE_from], b->seed);
    shrink_print_words(words, CASE_NUMBERS, smallest);
    print_difference(b);
}

/* ---- caps ---- */

/* A cap, how often it was reached in a run, and in how many of a hundred runs it must be. */
struct cap {
    const char *name;
    uint64_t count;
    unsigned least;
};

static void caps_of(const struct ledger *l, struct cap caps[CAPS]) {
    const struct cap all[CAPS] = {
        {"flows evicted", l->flow.cap_flows, 10},
        {"held bytes", l->flow.cap_held_bytes, 10},
        {"held bytes of a stream", l->flow.cap_stream_bytes, 10},
        {"open requests", l->http.cap_open_requests, 10},
        {"memory for transactions", l->http.cap_transactions, 2},
        {"memory for packets", l->flow.fates[FLOW_NO_MEMORY], 2},
        {"1xx stored", l->http.interim_dropped, 10},
        {"fields stored", l->http.headers_dropped, 10},
        {"lines stored", l->http.lines_cut, 10},
        {"datagrams in fragments", l->decode.datagrams_evicted, 10},
        {"records' length", l->records_too_long, 10},
        {"headers peeled", l->decode.fates[DECODE_TUNNEL_DEPTH], 10},
    };
    memcpy(caps, all, sizeof all);
}

static void count_caps(struct bench *b) {
    struct cap caps[CAPS];
    unsigned any = 0;
    caps_of(&b->outcomes[0].ledger, caps);
    for (unsigned i = 0; i < CAPS; i++) {
        b->hit[i] += caps[i].count > 0;
        any += caps[i].count > 0;
    }
    b->any_cap += any > 0;
}

static bool judge_caps(const struct bench *b, uint64_t runs) {
    static const struct ledger none;
    struct cap caps[CAPS];
    caps_of(&none, caps);
    bool enough = true;
    printf("caps reached in %" PRIu64 " runs", b->any_cap);
    for (unsigned i = 0; i < CAPS; i++) {
        printf(", %s %" PRIu64, caps[i].name, b->hit[i]);
        if (runs >= LEAST_RUNS_FOR_CAPS && b->hit[i] * 100 < caps[i].least * runs) {
            printf(" (TOO FEW: a cap that nobody hits)");
            enough = false;
        }
    }
    printf("\n");
    return enough && (runs < LEAST_RUNS_FOR_CAPS || b->any_cap * 2 > runs);
}

/* ---- words ---- */

struct orders {
    uint64_t runs, seed;
    bool given[CASE_NUMBERS];
    uint32_t number[CASE_NUMBERS];
};

static bool take_order(struct orders *o, const char *word) {
    if (strncmp(word, "runs=", 5) == 0) {
        o->runs = strtoull(word + 5, NULL, 10);
        return true;
    }
    if (strncmp(word, "seed=", 5) == 0) {
        o->seed = strtoull(word + 5, NULL, 10);
        return true;
    }
    for (unsigned i = 0; i < CASE_NUMBERS; i++) {
        if (shrink_take_word(&words[i], 1, &o->number[i], word)) {
            o->given[i] = true;
            return true;
        }
    }
    return false;
}

static int usage(void) {
    printf("test_jobs [runs=N] [seed=N] and, of each capture:\n");
    shrink_print_meanings(words, CASE_NUMBERS);
    printf("limits, from bit 0 on:");
    for (unsigned i = 0; i < TIGHT; i++) {
        printf(" %s", tight[i].name);
    }
    printf("\n");
    return 2;
}

static bool run(struct bench *b, const struct orders *o) {
    time_t start = time(NULL);
    uint64_t runs = 0;
    bool failed = false;
    for (; runs < o->runs && !failed; runs++) {
        uint32_t number[CASE_NUMBERS];
        b->seed = o->seed + runs;
        make_case(b->seed, number);
        for (unsigned i = 0; i < CASE_NUMBERS; i++) {
            number[i] = o->given[i] ? o->number[i] : number[i];
        }
        failed = !holds(b, b->seed, number);
        b->frames += b->crowd.count;
        for (unsigned i = 0; i < TRANSACTION_TYPES; i++) {
            b->records += b->outcomes[0].ledger.records[i];
        }
        count_caps(b);
        if (failed) {
            report(b, number);
        }
    }
    printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " captures with -j1, -j2 and -j8, %" PRIu64
           " frames, %" PRIu64 " records, %ld s\n",
           o->seed, o->seed + runs - 1, runs, b->frames, b->records, (long)(time(NULL) - start));
    return judge_caps(b, runs) && !failed;
}

int main(int argc, char **argv) {
    static struct bench b;
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct orders orders = {.runs = DEFAULT_RUNS, .seed = 1};
    for (int i = 1; i < argc; i++) {
        if (!take_order(&orders, argv[i])) {
            return usage();
        }
    }
    crowd_init(&b.crowd);
    for (unsigned i = 0; i < 2; i++) {
        b.fd[i] = crowd_file();
        snprintf(b.path[i], sizeof b.path[i], "/proc/self/fd/%d", b.fd[i]);
    }
    for (unsigned i = 0; i < RUNS_A_CAPTURE; i++) {
        buf_init(&b.outcomes[i].records, (size_t)1 << 28);
    }
    bool ok = run(&b, &orders);
    for (unsigned i = 0; i < RUNS_A_CAPTURE; i++) {
        buf_fini(&b.outcomes[i].records);
        free(b.outcomes[i].stats);
    }
    close(b.fd[0]);
    close(b.fd[1]);
    crowd_fini(&b.crowd);
    return !ok;
}
