/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 (RFC 2104, FIPS 180-4): equal messages have equal hashes, and nobody without the key can tell
 * which message has one, however few there may be. Heap-owned; the key is wiped when it is freed. Hashing
 * changes nothing in it and takes no memory: any thread may do it. */
#ifndef HARK_OUTPUT_KEYED_HASH_H
#define HARK_OUTPUT_KEYED_HASH_H

#include "capture/slice.h"

enum { KEYED_HASH_BYTES = 32 };

struct keyed_hash;

/* A key of any length. NULL without memory, or where libcrypto refuses SHA-256. */
struct keyed_hash *keyed_hash_new(struct slice key);
void keyed_hash_free(struct keyed_hash *);
/* False when libcrypto refuses; then the digest means nothing. */
bool keyed_hash_of(const struct keyed_hash *, struct slice message, uint8_t digest[KEYED_HASH_BYTES]);
/* A key of its own for each purpose, so that what is made with one says nothing of what is made with another:
 * the hash of the purpose's name. */
bool keyed_hash_derive(struct slice key, const char *purpose, uint8_t derived[KEYED_HASH_BYTES]);

#endif
