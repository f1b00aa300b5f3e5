/* SPDX-License-Identifier: Apache-2.0 */
/* What must be true of every record, whatever was lost: held against the records of the same conversation
 * captured whole. */
#ifndef HARK_TESTS_RESYNC_JUDGE_H
#define HARK_TESTS_RESYNC_JUDGE_H

#include "tests/unit/resync.h"

struct judge {
    const struct talk *talk;
    struct seen ideal;
    struct seen seen;
    struct hole hole;
    int64_t until_ns;
    const char *why;
    int of; /* index of the record in question, in `seen` or `ideal` */
    /* sums over all holes */
    uint64_t runs, pairs, complete, decoys, ambiguous, late, swallowed;
};

static inline bool blame(struct judge *j, const char *why, unsigned of) {
    j->why = why;
    j->of = (int)of;
    return false;
}

static inline int ideal_at(const struct judge *j, int d, uint32_t offset) {
    for (unsigned i = 0; i < j->ideal.count; i++) {
        const struct seen_message *m = &j->ideal.records[i].message[d];
        if (m->seen && m->offset == offset) {
            return (int)i;
        }
    }
    return -1;
}

static inline bool is_kept(const struct judge *j, int d, uint32_t from, uint32_t to) {
    return !hole_takes(j->talk, &j->hole, d, from, to);
}

static inline bool judge_lengths(struct judge *j, const struct seen_message *m,
                                 const struct seen_message *ideal, unsigned at) {
    if (!m->head_complete || !m->end_known || m->truncated) {
        return true;
    }
    if (m->framing == H1_BODY_LENGTH && m->body + m->missing != m->declared) {
        return blame(j, "body and missing bytes are not those declared", at);
    }
    if (ideal && ideal->framing == m->framing &&
        (m->body + m->missing != ideal->body || m->end != ideal->end)) {
        return blame(j, "body and missing bytes are not those sent", at);
    }
    return true;
}

/* Does it lie in the body of a message whose head was captured, and whose end that head tells? */
static inline bool is_in_known_body(const struct judge *j, int d, uint32_t offset) {
    for (unsigned i = 0; i < j->ideal.count; i++) {
        const struct seen_record *r = &j->ideal.records[i];
        const struct seen_message *m = &r->message[d];
        bool asked = d == CLIENT || (r->message[CLIENT].seen && is_kept(j, CLIENT, 0, j->talk->len[CLIENT]));
        if (m->seen && m->offset < offset && offset < m->end && asked &&
            (m->framing == H1_BODY_LENGTH || m->framing == H1_BODY_CLOSE)) {
            return is_kept(j, d, m->offset, m->head_end);
        }
    }
    return false;
}

/* One record of what was seen. */
static inline bool judge_record(struct judge *j, unsigned at) {
    const struct seen_record *r = &j->seen.records[at];
    int of[2] = {-1, -1};
    bool certain = r->complete || (r->type == TRANSACTION_PAIR && r->by == PAIRING_ACK);
    if (r->type == TRANSACTION_TUNNEL) {
        return true;
    }
    if (r->type == TRANSACTION_SURPLUS) {
        return blame(j, "surplus bytes that nobody sent", at);
    }
    for (int d = 0; d < 2; d++) {
        const struct seen_message *m = &r->message[d];
        if (!m->seen) {
            continue;
        }
        of[d] = ideal_at(j, d, m->offset);
        if (of[d] < 0 && certain) {
            return blame(j, "what is no message is taken for certain", at);
        }
        if (of[d] < 0 && !j->talk->has_decoys) {
            return blame(j, "a message that nobody sent", at);
        }
        if (of[d] < 0 && is_in_known_body(j, d, m->offset)) {
            return blame(j, "fooled by a body whose end is known", at);
        }
        if (!judge_lengths(j, m, of[d] >= 0 ? &j->ideal.records[of[d]].message[d] : NULL, at)) {
            return false;
        }
        j->decoys += of[d] < 0;
    }
    if (r->type == TRANSACTION_PAIR && of[CLIENT] != of[SERVER]) {
        return blame(j, "paired wrongly", at);
    }
    if (r->complete) {
        const struct seen_record *ideal = &j->ideal.records[of[CLIENT]];
        for (int d = 0; d < 2; d++) {
            const struct seen_message *m = &ideal->message[d];
            if (!ideal->complete || !is_kept(j, d, m->offset, m->end) || m->end != r->message[d].end) {
                return blame(j, "claims to be complete", at);
            }
        }
    }
    j->pairs += r->type == TRANSACTION_PAIR;
    j->complete += r->complete;
    j->ambiguous += r->reason == PAIRING_AMBIGUOUS;
    return true;
}

