/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/lexing.h"

#include "analyzer/framing.h"
#include "analyzer/h1.h"

#include <stdlib.h>

enum { METHODS = 64 }; /* open requests of which the method is remembered */

struct lexing_side {
    struct h1 h1;
    bool ready; /* h1 is initialised */
    bool lost;
    unsigned major, minor, status;
    struct framing_fields fields;
};

struct lexing_connection {
    struct lexing *lexing;
    struct lexing_side side[2];
    bool is_head[METHODS]; /* of requests, by their number */
    size_t asked, answered;
    bool head; /* the request at hand is HEAD */
};

static void *lexing_open(void *environment, const struct connection *connection) {
    (void)connection;
    struct lexing_connection *c = calloc(1, sizeof(*c));
    if (c) {
        c->lexing = environment;
    }
    return c;
}

static bool looks_like_response(struct slice bytes) {
    return slice_starts_with(bytes, "HTTP/1.");
}

static bool looks_like_request(struct slice bytes) {
    return slice_starts_with(bytes, "GET ") || slice_starts_with(bytes, "POST ") ||
           slice_starts_with(bytes, "PUT ") || slice_starts_with(bytes, "HEAD ");
}

/* False where nothing shows how to go on. */
static bool start(struct lexing_connection *c, struct lexing_side *side, const struct chunk *chunk) {
    enum h1_role role = looks_like_response(chunk->bytes) ? H1_RESPONSE : H1_REQUEST;
    if (side->lost && role == H1_REQUEST && !looks_like_request(chunk->bytes)) {
        return false;
    }
    if (side->ready) {
        h1_restart(&side->h1, role, chunk->offset);
    } else {
        h1_init(&side->h1, role, c->lexing->limits, chunk->offset);
    }
    side->ready = true;
    side->lost = false;
    side->fields = (struct framing_fields){0};
    return true;
}

static void begin_body(struct lexing_connection *c, struct lexing_side *side) {
    struct h1_framing framing;
    c->lexing->heads++;
    if (side->h1.role == H1_REQUEST) {
        framing =
            framing_of_request(&side->fields, side->major, side->minor, slice_of(c->head ? "HEAD" : "GET"));
        c->is_head[c->asked++ % METHODS] = c->head;
    } else {
        bool head = c->answered < c->asked && c->is_head[c->answered % METHODS];
        framing = framing_of_response(&side->fields, side->major, side->minor,
                                      slice_of(head ? "HEAD" : "GET"), side->status);
        c->answered += side->status >= 200 && c->answered < c->asked;
    }
    h1_begin_body(&side->h1, framing);
    side->fields = (struct framing_fields){0};
}

static void take_event(struct lexing_connection *c, struct lexing_side *side, const struct h1_event *event) {
    switch (event->type) {
    case H1_START_LINE:
        side->major = event->major;
        side->minor = event->minor;
        side->status = event->status;
        c->head = side->h1.role == H1_REQUEST ? slice_is(event->line[0], "HEAD") : c->head;
        break;
    case H1_HEADER:
        c->lexing->fields++;
        framing_line(&side->fields, event);
        break;
    case H1_HEADERS_END:
        begin_body(c, side);
        break;
    case H1_BAD:
        side->lost = true;
        break;
    case H1_NEED_MORE:
    case H1_BODY:
    case H1_TRAILER:
    case H1_MESSAGE_END:
        break;
    }
}

static size_t lexing_data(void *consumer, enum direction direction, const struct chunk *chunk) {
    struct lexing_connection *c = consumer;
    struct lexing_side *side = &c->side[direction];
    if ((!side->ready || side->lost) && !start(c, side, chunk)) {
        return chunk->bytes.len;
    }
    struct slice in = chunk->bytes;
    struct h1_event event;
    while (!side->lost && (event.type = h1_next(&side->h1, &in, &event)) != H1_NEED_MORE) {
        take_event(c, side, &event);
    }
    return chunk->bytes.len;
}

static void lexing_gap(void *consumer, enum direction direction, uint64_t offset, uint64_t len,
                       enum gap_reason reason, int64_t now_ns) {
    (void)offset, (void)reason, (void)now_ns;
    struct lexing_connection *c = consumer;
    struct lexing_side *side = &c->side[direction];
    if (side->ready && !side->lost) {
        side->lost = !h1_skip(&side->h1, len);
    }
}

static void lexing_overdue(void *consumer, enum direction direction, uint64_t acked, int64_t now_ns) {
    (void)consumer, (void)direction, (void)acked, (void)now_ns;
}

static void lexing_end(void *consumer, enum direction direction, enum end_reason reason, int64_t now_ns) {
    (void)consumer, (void)direction, (void)reason, (void)now_ns;
}

static void lexing_close(void *consumer) {
    struct lexing_connection *c = consumer;
    for (int i = 0; i < 2; i++) {
        if (c->side[i].ready) {
            h1_fini(&c->side[i].h1);
        }
    }
    free(c);
}

const struct consumer_ops lexing_ops = {
    .open = lexing_open,
    .data = lexing_data,
    .gap = lexing_gap,
    .overdue = lexing_overdue,
    .end = lexing_end,
    .close = lexing_close,
};
