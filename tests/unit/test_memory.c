/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers and arenas: caps hold, nothing is lost when they are reached, blocks are used again. */
#include "capture/arena.h"
#include "capture/buf.h"
#include "capture/pool.h"

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

static void begin_two(struct memory_source *source, struct memory memory[2], size_t bytes) {
    memory_source_init(source);
    for (unsigned i = 0; i < 2; i++) {
        memory_init(&memory[i], bytes);
        memory_share(&memory[i], source);
    }
}

/* Two memories draw from one source in turn, beyond its first region: no slab is given twice, what one brings
 * back the other gets, a cap holds whatever the source has, and of what nobody has most goes to the system.
 */
static void slabs_of_a_source(void **state) {
    (void)state;
    enum { SLABS = 2000, BYTES = SLABS * MEMORY_SLAB_BYTES };
    static uint8_t *slabs[2 * SLABS];
    struct memory_source source;
    struct memory memory[2];
    begin_two(&source, memory, BYTES);
    assert_int_equal(source.cap, 2 * (size_t)BYTES);
    size_t regions = 0;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 2 * SLABS; i++) {
            slabs[i] = memory_slab_take(&memory[i % 2], MEMORY_PASSING);
            assert_non_null(slabs[i]);
            assert_int_equal((uintptr_t)slabs[i] % MEMORY_SLAB_BYTES, 0);
            memset(slabs[i], (int)(i % 251), MEMORY_SLAB_BYTES);
        }
        assert_null(memory_slab_take(&memory[0], MEMORY_PASSING));
        assert_int_equal(source.held, source.cap);
        assert_int_equal(source.spare, 0);
        assert_true(source.region_count > 1);
        assert_true(round == 0 || source.region_count == regions);
        regions = source.region_count;
        for (unsigned i = 0; i < 2 * SLABS; i++) {
            assert_int_equal(slabs[i][0], i % 251);
            assert_int_equal(slabs[i][MEMORY_SLAB_BYTES - 1], i % 251);
        }
        for (unsigned i = 0; i < 2 * SLABS; i++) {
            memory_slab_give(&memory[i % 2], slabs[i], MEMORY_PASSING);
        }
        assert_int_equal(source.held, source.cap); /* spare, but the memories' */
        memory_trim(&memory[0]);
        memory_trim(&memory[1]);
        assert_int_equal(source.held, 2 * MEMORY_SLAB_BYTES);
        size_t before = source.spare;
        memory_source_trim(&source);
        assert_true(source.spare <= source.cap / 8);
        assert_true(source.spare < before);
        for (unsigned i = 0; i < SLABS; i++) {
            memory_source_trim(&source);
        }
        assert_true(source.spare <= MEMORY_SLAB_BYTES);
        assert_true(source.stocks[MEMORY_PASSING].hollow_count >= 2 * SLABS - 3);
    }
    memory_fini(&memory[0]);
    memory_fini(&memory[1]);
    assert_int_equal(source.held, 0);
    assert_int_equal(source.cap, 0);
    memory_source_fini(&source);
    assert_null(source.regions);
}

static size_t bits_of(const uint64_t words[2]) {
    return (size_t)(__builtin_popcountll(words[0]) + __builtin_popcountll(words[1]));
}

/* Slabs whose pages the system has come back a huge page at a time, where it can do that, and else one by
 * one; either way each is given once. */
static void hollow_slabs_come_back(void **state) {
    (void)state;
    enum { SLABS = 2000 };
    static uint8_t *slabs[SLABS];
    struct memory_source source;
    struct memory memory;
    memory_source_init(&source);
    memory_init(&memory, (size_t)4 * SLABS * MEMORY_SLAB_BYTES);
    memory_share(&memory, &source);
    const struct memory_stock *stock = &source.stocks[MEMORY_LASTING];
    for (unsigned i = 0; i < SLABS; i++) {
        slabs[i] = memory_slab_take(&memory, MEMORY_LASTING);
        slabs[i][0] = 1;
    }
    for (unsigned i = 0; i < SLABS; i++) {
        memory_slab_give(&memory, slabs[i], MEMORY_LASTING);
    }
    for (unsigned i = 0; i < SLABS; i++) {
        memory_trim(&memory);
        memory_source_trim(&source);
    }
    size_t hollow = stock->hollow_count;
    assert_true(hollow >= SLABS - 3);
    for (unsigned i = 0; i < SLABS; i++) {
        slabs[i] = memory_slab_take(&memory, MEMORY_LASTING);
        memset(slabs[i], (int)(i % 251), MEMORY_SLAB_BYTES);
        size_t left = stock->hollow_count, again = bits_of(stock->again_left);
        assert_true(left + again + i + 1 >= hollow); /* none is lost */
        assert_true(left + again <= hollow);
    }
    for (unsigned i = 0; i < SLABS; i++) {
        assert_int_equal(slabs[i][0], i % 251);
        assert_int_equal(slabs[i][MEMORY_SLAB_BYTES - 1], i % 251);
        memory_slab_give(&memory, slabs[i], MEMORY_LASTING);
    }
    memory_fini(&memory);
    memory_source_fini(&source);
}

