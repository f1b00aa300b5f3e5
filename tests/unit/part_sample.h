/* SPDX-License-Identifier: Apache-2.0 */
/* What a part of the record's semantics is written as, for the tests of the parts: whole JSON texts. */
#ifndef HARK_TESTS_UNIT_PART_SAMPLE_H
#define HARK_TESTS_UNIT_PART_SAMPLE_H

#include "output/mask.h"
#include "output/native_semantics_parts.h"

#include "head_sample.h"

#include <json.h>

enum { PART_ROOM = 1 << 20 };

struct part {
    struct record_options options;
    struct native native;
    struct buf out;
    struct writer w;
};

/* An object is begun, into which the part is to be written. */
static inline void part_init(struct part *p, bool mask) {
    *p = (struct part){.options = {.mask_secrets = mask, .record_bytes = PART_ROOM}};
    p->native.options = &p->options;
    if (mask) {
        const struct mask_options hide = {.secrets = true};
        p->native.mask = mask_new(&hide, PART_ROOM, NULL);
        assert_non_null(p->native.mask);
    }
    buf_init(&p->native.scratch, PART_ROOM);
    buf_init(&p->out, PART_ROOM);
    writer_init(&p->w, &p->out);
    writer_begin_object(&p->w);
}

/* Ends the object, which must be JSON, and frees the part. */
static inline void part_end(struct part *p) {
    struct json_tokener *tokener = json_tokener_new();
    writer_end_object(&p->w);
    assert_false(p->out.failed);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, (const char *)p->out.ptr, (int)p->out.len);
    if (!object) {
        print_error("%.*s\n", (int)p->out.len, (const char *)p->out.ptr);
    }
    assert_non_null(object);
    json_object_put(object);
    json_tokener_free(tokener);
    mask_free(p->native.mask);
    buf_fini(&p->native.scratch);
    buf_fini(&p->out);
}

/* The same, and the object must equal the text. */
static inline void part_expect(struct part *p, const char *expected) {
    struct slice written = buf_slice(&p->out);
    size_t len = strlen(expected);
    bool equal = written.len + 1 == len && memcmp(written.ptr, expected, written.len) == 0 &&
                 expected[len - 1] == '}'; /* its last brace is to come */
    if (!equal) {
        print_error("%.*s}\n", (int)written.len, (const char *)written.ptr);
    }
    assert_true(equal);
    part_end(p);
}

#endif
