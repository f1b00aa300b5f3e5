/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save_ring.h"

#include "cli/save_selection.h"

#include <assert.h>
#include <stdlib.h>

#define NOWHERE UINT64_MAX

enum { ENTRY_ALIGNMENT = 8, BYTES_A_BUCKET = 1024 };

/* A frame; its bytes follow. Places count bytes since the beginning and never wrap: a place below `oldest` is
 * overwritten. */
struct save_entry {
    uint64_t bytes;     /* of the entry with all that follows */
    uint64_t previous;  /* place of the entry before in the bucket, or of the same datagram; or NOWHERE */
    uint64_t following; /* while entries are written: the connection's next one */
    uint64_t fragments; /* place of the last of the other frames of its datagram, linked by `previous` */
    struct flow_key key;
    struct frame frame; /* its bytes are found anew each time */
    uint64_t since;     /* written: ordinal of a frame; so were all of the connection from that one on */
    bool written;
    bool torn; /* some of its fragments were overwritten */
    bool aftermath;
    bool filler; /* the ring's end, too short for an entry */
};

/* Invariant: entries follow each other from `oldest` to below `end`, none across the ring's end. */
struct save_ring {
    uint8_t *bytes;
    size_t size;
    uint64_t oldest;
    uint64_t end;
    uint64_t *buckets; /* place of the last entry */
    size_t bucket_count;
    struct hash_secret secret;
    struct datagrams datagrams;
    uint64_t taken[DATAGRAM_FRAMES_TAKEN];
};

struct save_ring *save_ring_new(size_t bytes, int64_t fragment_timeout_ns) {
    assert(bytes >= SAVE_RING_LEAST);
    struct save_ring *ring = calloc(1, sizeof *ring);
    if (!ring) {
        return NULL;
    }
    size_t buckets = 1;
    while (2 * buckets * BYTES_A_BUCKET <= bytes) {
        buckets *= 2;
    }
    ring->bucket_count = buckets;
    ring->size = bytes / ENTRY_ALIGNMENT * ENTRY_ALIGNMENT;
    ring->bytes = malloc(ring->size);
    ring->buckets = malloc(buckets * sizeof *ring->buckets);
    if (!datagrams_init(&ring->datagrams, fragment_timeout_ns) || !ring->bytes || !ring->buckets) {
        save_ring_free(ring);
        return NULL;
    }
    for (size_t i = 0; i < buckets; i++) {
        ring->buckets[i] = NOWHERE;
    }
    hash_secret_make(&ring->secret);
    return ring;
}

void save_ring_free(struct save_ring *ring) {
    if (!ring) {
        return;
    }
    datagrams_fini(&ring->datagrams);
    free(ring->buckets);
    free(ring->bytes);
    free(ring);
}

/* NULL: overwritten, or nowhere. */
static struct save_entry *entry_at(const struct save_ring *ring, uint64_t place) {
    return place != NOWHERE && place >= ring->oldest ? (void *)(ring->bytes + place % ring->size) : NULL;
}

static uint64_t *bucket_of(const struct save_ring *ring, const struct flow_key *key) {
    uint64_t hash = flow_key_hash_secret(key, flow_key_hash(key), &ring->secret);
    return &ring->buckets[hash & (ring->bucket_count - 1)];
}

/* The connection's entry at or before the place in its bucket; `place` becomes its own. */
static struct save_entry *find_entry(const struct save_ring *ring, const struct flow_key *key,
                                     uint64_t *place) {
    struct save_entry *entry = entry_at(ring, *place);
    while (entry && !save_keys_match(&entry->key, key)) {
        *place = entry->previous;
        entry = entry_at(ring, *place);
    }
    return entry;
}

/* Overwrites the oldest entries until there are `bytes` in one piece at the end. */
static struct save_entry *make_entry(struct save_ring *ring, size_t bytes) {
    size_t at = ring->end % ring->size;
    size_t skipped = ring->size - at < bytes ? ring->size - at : 0;
    while (ring->end + skipped + bytes - ring->oldest > ring->size) {
        const struct save_entry *oldest = (void *)(ring->bytes + ring->oldest % ring->size);
        size_t rest = ring->size - ring->oldest % ring->size;
        bool filler = rest < sizeof *oldest || oldest->filler;
        ring->oldest += filler ? rest : oldest->bytes;
    }
    if (skipped >= sizeof(struct save_entry)) {
        struct save_entry *filler = (void *)(ring->bytes + at);
        filler->filler = true;
    }
    ring->end += skipped;
    struct save_entry *entry = (void *)(ring->bytes + ring->end % ring->size);
    *entry =
        (struct save_entry){.bytes = bytes, .previous = NOWHERE, .following = NOWHERE, .fragments = NOWHERE};
    return entry;
}

static bool write_frame(struct save_file *file, struct save_entry *entry, const uint8_t *id) {
    struct frame frame = entry->frame;
    frame.bytes.ptr = (const uint8_t *)(entry + 1);
    entry->written = true;
    return save_file_add(file, &frame, id);
}

