/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks compressed capture files: gzip (RFC 1952) through zlib, Zstandard (RFC 8878) through libzstd.
 * Several gzip members or zstd frames that follow each other are one file. Heap-owned, one thread. */
#ifndef HARK_CAPTURE_SOURCE_UNPACK_H
#define HARK_CAPTURE_SOURCE_UNPACK_H

#include "capture/slice.h"

enum source_packing {
    PACKING_NONE,
    PACKING_GZIP,
    PACKING_ZSTD,
    PACKING_UNSUPPORTED, /* known by its first bytes, but hark can't unpack it */
};

/* Bytes of a file that tell its packing. */
enum { PACKING_MAGIC_BYTES = 6 };

/* Largest window of a zstd frame, log2 of bytes: what the zstd tool accepts when nothing else is asked. It
 * bounds the memory that a file may claim, to 128 MiB. */
enum { ZSTD_WINDOW_LOG_MAX = 27 };

/* What the first bytes of a file say. With PACKING_UNSUPPORTED `tool` is the command that unpacks it. */
enum source_packing source_packing_of(struct slice first, const char **tool);

struct source_unpack;

/* NULL without memory (`no_memory` then is true), or when this build leaves out the library; `problem` says
 * which (static text). */
struct source_unpack *source_unpack_new(enum source_packing, const char **problem, bool *no_memory);
void source_unpack_free(struct source_unpack *);

/* Takes from `in` what it needs and writes at most `room` bytes; `written` may be 0 when more input is
 * needed. False when the data are damaged; `problem` then says how (borrowed from the unpacker). */
bool source_unpack_run(struct source_unpack *, struct slice *in, uint8_t *out, size_t room, size_t *written,
                       const char **problem);
/* After a failure: it was for want of memory, the data may be sound. */
bool source_unpack_no_memory(const struct source_unpack *);
/* True when the input may end here: a member or frame is complete. */
bool source_unpack_complete(const struct source_unpack *);

#endif
