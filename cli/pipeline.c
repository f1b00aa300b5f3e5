/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pipeline.h"

#include "capture/ns.h"
#include "capture/source_block.h"
#include "cli/tally.h"
#include "cli/upkeep.h"

/* A flush is late by up to one time-out of the source and one wait in the kernel's buffer. */
#define FLUSH_MARGIN_NS (200 * NS_PER_MILLISECOND)

int64_t pipeline_tick_time(int64_t time_ns) {
    int64_t rest = time_ns % PIPELINE_TICK_NS;
    return time_ns - (rest < 0 ? rest + PIPELINE_TICK_NS : rest);
}

bool pipeline_flush_is_due(int64_t waited_ns, int64_t flush_interval_ns) {
    return waited_ns >= flush_interval_ns - FLUSH_MARGIN_NS;
}

void pipeline_init(struct pipeline *pipeline, const struct pipeline_parts *parts) {
    *pipeline = (struct pipeline){.parts = *parts};
    packet_clock_init(&pipeline->clock, parts->limits);
    stopwatch_init(&pipeline->watch, parts->timed);
    if (parts->timed) {
        crew_time(parts->crew, &pipeline->watch);
    }
}

static enum crew_status tick(struct pipeline *pipeline, int64_t time_ns) {
    struct upkeep *upkeep = pipeline->parts.upkeep;
    enum crew_status kept = upkeep ? upkeep_tick(upkeep, pipeline, time_ns) : CREW_OK;
    pipeline->last_tick_ns = time_ns;
    decoder_tick(pipeline->parts.decoder, time_ns);
    if (pipeline->parts.guard) {
        guard_tick(pipeline->parts.guard, time_ns);
    }
    enum crew_status status = crew_tick(pipeline->parts.crew, ++pipeline->event, time_ns);
    return kept != CREW_OK ? kept : status;
}

/* The clock moved: time passes for everything that waits. Where it stepped back, the time that passed on an
 * idle interface or before the step counts no more. */
static enum crew_status move_clock(struct pipeline *pipeline, int64_t time_ns, bool *early) {
    *early = packet_clock_awaits(&pipeline->clock, time_ns);
    int64_t boundary = pipeline_tick_time(pipeline->clock.now_ns);
    if (!pipeline->ticked) {
        pipeline->ticked = true;
        pipeline->last_tick_ns = boundary;
        return pipeline->parts.upkeep ? upkeep_tick(pipeline->parts.upkeep, pipeline, boundary) : CREW_OK;
    }
    bool stepped_back = pipeline->clock.steps_back != pipeline->steps_back;
    pipeline->steps_back = pipeline->clock.steps_back;
    if (boundary > pipeline->last_tick_ns || (stepped_back && boundary != pipeline->last_tick_ns)) {
        return tick(pipeline, boundary);
    }
    return CREW_OK;
}

/* `*early`: nobody knows yet whether it is so late. */
__attribute__((noinline)) static enum crew_status advance_clock(struct pipeline *pipeline, int64_t time_ns,
                                                                bool *early) {
    pipeline->ahead = true;
    enum crew_status status = move_clock(pipeline, time_ns, early);
    pipeline->ahead = false;
    return status;
}

void pipeline_note_unsupported(struct pipeline *pipeline, const struct unsupported_frames *more) {
    for (size_t i = 0; i < pipeline->unsupported_count; i++) {
        struct unsupported_frames *known = &pipeline->unsupported[i];
        if (known->file == more->file && known->link_type == more->link_type) {
            known->frames += more->frames;
            return;
        }
    }
    if (pipeline->unsupported_count < PIPELINE_UNSUPPORTED) {
        pipeline->unsupported[pipeline->unsupported_count++] = *more;
    }
}

