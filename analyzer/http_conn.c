/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in: what do they speak, who is the client, and which part reads them. */
#include "analyzer/http_side.h"
#include "capture/clear.h"
#include "capture/keep.h"

#include <assert.h>

const char *protocol_verdict_name(enum protocol_verdict verdict) {
    static const char *const names[PROTOCOL_VERDICTS] = {
        [PROTOCOL_HTTP1] = "http1",     [PROTOCOL_HTTP2] = "http2",         [PROTOCOL_TLS] = "tls",
        [PROTOCOL_UNKNOWN] = "unknown", [PROTOCOL_UNDECIDED] = "undecided",
    };
    return names[verdict];
}

/* ---- a connection's life ---- */

static void begin_side(struct side *side, const struct http_environment *environment) {
    clear_many(side, offsetof(struct side, front));
    side->front.len = 0;
    probe_init(&side->probe, PROBE_AT_START, environment->limits);
    buf_charge(&side->probe.held, environment->memory);
}

static void *conn_open(void *context, const struct connection *connection) {
    enum { REST = offsetof(struct http_conn, side) + sizeof(struct side[2]) };
    struct http_environment *environment = context;
    struct http_conn *conn = pool_take(&environment->connections);
    if (!conn) {
        return NULL;
    }
    memset(conn, 0, offsetof(struct http_conn, side));
    clear_many((char *)conn + REST, sizeof *conn - REST);
    conn->environment = environment;
    conn->connection = connection;
    conn->verdict = PROTOCOL_UNDECIDED;
    begin_side(&conn->side[0], environment);
    begin_side(&conn->side[1], environment);
    return conn;
}

void http_conn_free(struct http_conn *conn) {
    struct http_environment *environment = conn->environment;
    for (unsigned i = 0; i < 2; i++) {
        probe_fini(&conn->side[i].probe);
        if (conn->side[i].lexer_ready) {
            h1_fini(&conn->side[i].h1);
        }
    }
    if (environment->images && !environment->spare) {
        environment->spare = conn;
        return;
    }
    pool_give(&environment->connections, conn);
}

static void conn_close(void *consumer) {
    struct http_conn *conn = consumer;
    struct http_environment *environment = conn->environment;
    http_passing_end(conn);
    if (conn->roles_known) {
        const struct side *server = http_server_side(conn);
        enum end_reason reason = server->ended ? server->end_reason : http_client_side(conn)->end_reason;
        http_finish_ended(conn, conn->connection->reset_ns ? END_RST : reason, true);
    }
    assert(conn->pairing.count == 0 && !conn->pending);
    assert(!conn->side[0].surplus && !conn->side[1].surplus);
    http_interim_drop(conn);
    http_tunnel_close(conn);
    if (conn->verdict == PROTOCOL_UNDECIDED && (conn->side[0].stranger || conn->side[1].stranger)) {
        conn->verdict = PROTOCOL_UNKNOWN;
    }
    environment->counts.flows[conn->verdict]++;
    environment->counts.bytes[conn->verdict] += conn->bytes;
    http_conn_free(conn);
}

/* ---- what do the bytes speak? ---- */

static uint64_t offset_of(const struct chunk *chunk, const struct slice *in) {
    return chunk->offset + (chunk->bytes.len - in->len);
}

static void give_verdict(struct http_conn *conn, enum protocol_verdict verdict) {
    if (conn->tunnel.open) {
        http_tunnel_verdict(conn, verdict);
    }
    if (conn->verdict == PROTOCOL_UNDECIDED) {
        conn->verdict = verdict;
    }
}

/* Is what a search found perhaps part of a body whose head was lost, or asked for behind something that was
 * not understood? A new message is sent in a segment of its own, and after more of the other side's bytes had
 * come than when the bytes before it were sent. */
static bool is_doubtful(const struct side *side) {
    const struct http_message *m = &side->own;
    bool inside = m->offset != side->segment.offset;
    return inside || (m->has_ack && m->ack <= side->search_ack);
}

