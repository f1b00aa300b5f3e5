/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

#include "output/address_scan.h"
#include "output/mask.h"
#include "output/pen.h"

static const struct mask_kind RUNNING = {.field = FIELD_OTHER, .places = ADDRESSES_ANYWHERE};

uint8_t *native_put_shown(const struct native *native, uint8_t *to, struct slice text) {
    return !native->mask || mask_shows(native->mask, RUNNING, text) ? writer_clean(to, text) : NULL;
}

void native_write_shown(struct native *native, struct writer *w, struct slice text) {
    bool quoted = text.len && text.ptr[0] == '"'; /* an entity tag */
    uint8_t *to = quoted ? NULL : pen_open(w, text.len + 2);
    if (to) { /* mostly all of it is shown as it is */
        *to = '"';
        to = native_put_shown(native, to + 1, text);
    }
    if (to) {
        *to = '"';
        pen_close(w, to + 1);
        return;
    }
    if (native->mask) {
        text = mask_value(native->mask, RUNNING, text, &native->scratch);
    }
    (void)writer_string(w, text);
}

void native_write_shown_url(struct native *native, struct writer *w, struct slice url) {
    (void)writer_string(w, native->mask ? mask_url(native->mask, url, &native->scratch) : url);
}
