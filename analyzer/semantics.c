/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics.h"

static bool is_known(const struct http_message *m) {
    return m->seen && m->head_complete && m->headers.dropped == 0 && m->headers.count <= UINT16_MAX;
}

void semantics_of(const struct transaction *t, struct semantics *s) {
    field_index_make(&s->request, &t->request.headers);
    field_index_make(&s->response, &t->response.headers);
    field_counts_make(&s->request_fields, &s->request);
    field_counts_make(&s->response_fields, &s->response);
    s->request_known = is_known(&t->request);
    s->response_known = is_known(&t->response);
    s->has_status = t->response.seen && t->response.line[0].len > 0;
    s->status = s->has_status ? status_find(t->response.status) : NULL;
    semantics_caching_read(&s->caching, s, t);
    semantics_conditional_read(&s->conditional, s, t);
    semantics_cached_read(&s->cached, &s->response);
    semantics_range_read(&s->range, s, t);
}
