/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a connection by the passing of time. */
#include "reassembly/session.h"

#include <assert.h>

static struct stream_patience patience(const struct reassembler *r, const struct session *x) {
    return (struct stream_patience){.skew_ns = r->limits->skew_ns,
                                    .hold_time_ns = r->limits->hold_time_ns,
                                    .one_sided = x->connection.one_sided};
}

static void propose(struct session_event *event, int64_t deadline_ns, enum session_event_kind kind,
                    enum direction d) {
    if (deadline_ns < event->deadline_ns || (deadline_ns == event->deadline_ns && kind < event->kind)) {
        *event = (struct session_event){.deadline_ns = deadline_ns, .kind = kind, .direction = d};
    }
}

static int64_t own_start_deadline(const struct reassembler *r, const struct session *x, enum direction d) {
    int64_t since_ns = x->streams[d].parked_since_ns;
    if (since_ns != SEGQ_NEVER && x->presumed_ns[d] < since_ns) {
        since_ns = x->presumed_ns[d];
    }
    return since_ns == SEGQ_NEVER ? SEGQ_NEVER : since_ns + r->limits->skew_ns;
}

/* Two directions that both wait for their start begin together: else all of one would come before the other.
 */
static int64_t start_deadline(const struct reassembler *r, const struct session *x, enum direction d) {
    enum direction o = direction_other(d);
    int64_t own_ns = own_start_deadline(r, x, d);
    int64_t other_ns = x->streams[o].state == STREAM_PARKED ? own_start_deadline(r, x, o) : SEGQ_NEVER;
    return other_ns != SEGQ_NEVER && other_ns > own_ns ? other_ns : own_ns;
}

void session_start_due(const struct reassembler *r, struct session *x) {
    bool due[2];
    for (int d = 0; d < 2; d++) {
        due[d] =
            x->streams[d].state == STREAM_PARKED && start_deadline(r, x, (enum direction)d) <= r->clock_ns;
    }
    for (int d = 0; d < 2; d++) {
        if (due[d]) {
            session_start_lowest(x, (enum direction)d);
        }
    }
}

static void propose_stream(const struct reassembler *r, const struct session *x, enum direction d,
                           struct session_event *event) {
    const struct stream *s = &x->streams[d];
    int64_t skew_ns = r->limits->skew_ns;
    if (s->overdue_set && !s->overdue_ripe) {
        propose(event, s->overdue_since_ns + skew_ns, EVENT_OVERDUE, d);
    }
    struct stream_patience p = patience(r, x);
    struct stream_gap gap;
    if (s->passed && stream_gap(s, &p, &gap)) {
        propose(event, gap.deadline_ns, EVENT_GAP, d);
    }
    if (stream_is_idle(s)) {
        return;
    }
    switch (stream_front(s)) {
    case FRONT_PARKED:
        propose(event, start_deadline(r, x, d), EVENT_START, d);
        break;
    case FRONT_CUT:
    case FRONT_HOLE:
        if (!s->passed && stream_gap(s, &p, &gap)) {
            propose(event, gap.deadline_ns, EVENT_GAP, d);
        }
        break;
    case FRONT_DECLINED:
        if (!s->passed && !session_other_moves(x, d)) {
            propose(event, s->held.head->since_ns + skew_ns, EVENT_DECLINED, d);
        }
        break;
    case FRONT_FIN:
        if (!s->passed && !session_fin_is_certain(x, d)) {
            propose(event, session_fin_deadline(r, x, d), EVENT_FIN, d);
        }
        break;
    case FRONT_NOTHING:
    case FRONT_READY:
        break;
    }
}

/* A RST of a number that today's receivers take (RFC 5961 section 3.2), the next one or what they
 * acknowledged, has only late packets to be waited for. Another one is forged, or bytes before it were not
 * captured. */
static int64_t reset_patience(const struct reassembler *r, const struct session *x) {
    const struct stream *s = &x->streams[x->connection.reset_from];
    uint64_t offset = x->reset_offset;
    bool exact = !s->anchored || offset == s->highest || offset == s->highest + 1 ||
                 (s->acked_known && offset == s->acked);
    return exact ? r->limits->skew_ns : r->limits->hold_time_ns;
}

