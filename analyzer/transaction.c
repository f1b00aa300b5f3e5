/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/transaction.h"

#include "capture/clear.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>

struct transaction_store {
    const struct limits *limits;
    struct transaction_observer observer;
    struct pool transactions;
    struct transaction *spare; /* kept while some doze, so that one can be woken; NULL: it is not */
    size_t dozing;
    struct arena_pool arenas;
};

struct transaction_store *transaction_store_new(const struct limits *limits, struct memory *memory,
                                                const struct transaction_observer *observer) {
    struct transaction_store *store = calloc(1, sizeof *store);
    if (!store) {
        return NULL;
    }
    store->limits = limits;
    store->observer = *observer;
    pool_init(&store->transactions, memory, sizeof(struct transaction), SIZE_MAX);
    arena_pool_init(&store->arenas, memory, SIZE_MAX);
    return store;
}

void transaction_store_free(struct transaction_store *store) {
    if (!store) {
        return;
    }
    if (store->spare) {
        pool_give(&store->transactions, store->spare);
    }
    pool_fini(&store->transactions);
    arena_pool_fini(&store->arenas);
    free(store);
}

bool transaction_store_tells_caching(const struct transaction_store *store) {
    return !store->observer.no_caching;
}

size_t transaction_store_open(const struct transaction_store *store) {
    return store->transactions.used - (store->spare ? 1 : 0) + store->dozing;
}

struct transaction *transaction_open_request(struct transaction_store *store,
                                             const struct connection *connection, enum direction client) {
    struct transaction *t = pool_take(&store->transactions);
    if (!t) {
        return NULL;
    }
    clear_bytes(t, offsetof(struct transaction, request));
    /* tcp is set here and by transaction_end_tcp */
    clear_bytes(&t->response, offsetof(struct transaction, tcp) - offsetof(struct transaction, response));
    t->connection = connection;
    t->client = client;
    t->by = PAIRING_NONE;
    t->tcp.ended = false;
    /* A head and its trailers twice over, requests' and responses', and what stands around them. */
    arena_init(&t->arena, &store->arenas, 5 * store->limits->head_bytes);
    memcpy(t->tcp.at_start, connection->counts, sizeof t->tcp.at_start);
    t->tcp.pace_at_start = connection->pace;
    memset(&t->tcp.pace_at_request_end, 0, sizeof t->tcp.pace_at_request_end);
    memset(&t->tcp.pace_at_turn, 0, sizeof t->tcp.pace_at_turn);
    return t;
}

struct transaction *transaction_open(struct transaction_store *store, const struct connection *connection,
                                     enum direction client) {
    struct transaction *t = transaction_open_request(store, connection, client);
    if (t) {
        clear_bytes(&t->request, sizeof t->request);
    }
    return t;
}

static void give_back(struct transaction_store *store, struct transaction *t) {
    if (store->dozing && !store->spare) {
        store->spare = t;
        return;
    }
    pool_give(&store->transactions, t);
}

void transaction_leave(struct transaction_store *store, struct transaction *t) {
    store->dozing++;
    give_back(store, t);
}

struct transaction *transaction_return(struct transaction_store *store, bool must) {
    assert(store->dozing > 0);
    struct transaction *t = pool_take(&store->transactions);
    if (!t && must) {
        t = store->spare;
        store->spare = NULL;
    }
    if (t) {
        t->arena.pool = &store->arenas;
        store->dozing--;
    }
    return t;
}

static uint64_t mix(uint64_t h, uint64_t value) {
    h ^= value;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 29;
}

static uint64_t mix_bytes(uint64_t h, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        for (size_t j = 0; j < 8 && i + j < len; j++) {
            word |= (uint64_t)bytes[i + j] << (8 * j);
        }
        h = mix(h, word);
    }
    return h;
}

/* A count of the connections that had the same key is not in it: which ones are remembered depends on when
 * packets come. Two taps on one connection, whichever direction they saw first, must give the same id: the
 * sender comes first. */
