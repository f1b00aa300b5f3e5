/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of one TCP connection's two ends, and the segments that they send. Plain value. */
#ifndef HARK_TESTS_TALK_H
#define HARK_TESTS_TALK_H

#include "chance.h"
#include "wire.h"

enum side { CLIENT, SERVER };

struct talk {
    struct endpoint end[2];
    uint32_t next[2]; /* sequence number of the next byte; before its SYN, that of the SYN */
};

static inline enum side side_other(enum side side) {
    return side == CLIENT ? SERVER : CLIENT;
}

/* Initial sequence numbers are random. */
struct talk talk_between(struct chance *, struct endpoint client, struct endpoint server);
/* The segment that `side` sends next, everything of the other side acknowledged; bytes are borrowed. The talk
 * does not notice: what is said can be repeated, altered or never sent. */
struct segment talk_draft(const struct talk *, enum side, uint8_t flags, const void *bytes, size_t len);
/* The same, said: the side's number moves on behind it. */
struct segment talk_say(struct talk *, enum side, uint8_t flags, const void *bytes, size_t len);

#endif