/* What stood before the first message, when nothing was lost, is looked at when that is found. */
static bool is_preamble(const struct http_conn *conn, enum direction direction) {
    const struct side *side = &conn->side[direction];
    return side->stranger && !side->after_gap && conn->connection->counts[direction].gap_bytes == 0;
}

/* `found`: the direction whose bytes told. */
static void set_roles(struct http_conn *conn, enum direction client, enum direction found) {
    enum direction other = direction_other(found);
    struct side *side = &conn->side[other];
    bool stranger = side->state == SIDE_IGNORE || side->stranger;
    if (stranger) {
        /* Its first bytes were no HTTP, yet this side speaks it: later ones may be. */
        http_search(conn, other, conn->connection->delivered[other]);
        side->stranger = true;
    }
    conn->roles_known = true;
    conn->client = client;
    pairing_init(&conn->pairing, client);
    conn->pairing.request_unreadable = stranger && other == client;
    give_verdict(conn, PROTOCOL_HTTP1);
    if (!conn->tunnel.open) {
        conn->verdict = PROTOCOL_HTTP1; /* whatever one side's first bytes looked like */
    }
    for (unsigned i = 0; i < 2; i++) {
        enum direction direction = (enum direction)i;
        const struct side *searched = &conn->side[i];
        if (searched->started && searched->probe.mode == PROBE_SEARCH && !is_preamble(conn, direction)) {
            pairing_lost(&conn->pairing, direction, searched->search_from);
        }
    }
    conn->side[0].stranger = conn->side[1].stranger = false;
}

/* The other side's own first bytes are still looked at: a server may answer TLS in plain HTTP. */
static void other_protocol(struct http_conn *conn, enum direction direction, enum protocol_verdict verdict) {
    struct side *other = &conn->side[direction_other(direction)];
    conn->side[direction].state = SIDE_IGNORE;
    if (other->taken) {
        other->state = SIDE_IGNORE;
    }
    give_verdict(conn, verdict);
}

/* HTTP may follow a preamble of another protocol, as behind SOCKS: the starts of the next segments are
 * looked at, a bounded number of bytes. */
static void unknown_protocol(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                             struct slice in) {
    struct side *side = &conn->side[direction], *other = &conn->side[direction_other(direction)];
    side->stranger = true;
    side->preamble_left = conn->environment->limits->probe_bytes;
    http_search(conn, direction, offset_of(chunk, &in));
    side->probe.searched = side->preamble_left;
    if (other->stranger || other->state == SIDE_IGNORE) {
        give_verdict(conn, PROTOCOL_UNKNOWN);
    }
}

static void pass_preamble(struct side *side, size_t len) {
    if (side->stranger) {
        side->preamble_left -= len < side->preamble_left ? len : side->preamble_left;
        if (side->preamble_left == 0 && !side->probe.candidate) {
            side->state = SIDE_IGNORE;
        }
    }
}

/* Bytes that are, or may become, a status line: a response waits for its request before it is looked at. */
static bool may_be_response(struct slice in) {
    static const char version[] = "HTTP/";
    size_t len = in.len < sizeof version - 1 ? in.len : sizeof version - 1;
    return memcmp(in.ptr, version, len) == 0;
}

/* A message was found behind bytes that were not understood. They may hold others, of which one waits for its
 * answer, unless that came before this message was sent, as it does in the handshake with a proxy. */
static void note_preamble(struct http_conn *conn, enum direction direction) {
    struct side *side = &conn->side[direction];
    side->search_from = side->probe.offset;
    if (side->doubtful) {
        pairing_lost(&conn->pairing, direction, side->search_from);
    }
    side->preamble_left = 0;
}

