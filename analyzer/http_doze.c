/* SPDX-License-Identifier: Apache-2.0 */
/* A connection on which nothing comes, kept as an image (struct consumer_doze), and with it the transaction
 * that is under way, if there is one and what it is to is simple. */
#include "analyzer/http_side.h"
#include "analyzer/transaction_image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct http_conn) <= LIKENESS_WORDS * sizeof(uint64_t), "an image has room for it");
static_assert(sizeof(struct http_conn) % sizeof(uint64_t) == 0, "images are of whole words");

enum {
    TIME_REACH_BITS = 42,  /* of nanoseconds: more than an hour */
    OFFSET_REACH_BITS = 28 /* of bytes */
};

/* Connections between messages, those amid a transaction, and these transactions look different. */
struct http_likeness {
    struct likeness calm;
    struct likeness busy;
    struct likeness transaction;
};

/* The first byte of an image. Of each side, in SIDE_BITS more: which message it reads, and whether it has the
 * transaction. */
enum {
    IMAGE_BUSY = 1,   /* a transaction is under way; its image follows */
    IMAGE_QUEUED = 2, /* ... and awaits its response */
    SIDE_SHIFT = 2,
    SIDE_BITS = 3,
    SIDE_OWN = 1, /* what the side reads */
    SIDE_REQUEST = 2,
    SIDE_RESPONSE = 3,
    SIDE_MESSAGES = 3,
    SIDE_HAS = 4
};

/* The one that is under way; NULL: none. */
static struct transaction *transaction_of(const struct http_conn *conn) {
    struct transaction *t = conn->side[0].transaction ? conn->side[0].transaction : conn->side[1].transaction;
    return t ? t : conn->pairing.oldest;
}

/* Is nothing said of the message but where and when it begins? */
static bool is_bare(const struct http_message *m) {
    return !m->seen && !m->line[0].ptr && !m->line[1].ptr && !m->line[2].ptr && !m->headers.items &&
           !m->trailers.items;
}

/* Nothing of it but lines' ends waits to be understood. */
static bool message_can_doze(const struct side *side, const struct transaction *t) {
    bool own = side->message == &side->own;
    return side->state == SIDE_MESSAGE && !side->front.len && !side->interim &&
           (own ? !side->transaction && is_bare(&side->own) : t && side->transaction == t);
}

static bool side_can_doze(const struct side *side, const struct transaction *t) {
    const struct probe *probe = &side->probe;
    const struct h1 *h1 = &side->h1;
    if (side->next_begun || side->surplus || side->blank ||
        (side->lexer_ready && (h1->line.failed || h1->held))) {
        return false;
    }
    if (side->message) {
        return message_can_doze(side, t);
    }
    if (side->transaction || (side->lexer_ready && h1->line.len)) {
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

/* The one transaction, if any, is known to the connection alone. */
static bool conn_can_doze(const struct http_conn *conn) {
    const struct transaction *t = transaction_of(conn), *oldest = conn->pairing.oldest;
    if (t && (t->next || t->tentative || t->interim || (oldest && oldest != t))) {
        return false;
    }
    return conn->pairing.newest == oldest && side_can_doze(&conn->side[0], t) &&
           side_can_doze(&conn->side[1], t) && !conn->interims && !conn->pending && !conn->tentative &&
           !conn->waits_for && !conn->tunnel.record;
}

/* The memory goes, the cap and whom it is charged to stay. */
static void strip_buffer(struct buf *b) {
    b->ptr = NULL;
    b->len = b->capacity = 0;
    b->failed = false;
}

/* What has a meaning only as long as something is read, and pointers that the image's first byte tells of. */
static void strip_side(struct side *side) {
    if (side->state != SIDE_PROBE) {
        probe_restart(&side->probe, side->probe.mode); /* whoever searches again restarts it, too */
    }
    strip_buffer(&side->probe.held);
    if (!side->h1.line.len) {
        strip_buffer(&side->h1.line);
    }
    side->h1.limits = NULL; /* where a side has a lexer and the model has none, an address would be told */
    side->h1.line.memory = NULL;
    side->message = NULL;
    side->transaction = NULL;
    side->interim = NULL;
}

/* Without what has a meaning only as long as something is read: it is not near. */
static void copy_side(struct side *copy, const struct side *side) {
    memcpy(copy, side, offsetof(struct side, front));
    memset(&copy->front, 0, sizeof *copy - offsetof(struct side, front));
    if (side->message == &side->own) {
        memcpy(&copy->own, &side->own, sizeof copy->own);
    }
}

static void copy_conn(struct http_conn *copy, const struct http_conn *conn) {
    enum { REST = offsetof(struct http_conn, side) + sizeof(struct side[2]) };
    memcpy(copy, conn, offsetof(struct http_conn, side));
    copy_side(&copy->side[0], &conn->side[0]);
    copy_side(&copy->side[1], &conn->side[1]);
    memcpy((char *)copy + REST, (const char *)conn + REST, sizeof *conn - REST);
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
            likeness_init(&environment->likeness->calm);
            likeness_init(&environment->likeness->busy);
            likeness_init(&environment->likeness->transaction);
        }
    }
    return environment->likeness;
}

