/* SPDX-License-Identifier: Apache-2.0 */
/* What the connections of a table share. */
#include "analyzer/http_side.h"

#include <stdlib.h>

struct http_environment *http_environment_new(const struct limits *limits, struct memory *memory,
                                              struct transaction_store *store) {
    struct http_environment *environment = calloc(1, sizeof *environment);
    if (environment) {
        environment->limits = limits;
        environment->memory = memory;
        environment->store = store;
        pool_init(&environment->connections, memory, sizeof(struct http_conn), SIZE_MAX);
    }
    return environment;
}

void http_environment_free(struct http_environment *environment) {
    if (environment) {
        if (environment->spare) {
            pool_give(&environment->connections, environment->spare);
        }
        pool_fini(&environment->connections);
        free(environment->likeness);
        free(environment);
    }
}

void http_environment_remember(struct http_environment *environment, struct value_memo *values,
                               struct known_heads *heads) {
    environment->values = values;
    environment->heads = heads;
}

void http_environment_counts(const struct http_environment *environment, struct http_counts *counts) {
    *counts = environment->counts;
    counts->open_now = transaction_store_open(environment->store);
}
