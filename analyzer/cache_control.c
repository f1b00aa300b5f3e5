/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/cache_control.h"

#include "analyzer/h1_syntax.h"
#include "analyzer/structured_dictionary.h"

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

static void keep_member(struct cache_control *c, enum cache_directive directive, struct field_parameter p) {
    if (c->count < CACHE_MEMBERS) {
        c->members[c->count++] = (struct cache_member){.directive = directive, .written = p};
    } else {
        c->dropped++;
    }
}

/* A list of field names. What can't be read as one, as a string that nothing ends, does not narrow the
 * directive down. */
static bool names_fields(struct slice text, const struct field_parameter *p) {
    bool any = false;
    for (size_t i = 0; i < p->value.len; i++) {
        uint8_t c = p->value.ptr[i];
        any = any || h1_is(c, H1_TOKEN);
        if (!h1_is(c, H1_TOKEN | H1_OWS) && c != ',') {
            return false;
        }
    }
    return any && (!p->quoted || text.ptr[text.len - 1] == '"');
}

static void read_member(struct cache_control *c, struct slice text) {
    struct field_parameter p = field_parameter_of(text);
    enum cache_directive directive = directive_of(p.name);
    uint32_t bit = UINT32_C(1) << directive;
    keep_member(c, directive, p);
    bool narrow = p.has_value && names_fields(text, &p);
    if (c->has & bit) {
        c->qualified &= narrow ? ~UINT32_C(0) : ~bit;
        return;
    }
    c->has |= bit;
    if (directives[directive].has_seconds) {
        bool lacks = directives[directive].may_lack_them && !p.has_value;
        if (!lacks && !cache_seconds(p.value, &c->seconds[directive])) {
            c->malformed |= bit;
        }
        c->seconds[directive] = lacks ? UINT64_MAX : c->seconds[directive];
    } else if (narrow && (directive == CACHE_NO_CACHE || directive == CACHE_PRIVATE)) {
        c->qualified |= bit;
    }
}

static bool begin(struct cache_control *c, const struct field_index *index, enum field_name name) {
    c->present = field_index_has(index, name);
    c->has = c->malformed = c->qualified = c->count = c->dropped = 0;
    return c->present;
}

void cache_control_read(struct cache_control *c, const struct field_index *index, enum field_name name) {
    if (!begin(c, index, name)) {
        return;
    }
    struct field_list list = field_list_of(index, name);
    struct slice member;
    while (field_list_next(&list, &member)) {
        read_member(c, member);
    }
}

/* Does the value have the type that the directive wants? */
static bool fits(enum cache_directive directive, const struct structured_member *m, uint64_t *seconds) {
    if (directives[directive].has_seconds) {
        return m->kind == STRUCTURED_INTEGER && field_number(m->value, seconds);
    }
    bool may_name_fields = directive == CACHE_NO_CACHE || directive == CACHE_PRIVATE;
    return directive == CACHE_EXTENSION || m->kind == STRUCTURED_TRUE ||
           (may_name_fields && m->kind == STRUCTURED_STRING);
}

static void read_structured(struct cache_control *c, const struct structured_member *m) {
    enum cache_directive directive = directive_of(m->key);
    uint32_t bit = UINT32_C(1) << directive;
    uint64_t seconds = 0;
    keep_member(c, directive,
                (struct field_parameter){.name = m->key,
                                         .value = m->value,
                                         .has_value = m->value.len > 0 || m->kind == STRUCTURED_STRING,
                                         .quoted = m->kind == STRUCTURED_STRING});
    c->has &= ~bit;
    c->qualified &= ~bit;
    if (fits(directive, m, &seconds)) {
        c->has |= bit;
        c->qualified |= m->kind == STRUCTURED_STRING ? bit : 0;
        c->seconds[directive] = seconds;
    }
}

bool cache_control_read_targeted(struct cache_control *c, const struct field_index *index,
                                 enum field_name name) {
    bool legal = begin(c, index, name);
    const struct header *field = legal ? field_index_find(index, name) : NULL;
    for (; field && legal; field = field_index_next(index, name, field)) {
        struct slice rest = field->value;
        struct structured_member member;
        while (structured_member_next(&rest, &member)) {
            read_structured(c, &member);
        }
        legal = rest.ptr == NULL;
    }
    legal = legal && c->count > 0;
    if (!legal) {
        c->has = c->qualified = c->count = c->dropped = 0;
    }
    return legal;
}
