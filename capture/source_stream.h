/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one capture file as a FILE that libpcap can read: a regular file, a pipe or standard input,
 * plain or compressed (told by its first bytes, never by its name). Reads in large pieces, yet knows the
 * place of every frame and gives up waiting only between two of them. Heap-owned, one thread. */
#ifndef HARK_CAPTURE_SOURCE_STREAM_H
#define HARK_CAPTURE_SOURCE_STREAM_H

#include "capture/slice.h"

#include <stdio.h>

struct source_stream;

/* Why the last read gave no bytes. */
enum source_stream_state {
    STREAM_READING, /* it gave bytes */
    STREAM_END,     /* the file's end */
    STREAM_IDLE,    /* a pipe was silent for the time-out; see source_stream_mark */
    STREAM_STOPPED, /* the wake descriptor became readable */
    STREAM_FAILED,  /* reading or unpacking failed: source_stream_problem says how */
};

/* Takes over `fd` (standard input's is left open at the end). `wake_fd` is borrowed: it ends a wait once it
 * is readable. `idle_ms` is the longest wait where waiting may be given up, 0 for ever. NULL without memory.
 */
struct source_stream *source_stream_new(int fd, int wake_fd, int idle_ms);
/* The FILE must be closed before. */
void source_stream_free(struct source_stream *);

/* The FILE of the stream; called once. The caller closes it, and before the stream (pcap_close does). NULL
 * without memory. */
FILE *source_stream_file(struct source_stream *);

/* Before the first read of the FILE: waits until there is something to read. Never STREAM_END. */
enum source_stream_state source_stream_wait(struct source_stream *);
/* The reader is between two frames: where nothing comes within the time-out now, the read ends with
 * STREAM_IDLE, which the FILE shows as its end; reading goes on after clearerr. Once a byte of a frame was
 * taken, reading waits for the rest as long as it takes. */
void source_stream_mark(struct source_stream *);
enum source_stream_state source_stream_state(const struct source_stream *);
/* With STREAM_FAILED: what is wrong, and how to mend it where hark knows. Borrowed from the stream. */
const char *source_stream_problem(const struct source_stream *);
/* True when reading failed because hark can't unpack such a file at all. */
bool source_stream_unsupported(const struct source_stream *);

/* The first bytes after unpacking, as far as the reader came or more, at most 16. Borrowed from the stream.
 */
struct slice source_stream_first(const struct source_stream *);
/* Unpacked bytes that the reader took up to the last mark. */
uint64_t source_stream_marked(const struct source_stream *);
bool source_stream_packed(const struct source_stream *);
/* Bytes read of the file itself. */
uint64_t source_stream_bytes_read(const struct source_stream *);

#endif
