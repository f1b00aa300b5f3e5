/* SPDX-License-Identifier: Apache-2.0 */
/* One line a transaction for people: aligned columns, the URL last. Nothing of the traffic reaches a terminal
 * as a control sequence. Embedded by value in the record writer, one thread. */
#ifndef HARK_OUTPUT_TEXT_H
#define HARK_OUTPUT_TEXT_H

#include "output/record.h"
#include "output/url.h"

struct text {
    const struct record_options *options;
    struct mask *mask; /* borrowed; NULL: nothing is hidden */
    struct url url;    /* of the transaction at hand */
};

/* The line, without a line feed; false when it does not fit. */
bool text_write(struct text *, const struct transaction *, struct buf *out);
bool text_write_heading(const struct text *, struct buf *out);

#endif
