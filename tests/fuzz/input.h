/* SPDX-License-Identifier: Apache-2.0 */
/* What the harnesses share: reading an input as numbers, and the demand that ends a run. An input that is
 * used up gives zeros, so that every input means something. Embedded by value, one thread. */
#ifndef HARK_TESTS_FUZZ_INPUT_H
#define HARK_TESTS_FUZZ_INPUT_H

#include "capture/slice.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEMAND(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct input {
    struct slice rest;
};

static inline struct input input_of(const uint8_t *data, size_t size) {
    return (struct input){slice_make(data, size)};
}

static inline bool input_ended(const struct input *in) {
    return in->rest.len == 0;
}

static inline uint8_t input_u8(struct input *in) {
    if (in->rest.len == 0) {
        return 0;
    }
    uint8_t byte = in->rest.ptr[0];
    in->rest = slice_after(in->rest, 1);
    return byte;
}

static inline uint16_t input_u16(struct input *in) {
    uint8_t high = input_u8(in);
    return (uint16_t)(high << 8 | input_u8(in));
}

static inline uint32_t input_u32(struct input *in) {
    uint32_t high = input_u16(in);
    return high << 16 | input_u16(in);
}

/* Up to `len` bytes of it as they are. */
static inline struct slice input_bytes(struct input *in, size_t len) {
    struct slice taken = slice_first(in->rest, len);
    in->rest = slice_after(in->rest, taken.len);
    return taken;
}

/* A block of its own, exactly as large as the bytes, so that a read beyond them is seen. Freed by the caller.
 */
static inline uint8_t *exact_copy(struct slice bytes) {
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    DEMAND(copy);
    if (bytes.len) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    return copy;
}

#endif
