/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/defrag.h"

#include <assert.h>
#include <stdlib.h>

enum {
    BLOCK_BYTES = 8,        /* fragment offsets count these */
    DATAGRAM_BYTES = 65535, /* what follows the IP header can't be longer */
    FIRST_CAPACITY = 2048,  /* bytes; most datagrams in fragments are a little over one frame */
    MOST_CAPACITY = 1 << 16,
};

#define TOTAL_UNKNOWN UINT32_MAX
#define CUT_NOWHERE   UINT32_MAX
#define DONE_KEPT_NS  NS_PER_SECOND
#define TOGETHER_NS   NS_PER_SECOND /* fragments of one datagram come within it, or nearly all do */

enum datagram_state {
    DATAGRAM_WAITING,   /* for fragments */
    DATAGRAM_DISCARDED, /* IPv6 overlap: holds no bytes, drops what comes */
    DATAGRAM_OUT,       /* complete; its bytes are in use until defrag_release */
    DATAGRAM_DONE,      /* complete; kept to know copies of its fragments */
};

struct datagram;

/* Oldest first. */
struct list {
    struct datagram *head;
    struct datagram *tail;
};

/* Of each block of eight bytes one bit tells whether it has come, and one whether a fragment began there.
 * Invariants: received <= end <= capacity; a known total is >= end. */
struct datagram {
    struct datagram *chain; /* of its bucket */
    struct datagram *prev;
    struct datagram *next;
    struct flow_key key; /* ports are 0 */
    uint32_t id;
    uint8_t protocol; /* of the first fragment; of any until it comes */
    enum datagram_state state;
    bool differing;    /* counted as overlapping */
    int64_t since_ns;  /* of the fragment that came first; of the last when complete */
    uint32_t total;    /* bytes, known from the last fragment */
    uint32_t end;      /* of the fragment that reaches farthest */
    uint32_t received; /* bytes that came */
    uint32_t cut_at;   /* from here on bytes may be missing though their fragment came */
    uint32_t capacity;
    uint8_t *bytes; /* capacity of them; then both bit maps, capacity / 64 each */
};

struct defrag {
    struct hash_secret secret;
    size_t datagrams_cap;
    size_t bytes_cap;
    int64_t timeout_ns;
    size_t datagrams;
    size_t bytes;
    struct list waiting; /* and discarded */
    struct list out;
    struct list done;
    size_t buckets; /* a power of two */
    struct datagram **bucket;
    struct defrag_counts counts;
};

static void list_push(struct list *list, struct datagram *d) {
    d->prev = list->tail;
    d->next = NULL;
    if (list->tail) {
        list->tail->next = d;
    } else {
        list->head = d;
    }
    list->tail = d;
}

static void list_remove(struct list *list, struct datagram *d) {
    if (d->prev) {
        d->prev->next = d->next;
    } else {
        list->head = d->next;
    }
    if (d->next) {
        d->next->prev = d->prev;
    } else {
        list->tail = d->prev;
    }
}

static struct list *list_of(struct defrag *defrag, const struct datagram *d) {
    switch (d->state) {
    case DATAGRAM_WAITING:
    case DATAGRAM_DISCARDED:
        return &defrag->waiting;
    case DATAGRAM_OUT:
        return &defrag->out;
    case DATAGRAM_DONE:
        break;
    }
    return &defrag->done;
}

static void set_state(struct defrag *defrag, struct datagram *d, enum datagram_state state) {
    list_remove(list_of(defrag, d), d);
    d->state = state;
    list_push(list_of(defrag, d), d);
}

static size_t store_bytes(uint32_t capacity) {
    return (size_t)capacity + capacity / (BLOCK_BYTES * 8) * 2;
}

static uint8_t *come_bits(const struct datagram *d) {
    return d->bytes + d->capacity;
}

static uint8_t *start_bits(const struct datagram *d) {
    return d->bytes + d->capacity + d->capacity / (BLOCK_BYTES * 8);
}

