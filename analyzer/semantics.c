/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics.h"

#include "analyzer/known_exchange.h"

static bool is_known(const struct http_message *m) {
    return m->seen && m->head_complete && m->headers.dropped == 0 && m->headers.count <= UINT16_MAX;
}

static bool has_content(const struct transaction *t) {
    const struct http_message *m = &t->response;
    bool framed = m->framing.kind == H1_BODY_CHUNKED || m->framing.kind == H1_BODY_CLOSE ||
                  (m->framing.kind == H1_BODY_LENGTH && m->framing.length > 0);
    return m->seen && m->head_complete && framed;
}

bool semantics_has_known_content(const struct semantics *s, const struct transaction *t) {
    return has_content(t) && s->response_known;
}

/* What a browser shows as a page. */
static bool is_document(const struct media_type *media) {
    return media->valid &&
           ((slice_is_nocase(media->type, "text") && slice_is_nocase(media->subtype, "html")) ||
            (slice_is_nocase(media->type, "application") && slice_is_nocase(media->subtype, "xhtml+xml")));
}

static unsigned status_of(const struct transaction *t) {
    return t->response.seen ? t->response.status : 0;
}

struct cookie_scene semantics_cookie_scene(const struct transaction *t) {
    return (struct cookie_scene){.host = t->target.domain,
                                 .now = t->response.first.time_ns / NS_PER_SECOND,
                                 .cleartext = true}; /* what hark can read is */
}

struct security_scene semantics_security_scene(const struct semantics *s, const struct transaction *t) {
    unsigned status = status_of(t);
    bool content = semantics_has_known_content(s, t);
    return (struct security_scene){.cleartext = true,
                                   .content = content && status >= 200 && status < 300,
                                   .document =
                                       content && status / 100 != 3 && is_document(&s->response_type)};
}

struct intermediary_scene semantics_intermediary_scene(const struct semantics *s,
                                                       const struct transaction *t) {
    return (struct intermediary_scene){.request_seen = t->request.seen,
                                       .form = t->target.form,
                                       .connect = slice_is(t->request.line[0], "CONNECT"),
                                       .status = status_of(t),
                                       .request_cut = !s->request_known,
                                       .response_cut = !s->response_known};
}

unsigned semantics_known_status(const struct semantics *s, const struct transaction *t) {
    return s->has_status && s->response_known ? status_of(t) : 0;
}

static void read_type(struct media_type *type, const struct field_index *index, struct value_memo *memo) {
    type->valid = type->has_boundary = false;
    if (field_index_has(index, FIELD_NAME_CONTENT_TYPE)) {
        value_memo_media(memo, field_index_value(index, FIELD_NAME_CONTENT_TYPE), type);
    }
}

void semantics_read_type(struct semantics *s) {
    if (!s->type_read) {
        s->type_read = true;
        read_type(&s->response_type, &s->response, s->memo);
    }
}

/* The indexes, and what is known of the heads, are there. */
static void read_fields(const struct transaction *t, struct semantics *s) {
    s->read = true;
    s->status = s->has_status ? value_memo_status(s->memo, t->response.status) : NULL;
    read_type(&s->request_type, &s->request, s->memo);
    semantics_read_type(s);
    semantics_caching_read(&s->caching, s, t);
    semantics_conditional_read(&s->conditional, s, t);
    semantics_range_read(&s->range, s, t);
}

void semantics_read_rest(struct semantics *s, const struct transaction *t) {
    if (!s->read) {
        read_fields(t, s);
    }
}

static bool has_status(const struct transaction *t) {
    return t->response.seen && t->response.line[0].len > 0;
}

static void read_head(struct known_heads *heads, const struct http_message *m, struct known_likeness *like,
                      struct field_index *index) {
    known_heads_find(heads, m, like);
    if (like->head) {
        field_index_take(index, &m->headers, &like->head->index);
    } else {
        field_index_make(index, &m->headers);
    }
}

void semantics_of_known(const struct transaction *t, struct value_memo *memo, struct known_heads *heads,
                        bool tells_caching, struct semantics *s) {
    s->memo = memo;
    s->for_notes = !tells_caching;
    read_head(heads, &t->request, &s->request_like, &s->request);
    read_head(heads, &t->response, &s->response_like, &s->response);
    s->request_known = is_known(&t->request);
    s->response_known = is_known(&t->response);
    s->has_status = has_status(t);
    s->read = s->type_read = false;
    known_exchange_find(heads, t, s);
    if (!s->exchange_known) {
        read_fields(t, s);
    }
}

void semantics_of(const struct transaction *t, struct value_memo *memo, struct semantics *s) {
    semantics_of_known(t, memo, NULL, true, s);
}

void semantics_of_for_notes(const struct transaction *t, struct value_memo *memo, struct semantics *s) {
    semantics_of_known(t, memo, NULL, false, s);
}

/* Was any of them there? */
static bool hide(struct field_index *index, const uint64_t hidden[FIELD_INDEX_WORDS]) {
    bool any = false;
    for (unsigned i = 0; i < FIELD_INDEX_WORDS; i++) {
        any |= (index->present[i] & hidden[i]) != 0;
        index->present[i] &= ~hidden[i];
    }
    return any;
}

void semantics_of_rest(const struct transaction *t, const uint64_t hidden[FIELD_INDEX_WORDS],
                       struct semantics *s) {
    s->memo = NULL;
    s->for_notes = false;
    s->request_like.head = s->response_like.head = NULL;
    field_index_make(&s->request, &t->request.headers);
    field_index_make(&s->response, &t->response.headers);
    s->exchange = NULL;
    s->exchange_known = s->type_read = false;
    s->has_status = has_status(t);
    s->request_known = !hide(&s->request, hidden) && is_known(&t->request);
    s->response_known = !hide(&s->response, hidden) && is_known(&t->response);
    read_fields(t, s);
}