/* Nothing that waits has a deadline: the usual case. */
static bool is_quiet(const struct stream *s) {
    return stream_is_idle(s) && !s->overdue_set && !s->passed;
}

struct session_event session_next_event(const struct reassembler *r, const struct session *x) {
    const struct limits *limits = r->limits;
    struct session_event event = {.kind = EVENT_LINGERED, .deadline_ns = INT64_MAX};
    if (x->state == SESSION_CLOSED) {
        propose(&event, x->closed_ns + limits->flow_linger_ns, EVENT_LINGERED, DIRECTION_0);
        return event;
    }
    int64_t last_ns = x->streams[0].last_ns;
    if (x->streams[1].last_ns > last_ns) {
        last_ns = x->streams[1].last_ns;
    }
    propose(&event, last_ns + limits->flow_idle_ns, EVENT_IDLE, DIRECTION_0);
    if (x->state == SESSION_OPEN && x->reused_ns == SEGQ_NEVER && x->half_ns == SEGQ_NEVER &&
        is_quiet(&x->streams[0]) && is_quiet(&x->streams[1])) {
        return event;
    }
    if (x->state == SESSION_RESET) {
        propose(&event, x->reset_ns + reset_patience(r, x), EVENT_RESET, DIRECTION_0);
    }
    if (x->reused_ns != SEGQ_NEVER) {
        propose(&event, x->reused_ns + limits->skew_ns, EVENT_REUSED, DIRECTION_0);
    }
    for (int d = 0; d < 2; d++) {
        if (x->half_ns != SEGQ_NEVER && x->streams[d].state != STREAM_ENDED && !x->streams[d].seen) {
            propose(&event, x->half_ns + limits->skew_ns + limits->flow_linger_ns, EVENT_HALF,
                    (enum direction)d);
        }
        propose_stream(r, x, (enum direction)d, &event);
    }
    return event;
}

void session_note_silence(struct reassembler *r, struct session *x, enum direction d, int64_t since_ns) {
    struct stream *s = &x->streams[d];
    if (x->connection.one_sided || (s->seen && s->last_ns >= since_ns)) {
        return;
    }
    s->silent_waits++;
    if (s->seen && s->silent_waits < 2) {
        return;
    }
    x->connection.one_sided = true;
    x->silent = d;
    r->counts.one_sided++;
    for (int i = 0; i < 2; i++) {
        x->streams[i].poked = true;
        x->streams[i].overdue_ripe |= x->streams[i].overdue_set;
    }
}

static void perform_gap(struct reassembler *r, struct session *x, enum direction d) {
    struct stream_patience p = patience(r, x);
    struct stream_gap gap;
    if (!stream_gap(&x->streams[d], &p, &gap)) {
        return;
    }
    if (x->streams[d].passed) {
        session_miss(r, x, d, gap.from, gap.end, gap.reason);
    } else {
        session_gap(r, x, d, gap.end, gap.reason);
    }
}

static void perform_declined(struct reassembler *r, struct session *x, enum direction d) {
    struct stream *s = &x->streams[d];
    r->counts.declined_timeouts++;
    session_note_silence(r, x, direction_other(d), s->held.head->since_ns);
    s->force = true;
}

void session_perform(struct reassembler *r, struct session *x, const struct session_event *event) {
    enum direction d = event->direction;
    struct stream *s = &x->streams[d];
    switch (event->kind) {
    case EVENT_START:
        session_start_due(r, x);
        break;
    case EVENT_GAP:
        perform_gap(r, x, d);
        break;
    case EVENT_FIN:
        s->fin_certain = true;
        break;
    case EVENT_OVERDUE:
        s->overdue_ripe = true;
        session_note_silence(r, x, d, s->overdue_since_ns);
        break;
    case EVENT_DECLINED:
        perform_declined(r, x, d);
        break;
    case EVENT_RESET:
        if (session_reset_stands(r, x)) {
            session_finish(r, x, END_RST);
        }
        break;
    case EVENT_REUSED:
        session_finish(r, x, END_REUSED);
        break;
    case EVENT_HALF:
    case EVENT_IDLE:
        session_finish(r, x, END_IDLE);
        break;
    case EVENT_LINGERED:
        return;
    }
    session_pump(r, x);
}
