/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tally.h"

#include "cli/pipeline.h"

#include <pthread.h>
#include <stdlib.h>

struct share {
    struct ledger ledger;
    struct stopwatch watch;
    unsigned threads;
    bool heard, ended;
};

struct tally {
    pthread_mutex_t mutex; /* of all below */
    int64_t lag_ns;
    size_t count;
    struct share shares[];
};

struct tally *tally_new(size_t count) {
    struct tally *tally = calloc(1, sizeof *tally + count * sizeof tally->shares[0]);
    if (tally) {
        (void)pthread_mutex_init(&tally->mutex, NULL);
        tally->lag_ns = -1;
        tally->count = count;
        for (size_t i = 0; i < count; i++) {
            stopwatch_init(&tally->shares[i].watch, false);
        }
    }
    return tally;
}

void tally_free(struct tally *tally) {
    if (tally) {
        (void)pthread_mutex_destroy(&tally->mutex);
        free(tally);
    }
}

void tally_give(struct tally *tally, size_t which, const struct pipeline *pipeline, int64_t lag_ns,
                bool last) {
    struct share share = {.watch = pipeline->watch, .heard = true, .ended = last};
    pipeline_counts(pipeline, &share.ledger);
    share.ledger.output_bytes = 0; /* all have one sink, whose bytes the teller counts */
    share.threads = crew_times(pipeline->parts.crew, &share.watch);
    pthread_mutex_lock(&tally->mutex);
    tally->shares[which] = share;
    tally->lag_ns = lag_ns > tally->lag_ns ? lag_ns : tally->lag_ns;
    pthread_mutex_unlock(&tally->mutex);
}

void tally_add(struct tally *tally, struct ledger *ledger) {
    pthread_mutex_lock(&tally->mutex);
    for (size_t i = 0; i < tally->count; i++) {
        ledger_add(ledger, &tally->shares[i].ledger);
    }
    pthread_mutex_unlock(&tally->mutex);
}

unsigned tally_add_times(struct tally *tally, struct stopwatch *sum) {
    unsigned threads = 0;
    pthread_mutex_lock(&tally->mutex);
    for (size_t i = 0; i < tally->count; i++) {
        stopwatch_add(sum, &tally->shares[i].watch);
        threads += tally->shares[i].threads;
    }
    pthread_mutex_unlock(&tally->mutex);
    return threads;
}

int64_t tally_take_lag(struct tally *tally) {
    pthread_mutex_lock(&tally->mutex);
    int64_t lag_ns = tally->lag_ns;
    tally->lag_ns = -1;
    pthread_mutex_unlock(&tally->mutex);
    return lag_ns;
}

bool tally_is_alive(struct tally *tally) {
    bool all = true;
    pthread_mutex_lock(&tally->mutex);
    for (size_t i = 0; i < tally->count; i++) {
        all = all && (tally->shares[i].heard || tally->shares[i].ended);
    }
    for (size_t i = 0; all && i < tally->count; i++) {
        tally->shares[i].heard = false;
    }
    pthread_mutex_unlock(&tally->mutex);
    return all;
}
