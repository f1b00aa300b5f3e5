/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of source share, for source*.c alone: the handle and its op table. */
#ifndef HARK_CAPTURE_SOURCE_OPS_H
#define HARK_CAPTURE_SOURCE_OPS_H

#include "capture/source.h"
#include "capture/source_filter.h"

#include <stdatomic.h>

struct source_ops {
    /* Fills all of the frame but its ordinal, not filtered yet. On SOURCE_DAMAGED the message is set. */
    enum source_status (*next)(struct source *, struct frame *);
    /* Adds what only this kind knows. */
    void (*counts)(const struct source *, struct source_counts *);
    const char *(*file_name)(const struct source *, uint32_t file);
    bool (*opens_later)(const struct source *, uint32_t file);                        /* NULL: never */
    bool (*cut)(struct source *, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]); /* NULL: it can't */
    void (*close)(struct source *);                                                   /* NULL: nothing */
    void (*free)(struct source *);
    bool live;
};

struct source {
    const struct source_ops *ops;
    void *input; /* what the ops work on; they own it */
    struct source_filter filter;
    bool filter_misses_tagged;
    int snapshot_length;  /* cut to it, 0 for no cut */
    bool may_map;         /* source_allow_mapping was called */
    bool may_last;        /* source_allow_lasting was called */
    int idle_ms;          /* 0: files never give SOURCE_IDLE */
    uint64_t frame_count; /* frames to give, 0 for all */
    uint64_t given;
    uint64_t filtered_in_a_row;
    struct source_counts counts;
    atomic_bool stopped;
    int wake_fd; /* readable once stopped */
    char message[SOURCE_MESSAGE_BYTES];
};

/* A source without input yet; NULL without memory or descriptors, and a message. */
struct source *source_new(const struct source_ops *, const char *filter, char message[SOURCE_MESSAGE_BYTES]);
/* One line: control bytes (of file names, say) become '?'. What does not fit is cut. */
__attribute__((format(printf, 2, 3))) void source_say(char message[SOURCE_MESSAGE_BYTES], const char *format,
                                                      ...);
#endif
