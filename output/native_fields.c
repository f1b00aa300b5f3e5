/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a head or of trailers, as arrays of objects. */
#include "output/native.h"

enum { NAME_JSON_BYTES = 128 };

/* A field's object up to its value; returns how the value is masked. */
static struct mask_kind make_name(struct native *native, struct writer *w, struct slice name) {
    struct mask *mask = native->mask;
    writer_begin_object(w);
    struct slice shown = mask ? mask_field_name(mask, name, &native->scratch) : name;
    NATIVE_BYTES(w, "name", shown);
    WRITER_KEY(w, "value");
    return mask ? mask_kind(mask, name) : (struct mask_kind){FIELD_OTHER, ADDRESSES_NOWHERE};
}

/* The same; few names make up nearly all fields. */
static struct mask_kind write_name(struct native *native, struct writer *w, struct slice name) {
    struct memo_key key = {.kind = MEMO_NAME, .bytes = name};
    uint16_t hint;
    struct slice known;
    struct mask_kind kind;
    if (memo_get(native->memo, &key, &hint, &known)) {
        writer_json_slack(w, slice_after(known, sizeof kind));
        w->comma = false;
        memcpy(&kind, known.ptr, sizeof kind);
        return kind;
    }
    uint8_t json[sizeof kind + NAME_JSON_BYTES];
    size_t start = w->out->len + w->comma, failures = native_failures(native);
    kind = make_name(native, w, name);
    size_t len = w->out->len - start;
    if (!w->out->failed && native_failures(native) == failures && len <= NAME_JSON_BYTES) {
        memcpy(json, &kind, sizeof kind);
        memcpy(json + sizeof kind, w->out->ptr + start, len);
        memo_put(native->memo, &key, slice_make(json, sizeof kind + len));
    }
    return kind;
}

bool native_line_key(const struct header *field, enum memo_kind kind, struct memo_key *key) {
    if (!field->joined || field->name.len > UINT16_MAX) {
        return false;
    }
    size_t value_at = (size_t)(field->value.ptr - field->name.ptr), apart = value_at - field->name.len;
    if (apart > UINT16_MAX) {
        return false;
    }
    *key = (struct memo_key){.kind = kind,
                             .parts = (uint32_t)(field->name.len << 16 | apart),
                             .bytes = slice_make(field->name.ptr, value_at + field->value.len)};
    return true;
}

/* The value and the end of a field's object. */
static void make_rest(struct writer *w, struct slice value) {
    if (!writer_string(w, value)) {
        WRITER_KEY(w, "raw");
        writer_base64(w, value);
    }
    writer_end_object(w);
}

void native_copy_shown(struct writer *w, const struct native_shown *shown) {
    uint8_t *to = writer_room(w, shown->len + 1);
    if (to) {
        (void)slice_put(slice_make(w->out->ptr + shown->start, shown->len), to);
        w->out->len += shown->len;
    }
    w->comma = true;
}

/* What has to be masked with care is looked up; what does not, mostly does not come again. */
static void write_rest(struct native *native, struct writer *w, const struct header *field,
                       struct mask_kind kind) {
    struct mask *mask = native->mask;
    if (field == native->shown.field) {
        native_copy_shown(w, &native->shown);
        writer_end_object(w);
        return;
    }
    if (!mask || mask_shows(mask, kind, field->value)) {
        make_rest(w, field->value);
        return;
    }
    uint16_t hint = 0;
    struct native_memo memo = {.hint = &hint};
    bool may_remember = native_line_key(field, MEMO_FIELD, &memo.key);
    if (may_remember && native_remembers_elsewhere(native, w, &memo)) {
        return;
    }
    make_rest(w, mask_value(mask, kind, field->value, &native->scratch));
    if (may_remember) {
        native_remember(native, w, &memo);
    }
}

void native_write_fields(struct native *native, struct writer *w, const struct header_list *list) {
    writer_begin_array(w);
    for (uint32_t i = 0; i < list->count; i++) {
        write_rest(native, w, &list->items[i], write_name(native, w, list->items[i].name));
    }
    writer_end_array(w);
}

/* Writes the fields and keeps them, if nothing went wrong. */
static void learn_fields(struct native *native, struct writer *w, const struct header_list *list,
                         const struct known_likeness *like, struct told_head *head) {
    const struct buf *out = w->out;
    size_t start = out->len, failures = native_failures(native);
    head->base = 0;
    head->missing = like->lines;
    for (uint32_t i = 0; i < list->count; i++) {
        struct head_line *line = &head->lines[i];
        line->json = (uint16_t)(out->len + w->comma - start);
        line->kind = write_name(native, w, list->items[i].name);
        line->json_value = (uint16_t)(out->len - start);
        write_rest(native, w, &list->items[i], line->kind);
        line->json_end = (uint16_t)(out->len - start);
    }
    if (!out->failed && native_failures(native) == failures) {
        head_memo_learn(head, like->head, slice_make(out->ptr + start, out->len - start));
    }
}

