/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_parts.h"

static void write_links(struct native *native, struct writer *w, const struct semantics_hints *hints) {
    uint32_t kept = hints->link_count < LINKS_KEPT ? hints->link_count : LINKS_KEPT;
    if (kept) {
        WRITER_KEY(w, "links");
        writer_begin_array(w);
        for (uint32_t i = 0; i < kept; i++) {
            writer_begin_object(w);
            WRITER_KEY(w, "target");
            native_write_shown_url(native, w, hints->links[i].target);
            if (hints->links[i].relation.len) {
                WRITER_KEY(w, "rel");
                native_write_shown(native, w, hints->links[i].relation);
            }
            writer_end_object(w);
        }
        writer_end_array(w);
    }
    if (hints->link_count > kept) {
        WRITER_KEY(w, "links_dropped");
        writer_unsigned(w, hints->link_count - kept);
    }
    if (hints->links_malformed) {
        WRITER_RAW(w, "\"links_malformed\":true");
    }
}

static void write_priority(struct writer *w, const char *key, const struct priority *priority) {
    if (!priority->present) {
        return;
    }
    writer_key(w, key);
    writer_begin_object(w);
    if (priority->malformed) {
        WRITER_RAW(w, "\"malformed\":true");
    }
    WRITER_KEY(w, "urgency");
    writer_unsigned(w, priority->urgency);
    WRITER_KEY(w, "incremental");
    writer_bool(w, priority->incremental);
    writer_end_object(w);
}

void native_write_semantics_hints(struct native *native, struct writer *w,
                                  const struct semantics_hints *hints) {
    bool linked = hints->link_count || hints->links_malformed;
    if (!linked && !hints->request.present && !hints->response.present) {
        return;
    }
    WRITER_KEY(w, "hints");
    writer_begin_object(w);
    write_links(native, w, hints);
    write_priority(w, "request_priority", &hints->request);
    write_priority(w, "response_priority", &hints->response);
    writer_end_object(w);
}
