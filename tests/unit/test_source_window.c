/* SPDX-License-Identifier: Apache-2.0 */
/* The window against a plain model: a stream of numbered bytes, wanted, read and taken at random. */
#include "capture/source_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t byte_at(uint64_t place) {
    return (uint8_t)(place * 131 + place / 251);
}

static uint32_t chance(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Asks for `wanted` bytes and adds some, `most` at the most. */
static void bring(struct source_window *w, size_t wanted, size_t most, uint64_t *written) {
    size_t room = 0;
    uint8_t *to = source_window_room(w, wanted, &room);
    assert_non_null(to);
    size_t rest = source_window_rest(w).len;
    assert_true(rest + room >= wanted);
    size_t len = room < most ? room : most;
    for (size_t i = 0; i < len; i++) {
        to[i] = byte_at((*written)++);
    }
    source_window_add(w, len);
}

static void check(const struct source_window *w, uint64_t taken, uint64_t written) {
    struct slice rest = source_window_rest(w);
    assert_int_equal(rest.len, written - taken);
    for (size_t i = 0; i < rest.len; i += 1 + rest.len / 1000) {
        assert_int_equal(rest.ptr[i], byte_at(taken + i));
    }
}

static void any_order_keeps_the_bytes(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        struct source_window w;
        source_window_init(&w);
        uint32_t random = seed;
        uint64_t taken = 0;
        uint64_t written = 0;
        for (int step = 0; step < 400; step++) {
            size_t have = source_window_rest(&w).len;
            static const size_t scales[] = {20, 2000, 70000, 300000, 1000000};
            size_t scale = scales[chance(&random) % (step % 20 == 0 ? 5 : 3)];
            if (have && chance(&random) % 3) {
                size_t len = 1 + chance(&random) % (have < scale ? have : scale);
                source_window_take(&w, len);
                taken += len;
            } else {
                size_t most = chance(&random) % 8 ? 1 + chance(&random) % 5000 : WINDOW_READ_BYTES;
                bring(&w, have + 1 + chance(&random) % scale, most, &written);
            }
            check(&w, taken, written);
        }
        source_window_clear(&w);
        assert_int_equal(source_window_rest(&w).len, 0);
        bring(&w, 1, 10, &written);
        check(&w, written - 10, written);
        source_window_fini(&w);
    }
}

/* The usual way of a file: each read is as large as can be, to a page's beginning, and moves little. */
static void reads_are_large_and_aligned(void **state) {
    (void)state;
    struct source_window w;
    source_window_init(&w);
    const uint8_t *first = NULL;
    for (int i = 0; i < 100; i++) {
        size_t room = 0;
        size_t rest = source_window_rest(&w).len;
        uint8_t *to = source_window_room(&w, rest + 16, &room);
        assert_int_equal(room, WINDOW_READ_BYTES);
        assert_int_equal((uintptr_t)to % 4096, 0);
        first = first ? first : to;
        assert_ptr_equal(to, first);
        source_window_add(&w, room);
        source_window_take(&w, rest + room - (size_t)(i * 601 % 65000));
    }
    source_window_fini(&w);
}

/* What is left of a huge block moves once, however small the reads are. */
static void huge_blocks_move_once(void **state) {
    (void)state;
    enum { HUGE = 16 << 20, READ = 4096 };
    struct source_window w;
    source_window_init(&w);
    uint64_t written = 0;
    bring(&w, 12, 12, &written);
    const uint8_t *before = source_window_rest(&w).ptr;
    unsigned moves = 0;
    while (source_window_rest(&w).len < HUGE) {
        size_t room = 0;
        uint8_t *to = source_window_room(&w, HUGE, &room);
        assert_non_null(to);
        source_window_add(&w, room < READ ? room : READ);
        moves += source_window_rest(&w).ptr != before;
        before = source_window_rest(&w).ptr;
    }
    assert_true(moves <= 1);
    source_window_fini(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_keeps_the_bytes),
        cmocka_unit_test(reads_are_large_and_aligned),
        cmocka_unit_test(huge_blocks_move_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
