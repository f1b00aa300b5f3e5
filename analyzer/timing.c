/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timing.h"
#include "capture/clear.h"
#include "capture/ns.h"

#include "reassembly/pace.h"

static struct phase phase_between(int64_t from_ns, int64_t to_ns) {
    return (struct phase){.known = true, .ns = to_ns - from_ns};
}

static struct phase phase_of(int64_t ns) {
    return (struct phase){.known = true, .ns = ns};
}

/* What of the time between two states of the connection was the sender's of `d`. */
static int64_t own_between(const struct pace *from, const struct pace *to, enum direction d) {
    return ns_add(to->own_ns[d] - from->own_ns[d], to->closed_ns[d] - from->closed_ns[d]);
}

static bool handshake_goes_back(const struct transaction *t) {
    const struct connection *c = t->connection;
    if (!c->handshake_seen) {
        return false;
    }
    bool before = t->first_on_connection && !t->pipelined && t->request.seen && !t->previous_end_ns &&
                  t->request.first.time_ns < c->handshake_ack_ns;
    return before || c->syn_ack_ns < c->syn_sent_ns || c->handshake_ack_ns < c->syn_ack_sent_ns ||
           c->handshake_ack_ns < c->syn_ns;
}

/* Times of one or two messages that disagree. */
static bool messages_go_back(const struct transaction *t) {
    const struct http_message *request = &t->request, *response = &t->response;
    bool back = (request->seen && request->last.time_ns < request->first.time_ns) ||
                (response->seen && response->last.time_ns < response->first.time_ns);
    if (request->seen && t->previous_end_ns) {
        back = back || (t->pipelined ? response->first.time_ns < t->previous_end_ns
                                     : request->first.time_ns < t->previous_end_ns);
    }
    if (request->seen && response->seen) {
        back = back || response->first.time_ns < request->last.time_ns;
    }
    return back;
}

/* What was blocked is nobody's of the three. The states were noted when bytes were read, which is later than
 * they came where one direction had to wait for the other: what can't be is not told. Nor is it told where
 * the capture has packets in another order than the network had: then a tap's delay would be blamed on
 * somebody. */
static void time_share(const struct transaction *t, struct timing *timing) {
    const struct tcp_share *tcp = &t->tcp;
    enum direction server = direction_other(t->client);
    bool whole = timing->request.known && timing->response.known && timing->rtt_server.known;
    if (!whole || t->request.gap_bytes || t->response.gap_bytes || handshake_goes_back(t) ||
        (messages_go_back(t) && !timing_is_early(t))) {
        return;
    }
    struct timing_share *share = &timing->share;
    const struct pace *turn = &tcp->pace_at_start;
    if (timing->blocked.known) {
        share->client_ns = own_between(turn, &tcp->pace_at_request_end, t->client);
        share->server_ns = own_between(turn, &tcp->pace_at_request_end, server);
        turn = &tcp->pace_at_turn;
    }
    share->client_ns = ns_add(share->client_ns, own_between(turn, transaction_pace_at_end(t), t->client));
    share->server_ns = ns_add(share->server_ns, own_between(turn, transaction_pace_at_end(t), server));
    int64_t shared_ns = ns_sub(timing->total.ns, timing->blocked.known ? timing->blocked.ns : 0);
    share->network_ns = ns_sub(ns_sub(shared_ns, share->client_ns), share->server_ns);
    share->known = share->network_ns >= 0;
}

/* Is it known when the message was over? */
static bool is_timed(const struct http_message *m) {
    return m->end_known && !m->truncated && !http_message_end_is_lost(m);
}

/* Pipelined behind a response that was over nobody knows when: how long it was blocked is not known either.
 */
static bool is_blocked_unknown(const struct transaction *t) {
    return t->pipelined && !t->previous_end_ns;
}

