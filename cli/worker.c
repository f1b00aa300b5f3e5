/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/worker.h"

#include "analyzer/value_memo.h"

#include <assert.h>

/* Most bytes of records that a tick may make a partition leave, but for the last of them. */
enum { TICK_BYTES = 256 * 1024 };

/* Refused allocations on the way of a record. */
static size_t count_failures(const struct worker *worker) {
    return worker->outbox->memory.failures + record_writer_failures(worker->writer);
}

static void write_record(void *context, const struct transaction *transaction) {
    struct worker *worker = context;
    struct outbox *outbox = worker->outbox;
    struct buf *bytes = &outbox->bytes;
    struct place place = {.event = worker->event,
                          .connection = transaction->connection->ordinal,
                          .index = transaction->finish_index};
    if (bytes->cap - bytes->len < worker->limits->record_bytes) {
        worker->no_memory++;
        return;
    }
    size_t offset = bytes->len;
    size_t failures = count_failures(worker);
    if (worker->saver) {
        record_writer_set_saved(worker->writer, saver_finish(worker->saver, transaction, worker->ordinal));
    }
    int64_t started = stopwatch_record_begin(worker->watch);
    bool fits = record_write(worker->writer, transaction, bytes);
    stopwatch_record_end(worker->watch, started);
    if (count_failures(worker) != failures) {
        bytes->len = offset; /* what was written may be a part */
        worker->no_memory++;
    } else if (!fits) {
        assert(bytes->len == offset);
        worker->too_long++;
    } else if (!outbox_add(outbox, &place, offset, (uint32_t)transaction->type)) {
        worker->no_memory++;
    }
}

static struct address shown_address(void *context, const struct address *address) {
    struct worker *worker = context;
    return record_writer_address(worker->writer, address);
}

void worker_init(struct worker *worker, const struct limits *limits) {
    *worker = (struct worker){.limits = limits, .watch = &worker->own};
}

void worker_lend(struct worker *worker, struct record_writer *writer, struct value_memo *values,
                 struct known_heads *heads) {
    if (worker->writer == writer && worker->values == values && worker->heads == heads) {
        return;
    }
    worker->writer = writer;
    worker->values = values;
    worker->heads = heads;
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        if (worker->partitions[i]) {
            http_environment_remember(worker->partitions[i]->http, values, heads);
        }
    }
}

void worker_fini(struct worker *worker) {
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        partition_free(worker->partitions[i]);
        worker->partitions[i] = NULL;
    }
    memory_source_fini(&worker->memory);
}

/* Its flows; NULL without memory. */
static struct flow_table *make_partition(struct worker *worker, unsigned number) {
    struct transaction_observer observer = {.context = worker, .finished = write_record};
    if (record_writer_hides_addresses(worker->writer)) {
        observer.address = shown_address;
    }
    observer.no_caching = !record_writer_tells_caching(worker->writer);
    struct partition *partition = partition_new(worker->limits, &worker->memory, &observer);
    if (partition) {
        http_environment_remember(partition->http, worker->values, worker->heads);
        if (worker->lasting.most > 0) {
            flow_table_lend(partition->flows, &worker->lasting);
        }
    }
    worker->partitions[number] = partition;
    worker->flows[number] = partition ? partition->flows : NULL;
    return worker->flows[number];
}

void worker_packet(struct worker *worker, uint64_t event, const struct packet *packet, uint64_t hash) {
    unsigned number = flow_key_partition(hash);
    struct flow_table *flows = worker->flows[number];
    if (!flows) {
        flows = make_partition(worker, number);
        if (!flows) {
            worker->lost_packets++;
            return;
        }
    }
    worker->event = event;
    worker->ordinal = packet->ordinal;
    flow_table_packet(flows, packet, hash);
}

void worker_keep(struct worker *worker, uint64_t event) {
    worker->event = event;
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        if (worker->flows[i]) {
            flow_table_keep(worker->flows[i]);
        }
    }
    lasting_forget(&worker->lasting); /* while it is still there */
}

void worker_tick(struct worker *worker, uint64_t event, int64_t now_ns) {
    worker->event = event;
    worker->flow_count = 0;
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        struct flow_table *flows = worker->flows[i];
        if (flows) {
            size_t before = worker->outbox->bytes.len;
            flow_table_set_clock(flows, now_ns);
            while (worker->outbox->bytes.len - before < TICK_BYTES && flow_table_step(flows)) {
            }
            worker->flow_count += flow_table_count(flows);
        }
    }
    memory_source_trim(&worker->memory);
}

void worker_finish(struct worker *worker, unsigned partition, uint64_t event, int64_t now_ns) {
    worker->event = event;
    if (worker->partitions[partition]) {
        flow_table_finish(worker->partitions[partition]->flows, now_ns);
    }
}

void worker_counts(const struct worker *worker, struct ledger *ledger) {
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        if (!worker->partitions[i]) {
            continue;
        }
        struct flow_counts flow;
        struct http_counts http;
        flow_table_counts(worker->partitions[i]->flows, &flow);
        http_environment_counts(worker->partitions[i]->http, &http);
        flow_counts_add(&ledger->flow, &flow);
        http_counts_add(&ledger->http, &http);
        ledger->memory_failures += worker->partitions[i]->memory.failures;
    }
    ledger->flow.fates[FLOW_NO_MEMORY] += worker->lost_packets;
    ledger->memory_failures += worker->lost_packets; /* no partition for them */
    ledger->records_too_long += worker->too_long;
    ledger->records_no_memory += worker->no_memory;
}
