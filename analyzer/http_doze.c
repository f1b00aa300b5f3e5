/* SPDX-License-Identifier: Apache-2.0 */
/* A connection between its messages, kept as an image (struct consumer_doze). */
#include "analyzer/http_side.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct http_conn) <= LIKENESS_WORDS * sizeof(uint64_t), "an image has room for it");
static_assert(sizeof(struct http_conn) % sizeof(uint64_t) == 0, "images are of whole words");

enum {
    TIME_REACH_BITS = 42,  /* of nanoseconds: more than an hour */
    OFFSET_REACH_BITS = 28 /* of bytes */
};

/* No byte is kept, no message begun. */
static bool side_can_doze(const struct side *side) {
    const struct probe *probe = &side->probe;
    const struct h1 *h1 = &side->h1;
    if (side->message || side->transaction || side->next_begun || side->surplus || side->blank ||
        (side->lexer_ready && (h1->line.len || h1->line.failed || h1->held))) {
        return false;
    }
    switch (side->state) {
    case SIDE_PROBE:
        return !probe->candidate && !probe->held.len && !probe->skipped && !probe->scanned;
    case SIDE_MESSAGE:
        return h1->state == H1_AT_START && !h1->started && !h1->in_line;
    case SIDE_IGNORE:
        return true;
    case SIDE_WAIT:
        break;
    }
    return false;
}

static bool conn_can_doze(const struct http_conn *conn) {
    return side_can_doze(&conn->side[0]) && side_can_doze(&conn->side[1]) && !conn->pairing.oldest &&
           !conn->interims && !conn->pending && !conn->tentative && !conn->waits_for && !conn->tunnel.record;
}

/* The memory goes, the cap and whom it is charged to stay. */
static void strip_buffer(struct buf *b) {
    b->ptr = NULL;
    b->len = b->capacity = 0;
    b->failed = false;
}

/* What has a meaning only as long as something is read. */
static void strip_side(struct side *side) {
    if (side->state != SIDE_PROBE) {
        probe_restart(&side->probe, side->probe.mode); /* whoever searches again restarts it, too */
    }
    strip_buffer(&side->probe.held);
    strip_buffer(&side->h1.line);
    memset(&side->own, 0, sizeof side->own);
    memset(&side->front, 0, sizeof side->front);
    memset(&side->segment, 0, sizeof side->segment);
    memset(&side->probed, 0, sizeof side->probed);
    side->interim = NULL;
}

/* `conn` is for the model alone. */
static void make_chains(struct likeness_chain chains[LIKENESS_CHAINS], const struct http_conn *conn,
                        const struct connection *connection) {
    uint64_t start = (uint64_t)connection->syn_ns;
    uint64_t near = start || !conn ? start : (uint64_t)conn->pairing.response_end_ns;
    chains[0] = (struct likeness_chain){start, near, UINT64_C(1) << TIME_REACH_BITS};
    for (int d = 0; d < 2; d++) {
        uint64_t delivered = connection->delivered[d];
        chains[1 + d] = (struct likeness_chain){delivered, delivered, UINT64_C(1) << OFFSET_REACH_BITS};
    }
}

static bool has_likeness(struct http_environment *environment) {
    if (!environment->likeness) {
        environment->likeness = malloc(sizeof *environment->likeness);
        if (environment->likeness) {
            likeness_init(environment->likeness);
        }
    }
    return environment->likeness;
}

static size_t conn_image(const void *consumer, uint8_t *image) {
    const struct http_conn *conn = consumer;
    struct http_environment *environment = conn->environment;
    if (!conn_can_doze(conn) || !has_likeness(environment)) {
        return 0;
    }
    struct http_conn copy;
    memcpy(&copy, conn, sizeof copy);
    copy.connection = NULL;
    memset(&copy.ids, 0, sizeof copy.ids); /* are found out again */
    for (int d = 0; d < 2; d++) {
        strip_side(&copy.side[d]);
    }
    struct likeness_chain chains[LIKENESS_CHAINS];
    make_chains(chains, &copy, conn->connection);
    if (environment->likeness->words == 0) {
        likeness_learn(environment->likeness, &copy, sizeof copy, chains, NULL);
    }
    return likeness_write(environment->likeness, &copy, chains, image);
}

static void conn_leave(void *consumer) {
    struct http_conn *conn = consumer;
    struct http_environment *environment = conn->environment;
    environment->images++;
    http_conn_free(conn);
}

static void *conn_wake(void *context, const struct connection *connection, const uint8_t *image, bool must) {
    struct http_environment *environment = context;
    struct http_conn *conn = pool_take(&environment->connections);
    if (!conn && must) {
        conn = environment->spare;
        environment->spare = NULL;
    }
    if (!conn) {
        return NULL;
    }
    struct likeness_chain chains[LIKENESS_CHAINS];
    make_chains(chains, NULL, connection);
    likeness_read(environment->likeness, conn, chains, image);
    conn->connection = connection;
    environment->images--;
    return conn;
}

const struct consumer_doze http_doze = {.image = conn_image, .leave = conn_leave, .wake = conn_wake};
