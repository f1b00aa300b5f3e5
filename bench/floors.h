/* SPDX-License-Identifier: Apache-2.0 */
/* What each stage can't get below on this machine: the same bytes touched in the simplest way. Every function
 * returns CPU nanoseconds in all. One thread. */
#ifndef HARK_BENCH_FLOORS_H
#define HARK_BENCH_FLOORS_H

#include "capture/buf.h"

/* Texts one after the other. */
struct texts {
    struct buf bytes;
    size_t *ends;
    size_t count, room;
};
void texts_init(struct texts *, size_t cap);
void texts_fini(struct texts *);
/* False when it is full: the text is not there then. What was appended to `bytes` since the last end becomes
 * a text. */
bool texts_end(struct texts *);

/* Maps the whole file and goes from packet to packet (classic pcap). */
int64_t floor_read(const char *path);
/* The same, and loads what headers of Ethernet, IPv4 and TCP take. */
int64_t floor_headers(const char *path);
/* One load and store in a table of 64-byte entries for each hash, as many entries as for `flows`. */
int64_t floor_lookups(const uint64_t *hashes, size_t count, size_t flows);
/* memchr for each line. */
int64_t floor_lines(const struct texts *);
/* memcpy of each text. */
int64_t floor_copies(const struct texts *);
/* The same bytes written to a file. */
int64_t floor_writes(const struct texts *, const char *path);

#endif
