/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <arpa/inet.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERNS = 128, DEPTH = 64, KEYS = 1 << 13 };

enum keyword {
    ANNOTATION, /* says nothing of what is allowed; what belongs to "if" is read with it */
    PATTERN,
    MIN_LENGTH,
    FORMAT,
    MINIMUM,
    MAXIMUM,
    ITEMS,
    MIN_ITEMS,
    MAX_ITEMS,
    UNIQUE_ITEMS,
    PROPERTIES,
    ADDITIONAL_PROPERTIES,
    PROPERTY_NAMES,
    REQUIRED,
    MIN_PROPERTIES,
    TYPE,
    CONST,
    ENUM,
    REFERENCE,
    ANY_OF,
    ALL_OF,
    IF,
    UNKNOWN,
};

static enum keyword keyword_of_name(const char *name) {
    static const struct {
        const char *name;
        enum keyword keyword;
    } known[] = {
        {"$schema", ANNOTATION},
        {"$id", ANNOTATION},
        {"title", ANNOTATION},
        {"description", ANNOTATION},
        {"$defs", ANNOTATION},
        {"contentEncoding", ANNOTATION},
        {"x-invariant", ANNOTATION},
        {"then", ANNOTATION},
        {"else", ANNOTATION},
        {"examples", ANNOTATION},
        {"$comment", ANNOTATION},
        {"pattern", PATTERN},
        {"minLength", MIN_LENGTH},
        {"format", FORMAT},
        {"minimum", MINIMUM},
        {"maximum", MAXIMUM},
        {"items", ITEMS},
        {"minItems", MIN_ITEMS},
        {"maxItems", MAX_ITEMS},
        {"uniqueItems", UNIQUE_ITEMS},
        {"properties", PROPERTIES},
        {"additionalProperties", ADDITIONAL_PROPERTIES},
        {"propertyNames", PROPERTY_NAMES},
        {"required", REQUIRED},
        {"minProperties", MIN_PROPERTIES},
        {"type", TYPE},
        {"const", CONST},
        {"enum", ENUM},
        {"$ref", REFERENCE},
        {"anyOf", ANY_OF},
        {"allOf", ALL_OF},
        {"if", IF},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return known[i].keyword;
        }
    }
    return UNKNOWN;
}

struct pattern {
    const struct json_object *text; /* the schema's own object */
    regex_t compiled;
};

struct schema {
    struct json_object *root;
    size_t patterns;
    struct pattern pattern[PATTERNS];
    size_t keys;
    struct {
        const char *name; /* the schema's own */
        enum keyword keyword;
    } key[KEYS];
};

