/* SPDX-License-Identifier: Apache-2.0 */
/* The secret key that a run hashes secrets and maps addresses with, from a file. Embedded by value. */
#ifndef HARK_CLI_KEY_FILE_H
#define HARK_CLI_KEY_FILE_H

#include "capture/slice.h"

enum {
    KEY_FILE_LEAST_BYTES = 16,  /* 128 bits, were all of them random */
    KEY_FILE_MOST_BYTES = 4096, /* what is longer is no key, but another file */
    KEY_FILE_MESSAGE_BYTES = 512,
};

struct key_file {
    uint8_t bytes[KEY_FILE_MOST_BYTES];
    size_t len;
};

/* The file's bytes without the line ends behind them, so that a key is the same however it was written.
 * False when it can't be read, is too short or long, or when everybody may read or change it: `message` says
 * so in one line. */
bool key_file_read(struct key_file *, const char *path, char message[KEY_FILE_MESSAGE_BYTES]);
static inline struct slice key_file_slice(const struct key_file *key) {
    return slice_make(key->bytes, key->len);
}
/* Forgets the key. */
void key_file_wipe(struct key_file *);

#endif
