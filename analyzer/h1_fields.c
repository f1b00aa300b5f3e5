/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_line.h"
#include "analyzer/h1_scan.h"

#include <assert.h>

size_t h1_next_fields(struct h1 *h, struct slice *in, struct h1_field *fields, size_t most) {
    assert(h->state == H1_IN_HEADERS);
    if (h->in_line || h->field_pending) {
        return 0;
    }
    if (h->line_given) {
        h1_line_reset(h);
    }
    size_t taken;
    struct slice in_reach = slice_first(*in, h->limits->line_bytes); /* so that no line is too long */
    size_t count = h1_find_fields(in_reach, fields, most, &taken);
    h1_advance(h, in, taken);
    return count;
}
