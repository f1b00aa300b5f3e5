/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save_selection.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 };

void save_selection_init(struct save_selection *selection, size_t bytes) {
    *selection = (struct save_selection){.bytes = bytes};
    hash_secret_make(&selection->secret);
}

void save_selection_fini(struct save_selection *selection) {
    free(selection->connections);
    free(selection->buckets);
    free(selection->marks);
    save_selection_init(selection, selection->bytes);
}

bool save_is_aftermath(const struct packet *packet) {
    return packet->payload.len + packet->cut == 0 && !(packet->flags & TCP_SYN);
}

bool save_keys_match(const struct flow_key *a, const struct flow_key *b) {
    if (flow_key_equal(a, b)) {
        return true;
    }
    struct flow_key reverse = flow_key_reverse(b);
    return flow_key_equal(a, &reverse);
}

uint64_t save_first_frame(const struct transaction *t) {
    uint64_t request = t->request.seen ? t->request.first.ordinal : UINT64_MAX;
    uint64_t response = t->response.seen ? t->response.first.ordinal : UINT64_MAX;
    return request < response ? request : response;
}

static uint32_t *bucket_of(const struct save_selection *selection, const struct flow_key *key,
                           uint64_t hash) {
    uint64_t secret = flow_key_hash_secret(key, hash, &selection->secret);
    return &selection->buckets[secret & (selection->bucket_count - 1)];
}

static void link(struct save_selection *selection, size_t index) {
    struct save_connection *c = &selection->connections[index];
    uint32_t *bucket = bucket_of(selection, &c->key, flow_key_hash(&c->key));
    c->next = *bucket;
    *bucket = (uint32_t)index + 1;
}

/* The buckets hold the connections anew; those linked last come first. */
static bool hash_again(struct save_selection *selection, size_t bucket_count) {
    uint32_t *buckets = calloc(bucket_count, sizeof *buckets);
    if (!buckets) {
        return false;
    }
    free(selection->buckets);
    selection->buckets = buckets;
    selection->bucket_count = bucket_count;
    for (size_t i = 0; i < selection->count; i++) {
        link(selection, i);
    }
    return true;
}

/* What is held at most while the arrays have that room. */
static size_t bytes_of(size_t connections, size_t marks) {
    return connections * (sizeof(struct save_connection) + sizeof(uint32_t)) +
           marks * sizeof(struct save_mark);
}

static bool make_room(struct save_selection *selection) {
    if (selection->count < selection->room) {
        return true;
    }
    size_t room = selection->room ? 2 * selection->room : FIRST_ROOM;
    if (bytes_of(room, selection->mark_room) > selection->bytes || room > UINT32_MAX) {
        return false;
    }
    struct save_connection *more = realloc(selection->connections, room * sizeof *more);
    if (!more) {
        return false;
    }
    selection->connections = more;
    if (!hash_again(selection, room)) {
        return false;
    }
    selection->room = room;
    return true;
}

static void add_mark(struct save_selection *selection, const struct transaction *t) {
    if (selection->mark_count == selection->mark_room) {
        size_t room = selection->mark_room ? 2 * selection->mark_room : FIRST_ROOM;
        if (bytes_of(selection->room, room) > selection->bytes) {
            return;
        }
        struct save_mark *more = realloc(selection->marks, room * sizeof *more);
        if (!more) {
            return;
        }
        selection->marks = more;
        selection->mark_room = room;
    }
    struct save_mark *mark = &selection->marks[selection->mark_count++];
    mark->ordinal = save_first_frame(t);
    memcpy(mark->id, t->id, sizeof mark->id);
}

/* The connection's newest one. */
static struct save_connection *find(struct save_selection *selection, const struct connection *connection) {
    if (selection->count == 0) {
        return NULL;
    }
    uint32_t at = *bucket_of(selection, &connection->key, flow_key_hash(&connection->key));
    while (at && selection->connections[at - 1].connection != connection->ordinal) {
        at = selection->connections[at - 1].next;
    }
    return at ? &selection->connections[at - 1] : NULL;
}

bool save_selection_add(struct save_selection *selection, const struct transaction *t, uint64_t from,
                        uint64_t until, bool mark) {
    assert(!selection->closed);
    struct save_connection *known = find(selection, t->connection);
    if (!known || from > known->until) {
        if (!make_room(selection)) {
            return false;
        }
        known = &selection->connections[selection->count];
        *known = (struct save_connection){
            .key = t->connection->key, .connection = t->connection->ordinal, .from = from};
        link(selection, selection->count++);
    }
    known->from = from < known->from ? from : known->from;
    known->until = until > known->until ? until : known->until;
    if (mark) {
        add_mark(selection, t);
    }
    return true;
}

static int compare_starts(const void *left, const void *right) {
    const struct save_connection *a = left, *b = right;
    return (a->from < b->from) - (a->from > b->from); /* those linked last come first */
}

static int compare_marks(const void *left, const void *right) {
    const struct save_mark *a = left, *b = right;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

void save_selection_close(struct save_selection *selection) {
    if (selection->mark_count) {
        qsort(selection->marks, selection->mark_count, sizeof *selection->marks, compare_marks);
    }
    if (selection->count) {
        qsort(selection->connections, selection->count, sizeof *selection->connections, compare_starts);
        memset(selection->buckets, 0, selection->bucket_count * sizeof *selection->buckets);
    }
    for (size_t i = 0; i < selection->count; i++) {
        link(selection, i);
    }
    selection->closed = true;
}

/* Behind what is saved of a connection whatever it carries: its aftermath is saved, and what follows is not.
 */
bool save_selection_takes(struct save_selection *selection, const struct packet *packet, uint64_t hash) {
    assert(selection->closed);
    if (selection->count == 0) {
        return false;
    }
    for (uint32_t *at = bucket_of(selection, &packet->key, hash); *at;) {
        struct save_connection *c = &selection->connections[*at - 1];
        if (!save_keys_match(&c->key, &packet->key)) {
            at = &c->next;
        } else if (packet->ordinal < c->from) {
            return false;
        } else if (packet->ordinal <= c->until || save_is_aftermath(packet)) {
            return true;
        } else {
            *at = c->next; /* nothing more of it */
        }
    }
    return false;
}