/* An entity tag, from `start` on to the object's end, may be told again: where it is shown as running text
 * is, and escaped no more than its quotes. */
static void note_etag(struct native *native, const struct writer *w, const struct header *field,
                      struct mask_kind kind, size_t start) {
    enum { QUOTES = 2, ESCAPES = 2, END = 1 };
    bool plain = kind.field == FIELD_OTHER && !(native->mask && native->mask->addresses);
    if (plain && !w->out->failed && w->out->len == start + QUOTES + ESCAPES + field->value.len + END) {
        native->etag = (struct native_shown){field, start, w->out->len - END - start};
    }
}

/* Where nothing of the value needs an escape, is nothing of it masked either? */
static bool shows_plain(const struct native *native, struct mask_kind kind) {
    const struct mask *mask = native->mask;
    return !mask || (!mask->addresses && (kind.field == FIELD_OTHER || kind.field == FIELD_URL));
}

void native_write_value(struct native *native, struct writer *w, const struct header *field,
                        struct mask_kind kind) {
    const struct buf *out = w->out;
    size_t start = out->len;
    bool shown = field == native->shown.field;
    uint8_t *end =
        !shown && shows_plain(native, kind) ? plain_value_put(out->ptr + start, field->value) : NULL;
    if (end) {
        *end = '}';
        pen_close(w, end + 1);
    } else {
        write_rest(native, w, field, kind);
    }
    if (field->known == FIELD_NAME_ETAG + 1) {
        note_etag(native, w, field, kind, start);
    }
}

/* Writes the fields from `from` on, of which the last one, at `at`, has a value that is not known, or is to
 * be remembered as a hole. Returns where that begins in the output. */
static size_t write_up_to_other(struct native *native, struct writer *w, const struct header *field,
                                const struct told_head *head, uint32_t from, uint32_t at) {
    const struct head_line *line = &head->lines[at];
    size_t begin = head->lines[from].json, before = (size_t)line->json_value - begin;
    uint8_t *to = pen_open(w, before + WRITER_STEP + NATIVE_VALUE_ROOM(field->value.len));
    if (!to) {
        return w->out->len;
    }
    writer_copy(to, head->json + begin, before);
    pen_close_open(w, to + before);
    size_t value = w->out->len;
    native_write_value(native, w, field, line->kind);
    return value;
}

static void write_known_fields(struct native *native, struct writer *w, const struct header_list *list,
                               const struct known_likeness *like, struct told_head *head, bool response) {
    const struct buf *out = w->out;
    const uint32_t holes = native->rest.noted ? native->rest.others[response] : 0;
    uint32_t others = like->lines | head->missing | holes, at = 0;
    for (; others; others &= others - 1) {
        uint32_t other = (uint32_t)__builtin_ctz(others), bit = UINT32_C(1) << other;
        size_t failures = native_failures(native);
        size_t value = write_up_to_other(native, w, &list->items[other], head, at, other);
        const struct head_line *line = &head->lines[other];
        if (holes & bit) {
            const struct rest_hole hole = {
                .kind = REST_VALUE, .side = response, .line = (uint8_t)other, .mask = line->kind};
            native_note_hole(native, hole, value, out->len);
        }
        at = other + 1;
        if (head->missing & ~like->lines & bit && !out->failed && native_failures(native) == failures) {
            size_t start = value - ((size_t)line->json_value - line->json);
            head_memo_replace(head, like->head, other, slice_make(out->ptr + start, out->len - start));
        }
    }
    if (at < list->count) {
        size_t from = head->lines[at].json, end = head->lines[list->count - 1].json_end;
        writer_json_slack(w, slice_make(head->json + from, end - from));
    }
}

void native_write_head(struct native *native, struct writer *w, const struct header_list *list,
                       const struct known_likeness *like, bool response) {
    if (!like || !like->head) {
        WRITER_KEY(w, "headers");
        native_write_fields(native, w, list);
        return;
    }
    struct told_head *head = head_memo_at(native->heads, like->head);
    WRITER_UP_TO(w, "\"headers\":[");
    if (head->base == like->head->base) {
        write_known_fields(native, w, list, like, head, response);
    } else {
        learn_fields(native, w, list, like, head);
    }
    writer_end_array(w);
}