static void begin_message(struct http_conn *conn, enum direction direction, const struct chunk *chunk) {
    struct side *side = &conn->side[direction];
    side->resynchronised = side->probe.mode == PROBE_SEARCH;
    side->doubtful = side->resynchronised && is_doubtful(side);
    if (side->preamble_left) {
        note_preamble(conn, direction);
    }
    http_read_start(conn, direction, side->probe.offset);
    side->h1.oddities = probe_lead_oddities(&side->probe);
    if (side->probe.held.len) {
        struct slice held = buf_slice(&side->probe.held);
        side->message = &side->own;
        http_read(conn, direction, chunk, &held, true);
    }
}

/* A message of the wrong kind for its side is content: a proxy's log, an echo. */
static void skip_candidate(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                           struct slice *in, size_t resume) {
    struct side *side = &conn->side[direction];
    *in = slice_after(*in, side->probe.held.len ? resume : resume + 1);
    probe_restart(&side->probe, PROBE_SEARCH);
    side->passed_ack = chunk->segment->has_ack ? chunk->segment->ack : 0;
}

/* Roles that a search told may come from messages inside a body. As long as no pair agrees with them, a
 * message that speaks against them, and is not likely to be inside a body itself, is as good. */
static bool may_turn_roles(const struct http_conn *conn, const struct side *side) {
    return conn->roles_searched && conn->pairing.settled[0] == 0 && !conn->tentative && !is_doubtful(side);
}

static void forget_roles(struct http_conn *conn, enum direction found) {
    enum direction other = direction_other(found);
    struct transaction *reading = conn->side[other].transaction;
    if (reading && reading->type == TRANSACTION_ORPHAN_RESPONSE) {
        reading->response.truncated = true;
        http_finish_orphan_response(conn, reading);
    }
    http_finish_others(conn, NULL);
    http_interim_drop(conn);
    http_stop_waiting(conn);
    http_surplus_drop(conn, &conn->side[0]);
    http_surplus_drop(conn, &conn->side[1]);
    http_search(conn, other, conn->connection->delivered[other]);
    conn->roles_known = false;
}

static void take_verdict(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                         struct slice *in, enum probe_verdict verdict, size_t resume) {
    struct side *side = &conn->side[direction];
    switch (verdict) {
    case PROBE_MORE:
        pass_preamble(side, in->len);
        *in = slice_after(*in, in->len);
        side->passed_ack = chunk->segment->has_ack ? chunk->segment->ack : side->passed_ack;
        return;
    case PROBE_REQUEST:
    case PROBE_RESPONSE: {
        enum direction client = verdict == PROBE_REQUEST ? direction : direction_other(direction);
        bool against_syn = conn->connection->syn_ns && conn->connection->syn_from != client;
        if (!conn->roles_known && side->after_gap && against_syn) {
            skip_candidate(conn, direction, chunk, in, resume); /* inside a body, most likely */
            return;
        }
        if (conn->roles_known && conn->client != client) {
            if (against_syn || !may_turn_roles(conn, side)) {
                skip_candidate(conn, direction, chunk, in, resume);
                return;
            }
            forget_roles(conn, direction);
        }
        if (conn->roles_known && side->refused == side->probe.offset) {
            skip_candidate(conn, direction, chunk, in, resume); /* what a limit cut can't be read */
            return;
        }
        if (!conn->roles_known) {
            set_roles(conn, client, direction);
            conn->roles_searched = side->probe.mode == PROBE_SEARCH;
        }
        begin_message(conn, direction, chunk);
        *in = slice_after(*in, resume);
        return;
    }
    case PROBE_HTTP2:
    case PROBE_TLS:
        if (!conn->roles_known) {
            other_protocol(conn, direction, verdict == PROBE_TLS ? PROTOCOL_TLS : PROTOCOL_HTTP2);
            return;
        }
        break;
    case PROBE_UNKNOWN:
        if (!conn->roles_known) {
            unknown_protocol(conn, direction, chunk, *in);
            return;
        }
        break;
    }
    /* Whatever these bytes are, they are not the next message: what a search could start from lies behind
     * them. */
    *in = slice_after(*in, in->len);
    http_search(conn, direction, offset_of(chunk, in));
}

