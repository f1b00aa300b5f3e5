/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a pcap (nanoseconds, Ethernet) to standard output. Embedded by value. Ends the program when the
 * reader is gone. */
#ifndef HARK_TESTS_RECORDER_H
#define HARK_TESTS_RECORDER_H

#include "wire.h"

enum { RECORDER_BYTES = 1 << 18 };

struct recorder {
    uint64_t packets;
    size_t used;
    uint32_t next_id; /* of datagrams in fragments */
    uint8_t buffer[RECORDER_BYTES];
};

void recorder_init(struct recorder *);
void recorder_flush(struct recorder *);
/* time_ns counts from the capture's start; no packet is earlier than the one before. */
void recorder_frame(struct recorder *, int64_t time_ns, const uint8_t *frame, size_t len);
void recorder_segment(struct recorder *, int64_t time_ns, const struct segment *);
/* The same as fragments with `piece` bytes of IP payload (a multiple of 8). */
void recorder_fragments(struct recorder *, int64_t time_ns, const struct segment *, size_t piece);

#endif
