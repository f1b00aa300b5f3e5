/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that bind the sender of a response. Those that ask what the request was hold only for a pair. */
#include "analyzer/conformance_parts.h"
#include "analyzer/conformance_redirect.h"
#include "analyzer/message.h"
#include "analyzer/method.h"

/* Fields without which the status can't be understood. */
static void judge_needed_fields(struct notes *notes, unsigned status, const struct field_index *index) {
    switch (status) {
    case 101:
    case 426:
        if (!field_index_has(index, FIELD_NAME_UPGRADE)) {
            notes_add(notes, NOTE_UPGRADE_MISSING);
        }
        break;
    case 401:
        if (!field_index_has(index, FIELD_NAME_WWW_AUTHENTICATE)) {
            notes_add(notes, NOTE_CHALLENGE_MISSING);
        }
        break;
    case 405:
        if (!field_index_has(index, FIELD_NAME_ALLOW)) {
            notes_add(notes, NOTE_ALLOW_MISSING);
        }
        break;
    case 407:
        if (!field_index_has(index, FIELD_NAME_PROXY_AUTHENTICATE)) {
            notes_add(notes, NOTE_CHALLENGE_MISSING);
        }
        break;
    default:
        break;
    }
    if (status >= 200 && status < 500 && !field_index_has(index, FIELD_NAME_DATE)) {
        notes_add(notes, NOTE_DATE_MISSING);
    }
}

/* If and Overwrite (RFC 4918 sections 10.4 and 10.6), If-Schedule-Tag-Match (RFC 6638), and others of the
 * kind. */
static bool has_other_condition(const struct header_list *fields) {
    for (uint32_t i = 0; i < fields->count; i++) {
        struct slice name = fields->items[i].name;
        if (slice_equal_nocase(slice_first(name, 3), slice_of("if-")) || slice_is_nocase(name, "if") ||
            slice_is_nocase(name, "overwrite")) {
            return true;
        }
    }
    return false;
}

static bool is_conditional(const struct field_index *request, unsigned status) {
    if (field_index_has(request, FIELD_NAME_IF_NONE_MATCH) ||
        field_index_has(request, FIELD_NAME_IF_MODIFIED_SINCE)) {
        return true;
    }
    return status == 412 && has_other_condition(request->list);
}

/* Was the first protocol of the 101, the one that follows, offered (RFC 9110 section 7.8)? */
static bool is_offered(const struct field_index *request, const struct field_index *response) {
    struct field_list chosen = field_list_of(response, FIELD_NAME_UPGRADE);
    struct field_list offers = field_list_of(request, FIELD_NAME_UPGRADE);
    struct slice protocol, offer;
    bool named = field_list_next(&chosen, &protocol);
    while (field_list_next(&offers, &offer)) {
        if (!named || slice_equal_nocase(offer, protocol)) {
            return true;
        }
    }
    return false;
}

/* What the answer says that the request, whose whole head is known, asked for. */
static void judge_against_request(struct notes *notes, const struct transaction *t,
                                  const struct field_index *request, const struct field_index *response) {
    unsigned status = t->response.status;
    if (status == 416 && !field_index_has(request, FIELD_NAME_RANGE)) {
        notes_add(notes, NOTE_PARTIAL_UNASKED);
    }
    if ((status == 304 || status == 412) && !is_conditional(request, status)) {
        notes_add(notes, NOTE_CONDITION_UNASKED);
    }
    if (status == 101 && !is_offered(request, response)) {
        notes_add(notes, NOTE_SWITCH_UNASKED);
    }
    if (conformance_is_1_0(&t->request)) {
        if (t->interim_count || status == 101) {
            notes_add(notes, NOTE_INTERIM_TO_1_0);
        }
        if (t->response.fields.coding_count) {
            notes_add(notes, NOTE_TRANSFER_ENCODING_TO_1_0);
        }
    }
}

/* Must every server answer the request with 400 (RFC 9112 sections 3.2, 5.1 and 6.3)? */
static bool is_bad_request(const struct transaction *t) {
    static const enum note_id faults[] = {
        NOTE_HOST_MISSING,  NOTE_HOST_REPEATED,   NOTE_HOST_SYNTAX,      NOTE_SPACE_BEFORE_COLON,
        NOTE_LENGTH_SYNTAX, NOTE_LENGTH_CONFLICT, NOTE_NOT_CHUNKED_LAST,
    };
    struct notes request = {.seen = {0}};
    message_note_oddities(&request, t->request.oddities, t->request.fields.oddities);
    message_note_target(&request, &t->request, &t->target);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (notes_has(&request, faults[i])) {
            return true;
        }
    }
    return slice_is(t->request.line[0], "CONNECT") && t->target.oddities & TARGET_ODD_FORM;
}

/* What the status says about a request of that kind. */
static void judge_status(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    unsigned status = t->response.status;
    bool proxied = t->target.form == TARGET_ABSOLUTE;
    if (status == 101 && t->request.fields.expect_continue && t->interim_count == 0) {
        notes_add(notes, NOTE_SWITCH_BEFORE_CONTINUE);
    }
    if (status >= 200 && status < 400 && s->request_known && is_bad_request(t)) {
        notes_add(notes, NOTE_BAD_REQUEST_ACCEPTED);
    }
    if (status == 501 && method_reads(t->request.line[0])) {
        notes_add(notes, NOTE_METHOD_REFUSED);
    }
    if (proxied && conformance_is_1_0(&t->request) && t->response.fields.connection_keep_alive) {
        notes_add(notes, NOTE_KEEP_ALIVE_TO_1_0);
    }
    if (status == 415 && field_index_has(&s->response, FIELD_NAME_ACCEPT_ENCODING) && s->request_known &&
        !field_index_has(&s->request, FIELD_NAME_CONTENT_ENCODING)) {
        notes_add(notes, NOTE_ACCEPT_ENCODING_UNRELATED);
    }
}

static bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void conformance_judge_response(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    const struct field_index *request = &s->request, *response = &s->response;
    const struct http_message *m = &t->response;
    const struct header *location = field_index_find(response, FIELD_NAME_LOCATION);
    if (s->caching.has_etag && !s->caching.etag_legal) {
        notes_add(notes, NOTE_ETAG_SYNTAX);
    }
    if (s->response_known && m->major == 1) {
        judge_needed_fields(notes, m->status, response);
    }
    if (m->status == 205 && m->body_bytes) {
        notes_add(notes, NOTE_RESET_CONTENT);
    }
    if (is_redirect(m->status) && !location && s->response_known) {
        notes_add(notes, NOTE_LOCATION_MISSING);
    }
    if (!t->request.seen) {
        return;
    }
    if (s->request_known) {
        judge_against_request(notes, t, request, response);
    }
    judge_status(notes, t, s);
    if (is_redirect(m->status) && location) {
        enum redirect redirect = redirect_judge(t->request.line[0], &t->target, location->value);
        if (redirect == REDIRECT_GROWING) {
            notes_add(notes, NOTE_REDIRECT_GROWING);
        } else if (redirect == REDIRECT_SAME && !field_index_has(response, FIELD_NAME_SET_COOKIE)) {
            notes_add(notes, NOTE_REDIRECT_LOOP); /* with a cookie the next answer may be another one */
        }
    }
}
