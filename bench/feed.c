/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/feed.h"

#include "bench/way.h"
#include "cli/epoch.h"

#include <pthread.h>
#include <time.h>

struct member {
    struct ring *ring;
    unsigned number;
    pthread_t thread;
};

struct feed {
    struct ring *ring;
    struct epoch *filling;
    unsigned workers;
};

static void *discard(void *context) {
    struct member *member = context;
    while (ring_take(member->ring, member->number)) {
        ring_processed(member->ring, member->number);
    }
    return NULL;
}

static void *drain(void *context) {
    struct ring *ring = context;
    while (ring_drain(ring)) {
        ring_written(ring, 0, false);
    }
    return NULL;
}

static void next_epoch(struct feed *feed) {
    if (feed->filling) {
        ring_submit(feed->ring);
    }
    feed->filling = ring_acquire(feed->ring);
}

static void feed_packet(void *context, uint64_t event, const struct packet *packet, uint64_t hash) {
    struct feed *feed = context;
    unsigned worker = flow_key_partition(hash) % feed->workers;
    if (!epoch_add_packet(feed->filling, event, packet, hash, worker)) {
        next_epoch(feed);
        if (!epoch_add_packet(feed->filling, event, packet, hash, worker)) {
            bench_die("out of memory");
        }
    }
}

static void feed_tick(void *context, uint64_t event, int64_t now_ns) {
    struct feed *feed = context;
    if (!epoch_add_tick(feed->filling, event, now_ns)) {
        next_epoch(feed);
        epoch_add_tick(feed->filling, event, now_ns);
    }
}

static int64_t thread_cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static void start(struct feed *feed, struct member *members, pthread_t *writer) {
    if (!feed->ring || pthread_create(writer, NULL, drain, feed->ring) != 0) {
        bench_die("out of memory or threads");
    }
    for (unsigned i = 0; i < feed->workers; i++) {
        members[i] = (struct member){.ring = feed->ring, .number = i};
        if (pthread_create(&members[i].thread, NULL, discard, &members[i]) != 0) {
            bench_die("out of threads");
        }
    }
}

struct feed_result feed_run(const char *path, unsigned workers) {
    struct limits limits = limits_default();
    struct feed feed = {.ring = ring_new(workers), .workers = workers};
    struct member members[FEED_MOST_WORKERS];
    pthread_t writer;
    start(&feed, members, &writer);
    int64_t begin = bench_wall_ns(), cpu = thread_cpu_ns();
    next_epoch(&feed);
    struct way_end end = {.context = &feed, .packet = feed_packet, .tick = feed_tick};
    struct feed_result result = {.packets = way_run(path, &limits, &end)};
    ring_submit(feed.ring);
    ring_close(feed.ring);
    result.reader_ns = thread_cpu_ns() - cpu;
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(members[i].thread, NULL);
    }
    pthread_join(writer, NULL);
    result.wall_ns = bench_wall_ns() - begin;
    ring_free(feed.ring);
    return result;
}
