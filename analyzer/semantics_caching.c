/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_caching.h"

#include "analyzer/h1_syntax.h"
#include "analyzer/semantics.h"

const char *cache_storable_name(enum cache_storable storable) {
    static const char *const names[] = {
        [CACHE_STORABLE_UNKNOWN] = "unknown",
        [CACHE_STORABLE] = "storable",
        [CACHE_NOT_METHOD] = "method",
        [CACHE_NOT_STATUS] = "status",
        [CACHE_NOT_REQUEST] = "no_store_in_request",
        [CACHE_NOT_RESPONSE] = "no_store",
        [CACHE_NOT_PRIVATE] = "private",
        [CACHE_NOT_AUTHORIZATION] = "authorization",
        [CACHE_NOT_PERMITTED] = "not_permitted",
    };
    return names[storable];
}

const char *cache_lifetime_by_name(enum cache_lifetime_by by) {
    static const char *const names[] = {
        [CACHE_BY_NOTHING] = "none",    [CACHE_BY_S_MAXAGE] = "s_maxage",   [CACHE_BY_MAX_AGE] = "max_age",
        [CACHE_BY_EXPIRES] = "expires", [CACHE_BY_HEURISTIC] = "heuristic",
    };
    return names[by];
}

void semantics_date_read(struct semantics_date *date, const struct field_index *index, enum field_name name,
                         int64_t now, struct value_memo *memo) {
    date->present = field_index_has(index, name);
    date->legal = date->present &&
                  value_memo_date(memo, field_index_value(index, name), now, &date->seconds, &date->proper);
}

bool etag_read(struct slice text, bool *weak) {
    *weak = text.len >= 2 && text.ptr[0] == 'W' && text.ptr[1] == '/';
    struct slice opaque = slice_after(text, *weak ? 2 : 0);
    if (opaque.len < 2 || opaque.ptr[0] != '"' || opaque.ptr[opaque.len - 1] != '"') {
        return false;
    }
    struct slice inside = slice_make(opaque.ptr + 1, opaque.len - 2);
    return !h1_has_below(inside, ' ' + 1) && slice_find(inside, '"') == inside.len;
}

bool etag_equal_weakly(struct slice a, struct slice b) {
    bool weak_a, weak_b;
    return etag_read(a, &weak_a) && etag_read(b, &weak_b) &&
           slice_equal(slice_after(a, weak_a ? 2 : 0), slice_after(b, weak_b ? 2 : 0));
}

static void read_vary(struct semantics_caching *c, const struct field_index *response) {
    c->vary_any = false;
    c->vary_count = c->vary_dropped = 0;
    struct field_list list = field_list_of(response, FIELD_NAME_VARY);
    struct slice name;
    while (field_list_next(&list, &name)) {
        c->vary_any = c->vary_any || slice_is(name, "*");
        if (c->vary_count < CACHE_VARY_NAMES) {
            c->vary[c->vary_count++] = name;
        } else {
            c->vary_dropped++;
        }
    }
}

static void read_age(struct semantics_caching *c, const struct field_index *response) {
    struct slice value = field_index_value(response, FIELD_NAME_AGE), rest = value, first = value;
    c->has_age = field_index_has(response, FIELD_NAME_AGE);
    (void)field_piece_next(&rest, ',', &first);
    c->age_legal = c->has_age && cache_seconds(first, &c->age);
}

/* Notes ask for them only where Age tells that a cache was between. */
static bool needs_verdicts(const struct semantics_caching *c, const struct semantics *s) {
    return !s->for_notes || c->has_age;
}

/* And dates, and Age. */
static void read_validators(struct semantics_caching *c, const struct semantics *s, int64_t now) {
    const struct field_index *response = &s->response;
    semantics_date_read(&c->date, response, FIELD_NAME_DATE, now, s->memo);
    semantics_date_read(&c->expires, response, FIELD_NAME_EXPIRES, now, s->memo);
    semantics_date_read(&c->last_modified, response, FIELD_NAME_LAST_MODIFIED, now, s->memo);
    c->has_etag = field_index_has(response, FIELD_NAME_ETAG);
    c->etag = field_index_value(response, FIELD_NAME_ETAG);
    c->etag_legal = etag_read(c->etag, &c->etag_weak);
    read_age(c, response);
}

