/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/known_exchange.h"

enum { FIXDATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1, KEY_METHOD_BYTES = sizeof(uint64_t) };

#define PLAIN_REQUEST(X, w)                                                                                  \
    X(OTHER, w) | X(HOST, w) | X(USER_AGENT, w) | X(COOKIE, w) | X(CONTENT_LENGTH, w) | X(ORIGIN, w) |       \
        X(SEC_FETCH_SITE, w) | X(SEC_FETCH_MODE, w) | X(SEC_FETCH_DEST, w) | X(SEC_FETCH_USER, w) |          \
        X(UPGRADE_INSECURE_REQUESTS, w) | X(DNT, w)
#define PLAIN_RESPONSE(X, w)                                                                                 \
    X(OTHER, w) | X(SERVER, w) | X(CONTENT_LENGTH, w) | X(SET_COOKIE, w) | X(KEEP_ALIVE, w) |                \
        X(SERVER_TIMING, w)
/* Of these neither the rules nor `caching`, `conditional` and `range` read a value, but for what is in the
 * key, or read again. */
#define FREE_REQUEST(X, w)                                                                                   \
    PLAIN_REQUEST(X, w)                                                                                      \
    | X(PRIORITY, w) | X(X_REQUEST_ID, w) | X(TRACEPARENT, w) | X(B3, w) | X(X_B3_TRACEID, w) |              \
        X(X_B3_SPANID, w) | X(X_B3_PARENTSPANID, w) | X(X_B3_SAMPLED, w) | X(X_B3_FLAGS, w) |                \
        X(UBER_TRACE_ID, w)
#define FREE_RESPONSE(X, w)                                                                                  \
    PLAIN_RESPONSE(X, w)                                                                                     \
    | X(X_REQUEST_ID, w) | X(LINK, w) | X(CONTENT_SECURITY_POLICY, w) |                                      \
        X(CONTENT_SECURITY_POLICY_REPORT_ONLY, w) | X(STRICT_TRANSPORT_SECURITY, w)
#define JUDGED_REQUEST(X, w)                                                                                 \
    X(REFERER, w) | X(ACCEPT, w) | X(ACCEPT_CHARSET, w) | X(ACCEPT_ENCODING, w) | X(ACCEPT_LANGUAGE, w) |    \
        X(CONNECTION, w)
#define ALWAYS_JUDGED(X, w)     X(REFERER, w)
#define COMPARED_RESPONSE(X, w) X(DATE, w) | X(LAST_MODIFIED, w) | X(ETAG, w)
#define VARYING_RESPONSE(X, w)  COMPARED_RESPONSE(X, w) | X(CONTENT_TYPE, w)
/* Of these neither what is told between the others reads one. */
#define LOOSE_REQUEST(X, w)  PLAIN_REQUEST(X, w) | ALWAYS_JUDGED(X, w)
#define LOOSE_RESPONSE(X, w) PLAIN_RESPONSE(X, w) | VARYING_RESPONSE(X, w)
/* With these Connection says more. */
#define HOPS_REQUEST(X, w) X(TE, w) | X(UPGRADE, w)
#define CONDITIONS_REQUEST(X, w)                                                                             \
    X(IF_MATCH, w) | X(IF_NONE_MATCH, w) | X(IF_MODIFIED_SINCE, w) | X(IF_UNMODIFIED_SINCE, w)
#define UNUSUAL_REQUEST(X, w)  X(IF_RANGE, w)
#define UNUSUAL_RESPONSE(X, w) X(CONTENT_LOCATION, w) | X(RETRY_AFTER, w)

static const uint64_t free_request[] = FIELD_NAME_WORDS(FREE_REQUEST),
                      free_response[] = FIELD_NAME_WORDS(FREE_RESPONSE);
static const uint64_t judged_request[] = FIELD_NAME_WORDS(JUDGED_REQUEST),
                      always[] = FIELD_NAME_WORDS(ALWAYS_JUDGED);
static const uint64_t compared_response[] = FIELD_NAME_WORDS(COMPARED_RESPONSE);
static const uint64_t varying_response[] = FIELD_NAME_WORDS(VARYING_RESPONSE);
static const uint64_t hops_request[] = FIELD_NAME_WORDS(HOPS_REQUEST),
                      conditions[] = FIELD_NAME_WORDS(CONDITIONS_REQUEST);
static const uint64_t unusual_request[] = FIELD_NAME_WORDS(UNUSUAL_REQUEST);
static const uint64_t unusual_response[] = FIELD_NAME_WORDS(UNUSUAL_RESPONSE);
const uint64_t known_exchange_loose[2][FIELD_INDEX_WORDS] = {FIELD_NAME_WORDS(LOOSE_REQUEST),
                                                             FIELD_NAME_WORDS(LOOSE_RESPONSE)};

