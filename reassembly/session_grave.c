/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_grave.h"

static bool stream_has_lost(const struct stream *s) {
    for (unsigned i = 0; i < STREAM_LOST_RANGES; i++) {
        if (s->lost[i].from < s->lost[i].to) {
            return true;
        }
    }
    return false;
}

bool session_can_rest(const struct session *x) {
    if (x->state != SESSION_CLOSED || x->candidate_set || x->holding || x->is_unsettled) {
        return false;
    }
    for (int d = 0; d < 2; d++) {
        if (x->presumed_ns[d] != SEGQ_NEVER || x->streams[d].state != STREAM_ENDED ||
            stream_has_lost(&x->streams[d])) {
            return false;
        }
    }
    return true;
}

static void bury_side(const struct session *x, int d, struct grave_side *g) {
    const struct stream *s = &x->streams[d];
    const struct tcpfacts *f = &x->facts[d];
    g->next = s->next;
    g->origin = s->origin;
    g->highest = s->highest;
    g->acked = s->acked;
    g->fin = s->fin;
    g->start = x->connection.start[d];
    g->start_known = x->connection.start_known[d];
    g->anchored = s->anchored;
    g->acked_known = s->acked_known;
    g->fin_known = s->fin_known;
    g->data_seen = s->data_seen;
    g->sightings_at = f->sightings_at;
    g->sightings_count = f->sightings_count;
    memcpy(g->sightings, f->sightings, f->sightings_count * sizeof f->sightings[0]);
}

void session_bury(const struct session *x, struct session_grave *g) {
    g->closed_ns = x->closed_ns;
    g->continuation = x->continuation;
    for (int d = 0; d < 2; d++) {
        bury_side(x, d, &g->sides[d]);
    }
}

static void exhume_side(struct session *x, int d, const struct grave_side *g) {
    struct stream *s = &x->streams[d];
    struct tcpfacts *f = &x->facts[d];
    s->state = STREAM_ENDED;
    s->next = g->next;
    s->origin = g->origin;
    s->highest = g->highest;
    s->acked = g->acked;
    s->fin = g->fin;
    s->anchored = g->anchored;
    s->acked_known = g->acked_known;
    s->fin_known = g->fin_known;
    s->data_seen = g->data_seen;
    x->connection.start[d] = g->start;
    x->connection.start_known[d] = g->start_known;
    f->sightings_at = g->sightings_at;
    f->sightings_count = g->sightings_count;
    memcpy(f->sightings, g->sightings, g->sightings_count * sizeof f->sightings[0]);
}

void session_exhume(struct session *x, const struct session_grave *g) {
    x->state = SESSION_CLOSED;
    x->audience = AUDIENCE_GONE;
    x->closed_ns = g->closed_ns;
    x->continuation = g->continuation;
    for (int d = 0; d < 2; d++) {
        exhume_side(x, d, &g->sides[d]);
    }
}
