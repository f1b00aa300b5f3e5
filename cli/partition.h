/* SPDX-License-Identifier: Apache-2.0 */
/* One of the HARK_PARTITIONS logical partitions that flows are dealt to: a flow table, its HTTP environment
 * and its transactions, with 1/HARK_PARTITIONS of every shared cap. Heap-owned; one thread at a time. */
#ifndef HARK_CLI_PARTITION_H
#define HARK_CLI_PARTITION_H

#include "analyzer/http_conn.h"
#include "capture/memory_source.h"
#include "reassembly/flow.h"

struct partition {
    struct memory memory;
    struct transaction_store *store;
    struct http_environment *http;
    struct flow_table *flows;
};

/* limits and the source of its memory (NULL: one of its own) outlive it; the observer is copied. NULL without
 * memory. */
struct partition *partition_new(const struct limits *, struct memory_source *,
                                const struct transaction_observer *);
void partition_free(struct partition *);

#endif