/* The time of capture is only what two-digit years are read by. */
static void read_fields(struct semantics_caching *c, const struct semantics *s, int64_t now) {
    const struct field_index *request = &s->request, *response = &s->response;
    read_validators(c, s, now);
    c->targeted_legal = false;
    if (!needs_verdicts(c, s)) {
        return;
    }
    cache_control_read(&c->request, request, FIELD_NAME_CACHE_CONTROL);
    cache_control_read(&c->response, response, FIELD_NAME_CACHE_CONTROL);
    c->targeted_legal = cache_control_read_targeted(&c->targeted, response, FIELD_NAME_CDN_CACHE_CONTROL);
    c->pragma_no_cache = false;
    if (!c->request.present && field_index_has(request, FIELD_NAME_PRAGMA)) {
        struct field_list list = field_list_of(request, FIELD_NAME_PRAGMA);
        struct slice member;
        while (field_list_next(&list, &member)) {
            c->pragma_no_cache = c->pragma_no_cache || slice_is_nocase(member, "no-cache");
        }
    }
    read_vary(c, response);
}

/* Does the request's target, as it is or as a whole URI, stand there? */
static bool names_target(struct slice location, const struct transaction *t, struct slice host) {
    static const char scheme[] = "http://";
    struct slice target = t->request.line[1];
    if (slice_equal(location, target)) {
        return true;
    }
    struct slice rest = slice_after(location, sizeof scheme - 1);
    return host.len && slice_starts_with(location, scheme) &&
           slice_equal_nocase(slice_first(rest, host.len), host) &&
           slice_equal(slice_after(rest, host.len), target);
}

/* What a cache of one kind goes by. */
struct rules {
    const struct cache_control *response;
    bool expires; /* counts, where it is there */
    bool shared;
};

static bool has_explicit_lifetime(const struct semantics_caching *c, const struct rules *by) {
    return cache_control_has(by->response, CACHE_MAX_AGE) || (by->expires && c->expires.present) ||
           (by->shared && cache_control_has(by->response, CACHE_S_MAXAGE));
}

/* RFC 9110 section 9.2.3, and 9.3.3 for POST. */
static bool method_allows(const struct semantics_caching *c, const struct semantics *s,
                          const struct transaction *t, const struct rules *by) {
    struct slice method = t->request.line[0];
    if (slice_is(method, "GET") || slice_is(method, "HEAD")) {
        return true;
    }
    return slice_is(method, "POST") && has_explicit_lifetime(c, by) &&
           names_target(field_index_value(&s->response, FIELD_NAME_CONTENT_LOCATION), t,
                        field_index_value(&s->request, FIELD_NAME_HOST));
}

static bool is_permitted(const struct semantics_caching *c, unsigned status, const struct rules *by) {
    return cache_control_has(by->response, CACHE_PUBLIC) ||
           (!by->shared && cache_control_has(by->response, CACHE_PRIVATE)) || has_explicit_lifetime(c, by) ||
           status_is_heuristically_cacheable(status);
}

static bool permits_authorized(const struct cache_control *response) {
    return cache_control_has(response, CACHE_MUST_REVALIDATE) || cache_control_has(response, CACHE_PUBLIC) ||
           cache_control_has(response, CACHE_S_MAXAGE);
}

/* RFC 9111 section 3, in the order in which it says it. */
static enum cache_storable storable(const struct semantics_caching *c, const struct semantics *s,
                                    const struct transaction *t, const struct rules *by) {
    bool must_understand = cache_control_has(by->response, CACHE_MUST_UNDERSTAND);
    unsigned code = t->response.status;
    if (!s->request_known || !s->response_known || code == 304) {
        return CACHE_STORABLE_UNKNOWN;
    }
    if (!method_allows(c, s, t, by)) {
        return CACHE_NOT_METHOD;
    }
    if (code < 200 || code > 599 || (must_understand && !s->status)) {
        return CACHE_NOT_STATUS;
    }
    if (cache_control_has(&c->request, CACHE_NO_STORE)) {
        return CACHE_NOT_REQUEST;
    }
    if (!must_understand && cache_control_has(by->response, CACHE_NO_STORE)) {
        return CACHE_NOT_RESPONSE;
    }
    if (by->shared && cache_control_has_whole(by->response, CACHE_PRIVATE)) {
        return CACHE_NOT_PRIVATE;
    }
    if (by->shared && field_index_has(&s->request, FIELD_NAME_AUTHORIZATION) &&
        !permits_authorized(by->response)) {
        return CACHE_NOT_AUTHORIZATION;
    }
    return is_permitted(c, code, by) ? CACHE_STORABLE : CACHE_NOT_PERMITTED;
}

