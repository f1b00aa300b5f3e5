/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

#include "output/mask.h"

void native_write_shown(struct native *native, struct writer *w, struct slice text) {
    if (native->options->mask_secrets) {
        text = mask_value(FIELD_OTHER, text, &native->scratch);
    }
    (void)writer_string(w, text);
}

void native_write_shown_url(struct native *native, struct writer *w, struct slice url) {
    (void)writer_string(w, native->options->mask_secrets ? mask_url(url, &native->scratch) : url);
}
