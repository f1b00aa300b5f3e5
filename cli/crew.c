/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/crew.h"

#include "analyzer/known_head.h"
#include "analyzer/value_memo.h"
#include "capture/prefetch.h"
#include "cli/lookahead.h"
#include "cli/outlet.h"
#include "cli/ring.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

enum {
    FINISH_BYTES = 8 * 1024 * 1024, /* at the end: see crew_finish */
    KEEP_BYTES = 2 * 1024 * 1024,   /* an emptied outbox keeps so much memory */
    HEADING_CAP_BYTES = 64 * 1024,
    PREFETCH_TURNS = 3,   /* so far ahead is looked for packets, */
    PAYLOAD_TURNS = 1,    /* and so far for their payload */
    THREAD_WORKERS = 4,   /* workers a thread, so that each finds something to do, while there are */
    MOST_WORKERS = 16,    /* no more than these */
    MOST_WITH_TABLES = 4, /* more threads have no shelves and know no heads: what these take is in no cap */
    THREAD_EVENTS = 128,  /* of an epoch, a thread: all that it becomes stays in the processor's own cache */
};

struct crew;

/* What a thread knows. */
struct crew_member {
    struct crew *crew;
    unsigned number; /* the reader's is 0 */
    struct record_writer *writer;
    struct value_memo *values;
    struct known_heads *heads;
    pthread_t thread;
};

/* Invariant: `ring` is NULL with one worker; `filling` is the reader's epoch, NULL while it has none. With
 * threads running, `outlet` and each worker belong to who has their turn. */
struct crew {
    unsigned threads; /* with the reader's */
    unsigned count;   /* workers */
    struct worker *workers;
    struct outbox *outboxes; /* one a worker: for the inline run, and for the finish */
    struct outlet outlet;
    struct lookahead ahead; /* of the inline run */
    struct ring *ring;
    struct epoch *filling;
    struct crew_member *members; /* one a thread */
    uint64_t lost_packets;       /* no epoch had memory for them */
    struct stopwatch own;        /* off */
    struct stopwatch *watch;     /* the reader's */
    unsigned running;            /* threads beside the reader's */
};

static void lend(struct worker *worker, const struct crew_member *member) {
    worker_lend(worker, member->writer, member->values, member->heads);
}

static uint64_t count_written(const struct outlet *outlet) {
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(outlet->records) / sizeof(outlet->records[0]); i++) {
        sum += outlet->records[i];
    }
    return sum;
}

/* Another processor wrote it: it takes its time to come. What follows in memory comes with it. A tick has no
 * packet. */
static void prefetch_packet(const struct packet *packet) {
    if (packet) {
        prefetch_now(packet, offsetof(struct packet, path.tunnel));
    }
}

/* The packet is near by now: what is read first of its payload. */
static void prefetch_payload(const struct packet *packet) {
    enum { FIRST_BYTES = 256 };
    if (packet) {
        size_t len = packet->payload.len;
        prefetch_now(packet->payload.ptr, len < FIRST_BYTES ? len : FIRST_BYTES);
    }
}

/* Foresees the turn of the epoch, if there is one. */
static void foresee(struct foresight *foresight, const struct worker *worker, const struct epoch *epoch,
                    unsigned number, size_t turn) {
    const struct epoch_event *event =
        turn < epoch_turns(epoch, number) ? epoch_event(epoch, number, turn) : NULL;
    foresight_turn(foresight, worker, event ? event->packet : NULL, event ? event->hash : 0);
}

