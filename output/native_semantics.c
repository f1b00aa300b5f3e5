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

static void write_persistence(struct native *native, struct writer *w, const struct semantics *s,
                              const struct transaction *t) {
    struct semantics_persistence persistence;
    semantics_persistence_read(&persistence, s, t);
    native_write_persistence(native, w, &persistence);
}

/* A part, unless it is to be left out. */
#define TELL(part, written)                                                                                  \
    do {                                                                                                     \
        if (__builtin_expect(!omission_has(omitted, (part)), 1)) {                                           \
            written;                                                                                         \
        }                                                                                                    \
    } while (0)

/* From `status` to `range`: the pieces of a known exchange. */
static void tell_front(struct native *native, struct writer *w, const struct transaction *t,
                       const struct semantics *s) {
    const uint64_t omitted = native->omitted;
    native->marks = (struct native_marks){0};
    TELL(OMIT_STATUS, write_status(native, w, s, t->response.status));
    TELL(OMIT_FIELDS, write_fields(native, w, s));
    TELL(OMIT_CACHING, native_write_caching(native, w, s));
    TELL(OMIT_CONDITIONAL, native_write_conditional(w, &s->conditional));
    TELL(OMIT_CACHED, native_write_known_cached(native, w, s));
    TELL(OMIT_RANGE, native_write_range(native, w, &s->range));
}

/* Since when the response's known head has its value for the field; 0 without. */
static uint64_t stamp_of(const struct semantics *s, enum field_name name) {
    return field_index_has(&s->response, name) ? s->response_like.head->lines[s->response.first[name]].stamp
                                               : 0;
}

static uint64_t stamp_of_dates(const struct semantics *s) {
    uint64_t date = stamp_of(s, FIELD_NAME_DATE), modified = stamp_of(s, FIELD_NAME_LAST_MODIFIED);
    return date > modified ? date : modified;
}

/* What was written from `start` on is what the exchange says. */
static void keep_front(struct native *native, const struct writer *w, const struct semantics *s,
                       struct told_exchange *told, size_t start, size_t failures) {
    const struct native_marks *marks = &native->marks;
    size_t end = w->out->len - start;
    size_t dates = marks->dates ? marks->dates - start : 0,
           dates_end = marks->dates ? marks->dates_end - start : 0;
    size_t etag = marks->etag ? marks->etag - start : end,
           etag_end = marks->etag ? marks->etag_end - start : end;
    const size_t ends[EXCHANGE_PIECES] = {dates, dates_end, etag, etag_end, end};
    if (!w->out->failed && native_failures(native) == failures) {
        told_exchange_learn(told, s->exchange->stamp, slice_make(w->out->ptr + start, end), ends);
        told->dates = s->varies & EXCHANGE_DATES ? 0 : stamp_of_dates(s);
        told->etag = s->varies & EXCHANGE_ETAG ? 0 : stamp_of(s, FIELD_NAME_ETAG);
    }
}

/* Pieces that follow each other, as they are, without a comma before them. */
static void write_pieces(struct writer *w, const struct told_exchange *told, enum exchange_piece first,
                         enum exchange_piece last) {
    const uint8_t *from = told_exchange_piece(told, first).ptr;
    w->comma = false;
    writer_json_slack(w, slice_make(from, (size_t)(told->json + told->ends[last] - from)));
}

/* A piece that is not the told one; it is from now on, where it is the known head's, since `stamp`. */
static void write_other_piece(struct native *native, struct writer *w, const struct semantics *s,
                              struct told_exchange *told, enum exchange_piece piece, uint64_t stamp) {
    const struct buf *out = w->out;
    size_t start = out->len, failures = native_failures(native);
    bool dates = piece == EXCHANGE_PIECE_DATES;
    w->comma = false;
    if (dates) {
        native_write_dates(native, w, &s->caching);
    } else {
        native_write_etag_value(native, w, &s->caching);
    }
    if (stamp && !out->failed && native_failures(native) == failures &&
        told_exchange_replace(told, piece, slice_make(out->ptr + start, out->len - start))) {
        *(dates ? &told->dates : &told->etag) = stamp;
    }
}

