/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/pairing.h"

#include <assert.h>

/* "M / HTTP/1.1" and two line ends: less can't hide one. */
enum { SHORTEST_REQUEST = 16 };

void pairing_init(struct pairing *p, enum direction client) {
    *p = (struct pairing){.client = client};
}

/* The client had the server's bytes up to here when it sent the request, at least. */
static uint64_t sent_behind(const struct http_message *request, uint64_t at_least) {
    return request->has_ack && !request->ack_late ? request->ack : at_least;
}

/* The same of whatever comes behind the newest one: what a client has heard only grows. */
static uint64_t newest_behind(const struct pairing *p) {
    uint64_t newest = p->newest ? sent_behind(&p->newest->request, p->newest->sent_behind) : 0;
    return newest > p->sent_behind ? newest : p->sent_behind;
}

void pairing_add(struct pairing *p, struct transaction *t) {
    const struct transaction *before = p->newest;
    t->after_pipelining = p->pipelines;
    if (before && !pairing_is_answered(before) && before->request.has_ack && t->request.has_ack &&
        t->request.ack <= sent_behind(&before->request, before->sent_behind) + before->interim_bytes) {
        p->pipelines = true;
    }
    p->sent_behind = t->sent_behind = sent_behind(&t->request, newest_behind(p));
    if (!p->any_request) {
        p->any_request = true;
        p->first_request_ack = t->sent_behind;
    }
    p->request_unreadable = false;
    t->next = NULL;
    if (p->newest) {
        p->newest->next = t;
    } else {
        p->oldest = t;
    }
    p->newest = t;
    p->count++;
}

void pairing_remove(struct pairing *p, struct transaction *t) {
    struct transaction *previous = NULL;
    struct transaction **link = &p->oldest;
    while (*link != t) {
        assert(*link);
        previous = *link;
        link = &previous->next;
    }
    *link = t->next;
    if (p->newest == t) {
        p->newest = previous;
    }
    t->next = NULL;
    p->count--;
}

void pairing_lost(struct pairing *p, enum direction direction, uint64_t offset) {
    if (offset > p->loss[direction]) {
        p->loss[direction] = offset;
    }
}

void pairing_doubt(struct pairing *p, enum direction direction, uint64_t offset) {
    p->doubt[direction] = offset + 1;
}

/* Is the message perhaps part of one before it, whose end is not sure? */
static bool may_be_inside(const struct pairing *p, enum direction direction, uint64_t offset) {
    uint64_t doubt = p->doubt[direction];
    return doubt && offset >= doubt && p->settled[direction] <= doubt;
}

bool pairing_expects_at(const struct pairing *p, const struct transaction *t, uint64_t *offset) {
    if (p->pipelines || !t->request.has_ack) {
        return false;
    }
    *offset = t->request.ack + t->interim_bytes;
    return true;
}

/* Is the order of what is open no proof any more? */
static bool something_was_lost(const struct pairing *p) {
    return p->unplaced > p->settled[direction_other(p->client)] || p->loss[0] > p->settled[0] ||
           p->loss[1] > p->settled[1];
}

/* a_k < A and q_k <= S */
static bool may_precede(const struct http_message *request, uint64_t at_least,
                        const struct http_message *response) {
    if (response->has_ack && request->offset >= response->ack) {
        return false;
    }
    return !request->has_ack || sent_behind(request, at_least) <= response->offset;
}

static bool may_answer(const struct transaction *t, const struct http_message *response) {
    return !pairing_is_answered(t) && may_precede(&t->request, t->sent_behind, response);
}

/* q_k + (bytes of 1xx) = S. A lost 100 leaves another trace: the client acknowledged it while it sent on, and
 * its last packet's ACK is S. */
static bool fits_exactly(const struct transaction *t, const struct http_message *response) {
    const struct http_message *request = &t->request;
    if (!request->has_ack) {
        return false;
    }
    if (request->ack + t->interim_bytes == response->offset) {
        return true;
    }
    return request->fields.expect_continue && request->end_known && request->last_ack == response->offset &&
           !request->last_ack_late && response->has_ack && response->ack <= request->end_offset;
}