static void time_handshake(const struct transaction *t, struct timing *timing) {
    const struct connection *c = t->connection;
    if (!c->handshake_seen) {
        return;
    }
    timing->rtt_server = phase_of(connection_rtt(c, direction_other(t->client)));
    timing->rtt_client = phase_of(connection_rtt(c, t->client));
    if (t->first_on_connection) {
        timing->connect = phase_between(c->syn_ns, c->handshake_ack_ns);
        timing->connect_retries = c->syn_repeats;
    }
}

static void time_request(const struct transaction *t, struct timing *timing) {
    const struct http_message *request = &t->request;
    if (is_timed(request)) {
        timing->request = phase_between(request->first.time_ns, request->last.time_ns);
    }
    if (t->pipelined) {
        return;
    }
    if (t->previous_end_ns) {
        timing->idle_before = phase_between(t->previous_end_ns, request->first.time_ns);
    } else if (timing->connect.known) {
        timing->idle_before = phase_between(t->connection->handshake_ack_ns, request->first.time_ns);
    }
}

static void time_pair(const struct transaction *t, struct timing *timing) {
    const struct http_message *request = &t->request, *response = &t->response;
    int64_t q2 = request->last.time_ns, r1 = response->first.time_ns;
    timing->ttfb = phase_between(request->first.time_ns, r1);
    if (!timing->request.known || is_blocked_unknown(t)) {
        return;
    }
    timing->wait = phase_between(q2, r1);
    if (t->pipelined && t->previous_end_ns > q2) {
        timing->blocked = phase_between(q2, t->previous_end_ns);
        timing->wait.ns -= timing->blocked.ns;
    }
    if (timing->rtt_server.known) {
        timing->server_think = phase_of(timing->wait.ns - timing->rtt_server.ns);
    }
}

void timing_of(const struct transaction *t, struct timing *timing) {
    clear_bytes(timing, sizeof *timing);
    time_handshake(t, timing);
    if (t->type == TRANSACTION_TUNNEL) {
        timing->total = phase_between(t->tunnel_start_ns, t->tunnel_end_ns);
        return;
    }
    const bool messages = transaction_has_messages(t);
    if (t->request.seen && messages) {
        time_request(t, timing);
    }
    if (t->response.seen && messages && is_timed(&t->response)) {
        timing->response = phase_between(t->response.first.time_ns, t->response.last.time_ns);
    }
    if (t->request.seen && t->response.seen) {
        time_pair(t, timing);
    }
    int64_t end_ns = t->request.seen ? t->request.last.time_ns : t->response.last.time_ns;
    if (t->response.seen && t->response.last.time_ns > end_ns) {
        end_ns = t->response.last.time_ns;
    }
    timing->total = phase_between(timing_start_ns(t), end_ns);
    if (t->type == TRANSACTION_PAIR) {
        time_share(t, timing);
    }
}

bool timing_goes_back(const struct transaction *t) {
    bool back = t->type == TRANSACTION_TUNNEL ? t->tunnel_end_ns < t->tunnel_start_ns : messages_go_back(t);
    return back || handshake_goes_back(t);
}

bool timing_is_early(const struct transaction *t) {
    const struct http_message *request = &t->request, *response = &t->response;
    return request->seen && response->seen && (request->end_known || request->truncated) &&
           response->has_ack && response->ack < request->end_offset;
}

bool timing_outruns_handshake(const struct transaction *t) {
    const struct connection *c = t->connection;
    const struct http_message *request = &t->request, *response = &t->response;
    if (!c->handshake_seen || !request->seen || !is_timed(request) || !response->seen ||
        is_blocked_unknown(t)) {
        return false;
    }
    int64_t from_ns = request->last.time_ns;
    if (t->pipelined && t->previous_end_ns > from_ns) {
        from_ns = t->previous_end_ns;
    }
    return response->first.time_ns - from_ns < connection_rtt(c, direction_other(t->client));
}

int64_t timing_start_ns(const struct transaction *t) {
    if (t->type == TRANSACTION_TUNNEL) {
        return t->tunnel_start_ns;
    }
    return t->request.seen ? t->request.first.time_ns : t->response.first.time_ns;
}