/* What waits for longer than the interval goes out. */
static enum crew_status flush_due(struct pipeline *pipeline, int64_t now_ns) {
    if (!crew_has_pending(pipeline->parts.crew)) {
        pipeline->pending = false;
        return CREW_OK;
    }
    if (!pipeline->pending) {
        pipeline->pending = true;
        pipeline->pending_since_ns = now_ns;
    }
    if (!pipeline_flush_is_due(now_ns - pipeline->pending_since_ns, pipeline->parts.flush_interval_ns)) {
        return CREW_OK;
    }
    pipeline->pending = false;
    return crew_flush(pipeline->parts.crew);
}

/* `packet`: NULL where no record can come of it. */
static void save_frame(struct pipeline *pipeline, const struct frame *frame, const struct packet *packet) {
    const char *news =
        saver_frame(pipeline->parts.saver, frame, packet, decoder_datagrams(pipeline->parts.decoder));
    if (news) {
        progress_say(pipeline->parts.progress, "%s", news);
    }
}

/* `plain`: see is_plain; made for both. */
static inline __attribute__((always_inline)) enum crew_status
analyze_frame(struct pipeline *pipeline, const struct frame *frame, const bool plain) {
    enum crew_status status = CREW_OK;
    uint64_t event = ++pipeline->event;
    struct packet packet;
    enum decode_fate fate = decoder_decode(pipeline->parts.decoder, frame, &packet);
    if (!plain) {
        stopwatch_lap(&pipeline->watch, STAGE_DECODE);
    }
    struct guard *guard = plain ? NULL : pipeline->parts.guard;
    struct source_block *block = fate == DECODE_TCP ? packet_block(&packet, frame) : NULL;
    uint64_t hash = fate == DECODE_TCP ? flow_key_hash(&packet.key) : 0;
    bool shed = fate == DECODE_TCP && guard && guard_takes(guard, &packet, hash);
    if (!plain && pipeline->parts.saver) {
        save_frame(pipeline, frame, fate == DECODE_TCP && !shed ? &packet : NULL);
    }
    if (fate == DECODE_TCP && !shed) {
        packet.lasting = block && block->lasts;
        enum crew_status now = crew_packet(pipeline->parts.crew, event, &packet, hash, block);
        if (!plain) {
            stopwatch_lap(&pipeline->watch,
                          crew_is_inline(pipeline->parts.crew) ? STAGE_ANALYZE : STAGE_HAND_OVER);
        }
        status = now != CREW_OK ? now : status;
    } else if (fate == DECODE_LINK_UNSUPPORTED) {
        pipeline_note_unsupported(
            pipeline,
            &(struct unsupported_frames){.file = frame->file, .link_type = frame->link_type, .frames = 1});
    }
    return status;
}

/* Those that waited have their turn. */
__attribute__((noinline)) static enum crew_status take_early(struct pipeline *pipeline) {
    enum crew_status status = CREW_OK;
    for (unsigned i = 0; i < pipeline->early.count; i++) {
        enum crew_status taken = analyze_frame(pipeline, &pipeline->early.frames[i], false);
        status = status != CREW_OK ? status : taken;
    }
    early_frames_drop(&pipeline->early);
    pipeline->early_bytes = 0;
    return status;
}

/* On an interface time has passed with the wall clock already. */
static bool add_early(struct pipeline *pipeline, const struct frame *frame) {
    if (source_is_live(pipeline->parts.source) || !early_frames_add(&pipeline->early, frame)) {
        return false;
    }
    struct source_counts counts;
    source_counts(pipeline->parts.source, &counts);
    pipeline->early_bytes += counts.last_bytes;
    return true;
}

/* Time passes, or a stamp is odd. `*waits`: the frame does. */
static __attribute__((noinline)) enum crew_status take_time(struct pipeline *pipeline,
                                                            const struct frame *frame, bool *waits) {
    bool early;
    enum crew_status status = advance_clock(pipeline, frame->time_ns, &early);
    *waits = early && add_early(pipeline, frame);
    enum crew_status taken = *waits ? CREW_OK : take_early(pipeline);
    return taken != CREW_OK ? taken : status;
}

