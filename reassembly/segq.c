/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/segq.h"

#include <assert.h>

/* Packets overtake each other by less: so many of the last nodes are looked at before the tree. */
enum { NEAR_NODES = 64 };

static_assert(SEGQ_SMALL_ROOM > 0 && SEGQ_FRAME_ROOM >= 1460, "an Ethernet segment fits into a frame page");
static_assert(sizeof(struct held) <= LENT_BYTES && (int)SEGQ_FRAME_ROOM <= (int)COPY_BYTES,
              "they are apart where bytes last");

static struct held *rotate_right(struct held *t) {
    struct held *left = t->left;
    t->left = left->right;
    left->right = t;
    return left;
}

static struct held *rotate_left(struct held *t) {
    struct held *right = t->right;
    t->right = right->left;
    right->left = t;
    return right;
}

/* Top-down splaying (Sleator and Tarjan 1985): the node with `offset`, or a neighbour of its place, becomes
 * the root. */
static struct held *splay(struct held *t, uint64_t offset) {
    struct held *left_tree = NULL, *right_tree = NULL;
    struct held **left_end = &left_tree, **right_end = &right_tree;
    while (offset != t->offset) {
        if (offset < t->offset) {
            if (t->left && offset < t->left->offset) {
                t = rotate_right(t);
            }
            if (!t->left) {
                break;
            }
            *right_end = t;
            right_end = &t->left;
            t = t->left;
        } else {
            if (t->right && offset > t->right->offset) {
                t = rotate_left(t);
            }
            if (!t->right) {
                break;
            }
            *left_end = t;
            left_end = &t->right;
            t = t->right;
        }
    }
    *left_end = t->left;
    *right_end = t->right;
    t->left = left_tree;
    t->right = right_tree;
    return t;
}

/* All nodes go into the tree. Each hangs on the one before: sizes on the way there grow by one at least from
 * node to node, so that this costs no more than a splay would. */
static void index_all(struct segq *q) {
    for (struct held *h = q->indexed ? q->indexed->next : q->head; h; h = h->next) {
        *(q->indexed ? &q->indexed->right : &q->root) = h;
        h->left = NULL;
        h->right = NULL;
        q->indexed = h;
    }
}

/* The last node that begins at or before `offset`, NULL when there is none. */
static struct held *find(struct segq *q, uint64_t offset) {
    if (q->head && offset >= q->last) {
        return q->tail; /* without a look at the first node, which has waited longest */
    }
    if (!q->head || offset < q->head->offset) {
        return NULL;
    }
    struct held *h = q->tail;
    for (int i = 0; i < NEAR_NODES && h != q->indexed; i++, h = h->left) {
        if (h->offset <= offset) {
            return h;
        }
    }
    if (h != q->indexed) {
        index_all(q);
    } else if (h->offset <= offset) {
        return h;
    }
    q->root = splay(q->root, offset);
    if (q->root->offset <= offset) {
        return q->root;
    }
    q->root->left = splay(q->root->left, offset);
    return q->root->left;
}

bool segq_uncovered(struct segq *q, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to) {
    const struct held *before = find(q, start);
    const struct held *after = before ? before->next : q->head;
    uint64_t at = before && held_end(before) > start ? held_end(before) : start;
    while (after && after->offset <= at) {
        at = held_end(after);
        after = after->next;
    }
    if (at >= end) {
        return false;
    }
    *from = at;
    *to = after && after->offset < end ? after->offset : end;
    return true;
}

static size_t charge_of(const struct held *h) {
    return page_charge((enum page_kind)h->kind);
}

size_t segq_charge(size_t len) {
    return len <= SEGQ_SMALL_ROOM ? SMALL_BYTES : PAGE_BYTES;
}

/* Before all others the node is the root. */
static void link_into_tree(struct segq *q, struct held *h, struct held *before) {
    if (!before) {
        h->left = NULL;
        h->right = q->root;
        q->root = h;
    } else {
        q->root = splay(q->root, before->offset);
        assert(q->root == before);
        h->left = before;
        h->right = before->right;
        before->right = NULL;
        q->root = h;
    }
}

static void append(struct segq *q, struct held *h) {
    h->left = q->head ? q->tail : NULL;
    *(q->head ? &q->tail->next : &q->head) = h;
    q->tail = h;
    q->last = h->offset;
}

static void insert(struct segq *q, struct held *h) {
    struct held *before = find(q, h->offset);
    assert(!before || held_end(before) <= h->offset);
    h->next = before ? before->next : q->head;
    if (q->indexed && (!before || before->offset < q->indexed->offset)) {
        link_into_tree(q, h, before);
    } else {
        h->left = before;
        if (h->next) {
            h->next->left = h;
        }
    }
    *(before ? &before->next : &q->head) = h;
}

static void link_in(struct segq *q, struct held *h) {
    if (!q->head || h->offset > q->last) {
        append(q, h);
    } else {
        insert(q, h);
    }
    if (h->acked_ns == SEGQ_NEVER && (!q->unacked || (h->next && h->offset < q->unacked->offset))) {
        q->unacked = h;
    }
    q->charge += charge_of(h);
    q->bytes += h->len;
}

