/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_range.h"

#include "analyzer/h1_syntax.h"
#include "analyzer/http_date.h"
#include "analyzer/semantics.h"

const char *if_range_name(enum if_range kind) {
    static const char *const names[] = {[IF_RANGE_ETAG] = "etag",
                                        [IF_RANGE_DATE] = "date",
                                        [IF_RANGE_WEAK] = "weak_etag",
                                        [IF_RANGE_MALFORMED] = "malformed"};
    return names[kind];
}

const char *range_outcome_name(enum range_outcome outcome) {
    static const char *const names[] = {[RANGE_PARTIAL] = "partial",
                                        [RANGE_MULTIPART] = "multipart",
                                        [RANGE_WHOLE] = "whole",
                                        [RANGE_UNSATISFIABLE] = "unsatisfiable"};
    return names[outcome];
}

const char *range_problem_name(enum range_problem problem) {
    static const char *const names[RANGE_PROBLEMS] = {
        [RANGE_NOT_ASKED] = "not_asked",
        [RANGE_OTHER] = "other_range",
        [RANGE_MULTIPART_FOR_ONE] = "multipart_for_one",
        [RANGE_LENGTH] = "length",
        [RANGE_CONTENT_MISSING] = "content_range_missing",
        [RANGE_CONTENT_MALFORMED] = "content_range_malformed",
        [RANGE_CONTENT_IN_MULTIPART] = "content_range_in_multipart",
        [RANGE_CONTENT_UNEXPECTED] = "content_range_unexpected",
        [RANGE_SATISFIABLE] = "satisfiable",
        [RANGE_IF_RANGE_ALONE] = "if_range_alone",
        [RANGE_IF_RANGE_WEAK] = "if_range_weak",
        [RANGE_IF_RANGE_FALSE] = "if_range_false",
    };
    return names[problem];
}

static void problem(struct semantics_range *r, enum range_problem problem) {
    r->problems |= UINT32_C(1) << problem;
}

/* 1*DIGIT; what is beyond 2^63 - 1 is that. */
static bool position(struct slice text, uint64_t *value) {
    if (field_number(text, value)) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!h1_is(text.ptr[i], H1_DIGIT)) {
            return false;
        }
    }
    *value = INT64_MAX;
    return text.len > 0;
}

static bool read_range(struct slice text, struct byte_range *range) {
    size_t dash = slice_find(text, '-');
    struct slice last = slice_after(text, dash + 1);
    *range = (struct byte_range){.suffix = dash == 0};
    if (dash == text.len) {
        return false;
    }
    if (range->suffix) {
        return position(last, &range->first);
    }
    range->has_last = last.len > 0;
    return position(slice_first(text, dash), &range->first) &&
           (!range->has_last || (position(last, &range->last) && range->first <= range->last));
}

/* bytes=0-499,500-,-500 */
static void read_asked(struct semantics_range *r, struct slice value) {
    size_t equals = slice_find(value, '=');
    struct slice unit = slice_first(value, equals), rest = slice_after(value, equals + 1), piece;
    r->asked = true;
    if (equals == value.len || !h1_is_token(unit)) {
        return;
    }
    r->unit = unit;
    r->bytes = slice_is_nocase(unit, "bytes");
    r->asked_legal = rest.len > 0;
    while (r->bytes && field_piece_next(&rest, ',', &piece)) {
        struct byte_range range;
        if (piece.len == 0) {
            continue; /* RFC 9110 section 5.6.1.2 */
        }
        if (!read_range(piece, &range)) {
            r->asked_legal = false;
        } else if (r->count < BYTE_RANGES) {
            r->ranges[r->count++] = range;
        } else {
            r->dropped++;
        }
    }
    r->asked_legal = r->asked_legal && (!r->bytes || r->count > 0);
}

static enum if_range if_range_of(const struct field_index *request, int64_t now) {
    struct slice value = field_index_value(request, FIELD_NAME_IF_RANGE);
    bool weak;
    int64_t seconds;
    if (!field_index_has(request, FIELD_NAME_IF_RANGE)) {
        return IF_RANGE_NONE;
    }
    if (etag_read(value, &weak)) {
        return weak ? IF_RANGE_WEAK : IF_RANGE_ETAG;
    }
    return http_date_read(value, now, &seconds) ? IF_RANGE_DATE : IF_RANGE_MALFORMED;
}

