/* SPDX-License-Identifier: Apache-2.0 */
/* `caching`, `conditional` and `cached` of the semantics. */
#include "output/mask.h"
#include "output/native_semantics.h"
#include "output/native_semantics_parts.h"
#include "output/pen.h"

static void write_member(struct native *native, struct writer *w, const struct cache_member *m) {
    const char *name = cache_directive_name(m->directive);
    bool secret =
        !name && (native->mask && native->mask->secrets) && mask_is_secret_parameter(m->written.name);
    writer_begin_object(w);
    WRITER_KEY(w, "name");
    if (name) {
        writer_text(w, name);
    } else {
        native_write_shown(native, w, m->written.name);
    }
    if (m->written.has_value) {
        WRITER_KEY(w, "value");
        native_write_shown(native, w, secret ? slice_of(MASK_MARK) : m->written.value);
    }
    writer_end_object(w);
}

static void make_directives(struct native *native, struct writer *w, const struct cache_control *c) {
    writer_begin_array(w);
    for (uint32_t i = 0; i < c->count; i++) {
        write_member(native, w, &c->members[i]);
    }
    writer_end_array(w);
}

/* Few values make up nearly all. */
static void write_directives(struct native *native, struct writer *w, const struct cache_control *c,
                             const struct field_index *index, enum field_name name) {
    struct native_memo memo = {.hint = NULL};
    bool may_remember = !field_index_repeats(index, name) &&
                        native_line_key(field_index_find(index, name), MEMO_DIRECTIVES, &memo.key);
    if (!may_remember || !native_remembers(native, w, &memo)) {
        make_directives(native, w, c);
        if (may_remember) {
            native_remember(native, w, &memo);
        }
    }
}

static void write_request(struct native *native, struct writer *w, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    if (!c->request.count && !c->pragma_no_cache) {
        return;
    }
    WRITER_UP_TO(w, "\"request\":{");
    if (c->request.count) {
        WRITER_KEY(w, "directives");
        write_directives(native, w, &c->request, &s->request, FIELD_NAME_CACHE_CONTROL);
    }
    if (c->request.dropped) {
        WRITER_KEY(w, "directives_dropped");
        writer_unsigned(w, c->request.dropped);
    }
    if (c->pragma_no_cache) {
        WRITER_RAW(w, "\"pragma_no_cache\":true");
    }
    writer_end_object(w);
}

/* The same dates come again: those of one second, and of what does not change. */
static const char *date_text(struct native *native, int64_t seconds) {
    struct native_date *date = &native->dates[(uint64_t)seconds % NATIVE_DATES];
    if (date->seconds != seconds || date->text[0] == '\0') {
        date->seconds = seconds;
        http_date_text(seconds, date->text);
    }
    return date->text;
}

/* A member at most, with its comma. */
enum { DATE_BYTES = sizeof("\"last_modified\":\"\",") - 1 + HTTP_DATE_TEXT_BYTES };

#define PUT_DATE(native, to, key, date)                                                                      \
    do {                                                                                                     \
        if ((date)->legal) {                                                                                 \
            PEN_TEXT((to), "\"" key "\":\"");                                                                \
            memcpy((to), date_text((native), (date)->seconds), HTTP_DATE_TEXT_BYTES);                        \
            (to) += HTTP_DATE_TEXT_BYTES;                                                                    \
            PEN_TEXT((to), "\",");                                                                           \
        }                                                                                                    \
    } while (0)

void native_write_dates(struct native *native, struct writer *w, const struct semantics_caching *c) {
    bool any = c->date.legal || c->expires.legal || c->last_modified.legal;
    uint8_t *to = any ? pen_open(w, 3 * DATE_BYTES) : NULL;
    if (!to) {
        return;
    }
    native->marks.dates = (size_t)(to - w->out->ptr);
    PUT_DATE(native, to, "date", &c->date);
    PUT_DATE(native, to, "expires", &c->expires);
    PUT_DATE(native, to, "last_modified", &c->last_modified);
    pen_close(w, to - 1);
    native->marks.dates_end = w->out->len;
}

static void write_illegal(struct writer *w, const char *key, bool illegal, bool *begun) {
    if (!illegal) {
        return;
    }
    if (!*begun) {
        WRITER_KEY(w, "illegal");
        writer_begin_array(w);
        *begun = true;
    }
    writer_text(w, key);
}

static void write_all_illegal(struct writer *w, const struct semantics_caching *c) {
    bool begun = false;
    write_illegal(w, "date", c->date.present && !c->date.legal, &begun);
    write_illegal(w, "expires", c->expires.present && !c->expires.legal, &begun);
    write_illegal(w, "last_modified", c->last_modified.present && !c->last_modified.legal, &begun);
    write_illegal(w, "age", c->has_age && !c->age_legal, &begun);
    write_illegal(w, "etag", c->has_etag && !c->etag_legal, &begun);
    write_illegal(w, "cdn_cache_control", c->targeted.present && !c->targeted_legal, &begun);
    if (begun) {
        writer_end_array(w);
    }
}

