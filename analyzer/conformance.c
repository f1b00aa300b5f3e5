/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/conformance_parts.h"
#include "analyzer/known_exchange.h"

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

static void judge_range(struct notes *notes, const struct semantics *s) {
    static const enum note_id problems[RANGE_PROBLEMS] = {
        [RANGE_NOT_ASKED] = NOTE_PARTIAL_UNASKED,
        [RANGE_OTHER] = NOTE_CONTENT_RANGE_MISMATCH,
        [RANGE_MULTIPART_FOR_ONE] = NOTE_MULTIPART_UNASKED,
        [RANGE_LENGTH] = NOTE_CONTENT_RANGE_MISMATCH,
        [RANGE_CONTENT_MISSING] = NOTE_CONTENT_RANGE_MISSING,
        [RANGE_CONTENT_MALFORMED] = NOTE_CONTENT_RANGE_SYNTAX,
        [RANGE_CONTENT_IN_MULTIPART] = NOTE_MULTIPART_CONTENT_RANGE,
        [RANGE_CONTENT_UNEXPECTED] = NOTE_CONTENT_RANGE_UNEXPECTED,
        [RANGE_SATISFIABLE] = NOTE_RANGE_REFUSED,
        [RANGE_IF_RANGE_ALONE] = NOTE_IF_RANGE_ALONE,
        [RANGE_IF_RANGE_WEAK] = NOTE_IF_RANGE_WEAK,
        [RANGE_IF_RANGE_FALSE] = NOTE_IF_RANGE_IGNORED,
    };
    for (unsigned i = 0; s->range.problems >> i; i++) {
        if (s->range.problems >> i & 1) {
            notes_add(notes, problems[i]);
        }
    }
    if (s->range.asked && !s->range.asked_legal) {
        notes_add(notes, NOTE_RANGE_SYNTAX);
    }
    if (s->range.outcome == RANGE_MULTIPART && !s->response_type.has_boundary) {
        notes_add(notes, NOTE_BYTERANGES_SYNTAX);
    }
}

static void judge(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    if (t->request.seen) {
        conformance_judge_message(notes, &t->request, s, true);
        conformance_judge_values(notes, &t->request, s, true);
        conformance_judge_request(notes, t, s);
    }
    if (t->response.seen) {
        conformance_judge_message(notes, &t->response, s, false);
        conformance_judge_values(notes, &t->response, s, false);
        conformance_judge_response(notes, t, s);
    }
    judge_range(notes, s);
    if (t->request.seen && t->response.seen) {
        conformance_judge_exchange(notes, t, s);
    }
}

void conformance_judge(struct transaction *t, struct semantics *s) {
    struct notes found = {.seen = {0}};
    if (s->exchange_known) {
        found = s->exchange->notes;
        conformance_judge_changed(&found, t, s);
    } else {
        judge(&found, t, s);
    }
    if (s->exchange && !s->exchange_known) {
        known_exchange_learn(s, &found);
    }
    notes_join(&t->notes, &found);
}
