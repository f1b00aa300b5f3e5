/* SPDX-License-Identifier: Apache-2.0 */
/* A capture file in memory, for the tools of this folder: classic pcap, Ethernet (VLAN tags or not), IPv4,
 * TCP to or from port 80. They share no code with hark on purpose: they are what hark is measured with.
 * Whatever else a file holds ends the program with a message. One thread. */
#ifndef HARK_TESTS_TRUTH_FRAMES_H
#define HARK_TESTS_TRUTH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVER_PORT = 80 };

/* Who sent it: port 80 is the server's. */
enum side { CLIENT, SERVER };

struct frame {
    int64_t time_ns;
    size_t offset;     /* of its bytes in the file */
    uint32_t captured; /* bytes in the file */
    uint32_t length;   /* bytes on the wire */
};

struct frame_file {
    const uint8_t *bytes; /* the whole file, mapped */
    size_t size;
    bool nanoseconds;
    uint32_t snaplen;
    struct frame *frames;
    size_t count;
};

/* What a frame says about TCP. */
struct segment {
    enum side side;
    uint32_t client_address, server_address; /* host order */
    uint16_t client_port;
    uint32_t sequence, acknowledged;
    bool syn, fin, reset, has_ack;
    size_t ip_offset;     /* in the frame */
    const uint8_t *bytes; /* payload */
    uint32_t length;      /* of the payload on the wire */
    uint32_t captured;    /* of it, in the file */
};

/* Ends the program with "NAME: ..." and status 1. */
_Noreturn void frames_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Dies without memory. */
void *frames_allocate(void *old, size_t count, size_t size);
void frames_open(struct frame_file *, const char *path);
void frames_close(struct frame_file *);
/* False when it is no TCP segment of ours, or its headers are cut. */
bool frames_segment(const struct frame_file *, const struct frame *, struct segment *);

#endif
