/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/lasting.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

void lasting_forget(struct lasting *lasting) {
    for (; lasting->count > 0; lasting->count--) {
        void *piece = (void *)(lasting->pieces[lasting->count - 1] * LASTING_PIECE_BYTES);
        (void)madvise(piece, LASTING_PIECE_BYTES, MADV_DONTNEED);
    }
}

void lasting_look_elsewhere(struct lasting *lasting, uintptr_t piece) {
    assert(lasting->most > 0);
    unsigned at = 0;
    while (at < lasting->count && lasting->pieces[at] != piece) {
        at++;
    }
    if (at == lasting->most) {
        lasting_forget(lasting); /* which of them is wanted next nobody knows */
        at = 0;
    }
    lasting->count += at == lasting->count;
    memmove(lasting->pieces + 1, lasting->pieces, at * sizeof lasting->pieces[0]);
    lasting->pieces[0] = piece;
}
