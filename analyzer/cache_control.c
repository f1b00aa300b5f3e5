/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/cache_control.h"

#include "analyzer/h1_syntax.h"

static const struct {
    const char *name;
    uint8_t len;
    bool has_seconds, may_lack_them;
} directives[CACHE_DIRECTIVES] = {
#define DIRECTIVE(text, seconds, lacking)                                                                    \
    { text, sizeof(text) - 1, seconds, lacking }
    [CACHE_EXTENSION] = {NULL, 0, false, false},
    [CACHE_IMMUTABLE] = DIRECTIVE("immutable", false, false),
    [CACHE_MAX_AGE] = DIRECTIVE("max-age", true, false),
    [CACHE_MAX_STALE] = DIRECTIVE("max-stale", true, true),
    [CACHE_MIN_FRESH] = DIRECTIVE("min-fresh", true, false),
    [CACHE_MUST_REVALIDATE] = DIRECTIVE("must-revalidate", false, false),
    [CACHE_MUST_UNDERSTAND] = DIRECTIVE("must-understand", false, false),
    [CACHE_NO_CACHE] = DIRECTIVE("no-cache", false, false),
    [CACHE_NO_STORE] = DIRECTIVE("no-store", false, false),
    [CACHE_NO_TRANSFORM] = DIRECTIVE("no-transform", false, false),
    [CACHE_ONLY_IF_CACHED] = DIRECTIVE("only-if-cached", false, false),
    [CACHE_PRIVATE] = DIRECTIVE("private", false, false),
    [CACHE_PROXY_REVALIDATE] = DIRECTIVE("proxy-revalidate", false, false),
    [CACHE_PUBLIC] = DIRECTIVE("public", false, false),
    [CACHE_S_MAXAGE] = DIRECTIVE("s-maxage", true, false),
    [CACHE_STALE_IF_ERROR] = DIRECTIVE("stale-if-error", true, false),
    [CACHE_STALE_WHILE_REVALIDATE] = DIRECTIVE("stale-while-revalidate", true, false),
};

const char *cache_directive_name(enum cache_directive directive) {
    return directives[directive].name;
}

static enum cache_directive directive_of(struct slice name) {
    for (unsigned i = CACHE_EXTENSION + 1; i < CACHE_DIRECTIVES; i++) {
        if (name.len == directives[i].len &&
            slice_equal_nocase(name, slice_make(directives[i].name, name.len))) {
            return (enum cache_directive)i;
        }
    }
    return CACHE_EXTENSION;
}

bool cache_seconds(struct slice s, uint64_t *seconds) {
    const uint64_t too_many = UINT64_C(1) << 31;
    if (field_number(s, seconds)) {
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_DIGIT)) {
            return false;
        }
    }
    *seconds = too_many;
    return s.len > 0;
}

static void read_member(struct cache_control *c, struct slice text) {
    struct field_parameter p = field_parameter_of(text);
    enum cache_directive directive = directive_of(p.name);
    uint32_t bit = UINT32_C(1) << directive;
    if (c->count < CACHE_MEMBERS) {
        c->members[c->count++] = (struct cache_member){.directive = directive, .written = p};
    } else {
        c->dropped++;
    }
    if (c->has & bit) {
        return;
    }
    c->has |= bit;
    if (directives[directive].has_seconds) {
        bool lacks = directives[directive].may_lack_them && !p.has_value;
        if (!lacks && !cache_seconds(p.value, &c->seconds[directive])) {
            c->malformed |= bit;
        }
        c->seconds[directive] = lacks ? UINT64_MAX : c->seconds[directive];
    } else if (p.has_value && (directive == CACHE_NO_CACHE || directive == CACHE_PRIVATE)) {
        c->qualified |= bit;
    }
}

void cache_control_read(struct cache_control *c, const struct field_index *index, enum field_name name) {
    c->present = field_index_has(index, name);
    c->has = c->malformed = c->qualified = c->count = c->dropped = 0;
    if (!c->present) {
        return;
    }
    struct field_list list = field_list_of(index, name);
    struct slice member;
    while (field_list_next(&list, &member)) {
        read_member(c, member);
    }
}
