/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/session_grave.h"

#include "capture/ns.h"

/* Sightings of both sides: a request and its response on a connection of their own, and all there can be. */
static const unsigned size_sightings[GRAVE_SIZES] = {10, 2 * TCPFACTS_SIGHTINGS};

/* A packet's time may be so far ahead of the clock. */
#define LATER_NS (2 * NS_PER_SECOND)

size_t session_grave_bytes(unsigned size) {
    return sizeof(struct session_grave) + size_sightings[size] * sizeof(struct grave_sighting);
}

unsigned session_grave_size(const struct session *x) {
    return (unsigned)x->facts[0].sightings_count + x->facts[1].sightings_count > size_sightings[0];
}

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

/* What is not known is no distance. */
static uint64_t below(uint64_t offset, uint64_t highest, bool known) {
    return known ? highest - offset : 0;
}

static uint64_t near(uint64_t offset, uint64_t highest, bool known) {
    return known ? offset - highest + GRAVE_MIDDLE : 0;
}

/* False: its numbers are far apart. A side that never began has no `next`. */
static bool bury_side(const struct session *x, int d, struct grave_side *g) {
    const struct stream *s = &x->streams[d];
    const struct connection *c = &x->connection;
    bool started = s->next != 0;
    uint64_t next = below(s->next, s->highest, started);
    uint64_t origin = below(s->origin, s->highest, started);
    uint64_t start = below(c->start[d], s->highest, c->start_known[d]);
    uint64_t acked = near(s->acked, s->highest, s->acked_known);
    uint64_t fin = near(s->fin, s->highest, s->fin_known);
    g->highest = s->highest;
    g->next = (uint32_t)next;
    g->origin = (uint32_t)origin;
    g->start = (uint32_t)start;
    g->acked = (uint32_t)acked;
    g->fin = (uint32_t)fin;
    g->known =
        (uint8_t)(started * GRAVE_STARTED | c->start_known[d] * GRAVE_START | s->anchored * GRAVE_ANCHORED |
                  s->acked_known * GRAVE_ACKED | s->fin_known * GRAVE_FIN | s->data_seen * GRAVE_DATA);
    return (next | origin | start | acked | fin) <= UINT32_MAX;
}

/* Returns which of the ages have no place, together. */
static uint64_t bury_row(const struct sighting *from, unsigned count, int64_t latest_ns,
                         struct grave_sighting *to) {
    uint64_t ages = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t age_ns = (uint64_t)(latest_ns - from[i].time_ns);
        memcpy(to[i].mark, &from[i].mark, sizeof to[i].mark);
        to[i].age_ns = (uint32_t)age_ns;
        ages |= age_ns;
    }
    return ages >> 32;
}

/* What is older than the skew can't meet its copy any more: it is left out. False: another one has no place.
 */
static bool bury_those_in_reach(const struct reassembler *r, const struct tcpfacts *f, unsigned oldest,
                                struct session_grave *g, struct grave_sighting *to, uint8_t *count) {
    *count = 0;
    for (unsigned i = 0; i < f->sightings_count; i++) {
        const struct sighting *sighting = &f->sightings[(oldest + i) % TCPFACTS_SIGHTINGS];
        if (bury_row(sighting, 1, g->latest_ns, to + *count) == 0) {
            ++*count;
        } else if (g->latest_ns - sighting->time_ns <= LATER_NS + r->limits->skew_ns) {
            return false;
        }
    }
    return true;
}

static bool bury_sightings(const struct reassembler *r, const struct tcpfacts *f, struct session_grave *g,
                           struct grave_sighting *to, uint8_t *count) {
    unsigned oldest = f->sightings_count < TCPFACTS_SIGHTINGS ? 0 : f->sightings_at;
    unsigned first = f->sightings_count - oldest;
    *count = f->sightings_count;
    uint64_t far = bury_row(f->sightings + oldest, first, g->latest_ns, to);
    far |= bury_row(f->sightings, oldest, g->latest_ns, to + first);
    return far == 0 || bury_those_in_reach(r, f, oldest, g, to, count);
}

bool session_bury(const struct reassembler *r, const struct session *x, struct session_grave *g) {
    g->closed_ns = x->closed_ns;
    g->latest_ns = reassembler_now(r) + LATER_NS;
    g->continuation = x->continuation;
    g->size = (uint8_t)session_grave_size(x);
    struct grave_side *sides = g->sides;
    return bury_side(x, 0, &sides[0]) && bury_side(x, 1, &sides[1]) &&
           bury_sightings(r, &x->facts[0], g, g->sightings, &sides[0].sightings) &&
           bury_sightings(r, &x->facts[1], g, g->sightings + sides[0].sightings, &sides[1].sightings);
}

static void exhume_side(struct session *x, int d, const struct grave_side *g) {
    struct stream *s = &x->streams[d];
    struct connection *c = &x->connection;
    s->state = STREAM_ENDED;
    s->highest = g->highest;
    s->anchored = g->known & GRAVE_ANCHORED;
    s->data_seen = g->known & GRAVE_DATA;
    if (g->known & GRAVE_STARTED) {
        s->next = g->highest - g->next;
        s->origin = g->highest - g->origin;
    }
    if (g->known & GRAVE_START) {
        c->start[d] = g->highest - g->start;
        c->start_known[d] = true;
    }
    if (g->known & GRAVE_ACKED) {
        s->acked = g->highest + g->acked - GRAVE_MIDDLE;
        s->acked_known = true;
    }
    if (g->known & GRAVE_FIN) {
        s->fin = g->highest + g->fin - GRAVE_MIDDLE;
        s->fin_known = true;
    }
}

static void exhume_sightings(struct tcpfacts *f, const struct session_grave *g,
                             const struct grave_sighting *from, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        memcpy(&f->sightings[i].mark, from[i].mark, sizeof from[i].mark);
        f->sightings[i].time_ns = g->latest_ns - from[i].age_ns;
    }
    f->sightings_count = (uint8_t)count;
    f->sightings_at = (uint8_t)(count % TCPFACTS_SIGHTINGS);
}

void session_exhume(struct session *x, const struct session_grave *g) {
    x->state = SESSION_CLOSED;
    x->audience = AUDIENCE_GONE;
    x->closed_ns = g->closed_ns;
    x->continuation = g->continuation;
    unsigned at = 0;
    for (int d = 0; d < 2; d++) {
        exhume_side(x, d, &g->sides[d]);
        exhume_sightings(&x->facts[d], g, g->sightings + at, g->sides[d].sightings);
        at += g->sides[d].sightings;
    }
}
