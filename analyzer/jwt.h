/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens (RFC 7519) in the compact form of RFC 7515 section 7.1: whom a token is about. Nobody
 * checks its signature here, so that this is a claim. Pure functions. */
#ifndef HARK_ANALYZER_JWT_H
#define HARK_ANALYZER_JWT_H

#include "capture/slice.h"

/* The claim "sub" (RFC 7519 section 4.1.2), escapes undone: its first `room` bytes to `to`, `*len` of them;
 * `*cut` where it has more. False where the token is no such one (an encrypted one is none), where its
 * payload is longer than 4096 bytes or no JSON object, and where the claim is missing, no string, empty, or
 * there twice. */
bool jwt_read_subject(struct slice token, uint8_t *to, size_t room, size_t *len, bool *cut);

#endif
