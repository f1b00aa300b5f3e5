/* SPDX-License-Identifier: Apache-2.0 */
/* What an image keeps must be the same in every run: where members have no meaning, and between them, there
 * is nothing. */
#include "reassembly/session_doze.h"

#include <assert.h>

static_assert(sizeof(struct session) <= LIKENESS_WORDS * sizeof(uint64_t), "an image has room for it");
static_assert(sizeof(struct session) % sizeof(uint64_t) == 0, "images are of whole words");

enum {
    TIME_REACH_BITS = 42,  /* of nanoseconds: more than an hour */
    OFFSET_REACH_BITS = 28 /* of bytes */
};

static bool stream_can_doze(const struct stream *s) {
    return !s->held.head && !s->cuts.head && !s->passed && !s->opening && !s->declined && !s->force &&
           !s->overdue_set && !s->overdue_ripe && !s->fin_known;
}

static bool session_can_doze(const struct reassembler *r, const struct session *x) {
    return x->state == SESSION_OPEN && !x->candidate_set && !x->holding && !x->is_unsettled &&
           x->reused_ns == SEGQ_NEVER && x->half_ns == SEGQ_NEVER && stream_can_doze(&x->streams[0]) &&
           stream_can_doze(&x->streams[1]) && session_next_event(r, x).kind == EVENT_IDLE;
}

static struct packet_path path_without_rest(const struct packet_path *path) {
    struct packet_path clean;
    memset(&clean, 0, sizeof clean);
    clean.has_mac = path->has_mac;
    if (path->has_mac) {
        memcpy(clean.mac, path->mac, sizeof clean.mac);
    }
    clean.vlan_count = path->vlan_count;
    for (unsigned i = 0; i < path->vlan_count && i < 2; i++) {
        clean.vlan[i] = path->vlan[i];
    }
    clean.tunnel_count = path->tunnel_count;
    for (unsigned i = 0; i < packet_path_tunnels(path); i++) {
        clean.tunnel[i].kind = path->tunnel[i].kind;
        clean.tunnel[i].id = path->tunnel[i].id;
        clean.tunnel[i].has_id = path->tunnel[i].has_id;
        clean.tunnel[i].has_outer = path->tunnel[i].has_outer;
        if (path->tunnel[i].has_outer) {
            memcpy(clean.tunnel[i].outer, path->tunnel[i].outer, sizeof clean.tunnel[i].outer);
        }
    }
    return clean;
}

/* Sightings beyond the skew can't meet their copy any more. */
static void forget_sightings(struct tcpfacts *f, int64_t now_ns, int64_t skew_ns) {
    bool all = true;
    for (unsigned i = 0; i < f->sightings_count; i++) {
        all = all && f->sightings[i].time_ns < now_ns - skew_ns;
    }
    if (all) {
        f->sightings_count = f->sightings_at = 0;
    }
    memset(f->sightings + f->sightings_count, 0,
           (TCPFACTS_SIGHTINGS - f->sightings_count) * sizeof f->sightings[0]);
}

/* What the flow knows, pointers that will be others, and what has no meaning now. */
static void strip(const struct reassembler *r, struct session *x) {
    struct connection *c = &x->connection;
    memset(&c->key, 0, sizeof c->key);
    c->ordinal = 0;
    c->incarnation = 0;
    x->owner = NULL;
    x->consumer = NULL;
    x->previous_holder = x->next_holder = NULL;
    x->next_unsettled = NULL;
    memset(&x->candidate, 0, sizeof x->candidate);
    for (int d = 0; d < 2; d++) {
        struct packet_path path;
        memset(&path, 0, sizeof path);
        if (c->path_seen[d]) {
            path = path_without_rest(&c->path[d]);
        }
        memcpy(&c->path[d], &path, sizeof path);
        forget_sightings(&x->facts[d], reassembler_now(r), r->limits->skew_ns);
    }
}

/* Marks are hashes with a key of this run. */
static void mark_wild(uint64_t wild[LIKENESS_WORDS / 64]) {
    for (size_t d = 0; d < 2; d++) {
        for (size_t i = 0; i < TCPFACTS_SIGHTINGS; i++) {
            likeness_mark_wild(wild, offsetof(struct session, facts) + d * sizeof(struct tcpfacts) +
                                         offsetof(struct tcpfacts, sightings) + i * sizeof(struct sighting) +
                                         offsetof(struct sighting, mark));
        }
    }
}

/* `x` is for the model alone, NULL without. */
static void make_chains(struct likeness_chain chains[LIKENESS_CHAINS], const struct session *x,
                        int64_t touched_ns) {
    uint64_t start = (uint64_t)touched_ns;
    chains[0] = (struct likeness_chain){start, start, UINT64_C(1) << TIME_REACH_BITS};
    for (int d = 0; d < 2; d++) {
        chains[1 + d] = (struct likeness_chain){.near = x ? x->streams[d].highest : 0,
                                                .reach = UINT64_C(1) << OFFSET_REACH_BITS};
    }
}

size_t session_image(const struct reassembler *r, const struct session *x, struct session_likeness *l,
                     int64_t touched_ns, uint8_t image[SESSION_IMAGE_MOST]) {
    bool consumer = x->audience == AUDIENCE_OPEN;
    if ((consumer && !r->ops->doze) || !session_can_doze(r, x)) {
        return 0;
    }
    size_t rest = 0;
    uint8_t of_consumer[1 + 2 * LIKENESS_IMAGE_MOST];
    if (consumer) {
        rest = r->ops->doze->image(x->consumer, of_consumer);
        if (rest == 0) {
            return 0;
        }
    }
    struct session copy;
    memcpy(&copy, x, sizeof copy);
    strip(r, &copy);
    struct likeness *likeness = consumer ? &l->with_consumer : &l->without;
    struct likeness_chain chains[LIKENESS_CHAINS];
    make_chains(chains, &copy, touched_ns);
    if (likeness->words == 0) {
        uint64_t wild[LIKENESS_WORDS / 64] = {0};
        mark_wild(wild);
        likeness_learn(likeness, &copy, sizeof copy, chains, wild);
    }
    size_t len = likeness_write(likeness, &copy, chains, image + 1);
    image[0] = consumer;
    memcpy(image + 1 + len, of_consumer, rest);
    return 1 + len + rest + LIKENESS_SLACK;
}

void session_leave(const struct reassembler *r, struct session *x) {
    if (x->audience == AUDIENCE_OPEN) {
        r->ops->doze->leave(x->consumer);
    }
}

bool session_wake(const struct reassembler *r, struct session *x, const struct session_identity *identity,
                  const struct session_likeness *l, int64_t touched_ns, const uint8_t *image, bool must) {
    bool consumer = image[0];
    struct likeness_chain chains[LIKENESS_CHAINS];
    make_chains(chains, NULL, touched_ns);
    size_t len = likeness_read(consumer ? &l->with_consumer : &l->without, x, chains, image + 1);
    x->connection.key = *identity->key;
    x->connection.ordinal = identity->ordinal;
    x->connection.incarnation = identity->incarnation;
    x->owner = identity->owner;
    if (consumer) {
        x->consumer = r->ops->doze->wake(r->environment, &x->connection, image + 1 + len, must);
    }
    return !consumer || x->consumer;
}
