/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_cached.h"

#include "analyzer/cache_control.h"

/* An Integer of Structured Fields (RFC 9651 section 3.3.1): up to fifteen digits. */
static bool read_integer(struct slice text, int64_t *value) {
    enum { DIGITS = 15 };
    bool negative = text.len && text.ptr[0] == '-';
    struct slice digits = slice_after(text, negative);
    uint64_t number;
    if (digits.len > DIGITS || !field_number(digits, &number)) {
        return false;
    }
    *value = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

/* A Boolean parameter: without a value it is true (RFC 9651 section 3.1.2). */
static bool read_boolean(const struct field_parameter *p) {
    return !p->has_value || slice_is(p->value, "?1");
}

static void read_parameter(struct cache_handling *c, const struct field_parameter *p) {
    int64_t number;
    if (slice_is(p->name, "hit")) {
        c->hit = read_boolean(p);
    } else if (slice_is(p->name, "fwd")) {
        c->forward = p->has_value ? p->value : c->forward;
    } else if (slice_is(p->name, "fwd-status")) {
        c->has_status = read_integer(p->value, &number) && number >= 100 && number <= 599;
        c->status = c->has_status ? (unsigned)number : 0;
    } else if (slice_is(p->name, "ttl")) {
        c->has_ttl = read_integer(p->value, &c->ttl);
    } else if (slice_is(p->name, "stored")) {
        c->stored = read_boolean(p);
    } else if (slice_is(p->name, "collapsed")) {
        c->collapsed = read_boolean(p);
    }
}

static struct cache_handling read_handling(struct slice member) {
    struct cache_handling c = {.hit = false};
    struct slice parameters;
    struct slice name = field_front(member, &parameters);
    if (name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"') {
        name = slice_make(name.ptr + 1, name.len - 2);
    }
    c.cache = name;
    struct field_parameter p;
    while (field_parameter_next(&parameters, ';', &p)) {
        read_parameter(&c, &p);
    }
    return c;
}

/* "HIT", "MISS from squid", "Hit from cloudfront", "MISS, HIT". */
static bool x_cache_hit(const struct field_index *response) {
    struct field_list list = field_list_of(response, FIELD_NAME_X_CACHE);
    struct slice member;
    while (field_list_next(&list, &member)) {
        struct slice word = slice_first(member, slice_find(member, ' '));
        if (slice_is_nocase(word, "hit") || slice_is_nocase(word, "tcp_hit") ||
            slice_is_nocase(word, "tcp_mem_hit")) {
            return true;
        }
    }
    return false;
}

void semantics_cached_read(struct semantics_cached *s, const struct field_index *response) {
    s->answer = CACHED_UNKNOWN;
    s->evidence = 0;
    s->count = s->dropped = 0;
    struct slice age = field_index_value(response, FIELD_NAME_AGE);
    uint64_t seconds;
    if (cache_seconds(slice_trim(slice_first(age, slice_find(age, ','))), &seconds)) {
        s->evidence |= CACHED_BY_AGE;
    }
    if (field_index_has(response, FIELD_NAME_X_CACHE) && x_cache_hit(response)) {
        s->evidence |= CACHED_BY_X_CACHE;
    }
    bool all_forward = true;
    struct field_list list = field_list_of(response, FIELD_NAME_CACHE_STATUS);
    struct slice member;
    while (field_list_next(&list, &member)) {
        struct cache_handling c = read_handling(member);
        s->evidence |= c.hit ? CACHED_BY_CACHE_STATUS : 0;
        all_forward = all_forward && !c.hit && c.forward.len;
        if (s->count < CACHE_HANDLINGS) {
            s->caches[s->count++] = c;
        } else {
            s->dropped++;
        }
    }
    if (s->evidence) {
        s->answer = CACHED_YES;
    } else if (s->count && all_forward) {
        s->answer = CACHED_NO;
    }
}
