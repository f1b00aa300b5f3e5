/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save_again.h"

#include "cli/datagrams.h"
#include "cli/early_frames.h"
#include "cli/pipeline.h"

#include <stdio.h>
#include <stdlib.h>

/* One reading. Fragments that belong to what is saved are noted in the first of two, and saved in the last;
 * `notes` are in order then. */
struct reading {
    const struct save_again *again;
    struct source *source;
    struct decoder *decoder;
    struct packet_clock clock;
    struct early_frames early;
    int64_t tick_ns;
    bool noting;
    struct datagrams datagrams; /* while noting */
    uint64_t *notes;
    size_t count;
    size_t room;
    uint64_t lacking;              /* saved packets that may lack fragments */
    size_t next;                   /* note that comes next */
    size_t marks[HARK_PARTITIONS]; /* of each partition, that comes next */
};

static bool make_room(struct reading *r, size_t more) {
    size_t room = r->room ? r->room : 1024;
    while (room < r->count + more) {
        room *= 2;
    }
    if (room > r->again->notes_bytes / sizeof *r->notes) {
        return false;
    }
    if (room == r->room) {
        return true;
    }
    uint64_t *notes = realloc(r->notes, room * sizeof *notes);
    if (!notes) {
        return false;
    }
    r->notes = notes;
    r->room = room;
    return true;
}