/* Its ACK is late: the true one may fit. */
static bool may_fit(const struct http_message *request, uint64_t interims, uint64_t at_least,
                    const struct http_message *response) {
    return request->has_ack && request->ack_late && at_least + interims <= response->offset &&
           request->ack + interims >= response->offset;
}

/* What the client sent before this request was not captured. Does it certainly hold a request, or part of
 * one, that had no answer when this one was sent? If the client waited for its answers, they lie before q:
 * the last response before q was sent when the server had all of it. Where that response is not known,
 * nothing says so; but where no response lies before q, nothing was answered. */
static bool hides_open_request(const struct pairing *p, const struct transaction *t,
                               const struct http_message *response, const struct pairing_view *view) {
    if (!t->after_gap) {
        return false;
    }
    if (t->after_pipelining || (view->server_start && t->request.ack <= view->server_start)) {
        return true;
    }
    if (p->interim_end && p->interim_end == t->request.ack) {
        return true; /* it has had a 1xx, and waits for more */
    }
    uint64_t answered = p->response_end == t->request.ack ? p->response_ack : 0;
    if (answered == 0 && response->offset == t->request.ack) {
        answered = view->before_ack; /* of whatever stands there */
    }
    return answered && answered + SHORTEST_REQUEST <= t->gap_end;
}

/* Right behind a loss: a request that was sent when the client had more than before is no part of what it
 * sent before, unless those bytes of the server were lost as well. They may have answered what came before
 * the one in whose body this is. */
static bool heard_only_lost(const struct transaction *t, const struct http_message *response,
                            const struct pairing_view *view) {
    return t->after_gap && t->request.offset == t->gap_end && t->heard && view->server_seen <= t->heard &&
           response->offset > t->heard;
}

/* What a search found in the client's stream may be part of a body whose head was lost. A real request there
 * is acknowledged to its end and no further when it is answered. */
static bool is_proved(const struct pairing *p, const struct transaction *t,
                      const struct http_message *response, const struct pairing_view *view) {
    if (t->doubtful || heard_only_lost(t, response, view) || hides_open_request(p, t, response, view)) {
        return false;
    }
    return !t->request.resynchronised || !t->request.end_known || response->ack <= t->request.end_offset;
}

static enum pairing_reason why_none(const struct pairing *p, const struct http_message *response,
                                    const struct pairing_view *view, uint32_t candidates) {
    bool before = view->midstream && (!p->any_request || response->offset < p->first_request_ack);
    if (before && view->first_seen && response->has_ack && response->ack <= view->first_seen) {
        return PAIRING_BEFORE_CAPTURE;
    }
    if (response->has_ack && response->ack > view->captured) {
        return PAIRING_REQUEST_LATE;
    }
    if (candidates) {
        return PAIRING_AMBIGUOUS;
    }
    if (before) {
        return PAIRING_BEFORE_CAPTURE;
    }
    if (p->responses_overdue) {
        return PAIRING_RESPONSE_LATE;
    }
    if (p->request_unreadable) {
        return PAIRING_UNREADABLE;
    }
    return something_was_lost(p) ? PAIRING_REQUEST_LOST : PAIRING_UNSOLICITED;
}

bool pairing_is_plain(const struct pairing *p, const struct http_message *response) {
    const struct transaction *t = p->oldest;
    if (!t || t != p->newest || pairing_is_answered(t) || t->after_gap || t->doubtful) {
        return false;
    }
    const struct http_message *request = &t->request;
    return request->has_ack && !request->ack_late && !request->resynchronised &&
           request->ack + t->interim_bytes == response->offset &&
           !(response->has_ack && request->offset >= response->ack);
}

