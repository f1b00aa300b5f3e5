/* SPDX-License-Identifier: Apache-2.0 */
/* stages CAPTURE [ROUNDS [SCRATCH]]: what each stage of the way from a file to records costs, by running it
 * again and again up to one stage more, and what the same bytes cost when they are only touched. CPU time,
 * medians of the rounds; SCRATCH is the file that records are written to. */
#include "analyzer/known_head.h"
#include "analyzer/value_memo.h"
#include "bench/feed.h"
#include "bench/floors.h"
#include "bench/lexing.h"
#include "bench/way.h"
#include "cli/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum way_part { READ, DECODE, REASSEMBLY, LEXING, PAIRING, RECORD, WRITE, WAY_PARTS };
enum { MOST_ROUNDS = 99, RECORDS_BYTES = 1 << 16 };
#define TEXT_BYTES ((size_t)64 << 20)

static const char *const stage_names[WAY_PARTS] = {
    [READ] = "read the file",
    [DECODE] = "decode, hash of the flow",
    [REASSEMBLY] = "flow table, reassembly",
    [LEXING] = "lexing, framing",
    [PAIRING] = "pairing, facts, transactions",
    [RECORD] = "records into memory",
    [WRITE] = "records to a file",
};
static const char *const floor_names[WAY_PARTS] = {
    [READ] = "mapping the file, and going from packet to packet",
    [DECODE] = "loading 64 bytes of each packet there",
    [REASSEMBLY] = "one look into a table of 64-byte entries",
    [LEXING] = "memchr for each line of the heads",
    [PAIRING] = "one copy of the heads",
    [RECORD] = "one copy of the records",
    [WRITE] = "write(2) of the records, 64 KiB at a time",
};

struct facts {
    uint64_t packets, transactions, connections;
    uint64_t *hashes; /* of packets of TCP */
    size_t hash_count;
    struct texts heads, records; /* the first ones of all, up to TEXT_BYTES */
    uint64_t records_of;         /* transactions in `records` and `heads` */
};

/* 64 flow tables with a consumer of the caller's. */
struct tables {
    struct limits limits;
    struct memory memory[HARK_PARTITIONS];
    struct flow_table *flows[HARK_PARTITIONS];
};

static void *open_nothing(void *environment, const struct connection *connection) {
    (void)connection;
    return environment;
}

static size_t take_all(void *consumer, enum direction direction, const struct chunk *chunk) {
    (void)consumer, (void)direction;
    return chunk->bytes.len;
}

static void ignore_gap(void *consumer, enum direction direction, uint64_t offset, uint64_t len,
                       enum gap_reason reason, int64_t now_ns) {
    (void)consumer, (void)direction, (void)offset, (void)len, (void)reason, (void)now_ns;
}

static void ignore_overdue(void *consumer, enum direction direction, uint64_t acked, int64_t now_ns) {
    (void)consumer, (void)direction, (void)acked, (void)now_ns;
}

static void ignore_end(void *consumer, enum direction direction, enum end_reason reason, int64_t now_ns) {
    (void)consumer, (void)direction, (void)reason, (void)now_ns;
}

static void ignore_close(void *consumer) {
    (void)consumer;
}

static const struct consumer_ops discarding_ops = {
    .open = open_nothing,
    .data = take_all,
    .gap = ignore_gap,
    .overdue = ignore_overdue,
    .end = ignore_end,
    .close = ignore_close,
};

static void tables_packet(void *context, uint64_t event, const struct packet *packet, uint64_t hash,
                          struct source_block *block) {
    (void)block;
    (void)event;
    struct tables *tables = context;
    flow_table_packet(tables->flows[flow_key_partition(hash)], packet, hash);
}

static void tables_tick(void *context, uint64_t event, int64_t now_ns) {
    (void)event;
    struct tables *tables = context;
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        flow_table_tick(tables->flows[i], now_ns);
    }
}

static void tables_finish(void *context, uint64_t event, int64_t now_ns) {
    (void)event;
    struct tables *tables = context;
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        flow_table_finish(tables->flows[i], now_ns);
    }
}

