/* SPDX-License-Identifier: Apache-2.0 */
#include "reassembly/pace.h"

#include "capture/ns.h"

/* A shorter pause is no stall; the shortest timer of common TCPs takes 200 ms. */
#define STALL_NS INT64_C(100000000)

/* How much later than the round trip the data come that an ACK released: queues and timers of hosts. */
static int64_t slack_ns(int64_t rtt_ns) {
    return PACE_PAUSE_NS + rtt_ns / 8;
}

int64_t connection_rtt(const struct connection *c, enum direction d) {
    /* The SYN's way to the SYN+ACK is the side that answered; the ACK's way back is the side that asked. */
    return c->syn_from == d ? c->handshake_ack_ns - c->syn_ack_sent_ns : c->syn_ack_ns - c->syn_sent_ns;
}

int64_t connection_whole_rtt(const struct connection *c) {
    return c->handshake_seen ? ns_add(connection_rtt(c, DIRECTION_0), connection_rtt(c, DIRECTION_1)) : 0;
}

void pace_stall(struct connection *c, enum direction d, int64_t gap_ns) {
    if (gap_ns > STALL_NS && gap_ns / 2 > connection_whole_rtt(c)) {
        c->counts[d].stalls++;
        c->counts[d].stalled_ns += (uint64_t)gap_ns;
    }
}

/* Did an ACK release the data? Its sender had no more to send in one go, but small segments wait for the ACK
 * of those before them (RFC 9293 section 3.7.4). */
static bool was_released(const struct pacer *pacer, const struct tcpfacts *receiver, int64_t now_ns,
                         int64_t rtt_ns) {
    int64_t late_ns = ns_sub(ns_sub(now_ns, receiver->ack_ns), rtt_ns);
    return receiver->ack_ns > pacer->last_ns && late_ns <= slack_ns(rtt_ns) && late_ns >= -slack_ns(rtt_ns);
}

void pace_judge(const struct pacer *pacer, struct connection *c, const struct tcpfacts *receiver,
                enum direction d, int64_t gap_ns) {
    if (pacer->last_ns == 0) {
        return;
    }
    int64_t rtt_ns = c->handshake_seen ? connection_rtt(c, d) : 0;
    if (pacer->last != d) {
        c->pace.own_ns[d] = ns_add(c->pace.own_ns[d], gap_ns > rtt_ns ? ns_sub(gap_ns, rtt_ns) : 0);
        return;
    }
    if (receiver->opened_ns > pacer->last_ns) {
        int64_t from_ns = receiver->closed_ns > pacer->last_ns ? receiver->closed_ns : pacer->last_ns;
        int64_t *closed_ns = &c->pace.closed_ns[direction_other(d)];
        *closed_ns = ns_add(*closed_ns, receiver->opened_ns - from_ns);
    } else if (pacer->pushed && !was_released(pacer, receiver, pacer->last_ns + gap_ns, rtt_ns)) {
        c->pace.own_ns[d] = ns_add(c->pace.own_ns[d], gap_ns);
        return;
    }
    pace_stall(c, d, gap_ns);
}
