/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations of HTTP/1 over a few TCP connections, as their two ends wrote and read them. Each request
 * names itself in its target, /connection-number, and each response names its request in the field Id. Bodies
 * hold decoys now and then: whole messages that name themselves "decoy". Plain values, made from a seed. */
#ifndef HARK_TESTS_HTTP_SCRIPT_H
#define HARK_TESTS_HTTP_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCRIPT_TALKS = 3,
    SCRIPT_EXCHANGES = 6, /* in one talk; a burst of pipelined requests is one */
    SCRIPT_WRITES = 1024,
    SCRIPT_HEADS = 128,
    SCRIPT_BYTES = 1 << 19,
    SCRIPT_NAME = 24
};

/* One write of an end, as a packet without limit of length; or, without bytes, an ACK or an end. */
struct script_write {
    int64_t time_ns; /* since the script's start */
    int direction;   /* 0: from the client */
    uint32_t from;   /* its bytes, in the direction's stream */
    uint32_t to;
    uint32_t ack;  /* bytes of the other direction that the writer had */
    uint8_t flags; /* enum tcp_flag */
    bool acks_fin;
};

/* Where a request or final response has its head, and the name that it carries. */
struct script_head {
    int direction;
    uint32_t from, to;
    char name[SCRIPT_NAME];
};

struct script_talk {
    uint8_t ip_version;
    uint16_t port;   /* the client's */
    bool reuses;     /* the ports of the talk before it */
    bool timestamps; /* TCP's option, where there are options */
    bool midstream;  /* without its handshake */
    bool closed;     /* by FINs or a RST */
    bool tunnels;    /* a CONNECT, an Upgrade or a body until close is among it */
    bool pipelines;  /* some requests are sent before the answer to the one before has come */
    uint32_t len[2];
    uint8_t bytes[2][SCRIPT_BYTES];
    unsigned heads;
    struct script_head head[SCRIPT_HEADS];
    unsigned count;
    struct script_write writes[SCRIPT_WRITES];
};

struct script {
    uint16_t net; /* of its addresses, so that several scripts fit into one capture; set by the caller */
    unsigned talks;
    struct script_talk talk[SCRIPT_TALKS];
};

/* Which part of what the seed gives: the same exchanges are the same in every selection. */
struct script_choice {
    unsigned talks; /* bit mask */
    unsigned first[SCRIPT_TALKS];
    unsigned last[SCRIPT_TALKS]; /* exchanges [first, last) of the talk */
};

extern const struct script_choice script_all;

void script_make(struct script *, uint64_t seed, const struct script_choice *);

/* A number below n that depends on all of its arguments and on nothing else; 0 for n = 0. */
uint32_t script_chance(uint64_t seed, uint64_t what, uint64_t which, uint32_t n);

/* Ends the test: a room of the generator is too small. */
void script_must(bool fits);

#endif
