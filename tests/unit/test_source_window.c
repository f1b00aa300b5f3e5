/* SPDX-License-Identifier: Apache-2.0 */
/* The window against a plain model: a stream of numbered bytes, wanted, read and taken at random. */
#include "capture/source_window.h"

#include <pthread.h>
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

struct held {
    struct source_block *block; /* NULL: none */
    struct slice bytes;
    uint64_t from; /* number of the first byte */
};

static void check_held(const struct held *held) {
    for (size_t i = 0; i < held->bytes.len; i += 1 + held->bytes.len / 100) {
        assert_int_equal(held->bytes.ptr[i], byte_at(held->from + i));
    }
}

/* As many as can be held, in any order, and the bytes at hand are what they are without. */
static void held_bytes_stay(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 4; seed++) {
        struct source_window w;
        source_window_init(&w);
        struct held held[SOURCE_BLOCKS_HELD] = {0};
        uint32_t random = seed;
        uint64_t taken = 0, written = 0;
        unsigned copied = 0;
        for (int step = 0; step < 1000; step++) {
            struct held *place = &held[chance(&random) % SOURCE_BLOCKS_HELD];
            size_t have = source_window_rest(&w).len;
            if (place->block) {
                check_held(place);
                source_block_release(place->block);
                *place = (struct held){0};
            } else if (have > 0) {
                struct slice bytes = slice_first(source_window_rest(&w), 1 + chance(&random) % 60000);
                struct source_block *block = source_window_block(&w);
                if (block) {
                    source_block_hold(block);
                    *place = (struct held){block, bytes, taken};
                }
                copied += !block;
                source_window_take(&w, bytes.len);
                taken += bytes.len;
            } else if (step % 50 == 0) {
                source_window_clear(&w);
            }
            have = source_window_rest(&w).len;
            size_t wanted = step % 100 == 0 ? 4 << 20 : have + 1 + chance(&random) % 70000;
            if (wanted > have && chance(&random) % 2) {
                bring(&w, wanted, 1 + chance(&random) % WINDOW_READ_BYTES, &written);
            }
            check(&w, taken, written);
        }
        assert_true(copied > 0); /* out of the blocks that are too large */
        for (size_t i = 0; i < SOURCE_BLOCKS_HELD; i++) {
            if (held[i].block) {
                check_held(&held[i]);
                source_block_release(held[i].block);
            }
        }
        source_window_fini(&w);
    }
}

enum { HOLDERS = 3, SLOTS = SOURCE_BLOCKS_HELD, SHARED_STEPS = 5000 };

/* Slots that one thread fills and others empty. */
struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct held slots[SLOTS];
    unsigned filled, emptied;
    bool over;
};

static void *check_and_release(void *context) {
    struct shared *shared = context;
    pthread_mutex_lock(&shared->mutex);
    for (;;) {
        if (shared->filled == shared->emptied) {
            if (shared->over) {
                break;
            }
            pthread_cond_wait(&shared->changed, &shared->mutex);
            continue;
        }
        struct held held = shared->slots[shared->emptied++ % SLOTS];
        pthread_cond_broadcast(&shared->changed);
        pthread_mutex_unlock(&shared->mutex);
        check_held(&held);
        source_block_release(held.block);
        pthread_mutex_lock(&shared->mutex);
    }
    pthread_mutex_unlock(&shared->mutex);
    return NULL;
}

static void fill_slot(struct shared *shared, const struct held *held) {
    pthread_mutex_lock(&shared->mutex);
    /* HOLDERS more are being checked outside of the slots. */
    while (shared->filled - shared->emptied == SLOTS - HOLDERS) {
        pthread_cond_wait(&shared->changed, &shared->mutex);
    }
    shared->slots[shared->filled++ % SLOTS] = *held;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->mutex);
}

/* Other threads let go while this one reads on. */
static void other_threads_let_go(void **state) {
    (void)state;
    struct shared shared = {.over = false};
    pthread_mutex_init(&shared.mutex, NULL);
    pthread_cond_init(&shared.changed, NULL);
    pthread_t threads[HOLDERS];
    for (size_t i = 0; i < HOLDERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, check_and_release, &shared), 0);
    }
    struct source_window w;
    source_window_init(&w);
    uint32_t random = 7;
    uint64_t taken = 0, written = 0;
    for (int step = 0; step < SHARED_STEPS; step++) {
        if (source_window_rest(&w).len < 2000) {
            bring(&w, 2000, 1 + chance(&random) % 20000, &written);
            continue;
        }
        struct held held = {source_window_block(&w), slice_first(source_window_rest(&w), 2000), taken};
        assert_non_null(held.block);
        source_block_hold(held.block);
        source_window_take(&w, held.bytes.len);
        taken += held.bytes.len;
        fill_slot(&shared, &held);
    }
    pthread_mutex_lock(&shared.mutex);
    shared.over = true;
    pthread_cond_broadcast(&shared.changed);
    pthread_mutex_unlock(&shared.mutex);
    for (size_t i = 0; i < HOLDERS; i++) {
        pthread_join(threads[i], NULL);
    }
    source_window_fini(&w);
    pthread_cond_destroy(&shared.changed);
    pthread_mutex_destroy(&shared.mutex);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_keeps_the_bytes), cmocka_unit_test(reads_are_large_and_aligned),
        cmocka_unit_test(huge_blocks_move_once),     cmocka_unit_test(held_bytes_stay),
        cmocka_unit_test(other_threads_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