static void write_vary(struct native *native, struct writer *w, const struct semantics_caching *c) {
    if (!c->vary_count) {
        return;
    }
    WRITER_KEY(w, "vary");
    writer_begin_array(w);
    for (uint32_t i = 0; i < c->vary_count; i++) {
        enum field_name name = field_name_of(c->vary[i]);
        if (name != FIELD_NAME_OTHER) {
            (void)writer_string(w, field_name_text(name));
        } else {
            native_write_shown(native, w, c->vary[i]);
        }
    }
    writer_end_array(w);
    if (c->vary_dropped) {
        WRITER_KEY(w, "vary_dropped");
        writer_unsigned(w, c->vary_dropped);
    }
}

void native_write_etag_value(struct native *native, struct writer *w, const struct semantics_caching *c) {
    if (native->etag.field && native->etag.field->value.ptr == c->etag.ptr) {
        native_copy_shown(w, &native->etag);
    } else {
        native_write_shown(native, w, c->etag);
    }
    if (c->etag_weak) {
        WRITER_RAW(w, "\"weak\":true}");
    } else {
        WRITER_RAW(w, "\"weak\":false}");
    }
}

static void write_etag(struct native *native, struct writer *w, const struct semantics_caching *c) {
    if (c->etag_legal) {
        WRITER_UP_TO(w, "\"etag\":{\"value\":");
        native->marks.etag = w->out->len;
        native_write_etag_value(native, w, c);
        native->marks.etag_end = w->out->len;
    }
}

static bool says_something(const struct semantics_caching *c) {
    return c->response.count || c->targeted.present || c->date.present || c->expires.present ||
           c->last_modified.present || c->has_age || c->vary_count || c->has_etag;
}

static void write_response(struct native *native, struct writer *w, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    if (!says_something(c)) {
        return;
    }
    WRITER_UP_TO(w, "\"response\":{");
    if (c->response.count) {
        WRITER_KEY(w, "directives");
        write_directives(native, w, &c->response, &s->response, FIELD_NAME_CACHE_CONTROL);
    }
    if (c->targeted.count) {
        WRITER_KEY(w, "cdn_directives");
        write_directives(native, w, &c->targeted, &s->response, FIELD_NAME_CDN_CACHE_CONTROL);
    }
    if (c->response.dropped + c->targeted.dropped) {
        WRITER_KEY(w, "directives_dropped");
        writer_unsigned(w, (uint64_t)c->response.dropped + c->targeted.dropped);
    }
    native_write_dates(native, w, c);
    if (c->age_legal) {
        WRITER_KEY(w, "age");
        writer_unsigned(w, c->age);
    }
    write_vary(native, w, c);
    write_etag(native, w, c);
    write_all_illegal(w, c);
    writer_end_object(w);
}

/* Without a word on caching. */
static bool is_heuristic(const struct cache_verdict *v) {
    return v->storable == CACHE_STORABLE && v->by == CACHE_BY_HEURISTIC &&
           v->validate == CACHE_VALIDATE_UNSAID;
}

/* A verdict at most, with its comma; the names in it are constants. */
enum { VERDICT_NAME = 48, VERDICT_BYTES = 96 + VERDICT_NAME + 2 * PEN_MEMBER_BYTES("fresh_for") };

static uint8_t *put_name(uint8_t *to, const char *name) {
    *to = '"';
    to = slice_put(slice_first(slice_of(name), VERDICT_NAME), to + 1);
    PEN_TEXT(to, "\",");
    return to;
}

static uint8_t *put_verdict(uint8_t *to, const struct cache_verdict *v) {
    if (is_heuristic(v)) {
        PEN_TEXT(to, "{\"storable\":true,\"by\":\"heuristic\"},");
        return to;
    }
    if (v->storable != CACHE_STORABLE) {
        PEN_TEXT(to, "{\"storable\":false,\"why\":");
        to = put_name(to, cache_storable_name(v->storable));
    } else {
        PEN_TEXT(to, "{\"storable\":true,\"by\":");
        to = put_name(to, cache_lifetime_by_name(v->by));
        if (v->has_lifetime) {
            PEN_UNSIGNED(to, "lifetime", v->lifetime);
            PEN_UNSIGNED(to, "fresh_for", v->fresh_for);
        }
        if (v->validate == CACHE_VALIDATE_ALWAYS) {
            PEN_TEXT(to, "\"validate\":\"always\",");
        } else if (v->validate == CACHE_VALIDATE_WHEN_STALE) {
            PEN_TEXT(to, "\"validate\":\"when_stale\",");
        }
    }
    to = pen_end(to, '}');
    *to = ',';
    return to + 1;
}

