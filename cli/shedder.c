/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shedder.h"

#include <stdlib.h>

enum {
    BUCKET = 8,
    BUCKETS = 1 << 16,
    ADMITTED = 1 << 16,
    SWEEP_TICKS = 64, /* to look through the whole table */
    CLASS_BITS = 8,
};

/* Of one left out: 40 bits of its hash, 8 of its SYN's sequence number, whether it ended, and when it was
 * seen last, in seconds modulo 2^15. 0: none. */
#define ENTRY_TIME   UINT64_C(0x7fff)
#define ENTRY_ENDED  UINT64_C(0x8000)
#define ENTRY_NUMBER UINT64_C(0xff0000)
#define ENTRY_TAG    UINT64_C(0xffffffffff000000)
/* The longest age that can be told. */
enum { AGE_MOST_S = 0x3fff };

struct shedder {
    uint64_t entries[BUCKETS][BUCKET];
    uint64_t admitted[ADMITTED]; /* SYNs let through: 48 bits of the hash, 16 of the sequence number */
    struct hash_secret secret;
    uint64_t idle_s, linger_s;
    uint64_t now_s;
    size_t count; /* entries in use */
    size_t swept; /* next bucket to look through */
    uint64_t connections, forgotten, packets, bytes;
};

static uint64_t seconds_of(int64_t ns) {
    int64_t seconds = ns / NS_PER_SECOND + 1;
    return seconds < AGE_MOST_S ? (uint64_t)seconds : AGE_MOST_S;
}

struct shedder *shedder_new(int64_t idle_ns, int64_t linger_ns) {
    struct shedder *s = calloc(1, sizeof *s); /* pages that nobody needs stay the system's */
    if (s) {
        hash_secret_make(&s->secret);
        s->idle_s = seconds_of(idle_ns);
        s->linger_s = seconds_of(linger_ns);
    }
    return s;
}

void shedder_free(struct shedder *s) {
    free(s);
}

bool shedder_remembers(const struct shedder *s) {
    return s->count > 0;
}

bool shedder_leaves_out(enum overload_level level, uint64_t hash) {
    if (level < OVERLOAD_LEAST) {
        return false;
    }
    /* other bits than the partition's, or some partitions would have nothing left */
    uint64_t class = hash_mix(hash, UINT64_C(0xa0761d6478bd642f)) >> 16 & ((1 << CLASS_BITS) - 1);
    return class >> (CLASS_BITS - 1 - (unsigned)(level - OVERLOAD_LEAST)) != 0;
}

static uint64_t age_of(const struct shedder *s, uint64_t entry) {
    uint64_t age = (s->now_s - entry) & ENTRY_TIME;
    return age > AGE_MOST_S ? 0 : age; /* the clock was set back */
}

static bool is_over(const struct shedder *s, uint64_t entry) {
    return age_of(s, entry) > (entry & ENTRY_ENDED ? s->linger_s : s->idle_s);
}

/* Never 0. */
static uint64_t tag_of(uint64_t secret_hash) {
    return (secret_hash | UINT64_C(1) << 63) & ENTRY_TAG;
}

static uint64_t *find(struct shedder *s, uint64_t secret_hash) {
    uint64_t *bucket = s->entries[secret_hash % BUCKETS], tag = tag_of(secret_hash);
    for (size_t i = 0; i < BUCKET; i++) {
        if ((bucket[i] & ENTRY_TAG) == tag) {
            return &bucket[i];
        }
    }
    return NULL;
}

static void forget(struct shedder *s, uint64_t *entry) {
    *entry = 0;
    s->count--;
}

/* A free place, or that of the one seen longest ago. */
static uint64_t *place_for(struct shedder *s, uint64_t secret_hash) {
    uint64_t *bucket = s->entries[secret_hash % BUCKETS], *oldest = bucket;
    for (size_t i = 0; i < BUCKET; i++) {
        if (bucket[i] == 0) {
            return &bucket[i];
        }
        if (age_of(s, bucket[i]) > age_of(s, *oldest)) {
            oldest = &bucket[i];
        }
    }
    s->forgotten += !is_over(s, *oldest);
    forget(s, oldest);
    return oldest;
}

static uint64_t number_of(uint32_t seq) {
    uint32_t folded = seq ^ seq >> 16;
    return (uint64_t)((folded ^ folded >> 8) & 0xff) << 16;
}

/* True when the connection that the SYN begins, or has begun, is left out. */
static bool takes_syn(struct shedder *s, enum overload_level level, const struct packet *p, uint64_t hash) {
    uint64_t secret_hash = flow_key_hash_secret(&p->key, hash, &s->secret);
    uint64_t *admitted = &s->admitted[secret_hash % ADMITTED];
    uint64_t mark = (secret_hash & ~UINT64_C(0xffff)) | ((p->seq ^ p->seq >> 16) & 0xffff);
    if (*admitted == mark) {
        return false;
    }
    uint64_t *entry = s->count > 0 ? find(s, secret_hash) : NULL;
    uint64_t fresh = tag_of(secret_hash) | number_of(p->seq) | (s->now_s & ENTRY_TIME);
    if (entry && ((*entry ^ fresh) & ENTRY_NUMBER) == 0) {
        return true; /* sent again */
    }
    if (entry) {
        forget(s, entry);
    }
    if (!shedder_leaves_out(level, hash)) {
        *admitted = mark;
        return false;
    }
    *place_for(s, secret_hash) = fresh;
    s->count++;
    s->connections++;
    return true;
}

static bool takes_other(struct shedder *s, enum overload_level level, struct packet *p, uint64_t hash) {
    uint64_t *entry = s->count > 0 ? find(s, flow_key_hash_secret(&p->key, hash, &s->secret)) : NULL;
    if (!entry) {
        p->unwanted = shedder_leaves_out(level, hash);
        return false;
    }
    if (!(*entry & ENTRY_ENDED)) {
        *entry = (*entry & ~ENTRY_TIME) | (s->now_s & ENTRY_TIME);
        *entry |= p->flags & (TCP_FIN | TCP_RST) ? ENTRY_ENDED : 0;
    }
    return true;
}

bool shedder_takes(struct shedder *s, enum overload_level level, struct packet *p, uint64_t hash) {
    bool syn = (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    if (!(syn ? takes_syn(s, level, p, hash) : takes_other(s, level, p, hash))) {
        return false;
    }
    s->packets++;
    s->bytes += p->payload.len;
    return true;
}

void shedder_tick(struct shedder *s, int64_t now_ns) {
    s->now_s = now_ns > 0 ? (uint64_t)(now_ns / NS_PER_SECOND) : 0;
    for (size_t i = 0; s->count > 0 && i < BUCKETS / SWEEP_TICKS; i++) {
        uint64_t *bucket = s->entries[s->swept];
        s->swept = (s->swept + 1) % BUCKETS;
        for (size_t k = 0; k < BUCKET; k++) {
            if (bucket[k] != 0 && is_over(s, bucket[k])) {
                forget(s, &bucket[k]);
            }
        }
    }
}

void shedder_counts(const struct shedder *s, struct ledger *ledger) {
    ledger->overload.connections += s->connections;
    ledger->overload.forgotten += s->forgotten;
    ledger->flow.fates[FLOW_SHED] += s->packets;
    ledger->flow.shed_bytes += s->bytes;
}
