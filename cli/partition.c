/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/partition.h"

#include <stdlib.h>

struct partition *partition_new(const struct limits *limits, struct memory_source *source,
                                const struct transaction_observer *observer) {
    struct partition *partition = calloc(1, sizeof(*partition));
    if (!partition) {
        return NULL;
    }
    struct memory *memory = &partition->memory;
    memory_init(memory, limits->memory / HARK_PARTITIONS);
    if (source) {
        memory_share(memory, source);
    }
    partition->store = transaction_store_new(limits, memory, observer);
    partition->http = partition->store ? http_environment_new(limits, memory, partition->store) : NULL;
    partition->flows =
        partition->http ? flow_table_new(limits, memory, &http_conn_ops, partition->http) : NULL;
    if (!partition->flows) {
        partition_free(partition);
        return NULL;
    }
    return partition;
}

void partition_free(struct partition *partition) {
    if (!partition) {
        return;
    }
    if (partition->flows) {
        flow_table_free(partition->flows);
    }
    if (partition->http) {
        http_environment_free(partition->http);
    }
    if (partition->store) {
        transaction_store_free(partition->store);
    }
    memory_fini(&partition->memory);
    free(partition);
}