/* The candidate begins later than the one before it, in bytes of earlier packets. */
static void shift_candidate(struct side *side, const struct chunk *chunk, uint64_t start) {
    const struct chunk before = {.offset = side->probed.offset, .segment = &side->probed};
    if (start >= side->probed.offset) {
        http_begin_own(side, &before, start);
        message_advance(&side->own, chunk, start);
        side->segment = side->probed;
    } else if (side->own.segments == 2 && start > side->own.offset) {
        side->own.offset = side->own.end_offset = start; /* in the first of the two */
        message_advance(&side->own, chunk, start);
    } else {
        http_begin_own(side, chunk, start);
        side->segment = *chunk->segment;
        side->own.has_ack = false; /* an earlier packet's counts, unknown by now */
    }
}

/* The probe looked at bytes from `offset` on, and has a candidate. */
static void follow_candidate(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                             uint64_t offset) {
    struct side *side = &conn->side[direction];
    uint64_t start = side->probe.offset;
    if (start < offset && side->own.offset == start) {
        message_advance(&side->own, chunk, side->own.end_offset);
        return;
    }
    side->search_ack = side->passed_ack;
    if (start < offset) {
        shift_candidate(side, chunk, start);
    } else {
        http_begin_own(side, chunk, start);
        side->segment = *chunk->segment;
    }
    http_surplus_candidate(conn, direction, chunk);
}

/* False: the bytes must wait for the other direction. */
static bool probe(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                  struct slice *in) {
    struct side *side = &conn->side[direction];
    uint64_t offset = offset_of(chunk, in);
    if (conn->roles_known && side->probe.mode == PROBE_AT_START && !side->probe.candidate) {
        http_read_start(conn, direction, offset);
        return true;
    }
    /* A stream's first bytes wait whatever they are: what they answer may tell (HTTP/0.9 has no status line).
     */
    bool first = !conn->roles_known && side->probe.mode == PROBE_AT_START;
    bool response = may_be_response(*in) && !(conn->roles_known && direction == conn->client);
    bool begins =
        !side->probe.candidate || (offset == chunk->segment->offset && probe_gives_way(&side->probe, *in));
    if (begins && (first || response) && http_must_wait(conn, direction, chunk)) {
        return false;
    }
    size_t resume = 0;
    side->probe.unbounded = !side->stranger; /* what began as something else is no HTTP, most likely */
    enum probe_verdict verdict =
        probe_feed(&side->probe, offset, *in, offset == chunk->segment->offset, &resume);
    if (side->probe.candidate || verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE) {
        follow_candidate(conn, direction, chunk, offset);
    }
    side->probed = *chunk->segment;
    take_verdict(conn, direction, chunk, in, verdict, resume);
    return true;
}

/* ---- the ops ---- */

static void start_side(struct http_conn *conn, enum direction direction, uint64_t offset) {
    struct side *side = &conn->side[direction];
    const struct connection *c = conn->connection;
    side->started = true;
    if (side->state == SIDE_IGNORE) {
        return; /* what the connection speaks is known */
    }
    if (c->start_known[direction] && c->start[direction] == offset) {
        probe_restart(&side->probe, PROBE_AT_START);
    } else {
        http_search(conn, direction, offset);
        side->after_gap = true;
    }
}

/* False: what is left of `in` must wait. */
static bool take(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                 struct slice *in) {
    struct side *side = &conn->side[direction];
    switch (side->state) {
    case SIDE_PROBE:
        return probe(conn, direction, chunk, in);
    case SIDE_MESSAGE:
        http_read(conn, direction, chunk, in, false);
        return side->state != SIDE_MESSAGE || in->len == 0;
    case SIDE_WAIT:
        if (!chunk->must_take) {
            return false;
        }
        if (!http_request_goes_on(conn)) {
            conn->waits_for = NULL;
            http_search(conn, direction, offset_of(chunk, in));
        }
        return true;
    case SIDE_IGNORE:
        *in = slice_after(*in, in->len);
        return true;
    }
    return true;
}