/* The answer to a HEAD that is not known to be one goes on, as it says, over the next in the same packet. */
static inline bool is_swallowed(const struct judge *j, const struct seen_message *m) {
    for (unsigned i = 0; i < j->seen.count && j->talk->heads_in_bursts; i++) {
        const struct seen_record *r = &j->seen.records[i];
        const struct seen_message *s = &r->message[SERVER];
        if (s->seen && !r->complete && s->offset < m->offset && m->offset < s->end) {
            return r->type == TRANSACTION_ORPHAN_RESPONSE;
        }
    }
    return false;
}

/* A request that comes later than the skew, behind the answer that switched protocols. */
static inline bool is_late_for_a_tunnel(const struct judge *j) {
    bool tunnel = false, late = false;
    for (unsigned i = 0; i < j->seen.count; i++) {
        tunnel = tunnel || j->seen.records[i].type == TRANSACTION_TUNNEL;
        late = late || j->seen.records[i].reason == PAIRING_REQUEST_LATE;
    }
    return tunnel && late && j->talk->pause_ns > NS_PER_SECOND;
}

/* With a head or a chunk's size lost, what its body holds is as good a message as any. */
static inline bool all_ends_known(const struct judge *j) {
    for (unsigned i = 0; i < j->ideal.count; i++) {
        for (int d = 0; d < 2; d++) {
            const struct seen_message *m = &j->ideal.records[i].message[d];
            uint32_t end = m->framing == H1_BODY_CHUNKED ? m->end : m->head_end;
            if (m->seen && !is_kept(j, d, m->offset, end)) {
                return false;
            }
        }
    }
    return true;
}

/* Every message whose head was captured is in one record, as it was sent. */
static inline int judge_head(struct judge *j, unsigned i, int d) {
    const struct seen_message *m = &j->ideal.records[i].message[d];
    bool kept = is_kept(j, d, m->offset, m->head_end);
    int found = -1;
    for (unsigned k = 0; k < j->seen.count; k++) {
        const struct seen_message *s = &j->seen.records[k].message[d];
        if (!s->seen || s->offset != m->offset) {
            continue;
        }
        if (found >= 0) {
            blame(j, "told twice", i);
            return -2;
        }
        found = (int)k;
        if (kept && (!s->head_complete || s->head_hash != m->head_hash)) {
            blame(j, "the head is not as it was sent", i);
            return -2;
        }
    }
    if (found < 0 && kept && d == SERVER && is_swallowed(j, m)) {
        j->swallowed++;
        return -1;
    }
    if (found < 0 && kept && j->talk->has_decoys && !all_ends_known(j)) {
        j->swallowed++; /* by a message in a body, which claimed more than the body */
        return -1;
    }
    if (found < 0 && kept && is_late_for_a_tunnel(j)) {
        j->late++;
        return -1;
    }
    if (found < 0 && kept) {
        blame(j, "missing though its head is whole", i);
        return -2;
    }
    return kept ? found : -1;
}

/* Where the first of the 1xx before the response begins, or the response. */
static inline uint32_t answer_start(const struct judge *j, unsigned of) {
    uint32_t offset = j->ideal.records[of].message[SERVER].offset, before = 0;
    for (unsigned i = 0; i < j->ideal.count; i++) {
        uint32_t end = j->ideal.records[i].message[SERVER].end;
        before = end <= offset && end > before ? end : before;
    }
    return before;
}

/* Was some of the 1xx before the response lost? Then TCP's evidence does not reach it. */
static inline bool lost_interim(const struct judge *j, unsigned of) {
    return !is_kept(j, SERVER, answer_start(j, of), j->ideal.records[of].message[SERVER].offset);
}

/* A direction that is silent for longer than the skew is not waited for, and says so. */
static inline bool is_late(const struct judge *j, const int at[2]) {
    return j->talk->pause_ns > NS_PER_SECOND &&
           (j->seen.records[at[CLIENT]].reason == PAIRING_REQUEST_LATE ||
            j->seen.records[at[CLIENT]].reason == PAIRING_RESPONSE_LATE) &&
           j->seen.records[at[SERVER]].type == TRANSACTION_ORPHAN_RESPONSE;
}

/* Nothing of what the server said between what the client had before the loss and the response was captured:
 * the request may as well be the last message in a body whose head was lost. */