static inline __attribute__((always_inline)) enum crew_status
take_frame(struct pipeline *pipeline, const struct frame *frame, const bool plain) {
    enum crew_status status = CREW_OK;
    bool waits = false;
    if (!packet_clock_follows(&pipeline->clock, frame->time_ns) ||
        pipeline->clock.now_ns - pipeline->last_tick_ns >= PIPELINE_TICK_NS) {
        status = take_time(pipeline, frame, &waits);
    }
    if (waits) {
        return status;
    }
    enum crew_status taken = analyze_frame(pipeline, frame, plain);
    return taken != CREW_OK ? taken : status;
}

/* A frame that came at its own time was taken. */
static enum crew_status keep_pace(struct pipeline *pipeline, const struct frame *frame,
                                  enum crew_status status) {
    if (pipeline->parts.guard) {
        guard_frame(pipeline->parts.guard, pipeline->parts.source, frame);
    }
    pipeline->packet_wall_ns = ns_of_clock(CLOCK_MONOTONIC_COARSE);
    enum crew_status flushed = flush_due(pipeline, pipeline->packet_wall_ns);
    return flushed != CREW_OK ? flushed : status;
}

/* Nothing came for a while: a live clock moves on, and there is time to write. */
static enum crew_status take_idle(struct pipeline *pipeline) {
    enum crew_status status = take_early(pipeline);
    if (pipeline->parts.guard) {
        guard_idle(pipeline->parts.guard, pipeline->parts.source);
    }
    if (source_is_live(pipeline->parts.source) && pipeline->ticked) {
        int64_t passed = ns_of_clock(CLOCK_MONOTONIC_COARSE) - pipeline->packet_wall_ns;
        int64_t now_ns;
        if (!__builtin_add_overflow(pipeline->clock.now_ns, passed, &now_ns) &&
            pipeline_tick_time(now_ns) > pipeline->last_tick_ns) {
            status = tick(pipeline, pipeline_tick_time(now_ns));
        }
    }
    if (crew_has_pending(pipeline->parts.crew)) {
        pipeline->pending = false;
        enum crew_status flushed = crew_flush(pipeline->parts.crew);
        status = flushed != CREW_OK ? flushed : status;
    }
    return status;
}

static bool is_paced(const struct source *source) {
    struct source_counts counts;
    source_counts(source, &counts);
    return source_is_live(source) || counts.file_bytes_total == 0;
}

/* What else there is to do, after a frame or none. */
static enum crew_status keep_up(struct pipeline *pipeline, bool frame, enum crew_status status) {
    struct upkeep *upkeep = pipeline->parts.upkeep;
    const struct pipeline_peers *peers = pipeline->parts.peers;
    if (peers && status == CREW_OK) {
        status = peers->turned(peers->context, frame);
    }
    if (!upkeep || status != CREW_OK) {
        return status;
    }
    return upkeep_step(upkeep, pipeline, pipeline->paced && frame ? pipeline->packet_wall_ns : 0, frame);
}

/* Finishes and writes everything. */
static enum crew_status finish(struct pipeline *pipeline) {
    struct upkeep *upkeep = pipeline->parts.upkeep;
    const struct pipeline_peers *peers = pipeline->parts.peers;
    if (upkeep) {
        upkeep_stop(upkeep);
    }
    if (peers) {
        peers->ended(peers->context);
    }
    enum crew_status status = crew_finish(pipeline->parts.crew, ++pipeline->event, pipeline->clock.now_ns);
    return upkeep && !peers && status == CREW_OK ? upkeep_finish(upkeep, pipeline) : status;
}

/* What the source says, once for all its readers. */
static void say(const struct pipeline *pipeline, bool failed) {
    const struct pipeline_peers *peers = pipeline->parts.peers;
    if (!peers || peers->says(peers->context, failed)) {
        progress_say(pipeline->parts.progress, "%s", source_message(pipeline->parts.source));
    }
}

