/* SPDX-License-Identifier: Apache-2.0 */
/* Which new connections are left out under overload, and the memory of those that were.
 *
 * A connection's class is a hash of its flow key without secret and seed: the same for both directions, in
 * every run and for any number of workers. OVERLOAD_LEAST leaves out half of the classes, each further
 * level half of the rest, so that what is followed at one level is followed at those below it. The decision
 * falls with a connection's SYN. One left out stays out when the level falls, until it has ended and is idle,
 * or its key begins anew (a SYN of another initial sequence number); one followed goes on at any level, SYNs
 * sent again or copied by the tap included.
 *
 * What is left out is remembered in a table of fixed size, a few bits each of a hash with a secret of the
 * run. When it is full the oldest is forgotten: under overload its packets open nothing all the same
 * (packet.unwanted), later they are of a connection met midstream, and its records say so. Heap-owned; one
 * thread. */
#ifndef HARK_CLI_SHEDDER_H
#define HARK_CLI_SHEDDER_H

#include "cli/overload.h"

struct shedder;

/* `idle_ns`: forgets what had no packet for so long, `linger_ns`: what had a FIN or RST so long ago. NULL
 * without memory. */
struct shedder *shedder_new(int64_t idle_ns, int64_t linger_ns);
void shedder_free(struct shedder *);

/* Is a new connection left out at the level? `hash` is flow_key_hash(). */
bool shedder_leaves_out(enum overload_level, uint64_t hash);
/* True when the packet's connection is left out: nobody needs to see it. It may become `unwanted`: of a
 * connection that would be left out if it was new. */
bool shedder_takes(struct shedder *, enum overload_level, struct packet *, uint64_t hash);
/* Is there anything to look for at OVERLOAD_NONE, but SYNs? */
bool shedder_remembers(const struct shedder *);
/* Time goes on; packet clock, at each of the pipeline's ticks. */
void shedder_tick(struct shedder *, int64_t now_ns);
/* Adds what was left out: connections, those forgotten, packets and their payload. */
void shedder_counts(const struct shedder *, struct ledger *);

#endif
