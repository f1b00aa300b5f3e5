/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of a record, from the request's fields on, of two known heads that differ from those of before in
 * values that nothing else depends on: all between what is the transaction's own is remembered. */
#include "output/native.h"

#include "analyzer/semantics.h"
#include "output/native_semantics.h"
#include "output/native_semantics_parts.h"

enum {
    REST_ROOM = DIGITS_BYTES + WRITER_STEP,
    REST_HOLES_ALWAYS = 6, /* two sizes of each message, the course, the number */
    REST_DATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1
};

#define UNTOLD_REQUEST(X, w)  X(USER_AGENT, w) | X(KEEP_ALIVE, w)
#define UNTOLD_RESPONSE(X, w) X(CONTENT_TYPE, w) | X(KEEP_ALIVE, w)
/* Fields whose value is told beside the head, too. */
static const struct semantics_fields untold = {FIELD_NAME_WORDS(UNTOLD_REQUEST),
                                               FIELD_NAME_WORDS(UNTOLD_RESPONSE)};
#define TIED_REQUEST(X, w)                                                                                   \
    X(ORIGIN, w) | X(REFERER, w) | X(IF_MATCH, w) | X(IF_NONE_MATCH, w) | X(IF_MODIFIED_SINCE, w) |          \
        X(IF_UNMODIFIED_SINCE, w)
#define TIED_RESPONSE(X, w) X(SET_COOKIE, w) | X(EXPIRES, w)
/* Fields whose value is held against the target, the time, or values that may differ. */
static const struct semantics_fields tied = {FIELD_NAME_WORDS(TIED_REQUEST), FIELD_NAME_WORDS(TIED_RESPONSE)};

static bool is_whole(const struct http_message *m) {
    return m->head_complete && m->end_known && !m->truncated && m->missing_bytes == 0 &&
           m->headers.dropped == 0 && m->trailers.dropped == 0;
}

/* Nothing is told that the known exchange does not know, but for what the holes are for. */
static bool is_usual(const struct native *native, const struct transaction *t) {
    const struct semantics *s = t->semantics;
    const struct mask *mask = native->mask;
    return s && s->exchange && s->exchange->stamp && native->omitted == 0 &&
           !(mask && (mask->headers || mask->addresses)) && notes_none(&t->notes) && is_whole(&t->request) &&
           is_whole(&t->response) && slice_is(t->response.line[0], "HTTP/1.1") && !t->reset &&
           !t->connection->midstream && !t->after_gap && t->tcp.at_start[t->client].gap_bytes == 0;
}

static const struct known_likeness *likeness_of(const struct semantics *s, unsigned side) {
    return side ? &s->response_like : &s->request_like;
}

/* Lines that have other values than at that stamp; the head has had the same names since. */
static uint32_t changed_since(const struct known_head *head, uint64_t stamp) {
    uint32_t lines = 0;
    for (unsigned i = 0; head->stamp > stamp && i < head->count; i++) {
        lines |= (uint32_t)(head->lines[i].stamp > stamp) << i;
    }
    return lines;
}

/* Has the message the values that it had, but for holes? */
static bool is_like(struct told_rest *rest, const struct semantics *s, unsigned side) {
    const struct known_likeness *like = likeness_of(s, side);
    if (like->lines & ~rest->others[side]) {
        return false;
    }
    if (like->head->stamp != rest->same[side]) {
        if (changed_since(like->head, rest->heads[side]) & ~rest->others[side]) {
            return false;
        }
        rest->same[side] = like->head->stamp;
    }
    return true;
}

static bool has_reason(const struct told_rest *rest, struct slice reason) {
    return rest->reason_len == reason.len && memcmp(rest->reason, reason.ptr, reason.len) == 0;
}

/* ---- what is remembered ---- */

