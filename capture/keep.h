/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer that a function uses often: the compiler is told nothing of how it was computed, and keeps it
 * where it would compute it again each time (an element's address, out of an index). Pure. */
#ifndef HARK_CAPTURE_KEEP_H
#define HARK_CAPTURE_KEEP_H

static inline __attribute__((always_inline)) void *keep_pointer(void *pointer) {
    __asm__("" : "+r"(pointer));
    return pointer;
}

#endif