/* "bytes 0-499/1234", "bytes 0-499/" with an asterisk for the total, and the same for the range (14.4); in
 * other units as well. */
static bool read_content_range(struct semantics_range *r, struct slice value) {
    size_t space = slice_find(value, ' ');
    struct slice unit = slice_first(value, space), rest = slice_after(value, space + 1);
    struct byte_range served;
    size_t slash = slice_find(rest, '/');
    if (!h1_is_token(unit) || slash == rest.len) {
        return false;
    }
    r->foreign = !slice_is_nocase(unit, "bytes");
    struct slice range = slice_first(rest, slash), total = slice_after(rest, slash + 1);
    bool counted = position(total, &r->total);
    r->has_total = counted && r->total < INT64_MAX;
    if (slice_is(range, "*")) {
        return counted;
    }
    if ((!counted && !slice_is(total, "*")) || !read_range(range, &served) || !served.has_last ||
        (r->has_total && served.last >= r->total)) {
        r->has_total = false;
        return false;
    }
    r->beyond = served.last == INT64_MAX;
    if (r->beyond) {
        return true;
    }
    r->has_served = true;
    r->first = served.first;
    r->last = served.last;
    return true;
}

/* What the range is of `total` bytes; false where nothing of it is there. */
static bool resolve(const struct byte_range *range, uint64_t total, uint64_t *first, uint64_t *last) {
    if (range->suffix) {
        *first = range->first < total ? total - range->first : 0;
        *last = total - 1;
        return range->first > 0 && total > 0;
    }
    *first = range->first;
    *last = range->has_last && range->last < total ? range->last : total - 1;
    return range->first < total;
}

/* Several ranges may be joined, if they touch or nearly do (15.3.7.2): then one of them in it is enough. */
static bool is_asked_for(const struct semantics_range *r, const struct byte_range *range, bool one) {
    const uint64_t unknown = (uint64_t)INT64_MAX + 1;
    uint64_t first, last;
    if (range->suffix && !r->has_total) {
        return true; /* nobody can tell */
    }
    if (!resolve(range, r->has_total ? r->total : unknown, &first, &last)) {
        return false;
    }
    return one ? r->first >= first && r->last <= last : r->first <= last && r->last >= first;
}

static void judge_served(struct semantics_range *r) {
    bool one = r->count == 1 && !r->dropped, found = r->dropped > 0;
    uint64_t first, last;
    for (uint32_t i = 0; i < r->count && !found; i++) {
        found = is_asked_for(r, &r->ranges[i], one);
    }
    if (!found) {
        problem(r, RANGE_OTHER);
    } else if (one && r->has_total && resolve(&r->ranges[0], r->total, &first, &last)) {
        r->subset = r->first > first || r->last < last;
    }
}

static bool is_multipart(const struct field_index *response) {
    struct slice parameters;
    struct slice type = field_front(field_index_value(response, FIELD_NAME_CONTENT_TYPE), &parameters);
    return slice_is_nocase(type, "multipart/byteranges");
}

/* How long the content is, where that is known. */
static bool content_length(const struct http_message *m, uint64_t *length) {
    if (m->framing.kind == H1_BODY_LENGTH) {
        *length = m->framing.length;
        return true;
    }
    *length = m->body_bytes;
    return m->framing.kind != H1_BODY_NONE && m->end_known && !m->truncated && !m->missing_bytes &&
           !m->gap_bytes;
}

/* Was a Range asked that a server may serve (section 14.2)? */
static bool may_serve(const struct semantics_range *r, const struct transaction *t) {
    return r->asked_legal && slice_is(t->request.line[0], "GET");
}

/* The validator that If-Range names is another one than the response's (13.1.5: a strong comparison). */
static bool if_range_is_false(const struct semantics_range *r, const struct semantics *s) {
    struct slice value = field_index_value(&s->request, FIELD_NAME_IF_RANGE);
    if (r->if_range == IF_RANGE_ETAG) {
        return s->caching.etag_legal && !slice_equal(value, s->caching.etag);
    }
    return r->if_range == IF_RANGE_DATE && s->caching.last_modified.legal &&
           !slice_equal(value, field_index_value(&s->response, FIELD_NAME_LAST_MODIFIED));
}