static void begin_ids(const struct transaction_store *store, struct transaction_ids *ids,
                      const struct connection *c, enum direction sender) {
    const struct endpoint *from = &c->key.side[sender], *to = &c->key.side[direction_other(sender)];
    const struct address *addresses[] = {&from->address, &to->address};
    struct address other[2];
    for (size_t i = 0; store->observer.address && i < 2; i++) {
        other[i] = store->observer.address(store->observer.context, addresses[i]);
        addresses[i] = &other[i];
    }
    for (unsigned half = 0; half < 2; half++) {
        uint64_t h = half ? UINT64_C(0x6861726b2d696431) : UINT64_C(0x6861726b2d696430);
        h = mix_bytes(h, addresses[0]->bytes, ADDRESS_BYTES);
        h = mix_bytes(h, addresses[1]->bytes, ADDRESS_BYTES);
        h = mix(h, (uint64_t)from->port << 16 | to->port);
        ids->common[sender][half] = mix(h, (uint64_t)c->key.network_id << 16 | c->key.vlan);
    }
    ids->known[sender] = true;
}

void transaction_identify(const struct transaction_store *store, const struct connection *connection,
                          struct transaction_ids *ids, enum direction sender, uint64_t offset,
                          uint8_t id[16]) {
    if (!ids->known[sender]) {
        begin_ids(store, ids, connection, sender);
    }
    for (unsigned half = 0; half < 2; half++) {
        uint64_t word = htole64(mix(ids->common[sender][half], (uint32_t)offset));
        memcpy(id + sizeof word * half, &word, sizeof word);
    }
}

void transaction_announce(struct transaction_store *store, struct transaction *t, struct transaction_ids *ids,
                          enum direction sender, uint64_t offset) {
    transaction_identify(store, t->connection, ids, sender, offset, t->id);
    if (store->observer.opened) {
        store->observer.opened(store->observer.context, t);
    }
}

void transaction_updated(struct transaction_store *store, const struct transaction *t) {
    if (store->observer.updated) {
        store->observer.updated(store->observer.context, t);
    }
}

void transaction_drop(struct transaction_store *store, struct transaction *t) {
    arena_reset(&t->arena);
    give_back(store, t);
}

void transaction_end_tcp(struct transaction *t) {
    if (!t->tcp.ended) {
        memcpy(t->tcp.at_end, t->connection->counts, sizeof t->tcp.at_end);
        t->tcp.pace_at_end = t->connection->pace;
        t->tcp.ended = true;
    }
}

void transaction_finish(struct transaction_store *store, struct transaction *t) {
    store->observer.finished(store->observer.context, t);
    transaction_drop(store, t);
}

static bool grow_list(struct transaction *t, struct header_list *list, size_t capacity,
                      const struct limits *limits) {
    capacity = capacity < limits->headers ? capacity : limits->headers;
    struct header *items = arena_alloc(&t->arena, capacity * sizeof *items);
    if (!items) {
        return false;
    }
    if (list->count) {
        memcpy(items, list->items, list->count * sizeof *items);
    }
    list->items = items;
    list->capacity = (uint32_t)capacity;
    return true;
}

bool transaction_add_header(struct transaction *t, struct header_list *list, struct slice name,
                            struct slice value, const struct limits *limits) {
    enum { FIRST_CAPACITY = 16 };
    size_t capacity = list->capacity ? 2 * (size_t)list->capacity : FIRST_CAPACITY;
    bool ok = list->count < limits->headers &&
              (list->count < list->capacity || grow_list(t, list, capacity, limits));
    if (ok) {
        struct header *header = &list->items[list->count];
        header->name = arena_copy(&t->arena, name, &ok);
        header->value = arena_copy(&t->arena, value, &ok);
        header->joined = false;
        header->known = 0;
    }
    if (!ok) {
        list->dropped++;
        return false;
    }
    list->count++;
    return true;
}