static bool bit_get(const uint8_t *bits, uint32_t at) {
    return bits[at / 8] >> (at % 8) & 1;
}

static void bit_set(uint8_t *bits, uint32_t at) {
    bits[at / 8] |= (uint8_t)(1U << (at % 8));
}

static struct datagram **bucket_of(struct defrag *defrag, const struct flow_key *key, uint32_t id) {
    uint64_t hash = flow_key_hash_secret(key, flow_key_hash(key) ^ id, &defrag->secret);
    return &defrag->bucket[(hash >> 32) & (defrag->buckets - 1)];
}

static void store_free(struct defrag *defrag, struct datagram *d) {
    defrag->bytes -= store_bytes(d->capacity);
    free(d->bytes);
    d->bytes = NULL;
    d->capacity = 0;
}

static void datagram_free(struct defrag *defrag, struct datagram *d) {
    struct datagram **link = bucket_of(defrag, &d->key, d->id);
    while (*link != d) {
        link = &(*link)->chain;
    }
    *link = d->chain;
    list_remove(list_of(defrag, d), d);
    store_free(defrag, d);
    defrag->bytes -= sizeof *d;
    defrag->datagrams--;
    free(d);
}

/* Evicts the oldest other than `kept`; what is done goes before what waits. False when there is none. */
static bool evict_one(struct defrag *defrag, const struct datagram *kept) {
    if (defrag->done.head) {
        datagram_free(defrag, defrag->done.head);
        return true;
    }
    struct datagram *oldest = defrag->waiting.head;
    if (oldest == kept && oldest) {
        oldest = oldest->next;
    }
    if (!oldest) {
        return false;
    }
    defrag->counts.evicted += oldest->state == DATAGRAM_WAITING;
    datagram_free(defrag, oldest);
    return true;
}

static bool make_room(struct defrag *defrag, size_t datagrams, size_t bytes, const struct datagram *kept) {
    if (datagrams > defrag->datagrams_cap || bytes > defrag->bytes_cap) {
        return false;
    }
    while (defrag->datagrams > defrag->datagrams_cap - datagrams ||
           defrag->bytes > defrag->bytes_cap - bytes) {
        if (!evict_one(defrag, kept)) {
            return false;
        }
    }
    return true;
}

/* Room for `end` bytes of the datagram. */
static bool store_grow(struct defrag *defrag, struct datagram *d, uint32_t end) {
    if (end <= d->capacity) {
        return true;
    }
    uint32_t capacity = d->capacity ? d->capacity : FIRST_CAPACITY;
    while (capacity < end) {
        capacity *= 2;
    }
    assert(capacity <= MOST_CAPACITY);
    /* Old and new store live together for a moment, and both count. */
    if (!make_room(defrag, 0, store_bytes(capacity), d)) {
        return false;
    }
    uint8_t *bytes = malloc(store_bytes(capacity));
    if (!bytes) {
        defrag->counts.failures++;
        return false;
    }
    size_t map = capacity / (BLOCK_BYTES * 8), old_map = d->capacity / (BLOCK_BYTES * 8);
    memset(bytes + capacity, 0, 2 * map);
    if (d->capacity) {
        memcpy(bytes, d->bytes, d->capacity);
        memcpy(bytes + capacity, come_bits(d), old_map);
        memcpy(bytes + capacity + map, start_bits(d), old_map);
    }
    defrag->bytes += store_bytes(capacity);
    store_free(defrag, d);
    d->bytes = bytes;
    d->capacity = capacity;
    return true;
}

static struct datagram *datagram_find(struct defrag *defrag, const struct flow_key *key,
                                      const struct defrag_fragment *f) {
    for (struct datagram *d = *bucket_of(defrag, key, f->id); d; d = d->chain) {
        if (d->id == f->id && flow_key_equal(&d->key, key) &&
            (key->ip_version == 6 || d->protocol == f->protocol)) {
            return d;
        }
    }
    return NULL;
}

