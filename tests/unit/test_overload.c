/* SPDX-License-Identifier: Apache-2.0 */
/* The governor of overload and the measure of the backlog, with simulated clocks. */
#include "cli/backlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS      NS_PER_MILLISECOND
#define START   (INT64_C(1700000000) * NS_PER_SECOND)
#define LAG     NS_PER_SECOND
#define STEP_NS (20 * MS)

/* Samples alike, each STEP_NS, for so long. */
static enum overload_level feed(struct overload *o, int64_t *now_ns, int64_t for_ns, int64_t lag_ns,
                                unsigned fill, uint64_t dropped) {
    enum overload_level level = o->level;
    for (int64_t end_ns = *now_ns + for_ns; *now_ns < end_ns; *now_ns += STEP_NS) {
        struct overload_sample sample = {
            .now_ns = *now_ns, .lag_ns = lag_ns, .fill_permille = fill, .dropped = dropped};
        level = overload_step(o, &sample);
    }
    return level;
}

static void a_keen_run_has_no_level(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START;
    overload_init(&o, LAG);
    assert_int_equal(feed(&o, &now_ns, 100 * NS_PER_SECOND, 5 * MS, 10, 0), OVERLOAD_NONE);
    assert_int_equal(feed(&o, &now_ns, NS_PER_SECOND, LAG - 1, OVERLOAD_FULL_PERMILLE - 1, 0), OVERLOAD_NONE);
    assert_int_equal(o.counts.episodes, 0);
    assert_int_equal(o.counts.highest, 0);
    for (unsigned i = 1; i < OVERLOAD_LEVELS; i++) {
        assert_int_equal(o.counts.ns_at_level[i], 0);
    }
}

/* Twice in a row, and hark is not catching up. What the kernel dropped before hark looked first is not
 * overload. */
static void each_sign_alone_is_enough(void **state) {
    (void)state;
    static const struct overload_sample signs[] = {
        {.fill_permille = OVERLOAD_FULL_PERMILLE, .dropped = 7},
        {.lag_ns = LAG, .dropped = 7},
        {.dropped = 8, .fill_permille = OVERLOAD_CALM_PERMILLE},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        struct overload o;
        int64_t now_ns = START;
        overload_init(&o, LAG);
        assert_int_equal(feed(&o, &now_ns, NS_PER_SECOND, 0, 0, 7), OVERLOAD_NONE);
        struct overload_sample sign = signs[i];
        sign.now_ns = now_ns;
        assert_int_equal(overload_step(&o, &sign), OVERLOAD_NONE);
        sign.now_ns += STEP_NS;
        sign.dropped += sign.dropped > 7;
        assert_int_equal(overload_step(&o, &sign), OVERLOAD_LEAST);
        assert_int_equal(o.counts.episodes, 1);
    }
}

/* The process stood still for seconds and catches up in no time: nothing is left out. */
static void a_pause_is_not_overload(void **state) {
    (void)state;
    struct overload o;
    overload_init(&o, LAG);
    struct overload_sample sample = {.now_ns = START};
    assert_int_equal(overload_step(&o, &sample), OVERLOAD_NONE);
    for (int64_t lag_ns = 3 * LAG; lag_ns >= 0; lag_ns -= LAG / 4) {
        sample.now_ns += STEP_NS;
        sample = (struct overload_sample){.now_ns = sample.now_ns,
                                          .lag_ns = lag_ns,
                                          .fill_permille = (unsigned)(lag_ns * 900 / (3 * LAG)),
                                          .dropped = 100};
        assert_int_equal(overload_step(&o, &sample), OVERLOAD_NONE);
    }
}

/* A burst that ran over a buffer that is empty again; and another. */
static void lone_drops_are_not_overload(void **state) {
    (void)state;
    struct overload o;
    overload_init(&o, LAG);
    struct overload_sample sample = {.now_ns = START};
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(overload_step(&o, &sample), OVERLOAD_NONE);
        sample.now_ns += OVERLOAD_DROPS_NS + 1;
        sample.dropped += 1000;
    }
    for (unsigned i = 0; i < 3; i++) {
        overload_step(&o, &sample);
        sample.now_ns += 250 * MS;
        sample.dropped += 10;
    }
    assert_int_not_equal(o.level, OVERLOAD_NONE);
}