static enum page_kind kind_for(size_t len) {
    return len <= SEGQ_SMALL_ROOM ? PAGE_SMALL : len <= SEGQ_FRAME_ROOM ? PAGE_FRAME : PAGE_WHOLE;
}

static void give_node(struct page_pool *pages, struct held *h) {
    if (h->copy) {
        page_copy_give(pages, h->copy);
    }
    page_give(pages, h, (enum page_kind)h->kind);
}

static bool copy_bytes(struct page_pool *pages, struct held *h) {
    h->copy = page_copy_take(pages);
    if (!h->copy) {
        return false;
    }
    memcpy(h->copy, held_bytes(pages, h).ptr, h->len);
    h->bytes = h->copy;
    h->lent = false;
    return true;
}

/* Has the node's bytes where they can stay. */
static bool place_bytes(struct page_pool *pages, struct held *h, bool lasting) {
    if (h->kind == PAGE_FRAME && pages->lasting) {
        h->lent = lasting;
        return lasting || copy_bytes(pages, h);
    }
    memmove(h->room, h->bytes, h->len); /* memcpy() of so few bytes at most gets a loop that is slower */
    h->bytes = h->room;
    return true;
}

struct held *segq_put(struct segq *q, struct page_pool *pages, const struct segment *segment, uint64_t offset,
                      struct slice bytes, bool lasting, int64_t since_ns, int64_t acked_ns) {
    const enum page_kind kind = kind_for(bytes.len);
    struct held *h = page_take(pages, kind);
    if (!h) {
        return NULL;
    }
    *h = (struct held){.segment = *segment,
                       .offset = offset,
                       .since_ns = since_ns,
                       .acked_ns = acked_ns,
                       .bytes = bytes.ptr,
                       .len = bytes.len < SEGQ_PAGE_ROOM ? (uint32_t)bytes.len : SEGQ_PAGE_ROOM,
                       .kind = (uint8_t)kind};
    if (!place_bytes(pages, h, lasting)) {
        give_node(pages, h);
        return NULL;
    }
    link_in(q, h);
    return h;
}

struct held *segq_put_cut(struct segq *q, struct page_pool *pages, const struct segment *segment,
                          uint64_t offset, uint32_t len, int64_t since_ns, int64_t acked_ns) {
    struct held *h = page_take(pages, PAGE_SMALL);
    if (!h) {
        return NULL;
    }
    *h = (struct held){.segment = *segment,
                       .offset = offset,
                       .since_ns = since_ns,
                       .acked_ns = acked_ns,
                       .len = len,
                       .kind = PAGE_SMALL};
    link_in(q, h);
    return h;
}

bool segq_repeat(struct segq *q, const struct page_pool *pages, const struct segment *copy, uint64_t offset,
                 struct slice bytes, bool tap_copy) {
    uint64_t end = offset + bytes.len;
    struct held *h = find(q, offset);
    bool differs = false;
    if (!h) {
        h = q->head;
    }
    for (; h && h->offset < end; h = h->next) {
        uint64_t from = h->offset > offset ? h->offset : offset;
        uint64_t to = held_end(h) < end ? held_end(h) : end;
        if (from >= to) {
            continue;
        }
        if (memcmp(held_bytes(pages, h).ptr + (from - h->offset), bytes.ptr + (from - offset), to - from) !=
            0) {
            h->segment.conflict = true;
            differs = true;
            continue;
        }
        if (copy->has_ack && (!h->segment.has_ack || copy->ack < h->segment.ack)) {
            h->segment.ack = copy->ack;
            h->segment.has_ack = true;
        }
        h->segment.duplicated |= tap_copy;
    }
    return differs;
}

void segq_acked(struct segq *q, uint64_t acked, int64_t now_ns) {
    while (q->unacked && q->unacked->offset <= acked) {
        q->unacked->acked_ns = now_ns;
        q->unacked = q->unacked->next;
    }
}

void segq_take(struct segq *q, struct page_pool *pages, uint32_t len) {
    struct held *h = q->head;
    assert(h && len <= h->len);
    q->bytes -= len;
    if (len < h->len) {
        h->offset += len;
        h->bytes += len;
        h->len -= len;
        q->last = h == q->tail ? h->offset : q->last;
        return;
    }
    if (q->indexed) {
        q->root = q->root == h ? h : splay(q->root, h->offset);
        assert(q->root == h && !h->left);
        q->root = h->right;
        q->indexed = q->indexed == h ? NULL : q->indexed;
    }
    q->head = h->next;
    if (q->unacked == h) {
        q->unacked = h->next;
    }
    q->charge -= charge_of(h);
    give_node(pages, h);
    if (!q->head) {
        *q = (struct segq){0}; /* no address is left in it: a session that dozes keeps only what differs */
    }
}

bool segq_keep(struct segq *q, struct page_pool *pages) {
    for (struct held *h = q->head; h; h = h->next) {
        if (h->lent && !copy_bytes(pages, h)) {
            return false;
        }
    }
    return true;
}

void segq_clear(struct segq *q, struct page_pool *pages) {
    for (struct held *h = q->head; h;) {
        struct held *next = h->next;
        give_node(pages, h);
        h = next;
    }
    *q = (struct segq){0};
}
