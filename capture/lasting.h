/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at bytes that last (source_block.lasts): each makes pages of the file count as the process's again,
 * up to all of a large page. Once that may be more than there is room for, they are given back. All looks
 * between two forgettings are at one mapping, and no other memory is in any piece that it reaches into.
 * Embedded by value, one thread. */
#ifndef HARK_CAPTURE_LASTING_H
#define HARK_CAPTURE_LASTING_H

#include "capture/slice.h"

enum {
    LASTING_PIECE_BYTES = 2 * 1024 * 1024, /* of a large page, and aligned as one: so much a look brings */
    LASTING_PIECES = 16,                   /* at most */
};

struct lasting {
    unsigned most; /* pieces; 0: nothing is to last */
    unsigned count;
    uintptr_t pieces[LASTING_PIECES]; /* numbers of those looked at, the last one first */
};

/* What is looked at may be so much memory, a piece at least. */
static inline void lasting_init(struct lasting *lasting, size_t bytes) {
    size_t most = bytes / LASTING_PIECE_BYTES;
    *lasting = (struct lasting){.most = most < LASTING_PIECES ? (unsigned)most : LASTING_PIECES};
}

/* Gives back what was looked at. Who looks at it again gets it again. */
void lasting_forget(struct lasting *);

/* Part of lasting_look. */
void lasting_look_elsewhere(struct lasting *, uintptr_t piece);

/* Somebody is about to look at the bytes. */
static inline void lasting_look(struct lasting *lasting, struct slice bytes) {
    uintptr_t first = (uintptr_t)bytes.ptr / LASTING_PIECE_BYTES;
    uintptr_t last = ((uintptr_t)bytes.ptr + bytes.len - 1) / LASTING_PIECE_BYTES;
    for (uintptr_t piece = first; piece <= last; piece++) {
        if (lasting->count == 0 || lasting->pieces[0] != piece) {
            lasting_look_elsewhere(lasting, piece);
        }
    }
}

#endif
