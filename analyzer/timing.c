/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timing.h"

static struct phase phase_between(int64_t from_ns, int64_t to_ns) {
    return (struct phase){.known = true, .ns = to_ns - from_ns};
}

static void time_handshake(const struct transaction *t, struct timing *timing) {
    const struct connection *c = t->connection;
    if (!c->handshake_seen) {
        return;
    }
    /* The SYN's way to the SYN+ACK is the side that answered; the ACK's way back is the side that asked. */
    bool client_opened = c->syn_from == t->client;
    struct phase answered = phase_between(c->syn_ns, c->syn_ack_ns);
    struct phase asked = phase_between(c->syn_ack_ns, c->handshake_ack_ns);
    timing->rtt_server = client_opened ? answered : asked;
    timing->rtt_client = client_opened ? asked : answered;
    if (t->first_on_connection) {
        timing->connect = phase_between(c->syn_ns, c->handshake_ack_ns);
        timing->connect_retries = c->syn_repeats;
    }
}

static void time_request(const struct transaction *t, struct timing *timing) {
    const struct http_message *request = &t->request;
    if (request->end_known && !request->truncated) {
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
    if (!timing->request.known) {
        return;
    }
    timing->wait = phase_between(q2, r1);
    if (t->pipelined && t->previous_end_ns > q2) {
        timing->blocked = phase_between(q2, t->previous_end_ns);
        timing->wait.ns -= timing->blocked.ns;
    }
    if (timing->rtt_server.known) {
        timing->server_think = (struct phase){.known = true, .ns = timing->wait.ns - timing->rtt_server.ns};
    }
}

void timing_of(const struct transaction *t, struct timing *timing) {
    *timing = (struct timing){.connect_retries = 0};
    time_handshake(t, timing);
    if (t->type == TRANSACTION_TUNNEL) {
        timing->total = phase_between(t->tunnel_start_ns, t->tunnel_end_ns);
        return;
    }
    if (t->request.seen) {
        time_request(t, timing);
    }
    if (t->response.seen && t->response.end_known && !t->response.truncated) {
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
}

int64_t timing_start_ns(const struct transaction *t) {
    if (t->type == TRANSACTION_TUNNEL) {
        return t->tunnel_start_ns;
    }
    return t->request.seen ? t->request.first.time_ns : t->response.first.time_ns;
}