/* The keys of the loaded schema by their place in memory: names are compared once, when it is loaded. */
static size_t slot_of(const struct schema *s, const char *key) {
    size_t slot = (size_t)((uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 52);
    while (s->key[slot].name && s->key[slot].name != key) {
        slot = (slot + 1) % KEYS;
    }
    return slot;
}

struct check {
    const struct schema *schema;
    char *why;
    size_t room;
    unsigned depth;
};

static bool allows(struct check *, struct json_object *schema, struct json_object *value, const char *name);

static bool refuse(struct check *c, const char *name, const char *format, ...) {
    if (c->why && c->why[0] == '\0') {
        char text[256];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        snprintf(c->why, c->room, "%s: %s", name, text);
    }
    return false;
}

/* A look that may fail without a word. */
static bool tries(struct check *c, struct json_object *schema, struct json_object *value) {
    struct check quiet = {.schema = c->schema, .depth = c->depth};
    return allows(&quiet, schema, value, "");
}

static bool is_integer(struct json_object *value) {
    if (json_object_is_type(value, json_type_double)) {
        double number = json_object_get_double(value);
        return number >= -9.2e18 && number <= 9.2e18 && (double)(int64_t)number == number;
    }
    return json_object_is_type(value, json_type_int);
}

/* `type` is one of the standard's seven names (is_understood). */
static bool has_type(struct json_object *value, const char *type) {
    switch (json_object_get_type(value)) {
    case json_type_null:
        return type[0] == 'n' && type[2] == 'l';
    case json_type_boolean:
        return type[0] == 'b';
    case json_type_double:
    case json_type_int:
        return (type[0] == 'n' && type[2] == 'm') || (type[0] == 'i' && is_integer(value));
    case json_type_object:
        return type[0] == 'o';
    case json_type_array:
        return type[0] == 'a';
    case json_type_string:
        return type[0] == 's';
    }
    return false;
}

static bool is_number(struct json_object *value) {
    return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

/* As the standard means it: numbers by value, objects without order. */
static bool same(struct json_object *a, struct json_object *b) {
    if (is_number(a) && is_number(b)) {
        bool whole = json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int);
        return whole ? json_object_equal(a, b) != 0 : json_object_get_double(a) == json_object_get_double(b);
    }
    return json_object_equal(a, b) != 0;
}

/* Characters, not bytes; the text is UTF-8, which is checked elsewhere. */
static size_t characters(struct json_object *text) {
    const char *bytes = json_object_get_string(text);
    size_t count = 0;
    for (int i = 0; i < json_object_get_string_len(text); i++) {
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    }
    return count;
}

static const struct pattern *pattern_of(const struct schema *schema, const struct json_object *text) {
    for (size_t i = 0; i < schema->patterns; i++) {
        if (schema->pattern[i].text == text) {
            return &schema->pattern[i];
        }
    }
    return NULL;
}

static bool matches(const struct schema *schema, struct json_object *text, struct json_object *value) {
    const struct pattern *pattern = pattern_of(schema, text);
    regmatch_t all = {.rm_so = 0, .rm_eo = json_object_get_string_len(value)};
    return pattern && regexec(&pattern->compiled, json_object_get_string(value), 1, &all, REG_STARTEND) == 0;
}

/* `format` is ipv4 or ipv6 (is_understood). */
static bool is_address(struct json_object *value, const char *format) {
    unsigned char bytes[16];
    const char *text = json_object_get_string(value);
    bool whole = strlen(text) == (size_t)json_object_get_string_len(value);
    return whole && inet_pton(format[3] == '4' ? AF_INET : AF_INET6, text, bytes) == 1;
}

static bool check_string(struct check *c, enum keyword key, struct json_object *rule,
                         struct json_object *value, const char *name) {
    if (!json_object_is_type(value, json_type_string)) {
        return true;
    }
    if (key == PATTERN && !matches(c->schema, rule, value)) {
        return refuse(c, name, "does not match %s", json_object_get_string(rule));
    }
    if (key == MIN_LENGTH && characters(value) < (size_t)json_object_get_int64(rule)) {
        return refuse(c, name, "is too short");
    }
    if (key == FORMAT && !is_address(value, json_object_get_string(rule))) {
        return refuse(c, name, "is no %s", json_object_get_string(rule));
    }
    return true;
}

static bool check_number(struct check *c, enum keyword key, struct json_object *rule,
                         struct json_object *value, const char *name) {
    if (!is_number(value)) {
        return true;
    }
    double limit = json_object_get_double(rule), number = json_object_get_double(value);
    if (key == MINIMUM ? number < limit : number > limit) {
        return refuse(c, name, "is beyond its limit of %g", limit);
    }
    return true;
}

static bool check_items(struct check *c, struct json_object *rule, struct json_object *value,
                        const char *name) {
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        if (!allows(c, rule, json_object_array_get_idx(value, i), name)) {
            return false;
        }
    }
    return true;
}

static bool is_unique(struct json_object *value) {
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        for (size_t k = 0; k < i; k++) {
            if (same(json_object_array_get_idx(value, i), json_object_array_get_idx(value, k))) {
                return false;
            }
        }
    }
    return true;
}

