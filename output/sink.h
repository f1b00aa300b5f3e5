/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go: standard output, a file, or files one after another. Heap-owned; one thread at a time,
 * but for sink_share. */
#ifndef HARK_OUTPUT_SINK_H
#define HARK_OUTPUT_SINK_H

#include "capture/slice.h"

#include <sys/types.h>

enum sink_status {
    SINK_OK,
    SINK_READER_GONE, /* the pipe was closed (| head): the run ends quietly */
    SINK_FAILED,      /* disk full, I/O error: sink_message says what and where */
};

enum { SINK_MESSAGE_BYTES = 512, SINK_BLOCK_BYTES = 256 * 1024, SINK_PARTS = 512 };

struct sink;

/* What helps when a file can't be written: "; ..." behind the error's name, or "". */
const char *sink_advice(int error);
/* `path` "-" or NULL: standard output. NULL on error, with one line in `message`. An existing file is
 * overwritten. While it is written to, it may take up to 16 MiB more of the disk than its size says. */
struct sink *sink_open(const char *path, char message[SINK_MESSAGE_BYTES]);
/* A file that sink_open made becomes this user's, so that they can open it again; others keep their owner.
 * False with errno when it can't be given away. */
bool sink_give(const struct sink *, uid_t, gid_t);

struct sink_rotation {
    uint64_t bytes; /* a file is no longer, but for a line that is longer alone; 0: as long as it gets */
    size_t keep;    /* so many files stay, at most FILE_SERIES_KEEP_MOST; 0: all */
};

/* A series of files (output/file_series.h names them), each of whole lines. What is written before
 * sink_begin waits for it. */
struct sink *sink_open_series(const char *path, const struct sink_rotation *,
                              char message[SINK_MESSAGE_BYTES]);
/* Opens the first file of a series, for the time `time_ns` since the epoch. Nothing for other sinks. */
enum sink_status sink_begin(struct sink *, int64_t time_ns);
/* At a line's end: what is written from now on belongs into the series' next file, for that time. It is
 * opened when there is something to write; where it can't be, the old one goes on (sink_trouble). */
void sink_rotate(struct sink *, int64_t time_ns);
/* At a line's end: a file that was renamed is let go, and one of the given name opened; records are added to
 * what is there. One that has kept its name goes on. False and one line when there is no new one: the old one
 * goes on then. A series goes on to its next file; what is no file stays as it is. */
bool sink_reopen(struct sink *, char message[SINK_MESSAGE_BYTES]);
/* True once each time that the next file of a series could not be opened, with one line. Any thread may ask
 * sink_has_trouble. */
bool sink_trouble(struct sink *, char message[SINK_MESSAGE_BYTES]);
bool sink_has_trouble(const struct sink *);
/* The directory that files are opened in, borrowed; -1 for standard output. */
int sink_directory(const struct sink *);
/* Several threads may call sink_write and sink_bytes from now on. Nothing is cut at blocks any more, so that
 * each brings whole lines. Before the first of them. */
void sink_share(struct sink *);
/* Writes all of it or says why not; after a status other than SINK_OK later writes do nothing and return the
 * same. However it ends, what was written is the beginning of what was given: one line may be torn, the last.
 */
enum sink_status sink_write(struct sink *, struct slice);
/* The same; returns how many of these bytes went out. */
uint64_t sink_put(struct sink *, struct slice, enum sink_status *);
/* The same for up to SINK_PARTS parts that follow each other, from where they are. All but the last end with
 * a line. */
uint64_t sink_put_parts(struct sink *, const struct slice *, size_t count, enum sink_status *);
/* A file that sink_open opened: writing from multiples of SINK_BLOCK_BYTES costs less there. */
bool sink_is_regular(const struct sink *);
/* How many of `len` bytes, at least SINK_BLOCK_BYTES of them, to write while more are to come: in a regular
 * file those up to the last multiple of SINK_BLOCK_BYTES, else all. */
size_t sink_whole_blocks(const struct sink *, size_t len);
/* Closes; an error at close is a failure too. */
enum sink_status sink_close(struct sink *);
void sink_free(struct sink *);
const char *sink_message(const struct sink *);
/* Bytes written so far, to all files. */
uint64_t sink_bytes(const struct sink *);
bool sink_is_terminal(const struct sink *);
/* Nobody can let the writer wait by reading slowly: it is a regular file, or the null device. */
bool sink_has_no_reader(const struct sink *);

#endif
