/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on conditions and caches: what an answer shows of how the request was treated. */
#include "analyzer/conformance_parts.h"
#include "analyzer/method.h"

/* Does the field, a list of entity tags, name `tag`? Strongly (RFC 9110 section 8.8.3.2) or weakly. */
static bool names_tag(const struct field_index *request, enum field_name name, struct slice tag,
                      bool strongly) {
    struct field_list list = field_list_of(request, name);
    struct slice member;
    while (field_list_next(&list, &member)) {
        bool weak = false;
        if (slice_is(member, "*")) {
            return true;
        }
        bool legal = etag_read(member, &weak);
        if (legal && strongly ? !weak && slice_equal(member, tag) : legal && etag_equal_weakly(member, tag)) {
            return true;
        }
    }
    return false;
}

/* If-Match and If-Unmodified-Since that did not hold, as a GET's own answer shows. */
static bool is_failed_condition_ignored(const struct transaction *t, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    if (!method_reads(t->request.line[0]) || t->response.status != 200) {
        return false;
    }
    if (s->conditional.evaluated >> CONDITION_IF_MATCH & 1) {
        return c->has_etag && c->etag_legal && !names_tag(&s->request, FIELD_NAME_IF_MATCH, c->etag, true);
    }
    if (!(s->conditional.evaluated >> CONDITION_IF_UNMODIFIED_SINCE & 1)) {
        return false;
    }
    struct semantics_date unmodified;
    semantics_date_read(&unmodified, &s->request, FIELD_NAME_IF_UNMODIFIED_SINCE,
                        t->request.first.time_ns / NS_PER_SECOND, s->memo);
    return unmodified.legal && c->last_modified.legal && c->last_modified.seconds > unmodified.seconds;
}

static void judge_conditions(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    struct slice method = t->request.line[0];
    unsigned status = t->response.status;
    if ((status == 304 && !method_reads(method)) || (status == 412 && !method_has_conditions(method))) {
        notes_add(notes, NOTE_CONDITION_METHOD);
    }
    if (status == 304 && c->has_etag && c->etag_legal &&
        field_index_has(&s->request, FIELD_NAME_IF_NONE_MATCH) &&
        !names_tag(&s->request, FIELD_NAME_IF_NONE_MATCH, c->etag, false)) {
        notes_add(notes, NOTE_NOT_MODIFIED_MISMATCH);
    }
    if (s->conditional.outcome == CONDITIONAL_IGNORED || is_failed_condition_ignored(t, s)) {
        notes_add(notes, NOTE_PRECONDITION_IGNORED);
    }
}

/* May it be served that long behind its lifetime (RFC 5861)? Whether there was an error nobody can see. */
static bool may_be_stale(const struct cache_control *control, uint64_t seconds) {
    static const enum cache_directive directives[] = {CACHE_STALE_WHILE_REVALIDATE, CACHE_STALE_IF_ERROR};
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
        if (cache_control_has(control, directives[i]) &&
            !cache_control_is_malformed(control, directives[i]) &&
            control->seconds[directives[i]] >= seconds) {
            return true;
        }
    }
    return false;
}

/* Age tells that a cache was between: none that made the response for this very request has one. What
 * CDN-Cache-Control says goes before the rest in caches that it is for (RFC 9213), and this may be one. */
static void judge_cache(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    const struct cache_verdict *shared = c->targeted_legal ? &c->cdn_cache : &c->shared_cache;
    const struct cache_control *control = c->targeted_legal ? &c->targeted : &c->response;
    if (!c->decided || !c->has_age || !c->age_legal || c->age == 0) {
        return; /* without verdicts: the head is cut, and what is missing may allow it */
    }
    if (!method_reads(t->request.line[0]) || c->vary_any || shared->validate == CACHE_VALIDATE_ALWAYS ||
        cache_control_has(control, CACHE_NO_STORE)) {
        notes_add(notes, NOTE_CACHED_FORBIDDEN);
    }
    if (shared->has_lifetime && c->age > shared->lifetime) {
        if (shared->validate == CACHE_VALIDATE_WHEN_STALE) {
            notes_add(notes, NOTE_STALE_FORBIDDEN);
        } else if (!cache_control_has(&c->request, CACHE_MAX_STALE) &&
                   !may_be_stale(control, c->age - shared->lifetime)) {
            notes_add(notes, NOTE_STALE_SERVED);
        }
    }
}

void conformance_judge_exchange(struct notes *notes, const struct transaction *t, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    if (c->date.legal && c->last_modified.legal && c->last_modified.seconds > c->date.seconds) {
        notes_add(notes, NOTE_LAST_MODIFIED_FUTURE);
    }
    if (s->request_known) {
        judge_conditions(notes, t, s);
    }
    judge_cache(notes, t, s);
}
