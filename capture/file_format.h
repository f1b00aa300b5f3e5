/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files as bytes: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), in either byte
 * order, taken apart one record or block at a time. No input and no output: the caller has bytes at hand,
 * wherever they come from, and asks what they are. Embedded by value, owns the list of interfaces; one
 * thread.
 */
#ifndef HARK_CAPTURE_FILE_FORMAT_H
#define HARK_CAPTURE_FILE_FORMAT_H

#include "capture/packet.h"

enum {
    FILE_BLOCK_BYTES = 16 * 1024 * 1024, /* the largest record or block that is believed, as in libpcap */
    FILE_PACKET_BYTES = 262144,          /* the same for captured bytes, of most link types */
    FILE_INTERFACES = 1 << 16,           /* in one section of a pcapng file */
    FILE_PROBLEM_BYTES = 192,
    FILE_STRIDE_BYTES = 16,
};

/* One tick of an interface's clock is multiply / divide / 2^shift nanoseconds. */
struct file_clock {
    uint64_t multiply;
    uint64_t divide;
    uint8_t shift;
    int64_t offset_seconds; /* of time 0 from the epoch */
    uint64_t plain_below;   /* fewer ticks are a time once multiplied; 0: none are */
};

struct file_interface {
    int link_type;    /* DLT_ value */
    uint32_t longest; /* captured bytes of one packet that are believed */
    uint32_t
        snapshot; /* to how many bytes the interface cut packets; matters to Simple Packet Blocks alone */
    struct file_clock clock;
};

enum file_kind { FILE_KIND_UNKNOWN, FILE_KIND_PCAP, FILE_KIND_PCAPNG };

/* In which order a pcap record has its two lengths. */
enum file_lengths {
    FILE_LENGTHS_CAPTURED_FIRST,
    FILE_LENGTHS_WIRE_FIRST,
    FILE_LENGTHS_EITHER, /* the larger one is the wire's */
};

struct file_format {
    enum file_kind kind;
    bool big_endian; /* of the file, or of the pcapng section at hand */
    /* pcap */
    uint8_t record_bytes; /* of a record's header */
    enum file_lengths lengths;
    uint32_t fraction_ns; /* unit of a record's fraction of a second */
    struct file_interface only;
    /* pcapng: of the section at hand */
    struct file_interface *interfaces;
    size_t interface_count;
    size_t interface_room;
    uint32_t interfaces_before; /* in the sections before */
    char problem[FILE_PROBLEM_BYTES];
};

enum file_step {
    FILE_FRAME,   /* a packet: the frame has its bytes, lengths, time, link type and interface */
    FILE_RECORD,  /* no packet, but Wireshark gives it a frame's number */
    FILE_PASSED,  /* a header, or a block that holds no packet */
    FILE_MORE,    /* more bytes must be at hand */
    FILE_STRANGE, /* the file begins as no capture does */
    FILE_DAMAGED, /* nothing behind this place can be read: the problem says why */
};

void file_format_init(struct file_format *);
void file_format_fini(struct file_format *);

/* What comes next? `at_hand` begins where the step before ended: `bytes` (given with FILE_FRAME, FILE_RECORD
 * and FILE_PASSED) further on. With FILE_MORE `bytes` is how many must be at hand for the next answer, more
 * than are, and never more than FILE_BLOCK_BYTES. A frame changes nothing here: asked again, it comes again.
 */
enum file_step file_format_next(struct file_format *, struct slice at_hand, size_t *bytes, struct frame *);

/* The same for usual frames alone, as fast as it goes: the bytes of the one that comes next, which is given;
 * 0, and nothing is given: file_format_next says what comes. */
size_t file_format_usual(const struct file_format *, struct slice at_hand, struct frame *);

/* How far the record or block reaches whose first FILE_STRIDE_BYTES are at `at`, if it is a usual one: a
 * guess, for who looks ahead. 0: none. */
size_t file_format_stride(const struct file_format *, const uint8_t *at);

/* After FILE_MORE, when the file ends with what is at hand, which is at least a byte: makes that the problem.
 */
void file_format_ended(struct file_format *, struct slice at_hand, size_t wanted);
/* After FILE_DAMAGED or file_format_ended: one line. */
const char *file_format_problem(const struct file_format *);

/* The interfaces that the file, or the section of it, has described so far. */
size_t file_format_interfaces(const struct file_format *);
int file_format_link_type(const struct file_format *, size_t interface);

/* What files write for a DLT_ value. */
uint16_t file_type_of_link(int link_type);

#endif