static struct datagram *datagram_new(struct defrag *defrag, const struct flow_key *key,
                                     const struct defrag_fragment *f) {
    if (!make_room(defrag, 1, sizeof(struct datagram), NULL)) {
        return NULL;
    }
    struct datagram *d = calloc(1, sizeof *d);
    if (!d) {
        defrag->counts.failures++;
        return NULL;
    }
    d->key = *key;
    d->id = f->id;
    d->protocol = f->protocol;
    d->state = DATAGRAM_WAITING;
    d->since_ns = f->time_ns;
    d->total = TOTAL_UNKNOWN;
    d->cut_at = CUT_NOWHERE;
    struct datagram **bucket = bucket_of(defrag, key, f->id);
    d->chain = *bucket;
    *bucket = d;
    list_push(&defrag->waiting, d);
    defrag->datagrams++;
    defrag->bytes += sizeof *d;
    return d;
}

struct defrag *defrag_new(const struct limits *limits) {
    struct defrag *defrag = calloc(1, sizeof *defrag);
    if (!defrag) {
        return NULL;
    }
    hash_secret_make(&defrag->secret);
    defrag->datagrams_cap = limits->fragment_datagrams;
    defrag->bytes_cap = limits->fragment_bytes;
    defrag->timeout_ns = limits->fragment_timeout_ns;
    defrag->buckets = 1;
    while (defrag->buckets < defrag->datagrams_cap && defrag->buckets < (size_t)1 << 20) {
        defrag->buckets *= 2;
    }
    defrag->bucket = calloc(defrag->buckets, sizeof(struct datagram *));
    if (!defrag->bucket) {
        free(defrag);
        return NULL;
    }
    return defrag;
}

static void list_free(struct defrag *defrag, struct list *list) {
    while (list->head) {
        datagram_free(defrag, list->head);
    }
}

void defrag_free(struct defrag *defrag) {
    if (!defrag) {
        return;
    }
    list_free(defrag, &defrag->waiting);
    list_free(defrag, &defrag->out);
    list_free(defrag, &defrag->done);
    assert(defrag->bytes == 0 && defrag->datagrams == 0);
    free(defrag->bucket);
    free(defrag);
}

/* Too old; or as far in the future, which a clock that was set back leaves behind. */
static bool is_stale(const struct defrag *defrag, const struct datagram *d, int64_t now_ns) {
    int64_t most = d->state == DATAGRAM_DONE ? DONE_KEPT_NS : defrag->timeout_ns;
    int64_t age;
    return __builtin_sub_overflow(now_ns, d->since_ns, &age) || age > most || age < -most;
}

static void expire(struct defrag *defrag, struct datagram *d) {
    defrag->counts.expired += d->state == DATAGRAM_WAITING;
    datagram_free(defrag, d);
}

void defrag_tick(struct defrag *defrag, int64_t now_ns) {
    while (defrag->waiting.head && is_stale(defrag, defrag->waiting.head, now_ns)) {
        expire(defrag, defrag->waiting.head);
    }
    while (defrag->done.head && is_stale(defrag, defrag->done.head, now_ns)) {
        expire(defrag, defrag->done.head);
    }
}

void defrag_release(struct defrag *defrag) {
    while (defrag->out.head) {
        set_state(defrag, defrag->out.head, DATAGRAM_DONE);
    }
}

/* True when the fragment says of `len` bytes from its offset what the datagram has there. Bytes that either
 * lacks for a cut count as the same. */
static bool same_bytes(const struct datagram *d, uint32_t offset, const uint8_t *bytes, size_t len) {
    if (offset >= d->cut_at) {
        return true;
    }
    size_t known = d->cut_at - offset;
    return memcmp(d->bytes + offset, bytes, len < known ? len : known) == 0;
}

/* A copy of a fragment of a datagram that is already complete. */
static bool is_copy_of_done(const struct datagram *d, const struct defrag_fragment *f, uint32_t end) {
    bool fits = f->more ? end <= d->total : end == d->total;
    return fits && same_bytes(d, f->offset, f->bytes.ptr, f->bytes.len);
}