/* Up fast: all levels within a second where nothing helps. */
static void levels_rise_fast_to_the_most(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START;
    overload_init(&o, LAG);
    assert_int_equal(feed(&o, &now_ns, 2 * STEP_NS, 0, 520, 0), OVERLOAD_LEAST);
    assert_int_equal(feed(&o, &now_ns, OVERLOAD_RAISE_NS - 2 * STEP_NS, 0, 520, 0), OVERLOAD_LEAST);
    assert_int_equal(feed(&o, &now_ns, 3 * STEP_NS, 0, 520, 0), OVERLOAD_LEAST + 1);
    assert_int_equal(feed(&o, &now_ns, OVERLOAD_MOST * OVERLOAD_RAISE_NS, 0, 520, 0), OVERLOAD_MOST);
    assert_int_equal(feed(&o, &now_ns, 10 * NS_PER_SECOND, 0, 1000, 0), OVERLOAD_MOST);
    assert_int_equal(o.counts.highest, OVERLOAD_MOST);
    assert_int_equal(o.counts.episodes, 1);
}

/* A burst fills the buffer in a tenth of a second: the highest level comes before it is full. */
static void a_buffer_that_fills_fast_is_not_waited_for(void **state) {
    (void)state;
    struct overload o;
    unsigned fill = 0;
    overload_init(&o, LAG);
    for (int64_t now_ns = START; overload_step(&o, &(struct overload_sample){.now_ns = now_ns,
                                                            .fill_permille = fill}) != OVERLOAD_MOST;
         now_ns += STEP_NS / 2) {
        fill += 60;
        assert_true(fill < 800);
    }
    assert_true(fill >= OVERLOAD_FULL_PERMILLE);
}

/* hark stands still again and again, in writes say, and looks seldom. */
static void looks_may_raise_several_levels(void **state) {
    (void)state;
    static const struct {
        unsigned fill;
        enum overload_level level;
    } looks[] = {{499, OVERLOAD_NONE},      {500, OVERLOAD_LEAST},     {549, OVERLOAD_LEAST},
                 {550, OVERLOAD_LEAST + 1}, {600, OVERLOAD_LEAST + 2}, {699, OVERLOAD_MOST - 1},
                 {700, OVERLOAD_MOST},      {1000, OVERLOAD_MOST}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct overload o;
        overload_init(&o, LAG);
        struct overload_sample sample = {.now_ns = START};
        assert_int_equal(overload_step(&o, &sample), OVERLOAD_NONE);
        sample = (struct overload_sample){.now_ns = START + 300 * MS, .fill_permille = looks[i].fill};
        assert_int_equal(overload_step(&o, &sample), OVERLOAD_NONE);
        sample.now_ns += 300 * MS;
        assert_int_equal(overload_step(&o, &sample), looks[i].level);
        assert_int_equal(o.counts.highest, looks[i].level);
        assert_int_equal(o.counts.episodes, looks[i].level != OVERLOAD_NONE);
    }
}

/* Each time that packets were dropped since the last sample, the next level comes at once. */
static void drops_are_not_waited_for(void **state) {
    (void)state;
    struct overload o;
    overload_init(&o, LAG);
    for (unsigned i = 0; i <= OVERLOAD_MOST; i++) {
        struct overload_sample sample = {
            .now_ns = START + i * STEP_NS, .fill_permille = OVERLOAD_CALM_PERMILLE, .dropped = i};
        assert_int_equal(overload_step(&o, &sample), i > 1 ? OVERLOAD_LEAST + i - 2 : 0);
    }
}

/* What is left out helps: the backlog shrinks, and nothing more is left out. */
static void no_higher_while_the_backlog_sinks(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START, lag_ns = 3 * LAG;
    overload_init(&o, LAG);
    struct overload_sample first = {.now_ns = now_ns};
    overload_step(&o, &first);
    feed(&o, &now_ns, 2 * STEP_NS, lag_ns, 500, 0);
    for (lag_ns -= 10 * MS; lag_ns >= LAG; lag_ns -= 10 * MS, now_ns += STEP_NS) {
        struct overload_sample sample = {.now_ns = now_ns, .lag_ns = lag_ns, .fill_permille = 500};
        assert_int_equal(overload_step(&o, &sample), OVERLOAD_LEAST);
    }
}