/* Is nothing done for a frame but to read, decode and analyze it? So it is where a file is read and nobody
 * asks for more. */
static bool is_plain(const struct pipeline *pipeline) {
    const struct pipeline_parts *parts = &pipeline->parts;
    return !parts->guard && !parts->saver && !parts->peers && !parts->progress->enabled && !pipeline->paced &&
           !pipeline->watch.on;
}

/* Frames, as long as there are: returns what comes behind them, or SOURCE_FRAME when *status is none to go on
 * with. */
static __attribute__((noinline)) enum source_status
take_frames(struct pipeline *pipeline, struct frame *frame, enum crew_status *status) {
    struct upkeep *upkeep = pipeline->parts.upkeep;
    for (;;) {
        enum source_status got = source_next(pipeline->parts.source, frame);
        if (got != SOURCE_FRAME) {
            return got;
        }
        *status = take_frame(pipeline, frame, true);
        if (*status == CREW_OK && upkeep) {
            *status = upkeep_step(upkeep, pipeline, 0, true);
        }
        if (*status != CREW_OK) {
            return got;
        }
    }
}

enum crew_status pipeline_run(struct pipeline *pipeline) {
    const struct pipeline_parts *parts = &pipeline->parts;
    pipeline->paced = is_paced(parts->source);
    const bool plain = is_plain(pipeline);
    enum crew_status status =
        parts->upkeep && !parts->peers ? upkeep_begin(parts->upkeep, pipeline) : CREW_OK;
    bool ended = false;
    while (status == CREW_OK && !ended) {
        struct frame frame;
        bool idle = false;
        stopwatch_begin(&pipeline->watch);
        switch (plain ? take_frames(pipeline, &frame, &status) : source_next(parts->source, &frame)) {
        case SOURCE_FRAME:
            if (!plain) {
                stopwatch_lap(&pipeline->watch, STAGE_READ);
                status = take_frame(pipeline, &frame, false);
                status = pipeline->paced ? keep_pace(pipeline, &frame, status) : status;
            }
            break;
        case SOURCE_IDLE:
            status = take_idle(pipeline);
            idle = true;
            break;
        case SOURCE_DAMAGED:
            pipeline->damages++;
            say(pipeline, true);
            break;
        case SOURCE_NOTICE:
            say(pipeline, false);
            break;
        case SOURCE_KEEP:
            status = crew_keep(parts->crew, ++pipeline->event);
            break;
        case SOURCE_END:
            ended = true;
            break;
        }
        stopwatch_end(&pipeline->watch);
        status = keep_up(pipeline, !idle, status);
        if (parts->progress->enabled) {
            progress_step(parts->progress, parts->source, parts->crew, idle);
        }
    }
    pipeline->abandoned = !ended;
    enum crew_status early = take_early(pipeline);
    status = status != CREW_OK ? status : early;
    enum crew_status last = finish(pipeline);
    return last != CREW_OK ? last : status;
}

void pipeline_counts(const struct pipeline *pipeline, struct ledger *ledger) {
    const struct pipeline_parts *parts = &pipeline->parts;
    source_counts(parts->source, &ledger->source);
    if (pipeline->ahead) {
        ledger->source.frames--;
        ledger->source.bytes -= ledger->source.last_bytes;
    }
    ledger->source.frames -= pipeline->early.count;
    ledger->source.bytes -= pipeline->early_bytes;
    decoder_counts(parts->decoder, &ledger->decode);
    crew_counts(parts->crew, ledger);
    if (parts->guard) {
        guard_counts(parts->guard, ledger);
    }
    ledger->clock_jumps = pipeline->clock.jumps;
    ledger->clock_steps_back = pipeline->clock.steps_back;
    ledger->clock_wild = pipeline->clock.wild;
    ledger->stats_records = parts->upkeep ? parts->upkeep->stats_records : 0;
    if (parts->peers && parts->peers->others) {
        tally_add(parts->peers->others, ledger);
    }
}
