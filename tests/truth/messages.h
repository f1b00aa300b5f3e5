/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1 messages in a whole, undamaged stream: the plainest reading that is right for what nginx and its
 * clients of this test send, and no more. It shares nothing with hark. One thread. */
#ifndef HARK_TESTS_TRUTH_MESSAGES_H
#define HARK_TESTS_TRUTH_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    const char *bytes;
    size_t length;
};

struct message {
    size_t start, head_end, end; /* stream offsets */
    bool ended;                  /* its end is in the stream */
    bool by_close;               /* its end is the stream's */
    struct text words[3];        /* of its start line: method, target, version; or version, status, reason */
    unsigned status;             /* responses */
    unsigned interim;            /* responses: 1xx right before it */
    struct text id;              /* X-Truth-Id */
    uint64_t body;               /* content, chunked undone */
    uint32_t fields;             /* checksum of all fields: fields_checksum() in truth.py is the same */
    unsigned field_count;
};

struct messages {
    struct message *items;
    size_t count, capacity;
};

/* Adds all messages of a stream of `length` bytes that ends with FIN (closed) or is cut. `requests` is NULL
 * for the client's side. Dies when the stream is no HTTP/1. */
void messages_read(struct messages *, const char *bytes, size_t length, bool closed,
                   const struct messages *requests);
void messages_clear(struct messages *);

#endif