/* Down slowly: calm for the whole wait, one level after the other. */
static void levels_fall_one_by_one(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START;
    overload_init(&o, LAG);
    assert_int_equal(feed(&o, &now_ns, 2 * NS_PER_SECOND, 0, 900, 0), OVERLOAD_MOST);
    for (unsigned level = OVERLOAD_MOST; level >= OVERLOAD_LEAST; level--) {
        unsigned lower = level > OVERLOAD_LEAST ? level - 1 : OVERLOAD_NONE;
        int64_t before_ns = OVERLOAD_LOWER_NS - (level < OVERLOAD_MOST ? STEP_NS : 0);
        assert_int_equal(feed(&o, &now_ns, before_ns, 0, OVERLOAD_CALM_PERMILLE - 1, 0), level);
        assert_int_equal(feed(&o, &now_ns, STEP_NS, 0, OVERLOAD_CALM_PERMILLE - 1, 0), lower);
    }
    uint64_t sum = 0;
    for (unsigned i = 0; i < OVERLOAD_LEVELS; i++) {
        sum += o.counts.ns_at_level[i];
        assert_true(i < OVERLOAD_LEAST || o.counts.ns_at_level[i] >= (uint64_t)OVERLOAD_RAISE_NS);
    }
    assert_int_equal(sum, now_ns - STEP_NS - START);
}

/* Between the marks the level stays, for ever. */
static void between_the_marks_nothing_moves(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START;
    overload_init(&o, LAG);
    enum overload_level level = feed(&o, &now_ns, 600 * MS, 0, 510, 0);
    assert_in_range(level, OVERLOAD_LEAST + 1, OVERLOAD_MOST - 1);
    assert_int_equal(feed(&o, &now_ns, 600 * NS_PER_SECOND, 0, 300, 0), level);
    assert_int_equal(feed(&o, &now_ns, 600 * NS_PER_SECOND, LAG / 2, 0, 0), level);
}

/* A load that is too much for one level and too little for the next: it goes up and down ever more slowly. */
static void a_load_at_the_edge_does_not_flap(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START;
    unsigned changes = 0;
    enum overload_level level = OVERLOAD_NONE;
    overload_init(&o, LAG);
    for (int64_t end_ns = now_ns + 600 * NS_PER_SECOND; now_ns < end_ns;) {
        bool enough = level >= OVERLOAD_LEAST + 1;
        enum overload_level next = feed(&o, &now_ns, STEP_NS, 0, enough ? 50 : 510, 0);
        changes += next != level;
        level = next;
    }
    assert_in_range(changes, 4, 40);
    assert_int_equal(o.counts.episodes, 1);
    /* calm at last: the wait is short again the next time */
    feed(&o, &now_ns, 4 * OVERLOAD_LOWER_MOST_NS, 0, 0, 0);
    assert_int_equal(o.level, OVERLOAD_NONE);
    assert_int_equal(o.wait_ns, OVERLOAD_LOWER_NS);
}

/* ---- bodies ---- */

/* Where frames are large they are cut before any connection is left out, and whole again after all are
 * followed. */
static void bodies_go_first_and_come_last(void **state) {
    (void)state;
    struct overload o;
    int64_t now_ns = START;
    enum overload_level order[2 * OVERLOAD_LEVELS];
    size_t count = 0;
    overload_init(&o, LAG);
    for (unsigned i = 0; i < 2000; i++, now_ns += STEP_NS) {
        struct overload_sample sample = {.now_ns = now_ns,
                                         .fill_permille = i < 100 ? 510 + i / 8 : 0,
                                         .body_permille = OVERLOAD_BODIES_PERMILLE};
        enum overload_level before = o.level;
        if (overload_step(&o, &sample) != before) {
            assert_true(count < sizeof order / sizeof *order);
            order[count++] = o.level;
        }
        assert_int_equal(o.cutting, o.level != OVERLOAD_NONE);
    }
    assert_int_equal(count, 2 * OVERLOAD_MOST);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(order[i], i < OVERLOAD_MOST ? i + 1 : count - i - 1);
    }
    assert_int_equal(o.counts.episodes, 1);
    assert_true(o.counts.ns_at_level[OVERLOAD_BODIES] > (uint64_t)OVERLOAD_LOWER_NS);
}