static int compare_ordinals(const void *left, const void *right) {
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static bool is_noted(struct reading *r, uint64_t ordinal) {
    while (r->next < r->count && r->notes[r->next] < ordinal) {
        r->next++;
    }
    return r->next < r->count && r->notes[r->next] == ordinal;
}

/* The id of the first transaction that begins with the frame; NULL without one. */
static const uint8_t *mark_of(struct reading *r, unsigned partition, uint64_t ordinal) {
    const struct save_selection *selection = saver_selection(r->again->saver, partition);
    size_t *next = &r->marks[partition];
    while (*next < selection->mark_count && selection->marks[*next].ordinal < ordinal) {
        (*next)++;
    }
    bool marked = *next < selection->mark_count && selection->marks[*next].ordinal == ordinal;
    return marked ? selection->marks[*next].id : NULL;
}

static bool is_taken(const struct reading *r, const struct packet *packet, unsigned partition,
                     uint64_t hash) {
    return save_selection_takes(saver_selection(r->again->saver, partition), packet, hash);
}

/* False without memory. */
static bool note_frame(struct reading *r, const struct frame *frame) {
    uint64_t taken[DATAGRAM_FRAMES_TAKEN];
    struct packet packet;
    enum decode_fate fate = decoder_decode(r->decoder, frame, &packet);
    size_t count =
        datagrams_frame(&r->datagrams, decoder_datagrams(r->decoder), frame->ordinal, frame->time_ns, taken);
    uint64_t hash = fate == DECODE_TCP ? flow_key_hash(&packet.key) : 0;
    if (fate != DECODE_TCP || !is_taken(r, &packet, flow_key_partition(hash), hash) || !packet.fragmented) {
        return true;
    }
    r->lacking += datagrams_may_lack(&r->datagrams, frame->time_ns);
    if (!make_room(r, count)) {
        return false;
    }
    memcpy(r->notes + r->count, taken, count * sizeof *taken);
    r->count += count;
    return true;
}

/* False when the sink has ended. */
static bool save_frame(struct reading *r, const struct frame *frame) {
    struct packet packet;
    bool saved = false;
    const uint8_t *id = NULL;
    if (decoder_decode(r->decoder, frame, &packet) == DECODE_TCP) {
        uint64_t hash = flow_key_hash(&packet.key);
        unsigned partition = flow_key_partition(hash);
        saved = is_taken(r, &packet, partition, hash);
        id = saved ? mark_of(r, partition, frame->ordinal) : NULL;
    }
    if (!saved && !is_noted(r, frame->ordinal)) {
        return true;
    }
    uint64_t unplaced = r->again->file->unplaced;
    return save_file_add(r->again->file, frame, id) || r->again->file->unplaced != unplaced;
}

static enum save_result take_frame(struct reading *r, const struct frame *frame,
                                   char message[SOURCE_MESSAGE_BYTES]) {
    if (r->noting && !note_frame(r, frame)) {
        (void)snprintf(message, SOURCE_MESSAGE_BYTES, "out of memory for fragments to be saved");
        return SAVE_NO_MEMORY;
    }
    return r->noting || save_frame(r, frame) ? SAVE_DONE : SAVE_SINK_ENDED;
}

static enum save_result take_early(struct reading *r, char message[SOURCE_MESSAGE_BYTES]) {
    enum save_result result = SAVE_DONE;
    for (unsigned i = 0; i < r->early.count && result == SAVE_DONE; i++) {
        result = take_frame(r, &r->early.frames[i], message);
    }
    early_frames_drop(&r->early);
    return result;
}

/* Time passes for fragments, and frames wait, as in the pipeline. */
static enum save_result take_in_time(struct reading *r, const struct frame *frame,
                                     char message[SOURCE_MESSAGE_BYTES]) {
    bool early = packet_clock_awaits(&r->clock, frame->time_ns);
    int64_t tick_ns = pipeline_tick_time(r->clock.now_ns);
    if (tick_ns != r->tick_ns) {
        r->tick_ns = tick_ns;
        decoder_tick(r->decoder, tick_ns);
    }
    if (early && early_frames_add(&r->early, frame)) {
        return SAVE_DONE;
    }
    enum save_result result = take_early(r, message);
    return result == SAVE_DONE ? take_frame(r, frame, message) : result;
}

static enum save_result read_all(struct reading *r, char message[SOURCE_MESSAGE_BYTES]) {
    uint64_t last = saver_last_frame(r->again->saver);
    for (;;) {
        struct frame frame;
        enum save_result result = SAVE_DONE;
        switch (source_next(r->source, &frame)) {
        case SOURCE_END:
            return take_early(r, message);
        case SOURCE_IDLE:
        case SOURCE_DAMAGED: /* was said in the first reading */
        case SOURCE_NOTICE:
        case SOURCE_KEEP:
            break;
        case SOURCE_FRAME:
            if (frame.ordinal > last) {
                return take_early(r, message);
            }
            result = take_in_time(r, &frame, message);
            break;
        }
        if (result != SAVE_DONE) {
            return result;
        }
        if (r->again->interrupted()) {
            (void)snprintf(message, SOURCE_MESSAGE_BYTES,
                           "interrupted before the second reading was through");
            return SAVE_INTERRUPTED;
        }
    }
}

static enum save_result read_once(struct reading *r, char message[SOURCE_MESSAGE_BYTES]) {
    const struct save_again *again = r->again;
    struct decode_options options = again->decode;
    options.name_datagrams = r->noting;
    r->source = again->open(again->context, message);
    if (!r->source) {
        return SAVE_NOT_OPENED;
    }
    for (unsigned i = 0; i < HARK_PARTITIONS; i++) {
        save_selection_close(saver_selection(again->saver, i));
    }
    packet_clock_init(&r->clock, again->limits);
    enum save_result result = SAVE_NO_MEMORY;
    r->decoder = decoder_new(&options, again->limits);
    if (r->decoder && (!r->noting || datagrams_init(&r->datagrams, again->limits->fragment_timeout_ns))) {
        result = read_all(r, message);
    } else {
        (void)snprintf(message, SOURCE_MESSAGE_BYTES, "out of memory to save packets");
    }
    early_frames_drop(&r->early);
    datagrams_fini(&r->datagrams);
    decoder_free(r->decoder);
    source_free(r->source);
    return result;
}

enum save_result save_again(const struct save_again *again, char message[SOURCE_MESSAGE_BYTES]) {
    struct reading reading = {.again = again, .noting = again->fragments};
    enum save_result result = again->fragments ? read_once(&reading, message) : SAVE_DONE;
    if (result == SAVE_DONE) {
        if (reading.count) {
            qsort(reading.notes, reading.count, sizeof *reading.notes, compare_ordinals);
        }
        reading.noting = false;
        result = read_once(&reading, message);
    }
    if (!save_file_flush(again->file) && result == SAVE_DONE) {
        result = SAVE_SINK_ENDED;
    }
    free(reading.notes);
    if (result == SAVE_DONE && reading.lacking > 0) {
        (void)snprintf(message, SOURCE_MESSAGE_BYTES,
                       "fragments of up to %llu packets are missing: there were too many at once",
                       (unsigned long long)reading.lacking);
        return SAVE_LACKING;
    }
    return result;
}
