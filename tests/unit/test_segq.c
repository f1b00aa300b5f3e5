/* SPDX-License-Identifier: Apache-2.0 */
/* The segment queue against an oracle of one entry a byte. */
#include "reassembly/segq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SPAN = 6000, BASE = 1000000 };

/* Where bytes that last are, until they are kept. */
struct lender {
    uint8_t bytes[1 << 20];
    size_t used;
};

struct oracle {
    bool held[SPAN];
    uint8_t bytes[SPAN];
    uint64_t ack[SPAN];
};

static uint64_t random_state;

static uint32_t random_below(uint32_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % n;
}

static void check_tree(const struct held *h, uint64_t low, uint64_t high, size_t *nodes) {
    if (h) {
        assert_true(h->offset >= low && h->offset < high);
        (*nodes)++;
        check_tree(h->left, low, h->offset, nodes);
        check_tree(h->right, h->offset + 1, high, nodes);
    }
}

static void check(const struct segq *q, const struct page_pool *pages, const struct oracle *o,
                  uint64_t front) {
    size_t indexed = 0, nodes = 0;
    bool behind = !q->indexed; /* of the nodes in the tree */
    const struct held *before = NULL;
    uint64_t bytes = 0, at = front;
    bool unacked = false;
    for (const struct held *h = q->head; h; h = h->next) {
        assert_true(h->offset >= at && h->len > 0);
        for (; at < h->offset; at++) {
            assert_false(o->held[at - BASE]);
        }
        for (; at < held_end(h); at++) {
            assert_true(o->held[at - BASE]);
            assert_int_equal(o->bytes[at - BASE], held_bytes(pages, h).ptr[at - h->offset]);
            assert_true(h->segment.ack <= o->ack[at - BASE]);
        }
        unacked |= q->unacked == h;
        assert_true((h->acked_ns == SEGQ_NEVER) == unacked);
        bytes += h->len;
        if (behind && before) {
            assert_ptr_equal(h->left, before);
        }
        indexed += !behind;
        behind |= q->indexed == h;
        before = h;
        assert_true((h == q->tail) == !h->next);
    }
    for (; at < BASE + SPAN; at++) {
        assert_false(o->held[at - BASE]);
    }
    assert_true(behind && (!q->head || q->last == q->tail->offset));
    check_tree(q->indexed ? q->root : NULL, 0, UINT64_MAX, &nodes);
    assert_int_equal(indexed, nodes);
    assert_int_equal(bytes, q->bytes);
    assert_true((q->head == NULL) == (q->charge == 0));
}

static void keep(struct segq *q, struct page_pool *pages, struct lender *lender) {
    assert_true(segq_keep(q, pages));
    memset(lender->bytes, 0xa5, lender->used);
    lender->used = 0;
}

static void insert(struct segq *q, struct page_pool *pages, struct oracle *o, struct lender *lender,
                   uint64_t front, uint64_t acked, uint32_t most) {
    uint64_t start = front + random_below((uint32_t)(BASE + SPAN - front));
    uint64_t room = BASE + SPAN - start;
    uint64_t len = 1 + random_below(random_below(4) ? 40 : most);
    if (len > room) {
        len = room;
    }
    if (lender->used + len > sizeof lender->bytes) {
        keep(q, pages, lender);
    }
    const bool lasting = random_below(2);
    uint8_t *bytes = lasting ? lender->bytes + lender->used : malloc(len);
    lender->used += lasting ? len : 0;
    assert_non_null(bytes);
    bool conflict = false, overlap = false;
    struct segment segment = {.offset = start, .has_ack = true, .ack = 1000 + random_below(1000)};
    for (uint64_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((start + i) % 251 + (random_below(50) == 0));
        if (o->held[start - BASE + i]) {
            overlap = true;
            conflict |= o->bytes[start - BASE + i] != bytes[i];
        }
    }
    struct slice all = slice_make(bytes, len);
    assert_int_equal(segq_repeat(q, pages, &segment, start, all, false), overlap && conflict);
    uint64_t from, to, at = start;
    while (segq_uncovered(q, at, start + len, &from, &to)) {
        for (; at < from; at++) {
            assert_true(o->held[at - BASE]);
        }
        for (uint64_t i = from; i < to; i++) {
            assert_false(o->held[i - BASE]);
        }
        const struct held *h =
            segq_put(q, pages, &segment, from, slice_first(slice_after(all, from - start), to - from),
                     lasting, 1, from <= acked ? 1 : SEGQ_NEVER);
        assert_non_null(h);
        for (; at < held_end(h); at++) {
            o->held[at - BASE] = true;
            o->bytes[at - BASE] = bytes[at - start];
            o->ack[at - BASE] = segment.ack;
        }
    }
    for (; at < start + len; at++) {
        assert_true(o->held[at - BASE]);
    }
    if (!lasting) {
        free(bytes);
    }
}

