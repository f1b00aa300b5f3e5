/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/feed.h"

#include "bench/way.h"
#include "capture/ns.h"
#include "cli/ring.h"

#include <pthread.h>

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

static void take_turn(struct ring *ring, const struct turn *turn) {
    if (turn->kind == TURN_WORK) {
        ring_worked(ring, turn);
    } else {
        ring_written(ring, turn, 0, false);
    }
}

static void *discard(void *context) {
    struct member *member = context;
    for (;;) {
        struct turn turn = ring_turn(member->ring, member->number);
        if (turn.kind == TURN_END) {
            return NULL;
        }
        take_turn(member->ring, &turn);
    }
}

/* Until there is an epoch to fill, or the end. */
static struct epoch *take_turns(struct ring *ring) {
    struct turn turn = ring_reader_turn(ring);
    while (turn.kind != TURN_FILL && turn.kind != TURN_END) {
        take_turn(ring, &turn);
        turn = ring_reader_turn(ring);
    }
    return turn.epoch;
}

static void next_epoch(struct feed *feed) {
    if (feed->filling) {
        ring_submit(feed->ring);
    }
    feed->filling = take_turns(feed->ring);
}

static void feed_packet(void *context, uint64_t event, const struct packet *packet, uint64_t hash,
                        struct source_block *block) {
    struct feed *feed = context;
    unsigned worker = flow_key_partition(hash) % feed->workers;
    if (!epoch_add_packet(feed->filling, event, packet, hash, worker, block)) {
        next_epoch(feed);
        if (!epoch_add_packet(feed->filling, event, packet, hash, worker, block)) {
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

/* While the source is there, whose blocks the epochs hold. */
static void feed_finish(void *context, uint64_t event, int64_t now_ns) {
    struct feed *feed = context;
    (void)event;
    (void)now_ns;
    ring_submit(feed->ring);
    ring_close(feed->ring);
    (void)take_turns(feed->ring);
}

static void start(struct feed *feed, struct member *members) {
    if (!feed->ring) {
        bench_die("out of memory");
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
    struct feed feed = {.ring = ring_new(workers, workers, EPOCH_EVENTS), .workers = workers};
    struct member members[FEED_MOST_WORKERS];
    start(&feed, members);
    int64_t begin = bench_wall_ns(), cpu = ns_of_clock(CLOCK_THREAD_CPUTIME_ID);
    next_epoch(&feed);
    struct way_end end = {.context = &feed, .packet = feed_packet, .tick = feed_tick, .finish = feed_finish};
    struct feed_result result = {.packets = way_run(path, &limits, &end)};
    result.reader_ns = ns_of_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(members[i].thread, NULL);
    }
    result.wall_ns = bench_wall_ns() - begin;
    ring_free(feed.ring);
    return result;
}