/* Of small frames nothing could be cut: connections are left out at once. Nor is anything cut then, until
 * there is. */
static void small_frames_pass_bodies_over(void **state) {
    (void)state;
    struct overload o;
    overload_init(&o, LAG);
    struct overload_sample sample = {
        .now_ns = START, .fill_permille = 500, .body_permille = OVERLOAD_BODIES_PERMILLE - 1};
    assert_int_equal(overload_step(&o, &sample), OVERLOAD_NONE);
    sample.now_ns += STEP_NS;
    assert_int_equal(overload_step(&o, &sample), OVERLOAD_LEAST);
    assert_false(o.cutting);
    sample.now_ns += STEP_NS;
    sample.body_permille = 900;
    assert_int_equal(overload_step(&o, &sample), OVERLOAD_LEAST);
    assert_true(o.cutting);
    sample.fill_permille = sample.body_permille = 0; /* no large ones any more */
    while (o.level == OVERLOAD_LEAST) {
        assert_true(o.cutting);
        sample.now_ns += STEP_NS;
        overload_step(&o, &sample);
    }
    assert_int_equal(o.level, OVERLOAD_NONE);
    assert_false(o.cutting);
}

/* Room is what cutting wins: hark may be behind while the buffer does not fill, but by --overload-lag. */
static void room_is_enough(void **state) {
    (void)state;
    struct overload o;
    struct overload_sample sample = {.now_ns = START, .body_permille = 900};
    overload_init(&o, LAG);
    overload_step(&o, &sample);
    sample.fill_permille = 510;
    for (sample.lag_ns = 0; sample.lag_ns < LAG; sample.lag_ns += MS) {
        sample.now_ns += STEP_NS;
        overload_step(&o, &sample);
        assert_in_range(o.level, OVERLOAD_NONE, OVERLOAD_BODIES);
    }
    assert_int_equal(o.level, OVERLOAD_BODIES);
    sample.now_ns += STEP_NS;
    assert_int_equal(overload_step(&o, &sample), OVERLOAD_LEAST);
}

/* It brings nothing, whatever was hoped for: the next step comes as soon as any. */
static void cutting_in_vain_is_soon_over(void **state) {
    (void)state;
    static const struct overload_sample signs[] = {
        {.fill_permille = 510}, /* and fuller each time */
        {.fill_permille = OVERLOAD_FULL_PERMILLE + OVERLOAD_RAISE_PERMILLE},
        {.lag_ns = LAG},
    };
    static const int64_t waits_ns[] = {OVERLOAD_RAISE_NS, OVERLOAD_RAISE_NS, OVERLOAD_RAISE_NS};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        struct overload o;
        overload_init(&o, LAG);
        struct overload_sample sample = {.now_ns = START, .body_permille = 900};
        overload_step(&o, &sample);
        int64_t cut_ns = 0;
        for (unsigned k = 1; o.level < OVERLOAD_LEAST; k++) {
            assert_true(k < 100);
            sample = signs[i];
            sample.now_ns = START + k * STEP_NS;
            sample.body_permille = 900;
            sample.fill_permille += i < 2 ? k : 0;
            overload_step(&o, &sample);
            cut_ns = o.level == OVERLOAD_BODIES && cut_ns == 0 ? sample.now_ns : cut_ns;
        }
        assert_int_equal(cut_ns ? sample.now_ns - cut_ns : 0, waits_ns[i]);
        assert_true(o.cutting);
    }
}

/* ---- the backlog ---- */

struct tap {
    struct backlog backlog;
    struct backlog_clocks clocks;
};

static struct overload_sample look(struct tap *tap, int64_t lag_ns) {
    struct frame frame = {.bytes = {.len = 1000 - BACKLOG_FRAME_BYTES},
                          .wire_len = 1000 - BACKLOG_FRAME_BYTES,
                          .time_ns = tap->clocks.wall_ns - lag_ns};
    struct overload_sample sample;
    backlog_frame(&tap->backlog, &frame);
    backlog_sample(&tap->backlog, tap->clocks, &sample);
    return sample;
}

static void pass(struct tap *tap, int64_t ns) {
    tap->clocks.monotonic_ns += ns;
    tap->clocks.wall_ns += ns;
}

