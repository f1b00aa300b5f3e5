/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of memory with frames, which stays as it is while somebody holds it: what the source brings next
 * lies elsewhere then. So packets can go to other threads without a copy of their bytes.
 *
 * The thread of the source holds the block of the frame that it was given last (frame.block); any thread lets
 * go of it. The source outlives all holding. It has blocks for SOURCE_BLOCKS_HELD that are held at once, and
 * no more: whoever holds them keeps to that. */
#ifndef HARK_CAPTURE_SOURCE_BLOCK_H
#define HARK_CAPTURE_SOURCE_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCE_BLOCKS_HELD = 16 };

struct source_block {
    uint8_t *bytes; /* NULL until it is needed */
    size_t size;
    bool lasts; /* its bytes stay, held or not, until the source gives SOURCE_KEEP or is closed */
    atomic_uint holds;
};

static inline void source_block_hold(struct source_block *block) {
    atomic_fetch_add_explicit(&block->holds, 1, memory_order_relaxed);
}

/* What was read of its bytes was read before. */
static inline void source_block_release(struct source_block *block) {
    atomic_fetch_sub_explicit(&block->holds, 1, memory_order_release);
}

/* For the source. Once it is not, only the source's own thread can hold it again. */
static inline bool source_block_is_held(const struct source_block *block) {
    return atomic_load_explicit(&block->holds, memory_order_acquire) > 0;
}

#endif
