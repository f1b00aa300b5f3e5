/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics.h"

static bool is_known(const struct http_message *m) {
    return m->seen && m->head_complete && m->headers.dropped == 0 && m->headers.count <= UINT16_MAX;
}

/* Does the final response carry content that was asked for? */
static bool has_content(const struct transaction *t) {
    const struct http_message *m = &t->response;
    bool framed = m->framing.kind == H1_BODY_CHUNKED || m->framing.kind == H1_BODY_CLOSE ||
                  (m->framing.kind == H1_BODY_LENGTH && m->framing.length > 0);
    return m->seen && m->head_complete && framed;
}

/* What a browser shows as a page. */
static bool is_document(const struct message_content *content) {
    const struct media_type *media = &content->media;
    return content->has_type && media->valid &&
           ((slice_is_nocase(media->type, "text") && slice_is_nocase(media->subtype, "html")) ||
            (slice_is_nocase(media->type, "application") && slice_is_nocase(media->subtype, "xhtml+xml")));
}

/* What needs the exchange besides its fields. */
static void read_exchange(const struct transaction *t, struct semantics *s) {
    unsigned status = t->response.seen ? t->response.status : 0;
    bool content = has_content(t), successful = status >= 200 && status < 300;
    const struct cookie_scene cookies = {.host = t->target.domain,
                                         .now = t->response.first.time_ns / NS_PER_SECOND,
                                         .cleartext = true}; /* what hark can read is */
    const struct intermediary_scene way = {.request_seen = t->request.seen,
                                           .form = t->target.form,
                                           .connect = slice_is(t->request.line[0], "CONNECT"),
                                           .status = status};
    semantics_content_read(&s->content, &s->request, &s->response, content);
    const struct security_scene page = {.cleartext = true,
                                        .content = content && successful && s->response_known,
                                        .document = is_document(&s->content.response)};
    semantics_cookies_read(&s->cookies, &s->request, &s->response, &cookies);
    semantics_origin_read(&s->origin, &s->request, &s->response, t->request.line[0], &t->target,
                          s->has_status);
    semantics_security_read(&s->security, &s->response, &page);
    semantics_intermediaries_read(&s->intermediaries, &s->request, &s->response, &way);
}

/* The indexes, and what is known of the heads, are there. */
static void read_fields(const struct transaction *t, struct semantics *s) {
    field_counts_make(&s->request_fields, &s->request);
    field_counts_make(&s->response_fields, &s->response);
    s->has_status = t->response.seen && t->response.line[0].len > 0;
    s->status = s->has_status ? status_find(t->response.status) : NULL;
    semantics_caching_read(&s->caching, s, t);
    semantics_conditional_read(&s->conditional, s, t);
    semantics_cached_read(&s->cached, &s->response);
    semantics_range_read(&s->range, s, t);
    semantics_persistence_read(&s->persistence, s, t);
    semantics_authentication_read(&s->authentication, &s->request, &s->response);
    semantics_hints_read(&s->hints, &s->request, &s->response);
    semantics_trace_read(&s->trace, &s->request, &s->response);
    read_exchange(t, s);
}

void semantics_of(const struct transaction *t, struct semantics *s) {
    field_index_make(&s->request, &t->request.headers);
    field_index_make(&s->response, &t->response.headers);
    s->request_known = is_known(&t->request);
    s->response_known = is_known(&t->response);
    read_fields(t, s);
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
    field_index_make(&s->request, &t->request.headers);
    field_index_make(&s->response, &t->response.headers);
    s->request_known = !hide(&s->request, hidden) && is_known(&t->request);
    s->response_known = !hide(&s->response, hidden) && is_known(&t->response);
    read_fields(t, s);
}