struct header *transaction_more_headers(struct transaction *t, struct header_list *list, size_t count,
                                        const struct limits *limits) {
    size_t wanted = list->count + count;
    if (wanted > limits->headers || (wanted > list->capacity && !grow_list(t, list, wanted, limits))) {
        return NULL;
    }
    return &list->items[list->count];
}

static bool message_is_complete(const struct http_message *m) {
    /* Where others would find another end, this one is not known. */
    bool ambiguous = m->fields.oddities & FRAMING_ODD_AMBIGUOUS;
    return m->seen && m->head_complete && !ambiguous && !m->start_uncertain && m->end_known &&
           !m->truncated && m->missing_bytes == 0 && m->gap_bytes == 0 && m->headers.dropped == 0 &&
           m->trailers.dropped == 0;
}

static bool is_between(unsigned status, unsigned low, unsigned high) {
    return status >= low && status <= high;
}

enum event_outcome transaction_outcome(const struct transaction *t) {
    unsigned status = t->response.seen ? t->response.status : 0;
    if (t->type == TRANSACTION_TUNNEL) {
        return t->reset ? OUTCOME_FAILURE : t->uncertain ? OUTCOME_UNKNOWN : OUTCOME_SUCCESS;
    }
    if (is_between(status, 400, 599) || t->reset) {
        return OUTCOME_FAILURE;
    }
    if (t->uncertain || !(is_between(status, 200, 399) || status == 101)) {
        return OUTCOME_UNKNOWN;
    }
    return OUTCOME_SUCCESS;
}

bool transaction_is_complete(const struct transaction *t) {
    if (t->type != TRANSACTION_PAIR) {
        return false;
    }
    /* What a search found may be a message inside a body whose head was lost; only TCP's evidence clears it
     * of that. */
    bool searched = t->request.resynchronised || t->response.resynchronised;
    return message_is_complete(&t->request) && message_is_complete(&t->response) &&
           (!searched || t->by == PAIRING_ACK);
}

const char *pairing_by_name(enum pairing_by by) {
    static const char *const names[] = {
        [PAIRING_ACK] = "ack", [PAIRING_ORDER] = "order", [PAIRING_NONE] = "none"};
    return names[by];
}

const char *pairing_reason_name(enum pairing_reason reason) {
    static const char *const names[PAIRING_REASONS] = {
        [PAIRING_PAIRED] = "paired",
        [PAIRING_CAPTURE_ENDED] = "capture_ended",
        [PAIRING_CONNECTION_CLOSED] = "connection_closed",
        [PAIRING_CONNECTION_RESET] = "connection_reset",
        [PAIRING_IDLE] = "idle",
        [PAIRING_EVICTED] = "evicted",
        [PAIRING_CONNECTION_REUSED] = "connection_reused",
        [PAIRING_RESPONSE_LOST] = "response_lost",
        [PAIRING_RESPONSE_LATE] = "response_late",
        [PAIRING_SUPERSEDED] = "superseded",
        [PAIRING_REQUEST_CUT] = "request_cut",
        [PAIRING_OPEN_CAP] = "open_cap",
        [PAIRING_UNREADABLE] = "unreadable",
        [PAIRING_REQUEST_LOST] = "request_lost",
        [PAIRING_REQUEST_LATE] = "request_late",
        [PAIRING_BEFORE_CAPTURE] = "before_capture",
        [PAIRING_AMBIGUOUS] = "ambiguous",
        [PAIRING_UNSOLICITED] = "unsolicited",
    };
    return names[reason];
}

const char *transaction_type_name(enum transaction_type type) {
    static const char *const names[] = {
        [TRANSACTION_PAIR] = "transaction",
        [TRANSACTION_ORPHAN_REQUEST] = "orphan_request",
        [TRANSACTION_ORPHAN_RESPONSE] = "orphan_response",
        [TRANSACTION_TUNNEL] = "tunnel",
        [TRANSACTION_SURPLUS] = "surplus",
    };
    return names[type];
}
