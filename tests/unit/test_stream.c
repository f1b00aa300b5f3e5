/* SPDX-License-Identifier: Apache-2.0 */
/* One direction's own judgement: numbering, its start, when a hole is given up, what is overdue, what is
 * late. */
#include "reassembly/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE (UINT64_C(1) << 32)

enum { SKEW = 1000, HOLD = 60000 };

static const struct stream_patience both_sides = {.skew_ns = SKEW, .hold_time_ns = HOLD};
static const struct stream_patience one_sided = {.skew_ns = SKEW, .hold_time_ns = HOLD, .one_sided = true};

struct bench {
    struct memory memory;
    struct page_pool pages;
    struct stream s;
};

/* A stream that starts at 100. */
static void begin(struct bench *b) {
    memory_init(&b->memory, 1 << 20);
    page_pool_init(&b->pages, &b->memory, 1 << 20);
    stream_init(&b->s);
    assert_int_equal(stream_offset(&b->s, 100), BASE + 100);
    stream_start(&b->s, BASE + 100);
}

static void end(struct bench *b) {
    stream_fini(&b->s, &b->pages);
    assert_int_equal(page_pool_used(&b->pages), 0);
    page_pool_fini(&b->pages);
    memory_fini(&b->memory);
}

static void put(struct bench *b, uint64_t at, const char *text, int64_t now) {
    struct segment segment = {.ordinal = (uint64_t)now};
    struct slice bytes = slice_of(text);
    int64_t acked = b->s.acked_known && b->s.acked >= BASE + at ? now : SEGQ_NEVER;
    assert_non_null(segq_put(&b->s.held, &b->pages, &segment, BASE + at, bytes, false, now, acked));
    if (BASE + at + bytes.len > b->s.highest) {
        b->s.highest = BASE + at + bytes.len;
    }
}

static void expect_gap(const struct bench *b, const struct stream_patience *p, int64_t deadline,
                       uint64_t end_at, enum gap_reason reason) {
    struct stream_gap gap;
    assert_true(stream_gap(&b->s, p, &gap));
    assert_int_equal(gap.deadline_ns, deadline);
    assert_int_equal(gap.end, BASE + end_at);
    assert_string_equal(gap_reason_name(gap.reason), gap_reason_name(reason));
}

static void numbers_are_read_as_the_nearest(void **state) {
    (void)state;
    struct bench b;
    memory_init(&b.memory, 1 << 20);
    page_pool_init(&b.pages, &b.memory, 1 << 20);
    stream_init(&b.s);
    assert_int_equal(stream_offset(&b.s, 0xffffff00), BASE + 0xffffff00);
    assert_int_equal(stream_offset(&b.s, 0xfffffe00), BASE + 0xfffffe00);
    assert_int_equal(stream_offset(&b.s, 0x10), 2 * BASE + 0x10);
    stream_start(&b.s, BASE + 0xffffff00);
    /* The stream goes on for many times the number space, now by delivery, now only by ACKs. */
    uint64_t at = BASE + 0xffffff00;
    for (int i = 0; i < 40; i++) {
        at += 1 << 29;
        assert_int_equal(stream_offset(&b.s, (uint32_t)at), at);
        assert_true(stream_plausible(&b.s, at));
        if (i % 2) {
            stream_acked(&b.s, at, 1);
        } else {
            stream_advance(&b.s, &b.pages, at);
        }
    }
    assert_false(stream_plausible(&b.s, at + STREAM_REACH + 1));
    assert_false(stream_plausible(&b.s, at - STREAM_REACH - 1));
    assert_true(stream_plausible(&b.s, at - STREAM_REACH));
    end(&b);
}

static void an_ack_can_begin_the_numbering(void **state) {
    (void)state;
    struct bench b;
    memory_init(&b.memory, 1 << 20);
    page_pool_init(&b.pages, &b.memory, 1 << 20);
    stream_init(&b.s);
    uint64_t acked = stream_offset(&b.s, 5);
    assert_true(stream_acked(&b.s, acked, 1));
    assert_false(stream_acked(&b.s, acked, 2));
    assert_int_equal(stream_offset(&b.s, 0xfffffffe), BASE - 2); /* data that the ACK was early for */
    put(&b, (uint64_t)-2, "ab", 3);
    assert_int_equal(stream_front(&b.s), FRONT_PARKED);
    assert_int_equal(stream_lowest(&b.s), BASE - 2);
    stream_start(&b.s, stream_lowest(&b.s));
    assert_int_equal(stream_front(&b.s), FRONT_READY);
    end(&b);
}

static void holes_by_acknowledgement(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    struct stream_gap gap;
    assert_false(stream_gap(&b.s, &both_sides, &gap));
    stream_acked(&b.s, BASE + 100, 5);
    put(&b, 110, "klm", 10);
    put(&b, 120, "uvw", 400);
    expect_gap(&b, &both_sides, 10 + HOLD, 110, GAP_HOLD_TIME);
    stream_acked(&b.s, BASE + 105, 20); /* not past the hole */
    expect_gap(&b, &both_sides, 10 + HOLD, 110, GAP_HOLD_TIME);
    stream_acked(&b.s, BASE + 113, 300);
    expect_gap(&b, &both_sides, 300 + SKEW, 110, GAP_ACKNOWLEDGED);
    stream_acked(&b.s, BASE + 130, 500);
    expect_gap(&b, &both_sides, 300 + SKEW, 110, GAP_ACKNOWLEDGED); /* later ACKs do not delay it */
    stream_advance(&b.s, &b.pages, BASE + 110);
    segq_take(&b.s.held, &b.pages, 3);
    stream_advance(&b.s, &b.pages, BASE + 113);
    expect_gap(&b, &both_sides, 500 + SKEW, 120, GAP_ACKNOWLEDGED); /* each hole has its own time */
    put(&b, 116, "q", 900);
    expect_gap(&b, &both_sides, 900 + SKEW, 116, GAP_ACKNOWLEDGED); /* acknowledged before it was there */
    end(&b);
}