static void work_epoch(struct worker *worker, const struct epoch *epoch, unsigned number) {
    size_t turns = epoch_turns(epoch, number);
    struct foresight foresight = {.turn = 0};
    bool crowded = foresight_pays(worker);
    worker->outbox = &epoch->outboxes[number];
    for (size_t i = 0; i < turns && i < FORESIGHT_TURNS && crowded; i++) {
        foresee(&foresight, worker, epoch, number, i);
    }
    for (size_t i = 0; i < turns; i++) {
        const struct epoch_event *event = epoch_event(epoch, number, i);
        if (crowded) {
            foresee(&foresight, worker, epoch, number, i + FORESIGHT_TURNS);
        }
        if (i + PREFETCH_TURNS < turns) {
            prefetch_packet(epoch_event(epoch, number, i + PREFETCH_TURNS)->packet);
        }
        if (i + PAYLOAD_TURNS < turns) {
            prefetch_payload(epoch_event(epoch, number, i + PAYLOAD_TURNS)->packet);
        }
        if (event->packet) {
            worker_packet(worker, event->number, event->packet, event->hash);
        } else {
            worker_tick(worker, event->number, event->tick_ns);
        }
    }
}

static bool write_epoch(struct outlet *outlet, const struct epoch *epoch) {
    uint64_t written = outlet->watch->ns[STAGE_WRITE];
    int64_t started = stopwatch_start(outlet->watch);
    bool ok = (epoch->flush ? outlet_write : outlet_gather)(outlet, epoch->outboxes, epoch->workers);
    stopwatch_stop(outlet->watch, started, STAGE_MERGE);
    outlet->watch->ns[STAGE_MERGE] -= outlet->watch->ns[STAGE_WRITE] - written;
    return ok;
}

static void take_turn(struct crew_member *member, const struct turn *turn) {
    struct crew *crew = member->crew;
    if (turn->kind == TURN_WORK) {
        struct worker *worker = &crew->workers[turn->worker];
        lend(worker, member);
        int64_t started = stopwatch_start(worker->watch);
        work_epoch(worker, turn->epoch, turn->worker);
        stopwatch_stop(worker->watch, started, STAGE_ANALYZE);
        ring_worked(crew->ring, turn);
    } else {
        bool ok = write_epoch(&crew->outlet, turn->epoch);
        ring_written(crew->ring, turn, count_written(&crew->outlet), !ok);
    }
}

static void *run_thread(void *context) {
    struct crew_member *member = context;
    struct crew *crew = member->crew;
    for (;;) {
        struct turn turn = ring_turn(crew->ring, member->number);
        if (turn.kind == TURN_END) {
            return NULL;
        }
        take_turn(member, &turn);
    }
}

/* The reader's thread takes turns until there is an epoch to fill, or with a closed ring until all is
 * written: then NULL. */
static struct epoch *take_reader_turns(struct crew *crew) {
    for (;;) {
        int64_t started = stopwatch_start(crew->watch);
        struct turn turn = ring_reader_turn(crew->ring);
        stopwatch_stop(crew->watch, started, STAGE_WAIT);
        if (turn.kind == TURN_FILL || turn.kind == TURN_END) {
            return turn.epoch;
        }
        started = stopwatch_start(crew->watch);
        take_turn(&crew->members[0], &turn);
        stopwatch_exclude(crew->watch, started);
    }
}

