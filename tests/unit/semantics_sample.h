/* SPDX-License-Identifier: Apache-2.0 */
/* What the heads of a transaction built by hand mean, and what is written of it, for the tests of semantics.
 */
#ifndef HARK_TESTS_UNIT_SEMANTICS_SAMPLE_H
#define HARK_TESTS_UNIT_SEMANTICS_SAMPLE_H

#include "analyzer/semantics.h"
#include "output/record.h"

#include "record_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A request and a response without fields; the strings must outlive it. */
static inline void semantics_sample(struct sample *s, const char *method, unsigned status) {
    sample_init(s);
    sample_target(s, method, "/a?b");
    sample_status(s, status, "000", "");
    s->t.request.headers.count = s->t.response.headers.count = 0;
}

static inline const char *semantics_file(void *context, uint32_t file) {
    (void)context;
    (void)file;
    return "a.pcap";
}

/* The record's semantics as they are written, to be freed. */
static inline char *semantics_written(const struct sample *s, bool mask) {
    static const char begin[] = "\"semantics\":", end[] = ",\"notes\":";
    const struct record_options options = {
        .format = RECORD_NDJSON, .mask_secrets = mask, .record_bytes = 1 << 20, .file_name = semantics_file};
    struct record_writer *writer = record_writer_new(&options);
    struct buf out;
    assert_non_null(writer);
    buf_init(&out, 1 << 20);
    assert_true(record_write(writer, &s->t, &out));
    out.ptr[out.len - 1] = '\0';
    char *from = strstr((char *)out.ptr, begin), *to = strstr((char *)out.ptr, end);
    char *text =
        from && from < to ? strndup(from + strlen(begin), (size_t)(to - from) - strlen(begin)) : strdup("");
    assert_non_null(text);
    buf_fini(&out);
    record_writer_free(writer);
    return text;
}

static inline void semantics_expect(const struct sample *s, bool mask, const char *part, bool there) {
    char *text = semantics_written(s, mask);
    if ((strstr(text, part) != NULL) != there) {
        print_error("%s %s\n%s\n", part, there ? "is not in" : "is in", text);
        fail();
    }
    free(text);
}

static inline void semantics_expect_part(const struct sample *s, const char *part) {
    semantics_expect(s, true, part, true);
}

static inline void semantics_expect_none(const struct sample *s, const char *part) {
    semantics_expect(s, true, part, false);
}

#endif