static void write_verdicts(struct writer *w, const struct semantics_caching *c) {
    enum { KEYS = 64 };
    uint8_t *to = pen_open(w, KEYS + 3 * VERDICT_BYTES);
    if (!to) {
        return;
    }
    PEN_TEXT(to, "\"private_cache\":");
    to = put_verdict(to, &c->private_cache);
    PEN_TEXT(to, "\"shared_cache\":");
    to = put_verdict(to, &c->shared_cache);
    if (c->targeted_legal) {
        PEN_TEXT(to, "\"cdn_cache\":");
        to = put_verdict(to, &c->cdn_cache);
    }
    pen_close(w, to - 1);
}

void native_write_caching(struct native *native, struct writer *w, const struct semantics *s) {
    const struct semantics_caching *c = &s->caching;
    bool decided = c->decided && c->private_cache.storable != CACHE_STORABLE_UNKNOWN;
    if (!decided && !c->request.count && !c->pragma_no_cache && !says_something(c)) {
        return;
    }
    WRITER_UP_TO(w, "\"caching\":{");
    write_request(native, w, s);
    write_response(native, w, s);
    if (decided) {
        write_verdicts(w, c);
    }
    writer_end_object(w);
}

static void write_conditions(struct writer *w, const char *key, unsigned bits) {
    if (!bits) {
        return;
    }
    writer_key(w, key);
    writer_begin_array(w);
    for (unsigned i = 0; i < CONDITIONS; i++) {
        if (bits >> i & 1) {
            writer_text(w, condition_name((enum condition)i));
        }
    }
    writer_end_array(w);
}

void native_write_conditional(struct writer *w, const struct semantics_conditional *c) {
    if (!c->present && c->outcome == CONDITIONAL_UNKNOWN) {
        return;
    }
    WRITER_UP_TO(w, "\"conditional\":{");
    write_conditions(w, "evaluated", c->evaluated);
    write_conditions(w, "ignored", c->present & ~c->evaluated);
    write_conditions(w, "malformed", c->malformed);
    if (c->any) {
        WRITER_RAW(w, "\"any\":true");
    }
    if (c->tags) {
        WRITER_KEY(w, "tags");
        writer_unsigned(w, c->tags);
    }
    if (c->outcome != CONDITIONAL_UNKNOWN) {
        WRITER_KEY(w, "outcome");
        writer_text(w, conditional_outcome_name(c->outcome));
    }
    writer_end_object(w);
}

static void write_handling(struct native *native, struct writer *w, const struct cache_handling *c) {
    writer_begin_object(w);
    if (c->cache.len) {
        WRITER_KEY(w, "cache");
        native_write_shown(native, w, c->cache);
    }
    WRITER_KEY(w, "hit");
    writer_bool(w, c->hit);
    if (c->forward.len) {
        WRITER_KEY(w, "forward");
        native_write_shown(native, w, c->forward);
    }
    if (c->has_status) {
        WRITER_KEY(w, "forward_status");
        writer_unsigned(w, c->status);
    }
    if (c->has_ttl) {
        WRITER_KEY(w, "ttl");
        writer_signed(w, c->ttl);
    }
    if (c->stored) {
        WRITER_RAW(w, "\"stored\":true");
    }
    if (c->collapsed) {
        WRITER_RAW(w, "\"collapsed\":true");
    }
    writer_end_object(w);
}

void native_write_cached(struct native *native, struct writer *w, const struct semantics_cached *c) {
    static const char *const evidence[] = {"age", "cache_status", "x_cache"};
    if (c->answer == CACHED_UNKNOWN && !c->count) {
        return;
    }
    WRITER_UP_TO(w, "\"cached\":{");
    if (c->answer != CACHED_UNKNOWN) {
        WRITER_KEY(w, "answer");
        writer_bool(w, c->answer == CACHED_YES);
    }
    if (c->evidence) {
        WRITER_KEY(w, "evidence");
        writer_begin_array(w);
        for (unsigned i = 0; i < sizeof evidence / sizeof *evidence; i++) {
            if (c->evidence >> i & 1) {
                writer_text(w, evidence[i]);
            }
        }
        writer_end_array(w);
    }
    if (c->count) {
        WRITER_KEY(w, "caches");
        writer_begin_array(w);
        for (uint32_t i = 0; i < c->count; i++) {
            write_handling(native, w, &c->caches[i]);
        }
        writer_end_array(w);
    }
    if (c->dropped) {
        WRITER_KEY(w, "caches_dropped");
        writer_unsigned(w, c->dropped);
    }
    writer_end_object(w);
}