static void write_told_front(struct native *native, struct writer *w, const struct semantics *s,
                             struct told_exchange *told) {
    uint64_t dates = s->varies & EXCHANGE_DATES ? 0 : stamp_of_dates(s);
    uint64_t etag = s->varies & EXCHANGE_ETAG ? 0 : stamp_of(s, FIELD_NAME_ETAG);
    const bool dates_hole = native_has_hole(native, s, FIELD_NAME_DATE) ||
                            native_has_hole(native, s, FIELD_NAME_LAST_MODIFIED),
               etag_hole = native_has_hole(native, s, FIELD_NAME_ETAG);
    enum exchange_piece next = EXCHANGE_FRONT;
    if (dates != told->dates || s->varies & EXCHANGE_DATES || dates_hole) {
        write_pieces(w, told, next, EXCHANGE_FRONT);
        size_t start = w->out->len;
        write_other_piece(native, w, s, told, EXCHANGE_PIECE_DATES, dates);
        if (dates_hole) {
            native_note_hole(native, (struct rest_hole){.kind = REST_DATES}, start, w->out->len);
        }
        next = EXCHANGE_MIDDLE;
    }
    if (etag != told->etag || s->varies & EXCHANGE_ETAG || etag_hole) {
        write_pieces(w, told, next, EXCHANGE_MIDDLE);
        size_t start = w->out->len;
        write_other_piece(native, w, s, told, EXCHANGE_PIECE_ETAG, etag);
        if (etag_hole) {
            native_note_hole(native, (struct rest_hole){.kind = REST_ETAG}, start, w->out->len);
        }
        next = EXCHANGE_BACK;
    }
    write_pieces(w, told, next, EXCHANGE_BACK);
}

static void tell_group(struct native *native, struct writer *w, struct semantics *s,
                       const struct transaction *t, enum semantics_group group) {
    const uint64_t omitted = native->omitted;
    semantics_read_type(s);
    if (group == SEMANTICS_GROUP_CONTENT) {
        TELL(OMIT_CONTENT, native_write_known_content(native, w, s, t));
        TELL(OMIT_AUTHENTICATION, native_write_known_authentication(native, w, s));
    } else {
        TELL(OMIT_SECURITY, native_write_known_security(native, w, s, t));
        TELL(OMIT_INTERMEDIARIES, native_write_known_intermediaries(native, w, s, t));
        TELL(OMIT_HINTS, native_write_known_hints(native, w, s));
        TELL(OMIT_TRACE, native_write_known_trace(native, w, s));
    }
}

/* `told`: NULL where the exchange is not known. */
static void write_group(struct native *native, struct writer *w, struct semantics *s,
                        const struct transaction *t, struct told_exchange *told, enum semantics_group group) {
    const struct semantics_fields *fields = &semantics_groups[group];
    if (!told || semantics_fields_meet(fields, s->request_like.names, s->response_like.names)) {
        tell_group(native, w, s, t, group);
        return;
    }
    struct told_group *known = &told->groups[group];
    uint64_t type = stamp_of(s, FIELD_NAME_CONTENT_TYPE);
    if (known->known && known->type == type) {
        if (known->len) {
            writer_json_slack(w, slice_make(known->json, known->len));
        }
        return;
    }
    const struct buf *out = w->out;
    size_t before = out->len, start = before + w->comma, failures = native_failures(native);
    tell_group(native, w, s, t, group);
    if (!out->failed && native_failures(native) == failures) {
        struct slice json = slice_make(out->ptr + start, out->len > before ? out->len - start : 0);
        told_exchange_learn_group(told, group, json);
        known->type = type;
    }
}

/* The place for what is told of the exchange; NULL where it is not known. */
static struct told_exchange *told_of(struct native *native, const struct transaction *t,
                                     const struct semantics *s) {
    bool known = s == t->semantics && s->exchange && s->exchange->stamp && native->omitted == 0;
    return known ? &native->exchanges->exchanges[s->exchange->slot] : NULL;
}

static void write_parts(struct native *native, struct writer *w, const struct transaction *t,
                        struct semantics *s) {
    const uint64_t omitted = native->omitted;
    struct told_exchange *told = told_of(native, t, s);
    if (told && told->stamp == s->exchange->stamp) {
        write_told_front(native, w, s, told);
    } else {
        size_t start = w->out->len, failures = native_failures(native);
        semantics_read_rest(s, t);
        tell_front(native, w, t, s);
        if (told) {
            keep_front(native, w, s, told, start, failures);
            told = told->stamp == s->exchange->stamp ? told : NULL;
        }
    }
    TELL(OMIT_PERSISTENCE, write_persistence(native, w, s, t));
    write_group(native, w, s, t, told, SEMANTICS_GROUP_CONTENT);
    TELL(OMIT_COOKIES, native_write_known_cookies(native, w, s, t));
    TELL(OMIT_ORIGIN, native_write_known_origin(native, w, s, t));
    write_group(native, w, s, t, told, SEMANTICS_GROUP_SECURITY);
}

void native_write_semantics(struct native *native, struct writer *w, const struct transaction *t) {
    struct semantics own;
    struct semantics *s = t->semantics;
    if (native->mask && native->mask->headers) {
        semantics_of_rest(t, native->hidden, &own);
        s = &own;
    } else if (!s) { /* not the analyzer's: whoever made it did not read what its fields mean */
        semantics_of(t, NULL, &own);
        s = &own;
    }
    size_t empty = w->out->len;
    bool comma = w->comma;
    WRITER_UP_TO(w, "\"semantics\":{");
    size_t begun = w->out->len;
    write_parts(native, w, t, s);
    if (w->out->len == begun) {
        w->out->len = empty; /* nothing is known */
        w->comma = comma;
        return;
    }
    writer_end_object(w);
}
