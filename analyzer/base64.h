/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as credentials use it (RFC 4648 sections 4 and 5; both alphabets are read). Pure functions. */
#ifndef HARK_ANALYZER_BASE64_H
#define HARK_ANALYZER_BASE64_H

#include "capture/slice.h"

/* How many bytes the text stands for, padding left out or not; false where it is no base64. */
bool base64_measure(struct slice text, size_t *bytes);
/* Copies `len` of the bytes from `offset` on, which base64_measure has counted. */
void base64_read(struct slice text, size_t offset, uint8_t *to, size_t len);

#endif