/* Returns the connections that there were. */
static uint64_t run_tables(const char *path, const struct consumer_ops *ops, void *environment) {
    static struct tables tables; /* too large for the stack */
    tables.limits = limits_default();
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        memory_init(&tables.memory[i], tables.limits.memory / HARK_PARTITIONS);
        tables.flows[i] = flow_table_new(&tables.limits, &tables.memory[i], ops, environment);
        if (!tables.flows[i]) {
            bench_die("out of memory");
        }
    }
    struct way_end end = {&tables, tables_packet, tables_tick, tables_finish};
    way_run(path, &tables.limits, &end);
    uint64_t connections = 0;
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        struct flow_counts counts;
        flow_table_counts(tables.flows[i], &counts);
        connections += counts.opened;
        flow_table_free(tables.flows[i]);
        memory_fini(&tables.memory[i]);
    }
    return connections;
}

/* 64 partitions, and what hears of their transactions. */
struct partitions {
    struct limits limits;
    struct partition *of[HARK_PARTITIONS];
};

static void partitions_packet(void *context, uint64_t event, const struct packet *packet, uint64_t hash,
                              struct source_block *block) {
    (void)block;
    (void)event;
    struct partitions *all = context;
    flow_table_packet(all->of[flow_key_partition(hash)]->flows, packet, hash);
}

static void partitions_tick(void *context, uint64_t event, int64_t now_ns) {
    (void)event;
    struct partitions *all = context;
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        flow_table_tick(all->of[i]->flows, now_ns);
    }
}

static void partitions_finish(void *context, uint64_t event, int64_t now_ns) {
    (void)event;
    struct partitions *all = context;
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        flow_table_finish(all->of[i]->flows, now_ns);
    }
}

static void run_partitions(const char *path, const struct transaction_observer *observer) {
    struct partitions all = {.limits = limits_default()};
    struct value_memo *values = value_memo_new();
    struct known_heads *heads = known_heads_new(0);
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        all.of[i] = partition_new(&all.limits, NULL, observer);
        if (!all.of[i] || !values || !heads) {
            bench_die("out of memory");
        }
        http_environment_remember(all.of[i]->http, values, heads);
    }
    struct way_end end = {&all, partitions_packet, partitions_tick, partitions_finish};
    way_run(path, &all.limits, &end);
    for (int i = 0; i < HARK_PARTITIONS; i++) {
        partition_free(all.of[i]);
    }
    value_memo_free(values);
    known_heads_free(heads);
}

static const char *name_file(void *context, uint32_t file) {
    (void)file;
    return context;
}

static struct record_options record_options(const char *path, const struct limits *limits) {
    return (struct record_options){.format = RECORD_NDJSON,
                                   .mask_secrets = true,
                                   .record_bytes = limits->record_bytes,
                                   .file_name = name_file,
                                   .file_name_context = (void *)(uintptr_t)path};
}

static void worker_packet_in(void *context, uint64_t event, const struct packet *packet, uint64_t hash,
                             struct source_block *block) {
    (void)block;
    struct worker *worker = context;
    worker_packet(worker, event, packet, hash);
    if (worker->outbox->bytes.len >= RECORDS_BYTES) {
        outbox_clear(worker->outbox, RECORDS_BYTES * 2);
    }
}

static void worker_tick_in(void *context, uint64_t event, int64_t now_ns) {
    worker_tick(context, event, now_ns);
}

static void worker_finish_in(void *context, uint64_t event, int64_t now_ns) {
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        worker_finish(context, i, event, now_ns);
    }
}

static void run_worker(const char *path) {
    struct limits limits = limits_default();
    struct record_options options = record_options(path, &limits);
    struct outbox outbox;
    static struct worker worker;
    outbox_init(&outbox, WORKER_OUTBOX_BYTES);
    struct record_writer *writer = record_writer_new(&options);
    struct value_memo *values = value_memo_new();
    struct known_heads *heads = known_heads_new(0);
    if (!writer || !values || !heads) {
        bench_die("out of memory");
    }
    worker_init(&worker, &limits);
    worker_lend(&worker, writer, values, heads);
    worker.outbox = &outbox;
    struct way_end end = {&worker, worker_packet_in, worker_tick_in, worker_finish_in};
    way_run(path, &limits, &end);
    worker_fini(&worker);
    record_writer_free(writer);
    value_memo_free(values);
    known_heads_free(heads);
    outbox_fini(&outbox);
}

static void crew_packet_in(void *context, uint64_t event, const struct packet *packet, uint64_t hash,
                           struct source_block *block) {
    crew_packet(context, event, packet, hash, block);
}

static void crew_tick_in(void *context, uint64_t event, int64_t now_ns) {
    crew_tick(context, event, now_ns);
}

