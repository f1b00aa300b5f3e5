/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/semantics_trace.h"

#include "analyzer/field_value.h"
#include "analyzer/h1_syntax.h"

enum { TRACE_ID_HEX = 32, SHORT_TRACE_ID_HEX = 16, SPAN_ID_HEX = 16 };

const char *trace_format_name(enum trace_format format) {
    static const char *const names[] = {
        [TRACE_W3C] = "traceparent",
        [TRACE_B3_SINGLE] = "b3",
        [TRACE_B3_MULTI] = "x-b3",
        [TRACE_JAEGER] = "uber-trace-id",
    };
    return names[format];
}

static bool is_hex(struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        if (!h1_is(s.ptr[i], H1_HEX)) {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_lower_hex(struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != ascii_lower(s.ptr[i])) {
            return false;
        }
    }
    return is_hex(s);
}

static struct slice without_zeros(struct slice s) {
    while (s.len && s.ptr[0] == '0') {
        s = slice_after(s, 1);
    }
    return s;
}

bool trace_id_equal(struct slice a, struct slice b) {
    return slice_equal_nocase(without_zeros(a), without_zeros(b));
}

static bool is_zero(struct slice s) {
    return without_zeros(s).len == 0;
}

static unsigned hex_digit(uint8_t c) {
    return h1_is(c, H1_DIGIT) ? (unsigned)(c - '0') : (unsigned)(ascii_lower(c) - 'a' + 10);
}

static struct slice part(struct slice s, size_t from, size_t len) {
    return slice_first(slice_after(s, from), len);
}

/* version "-" trace-id "-" parent-id "-" trace-flags (Trace Context section 3.2). A later version may go on
 * behind another dash. */
static void read_traceparent(struct trace_context *c, struct slice value) {
    enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, LENGTH = 55 };
    struct slice version = part(value, 0, 2), trace = part(value, TRACE_AT, TRACE_ID_HEX),
                 span = part(value, SPAN_AT, SPAN_ID_HEX), flags = part(value, FLAGS_AT, 2);
    if (value.len < LENGTH || value.ptr[TRACE_AT - 1] != '-' || value.ptr[SPAN_AT - 1] != '-' ||
        value.ptr[FLAGS_AT - 1] != '-' || !is_lower_hex(version) || !is_lower_hex(trace) ||
        !is_lower_hex(span) || !is_lower_hex(flags)) {
        return;
    }
    bool first_version = is_zero(version);
    if (slice_is(version, "ff") || (value.len > LENGTH && (first_version || value.ptr[LENGTH] != '-')) ||
        is_zero(trace) || is_zero(span)) {
        return;
    }
    c->valid = true;
    c->trace_id = trace;
    c->span_id = span;
    c->sampled = hex_digit(flags.ptr[1]) & 1 ? TRACE_SAMPLED : TRACE_NOT_SAMPLED;
}

/* Letters, digits and _ - * / @, small letters alone; it begins with a letter or digit. */
static bool is_state_key(struct slice s) {
    enum { LONGEST = 256 };
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || h1_is(c, H1_DIGIT);
        if (!plain && (i == 0 || c == '\0' || !strchr("_-*/@", c))) {
            return false;
        }
    }
    return s.len > 0 && s.len <= LONGEST;
}

static bool is_state_value(struct slice s) {
    enum { LONGEST = 256 };
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < ' ' || s.ptr[i] > '~' || s.ptr[i] == ',' || s.ptr[i] == '=') {
            return false;
        }
    }
    return s.len > 0 && s.len <= LONGEST;
}

/* list = list-member 0*31( OWS "," OWS list-member ), over all lines; there are no quoted strings. One fault,
 * and all of it is to be passed over. */
static void read_tracestate(struct semantics_trace *trace, const struct field_index *index) {
    enum { MOST = 32 };
    const struct header *field = field_index_find(index, FIELD_NAME_TRACESTATE);
    for (; field; field = field_index_next(index, FIELD_NAME_TRACESTATE, field)) {
        for (struct slice rest = field->value; rest.len;) {
            size_t end = slice_find(rest, ',');
            struct slice member = slice_trim(slice_first(rest, end));
            size_t equals = slice_find(member, '=');
            struct trace_state state = {slice_first(member, equals), slice_after(member, equals + 1)};
            rest = slice_after(rest, end + 1);
            if (member.len == 0) {
                continue;
            }
            if (!is_state_key(state.key) || !is_state_value(state.value) || trace->state_count == MOST) {
                trace->state_malformed = true;
                trace->state_count = 0;
                return;
            }
            if (trace->state_count++ < TRACE_STATES_KEPT) {
                trace->state[trace->state_count - 1] = state;
            }
        }
    }
}

