/* SPDX-License-Identifier: Apache-2.0 */
/* What brings records into their order: outboxes, the merge into the sink, the ring of epochs; and what is
 * said meanwhile. */
#include "cli/outlet.h"
#include "cli/pipeline.h"
#include "cli/progress.h"
#include "cli/ring.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void add(struct outbox *box, uint64_t event, uint64_t connection, uint32_t index, const char *text,
                uint32_t type) {
    struct place place = {event, connection, index};
    size_t offset = box->bytes.len;
    assert_true(buf_append_slice(&box->bytes, slice_of(text)));
    assert_true(outbox_add(box, &place, offset, type));
}

static void test_places(void **state) {
    (void)state;
    struct place places[] = {{1, 1, 1}, {1, 1, 2}, {1, 2, 0}, {2, 0, 0}, {UINT64_MAX, 0, 0}};
    size_t count = sizeof(places) / sizeof(places[0]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int order = place_compare(&places[i], &places[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void test_outbox_sorts(void **state) {
    (void)state;
    struct outbox box;
    outbox_init(&box, 1 << 20);
    add(&box, 5, 1, 0, "c", 0);
    assert_true(box.sorted);
    add(&box, 5, 2, 0, "d", 0);
    add(&box, 5, 2, 0, "e", 0); /* the same place: in the order added */
    assert_true(box.sorted);
    add(&box, 4, 9, 1, "b", 0);
    add(&box, 4, 9, 0, "a", 0);
    assert_false(box.sorted);
    outbox_sort(&box);
    char text[6] = "";
    for (size_t i = 0; i < box.count; i++) {
        text[i] = (char)outbox_bytes(&box, &box.records[i]).ptr[0];
    }
    assert_string_equal(text, "abcde");
    outbox_clear(&box, 0);
    assert_int_equal(box.bytes.capacity, 0); /* the memory went back */
    assert_true(box.sorted && box.count == 0);
    outbox_fini(&box);
}

/* A sink into a temporary file, whose content is then compared. */
struct outfile {
    char path[32];
    struct sink *sink;
};

static struct outfile outfile_new(void) {
    struct outfile outfile = {.path = "hark-test-XXXXXX"};
    int fd = mkstemp(outfile.path);
    assert_true(fd >= 0);
    close(fd);
    char message[SINK_MESSAGE_BYTES];
    outfile.sink = sink_open(outfile.path, message);
    assert_non_null(outfile.sink);
    return outfile;
}

static char *outfile_text(struct outfile *outfile) {
    assert_int_equal(sink_close(outfile->sink), SINK_OK);
    sink_free(outfile->sink);
    FILE *file = fopen(outfile->path, "r");
    assert_non_null(file);
    char *text = calloc(1, 4 << 20);
    size_t len = fread(text, 1, (4 << 20) - 1, file);
    assert_true(len < (4 << 20) - 1);
    fclose(file);
    unlink(outfile->path);
    return text;
}

static void test_merge(void **state) {
    (void)state;
    struct outfile outfile = outfile_new();
    struct outlet outlet;
    outlet_init(&outlet, outfile.sink);
    struct outbox boxes[3];
    for (size_t i = 0; i < 3; i++) {
        outbox_init(&boxes[i], 1 << 20);
    }
    add(&boxes[0], 1, 1, 0, "1\n", TRANSACTION_PAIR);
    add(&boxes[0], 7, 5, 0, "7\n", TRANSACTION_PAIR);
    add(&boxes[0], 7, 3, 0, "6\n", TRANSACTION_PAIR); /* unsorted */
    add(&boxes[2], 2, 1, 0, "2\n", TRANSACTION_ORPHAN_REQUEST);
    add(&boxes[2], 7, 1, 1, "5\n", TRANSACTION_TUNNEL);
    add(&boxes[2], 7, 1, 0, "4\n", TRANSACTION_ORPHAN_RESPONSE);
    add(&boxes[2], 6, 9, 0, "3\n", TRANSACTION_PAIR);
    assert_true(outlet_write(&outlet, boxes, 3));
    assert_int_equal(outlet.records[TRANSACTION_PAIR], 4);
    assert_int_equal(outlet.records[TRANSACTION_ORPHAN_REQUEST], 1);
    assert_int_equal(outlet.records[TRANSACTION_ORPHAN_RESPONSE], 1);
    assert_int_equal(outlet.records[TRANSACTION_TUNNEL], 1);
    assert_int_equal(outlet.unwritten, 0);
    /* Nothing, one sorted outbox (written as it is), and one that is not. */
    assert_true(outlet_write(&outlet, boxes, 3));
    add(&boxes[0], 8, 1, 0, "8\n", TRANSACTION_PAIR);
    assert_true(outlet_write(&outlet, boxes, 1));
    add(&boxes[0], 9, 2, 0, "10\n", TRANSACTION_PAIR);
    add(&boxes[0], 9, 1, 0, "9\n", TRANSACTION_PAIR);
    assert_true(outlet_write(&outlet, boxes, 1));
    for (size_t i = 0; i < 3; i++) {
        outbox_fini(&boxes[i]);
    }
    outlet_fini(&outlet);
    char *text = outfile_text(&outfile);
    assert_string_equal(text, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
    free(text);
}

/* More than one gathering holds, among it records larger than a whole one. */
static void test_merge_of_much(void **state) {
    (void)state;
    struct outfile outfile = outfile_new();
    struct outlet outlet;
    outlet_init(&outlet, outfile.sink);
    struct outbox boxes[2];
    outbox_init(&boxes[0], 8 << 20);
    outbox_init(&boxes[1], 8 << 20);
    char *large = malloc(400001);
    memset(large, 'x', 399999);
    large[399999] = '\n';
    large[400000] = '\0';
    size_t wanted = 0;
    for (uint64_t i = 0; i < 6000; i++) {
        char text[64];
        snprintf(text, sizeof(text), "record %05llu of six thousand, all in order\n", (unsigned long long)i);
        const char *record = i % 2000 == 999 ? large : text;
        add(&boxes[i * 7 % 3 == 0], i, 0, 0, record, TRANSACTION_PAIR);
        wanted += strlen(record);
    }
    assert_true(outlet_write(&outlet, boxes, 2));
    assert_int_equal(outlet.records[TRANSACTION_PAIR], 6000);
    assert_int_equal(sink_bytes(outfile.sink), wanted);
    char *text = outfile_text(&outfile);
    char *at = text;
    for (unsigned i = 0; i < 6000; i++) {
        unsigned number = 0;
        if (i % 2000 != 999) {
            assert_int_equal(sscanf(at, "record %5u", &number), 1);
            assert_int_equal(number, i);
        } else {
            assert_int_equal(strncmp(at, large, 400000), 0);
        }
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, '\0');
    free(text);
    free(large);
    outbox_fini(&boxes[0]);
    outbox_fini(&boxes[1]);
    outlet_fini(&outlet);
}

static void test_failing_sink(void **state) {
    (void)state;
    char message[SINK_MESSAGE_BYTES];
    struct sink *sink = sink_open("/dev/full", message);
    assert_non_null(sink);
    struct outlet outlet;
    outlet_init(&outlet, sink);
    struct outbox box;
    outbox_init(&box, 1 << 20);
    add(&box, 1, 1, 0, "1\n", TRANSACTION_PAIR);
    add(&box, 2, 1, 0, "2\n", TRANSACTION_PAIR);
    assert_false(outlet_write(&outlet, &box, 1));
    assert_int_equal(outlet.unwritten, 2);
    add(&box, 3, 1, 0, "3\n", TRANSACTION_PAIR);
    assert_false(outlet_write(&outlet, &box, 1));
    assert_int_equal(outlet.status, SINK_FAILED);
    assert_int_equal(outlet.records[TRANSACTION_PAIR], 0);
    assert_int_equal(outlet.unwritten, 3);
    outbox_fini(&box);
    outlet_fini(&outlet);
    sink_free(sink);
}

/* A pipe whose reader goes away: what went through before counts as written, the rest does not. */
static void test_partly_written(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char path[64], message[SINK_MESSAGE_BYTES];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    close(ends[1]);
    struct outlet outlet;
    outlet_init(&outlet, sink);
    struct outbox box;
    outbox_init(&box, 1 << 20);
    add(&box, 1, 1, 0, "1\n", TRANSACTION_PAIR);
    assert_true(outlet_write(&outlet, &box, 1));
    close(ends[0]);
    add(&box, 2, 1, 0, "2\n", TRANSACTION_PAIR);
    assert_false(outlet_write(&outlet, &box, 1));
    assert_int_equal(outlet.status, SINK_READER_GONE);
    assert_int_equal(outlet.records[TRANSACTION_PAIR], 1);
    assert_int_equal(outlet.unwritten, 1);
    outbox_fini(&box);
    outlet_fini(&outlet);
    sink_free(sink);
}

static void test_outbox_drops(void **state) {
    (void)state;
    struct outbox box;
    outbox_init(&box, 1 << 20);
    add(&box, 1, 1, 0, "one\n", TRANSACTION_PAIR);
    add(&box, 2, 1, 0, "two\n", TRANSACTION_PAIR);
    add(&box, 3, 1, 0, "three\n", TRANSACTION_TUNNEL);
    outbox_drop(&box, 0);
    assert_int_equal(box.count, 3);
    outbox_drop(&box, 5); /* the second is torn */
    assert_int_equal(box.count, 2);
    assert_int_equal(box.records[0].place.event, 2);
    assert_true(slice_equal(outbox_bytes(&box, &box.records[0]), slice_of("wo\n")));
    assert_true(slice_equal(outbox_bytes(&box, &box.records[1]), slice_of("three\n")));
    outbox_drop(&box, 1); /* once more */
    assert_true(slice_equal(outbox_bytes(&box, &box.records[0]), slice_of("o\n")));
    outbox_drop(&box, 2); /* its end */
    assert_int_equal(box.count, 1);
    assert_true(slice_equal(buf_slice(&box.bytes), slice_of("three\n")));
    assert_int_equal(box.records[0].type, TRANSACTION_TUNNEL);
    outbox_drop(&box, 6);
    assert_int_equal(box.count, 0);
    assert_int_equal(box.bytes.len, 0);
    outbox_fini(&box);
}

enum { LINE_BYTES = 100 };

/* Adds lines of LINE_BYTES, the first with the number `from`, in `count` boxes in turn. */
static void add_lines(struct outbox *boxes, size_t count, unsigned from, unsigned lines) {
    for (unsigned i = from; i < from + lines; i++) {
        char line[LINE_BYTES + 1];
        snprintf(line, sizeof(line), "%0*u\n", LINE_BYTES - 1, i);
        add(&boxes[i % count], i, 0, 0, line, TRANSACTION_PAIR);
    }
}

static void assert_lines(const char *text, unsigned lines) {
    for (unsigned i = 0; i < lines; i++, text += LINE_BYTES) {
        assert_int_equal(strtoul(text, NULL, 10), i);
        assert_int_equal(text[LINE_BYTES - 1], '\n');
    }
    assert_int_equal(*text, '\0');
}

/* Into a file whole blocks are written; a record counts when its end is out; what waits comes first. */
static void test_whole_blocks(void **state) {
    (void)state;
    for (size_t count = 1; count <= 2; count++) {
        struct outfile outfile = outfile_new();
        struct outlet outlet;
        outlet_init(&outlet, outfile.sink);
        struct outbox boxes[2];
        outbox_init(&boxes[0], 1 << 20);
        outbox_init(&boxes[1], 1 << 20);
        unsigned lines = 0;
        for (unsigned round = 0; round < 4; round++, lines += 4000) {
            add_lines(boxes, count, lines, 4000);
            assert_true(count == 1 ? outlet_write_blocks(&outlet, boxes)
                                   : outlet_gather(&outlet, boxes, count));
            uint64_t bytes = (lines + 4000) * (uint64_t)LINE_BYTES;
            assert_int_equal(sink_bytes(outfile.sink), bytes - bytes % SINK_BLOCK_BYTES);
            assert_int_equal(outlet.records[TRANSACTION_PAIR], sink_bytes(outfile.sink) / LINE_BYTES);
            assert_int_equal(boxes[1].count, 0);
        }
        add_lines(boxes, count, lines, 10);
        assert_true(outlet_write(&outlet, boxes, count));
        assert_int_equal(boxes[0].count, 0);
        assert_int_equal(outlet.records[TRANSACTION_PAIR], lines + 10);
        add_lines(boxes, count, lines + 10, 4000); /* back to the next boundary */
        assert_true(count == 1 ? outlet_write_blocks(&outlet, boxes) : outlet_gather(&outlet, boxes, count));
        assert_int_equal(sink_bytes(outfile.sink) % SINK_BLOCK_BYTES, 0);
        assert_true(outlet_write(&outlet, boxes, count));
        assert_int_equal(outlet.records[TRANSACTION_PAIR], lines + 4010);
        assert_int_equal(outlet.unwritten, 0);
        outbox_fini(&boxes[0]);
        outbox_fini(&boxes[1]);
        outlet_fini(&outlet);
        char *text = outfile_text(&outfile);
        assert_lines(text, lines + 4010);
        free(text);
    }
}

/* The file's size limit is met in the rest of a torn record: it counts as unwritten, once. */
static void test_torn_record_fails(void **state) {
    (void)state;
    for (size_t count = 1; count <= 2; count++) {
        struct outfile outfile = outfile_new();
        struct outlet outlet;
        outlet_init(&outlet, outfile.sink);
        struct outbox boxes[2];
        outbox_init(&boxes[0], 1 << 20);
        outbox_init(&boxes[1], 1 << 20);
        add_lines(boxes, count, 0, 4000);
        assert_true(count == 1 ? outlet_write_blocks(&outlet, boxes) : outlet_gather(&outlet, boxes, count));
        assert_int_equal(sink_bytes(outfile.sink), SINK_BLOCK_BYTES);
        struct rlimit before, limit;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = before;
        limit.rlim_cur = SINK_BLOCK_BYTES + 10;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        add_lines(boxes, count, 4000, 100);
        assert_false(outlet_write(&outlet, boxes, count));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(outlet.status, SINK_FAILED);
        assert_int_equal(outlet.records[TRANSACTION_PAIR], SINK_BLOCK_BYTES / LINE_BYTES);
        assert_int_equal(outlet.unwritten, 4100 - SINK_BLOCK_BYTES / LINE_BYTES);
        outbox_fini(&boxes[0]);
        outbox_fini(&boxes[1]);
        outlet_fini(&outlet);
        sink_free(outfile.sink);
        unlink(outfile.path);
    }
}

/* A pipe's reader waits for nothing. */
static void test_pipe_gets_all(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char path[64], message[SINK_MESSAGE_BYTES];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
    struct sink *sink = sink_open(path, message);
    assert_non_null(sink);
    struct outlet outlet;
    outlet_init(&outlet, sink);
    struct outbox boxes[2];
    outbox_init(&boxes[0], 1 << 20);
    outbox_init(&boxes[1], 1 << 20);
    add_lines(boxes, 2, 0, 10);
    assert_true(outlet_gather(&outlet, boxes, 2));
    assert_int_equal(sink_bytes(sink), 10 * LINE_BYTES);
    assert_int_equal(sink_whole_blocks(sink, SINK_BLOCK_BYTES + 1), SINK_BLOCK_BYTES + 1);
    outbox_fini(&boxes[0]);
    outbox_fini(&boxes[1]);
    outlet_fini(&outlet);
    sink_free(sink);
    close(ends[0]);
    close(ends[1]);
}

enum { RING_WORKERS = 3, RING_EVENTS = 50000 };

struct ring_run {
    struct ring *ring;
    struct outlet outlet;
};

static void work_turn(const struct turn *turn) {
    struct outbox *box = &turn->epoch->outboxes[turn->worker];
    for (size_t i = 0; i < epoch_turns(turn->epoch, turn->worker); i++) {
        const struct epoch_event *event = epoch_event(turn->epoch, turn->worker, i);
        if (event->packet) {
            char text[32];
            snprintf(text, sizeof(text), "%llu %.*s\n", (unsigned long long)event->number,
                     (int)event->packet->payload.len, (const char *)event->packet->payload.ptr);
            add(box, event->number, 0, 0, text, TRANSACTION_PAIR);
        } else if (turn->worker == 1) {
            assert_int_equal(event->tick_ns, event->number);
            add(box, event->number, 0, 0, "tick\n", TRANSACTION_PAIR);
        }
    }
}

static void take_turn(struct ring_run *run, const struct turn *turn) {
    if (turn->kind == TURN_WORK) {
        work_turn(turn);
        ring_worked(run->ring, turn);
    } else {
        assert_int_equal(turn->kind, TURN_WRITE);
        bool ok = outlet_gather(&run->outlet, turn->epoch->outboxes, RING_WORKERS);
        ring_written(run->ring, turn, run->outlet.records[TRANSACTION_PAIR], !ok);
    }
}

struct ring_thread {
    struct ring_run *run;
    unsigned number;
    pthread_t thread;
};

static void *run_ring_thread(void *context) {
    struct ring_thread *thread = context;
    for (;;) {
        struct turn turn = ring_turn(thread->run->ring, thread->number);
        if (turn.kind == TURN_END) {
            return NULL;
        }
        take_turn(thread->run, &turn);
    }
}

static struct epoch *take_reader_turns(struct ring_run *run) {
    for (;;) {
        struct turn turn = ring_reader_turn(run->ring);
        if (turn.kind == TURN_FILL || turn.kind == TURN_END) {
            return turn.epoch;
        }
        take_turn(run, &turn);
    }
}

/* The reader's side: events of all kinds, handed over when an epoch is full. */
static size_t fill_ring(struct ring_run *run, char *wanted) {
    size_t len = 0, epochs = 1;
    struct epoch *epoch = take_reader_turns(run);
    for (uint64_t i = 1; i <= RING_EVENTS; i++) {
        bool tick = i % 1000 == 0;
        char payload[32];
        struct packet packet = {.payload =
                                    slice_make(payload, (size_t)snprintf(payload, sizeof(payload), "p%llu",
                                                                         (unsigned long long)(i % 97)))};
        packet.payload.len = i % 5 == 0 ? 0 : packet.payload.len;
        for (;;) {
            if (tick ? epoch_add_tick(epoch, i, (int64_t)i)
                     : epoch_add_packet(epoch, i, &packet, 0, (unsigned)(i * 31 % RING_WORKERS), NULL)) {
                break;
            }
            ring_submit(run->ring);
            epoch = take_reader_turns(run);
            assert_int_equal(epoch->count, 0);
            epochs++;
        }
        len += (size_t)(tick ? snprintf(wanted + len, 64, "tick\n")
                             : snprintf(wanted + len, 64, "%llu %.*s\n", (unsigned long long)i,
                                        (int)packet.payload.len, payload));
    }
    ring_submit(run->ring);
    return epochs;
}

/* With `threads` beside the reader's, down to none: it does everything then. */
static void run_ring(unsigned threads) {
    struct outfile outfile = outfile_new();
    struct ring_run run = {.ring = ring_new(RING_WORKERS, threads + 1, EPOCH_EVENTS)};
    assert_non_null(run.ring);
    outlet_init(&run.outlet, outfile.sink);
    struct ring_thread others[RING_WORKERS];
    for (unsigned i = 0; i < threads; i++) {
        others[i] = (struct ring_thread){.run = &run, .number = i + 1};
        assert_int_equal(pthread_create(&others[i].thread, NULL, run_ring_thread, &others[i]), 0);
    }
    char *wanted = calloc(RING_EVENTS, 32);
    assert_in_range(fill_ring(&run, wanted), RING_EVENTS / EPOCH_EVENTS, RING_EVENTS / EPOCH_EVENTS + 2);
    ring_close(run.ring);
    assert_null(take_reader_turns(&run));
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(others[i].thread, NULL);
    }
    struct ring_state end = ring_state(run.ring);
    assert_int_equal(end.written + run.outlet.gather.count, RING_EVENTS);
    assert_false(end.stop);
    ring_free(run.ring);
    assert_true(outlet_write(&run.outlet, NULL, 0));
    outlet_fini(&run.outlet);
    char *text = outfile_text(&outfile);
    assert_string_equal(text, wanted);
    free(text);
    free(wanted);
}

static void test_ring(void **state) {
    (void)state;
    for (unsigned threads = 0; threads < RING_WORKERS; threads++) {
        run_ring(threads);
    }
}

/* An epoch ends at its payload's cap as well, and one packet larger than that has an epoch of its own. */
static void test_epoch_payload(void **state) {
    (void)state;
    struct ring *ring = ring_new(2, 2, EPOCH_EVENTS);
    assert_non_null(ring);
    struct epoch *epoch = ring_reader_turn(ring).epoch;
    char *bytes = calloc(1, 2 * EPOCH_BYTES);
    bytes[0] = 'a';
    struct packet packet = {.payload = slice_make(bytes, EPOCH_BYTES / 2 + 1)};
    assert_true(epoch_add_packet(epoch, 1, &packet, 0, 0, NULL));
    assert_false(epoch_add_packet(epoch, 2, &packet, 0, 0, NULL));
    packet.payload.len = 10;
    assert_true(epoch_add_packet(epoch, 2, &packet, 0, 1, NULL));
    bytes[0] = 'b'; /* it was copied */
    struct packet first = *epoch_event(epoch, 0, 0)->packet;
    assert_int_equal(first.payload.len, EPOCH_BYTES / 2 + 1);
    assert_int_equal(first.payload.ptr[0], 'a');
    ring_submit(ring);
    epoch = ring_reader_turn(ring).epoch;
    assert_int_equal(epoch->count, 0);
    packet.payload.len = 2 * EPOCH_BYTES;
    assert_true(epoch_add_packet(epoch, 3, &packet, 0, 0, NULL));
    packet.payload.len = 1;
    assert_false(epoch_add_packet(epoch, 4, &packet, 0, 0, NULL));
    ring_free(ring);
    free(bytes);
}

/* Payload in a block stays where it is until the epoch is cleared; an epoch holds two blocks at most. */
static void test_epoch_blocks(void **state) {
    (void)state;
    struct epoch epoch;
    assert_true(epoch_init(&epoch, 2, EPOCH_EVENTS));
    struct source_block blocks[3] = {0};
    char bytes[] = "abc";
    struct packet packet = {.payload = slice_make(bytes, 3)};
    for (uint64_t i = 0; i < 4; i++) {
        assert_true(epoch_add_packet(&epoch, i, &packet, 0, 0, &blocks[i / 2]));
    }
    assert_false(epoch_add_packet(&epoch, 4, &packet, 0, 0, &blocks[2]));
    packet.payload.len = 0; /* needs no block */
    assert_true(epoch_add_packet(&epoch, 4, &packet, 0, 1, &blocks[2]));
    packet.payload.len = 3;
    assert_true(epoch_add_packet(&epoch, 5, &packet, 0, 1, NULL));
    assert_true(source_block_is_held(&blocks[0]) && source_block_is_held(&blocks[1]));
    assert_false(source_block_is_held(&blocks[2]));
    bytes[0] = 'x';
    assert_ptr_equal(epoch_event(&epoch, 0, 3)->packet->payload.ptr, bytes);
    const struct packet *empty = epoch_event(&epoch, 1, 0)->packet;
    assert_int_equal(empty->payload.len, 0);
    assert_ptr_not_equal(empty->payload.ptr, bytes);
    const struct packet *copied = epoch_event(&epoch, 1, 1)->packet;
    assert_true(slice_equal(copied->payload, slice_of("abc")));
    epoch_clear(&epoch);
    assert_false(source_block_is_held(&blocks[0]) || source_block_is_held(&blocks[1]));
    assert_true(epoch_add_packet(&epoch, 6, &packet, 0, 0, &blocks[2]));
    epoch_fini(&epoch);
    assert_false(source_block_is_held(&blocks[2]));
}

static void test_tick_time(void **state) {
    (void)state;
    assert_int_equal(pipeline_tick_time(0), 0);
    assert_int_equal(pipeline_tick_time(PIPELINE_TICK_NS - 1), 0);
    assert_int_equal(pipeline_tick_time(PIPELINE_TICK_NS), PIPELINE_TICK_NS);
    assert_int_equal(pipeline_tick_time(-1), -PIPELINE_TICK_NS);
    assert_int_equal(pipeline_tick_time(-PIPELINE_TICK_NS), -PIPELINE_TICK_NS);
    assert_int_equal(pipeline_tick_time(INT64_MAX) % PIPELINE_TICK_NS, 0);
}

static void test_flush_is_due(void **state) {
    (void)state;
    int64_t second = NS_PER_SECOND;
    assert_false(pipeline_flush_is_due(0, second));
    assert_false(pipeline_flush_is_due(second / 2, second));
    assert_true(pipeline_flush_is_due(second * 9 / 10, second)); /* late by up to a tick */
    assert_false(pipeline_flush_is_due(second * 9 / 10, 60 * second));
    assert_true(pipeline_flush_is_due(0, 0));
}

static void test_progress_text(void **state) {
    (void)state;
    char text[PROGRESS_TEXT_BYTES];
    progress_text(text, 500000000, 2000000000, 12345, 5 * NS_PER_SECOND);
    assert_string_equal(text, "500 MB of 2.00 GB read (25 %), 100 MB/s, 12345 transactions, 0:15 left");
    progress_text(text, 1000, 3600 * UINT64_C(1000) * 10 + 1000, 0, NS_PER_SECOND);
    assert_non_null(strstr(text, "(0 %)"));
    assert_non_null(strstr(text, "10:00:00 left"));
    progress_text(text, 5000, 0, 1, NS_PER_SECOND); /* a pipe */
    assert_string_equal(text, "5.00 kB read, 5.00 kB/s, 1 transactions");
    progress_text(text, 3000, 2000, 1, NS_PER_SECOND); /* a file that grew */
    assert_non_null(strstr(text, "(100 %)"));
    progress_text(text, 0, 2000, 0, 0);
    assert_string_equal(text, "0 B read, 0 B/s, 0 transactions");
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_outbox_sorts),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_of_much),
        cmocka_unit_test(test_failing_sink),
        cmocka_unit_test(test_partly_written),
        cmocka_unit_test(test_outbox_drops),
        cmocka_unit_test(test_whole_blocks),
        cmocka_unit_test(test_torn_record_fails),
        cmocka_unit_test(test_pipe_gets_all),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_epoch_payload),
        cmocka_unit_test(test_epoch_blocks),
        cmocka_unit_test(test_tick_time),
        cmocka_unit_test(test_flush_is_due),
        cmocka_unit_test(test_progress_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
