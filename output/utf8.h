/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 well-formedness (Unicode, section 3.9, table 3-7). Pure functions. */
#ifndef HARK_OUTPUT_UTF8_H
#define HARK_OUTPUT_UTF8_H

#include "capture/slice.h"

/* `s` is not empty. The length (1 to 4) of the well-formed sequence at its start, or 0 where there is none:
 * then *ill_formed (1 to 3) is the length of the maximal part that one U+FFFD stands for. */
size_t utf8_sequence(struct slice s, size_t *ill_formed);
/* The code point of a well-formed sequence of `len` bytes. */
uint32_t utf8_code_point(const uint8_t *bytes, size_t len);
bool utf8_is_valid(struct slice);

#endif
