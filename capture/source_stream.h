/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one capture file, piece by piece: of a regular file, a pipe or standard input, plain or
 * compressed (told by its first bytes, never by its name). Heap-owned, one thread. */
#ifndef HARK_CAPTURE_SOURCE_STREAM_H
#define HARK_CAPTURE_SOURCE_STREAM_H

#include "capture/source_map.h"

struct source_stream;

enum source_stream_state {
    STREAM_READING, /* there are bytes */
    STREAM_END,     /* the file's end */
    STREAM_IDLE,    /* a pipe was silent for the time-out; reading goes on */
    STREAM_STOPPED, /* the wake descriptor became readable */
    STREAM_FAILED,  /* reading or unpacking failed: source_stream_problem says how; it stays so */
};

/* Takes over `fd` (standard input's is left open at the end). `wake_fd` is borrowed: it ends a wait once it
 * is readable. `idle_ms` is the longest wait for a pipe, 0 for ever. NULL without memory. */
struct source_stream *source_stream_new(int fd, int wake_fd, int idle_ms);
void source_stream_free(struct source_stream *);

/* Writes at least one unpacked byte and at most `room` to `to`, or says why there is none. */
enum source_stream_state source_stream_read(struct source_stream *, uint8_t *to, size_t room, size_t *given);
/* After the first reading: the file as memory, which is the caller's; NULL when it has to be read. */
struct source_map *source_stream_map(const struct source_stream *, bool lasting);
/* Of a file that was mapped: what is before `place` counts as read, and reading goes on there. */
void source_stream_skip(struct source_stream *, uint64_t place);

/* With STREAM_FAILED: what is wrong, and how to mend it where hark knows. Borrowed from the stream. */
const char *source_stream_problem(const struct source_stream *);
/* True when reading failed because hark can't unpack such a file at all. */
bool source_stream_unsupported(const struct source_stream *);

bool source_stream_packed(const struct source_stream *);
/* Bytes read of the file itself. */
uint64_t source_stream_bytes_read(const struct source_stream *);

#endif
