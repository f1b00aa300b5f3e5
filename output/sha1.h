/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1 (FIPS 180-4) of a message that fits into one block with its padding. For names, not for secrets: what
 * libcrypto does around one block costs more than the block. */
#ifndef HARK_OUTPUT_SHA1_H
#define HARK_OUTPUT_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_BLOCK_BYTES = 64, SHA1_DIGEST_BYTES = 20, SHA1_SHORT_MOST = SHA1_BLOCK_BYTES - 9 };

/* Of `len` bytes, SHA1_SHORT_MOST at most. */
typedef void sha1_short(const uint8_t *message, size_t len, uint8_t digest[SHA1_DIGEST_BYTES]);

sha1_short sha1_short_plainly;
/* The fastest that the processor has. To be asked once: it costs more than a digest. */
sha1_short *sha1_short_best(void);

#endif