/* A field's value up to its object's end. */
static void write_value(struct native *native, struct writer *w, const struct transaction *t,
                        const struct rest_hole *hole) {
    const struct http_message *m = hole->side ? &t->response : &t->request;
    const struct header *field = &m->headers.items[hole->line];
    uint8_t *to = pen_go_on(w, NATIVE_VALUE_ROOM(field->value.len));
    if (to && hole->kind == REST_DATE && field->value.len == REST_DATE_BYTES) {
        *to++ = '"'; /* known_exchange.c has read it: it has nothing to be escaped or masked */
        memcpy(to, field->value.ptr, REST_DATE_BYTES);
        to += REST_DATE_BYTES;
        memcpy(to, "\"}", 2);
        pen_close(w, to + 2);
    } else if (to) {
        native_write_value(native, w, field, hole->mask);
    }
}

static void write_hole(struct native *native, struct writer *w, const struct transaction *t,
                       const struct timing *timing, const struct rest_hole *hole) {
    const struct http_message *m = hole->side ? &t->response : &t->request;
    uint8_t *to = w->out->ptr + w->out->len; /* for a number there is room */
    switch ((enum rest_hole_kind)hole->kind) {
    case REST_BYTES:
        pen_close(w, pen_unsigned(to, m->end_offset - m->offset));
        break;
    case REST_BODY:
        pen_close(w, pen_unsigned(to, m->body_bytes));
        break;
    case REST_NUMBER:
        pen_close(w, pen_unsigned(to, (uint64_t)t->index + 1));
        break;
    case REST_VALUE:
    case REST_DATE:
        write_value(native, w, t, hole);
        break;
    case REST_COURSE:
        w->comma = true;
        native_write_course(native, w, t, timing);
        break;
    case REST_DATES:
        native_write_dates(native, w, &t->semantics->caching);
        break;
    case REST_ETAG:
        native_write_etag_value(native, w, &t->semantics->caching);
        break;
    }
}

static void write_told(struct native *native, struct writer *w, const struct transaction *t,
                       const struct timing *timing, const struct told_rest *rest) {
    const struct rest_hole *hole = rest->holes, *end = hole + rest->holes_count;
    for (size_t from = 0;; hole++) {
        size_t len = (hole < end ? hole->at : rest->len) - from;
        uint8_t *to = pen_go_on(w, len + REST_ROOM);
        if (!to) {
            return; /* the record does not fit */
        }
        writer_copy(to, rest->json + from, len);
        if (hole == end) {
            pen_close(w, to + len);
            return;
        }
        pen_close_open(w, to + len);
        write_hole(native, w, t, timing, hole);
        from = hole->at;
    }
}

/* ---- what is going to be ---- */

/* Lines whose values nothing depends on but the head's own text, and what holes are for. */
static uint32_t free_lines(const struct known_head *head, unsigned side) {
    const struct semantics_fields *const parts[] = {
        &untold, &semantics_groups[SEMANTICS_GROUP_CONTENT], &semantics_groups[SEMANTICS_GROUP_SECURITY],
        &semantics_fields[SEMANTICS_COOKIES], &semantics_fields[SEMANTICS_ORIGIN]};
    uint32_t lines = 0;
    for (unsigned i = 0; i < head->count; i++) {
        bool asked = head->framing_lines >> i & ~head->length_lines >> i & 1;
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            const uint64_t *names = side ? parts[k]->response : parts[k]->request;
            asked |= field_names_have(names, (enum field_name)head->lines[i].name);
        }
        lines |= (uint32_t)!asked << i;
    }
    return lines;
}

/* Holes are what was one before, and what has another value since or now. False where something depends on
 * that. */
static bool choose_holes(struct native_rest *noted, const struct told_rest *rest, const struct semantics *s) {
    for (unsigned side = 0; side < 2; side++) {
        const struct known_likeness *like = likeness_of(s, side);
        uint32_t others = like->lines;
        if (rest->exchange == s->exchange->stamp) {
            others |= rest->others[side] | changed_since(like->head, rest->heads[side]);
        }
        noted->others[side] = others & free_lines(like->head, side);
        if (like->lines & ~noted->others[side]) {
            return false;
        }
    }
    return !semantics_fields_meet(&tied, s->request.present, s->response.present);
}

bool native_has_hole(const struct native *native, const struct semantics *s, enum field_name name) {
    return native->rest.noted && field_index_has(&s->response, name) &&
           native->rest.others[1] >> s->response.first[name] & 1;
}