/* The others of its datagram first. They are linked from the last one to the first. */
static bool write_fragments(const struct save_ring *ring, struct save_file *file,
                            const struct save_entry *last) {
    bool ok = true;
    uint64_t place = last->fragments, following = NOWHERE;
    struct save_entry *entry;
    while ((entry = entry_at(ring, place)) != NULL) {
        entry->following = following;
        following = place;
        place = entry->previous;
    }
    for (place = following; (entry = entry_at(ring, place)) != NULL; place = entry->following) {
        ok = (entry->written || write_frame(file, entry, NULL)) && ok;
    }
    return ok;
}

static bool write_entry(const struct save_ring *ring, struct save_file *file, struct save_entry *entry,
                        const uint8_t *id) {
    bool ok = write_fragments(ring, file, entry);
    return write_frame(file, entry, id) && ok;
}

static void link_fragments(struct save_ring *ring, struct save_entry *entry, size_t count) {
    entry->torn = datagrams_may_lack(&ring->datagrams, entry->frame.time_ns);
    for (size_t i = 0; i < count; i++) {
        struct save_entry *fragment = entry_at(ring, ring->taken[i]);
        if (fragment) {
            fragment->previous = entry->fragments;
            entry->fragments = ring->taken[i];
        } else {
            entry->torn = true;
        }
    }
}

bool save_ring_frame(struct save_ring *ring, struct save_file *file, const struct frame *frame,
                     const struct packet *packet, const struct decode_datagrams *of) {
    size_t bytes = sizeof(struct save_entry) + frame->bytes.len;
    if ((!packet && !of->held) || bytes > ring->size / 3) {
        return true;
    }
    bytes = (bytes + ENTRY_ALIGNMENT - 1) / ENTRY_ALIGNMENT * ENTRY_ALIGNMENT;
    struct save_entry *entry = make_entry(ring, bytes);
    uint64_t place = ring->end;
    ring->end += bytes;
    entry->frame = *frame;
    entry->frame.block = NULL;
    (void)slice_put(frame->bytes, (uint8_t *)(entry + 1));
    size_t others = datagrams_frame(&ring->datagrams, of, place, frame->time_ns, ring->taken);
    if (!packet) {
        return true;
    }
    if (packet->fragmented) {
        link_fragments(ring, entry, others);
    }
    entry->key = packet->key;
    entry->aftermath = save_is_aftermath(packet);
    uint64_t *bucket = bucket_of(ring, &packet->key), before = *bucket;
    entry->previous = *bucket;
    *bucket = place;
    const struct save_entry *last = entry->aftermath ? find_entry(ring, &packet->key, &before) : NULL;
    if (!last || !last->written) {
        return true;
    }
    entry->since = last->since;
    return write_entry(ring, file, entry, NULL) && save_file_flush(file);
}

/* What the ring has of a connection that was not written yet, and what was written before it. */
struct save_stretch {
    uint64_t oldest; /* place of the first one to look at; NOWHERE without */
    uint64_t since;  /* ordinal of the frame with which all that there is of it begins; UINT64_MAX: nothing */
    bool own;        /* some of the transaction's own are among it */
};

/* Goes back from the newest entry, links them forwards. */
static struct save_stretch find_stretch(const struct save_ring *ring, const struct save_wish *wish) {
    struct save_stretch stretch = {.oldest = NOWHERE, .since = UINT64_MAX};
    uint64_t place = *bucket_of(ring, wish->key);
    struct save_entry *entry;
    while ((entry = find_entry(ring, wish->key, &place)) != NULL && entry->frame.ordinal >= wish->start) {
        uint64_t ordinal = entry->frame.ordinal;
        stretch.own = stretch.own || (ordinal >= wish->first && ordinal <= wish->until);
        if (entry->written && (!wish->alone || entry->since <= wish->start)) {
            stretch.since = entry->since;
            stretch.own = stretch.own || (ordinal >= wish->first && stretch.since <= wish->until);
            break;
        }
        stretch.since = ordinal;
        entry->following = stretch.oldest;
        stretch.oldest = place;
        place = entry->previous;
    }
    return stretch;
}

enum record_saved save_ring_take(struct save_ring *ring, struct save_file *file,
                                 const struct save_wish *wish) {
    struct save_stretch stretch = find_stretch(ring, wish);
    bool ok = true;
    struct save_entry *entry;
    for (uint64_t place = stretch.oldest; (entry = entry_at(ring, place)) != NULL; place = entry->following) {
        uint64_t ordinal = entry->frame.ordinal;
        if (ordinal > wish->until && !entry->aftermath) {
            break;
        }
        stretch.since = entry->torn ? ordinal + 1 : stretch.since;
        entry->since = stretch.since;
        ok = (entry->written || write_entry(ring, file, entry, ordinal == wish->first ? wish->id : NULL)) &&
             ok;
    }
    ok = save_file_flush(file) && ok;
    if (!ok || !stretch.own) {
        return RECORD_SAVED_NONE;
    }
    if (stretch.since > wish->first) {
        return RECORD_SAVED_PART;
    }
    return stretch.since <= wish->from ? RECORD_SAVED_CONNECTION : RECORD_SAVED_TRANSACTION;
}
