/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that bind the sender of a request and of a response alike. */
#include "analyzer/conformance_parts.h"

/* Fields that frame, route, authenticate or control, or say how to read the content (RFC 9110 section 6.5.1).
 */
static bool is_for_head(enum field_name name) {
    static const bool for_head[FIELD_NAMES] = {
        [FIELD_NAME_AGE] = true,
        [FIELD_NAME_AUTHORIZATION] = true,
        [FIELD_NAME_CACHE_CONTROL] = true,
        [FIELD_NAME_CONNECTION] = true,
        [FIELD_NAME_CONTENT_ENCODING] = true,
        [FIELD_NAME_CONTENT_LENGTH] = true,
        [FIELD_NAME_CONTENT_RANGE] = true,
        [FIELD_NAME_CONTENT_TYPE] = true,
        [FIELD_NAME_COOKIE] = true,
        [FIELD_NAME_EXPECT] = true,
        [FIELD_NAME_EXPIRES] = true,
        [FIELD_NAME_HOST] = true,
        [FIELD_NAME_IF_MATCH] = true,
        [FIELD_NAME_IF_MODIFIED_SINCE] = true,
        [FIELD_NAME_IF_NONE_MATCH] = true,
        [FIELD_NAME_IF_RANGE] = true,
        [FIELD_NAME_IF_UNMODIFIED_SINCE] = true,
        [FIELD_NAME_LOCATION] = true,
        [FIELD_NAME_MAX_FORWARDS] = true,
        [FIELD_NAME_PRAGMA] = true,
        [FIELD_NAME_PROXY_AUTHENTICATE] = true,
        [FIELD_NAME_PROXY_AUTHORIZATION] = true,
        [FIELD_NAME_RANGE] = true,
        [FIELD_NAME_RETRY_AFTER] = true,
        [FIELD_NAME_SET_COOKIE] = true,
        [FIELD_NAME_TE] = true,
        [FIELD_NAME_TRAILER] = true,
        [FIELD_NAME_TRANSFER_ENCODING] = true,
        [FIELD_NAME_VARY] = true,
        [FIELD_NAME_WWW_AUTHENTICATE] = true,
    };
    return for_head[name];
}

static void judge_trailers(struct notes *notes, const struct header_list *trailers) {
    for (uint32_t i = 0; i < trailers->count; i++) {
        if (is_for_head(header_field_name(&trailers->items[i]))) {
            notes_add(notes, NOTE_TRAILER_FORBIDDEN);
        }
    }
}

/* Connection must name Upgrade and TE (RFC 9110 section 7.6.1). */
static void judge_connection(struct notes *notes, const struct http_message *m,
                             const struct field_index *index, bool request, bool known) {
    bool te = request && field_index_has(index, FIELD_NAME_TE);
    if (known && ((m->fields.upgrade && !m->fields.connection_upgrade) ||
                  (te && !conformance_names(index, FIELD_NAME_CONNECTION, "te")))) {
        notes_add(notes, NOTE_CONNECTION_OPTION_MISSING);
    }
}

/* Dates that were read already; true when the date is one. */
static bool judge_read_date(struct notes *notes, const struct field_index *index, enum field_name name,
                            const struct semantics_date *date) {
    if (date->legal && !date->proper) {
        conformance_note_date(notes, field_index_value(index, name), date->seconds);
    }
    return date->legal || !date->present;
}

void conformance_judge_message(struct notes *notes, const struct http_message *m, const struct semantics *s,
                               bool request) {
    const struct semantics_caching *c = &s->caching;
    const struct field_index *index = request ? &s->request : &s->response;
    const struct media_type *type = request ? &s->request_type : &s->response_type;
    bool old = m->major == 0 && m->minor == 9;
    if (!old && (m->major != 1 || m->minor > 1)) {
        notes_add(notes, NOTE_VERSION_UNKNOWN);
    }
    if (!type->valid && field_index_has(index, FIELD_NAME_CONTENT_TYPE)) {
        notes_add(notes, NOTE_CONTENT_TYPE_SYNTAX);
    }
    if (!request && (!judge_read_date(notes, index, FIELD_NAME_DATE, &c->date) ||
                     !judge_read_date(notes, index, FIELD_NAME_LAST_MODIFIED, &c->last_modified))) {
        notes_add(notes, NOTE_DATE_SYNTAX);
    }
    if (!request && !judge_read_date(notes, index, FIELD_NAME_EXPIRES, &c->expires)) {
        notes_add(notes, NOTE_EXPIRES_NO_DATE);
    }
    judge_trailers(notes, &m->trailers);
    judge_connection(notes, m, index, request, request ? s->request_known : s->response_known);
}
