/* SPDX-License-Identifier: Apache-2.0 */
#include "output/ledger.h"

#include <assert.h>

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static void interface_counts_add(struct source_interface_counts *a, const struct source_interface_counts *b) {
    a->name = b->name;
    a->frames += b->frames;
    a->kernel_received += b->kernel_received;
    a->kernel_dropped += b->kernel_dropped;
    a->interface_dropped = larger(a->interface_dropped, b->interface_dropped);
    a->unread += b->unread;
    a->outages = larger(a->outages, b->outages);
    a->outage_ns = larger(a->outage_ns, b->outage_ns);
    a->ring_bytes += b->ring_bytes;
}

void source_counts_add(struct source_counts *a, const struct source_counts *b) {
    assert(b->interface_count <= SOURCE_INTERFACES_MOST);
    a->frames += b->frames;
    a->filtered += b->filtered;
    a->bytes += b->bytes;
    a->kernel_received += b->kernel_received;
    a->kernel_dropped += b->kernel_dropped;
    a->interface_dropped = larger(a->interface_dropped, b->interface_dropped);
    a->unread += b->unread;
    a->cut_frames += b->cut_frames;
    a->cut_bytes += b->cut_bytes;
    a->file_bytes_read += b->file_bytes_read;
    a->file_bytes_total += b->file_bytes_total;
    a->damaged_files += b->damaged_files;
    a->outages = larger(a->outages, b->outages);
    a->outage_ns = larger(a->outage_ns, b->outage_ns);
    a->interface_count = larger(a->interface_count, b->interface_count);
    for (size_t i = 0; i < b->interface_count; i++) {
        interface_counts_add(&a->interfaces[i], &b->interfaces[i]);
    }
}

void decode_counts_add(struct decode_counts *a, const struct decode_counts *b) {
    uint64_t link_type = larger(a->unsupported_link_type, b->unsupported_link_type);
    _Static_assert(sizeof *a % sizeof(uint64_t) == 0, "only uint64_t counts");
    for (size_t at = 0; at < sizeof *a; at += sizeof(uint64_t)) {
        uint64_t sum, more;
        memcpy(&sum, (const char *)a + at, sizeof sum);
        memcpy(&more, (const char *)b + at, sizeof more);
        sum += more;
        memcpy((char *)a + at, &sum, sizeof sum);
    }
    a->unsupported_link_type = link_type;
}

static void overload_counts_add(struct overload_counts *a, const struct overload_counts *b) {
    a->episodes += b->episodes;
    a->highest = larger(a->highest, b->highest);
    for (size_t i = 0; i < OVERLOAD_LEVELS; i++) {
        a->ns_at_level[i] += b->ns_at_level[i];
    }
    a->connections += b->connections;
    a->forgotten += b->forgotten;
}

void ledger_add(struct ledger *a, const struct ledger *b) {
    source_counts_add(&a->source, &b->source);
    decode_counts_add(&a->decode, &b->decode);
    flow_counts_add(&a->flow, &b->flow);
    http_counts_add(&a->http, &b->http);
    a->clock_jumps += b->clock_jumps;
    a->clock_steps_back += b->clock_steps_back;
    a->clock_wild += b->clock_wild;
    overload_counts_add(&a->overload, &b->overload);
    for (size_t i = 0; i < sizeof a->records / sizeof a->records[0]; i++) {
        a->records[i] += b->records[i];
    }
    a->records_too_long += b->records_too_long;
    a->records_unwritten += b->records_unwritten;
    a->records_no_memory += b->records_no_memory;
    a->memory_failures += b->memory_failures;
    a->stats_records += b->stats_records;
    a->output_bytes += b->output_bytes;
}