/* Are all of `names` in one of the others? */
static bool all_in(const uint64_t names[FIELD_INDEX_WORDS], const uint64_t a[FIELD_INDEX_WORDS],
                   const uint64_t b[FIELD_INDEX_WORDS]) {
    return ((names[0] & ~(a[0] | b[0])) | (names[1] & ~(a[1] | b[1])) | (names[2] & ~(a[2] | b[2]))) == 0;
}

/* The rules that ask for a location, a range or a body are out. */
static bool is_usual_status(unsigned status) {
    bool redirect = status / 100 == 3 && status != 300 && status != 304;
    return status >= 200 && status <= 599 && !redirect && status != 205 && status != 206 && status != 416;
}

static bool is_usual_request(const struct transaction *t) {
    const struct http_message *m = &t->request;
    return m->major == 1 && m->minor == 1 && m->oddities == 0 && m->trailers.count == 0 &&
           m->line[0].len > 0 && m->line[0].len <= KEY_METHOD_BYTES && m->line[1].len > 0 &&
           m->line[1].ptr[0] == '/' && t->target.form == TARGET_ORIGIN && t->target.oddities == 0 &&
           t->target.userinfo.len == 0;
}

static bool is_usual_response(const struct http_message *m) {
    return m->major == 1 && m->minor <= 1 && m->trailers.count == 0 && is_usual_status(m->status);
}

/* Two-digit years are read by the time of capture. */
static bool is_timeless(const struct field_index *index, enum field_name name) {
    enum { SHORT = 12 }; /* too short for a date: a number */
    size_t len = field_index_value(index, name).len;
    return len == FIXDATE_BYTES || len < SHORT;
}

static bool is_usual(const struct transaction *t, const struct semantics *s) {
    const struct field_index *request = &s->request, *response = &s->response;
    return t->type == TRANSACTION_PAIR && s->has_status && s->request_known && s->response_known &&
           t->interim_count == 0 && is_usual_request(t) && is_usual_response(&t->response) &&
           !request->any_repeats && !field_names_meet(request->present, unusual_request) &&
           !field_names_meet(response->present, unusual_response) &&
           is_timeless(request, FIELD_NAME_IF_MODIFIED_SINCE) && is_timeless(request, FIELD_NAME_DATE) &&
           is_timeless(request, FIELD_NAME_LAST_MODIFIED) &&
           is_timeless(request, FIELD_NAME_IF_UNMODIFIED_SINCE) && is_timeless(response, FIELD_NAME_EXPIRES);
}

/* It is one, or none is there. */
static bool type_is_proper(struct semantics *s) {
    semantics_read_type(s);
    return s->response_type.valid || !field_index_has(&s->response, FIELD_NAME_CONTENT_TYPE);
}

/* Since when the known head has the value of Content-Type that the message has; 0 where that is another. */
static uint64_t stamp_of_type(const struct semantics *s) {
    const struct known_likeness *like = &s->response_like;
    bool known = field_index_has(&s->response, FIELD_NAME_CONTENT_TYPE) &&
                 !field_names_have(like->names, FIELD_NAME_CONTENT_TYPE);
    return known ? like->head->lines[s->response.first[FIELD_NAME_CONTENT_TYPE]].stamp : 0;
}

/* Are dates, or the entity tag, held against others? */
static bool compares(const struct semantics *s) {
    return field_names_meet(s->request.present, conditions) ||
           field_index_has(&s->response, FIELD_NAME_EXPIRES);
}

static uint64_t framing_bits(const struct http_message *m) {
    return (uint64_t)m->framing.kind << 1 | (m->framing.kind == H1_BODY_LENGTH && m->framing.length > 0);
}

/* All that it depends on beside the fields. */
static struct known_exchange_key key_of(const struct transaction *t, const struct semantics *s) {
    const struct http_message *request = &t->request, *response = &t->response;
    const struct known_head *head = s->response_like.head;
    const bool whole = compares(s);
    struct known_exchange_key key = {.cores = {s->request_like.head->core, whole ? head->stamp : head->core},
                                     .method = 0,
                                     .scene = (uint64_t)request->fields.oddities << 32 |
                                              (uint64_t)response->status << 16 | framing_bits(request) << 8 |
                                              framing_bits(response) << 2 | (uint64_t)whole << 1 |
                                              response->minor};
    memcpy(&key.method, request->line[0].ptr, request->line[0].len);
    return key;
}

