/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics_known.h"

#include "analyzer/semantics_fields.h"
#include "output/native_semantics.h"
#include "output/native_semantics_parts.h"

/* The memo's key for a part: what its fields say, and what else it depends on. */
struct part_key {
    struct native_memo memo;
    size_t len;
    bool fits;
    uint8_t bytes[MEMO_SLOT_BYTES];
};

enum { BEFORE_VALUE = 4 };

/* Of one field: its name, its side, its length, its value. */
static void take_value(struct part_key *key, enum field_name name, uint8_t side, struct slice value) {
    enum { ROOM = MEMO_SLOT_BYTES - BEFORE_VALUE };
    if (value.len > ROOM || key->len > ROOM - value.len) {
        key->fits = false;
        return;
    }
    uint8_t *to = key->bytes + key->len;
    *to++ = (uint8_t)name;
    *to++ = side;
    *to++ = (uint8_t)value.len;
    *to++ = (uint8_t)(value.len >> 8);
    (void)slice_put(value, to);
    key->len += BEFORE_VALUE + value.len;
}

static void take_side(struct part_key *key, const struct field_index *index,
                      const uint64_t fields[FIELD_INDEX_WORDS], uint8_t side) {
    for (unsigned word = 0; word < FIELD_INDEX_WORDS; word++) {
        for (uint64_t left = index->present[word] & fields[word]; left && key->fits; left &= left - 1) {
            enum field_name name = (enum field_name)(64 * word + (unsigned)__builtin_ctzll(left));
            const struct header *field = &index->list->items[index->first[name]];
            take_value(key, name, side, field->value);
            while (index->first[name] != index->last[name] && key->fits &&
                   (field = field_index_next(index, name, field))) {
                take_value(key, name, side, field->value);
            }
        }
    }
}

/* Does the memo's key at `at` go on with the side's fields? Where it ends then, else NULL. */
static const uint8_t *follow_side(const uint8_t *at, const uint8_t *end, const struct field_index *index,
                                  const uint64_t fields[FIELD_INDEX_WORDS], uint8_t side) {
    for (unsigned word = 0; word < FIELD_INDEX_WORDS; word++) {
        for (uint64_t left = index->present[word] & fields[word]; left; left &= left - 1) {
            unsigned name = 64 * word + (unsigned)__builtin_ctzll(left);
            struct slice value = index->list->items[index->first[name]].value;
            if (end - at < BEFORE_VALUE || at[0] != name || at[1] != side ||
                (at[2] | (size_t)at[3] << 8) != value.len || !memo_same(at + BEFORE_VALUE, value)) {
                return NULL;
            }
            at += BEFORE_VALUE + value.len;
        }
    }
    return at;
}

/* The same as the last time? Found out without making the key. */
static bool is_recent(const struct native *native, const struct semantics *s, enum memo_kind kind,
                      const struct semantics_fields *fields, uint8_t scene, struct slice *json) {
    struct slice known = memo_key_at(native->memo, kind, native->recent[kind], json);
    if (known.len == 0 || known.ptr[0] != scene || s->request.any_repeats || s->response.any_repeats) {
        return false;
    }
    const uint8_t *end = known.ptr + known.len;
    const uint8_t *at = follow_side(known.ptr + 1, end, &s->request, fields->request, 0);
    at = at ? follow_side(at, end, &s->response, fields->response, 1) : NULL;
    return at == end;
}

/* Where the part of the heads at hand is noted; NULL where they are not known, or have other fields. */
static struct native_part *place_of(struct native *native, const struct semantics *s,
                                    enum semantics_part part) {
    const struct known_head *request = s->request_like.head, *response = s->response_like.head;
    if (!request || !response ||
        semantics_fields_meet(&semantics_fields[part], s->request_like.names, s->response_like.names)) {
        return NULL;
    }
    return &native->parts[(request->stamp * 41 + response->stamp * 11 + part) % NATIVE_PARTS];
}