/* What one memory leaves while there is much, another has without a tick in between. */
static void spare_slabs_serve_others(void **state) {
    (void)state;
    enum { SLABS = 16, BYTES = 1024 * MEMORY_SLAB_BYTES, KEPT = 2 * MEMORY_SLAB_BYTES };
    static void *slabs[SLABS];
    struct memory_source source;
    struct memory memory[2];
    begin_two(&source, memory, BYTES);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < SLABS; i++) {
            slabs[i] = memory_slab_take(&memory[round], MEMORY_PASSING);
            assert_non_null(slabs[i]);
        }
        assert_int_equal(source.spare, 0);
        for (unsigned i = 0; i < SLABS; i++) {
            memory_slab_give(&memory[round], slabs[i], MEMORY_PASSING);
        }
        assert_true(memory[round].spare <= KEPT);
        assert_int_equal(source.held, memory[0].spare + memory[1].spare);
        assert_true(source.spare >= SLABS * MEMORY_SLAB_BYTES - KEPT);
    }
    memory_fini(&memory[0]);
    memory_fini(&memory[1]);
    memory_source_fini(&source);
}

/* What a source keeps ready gives way when a memory takes a block, which does not come from it. */
static void spare_slabs_give_way(void **state) {
    (void)state;
    enum { SLABS = 256, BYTES = SLABS * MEMORY_SLAB_BYTES };
    static void *slabs[SLABS / 2];
    struct memory memory;
    memory_init(&memory, BYTES);
    for (unsigned i = 0; i < SLABS / 2; i++) {
        slabs[i] = memory_slab_take(&memory, MEMORY_PASSING);
        assert_non_null(slabs[i]);
    }
    for (unsigned i = 0; i < SLABS / 2; i++) {
        memory_slab_give(&memory, slabs[i], MEMORY_PASSING);
    }
    memory_trim(&memory);
    assert_true(memory.own.spare > 0 && memory.own.spare <= BYTES / 8);
    size_t len = BYTES - 4 * MEMORY_SLAB_BYTES;
    uint8_t *block = memory_resize(&memory, NULL, 0, len);
    assert_non_null(block);
    assert_true(memory.own.spare <= MEMORY_SLAB_BYTES);
    assert_true(memory.own.held + memory.own.spare <= memory.cap);
    memory_free(&memory, block, len);
    memory_fini(&memory);
}

/* A block that grows keeps its bytes; once it is large, it begins a cache line. */
static void a_large_block_begins_a_line(void **state) {
    (void)state;
    enum { FIRST = 1000, LARGE = 512 * 1024, ODD = LARGE + 1, LARGER = 3 * LARGE };
    static const size_t sizes[] = {FIRST, LARGE - 1, ODD, LARGER};
    struct memory memory;
    memory_init(&memory, (size_t)4 * LARGE);
    uint8_t *block = NULL;
    size_t len = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = memory_resize(&memory, block, len, sizes[i]);
        assert_non_null(block);
        for (size_t k = 0; k < len; k++) {
            assert_int_equal(block[k], k % 251);
        }
        len = sizes[i];
        assert_true(memory.used >= len && memory.live == len);
        assert_true(len != ODD || (uintptr_t)block % 64 == 0);
        for (size_t k = 0; k < len; k++) {
            block[k] = (uint8_t)(k % 251);
        }
    }
    assert_null(memory_resize(&memory, block, len, memory.cap));
    assert_int_equal(block[len - 1], (len - 1) % 251);
    memory_free(&memory, block, len);
    assert_int_equal(memory.used, 0);
    memory_fini(&memory);
}

/* Objects of all sizes, in many slabs, whose heads stand in different places: none touches another's bytes,
 * and all slabs but those kept come back. */