static void follow_tail(struct side *side, const struct chunk *chunk, size_t taken) {
    if (taken == 0) {
        return;
    }
    side->taken = true;
    side->tail_end = chunk->offset + taken;
    if (chunk->segment->has_ack && !chunk->segment->resent) {
        side->tail_ack = chunk->segment->ack;
    }
}

/* The first `taken` of the chunk's bytes were taken. */
static size_t took(struct http_conn *conn, enum direction direction, const struct chunk *chunk,
                   size_t taken) {
    struct side *side = keep_pointer(&conn->side[direction]);
    follow_tail(side, chunk, taken);
    if (side->surplus) {
        http_surplus_follow(conn, direction, chunk, taken);
    }
    conn->bytes += taken;
    return taken;
}

/* Whatever a chunk is, of which `in` is left. */
static __attribute__((noinline)) size_t take_rest(struct http_conn *conn, enum direction direction,
                                                  const struct chunk *chunk, struct slice in) {
    bool going = true;
    if (!conn->side[direction].started) {
        start_side(conn, direction, chunk->offset);
    }
    while (going && in.len) {
        uint64_t before = offset_of(chunk, &in);
        bool tunnelled = conn->tunnel.open;
        going = take(conn, direction, chunk, &in);
        if (tunnelled) {
            http_tunnel_count(conn, direction, chunk, before, offset_of(chunk, &in));
        }
    }
    return took(conn, direction, chunk, chunk->bytes.len - in.len);
}

/* The same of a side that reads messages: it goes on doing so, mostly. */
static __attribute__((noinline)) size_t take_messages(struct http_conn *conn, enum direction direction,
                                                      const struct chunk *chunk) {
    struct slice in = chunk->bytes;
    http_read(conn, direction, chunk, &in, false);
    bool reads_on = in.len == 0 || conn->side[direction].state == SIDE_MESSAGE;
    return reads_on ? took(conn, direction, chunk, chunk->bytes.len - in.len)
                    : take_rest(conn, direction, chunk, in);
}

/* http_read where the chunk is all inside a body of known length, whose end is in no doubt. False, with
 * nothing read, where it is not. */
static bool read_inside(struct side *side, const struct chunk *chunk) {
    struct http_message *m = side->message;
    size_t len = chunk->bytes.len;
    if (!m || len == 0 || side->next_begun || !http_is_sure_of_body(side) ||
        !h1_body_goes_on(&side->h1, len)) {
        return false;
    }
    m->body_bytes += len;
    message_advance(m, chunk, side->h1.offset);
    return true;
}

static size_t conn_data(void *consumer, enum direction direction, const struct chunk *chunk) {
    struct http_conn *conn = consumer;
    struct side *side = keep_pointer(&conn->side[direction]);
    if (!side->started || conn->tunnel.open || side->surplus || side->state != SIDE_MESSAGE) {
        return take_rest(conn, direction, chunk, chunk->bytes);
    }
    if (!read_inside(side, chunk)) {
        return take_messages(conn, direction, chunk);
    }
    follow_tail(side, chunk, chunk->bytes.len);
    conn->bytes += chunk->bytes.len;
    return chunk->bytes.len;
}

