/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/worker.h"

#include <assert.h>

static void write_record(void *context, const struct transaction *transaction) {
    struct worker *worker = context;
    struct outbox *outbox = worker->outbox;
    struct buf *bytes = &outbox->bytes;
    struct place place = {.event = worker->event,
                          .connection = transaction->connection->ordinal,
                          .index = transaction->finish_index};
    if (bytes->cap - bytes->len < worker->limits->record_bytes) {
        worker->no_room++;
        return;
    }
    size_t offset = bytes->len;
    if (!record_write(worker->writer, transaction, bytes)) {
        assert(bytes->len == offset);
        bytes->failed = false;
        worker->too_long++;
        return;
    }
    if (!outbox_add(outbox, &place, offset, (uint32_t)transaction->type)) {
        worker->no_room++;
    }
}

bool worker_init(struct worker *worker, const struct limits *limits, const struct record_options *record) {
    *worker = (struct worker){.limits = limits};
    worker->writer = record_writer_new(record);
    return worker->writer != NULL;
}

void worker_fini(struct worker *worker) {
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        partition_free(worker->partitions[i]);
        worker->partitions[i] = NULL;
    }
    if (worker->writer) {
        record_writer_free(worker->writer);
        worker->writer = NULL;
    }
}

static struct partition *make_partition(struct worker *worker, unsigned number) {
    struct transaction_observer observer = {.context = worker, .finished = write_record};
    worker->partitions[number] = partition_new(worker->limits, &observer);
    worker->failed = worker->failed || !worker->partitions[number];
    return worker->partitions[number];
}

void worker_packet(struct worker *worker, uint64_t event, const struct packet *packet, uint64_t hash) {
    unsigned number = flow_key_partition(hash);
    struct partition *partition = worker->partitions[number];
    if (!partition) {
        partition = make_partition(worker, number);
        if (!partition) {
            worker->lost_packets++;
            return;
        }
    }
    worker->event = event;
    flow_table_packet(partition->flows, packet, hash);
}

void worker_tick(struct worker *worker, uint64_t event, int64_t now_ns) {
    worker->event = event;
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        if (worker->partitions[i]) {
            flow_table_tick(worker->partitions[i]->flows, now_ns);
        }
    }
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
    }
    ledger->flow.fates[FLOW_NO_MEMORY] += worker->lost_packets;
    ledger->records_too_long += worker->too_long;
    ledger->records_unwritten += worker->no_room;
}
