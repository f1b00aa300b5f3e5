/* SPDX-License-Identifier: Apache-2.0 */
/* Distributed tracing: which trace and span a request says that it belongs to (W3C Trace Context level 1,
 * Zipkin's B3, Jaeger's uber-trace-id), and its request id. All slices are views of the fields. Pure
 * functions. */
#ifndef HARK_ANALYZER_SEMANTICS_TRACE_H
#define HARK_ANALYZER_SEMANTICS_TRACE_H

#include "analyzer/field_index.h"

/* The ways to say it, the one to be believed first standing first. */
enum trace_format {
    TRACE_W3C,       /* traceparent */
    TRACE_B3_SINGLE, /* b3 */
    TRACE_B3_MULTI,  /* X-B3-... */
    TRACE_JAEGER,    /* uber-trace-id */
    TRACE_FORMATS,
};
const char *trace_format_name(enum trace_format); /* "traceparent", "b3", "x-b3", "uber-trace-id" */

enum trace_sampled { TRACE_SAMPLED_UNKNOWN, TRACE_NOT_SAMPLED, TRACE_SAMPLED, TRACE_DEBUG };

/* Hexadecimal, as sent: B3's may be in upper case, Jaeger's lack leading zeros. Empty: not given, or no id by
 * the format's rules. */
struct trace_context {
    bool present; /* the format's field is there, well formed or not */
    bool valid;   /* it can be read; with B3 the ids may still be left out (a decision alone) */
    struct slice trace_id;
    struct slice span_id;        /* of the sender's span: the parent of what the server does */
    struct slice parent_span_id; /* of the sender's parent: B3, Jaeger */
    enum trace_sampled sampled;
};

enum { TRACE_STATES_KEPT = 8 };

/* A member of tracestate: what one tracing system hands on to itself (Trace Context section 3.3). */
struct trace_state {
    struct slice key, value;
};

struct semantics_trace {
    struct trace_context contexts[TRACE_FORMATS];
    enum trace_format chosen;                    /* the first that has a trace id; TRACE_FORMATS: none has */
    bool conflict;                               /* another one has another trace id */
    struct trace_state state[TRACE_STATES_KEPT]; /* of tracestate, the last sender's first */
    uint32_t state_count;                        /* kept or not; 0 without a traceparent that can be read */
    bool state_malformed;                        /* it says nothing then */
    struct slice request_id;                     /* X-Request-Id of the request; empty without one */
    struct slice response_request_id;            /* of the response */
};

/* `response` may be of an empty list. */
void semantics_trace_read(struct semantics_trace *, const struct field_index *request,
                          const struct field_index *response);

/* Are two ids the same number? */
bool trace_id_equal(struct slice a, struct slice b);

#endif