static void objects_keep_their_bytes(void **state) {
    (void)state;
    enum { SLABS = 24 };
    static uint8_t *objects[SLABS * MEMORY_SLAB_BYTES / 16];
    static const size_t sizes[] = {1, 16, 168, 384, 1632, 2032, 2160, 2400, 5000, POOL_LARGEST};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        struct memory memory;
        struct pool pool;
        memory_init(&memory, (size_t)SLABS * MEMORY_SLAB_BYTES);
        pool_init(&pool, &memory, sizes[s], SIZE_MAX);
        size_t count = SLABS * pool.slab_objects;
        for (unsigned round = 0; round < 2; round++) {
            for (size_t i = 0; i < count; i++) {
                objects[i] = pool_take(&pool);
                assert_non_null(objects[i]);
                assert_int_equal((uintptr_t)objects[i] % alignof(max_align_t), 0);
                memset(objects[i], (int)(i % 251), sizes[s]);
            }
            assert_null(pool_take(&pool));
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(objects[i][0], i % 251);
                assert_int_equal(objects[i][sizes[s] - 1], i % 251);
            }
            for (size_t i = 0; i < count; i++) {
                pool_give(&pool, objects[round ? count - 1 - i : i]);
            }
            assert_true(memory.used <= 2 * MEMORY_SLAB_BYTES);
        }
        pool_fini(&pool);
        memory_fini(&memory);
    }
}

/* Pools whose memories share a source take each other's last large object, keep their bytes apart, also when
 * the shelf is full, and have the same counted as a pool that shares nothing. */
static void large_objects_are_shared(void **state) {
    (void)state;
    enum { BYTES = 2000, MOST = 3 * SHELF_PLACES, STEPS = 20000 };
    static uint8_t *objects[2][MOST], *plain[2][MOST];
    struct memory_source source;
    struct memory memory[2], own[2];
    struct pool pool[2], control[2];
    size_t count[2] = {0, 0};
    uint32_t random = 1;
    memory_source_init(&source);
    source.shelves.places = SHELF_PLACES;
    for (unsigned i = 0; i < 2; i++) {
        memory_init(&memory[i], (size_t)MOST * MEMORY_SLAB_BYTES);
        memory_init(&own[i], (size_t)MOST * MEMORY_SLAB_BYTES);
        memory_share(&memory[i], &source);
        pool_init(&pool[i], &memory[i], BYTES, MOST);
        pool_init(&control[i], &own[i], BYTES, MOST);
    }
    void *first = pool_take(&pool[0]);
    pool_give(&pool[0], first);
    void *second = pool_take(&pool[1]);
    assert_ptr_equal(first, second);
    pool_give(&pool[1], second);
    pool_give(&control[0], pool_take(&control[0]));
    pool_give(&control[1], pool_take(&control[1]));
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        unsigned i = random >> 31, rises = step / 1000 % 2;
        uint8_t fill = (uint8_t)(step % 251);
        if ((random >> 8) % 10 < (rises ? 7 : 3)) {
            uint8_t *object = pool_take(&pool[i]), *other = pool_take(&control[i]);
            assert_int_equal(object == NULL, count[i] == MOST);
            assert_int_equal(other == NULL, count[i] == MOST);
            if (object) {
                memset(object, fill, BYTES);
                plain[i][count[i]] = other;
                objects[i][count[i]++] = object;
            }
        } else if (count[i]) {
            size_t which = (random >> 12) % count[i];
            uint8_t *object = objects[i][which];
            for (unsigned k = 1; k < BYTES; k++) {
                assert_int_equal(object[k], object[0]);
            }
            pool_give(&pool[i], object);
            pool_give(&control[i], plain[i][which]);
            objects[i][which] = objects[i][--count[i]];
            plain[i][which] = plain[i][count[i]];
        }
        assert_int_equal(memory[i].used, own[i].used);
        assert_int_equal(memory[i].live, own[i].live);
    }
    for (unsigned i = 0; i < 2; i++) {
        while (count[i] > 0) {
            count[i]--;
            pool_give(&pool[i], objects[i][count[i]]);
            pool_give(&control[i], plain[i][count[i]]);
        }
        pool_fini(&pool[i]);
        pool_fini(&control[i]);
        memory_fini(&memory[i]);
        memory_fini(&own[i]);
    }
    memory_source_fini(&source);
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
        cmocka_unit_test(a_large_block_begins_a_line),
        cmocka_unit_test(objects_keep_their_bytes),
        cmocka_unit_test(large_objects_are_shared),
        cmocka_unit_test(slabs_of_a_source),
        cmocka_unit_test(hollow_slabs_come_back),
        cmocka_unit_test(spare_slabs_serve_others),
        cmocka_unit_test(spare_slabs_give_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
