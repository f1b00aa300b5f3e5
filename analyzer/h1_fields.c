/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/h1_line.h"
#include "analyzer/h1_scan.h"

#include <assert.h>

bool h1_begins_field(const struct h1 *h, struct slice in, struct slice *reach) {
    assert(h->state == H1_IN_HEADERS);
    *reach = slice_first(in, h->limits->line_bytes); /* so that no line is too long */
    return !h->in_line && !h->field_pending;
}

void h1_take_fields(struct h1 *h, struct slice *in, size_t len) {
    if (h->line_given) {
        h1_line_reset(h);
    }
    h1_advance(h, in, len);
}

size_t h1_next_fields(struct h1 *h, struct slice *in, struct h1_field *fields, size_t most) {
    struct slice reach;
    if (!h1_begins_field(h, *in, &reach)) {
        return 0;
    }
    size_t taken, count = h1_find_fields(reach, fields, most, &taken);
    h1_take_fields(h, in, taken);
    return count;
}