static void random_operations_match_the_oracle(void **state) {
    (void)state;
    struct memory memory;
    struct page_pool pages;
    memory_init(&memory, (size_t)512 << 20);
    page_pool_init(&pages, &memory, (size_t)64 << 20);
    static struct oracle o;
    static struct lender lender;
    struct lasting lasting;
    lasting_init(&lasting, SIZE_MAX);
    page_pool_lend(&pages, &lasting);
    unsigned trees = 0, keeps = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_state = seed * UINT64_C(0x9E3779B97F4A7C15);
        struct segq q = {0};
        o = (struct oracle){0};
        uint64_t front = BASE, acked = BASE;
        int steps = seed % 30 == 0 ? 700 : 60; /* many nodes: the tree is needed */
        for (int step = 0; step < steps; step++) {
            insert(&q, &pages, &o, &lender, front, acked, steps > 60 ? 4 : 3000);
            trees += q.indexed != NULL;
            if (random_below(3) == 0) {
                acked += random_below(200);
                segq_acked(&q, acked, 2);
            }
            if (random_below(steps > 60 ? 20 : 3) == 0) {
                uint32_t take = 1 + random_below(q.head->len);
                for (uint64_t at = front; at < q.head->offset + take; at++) {
                    o.held[at - BASE] = false;
                }
                front = q.head->offset + take;
                segq_take(&q, &pages, take);
            }
            if (front >= BASE + SPAN) {
                break;
            }
            check(&q, &pages, &o, front);
            if (random_below(20) == 0) {
                size_t charge = q.charge;
                for (const struct held *h = q.head; h; h = h->next) {
                    keeps += h->lent;
                }
                keep(&q, &pages, &lender);
                assert_int_equal(q.charge, charge);
                check(&q, &pages, &o, front);
            }
        }
        if (seed % 2) {
            segq_clear(&q, &pages);
        } else {
            while (q.head) {
                segq_take(&q, &pages, q.head->len);
            }
        }
        static const struct segq empty;
        assert_memory_equal(&q, &empty, sizeof q); /* without an address: sessions are kept as what differs */
        assert_int_equal(q.charge, 0);
        assert_int_equal(page_pool_used(&pages), 0);
    }
    assert_true(trees > 1000 && keeps > 100);
    page_pool_fini(&pages);
    memory_fini(&memory);
}

static void smaller_ack_and_tap_copy_are_noted(void **state) {
    (void)state;
    struct memory memory;
    struct page_pool pages;
    memory_init(&memory, (size_t)512 << 20);
    page_pool_init(&pages, &memory, 1 << 20);
    struct segq q = {0};
    struct segment first = {.offset = 10, .time_ns = 5, .has_ack = true, .ack = 900};
    segq_put(&q, &pages, &first, 10, slice_of("abcdef"), false, 1, SEGQ_NEVER);
    struct segment copy = {.offset = 10, .time_ns = 7, .has_ack = true, .ack = 700};
    assert_false(segq_repeat(&q, &pages, &copy, 12, slice_of("cd"), true));
    assert_int_equal(q.head->segment.ack, 700);
    assert_int_equal(q.head->segment.time_ns, 5);
    assert_true(q.head->segment.duplicated);
    copy.ack = 800;
    assert_false(segq_repeat(&q, &pages, &copy, 8, slice_of("..ab"), false));
    assert_int_equal(q.head->segment.ack, 700);
    copy.ack = 1;
    assert_true(segq_repeat(&q, &pages, &copy, 10, slice_of("aXc"), false));
    assert_int_equal(q.head->segment.ack, 700); /* other bytes: not a copy */
    segq_clear(&q, &pages);
    page_pool_fini(&pages);
    memory_fini(&memory);
}

