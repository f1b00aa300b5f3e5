/* SPDX-License-Identifier: Apache-2.0 */
/* Where records go: standard output or a file. Heap-owned; one thread. */
#ifndef HARK_OUTPUT_SINK_H
#define HARK_OUTPUT_SINK_H

#include "capture/slice.h"

#include <sys/types.h>

enum sink_status {
    SINK_OK,
    SINK_READER_GONE, /* the pipe was closed (| head): the run ends quietly */
    SINK_FAILED,      /* disk full, I/O error: sink_message says what and where */
};

enum { SINK_MESSAGE_BYTES = 512, SINK_BLOCK_BYTES = 256 * 1024 };

struct sink;

/* `path` "-" or NULL: standard output. NULL on error, with one line in `message`. An existing file is
 * overwritten. While it is written to, it may take up to 16 MiB more of the disk than its size says. */
struct sink *sink_open(const char *path, char message[SINK_MESSAGE_BYTES]);
/* A file that sink_open made becomes this user's, so that they can open it again; others keep their owner.
 * False with errno when it can't be given away. */
bool sink_give(const struct sink *, uid_t, gid_t);
/* Writes all of it or says why not; after a status other than SINK_OK later writes do nothing and return the
 * same. However it ends, what was written is the beginning of what was given: one line may be torn, the last.
 */
enum sink_status sink_write(struct sink *, struct slice);
/* A file that sink_open opened: writing from multiples of SINK_BLOCK_BYTES costs less there. */
bool sink_is_regular(const struct sink *);
/* How many of `len` bytes, at least SINK_BLOCK_BYTES of them, to write while more are to come: in a regular
 * file those up to the last multiple of SINK_BLOCK_BYTES, else all. */
size_t sink_whole_blocks(const struct sink *, size_t len);
/* Closes; an error at close is a failure too. */
enum sink_status sink_close(struct sink *);
void sink_free(struct sink *);
const char *sink_message(const struct sink *);
/* Bytes written so far. */
uint64_t sink_bytes(const struct sink *);
bool sink_is_terminal(const struct sink *);

#endif
