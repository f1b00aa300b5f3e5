/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

#include "output/address_scan.h"
#include "output/mask.h"

void native_write_shown(struct native *native, struct writer *w, struct slice text) {
    const struct mask_kind running = {.field = FIELD_OTHER, .places = ADDRESSES_ANYWHERE};
    if (native->mask) {
        text = mask_value(native->mask, running, text, &native->scratch);
    }
    (void)writer_string(w, text);
}

void native_write_shown_url(struct native *native, struct writer *w, struct slice url) {
    (void)writer_string(w, native->mask ? mask_url(native->mask, url, &native->scratch) : url);
}