/* Is it noted, and the memo's still? Then *json is it. */
static bool is_noted(const struct native *native, const struct semantics *s, const struct native_part *place,
                     enum semantics_part part, uint8_t scene, struct slice *json) {
    const struct memo_slot *slot = &native->memo->slots[place->slot];
    *json = slice_make(slot->bytes + slot->key_len, slot->json_len);
    return place->stamps[0] == s->request_like.head->stamp &&
           place->stamps[1] == s->response_like.head->stamp && place->part == part && place->scene == scene &&
           place->version == slot->version;
}

/* Has the memo the part, by what its fields say? Then *json is it. */
static bool knows(struct native *native, const struct semantics *s, enum semantics_part part, uint8_t scene,
                  struct part_key *key, struct slice *json) {
    static const enum memo_kind kinds[SEMANTICS_PARTS] = {
        [SEMANTICS_CONTENT] = MEMO_CONTENT,   [SEMANTICS_AUTHENTICATION] = MEMO_AUTHENTICATION,
        [SEMANTICS_COOKIES] = MEMO_COOKIES,   [SEMANTICS_ORIGIN] = MEMO_ORIGIN,
        [SEMANTICS_SECURITY] = MEMO_SECURITY, [SEMANTICS_HINTS] = MEMO_HINTS,
    };
    const struct semantics_fields *fields = &semantics_fields[part];
    key->memo = (struct native_memo){.key = {.kind = kinds[part]}};
    if (is_recent(native, s, kinds[part], fields, scene, json)) {
        return true;
    }
    key->fits = true;
    key->len = 1;
    key->bytes[0] = scene;
    take_side(key, &s->request, fields->request, 0);
    take_side(key, &s->response, fields->response, 1);
    key->memo.key.bytes = slice_make(key->bytes, key->len);
    return key->fits && memo_get(native->memo, &key->memo.key, &native->recent[kinds[part]], json);
}

/* True when the part is written: the memo had it. Else the caller writes it, and calls remember. `scene`:
 * what else than fields the part depends on. */
static bool remembers(struct native *native, struct writer *w, const struct semantics *s,
                      enum semantics_part part, uint8_t scene, struct part_key *key) {
    struct native_part *place = place_of(native, s, part);
    struct slice json;
    bool noted = place && is_noted(native, s, place, part, scene, &json);
    if (!noted && !knows(native, s, part, scene, key, &json)) {
        native_begin_memo(native, w, &key->memo);
        return false;
    }
    if (json.len) {
        writer_json_slack(w, json);
    }
    if (place && !noted) {
        uint16_t slot = native->recent[key->memo.key.kind];
        *place = (struct native_part){.stamps = {s->request_like.head->stamp, s->response_like.head->stamp},
                                      .version = native->memo->slots[slot].version,
                                      .slot = slot,
                                      .part = (uint8_t)part,
                                      .scene = scene};
    }
    return true;
}

static void remember(struct native *native, struct writer *w, const struct part_key *key) {
    if (key->fits) {
        native_remember(native, w, &key->memo);
    }
}

static bool says(const struct semantics *s, enum semantics_part part) {
    return semantics_fields_any(part, &s->request, &s->response);
}

void native_write_known_cached(struct native *native, struct writer *w, const struct semantics *s) {
    struct semantics_cached cached;
    if (says(s, SEMANTICS_CACHED)) {
        semantics_cached_read(&cached, &s->response);
        native_write_cached(native, w, &cached);
    }
}

void native_write_known_content(struct native *native, struct writer *w, const struct semantics *s,
                                const struct transaction *t) {
    const bool there = semantics_has_known_content(s, t);
    struct part_key key;
    if (says(s, SEMANTICS_CONTENT) && !remembers(native, w, s, SEMANTICS_CONTENT, there, &key)) {
        struct semantics_content content;
        semantics_content_read(&content, &s->request, &s->response, there);
        native_write_semantics_content(native, w, &content);
        remember(native, w, &key);
    }
}

