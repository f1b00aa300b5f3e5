/* SPDX-License-Identifier: Apache-2.0 */
#include "output/mask.h"
#include "output/native_semantics_parts.h"

/* Lower case, with the leading zeros that some leave out: as tracing systems show it, so that it can be
 * searched for. The id has 1 to 32 digits. */
static void write_id(struct writer *w, struct slice id) {
    enum { SHORT = 16, LONG = 32 };
    char text[LONG];
    size_t len = id.len <= SHORT ? SHORT : LONG, zeros = len - id.len;
    memset(text, '0', zeros);
    for (size_t i = 0; i < id.len; i++) {
        text[zeros + i] = (char)ascii_lower(id.ptr[i]);
    }
    (void)writer_string(w, slice_make(text, len));
}

static void write_sampled(struct writer *w, enum trace_sampled sampled) {
    if (sampled != TRACE_SAMPLED_UNKNOWN) {
        WRITER_KEY(w, "sampled");
        writer_bool(w, sampled != TRACE_NOT_SAMPLED);
    }
}

static void write_context(struct writer *w, const struct trace_context *c) {
    WRITER_KEY(w, "id");
    write_id(w, c->trace_id);
    WRITER_KEY(w, "span_id");
    write_id(w, c->span_id);
    if (c->parent_span_id.len) {
        WRITER_KEY(w, "parent_span_id");
        write_id(w, c->parent_span_id);
    }
    write_sampled(w, c->sampled);
}

/* The formats that are `valid`, or that are there without being so. */
static void write_formats(struct writer *w, const struct semantics_trace *trace, bool valid) {
    bool begun = false;
    for (unsigned i = 0; i < TRACE_FORMATS; i++) {
        if (!trace->contexts[i].present || trace->contexts[i].valid != valid) {
            continue;
        }
        if (!begun) {
            writer_key(w, valid ? "formats" : "malformed");
            writer_begin_array(w);
            begun = true;
        }
        writer_text(w, trace_format_name((enum trace_format)i));
    }
    if (begun) {
        writer_end_array(w);
    }
}

static void write_state(struct native *native, struct writer *w, const struct semantics_trace *trace) {
    if (trace->state_malformed) {
        WRITER_RAW(w, "\"state_malformed\":true");
    }
    if (trace->state_count == 0) {
        return;
    }
    WRITER_KEY(w, "state");
    writer_begin_array(w);
    for (uint32_t i = 0; i < trace->state_count && i < TRACE_STATES_KEPT; i++) {
        const struct trace_state *state = &trace->state[i];
        bool secret = native->mask && native->mask->secrets && mask_is_secret_parameter(state->key);
        writer_begin_object(w);
        WRITER_KEY(w, "key");
        native_write_shown(native, w, state->key);
        WRITER_KEY(w, "value");
        native_write_shown(native, w, secret ? slice_of(MASK_MARK) : state->value);
        writer_end_object(w);
    }
    writer_end_array(w);
    if (trace->state_count > TRACE_STATES_KEPT) {
        WRITER_KEY(w, "state_dropped");
        writer_unsigned(w, trace->state_count - TRACE_STATES_KEPT);
    }
}

void native_write_semantics_trace(struct native *native, struct writer *w,
                                  const struct semantics_trace *trace) {
    bool any = trace->request_id.len || trace->response_request_id.len;
    for (unsigned i = 0; i < TRACE_FORMATS; i++) {
        any = any || trace->contexts[i].present;
    }
    if (!any) {
        return;
    }
    WRITER_KEY(w, "trace");
    writer_begin_object(w);
    if (trace->chosen != TRACE_FORMATS) {
        write_context(w, &trace->contexts[trace->chosen]);
    } else {
        enum trace_sampled sampled = trace->contexts[TRACE_B3_SINGLE].sampled;
        write_sampled(w, sampled ? sampled : trace->contexts[TRACE_B3_MULTI].sampled);
    }
    write_formats(w, trace, true);
    write_formats(w, trace, false);
    if (trace->conflict) {
        WRITER_RAW(w, "\"conflict\":true");
    }
    write_state(native, w, trace);
    if (trace->request_id.len) {
        WRITER_KEY(w, "request_id");
        native_write_shown(native, w, trace->request_id);
    }
    if (trace->response_request_id.len) {
        WRITER_KEY(w, "response_request_id");
        native_write_shown(native, w, trace->response_request_id);
    }
    writer_end_object(w);
}