static bool check_array(struct check *c, enum keyword key, struct json_object *rule,
                        struct json_object *value, const char *name) {
    if (!json_object_is_type(value, json_type_array)) {
        return true;
    }
    if (key == ITEMS) {
        return check_items(c, rule, value, name);
    }
    if (key == UNIQUE_ITEMS) {
        return !json_object_get_boolean(rule) || is_unique(value) || refuse(c, name, "has an item twice");
    }
    size_t limit = (size_t)json_object_get_int64(rule), count = json_object_array_length(value);
    bool fits = key == MIN_ITEMS ? count >= limit : count <= limit;
    return fits || refuse(c, name, "has %zu items", count);
}

static bool check_properties(struct check *c, struct json_object *rule, struct json_object *value) {
    json_object_object_foreach(rule, key, schema) {
        struct json_object *item;
        if (json_object_object_get_ex(value, key, &item) && !allows(c, schema, item, key)) {
            return false;
        }
    }
    return true;
}

static bool check_additional(struct check *c, struct json_object *schema, struct json_object *rule,
                             struct json_object *value) {
    struct json_object *properties = json_object_object_get(schema, "properties");
    json_object_object_foreach(value, key, item) {
        bool named = properties && json_object_object_get_ex(properties, key, NULL);
        if (!named && !allows(c, rule, item, key)) {
            return false;
        }
    }
    return true;
}

static bool check_names(struct check *c, struct json_object *rule, struct json_object *value) {
    json_object_object_foreach(value, key, item) {
        (void)item;
        struct json_object *name = json_object_new_string(key);
        bool allowed = name ? allows(c, rule, name, key) : refuse(c, key, "no memory");
        json_object_put(name);
        if (!allowed) {
            return false;
        }
    }
    return true;
}

static bool check_required(struct check *c, struct json_object *rule, struct json_object *value,
                           const char *name) {
    for (size_t i = 0; i < json_object_array_length(rule); i++) {
        const char *key = json_object_get_string(json_object_array_get_idx(rule, i));
        if (!json_object_object_get_ex(value, key, NULL)) {
            return refuse(c, name, "lacks %s", key);
        }
    }
    return true;
}

static bool check_object(struct check *c, enum keyword key, struct json_object *schema,
                         struct json_object *rule, struct json_object *value, const char *name) {
    if (!json_object_is_type(value, json_type_object)) {
        return true;
    }
    if (key == PROPERTIES) {
        return check_properties(c, rule, value);
    }
    if (key == ADDITIONAL_PROPERTIES) {
        return check_additional(c, schema, rule, value);
    }
    if (key == PROPERTY_NAMES) {
        return check_names(c, rule, value);
    }
    if (key == REQUIRED) {
        return check_required(c, rule, value, name);
    }
    bool enough = json_object_object_length(value) >= json_object_get_int(rule);
    return enough || refuse(c, name, "has too few keys");
}

static bool is_one_of(struct json_object *rule, struct json_object *value) {
    for (size_t i = 0; i < json_object_array_length(rule); i++) {
        if (same(json_object_array_get_idx(rule, i), value)) {
            return true;
        }
    }
    return false;
}

static struct json_object *referred(const struct schema *schema, struct json_object *rule) {
    static const char prefix[] = "#/$defs/";
    struct json_object *definitions, *found;
    const char *text = json_object_get_string(rule);
    if (strncmp(text, prefix, strlen(prefix)) != 0 ||
        !json_object_object_get_ex(schema->root, "$defs", &definitions) ||
        !json_object_object_get_ex(definitions, text + strlen(prefix), &found)) {
        return NULL;
    }
    return found;
}

static bool check_any(struct check *c, struct json_object *rule, struct json_object *value,
                      const char *name) {
    for (size_t i = 0; i < json_object_array_length(rule); i++) {
        if (tries(c, json_object_array_get_idx(rule, i), value)) {
            return true;
        }
    }
    return refuse(c, name, "is none of anyOf");
}