static struct tap make_tap(void) {
    struct tap tap = {.clocks = {.monotonic_ns = 5 * NS_PER_SECOND, .wall_ns = START}};
    backlog_init(&tap.backlog, 1000000, 0);
    return tap;
}

/* 1000 bytes a millisecond: a megabyte holds a second of them. */
static void fill_is_lag_at_the_rate_of_arrival(void **state) {
    (void)state;
    struct tap tap = make_tap();
    assert_int_equal(look(&tap, 0).lag_ns, 0);
    for (int64_t lag_ns = 0; lag_ns < 500 * MS; lag_ns += MS) {
        pass(&tap, 2 * MS); /* hark needs two for each, they come each one */
        struct overload_sample sample = look(&tap, lag_ns + MS);
        assert_int_equal(sample.lag_ns, lag_ns + MS);
        assert_in_range(sample.fill_permille, (lag_ns / MS), (lag_ns / MS) + 1);
    }
    assert_in_range(look(&tap, 5 * NS_PER_SECOND).fill_permille, 0, 1000);
}

/* A card's clock is hours off: only what is more than the least is lag. */
static void another_clock_is_no_lag(void **state) {
    (void)state;
    static const int64_t offsets_ns[] = {-7200 * NS_PER_SECOND, 7200 * NS_PER_SECOND};
    for (size_t i = 0; i < 2; i++) {
        struct tap tap = make_tap();
        for (unsigned k = 0; k < 100; k++) {
            pass(&tap, MS);
            assert_int_equal(look(&tap, offsets_ns[i]).lag_ns, 0);
        }
        pass(&tap, 300 * MS);
        assert_int_equal(look(&tap, offsets_ns[i] + 300 * MS).lag_ns, 300 * MS);
    }
}

/* hark starts in the middle of a burst: the first packet waited, and a later one that did not tells. */
static void the_least_difference_is_none(void **state) {
    (void)state;
    struct tap tap = make_tap();
    assert_int_equal(look(&tap, 60 * MS).lag_ns, 0);
    pass(&tap, MS);
    assert_int_equal(look(&tap, 2 * MS).lag_ns, 0);
    pass(&tap, MS);
    assert_int_equal(look(&tap, 62 * MS).lag_ns, 60 * MS);
    /* one wild stamp does not count for the rest */
    pass(&tap, MS);
    assert_int_equal(look(&tap, -3600 * NS_PER_SECOND).lag_ns, 0);
    pass(&tap, MS);
    assert_int_equal(look(&tap, 2 * MS).lag_ns, 0);
}

static void a_clock_that_is_set_blinds_for_a_while(void **state) {
    (void)state;
    static const int64_t sets_ns[] = {-3600 * NS_PER_SECOND, 3600 * NS_PER_SECOND};
    for (size_t i = 0; i < 2; i++) {
        struct tap tap = make_tap();
        assert_int_equal(look(&tap, 0).lag_ns, 0);
        tap.clocks.wall_ns += sets_ns[i];
        for (int64_t ns = 0; ns < BACKLOG_BLIND_NS; ns += 100 * MS) {
            assert_int_equal(look(&tap, sets_ns[i]).lag_ns, 0); /* stamped before */
            pass(&tap, 100 * MS);
        }
        assert_int_equal(look(&tap, 0).lag_ns, 0);
        pass(&tap, 400 * MS);
        assert_int_equal(look(&tap, 400 * MS).lag_ns, 400 * MS);
    }
}

static void an_empty_buffer_is_no_backlog(void **state) {
    (void)state;
    struct tap tap = make_tap();
    struct overload_sample sample;
    look(&tap, 0);
    pass(&tap, NS_PER_SECOND);
    assert_int_equal(look(&tap, NS_PER_SECOND).lag_ns, NS_PER_SECOND);
    backlog_idle(&tap.backlog);
    backlog_sample(&tap.backlog, tap.clocks, &sample);
    assert_int_equal(sample.lag_ns, 0);
    assert_int_equal(sample.fill_permille, 0);
    assert_int_equal(sample.now_ns, tap.clocks.monotonic_ns);
}

