/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_conditional.h"

#include "analyzer/method.h"
#include "analyzer/semantics.h"

const char *condition_name(enum condition condition) {
    static const char *const names[CONDITIONS] = {"if_match", "if_unmodified_since", "if_none_match",
                                                  "if_modified_since"};
    return names[condition];
}

const char *conditional_outcome_name(enum conditional_outcome outcome) {
    static const char *const names[] = {
        [CONDITIONAL_UNKNOWN] = "unknown", [CONDITIONAL_NOT_MODIFIED] = "not_modified",
        [CONDITIONAL_FAILED] = "failed",   [CONDITIONAL_PERFORMED] = "performed",
        [CONDITIONAL_IGNORED] = "ignored", [CONDITIONAL_UNASKED] = "unasked",
    };
    return names[outcome];
}

enum { BIT_MATCH = 1 << CONDITION_IF_MATCH, BIT_UNMODIFIED = 1 << CONDITION_IF_UNMODIFIED_SINCE };
enum { BIT_NONE_MATCH = 1 << CONDITION_IF_NONE_MATCH, BIT_MODIFIED = 1 << CONDITION_IF_MODIFIED_SINCE };

/* What a list of entity tags says of the response's. */
struct tags {
    bool any, malformed, names_etag;
    uint32_t count;
};

static struct tags read_tags(const struct field_index *request, enum field_name name, struct slice etag) {
    struct tags tags = {.any = false};
    struct field_list list = field_list_of(request, name);
    struct slice member;
    uint32_t members = 0;
    while (field_list_next(&list, &member)) {
        bool weak;
        members++;
        if (slice_is(member, "*")) {
            tags.any = true;
        } else if (etag_read(member, &weak)) {
            tags.count++;
            tags.names_etag = tags.names_etag || etag_equal_weakly(member, etag);
        } else {
            tags.malformed = true;
        }
    }
    tags.malformed = tags.malformed || members == 0 || (tags.any && members > 1);
    return tags;
}

/* Each is ignored with some methods, a date condition also where the other one of its kind stands, and where
 * it can't be read (sections 13.1.3 and 13.1.4). */
static void evaluate(struct semantics_conditional *c, struct slice method) {
    if (!method_has_conditions(method)) {
        return;
    }
    c->evaluated = c->present & (BIT_MATCH | BIT_NONE_MATCH);
    if (!(c->present & BIT_MATCH)) {
        c->evaluated |= c->present & ~c->malformed & BIT_UNMODIFIED;
    }
    if (!(c->present & BIT_NONE_MATCH) && method_reads(method)) {
        c->evaluated |= c->present & ~c->malformed & BIT_MODIFIED;
    }
}

/* Several dates are none, in one line or in several. */
static void read_date(struct semantics_date *date, const struct semantics *s, enum field_name name,
                      int64_t now) {
    semantics_date_read(date, &s->request, name, now, s->memo);
    date->legal = date->legal && !field_index_repeats(&s->request, name);
}

static bool should_be_304(const struct semantics_conditional *c, const struct semantics *s,
                          const struct tags *none_match, int64_t since, struct slice method) {
    const struct semantics_date *modified = &s->caching.last_modified;
    if (!method_reads(method)) {
        return false;
    }
    if (c->evaluated & BIT_NONE_MATCH) {
        return none_match->any || none_match->names_etag;
    }
    return c->evaluated & BIT_MODIFIED && modified->legal && modified->seconds <= since;
}

void semantics_conditional_read(struct semantics_conditional *c, const struct semantics *s,
                                const struct transaction *t) {
    static const enum field_name names[CONDITIONS] = {FIELD_NAME_IF_MATCH, FIELD_NAME_IF_UNMODIFIED_SINCE,
                                                      FIELD_NAME_IF_NONE_MATCH, FIELD_NAME_IF_MODIFIED_SINCE};
    *c = (struct semantics_conditional){.present = 0};
    for (unsigned i = 0; i < CONDITIONS; i++) {
        c->present |= (unsigned)field_index_has(&s->request, names[i]) << i;
    }
    unsigned status = s->has_status ? t->response.status : 0;
    if (!c->present && status != 304) {
        return;
    }
    int64_t now = t->request.first.time_ns / NS_PER_SECOND;
    struct semantics_date until = {.legal = false}, since = until;
    read_date(&until, s, FIELD_NAME_IF_UNMODIFIED_SINCE, now);
    read_date(&since, s, FIELD_NAME_IF_MODIFIED_SINCE, now);
    struct tags match = read_tags(&s->request, FIELD_NAME_IF_MATCH, s->caching.etag);
    struct tags none_match = read_tags(&s->request, FIELD_NAME_IF_NONE_MATCH, s->caching.etag);
    const bool malformed[CONDITIONS] = {match.malformed, until.present && !until.legal, none_match.malformed,
                                        since.present && !since.legal};
    for (unsigned i = 0; i < CONDITIONS; i++) {
        c->malformed |= (unsigned)malformed[i] << i & c->present;
    }
    c->any = match.any || none_match.any;
    c->tags = c->present & BIT_NONE_MATCH ? none_match.count : match.count;
    evaluate(c, t->request.line[0]);
    if (status == 304 && s->request_known) {
        bool asked = c->evaluated & (BIT_NONE_MATCH | BIT_MODIFIED) && method_reads(t->request.line[0]);
        c->outcome = asked ? CONDITIONAL_NOT_MODIFIED : CONDITIONAL_UNASKED;
    } else if (status == 412 && c->evaluated) {
        c->outcome = CONDITIONAL_FAILED;
    } else if (status >= 200 && status <= 299 && c->evaluated) {
        c->outcome = should_be_304(c, s, &none_match, since.seconds, t->request.line[0])
                         ? CONDITIONAL_IGNORED
                         : CONDITIONAL_PERFORMED;
    }
}
