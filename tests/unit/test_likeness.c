/* SPDX-License-Identifier: Apache-2.0 */
/* Images give objects back bit by bit, whatever is in them, and are small where objects are alike. */
#include "capture/likeness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = 203 }; /* no whole groups */

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Of a copy: what is written is used up. Wide or plain, it is the same. */
static size_t write_image(const struct likeness *l, const uint64_t *object,
                          const struct likeness_chain *chains, uint8_t *image) {
    uint8_t plain[LIKENESS_IMAGE_MOST];
    uint64_t copy[WORDS];
    memcpy(copy, object, sizeof copy);
    size_t len = likeness_write_plainly(l, copy, chains, plain);
    memcpy(copy, object, sizeof copy);
    assert_int_equal(likeness_write(l, copy, chains, image), len);
    assert_memory_equal(image, plain, len);
    return len;
}

/* The image at the very end of a block, so that whoever looks further is caught. */
static void assert_comes_back(const struct likeness *l, const uint64_t *object,
                              const struct likeness_chain *chains, size_t most) {
    uint8_t *image = malloc(LIKENESS_IMAGE_MOST);
    assert_non_null(image);
    size_t len = write_image(l, object, chains, image);
    assert_true(len + LIKENESS_SLACK <= LIKENESS_IMAGE_MOST);
    assert_true(len <= most);
    uint8_t *exact = malloc(len + LIKENESS_SLACK);
    assert_non_null(exact);
    memcpy(exact, image, len);
    memset(exact + len, 0xa5, LIKENESS_SLACK);
    uint64_t again[WORDS];
    memset(again, 0x5a, sizeof again);
    assert_int_equal(likeness_read(l, again, chains, exact), len);
    assert_memory_equal(again, object, sizeof again);
    free(exact);
    free(image);
}

static void any_object_comes_back(void **state) {
    (void)state;
    uint64_t chance = 1;
    for (unsigned run = 0; run < 2000; run++) {
        struct likeness l;
        struct likeness_chain chains[LIKENESS_CHAINS];
        uint64_t model[WORDS], object[WORDS];
        for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
            uint64_t near = next_random(&chance);
            chains[c] = (struct likeness_chain){near, near, next_random(&chance) >> run % 64};
        }
        for (size_t i = 0; i < WORDS; i++) {
            bool dull = next_random(&chance) % 4 != 0;
            model[i] = dull ? 0 : next_random(&chance) >> next_random(&chance) % 64;
            object[i] =
                next_random(&chance) % 3 ? model[i] : next_random(&chance) << next_random(&chance) % 64;
            if (next_random(&chance) % 8 == 0) {
                model[i] = object[i] = chains[run % LIKENESS_CHAINS].start + next_random(&chance) % 1000;
                object[i] -= next_random(&chance) % 2000;
            }
        }
        likeness_learn(&l, model, sizeof model, chains, NULL);
        chains[0].start += next_random(&chance);
        assert_comes_back(&l, object, chains, LIKENESS_IMAGE_MOST);
        assert_comes_back(&l, model, chains, LIKENESS_IMAGE_MOST);
    }
}

static void an_object_that_differs_in_all_is_within_the_bound(void **state) {
    (void)state;
    struct likeness l;
    const struct likeness_chain chains[LIKENESS_CHAINS] = {{.start = 1000}, {.start = 2000}, {.start = 3000}};
    uint64_t model[WORDS] = {0}, object[WORDS];
    memset(object, 0xff, sizeof object);
    likeness_learn(&l, model, sizeof model, chains, NULL);
    assert_comes_back(&l, object, chains, LIKENESS_IMAGE_MOST);
}

static void likeness_is_small(void **state) {
    (void)state;
    struct likeness l;
    struct likeness_chain chains[LIKENESS_CHAINS] = {
        {.near = UINT64_C(1795000000000000000), .reach = UINT64_C(1) << 40},
        {.near = UINT64_C(0x1cafe0000), .reach = 1 << 20},
        {.near = UINT64_C(0x1beef0000), .reach = 1 << 20},
    };
    for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
        chains[c].start = chains[c].near;
    }
    uint64_t model[WORDS] = {7, 9};
    for (size_t i = 0; i < 30; i++) {
        model[20 + i] = chains[i % 3].start - i * 100;
    }
    likeness_learn(&l, model, sizeof model, chains, NULL);
    assert_comes_back(&l, model, chains, 8);
    /* Another time, other offsets: the same distances. */
    uint64_t object[WORDS];
    memcpy(object, model, sizeof object);
    for (size_t i = 0; i < 30; i++) {
        object[20 + i] += UINT64_C(123456789012) * (i % 3 + 1);
    }
    for (size_t c = 0; c < LIKENESS_CHAINS; c++) {
        chains[c].start += UINT64_C(123456789012) * (c + 1);
    }
    assert_comes_back(&l, object, chains, 8);
    object[0] = 8;
    object[25] += 5;
    assert_comes_back(&l, object, chains, 20);
}

/* Whatever such words are, the image has one length; the same words as others would not. */
static void wild_words_do_not_change_the_length(void **state) {
    (void)state;
    static const uint64_t values[] = {1, 9, UINT64_C(0x4200), UINT64_C(0xff00000000000000), UINT64_MAX, 77};
    const struct likeness_chain chains[LIKENESS_CHAINS] = {{.start = 70, .near = 70, .reach = 10}};
    const uint64_t wild[LIKENESS_WORDS / 64] = {[2] = 1U << 3};
    uint64_t model[WORDS] = {5, 6}, object[WORDS] = {5, 8}, lengths = 0;
    struct likeness l;
    model[2 * 64 + 3] = 77;
    likeness_learn(&l, model, sizeof model, chains, wild);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t image[LIKENESS_IMAGE_MOST];
        object[2 * 64 + 3] = values[i];
        assert_comes_back(&l, object, chains, LIKENESS_IMAGE_MOST);
        size_t len = write_image(&l, object, chains, image);
        assert_true(i == 0 || len == lengths);
        lengths = len;
    }
    object[2 * 64 + 3] = 0;
    assert_comes_back(&l, object, chains, lengths - 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_object_comes_back),
        cmocka_unit_test(an_object_that_differs_in_all_is_within_the_bound),
        cmocka_unit_test(likeness_is_small),
        cmocka_unit_test(wild_words_do_not_change_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