static uint8_t first_byte(const struct http_conn *conn, const struct transaction *t) {
    unsigned byte = t ? IMAGE_BUSY : 0;
    byte |= conn->pairing.oldest ? IMAGE_QUEUED : 0;
    for (unsigned d = 0; d < 2; d++) {
        const struct side *side = &conn->side[d];
        unsigned bits = !side->message                                 ? 0
                        : side->message == &side->own                  ? SIDE_OWN
                        : side->message == &side->transaction->request ? SIDE_REQUEST
                                                                       : SIDE_RESPONSE;
        bits |= side->transaction ? SIDE_HAS : 0;
        byte |= bits << (SIDE_SHIFT + d * SIDE_BITS);
    }
    return (uint8_t)byte;
}

static void restore_lexer(const struct http_environment *environment, struct side *side) {
    if (side->lexer_ready) {
        side->h1.limits = environment->limits;
        side->h1.line.memory = environment->memory;
    }
}

static void restore_pointers(struct http_conn *conn, unsigned byte, struct transaction *t) {
    conn->pairing.oldest = conn->pairing.newest = byte & IMAGE_QUEUED ? t : NULL;
    for (unsigned d = 0; d < 2; d++) {
        struct side *side = &conn->side[d];
        unsigned bits = byte >> (SIDE_SHIFT + d * SIDE_BITS);
        restore_lexer(conn->environment, side);
        side->transaction = bits & SIDE_HAS ? t : NULL;
        switch (bits & SIDE_MESSAGES) {
        case SIDE_OWN:
            side->message = &side->own;
            break;
        case SIDE_REQUEST:
            side->message = &t->request;
            break;
        case SIDE_RESPONSE:
            side->message = &t->response;
            break;
        default:
            side->message = NULL;
        }
    }
}

static void mark_wild(uint64_t wild[LIKENESS_WORDS / 64]) {
    for (size_t d = 0; d < 2; d++) {
        likeness_mark_wild(wild, offsetof(struct http_conn, side) + d * sizeof(struct side) +
                                     offsetof(struct side, h1) + offsetof(struct h1, line) +
                                     offsetof(struct buf, ptr));
    }
}

static size_t conn_image(const void *consumer, uint8_t *image) {
    const struct http_conn *conn = consumer;
    struct http_environment *environment = conn->environment;
    if (!conn_can_doze(conn) || !has_likeness(environment)) {
        return 0;
    }
    const struct transaction *t = transaction_of(conn);
    struct http_conn copy;
    copy_conn(&copy, conn);
    copy.connection = NULL;
    copy.pairing.oldest = copy.pairing.newest = NULL;
    memset(&copy.ids, 0, sizeof copy.ids); /* are found out again */
    for (int d = 0; d < 2; d++) {
        strip_side(&copy.side[d]);
    }
    struct likeness *likeness = t ? &environment->likeness->busy : &environment->likeness->calm;
    struct likeness_chain chains[LIKENESS_CHAINS];
    make_chains(chains, &copy, conn->connection);
    size_t len = 1, rest;
    image[0] = first_byte(conn, t);
    if (t) {
        rest = transaction_image(t, &environment->likeness->transaction, chains, image + len);
        if (rest == 0) {
            return 0;
        }
        len += rest;
    }
    if (likeness->words == 0) {
        uint64_t wild[LIKENESS_WORDS / 64] = {0};
        mark_wild(wild);
        likeness_learn(likeness, &copy, sizeof copy, chains, wild);
    }
    return len + likeness_write(likeness, &copy, chains, image + len);
}

/* What the image tells where to find stays. */
static void conn_leave(void *consumer) {
    struct http_conn *conn = consumer;
    struct http_environment *environment = conn->environment;
    struct transaction *t = transaction_of(conn);
    if (t) {
        transaction_leave(environment->store, t);
    }
    for (int d = 0; d < 2; d++) {
        if (conn->side[d].h1.line.len) {
            strip_buffer(&conn->side[d].h1.line);
        }
    }
    environment->images++;
    http_conn_free(conn);
}

static struct http_conn *take_conn(struct http_environment *environment, bool must) {
    struct http_conn *conn = pool_take(&environment->connections);
    if (!conn && must) {
        conn = environment->spare;
        environment->spare = NULL;
    }
    return conn;
}

static void give_conn(struct http_environment *environment, struct http_conn *conn) {
    if (environment->spare) {
        pool_give(&environment->connections, conn);
    } else {
        environment->spare = conn;
    }
}

static void *conn_wake(void *context, const struct connection *connection, const uint8_t *image, bool must) {
    struct http_environment *environment = context;
    struct http_conn *conn = take_conn(environment, must);
    if (!conn) {
        return NULL;
    }
    struct likeness_chain chains[LIKENESS_CHAINS];
    struct transaction *t = NULL;
    const uint8_t *at = image + 1;
    bool busy = image[0] & IMAGE_BUSY;
    make_chains(chains, NULL, connection);
    if (busy) {
        t = transaction_return(environment->store, must);
        if (!t) {
            give_conn(environment, conn);
            return NULL;
        }
        at += transaction_from_image(t, connection, &environment->likeness->transaction, chains, at);
    }
    likeness_read(busy ? &environment->likeness->busy : &environment->likeness->calm, conn, chains, at);
    restore_pointers(conn, image[0], t);
    conn->connection = connection;
    environment->images--;
    return conn;
}

static void conn_foresee(const void *context, struct prefetch *prefetch) {
    const struct http_environment *environment = context;
    prefetch_add(prefetch, &environment->connections, sizeof environment->connections);
    if (environment->likeness) {
        likeness_prefetch(&environment->likeness->calm, prefetch);
    }
}

const struct consumer_doze http_doze = {
    .image = conn_image, .leave = conn_leave, .wake = conn_wake, .foresee = conn_foresee};
