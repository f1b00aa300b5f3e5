/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that repeat numbers with other content. The first bytes that arrive count; where both versions are
 * at hand, the record has to say that there were two. */
#include "attack.h"

#include <string.h>

enum { PLAYED_ONE_IN = 3 };

static void repeat_altered(const struct moment *m, size_t from, size_t to) {
    uint8_t evil[WIRE_MSS];
    struct segment s = *m->segment;
    for (size_t i = from; i < to; i++) {
        uint8_t letter = (uint8_t)('A' + chance_below(m->chance, 26));
        evil[i - from] = letter == s.bytes[i] ? '#' : letter;
    }
    s.seq += (uint32_t)from;
    s.bytes = evil;
    s.len = to - from;
    recorder_segment(m->recorder, m->now_ns, &s);
}

/* Behind the true bytes a retransmission of all of them, or of a part that begins and ends anywhere. */
static void repeat(const struct moment *m) {
    size_t len = m->segment->len;
    if (chance_one_in(m->chance, 2)) {
        repeat_altered(m, 0, len);
        /* The packet may have ended a response, and with it the transaction. */
        *m->conflict = m->in_head && m->side == CLIENT ? CONFLICT_CERTAIN : CONFLICT_POSSIBLE;
        return;
    }
    size_t from = chance_below(m->chance, (uint32_t)len);
    repeat_altered(m, from, from + 1 + chance_below(m->chance, (uint32_t)(len - from)));
    *m->conflict = CONFLICT_POSSIBLE;
}

static bool heads(const struct moment *m) {
    if (m->after && m->in_head && chance_one_in(m->chance, PLAYED_ONE_IN)) {
        repeat(m);
    }
    return false;
}

static bool bodies(const struct moment *m) {
    if (m->after && m->segment->len > 0 && !m->in_head && chance_one_in(m->chance, PLAYED_ONE_IN)) {
        repeat(m);
    }
    return false;
}

/* The segment's second half comes first and is held; then another version of it; then all of the true one. */
static bool held(const struct moment *m) {
    size_t len = m->segment->len;
    if (m->after || len < 2 || !chance_one_in(m->chance, PLAYED_ONE_IN)) {
        return false;
    }
    struct segment half = *m->segment;
    half.seq += (uint32_t)(len / 2);
    half.bytes += len / 2;
    half.len -= len / 2;
    recorder_segment(m->recorder, m->now_ns, &half);
    repeat_altered(m, len / 2, len);
    *m->conflict = CONFLICT_CERTAIN;
    return false;
}

static void run_heads(struct stage *s, uint64_t size) {
    stage_victims(s, size, "whole", heads);
}

static void run_bodies(struct stage *s, uint64_t size) {
    stage_victims(s, size, "whole", bodies);
}

static void run_held(struct stage *s, uint64_t size) {
    stage_victims(s, size, "whole", held);
}

#define VICTIMS "connections attacked", 200, 5000
const struct attack attacks_overlap[] = {
    {"overlap-heads", VICTIMS, OTHERS_NONE, "", "parts of heads sent again with other bytes", run_heads},
    {"overlap-bodies", VICTIMS, OTHERS_NONE, "", "parts of bodies sent again with other bytes", run_bodies},
    {"overlap-held", VICTIMS, OTHERS_NONE, "", "bytes that wait for a hole sent again with other content",
     run_held},
    {0},
};
