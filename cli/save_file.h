/* SPDX-License-Identifier: Apache-2.0 */
/* The file of -w: frames as pcapng, in a sink. Embedded by value; one thread at a time. */
#ifndef HARK_CLI_SAVE_FILE_H
#define HARK_CLI_SAVE_FILE_H

#include "capture/pcapng_writer.h"
#include "output/sink.h"

enum { SAVE_COMMENT_BYTES = 64 };

struct save_file {
    struct sink *sink; /* borrowed */
    struct pcapng_writer writer;
    struct buf out;    /* on its way into the sink */
    uint64_t packets;  /* given */
    uint64_t unplaced; /* of interfaces beyond what a file describes */
    const char *(*name_of)(void *context, uint32_t interface);
    void *context;
};

/* The file begins with its section. `name_of` may be NULL: interfaces have no names then. */
void save_file_init(struct save_file *, struct sink *,
                    const char *(*name_of)(void *context, uint32_t interface), void *context);
void save_file_fini(struct save_file *);

/* The frame comes next. `id`: the event.id of the transaction that begins with it, for its comment, or NULL.
 * False when it can't be saved: the sink has ended, or see `unplaced`. */
bool save_file_add(struct save_file *, const struct frame *, const uint8_t *id);
/* What was added is in the sink then. False when that has ended. */
bool save_file_flush(struct save_file *);

#endif
