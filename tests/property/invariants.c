/* SPDX-License-Identifier: Apache-2.0 */
#include "invariants.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 1 << 22, PATH_BYTES = 128 };

struct invariants {
    json_object *schema;
    json_tokener *tokener;
    struct buf rest;
};

struct invariants *invariants_new(const char *schema_path) {
    struct invariants *v = calloc(1, sizeof *v);
    if (!v) {
        return NULL;
    }
    buf_init(&v->rest, TEXT_BYTES);
    v->tokener = json_tokener_new();
    v->schema = json_object_from_file(schema_path);
    if (!v->tokener || !v->schema) {
        fprintf(stderr, "can't read the schema %s\n", schema_path);
        invariants_free(v);
        return NULL;
    }
    return v;
}

void invariants_free(struct invariants *v) {
    if (!v) {
        return;
    }
    json_object_put(v->schema);
    if (v->tokener) {
        json_tokener_free(v->tokener);
    }
    buf_fini(&v->rest);
    free(v);
}

/* One walk over a record. */
struct walk {
    json_object *definitions;
    struct buf *core, *rest;
    struct invariants_cut *cut;
    bool unknown; /* a key that the schema does not have */
};

static bool starts_with(const char *path, const char *start) {
    return strncmp(path, start, strlen(start)) == 0;
}

/* What was said; interim responses may be lost beside it. */
static bool is_core(const char *path) {
    static const char *const said[] = {"http.",       "url.",     "client.",  "server.",
                                       "user_agent.", "network.", "hark.type"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (starts_with(path, said[i])) {
            return !starts_with(path, "http.response.interim");
        }
    }
    return false;
}

static void keep(struct walk *w, const char *path, json_object *value) {
    const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
    if (strcmp(path, "event.id") == 0 || strcmp(path, "hark.parent") == 0) {
        char *to = path[0] == 'e' ? w->cut->id : w->cut->parent;
        snprintf(to, INVARIANTS_ID, "%s", text);
        return;
    }
    struct buf *out = is_core(path) ? w->core : w->rest;
    buf_append_slice(out, slice_of(path));
    buf_append_slice(out, slice_of("="));
    buf_append_slice(out, slice_of(text));
    buf_append_slice(out, slice_of("\n"));
}

/* The notes that the schema says are not invariant: they speak of times. */
static bool is_left_out(const char *path, json_object *item) {
    json_object *id;
    if (strcmp(path, "notes") != 0 || !json_object_object_get_ex(item, "id", &id)) {
        return false;
    }
    const char *name = json_object_get_string(id);
    return strcmp(name, "times_disagree") == 0 || strcmp(name, "faster_than_handshake") == 0;
}

/* The rule itself, or the one that it refers to as "#/$defs/name". */
static json_object *resolve(const struct walk *w, json_object *rule) {
    static const char defs[] = "#/$defs/";
    json_object *reference, *found = NULL;
    if (!json_object_object_get_ex(rule, "$ref", &reference)) {
        return rule;
    }
    const char *name = json_object_get_string(reference);
    if (starts_with(name, defs)) {
        json_object_object_get_ex(w->definitions, name + strlen(defs), &found);
    }
    return found ? found : rule;
}

static void walk_object(struct walk *w, json_object *schema, json_object *value, const char *path);

static void walk_array(struct walk *w, json_object *schema, json_object *value, const char *path) {
    json_object *items;
    if (!json_object_object_get_ex(schema, "items", &items)) {
        return;
    }
    for (size_t i = 0, kept = 0; i < json_object_array_length(value); i++) {
        json_object *item = json_object_array_get_idx(value, i);
        if (json_object_is_type(item, json_type_object) && !is_left_out(path, item)) {
            char inner[PATH_BYTES];
            int len = snprintf(inner, sizeof inner, "%s[%zu]", path, kept++);
            w->unknown |= len < 0 || (size_t)len >= sizeof inner;
            walk_object(w, resolve(w, items), item, inner);
        }
    }
}

static void walk_object(struct walk *w, json_object *schema, json_object *value, const char *path) {
    json_object *properties = NULL;
    json_object_object_get_ex(schema, "properties", &properties);
    json_object_object_foreach(value, key, inner) {
        json_object *rule, *mark;
        char name[PATH_BYTES];
        int len = snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", key);
        w->unknown |= len < 0 || (size_t)len >= sizeof name;
        if (!properties || !json_object_object_get_ex(properties, key, &rule)) {
            w->unknown = true;
            fprintf(stderr, "%s is not in the schema\n", name);
        } else if (json_object_object_get_ex(rule, "x-invariant", &mark) && json_object_get_boolean(mark)) {
            keep(w, name, inner);
        } else if (json_object_is_type(inner, json_type_object)) {
            walk_object(w, resolve(w, rule), inner, name);
        } else if (json_object_is_type(inner, json_type_array)) {
            walk_array(w, resolve(w, rule), inner, name);
        }
    }
}

bool invariants_cut(struct invariants *v, struct slice record, struct buf *text, struct invariants_cut *cut) {
    size_t before = text->len;
    *cut = (struct invariants_cut){0};
    json_tokener_reset(v->tokener);
    json_object *object = json_tokener_parse_ex(v->tokener, (const char *)record.ptr, (int)record.len);
    struct walk w = {.core = text, .rest = &v->rest, .cut = cut};
    bool whole = json_object_is_type(object, json_type_object);
    if (whole) {
        json_object_object_get_ex(v->schema, "$defs", &w.definitions);
        v->rest.len = 0;
        walk_object(&w, v->schema, object, "");
        cut->core_len = text->len - before;
        buf_append_slice(text, buf_slice(&v->rest));
    }
    json_object_put(object);
    return whole && !w.unknown && !text->failed && !v->rest.failed;
}