void native_write_known_authentication(struct native *native, struct writer *w, const struct semantics *s) {
    struct part_key key;
    if (says(s, SEMANTICS_AUTHENTICATION) && !remembers(native, w, s, SEMANTICS_AUTHENTICATION, 0, &key)) {
        struct semantics_authentication authentication;
        semantics_authentication_read(&authentication, &s->request, &s->response);
        native_write_semantics_authentication(native, w, &authentication);
        remember(native, w, &key);
    }
}

/* What is set depends on the time and on the host. */
void native_write_known_cookies(struct native *native, struct writer *w, const struct semantics *s,
                                const struct transaction *t) {
    const bool set = field_index_has(&s->response, FIELD_NAME_SET_COOKIE);
    struct part_key key;
    if (!says(s, SEMANTICS_COOKIES) || (!set && remembers(native, w, s, SEMANTICS_COOKIES, 0, &key))) {
        return;
    }
    struct semantics_cookies cookies;
    const struct cookie_scene scene = semantics_cookie_scene(t);
    semantics_cookies_read(&cookies, &s->request, &s->response, &scene);
    native_write_semantics_cookies(native, w, &cookies);
    if (!set) {
        remember(native, w, &key);
    }
}

/* An origin is held against the target and the status; without one only the fields count. */
void native_write_known_origin(struct native *native, struct writer *w, const struct semantics *s,
                               const struct transaction *t) {
    const bool related =
        field_index_has(&s->request, FIELD_NAME_ORIGIN) || field_index_has(&s->request, FIELD_NAME_REFERER);
    struct part_key key;
    if (!says(s, SEMANTICS_ORIGIN) || (!related && remembers(native, w, s, SEMANTICS_ORIGIN, 0, &key))) {
        return;
    }
    struct semantics_origin origin;
    semantics_origin_read(&origin, &s->request, &s->response, t->request.line[0], &t->target,
                          semantics_known_status(s, t));
    native_write_semantics_origin(native, w, &origin);
    if (!related) {
        remember(native, w, &key);
    }
}

void native_write_known_security(struct native *native, struct writer *w, const struct semantics *s,
                                 const struct transaction *t) {
    const struct security_scene scene = semantics_security_scene(s, t);
    const uint8_t bits =
        (uint8_t)((unsigned)scene.content | (unsigned)scene.document << 1 | (unsigned)scene.cleartext << 2);
    struct part_key key;
    if ((scene.content || scene.document || says(s, SEMANTICS_SECURITY)) &&
        !remembers(native, w, s, SEMANTICS_SECURITY, bits, &key)) {
        struct semantics_security security;
        semantics_security_read(&security, &s->response, &scene);
        native_write_semantics_security(native, w, &security);
        remember(native, w, &key);
    }
}

/* The role is known without a field, too. */
void native_write_known_intermediaries(struct native *native, struct writer *w, const struct semantics *s,
                                       const struct transaction *t) {
    const struct intermediary_scene scene = semantics_intermediary_scene(s, t);
    const bool plain = scene.form == TARGET_ORIGIN && !scene.connect && scene.status < 400;
    if (!plain || says(s, SEMANTICS_INTERMEDIARIES)) {
        struct semantics_intermediaries intermediaries;
        semantics_intermediaries_read(&intermediaries, &s->request, &s->response, &scene);
        native_write_semantics_intermediaries(native, w, &intermediaries);
    }
}

void native_write_known_hints(struct native *native, struct writer *w, const struct semantics *s) {
    struct part_key key;
    if (says(s, SEMANTICS_HINTS) && !remembers(native, w, s, SEMANTICS_HINTS, 0, &key)) {
        struct semantics_hints hints;
        semantics_hints_read(&hints, &s->request, &s->response);
        native_write_semantics_hints(native, w, &hints);
        remember(native, w, &key);
    }
}

/* An id does not come again. */
void native_write_known_trace(struct native *native, struct writer *w, const struct semantics *s) {
    struct semantics_trace trace;
    if (says(s, SEMANTICS_TRACE)) {
        semantics_trace_read(&trace, &s->request, &s->response);
        native_write_semantics_trace(native, w, &trace);
    }
}