static bool check_all(struct check *c, struct json_object *rule, struct json_object *value,
                      const char *name) {
    for (size_t i = 0; i < json_object_array_length(rule); i++) {
        if (!allows(c, json_object_array_get_idx(rule, i), value, name)) {
            return false;
        }
    }
    return true;
}

static bool check_if(struct check *c, struct json_object *schema, struct json_object *rule,
                     struct json_object *value, const char *name) {
    struct json_object *branch = json_object_object_get(schema, tries(c, rule, value) ? "then" : "else");
    return !branch || allows(c, branch, value, name);
}

static bool check_logic(struct check *c, enum keyword key, struct json_object *schema,
                        struct json_object *rule, struct json_object *value, const char *name) {
    if (key == TYPE) {
        const char *type = json_object_get_string(rule);
        return has_type(value, type) || refuse(c, name, "is not of type %s", type);
    }
    if (key == CONST) {
        return same(rule, value) || refuse(c, name, "is not %s", json_object_to_json_string(rule));
    }
    if (key == ENUM) {
        return is_one_of(rule, value) || refuse(c, name, "is none of those allowed");
    }
    if (key == REFERENCE) {
        return allows(c, referred(c->schema, rule), value, name);
    }
    if (key == ANY_OF) {
        return check_any(c, rule, value, name);
    }
    if (key == ALL_OF) {
        return check_all(c, rule, value, name);
    }
    return check_if(c, schema, rule, value, name);
}

static bool check_keyword(struct check *c, enum keyword key, struct json_object *schema,
                          struct json_object *rule, struct json_object *value, const char *name) {
    switch (key) {
    case ANNOTATION:
    case UNKNOWN:
        break;
    case PATTERN:
    case MIN_LENGTH:
    case FORMAT:
        return check_string(c, key, rule, value, name);
    case MINIMUM:
    case MAXIMUM:
        return check_number(c, key, rule, value, name);
    case ITEMS:
    case MIN_ITEMS:
    case MAX_ITEMS:
    case UNIQUE_ITEMS:
        return check_array(c, key, rule, value, name);
    case PROPERTIES:
    case ADDITIONAL_PROPERTIES:
    case PROPERTY_NAMES:
    case REQUIRED:
    case MIN_PROPERTIES:
        return check_object(c, key, schema, rule, value, name);
    case TYPE:
    case CONST:
    case ENUM:
    case REFERENCE:
    case ANY_OF:
    case ALL_OF:
    case IF:
        return check_logic(c, key, schema, rule, value, name);
    }
    return true;
}

static bool allows(struct check *c, struct json_object *schema, struct json_object *value, const char *name) {
    if (json_object_is_type(schema, json_type_boolean)) {
        return json_object_get_boolean(schema) || refuse(c, name, "may not be there");
    }
    if (c->depth == DEPTH) {
        return refuse(c, name, "is nested too deep");
    }
    c->depth++;
    bool good = true;
    json_object_object_foreach(schema, key, rule) {
        good = good &&
               check_keyword(c, c->schema->key[slot_of(c->schema, key)].keyword, schema, rule, value, name);
    }
    c->depth--;
    return good;
}

/* What a rule may be, so that nothing is passed over for being written in another way. */
static bool is_understood(struct schema *s, const char *key, struct json_object *rule, struct check *c);

static bool load(struct schema *s, struct json_object *schema, struct check *c) {
    if (json_object_is_type(schema, json_type_boolean)) {
        return true;
    }
    if (!json_object_is_type(schema, json_type_object)) {
        return refuse(c, "schema", "is neither object nor boolean");
    }
    json_object_object_foreach(schema, key, rule) {
        size_t slot = slot_of(s, key);
        if (!s->key[slot].name && ++s->keys > KEYS / 2) {
            return refuse(c, key, "is one key too many");
        }
        s->key[slot].name = key;
        s->key[slot].keyword = keyword_of_name(key);
        if (s->key[slot].keyword == UNKNOWN) {
            return refuse(c, key, "is a keyword that is not known here");
        }
        if (!is_understood(s, key, rule, c)) {
            return refuse(c, key, "has a value that is not known here");
        }
    }
    return true;
}