/* How a fragment lies to those that came before. */
enum overlap { OVERLAP_NONE, OVERLAP_COPY, OVERLAP_OTHER };

/* A copy begins where a fragment began, ends where it ended, is or is not the last as that was, and has its
 * bytes. */
static enum overlap overlap_of(const struct datagram *d, const struct defrag_fragment *f, uint32_t end) {
    uint32_t first = f->offset / BLOCK_BYTES;
    uint32_t after = (end + BLOCK_BYTES - 1) / BLOCK_BYTES;
    uint32_t limit = d->capacity / BLOCK_BYTES;
    uint32_t come = 0, starts = 0;
    for (uint32_t i = first; i < after && i < limit; i++) {
        come += bit_get(come_bits(d), i);
        starts += bit_get(start_bits(d), i);
    }
    if (come == 0) {
        return OVERLAP_NONE;
    }
    bool goes_on = after < limit && bit_get(come_bits(d), after) && !bit_get(start_bits(d), after);
    bool copy = come == after - first && starts == 1 && bit_get(start_bits(d), first) && !goes_on &&
                f->more == (end != d->total) && same_bytes(d, f->offset, f->bytes.ptr, f->bytes.len);
    return copy ? OVERLAP_COPY : OVERLAP_OTHER;
}

/* Copies the blocks that have not come; true when one that had come differs. */
static bool store_blocks(struct datagram *d, const struct defrag_fragment *f, uint32_t end) {
    bool differs = false;
    bit_set(start_bits(d), f->offset / BLOCK_BYTES);
    for (uint32_t at = f->offset; at < end; at += BLOCK_BYTES) {
        uint32_t len = end - at < BLOCK_BYTES ? end - at : BLOCK_BYTES;
        struct slice bytes = slice_first(slice_after(f->bytes, at - f->offset), len);
        if (bit_get(come_bits(d), at / BLOCK_BYTES)) {
            differs |= !same_bytes(d, at, bytes.ptr, bytes.len);
            continue;
        }
        memcpy(d->bytes + at, bytes.ptr, bytes.len);
        if (bytes.len < len && at + (uint32_t)bytes.len < d->cut_at) {
            d->cut_at = at + (uint32_t)bytes.len;
        }
        bit_set(come_bits(d), at / BLOCK_BYTES);
        d->received += len;
    }
    return differs;
}

/* False where the fragment contradicts what is known of the datagram's length. */
static bool fits_total(const struct datagram *d, const struct defrag_fragment *f, uint32_t end) {
    if (d->total != TOTAL_UNKNOWN) {
        return f->more ? end <= d->total : end == d->total;
    }
    return f->more || end >= d->end;
}

/* Later than its own would come, and not of its bytes. */
static bool is_of_another(const struct datagram *d, const struct defrag_fragment *f, uint32_t end) {
    int64_t age;
    if (d->state != DATAGRAM_WAITING || d->key.ip_version == 6 ||
        __builtin_sub_overflow(f->time_ns, d->since_ns, &age) || age <= TOGETHER_NS) {
        return false;
    }
    bool differs = !fits_total(d, f, end);
    for (uint32_t at = f->offset; at < end && at < d->end && !differs; at += BLOCK_BYTES) {
        struct slice bytes = slice_first(slice_after(f->bytes, at - f->offset), BLOCK_BYTES);
        differs = bit_get(come_bits(d), at / BLOCK_BYTES) && !same_bytes(d, at, bytes.ptr, bytes.len);
    }
    return differs;
}

static enum defrag_result discard_overlapping(struct defrag *defrag, struct datagram *d) {
    defrag->counts.overlapping++;
    store_free(defrag, d);
    d->state = DATAGRAM_DISCARDED; /* and keeps its place in the list */
    return DEFRAG_DROPPED;
}

