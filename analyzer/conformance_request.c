/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that bind the sender of a request. */
#include "analyzer/conformance_parts.h"

/* Schemes that send the secret itself; the others prove that they know it. */
static bool gives_secret_away(const struct field_index *index, enum field_name name) {
    static const char *const schemes[] = {"basic", "bearer", "token", "apikey", "api-key"};
    struct slice value = field_index_value(index, name);
    struct slice scheme = slice_first(value, slice_find(value, ' '));
    for (size_t i = 0; scheme.len < value.len && i < sizeof schemes / sizeof *schemes; i++) {
        if (slice_is_nocase(scheme, schemes[i])) {
            return true;
        }
    }
    return false;
}

static void judge_credentials(struct notes *notes, const struct transaction *t,
                              const struct field_index *index) {
    bool trace = slice_is(t->request.line[0], "TRACE");
    if (gives_secret_away(index, FIELD_NAME_AUTHORIZATION) ||
        gives_secret_away(index, FIELD_NAME_PROXY_AUTHORIZATION) || t->target.userinfo.len) {
        notes_add(notes, NOTE_CLEARTEXT_CREDENTIALS);
    }
    if (trace &&
        (field_index_has(index, FIELD_NAME_AUTHORIZATION) || field_index_has(index, FIELD_NAME_COOKIE) ||
         field_index_has(index, FIELD_NAME_PROXY_AUTHORIZATION))) {
        notes_add(notes, NOTE_TRACE_SENSITIVE);
    }
}

static bool announces_content(const struct http_message *m) {
    return m->framing.kind == H1_BODY_CHUNKED || (m->framing.kind == H1_BODY_LENGTH && m->framing.length > 0);
}

/* The whole head is known. */
static void judge_content(struct notes *notes, const struct http_message *m,
                          const struct field_index *index) {
    struct field_list expectations = field_list_of(index, FIELD_NAME_EXPECT);
    struct slice expectation;
    if (m->fields.expect_continue && !announces_content(m)) {
        notes_add(notes, NOTE_EXPECT_WITHOUT_CONTENT);
    }
    while (field_list_next(&expectations, &expectation)) {
        if (!slice_is_nocase(expectation, "100-continue")) {
            notes_add(notes, NOTE_EXPECTATION_UNKNOWN);
        }
    }
    if (slice_is(m->line[0], "OPTIONS") && announces_content(m) &&
        !field_index_has(index, FIELD_NAME_CONTENT_TYPE)) {
        notes_add(notes, NOTE_OPTIONS_CONTENT_UNTYPED);
    }
}

/* Is there user information in the authority, or a fragment? */
static bool has_parts_to_keep(struct slice uri) {
    size_t hash = slice_find(uri, '#');
    if (hash < uri.len) {
        return true;
    }
    size_t colon = slice_find(uri, ':');
    struct slice rest = slice_after(uri, colon);
    if (!slice_starts_with(rest, "://")) {
        return false;
    }
    rest = slice_after(rest, 3);
    struct slice authority = slice_first(rest, slice_find(rest, '/'));
    authority = slice_first(authority, slice_find(authority, '?'));
    return slice_find(authority, '@') < authority.len;
}

static bool names_chunked(const struct field_index *index) {
    struct field_list codings = field_list_of(index, FIELD_NAME_TE);
    struct slice coding, parameters;
    while (field_list_next(&codings, &coding)) {
        if (slice_is_nocase(field_front(coding, &parameters), "chunked")) {
            return true;
        }
    }
    return false;
}

void conformance_judge_referer(struct notes *notes, const struct field_index *index) {
    if (has_parts_to_keep(field_index_value(index, FIELD_NAME_REFERER))) {
        notes_add(notes, NOTE_REFERER_PARTS);
    }
}

void conformance_judge_request(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    const struct field_index *index = &s->request;
    judge_credentials(notes, t, index);
    if (s->request_known) {
        judge_content(notes, &t->request, index);
    }
    conformance_judge_referer(notes, index);
    if (field_index_has(index, FIELD_NAME_TE) && names_chunked(index)) {
        notes_add(notes, NOTE_TE_CHUNKED);
    }
}
