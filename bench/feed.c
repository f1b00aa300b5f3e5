/* SPDX-License-Identifier: Apache-2.0 */
/* feed CAPTURE WORKERS: the reader's part of `hark -j WORKERS` alone: it reads, decodes and hands packets
 * over as hark does, to workers that do nothing with them. No number of workers makes hark faster than this.
 * Prints packets, wall and the reader's CPU, in ns a packet. */
#include "bench/way.h"
#include "cli/epoch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_WORKERS = 64 };

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

int main(int count, char **arguments) {
    unsigned long workers = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    if (workers < 1 || workers > MOST_WORKERS) {
        fprintf(stderr, "usage: feed CAPTURE WORKERS (1 to %d)\n", MOST_WORKERS);
        return 2;
    }
    struct limits limits = limits_default();
    struct feed feed = {.ring = ring_new((unsigned)workers), .workers = (unsigned)workers};
    struct member members[MOST_WORKERS];
    pthread_t writer;
    if (!feed.ring || pthread_create(&writer, NULL, drain, feed.ring) != 0) {
        bench_die("out of memory or threads");
    }
    for (unsigned i = 0; i < workers; i++) {
        members[i] = (struct member){.ring = feed.ring, .number = i};
        if (pthread_create(&members[i].thread, NULL, discard, &members[i]) != 0) {
            bench_die("out of threads");
        }
    }
    int64_t begin = bench_wall_ns(), cpu = thread_cpu_ns();
    next_epoch(&feed);
    struct way_end end = {.context = &feed, .packet = feed_packet, .tick = feed_tick};
    uint64_t packets = way_run(arguments[1], &limits, &end);
    ring_submit(feed.ring);
    ring_close(feed.ring);
    cpu = thread_cpu_ns() - cpu;
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(members[i].thread, NULL);
    }
    pthread_join(writer, NULL);
    int64_t wall = bench_wall_ns() - begin;
    ring_free(feed.ring);
    printf("%llu\t%.1f\t%.1f\n", (unsigned long long)packets, (double)wall / (double)packets,
           (double)cpu / (double)packets);
    return 0;
}