static void set_lifetime(struct cache_verdict *v, uint64_t seconds) {
    v->has_lifetime = true;
    v->lifetime = seconds;
}

/* Section 4.2.1; what can't be read counts as stale. */
static void read_lifetime(struct cache_verdict *v, const struct semantics_caching *c, unsigned status,
                          const struct rules *by) {
    const struct cache_control *response = by->response;
    bool s_maxage = by->shared && cache_control_has(response, CACHE_S_MAXAGE);
    v->has_lifetime = false;
    if (s_maxage || cache_control_has(response, CACHE_MAX_AGE)) {
        enum cache_directive directive = s_maxage ? CACHE_S_MAXAGE : CACHE_MAX_AGE;
        v->by = s_maxage ? CACHE_BY_S_MAXAGE : CACHE_BY_MAX_AGE;
        set_lifetime(v, cache_control_is_malformed(response, directive) ? 0 : response->seconds[directive]);
    } else if (by->expires && c->expires.present) {
        v->by = CACHE_BY_EXPIRES;
        if (!c->expires.legal || (c->date.legal && c->expires.seconds <= c->date.seconds)) {
            set_lifetime(v, 0);
        } else if (c->date.legal) {
            set_lifetime(v, (uint64_t)(c->expires.seconds - c->date.seconds));
        }
    } else if (status_is_heuristically_cacheable(status) || cache_control_has(response, CACHE_PUBLIC)) {
        v->by = CACHE_BY_HEURISTIC;
    } else {
        v->by = CACHE_BY_NOTHING;
    }
    if (v->has_lifetime) {
        uint64_t age = c->age_legal ? c->age : 0;
        v->fresh_for = v->lifetime > age ? v->lifetime - age : 0;
    }
}

static enum cache_validate validate_of(const struct semantics_caching *c, const struct rules *by) {
    const struct cache_control *response = by->response;
    if (cache_control_has_whole(response, CACHE_NO_CACHE) || c->vary_any) {
        return CACHE_VALIDATE_ALWAYS;
    }
    bool when_stale = cache_control_has(response, CACHE_MUST_REVALIDATE) ||
                      (by->shared && (cache_control_has(response, CACHE_PROXY_REVALIDATE) ||
                                      cache_control_has(response, CACHE_S_MAXAGE)));
    return when_stale ? CACHE_VALIDATE_WHEN_STALE : CACHE_VALIDATE_UNSAID;
}

static struct cache_verdict judge(const struct semantics_caching *c, const struct semantics *s,
                                  const struct transaction *t, struct rules by) {
    struct cache_verdict v = {.storable = storable(c, s, t, &by)};
    read_lifetime(&v, c, t->response.status, &by);
    v.validate = validate_of(c, &by);
    return v;
}

/* Does anything that only shared caches go by stand there, or what lets them off? */
static bool tells_shared_apart(const struct semantics_caching *c, const struct semantics *s) {
    const uint32_t shared =
        UINT32_C(1) << CACHE_S_MAXAGE | UINT32_C(1) << CACHE_PRIVATE | UINT32_C(1) << CACHE_PROXY_REVALIDATE;
    return c->response.has & shared || field_index_has(&s->request, FIELD_NAME_AUTHORIZATION);
}

void semantics_caching_read(struct semantics_caching *c, const struct semantics *s,
                            const struct transaction *t) {
    read_fields(c, s, t->response.first.time_ns / NS_PER_SECOND);
    c->decided = s->has_status && s->response_known && needs_verdicts(c, s);
    if (c->decided) {
        c->private_cache = judge(c, s, t, (struct rules){&c->response, true, false});
        c->shared_cache = c->private_cache;
    }
    if (c->decided && tells_shared_apart(c, s)) {
        c->shared_cache = judge(c, s, t, (struct rules){&c->response, true, true});
    }
    if (c->decided && c->targeted_legal) {
        c->cdn_cache = judge(c, s, t, (struct rules){&c->targeted, false, true});
    }
}