static void crew_finish_in(void *context, uint64_t event, int64_t now_ns) {
    if (crew_finish(context, event, now_ns) != CREW_OK) {
        bench_die("the records could not be written");
    }
}

static void run_crew(const char *path, const char *scratch) {
    struct limits limits = limits_default();
    struct record_options options = record_options(path, &limits);
    char message[SINK_MESSAGE_BYTES];
    struct sink *sink = sink_open(scratch, message);
    struct crew *crew = sink ? crew_new(&limits, &options, 1, sink) : NULL;
    if (!crew) {
        bench_die("%s", sink ? "out of memory" : message);
    }
    struct way_end end = {crew, crew_packet_in, crew_tick_in, crew_finish_in};
    way_run(path, &limits, &end);
    crew_free(crew);
    sink_free(sink);
}

static void hear_nothing(void *context, const struct transaction *transaction) {
    (void)context, (void)transaction;
}

static void run_stage(enum way_part stage, const char *path, const char *scratch) {
    struct limits limits = limits_default();
    struct way_end nothing = {0};
    struct lexing lexing = {.limits = &limits};
    struct transaction_observer deaf = {.finished = hear_nothing};
    int something;
    switch (stage) {
    case READ:
        way_read(path);
        break;
    case DECODE:
        way_run(path, &limits, &nothing);
        break;
    case REASSEMBLY:
        run_tables(path, &discarding_ops, &something);
        break;
    case LEXING:
        run_tables(path, &lexing_ops, &lexing);
        break;
    case PAIRING:
        run_partitions(path, &deaf);
        break;
    case RECORD:
        run_worker(path);
        break;
    case WRITE:
        run_crew(path, scratch);
        break;
    case WAY_PARTS:
        break;
    }
}

static void add_hash(void *context, uint64_t event, const struct packet *packet, uint64_t hash,
                     struct source_block *block) {
    (void)block;
    (void)event, (void)packet;
    struct facts *facts = context;
    if (facts->hash_count < facts->packets) {
        facts->hashes[facts->hash_count++] = hash;
    }
}

/* As it was on the wire, but for white space. */
static void add_head(struct texts *heads, const struct http_message *message) {
    for (int i = 0; i < 3; i++) {
        buf_append_slice(&heads->bytes, message->line[i]);
        buf_append(&heads->bytes, i < 2 ? " " : "\r\n", i < 2 ? 1 : 2);
    }
    for (uint32_t i = 0; i < message->headers.count; i++) {
        buf_append_slice(&heads->bytes, message->headers.items[i].name);
        buf_append(&heads->bytes, ": ", 2);
        buf_append_slice(&heads->bytes, message->headers.items[i].value);
        buf_append(&heads->bytes, "\r\n", 2);
    }
    buf_append(&heads->bytes, "\r\n", 2);
    texts_end(heads);
}

struct gathering {
    struct facts *facts;
    struct record_writer *writer;
};

static void gather(void *context, const struct transaction *transaction) {
    struct gathering *gathering = context;
    struct facts *facts = gathering->facts;
    facts->transactions++;
    if (facts->heads.bytes.failed || facts->records.bytes.failed) {
        return;
    }
    add_head(&facts->heads, &transaction->request);
    add_head(&facts->heads, &transaction->response);
    if (record_write(gathering->writer, transaction, &facts->records.bytes) && texts_end(&facts->records)) {
        facts->records_of++;
    }
}

static void gather_facts(struct facts *facts, const char *path) {
    *facts = (struct facts){.packets = way_read(path)};
    facts->hashes = calloc(facts->packets, sizeof(*facts->hashes));
    texts_init(&facts->heads, TEXT_BYTES);
    texts_init(&facts->records, TEXT_BYTES);
    struct limits limits = limits_default();
    struct record_options options = record_options(path, &limits);
    struct gathering gathering = {facts, record_writer_new(&options)};
    if (!facts->hashes || !gathering.writer) {
        bench_die("out of memory");
    }
    const struct transaction_observer observer = {.context = &gathering, .finished = gather};
    run_partitions(path, &observer);
    record_writer_free(gathering.writer);
    int something;
    facts->connections = run_tables(path, &discarding_ops, &something);
    struct way_end end = {.context = facts, .packet = add_hash};
    way_run(path, &limits, &end);
}