/* Signals are for the reader's thread, whose waiting they end. */
static bool start_threads(struct crew *crew) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = true;
    for (unsigned i = 1; ok && i < crew->threads; i++) {
        struct crew_member *member = &crew->members[i];
        ok = pthread_create(&member->thread, NULL, run_thread, member) == 0;
        crew->running += ok;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static void join_threads(struct crew *crew) {
    if (crew->running == 0) {
        return;
    }
    ring_close(crew->ring);
    (void)take_reader_turns(crew);
    for (; crew->running > 0; crew->running--) {
        pthread_join(crew->members[crew->running].thread, NULL);
    }
}

/* Text formats begin with a heading. */
static bool write_heading(struct crew *crew) {
    struct buf heading;
    buf_init(&heading, HEADING_CAP_BYTES);
    bool ok = record_write_heading(crew->members[0].writer, &heading);
    if (ok) {
        outlet_write_lines(&crew->outlet, buf_slice(&heading)); /* a failing sink shows at the next write */
    }
    buf_fini(&heading);
    return ok;
}

static bool make_members(struct crew *crew, const struct record_options *record) {
    const bool remembers = crew->threads <= MOST_WITH_TABLES;
    crew->members = calloc(crew->threads, sizeof(*crew->members));
    bool ok = crew->members;
    for (unsigned i = 0; crew->members && i < crew->threads; i++) {
        struct crew_member *member = &crew->members[i];
        *member = (struct crew_member){.crew = crew,
                                       .number = i,
                                       .writer = record_writer_new(record),
                                       .values = value_memo_new(),
                                       .heads = remembers ? known_heads_new((uint16_t)i) : NULL};
        ok = member->writer && member->values && (member->heads || !remembers) && ok;
    }
    return ok;
}

/* Of a worker's shelves: each has its part of the connections. All have some ten kilobytes a place. */
static unsigned count_places(unsigned threads, unsigned workers) {
    return workers == 1 ? SHELF_PLACES : threads <= MOST_WITH_TABLES ? 2 * SHELF_PLACES / workers : 0;
}

static bool crew_start(struct crew *crew, const struct limits *limits, const struct record_options *record) {
    crew->outboxes = outboxes_new(crew->count, WORKER_OUTBOX_BYTES);
    if (!crew->outboxes || !make_members(crew, record)) {
        return false;
    }
    crew->workers = aligned_alloc(_Alignof(struct worker), crew->count * sizeof(*crew->workers));
    if (!crew->workers) {
        return false;
    }
    for (unsigned i = 0; i < crew->count; i++) {
        worker_init(&crew->workers[i], limits);
        crew->workers[i].memory.shelves.places = count_places(crew->threads, crew->count);
        lend(&crew->workers[i], &crew->members[0]);
        crew->workers[i].outbox = &crew->outboxes[i];
    }
    if (!write_heading(crew)) {
        return false;
    }
    if (crew->threads == 1) {
        return true;
    }
    unsigned events = crew->threads * THREAD_EVENTS;
    crew->ring = ring_new(crew->count, crew->threads, events < EPOCH_EVENTS ? events : EPOCH_EVENTS);
    return crew->ring && start_threads(crew);
}

static unsigned count_workers(unsigned threads) {
    unsigned count = threads == 1 ? 1 : threads * THREAD_WORKERS;
    unsigned most = threads > MOST_WORKERS ? threads : MOST_WORKERS;
    return count < most ? count : most;
}

struct crew *crew_new(const struct limits *limits, const struct record_options *record, unsigned threads,
                      struct sink *sink) {
    assert(threads > 0 && threads <= HARK_PARTITIONS);
    struct crew *crew = calloc(1, sizeof(*crew));
    if (!crew) {
        return NULL;
    }
    crew->threads = threads;
    crew->count = count_workers(threads);
    crew->watch = &crew->own;
    outlet_init(&crew->outlet, sink);
    if (!crew_start(crew, limits, record)) {
        crew_free(crew);
        return NULL;
    }
    return crew;
}

void crew_free(struct crew *crew) {
    if (!crew) {
        return;
    }
    join_threads(crew);
    lookahead_fini(&crew->ahead);
    for (unsigned i = 0; crew->workers && i < crew->count; i++) {
        worker_fini(&crew->workers[i]);
    }
    outboxes_free(crew->outboxes, crew->count);
    ring_free(crew->ring);
    outlet_fini(&crew->outlet);
    for (unsigned i = 0; crew->members && i < crew->threads; i++) {
        record_writer_free(crew->members[i].writer);
        value_memo_free(crew->members[i].values);
        known_heads_free(crew->members[i].heads);
    }
    free(crew->members);
    free(crew->workers);
    free(crew);
}

bool crew_is_inline(const struct crew *crew) {
    return !crew->ring;
}

void crew_lend(struct crew *crew, size_t bytes) {
    size_t share = bytes / crew->count;
    for (unsigned i = 0; i < crew->count && bytes > 0; i++) {
        lasting_init(&crew->workers[i].lasting, share > LASTING_PIECE_BYTES ? share : LASTING_PIECE_BYTES);
    }
}

void crew_save(struct crew *crew, struct saver *saver) {
    for (unsigned i = 0; i < crew->count; i++) {
        crew->workers[i].saver = saver;
    }
}

void crew_time(struct crew *crew, struct stopwatch *reader) {
    crew->watch = reader;
    if (crew_is_inline(crew)) {
        crew->workers[0].watch = reader;
        crew->outlet.watch = reader;
        return;
    }
    for (unsigned i = 0; i < crew->count; i++) {
        stopwatch_init(&crew->workers[i].own, true);
    }
    stopwatch_init(&crew->outlet.own, true);
}

unsigned crew_times(const struct crew *crew, struct stopwatch *sum) {
    for (unsigned i = 0; i < crew->count; i++) {
        stopwatch_add(sum, &crew->workers[i].own);
    }
    stopwatch_add(sum, &crew->outlet.own);
    return crew->threads;
}

static enum crew_status inline_status(const struct crew *crew) {
    return crew->outlet.status == SINK_OK ? CREW_OK : CREW_SINK_ENDED;
}

static enum crew_status write_outboxes(struct crew *crew) {
    outlet_write(&crew->outlet, crew->outboxes, crew->count);
    for (unsigned i = 0; i < crew->count; i++) {
        outbox_clear(&crew->outboxes[i], KEEP_BYTES);
    }
    return inline_status(crew);
}

/* What fills no block waits, but not in memory that something huge needed. */
static __attribute__((noinline)) enum crew_status write_ready_blocks(struct crew *crew) {
    struct outbox *box = &crew->outboxes[0];
    if (box->bytes.capacity > KEEP_BYTES) {
        return write_outboxes(crew);
    }
    outlet_write_blocks(&crew->outlet, box);
    return inline_status(crew);
}

static enum crew_status write_blocks(struct crew *crew) {
    return crew->outboxes[0].bytes.len >= SINK_BLOCK_BYTES ? write_ready_blocks(crew) : inline_status(crew);
}

/* `flush`: nothing that the epoch brings may wait for more. */
static enum crew_status submit(struct crew *crew, bool flush) {
    if (crew->filling) {
        crew->filling->flush = flush;
        crew->filling = NULL;
        ring_submit(crew->ring);
    }
    return ring_state(crew->ring).stop ? CREW_SINK_ENDED : CREW_OK;
}

/* Kept apart from the way without epochs and lookahead, which stays short so. */
static __attribute__((noinline)) enum crew_status give_later(struct crew *crew, uint64_t event,
                                                             const struct packet *packet, uint64_t hash,
                                                             struct source_block *block) {
    if (!crew->ring) {
        lookahead_packet(&crew->ahead, &crew->workers[0], event, packet, hash, block);
        return write_blocks(crew);
    }
    unsigned worker = flow_key_partition(hash) % crew->count;
    enum crew_status status = CREW_OK;
    if (crew->filling && !epoch_add_packet(crew->filling, event, packet, hash, worker, block)) {
        status = submit(crew, false);
    } else if (crew->filling) {
        return CREW_OK;
    }
    crew->filling = take_reader_turns(crew);
    crew->lost_packets += !epoch_add_packet(crew->filling, event, packet, hash, worker, block);
    return status;
}

enum crew_status crew_packet(struct crew *crew, uint64_t event, const struct packet *packet, uint64_t hash,
                             struct source_block *block) {
    if (crew->ring || !lookahead_is_idle(&crew->ahead)) {
        return give_later(crew, event, packet, hash, block);
    }
    worker_packet(&crew->workers[0], event, packet, hash);
    return write_blocks(crew);
}

enum crew_status crew_tick(struct crew *crew, uint64_t event, int64_t now_ns) {
    if (!crew->ring) {
        lookahead_drain(&crew->ahead, &crew->workers[0]);
        worker_tick(&crew->workers[0], event, now_ns);
        /* What is saved must not wait: the frames themselves do not either. */
        crew->ahead.on = !crew->workers[0].saver && foresight_pays(&crew->workers[0]);
        return write_blocks(crew);
    }
    enum crew_status status = CREW_OK;
    if (crew->filling && !epoch_add_tick(crew->filling, event, now_ns)) {
        status = submit(crew, false);
    } else if (crew->filling) {
        return CREW_OK;
    }
    crew->filling = take_reader_turns(crew);
    bool added = epoch_add_tick(crew->filling, event, now_ns);
    assert(added);
    (void)added;
    return status;
}

bool crew_has_pending(const struct crew *crew) {
    return crew->ring ? crew->filling != NULL : crew->outboxes[0].count > 0 || crew->ahead.block;
}

enum crew_status crew_flush(struct crew *crew) {
    if (crew->ring) {
        return submit(crew, true);
    }
    lookahead_drain(&crew->ahead, &crew->workers[0]);
    return write_outboxes(crew);
}

enum crew_status crew_settle(struct crew *crew) {
    enum crew_status status = crew_flush(crew);
    if (!crew->ring) {
        return status;
    }
    for (;;) {
        int64_t started = stopwatch_start(crew->watch);
        struct turn turn = ring_settle_turn(crew->ring);
        stopwatch_stop(crew->watch, started, STAGE_WAIT);
        if (turn.kind == TURN_END) {
            return inline_status(crew);
        }
        started = stopwatch_start(crew->watch);
        take_turn(&crew->members[0], &turn);
        stopwatch_exclude(crew->watch, started);
    }
}

/* The reader's thread works for all of them; no other does. */
static void take_over_workers(struct crew *crew) {
    for (unsigned i = 0; i < crew->count; i++) {
        crew->workers[i].outbox = &crew->outboxes[i];
        lend(&crew->workers[i], &crew->members[0]);
    }
}

enum crew_status crew_keep(struct crew *crew, uint64_t event) {
    enum crew_status status = crew_settle(crew);
    take_over_workers(crew);
    for (unsigned i = 0; i < crew->count; i++) {
        worker_keep(&crew->workers[i], event);
    }
    enum crew_status last = write_outboxes(crew); /* of what there was no memory for */
    return last != CREW_OK ? last : status;
}

enum crew_status crew_write_lines(struct crew *crew, struct slice lines) {
    outlet_write_lines(&crew->outlet, lines);
    return inline_status(crew);
}

/* All partitions end in one event, so that the last records come in the order of their connections. What open
 * transactions there are may be much: each time FINISH_BYTES are reached, what there is goes out, so that
 * memory stays bounded; the partitions' fixed order keeps that the same for any number of workers. */
enum crew_status crew_finish(struct crew *crew, uint64_t event, int64_t now_ns) {
    enum crew_status status = crew_flush(crew);
    join_threads(crew);
    take_over_workers(crew);
    size_t waiting = 0;
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        struct worker *worker = &crew->workers[i % crew->count];
        size_t before = worker->outbox->bytes.len;
        worker_finish(worker, i, event, now_ns);
        waiting += worker->outbox->bytes.len - before;
        if (waiting >= FINISH_BYTES) {
            write_outboxes(crew);
            waiting = 0;
        }
    }
    enum crew_status last = write_outboxes(crew);
    return last != CREW_OK ? last : status;
}

uint64_t crew_written(struct crew *crew) {
    return crew->running > 0 ? ring_state(crew->ring).written : count_written(&crew->outlet);
}

struct crew_progress crew_progress(struct crew *crew) {
    struct crew_progress progress = {0, 0};
    if (crew->ring) {
        struct ring_state state = ring_state(crew->ring);
        progress = (struct crew_progress){state.submitted, state.drained};
    }
    return progress;
}

void crew_counts(const struct crew *crew, struct ledger *ledger) {
    for (unsigned i = 0; i < crew->count; i++) {
        worker_counts(&crew->workers[i], ledger);
    }
    for (size_t i = 0; i < sizeof(crew->outlet.records) / sizeof(crew->outlet.records[0]); i++) {
        ledger->records[i] += crew->outlet.records[i];
    }
    ledger->flow.fates[FLOW_NO_MEMORY] += crew->lost_packets;
    ledger->memory_failures += crew->lost_packets; /* no epoch for them */
    ledger->records_unwritten += crew->outlet.unwritten;
    ledger->output_bytes += sink_bytes(crew->outlet.sink);
}
