/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers and arenas: caps hold, nothing is lost when they are reached, blocks are used again. */
#include "capture/arena.h"
#include "capture/buf.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>

#include <cmocka.h>

static void buffer_grows_to_its_cap_and_no_further(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        const uint8_t byte = (uint8_t)i;
        assert_true(buf_append(&b, &byte, 1));
    }
    assert_false(buf_append(&b, "x", 1));
    assert_true(b.failed);
    assert_int_equal(b.len, 1000);
    assert_int_equal(b.capacity, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(b.ptr[i], (uint8_t)i);
    }
    buf_clear(&b);
    assert_false(b.failed);
    assert_true(buf_append(&b, "abc", 3));
    assert_true(slice_is(buf_slice(&b), "abc"));
    buf_fini(&b);
}

static void append_beyond_the_cap_changes_nothing(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    assert_true(buf_append(&b, "12345", 5));
    assert_false(buf_append(&b, "6789", 4));
    assert_true(slice_is(buf_slice(&b), "12345"));
    assert_true(buf_append(&b, "678", 3));
    assert_null(buf_reserve(&b, 1));
    assert_null(buf_reserve(&b, SIZE_MAX));
    buf_fini(&b);
}

static void empty_append_needs_no_memory(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    assert_true(buf_append(&b, "", 0));
    assert_false(buf_append(&b, "a", 1));
    buf_fini(&b);
}

static void arena_pieces_are_apart_and_aligned(void **state) {
    (void)state;
    struct arena_pool pool;
    struct arena arena;
    struct memory memory;
    memory_init(&memory, 1 << 24);
    arena_pool_init(&pool, &memory, 1 << 20);
    arena_init(&arena, &pool, 1 << 20);
    uint8_t *pieces[200];
    for (unsigned i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(&arena, i + 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i + 1);
    }
    for (unsigned i = 0; i < 200; i++) {
        for (unsigned j = 0; j <= i; j++) {
            assert_int_equal(pieces[i][j], i);
        }
    }
    arena_reset(&arena);
    assert_int_equal(pool.bytes_out, 0);
    arena_pool_fini(&pool);
    memory_fini(&memory);
}

static void arena_respects_its_cap_and_the_pool_s(void **state) {
    (void)state;
    struct arena_pool pool;
    struct arena a, b;
    struct memory memory;
    memory_init(&memory, 1 << 24);
    arena_pool_init(&pool, &memory, 20000);
    arena_init(&a, &pool, 10000);
    arena_init(&b, &pool, 100000);
    assert_non_null(arena_alloc(&a, 8000));
    assert_null(arena_alloc(&a, 8000));
    assert_non_null(arena_alloc(&b, 9000));
    assert_null(arena_alloc(&b, 9000));
    assert_null(arena_alloc(&b, SIZE_MAX));
    arena_reset(&a);
    assert_non_null(arena_alloc(&b, 9000));
    arena_reset(&b);
    arena_pool_fini(&pool);
    memory_fini(&memory);
}

static void arena_blocks_are_used_again(void **state) {
    (void)state;
    struct arena_pool pool;
    struct arena a;
    struct memory memory;
    memory_init(&memory, 1 << 24);
    arena_pool_init(&pool, &memory, 1 << 20);
    arena_init(&a, &pool, 1 << 20);
    void *first = arena_alloc(&a, 10);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 20), first);
    arena_reset(&a);
    arena_pool_fini(&pool);
    memory_fini(&memory);
}

static void copy_tells_when_there_is_no_room(void **state) {
    (void)state;
    struct arena_pool pool;
    struct arena a;
    struct memory memory;
    memory_init(&memory, 1 << 24);
    arena_pool_init(&pool, &memory, 5000);
    arena_init(&a, &pool, 5000);
    bool ok = true;
    assert_true(slice_is(arena_copy(&a, slice_of("text"), &ok), "text"));
    assert_true(ok);
    static const uint8_t large[6000];
    assert_int_equal(arena_copy(&a, slice_make(large, sizeof large), &ok).len, 0);
    assert_false(ok);
    (void)arena_copy(&a, slice_of("more"), &ok);
    assert_false(ok);
    arena_reset(&a);
    arena_pool_fini(&pool);
    memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_to_its_cap_and_no_further),
        cmocka_unit_test(append_beyond_the_cap_changes_nothing),
        cmocka_unit_test(empty_append_needs_no_memory),
        cmocka_unit_test(arena_pieces_are_apart_and_aligned),
        cmocka_unit_test(arena_respects_its_cap_and_the_pool_s),
        cmocka_unit_test(arena_blocks_are_used_again),
        cmocka_unit_test(copy_tells_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