static bool is_same(const struct known_exchange_key *a, const struct known_exchange_key *b) {
    return ((a->cores[0] ^ b->cores[0]) | (a->cores[1] ^ b->cores[1]) | (a->method ^ b->method) |
            (a->scene ^ b->scene)) == 0;
}

/* Dates and the entity tag break no rule, and say nothing but themselves. */
static bool read_varying(const struct transaction *t, struct semantics *s) {
    struct semantics_caching *c = &s->caching;
    const struct field_index *response = &s->response;
    int64_t now = t->response.first.time_ns / NS_PER_SECOND;
    if (!is_timeless(response, FIELD_NAME_DATE) || !is_timeless(response, FIELD_NAME_LAST_MODIFIED)) {
        return false;
    }
    semantics_date_read(&c->date, response, FIELD_NAME_DATE, now, s->memo);
    semantics_date_read(&c->last_modified, response, FIELD_NAME_LAST_MODIFIED, now, s->memo);
    c->expires.legal = false; /* dates don't vary beside it */
    c->has_etag = field_index_has(response, FIELD_NAME_ETAG);
    c->etag = field_index_value(response, FIELD_NAME_ETAG);
    c->etag_legal = etag_read(c->etag, &c->etag_weak);
    bool dates = (!c->date.present || (c->date.legal && c->date.proper)) &&
                 (!c->last_modified.present || (c->last_modified.legal && c->last_modified.proper));
    bool future = c->date.present && c->last_modified.present && c->last_modified.seconds > c->date.seconds;
    return dates && !future && (!c->has_etag || c->etag_legal);
}

/* Do the values that differ leave the rest as it is? */
static bool is_free(const struct semantics *s) {
    const uint64_t *request = s->request_like.names, *response = s->response_like.names;
    bool varies = field_names_meet(response, compared_response);
    bool hops = field_names_have(request, FIELD_NAME_CONNECTION) &&
                field_names_meet(s->request.present, hops_request);
    return all_in(request, free_request, judged_request) &&
           all_in(response, free_response, varying_response) && !s->response.any_repeats && !hops &&
           !(varies && compares(s));
}

/* A Referer is judged always, the others where they are not the head's. */
static void find_judged(struct semantics *s) {
    for (unsigned i = 0; i < FIELD_INDEX_WORDS; i++) {
        s->judged[i] = (s->request_like.names[i] & judged_request[i]) | (s->request.present[i] & always[i]);
    }
}

void known_exchange_find(struct known_heads *heads, const struct transaction *t, struct semantics *s) {
    s->exchange = NULL;
    s->exchange_known = false;
    s->varies = 0;
    if (!s->request_like.head || !s->response_like.head || !is_free(s) || !is_usual(t, s) ||
        !read_varying(t, s)) {
        return;
    }
    const struct known_exchange_key key = key_of(t, s);
    uint64_t hash = (key.cores[0] * 41 + key.cores[1] * 11 + key.scene) * UINT64_C(0x9e3779b97f4a7c15);
    struct known_exchange *exchange = &heads->exchanges[hash >> (64 - EXCHANGE_BITS)];
    const uint64_t *names = s->response_like.names;
    bool dates =
        field_names_have(names, FIELD_NAME_DATE) || field_names_have(names, FIELD_NAME_LAST_MODIFIED);
    bool etag = field_names_have(names, FIELD_NAME_ETAG);
    s->varies = (dates ? EXCHANGE_DATES : 0U) | (etag ? EXCHANGE_ETAG : 0U);
    s->exchange = exchange;
    find_judged(s);
    s->exchange_known = exchange->stamp && is_same(&exchange->key, &key);
    uint64_t type = stamp_of_type(s);
    if (!(s->exchange_known && type && type == exchange->type) && !type_is_proper(s)) {
        s->exchange_known = false;
        s->exchange = NULL;
        return;
    }
    if (s->exchange_known && !notes_none(&exchange->notes) && field_names_meet(s->judged, s->judged)) {
        s->exchange_known = false; /* which notes are those fields'? */
        s->exchange = NULL;
    } else if (!s->exchange_known) {
        exchange->key = key;
        exchange->stamp = 0; /* until it is learned */
        exchange->slot = (uint16_t)(exchange - heads->exchanges);
        exchange->next = ++heads->stamps;
        exchange->type = type;
    }
}

void known_exchange_learn(struct semantics *s, const struct notes *notes) {
    if (!notes_none(notes) && field_names_meet(s->judged, s->judged)) {
        s->exchange = NULL;
        return;
    }
    s->exchange->notes = *notes;
    s->exchange->stamp = s->exchange->next;
}
