/* SPDX-License-Identifier: Apache-2.0 */
#include "output/native_semantics.h"

#include "output/mask.h"
#include "output/native_semantics_known.h"
#include "output/native_semantics_parts.h"

static void make_status(struct writer *w, unsigned code, const struct status *status) {
    enum status_class class = status_class_of(code);
    WRITER_UP_TO(w, "\"status\":{\"class\":");
    writer_text(w, status_class_name(class));
    if (status) {
        WRITER_KEY(w, "origin");
        writer_text(w, status_origin_name(status->origin));
        WRITER_KEY(w, "source");
        writer_text(w, status->source);
    } else {
        WRITER_KEY(w, "taken_for");
        writer_unsigned(w, class == STATUS_INVALID ? 500 : 100 * (unsigned)class);
    }
    if (status && status->log_only) {
        WRITER_RAW(w, "\"log_only\":true");
    }
    writer_end_object(w);
}

static void write_count(struct writer *w, const char *key, uint32_t count) {
    if (count) {
        writer_key(w, key);
        writer_unsigned(w, count);
    }
}

static void make_counts(struct writer *w, const struct field_counts *counts) {
    writer_begin_object(w);
    WRITER_UP_TO(w, "\"classes\":{");
    for (unsigned i = 0; i < FIELD_CLASSES; i++) {
        write_count(w, field_class_name((enum field_class)i), counts->classes[i]);
    }
    writer_end_object(w);
    WRITER_UP_TO(w, "\"topics\":{");
    for (unsigned i = 0; i < FIELD_TOPICS; i++) {
        write_count(w, field_topic_name((enum field_topic)i), counts->topics[i]);
    }
    writer_end_object(w);
    writer_end_object(w);
}

static void write_status(struct native *native, struct writer *w, const struct semantics *s, unsigned code) {
    struct native_memo memo = {.key = {.kind = MEMO_STATUS_MEANING, .parts = code}};
    if (s->has_status && code && !native_remembers(native, w, &memo)) {
        make_status(w, code, s->status);
        native_remember(native, w, &memo);
    }
}

/* Names that are there once are counted alike, whatever their order. */
static void write_counts(struct native *native, struct writer *w, enum memo_kind kind,
                         const struct field_index *index) {
    uint64_t names[FIELD_INDEX_WORDS + 1];
    struct field_counts counts;
    struct native_memo memo = {.key = {.kind = kind, .bytes = slice_make(names, sizeof names)}};
    memcpy(names, index->present, sizeof index->present);
    names[FIELD_INDEX_WORDS] = index->list->count;
    if (!index->any_repeats && native_remembers(native, w, &memo)) {
        return;
    }
    field_counts_make(&counts, index);
    make_counts(w, &counts);
    if (!index->any_repeats) {
        native_remember(native, w, &memo);
    }
}

static void make_fields(struct native *native, struct writer *w, const struct semantics *s) {
    WRITER_UP_TO(w, "\"fields\":{");
    if (s->request.list->count) {
        WRITER_KEY(w, "request");
        write_counts(native, w, MEMO_REQUEST_COUNTS, &s->request);
    }
    if (s->response.list->count) {
        WRITER_KEY(w, "response");
        write_counts(native, w, MEMO_RESPONSE_COUNTS, &s->response);
    }
    writer_end_object(w);
}

static void write_fields(struct native *native, struct writer *w, const struct semantics *s) {
    const struct field_index *request = &s->request, *response = &s->response;
    uint64_t names[2 * FIELD_INDEX_WORDS + 2];
    struct native_memo memo = {.key = {.kind = MEMO_COUNTS, .bytes = slice_make(names, sizeof names)}};
    if (!request->list->count && !response->list->count) {
        return;
    }
    memcpy(names, request->present, sizeof request->present);
    memcpy(names + FIELD_INDEX_WORDS, response->present, sizeof response->present);
    names[2 * FIELD_INDEX_WORDS] = request->list->count;
    names[2 * FIELD_INDEX_WORDS + 1] = response->list->count;
    bool may_remember = !request->any_repeats && !response->any_repeats;
    if (may_remember && native_remembers(native, w, &memo)) {
        return;
    }
    make_fields(native, w, s);
    if (may_remember) {
        native_remember(native, w, &memo);
    }
}

/* What a redacted field says is not told by its meaning either. */
void native_find_hidden(struct native *native) {
    native->referer = native->mask ? mask_kind(native->mask, slice_of("Referer"))
                                   : (struct mask_kind){FIELD_OTHER, ADDRESSES_NOWHERE};
    memset(native->hidden, 0, sizeof native->hidden);
    for (unsigned i = FIELD_NAME_OTHER + 1; native->mask && i < FIELD_NAMES; i++) {
        if (mask_redacts_header(native->mask, field_name_text((enum field_name)i))) {
            native->hidden[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
}

static void write_persistence(struct writer *w, const struct semantics *s, const struct transaction *t) {
    struct semantics_persistence persistence;
    semantics_persistence_read(&persistence, s, t);
    native_write_persistence(w, &persistence);
}

/* A part, unless it is to be left out. */
#define TELL(part, written)                                                                                  \
    do {                                                                                                     \
        if (__builtin_expect(!omission_has(omitted, (part)), 1)) {                                           \
            written;                                                                                         \
        }                                                                                                    \
    } while (0)

void native_write_semantics(struct native *native, struct writer *w, const struct transaction *t) {
    struct semantics own;
    const struct semantics *s = t->semantics;
    if (native->mask && native->mask->headers) {
        semantics_of_rest(t, native->hidden, &own);
        s = &own;
    } else if (!s) { /* not the analyzer's: whoever made it did not read what its fields mean */
        semantics_of(t, NULL, &own);
        s = &own;
    }
    const uint64_t omitted = native->omitted;
    size_t empty = w->out->len;
    bool comma = w->comma;
    WRITER_UP_TO(w, "\"semantics\":{");
    size_t begun = w->out->len;
    TELL(OMIT_STATUS, write_status(native, w, s, t->response.status));
    TELL(OMIT_FIELDS, write_fields(native, w, s));
    TELL(OMIT_CACHING, native_write_caching(native, w, s));
    TELL(OMIT_CONDITIONAL, native_write_conditional(w, &s->conditional));
    TELL(OMIT_CACHED, native_write_known_cached(native, w, s));
    TELL(OMIT_RANGE, native_write_range(native, w, &s->range));
    TELL(OMIT_PERSISTENCE, write_persistence(w, s, t));
    TELL(OMIT_CONTENT, native_write_known_content(native, w, s, t));
    TELL(OMIT_AUTHENTICATION, native_write_known_authentication(native, w, s));
    TELL(OMIT_COOKIES, native_write_known_cookies(native, w, s, t));
    TELL(OMIT_ORIGIN, native_write_known_origin(native, w, s, t));
    TELL(OMIT_SECURITY, native_write_known_security(native, w, s, t));
    TELL(OMIT_INTERMEDIARIES, native_write_known_intermediaries(native, w, s, t));
    TELL(OMIT_HINTS, native_write_known_hints(native, w, s));
    TELL(OMIT_TRACE, native_write_known_trace(native, w, s));
    if (w->out->len == begun) {
        w->out->len = empty; /* nothing is known */
        w->comma = comma;
        return;
    }
    writer_end_object(w);
}
