/* SPDX-License-Identifier: Apache-2.0 */
/* A value that is written at once is written as it would be otherwise, and is one that no mask would change.
 */
#include "output/plain_value.h"

#include "output/mask.h"
#include "output/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 80, GUARD = 0xA5 };

struct scene {
    struct mask *mask;
    struct memory memory;
    struct buf out, scratch;
    unsigned plain; /* values that were written at once */
};

static bool is_masked(struct scene *scene, struct slice value, const char *name) {
    struct slice shown = mask_field(scene->mask, slice_of(name), value, &scene->scratch);
    return shown.len != value.len || memcmp(shown.ptr, value.ptr, value.len) != 0;
}

/* The value stands at the very end of its memory. */
static bool check(struct scene *scene, struct slice value) {
    uint8_t *own = malloc(value.len + 1), to[PLAIN_VALUE_MOST(MOST) + 1];
    assert_non_null(own);
    memcpy(own + 1, value.ptr, value.len);
    value = slice_make(own + 1, value.len);
    memset(to, GUARD, sizeof to);
    const uint8_t *end = plain_value_put(to, value);
    assert_int_equal(to[PLAIN_VALUE_MOST(value.len)], GUARD);
    if (end) {
        struct writer w;
        buf_clear(&scene->out);
        writer_init(&w, &scene->out);
        assert_true(writer_string(&w, value));
        assert_int_equal(end - to, scene->out.len);
        assert_memory_equal(to, scene->out.ptr, scene->out.len);
        assert_false(is_masked(scene, value, "X-Other"));
        assert_false(is_masked(scene, value, "Referer"));
        assert_false(is_masked(scene, value, "Location"));
        scene->plain++;
    }
    free(own);
    return end != NULL;
}

static void begin(struct scene *scene) {
    const struct mask_options options = {.secrets = true};
    *scene = (struct scene){.plain = 0};
    memory_init(&scene->memory, SIZE_MAX);
    buf_init(&scene->out, SIZE_MAX);
    buf_charge(&scene->out, &scene->memory);
    buf_init(&scene->scratch, SIZE_MAX);
    buf_charge(&scene->scratch, &scene->memory);
    scene->mask = mask_new(&options, SIZE_MAX, &scene->memory);
    assert_non_null(scene->mask);
}

static void end(struct scene *scene) {
    mask_free(scene->mask);
    buf_fini(&scene->out);
    buf_fini(&scene->scratch);
    memory_fini(&scene->memory);
}

static void test_values(void **state) {
    (void)state;
    static const char *const plain[] = {"",
                                        "401",
                                        "4",
                                        "\"6b0b7978-191\"",
                                        "\"\"",
                                        "5b8efff7-98e0-4d2c-9d3a-0a1b2c3d4e5f",
                                        "application/json",
                                        "basic",
                                        "/path/of/some/length;a,b"};
    static const char *const others[] = {
        "\"",      "W/\"a\"",          "a\"b",        "\"a\"b\"",  "a\\b",         "Basic YWJj",
        "a b",     "user:secret@host", "k=v",         "\x7f",      "\xc3\xa4",     "a\tb",
        "12%2034", "http://host/",     "Basic\tYWJj", "NTLM:YWJj", "Basic%20YWJj", "Bearer\x01YWJj"};
    struct scene scene;
    begin(&scene);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        assert_true(check(&scene, slice_of(plain[i])));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(check(&scene, slice_of(others[i])));
    }
    end(&scene);
}

/* One byte of each value at each place of a value of each length. */
static void test_every_byte_at_every_place(void **state) {
    (void)state;
    enum { LENGTHS = 50 };
    struct scene scene;
    char text[LENGTHS];
    begin(&scene);
    for (size_t len = 1; len < LENGTHS; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                memset(text, 'a', sizeof text);
                text[at] = (char)byte;
                bool taken = check(&scene, slice_make(text, len));
                bool special = byte <= ' ' || byte >= 0x7f || strchr("\"\\=@%:", (int)byte);
                assert_int_equal(taken, !special);
                text[0] = text[len - 1] = '"';
                taken = check(&scene, slice_make(text, len));
                assert_int_equal(taken, len > 1 && (!special || at == 0 || at == len - 1));
            }
        }
    }
    assert_true(scene.plain > 0);
    end(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_byte_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
