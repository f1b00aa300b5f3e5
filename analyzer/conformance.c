/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/conformance_parts.h"

bool conformance_names(const struct field_index *index, enum field_name name, const char *token) {
    struct field_list list = field_list_of(index, name);
    struct slice member;
    while (field_list_next(&list, &member)) {
        if (slice_is_nocase(member, token)) {
            return true;
        }
    }
    return false;
}

void conformance_judge(struct transaction *t, const struct semantics *s) {
    if (t->request.seen) {
        conformance_judge_message(&t->notes, &t->request, &s->request, true);
        conformance_judge_values(&t->notes, &t->request, &s->request, true);
        conformance_judge_request(&t->notes, t, &s->request);
    }
    if (t->response.seen) {
        conformance_judge_message(&t->notes, &t->response, &s->response, false);
        conformance_judge_values(&t->notes, &t->response, &s->response, false);
        conformance_judge_response(&t->notes, t, s);
    }
    if (t->request.seen && t->response.seen) {
        conformance_judge_exchange(&t->notes, t, s);
    }
}
