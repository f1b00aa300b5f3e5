/* SPDX-License-Identifier: Apache-2.0 */
/* Heads built by hand, for the tests of what fields mean. Each value has memory of its own and of its own
 * length, so that a read past its end is seen. */
#ifndef HARK_TESTS_UNIT_HEAD_SAMPLE_H
#define HARK_TESTS_UNIT_HEAD_SAMPLE_H

#include "analyzer/field_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEAD_FIELDS = 40 };

struct head {
    struct header items[HEAD_FIELDS];
    struct header_list list;
    struct field_index index;
};

static inline struct slice head_copy(struct slice s) {
    uint8_t *copy = malloc(s.len ? s.len : 1);
    assert_non_null(copy);
    (void)slice_put(s, copy);
    return slice_make(copy, s.len);
}

static inline void head_init(struct head *h) {
    h->list = (struct header_list){.items = h->items, .capacity = HEAD_FIELDS};
    field_index_make(&h->index, &h->list);
}

/* Adds a field; the index knows it. */
static inline void head_add_bytes(struct head *h, const char *name, struct slice value) {
    assert_true(h->list.count < HEAD_FIELDS);
    h->items[h->list.count++] = (struct header){.name = head_copy(slice_of(name)), .value = head_copy(value)};
    field_index_make(&h->index, &h->list);
}

static inline void head_add(struct head *h, const char *name, const char *value) {
    head_add_bytes(h, name, slice_of(value));
}

static inline void head_fini(struct head *h) {
    for (uint32_t i = 0; i < h->list.count; i++) {
        free((void *)(uintptr_t)h->items[i].name.ptr);
        free((void *)(uintptr_t)h->items[i].value.ptr);
    }
    head_init(h);
}

static inline void assert_slice(struct slice s, const char *expected) {
    if (!slice_is(s, expected)) {
        print_error("\"%.*s\" instead of \"%s\"\n", (int)s.len, s.len ? (const char *)s.ptr : "", expected);
    }
    assert_true(slice_is(s, expected));
}

#endif
