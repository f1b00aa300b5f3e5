/* SPDX-License-Identifier: Apache-2.0 */
/* What reading capture files and the look at them beforehand share; private to source_file.c and
 * source_check.c. */
#ifndef HARK_CAPTURE_SOURCE_FILES_H
#define HARK_CAPTURE_SOURCE_FILES_H

#include "capture/file_format.h"
#include "capture/source_ahead.h"
#include "capture/source_ops.h"
#include "capture/source_stream.h"
#include "capture/source_window.h"

/* Invariant: while `stream` is set, it, the window and the format are those of paths[next - 1]; without it
 * the window is empty and the format unknown. */
struct source_files {
    const char **paths; /* our array of the caller's strings */
    int *held;          /* ours: descriptors of files that are open before their turn, else -1 */
    bool hold_open;
    size_t count;
    size_t next; /* the file whose turn comes next */
    struct source_stream *stream;
    struct source_window window; /* of unpacked bytes */
    bool may_map;                /* allowed, and not tried with this file yet */
    struct source_map *map;      /* of the file at hand; NULL: it is read */
    struct source_map *left;     /* what nothing more is brought of, but somebody may hold */
    bool left_lasts;             /* bytes of them may last: SOURCE_KEEP comes before they are swept */
    struct source_ahead ahead;
    struct file_format format;
    bool begun;          /* the file's header was sound */
    uint64_t unpacked;   /* bytes that came into the window */
    uint64_t number;     /* of the last frame in this file */
    const char *problem; /* why the last bringing failed */
    uint64_t bytes_done;
    uint64_t bytes_total; /* 0 where unknown */
};

bool source_files_is_standard_input(const char *path);
const char *source_files_shown_name(const char *path);
/* What to do about an error of open or stat; begins with "; ", or is empty. */
const char *source_files_mend(int error);

/* Opens paths[index] without waiting for a pipe's writer; negative on failure. */
int source_files_open(const struct source_files *, size_t index);
/* Keeps a copy of the descriptor for the file's turn, where that was asked for and descriptors are not short;
 * without one the file is opened anew. */
void source_files_hold(struct source_files *, size_t index, int fd);
/* Begins with a file; takes over `fd`. False without memory: the descriptor is closed then. */
bool source_files_begin(struct source_files *, int fd, int wake_fd, int idle_ms);
/* Ends with it; without a file nothing. Its bytes don't count as done, and who holds some of them keeps them.
 */
void source_files_end(struct source_files *);
/* Reads, so that `wanted` bytes may be at hand, more than are. After STREAM_FAILED the problem is set. */
enum source_stream_state source_files_bring(struct source_files *, size_t wanted);
/* With what the file begins that is no capture (or with nothing): says so. */
void source_files_say_strange(const struct source_files *, const char *name,
                              char message[SOURCE_MESSAGE_BYTES]);

/* Looks at all files, as source_open_files promises. */
enum source_error source_files_check(struct source *, char message[SOURCE_MESSAGE_BYTES]);

#endif
