/* SPDX-License-Identifier: Apache-2.0 */
/* The second reading of the input for -w: the same files, decoded in the same way, of which the frames are
 * saved that a saver has noted, in their order. Where datagrams came in fragments, one more reading before it
 * finds out which fragments belong to them. */
#ifndef HARK_CLI_SAVE_AGAIN_H
#define HARK_CLI_SAVE_AGAIN_H

#include "capture/source.h"
#include "cli/saver.h"

struct save_again {
    struct saver *saver;
    struct save_file *file;
    const struct limits *limits;
    struct decode_options decode;
    /* Opens the input as it was opened first; NULL, and a message, where that fails. */
    struct source *(*open)(void *context, char message[SOURCE_MESSAGE_BYTES]);
    void *context;
    bool fragments;     /* there were datagrams in fragments */
    size_t notes_bytes; /* most memory of the list of them */
    bool (*interrupted)(void);
};

enum save_result {
    SAVE_DONE,
    SAVE_NOT_OPENED,  /* `message` says why */
    SAVE_NO_MEMORY,   /* likewise */
    SAVE_LACKING,     /* fragments are missing; `message` says so */
    SAVE_SINK_ENDED,  /* the sink says why */
    SAVE_INTERRUPTED, /* not all is saved; `message` says so */
};

enum save_result save_again(const struct save_again *, char message[SOURCE_MESSAGE_BYTES]);

#endif