struct pairing_choice pairing_choose(const struct pairing *p, const struct http_message *response,
                                     const struct pairing_view *view) {
    struct pairing_choice choice = {.by = PAIRING_NONE};
    struct transaction *first = NULL, *exact = NULL;
    unsigned exact_count = 0, perhaps = 0;
    bool lost = something_was_lost(p);
    for (struct transaction *t = p->oldest; t; t = t->next) {
        if (!may_answer(t, response)) {
            continue;
        }
        choice.candidates++;
        first = first ? first : t;
        if (t->request.ack_late && (lost || t != first)) {
            perhaps += may_fit(&t->request, t->interim_bytes, t->sent_behind, response);
        } else if (fits_exactly(t, response)) {
            exact = exact ? exact : t; /* a late ACK that fits agrees with the order */
            exact_count++;
        }
    }
    /* One that has only begun counts like those queued: where a packet happens to be cut must not matter. */
    const struct http_message *begun = view->begun;
    if (begun && may_precede(begun, newest_behind(p), response)) {
        choice.candidates++;
        exact_count += begun->has_ack && !begun->ack_late && begun->ack == response->offset;
        perhaps += may_fit(begun, 0, newest_behind(p), response);
    }
    /* A client that waits for its answers leaves no request open behind which it sends another. */
    choice.pipelined =
        exact_count > 1 || (exact && !exact->doubtful && hides_open_request(p, exact, response, view));
    bool inside = first && (may_be_inside(p, p->client, first->request.offset) ||
                            may_be_inside(p, direction_other(p->client), response->offset));
    bool later_request_unseen = response->has_ack && response->ack > view->captured;
    if (exact && exact_count == 1 && perhaps == 0 && is_proved(p, exact, response, view) &&
        (exact == first || (lost && !p->pipelines))) {
        choice.request = exact;
        choice.by = PAIRING_ACK;
        choice.tentative = exact->after_gap;
    } else if (first && !lost && !later_request_unseen && !inside) {
        choice.request = first;
        choice.by = PAIRING_ORDER;
    } else {
        choice.reason = why_none(p, response, view, choice.candidates);
    }
    return choice;
}

void pairing_bind(struct pairing *p, const struct pairing_choice *choice,
                  const struct http_message *response) {
    const struct transaction *t = choice->request;
    p->pipelines |= choice->pipelined;
    if (!t) {
        /* What the server had received is captured: it answers nothing that comes. */
        bool unasked = choice->reason == PAIRING_UNSOLICITED && response->has_ack;
        p->orphan_response = unasked ? p->orphan_response : response->offset;
        p->unplaced = choice->candidates ? response->offset + 1 : p->unplaced;
        return;
    }
    if (t->request.has_ack && t->request.ack < p->response_end) {
        p->pipelines = true;
    }
    if (choice->by == PAIRING_ACK && !choice->tentative) {
        pairing_confirm(p, t, response);
    }
}

void pairing_confirm(struct pairing *p, const struct transaction *t, const struct http_message *response) {
    p->settled[p->client] = t->request.offset + 1;
    p->settled[direction_other(p->client)] = response->offset + 1;
}

void pairing_response_ended(struct pairing *p, const struct http_message *response) {
    p->response_end = response->end_offset;
    p->response_ack = response->last_ack;
    if (response->last_ack_late) {
        p->response_ack = response->has_ack && !response->ack_late ? response->ack : 0;
    }
    bool timed = !response->truncated && !http_message_end_is_lost(response);
    p->response_end_ns = timed ? response->last.time_ns : 0;
}

enum pairing_verdict pairing_judge(const struct http_message *response, const struct http_message *next,
                                   bool after_gap) {
    if (!next->has_ack || (next->ack == response->end_offset && !next->ack_late)) {
        return PAIRING_CONFIRMED;
    }
    if (next->ack < response->end_offset || next->ack_late) {
        return PAIRING_DENIED;
    }
    /* More of the server's bytes had come. If nothing else is missing, they answered neither of the two. */
    return after_gap || !response->end_known ? PAIRING_CONFIRMED : PAIRING_DENIED;
}

void pairing_deny(struct pairing *p, const struct http_message *response) {
    p->pipelines = true;
    p->orphan_response = response->offset;
    p->unplaced = response->offset + 1;
}

void pairing_forgot(struct pairing *p) {
    p->pipelines = true;
    for (struct transaction *t = p->oldest; t; t = t->next) {
        if (!pairing_is_answered(t)) {
            t->after_gap = t->after_pipelining = true;
            return;
        }
    }
}