/* A frame of 64,000 bytes each ms, of which 4,352 stay; the buffer holds 4 MB. */
static struct overload_sample look_large(struct tap *tap, int64_t lag_ns) {
    struct frame frame = {.bytes = {.len = tap->backlog.cutting ? OVERLOAD_FRAME_BYTES : 64000},
                          .wire_len = 64000,
                          .time_ns = tap->clocks.wall_ns - lag_ns};
    struct overload_sample sample;
    backlog_frame(&tap->backlog, &frame);
    backlog_sample(&tap->backlog, tap->clocks, &sample);
    return sample;
}

/* Only what came since then is cut, and only what is not read yet is in the buffer. */
static void what_waits_is_cut_since_it_was(void **state) {
    (void)state;
    struct tap tap = make_tap();
    struct overload_sample sample = {.lag_ns = 0};
    backlog_init(&tap.backlog, 4000000, 0);
    for (int64_t lag_ns = 0; lag_ns <= 40 * MS; lag_ns += MS) {
        pass(&tap, 2 * MS);
        sample = look_large(&tap, lag_ns);
    }
    assert_in_range(sample.fill_permille, 635, 645);
    assert_in_range(sample.body_permille, 925, 935);
    backlog_cut(&tap.backlog, true, tap.clocks.monotonic_ns);
    for (int64_t lag_ns = 41 * MS; lag_ns <= 80 * MS; lag_ns += MS) {
        pass(&tap, 2 * MS);
        sample = look_large(&tap, lag_ns);
        if (lag_ns == 60 * MS) { /* 20 ms of whole frames, and 40 of cut ones */
            assert_in_range(sample.fill_permille, 320 + 40, 320 + 50);
        }
    }
    assert_in_range(sample.fill_permille, 85, 95); /* all are cut */
    assert_in_range(sample.body_permille, 925, 935);
    backlog_cut(&tap.backlog, false, tap.clocks.monotonic_ns);
    for (int64_t lag_ns = 81 * MS; lag_ns <= 100 * MS; lag_ns += MS) {
        pass(&tap, 2 * MS);
        sample = look_large(&tap, lag_ns);
    }
    assert_in_range(sample.fill_permille, 60 + 640, 75 + 645); /* 60 ms of cut frames, and 40 of whole ones */
}

/* What the snapshot length takes anyway is nothing to cut. */
static void nothing_is_cut_of_what_is_short(void **state) {
    (void)state;
    static const uint32_t lengths[] = {0, 2 * OVERLOAD_FRAME_BYTES + BACKLOG_FRAME_BYTES,
                                       OVERLOAD_FRAME_BYTES, 96};
    static const unsigned parts[] = {929, 500, 0, 0};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct tap tap = make_tap();
        struct overload_sample sample = {.lag_ns = 0};
        backlog_init(&tap.backlog, 4000000, lengths[i]);
        for (unsigned k = 0; k < 40; k++) {
            pass(&tap, MS);
            sample = look_large(&tap, 0);
        }
        assert_in_range(sample.body_permille, parts[i], parts[i] + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_keen_run_has_no_level),
        cmocka_unit_test(each_sign_alone_is_enough),
        cmocka_unit_test(a_pause_is_not_overload),
        cmocka_unit_test(lone_drops_are_not_overload),
        cmocka_unit_test(levels_rise_fast_to_the_most),
        cmocka_unit_test(a_buffer_that_fills_fast_is_not_waited_for),
        cmocka_unit_test(looks_may_raise_several_levels),
        cmocka_unit_test(drops_are_not_waited_for),
        cmocka_unit_test(no_higher_while_the_backlog_sinks),
        cmocka_unit_test(levels_fall_one_by_one),
        cmocka_unit_test(between_the_marks_nothing_moves),
        cmocka_unit_test(a_load_at_the_edge_does_not_flap),
        cmocka_unit_test(bodies_go_first_and_come_last),
        cmocka_unit_test(small_frames_pass_bodies_over),
        cmocka_unit_test(room_is_enough),
        cmocka_unit_test(cutting_in_vain_is_soon_over),
        cmocka_unit_test(what_waits_is_cut_since_it_was),
        cmocka_unit_test(nothing_is_cut_of_what_is_short),
        cmocka_unit_test(fill_is_lag_at_the_rate_of_arrival),
        cmocka_unit_test(another_clock_is_no_lag),
        cmocka_unit_test(the_least_difference_is_none),
        cmocka_unit_test(a_clock_that_is_set_blinds_for_a_while),
        cmocka_unit_test(an_empty_buffer_is_no_backlog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
