/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/show.h"
#include "capture/source_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* So many filtered frames in a row give the caller a moment (where it asked for SOURCE_IDLE). */
enum { FILTERED_IN_A_ROW = 1 << 17 };

void source_say(char message[SOURCE_MESSAGE_BYTES], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    show_line(message, SOURCE_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
}

/* Never below 3: where standard input is closed, it must not take its place. Negative on failure. */
static int open_wake(void) {
    int low = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (low < 0) {
        return low;
    }
    int high = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int saved_errno = errno;
    (void)close(low);
    errno = saved_errno;
    return high;
}

struct source *source_new(const struct source_ops *ops, const char *filter,
                          char message[SOURCE_MESSAGE_BYTES]) {
    struct source *source = calloc(1, sizeof *source);
    if (!source) {
        source_say(message, "out of memory");
        return NULL;
    }
    source->wake_fd = open_wake();
    if (source->wake_fd < 0) {
        source_say(message, "no event descriptor: %s", strerror(errno));
        free(source);
        return NULL;
    }
    source->ops = ops;
    atomic_init(&source->stopped, false);
    source_filter_init(&source->filter, filter);
    source->filter_misses_tagged = source_filter_text_misses_tagged(filter);
    return source;
}

void source_free(struct source *source) {
    if (!source) {
        return;
    }
    source->ops->free(source);
    source_filter_fini(&source->filter);
    (void)close(source->wake_fd);
    free(source);
}

enum source_status source_next(struct source *source, struct frame *frame) {
    for (;;) {
        bool stopped = atomic_load_explicit(&source->stopped, memory_order_relaxed);
        if ((stopped && !source->ops->live) || /* interfaces have frames that are not read yet */
            (source->frame_count && source->given >= source->frame_count)) {
            return SOURCE_END;
        }
        enum source_status status = source->ops->next(source, frame);
        if (status != SOURCE_FRAME) {
            return status;
        }
        source->counts.bytes += frame->bytes.len;
        source->counts.last_bytes = frame->bytes.len;
        frame->ordinal = ++source->counts.frames;
        if (source_filter_passes(&source->filter, frame)) {
            source->given++;
            source->filtered_in_a_row = 0;
            if (source->snapshot_length) {
                frame->bytes = slice_first(frame->bytes, (size_t)source->snapshot_length);
            }
            return SOURCE_FRAME;
        }
        source->counts.filtered++;
        if (++source->filtered_in_a_row % FILTERED_IN_A_ROW == 0 && source->idle_ms) {
            return SOURCE_IDLE;
        }
    }
}

const char *source_message(const struct source *source) {
    return source->message;
}

void source_stop(struct source *source) {
    int saved_errno = errno;
    atomic_store_explicit(&source->stopped, true, memory_order_relaxed);
    uint64_t one = 1;
    /* It fails only when the counter is full, and then the descriptor is readable already. */
    ssize_t ignored = write(source->wake_fd, &one, sizeof one);
    (void)ignored;
    errno = saved_errno;
}

void source_counts(const struct source *source, struct source_counts *counts) {
    *counts = source->counts;
    source->ops->counts(source, counts);
}

const char *source_file_name(const struct source *source, uint32_t file) {
    return source->ops->file_name(source, file);
}

void source_close(struct source *source) {
    if (source->ops->close) {
        source->ops->close(source);
    }
}

void source_allow_mapping(struct source *source) {
    source->may_map = true;
}

void source_allow_lasting(struct source *source) {
    source->may_last = true;
}

bool source_lasts(const struct source *source) {
    struct source_counts counts;
    source_counts(source, &counts);
    return source->may_last && counts.file_bytes_total > 0; /* no pipe among them */
}

bool source_opens_later(const struct source *source, uint32_t file) {
    return source->ops->opens_later && source->ops->opens_later(source, file);
}

bool source_is_live(const struct source *source) {
    return source->ops->live;
}

bool source_cut_frames(struct source *source, uint32_t bytes, char message[SOURCE_MESSAGE_BYTES]) {
    if (!source->ops->cut) {
        source_say(message, "its frames can't be cut");
        return false;
    }
    return source->ops->cut(source, bytes, message);
}

bool source_filter_misses_tagged(const struct source *source) {
    return source->filter_misses_tagged;
}