static bool is_b3_trace_id(struct slice s) {
    return (s.len == TRACE_ID_HEX || s.len == SHORT_TRACE_ID_HEX) && is_hex(s) && !is_zero(s);
}

static bool is_span_id(struct slice s) {
    return s.len == SPAN_ID_HEX && is_hex(s) && !is_zero(s);
}

/* B3's sampling state; true and false stand in old senders' X-B3-Sampled. */
static enum trace_sampled b3_sampled(struct slice s) {
    if (slice_is(s, "1") || slice_is_nocase(s, "true")) {
        return TRACE_SAMPLED;
    }
    if (slice_is(s, "0") || slice_is_nocase(s, "false")) {
        return TRACE_NOT_SAMPLED;
    }
    return slice_is_nocase(s, "d") ? TRACE_DEBUG : TRACE_SAMPLED_UNKNOWN;
}

/* {trace}-{span}[-{sampled}[-{parent}]], or {sampled} alone. */
static void read_b3_single(struct trace_context *c, struct slice value) {
    struct slice parts[4] = {0};
    size_t count = 0;
    for (; value.ptr && count < 4; count++) {
        (void)field_piece_next(&value, '-', &parts[count]);
    }
    enum trace_sampled sampled = b3_sampled(parts[count == 1 ? 0 : 2]);
    if (count == 1 && sampled != TRACE_SAMPLED_UNKNOWN) {
        c->valid = true;
        c->sampled = sampled;
        return;
    }
    if (value.ptr || count < 2 || !is_b3_trace_id(parts[0]) || !is_span_id(parts[1]) ||
        (count > 2 && sampled == TRACE_SAMPLED_UNKNOWN) || (count > 3 && !is_span_id(parts[3]))) {
        return;
    }
    c->valid = true;
    c->trace_id = parts[0];
    c->span_id = parts[1];
    c->parent_span_id = parts[3];
    c->sampled = sampled;
}

static void read_b3_multi(struct trace_context *c, const struct field_index *index) {
    struct slice trace = field_index_value(index, FIELD_NAME_X_B3_TRACEID),
                 span = field_index_value(index, FIELD_NAME_X_B3_SPANID),
                 parent = field_index_value(index, FIELD_NAME_X_B3_PARENTSPANID),
                 sampled = field_index_value(index, FIELD_NAME_X_B3_SAMPLED),
                 flags = field_index_value(index, FIELD_NAME_X_B3_FLAGS);
    bool debug = slice_is(flags, "1"); /* implies the decision */
    c->present = trace.len || span.len || sampled.len || flags.len;
    if (field_index_repeats(index, FIELD_NAME_X_B3_TRACEID) ||
        field_index_repeats(index, FIELD_NAME_X_B3_SPANID) ||
        field_index_repeats(index, FIELD_NAME_X_B3_SAMPLED)) {
        return; /* which of them counts nobody can tell */
    }
    if (is_b3_trace_id(trace) && is_span_id(span)) {
        c->valid = true;
        c->trace_id = trace;
        c->span_id = span;
        c->parent_span_id = is_span_id(parent) ? parent : slice_make(NULL, 0);
    }
    c->sampled = debug ? TRACE_DEBUG : b3_sampled(sampled);
    c->valid = c->valid || (!trace.len && !span.len && c->sampled != TRACE_SAMPLED_UNKNOWN);
}

/* Up to the next colon, which may be percent-encoded as senders of old do. */
static struct slice take_jaeger_part(struct slice *rest) {
    struct slice s = *rest;
    for (size_t i = 0; i < s.len; i++) {
        bool encoded = s.ptr[i] == '%' && slice_is_nocase(part(s, i, 3), "%3a");
        if (s.ptr[i] == ':' || encoded) {
            *rest = slice_after(s, i + (encoded ? 3 : 1));
            return slice_first(s, i);
        }
    }
    *rest = slice_make(NULL, 0);
    return s;
}

