/* SPDX-License-Identifier: Apache-2.0 */
/* Dialogue tests: what two ends say on one connection, and the events the HTTP/1 lexer must give for it,
 * however the bytes are cut into chunks. The format of a case is told in cases/README. One thread. */
#ifndef HARK_TESTS_DIALOGUE_H
#define HARK_TESTS_DIALOGUE_H

#include "analyzer/h1.h"

enum { DIALOGUE_PARTS = 64, DIALOGUE_BYTES = 1 << 20 };

enum part_kind { PART_BYTES, PART_GAP, PART_END };

struct part {
    enum part_kind kind;
    struct buf bytes;  /* of PART_BYTES */
    uint64_t gap_size; /* of PART_GAP */
};

/* What one end says. */
struct speech {
    struct part parts[DIALOGUE_PARTS];
    size_t count;
    struct buf expected; /* the event log, as the case file has it */
};

struct dialogue {
    const char *path;
    struct limits limits;
    struct speech requests;
    struct speech responses;
    struct buf input; /* the file up to its expectations */
};

/* False, with a line on standard error, when the file can't be read or understood. */
bool dialogue_read(struct dialogue *, const char *path);
void dialogue_free(struct dialogue *);

/* Runs both ends in chunks of at most `chunk` bytes and writes their event logs. The logs are initialised. */
void dialogue_replay(const struct dialogue *, size_t chunk, struct buf *requests, struct buf *responses);

/* Bytes of a quoted string in a log: printable ASCII as it is, else escaped. */
void log_quoted(struct buf *, struct slice);
void log_text(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
