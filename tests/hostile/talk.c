/* SPDX-License-Identifier: Apache-2.0 */
#include "talk.h"

struct talk talk_between(struct chance *chance, struct endpoint client, struct endpoint server) {
    return (struct talk){.end = {client, server},
                         .next = {(uint32_t)chance_next(chance), (uint32_t)chance_next(chance)}};
}

struct segment talk_draft(const struct talk *t, enum side side, uint8_t flags, const void *bytes,
                          size_t len) {
    return (struct segment){.from = t->end[side],
                            .to = t->end[side_other(side)],
                            .seq = t->next[side],
                            .ack = t->next[side_other(side)],
                            .bytes = bytes,
                            .len = len,
                            .window = 4096, /* 512 KiB after scaling */
                            .flags = flags,
                            .ttl = side == CLIENT ? 57 : 61};
}

struct segment talk_say(struct talk *t, enum side side, uint8_t flags, const void *bytes, size_t len) {
    struct segment s = talk_draft(t, side, flags, bytes, len);
    t->next[side] += (uint32_t)len + (flags & WIRE_SYN ? 1 : 0) + (flags & WIRE_FIN ? 1 : 0);
    return s;
}
