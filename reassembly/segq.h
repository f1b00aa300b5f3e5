/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one direction that wait: disjoint intervals of stream offsets, each with the facts of the
 * segment that brought it. First-arrived bytes win: only what is not covered yet can be put in. A list gives
 * the order; what comes behind all that is held, or near its end, or is taken from its front, mostly touches
 * nothing else. A splay tree finds all other places (amortised O(log n) whatever a sender does); nodes go
 * into it when the first such place is looked for. Embedded by value, one thread; nodes live in the page pool
 * that every call gets. */
#ifndef HARK_REASSEMBLY_SEGQ_H
#define HARK_REASSEMBLY_SEGQ_H

#include "reassembly/consumer.h"
#include "reassembly/page.h"

#define SEGQ_NEVER INT64_MAX

/* Held bytes [offset, offset + len) of one segment; a segment longer than a page has several. */
struct held {
    struct segment segment;
    uint64_t offset;
    int64_t since_ns; /* table clock when they came */
    int64_t acked_ns; /* table clock when the receiver was first seen to have everything before `offset`;
                         SEGQ_NEVER until then */
    struct held *next;
    struct held *left; /* in the tree; of a node that is not in it: the node before, but of the first one */
    struct held *right;
    const uint8_t *bytes; /* those not taken yet; NULL in a node that stands for bytes cut by snaplen */
    uint8_t *copy;        /* of the bytes, the node's own; NULL: they are in its room, or lent */
    uint32_t len;
    uint8_t kind; /* enum page_kind */
    bool lent;    /* the bytes are where they were, and last */
    uint8_t room[];
};

enum {
    SEGQ_SMALL_ROOM = SMALL_BYTES - (int)sizeof(struct held),
    SEGQ_FRAME_ROOM = FRAME_BYTES - (int)sizeof(struct held),
    SEGQ_PAGE_ROOM = PAGE_BYTES - (int)sizeof(struct held),
};

/* Invariants: the tree holds the nodes of the list up to `indexed`; offsets grow along the list, without
 * overlap; the nodes from `unacked` on are those with acked_ns == SEGQ_NEVER. */
struct segq {
    struct held *root;
    struct held *head;
    struct held *tail;    /* valid with head */
    struct held *indexed; /* NULL: the tree is empty */
    uint64_t last;        /* the tail's offset: the tail itself is in no cache any more; valid with head */
    struct held *unacked;
    uint64_t bytes; /* held */
    size_t charge;  /* memory used, in bytes */
};

static inline uint64_t held_end(const struct held *h) {
    return h->offset + h->len;
}

/* To be looked at. */
static inline struct slice held_bytes(const struct page_pool *pages, const struct held *h) {
    struct slice bytes = slice_make(h->bytes, h->len);
    if (h->lent) {
        lasting_look(pages->lasting, bytes);
    }
    return bytes;
}

/* The node, which may be NULL, is wanted soon: it has waited for long, mostly. */
static inline void held_prefetch(const struct held *h) {
    if (h) {
        __builtin_prefetch(h);
        __builtin_prefetch((const char *)h + sizeof *h - 1);
    }
}

/* The first part [*from, *to) of [start, end) that is not held. False when all of it is. */
bool segq_uncovered(struct segq *, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to);
/* Copies bytes that are not held yet, as many from the front as fit into a page, and returns their node; NULL
 * without memory. `lasting`: they stay where they are until segq_keep, and only a few are copied. `acked_ns`
 * as in struct held. */
struct held *segq_put(struct segq *, struct page_pool *, const struct segment *, uint64_t offset,
                      struct slice bytes, bool lasting, int64_t since_ns, int64_t acked_ns);
/* The same for a whole range without bytes. */
struct held *segq_put_cut(struct segq *, struct page_pool *, const struct segment *, uint64_t offset,
                          uint32_t len, int64_t since_ns, int64_t acked_ns);
/* Charge that putting up to `len` bytes may add at once. */
size_t segq_charge(size_t len);
/* Another copy of bytes came: held ones keep their content and learn the smaller ACK. Returns true when bytes
 * differ. `tap_copy`: it is the same packet again. */
bool segq_repeat(struct segq *, const struct page_pool *, const struct segment *copy, uint64_t offset,
                 struct slice bytes, bool tap_copy);
/* The receiver has everything below `acked`. */
void segq_acked(struct segq *, uint64_t acked, int64_t now_ns);
/* Takes `len` bytes from the front of the first node, which is freed when nothing is left. */
void segq_take(struct segq *, struct page_pool *, uint32_t len);
/* Copies what was not: it lasts no longer. False without memory for all of it. */
bool segq_keep(struct segq *, struct page_pool *);
/* Frees everything. */
void segq_clear(struct segq *, struct page_pool *);

#endif