static enum defrag_result complete(struct defrag *defrag, struct datagram *d, int64_t now_ns,
                                   struct defrag_datagram *out) {
    defrag->counts.reassembled++;
    d->since_ns = now_ns;
    set_state(defrag, d, DATAGRAM_OUT);
    uint32_t usable = d->cut_at < d->total ? d->cut_at : d->total;
    out->bytes = slice_make(d->bytes, usable);
    out->missing = d->total - usable;
    out->protocol = d->protocol;
    return DEFRAG_COMPLETE;
}

static enum defrag_result add_to(struct defrag *defrag, struct datagram *d, const struct defrag_fragment *f,
                                 uint32_t end, struct defrag_datagram *out) {
    if (d->state == DATAGRAM_DISCARDED) {
        return DEFRAG_DROPPED;
    }
    if (!fits_total(d, f, end)) {
        return d->key.ip_version == 6 ? discard_overlapping(defrag, d) : DEFRAG_DROPPED;
    }
    enum overlap overlap = overlap_of(d, f, end);
    if (d->key.ip_version == 6 && overlap == OVERLAP_OTHER) {
        return discard_overlapping(defrag, d);
    }
    if (overlap == OVERLAP_COPY) {
        return DEFRAG_HELD;
    }
    if (!store_grow(defrag, d, end)) {
        if (d->received == 0) {
            datagram_free(defrag, d);
        }
        defrag->counts.no_room++;
        return DEFRAG_DROPPED;
    }
    if (store_blocks(d, f, end) && !d->differing) {
        d->differing = true;
        defrag->counts.overlapping++;
    }
    d->end = end > d->end ? end : d->end;
    d->total = f->more ? d->total : end;
    d->protocol = f->offset == 0 ? f->protocol : d->protocol;
    return d->received == d->total ? complete(defrag, d, f->time_ns, out) : DEFRAG_HELD;
}

/* Of no use to any datagram: nothing in it, a middle that does not end on a block, beyond the end of IP. */
static bool is_impossible(const struct defrag_fragment *f, size_t len) {
    return len == 0 || (f->more && len % BLOCK_BYTES != 0) || f->offset + len > DATAGRAM_BYTES;
}

enum defrag_result defrag_add(struct defrag *defrag, const struct defrag_fragment *f,
                              struct defrag_datagram *out) {
    size_t len = f->bytes.len + f->missing;
    if (is_impossible(f, len)) {
        return DEFRAG_DROPPED;
    }
    uint32_t end = f->offset + (uint32_t)len;
    struct flow_key key = f->key;
    key.side[0].port = 0;
    key.side[1].port = 0;
    struct datagram *d = datagram_find(defrag, &key, f);
    if (d && d->state == DATAGRAM_OUT) {
        /* Only a datagram that carries itself gets here. */
        return DEFRAG_DROPPED;
    }
    if (d && (is_stale(defrag, d, f->time_ns) || is_of_another(d, f, end))) {
        expire(defrag, d);
        d = NULL;
    }
    if (d && d->state == DATAGRAM_DONE) {
        if (is_copy_of_done(d, f, end)) {
            return DEFRAG_HELD;
        }
        datagram_free(defrag, d);
        d = NULL;
    }
    d = d ? d : datagram_new(defrag, &key, f);
    if (!d) {
        defrag->counts.no_room++;
        return DEFRAG_DROPPED;
    }
    return add_to(defrag, d, f, end, out);
}

bool defrag_begin_again(struct defrag *defrag, const struct defrag_fragment *f) {
    struct flow_key key = f->key;
    key.side[0].port = 0;
    key.side[1].port = 0;
    struct datagram *d = datagram_find(defrag, &key, f);
    if (d) {
        datagram_free(defrag, d);
    }
    struct defrag_datagram alone;
    return defrag_add(defrag, f, &alone) == DEFRAG_HELD;
}

struct defrag_counts defrag_counts(const struct defrag *defrag) {
    struct defrag_counts counts = defrag->counts;
    for (const struct datagram *d = defrag->waiting.head; d; d = d->next) {
        counts.waiting += d->state == DATAGRAM_WAITING;
    }
    return counts;
}

size_t defrag_bytes(const struct defrag *defrag) {
    return defrag->bytes;
}