static void cap_counts_pages(void **state) {
    (void)state;
    struct memory memory;
    struct page_pool pages;
    memory_init(&memory, (size_t)512 << 20);
    page_pool_init(&pages, &memory, 3 * PAGE_BYTES + 100);
    struct segq q = {0};
    struct segment segment = {0};
    static const uint8_t bytes[3000];
    unsigned big = 0, small = 0;
    while (segq_put(&q, &pages, &segment, 10000 + big * 5000, slice_make(bytes, 3000), false, 1, 1)) {
        big++;
    }
    assert_int_equal(big, 3);
    assert_int_equal(q.head->len, SEGQ_PAGE_ROOM);
    segq_take(&q, &pages, q.head->len);
    while (segq_put(&q, &pages, &segment, 100 + small * 10, slice_make(bytes, 5), false, 1, 1)) {
        small++;
    }
    assert_int_equal(small, (PAGE_BYTES + 100) / SMALL_BYTES);
    assert_int_equal(q.charge, 2 * PAGE_BYTES + small * SMALL_BYTES);
    segq_take(&q, &pages, 5);
    assert_non_null(segq_put(&q, &pages, &segment, 100, slice_make(bytes, 5), false, 1, 1));
    segq_clear(&q, &pages);
    assert_int_equal(page_pool_used(&pages), 0);
    page_pool_fini(&pages);
    memory_fini(&memory);
}

/* Bytes that are not copied count as if they were, in memory too, whatever comes and goes. */
static void lent_bytes_count_as_copies(void **state) {
    (void)state;
    enum { STEPS = 20000, MOST = 3000, KEEP = 700 };
    static const uint8_t bytes[1460];
    static size_t used[STEPS];
    const struct segment segment = {0};
    for (int lent = 0; lent < 2; lent++) {
        struct memory memory;
        struct page_pool pages;
        struct lasting lasting;
        struct segq q = {0};
        memory_init(&memory, (size_t)64 << 20);
        page_pool_init(&pages, &memory, MOST / 2 * PAGE_BYTES);
        lasting_init(&lasting, SIZE_MAX);
        if (lent) {
            page_pool_lend(&pages, &lasting);
        }
        random_state = 5;
        uint64_t refused = 0, next = 0;
        for (unsigned step = 0; step < STEPS; step++) {
            bool takes = q.head && random_below(step % MOST < MOST / 2 ? 3 : 2) == 0;
            if (takes && random_below(2)) {
                segq_take(&q, &pages, q.head->len);
            } else {
                size_t len = 1 + random_below(sizeof bytes);
                uint64_t place = ++next * UINT64_C(7919) % (4 * STEPS) * sizeof bytes, from, to;
                if (segq_uncovered(&q, place, place + len, &from, &to)) {
                    refused += !segq_put(&q, &pages, &segment, from, slice_make(bytes, to - from),
                                         random_below(4) > 0, 1, 1);
                }
            }
            if (step % KEEP == 0) {
                assert_true(segq_keep(&q, &pages));
            }
            used[step] = lent ? used[step] : memory.used;
            assert_int_equal(memory.used, used[step]);
        }
        assert_true(refused > 0);
        segq_clear(&q, &pages);
        assert_int_equal(page_pool_used(&pages), 0);
        page_pool_fini(&pages);
        memory_fini(&memory);
    }
}

enum { NODES = 200000 };

static uint64_t place_of(int order, uint64_t i) {
    enum { HALF = NODES / 2, STEP = 77773 };
    switch (order) {
    case 0:
        return NODES - i;
    case 1:
        return i * STEP % NODES;
    case 2: /* at the end and anywhere before in turn */
        return i % 2 ? i / 2 * STEP % HALF : HALF + i / 2;
    default:
        return i;
    }
}

/* A sender that fills from behind or interleaves must not make insertion quadratic: a list walked from one
 * end would take minutes. */
static void hostile_orders_stay_fast(void **state) {
    (void)state;
    for (int order = 0; order < 4; order++) {
        struct memory memory;
        struct page_pool pages;
        memory_init(&memory, (size_t)512 << 20);
        page_pool_init(&pages, &memory, (size_t)256 << 20);
        struct segq q = {0};
        struct segment segment = {0};
        random_state = 7;
        for (uint32_t i = 0; i < NODES; i++) {
            uint64_t from, to, place = place_of(order, i);
            if (segq_uncovered(&q, place * 2, place * 2 + 1, &from, &to)) {
                assert_non_null(segq_put(&q, &pages, &segment, from, slice_of("x"), false, 1, SEGQ_NEVER));
            }
        }
        assert_int_equal(q.bytes, NODES);
        segq_acked(&q, NODES, 9);
        while (q.head) {
            segq_take(&q, &pages, 1);
        }
        page_pool_fini(&pages);
        memory_fini(&memory);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_match_the_oracle),
        cmocka_unit_test(smaller_ack_and_tap_copy_are_noted),
        cmocka_unit_test(lent_bytes_count_as_copies),
        cmocka_unit_test(cap_counts_pages),
        cmocka_unit_test(hostile_orders_stay_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