void native_add_hole(struct native *native, struct rest_hole hole, size_t from, size_t to) {
    struct native_rest *noted = &native->rest;
    if (noted->count < REST_HOLES) {
        noted->holes[noted->count] = hole;
        noted->from[noted->count] = from;
        noted->to[noted->count] = to;
    }
    noted->count++;
}

bool native_begin_rest(struct native *native, struct writer *w, const struct transaction *t,
                       const struct timing *timing) {
    if (!is_usual(native, t)) {
        return false;
    }
    const struct semantics *s = t->semantics;
    const uint64_t exchange = s->exchange->stamp;
    struct told_rest *rest = &native->exchanges->rests[s->exchange->slot];
    if (rest->exchange == exchange && is_like(rest, s, 0) && is_like(rest, s, 1) &&
        has_reason(rest, t->response.line[2])) {
        write_told(native, w, t, timing, rest);
        return true;
    }
    if (rest->next != exchange) {
        rest->next = exchange;
        return false;
    }
    struct native_rest *noted = &native->rest;
    *noted = (struct native_rest){.start = w->out->len, .failures = native_failures(native)};
    noted->noted = choose_holes(noted, rest, s) && t->response.line[2].len <= REST_REASON_MOST;
    return false;
}

/* Each that there must be. */
static unsigned holes_due(const struct native *native, const struct semantics *s) {
    const uint32_t *others = native->rest.others;
    bool dates =
        native_has_hole(native, s, FIELD_NAME_DATE) || native_has_hole(native, s, FIELD_NAME_LAST_MODIFIED);
    return REST_HOLES_ALWAYS + (unsigned)(__builtin_popcount(others[0]) + __builtin_popcount(others[1])) +
           dates + native_has_hole(native, s, FIELD_NAME_ETAG);
}

/* A hole of what is remembered, at `at`. */
static struct rest_hole hole_at(struct rest_hole hole, const struct semantics *s, size_t at) {
    const struct known_line *line = &likeness_of(s, hole.side)->head->lines[hole.line];
    bool date = hole.side && (line->name == FIELD_NAME_DATE || line->name == FIELD_NAME_LAST_MODIFIED);
    hole.kind = hole.kind == REST_VALUE && date ? REST_DATE : hole.kind;
    hole.at = (uint16_t)at;
    return hole;
}

/* The output between the holes; false where it is too long. */
static bool take_text(struct told_rest *rest, const struct native_rest *noted, const struct semantics *s,
                      const struct buf *out) {
    size_t len = 0, from = noted->start;
    for (unsigned i = 0; i <= noted->count; i++) {
        size_t end = i < noted->count ? noted->from[i] : out->len;
        if (end - from > REST_JSON_BYTES - len) {
            return false;
        }
        memcpy(rest->json + len, out->ptr + from, end - from);
        len += end - from;
        if (i < noted->count) {
            rest->holes[i] = hole_at(noted->holes[i], s, len);
            from = noted->to[i];
        }
    }
    rest->len = (uint16_t)len;
    rest->holes_count = noted->count;
    return true;
}

void native_end_rest(struct native *native, const struct writer *w, const struct transaction *t) {
    const struct native_rest *noted = &native->rest;
    if (!noted->noted || w->out->failed || native_failures(native) != noted->failures) {
        return;
    }
    const struct semantics *s = t->semantics;
    if (noted->count > REST_HOLES || noted->count != holes_due(native, s)) {
        return;
    }
    struct told_rest *rest = &native->exchanges->rests[s->exchange->slot];
    struct slice reason = t->response.line[2];
    rest->exchange = 0;
    if (!take_text(rest, noted, s, w->out)) {
        return;
    }
    rest->exchange = s->exchange->stamp;
    for (unsigned side = 0; side < 2; side++) {
        rest->heads[side] = rest->same[side] = likeness_of(s, side)->head->stamp;
        rest->others[side] = noted->others[side];
    }
    rest->reason_len = (uint8_t)reason.len;
    (void)slice_put(reason, rest->reason);
}
