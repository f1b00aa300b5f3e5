/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/way.h"

#include "capture/clock.h"
#include "capture/decode.h"
#include "capture/ns.h"
#include "capture/source.h"
#include "cli/pipeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void bench_die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

int64_t bench_cpu_ns(void) {
    return ns_of_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t bench_wall_ns(void) {
    return ns_of_clock(CLOCK_MONOTONIC);
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double bench_median(double *values, unsigned count) {
    qsort(values, count, sizeof(*values), by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static struct source *open_file(const char *path) {
    enum source_error error;
    char message[SOURCE_MESSAGE_BYTES];
    struct source_files_options options = {.paths = &path, .path_count = 1};
    struct source *source = source_open_files(&options, &error, message);
    if (!source) {
        bench_die("%s", message);
    }
    source_allow_mapping(source); /* as a run whose records go to a file does */
    return source;
}

/* False at the end. */
static bool next_frame(struct source *source, struct frame *frame) {
    switch (source_next(source, frame)) {
    case SOURCE_FRAME:
        return true;
    case SOURCE_DAMAGED:
    case SOURCE_NOTICE:
        bench_die("%s", source_message(source));
    case SOURCE_IDLE:
    case SOURCE_KEEP:
    case SOURCE_END:
        break;
    }
    return false;
}

uint64_t way_read(const char *path) {
    struct source *source = open_file(path);
    struct frame frame;
    uint64_t frames = 0;
    while (next_frame(source, &frame)) {
        frames++;
    }
    source_free(source);
    return frames;
}

/* When the clock passes a multiple of the tick's length. */
static bool tick_is_due(struct packet_clock *clock, int64_t time_ns, int64_t *last_ns) {
    bool first = !clock->started;
    int64_t boundary = pipeline_tick_time(packet_clock_advance(clock, time_ns));
    bool due = !first && boundary > *last_ns;
    if (first || due) {
        *last_ns = boundary;
    }
    return due;
}

uint64_t way_run(const char *path, const struct limits *limits, const struct way_end *end) {
    struct source *source = open_file(path);
    struct decode_options options = {0};
    struct decoder *decoder = decoder_new(&options, limits);
    if (!decoder) {
        bench_die("out of memory");
    }
    struct packet_clock clock;
    packet_clock_init(&clock, limits);
    struct frame frame;
    struct packet packet;
    int64_t last_ns = 0;
    uint64_t event = 0, packets = 0;
    while (next_frame(source, &frame)) {
        if (tick_is_due(&clock, frame.time_ns, &last_ns)) {
            decoder_tick(decoder, last_ns);
            event++;
            if (end->tick) {
                end->tick(end->context, event, last_ns);
            }
        }
        event++;
        if (decoder_decode(decoder, &frame, &packet) == DECODE_TCP) {
            packets++;
            uint64_t hash = flow_key_hash(&packet.key);
            if (end->packet) {
                end->packet(end->context, event, &packet, hash, packet_block(&packet, &frame));
            }
        }
    }
    if (end->finish) {
        end->finish(end->context, event + 1, clock.now_ns);
    }
    decoder_free(decoder);
    source_free(source);
    return packets;
}
