/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/packet.h"

#include "capture/limits.h"

#include <assert.h>
#include <sys/random.h>
#include <time.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Independent of the host's byte order, so that every machine deals flows alike. */
static uint64_t load_be64(const uint8_t *p) {
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
           (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | p[7];
}

static uint64_t endpoint_hash(const struct endpoint *e, uint64_t a, uint64_t b) {
    uint64_t high = load_be64(e->address.bytes);
    uint64_t low = load_be64(e->address.bytes + 8);
    uint64_t port = e->port * UINT64_C(0xa0761d6478bd642f);
    return hash_mix(high ^ port ^ a, low ^ b);
}

/* A sum of two mixed values is the same for both directions. */
static uint64_t sides_hash(const struct flow_key *key, uint64_t a, uint64_t b) {
    return endpoint_hash(&key->side[0], a, b) + endpoint_hash(&key->side[1], a, b);
}

uint64_t flow_key_hash(const struct flow_key *key) {
    uint64_t sides = sides_hash(key, UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1b54a32d192ed03));
    /* Network and VLAN ids have 24 bits at most, so nothing here covers another. */
    uint64_t rest = (uint64_t)key->network_kind << 56 ^ (uint64_t)key->network_id << 32 ^
                    (uint64_t)key->ip_version << 24 ^ key->vlan;
    return hash_mix(sides ^ UINT64_C(0x8ebc6af09c88c6e3), rest ^ UINT64_C(0x589965cc75374cc3));
}

void hash_secret_make(struct hash_secret *secret) {
    if (getrandom(secret, sizeof *secret, GRND_NONBLOCK) != (ssize_t)sizeof *secret) {
        /* Early after boot: better than nothing. */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        secret->words[0] = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
        secret->words[1] = (uint64_t)(uintptr_t)secret * UINT64_C(0xd1b54a32d192ed03);
        secret->words[2] = (uint64_t)now.tv_sec ^ secret->words[0];
    }
}

uint64_t flow_key_hash_secret(const struct flow_key *key, uint64_t hash, const struct hash_secret *secret) {
    uint64_t sides = sides_hash(key, secret->words[0], secret->words[1]);
    return hash_mix(sides ^ hash, secret->words[2]);
}

unsigned flow_key_partition(uint64_t hash) {
    static_assert(HARK_PARTITIONS == 64, "the top six bits are the partition");
    return (unsigned)(hash >> 58);
}

struct flow_key flow_key_reverse(const struct flow_key *key) {
    struct flow_key reversed = *key;
    reversed.side[0] = key->side[1];
    reversed.side[1] = key->side[0];
    return reversed;
}

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b) {
    static_assert(sizeof a->side == 2 * (ADDRESS_BYTES + 2), "endpoints have no padding");
    return memcmp(a->side, b->side, sizeof a->side) == 0 && a->network_id == b->network_id &&
           a->vlan == b->vlan && a->ip_version == b->ip_version && a->network_kind == b->network_kind;
}

const char *tunnel_kind_name(enum tunnel_kind kind) {
    switch (kind) {
    case TUNNEL_NONE:
        return "none";
    case TUNNEL_IPIP:
        return "ipip";
    case TUNNEL_GRE:
        return "gre";
    case TUNNEL_ERSPAN:
        return "erspan";
    case TUNNEL_VXLAN:
        return "vxlan";
    case TUNNEL_GENEVE:
        return "geneve";
    case TUNNEL_GTPU:
        return "gtpu";
    case TUNNEL_MPLS:
        return "mpls";
    case TUNNEL_PPPOE:
        return "pppoe";
    case TUNNEL_TEREDO:
        return "teredo";
    case TUNNEL_L2TP:
        return "l2tp";
    }
    return "unknown";
}

bool address_is_v4(const struct address *a) {
    return memcmp(a->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

struct address address_of_v4(const uint8_t bytes[4]) {
    struct address a;
    memcpy(a.bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(a.bytes + sizeof mapped_prefix, bytes, 4);
    return a;
}

/* Text is written through this; ADDRESS_TEXT_BYTES holds the longest form. */
struct text {
    char *at;
};

static void put_char(struct text *t, char c) {
    *t->at++ = c;
}

static void put_decimal(struct text *t, uint8_t value) {
    if (value >= 100) {
        put_char(t, (char)('0' + value / 100));
    }
    if (value >= 10) {
        put_char(t, (char)('0' + value / 10 % 10));
    }
    put_char(t, (char)('0' + value % 10));
}

static void put_dotted(struct text *t, const uint8_t bytes[4]) {
    for (int i = 0; i < 4; i++) {
        if (i) {
            put_char(t, '.');
        }
        put_decimal(t, bytes[i]);
    }
}

static void put_group(struct text *t, unsigned group) {
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = group >> shift & 0xf;
        if (digit || started || shift == 0) {
            put_char(t, "0123456789abcdef"[digit]);
            started = true;
        }
    }
}

/* RFC 5952 section 4.2: the longest run of two or more zero groups is compressed, the first of equals. */
static void longest_zeros(const unsigned groups[8], int *first, int *count) {
    *first = -1;
    *count = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && groups[i + run] == 0) {
            run++;
        }
        if (run > *count) {
            *first = i;
            *count = run;
        }
        i += run ? run - 1 : 0;
    }
}

static void put_v6(struct text *t, const struct address *a) {
    unsigned groups[8];
    for (int i = 0; i < 8; i++) {
        groups[i] = (unsigned)a->bytes[2 * i] << 8 | a->bytes[2 * i + 1];
    }
    int first, count;
    longest_zeros(groups, &first, &count);
    for (int i = 0; i < 8; i++) {
        if (i == first) {
            put_char(t, ':');
            put_char(t, ':');
            i += count - 1;
            continue;
        }
        if (i && i != first + count) {
            put_char(t, ':');
        }
        put_group(t, groups[i]);
    }
}

size_t address_text(const struct address *a, uint8_t ip_version, char text[ADDRESS_TEXT_BYTES]) {
    struct text t = {.at = text};
    if (ip_version == 4) {
        put_dotted(&t, a->bytes + sizeof mapped_prefix);
    } else if (address_is_v4(a)) {
        /* RFC 5952 section 5: a well-known prefix is told by the mixed notation. */
        memcpy(t.at, "::ffff:", 7);
        t.at += 7;
        put_dotted(&t, a->bytes + sizeof mapped_prefix);
    } else {
        put_v6(&t, a);
    }
    *t.at = '\0';
    return (size_t)(t.at - text);
}