static void conn_gap(void *consumer, enum direction direction, uint64_t offset, uint64_t len,
                     enum gap_reason reason, int64_t now_ns) {
    struct http_conn *conn = consumer;
    struct side *side = &conn->side[direction];
    uint64_t from = http_has_begun(side) && side->own.offset < offset ? side->own.offset : offset;
    (void)now_ns;
    side->started = true;
    if (reason == GAP_SNAPLEN && offset == side->tail_end) {
        side->tail_end += len;
    }
    switch (side->state) {
    case SIDE_PROBE:
        conn->environment->counts.fragments_of_messages += probe_has_fragment(&side->probe);
        if (probe_has_fragment(&side->probe) && side->own.offset == side->segment.offset &&
            probe_starts_request(buf_slice(&side->probe.held))) {
            http_request_front(conn, direction);
        }
        http_search(conn, direction, offset + len);
        side->after_gap = true;
        http_surplus_end(conn, side, offset);
        break;
    case SIDE_MESSAGE:
        if (side->message && reason == GAP_SNAPLEN) {
            side->message->snaplen_cut = true;
        } else if (side->message) {
            side->message->lost_until = offset + len;
        }
        http_read_gap(conn, direction, offset, len);
        break;
    case SIDE_WAIT:
        conn->waits_for = NULL;
        http_search(conn, direction, offset + len);
        side->after_gap = true;
        break;
    case SIDE_IGNORE:
        return;
    }
    bool searching = side->state == SIDE_PROBE;
    if (searching && conn->roles_known && direction != conn->client) {
        conn->pairing.response_end_ns = 0; /* the last response may be among what was lost */
        http_finish_unanswered(conn, from, offset + len, PAIRING_RESPONSE_LOST);
    }
}

static void conn_overdue(void *consumer, enum direction direction, uint64_t acked, int64_t now_ns) {
    struct http_conn *conn = consumer;
    (void)now_ns;
    if (conn->roles_known && direction != conn->client) {
        conn->pairing.responses_overdue = true;
        http_finish_unanswered(conn, conn->connection->delivered[direction], acked, PAIRING_RESPONSE_LATE);
    }
}

/* The stream's end decides what the probe could not: a request line of HTTP/0.9 without its line end, a lone
 * start line. */
static void end_probe(struct http_conn *conn, enum direction direction) {
    struct side *side = &conn->side[direction];
    if (!side->probe.candidate) {
        return;
    }
    enum probe_verdict verdict = probe_end(&side->probe);
    bool message = verdict == PROBE_REQUEST || verdict == PROBE_RESPONSE;
    enum direction client = verdict == PROBE_REQUEST ? direction : direction_other(direction);
    if (!message || (conn->roles_known && conn->client != client)) {
        conn->environment->counts.fragments_of_messages +=
            conn->roles_known && probe_has_fragment(&side->probe);
        return;
    }
    if (!conn->roles_known) {
        set_roles(conn, client, direction);
    }
    const struct chunk none = {.bytes = slice_make("", 0), .segment = &side->segment, .must_take = true};
    begin_message(conn, direction, &none);
}

static void conn_end(void *consumer, enum direction direction, enum end_reason reason, int64_t now_ns) {
    struct http_conn *conn = consumer;
    struct side *side = &conn->side[direction];
    (void)now_ns;
    if (side->started && side->state == SIDE_PROBE) {
        end_probe(conn, direction);
    }
    side->ended = true;
    side->end_reason = reason;
    if (side->state == SIDE_MESSAGE) {
        http_read_end(conn, direction, reason);
    }
    http_surplus_end(conn, side, conn->connection->delivered[direction]);
    if (conn->roles_known && direction != conn->client) {
        http_finish_ended(conn, reason, false);
    }
}

static void conn_conflict(void *consumer, enum direction direction, uint64_t offset) {
    http_conflict(consumer, direction, offset);
}

static void conn_foresee(const void *consumer, struct prefetch *prefetch) {
    const struct http_conn *conn = consumer;
    const size_t cold = offsetof(struct side, front);
    prefetch_add(prefetch, conn, offsetof(struct http_conn, side) + cold);
    prefetch_add(prefetch, &conn->side[1], cold);
    prefetch_add(prefetch, &conn->pairing, sizeof *conn - offsetof(struct http_conn, pairing));
}

const struct consumer_ops http_conn_ops = {
    .open = conn_open,
    .data = conn_data,
    .gap = conn_gap,
    .overdue = conn_overdue,
    .conflict = conn_conflict,
    .end = conn_end,
    .close = conn_close,
    .passing = &http_passing,
    .doze = &http_doze,
    .foresee = conn_foresee,
};
