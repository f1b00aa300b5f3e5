/* SPDX-License-Identifier: Apache-2.0 */
/* Frames become a pcapng file (draft-ietf-opsawg-pcapng): one section in this machine's byte order, an
 * Interface Description Block before the first frame of each interface and link type, an Enhanced Packet
 * Block for each frame, with its time in nanoseconds and its length on the wire. No output: blocks are
 * appended to a buffer. Embedded by value; one thread. */
#ifndef HARK_CAPTURE_PCAPNG_WRITER_H
#define HARK_CAPTURE_PCAPNG_WRITER_H

#include "capture/buf.h"
#include "capture/packet.h"

enum {
    PCAPNG_INTERFACES = 1024, /* that a file describes; the frames of others go to one of their link type */
    PCAPNG_NAME_BYTES = 256,  /* of an interface's name; longer ones are cut */
    PCAPNG_COMMENT_BYTES = 1024, /* likewise of a comment */
};

struct pcapng_interface {
    int link_type;   /* DLT_ value */
    uint32_t number; /* frame.interface */
};

struct pcapng_writer {
    struct pcapng_interface *interfaces; /* owned; their places are their numbers in the file */
    size_t count;
    size_t room;
    size_t last; /* the one found last: most frames are of the same */
};

/* Owns nothing before its first frame. */
void pcapng_writer_init(struct pcapng_writer *);
void pcapng_writer_fini(struct pcapng_writer *);

/* The Section Header Block, first in the file. False where `out` has no room: nothing is appended then. */
bool pcapng_write_section(struct buf *out);
/* The frame, described first where its interface is new. Interfaces are told apart by frame->interface and
 * the link type; `name` is the interface's, "" where it has none; `comment` is the frame's, "" for none: both
 * UTF-8. False where `out` or memory has no room, or there are too many interfaces: nothing is appended. */
bool pcapng_write_frame(struct pcapng_writer *, struct buf *out, const struct frame *, const char *name,
                        const char *comment);
/* What the frame may take at most. */
size_t pcapng_frame_bytes(const struct frame *);

#endif
