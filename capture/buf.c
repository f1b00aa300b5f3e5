/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/buf.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *b, size_t cap) {
    *b = (struct buf){.cap = cap};
}

void buf_charge(struct buf *b, struct memory *memory) {
    assert(b->capacity == 0);
    b->memory = memory;
}

void buf_fini(struct buf *b) {
    if (b->memory) {
        memory_free(b->memory, b->ptr, b->capacity);
    } else {
        free(b->ptr);
    }
    *b = (struct buf){.cap = b->cap, .memory = b->memory};
}

static bool grow(struct buf *b, size_t need) {
    size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
    while (capacity < need) {
        capacity *= 2;
    }
    if (capacity > b->cap) {
        capacity = b->cap;
    }
    uint8_t *ptr = b->memory ? memory_resize(b->memory, b->ptr, b->capacity, capacity)
                             : memory_block_resize(b->ptr, b->capacity, capacity);
    if (!ptr) {
        return false;
    }
    b->ptr = ptr;
    b->capacity = capacity;
    return true;
}

uint8_t *buf_reserve(struct buf *b, size_t more) {
    assert(b->len <= b->capacity && b->capacity <= b->cap);
    if (more > b->cap - b->len || (more > b->capacity - b->len && !grow(b, b->len + more))) {
        b->failed = true;
        return NULL;
    }
    return b->ptr + b->len;
}

bool buf_append(struct buf *b, const void *bytes, size_t len) {
    if (len == 0) {
        return true;
    }
    uint8_t *to = buf_reserve(b, len);
    if (!to) {
        return false;
    }
    memcpy(to, bytes, len);
    b->len += len;
    return true;
}