static inline bool is_heard_lost(const struct judge *j, unsigned of) {
    const struct seen_message *m = j->ideal.records[of].message;
    uint32_t heard = 0, answer = answer_start(j, of), seen = answer;
    for (unsigned i = 0; i < j->talk->count; i++) {
        const struct piece *p = &j->talk->pieces[i];
        if (p->direction == CLIENT && p->from < p->to && p->to <= m[CLIENT].offset && !j->hole.lost[i] &&
            p->ack > heard) {
            heard = p->ack;
        }
    }
    while (seen > 0 && !is_kept(j, SERVER, seen - 1, seen)) {
        seen--;
    }
    bool behind_loss = m[CLIENT].offset > 0 && !is_kept(j, CLIENT, m[CLIENT].offset - 1, m[CLIENT].offset);
    return behind_loss && seen <= heard && answer > heard;
}

static inline bool is_fin_lost(const struct judge *j) {
    for (unsigned i = 0; i < j->talk->count; i++) {
        const struct piece *p = &j->talk->pieces[i];
        if (j->hole.lost[i] && p->direction == SERVER && p->flags & TCP_FIN) {
            return true;
        }
    }
    return false;
}

static inline bool judge_ideal(struct judge *j, unsigned i) {
    const struct seen_record *ideal = &j->ideal.records[i];
    if (ideal->type == TRANSACTION_TUNNEL) {
        return true;
    }
    int at[2];
    for (int d = 0; d < 2; d++) {
        at[d] = judge_head(j, i, d);
        if (at[d] == -2) {
            return false;
        }
    }
    bool unsure = j->talk->pipelines || (j->talk->early && !is_kept(j, CLIENT, 0, j->talk->len[CLIENT])) ||
                  (j->talk->has_decoys && !all_ends_known(j));
    if (unsure || at[CLIENT] < 0 || at[SERVER] < 0) {
        return true;
    }
    if (at[CLIENT] != at[SERVER] && is_late(j, at)) {
        j->late++;
        return true;
    }
    if (at[CLIENT] != at[SERVER] && ideal->interims > 0 && lost_interim(j, i)) {
        return true;
    }
    if (at[CLIENT] != at[SERVER] && is_heard_lost(j, i)) {
        return true;
    }
    if (at[CLIENT] != at[SERVER]) {
        return blame(j, "both heads are whole, yet they are not paired", i);
    }
    bool whole = ideal->message[SERVER].framing != H1_BODY_CLOSE || !is_fin_lost(j);
    for (int d = 0; d < 2; d++) {
        whole = whole && is_kept(j, d, ideal->message[d].offset, ideal->message[d].end);
    }
    if (whole && ideal->complete && !j->seen.records[at[CLIENT]].complete) {
        return blame(j, "wholly captured, yet not complete", i);
    }
    return true;
}

