/* SPDX-License-Identifier: Apache-2.0 */
/* Community ID, version 1, seed 0 (github.com/corelight/community-id-spec): one string for a flow that other
 * tools compute too. Heap-owned, one thread. */
#ifndef HARK_OUTPUT_COMMUNITY_ID_H
#define HARK_OUTPUT_COMMUNITY_ID_H

#include "capture/packet.h"

enum { COMMUNITY_ID_BYTES = 30 }; /* "1:" and base64 of a SHA-1 */

struct community_ids;

/* NULL without memory, or where libcrypto refuses SHA-1. */
struct community_ids *community_ids_new(void);
void community_ids_free(struct community_ids *);
/* The id of a TCP flow, without NUL. False when libcrypto refuses. */
bool community_id(struct community_ids *, const struct flow_key *, char id[COMMUNITY_ID_BYTES]);
/* How often that was so. */
size_t community_ids_failures(const struct community_ids *);

#endif
