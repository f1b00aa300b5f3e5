/* SPDX-License-Identifier: Apache-2.0 */
/* A tap's packets as the Ethernet frames that hold them: TCP options, IP fragments in any order, VLAN tags,
 * tunnels, with all lengths and checksums right. Plain values; one thread. */
#ifndef HARK_TESTS_TAP_FRAMES_H
#define HARK_TESTS_TAP_FRAMES_H

#include "http_tap.h"

enum { TAP_FRAMES = 1 << 16, TAP_FRAME_BYTES = 1 << 16 };

/* Part [from, from + len) of what the packet's IP header carries; and of the outermost one, where that is in
 * fragments. */
struct tap_frame {
    int64_t seen_ns;
    uint32_t place; /* in the order of sending */
    uint32_t packet;
    uint32_t from, len;
    uint32_t outer_from, outer_len;
    uint16_t outer_id;
    bool more, outer_more;
};

struct tap_frames {
    struct tap *tap; /* borrowed */
    unsigned count;
    unsigned lost; /* fragments; whole packets are the tap's own */
    struct tap_frame frame[TAP_FRAMES];
};

/* Bytes that grow at their front, as headers are put before what they carry. */
struct tap_canvas {
    size_t at, end;
    uint8_t room[TAP_FRAME_BYTES + 1024];
};

void tap_frames_make(struct tap_frames *, struct tap *);
/* The bytes of one of them; they live on the canvas. */
struct slice tap_frames_render(const struct tap_frames *, unsigned index, struct tap_canvas *);

#endif