static inline bool judge_all(struct judge *j) {
    j->why = NULL;
    if (!j->seen.balanced) {
        return blame(j, "the counts do not add up", 0);
    }
    for (unsigned i = 0; i < j->seen.count; i++) {
        if (!judge_record(j, i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < j->ideal.count; i++) {
        if (!judge_ideal(j, i)) {
            return false;
        }
    }
    return true;
}

static inline void print_records(const char *what, const struct seen *s) {
    for (unsigned i = 0; i < s->count; i++) {
        const struct seen_record *r = &s->records[i];
        fprintf(stderr, "  %s %u: %s %s%s%s", what, i, transaction_type_name(r->type),
                r->type == TRANSACTION_PAIR ? pairing_by_name(r->by) : pairing_reason_name(r->reason),
                r->complete ? " complete" : "", r->has_parent ? " inner" : "");
        if (r->candidates) {
            fprintf(stderr, " of %u", r->candidates);
        }
        for (int d = 0; d < 2; d++) {
            const struct seen_message *m = &r->message[d];
            if (m->seen) {
                fprintf(stderr, " %c %s %u-%u body %llu missing %llu%s%s%s", d ? '<' : '>', m->name,
                        m->offset, m->end, (unsigned long long)m->body, (unsigned long long)m->missing,
                        m->head_complete ? "" : " head-cut", m->end_known ? "" : " end?",
                        m->truncated ? " cut" : "");
            }
        }
        fprintf(stderr, "\n");
    }
}

static inline void print_failure(const struct judge *j) {
    const struct talk *t = j->talk;
    fprintf(stderr, "%s, mss %u, pause %lld ms, until %lld ms: %s (%d)\n  lost:", t->name, t->mss,
            (long long)(t->pause_ns / NS_PER_MILLISECOND), (long long)(j->until_ns / NS_PER_MILLISECOND),
            j->why, j->of);
    for (int d = 0; d < 2; d++) {
        if (j->hole.to[d]) {
            fprintf(stderr, " %s %u-%u", d ? "server" : "client", j->hole.from[d], j->hole.to[d]);
        }
    }
    fprintf(stderr, "%s\n", j->hole.midstream ? " handshake" : "");
    for (unsigned i = 0; i < t->count; i++) {
        const struct piece *p = &t->pieces[i];
        fprintf(stderr, "  %c %9.4f %c %5u-%5u ack %5u flags %02x\n", j->hole.lost[i] ? '-' : ' ',
                (double)p->at_ns / 1e9, p->direction ? '<' : '>', p->from, p->to, p->ack, p->flags);
    }
    print_records("ideal", &j->ideal);
    print_records("seen", &j->seen);
}

/* Runs j->hole. */
static inline void judge_run(struct judge *j) {
    talk_run(j->talk, &j->hole, j->until_ns, &j->seen);
    j->runs++;
    if (!judge_all(j)) {
        print_failure(j);
        fail();
    }
}

/* The whole capture shows what was said. */
static inline void judge_begin(struct judge *j, const struct talk *t) {
    j->talk = t;
    j->hole = (struct hole){.midstream = false};
    talk_run(t, &j->hole, 0, &j->ideal);
    unsigned pairs = 0;
    for (unsigned i = 0; i < j->ideal.count; i++) {
        const struct seen_record *r = &j->ideal.records[i];
        bool good = r->type == TRANSACTION_TUNNEL ||
                    (r->type == TRANSACTION_PAIR && r->complete && r->message[CLIENT].name[0] &&
                     strcmp(r->message[CLIENT].name, r->message[SERVER].name) == 0 &&
                     strcmp(r->message[CLIENT].name, "decoy") != 0);
        pairs += r->type == TRANSACTION_PAIR;
        if (!good) {
            print_records(t->name, &j->ideal);
        }
        assert_true(good);
    }
    assert_int_equal(pairs, t->exchanges);
}

/* ---- all holes of a kind ---- */

enum { LOSE_CLIENT = 1, LOSE_SERVER = 2, LOSE_BOTH = 3 };

static inline void lose_packets(struct judge *j, unsigned from, unsigned to, unsigned which) {
    for (unsigned i = from; i < to; i++) {
        j->hole.lost[i] |= (which >> j->talk->pieces[i].direction & 1) != 0;
    }
}

/* Every run of packets, in one direction or both. Where bodies hold messages, the handshake stays: without it
 * nothing says who is the client. */
static inline void judge_ranges(struct judge *j) {
    unsigned n = j->talk->count;
    for (unsigned from = j->talk->has_decoys ? 3 : 0; from < n; from++) {
        for (unsigned to = from + 1; to <= n; to++) {
            for (unsigned which = LOSE_CLIENT; which <= LOSE_BOTH; which++) {
                bool same =
                    which != LOSE_BOTH && (j->talk->pieces[from].direction != (which == LOSE_SERVER) ||
                                           j->talk->pieces[to - 1].direction != (which == LOSE_SERVER));
                if (!same) {
                    j->hole = (struct hole){.midstream = from == 0 && to >= 3 && which == LOSE_BOTH};
                    lose_packets(j, from, to, which);
                    judge_run(j);
                }
            }
        }
    }
}

/* Every two packets. */
static inline void judge_pairs(struct judge *j) {
    unsigned n = j->talk->count;
    for (unsigned a = j->talk->has_decoys ? 3 : 0; a < n; a++) {
        for (unsigned b = a + 1; b < n; b++) {
            j->hole = (struct hole){.midstream = false};
            j->hole.lost[a] = j->hole.lost[b] = true;
            judge_run(j);
        }
    }
}

/* `len` bytes at every position of either direction. */
static inline void judge_bytes(struct judge *j, uint32_t len) {
    for (int d = 0; d < 2; d++) {
        for (uint32_t from = 0; from < j->talk->len[d]; from++) {
            j->hole = (struct hole){.midstream = false};
            j->hole.from[d] = from;
            j->hole.to[d] = from + len < j->talk->len[d] ? from + len : j->talk->len[d];
            judge_run(j);
        }
    }
}

#endif