static bool load_each(struct schema *s, struct json_object *list, struct check *c) {
    if (json_object_is_type(list, json_type_object)) {
        json_object_object_foreach(list, key, schema) {
            if (!load(s, schema, c)) {
                return refuse(c, key, "can't be used");
            }
        }
        return true;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (!load(s, json_object_array_get_idx(list, i), c)) {
            return false;
        }
    }
    return true;
}

static bool load_pattern(struct schema *s, struct json_object *rule) {
    struct pattern *pattern = &s->pattern[s->patterns];
    const char *text = json_object_get_string(rule);
    /* What POSIX reads in another way than ECMA-262 is not used. */
    if (s->patterns == PATTERNS || strstr(text, "(?") || strstr(text, "\\d") || strstr(text, "\\w") ||
        strstr(text, "\\s") || strstr(text, "\\u") || regcomp(&pattern->compiled, text, REG_EXTENDED) != 0) {
        return false;
    }
    pattern->text = rule;
    s->patterns++;
    return true;
}

static bool is_any(const char *key, const char *const names[], size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_understood(struct schema *s, const char *key, struct json_object *rule, struct check *c) {
    static const char *const schemas[] = {"items", "additionalProperties", "propertyNames", "if", "then",
                                          "else"};
    static const char *const lists[] = {"properties", "$defs", "anyOf", "allOf"};
    static const char *const types[] = {"null", "boolean", "number", "integer", "object", "array", "string"};
    static const char *const counts[] = {"minLength", "minItems", "maxItems", "minProperties"};
    if (is_any(key, schemas, sizeof schemas / sizeof *schemas)) {
        return load(s, rule, c);
    }
    if (is_any(key, lists, sizeof lists / sizeof *lists)) {
        return load_each(s, rule, c);
    }
    if (is_any(key, counts, sizeof counts / sizeof *counts)) {
        return json_object_is_type(rule, json_type_int);
    }
    if (strcmp(key, "pattern") == 0) {
        return load_pattern(s, rule);
    }
    if (strcmp(key, "format") == 0) {
        const char *format = json_object_get_string(rule);
        return strcmp(format, "ipv4") == 0 || strcmp(format, "ipv6") == 0;
    }
    if (strcmp(key, "$ref") == 0) {
        return referred(s, rule) != NULL;
    }
    if (strcmp(key, "type") == 0) {
        return json_object_is_type(rule, json_type_string) &&
               is_any(json_object_get_string(rule), types, sizeof types / sizeof *types);
    }
    return (strcmp(key, "minimum") != 0 && strcmp(key, "maximum") != 0) || is_number(rule);
}

struct schema *schema_load(const char *path, char *why, size_t room) {
    struct schema *s = calloc(1, sizeof *s);
    struct check c = {.schema = s, .why = why, .room = room};
    why[0] = '\0';
    if (!s) {
        return NULL;
    }
    s->root = json_object_from_file(path);
    if (!s->root) {
        refuse(&c, path, "%s", json_util_get_last_err());
    } else if (load(s, s->root, &c)) {
        return s;
    }
    schema_free(s);
    return NULL;
}

void schema_free(struct schema *s) {
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->patterns; i++) {
        regfree(&s->pattern[i].compiled);
    }
    json_object_put(s->root);
    free(s);
}

bool schema_allows(const struct schema *schema, struct json_object *value, char *why, size_t room) {
    struct check c = {.schema = schema, .why = why, .room = room};
    why[0] = '\0';
    return allows(&c, schema->root, value, "record");
}