/* In ns for the whole capture. */
static double run_floor(enum way_part stage, const struct facts *facts, const char *path,
                        const char *scratch) {
    double whole = facts->records_of ? (double)facts->transactions / (double)facts->records_of : 1;
    switch (stage) {
    case READ:
        return (double)floor_read(path);
    case DECODE: {
        int64_t more = floor_headers(path) - floor_read(path);
        return more > 0 ? (double)more
                        : 0; /* the lines are there already: it may be lost among what runs differ */
    }
    case REASSEMBLY:
        return (double)floor_lookups(facts->hashes, facts->hash_count, facts->connections);
    case LEXING:
        return (double)floor_lines(&facts->heads) * whole;
    case PAIRING:
        return (double)floor_copies(&facts->heads) * whole;
    case RECORD:
        return (double)floor_copies(&facts->records) * whole;
    case WRITE:
        return (double)floor_writes(&facts->records, scratch) * whole;
    case WAY_PARTS:
        break;
    }
    return 0;
}

struct times {
    double stage[WAY_PARTS][MOST_ROUNDS];
    double floor[WAY_PARTS][MOST_ROUNDS];
    double feed[MOST_ROUNDS]; /* the reader of -j2 */
};

static void measure(struct times *times, unsigned rounds, const struct facts *facts, const char *path,
                    const char *scratch) {
    for (unsigned round = 0; round < rounds; round++) {
        for (enum way_part stage = 0; stage < WAY_PARTS; stage++) {
            int64_t begin = bench_cpu_ns();
            run_stage(stage, path, scratch);
            times->stage[stage][round] = (double)(bench_cpu_ns() - begin);
            times->floor[stage][round] = run_floor(stage, facts, path, scratch);
        }
        times->feed[round] = (double)feed_run(path, 2).reader_ns;
    }
}

static void print_row(const char *name, double ns, double limit, const char *limit_name,
                      const struct facts *facts) {
    double packets = (double)facts->packets;
    double transactions = facts->transactions ? (double)facts->transactions : 1;
    printf("| %s | %.0f | %.0f | %.1f | ", name, ns / packets, ns / transactions, limit / packets);
    if (limit / packets < 1 || ns < 0) {
        printf("- | %s |\n", limit_name); /* nothing but noise */
    } else {
        printf("%.1f | %s |\n", ns / limit, limit_name);
    }
}

static void print_table(struct times *times, unsigned rounds, const struct facts *facts) {
    double before = 0, limits = 0, decoded = 0, recorded = 0;
    printf("%llu packets, %llu connections, %llu transactions\n\n", (unsigned long long)facts->packets,
           (unsigned long long)facts->connections, (unsigned long long)facts->transactions);
    printf("| stage | ns a packet | ns a transaction | its limit, ns a packet | times the limit | the limit "
           "is |\n|---|--:|--:|--:|--:|---|\n");
    for (enum way_part stage = 0; stage < WAY_PARTS; stage++) {
        double all = bench_median(times->stage[stage], rounds);
        double limit = bench_median(times->floor[stage], rounds);
        print_row(stage_names[stage], all - before, limit, floor_names[stage], facts);
        before = all;
        limits += limit;
        decoded = stage == DECODE ? all : decoded;
        recorded = stage == RECORD ? all : recorded;
    }
    print_row("all", before, limits, "all of these", facts);
    double packets = (double)facts->packets, reader = bench_median(times->feed, rounds);
    printf("\nWith -j the reader needs %.0f ns a packet, and leaves %.0f to the workers: it can feed %.1f of "
           "them.\n",
           reader / packets, (recorded - decoded) / packets, (recorded - decoded) / reader);
}

int main(int count, char **arguments) {
    if (count < 2 || count > 4) {
        fprintf(stderr, "usage: stages CAPTURE [ROUNDS [SCRATCH]]\n");
        return 2;
    }
    unsigned long rounds = count > 2 ? strtoul(arguments[2], NULL, 10) : 5;
    const char *scratch = count > 3 ? arguments[3] : "/dev/null";
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        bench_die("1 to %d rounds", MOST_ROUNDS);
    }
    struct facts facts;
    gather_facts(&facts, arguments[1]);
    static struct times times;
    measure(&times, (unsigned)rounds, &facts, arguments[1], scratch);
    print_table(&times, (unsigned)rounds, &facts);
    texts_fini(&facts.heads);
    texts_fini(&facts.records);
    free(facts.hashes);
    return 0;
}