/* {trace}:{span}:{parent}:{flags}; the parent is of no use and may be 0. */
static void read_jaeger(struct trace_context *c, struct slice value) {
    enum { SAMPLED = 1, DEBUG = 2 };
    struct slice trace = take_jaeger_part(&value), span = take_jaeger_part(&value),
                 parent = take_jaeger_part(&value), flags = value;
    if (trace.len > TRACE_ID_HEX || span.len > SPAN_ID_HEX || parent.len > SPAN_ID_HEX || flags.len > 2 ||
        !is_hex(trace) || !is_hex(span) || !is_hex(flags) || is_zero(trace) || is_zero(span) ||
        (parent.len && !is_hex(parent))) {
        return;
    }
    unsigned bits = hex_digit(flags.ptr[flags.len - 1]);
    c->valid = true;
    c->trace_id = trace;
    c->span_id = span;
    c->parent_span_id = is_zero(parent) ? slice_make(NULL, 0) : parent;
    c->sampled = bits & DEBUG ? TRACE_DEBUG : bits & SAMPLED ? TRACE_SAMPLED : TRACE_NOT_SAMPLED;
}

static void choose(struct semantics_trace *trace) {
    trace->chosen = TRACE_FORMATS;
    for (unsigned i = 0; i < TRACE_FORMATS; i++) {
        struct slice id = trace->contexts[i].trace_id;
        if (id.len == 0) {
            continue;
        }
        if (trace->chosen == TRACE_FORMATS) {
            trace->chosen = (enum trace_format)i;
        } else if (!trace_id_equal(id, trace->contexts[trace->chosen].trace_id)) {
            trace->conflict = true;
        }
    }
}

/* A field that may stand once only: several say nothing (Trace Context section 3.2). */
static bool take_field(struct trace_context *c, const struct field_index *index, enum field_name name) {
    c->present = field_index_has(index, name);
    return c->present && !field_index_repeats(index, name);
}

/* Most requests have none of it. */
static bool has_any(const struct field_index *request) {
    return field_index_has(request, FIELD_NAME_TRACEPARENT) || field_index_has(request, FIELD_NAME_B3) ||
           field_index_has(request, FIELD_NAME_X_B3_TRACEID) ||
           field_index_has(request, FIELD_NAME_X_B3_SPANID) ||
           field_index_has(request, FIELD_NAME_X_B3_SAMPLED) ||
           field_index_has(request, FIELD_NAME_X_B3_FLAGS) ||
           field_index_has(request, FIELD_NAME_UBER_TRACE_ID) ||
           field_index_has(request, FIELD_NAME_X_REQUEST_ID);
}

void semantics_trace_read(struct semantics_trace *trace, const struct field_index *request,
                          const struct field_index *response) {
    for (unsigned i = 0; i < TRACE_FORMATS; i++) {
        trace->contexts[i] = (struct trace_context){.present = false};
    }
    trace->chosen = TRACE_FORMATS;
    trace->conflict = trace->state_malformed = false;
    trace->state_count = 0;
    trace->request_id = slice_make(NULL, 0);
    if (!has_any(request)) {
        trace->response_request_id = field_index_value(response, FIELD_NAME_X_REQUEST_ID);
        return;
    }
    trace->request_id = field_index_value(request, FIELD_NAME_X_REQUEST_ID);
    trace->response_request_id = field_index_value(response, FIELD_NAME_X_REQUEST_ID);
    if (take_field(&trace->contexts[TRACE_W3C], request, FIELD_NAME_TRACEPARENT)) {
        read_traceparent(&trace->contexts[TRACE_W3C], field_index_value(request, FIELD_NAME_TRACEPARENT));
    }
    if (trace->contexts[TRACE_W3C].valid && field_index_has(request, FIELD_NAME_TRACESTATE)) {
        read_tracestate(trace, request);
    }
    if (take_field(&trace->contexts[TRACE_B3_SINGLE], request, FIELD_NAME_B3)) {
        read_b3_single(&trace->contexts[TRACE_B3_SINGLE], field_index_value(request, FIELD_NAME_B3));
    }
    read_b3_multi(&trace->contexts[TRACE_B3_MULTI], request);
    if (take_field(&trace->contexts[TRACE_JAEGER], request, FIELD_NAME_UBER_TRACE_ID)) {
        read_jaeger(&trace->contexts[TRACE_JAEGER], field_index_value(request, FIELD_NAME_UBER_TRACE_ID));
    }
    choose(trace);
}