/* Does a legal Content-Range count in the unit that was asked for? */
static bool is_unit_asked_for(const struct semantics_range *r, struct slice content_range) {
    return slice_equal_nocase(slice_first(content_range, slice_find(content_range, ' ')), r->unit);
}

static void judge_206(struct semantics_range *r, const struct semantics *s, const struct transaction *t,
                      bool has_range, bool legal) {
    bool multipart = is_multipart(&s->response);
    uint64_t length;
    r->outcome = multipart ? RANGE_MULTIPART : RANGE_PARTIAL;
    if (has_range && !legal) {
        problem(r, RANGE_CONTENT_MALFORMED);
    } else if (has_range && multipart) {
        problem(r, RANGE_CONTENT_IN_MULTIPART);
    } else if (!has_range && !multipart && s->response_known) {
        problem(r, RANGE_CONTENT_MISSING);
    } else if (has_range && !r->has_served && !r->beyond) {
        problem(r, RANGE_CONTENT_MALFORMED); /* nothing served is for 416 */
    }
    if (r->has_served && !r->foreign && !multipart && content_length(&t->response, &length) &&
        length != r->last - r->first + 1) {
        problem(r, RANGE_LENGTH);
    }
    if (s->request_known && !may_serve(r, t)) {
        problem(r, RANGE_NOT_ASKED);
    } else if (s->request_known && r->bytes && multipart && r->count == 1 && !r->dropped) {
        problem(r, RANGE_MULTIPART_FOR_ONE);
    } else if (s->request_known && legal && !multipart &&
               !is_unit_asked_for(r, field_index_value(&s->response, FIELD_NAME_CONTENT_RANGE))) {
        problem(r, RANGE_OTHER);
    } else if (s->request_known && r->bytes && r->has_served && !multipart) {
        judge_served(r);
    }
    if (if_range_is_false(r, s)) {
        problem(r, RANGE_IF_RANGE_FALSE);
    }
}

static void judge_416(struct semantics_range *r, bool has_range, bool legal) {
    uint64_t first, last;
    r->outcome = RANGE_UNSATISFIABLE;
    if (has_range && (!legal || r->has_served || r->beyond)) {
        problem(r, RANGE_CONTENT_MALFORMED);
    } else if (r->has_total && !r->foreign && r->asked_legal && r->count == 1 && !r->dropped &&
               resolve(&r->ranges[0], r->total, &first, &last)) {
        problem(r, RANGE_SATISFIABLE);
    }
}

void semantics_range_read(struct semantics_range *r, const struct semantics *s, const struct transaction *t) {
    bool has_range = field_index_has(&s->response, FIELD_NAME_CONTENT_RANGE);
    unsigned status = s->has_status ? t->response.status : 0;
    r->asked = r->asked_legal = r->bytes = r->has_served = r->has_total = r->subset = r->beyond = r->foreign =
        false;
    r->unit = slice_make(NULL, 0);
    r->count = r->dropped = r->problems = 0;
    r->outcome = RANGE_UNKNOWN;
    r->accepts = field_index_value(&s->response, FIELD_NAME_ACCEPT_RANGES);
    if (field_index_has(&s->request, FIELD_NAME_RANGE)) {
        read_asked(r, field_index_value(&s->request, FIELD_NAME_RANGE));
    }
    r->if_range = if_range_of(&s->request, t->request.first.time_ns / NS_PER_SECOND);
    if (r->if_range != IF_RANGE_NONE && !r->asked && s->request_known) {
        problem(r, RANGE_IF_RANGE_ALONE);
    }
    if (r->if_range == IF_RANGE_WEAK) {
        problem(r, RANGE_IF_RANGE_WEAK);
    }
    bool legal =
        has_range && read_content_range(r, field_index_value(&s->response, FIELD_NAME_CONTENT_RANGE));
    if (status == 206) {
        judge_206(r, s, t, has_range, legal);
    } else if (status == 416) {
        judge_416(r, has_range, legal);
    } else if (has_range && status) {
        problem(r, RANGE_CONTENT_UNEXPECTED);
    }
    if (status == 200 && r->asked) {
        r->outcome = RANGE_WHOLE;
    }
    r->has_served = r->has_served && !r->foreign;
    r->has_total = r->has_total && !r->foreign;
    r->judged = ((status == 206 || status == 416) && !r->beyond) || r->problems;
}