static void holes_without_acks(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    put(&b, 110, "klm", 10);
    expect_gap(&b, &both_sides, 10 + SKEW, 110, GAP_ONE_SIDED);
    stream_acked(&b.s, BASE + 100, 15); /* ACKs are visible after all */
    expect_gap(&b, &both_sides, 10 + HOLD, 110, GAP_HOLD_TIME);
    expect_gap(&b, &one_sided, 10 + SKEW, 110, GAP_ONE_SIDED);
    end(&b);
}

static void holes_before_fin(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    stream_acked(&b.s, BASE + 100, 1);
    stream_fin(&b.s, BASE + 110, 10);
    expect_gap(&b, &both_sides, 10 + HOLD, 110, GAP_HOLD_TIME);
    stream_acked(&b.s, BASE + 111, 50);
    expect_gap(&b, &both_sides, 50 + SKEW, 110, GAP_ACKNOWLEDGED);
    assert_false(b.s.overdue_set); /* that is the FIN's hole, nothing overdue */
    put(&b, 104, "e", 60);
    expect_gap(&b, &both_sides, 60 + SKEW, 104, GAP_ACKNOWLEDGED);
    stream_fin(&b.s, BASE + 200, 70); /* the first FIN counts */
    assert_int_equal(b.s.fin, BASE + 110);
    end(&b);
}

static void holes_by_snaplen(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    struct segment segment = {0};
    stream_acked(&b.s, BASE + 150, 1);
    segq_put_cut(&b.s.cuts, &b.pages, &segment, BASE + 100, 10, 20, SEGQ_NEVER);
    assert_int_equal(stream_front(&b.s), FRONT_CUT);
    expect_gap(&b, &both_sides, 20 + SKEW, 110, GAP_SNAPLEN);
    put(&b, 104, "efg", 30); /* part of it came elsewhere */
    expect_gap(&b, &both_sides, 20 + SKEW, 104, GAP_SNAPLEN);
    stream_advance(&b.s, &b.pages, BASE + 104);
    segq_take(&b.s.held, &b.pages, 3);
    stream_advance(&b.s, &b.pages, BASE + 107);
    expect_gap(&b, &both_sides, 20 + SKEW, 110, GAP_SNAPLEN);
    stream_advance(&b.s, &b.pages, BASE + 110);
    assert_int_equal(stream_front(&b.s), FRONT_NOTHING);
    /* behind a plain hole a cut only tells where that ends */
    segq_put_cut(&b.s.cuts, &b.pages, &segment, BASE + 120, 10, 40, 45);
    assert_int_equal(stream_front(&b.s), FRONT_HOLE);
    expect_gap(&b, &both_sides, 45 + SKEW, 120, GAP_ACKNOWLEDGED);
    end(&b);
}

static void overdue_bytes(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    stream_acked(&b.s, BASE + 101, 5); /* may be a FIN */
    assert_false(b.s.overdue_set);
    stream_acked(&b.s, BASE + 120, 10);
    assert_true(b.s.overdue_set);
    stream_acked(&b.s, BASE + 140, 20); /* waits its turn */
    assert_int_equal(b.s.overdue_acked, BASE + 120);
    assert_int_equal(b.s.overdue_since_ns, 10);
    b.s.highest = BASE + 130; /* the first part came */
    stream_judge_overdue(&b.s, 30);
    assert_int_equal(b.s.overdue_acked, BASE + 140);
    assert_int_equal(b.s.overdue_since_ns, 30);
    b.s.highest = BASE + 140;
    stream_judge_overdue(&b.s, 40);
    assert_false(b.s.overdue_set);
    end(&b);
}

static void late_bytes_are_told_once(void **state) {
    (void)state;
    struct bench b;
    begin(&b);
    stream_lose(&b.s, BASE + 100, BASE + 120);
    stream_lose(&b.s, BASE + 150, BASE + 160);
    assert_int_equal(stream_take_late(&b.s, BASE + 90, BASE + 100), 0);
    assert_int_equal(stream_take_late(&b.s, BASE + 90, BASE + 105), 5);
    assert_int_equal(stream_take_late(&b.s, BASE + 90, BASE + 105), 0);
    assert_int_equal(stream_take_late(&b.s, BASE + 115, BASE + 155), 10);
    assert_int_equal(stream_take_late(&b.s, BASE + 0, BASE + 1000), 15);
    assert_int_equal(stream_take_late(&b.s, BASE + 0, BASE + 1000), 0);
    end(&b);
}

static void names_are_all_there(void **state) {
    (void)state;
    for (int i = 0; i < GAP_REASONS; i++) {
        assert_non_null(gap_reason_name((enum gap_reason)i));
    }
    for (int i = 0; i < END_REASONS; i++) {
        assert_non_null(end_reason_name((enum end_reason)i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_the_nearest),
        cmocka_unit_test(an_ack_can_begin_the_numbering),
        cmocka_unit_test(holes_by_acknowledgement),
        cmocka_unit_test(holes_without_acks),
        cmocka_unit_test(holes_before_fin),
        cmocka_unit_test(holes_by_snaplen),
        cmocka_unit_test(overdue_bytes),
        cmocka_unit_test(late_bytes_are_told_once),
        cmocka_unit_test(names_are_all_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
