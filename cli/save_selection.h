/* SPDX-License-Identifier: Apache-2.0 */
/* Which frames a second reading of the input saves: of each connection with a transaction that was asked for
 * those from its first packet to the one that ended the last such transaction, and behind it what carries no
 * payload, up to the next packet with some. One a partition, with a cap of its own, so that the number of
 * workers changes nothing. Embedded by value; one thread at a time. */
#ifndef HARK_CLI_SAVE_SELECTION_H
#define HARK_CLI_SAVE_SELECTION_H

#include "analyzer/transaction.h"

struct save_connection {
    struct flow_key key;
    uint64_t connection; /* ordinal of its first frame: tells connections apart */
    uint64_t from;       /* of the first frame that is saved */
    uint64_t until;      /* of the last frame that is saved whatever it carries */
    uint32_t next;       /* of the bucket, as index + 1; 0 ends it */
};

/* A frame with which a transaction begins. */
struct save_mark {
    uint64_t ordinal;
    uint8_t id[16];
};

/* Invariant: buckets hold connections whose frames may still come; after save_selection_close in the order
 * of `from` for each key. */
struct save_selection {
    size_t bytes; /* cap of what the two arrays hold */
    struct save_connection *connections;
    size_t count;
    size_t room;
    uint32_t *buckets; /* index + 1 */
    size_t bucket_count;
    struct hash_secret secret; /* of the buckets */
    struct save_mark *marks;
    size_t mark_count;
    size_t mark_room;
    bool closed;
};

/* Owns nothing before its first transaction. */
void save_selection_init(struct save_selection *, size_t bytes);
void save_selection_fini(struct save_selection *);

/* Adds the transaction, from the frame `from` on, finished by the frame `until` or by a tick behind it. False
 * where there is no room. A mark that finds no room is left out. */
bool save_selection_add(struct save_selection *, const struct transaction *, uint64_t from, uint64_t until,
                        bool mark);
/* All are added: frames may be asked for, from the first one on; called again, once more from there. */
void save_selection_close(struct save_selection *);
/* Is the packet, which is behind those asked for before, saved? `hash` is flow_key_hash(&packet->key). */
bool save_selection_takes(struct save_selection *, const struct packet *, uint64_t hash);

/* A packet that says no more than that others have arrived, or that it is over: it is saved behind a saved
 * transaction. */
bool save_is_aftermath(const struct packet *);
/* The same connection's, in either direction. */
bool save_keys_match(const struct flow_key *, const struct flow_key *);
/* Ordinal of the frame with the transaction's first byte. */
uint64_t save_first_frame(const struct transaction *);

#endif
